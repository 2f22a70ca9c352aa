"""Item and user tables: what a shop knows of its items and its users, beside the log."""

from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa

from footfall.errors import MappingError
from footfall.events.columns import ITEM_ID, ITEM_SCHEMA, ROW, USER_ID, USER_SCHEMA
from footfall.events.money import GIVEN, parse_numbers
from footfall.events.readers.properties import json_values
from footfall.events.readers.raw_columns import one_array, text_of

__all__ = ["TABLE_KINDS", "table_from"]

TABLE_KINDS = ("items", "users")
_SCHEMAS = {"items": (ITEM_SCHEMA, ITEM_ID), "users": (USER_SCHEMA, USER_ID)}


def table_from(
    raw: pa.Table, *, kind: Literal["items", "users"], mapping: Mapping[str, str]
) -> pa.Table:
    """Turn a raw table into the workspace's table of items or users.

    Parameters
    ----------
    raw
        Any columns; ``__row__`` is dropped.
    kind
        "items" or "users".
    mapping
        Our column for theirs, as `footfall.events.mapping.parse_map` gives it.

    Returns
    -------
    pa.Table
        Every column of the schema (null where the file has nothing), then the file's other columns
        under their own names, text and numbers as they came, nested values as JSON. A name that the
        schema has already gets ``_given`` behind it. Rows without an id are left out; an id may
        occur more than once. Prices are int64 minor units, null where they are no amount.

    Raises
    ------
    MappingError
        When no column is mapped to the id, or a mapped column is not in the file.

    Examples
    --------
    >>> raw = pa.table({"sku": ["a", "b"], "list": ["2.50", "free"], "color": ["red", ""]})
    >>> table = table_from(raw, kind="items", mapping={"item_id": "sku", "price": "list"})
    >>> table.select(["item_id", "price", "color"]).to_pylist()[0]
    {'item_id': 'a', 'price': 250, 'color': 'red'}
    """
    schema, id_name = _SCHEMAS[kind]
    _check(raw, kind, id_name, mapping)
    arrays: dict[str, pa.Array] = {}
    for field in schema:
        theirs = mapping.get(field.name)
        arrays[field.name] = (
            pa.nulls(raw.num_rows, field.type)
            if theirs is None
            else _typed(one_array(raw.column(theirs)), field.type)
        )
    for name in raw.column_names:
        if name != ROW and name not in mapping.values():
            ours = f"{name}_given" if name in schema.names else name
            arrays[ours] = _extra(one_array(raw.column(name)))
    fields = [*schema, *(pa.field(name, arrays[name].type) for name in list(arrays)[len(schema) :])]
    kept = arrays[id_name].is_valid()
    columns = [array.filter(kept) for array in arrays.values()]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _check(raw: pa.Table, kind: str, id_name: str, mapping: Mapping[str, str]) -> None:
    names = [name for name in raw.column_names if name != ROW]
    shown = ", ".join(map(repr, names)) or "no columns"
    if id_name not in mapping:
        raise MappingError(
            f"A table of {kind} needs a column for {id_name!r}. The file has {shown}. "
            f"Name the column yourself: --map COLUMN={id_name}"
        )
    absent = [theirs for theirs in mapping.values() if theirs not in names]
    if absent:
        raise MappingError(
            f"The file has no column {absent[0]!r}. It has {shown}. Correct the name after --map."
        )


def _typed(array: pa.Array, kind: Any) -> pa.Array:
    """Give a mapped column the type of ours: text, or money in minor units."""
    return _minor_units(array) if pa.types.is_integer(kind) else text_of(array)


def _minor_units(array: pa.Array) -> pa.Array:
    """Turn amounts such as "2.50" into 250; null where there is none or it is negative."""
    numbers = parse_numbers(array, digits=2)
    return pa.array(numbers.values, mask=(numbers.kinds != GIVEN) | (numbers.values < 0))


def _extra(array: pa.Array) -> pa.Array:
    """Keep numbers, truth values and times as they are; the rest is text."""
    kind = array.type
    if pa.types.is_nested(kind):
        return json_values(array)
    if pa.types.is_primitive(kind):
        return array
    return text_of(array)
