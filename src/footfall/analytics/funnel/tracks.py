"""Tracks: the slices of a chunk's rows inside which a chain may run.

A funnel asks about units (users or sessions). A unit has one track, all its events, or, where all
events of a chain must be about the same item, one track an item. Kernels know nothing else, so
that every order of steps works with every unit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import sessions_of

__all__ = ["Tracks", "split_by_item", "tracks_of"]


@dataclass(frozen=True)
class Tracks:
    """Units, their tracks, and the rows of each track.

    Parameters
    ----------
    user : ndarray of int64, shape (units,)
        Place of each unit's user in the chunk, ascending.
    firsts : ndarray of int64, shape (units + 1,)
        Unit ``i`` owns the tracks ``firsts[i]:firsts[i + 1]``.
    offsets : ndarray of int64, shape (tracks + 1,)
        Track ``t`` owns the places ``offsets[t]:offsets[t + 1]``.
    rows : ndarray of int64, shape (places,), or None
        Row of the chunk at each place, in log order inside a track; None: place and row are one.
    """

    user: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.user)

    def places(self, column: Array) -> Array:
        """Put a column of the chunk into the order of the tracks."""
        return column if self.rows is None else column[self.rows]


def tracks_of(chunk: UserChunk, gap: int | None) -> Tracks:
    """Give one track a unit.

    Parameters
    ----------
    chunk : UserChunk
    gap : int or None
        Units are the sessions with this gap (microseconds); None: the users.
    """
    if gap is None:
        units = np.arange(len(chunk.users), dtype=np.int64)
        return Tracks(units, np.arange(len(units) + 1, dtype=np.int64), chunk.offsets)
    number = sessions_of(chunk, gap)
    starts = np.flatnonzero(np.diff(number, prepend=-1)).astype(np.int64)
    user = (np.searchsorted(chunk.offsets, starts, side="right") - 1).astype(np.int64)
    offsets = np.append(starts, chunk.events).astype(np.int64)
    return Tracks(user, np.arange(len(starts) + 1, dtype=np.int64), offsets)


@kernel(types.int64(i64, i32, i64, types.int64, out_i64, out_i64, out_i64))
def _sort_by_item(  # noqa: C901  # two short sorts, one after the other
    offsets: Array,
    item: Array,
    kept: Array,
    items: int,
    rows: Array,
    tracks: Array,
    firsts: Array,
) -> int:
    """Sort the kept rows by (unit, item), stably: two counting sorts, the item's first."""
    units = len(offsets) - 1
    ends = np.zeros(items + 1, np.int64)
    for at in range(len(kept)):
        ends[item[kept[at]] + 1] += 1
    for code in range(items):
        ends[code + 1] += ends[code]
    by_item = np.empty(len(kept), np.int64)
    for at in range(len(kept)):
        code = item[kept[at]]
        by_item[ends[code]] = kept[at]
        ends[code] += 1
    # Where each unit's rows begin, and whose each row is.
    unit_of = np.empty(offsets[units] if units else 0, np.int32)
    begins = np.zeros(units + 1, np.int64)
    for unit in range(units):
        unit_of[offsets[unit] : offsets[unit + 1]] = unit
    for at in range(len(kept)):
        begins[unit_of[kept[at]] + 1] += 1
    for unit in range(units):
        begins[unit + 1] += begins[unit]
    for at in range(len(by_item)):
        unit = unit_of[by_item[at]]
        rows[begins[unit]] = by_item[at]
        begins[unit] += 1
    count, last = 0, 0
    for at in range(len(rows)):
        unit = unit_of[rows[at]]
        if at == 0 or unit != unit_of[rows[at - 1]] or item[rows[at]] != item[rows[at - 1]]:
            while last < unit:
                last += 1
                firsts[last] = count
            tracks[count] = at
            count += 1
    while last < units:
        last += 1
        firsts[last] = count
    tracks[count] = len(rows)
    return count


def split_by_item(tracks: Tracks, item: Array, kept: Array) -> Tracks:
    """Cut every unit's only track into one an item; rows without an item are in none.

    Parameters
    ----------
    tracks : Tracks
        As :func:`tracks_of` gives them.
    item : ndarray of int32, shape (N,)
    kept : ndarray of bool, shape (N,)
        Rows that matter to the question; the others are left out.
    """
    places = np.flatnonzero(kept & (item >= 0)).astype(np.int64)
    rows, offsets = np.empty(len(places), np.int64), np.empty(len(places) + 1, np.int64)
    firsts = np.zeros(len(tracks) + 1, np.int64)
    items = int(item.max(initial=-1)) + 1
    count = _sort_by_item(tracks.offsets, item, places, items, rows, offsets, firsts)
    return Tracks(tracks.user, firsts, offsets[: count + 1], rows)
