"""Paths to conversions as counts of the different ones, which add up exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from footfall.analytics.attribution.walk import add_alike
from footfall.kernels import Array

__all__ = ["GROUPS", "Paths", "added", "merge_paths", "total_of", "ungrouped"]

# Users fall into so many groups by chance; intervals come from drawing groups again and again.
GROUPS = 100


@dataclass(frozen=True)
class Paths:
    """Different paths and how often each occurred, exactly.

    Parameters
    ----------
    words : tuple of str
        Names of the channels, in alphabetical order.
    flat : ndarray of int32
        Channels of the touches, path after path.
    ends : ndarray of int64, shape (P,)
        Where each path ends in ``flat``; a path may be empty.
    group : ndarray of int32, shape (P,)
        Which of the :data:`GROUPS` groups the users are in.
    conversions, money, lost : ndarray of int64, shape (P,)
        How often it ended in a conversion, their money, and how often it did not.
    cells : ndarray of int64, shape (K,)
        ``group * channels + channel`` of what follows.
    credit, high, low : ndarray of int64, shape (K,)
        Conversions shared out by time, in UNITs, and money (see :func:`.walk.spread`).
    touches, users, converted_users : ndarray of int64, shape (channels,)
        Touches in paths, users that have any, and users with one in a path that converted.
    """

    words: tuple[str, ...]
    flat: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int64]
    group: npt.NDArray[np.int32]
    conversions: npt.NDArray[np.int64]
    money: npt.NDArray[np.int64]
    lost: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    credit: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    touches: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    converted_users: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Touches of each path, shape (P,)."""
        return np.diff(self.ends, prepend=0)


def added(paths: Paths) -> Paths:
    """Add up equal paths and equal cells."""
    count = len(paths.ends)
    first = np.empty(count, np.int64)
    won, money, lost = (np.zeros(count, np.int64) for _ in range(3))
    kinds = add_alike(
        paths.flat, paths.ends, paths.group, paths.conversions, paths.money, paths.lost,
        first, won, money, lost,
    )  # fmt: skip
    first = first[:kinds]
    lengths = paths.lengths
    kept = np.zeros(count, bool)
    kept[first] = True
    cells, place = np.unique(paths.cells, return_inverse=True)
    sums = np.zeros((3, len(cells)), np.int64)
    for row, values in enumerate((paths.credit, paths.high, paths.low)):
        np.add.at(sums[row], place, values)
    return Paths(
        words=paths.words,
        flat=paths.flat[np.repeat(kept, lengths)],
        ends=np.cumsum(lengths[first]),
        group=paths.group[first],
        conversions=won[:kinds],
        money=money[:kinds],
        lost=lost[:kinds],
        cells=cells,
        credit=sums[0],
        high=sums[1],
        low=sums[2],
        touches=paths.touches,
        users=paths.users,
        converted_users=paths.converted_users,
    )


def merge_paths(parts: Sequence[Paths]) -> Paths:
    """Add up the paths of chunks (users are never in two), whatever their channels' codes."""
    used = [_named(part) for part in parts]
    words = sorted(set().union(*used))
    place = {word: at for at, word in enumerate(words)}
    maps = [np.array([place.get(word, 0) for word in part.words], np.int64) for part in parts]
    flats, ends, behind = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], 0
    cells = [np.zeros(0, np.int64)]
    counts = np.zeros((3, len(words)), np.int64)
    for part, to in zip(parts, maps, strict=True):
        flats.append(to[part.flat].astype(np.int32))
        ends.append(part.ends + behind)
        behind += len(part.flat)
        group, code = np.divmod(part.cells, max(len(part.words), 1))
        cells.append(group * len(words) + to[code])
        for row, values in enumerate((part.touches, part.users, part.converted_users)):
            mine = values > 0
            np.add.at(counts[row], to[mine], values[mine])
    return added(
        Paths(
            words=tuple(words),
            flat=np.concatenate(flats),
            ends=np.concatenate(ends),
            group=np.concatenate([np.zeros(0, np.int32), *(p.group for p in parts)]),
            conversions=_joined([p.conversions for p in parts]),
            money=_joined([p.money for p in parts]),
            lost=_joined([p.lost for p in parts]),
            cells=np.concatenate(cells),
            credit=_joined([p.credit for p in parts]),
            high=_joined([p.high for p in parts]),
            low=_joined([p.low for p in parts]),
            touches=counts[0],
            users=counts[1],
            converted_users=counts[2],
        )
    )


def _named(part: Paths) -> set[str]:
    return {part.words[code] for code in np.flatnonzero(part.touches)}


def _joined(arrays: Sequence[Array]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def total_of(paths: Paths) -> tuple[int, int, int, int]:
    """Give conversions and money of paths with touches, and of those without."""
    touched = paths.lengths > 0
    return (
        int(paths.conversions[touched].sum()),
        int(paths.money[touched].sum()),
        int(paths.conversions[~touched].sum()),
        int(paths.money[~touched].sum()),
    )


def ungrouped(paths: Paths) -> Paths:
    """Add up the paths of all groups of users."""
    return added(replace(paths, group=np.zeros(len(paths.group), np.int32)))
