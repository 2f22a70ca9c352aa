"""Sessions: how many visits, how long, how deep, how many buy, and when they start."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.analytics.quantiles import quantile_of_counts
from footfall.analytics.sessions.counts import (
    SessionPart,
    local_starts,
    measure_sessions,
    merge_sessions,
)
from footfall.errors import OptionError
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Sessions", "sessions"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHARES = {"bounce_share": "share", "purchase_share": "share"}
_MINUTES = {"minutes_median": "minutes", "minutes_p90": "minutes"}


@dataclass(frozen=True, kw_only=True, repr=False)
class Sessions(Answer):
    """The answer of :func:`sessions`.

    Attributes
    ----------
    frame : pa.Table
        One row: sessions, users, events (int64); events_mean (float64), events_median, events_p90
        (int64) a session; minutes_median, minutes_p90 (float64) a session; bounce_share (sessions
        of one event), purchase_share (sessions with a purchase); revenue_minor (int64, minor
        units), revenue_per_session (major units). Null where there is no session.
    starts : pa.Table
        When sessions start, 168 rows: weekday (string), hour (int64, 0 to 23), sessions (int64).
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = _SHARES | _MINUTES

    frame: pa.Table
    starts: pa.Table
    definition: Mapping[str, str]

    def __str__(self) -> str:
        lines = {}
        for name in self.frame.column_names:
            text = text_table(self.frame.select([name]), formats=self.FORMATS)
            lines[name.replace("_", " ")] = text.splitlines()[1].strip()
        width = max(map(len, lines.values()))
        return "\n".join(f"{name:20}  {value:>{width}}" for name, value in lines.items())

    def by_hour(self) -> list[int]:
        """Give the number of sessions that start in each hour of the day, 0 to 23."""
        return [int(count) for count in self._starts().sum(axis=0)]

    def by_weekday(self) -> list[int]:
        """Give the number of sessions that start on each day of the week, Monday first."""
        return [int(count) for count in self._starts().sum(axis=1)]

    def _starts(self) -> npt.NDArray[np.int64]:
        return self.starts.column("sessions").to_numpy().reshape(7, 24)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers, the starts by hour and weekday, and the definition."""
        row: dict[str, Any] = self.frame.to_pylist()[0]
        starts = {"by_hour": self.by_hour(), "by_weekday": self.by_weekday()}
        return row | starts | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw when sessions start: a row a weekday, a column an hour."""
        from footfall.analytics.sessions.charts import draw_starts

        return draw_starts(self)


def sessions(
    log: LogView, *, gap_minutes: float = 30, time_zone: str = "UTC", currency_digits: int = 2
) -> Sessions:
    """Summarize the sessions of a log.

    A session is a longest run of a user's events in log order with the same given session id or,
    where none is given, with no silence longer than the gap.

    Parameters
    ----------
    log : LogView
    gap_minutes : float, default=30
        A longer silence ends a session; one of exactly the gap does not.
    time_zone : str, default="UTC"
        IANA name of the zone whose hours and weekdays ``starts`` speaks of ("Asia/Shanghai").
    currency_digits : int, default=2
        Digits of the minor unit: 2 for cents, 0 for yen.

    Returns
    -------
    Sessions

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-01T10:05", "purchase", "kettle", 1, 1990),
    ...     ("bob", "2026-01-02T09:00", "view", "teapot"),
    ... ])
    >>> print(sessions(log))
    sessions                  2
    users                     2
    events                    3
    events mean            1.50
    events median             1
    events p90                2
    minutes median          0.0
    minutes p90             5.0
    bounce share         50.0 %
    purchase share       50.0 %
    revenue minor         1,990
    revenue per session    9.95
    """
    gap = gap_microseconds(gap_minutes)
    _check_zone(time_zone)
    if currency_digits not in range(10):
        allowed = "an int from 0 to 9"
        raise OptionError.of("currency_digits", "sessions", allowed, currency_digits)
    total = log.map(
        partial(measure_sessions, gap, log.event_type_code("purchase")),
        merge_sessions,
        columns=(*SESSION_COLUMNS, "event_type", "amount"),
        label="sessions",
    )
    return Sessions(
        frame=_summary(total, currency_digits),
        starts=_starts_table(local_starts(total, time_zone)),
        definition=_definition(gap_minutes, time_zone),
    )


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError) as error:
        allowed = "an IANA name such as 'UTC' or 'Asia/Shanghai'"
        raise OptionError.of("time_zone", "sessions", allowed, name) from error


def _summary(total: SessionPart, digits: int) -> pa.Table:
    count = total.sessions
    money = total.revenue / 10**digits
    minutes = [_minutes(total.duration(share)) for share in (0.5, 0.9)]
    cells: dict[str, tuple[Any, pa.DataType]] = {
        "sessions": (count, pa.int64()),
        "users": (total.users, pa.int64()),
        "events": (total.events, pa.int64()),
        "events_mean": (total.events / count if count else None, pa.float64()),
        "events_median": (quantile_of_counts(total.sizes, 0.5), pa.int64()),
        "events_p90": (quantile_of_counts(total.sizes, 0.9), pa.int64()),
        "minutes_median": (minutes[0], pa.float64()),
        "minutes_p90": (minutes[1], pa.float64()),
        "bounce_share": (total.bounces / count if count else None, pa.float64()),
        "purchase_share": (total.bought / count if count else None, pa.float64()),
        "revenue_minor": (total.revenue, pa.int64()),
        "revenue_per_session": (money / count if count else None, pa.float64()),
    }
    return pa.table({name: pa.array([value], kind) for name, (value, kind) in cells.items()})


def _minutes(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 60_000_000


def _starts_table(starts: npt.NDArray[np.int64]) -> pa.Table:
    return pa.table(
        {
            "weekday": pa.array([day for day in WEEKDAYS for _ in range(24)], pa.string()),
            "hour": pa.array([*range(24)] * 7, pa.int64()),
            "sessions": pa.array(starts.ravel(), pa.int64()),
        }
    )


def _definition(gap_minutes: float, time_zone: str) -> dict[str, str]:
    return {
        "unit": "sessions: longest runs of a user's events with the same given session id or, where"
        " none is given, without a silence longer than the window",
        "window": f"{gap_minutes:g} minutes of silence, inclusive",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": f"{time_zone}, for hours and weekdays of starts",
        "quantiles": "the smallest value that the share of sessions does not exceed",
        "revenue": "amounts of purchase events; returns are not taken off",
    }
