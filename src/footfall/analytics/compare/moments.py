"""Exact sums of users' values and of their products: all that means, ratios and noise need."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from footfall.kernels import Array

__all__ = ["Moments", "Ratio", "moments_of"]

_SHIFT = 20
_LARGEST = 1 << 40


@dataclass(frozen=True)
class Moments:
    """Sums over users of values and of products of two values, as Python ints.

    Parameters
    ----------
    users : int
    sums : tuple of int, length K
    products : tuple of tuple of int, K by K
    nonzero : tuple of int, length K
        Users whose value is not 0.
    """

    users: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]
    nonzero: tuple[int, ...]

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.users + other.users,
            tuple(a + b for a, b in zip(self.sums, other.sums, strict=True)),
            tuple(
                tuple(a + b for a, b in zip(mine, yours, strict=True))
                for mine, yours in zip(self.products, other.products, strict=True)
            ),
            tuple(a + b for a, b in zip(self.nonzero, other.nonzero, strict=True)),
        )

    @classmethod
    def none(cls, columns: int) -> "Moments":
        """Give the moments of nobody."""
        nothing = (0,) * columns
        return cls(0, nothing, (nothing,) * columns, nothing)

    def mean(self, column: int) -> Fraction:
        """Give the mean of a column over users."""
        return Fraction(self.sums[column], max(self.users, 1))

    def covariance(self, column: int, other: int) -> Fraction:
        """Give the covariance of two columns' means."""
        if self.users < 2:
            return Fraction(0)
        centered = self.users * self.products[column][other] - self.sums[column] * self.sums[other]
        return Fraction(centered, self.users**2 * (self.users - 1))


def moments_of(values: npt.NDArray[np.int64]) -> Moments:
    """Sum up values and their products exactly.

    Parameters
    ----------
    values : ndarray of int64, shape (U, K)

    Examples
    --------
    >>> moments_of(np.array([[1, 10], [0, 5]])).products
    ((1, 10), (10, 125))
    """
    users, columns = values.shape
    largest = int(np.abs(values).max(initial=0))
    products: Array
    if largest < _LARGEST and users < 1 << 22:
        # Products of halves fit into int64 even when added up; the whole ones would not.
        high, low = values >> _SHIFT, values & ((1 << _SHIFT) - 1)
        cross = high.T @ low
        products = (low.T @ low).astype(object)
        products += (cross + cross.T).astype(object) * (1 << _SHIFT)
        products += (high.T @ high).astype(object) * (1 << 2 * _SHIFT)
    else:
        whole = values.astype(object)
        products = whole.T @ whole if users else np.zeros((columns, columns), object)
    return Moments(
        users,
        tuple(int(total) for total in values.sum(axis=0)),
        tuple(tuple(int(value) for value in row) for row in products),
        tuple(int(count) for count in np.count_nonzero(values, axis=0)),
    )


@dataclass(frozen=True)
class Ratio:
    """The sum of one column over the sum of another, and its noise by the delta method.

    Parameters
    ----------
    moments : Moments
    top, bottom : int
        Columns. Where the bottom is 1 for every user, this is a mean and its usual variance.
    """

    moments: Moments
    top: int
    bottom: int

    @property
    def known(self) -> bool:
        """Whether there is anything to divide by."""
        return self.moments.sums[self.bottom] > 0

    @property
    def value(self) -> Fraction:
        """The ratio."""
        return Fraction(self.moments.sums[self.top], self.moments.sums[self.bottom])

    def weights(self) -> dict[int, Fraction]:
        """Give what one unit more of each column's mean adds to the ratio."""
        bottom = self.moments.mean(self.bottom)
        weights = {self.top: 1 / bottom}
        weights[self.bottom] = weights.get(self.bottom, Fraction(0)) - self.value / bottom
        return weights

    def covariance(self, other: "Ratio") -> Fraction:
        """Give the covariance with another ratio of the same users."""
        theirs = other.weights()
        return sum(
            (
                mine * yours * self.moments.covariance(column, another)
                for column, mine in self.weights().items()
                for another, yours in theirs.items()
            ),
            Fraction(0),
        )

    def covariance_with_mean(self, column: int) -> Fraction:
        """Give the covariance with the mean of a column of the same users."""
        return sum(
            (
                weight * self.moments.covariance(mine, column)
                for mine, weight in self.weights().items()
            ),
            Fraction(0),
        )
