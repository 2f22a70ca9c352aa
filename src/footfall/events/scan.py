"""The kernel that looks at every byte of a text column once and says which rows need care."""

from numba import types

from footfall.kernels import Array, i32, kernel, out_i8, u8

__all__ = ["CONTROL", "EDGE", "MARKUP", "MISSING", "POINT_ZERO", "scan"]

# What a row may need; a row can need several.
EDGE = 1  # it starts or ends with a blank of any kind
CONTROL = 2  # it holds a control character, or an invisible one that turns the direction of text
MARKUP = 4  # it holds < or &
POINT_ZERO = 8  # it ends with .0, as whole numbers do that a program kept as floats
MISSING = 16  # it is empty, or looks like a word for "nothing": null, NaN, None, NA, \\N ...

_TAB, _LINE, _RETURN, _BLANK, _DELETE = 9, 10, 13, 32, 127
_LESS, _AND = ord("<"), ord("&")


@kernel(types.boolean(u8, types.int64, types.int64))
def _is_hidden(data: Array, at: int, end: int) -> bool:
    """Say whether a control character of more than one byte starts here."""
    if data[at] == 0xC2:  # U+0080 to U+009F
        return at + 1 < end and data[at + 1] < 0xA0
    if at + 2 >= end:
        return False
    if data[at] == 0xE2:  # U+200B, U+200E, U+200F, U+202A to U+202E, U+2060, U+2066 to U+2069
        second, third = data[at + 1], data[at + 2]
        if second == 0x80:
            return third in (0x8B, 0x8E, 0x8F) or 0xAA <= third <= 0xAE
        return second == 0x81 and (third == 0xA0 or 0xA6 <= third <= 0xA9)
    return data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF  # U+FEFF


@kernel(types.boolean(u8, types.int64, types.int64))
def _is_wide_blank(data: Array, at: int, end: int) -> bool:
    """Say whether a blank of more than one byte may start here: U+00A0, U+2000 to, U+3000."""
    if at + 1 < end and data[at] == 0xC2 and data[at + 1] == 0xA0:
        return True
    if at + 2 >= end or data[at] not in (0xE1, 0xE2, 0xE3):
        return False
    return (data[at] == 0xE2 and data[at + 1] in (0x80, 0x81)) or (
        data[at] != 0xE2 and data[at + 1] in (0x80, 0x9A) and data[at + 2] == 0x80
    )


@kernel(types.boolean(u8, types.int64, types.int64))
def _has_edge(data: Array, start: int, end: int) -> bool:
    if data[start] <= _BLANK or data[end - 1] <= _BLANK:
        return True
    if data[start] < _DELETE and data[end - 1] < _DELETE:
        return False
    return (
        _is_wide_blank(data, start, end)
        or (end - start > 2 and _is_wide_blank(data, end - 2, end))
        or (end - start > 3 and _is_wide_blank(data, end - 3, end))
    )


@kernel(types.boolean(u8, types.int64, types.int64))
def _may_be_missing(data: Array, start: int, end: int) -> bool:
    size = end - start
    if size == 9:  # undefined
        return data[start] | 32 == ord("u") and data[start + 1] | 32 == ord("n")
    if size < 2 or size > 4:
        return False
    first, second = data[start] | 32, data[start + 1] | 32
    if first == ord("n"):
        return second in (ord("a"), ord("u"), ord("o"), ord("/"))
    return data[start] == ord("\\") or data[start] == ord("<")


@kernel(types.int64(u8, types.int64, types.int64))
def _inside(data: Array, start: int, end: int) -> int:
    """Look for control characters and markup."""
    flag = 0
    for at in range(start, end):
        byte = data[at]
        if byte < _BLANK:
            if byte not in (_TAB, _LINE, _RETURN):
                flag |= CONTROL
        elif byte in (_LESS, _AND):
            flag |= MARKUP
        elif byte >= _DELETE and (byte == _DELETE or _is_hidden(data, at, end)):
            flag |= CONTROL
    return flag


@kernel(types.void(u8, i32, out_i8))
def scan(data: Array, offsets: Array, flags: Array) -> None:
    """Flag the rows of a text column.

    Parameters
    ----------
    data, offsets : uint8 array, int32 array of length n + 1
        The texts, as `text_bytes` gives them.
    flags : int8 array of length n
        Filled with sums of EDGE, CONTROL, MARKUP, POINT_ZERO and MISSING; 0 is the common case.
    """
    for k in range(len(flags)):
        start, end = offsets[k], offsets[k + 1]
        if start == end:
            flags[k] = MISSING
            continue
        flag = _inside(data, start, end)
        if _has_edge(data, start, end):
            flag |= EDGE
        if end - start > 2 and data[end - 1] == ord("0") and data[end - 2] == ord("."):
            flag |= POINT_ZERO
        if _may_be_missing(data, start, end):
            flag |= MISSING
        flags[k] = flag
