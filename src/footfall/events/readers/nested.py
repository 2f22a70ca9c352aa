"""Brings nested cells, structs or JSON text, into one declared shape, and opens lists into rows."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.readers.properties import json_values
from footfall.events.readers.raw_columns import text_of

__all__ = ["conform", "explode", "member", "parameter", "parameters_json", "texts"]


def texts(*names: str) -> Any:
    """Declare a struct whose members are all read as text."""
    return pa.struct([(name, pa.string()) for name in names])


def conform(array: pa.Array | None, shape: Any, length: int) -> pa.Array:
    """Give nested cells exactly the declared shape.

    Exports differ in which members they carry and how numbers are typed (BigQuery writes INT64 as
    JSON strings), so every leaf is read as text, missing members are null and others are dropped.

    Parameters
    ----------
    array
        Structs, lists, maps or JSON text; None when the file has no such column.
    shape
        ``pa.struct``, ``pa.list_`` and ``pa.string`` only.
    length
        Rows to give when `array` is None.

    Returns
    -------
    pa.Array of type `shape`.

    Examples
    --------
    >>> shape = texts("sku", "price")
    >>> conform(pa.array(['{"sku": "a", "price": 2.50}', "broken"]), shape, 2).to_pylist()
    [{'sku': 'a', 'price': '2.50'}, None]
    >>> conform(pa.array([{"sku": 7, "color": "red"}]), shape, 1).to_pylist()
    [{'sku': '7', 'price': None}]
    """
    if array is None or pa.types.is_null(array.type):
        return pa.nulls(length if array is None else len(array), shape)
    kind = array.type
    if pa.types.is_string(shape):
        return text_of(array)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array([_shaped(_parsed(cell), shape) for cell in array.to_pylist()], shape)
    if pa.types.is_struct(shape):
        return _struct(array, shape) if pa.types.is_struct(kind) else pa.nulls(len(array), shape)
    if pa.types.is_map(kind):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        array = array.cast(pa.list_(pair))
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        return _list(array, shape)
    return pa.nulls(len(array), shape)


def _struct(array: pa.StructArray, shape: Any) -> pa.Array:
    names = {field.name for field in array.type}
    children = [
        conform(
            pc.struct_field(array, field.name) if field.name in names else None,
            field.type,
            len(array),
        )
        for field in shape
    ]
    return pa.StructArray.from_arrays(children, fields=list(shape), mask=array.is_null())


def _list(array: pa.Array, shape: Any) -> pa.Array:
    counts = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    flat = array.flatten()
    return pa.ListArray.from_arrays(pa.array(offsets), conform(flat, shape.value_type, len(flat)))


def _parsed(cell: str | None) -> Any:
    """Read one JSON cell, numbers as the text they were; None when it is not JSON."""
    if not cell:
        return None
    try:
        return json.loads(cell, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        return None


def _shaped(value: Any, shape: Any) -> Any:
    """Cut one parsed value to the declared shape."""
    if pa.types.is_struct(shape):
        if not isinstance(value, dict):
            return None
        return {field.name: _shaped(value.get(field.name), field.type) for field in shape}
    if pa.types.is_list(shape):
        return (
            [_shaped(one, shape.value_type) for one in value] if isinstance(value, list) else None
        )
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() or None if value is not None else None


def member(array: pa.Array, *path: str) -> pa.Array:
    """Follow a path of struct members; null wherever the path breaks off."""
    return pc.struct_field(array, list(path))


def parameter(params: pa.Array, key: str) -> pa.Array:
    """Look one key up in lists of key and value; the first wins.

    Parameters
    ----------
    params
        N lists of structs with text members ``key`` and ``value``.

    Returns
    -------
    pa.StringArray of N values, null where the list has no such key.

    Examples
    --------
    >>> shape = pa.list_(texts("key", "value"))
    >>> lists = pa.array([[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}], []], shape)
    >>> parameter(lists, "b").to_pylist()
    ['2', None]
    """
    flat = params.flatten()
    hits = pc.fill_null(pc.equal(member(flat, "key"), key), fill_value=False)
    places = np.flatnonzero(hits.to_numpy(zero_copy_only=False))
    rows = pc.list_parent_indices(params).to_numpy()[places]
    found = np.full(len(params), -1, np.int64)
    found[rows[::-1]] = places[::-1]
    return member(flat, "value").take(pa.array(found, mask=found < 0))


def parameters_json(params: pa.Array) -> pa.Array:
    """Write lists of key and value as one JSON object a row, null for an empty list.

    Examples
    --------
    >>> lists = pa.array([[{"key": "a", "value": "1"}]], pa.list_(texts("key", "value")))
    >>> parameters_json(lists).to_pylist()
    ['{"a":"1"}']
    """
    flat = params.flatten()
    value = pc.fill_null(json_values(member(flat, "value")), "null")
    key = pc.fill_null(json_values(member(flat, "key")), '""')
    pairs = pc.binary_join_element_wise(key, value, ":")
    counts = pc.fill_null(pc.list_value_length(params), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    inside = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), pairs), ",")
    inside = pc.if_else(pc.equal(inside, ""), pa.scalar(None, pa.string()), inside)
    return pc.binary_join_element_wise("{", inside, "}", "")


def explode(
    lists: pa.Array, *, when: pa.Array | None = None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Say which rows an opened table has: one for each element of a list, at least one a list.

    Parameters
    ----------
    lists
        List array of N rows.
    when
        Booleans of N rows: only these are opened. None opens all.

    Returns
    -------
    (parent, child, position)
        int64 arrays: the row of `lists`, the element of ``lists.flatten()`` (null for a row with
        none) and the element's place in its list (0 is the first; null for a row with none).

    Examples
    --------
    >>> [array.to_pylist() for array in explode(pa.array([["a", "b"], []]))]
    [[0, 0, 1], [0, 1, None], [0, 1, None]]
    """
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    starts = np.cumsum(counts) - counts
    opened = counts if when is None else np.where(when.to_numpy(zero_copy_only=False), counts, 0)
    parent = np.repeat(np.arange(len(lists)), np.maximum(opened, 1))
    first = np.cumsum(np.maximum(opened, 1)) - np.maximum(opened, 1)
    position = np.arange(len(parent)) - first[parent]
    empty = opened[parent] == 0
    child = starts[parent] + position
    return pa.array(parent), pa.array(child, mask=empty), pa.array(position, mask=empty)
