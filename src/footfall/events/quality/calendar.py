"""Days of a time zone as edges in microseconds, and which of them hold no or few events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

__all__ = [
    "DAY",
    "MOST_DAYS",
    "WEEKDAYS",
    "Calendar",
    "Gap",
    "calendar_of",
    "closed_weekdays",
    "gaps_of",
    "low_days",
]

DAY = 86_400_000_000  # microseconds
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_DAYS = 146_097  # 400 years: what is earlier counts for the first day

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_103_628_800_000_000  # year 2: a zone's offset must not leave the years 1 to 9999
_LAST = 253_370_764_800_000_000  # year 9999
_THURSDAY = 3  # weekday of day 0, counted from Monday


@dataclass(frozen=True)
class Calendar:
    """The days from a log's first event to its last.

    Parameters
    ----------
    first : int
        The first day, days since 1970-01-01.
    edges : ndarray of int64, shape (D + 1,)
        Midnights of the zone, microseconds UTC: day ``d`` is ``[edges[d], edges[d + 1])``.
    """

    first: int
    edges: npt.NDArray[np.int64]

    @property
    def days(self) -> int:
        """Number of days D."""
        return len(self.edges) - 1

    def date(self, day: int) -> str:
        """Give the ISO date of a day, counted from 0."""
        return str(np.datetime64(self.first + int(day), "D"))

    def weekday(self) -> npt.NDArray[np.int64]:
        """Give the weekday of each day, 0 is Monday, shape (D,)."""
        return (self.first + np.arange(self.days) + _THURSDAY) % 7


@dataclass(frozen=True)
class Gap:
    """Days in a row without any event.

    Parameters
    ----------
    first, last : str
        ISO dates.
    days : int
    """

    first: str
    last: str
    days: int


def calendar_of(span: tuple[int, int] | None, time_zone: str = "UTC") -> Calendar:
    """Give the days that a span of time touches.

    Parameters
    ----------
    span : tuple of int or None
        First and last moment, microseconds UTC; None gives no days.
    time_zone : str
        Whose midnights part the days, summer time and all.

    Examples
    --------
    >>> days = calendar_of((0, 3 * 86_400_000_000), "Asia/Shanghai")
    >>> days.days, days.date(0), days.edges[0] / 3_600_000_000
    (4, '1970-01-01', np.float64(-8.0))
    """
    if span is None:
        return Calendar(0, np.zeros(1, np.int64))
    first, last = (min(max(moment, _FIRST), _LAST) for moment in span)
    zone = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    start, end = (
        (_EPOCH + timedelta(microseconds=moment)).astimezone(zone).toordinal() - _EPOCH.toordinal()
        for moment in (first, last)
    )
    start = max(start, end - MOST_DAYS + 1)
    numbers = range(start, end + 2)
    if time_zone == "UTC":
        return Calendar(start, np.array(numbers, np.int64) * DAY)
    return Calendar(start, np.array([_midnight(number, zone) for number in numbers], np.int64))


def _midnight(day: int, zone: tzinfo) -> int:
    local = datetime.fromordinal(day + _EPOCH.toordinal()).replace(tzinfo=zone)
    return (local - _EPOCH) // timedelta(microseconds=1)


def closed_weekdays(calendar: Calendar, totals: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Find weekdays on which the shop keeps still: at least 9 in 10 of 4 or more have no event.

    Nothing is said of a log that is empty on most days anyway.

    Parameters
    ----------
    calendar : Calendar
    totals : ndarray of int64, shape (D,)
        Events of each day.

    Returns
    -------
    tuple of int
        0 is Monday.
    """
    weekday = calendar.weekday()
    missing = totals == 0
    closed = [
        number
        for number in range(7)
        if (weekday == number).sum() >= 4 and missing[weekday == number].mean() >= 0.9
    ]
    open_days = ~np.isin(weekday, closed)
    usual = open_days.any() and missing[open_days].mean() < 0.5
    return tuple(closed) if usual else ()


def gaps_of(
    calendar: Calendar, totals: npt.NDArray[np.int64], *, closed: Sequence[int] = ()
) -> list[Gap]:
    """Give the stretches of days without events, in order of time.

    Parameters
    ----------
    calendar : Calendar
    totals : ndarray of int64, shape (D,)
        Events of each day.
    closed : sequence of int, optional
        Weekdays that explain themselves: a stretch of nothing but these is no gap.
    """
    missing = np.concatenate([[False], totals == 0, [False]])
    starts = np.flatnonzero(missing[1:] & ~missing[:-1])
    ends = np.flatnonzero(missing[:-1] & ~missing[1:])
    weekday = calendar.weekday()
    return [
        Gap(calendar.date(start), calendar.date(end - 1), int(end - start))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        if not np.isin(weekday[start:end], closed).all()
    ]


def low_days(calendar: Calendar, totals: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Find days with events, but under a fifth of what their weekday usually has.

    Usual is the median of the same weekday in the four weeks before and after, at least 50 events.
    The first and the last day are left out: they are seldom whole.

    Parameters
    ----------
    calendar : Calendar
    totals : ndarray of int64, shape (D,)

    Returns
    -------
    list of (day, usual)
        Days from 0, and the usual number of events.
    """
    found = []
    for day in range(1, calendar.days - 1):
        if totals[day] == 0:
            continue
        near = [day + 7 * week for week in (-4, -3, -2, -1, 1, 2, 3, 4)]
        peers = [totals[other] for other in near if 0 < other < calendar.days - 1]
        usual = int(np.median(peers)) if len(peers) >= 3 else 0
        if usual >= 50 and 5 * totals[day] < usual:
            found.append((day, usual))
    return found
