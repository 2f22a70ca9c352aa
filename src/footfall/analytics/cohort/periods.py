"""The periods an answer has a row for, and which of them are over.

A period counts as over when the log was still being written close to its end. A log's last event is
seldom in the last second of a day, so the last event may lie a little before: five minutes before
the end of an hour, an hour before that of a day, six hours of a week, a day of a month.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.calendar import Calendar
from footfall.analytics.scope.period import Period
from footfall.store.view import LogView

__all__ = ["OVER", "Periods", "periods_of"]

_MINUTE = 60_000_000
_SLACK = {
    "hour": 5 * _MINUTE,
    "day": 60 * _MINUTE,
    "week": 6 * 60 * _MINUTE,
    "month": 24 * 60 * _MINUTE,
}
# What definitions say about it.
OVER = (
    "a period is over when the log's last event, or the end of the time asked for, reaches its end;"
    " for the log's last event 5 minutes before the end of an hour, an hour before that of a day,"
    " 6 hours of a week and a day of a month are near enough"
)


@dataclass(frozen=True)
class Periods:
    """Periods of a calendar that cover what a question counts.

    Parameters
    ----------
    starts : ndarray of int64, shape (P + 1,)
        Boundaries, microseconds UTC.
    labels : tuple of str, length P
    since : int
        First moment that counts; what lies before is history.
    until : int
        Up to here the log was watched: periods that end later are not over.
    """

    starts: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    since: int
    until: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def over(self) -> npt.NDArray[np.bool_]:
        """Whether each period has ended, shape (P,)."""
        return self.starts[1:] <= self.until

    def whole(self, slack: int) -> npt.NDArray[np.bool_]:
        """Whether each period was watched from its beginning to its end, shape (P,)."""
        return self.over & (self.starts[:-1] + slack >= self.since)


def periods_of(log: LogView, period: Period | None, calendar: Calendar) -> Periods:
    """Cover the part of a log that is asked for.

    Parameters
    ----------
    log : LogView
        The whole log: when it ends says what is over, whatever events a question counts.
    period : Period or None
        None for all of the log.
    calendar : Calendar
    """
    span = log.span
    nothing = Periods(np.zeros(1, np.int64), (), 0, 0)
    if span is None:
        return nothing
    first, until = span[0], span[1] + 1 + _SLACK[calendar.unit]
    last = span[1]
    if period is not None:
        first, last = max(first, period.start), min(last, period.end - 1)
        until = min(until, period.end)
    if last < first:
        return nothing
    starts = calendar.starts(first, last)
    labels = tuple(calendar.label(int(start)) for start in starts[:-1])
    since = first if period is None else max(period.start, int(starts[0]))
    return Periods(starts, labels, since, until)


def slack_of(unit: str) -> int:
    """Give how long before the end of a period the last event may lie, microseconds."""
    return _SLACK[unit]
