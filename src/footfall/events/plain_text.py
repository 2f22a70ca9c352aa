r"""Text without markup and control characters, and ids as shops mean them."""

import html
import json
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.scan import CONTROL, EDGE, MARKUP, MISSING, scan
from footfall.events.text_arrays import as_text, decoded_dictionary, replaced, text_bytes

__all__ = ["MISSING_WORDS", "clean_ids", "clean_properties", "clean_text", "plain_text"]

# Ways in which exports write "nothing". Compared as they stand and in lower case.
MISSING_WORDS = frozenset({"", "null", "nan", "none", "undefined", "\\n", "<na>", "NA", "N/A"})

_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
# These match in time that grows with the text and not with its square, whatever the text.
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS = re.compile(r"[ \t]{2,}")
_PASSES = 4
_POINT_ZERO = re.compile(r"-?\d+\.0")
_ESCAPED = r"\\u00[01189]|\\u007f|\\u20[026]|\\ufeff"  # control characters as JSON writes them


def plain_text(text: str) -> str:
    """Take HTML tags, entities and control characters out of a text.

    Tags become blanks, entities the characters they stand for; what looks like a tag once its
    entities are resolved goes too. Line ends and tabs stay. A text without any is returned as is.

    Examples
    --------
    >>> plain_text("<b>Soft</b> &amp; warm<br/>5 < 6")
    'Soft & warm 5 < 6'
    """
    plain = _CONTROLS.sub("", text)
    for _ in range(_PASSES):  # "&amp;lt;" needs two; a text of nothing but "amp;" must end too
        before = plain
        plain = _ENTITY.sub(lambda found: html.unescape(found[0]), _TAG.sub(" ", before))
        plain = _CONTROLS.sub("", plain)
        if plain == before:
            break
    return text if plain == text else _BLANKS.sub(" ", plain).strip()


def _flags(array: pa.Array) -> np.ndarray:
    flags = np.zeros(len(array), np.int8)
    scan(*text_bytes(array), flags)
    if array.null_count:
        flags[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return flags


def clean_text(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Clean a column of free text; an empty text is null.

    Returns
    -------
    texts : pyarrow.StringArray
    changed : bool array
        Rows from which markup or control characters were taken. Blanks at the ends do not count.
    """
    array = _as_strings(column)
    flags = _flags(array)
    if (flags & (EDGE | MISSING)).any():
        array = pc.utf8_trim_whitespace(array)
    dirty = (flags & (MARKUP | CONTROL)) != 0
    out = replaced(array, dirty, plain_text, pa.string()) if dirty.any() else array
    changed = dirty & _differs(out, array)
    if changed.any() or (flags & (EDGE | MISSING)).any():
        out = pc.if_else(pc.equal(out, ""), None, out)
    return out, changed


def _differs(one: pa.Array, other: pa.Array) -> np.ndarray:
    different = pc.not_equal(one, other).fill_null(fill_value=False)
    return np.asarray(different.to_numpy(zero_copy_only=False))


def clean_ids(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Clean a column of ids: 17850, 17850.0, "17850.0" and " 17850 " are all "17850".

    Returns
    -------
    ids : pyarrow.StringArray
        Null where the id is missing: null, empty, or one of `MISSING_WORDS`.
    changed : bool array
        Rows from which control characters were taken.
    """
    array = _as_strings(column)
    flags = _flags(array)
    care = (flags & ~np.int8(MARKUP)) != 0
    if not care.any():
        return array, np.zeros(len(array), bool)
    return replaced(array, care, _plain_id, pa.string()), (flags & CONTROL) != 0


def _plain_id(text: str) -> str | None:
    text = _CONTROLS.sub("", text).strip()
    if text in MISSING_WORDS or text.lower() in MISSING_WORDS - {"NA", "N/A"}:
        return None
    return text[:-2] if _POINT_ZERO.fullmatch(text) else text


def clean_properties(column: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Clean a column of JSON objects; structs and maps become JSON, other text ``{"value": ...}``.

    Returns
    -------
    properties : pyarrow.StringArray
    changed : bool array
        Rows in which a string held markup or control characters.
    """
    array = decoded_dictionary(column)
    if pa.types.is_nested(array.type):
        array = pa.array([_as_json(value) for value in array.to_pylist()], pa.string())
    array = as_text(array)
    array = pc.if_else(pc.equal(pc.utf8_trim_whitespace(array), ""), None, array)
    is_object = pc.match_substring_regex(array, r"^\s*\{(?s:.)*\}\s*$").fill_null(fill_value=True)
    stray = ~is_object.to_numpy(zero_copy_only=False)
    if stray.any():
        array = replaced(array, stray, lambda text: _as_json({"value": text}), pa.string())
    escaped = pc.match_substring_regex(array, _ESCAPED, ignore_case=True).fill_null(
        fill_value=False
    )
    dirty = (_flags(array) & (MARKUP | CONTROL)) != 0
    dirty |= escaped.to_numpy(zero_copy_only=False)
    if not dirty.any():
        return array, dirty
    out = replaced(array, dirty, _plain_json, pa.string())
    return out, dirty & _differs(out, array)


def _as_json(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):  # a map comes as pairs
        pairs = all(isinstance(part, tuple) and len(part) == 2 for part in value)
        value = dict(value) if pairs else {"value": value}
    return json.dumps(value, ensure_ascii=False, default=str)


def _plain_json(text: str) -> str:
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):  # it only looks like JSON
        return json.dumps({"value": plain_text(text)}, ensure_ascii=False)
    plain = _plain_value(value)
    return text if plain == value else json.dumps(plain, ensure_ascii=False)


def _plain_value(value: Any) -> Any:
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, list):
        return [_plain_value(part) for part in value]
    if isinstance(value, dict):
        return {_CONTROLS.sub("", key): _plain_value(part) for key, part in value.items()}
    return value


def _as_strings(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Make strings of what ids and texts come as; whole floats lose their point."""
    array = decoded_dictionary(column)
    kind = array.type
    if pa.types.is_floating(kind):
        numbers = array.fill_null(np.nan).to_numpy(zero_copy_only=False).astype(np.float64)
        with np.errstate(invalid="ignore"):
            whole = (
                np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 2.0**63)
            )
        missing = np.isnan(numbers)
        counts = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(pa.string())
        if (whole | missing).all():
            return pc.if_else(pa.array(missing), None, counts)
        texts = pc.if_else(pa.array(whole), counts, array.cast(pa.string()))
        return pc.if_else(pa.array(missing), None, texts)
    if pa.types.is_nested(kind):
        return pa.array([_as_json(value) for value in array.to_pylist()], pa.string())
    return as_text(array)
