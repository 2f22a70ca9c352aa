"""Durations as people write them: ``"28d"``, ``"30min"``, ``"1d12h"``."""

import re
from datetime import timedelta

from footfall.errors import OptionError

__all__ = ["parse_duration"]

_MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 7 * 86_400_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|min|s|m|h|d|w)\s*")
_LONGEST = 1_000_000 * _MICROSECONDS["d"]


def parse_duration(duration: str | timedelta, *, option: str, owner: str) -> int:
    """Read a duration as microseconds.

    Parameters
    ----------
    duration : str or timedelta
        Numbers with units, such as ``"7d"``, ``"30min"`` or ``"1d12h"``. Units: us, ms, s, min
        (or m), h, d, w.
    option, owner : str
        Whose option it is: the error says so.

    Returns
    -------
    int
        Microseconds, at least 1.

    Raises
    ------
    OptionError
        If it cannot be read, is not positive, or is longer than a million days.

    Examples
    --------
    >>> parse_duration("1d12h", option="horizon", owner="Purchase") // 3_600_000_000
    36
    >>> parse_duration("soon", option="horizon", owner="Purchase")
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'horizon' option of Purchase must be a positive duration such as '7d' or '30min'. Got 'soon' instead.
    """  # noqa: E501  # the error is one sentence
    microseconds = _microseconds(duration)
    if microseconds is None or not 1 <= microseconds <= _LONGEST:
        allowed = "a positive duration such as '7d' or '30min'"
        raise OptionError.of(option, owner, allowed, duration)
    return microseconds


def _microseconds(duration: object) -> int | None:
    if isinstance(duration, timedelta):
        return duration // timedelta(microseconds=1)
    if not isinstance(duration, str):
        return None
    text = duration.strip().lower()
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text):
        return None
    return round(sum(float(number) * _MICROSECONDS[unit] for number, unit in parts))
