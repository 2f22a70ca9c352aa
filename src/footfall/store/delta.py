"""Delta tables of a workspace: the files of a version, and commits that are all or nothing."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from footfall.errors import ConflictError, StoreError
from footfall.store.workspace import Workspace

__all__ = ["DataFile", "TableVersion", "commit", "open_table"]

# Every commit of ours carries this transaction: two at once conflict, and one of them starts again.
_TRANSACTION = "footfall"


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table.

    Parameters
    ----------
    path : str
        Relative to the table.
    partition : str
        Value of the table's partition column.
    rows, size : int
        Rows, and bytes on disk.
    """

    path: str
    partition: str
    rows: int
    size: int


@dataclass(frozen=True)
class TableVersion:
    """A table as it stood at one version.

    Parameters
    ----------
    version : int
        Version of the table; 0 is the empty table it was made as.
    files : tuple of DataFile
        Oldest first within a partition.
    counter : int
        The number the last commit left: the next arrival, or the next code.
    """

    version: int
    files: tuple[DataFile, ...]
    counter: int
    delta: DeltaTable


def open_table(
    workspace: Workspace,
    name: str,
    *,
    schema: pa.Schema,
    partition: str,
    version: int | None = None,
) -> TableVersion:
    """Open a table at its newest or at a given version, making it when there is none.

    Raises
    ------
    StoreError
        If the version does not exist, or the table cannot be read.
    """
    uri, options = workspace.uri(name), dict(workspace.storage_options)
    try:
        try:
            table = DeltaTable(uri, version=version, storage_options=options)
        except TableNotFoundError:
            _create(uri, schema, partition, options)
            table = DeltaTable(uri, version=version, storage_options=options)
    except (DeltaError, OSError, OverflowError) as error:
        wanted = "" if version is None else f" at version {version}"
        raise StoreError(f"Cannot open {uri}{wanted}: {error}") from error
    return TableVersion(
        table.version(),
        _files(table, partition),
        table.transaction_version(_TRANSACTION) or 0,
        table,
    )


def _create(uri: str, schema: pa.Schema, partition: str, options: dict[str, str]) -> None:
    try:
        DeltaTable.create(
            uri,
            schema=Schema.from_arrow(schema),
            partition_by=[partition],
            mode="ignore",
            # Old versions stay readable for good: a model names the version it was fitted on.
            configuration={"delta.enableExpiredLogCleanup": "false"},
            storage_options=options,
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    except CommitFailedError:  # another process made it just now: then that is the table
        return


def _files(table: DeltaTable, partition: str) -> tuple[DataFile, ...]:
    actions = pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()
    rows = zip(
        actions.column("path").to_pylist(),
        actions.column(f"partition.{partition}").to_pylist(),
        actions.column("num_records").to_pylist(),
        actions.column("size_bytes").to_pylist(),
        strict=True,
    )
    files = [
        DataFile(unquote(path), str(value), int(n or 0), int(size)) for path, value, n, size in rows
    ]
    return tuple(sorted(files, key=lambda file: file.path.rsplit("/", 1)[-1]))


def commit(
    table: TableVersion,
    *,
    add: Sequence[DataFile] = (),
    remove: Sequence[DataFile] = (),
    partition: str,
    counter: int,
    note: Mapping[str, str],
    rewrites: bool = False,
) -> int:
    """Put files into a table, and take files out, in one atomic step.

    Parameters
    ----------
    table : TableVersion
        The table as it was read: if anybody committed since, this commit fails.
    add, remove : sequence of DataFile
    partition : str
        The table's partition column.
    counter : int
        The number this commit leaves (next arrival, next code).
    note : mapping of str to str
        Kept in the table's history.
    rewrites : bool, default=False
        The same rows in other files (compaction): readers of changes see none.

    Returns
    -------
    int
        The version this commit made.

    Raises
    ------
    ConflictError
        If another process committed first. Read again and start over.
    StoreError
        If the table cannot be written.
    """
    now_ms = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            path=file.path,
            size=file.size,
            partition_values={partition: file.partition},
            modification_time=now_ms,
            data_change=not rewrites,
            stats=json.dumps({"numRecords": file.rows}),
        )
        for file in add
    ]
    actions += [
        RemoveAction(file.path, not rewrites, now_ms, file.size, {partition: file.partition})
        for file in remove
    ]
    properties = CommitProperties(
        custom_metadata={f"footfall.{key}": value for key, value in note.items()},
        app_transactions=[Transaction(_TRANSACTION, counter)],
        max_commit_retries=0,
    )
    try:
        table.delta.create_write_transaction(
            actions, "append", table.delta.schema(), [partition], commit_properties=properties
        )
    except CommitFailedError as error:
        raise ConflictError(f"Another process changed the log first: {error}") from error
    except (DeltaError, OSError) as error:
        raise StoreError(f"Cannot commit to {table.delta.table_uri}: {error}") from error
    return table.version + 1  # without retries a commit is the next version or fails
