"""Periods as people write them: '2026-01', '2026-01-05..2026-01-31', 'last 30d', or two moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from footfall.analytics.scope.calendar import Calendar, zone_named
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.events.moments import Moment, shown_moment
from footfall.store.view import LogView

__all__ = ["Between", "Period", "parse_period"]

Side = Moment | date | None
Between = str | Sequence[Side]
_ALLOWED = (
    "a period such as '2026-01', '2026-01-05..2026-01-31' (both days inside), 'last 30d',"
    " or two moments (from, before)"
)
_EVER = 1 << 62


@dataclass(frozen=True)
class Period:
    """A time, from its start to before its end, microseconds UTC."""

    start: int
    end: int

    def __str__(self) -> str:
        start = "the beginning" if self.start <= -_EVER else shown_moment(self.start)
        end = "the end" if self.end >= _EVER else shown_moment(self.end)
        return f"from {start} to before {end}"


def parse_period(
    between: Between, *, log: LogView, owner: str, time_zone: str = "UTC", option: str = "between"
) -> Period:
    """Read a period.

    Parameters
    ----------
    between : str, or two of str, datetime or int
        Text: a day, a month, a year, two of them joined by ".." (the last one inside, either may be
        left out), or "last 30d" (back from the log's last event, which is inside). Two moments:
        from the first to before the second; a day as the second moment means its beginning.
    log : LogView
        Asked for its last event by "last ...".
    owner : str
        What errors name.
    time_zone : str, default="UTC"
        Whose days are meant.

    Raises
    ------
    OptionError
        If it cannot be read, or ends before it starts.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", "2026-01-31T10:00", "view")])
    >>> print(parse_period("2026-01", log=log, owner="funnel"))
    from 2026-01-01T00:00:00+00:00 to before 2026-02-01T00:00:00+00:00
    """
    if isinstance(between, str):
        period = _from_text(between.strip(), log, owner, time_zone, option)
    else:
        period = _from_pair(between, owner, time_zone, option)
    if period is None:
        raise OptionError.of(option, owner, _ALLOWED, between)
    if period.end <= period.start:
        raise OptionError.of(option, owner, f"{_ALLOWED}, the end after the start", between)
    return period


def _from_text(text: str, log: LogView, owner: str, time_zone: str, option: str) -> Period | None:
    if text.lower().startswith("last "):
        length = parse_duration(text[5:], option=option, owner=owner)
        span = log.span
        end = span[1] + 1 if span else _EVER
        return Period(end - length, end)
    first, dots, last = (part.strip() for part in text.partition(".."))
    calendar = Calendar("day", zone_named(time_zone, owner=owner).key, owner)
    if not dots:
        return _named(first, calendar)
    begins = _named(first, calendar) if first else Period(-_EVER, -_EVER)
    ends = _named(last, calendar) if last else Period(_EVER, _EVER)
    if begins is None or ends is None or not (first or last):
        return None
    return Period(begins.start, ends.end)


def _named(text: str, calendar: Calendar) -> Period | None:
    """Read a year, a month, a day, or a moment (which lasts a microsecond)."""
    parts = text.split("-")
    try:
        numbers = [int(part) for part in parts] if all(p.isdigit() for p in parts) else []
        if len(numbers) == 1 and len(text) == 4:
            return _days(date(numbers[0], 1, 1), date(numbers[0] + 1, 1, 1), calendar)
        if len(numbers) == 2:
            first = date(numbers[0], numbers[1], 1)
            return _days(first, (first + timedelta(days=32)).replace(day=1), calendar)
        if len(numbers) == 3:
            day = date(*numbers)
            return _days(day, day + timedelta(days=1), calendar)
        moment = _microseconds(datetime.fromisoformat(text), calendar)
    except (ValueError, OverflowError):
        return None
    return Period(moment, moment + 1)


def _days(first: date, after: date, calendar: Calendar) -> Period:
    return Period(calendar.moment(first), calendar.moment(after))


def _microseconds(moment: datetime, calendar: Calendar) -> int:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=calendar.zone)
    return (zoned - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _from_pair(between: Sequence[Side], owner: str, time_zone: str, option: str) -> Period | None:
    calendar = Calendar("day", zone_named(time_zone, owner=owner).key, owner)
    try:
        sides = [*between]
    except TypeError:
        return None
    if len(sides) != 2:
        return None
    moments = []
    for side, ever in zip(sides, (-_EVER, _EVER), strict=True):
        moment = ever if side is None else _side(side, calendar)
        if moment is None:
            raise OptionError.of(option, owner, _ALLOWED, between)
        moments.append(moment)
    return next(Period(a, b) for a, b in pairwise(moments))


def _side(side: Moment | date, calendar: Calendar) -> int | None:
    if isinstance(side, str):
        named = _named(side.strip(), calendar)
        return named.start if named else None
    if isinstance(side, datetime):
        return _microseconds(side, calendar)
    if isinstance(side, date):
        return calendar.moment(side)
    return int(side) if isinstance(side, int) and not isinstance(side, bool) else None
