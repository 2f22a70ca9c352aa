"""What one user did in a time, as numbers: the kernels and the columns they fill."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i8, out_i64

__all__ = [
    "ACTIVE",
    "BOTH",
    "COLUMNS",
    "DAY",
    "ELIGIBLE",
    "EVENTS",
    "ORDERS",
    "RETAINED",
    "REVENUE",
    "SESSIONS",
    "assign_arms",
    "user_values",
]

DAY = 86_400_000_000
BOTH = 2  # the arm of users that were in both
# Columns of a user's values; after them one a kind of conversion.
ACTIVE, EVENTS, SESSIONS, ORDERS, REVENUE, ELIGIBLE, RETAINED = range(7)
COLUMNS = 7


@kernel(types.void(i64, i64, i32, bool1, types.int64, types.int64, out_i8, out_i64))
def assign_arms(
    offsets: Array,
    timestamp: Array,
    arm_of_row: Array,
    counts: Array,
    start: int,
    end: int,
    arm: Array,
    begin: Array,
) -> None:
    """Find each user's arm, and since when.

    Parameters
    ----------
    offsets, timestamp
        As in a chunk.
    arm_of_row : ndarray of int32, shape (N,)
        0 or 1; -1: the event says nothing.
    counts : ndarray of bool, shape (N,)
        Whether the event can put a user into an arm.
    start, end : int
        Time in which it can.
    arm : ndarray of int8, shape (U,)
        Out: 0, 1, -1 for users in none, BOTH for users in both.
    begin : ndarray of int64, shape (U,)
        Out: moment of the first such event.
    """
    for user in range(len(arm)):
        arm[user] = -1
        begin[user] = end
        for row in range(offsets[user], offsets[user + 1]):
            mine = arm_of_row[row]
            if mine < 0 or not counts[row] or timestamp[row] < start or timestamp[row] >= end:
                continue
            if arm[user] < 0:
                arm[user] = mine
                begin[user] = timestamp[row]
            elif arm[user] != mine:
                arm[user] = BOTH


@kernel(
    types.void(
        i64, i64, i32, i16, i64, i64, i64, i64,
        types.int64, types.int64, types.int64, types.int64, out_i64,
    )
)  # fmt: skip
def _sum_users(
    offsets: Array,
    timestamp: Array,
    session: Array,
    event_type: Array,
    amount: Array,
    begin: Array,
    end: Array,
    bits_of: Array,
    kinds: int,
    day: int,
    watched: int,
    columns: int,
    out: Array,
) -> None:
    for user in range(len(begin)):
        at = user * columns
        anchor, last_session, last_order, bits = 0, -1, -1, 0
        eligible = False
        for row in range(offsets[user], offsets[user + 1]):
            now = timestamp[row]
            if now < begin[user] or now >= end[user]:
                continue
            if out[at + ACTIVE] == 0:
                out[at + ACTIVE] = 1
                anchor = now
                eligible = anchor + (day + 1) * DAY <= min(watched, end[user])
                out[at + ELIGIBLE] = eligible
            out[at + EVENTS] += 1
            if session[row] != last_session:
                last_session = session[row]
                out[at + SESSIONS] += 1
            mine = bits_of[event_type[row]]
            bits |= mine
            if mine & 1:
                out[at + REVENUE] += amount[row]
                if session[row] != last_order:
                    last_order = session[row]
                    out[at + ORDERS] += 1
            if eligible and anchor + day * DAY <= now < anchor + (day + 1) * DAY:
                out[at + RETAINED] = 1
        for kind in range(kinds):
            out[at + COLUMNS + kind] = (bits >> kind) & 1


def user_values(
    offsets: Array,
    timestamp: Array,
    session: Array,
    event_type: Array,
    amount: Array,
    *,
    begin: Array,
    end: Array,
    bits_of: Array,
    kinds: int,
    day: int,
    watched: int,
) -> npt.NDArray[np.int64]:
    """Sum up each user's events of a time of their own.

    Parameters
    ----------
    offsets, timestamp, event_type, amount
        As in a chunk.
    session : ndarray of int32, shape (N,)
        Number of the event's session.
    begin, end : ndarray of int64, shape (U,)
        Each user's time, half-open, microseconds.
    bits_of : ndarray of int64, shape (types,)
        Bit k is set for event types that are a conversion of kind k; kind 0 makes orders.
    kinds : int
    day : int
        Day of retention: counted from the user's first event in the time.
    watched : int
        The log's end: users whose day lies behind it are not asked.

    Returns
    -------
    ndarray of int64, shape (U, COLUMNS + kinds)
    """
    columns = COLUMNS + kinds
    out = np.zeros(len(begin) * columns, np.int64)
    _sum_users(
        offsets, timestamp, session, event_type, amount, begin, end, bits_of,
        kinds, day, watched, columns, out,
    )  # fmt: skip
    return out.reshape(len(begin), columns)
