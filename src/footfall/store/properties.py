r"""Values of one key out of many JSON objects, without building a single Python object.

An object is read as ``json.loads`` reads it, byte by byte: it is checked to its end, the last of
several equal keys counts, and what is not a valid JSON object has no keys at all.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.kernels import Array, i8, i64, kernel, out_i8, out_i64, u8
from footfall.store.hashing import string_buffers
from footfall.store.json_text import (
    COMMA,
    DEEPEST,
    OBJECT,
    OBJECT_END,
    QUOTE,
    address,
    has_escape,
    past_blanks,
    past_key,
    string_end,
    text,
    unescape,
    value_end,
)

__all__ = ["keys_of", "values_of"]

# Kinds of values. A bare one is a number, true, false, an object or an array.
_MISSING, _BARE, _STRING, _ESCAPED = range(4)
_SMALL_N, _LARGE_N = (int(code) for code in b"nN")

_place = types.int64
_out_u8 = types.uint8[::1]


@kernel(types.boolean(text, _place, _place, text, _place, text))
def _is_key(data: Array, at: int, stop: int, key: Array, length: int, scratch: Array) -> bool:
    """Compare the text of a string with a key."""
    if stop - at < length:
        return False
    found = data
    if has_escape(data, at, stop):
        stop = unescape(data, at, stop, scratch, 0)
        found, at = scratch, 0
    if stop - at != length:
        return False
    same = True
    for place in range(length):
        same = same and found[at + place] == key[place]
    return same


@kernel(_place(text, _place, _place))
def _first_key(data: Array, at: int, stop: int) -> int:
    """Give the place of an object's first key, or of its end; -1 if it is no object."""
    at = past_blanks(data, at, stop)
    if at >= stop or data[at] != OBJECT:
        return -1
    at = past_blanks(data, at + 1, stop)
    return at if at < stop else -1


@kernel(_place(text, _place, _place))
def _key_after(data: Array, at: int, stop: int) -> int:
    """Give the place of the key after a value, or of the object's end; -1 if there is neither."""
    at = past_blanks(data, at, stop)
    if at >= stop:
        return -1
    if data[at] == OBJECT_END:
        return at
    if data[at] != COMMA:
        return -1
    at = past_blanks(data, at + 1, stop)
    return at if at < stop and data[at] == QUOTE else -1


@kernel(types.int8(text, _place, _place))
def _kind(data: Array, at: int, stop: int) -> int:
    if data[at] == QUOTE:
        return _ESCAPED if has_escape(data, at, stop) else _STRING
    return _MISSING if data[at] == _SMALL_N or data[at] == _LARGE_N else _BARE  # null, NaN


@kernel(types.void(u8, i64, i64, u8, _out_u8, out_i64, out_i64, out_i8))
def _find(
    chars: Array, starts: Array, stops: Array, key: Array, room: Array,
    out_starts: Array, out_stops: Array, out_kinds: Array,
) -> None:  # fmt: skip
    """Find the value of a key in each object: what stands in the JSON, without quotes."""
    data, stack = address(chars.ctypes), address(room.ctypes)
    name, scratch = address(key.ctypes), address(room[DEEPEST:].ctypes)
    for row in range(len(starts)):
        stop = stops[row]
        kind, begin, end = _MISSING, 0, 0
        at = _first_key(data, starts[row], stop)
        while at >= 0 and data[at] != OBJECT_END:
            value = past_key(data, at, stop)
            after = value_end(data, value, stop, stack) if value >= 0 else -1
            if after >= 0 and _is_key(
                data, at + 1, string_end(data, at + 1, stop), name, len(key), scratch
            ):
                kind, begin, end = _kind(data, value, after), value, after
            at = _key_after(data, after, stop) if after >= 0 else -1
        if at < 0 or past_blanks(data, at + 1, stop) != stop:
            kind = _MISSING
        quotes = 1 if kind >= _STRING else 0
        out_kinds[row] = kind
        out_starts[row] = begin + quotes
        out_stops[row] = end - quotes


@kernel(types.void(u8, i64, i64, i8, _out_u8, types.int32[::1]))
def _gather(
    chars: Array, starts: Array, stops: Array, kinds: Array, room: Array, out_offsets: Array
) -> None:
    """Write the values one after another."""
    data, out = address(chars.ctypes), address(room.ctypes)
    to = 0
    out_offsets[0] = 0
    for row in range(len(starts)):
        if kinds[row] == _ESCAPED:
            to = unescape(data, starts[row], stops[row], out, to)
        elif kinds[row] != _MISSING:
            for at in range(starts[row], stops[row]):
                out[to] = data[at]
                to += 1
        out_offsets[row + 1] = to


@kernel(_place(u8, i64, i64, _out_u8, out_i64, out_i64))
def _list_keys(
    chars: Array, starts: Array, stops: Array, room: Array, out_starts: Array, out_stops: Array
) -> int:
    """Write where the keys of each valid object stand, and give their number.

    What the outputs have no room for is only counted.
    """
    data, stack = address(chars.ctypes), address(room.ctypes)
    count = 0
    for row in range(len(starts)):
        stop, before = stops[row], count
        at = _first_key(data, starts[row], stop)
        while at >= 0 and data[at] != OBJECT_END:
            value = past_key(data, at, stop)
            after = value_end(data, value, stop, stack) if value >= 0 else -1
            if after >= 0:
                if count < len(out_starts):
                    out_starts[count] = at + 1
                    out_stops[count] = string_end(data, at + 1, stop)
                count += 1
            at = _key_after(data, after, stop) if after >= 0 else -1
        if at < 0 or past_blanks(data, at + 1, stop) != stop:
            count = before
    return count


@dataclass(frozen=True)
class _Spans:
    """Pieces of one text: where each begins and ends, and what kind of value it is."""

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]

    @classmethod
    def of(cls, strings: pa.Array) -> "_Spans":
        data, offsets, valid = string_buffers(strings)
        starts = offsets[:-1].astype(np.int64)
        stops = np.where(valid, offsets[1:], offsets[:-1]).astype(np.int64)
        return cls(data, starts, stops, np.full(len(starts), _BARE, np.int8))

    def find(self, key: str) -> "_Spans":
        starts, stops = np.empty_like(self.starts), np.empty_like(self.stops)
        kinds = np.empty_like(self.kinds)
        wanted = np.frombuffer(key.encode(), np.uint8)
        mine = np.where(self.kinds == _BARE, self.stops, self.starts)  # strings hold no objects
        _find(self.data, self.starts, mine, wanted, self._room(), starts, stops, kinds)
        return _Spans(self.data, starts, stops, kinds)

    def keys(self) -> "_Spans":
        nowhere = np.empty(0, np.int64)
        room = self._room()
        count = _list_keys(self.data, self.starts, self.stops, room, nowhere, nowhere)
        starts, stops = np.empty(count, np.int64), np.empty(count, np.int64)
        _list_keys(self.data, self.starts, self.stops, room, starts, stops)
        return _Spans(self.data, starts, stops, np.full(count, _ESCAPED, np.int8))

    def _room(self) -> npt.NDArray[np.uint8]:
        """Give room for the levels of nesting, and after it for one text."""
        longest = int(np.max(self.stops - self.starts, initial=0))
        return np.empty(DEEPEST + longest, np.uint8)

    def strings(self) -> pa.StringArray:
        given = self.kinds != _MISSING
        out = np.empty(int((self.stops - self.starts)[given].sum()), np.uint8)
        offsets = np.empty(len(self.starts) + 1, np.int32)
        _gather(self.data, self.starts, self.stops, self.kinds, out, offsets)
        valid = pa.array(given).buffers()[1]
        text = pa.py_buffer(out[: offsets[-1]])
        return pa.StringArray.from_buffers(len(given), pa.py_buffer(offsets), text, valid)


def values_of(objects: pa.StringArray, key: str) -> pa.StringArray:
    r"""Give the value of a key in each JSON object, as text.

    Parameters
    ----------
    objects : pa.StringArray
        One JSON object a row.
    key : str
        A key of the object. A dot leads into nested objects: ``"page.kind"`` is the key "kind" of
        the object under "page", where there is no key "page.kind" itself.

    Returns
    -------
    pa.StringArray of the same length
        Strings without quotes and escapes; numbers, true and false, objects and arrays as they
        stand in the JSON. Null where there is no such key, where its value is null or NaN, and
        where the row is null or no valid JSON object.

    Examples
    --------
    >>> rows = pa.array(['{"ad": "A\\u0042", "n": 12.50}', '{"n": true, "ad": null}', 'oops', None])
    >>> values_of(rows, "ad").to_pylist()
    ['AB', None, None, None]
    >>> values_of(rows, "n").to_pylist()
    ['12.50', 'true', None, None]
    >>> values_of(pa.array(['{"page": {"kind": "home"}}']), "page.kind").to_pylist()
    ['home']
    """
    return _values(_Spans.of(objects), key)


def _values(spans: _Spans, key: str) -> pa.StringArray:
    found = spans.find(key).strings()
    head, dot, tail = key.partition(".")
    while dot and found.null_count:
        inner = _values(spans.find(head), tail)
        found = pc.coalesce(found, inner)
        more, dot, tail = tail.partition(".")
        head = f"{head}.{more}"
    return found


def keys_of(objects: pa.StringArray) -> list[str]:
    """Name the keys of JSON objects, those of their nested objects aside.

    Parameters
    ----------
    objects : pa.StringArray

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> keys_of(pa.array(['{"b": {"c": 1}, "a": 2}', '{"a": null}', "oops", None]))
    ['a', 'b']
    """
    return sorted(_Spans.of(objects).keys().strings().unique().to_pylist())
