"""Writes whole columns as JSON at once, for what a shop exports beyond our columns."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_objects", "json_values"]

_MUST_ESCAPE = r'["\\\x00-\x1f]'
_NULL = pa.scalar(None, pa.string())


def json_objects(
    columns: Mapping[str, pa.Array], *, written: Mapping[str, pa.Array] | None = None
) -> pa.Array:
    """Write one JSON object a row.

    Parameters
    ----------
    columns
        Arrays of one length, by the key they get. Null cells are left out of their object.
    written
        Likewise, of strings that are JSON already.

    Returns
    -------
    pa.StringArray; null where every cell is null.

    Examples
    --------
    >>> json_objects({"brand": pa.array(["aqua", None]), "week": pa.array([1, None])}).to_pylist()
    ['{"brand":"aqua","week":1}', None]
    """
    pieces = [_pairs(key, json_values(array)) for key, array in columns.items()]
    pieces += [_pairs(key, array) for key, array in (written or {}).items()]
    if not pieces:
        raise ValueError("json_objects needs at least one column: it takes its length from them.")
    # Each pair brings its own comma: a null one leaves nothing behind, and the first is trimmed.
    inside = pc.utf8_ltrim(pc.binary_join_element_wise(*pieces, ""), characters=",")
    inside = pc.if_else(pc.equal(inside, ""), _NULL, inside)
    return pc.binary_join_element_wise("{", inside, "}", "")


def json_values(array: pa.Array) -> pa.Array:
    r"""Write each value as JSON, nested ones too.

    Parameters
    ----------
    array
        Any Arrow array. Numbers and booleans stay bare, NaN and infinities become null, times and
        dates become strings; null members of a struct are left out.

    Returns
    -------
    pa.StringArray of the same length; null where the value is null.

    Examples
    --------
    >>> json_values(pa.array([{"a": 'say "hi"', "b": [1, None]}])).to_pylist()
    ['{"a":"say \\"hi\\"","b":[1,null]}']
    """
    kind = array.type
    if pa.types.is_nested(kind):
        return _nested_values(array)
    if pa.types.is_dictionary(kind):
        return json_values(array.dictionary_decode())
    if pa.types.is_floating(kind):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, kind))
    text = pc.cast(array, pa.string())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or _is_fraction(kind):
        return text
    return pc.binary_join_element_wise('"', _escaped(text), '"', "")


def _nested_values(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_struct(kind):
        return _struct_values(array)
    if pa.types.is_map(kind):
        pairs = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        array = array.cast(pa.list_(pairs))
    return _list_values(array)


def _is_fraction(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _pairs(key: str, values: pa.Array) -> pa.Array:
    """Write ``,"key":value``; nothing where the value is null."""
    start = f",{json.dumps(key, ensure_ascii=False)}:"
    return pc.fill_null(pc.binary_join_element_wise(start, values, ""), "")


def _escaped(text: pa.Array) -> pa.Array:
    """Escape only the strings that need it: nearly none do."""
    needs = pc.fill_null(pc.match_substring_regex(text, _MUST_ESCAPE), fill_value=False)
    if not pc.any(needs).as_py():
        return text
    escaped = [
        json.dumps(value, ensure_ascii=False)[1:-1] for value in text.filter(needs).to_pylist()
    ]
    return pc.replace_with_mask(text, needs, pa.array(escaped, pa.string()))


def _struct_values(array: pa.StructArray) -> pa.Array:
    names = [field.name for field in array.type]
    if not names:
        return pc.if_else(array.is_null(), _NULL, "{}")
    members = json_objects({name: pc.struct_field(array, [i]) for i, name in enumerate(names)})
    return pc.if_else(array.is_null(), _NULL, pc.fill_null(members, "{}"))


def _list_values(array: pa.Array) -> pa.Array:
    inside = pc.fill_null(json_values(array.flatten()), "null")
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), inside)
    joined = pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
    return pc.if_else(array.is_null(), _NULL, joined)
