"""Engagement: how much happens at which hour of which weekday, in any time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Calendar, Scope, scoped
from footfall.analytics.scope.calendar import places_of
from footfall.analytics.sessions.summary import WEEKDAYS
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["Engagement", "engagement"]

_CELLS = 7 * 24
_COLUMNS = (*SESSION_COLUMNS, "event_type")
# Rows of counts: events, users, sessions that start, purchases, microseconds of those sessions.
_COUNTS = ("events", "users", "sessions", "purchases")


@dataclass(frozen=True)
class _Week:
    """Which of the week's 168 hours each hour of the calendar is."""

    starts: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int32]
    gap: int
    purchase: int

    def cells(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give the cell of each event."""
        cells: npt.NDArray[np.int32] = self.cell[places_of(chunk, self.starts)]
        return cells


@kernel(types.void(i64, i64, i32, bool1, i32, out_i64, out_i32))
def _tally(
    offsets: Array,
    timestamp: Array,
    number: Array,
    purchase: Array,
    cell: Array,
    counts: Array,
    seen: Array,
) -> None:
    """Count events, users, session starts, purchases and session lengths of each cell."""
    for user in range(len(offsets) - 1):
        begin = offsets[user]
        for row in range(offsets[user], offsets[user + 1]):
            at = cell[row]
            counts[at] += 1
            if seen[at] != user + 1:
                seen[at] = user + 1
                counts[168 + at] += 1
            if row == offsets[user] or number[row] != number[row - 1]:
                begin = row
                counts[336 + at] += 1
            else:
                counts[672 + cell[begin]] += timestamp[row] - timestamp[row - 1]
            if purchase[row]:
                counts[504 + at] += 1


def _measure(week: _Week, chunk: UserChunk) -> npt.NDArray[np.int64]:
    counts = np.zeros(5 * _CELLS, np.int64)
    number = sessions_of(chunk, week.gap)
    _tally(
        chunk.offsets, chunk["timestamp"], number, chunk["event_type"] == week.purchase,
        week.cells(chunk), counts, np.zeros(_CELLS, np.int32),
    )  # fmt: skip
    return counts


def _added(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    total: npt.NDArray[np.int64] = np.sum([np.zeros(5 * _CELLS, np.int64), *parts], axis=0)
    return total


def _measure_users(week: _Week, wanted: int, chunk: UserChunk) -> npt.NDArray[np.int32]:
    owner = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    users: npt.NDArray[np.int32] = chunk.users[np.unique(owner[week.cells(chunk) == wanted])]
    return users


@dataclass(frozen=True, kw_only=True, repr=False)
class Engagement(Answer):
    """The answer of :func:`engagement`.

    Attributes
    ----------
    frame : pa.Table
        168 rows, Monday's first hour first: weekday (string), hour (int64, 0 to 23), events, users,
        sessions (int64: that start then), purchases (int64), minutes_mean (float64: of the sessions
        that start then; null without one).
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"minutes_mean": "minutes"}

    frame: pa.Table
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _scope: Scope = field(compare=False)
    _week: _Week = field(compare=False)

    def users(self, weekday: str, hour: int, *, group: str | None = None) -> list[str]:
        """List the users with an event at an hour of a weekday.

        Parameters
        ----------
        weekday : str
            "Monday" to "Sunday".
        hour : int
            0 to 23.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such hour, weekday or group.
        """
        if weekday not in WEEKDAYS:
            raise OptionError.of("weekday", "engagement", f"one of {[*WEEKDAYS]}", weekday)
        if hour not in range(24):
            raise OptionError.of("hour", "engagement", "an int from 0 to 23", hour)
        codes = self._scope.of(group, owner="engagement").log.map(
            partial(_measure_users, self._week, 24 * WEEKDAYS.index(weekday) + hour),
            joined,
            columns=_COLUMNS,
            label="engagement: users",
        )
        return sorted(self._scope.log.user_ids.strings(codes).to_pylist())

    def to_json(self) -> dict[str, Any]:
        """Give the hours, groups and the definition."""
        answer: dict[str, Any] = {"hours": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(
        self, *, of: Literal["events", "users", "sessions", "purchases"] = "users"
    ) -> "go.Figure":
        """Draw the week: a row a weekday, a column an hour.

        Parameters
        ----------
        of : str, default="users"
            What is drawn: events, users, sessions or purchases.

        Raises
        ------
        OptionError
            If it is none of them.
        """
        from footfall.analytics.sessions.charts import draw_week

        if of not in _COUNTS:
            raise OptionError.of("of", "engagement", f"one of {[*_COUNTS]}", of)
        return draw_week(self, of)


def engagement(
    log: LogView,
    *,
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Engagement:
    """Count events, users, session starts and purchases by hour and weekday.

    Parameters
    ----------
    log : LogView
    gap_minutes : float, default=30
        Silence that ends a session where no session id is given.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.
    time_zone : str, default="UTC"
        Whose hours and weekdays: "Asia/Shanghai". The hour that comes twice when clocks go back
        counts both times.

    Returns
    -------
    Engagement

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05T10:00", "view"),
    ...     ("ann", "2026-01-05T11:00", "purchase"),
    ... ])
    >>> answer = engagement(log, time_zone="Asia/Shanghai")
    >>> [row for row in answer.frame.to_pylist() if row["events"]][0]["hour"]
    18
    >>> answer.users("Monday", 19)
    ['ann']
    """
    gap = gap_microseconds(gap_minutes, owner="engagement")
    scope = scoped(
        log, owner="engagement", where=where, between=between, segment=segment, by=by, top=top,
        grain="session", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    calendar = Calendar("hour", time_zone, "engagement")
    first, last = scope.log.span or (0, 0)
    starts = calendar.starts(first, last)
    local = [calendar.local(int(start)) for start in starts[:-1]]
    cell = np.array([24 * moment.weekday() + moment.hour for moment in local], np.int32)
    week = _Week(starts, cell, gap, log.event_type_code("purchase"))
    asked = scope.ask(partial(_measure, week), _added, columns=_COLUMNS, label="engagement")
    definition = {
        "unit": "events and users by the hour of the event; sessions and their length by the hour"
        " in which they start",
        "window": f"sessions end after {gap_minutes:g} minutes of silence, or as their ids say",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": time_zone,
    }
    return Engagement(
        frame=_frame(asked.total),
        groups=stacked({name: _frame(part) for name, part in asked.groups.items()}),
        definition=definition | dict(scope.definition) | dict(asked.note),
        _scope=scope,
        _week=week,
    )


def _frame(counts: npt.NDArray[np.int64]) -> pa.Table:
    table = counts.reshape(5, _CELLS)
    sessions, lasted = table[2], table[4] / 60_000_000
    minutes = np.divide(lasted, sessions, out=np.zeros(_CELLS), where=sessions > 0)
    return pa.table(
        {
            "weekday": pa.array([day for day in WEEKDAYS for _ in range(24)], pa.string()),
            "hour": pa.array([*range(24)] * 7, pa.int64()),
        }
        | {name: pa.array(table[at], pa.int64()) for at, name in enumerate(_COUNTS)}
        | {"minutes_mean": pa.array(minutes, pa.float64(), mask=sessions == 0)}
    )
