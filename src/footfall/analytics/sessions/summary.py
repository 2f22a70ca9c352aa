"""Sessions: how many visits, how long, how deep, how many buy, and when they start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.quantiles import quantile_of_counts
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.sessions.counts import (
    BOUGHT,
    BOUNCE_USERS,
    BOUNCES,
    BUYERS,
    REVENUE,
    USERS,
    Asking,
    SessionPart,
    local_starts,
    marked_users,
    measure_sessions,
    merge_sessions,
)
from footfall.errors import OptionError
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["WEEKDAYS", "Sessions", "sessions"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHARES = {"bounce_share": "share", "purchase_share": "share"}
_MINUTES = {"minutes_median": "minutes", "minutes_p90": "minutes"}
_BEHIND = {"users": 0, "bounces": 1, "purchases": 2}


@dataclass(frozen=True, kw_only=True, repr=False)
class Sessions(Answer):
    """The answer of :func:`sessions`.

    Attributes
    ----------
    frame : pa.Table
        One row: sessions, users, events (int64); sessions_per_user (float64); events_mean
        (float64), events_median, events_p90 (int64) a session; items_mean (float64), items_median
        (int64): different items a session; minutes_median, minutes_p90 (float64) a session;
        bounces, bounce_users (int64), bounce_share; purchases (int64: sessions with a purchase),
        purchase_users (int64), purchase_share; revenue_minor (int64, minor units),
        revenue_per_session (major units). Null where there is no session.
    starts : pa.Table
        When sessions start, 168 rows: weekday (string), hour (int64, 0 to 23), sessions (int64).
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = _SHARES | _MINUTES

    frame: pa.Table
    starts: pa.Table
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _scope: Scope = field(compare=False)
    _asking: Asking = field(compare=False)

    def users(
        self,
        behind: Literal["users", "bounces", "purchases"] = "users",
        *,
        group: str | None = None,
    ) -> list[str]:
        """List the users behind a number: all, those with a bounce, or with a purchase.

        Parameters
        ----------
        behind : "users", "bounces" or "purchases", default="users"
            As many as the columns users, bounce_users and purchase_users say.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such number or group.
        """
        if behind not in _BEHIND:
            raise OptionError.of("behind", "sessions", f"one of {[*_BEHIND]}", behind)
        codes = self._scope.of(group, owner="sessions").log.map(
            partial(marked_users, self._asking, _BEHIND[behind]),
            joined,
            columns=self._asking.columns,
            label="sessions: users",
        )
        return sorted(self._scope.log.user_ids.strings(codes).to_pylist())

    def __str__(self) -> str:
        lines = {}
        for name in self.frame.column_names:
            text = text_table(self.frame.select([name]), formats=self.FORMATS)
            lines[name.replace("_", " ")] = text.splitlines()[1].strip()
        width = max(map(len, lines.values()))
        text = "\n".join(f"{name:20}  {value:>{width}}" for name, value in lines.items())
        if self.groups is None:
            return text
        few = ["group", "sessions", "users", "events_mean", "minutes_median", "bounce_share"]
        groups = self.groups.select([*few, "purchase_share", "revenue_minor"])
        return f"{text}\n\n{text_table(groups, formats=self.FORMATS)}"

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
        if self.groups is not None:
            row["groups"] = self.groups.to_pylist()
        return row | starts | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw when sessions start: a row a weekday, a column an hour."""
        from footfall.analytics.sessions.charts import draw_starts

        return draw_starts(self)


def sessions(
    log: LogView,
    *,
    gap_minutes: float = 30,
    bounce: Literal["event", "unengaged"] = "event",
    items: bool = True,
    currency_digits: int = 2,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Sessions:
    """Summarize the sessions of a log.

    A session is a longest run of a user's events in log order with the same given session id or,
    where none is given, with no silence longer than the gap.

    Parameters
    ----------
    log : LogView
    gap_minutes : float, default=30
        A longer silence ends a session; one of exactly the gap does not.
    bounce : "event" or "unengaged", default="event"
        What a bounce is: a session of one event; or one of less than ten seconds with one view at
        most and no purchase (what Google Analytics 4 calls not engaged).
    items : bool, default=True
        Count the different items of each session, too; without, the answer takes a third less time.
    currency_digits : int, default=2
        Digits of the minor unit: 2 for cents, 0 for yen.
    by, where, between, segment, top
        Breakdown, filter, time, users, and groups that keep their name:
        :func:`footfall.analytics.scope.scope.scoped`. A session is in the group of its first event
        that has one.
    time_zone : str, default="UTC"
        IANA name of the zone whose hours and weekdays ``starts`` speaks of ("Asia/Shanghai").

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
    sessions per user      1.00
    events mean            1.50
    events median             1
    events p90                2
    items mean             1.00
    items median              1
    minutes median          0.0
    minutes p90             5.0
    bounces                   1
    bounce users              1
    bounce share         50.0 %
    purchases                 1
    purchase users            1
    purchase share       50.0 %
    revenue minor         1,990
    revenue per session    9.95
    """
    gap = gap_microseconds(gap_minutes)
    if bounce not in {"event", "unengaged"}:
        raise OptionError.of("bounce", "sessions", "'event' or 'unengaged'", bounce)
    if currency_digits not in range(10):
        allowed = "an int from 0 to 9"
        raise OptionError.of("currency_digits", "sessions", allowed, currency_digits)
    scope = scoped(
        log, owner="sessions", where=where, between=between, segment=segment, by=by, top=top,
        grain="session", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    purchase, view = (log.event_type_code(name) for name in ("purchase", "view"))
    asking = Asking(gap, purchase, view, bounce == "unengaged", items)
    asked = scope.ask(
        partial(measure_sessions, asking), merge_sessions, columns=asking.columns, label="sessions"
    )
    rows = partial(_summary, digits=currency_digits, by_item=items)
    frames = {name: rows(part) for name, part in asked.groups.items()}
    definition = _definition(gap_minutes, time_zone, bounce)
    return Sessions(
        frame=rows(asked.total),
        starts=_starts_table(local_starts(asked.total, time_zone)),
        groups=stacked(frames),
        definition=definition | dict(scope.definition) | dict(asked.note),
        _scope=scope,
        _asking=asking,
    )


def _summary(total: SessionPart, *, digits: int, by_item: bool) -> pa.Table:
    count, users = total.sessions, int(total.sums[USERS])
    revenue = int(total.sums[REVENUE])
    bounces, bought = int(total.sums[BOUNCES]), int(total.sums[BOUGHT])
    items = int(np.arange(len(total.depths)) @ total.depths)
    deep = count if by_item else 0
    minutes = [_minutes(total.duration(share)) for share in (0.5, 0.9)]
    cells: dict[str, tuple[Any, pa.DataType]] = {
        "sessions": (count, pa.int64()),
        "users": (users, pa.int64()),
        "events": (total.events, pa.int64()),
        "sessions_per_user": (count / users if users else None, pa.float64()),
        "events_mean": (total.events / count if count else None, pa.float64()),
        "events_median": (quantile_of_counts(total.sizes, 0.5), pa.int64()),
        "events_p90": (quantile_of_counts(total.sizes, 0.9), pa.int64()),
        "items_mean": (items / deep if deep else None, pa.float64()),
        "items_median": (quantile_of_counts(total.depths, 0.5) if deep else None, pa.int64()),
        "minutes_median": (minutes[0], pa.float64()),
        "minutes_p90": (minutes[1], pa.float64()),
        "bounces": (bounces, pa.int64()),
        "bounce_users": (int(total.sums[BOUNCE_USERS]), pa.int64()),
        "bounce_share": (bounces / count if count else None, pa.float64()),
        "purchases": (bought, pa.int64()),
        "purchase_users": (int(total.sums[BUYERS]), pa.int64()),
        "purchase_share": (bought / count if count else None, pa.float64()),
        "revenue_minor": (revenue, pa.int64()),
        "revenue_per_session": (revenue / 10**digits / count if count else None, pa.float64()),
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


def _definition(gap_minutes: float, time_zone: str, bounce: str) -> dict[str, str]:
    bounces = {
        "event": "sessions of one event",
        "unengaged": "sessions of less than 10 seconds, with one view at most and no purchase",
    }
    return {
        "unit": "sessions: longest runs of a user's events with the same given session id or, where"
        " none is given, without a silence longer than the window",
        "window": f"{gap_minutes:g} minutes of silence, inclusive",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": f"{time_zone}, for hours and weekdays of starts",
        "quantiles": "the smallest value that the share of sessions does not exceed",
        "bounces": bounces[bounce],
        "items": "different items of a session's events",
        "revenue": "amounts of purchase events; returns are not taken off",
    }
