"""The kernel that reads decimal numbers written as text, exactly."""

from typing import Any

from numba import types

from footfall.kernels import Array, i32, kernel, out_i8, out_i64, u8

__all__ = ["NUMBER", "OTHER", "read_decimals"]

# What the kernel says of a text: a plain decimal number, or anything else.
OTHER, NUMBER = 0, 1

_MOST_DIGITS = 17
_ZERO, _NINE, _POINT, _MINUS, _PLUS = ord("0"), ord("9"), ord("."), ord("-"), ord("+")

_int = types.int64
_pair: Any = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call] # numba


@kernel(_pair(u8, _int, _int, _int))
def _decimal(data: Array, at: int, end: int, digits: int) -> tuple[int, int]:
    """Read one text as a count of 10**-digits; what is finer is rounded, half to even."""
    negative = data[at] == _MINUS
    at += negative or data[at] == _PLUS
    value = 0
    count = shown = 0
    while at < end and _ZERO <= data[at] <= _NINE:
        value = value * 10 + (data[at] - _ZERO)
        at += 1
        count += 1
    whole = count
    first_cut, more_cut = 0, False
    if at < end and data[at] == _POINT:
        at += 1
        while at < end and _ZERO <= data[at] <= _NINE:
            digit = data[at] - _ZERO
            if shown < digits:
                value = value * 10 + digit
            elif shown == digits:
                first_cut = digit
            else:
                more_cut = more_cut or digit != 0
            at += 1
            count += 1
            shown += 1
    if at != end or count == 0 or whole + digits > _MOST_DIGITS:
        return 0, OTHER
    for _ in range(digits - shown):
        value *= 10
    if first_cut > 5 or (first_cut == 5 and (more_cut or value % 2 == 1)):
        value += 1
    return (-value if negative else value), NUMBER


@kernel(types.void(u8, i32, _int, out_i64, out_i8))
def read_decimals(data: Array, offsets: Array, digits: int, values: Array, kinds: Array) -> None:
    """Read a column of texts such as 19.99, -5 and .5.

    Parameters
    ----------
    data, offsets : uint8 array, int32 array of length n + 1
        The texts, as `text_bytes` gives them.
    digits : int
        How many digits behind the point count.
    values, kinds : int64 array, int8 array of length n
        Filled with multiples of 10**-digits and with NUMBER, or 0 and OTHER.
    """
    for k in range(len(kinds)):
        if offsets[k] == offsets[k + 1]:
            values[k], kinds[k] = 0, OTHER
        else:
            values[k], kinds[k] = _decimal(data, offsets[k], offsets[k + 1], digits)
