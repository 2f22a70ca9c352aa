"""The ids table: every user, item and event type with its code, kept for ever.

Codes are committed before the events that use them: a process killed in between leaves codes that
nobody uses yet, never events without a code.
"""

import uuid
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import StoreError
from footfall.events.vocabulary import EVENT_TYPES
from footfall.store.coding import Codes
from footfall.store.delta import DataFile, TableVersion, commit, open_table
from footfall.store.files import read_parquet
from footfall.store.ids import IdMap
from footfall.store.workspace import Workspace

__all__ = ["StoredCodes", "open_codes"]

TABLE = "ids"
_KIND = "kind"
_SCHEMA = pa.schema(
    [
        pa.field(_KIND, pa.string(), nullable=False),
        pa.field("code", pa.int32(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
    ]
)


class StoredCodes(Codes):
    """The dictionaries of a workspace, each read when first needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._table = open_table(workspace, TABLE, schema=_SCHEMA, partition=_KIND)
        self._saved: dict[str, int] = {}

    @property
    def empty(self) -> bool:
        """Whether no id was ever saved."""
        return not self._table.files

    @cached_property
    def users(self) -> IdMap:
        """User ids."""
        return self._read("user")

    @cached_property
    def items(self) -> IdMap:
        """Item ids."""
        return self._read("item")

    @cached_property
    def event_types(self) -> IdMap:
        """Event types; the vocabulary's own come first."""
        known = self._read("event_type")
        if len(known) == 0:
            known.encode(pa.array(EVENT_TYPES))
        return known

    def _read(self, kind: str) -> IdMap:
        files = [file for file in self._table.files if file.partition == kind]
        filesystem = self._workspace.filesystem()
        try:
            parts = [
                read_parquet(f"{TABLE}/{file.path}", columns=["code", "id"], filesystem=filesystem)
                for file in files
            ]
        except (OSError, pa.ArrowException) as error:
            raise StoreError(
                f"Cannot read the codes of {kind}s in {self._workspace.location}: {error}"
            ) from error
        self._saved[kind] = 0
        if not parts:
            return IdMap()
        table = pa.concat_tables(parts).sort_by("code")
        codes = table.column("code").to_numpy()
        ids = IdMap(table.column("id").combine_chunks())
        if len(ids) != len(codes) or not np.array_equal(codes, np.arange(len(codes))):
            raise StoreError(f"The codes of {kind}s in {self._workspace.location} are damaged.")
        self._saved[kind] = len(codes)
        return ids

    def save(self) -> None:
        """Commit the ids added since the dictionaries were read.

        Raises
        ------
        ConflictError
            If another process added ids first: these codes must not be used.
        """
        added = [file for kind in ("user", "item", "event_type") for file in self._write_new(kind)]
        if added:
            commit(
                self._table,
                add=added,
                partition=_KIND,
                counter=self._table.counter + 1,
                note={"ids": str(sum(file.rows for file in added))},
            )

    def _write_new(self, kind: str) -> Iterator[DataFile]:
        ids = self.__dict__.get(f"{kind}s")  # a dictionary that was never read has nothing new
        if ids is None or len(ids) == self._saved[kind]:
            return
        first = self._saved[kind]
        rows = pa.table(
            {"code": pa.array(np.arange(first, len(ids)), pa.int32()), "id": ids.since(first)}
        )
        path = f"{_KIND}={kind}/{first:012d}-{uuid.uuid4().hex[:12]}.parquet"
        filesystem = self._workspace.filesystem()
        filesystem.create_dir(f"{TABLE}/{_KIND}={kind}")
        pq.write_table(
            rows, f"{TABLE}/{path}", filesystem=filesystem, compression="zstd", store_schema=False
        )
        size = filesystem.get_file_info(f"{TABLE}/{path}").size
        yield DataFile(path, kind, rows.num_rows, size)


def open_codes(workspace: Workspace, events: TableVersion) -> StoredCodes:
    """Open the dictionaries that the events of a version were coded with, or newer ones.

    Raises
    ------
    StoreError
        If there are events but no ids: new ids would get codes that stand for others.
    """
    codes = StoredCodes(workspace)
    if events.counter and codes.empty:
        raise StoreError(
            f"{workspace.uri(TABLE)} is empty but there are events: restore that folder."
        )
    return codes
