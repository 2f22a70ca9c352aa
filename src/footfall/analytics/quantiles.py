"""Exact quantiles of whole numbers: always a value that occurred, the same for any split of users.

The quantile of a share is the smallest value that at least this share of the values do not exceed.
"""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from footfall.kernels import Array

__all__ = ["quantile", "quantile_above", "quantile_of_counts"]


def _rank(count: int, share: float) -> int:
    """Give the place of the quantile among ``count`` sorted values, from 0."""
    return max(0, math.ceil(count * Fraction(str(share))) - 1)


def quantile(values: npt.NDArray[np.int64], share: float) -> int | None:
    """Give the quantile of some values; None when there are none.

    Parameters
    ----------
    values : ndarray of int, shape (N,)
    share : float
        Between 0 and 1; 0.5 is the median (of an even number of values: the lower middle one).

    Examples
    --------
    >>> quantile(np.array([5, 1, 9, 3]), 0.5), quantile(np.array([5, 1, 9, 3]), 0.9)
    (3, 9)
    """
    return quantile_above(0, values, share)


def quantile_above(zeros: int, values: npt.NDArray[np.int64], share: float) -> int | None:
    """Give the quantile of some zeros and some positive values; None when there are neither.

    Parameters
    ----------
    zeros : int
        How many zeros there are.
    values : ndarray of int, shape (N,)
        None below zero.
    share : float
        Between 0 and 1.

    Examples
    --------
    >>> quantile_above(2, np.array([7, 4]), 0.5), quantile_above(2, np.array([7, 4]), 0.75)
    (0, 4)
    """
    count = zeros + len(values)
    if count == 0:
        return None
    rank = _rank(count, share) - zeros
    return 0 if rank < 0 else int(np.partition(values, rank)[rank])


def quantile_of_counts(counts: Array, share: float) -> int | None:
    """Give the quantile of values that come as a histogram; None when it is empty.

    Parameters
    ----------
    counts : ndarray of int64, shape (V,)
        How often the value 0, 1, ... V - 1 occurred.
    share : float
        Between 0 and 1.

    Examples
    --------
    >>> quantile_of_counts(np.array([0, 3, 1]), 0.5), quantile_of_counts(np.array([0, 3, 1]), 0.9)
    (1, 2)
    """
    total = int(counts.sum())
    if total == 0:
        return None
    return int(np.searchsorted(np.cumsum(counts), _rank(total, share) + 1))
