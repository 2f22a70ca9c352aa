"""Rows that could not be kept: where they stood, which rule stopped them, and the row itself."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.errors import ConflictError
from footfall.events.columns import REJECT_SCHEMA, ROW
from footfall.store.delta import DataFile, commit, open_table
from footfall.store.files import read_parquet
from footfall.store.hashing import hash_strings
from footfall.store.workspace import Workspace

__all__ = ["Rejects", "count_rejects", "raw_rows", "read_rejects", "some_rejects"]

TABLE = "rejects"
_PARTITION = "reader"
_KEY = "key"  # hash of the row and where it stood, so that known rows are found by number
_SCHEMA = pa.schema(
    [
        *REJECT_SCHEMA,
        pa.field(_KEY, pa.int64(), nullable=False),
        pa.field(_PARTITION, pa.string(), nullable=False),
    ]
)
_ROWS_HELD = 100_000
_TRIES = 8


class Rejects:
    """Gathers rejected rows while files are read; they become visible together.

    A row that was rejected the same way before is not written again, so that reading a file twice
    adds nothing here either.

    Parameters
    ----------
    workspace : Workspace
    reader : str
        Name of the reader the files were read with.
    """

    def __init__(self, workspace: Workspace, *, reader: str) -> None:
        self._workspace = workspace
        self._reader = reader
        self._files: list[DataFile] = []
        self._held: list[pa.Table] = []
        self._rows_held = 0
        self.counts: Counter[str] = Counter()
        known = [part.column(_KEY).to_numpy() for part in _parts(workspace, [_KEY])]
        self._known = np.unique(np.concatenate(known)) if known else np.zeros(0, np.int64)

    def add(self, file: str, rule: str, rows: Sequence[int], raw: Sequence[str]) -> None:
        """Take rows of one file that one rule stopped.

        Parameters
        ----------
        file : str
        rule : str
        rows : sequence of int
            1 is the first row of data.
        raw : sequence of str
            The rows as they stood.
        """
        if not rows:
            return
        self.counts[rule] += len(rows)
        table = pa.table(
            {"file": [file] * len(rows), "row": [*rows], "rule": [rule] * len(rows), "raw": [*raw]},
            schema=REJECT_SCHEMA,
        )
        keys = _keys(table)
        new = table.append_column(_KEY, pa.array(keys)).filter(pa.array(~_held(self._known, keys)))
        self._held.append(new)
        self._rows_held += new.num_rows
        if self._rows_held >= _ROWS_HELD:
            self._flush()

    def commit(self) -> None:
        """Make the rows gathered visible."""
        self._flush()
        if not self._files:
            return
        for tried in range(_TRIES):
            table = open_table(self._workspace, TABLE, schema=_SCHEMA, partition=_PARTITION)
            try:
                commit(
                    table,
                    add=self._files,
                    partition=_PARTITION,
                    counter=table.counter + 1,
                    note={"rejects": str(sum(file.rows for file in self._files))},
                )
            except ConflictError:
                if tried == _TRIES - 1:
                    raise
            else:
                return

    def _flush(self) -> None:
        if self._rows_held == 0:
            return
        rows = pa.concat_tables(self._held)
        path = f"{_PARTITION}={self._reader}/{uuid.uuid4().hex}.parquet"
        filesystem = self._workspace.filesystem()
        filesystem.create_dir(f"{TABLE}/{_PARTITION}={self._reader}")
        pq.write_table(rows, f"{TABLE}/{path}", filesystem=filesystem, compression="zstd")
        size = filesystem.get_file_info(f"{TABLE}/{path}").size
        self._files.append(DataFile(path, self._reader, rows.num_rows, size))
        self._held.clear()
        self._rows_held = 0


def read_rejects(workspace: Workspace) -> pa.Table:
    """Read all rejected rows, by file and row.

    Returns
    -------
    pa.Table
        Columns of REJECT_SCHEMA.
    """
    parts = _parts(workspace)
    table = pa.concat_tables(parts) if parts else REJECT_SCHEMA.empty_table()
    return table.sort_by([("file", "ascending"), ("row", "ascending")])


def count_rejects(workspace: Workspace) -> Counter[str]:
    """Count the rejected rows by rule, without reading the rows themselves."""
    counts: Counter[str] = Counter()
    for part in _parts(workspace, ["rule"]):
        for one in part.column("rule").value_counts().to_pylist():
            counts[one["values"]] += one["counts"]
    return counts


def some_rejects(workspace: Workspace, rule: str, count: int) -> list[dict[str, Any]]:
    """Give a few rejected rows of one rule, the first of their files.

    Parameters
    ----------
    workspace : Workspace
    rule : str
    count : int
        At most so many.

    Returns
    -------
    list of dict
        With the columns of REJECT_SCHEMA.
    """
    found: list[dict[str, Any]] = []
    for part in _parts(workspace):
        chosen = pc.indices_nonzero(pc.equal(part.column("rule"), rule))[:count]
        found += part.take(chosen).to_pylist()
    return sorted(found, key=lambda row: (row["file"], row["row"]))[:count]


def raw_rows(table: pa.Table, rows: Sequence[int]) -> list[str]:
    """Give some raw rows of a batch as JSON objects, in the order asked for.

    Parameters
    ----------
    table : pa.Table
        A batch of raw rows with the column ``__row__``.
    rows : sequence of int
        Numbers of rows in it, without repeats.
    """
    chosen = table.filter(pc.is_in(table.column(ROW), pa.array(rows, pa.int64())))
    records: Mapping[int, str] = {
        record.pop(ROW): json.dumps(record, ensure_ascii=False, default=str)
        for record in _plain(chosen).to_pylist()
    }
    return [records[row] for row in rows]


def _plain(table: pa.Table) -> pa.Table:
    """Turn times into text: times finer than a microsecond have no plain Python form."""
    fields = [
        pa.field(f.name, pa.string()) if pa.types.is_timestamp(f.type) else f for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _parts(workspace: Workspace, columns: Sequence[str] = REJECT_SCHEMA.names) -> list[pa.Table]:
    table = open_table(workspace, TABLE, schema=_SCHEMA, partition=_PARTITION)
    files = workspace.filesystem()
    return [
        read_parquet(f"{TABLE}/{f.path}", columns=[*columns], filesystem=files) for f in table.files
    ]


def _keys(table: pa.Table) -> npt.NDArray[np.int64]:
    row = table.column("row").cast(pa.string())
    text = [table.column(name) for name in ("file", "rule", "raw")]
    return hash_strings(pc.binary_join_element_wise(row, *text, "\x1f")).view(np.int64)


def _held(known: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Say which keys are among the known ones, which are ascending."""
    if len(known) == 0:
        return np.zeros(len(keys), np.bool_)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return known[places] == keys
