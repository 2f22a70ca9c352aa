"""Lengths of time as people write them, as exact microseconds: '7d', '30m', '1h 30m', '7 天'."""

import re
from datetime import timedelta
from decimal import Decimal

from footfall.errors import OptionError

__all__ = ["duration_text", "parse_duration"]

# Unit -> microseconds. 'm' is minutes: a month has no fixed length and is not offered.
_UNITS: dict[str, int] = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_NAMES: dict[str, str] = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s", "秒钟": "s",
    "min": "m", "mins": "m", "minute": "m", "minutes": "m", "分": "m", "分钟": "m",
    "hour": "h", "hours": "h", "小时": "h",
    "day": "d", "days": "d", "天": "d", "日": "d",
    "week": "w", "weeks": "w", "周": "w", "星期": "w",
}  # fmt: skip
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([^\W\d_]+)\s*")
# 10,000 years: longer than any log, and far from the end of int64.
_LONGEST = 10_000 * 366 * _UNITS["d"]


def parse_duration(value: str | timedelta, *, option: str, owner: str, least: int = 1) -> int:
    """Read a length of time.

    Parameters
    ----------
    value : str or timedelta
        Numbers with units us, ms, s, m (minutes), h, d, w, or their names in English or Chinese;
        several parts add up. Numbers may have decimals as long as the sum is whole microseconds.
    option, owner : str
        What the error names.
    least : int, default=1
        Shortest length allowed, microseconds: 0 where "at the same moment" makes sense.

    Returns
    -------
    int
        Microseconds.

    Raises
    ------
    OptionError
        If it cannot be read, has no unit, or is shorter than ``least``.

    Examples
    --------
    >>> parse_duration("1d12h", option="horizon", owner="Purchase") // 3_600_000_000
    36
    >>> week = {parse_duration(w, option="a", owner="b") for w in ("7d", "7 天", timedelta(7))}
    >>> len(week)
    1
    >>> parse_duration("soon", option="within", owner="funnel")
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'within' option of funnel must be a duration such as '7d'. Got 'soon' instead.
    """  # noqa: E501  # the error is one sentence
    if isinstance(value, timedelta):
        length = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
    else:
        length = _parse_text(value) if isinstance(value, str) else -1
    if not least <= length <= _LONGEST:
        raise OptionError.of(option, owner, "a duration such as '7d'", value)
    return length


def _parse_text(text: str) -> int:
    """Give microseconds, or -1 for what is no duration."""
    total, at = Decimal(0), 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return -1
        name = part[2].lower()
        unit = _UNITS.get(_NAMES.get(name, name))
        if unit is None:
            return -1
        total += Decimal(part[1]) * unit
        at = part.end()
    return int(total) if at and total == int(total) else -1


def duration_text(microseconds: int) -> str:
    """Write a length of time the way :func:`parse_duration` reads it.

    Examples
    --------
    >>> duration_text(5_400_000_000), duration_text(7 * 86_400_000_000), duration_text(0)
    ('1h 30m', '7d', '0s')
    """
    parts, rest = [], microseconds
    for name in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, _UNITS[name])
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts) or "0s"
