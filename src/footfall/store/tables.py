"""The shop's own tables of items and users, beside the log."""

from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from footfall.errors import OptionError, StoreError
from footfall.store.files import read_parquet
from footfall.store.workspace import Workspace

__all__ = ["KEYS", "read_table", "save_table"]

KEYS = {"items": "item_id", "users": "user_id"}


def read_table(workspace: Workspace, kind: str) -> pa.Table | None:
    """Read a table whole; None when the shop gave none.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    options = dict(workspace.storage_options)
    try:
        table = DeltaTable(workspace.uri(kind), storage_options=options)
        actions = pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True)).read_all()
        filesystem = workspace.filesystem()
        parts = [
            read_parquet(f"{kind}/{unquote(path)}", filesystem=filesystem)
            for path in actions.column("path").to_pylist()
        ]
        empty = pa.schema([pa.field(KEYS[kind], pa.string())]).empty_table()
        return pa.concat_tables(parts or [empty], promote_options="permissive")
    except TableNotFoundError:
        return None
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise StoreError(f"Cannot read the table of {kind}: {error}") from error


def save_table(workspace: Workspace, kind: str, table: pa.Table) -> int:
    """Put rows into a table; a row with an id that is there replaces the old one.

    Within the new rows the last one of an id stands. Columns the new rows lack become null.

    Returns
    -------
    int
        Rows in the table now.

    Raises
    ------
    OptionError
        If the kind is unknown or the id column is missing.
    StoreError
        If it cannot be written.
    """
    if kind not in KEYS:
        raise OptionError.of("kind", "save_table", f"one of {sorted(KEYS)}", kind)
    key = KEYS[kind]
    if key not in table.column_names:
        raise OptionError.of(
            "table", "save_table", f"a table with a column {key!r}", table.column_names
        )
    new = _last_of_each(table, key)
    old = read_table(workspace, kind)
    if old is not None:
        try:
            ids = new.column(key).cast(old.schema.field(key).type)
            stays = pc.invert(pc.is_in(old.column(key), ids))
            new = pa.concat_tables([old.filter(stays), new], promote_options="permissive")
        except pa.ArrowException as error:
            allowed = f"a table whose columns have the types of the {kind} there"
            raise OptionError.of("table", "save_table", allowed, str(error)) from error
    try:
        write_deltalake(
            workspace.uri(kind),
            new.sort_by(key),
            mode="overwrite",
            schema_mode="overwrite",
            storage_options=dict(workspace.storage_options),
        )
    except (DeltaError, OSError) as error:
        raise StoreError(f"Cannot write the table of {kind}: {error}") from error
    return int(new.num_rows)


def _last_of_each(table: pa.Table, key: str) -> pa.Table:
    numbered = table.append_column("__place__", pa.array(range(table.num_rows), pa.int64()))
    last = numbered.group_by(key).aggregate([("__place__", "max")]).column("__place___max")
    return table.take(last.combine_chunks().sort())
