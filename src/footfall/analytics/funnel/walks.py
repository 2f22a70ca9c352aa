"""What units did just after and just before a row: their next and last events."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.funnel.plan import Entries, Plan
from footfall.analytics.funnel.tracks import tracks_of
from footfall.analytics.scope.grouping import Grouping
from footfall.kernels import Array, i16, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["Walks", "merge_walks", "walk_chunk"]


@dataclass(frozen=True)
class Walks:
    """Units that reached the step before the one in question, and what they did around it.

    Parameters
    ----------
    user : ndarray of int32, shape (units,)
        User codes.
    group : ndarray of int32, shape (units,)
    converted : ndarray of bool, shape (units,)
    later : ndarray of bool, shape (units,)
        Whether an event of the step in question follows at any time after, in time or not.
    after, before : ndarray of int32, shape (units, depth)
        Codes of the next events and of the last ones, nearest first; -1: none.
    wait : ndarray of int64, shape (units,)
        Microseconds to the next event; -1: none.
    """

    user: npt.NDArray[np.int32]
    group: npt.NDArray[np.int32]
    converted: npt.NDArray[np.bool_]
    later: npt.NDArray[np.bool_]
    after: npt.NDArray[np.int32]
    before: npt.NDArray[np.int32]
    wait: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)

    def taken(self, mask: Array) -> "Walks":
        """Keep some units."""
        return Walks(
            self.user[mask], self.group[mask], self.converted[mask], self.later[mask],
            self.after[mask], self.before[mask], self.wait[mask],
        )  # fmt: skip


@kernel(types.void(i64, i64, i64, i64, i16, types.int64, types.boolean, out_i32, out_i64))
def _walk(
    rows: Array,
    stops: Array,
    limits: Array,
    timestamp: Array,
    event_type: Array,
    depth: int,
    collapse: bool,  # noqa: FBT001  # kernels take their arguments by position
    codes: Array,
    wait: Array,
) -> None:
    """Write the next codes from each row towards its stop; ``codes`` and ``wait`` start at -1.

    A stop before the row walks backwards. ``limits`` is the longest time from the row.
    """
    for unit in range(len(rows)):
        row = rows[unit]
        way = 1 if stops[unit] > row else -1
        last, count = event_type[row], 0
        place = row + way
        while place != stops[unit] and count < depth:
            apart = abs(timestamp[place] - timestamp[row])
            if apart > limits[unit]:
                break
            code = event_type[place]
            if not (collapse and code == last):
                codes[unit * depth + count] = code
                if count == 0:
                    wait[unit] = apart
                count += 1
            last = code
            place += way


@kernel(types.void(i64, i64, i64, types.int64, out_i32))
def _later(rows: Array, stops: Array, serves: Array, step: int, found: Array) -> None:
    for unit in range(len(rows)):
        for row in range(rows[unit] + 1, stops[unit]):
            if (serves[row] >> step) & 1:
                found[unit] = 1
                break


def walk_chunk(
    plan: Plan,
    at: int,
    depth: int,
    collapse: bool,  # noqa: FBT001  # bound by partial
    grouping: Grouping | None,
    chunk: UserChunk,
) -> tuple[Walks, Walks | None]:
    """Walk from the event with which each unit first reached the step before ``at``.

    Forwards to the end of the chain's window, backwards as far as it goes, inside the unit. With a
    breakdown also for each group of chains.
    """
    whole = _walks(plan, at, depth, collapse, chunk, plan.entries(chunk))
    if grouping is None:
        return whole, None
    groups = np.ascontiguousarray(grouping.groups(chunk), np.int32)
    grouped = plan.entries(chunk, groups, len(grouping.names))
    return whole, _walks(plan, at, depth, collapse, chunk, grouped)


def _walks(
    plan: Plan,
    at: int,
    depth: int,
    collapse: bool,  # noqa: FBT001  # as above
    chunk: UserChunk,
    found: Entries,
) -> Walks:
    mine = found.reached >= at - 1
    row, unit = found.ended[mine, at - 2], found.unit[mine]
    times, types_of = chunk["timestamp"], chunk["event_type"]
    offsets = tracks_of(chunk, plan.gap).offsets
    stops = offsets[unit + 1]
    limits = times[found.began[mine, at - 2]] + plan.within - times[row]
    ever = np.full(len(row), np.iinfo(np.int64).max, np.int64)
    after, before = (np.full(len(row) * depth, -1, np.int32) for _ in range(2))
    wait = np.full(len(row), -1, np.int64)
    _walk(row, stops, limits, times, types_of, depth, collapse, after, wait)
    _walk(row, offsets[unit] - 1, ever, times, types_of, depth, collapse, before, wait.copy())
    later = np.zeros(len(row), np.int32)
    everything = chunk.offsets[1:][found.user[mine]]
    _later(row, everything, plan.steps.bits(chunk), at - 1, later)
    return Walks(
        chunk.users[found.user[mine]].astype(np.int32),
        found.group[mine].astype(np.int32),
        found.ended[mine, at - 1] >= 0,
        later.astype(np.bool_),
        after.reshape(len(row), depth),
        before.reshape(len(row), depth),
        wait,
    )


def merge_walks(depth: int, parts: list[Walks]) -> Walks:
    """Put the units of chunks together, by user."""

    def joined(name: str, kind: npt.DTypeLike, *width: int) -> Array:
        nothing = np.zeros((0, *width), kind)
        return np.concatenate([nothing, *(getattr(part, name) for part in parts)])

    whole = Walks(
        joined("user", np.int32),
        joined("group", np.int32),
        joined("converted", np.bool_),
        joined("later", np.bool_),
        joined("after", np.int32, depth),
        joined("before", np.int32, depth),
        joined("wait", np.int64),
    )
    return whole.taken(np.argsort(whole.user, kind="stable"))
