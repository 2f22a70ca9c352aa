"""From clean events to rows of the log: codes, keys and order beside what the shop said."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import InputError, OptionError
from footfall.events.columns import (
    EVENT_ID,
    EVENT_SCHEMA,
    EVENT_TYPE,
    ITEM_ID,
    REQUIRED,
    SESSION_ID,
    USER_ID,
)
from footfall.events.vocabulary import EVENT_TYPES
from footfall.store.chunk import CHUNK_COLUMNS, MISSING
from footfall.store.hashing import buckets_of, hash_rows, hash_strings
from footfall.store.ids import IdMap

__all__ = [
    "CODE_SCHEMA",
    "LOG_SCHEMA",
    "TABLE_COLUMN",
    "Codes",
    "checked_events",
    "chunk_column",
    "code_events",
    "event_keys",
]

# What the log keeps beside the shop's own columns.
CODE_SCHEMA = pa.schema(
    [
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("user_code", pa.int32(), nullable=False),
        pa.field("item_code", pa.int32(), nullable=False),  # -1: no item
        pa.field("event_type_code", pa.int16(), nullable=False),
        pa.field("session_key", pa.int64(), nullable=False),  # hash of session_id, 0: not given
        pa.field("event_key", pa.int64(), nullable=False),  # hash of event_id, or of the content
        pa.field("arrival", pa.int64(), nullable=False),
    ]
)
LOG_SCHEMA = pa.schema([*EVENT_SCHEMA, *CODE_SCHEMA])

# Chunk column -> the column of the table it is read from.
TABLE_COLUMN = {name: name for name in CHUNK_COLUMNS} | {
    "event_type": "event_type_code",
    "item": "item_code",
    "session": "session_key",
}


@dataclass(frozen=True)
class Codes:
    """The three dictionaries of a workspace."""

    users: IdMap = field(default_factory=IdMap)
    items: IdMap = field(default_factory=IdMap)
    event_types: IdMap = field(default_factory=lambda: IdMap(pa.array(EVENT_TYPES)))


_IDS = (EVENT_ID, USER_ID, EVENT_TYPE, ITEM_ID, SESSION_ID)
_MOST_EVENT_TYPES = np.iinfo(np.int16).max


def checked_events(events: pa.Table) -> pa.Table:
    """Bring events into the types of the log, so that they hash now as they will when read again.

    Parameters
    ----------
    events : pa.Table
        Columns of EVENT_SCHEMA, the required ones and any others; others are left out.

    Returns
    -------
    pa.Table
        In the log's order and types. An empty id is no id: null.

    Raises
    ------
    OptionError
        If a required column is missing or has a row without a value, or a type does not fit.
    """
    allowed = "a table of clean events"
    columns = {}
    for name in REQUIRED:
        if name not in events.column_names:
            raise OptionError.of(
                "events", "append", f"{allowed} with {name!r}", events.column_names
            )
    for name in EVENT_SCHEMA.names:
        if name not in events.column_names:
            continue
        column = _typed(events.column(name), name)
        if name in _IDS and pc.any(pc.equal(column, "")).as_py():
            column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        if name in REQUIRED and column.null_count:
            found = f"{column.null_count} rows without one"
            raise OptionError.of("events", "append", f"{allowed} with {name!r} in every row", found)
        columns[name] = column
    return pa.table(columns)


def _typed(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kind = EVENT_SCHEMA.field(name).type
    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except pa.ArrowException as error:
        allowed = f"a table of clean events whose {name} is {kind}"
        raise OptionError.of("events", "append", allowed, str(column.type)) from error


def code_events(
    events: pa.Table, codes: Codes, *, arrival: npt.NDArray[np.int64], buckets: int
) -> pa.Table:
    """Add the code columns to clean events; new ids join the dictionaries.

    Parameters
    ----------
    events : pa.Table
        As :func:`checked_events` gives them.
    codes : Codes
        Changed in place: ids not seen before are added.
    arrival : ndarray of int64, shape (N,)
        Place of each event in the order of reading.
    buckets : int
        Number of buckets of the log.

    Returns
    -------
    pa.Table
        The events' columns in the log's order, then those of CODE_SCHEMA.

    Raises
    ------
    InputError
        If there are more event types than any shop has: another column was taken for them.
    """
    count = events.num_rows
    event_types = codes.event_types.encode(events.column(EVENT_TYPE))
    if len(codes.event_types) > _MOST_EVENT_TYPES:
        last = codes.event_types.strings([int(event_types.max())])[0].as_py()
        raise InputError(
            f"There are more than {_MOST_EVENT_TYPES:,} event types, such as {last!r}."
            " Map the column that says what a user did onto event_type."
        )
    extra = {
        "bucket": buckets_of(events.column(USER_ID).combine_chunks(), buckets),
        "user_code": codes.users.encode(events.column(USER_ID)),
        "item_code": (
            codes.items.encode(events.column(ITEM_ID))
            if ITEM_ID in events.column_names
            else np.full(count, -1, np.int32)
        ),
        "event_type_code": event_types.astype(np.int16),
        "session_key": (
            hash_strings(events.column(SESSION_ID)).view(np.int64)
            if SESSION_ID in events.column_names
            else np.zeros(count, np.int64)
        ),
        "event_key": event_keys(events).view(np.int64),
        "arrival": arrival,
    }
    kept = [name for name in EVENT_SCHEMA.names if name in events.column_names]
    arrays = [events.column(name) for name in kept]
    arrays += [pa.array(extra[name], CODE_SCHEMA.field(name).type) for name in CODE_SCHEMA.names]
    return pa.table(
        arrays, schema=pa.schema([LOG_SCHEMA.field(n) for n in [*kept, *CODE_SCHEMA.names]])
    )


def event_keys(events: pa.Table) -> npt.NDArray[np.uint64]:
    """Give each event its identity: the hash of its id, or of all it says when it has none.

    Parameters
    ----------
    events : pa.Table
        Columns of EVENT_SCHEMA.

    Returns
    -------
    ndarray of uint64, shape (N,)
    """
    if EVENT_ID not in events.column_names or events.column(EVENT_ID).null_count == events.num_rows:
        return hash_rows(events)
    given = hash_strings(events.column(EVENT_ID))
    if events.column(EVENT_ID).null_count == 0:
        return given
    missing = events.column(EVENT_ID).is_null().to_numpy()
    return np.where(missing, hash_rows(events), given)


def chunk_column(table: pa.Table, name: str) -> npt.NDArray[np.generic]:
    """Give one chunk column of rows of the log as a plain array, unknown values filled in."""
    dtype = np.dtype(CHUNK_COLUMNS[name])
    source = TABLE_COLUMN[name]
    if source not in table.column_names:
        return np.full(table.num_rows, MISSING[name], dtype)
    array = table.column(source).combine_chunks()
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    if array.null_count:
        array = array.fill_null(pa.scalar(MISSING[name]).cast(array.type))
    return np.ascontiguousarray(array.to_numpy(zero_copy_only=False), dtype)
