"""Measures and merges of the session summary: all exact, whatever way users are split."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.quantiles import quantile_above
from footfall.kernels import Array, i16, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of

__all__ = [
    "Asking",
    "SessionPart",
    "local_starts",
    "marked_users",
    "measure_sessions",
    "merge_sessions",
]

# Every time zone's distance from UTC is a multiple of a quarter of an hour (since 1979), so counts
# by quarter can be read in any of them.
_QUARTER = 900_000_000
_WIDEST = 1 << 22  # quarters: about 120 years; beyond, counting by table would waste memory
_ENGAGED = 10_000_000  # microseconds

SESSIONS, BOUNCES, BOUGHT, BOUNCE_USERS, BUYERS, REVENUE, LASTED, USERS = range(8)


@dataclass(frozen=True)
class Asking:
    """What is asked of sessions.

    Parameters
    ----------
    gap : int
        Microseconds of silence that end a session.
    purchase, view : int
        Codes of event types; -1: there are none.
    unengaged : bool
        A bounce is a session of less than ten seconds, with one view at most and no purchase;
        otherwise one of a single event.
    items : bool
        Count the different items of each session, too.
    """

    gap: int
    purchase: int
    view: int
    unengaged: bool
    items: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that are read."""
        return (*SESSION_COLUMNS, "event_type", "amount", *(("item",) if self.items else ()))


@kernel(
    types.void(
        i64, i64, i64, i16, i64, i32, types.int64, types.int64, types.int64, types.boolean,
        types.int64, out_i64, out_i64, out_i64, out_i64, out_i32, out_i64, types.int8[::1],
    )
)  # fmt: skip
def _summarize(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    session: Array,
    event_type: Array,
    amount: Array,
    item: Array,
    gap: int,
    purchase: int,
    view: int,
    unengaged: bool,  # noqa: FBT001  # kernels take their arguments by position
    first_quarter: int,
    sizes: Array,
    depths: Array,
    quarters: Array,
    durations: Array,
    stamp: Array,
    sums: Array,
    marks: Array,
) -> None:
    """Count everything about sessions in one pass, without anything written a row.

    ``quarters`` may be empty (starts are not counted), ``item`` too (items are not).
    ``marks`` has a bit for users with a bounce (1) and with a purchase (2).
    """
    by_item = len(item) > 0
    sessions, bounces, bought, revenue, lasted_more = 0, 0, 0, np.int64(0), 0
    for user in range(len(offsets) - 1):
        row, end = offsets[user], offsets[user + 1]
        mark = 0
        if row < end:
            sums[USERS] += 1
        while row < end:
            begin = row
            sessions += 1
            goals, views, items = 0, 0, 0
            given = session[row]
            before = timestamp[row]
            started = before
            while row < end:
                now = timestamp[row]
                if session[row] != given or (given == 0 and now - before > gap):
                    break
                before = now
                kind = event_type[row]
                if kind == purchase:
                    goals += 1
                    revenue += amount[row]
                views += kind == view  # no branch: views and others alternate unforeseeably
                if by_item and item[row] >= 0 and stamp[item[row]] != sessions:
                    stamp[item[row]] = sessions
                    items += 1
                row += 1
            size = row - begin
            lasted = before - started
            sizes[size] += 1
            depths[items] += 1
            if lasted > 0:
                durations[lasted_more] = lasted
                lasted_more += 1
            if len(quarters) > 0:
                quarters[started // _QUARTER - first_quarter] += 1
            if goals > 0:
                bought += 1
                mark |= 2
            if (goals == 0 and views < 2 and lasted < _ENGAGED) if unengaged else size == 1:
                bounces += 1
                mark |= 1
        marks[user] = mark
        sums[BOUNCE_USERS] += mark & 1
        sums[BUYERS] += mark >> 1
    sums[SESSIONS], sums[BOUNCES], sums[BOUGHT] = sessions, bounces, bought
    sums[REVENUE], sums[LASTED] = revenue, lasted_more


@dataclass(frozen=True)
class SessionPart:
    """What some users add to the summary.

    Parameters
    ----------
    sums : ndarray of int64, shape (8,)
        Sessions, bounces, sessions with a purchase, users with a bounce, users with a purchase,
        minor units of money, sessions that last, users.
    events : int
    sizes, depths : ndarray of int64
        Sessions of 0, 1, 2 ... events, and of 0, 1, 2 ... different items.
    durations : ndarray of int64
        Microseconds of each session that has any: the others are counted only.
    quarters, starts : ndarray of int64, shape (Q,)
        Quarters of an hour since 1970, and the sessions that start in each.
    """

    sums: npt.NDArray[np.int64]
    events: int
    sizes: npt.NDArray[np.int64]
    depths: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int64]
    quarters: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return int(self.sums[SESSIONS])

    def duration(self, share: float) -> int | None:
        """Give a quantile of the sessions' durations, microseconds; None without sessions."""
        instant = self.sessions - len(self.durations)
        return quantile_above(instant, self.durations, share)


def _pass(
    asking: Asking, chunk: UserChunk, first_quarter: int, quarters: Array
) -> tuple[Array, Array, Array, Array, Array]:
    longest = int(np.diff(chunk.offsets).max(initial=0))
    item = chunk["item"] if asking.items else np.zeros(0, np.int32)
    items = int(item.max(initial=-1)) + 1
    sizes = np.zeros(longest + 1, np.int64)
    depths = np.zeros(min(longest, items) + 1, np.int64)
    durations = np.empty(chunk.events, np.int64)  # touched only as far as sessions go
    sums, marks = np.zeros(8, np.int64), np.zeros(len(chunk.users), np.int8)
    _summarize(
        chunk.offsets, chunk["timestamp"], chunk["session"], chunk["event_type"], chunk["amount"],
        item, asking.gap, asking.purchase, asking.view, asking.unengaged, first_quarter,
        sizes, depths, quarters, durations, np.zeros(items, np.int32), sums, marks,
    )  # fmt: skip
    return sums, sizes, depths, durations[: int(sums[LASTED])].copy(), marks


def measure_sessions(asking: Asking, chunk: UserChunk) -> SessionPart:
    """Summarize the sessions of one chunk."""
    first, last = _quarters_of(chunk)
    wide = last - first > _WIDEST
    counts = np.zeros(0 if wide or not chunk.events else last - first + 1, np.int64)
    sums, sizes, depths, durations, _ = _pass(asking, chunk, first, counts)
    if wide:
        number = sessions_of(chunk, asking.gap)
        begins = chunk["timestamp"][np.flatnonzero(np.diff(number, prepend=-1))]
        quarters, starts = np.unique(begins // _QUARTER, return_counts=True)
    else:
        found = np.flatnonzero(counts)
        quarters, starts = found + first, counts[found]
    return SessionPart(sums, chunk.events, sizes, depths, durations, quarters, starts)


def _quarters_of(chunk: UserChunk) -> tuple[int, int]:
    """Give the quarters of the first and the last event: users' events are in order."""
    has = np.diff(chunk.offsets) > 0
    if not has.any():
        return 0, -1
    times = chunk["timestamp"]
    first, last = times[chunk.offsets[:-1][has]].min(), times[chunk.offsets[1:][has] - 1].max()
    return int(first) // _QUARTER, int(last) // _QUARTER


def marked_users(asking: Asking, bit: int, chunk: UserChunk) -> npt.NDArray[np.int32]:
    """Give the users with a bounce (1), with a purchase (2), or with any session (0)."""
    marks = _pass(asking, chunk, 0, np.zeros(0, np.int64))[4]
    mine = (marks & bit) > 0 if bit else np.diff(chunk.offsets) > 0
    users: npt.NDArray[np.int32] = chunk.users[mine]
    return users


def merge_sessions(parts: list[SessionPart]) -> SessionPart:
    """Add up the summaries of chunks."""
    nothing = np.zeros(0, np.int64)
    quarters, place = np.unique(
        np.concatenate([nothing, *(part.quarters for part in parts)]), return_inverse=True
    )
    starts = np.zeros(len(quarters), np.int64)
    np.add.at(starts, place, np.concatenate([nothing, *(part.starts for part in parts)]))
    return SessionPart(
        sums=np.sum([np.zeros(8, np.int64), *(part.sums for part in parts)], axis=0),
        events=sum(part.events for part in parts),
        sizes=added([part.sizes for part in parts]),
        depths=added([part.depths for part in parts]),
        durations=np.concatenate([nothing, *(part.durations for part in parts)]),
        quarters=quarters,
        starts=starts,
    )


def added(histograms: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Add up histograms of different lengths."""
    total = np.zeros(max([1, *map(len, histograms)]), np.int64)
    for histogram in histograms:
        total[: len(histogram)] += histogram
    return total


def local_starts(total: SessionPart, time_zone: str) -> npt.NDArray[np.int64]:
    """Give session starts by weekday (Monday first) and hour of a time zone, shape (7, 24)."""
    seconds = pa.array(total.quarters * (_QUARTER // 1_000_000), pa.int64())
    moments = seconds.cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("s", tz=time_zone))
    days = pc.day_of_week(moments).to_numpy(zero_copy_only=False)
    hours = pc.hour(moments).to_numpy(zero_copy_only=False)
    counts = np.zeros((7, 24), np.int64)
    np.add.at(counts, (days, hours), total.starts)
    return counts
