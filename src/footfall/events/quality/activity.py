"""Counts events by day and type and by user, and how fine the log's times are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.events.quality.calendar import Calendar
from footfall.events.quality.chunks import Chunk
from footfall.kernels import Array, i16, i64, kernel, out_i64

__all__ = ["Activity", "measure_activity", "merge_activity"]


@dataclass(frozen=True)
class Activity:
    """Events by day and type, and by user.

    Parameters
    ----------
    days : ndarray of int64, shape (D, T)
        Events of each day and type.
    users : ndarray of int32, shape (U,)
        Codes of users with events.
    user_events : ndarray of int64, shape (U,)
        Events of each.
    round_times : ndarray of int64, shape (3,)
        Events at midnight, at a whole minute, at a whole second.
    """

    days: npt.NDArray[np.int64]
    users: npt.NDArray[np.int32]
    user_events: npt.NDArray[np.int64]
    round_times: npt.NDArray[np.int64]


@kernel(types.void(i64, i16, i64, types.int64, out_i64, out_i64))
def _count_days(
    timestamp: Array, event_type: Array, edges: Array, kinds: int, days: Array, round_times: Array
) -> None:
    last = len(edges) - 2
    for row in range(len(timestamp)):
        time = timestamp[row]
        # A first guess from days of 24 hours; summer time moves a midnight by an hour or so.
        day = min(max((time - edges[0]) // 86_400_000_000, 0), last)
        while day > 0 and time < edges[day]:
            day -= 1
        while day < last and time >= edges[day + 1]:
            day += 1
        days[day * kinds + event_type[row]] += 1
        if time % 1_000_000 == 0:
            round_times[2] += 1
            if time % 60_000_000 == 0:
                round_times[1] += 1
                if time == edges[day]:
                    round_times[0] += 1


def measure_activity(chunk: Chunk, *, calendar: Calendar, kinds: int) -> Activity:
    """Count the events of some users.

    Parameters
    ----------
    chunk : Chunk
        With the columns timestamp and event_type.
    calendar : Calendar
        Days of the whole log.
    kinds : int
        Number of event types T.
    """
    days = np.zeros(calendar.days * kinds, np.int64)
    round_times = np.zeros(3, np.int64)
    if calendar.days:
        _count_days(
            chunk["timestamp"], chunk["event_type"], calendar.edges, kinds, days, round_times
        )
    return Activity(
        days.reshape(calendar.days, kinds),
        np.array(chunk.users),
        np.diff(chunk.offsets),
        round_times,
    )


def merge_activity(parts: Sequence[Activity], *, calendar: Calendar, kinds: int) -> Activity:
    """Add up the counts of all users; no parts give an empty answer."""
    days = np.zeros((calendar.days, kinds), np.int64)
    round_times = np.zeros(3, np.int64)
    for part in parts:
        days += part.days
        round_times += part.round_times
    users = [np.zeros(0, np.int32), *(part.users for part in parts)]
    counts = [np.zeros(0, np.int64), *(part.user_events for part in parts)]
    return Activity(days, np.concatenate(users), np.concatenate(counts), round_times)
