"""Times of any export as moments: text in many forms, epoch numbers, Arrow's own types.

A time without a zone is a wall clock's time in the `time_zone` option. When clocks go back, the
hour that comes twice is taken the first time; a time that clocks skip is the moment they jumped.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import OptionError
from footfall.events.columns import TIMESTAMP_TYPE
from footfall.events.text_arrays import as_text, flat, text_bytes
from footfall.events.time_text import ABSOLUTE, LOCAL, UNKNOWN, epoch_micros, read_times

__all__ = ["check_time_zone", "parse_times"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800_000_000  # 0001-01-01
_LAST = 253_402_300_799_999_999  # the last microsecond of 9999
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

# Rarer forms, tried one by one and only on text that names a month or has Chinese signs.
_RARE = re.compile(r"(?i)jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|年")
_RARE_FORMS = (
    "%d %b %Y", "%d %b %Y %H:%M", "%d %b %Y %H:%M:%S", "%d-%b-%Y", "%d-%b-%Y %H:%M:%S", "%d-%b-%y",
    "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d, %Y %I:%M %p", "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y, %I:%M %p", "%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %H:%M:%S", "%b %d %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S UTC",
    "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S UTC %Y",
    "%a %b %d %Y %H:%M:%S GMT%z", "%d/%b/%Y:%H:%M:%S %z",
    "%Y年%m月%d日", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日%H时%M分%S秒", "%Y年%m月%d日 %H时%M分", "%Y年%m月%d日 %H时%M分%S秒",
)  # fmt: skip
_SAYS_GMT = re.compile(r" (GMT|UTC)( \d{4})?$")
_SCIENTIFIC = re.compile(r"\d+(\.\d*)?[eE]\+?\d{1,2}")


def check_time_zone(name: str) -> str:
    """Return the name of a time zone, or say that there is no such zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        allowed = "a zone's name such as 'Asia/Shanghai'"
        raise OptionError.of("time_zone", "cleaning", allowed, name) from None
    return name


def parse_times(
    array: pa.Array | pa.ChunkedArray, *, day_first: bool = False, time_zone: str = "UTC"
) -> pa.Array:
    """Read a column of times.

    Parameters
    ----------
    array : pyarrow.Array or ChunkedArray
        Text, whole or broken numbers, decimals, dates, timestamps of any unit and zone, or a
        dictionary of these. Numbers count seconds, milliseconds, microseconds or nanoseconds
        since 1970, which of them their size tells (each value by itself: below 1e11 seconds,
        below 1e14 milli-, below 1e17 microseconds), or are dates such as 20240102.
    day_first : bool
        Whether 1/2/2024 is the first of February. With dots (1.2.2024) it always is.
    time_zone : str
        Zone of the times that name none.

    Returns
    -------
    pyarrow.Array of timestamp[us, UTC]
        Null where there is no time or none that can be read. Parts finer than a microsecond are
        cut off.

    Raises
    ------
    OptionError
        When the zone is unknown.

    Examples
    --------
    >>> import pyarrow as pa
    >>> parse_times(pa.array(["2024-01-02 10:00", "1704189600", "soon"]), time_zone="Asia/Shanghai")
    <pyarrow.lib.TimestampArray object at ...>
    [
      2024-01-02 02:00:00.000000Z,
      2024-01-02 10:00:00.000000Z,
      null
    ]
    """
    check_time_zone(time_zone)
    values = flat(array)
    if pa.types.is_dictionary(values.type):
        moments = parse_times(values.dictionary, day_first=day_first, time_zone=time_zone)
        return moments.take(values.indices)
    micros, kinds = _read(values, day_first=day_first)
    local = kinds == LOCAL
    if time_zone != "UTC" and local.any():
        micros[local] = _moments(micros[local], time_zone)
    lost = (kinds == UNKNOWN) | (micros < _FIRST) | (micros > _LAST)
    if values.null_count:
        lost |= values.is_null().to_numpy(zero_copy_only=False)
    return pa.array(micros, mask=lost).view(TIMESTAMP_TYPE)


def _read(values: pa.Array, *, day_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Give microseconds, and for each value LOCAL, ABSOLUTE or UNKNOWN."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        micros = _to_micros(values, kind.unit)
        return micros, np.full(len(micros), LOCAL if kind.tz is None else ABSOLUTE, np.int8)
    if pa.types.is_date(kind):
        return _read(
            values.cast(pa.timestamp("s" if kind == pa.date32() else "ms")), day_first=day_first
        )
    if pa.types.is_floating(kind):
        return _of_floats(values)
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        values = values.cast(pa.string())
    elif pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_nested(kind):
        return np.zeros(len(values), np.int64), np.zeros(len(values), np.int8)
    return _of_text(as_text(values), day_first=day_first)


def _to_micros(values: pa.Array, unit: str) -> np.ndarray:
    """Scale timestamps; those too large become the largest number and so no time."""
    counts = values.view(pa.int64()).fill_null(0).to_numpy()
    if unit == "ns":
        return counts // 1000
    factor = 1_000_000 // _PER_SECOND[unit]
    bound = np.iinfo(np.int64).max // factor
    fits = np.abs(counts) < bound
    return np.where(fits, np.where(fits, counts, 0) * factor, np.iinfo(np.int64).max)


def _of_floats(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    numbers = values.cast(pa.float64()).fill_null(np.nan).to_numpy().copy()
    usable = np.isfinite(numbers) & (np.abs(numbers) < 9e18)
    numbers[~usable] = 0
    whole = np.floor(numbers)
    if (whole == numbers).all():
        micros, kinds = _of_text(
            pa.array(whole.astype(np.int64)).cast(pa.string()), day_first=False
        )
    else:
        # The unit that the size tells is a power of 1000 of microseconds.
        size = np.abs(numbers)
        factor = np.select([size < 1e11, size < 1e14, size < 1e17], [1e6, 1e3, 1.0], 1e-3)
        micros = np.rint(numbers * factor).astype(np.int64)
        kinds = np.full(len(numbers), ABSOLUTE, np.int8)
    kinds[~usable] = UNKNOWN
    return micros, kinds


def _of_text(values: pa.Array, *, day_first: bool) -> tuple[np.ndarray, np.ndarray]:
    micros, kinds = np.zeros(len(values), np.int64), np.zeros(len(values), np.int8)
    read_times(*text_bytes(values), int(day_first), micros, kinds)
    left = np.flatnonzero(kinds == UNKNOWN)
    if len(left):
        coded = values.take(pa.array(left)).dictionary_encode()
        rare = [_rare_time(text) for text in coded.dictionary.to_pylist()]
        if any(kind for _, kind in rare):
            codes = coded.indices.fill_null(0).to_numpy()
            micros[left] = np.array([moment for moment, _ in rare], np.int64)[codes]
            kinds[left] = np.array([kind for _, kind in rare], np.int8)[codes]
    return micros, kinds


def _rare_time(text: str) -> tuple[int, int]:
    """Read one text in one of the forms that the kernel leaves."""
    text = " ".join(re.sub(r"\(.*\)$", "", text).split())
    if _SCIENTIFIC.fullmatch(text):
        number = Decimal(text)
        if number < 9e18:
            whole = int(number)
            return int(epoch_micros(whole, int((number - whole) * 1_000_000))), ABSOLUTE
    found = _iso(text)
    if found is None and _RARE.search(text):
        found = next(filter(None, (_in_form(text, form) for form in _RARE_FORMS)), None)
    if found is None:
        return 0, UNKNOWN
    kind = LOCAL if found.tzinfo is None and not _SAYS_GMT.search(text) else ABSOLUTE
    past = found.replace(tzinfo=found.tzinfo or UTC) - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds, kind


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _in_form(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - a zone is given by the caller
    except ValueError:
        return None


def _moments(local: np.ndarray, time_zone: str) -> np.ndarray:
    """Turn wall clocks' times into moments."""
    try:
        moments = pc.assume_timezone(
            pa.array(local).view(pa.timestamp("us")),
            time_zone,
            ambiguous="earliest",
            nonexistent="latest",
        )
    except pa.ArrowInvalid as error:
        raise OptionError(
            f"The time zone {time_zone!r} cannot be used on this machine: {error}. "
            "Install the system's time zones (package tzdata)."
        ) from error
    return moments.view(pa.int64()).to_numpy()
