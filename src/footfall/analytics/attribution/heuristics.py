"""Rules of thumb: credit by a touch's place in the path, as exact fractions."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from footfall.analytics.attribution.paths import GROUPS, Paths
from footfall.analytics.attribution.walk import UNIT
from footfall.kernels import Array

__all__ = ["Credit", "by_place", "by_time", "place_shares"]

# A model's answer: exact credit of each channel, and the credit each group of users adds.
Credit = tuple[list[Fraction], npt.NDArray[np.float64]]


def place_shares(model: str, length: int, ends: tuple[Fraction, Fraction]) -> tuple[list[int], int]:
    """Give what each touch of a path gets, as whole numbers over one denominator.

    Parameters
    ----------
    model : "last", "first", "linear" or "position"
    length : int
        Touches of the path.
    ends : pair of Fraction
        What the first and the last touch get under "position"; those between share the rest. Two
        touches share in the proportion of the ends (equally, when both are 0); one gets all.

    Examples
    --------
    >>> place_shares("position", 4, (Fraction(2, 5), Fraction(2, 5)))
    ([4, 1, 1, 4], 10)
    """
    if model == "linear" or length == 1:
        shares = [Fraction(1, length)] * length
    elif model in {"last", "first"}:
        at = 0 if model == "first" else length - 1
        shares = [Fraction(int(place == at)) for place in range(length)]
    else:
        first, last = ends
        both = first + last
        if length == 2:
            shares = [first / both, last / both] if both else [Fraction(1, 2)] * 2
        else:
            shares = [first, *[(1 - both) / (length - 2)] * (length - 2), last]
    whole = int(np.lcm.reduce([share.denominator for share in shares], dtype=object))
    return [int(share * whole) for share in shares], whole


def by_place(paths: Paths, weight: Array, model: str, ends: tuple[Fraction, Fraction]) -> Credit:
    """Share out each path's conversions (or money) by the places of its touches.

    Parameters
    ----------
    paths : Paths
    weight : ndarray of int64, shape (P,)
        What is shared out: conversions or minor units of money.
    model, ends
        As in :func:`place_shares`.
    """
    channels, lengths = len(paths.words), paths.lengths
    exact = [Fraction(0)] * channels
    groups = np.zeros((GROUPS, channels))
    starts = paths.ends - lengths
    for length in np.unique(lengths[(lengths > 0) & (weight != 0)]).tolist():
        mine = np.flatnonzero((lengths == length) & (weight != 0))
        table = np.zeros(GROUPS * channels, np.int64)
        numerators, whole = place_shares(model, length, ends)
        for place, numerator in enumerate(numerators):
            if numerator:
                cell = paths.group[mine].astype(np.int64) * channels
                cell += paths.flat[starts[mine] + place]
                np.add.at(table, cell, weight[mine] * numerator)
        by_group = table.reshape(GROUPS, channels)
        groups += by_group / whole
        for channel, total in enumerate(by_group.sum(axis=0).tolist()):
            exact[channel] += Fraction(total, whole)
    return exact, groups


def by_time(paths: Paths, *, money: bool) -> Credit:
    """Add up what the walk shared out by time."""
    channels = len(paths.words)
    exact = [0] * channels
    groups = np.zeros((GROUPS, channels))
    group, channel = np.divmod(paths.cells, max(channels, 1))
    values: Sequence[int] = paths.credit.tolist()
    if money:
        halves = zip(paths.high.tolist(), paths.low.tolist(), strict=True)
        values = [(high << 20) + low for high, low in halves]
    for at, code, value in zip(group.tolist(), channel.tolist(), values, strict=True):
        exact[code] += value
        groups[at, code] += value / UNIT
    return [Fraction(value, UNIT) for value in exact], groups
