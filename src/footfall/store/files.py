"""Data files of the log: rows of one bucket, sorted by (user, timestamp, arrival), as Parquet."""

import contextlib
import uuid
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from footfall.errors import StoreError
from footfall.events.columns import EVENT_ID, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID
from footfall.store.coding import LOG_SCHEMA, Codes
from footfall.store.delta import DataFile
from footfall.store.ids import IdMap

__all__ = [
    "EVENTS_TABLE",
    "PARTITION",
    "delete_file",
    "log_order",
    "read_parquet",
    "read_rows",
    "rows_since",
    "take_rows",
    "without_ids",
    "write_bucket",
]

EVENTS_TABLE = "events"
PARTITION = "bucket"
_ROW_GROUP_ROWS = 1 << 20
_NARROW_BYTES = 1 << 30  # Arrow's plain strings hold 2 GB a column

# Columns that are all different, or nearly: a dictionary or a compressor only costs time on them.
_INCOMPRESSIBLE = ("event_key", "session_key", EVENT_ID)
# Ids are kept as codes while rows are sorted; their text is put back when they are written.
_CODED = {USER_ID: "user_code", ITEM_ID: "item_code", EVENT_TYPE: "event_type_code"}


def without_ids(rows: pa.Table) -> pa.Table:
    """Leave out the id columns whose codes say the same."""
    return rows.drop_columns([name for name in _CODED if name in rows.column_names])


def log_order(
    user: npt.NDArray[np.int32], timestamp: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Give the order that sorts rows, already in order of arrival, by (user, timestamp).

    Parameters
    ----------
    user : ndarray of int32, shape (N,)
    timestamp : ndarray of int64, shape (N,)

    Returns
    -------
    ndarray of int64, shape (N,)
    """
    return np.lexsort((timestamp, user))


def take_rows(
    rows: pa.Table, order: npt.NDArray[np.int64], *, narrow_bytes: int = _NARROW_BYTES
) -> pa.Table:
    """Give rows in another order, however much text they hold.

    Parameters
    ----------
    rows : pa.Table
    order : ndarray of int64
        Which rows, in which order.
    narrow_bytes : int
        Columns of more text than this are given as ``large_string``.
    """
    fields = [
        field.with_type(pa.large_string())
        if pa.types.is_string(field.type) and rows.column(field.name).nbytes > narrow_bytes
        else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields)).take(pa.array(order))


def write_bucket(
    rows: pa.Table, *, bucket: int, codes: Codes, filesystem: pafs.FileSystem, run: str = ""
) -> DataFile:
    """Write sorted rows of one bucket as a data file; the table does not know it yet.

    Parameters
    ----------
    rows : pa.Table
        Columns of LOG_SCHEMA, any subset that holds the code columns, with or without the id
        columns; sorted by (user, timestamp, arrival).
    bucket : int
    codes : Codes
        Where the text of ids comes from.
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.
    run : str, default=""
        Stands in the file's name, so that a run can find what its lost tasks left.

    Returns
    -------
    DataFile
        Its path relative to the table.

    Raises
    ------
    StoreError
        If it cannot be written; nothing is left of it.
    """
    written = _with_ids(without_ids(rows), codes)
    first = int(pc.min(rows.column("arrival")).as_py())
    path = f"{PARTITION}={bucket}/{first:016d}-{run}{uuid.uuid4().hex[:12]}.parquet"
    dictionary = [
        n for n in written.column_names if n not in (*_INCOMPRESSIBLE, TIMESTAMP, "arrival")
    ]
    try:
        filesystem.create_dir(f"{EVENTS_TABLE}/{PARTITION}={bucket}")
        pq.write_table(
            written,
            f"{EVENTS_TABLE}/{path}",
            filesystem=filesystem,
            compression={
                n: "none" if n in _INCOMPRESSIBLE else "zstd" for n in written.column_names
            },
            use_dictionary=dictionary,
            write_statistics=[USER_ID, TIMESTAMP, "user_code", "arrival"],
            row_group_size=_ROW_GROUP_ROWS,
            store_schema=False,
        )
        size = filesystem.get_file_info(f"{EVENTS_TABLE}/{path}").size
    except (OSError, pa.ArrowException) as error:
        delete_file(path, filesystem)
        raise StoreError(f"Cannot write a data file of the log: {error}") from error
    return DataFile(path, str(bucket), rows.num_rows, size)


def delete_file(path: str, filesystem: pafs.FileSystem) -> None:
    """Delete a data file no version names; one that cannot be deleted is only lost space."""
    with contextlib.suppress(OSError):
        filesystem.delete_file(f"{EVENTS_TABLE}/{path}")


def _with_ids(rows: pa.Table, codes: Codes) -> pa.Table:
    """Put the text of ids beside their codes, and drop what is null all through."""
    text = {
        USER_ID: _text_of(rows.column("user_code"), codes.users),
        ITEM_ID: _text_of(rows.column("item_code"), codes.items),
        EVENT_TYPE: _text_of(rows.column("event_type_code"), codes.event_types),
    }
    columns = {}
    for name in LOG_SCHEMA.names:
        if name == PARTITION:
            continue  # the folder says it
        column = (
            text[name] if name in text else rows.column(name) if name in rows.column_names else None
        )
        if column is not None and column.null_count < len(column):
            columns[name] = column
    return pa.table(columns)


def _text_of(codes: pa.ChunkedArray, ids: IdMap) -> pa.DictionaryArray:
    """Give codes as their ids, holding only the ids that occur."""
    numbers = codes.to_numpy().astype(np.int64)
    present, places = np.unique(numbers, return_inverse=True)
    none = len(present) > 0 and present[0] < 0
    indices = pa.array((places - int(none)).astype(np.int32), mask=(numbers < 0) if none else None)
    return pa.DictionaryArray.from_arrays(indices, ids.strings(present[int(none) :]))


def read_parquet(
    path: str, *, columns: list[str] | None = None, filesystem: pafs.FileSystem
) -> pa.Table:
    """Read a Parquet file in this thread, so that no thread of a reader outlives a command.

    Parameters
    ----------
    path : str
        From the root of the file system.
    columns : list of str, optional
        All by default.
    filesystem : pyarrow.fs.FileSystem
    """
    with filesystem.open_input_file(path) as opened:
        return pq.ParquetFile(opened).read(columns=columns, use_threads=False)


def read_rows(
    file: DataFile,
    *,
    columns: list[str] | None,
    filesystem: pafs.FileSystem,
    dictionaries: Sequence[str] = (),
) -> pa.Table:
    """Read a data file: the columns asked for that it has, nulls for those of the log it lacks.

    Parameters
    ----------
    file : DataFile
    columns : list of str or None
        All for None.
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.
    dictionaries : sequence of str
        Columns of text to give as dictionaries: each different text once, as the file keeps it.

    Raises
    ------
    StoreError
        If the file is missing or damaged.
    """
    return _read(file, columns, filesystem, since=0, dictionaries=dictionaries)


def rows_since(file: DataFile, arrival: int, *, filesystem: pafs.FileSystem) -> pa.Table:
    """Read the rows of a data file that arrived at or after a moment; older parts are skipped.

    Raises
    ------
    StoreError
        If the file is missing or damaged.
    """
    rows = _read(file, None, filesystem, since=arrival)
    return rows.filter(pc.greater_equal(rows.column("arrival"), arrival))


def _read(
    file: DataFile,
    columns: list[str] | None,
    filesystem: pafs.FileSystem,
    *,
    since: int,
    dictionaries: Sequence[str] = (),
) -> pa.Table:
    wanted = columns if columns is not None else [n for n in LOG_SCHEMA.names if n != PARTITION]
    try:
        with filesystem.open_input_file(f"{EVENTS_TABLE}/{file.path}") as opened:
            parquet = pq.ParquetFile(opened)
            present = set(parquet.schema_arrow.names)
            coded = [name for name in dictionaries if name in present]
            if coded:
                parquet = pq.ParquetFile(opened, metadata=parquet.metadata, read_dictionary=coded)
            groups = [g for g in range(parquet.num_row_groups) if _last(parquet, g) >= since]
            read = [name for name in wanted if name in present]
            rows = parquet.read_row_groups(groups, columns=read, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"Cannot read {EVENTS_TABLE}/{file.path} of the log: {error}") from error
    for name in wanted:
        if name not in present:
            kind = LOG_SCHEMA.field(name).type
            kind = pa.dictionary(pa.int32(), kind) if name in dictionaries else kind
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    return rows.select(wanted)


def _last(parquet: pq.ParquetFile, group: int) -> int:
    """Give the last arrival of a row group, from the file's statistics."""
    column = parquet.schema_arrow.get_field_index("arrival")
    return int(parquet.metadata.row_group(group).column(column).statistics.max)
