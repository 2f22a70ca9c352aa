"""The grammar of JSON over bytes, as kernels: where strings, numbers and nested values end.

Everything ``json.loads`` takes is taken and everything it refuses is refused, except that its
limits (nesting of about 1,000 levels, numbers of thousands of digits) are not the same.
"""

from typing import Any

import numpy as np
from numba import types

from footfall.kernels import Array, kernel

__all__ = [
    "COMMA",
    "DEEPEST",
    "OBJECT",
    "OBJECT_END",
    "QUOTE",
    "address",
    "has_escape",
    "past_blanks",
    "past_key",
    "string_end",
    "text",
    "unescape",
    "value_end",
]

DEEPEST = 1000  # levels of nesting
QUOTE, COMMA, OBJECT, OBJECT_END = (int(code) for code in b'",{}')
BACKSLASH, _COLON, _LIST = (int(code) for code in b"\\:[")
_MINUS, _PLUS, _POINT, _ZERO, _NINE = (int(code) for code in b"-+.09")
_SMALL_U, _SMALL_E, _LARGE_E = (int(code) for code in b"ueE")
_PLAIN_ESCAPES = np.frombuffer(b'"\\/bfnrt', np.uint8)
_ESCAPES = np.frombuffer(b"bfnrt", np.uint8)
_ESCAPES_MEAN = np.frombuffer(b"\b\f\n\r\t", np.uint8)
_LITERALS = np.frombuffer(b"truefalsenullNaNInfinity-Infinity", np.uint8)
_LITERAL_ENDS = np.array([0, 4, 9, 13, 16, 24, 33])

_place = types.int64
# Helpers take addresses: an array would have its references counted at each of their calls.
text = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]  # numba has no types
_pair = types.UniTuple(_place, 2)  # type: ignore[no-untyped-call]


@kernel(text(text))
def address(first: Any) -> Array:
    """Give the address of an array's ``ctypes``; somebody else must keep the array alive."""
    return first


@kernel(_place(text, _place, _place))
def past_blanks(data: Array, at: int, stop: int) -> int:
    """Give the first place at or after ``at`` that is no blank; ``stop`` if there is none."""
    while at < stop and (data[at] == 32 or data[at] == 10 or data[at] == 9 or data[at] == 13):
        at += 1
    return at


@kernel(_place(text, _place, _place))
def _hex4(data: Array, at: int, stop: int) -> int:
    """Read four hexadecimal digits; -1 if they are not."""
    if at + 4 > stop:
        return -1
    value = 0
    for place in range(at, at + 4):
        digit = int(data[place])
        if 48 <= digit <= 57:
            value = value * 16 + digit - 48
        elif 97 <= digit | 32 <= 102:
            value = value * 16 + (digit | 32) - 87
        else:
            return -1
    return value


@kernel(_place(text, _place, _place))
def _escape_end(data: Array, at: int, stop: int) -> int:
    """Give the place after an escape whose backslash is at ``at``; -1 if there is no such one."""
    if at + 1 >= stop:
        return -1
    letter = data[at + 1]
    if letter == _SMALL_U:
        return at + 6 if _hex4(data, at + 2, stop) >= 0 else -1
    for known in _PLAIN_ESCAPES:
        if letter == known:
            return at + 2
    return -1


@kernel(_place(text, _place, _place))
def string_end(data: Array, at: int, stop: int) -> int:
    """Give the place of the closing quote of a string whose text begins at ``at``; -1 if bad."""
    while at < stop:
        if data[at] == QUOTE:
            return at
        if data[at] == BACKSLASH:
            at = _escape_end(data, at, stop)
            if at < 0:
                return -1
        elif data[at] < 32:
            return -1
        else:
            at += 1
    return -1


@kernel(_place(text, _place, _place))
def _past_digits(data: Array, at: int, stop: int) -> int:
    """Give the place after one digit or more; -1 if there is none."""
    begin = at
    while at < stop and _ZERO <= data[at] <= _NINE:
        at += 1
    return at if at > begin else -1


@kernel(_place(text, _place, _place))
def _number_end(data: Array, at: int, stop: int) -> int:
    if at < stop and data[at] == _MINUS:
        at += 1
    if at < stop and data[at] == _ZERO:
        at += 1
    else:
        at = _past_digits(data, at, stop)
    if 0 <= at < stop and data[at] == _POINT:
        at = _past_digits(data, at + 1, stop)
    if 0 <= at < stop and (data[at] == _SMALL_E or data[at] == _LARGE_E):
        at += 1
        if at < stop and (data[at] == _PLUS or data[at] == _MINUS):
            at += 1
        at = _past_digits(data, at, stop)
    return at


@kernel(_place(text, _place, _place))
def _literal_end(data: Array, at: int, stop: int) -> int:
    """Give the place after true, false, null, NaN or an infinity; -1 if it is none of them."""
    for literal in range(len(_LITERAL_ENDS) - 1):
        first, last = _LITERAL_ENDS[literal], _LITERAL_ENDS[literal + 1]
        if at + last - first <= stop:
            same = True
            for place in range(first, last):
                same = same and data[at + place - first] == _LITERALS[place]
            if same:
                return at + last - first
    return -1


@kernel(_place(text, _place, _place))
def _leaf_end(data: Array, at: int, stop: int) -> int:
    """Give the place after a string, number or literal; -1 if it is none."""
    if data[at] == QUOTE:
        end = string_end(data, at + 1, stop)
        return end + 1 if end >= 0 else -1
    digit = _ZERO <= data[at] <= _NINE
    if digit or (data[at] == _MINUS and at + 1 < stop and _ZERO <= data[at + 1] <= _NINE):
        return _number_end(data, at, stop)
    return _literal_end(data, at, stop)


@kernel(_place(text, _place, _place))
def past_key(data: Array, at: int, stop: int) -> int:
    """Give the place of the value of a member that begins at ``at``; -1 if it has none."""
    if at >= stop or data[at] != QUOTE:
        return -1
    at = string_end(data, at + 1, stop)
    if at < 0:
        return -1
    at = past_blanks(data, at + 1, stop)
    if at >= stop or data[at] != _COLON:
        return -1
    return past_blanks(data, at + 1, stop)


@kernel(_pair(text, _place, _place, text, _place))
def _after_value(data: Array, at: int, stop: int, stack: Array, depth: int) -> tuple[int, int]:
    """Close what ends after a value and step to the next one: its place, and the levels open."""
    while depth > 0:
        at = past_blanks(data, at, stop)
        if at >= stop:
            return -1, depth
        if data[at] == stack[depth - 1] + 2:  # the codes of "{" and "}", "[" and "]" are two apart
            at += 1
            depth -= 1
        elif data[at] == COMMA:
            at = past_blanks(data, at + 1, stop)
            return past_key(data, at, stop) if stack[depth - 1] == OBJECT else at, depth
        else:
            return -1, depth
    return at, 0


@kernel(_place(text, _place, _place, text))
def value_end(data: Array, at: int, stop: int, stack: Array) -> int:
    """Give the place after a value, whatever it nests; -1 if it is not valid."""
    depth = 0
    while 0 <= at < stop:
        if data[at] == OBJECT or data[at] == _LIST:
            if depth == DEEPEST:
                return -1
            stack[depth] = data[at]
            depth += 1
            at = past_blanks(data, at + 1, stop)
            if at >= stop or data[at] != stack[depth - 1] + 2:
                at = past_key(data, at, stop) if stack[depth - 1] == OBJECT else at
                continue
        else:
            at = _leaf_end(data, at, stop)
            if at < 0:
                return -1
        at, depth = _after_value(data, at, stop, stack, depth)
        if depth == 0:
            return at
    return -1


@kernel(_place(_place, text, _place))
def _put(character: int, out: Array, to: int) -> int:
    """Write a character as UTF-8; half of a pair of surrogates stands as U+FFFD."""
    if 0xD800 <= character < 0xE000:
        character = 0xFFFD
    if character < 0x80:
        out[to] = character
        return to + 1
    if character < 0x800:
        out[to] = 0xC0 | character >> 6
        out[to + 1] = 0x80 | character & 0x3F
        return to + 2
    if character < 0x10000:
        out[to] = 0xE0 | character >> 12
        out[to + 1] = 0x80 | character >> 6 & 0x3F
        out[to + 2] = 0x80 | character & 0x3F
        return to + 3
    out[to] = 0xF0 | character >> 18
    out[to + 1] = 0x80 | character >> 12 & 0x3F
    out[to + 2] = 0x80 | character >> 6 & 0x3F
    out[to + 3] = 0x80 | character & 0x3F
    return to + 4


@kernel(_pair(text, _place, _place, text, _place))
def _put_escape(data: Array, at: int, stop: int, out: Array, to: int) -> tuple[int, int]:
    """Write what the escape at ``at`` stands for; give the places after it and after its text."""
    letter = data[at + 1]
    if letter != _SMALL_U:
        for escape in range(len(_ESCAPES)):
            if letter == _ESCAPES[escape]:
                letter = _ESCAPES_MEAN[escape]
                break
        out[to] = letter
        return at + 2, to + 1
    character = _hex4(data, at + 2, stop)
    at += 6
    high = 0xD800 <= character < 0xDC00
    if high and at + 1 < stop and data[at] == BACKSLASH and data[at + 1] == _SMALL_U:
        low = _hex4(data, at + 2, stop)
        if 0xDC00 <= low < 0xE000:
            character = 0x10000 + ((character - 0xD800) << 10) + low - 0xDC00
            at += 6
    return at, _put(character, out, to)


@kernel(_place(text, _place, _place, text, _place))
def unescape(data: Array, at: int, stop: int, out: Array, to: int) -> int:
    """Write the text of a valid string; it is never longer than what stands in the JSON."""
    while at < stop:
        if data[at] == BACKSLASH:
            at, to = _put_escape(data, at, stop, out, to)
        else:
            out[to] = data[at]
            at += 1
            to += 1
    return to


@kernel(types.boolean(text, _place, _place))
def has_escape(data: Array, at: int, stop: int) -> bool:
    """Say whether a valid string has escapes."""
    escaped = False
    for place in range(at, stop):
        escaped = escaped or data[place] == BACKSLASH
    return escaped
