"""Orders: which purchase events of a user are one order, for every question about value."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i16, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

__all__ = ["DAY", "EVER", "OrderRule", "Orders", "order_rule", "orders_of", "wanted_types"]

DAY = 86_400_000_000
EVER = int(np.iinfo(np.int64).max)  # a moment after every event
_PROPERTY = "properties."


@dataclass(frozen=True)
class OrderRule:
    """What counts as buying, and which purchases are one order.

    Parameters
    ----------
    wanted : ndarray of bool, shape (types,)
        Event types that are lines of an order.
    order : str
        "session" (purchases of one given session; of one timestamp where none is given), "moment"
        (of one timestamp), "visit" (with no silence of more than the gap between events), or
        "properties." and the name of the property that holds the order's id.
    gap : int
        Microseconds of silence that part sessions.
    event_type : str
        As it was asked for.
    """

    wanted: npt.NDArray[np.bool_]
    order: str
    gap: int
    event_type: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :func:`orders_of` reads, and the amount."""
        more: tuple[str, ...] = ()
        if self.order in ("session", "visit"):
            more = SESSION_COLUMNS[1:]
        elif self.order.startswith(_PROPERTY):
            more = (self.order,)
        return ("timestamp", "event_type", "amount", *more)

    @property
    def text(self) -> str:
        """Say what an order is, for definitions."""
        what = f"orders: {self.event_type} events of one user"
        if self.order == "moment":
            return f"{what} at one timestamp"
        if self.order == "session":
            return f"{what} in one session; at one timestamp where no session is given"
        if self.order == "visit":
            return f"{what} in one session ({self.gap // 60_000_000} minutes of silence part them)"
        return f"{what} with one {self.order}; at one timestamp where there is none"


@dataclass(frozen=True)
class Orders:
    """The orders of a chunk, by user and then by time.

    Parameters
    ----------
    user : ndarray of int32, shape (O,)
        Place of the buyer among the chunk's users, ascending.
    offsets : ndarray of int64, shape (O + 1,)
        Order ``o`` owns the lines ``offsets[o]:offsets[o + 1]``.
    rows : ndarray of int64, shape (L,)
        Row of each line in the chunk.
    """

    user: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)

    def times(self, chunk: UserChunk) -> npt.NDArray[np.int64]:
        """Give the timestamp of each order's first line."""
        return chunk["timestamp"][self.rows[self.offsets[:-1]]]

    def amounts(self, chunk: UserChunk) -> npt.NDArray[np.int64]:
        """Give the money of each order, in minor units."""
        return self.summed(chunk["amount"])

    def summed(self, column: Array) -> npt.NDArray[np.int64]:
        """Add up a column of the chunk over each order's lines."""
        if not len(self.user):
            return np.zeros(0, np.int64)
        lines = column[self.rows].astype(np.int64, copy=False)
        return np.add.reduceat(lines, self.offsets[:-1])


@kernel(types.int64(i16, bool1))
def _count(event_type: Array, wanted: Array) -> int:
    count = 0
    for row in range(len(event_type)):
        count += wanted[event_type[row]]
    return count


@kernel(types.int64(i64, i64, i64, i64, i16, bool1, types.int64, out_i32, out_i64, out_i64))
def _find(
    offsets: Array,
    timestamp: Array,
    key: Array,
    session: Array,
    event_type: Array,
    wanted: Array,
    until: int,
    user: Array,
    rows: Array,
    order: Array,
) -> int:
    """Write user, row and order number of each wanted event until a moment; give how many.

    An order goes on while ``key`` stays the same, or, where ``session`` is not empty and both
    events have one, while that does.
    """
    line, number = np.int64(0), np.int64(-1)
    for who in range(len(offsets) - 1):
        before = np.int64(-1)
        for row in range(offsets[who], offsets[who + 1]):
            if not wanted[event_type[row]]:
                continue
            if timestamp[row] > until:
                break
            new = before < 0
            if not new and len(session) > 0 and session[row] != 0 and session[before] != 0:
                new = session[row] != session[before]
            elif not new:
                new = key[row] != key[before]
            number += np.int64(new)
            user[line], rows[line], order[line] = who, row, number
            line += 1
            before = np.int64(row)
    return int(line)


def orders_of(chunk: UserChunk, rule: OrderRule, *, until: int = EVER) -> Orders:
    """Find the orders of a chunk's users.

    Parameters
    ----------
    chunk : UserChunk
        With the columns of the rule.
    rule : OrderRule
    until : int
        Last moment that counts, microseconds UTC, inclusive.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "purchase", "tea"),
    ...     ("ann", "2026-01-01T10:00", "purchase", "cup"),
    ...     ("ann", "2026-01-02T10:00", "purchase", "tea"),
    ... ], buckets=1)
    >>> orders_of(log.chunks[0], order_rule(log)).offsets.tolist()
    [0, 2, 3]
    """
    key, session = chunk["timestamp"], np.zeros(0, np.int64)
    if rule.order == "session":
        session = chunk["session"]
    elif rule.order == "visit":
        key = sessions_of(chunk, rule.gap).astype(np.int64)
    room = _count(chunk["event_type"], rule.wanted)
    user, rows, order = np.empty(room, np.int32), np.empty(room, np.int64), np.empty(room, np.int64)
    lines = _find(
        chunk.offsets, chunk["timestamp"], key, session, chunk["event_type"], rule.wanted, until,
        user, rows, order,
    )  # fmt: skip
    user, rows, order = user[:lines], rows[:lines], order[:lines]
    if rule.order.startswith(_PROPERTY) and lines:
        user, rows, order = _by_id(user, rows, order, chunk[rule.order][rows])
    starts = np.flatnonzero(np.diff(order, prepend=-1))
    return Orders(user[starts], np.append(starts, lines).astype(np.int64), rows)


def _by_id(user: Array, rows: Array, moment: Array, ids: Array) -> tuple[Array, Array, Array]:
    """Give orders the numbers of their ids (without one: of moments); sort lines by order."""
    key = np.where(ids >= 0, ids.astype(np.int64), ids.max() + 1 + moment)
    _, first, order = np.unique(
        user * (key.max() + 1) + key, return_index=True, return_inverse=True
    )
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    order = place[order]
    by_order = np.argsort(order, kind="stable")
    return user[by_order], rows[by_order], order[by_order]


def wanted_types(log: LogView, event_type: str) -> npt.NDArray[np.bool_]:
    """Mark the event types that a name such as "purchase" or "click|add_to_cart" stands for.

    Raises
    ------
    OptionError
        If one was never seen; near names are suggested.
    """
    wanted = np.zeros(len(log.event_types), np.bool_)
    wanted[codes_of(log, event_type)] = True
    return wanted


def order_rule(
    log: LogView,
    *,
    event_type: str = "purchase",
    order: str = "session",
    gap_minutes: float = 30,
    owner: str = "orders",
) -> OrderRule:
    """Check what counts as an order.

    Parameters
    ----------
    log : LogView
    event_type : str, default="purchase"
        What counts as buying; several joined by "|".
    order : str, default="session"
        See :class:`OrderRule`.
    gap_minutes : float, default=30
        Silence that parts orders where ``order="visit"`` and no session is given.
    owner : str
        Whose options they are: the error says so.

    Raises
    ------
    OptionError
        If an option is not as above.
    """
    ids = isinstance(order, str) and order.startswith(_PROPERTY) and len(order) > len(_PROPERTY)
    if order not in ("session", "moment", "visit") and not ids:
        allowed = "'session', 'moment', 'visit' or a property such as 'properties.order_id'"
        raise OptionError.of("order", owner, allowed, order)
    gap = gap_microseconds(gap_minutes, owner=owner)
    return OrderRule(wanted_types(log, event_type), order, gap, event_type)
