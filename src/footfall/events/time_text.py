"""The kernel that reads times written as text: dates, clock times, zones and epoch numbers."""

from typing import Any

from numba import types

from footfall.kernels import Array, i32, kernel, out_i8, out_i64, u8

__all__ = ["ABSOLUTE", "LOCAL", "UNKNOWN", "days_of", "epoch_micros", "read_times"]

# What the kernel says of a text: not one of its forms, a wall clock's time, a moment.
UNKNOWN, LOCAL, ABSOLUTE = 0, 1, 2

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

_ZERO, _NINE = ord("0"), ord("9")
_COLON, _DOT, _COMMA, _BLANK = ord(":"), ord("."), ord(","), ord(" ")
_PLUS, _MINUS, _SLASH = ord("+"), ord("-"), ord("/")
_LOWER = 32  # a letter with this bit is the small one
_A, _M, _P, _T, _Z = ord("a"), ord("m"), ord("p"), ord("t"), ord("z")
_U, _C, _G = ord("u"), ord("c"), ord("g")

_int = types.int64
_pair: Any = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call] # numba


@kernel(_pair(u8, _int, _int, _int))
def _number(data: Array, at: int, end: int, most: int) -> tuple[int, int]:
    """Read up to `most` digits; return the value and the place behind them."""
    value, stop = 0, min(end, at + most)
    while at < stop and _ZERO <= data[at] <= _NINE:
        value = value * 10 + (data[at] - _ZERO)
        at += 1
    return value, at


@kernel(_int(u8, _int, _int))
def _skip_blanks(data: Array, at: int, end: int) -> int:
    while at < end and data[at] == _BLANK:
        at += 1
    return at


@kernel(_int(_int, _int, _int))
def days_of(year: int, month: int, day: int) -> int:
    """Count days since 1970-01-01; a date that is in no calendar gives -10**9."""
    if not (1 <= year <= 9999 and 1 <= month <= 12 and day >= 1):
        return -1_000_000_000
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 30 if month in (4, 6, 9, 11) else 31
    if month == 2:
        longest = 28 + leap
    if day > longest:
        return -1_000_000_000
    # Years that begin in March put the leap day last (H. Hinnant, "chrono-compatible
    # low-level date algorithms").
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@kernel(_pair(u8, _int, _int))
def _fraction(data: Array, at: int, end: int) -> tuple[int, int]:
    """Read digits behind a point as microseconds; finer ones are cut."""
    start = at
    micros, scale = 0, 100_000
    while at < end and _ZERO <= data[at] <= _NINE:
        micros += (data[at] - _ZERO) * scale
        scale //= 10
        at += 1
    return (micros, at) if at > start else (-1, at)


@kernel(_pair(u8, _int, _int, _int))
def _half_day(data: Array, at: int, end: int, hour: int) -> tuple[int, int]:
    """Apply AM or PM to an hour; -1 for an hour that no such clock shows."""
    then = _skip_blanks(data, at, end)
    if then + 2 > end or data[then + 1] | _LOWER != _M:
        return hour, at
    half = data[then] | _LOWER
    if half not in (_A, _P):
        return hour, at
    if not 1 <= hour <= 12:
        return -1, at
    return hour % 12 + (12 if half == _P else 0), then + 2


@kernel(_pair(u8, _int, _int))
def _clock(data: Array, at: int, end: int) -> tuple[int, int]:
    """Read 9:05, 09:05:07.25, 9:05 PM or 090507; return microseconds of the day, -1 if wrong."""
    start = at
    hour, at = _number(data, at, end, 2)
    if at == start or at >= end:
        return -1, at
    colon = data[at] == _COLON
    at += colon
    start = at
    minute, at = _number(data, at, end, 2)
    if at - start != 2:
        return -1, at
    second = micros = 0
    if at < end and ((colon and data[at] == _COLON) or (not colon and _ZERO <= data[at] <= _NINE)):
        at += colon
        start = at
        second, at = _number(data, at, end, 2)
        if at - start != 2:
            return -1, at
        if at < end and data[at] in (_DOT, _COMMA):
            micros, at = _fraction(data, at + 1, end)
    hour, at = _half_day(data, at, end, hour)
    if hour < 0 or hour > 23 or minute > 59 or second > 59 or micros < 0:
        return -1, at
    return hour * _HOUR + minute * _MINUTE + second * _SECOND + micros, at


@kernel(_int(u8, _int, _int))
def _skip_utc(data: Array, at: int, end: int) -> int:
    """Skip Z, UTC or GMT."""
    if at < end and data[at] | _LOWER == _Z:
        return at + 1
    if at + 3 > end:
        return at
    a, b, c = data[at] | _LOWER, data[at + 1] | _LOWER, data[at + 2] | _LOWER
    if (a == _U and b == _T and c == _C) or (a == _G and b == _M and c == _T):
        return at + 3
    return at


@kernel(_pair(u8, _int, _int))
def _offset(data: Array, at: int, end: int) -> tuple[int, int]:
    """Read +8, -05, +0530 or -05:30 up to the end."""
    sign = 1 if data[at] == _PLUS else -1
    hour, then = _number(data, at + 1, end, 2)
    wrong = then == at + 1
    minute = 0
    if then < end:
        then += data[then] == _COLON
        start = then
        minute, then = _number(data, then, end, 2)
        wrong |= then - start != 2
    if wrong or then != end or hour > 15 or minute > 59:
        return 0, UNKNOWN
    return sign * (hour * _HOUR + minute * _MINUTE), ABSOLUTE


@kernel(_pair(u8, _int, _int))
def _zone(data: Array, at: int, end: int) -> tuple[int, int]:
    """Read a zone up to the end: its offset in microseconds, and LOCAL, ABSOLUTE or UNKNOWN."""
    start = _skip_blanks(data, at, end)
    if start == end:
        return 0, LOCAL
    at = _skip_utc(data, start, end)
    if at == end:
        return 0, ABSOLUTE
    if data[at] in (_PLUS, _MINUS):
        return _offset(data, at, end)
    return 0, UNKNOWN


@kernel(_pair(u8, _int, _int, _int))
def _time_of_day(data: Array, at: int, end: int, days: int) -> tuple[int, int]:
    """Read what follows a date, if anything does."""
    at = _skip_blanks(data, at, end) if at < end and data[at] == _BLANK else at
    if at == end:
        return days * _DAY, LOCAL
    if data[at] | _LOWER == _T:
        at += 1
    elif data[at - 1] != _BLANK:
        return 0, UNKNOWN
    of_day, at = _clock(data, at, end)
    if of_day < 0:
        return 0, UNKNOWN
    offset, kind = _zone(data, at, end)
    return days * _DAY + of_day - offset, kind


@kernel(_int(_int, _int))
def epoch_micros(whole: int, micros_of_unit: int) -> int:
    """Turn a count since 1970 into microseconds; its size tells the unit.

    Below 1e11 it is seconds (until the year 5138), below 1e14 milliseconds, below 1e17
    microseconds, above nanoseconds. `micros_of_unit` are millionths of the unit to add.
    """
    if whole < 100_000_000_000:
        return whole * _SECOND + micros_of_unit
    if whole < 100_000_000_000_000:
        return whole * 1000 + micros_of_unit // 1000
    if whole < 100_000_000_000_000_000:
        return whole
    return whole // 1000


@kernel(_pair(u8, _int, _int))
def _digits_only(data: Array, at: int, end: int) -> tuple[int, int]:
    """Read 20240102, 202401021005, 20240102100507, 20240102T100507 or an epoch number."""
    negative = data[at] == _MINUS
    start = at + negative
    whole, then = _number(data, start, end, 18 + (data[start] == ord("1") if start < end else 0))
    count = then - start
    if count == 0:
        return 0, UNKNOWN
    if not negative and count in (8, 12, 14) and (then == end or count == 8):
        date = whole // (1 if count == 8 else 10_000 if count == 12 else 1_000_000)
        year = date // 10_000
        days = days_of(year, date // 100 % 100, date % 100)
        if 1900 <= year <= 2100 and days > -1_000_000:
            if count == 8 and (then == end or data[then] != _DOT):
                return _time_of_day(data, then, end, days)
            of_day = -1
            if count > 8:
                of_day, then = _clock(data, start + 8, end)
            if of_day >= 0:
                return days * _DAY + of_day, LOCAL
    micros = 0
    if then < end and data[then] == _DOT:
        micros, then = _fraction(data, then + 1, end)
    if then != end or micros < 0:
        return 0, UNKNOWN
    moment = epoch_micros(whole, micros)
    return (-moment if negative else moment), ABSOLUTE


@kernel(_pair(u8, _int, _int, _int))
def _time(data: Array, at: int, end: int, day_first: int) -> tuple[int, int]:
    """Read one text: year first, day or month first, or digits only."""
    first, then = _number(data, at, end, 4)
    count = then - at
    if count == 0 or then == end or data[then] not in (_MINUS, _SLASH, _DOT):
        return _digits_only(data, at, end)
    mark = data[then]
    start = then + 1
    second, then = _number(data, start, end, 2)
    if then in (start, end) or data[then] != mark:
        return _digits_only(data, at, end)  # 1569888000.25 and the like
    start = then + 1
    third, then = _number(data, start, end, 4)
    width = then - start
    if count == 4 and 1 <= width <= 2:
        days = days_of(first, second, third)
    elif count <= 2 and width in (2, 4):
        year = third if width == 4 else third + (2000 if third < 70 else 1900)
        if day_first or mark == _DOT:
            days = days_of(year, second, first)
        else:
            days = days_of(year, first, second)
    else:
        return 0, UNKNOWN
    if days <= -1_000_000_000:
        return 0, UNKNOWN
    return _time_of_day(data, then, end, days)


@kernel(types.void(u8, i32, _int, out_i64, out_i8))
def read_times(data: Array, offsets: Array, day_first: int, micros: Array, kinds: Array) -> None:
    """Read a column of texts.

    Parameters
    ----------
    data, offsets : uint8 array, int32 array of length n + 1
        The texts, as `text_bytes` gives them.
    day_first : int
        1 when 1/2/2024 is the first of February, otherwise 0.
    micros, kinds : int64 array, int8 array of length n
        Filled with microseconds since 1970 and with UNKNOWN, LOCAL or ABSOLUTE.
    """
    for k in range(len(kinds)):
        at, end = types.int64(offsets[k]), types.int64(offsets[k + 1])
        while at < end and data[at] <= _BLANK:
            at += 1
        while at < end and data[end - 1] <= _BLANK:
            end -= 1
        if at == end:
            micros[k], kinds[k] = 0, UNKNOWN
        else:
            micros[k], kinds[k] = _time(data, at, end, day_first)
