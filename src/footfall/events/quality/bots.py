"""Flags users who act as no person does; they stay in the log.

An act is a moment at which the user did something: events of one timestamp are one act (the lines
of an invoice), and impressions are none (the shop shows them). A user is flagged as

- hasty: more than 300 acts within 60 minutes and a median gap between acts of at most 5 seconds;
- sleepless: acts in at least 22 of 24 successive clock hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.events.quality.chunks import Chunk
from footfall.events.quality.options import QualityOptions
from footfall.kernels import Array, i16, i64, kernel, out_i64

__all__ = ["FlaggedUser", "measure_bots", "merge_bots"]

HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True)
class FlaggedUser:
    """A user who looks like a program, or an id that many people share.

    Parameters
    ----------
    user : int
        Code.
    events : int
    busiest_hour : int
        Most acts within 60 minutes.
    median_gap_seconds : float
        Between acts; the lower middle one of an even number.
    active_hours : int
        Most clock hours with an act among 24 successive ones.
    reasons : tuple of str
        "hasty", "sleepless" or both.
    """

    user: int
    events: int
    busiest_hour: int
    median_gap_seconds: float
    active_hours: int
    reasons: tuple[str, ...]


@kernel(types.void(i64, i64, i16, types.int64, out_i64, out_i64))
def _acts(
    offsets: Array, timestamp: Array, event_type: Array, impression: int, acts: Array, ends: Array
) -> None:
    """Write each user's distinct moments, one user after another."""
    count = 0
    for user in range(len(offsets) - 1):
        start = count
        for row in range(offsets[user], offsets[user + 1]):
            if event_type[row] == impression:
                continue
            if count == start or acts[count - 1] != timestamp[row]:
                acts[count] = timestamp[row]
                count += 1
        ends[user + 1] = count


@kernel(types.void(i64, i64, types.int64, out_i64))
def _busiest_window(ends: Array, acts: Array, width: int, most: Array) -> None:
    for user in range(len(ends) - 1):
        tail = ends[user]
        for head in range(ends[user], ends[user + 1]):
            while acts[head] - acts[tail] >= width:
                tail += 1
            most[user] = max(most[user], head - tail + 1)


@kernel(types.void(i64, i64, types.int64, out_i64))
def _quick_gaps(ends: Array, acts: Array, limit: int, quick: Array) -> None:
    for user in range(len(ends) - 1):
        for act in range(ends[user] + 1, ends[user + 1]):
            if acts[act] - acts[act - 1] <= limit:
                quick[user] += 1


@kernel(types.void(i64, i64, types.int64, out_i64, out_i64))
def _active_hours(ends: Array, acts: Array, hour: int, hours: Array, most: Array) -> None:
    """Slide a window of 24 clock hours over the distinct hours; ``hours`` is scratch space."""
    for user in range(len(ends) - 1):
        tail, count = 0, 0
        for act in range(ends[user], ends[user + 1]):
            now = acts[act] // hour
            if count > 0 and hours[count - 1] == now:
                continue
            hours[count] = now
            count += 1
            while now - hours[tail] >= 24:
                tail += 1
            most[user] = max(most[user], count - tail)


def measure_bots(chunk: Chunk, *, impression: int, options: QualityOptions) -> list[FlaggedUser]:
    """Flag users of a chunk.

    Parameters
    ----------
    chunk : Chunk
        With the columns timestamp and event_type.
    impression : int
        Code of the event type that is no act; -1 when there is none.
    options : QualityOptions
        The limits of the rule.
    """
    users, offsets = chunk.users, chunk.offsets
    acts = np.zeros(int(offsets[-1]), np.int64)
    ends = np.zeros(len(offsets), np.int64)
    _acts(offsets, chunk["timestamp"], chunk["event_type"], impression, acts, ends)
    busiest, quick, hours = (np.zeros(len(users), np.int64) for _ in range(3))
    _busiest_window(ends, acts, HOUR, busiest)
    _quick_gaps(ends, acts, int(options.bot_gap_seconds * 1_000_000), quick)
    _active_hours(ends, acts, HOUR, np.empty(len(acts), np.int64), hours)
    # The lower median is at most the limit when at least half of the gaps are.
    hasty = (busiest > options.bot_hour_events) & (2 * quick >= np.diff(ends) - 1)
    sleepless = hours >= options.bot_hours
    return [
        FlaggedUser(
            user=int(users[place]),
            events=int(offsets[place + 1] - offsets[place]),
            busiest_hour=int(busiest[place]),
            median_gap_seconds=_median_gap(acts[ends[place] : ends[place + 1]]),
            active_hours=int(hours[place]),
            reasons=("hasty",) * bool(hasty[place]) + ("sleepless",) * bool(sleepless[place]),
        )
        for place in np.flatnonzero(hasty | sleepless)
    ]


def merge_bots(parts: Sequence[list[FlaggedUser]]) -> list[FlaggedUser]:
    """Put the flagged users together, those with most events first."""
    found = [user for part in parts for user in part]
    return sorted(found, key=lambda flagged: (-flagged.events, flagged.user))


def _median_gap(acts: npt.NDArray[np.int64]) -> float:
    gaps = np.sort(np.diff(acts))
    return float(gaps[(len(gaps) - 1) // 2]) / 1_000_000
