"""Moments as people write them, as exact microseconds UTC, and back."""

from datetime import UTC, datetime, timedelta

import numpy as np

from footfall.errors import OptionError

__all__ = ["Moment", "parse_moment", "shown_moment"]

Moment = str | datetime | int
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_moment(moment: Moment, *, option: str, owner: str) -> int:
    """Read a moment as microseconds UTC.

    Parameters
    ----------
    moment : str, datetime or int
        ISO 8601 (UTC unless it says otherwise; a date is its first moment), a datetime, or
        microseconds since 1970.
    option, owner : str
        Whose option it is: the error says so.

    Returns
    -------
    int
        Microseconds UTC.

    Raises
    ------
    OptionError
        If it cannot be read.

    Examples
    --------
    >>> parse_moment("1970-01-02", option="cutoff", owner="user_features")
    86400000000
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip())
        except ValueError:
            allowed = "a moment such as '2026-01-31' or '2026-01-31T12:00'"
            raise OptionError.of(option, owner, allowed, moment) from None
    if isinstance(moment, datetime):
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (zoned - _EPOCH) // timedelta(microseconds=1)
    if isinstance(moment, bool) or not isinstance(moment, int | np.integer):
        raise OptionError.of(option, owner, "a str, datetime or int of microseconds", moment)
    return int(moment)


def shown_moment(moment: int) -> str:
    """Write microseconds UTC as ISO 8601.

    Examples
    --------
    >>> shown_moment(86_400_000_000)
    '1970-01-02T00:00:00+00:00'
    """
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()
