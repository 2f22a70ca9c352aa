"""Data files of the log: rows of one bucket, sorted by (user, timestamp, arrival), as Parquet."""

import uuid

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from footfall.events.columns import EVENT_ID, EVENT_TYPE, ITEM_ID, TIMESTAMP, USER_ID
from footfall.store.coding import LOG_SCHEMA, Codes
from footfall.store.delta import DataFile
from footfall.store.ids import IdMap

__all__ = ["EVENTS_TABLE", "PARTITION", "log_order", "read_rows", "without_ids", "write_bucket"]

EVENTS_TABLE = "events"
PARTITION = "bucket"
_ROW_GROUP_ROWS = 1 << 20

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


def write_bucket(
    rows: pa.Table, *, bucket: int, codes: Codes, filesystem: pafs.FileSystem
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

    Returns
    -------
    DataFile
        Its path relative to the table.
    """
    written = _with_ids(without_ids(rows), codes)
    first = int(pc.min(rows.column("arrival")).as_py())
    path = f"{PARTITION}={bucket}/{first:016d}-{uuid.uuid4().hex[:12]}.parquet"
    dictionary = [
        n for n in written.column_names if n not in (*_INCOMPRESSIBLE, TIMESTAMP, "arrival")
    ]
    filesystem.create_dir(f"{EVENTS_TABLE}/{PARTITION}={bucket}")
    pq.write_table(
        written,
        f"{EVENTS_TABLE}/{path}",
        filesystem=filesystem,
        compression={n: "none" if n in _INCOMPRESSIBLE else "zstd" for n in written.column_names},
        compression_level=None,
        use_dictionary=dictionary,
        write_statistics=[USER_ID, TIMESTAMP, "user_code", "arrival"],
        row_group_size=_ROW_GROUP_ROWS,
        store_schema=False,
    )
    size = filesystem.get_file_info(f"{EVENTS_TABLE}/{path}").size
    return DataFile(path, str(bucket), rows.num_rows, size)


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


def read_rows(
    file: DataFile, *, columns: list[str] | None, filesystem: pafs.FileSystem
) -> pa.Table:
    """Read a data file: the columns asked for that it has, nulls for those of the log it lacks."""
    with filesystem.open_input_file(f"{EVENTS_TABLE}/{file.path}") as opened:
        parquet = pq.ParquetFile(opened)
        present = set(parquet.schema_arrow.names)
        wanted = columns if columns is not None else [n for n in LOG_SCHEMA.names if n != PARTITION]
        rows = parquet.read(columns=[name for name in wanted if name in present], use_threads=False)
    for name in wanted:
        if name not in present:
            kind = LOG_SCHEMA.field(name).type
            rows = rows.append_column(name, pa.nulls(file.rows, kind))
    return rows.select(wanted)
