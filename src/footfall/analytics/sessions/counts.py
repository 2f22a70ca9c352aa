"""Measures and merges of the session summary: all exact, whatever way users are split."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.quantiles import quantile_above
from footfall.kernels import Array, i16, i32, i64, kernel, out_i8, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import sessions_of

__all__ = ["SessionPart", "local_starts", "measure_sessions", "merge_sessions"]

# Every time zone's distance from UTC is a multiple of a quarter of an hour (since 1979), so counts
# by quarter can be read in any of them.
_QUARTER = 900_000_000
_WIDEST = 1 << 22  # quarters: about 120 years; beyond, counting by table would waste memory


@kernel(types.int64(i64, i16, i64, i32, types.int64, out_i32, out_i64, out_i64, out_i8))
def _summarize(
    timestamp: Array,
    event_type: Array,
    amount: Array,
    number: Array,
    purchase: int,
    size: Array,
    begin: Array,
    end: Array,
    bought: Array,
) -> int:
    """Fill events, first and last timestamp and purchase of each session; give the revenue."""
    revenue = np.int64(0)
    for row in range(len(timestamp)):
        session = number[row]
        if row == 0 or number[row - 1] != session:
            size[session] = 0
            bought[session] = 0
            begin[session] = timestamp[row]
        size[session] += 1
        end[session] = timestamp[row]
        if event_type[row] == purchase:
            bought[session] = 1
            revenue += amount[row]
    return int(revenue)


@dataclass(frozen=True)
class SessionPart:
    """What some users add to the summary.

    Parameters
    ----------
    users, events, bought, revenue : int
        Users with events, events, sessions with a purchase, minor units of money.
    sizes : ndarray of int64, shape (largest + 1,)
        Sessions of 0, 1, 2 ... events.
    durations : ndarray of int64
        Microseconds of each session that has any: the others are counted only.
    quarters, starts : ndarray of int64, shape (Q,)
        Quarters of an hour since 1970, and the sessions that start in each.
    """

    users: int
    events: int
    bought: int
    revenue: int
    sizes: npt.NDArray[np.int64]
    durations: npt.NDArray[np.int64]
    quarters: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return int(self.sizes.sum())

    @property
    def bounces(self) -> int:
        """Number of sessions of one event."""
        return int(self.sizes[1]) if len(self.sizes) > 1 else 0

    def duration(self, share: float) -> int | None:
        """Give a quantile of the sessions' durations, microseconds; None without sessions."""
        instant = self.sessions - len(self.durations)
        return quantile_above(instant, self.durations, share)


def measure_sessions(gap: int, purchase: int, chunk: UserChunk) -> SessionPart:
    """Summarize the sessions of one chunk."""
    number = sessions_of(chunk, gap)
    count = int(number[-1]) + 1 if len(number) else 0
    size, bought = np.empty(count, np.int32), np.empty(count, np.int8)
    begin, end = np.empty(count, np.int64), np.empty(count, np.int64)
    revenue = _summarize(
        chunk["timestamp"], chunk["event_type"], chunk["amount"], number, purchase,
        size, begin, end, bought,
    )  # fmt: skip
    lasted = end - begin
    quarters, starts = _tally(begin // _QUARTER)
    return SessionPart(
        users=int(np.count_nonzero(np.diff(chunk.offsets))),
        events=chunk.events,
        bought=int(bought.sum()),
        revenue=int(revenue),
        sizes=np.bincount(size),
        durations=lasted[lasted > 0],
        quarters=quarters,
        starts=starts,
    )


def merge_sessions(parts: list[SessionPart]) -> SessionPart:
    """Add up the summaries of chunks."""
    nothing = np.zeros(0, np.int64)
    sizes = np.zeros(max([1, *(len(part.sizes) for part in parts)]), np.int64)
    for part in parts:
        sizes[: len(part.sizes)] += part.sizes
    quarters, place = np.unique(
        np.concatenate([nothing, *(part.quarters for part in parts)]), return_inverse=True
    )
    starts = np.zeros(len(quarters), np.int64)
    np.add.at(starts, place, np.concatenate([nothing, *(part.starts for part in parts)]))
    return SessionPart(
        users=sum(part.users for part in parts),
        events=sum(part.events for part in parts),
        bought=sum(part.bought for part in parts),
        revenue=sum(part.revenue for part in parts),
        sizes=sizes,
        durations=np.concatenate([nothing, *(part.durations for part in parts)]),
        quarters=quarters,
        starts=starts,
    )


def _tally(values: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Count equal values: (values, counts), ascending."""
    if len(values) == 0 or int(values.max()) - int(values.min()) > _WIDEST:
        return np.unique(values, return_counts=True)
    first = values.min()
    counts = np.bincount(values - first)
    found = np.flatnonzero(counts)
    return found + first, counts[found]


def local_starts(total: SessionPart, time_zone: str) -> npt.NDArray[np.int64]:
    """Give session starts by weekday (Monday first) and hour of a time zone, shape (7, 24)."""
    seconds = pa.array(total.quarters * (_QUARTER // 1_000_000), pa.int64())
    moments = seconds.cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("s", tz=time_zone))
    days = pc.day_of_week(moments).to_numpy(zero_copy_only=False)
    hours = pc.hour(moments).to_numpy(zero_copy_only=False)
    counts = np.zeros((7, 24), np.int64)
    np.add.at(counts, (days, hours), total.starts)
    return counts
