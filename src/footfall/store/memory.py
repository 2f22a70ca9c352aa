"""A log in memory: the same answers for small data, notebooks and tests."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, PROPERTIES, TIMESTAMP_TYPE
from footfall.store.chunk import CHUNK_COLUMNS, UserChunk, read_only
from footfall.store.coding import Codes, checked_events, chunk_column, code_events
from footfall.store.engine import ChunkList, ChunkSource, Engine, LocalEngine
from footfall.store.properties import keys_of
from footfall.store.segments import SavedSegments
from footfall.store.view import LogView
from footfall.store.words import WORD_COLUMNS, Words, no_words, word_columns

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
        texts: Sequence[pa.Table] = (),
    ) -> None:
        self.chunks = list(chunks)
        self._texts = [*texts]
        self._coded: dict[tuple[int, str], Words] = {}
        self.codes = codes
        self.saved = SavedSegments()
        self.users = users
        self.items = items
        self.engine = engine or LocalEngine()

    def source(self, columns: Sequence[str]) -> ChunkSource:
        """Give the chunks with the columns asked for."""
        return ChunkList([self._with_columns(place, columns) for place in range(len(self.chunks))])

    def _with_columns(self, place: int, columns: Sequence[str]) -> UserChunk:
        chunk = self.chunks[place]
        text = [name for name in columns if name not in CHUNK_COLUMNS]
        self._code(place, [name for name in text if name not in chunk.columns])
        coded = {n: self._coded[place, n] for n in text if n not in chunk.columns}
        found = {n: coded[n].codes if n in coded else chunk.columns[n] for n in columns}
        words = {n: coded[n].strings if n in coded else chunk.words[n] for n in text}
        return UserChunk(chunk.users, chunk.offsets, read_only(found), verify=False, words=words)

    def _code(self, place: int, names: Sequence[str]) -> None:
        """Code text columns of a chunk, once."""
        new = [name for name in names if (place, name) not in self._coded]
        if self._texts:
            coded = word_columns(self._texts[place], new)
        else:
            coded = {name: no_words(self.chunks[place].events) for name in new}
        self._coded.update({(place, name): words for name, words in coded.items()})

    def property_keys(self) -> list[str]:
        """Name the keys that occur in the properties of the log's events, sorted."""
        return [*self._property_keys]

    @cached_property
    def _property_keys(self) -> list[str]:
        objects = [
            text.column(PROPERTIES) for text in self._texts if PROPERTIES in text.schema.names
        ]
        return sorted({key for column in objects for key in keys_of(column.combine_chunks())})

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
        given = [name for name in (*WORD_COLUMNS, PROPERTIES) if name in events.column_names]
        chunks, texts = [], []
        for number in range(buckets):
            mine = order[bucket[order] == number]
            chunks.append(UserChunk.from_rows(user[mine], {n: c[mine] for n, c in columns.items()}))
            texts.append(events.select(given).take(pa.array(mine)))
        return cls(chunks, codes, users=users, items=items, texts=texts if given else ())

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]], *, buckets: int = 2) -> "MemoryLog":
        """Build a log from (user_id, time, event_type[, item_id[, quantity[, amount]]]) rows.

        Parameters
        ----------
        rows : iterable of tuples
            Time is an ISO string (UTC unless it says otherwise), a datetime, or int microseconds.
            Amount is money of the line in minor units. A row may end in a dict: its properties.
        buckets : int, default=2
            Number of chunks.

        Examples
        --------
        >>> log = MemoryLog.from_rows([
        ...     ("ann", "2026-01-01T10:00", "view", "kettle", {"channel": "mail"}),
        ...     ("ann", "2026-01-01T10:05", "purchase", "kettle"),
        ... ], buckets=1)
        >>> log.map(
        ...     lambda chunk: chunk.words["properties.channel"].to_pylist(),
        ...     list,
        ...     columns=["properties.channel"],
        ... )
        [['mail']]
        """
        names = ("user_id", "timestamp", "event_type", "item_id", "quantity", "amount")
        cells: dict[str, list[Any]] = {name: [] for name in (*names, PROPERTIES)}
        for row in rows:
            *said, last = row
            given = last if isinstance(last, dict) else None
            full = [*(row if given is None else said)]
            full += [None] * (len(names) - len(full))
            full[1] = _microseconds(full[1])
            for name, cell in zip(names, full, strict=True):
                cells[name].append(cell)
            properties = None if given is None else json.dumps(given, ensure_ascii=False)
            cells[PROPERTIES].append(properties)
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
