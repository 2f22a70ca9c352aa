"""What lies before each purchase: the kernel and its parts."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.path.trie import Walks
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import sessions_of

__all__ = ["Touches", "touches_of"]


@kernel(
    types.int64(
        i64, i64, i64, i32, i32, i32, bool1, types.boolean,
        out_i32, out_i64, out_i64, out_i32, out_i32, out_i32, out_i32, out_i64, out_i64, out_i32,
    )
)  # fmt: skip
def _orders(  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    session: Array,
    number: Array,
    item: Array,
    node: Array,
    goal: Array,
    collapse: bool,  # noqa: FBT001  # kernels take their arguments by position
    kept: Array,
    begins: Array,
    ends: Array,
    users: Array,
    touches: Array,
    sessions: Array,
    items: Array,
    since_first: Array,
    since_previous: Array,
    stamp: Array,
) -> int:
    """Write what lies before each order, order by order; give how many there are."""
    count, size, window = 0, 0, 0
    for user in range(len(offsets) - 1):
        line, first, previous = -1, -1, -1  # last line of the order before, first touch, order
        begin = size
        window += 1
        n_touches, n_items, n_sessions, last_session = 0, 0, 0, np.int32(-1)
        for row in range(offsets[user], offsets[user + 1]):
            if not goal[row]:
                if node[row] < 0:
                    continue
                n_touches += 1
                if first < 0:
                    first = row
                if number[row] != last_session:
                    last_session = number[row]
                    n_sessions += 1
                if item[row] >= 0 and stamp[item[row]] != window:
                    stamp[item[row]] = window
                    n_items += 1
                if not (collapse and size > begin and kept[size - 1] == node[row]):
                    kept[size] = node[row]
                    size += 1
                continue
            same = line >= 0 and (
                (session[row] != 0 and session[row] == session[line])
                or (session[row] == 0 and session[line] == 0 and timestamp[row] == timestamp[line])
            )
            if not same:
                users[count] = user
                touches[count] = n_touches
                sessions[count] = n_sessions + (number[row] != last_session)
                items[count] = n_items
                since_first[count] = -1 if first < 0 else timestamp[row] - timestamp[first]
                since_previous[count] = -1 if previous < 0 else timestamp[row] - timestamp[previous]
                begins[count] = begin
                ends[count] = size
                count += 1
                previous = row
                begin = size
            size = begin  # what lies between lines of one order leads to none
            line, first = row, -1
            window += 1
            n_touches, n_items, n_sessions, last_session = 0, 0, 0, np.int32(-1)
        size = begin
    return count


@dataclass(frozen=True)
class Touches:
    """What lies before each order of a chunk, one row an order.

    Parameters
    ----------
    users : ndarray of int32, shape (O,)
        Place of the order's user in the chunk, ascending.
    repeat : ndarray of bool, shape (O,)
        Whether the user had ordered before.
    touches, sessions, items : ndarray of int32, shape (O,)
        Events since the order before, sessions they and the order lie in, different items.
    since_first, since_previous : ndarray of int64, shape (O,)
        Microseconds since the first of these events, and since the order before; -1: there is none.
    walks : Walks
        The nodes of these events, from the last one back.
    """

    users: npt.NDArray[np.int32]
    touches: npt.NDArray[np.int32]
    sessions: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    since_first: npt.NDArray[np.int64]
    since_previous: npt.NDArray[np.int64]
    walks: Walks

    @property
    def repeat(self) -> npt.NDArray[np.bool_]:
        """Say which orders are not the first of their user."""
        before: npt.NDArray[np.bool_] = self.since_previous >= 0
        return before


def touches_of(
    chunk: UserChunk,
    nodes: npt.NDArray[np.int32],
    goal: npt.NDArray[np.int16],
    gap: int,
    *,
    collapse_repeats: bool,
) -> Touches:
    """Find what lies before each order of a chunk.

    Parameters
    ----------
    chunk : UserChunk
        With timestamp, session, item and event_type.
    nodes : ndarray of int32, shape (N,)
        Node of each row; those below 0 are no touches.
    goal : ndarray of int16
        Event types that are lines of an order.
    gap : int
        Microseconds of silence that end a session.
    collapse_repeats : bool
        Take events of one node in a row as one, in walks.
    """
    is_goal = np.isin(chunk["event_type"], goal)
    orders = int(np.count_nonzero(is_goal))
    kept = np.empty(chunk.events, np.int32)
    begins, ends = np.empty(orders, np.int64), np.empty(orders, np.int64)
    users, touches, sessions, items = (np.empty(orders, np.int32) for _ in range(4))
    since_first, since_previous = np.empty(orders, np.int64), np.empty(orders, np.int64)
    stamp = np.zeros(int(chunk["item"].max(initial=-1)) + 1, np.int32)
    count = _orders(
        chunk.offsets, chunk["timestamp"], chunk["session"], sessions_of(chunk, gap),
        chunk["item"], nodes, is_goal, collapse_repeats,
        kept, begins, ends, users, touches, sessions, items, since_first, since_previous, stamp,
    )  # fmt: skip
    return Touches(
        users[:count], touches[:count], sessions[:count], items[:count],
        since_first[:count], since_previous[:count],
        Walks(kept, ends[:count] - 1, begins[:count] - 1, users[:count], -1),
    )  # fmt: skip
