"""A log in memory: the same answers for small data, notebooks and tests."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.store.chunk import CHUNK_COLUMNS, UserChunk
from footfall.store.coding import Codes, checked_events, chunk_column, code_events
from footfall.store.engine import ChunkList, ChunkSource, Engine, LocalEngine
from footfall.store.view import LogView

__all__ = ["MemoryLog"]


class MemoryLog(LogView):
    """A log held as sorted chunks in memory.

    Examples
    --------
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-01T10:05", "purchase", "kettle"),
    ...     ("bob", "2026-01-02T09:00", "view", "teapot"),
    ... ])
    >>> log.events, log.user_ids.strings().to_pylist()
    (3, ['ann', 'bob'])
    """

    def __init__(
        self,
        chunks: Sequence[UserChunk],
        codes: Codes,
        *,
        users: pa.Table | None = None,
        items: pa.Table | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.chunks = list(chunks)
        self.codes = codes
        self.users = users
        self.items = items
        self.engine = engine or LocalEngine()

    def source(self, columns: Sequence[str]) -> ChunkSource:
        """Give the chunks with the columns asked for."""
        return ChunkList(
            [UserChunk(c.users, c.offsets, {n: c.columns[n] for n in columns}) for c in self.chunks]
        )

    @classmethod
    def from_events(
        cls,
        events: pa.Table,
        *,
        buckets: int = 2,
        users: pa.Table | None = None,
        items: pa.Table | None = None,
    ) -> "MemoryLog":
        """Sort and code clean events.

        Parameters
        ----------
        events : pa.Table
            Columns of EVENT_SCHEMA; user_id, timestamp and event_type at least. Rows may come in
            any order; their order breaks ties of timestamp.
        buckets : int, default=2
            Number of chunks.
        users, items : pa.Table, optional
            Tables with a user_id or item_id column.
        """
        codes = Codes()
        events = checked_events(events)
        arrival = np.arange(events.num_rows, dtype=np.int64)
        rows = code_events(events, codes, arrival=arrival, buckets=buckets)
        columns: dict[str, Any] = {name: chunk_column(rows, name) for name in CHUNK_COLUMNS}
        user = rows.column("user_code").to_numpy()
        bucket = rows.column("bucket").to_numpy()
        order = np.lexsort((arrival, columns["timestamp"], user, bucket))
        chunks = []
        for number in range(buckets):
            mine = order[bucket[order] == number]
            chunks.append(UserChunk.from_rows(user[mine], {n: c[mine] for n, c in columns.items()}))
        return cls(chunks, codes, users=users, items=items)

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]], *, buckets: int = 2) -> "MemoryLog":
        """Build a log from (user_id, time, event_type[, item_id[, quantity[, amount]]]) rows.

        Parameters
        ----------
        rows : iterable of tuples
            Time is an ISO string (UTC unless it says otherwise), a datetime, or int microseconds.
            Amount is money of the line in minor units.
        buckets : int, default=2
            Number of chunks.
        """
        names = ("user_id", "timestamp", "event_type", "item_id", "quantity", "amount")
        cells: dict[str, list[Any]] = {name: [] for name in names}
        for row in rows:
            full = [*row, *[None] * (len(names) - len(row))]
            full[1] = _microseconds(full[1])
            for name, cell in zip(names, full, strict=True):
                cells[name].append(cell)
        columns = {
            n: pa.array(v, EVENT_SCHEMA.field(n).type) for n, v in cells.items() if n != "timestamp"
        }
        columns["timestamp"] = pa.array(cells["timestamp"], pa.int64()).cast(TIMESTAMP_TYPE)
        return cls.from_events(pa.table(columns), buckets=buckets)


def _microseconds(time: str | datetime | int) -> int:
    if isinstance(time, int):
        return time
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
