"""All events of a log as flat arrays, still in the log's own codes; orders are found on the way."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.events.columns import QUERY
from footfall.kernels import Array, i16, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView
from footfall.store.words import Words, joined

__all__ = ["NEVER", "RawEvents", "read_events"]

Int64 = npt.NDArray[np.int64]

NEVER = -(2**62)  # where no moment is known
KINDS: dict[str, type[np.generic]] = {
    "timestamp": np.int64,
    "event_type": np.int16,
    "item": np.int32,
    "price": np.int64,
    "quantity": np.int32,
    "orders": np.int32,
    "last_order": np.int64,
    "order_value": np.int64,
}
COLUMNS = ("timestamp", "event_type", "item", "session", "quantity", "price", "amount")


@dataclass(frozen=True, kw_only=True, eq=False)
class RawEvents:
    """Events by user, users in the order of their ids.

    Parameters
    ----------
    user_ids : pa.StringArray, length U
        Ascending.
    offsets : int64 array, shape (U + 1,)
    columns : mapping of name to array, shape (N,)
        Those of `KINDS`. ``orders`` counts the user's orders up to and with the row,
        ``last_order`` is the moment of the last purchase line among these rows (`NEVER`: none),
        ``order_value`` the money of the order whose first line the row is, 0 elsewhere.
    words : mapping of name to Words
        Text columns.
    """

    user_ids: pa.StringArray
    offsets: Int64
    columns: dict[str, Array]
    words: dict[str, Words]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    users: npt.NDArray[np.int32]
    counts: Int64
    columns: dict[str, Array]
    words: dict[str, Words]


def read_events(
    log: LogView, *, until: int | None, event_type: str, properties: tuple[str, ...]
) -> RawEvents:
    """Read all events up to a moment.

    Parameters
    ----------
    log : LogView
    until : int or None
        Microseconds UTC, included; None: everything.
    event_type : str
        What counts as a purchase. Lines of one session, or of one moment where no session is
        given, are one order.
    properties : tuple of str
        Keys of the events' properties to read.

    Returns
    -------
    RawEvents
        Users without an event are not among them.
    """
    purchase = log.event_types.index(event_type) if event_type in log.event_types else -1
    texts = (QUERY, *(f"properties.{key}" for key in properties))

    def measure(chunk: UserChunk) -> _Part:
        times = chunk["timestamp"]
        keep = np.ones(len(times), np.bool_) if until is None else times <= until
        before = np.concatenate(([0], np.cumsum(keep)))
        counts = np.diff(before[chunk.offsets])
        rows = {name: chunk[name][keep] for name in COLUMNS}
        columns = _with_orders(np.concatenate(([0], np.cumsum(counts))), rows, purchase)
        words = {name: Words(chunk[name][keep], chunk.words[name]) for name in texts}
        there = counts > 0
        return _Part(users=chunk.users[there], counts=counts[there], columns=columns, words=words)

    def merge(parts: list[_Part]) -> RawEvents:
        return _merge(log, parts, texts)

    return log.map(measure, merge, columns=(*COLUMNS, *texts), label="events")


def _with_orders(offsets: Int64, rows: dict[str, Array], purchase: int) -> dict[str, Array]:
    """Say a price where only an amount is said, and find the orders."""
    price, amount = rows["price"], rows["amount"]
    units = np.maximum(rows["quantity"], 1)
    price = np.where((price < 0) & (amount > 0), amount // units, price)
    value = np.where(amount != 0, amount, np.maximum(price, 0) * units)
    count = len(price)
    orders, last = np.empty(count, np.int32), np.empty(count, np.int64)
    order_value = np.zeros(count, np.int64)
    _find_orders(
        offsets, rows["timestamp"], rows["event_type"], rows["session"], value, purchase,
        orders, last, order_value,
    )  # fmt: skip
    kept = {name: rows[name] for name in ("timestamp", "event_type", "item", "quantity")}
    found: dict[str, Array] = {"orders": orders, "last_order": last, "order_value": order_value}
    return {**kept, "price": price, **found}


@kernel(types.void(i64, i64, i16, i64, i64, types.int64, out_i32, out_i64, out_i64))
def _find_orders(
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    session: Array,
    value: Array,
    purchase: int,
    orders: Array,
    last_order: Array,
    order_value: Array,
) -> None:
    """Count each user's orders row by row; see `footfall.features.orders` for what an order is."""
    for user in range(len(offsets) - 1):
        count, before, first, last = 0, -1, -1, NEVER
        for row in range(offsets[user], offsets[user + 1]):
            if event_type[row] == purchase:
                new = before < 0
                if not new and session[row] != 0 and session[before] != 0:
                    new = session[row] != session[before]
                elif not new:
                    new = timestamp[row] != timestamp[before]
                if new:
                    count += 1
                    first = row
                order_value[first] += value[row]
                before, last = row, timestamp[row]
            orders[row] = count
            last_order[row] = last


def _merge(log: LogView, parts: list[_Part], texts: tuple[str, ...]) -> RawEvents:
    """Put the users of all chunks in the order of their ids."""
    users = np.concatenate([np.empty(0, np.int32), *(part.users for part in parts)])
    counts = np.concatenate([np.empty(0, np.int64), *(part.counts for part in parts)])
    ids = log.user_ids.strings(users)
    order = pc.sort_indices(ids).to_numpy().astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(counts)))[:-1][order]
    offsets = np.concatenate(([0], np.cumsum(counts[order]))).astype(np.int64)
    rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts[order])
    columns = {}
    for name, kind in KINDS.items():
        column = np.concatenate([np.empty(0, kind), *(part.columns.pop(name) for part in parts)])
        columns[name] = column[rows]
    words = {}
    for name in texts:
        whole = joined([part.words[name] for part in parts])
        words[name] = Words(whole.codes[rows], whole.strings)
    return RawEvents(
        user_ids=ids.take(pa.array(order)), offsets=offsets, columns=columns, words=words
    )
