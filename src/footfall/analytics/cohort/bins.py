"""Bins of whole numbers: how often, or how much, in steps that people read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError

__all__ = ["Bins", "bins_of", "default_bins"]

_TIMES = (1, 2, 3, 4, 5, 6, 11, 21, 51, 101)


@dataclass(frozen=True)
class Bins:
    """Ranges that touch: bin b holds what is at least ``edges[b]`` and below ``edges[b + 1]``.

    Parameters
    ----------
    edges : tuple of int, length B
        Ascending; the last bin has no end.
    money : bool, default=False
        Edges are minor units, two digits to a unit; names give units.
    """

    edges: tuple[int, ...]
    money: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Names: "1", "6-10", "101+"; of money "0-10", "10-20".

        Examples
        --------
        >>> Bins((1, 2, 6)).labels, Bins((0, 1000), money=True).labels
        (('1', '2-5', '6+'), ('0-10', '10+'))
        """
        names = []
        for low, high in zip(self.edges, [*self.edges[1:], None], strict=True):
            if self.money:
                text = f"{low / 100:g}"
                names.append(f"{text}+" if high is None else f"{text}-{high / 100:g}")
            elif high is None:
                names.append(f"{low}+")
            else:
                names.append(str(low) if high == low + 1 else f"{low}-{high - 1}")
        return tuple(names)

    def place(self, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give the bin of each value; -1 below the first."""
        return np.searchsorted(np.array(self.edges, np.int64), values, side="right") - 1


def default_bins(values: npt.NDArray[np.int64], *, money: bool) -> Bins:
    """Choose bins: fixed ones for counts; 1, 2, 5, 10 ... for money.

    Parameters
    ----------
    values : ndarray of int64
        What is to be put into bins; its largest decides where they end.
    money : bool
    """
    if not money:
        return Bins(_TIMES)
    top = int(values.max()) if len(values) else 100
    edges, power = [min(0, int(values.min())) if len(values) else 0], 100
    while power <= top and len(edges) < 40:
        edges += [digit * power for digit in (1, 2, 5) if digit * power <= top]
        power *= 10
    least = int(values.min()) if len(values) else 0
    above = [high > least for high in edges[1:]] + [True]  # nothing lies in the bins before
    return Bins(tuple(e for e, kept in zip(edges, above, strict=True) if kept), money=True)


def bins_of(edges: Sequence[float] | str, *, money: bool, owner: str) -> Bins:
    """Read bins from their lower edges ("1,2,5,10"; money in units).

    Raises
    ------
    OptionError
        If they are no numbers that ascend.
    """
    allowed = "lower edges that ascend, such as [1, 2, 5, 10]"
    parts = edges.split(",") if isinstance(edges, str) else list(edges)
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError):
        raise OptionError.of("bins", owner, allowed, edges) from None
    scaled = [round(100 * number) if money else round(number) for number in numbers]
    if not scaled or sorted(set(scaled)) != scaled:
        raise OptionError.of("bins", owner, allowed, edges)
    return Bins(tuple(scaled), money)
