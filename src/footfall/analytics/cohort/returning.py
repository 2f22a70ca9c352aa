"""The retention kernel: one pass over each user's events, then a few sums a cohort."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.scope.calendar import places_of
from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i8, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["EACH", "EVER", "IN_PERIOD", "Plan", "RetentionPart", "marked_users", "measure", "merge"]

# Which start puts a user into a cohort.
EVER, IN_PERIOD, EACH = range(3)


@kernel(
    types.void(
        i64, i64, i32, i16, i64, bool1, bool1, types.int64, types.int64, types.int64,
        i64, i64, types.int64, types.boolean, types.int64, types.int64,
        out_i64, out_i64, out_i64, out_i8,
    )
)  # fmt: skip
def _count(  # noqa: C901, PLR0912, PLR0915  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    place: Array,
    event_type: Array,
    amount: Array,
    starts_it: Array,
    returns: Array,
    since: int,
    first: int,
    width: int,
    low: Array,
    high: Array,
    at_least: int,
    unbroken: bool,  # noqa: FBT001  # kernels take their arguments by position
    wanted: int,
    column: int,
    sizes: Array,
    base: Array,
    counts: Array,
    marks: Array,
) -> None:
    """Count each cohort's users, and those that return in each column.

    ``amount`` empty: count users with ``at_least`` returning events in a column; otherwise add up
    the money. ``width`` above zero: columns are windows of that length from the user's own start.
    ``marks`` empty, or for each user 0, 1 (in the cohort ``wanted``) or 2 (and back in ``column``).
    """
    periods, columns = len(sizes), len(low)
    money = len(amount) > 0
    total = np.zeros(periods + 2, np.int64)  # of each period, then summed up from the left
    after = np.zeros(periods + 2, np.int64)  # of a cohort's own period, from its start on
    started = np.zeros(periods + 2, np.int8)
    for user in range(len(offsets) - 1):
        cohort, top, began, old = -1, -1, 0, False
        for row in range(offsets[user], offsets[user + 1]):
            now, code = timestamp[row], event_type[row]
            if now < since:
                if first == EVER and starts_it[code]:
                    old = True
                    break
                continue
            at = int(place[row])
            if at < 0:
                break
            if starts_it[code] and (cohort < 0 or first == EACH):
                if cohort < 0:
                    cohort, began = at, int(now)
                started[at] = 1
                top = max(top, at)
            if cohort < 0 or not returns[code]:
                continue
            if width > 0:
                at = min(cohort + int((now - began) // width), periods)
            value = amount[row] if money else 1
            total[at] += value
            if started[at]:
                after[at] += value
            top = max(top, at)
        if old or cohort < 0:
            continue
        for at in range(cohort + 1, top + 1):
            total[at] += total[at - 1]
        for own in range(cohort, min(top, periods - 1) + 1 if first == EACH else cohort + 1):
            if not started[own]:
                continue
            sizes[own] += 1
            base[own] += after[own]
            fine = True
            if own == wanted and len(marks) > 0:
                marks[user] = 1
            for each in range(columns):
                found = after[own] if low[each] == 0 else 0
                left = own + max(int(low[each]), 1)
                right = min(own + int(high[each]), top)
                if right >= left:
                    found += total[right] - total[left - 1]
                here = found >= at_least
                fine = fine and here
                if money:
                    counts[own * columns + each] += found
                if not here or (unbroken and not fine):
                    continue
                if not money:
                    counts[own * columns + each] += 1
                if own == wanted and each == column and len(marks) > 0:
                    marks[user] = 2
        for at in range(cohort, top + 1):
            total[at], after[at], started[at] = 0, 0, 0


@dataclass(frozen=True)
class Plan:
    """What one retention question counts, as plain data.

    Parameters
    ----------
    starts : ndarray of int64, shape (P + 1,)
        Boundaries of the periods.
    since : int
        First moment that counts.
    starts_it, returns : ndarray of bool, shape (types,)
        Event types that start a cohort, and those that are a return.
    first : int
        EVER, IN_PERIOD or EACH.
    width : int
        Length of windows of the user's own, microseconds; 0: periods of the calendar.
    low, high : ndarray of int64, shape (K,)
        First and last period of each column, from 0.
    at_least : int
        Returning events it takes (or minor units of money: 1).
    unbroken : bool
        A column counts only where all columns before it do.
    money : bool
        Add up amounts rather than users.
    """

    starts: npt.NDArray[np.int64]
    since: int
    starts_it: npt.NDArray[np.bool_]
    returns: npt.NDArray[np.bool_]
    first: int
    width: int
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    at_least: int
    unbroken: bool
    money: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns the kernel reads."""
        names = ("timestamp", "event_type")
        return (*names, "amount") if self.money else names


@dataclass(frozen=True)
class RetentionPart:
    """What some users add.

    Parameters
    ----------
    sizes, base : ndarray of int64, shape (P,)
        Users of each cohort; their returning events (or money) in its own period.
    counts : ndarray of int64, shape (P, K)
        Users that return in each column, or their money.
    """

    sizes: npt.NDArray[np.int64]
    base: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def _ask(plan: Plan, chunk: UserChunk, wanted: int, column: int, marks: Array) -> RetentionPart:
    periods, columns = len(plan.starts) - 1, len(plan.low)
    sizes, base = np.zeros(periods, np.int64), np.zeros(periods, np.int64)
    counts = np.zeros(periods * columns, np.int64)
    amount = chunk["amount"] if plan.money else np.zeros(0, np.int64)
    if periods:
        _count(
            chunk.offsets, chunk["timestamp"], places_of(chunk, plan.starts), chunk["event_type"],
            amount, plan.starts_it, plan.returns, plan.since, plan.first, plan.width,
            plan.low, plan.high, plan.at_least, plan.unbroken, wanted, column,
            sizes, base, counts, marks,
        )  # fmt: skip
    return RetentionPart(sizes, base, counts.reshape(periods, columns))


def measure(plan: Plan, chunk: UserChunk) -> RetentionPart:
    """Count one chunk."""
    return _ask(plan, chunk, -1, -1, np.zeros(0, np.int8))


def merge(plan: Plan, parts: list[RetentionPart]) -> RetentionPart:
    """Add up what chunks counted; no chunk at all counts nobody."""
    periods, columns = len(plan.starts) - 1, len(plan.low)
    total = RetentionPart(
        np.zeros(periods, np.int64),
        np.zeros(periods, np.int64),
        np.zeros((periods, columns), np.int64),
    )
    for part in parts:
        np.add(total.sizes, part.sizes, out=total.sizes)
        np.add(total.base, part.base, out=total.base)
        np.add(total.counts, part.counts, out=total.counts)
    return total


def marked_users(plan: Plan, cohort: int, column: int, mark: int, chunk: UserChunk) -> Array:
    """Give the users of a cohort: all (mark -1), back in a column (2) or not back (1)."""
    marks = np.zeros(len(chunk.users), np.int8)
    _ask(plan, chunk, cohort, column, marks)
    return chunk.users[marks == mark if mark > 0 else marks > 0]
