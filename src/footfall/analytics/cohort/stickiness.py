"""Stickiness: active users a day, a week and a month, their ratios, and how many days they come."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.periods import OVER, Periods, periods_of, slack_of
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import ANY, wanted_types
from footfall.analytics.scope import Between, Calendar, Scope
from footfall.analytics.scope.calendar import places_of
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i8, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Stickiness", "stickiness"]

_DAY = 86_400_000_000
_LENGTHS = {"day": 1, "week": 7, "month": 30}
_MOST = 32  # active days a week or month can have, and 0
_COLUMNS = ("timestamp", "event_type")
_COUNTS = ("dau", "wau", "mau")


@kernel(
    types.void(
        i64, i32, i32, i16, bool1, types.int64, types.int64, types.int64, types.int64,
        out_i64, out_i64, out_i8,
    )
)  # fmt: skip
def _count(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    day: Array,
    period: Array,
    event_type: Array,
    wanted: Array,
    days: int,
    length: int,
    wanted_day: int,
    wanted_count: int,
    steps: Array,
    counts: Array,
    marks: Array,
) -> None:
    """Count users active in the last 1, 7 and 30 days, and by active days of each period.

    ``steps`` gets +1 where a user begins to be counted and -1 where that ends: three rows of
    ``days + 1``. ``marks``, when not empty, gets a 1 for each user counted on ``wanted_day`` over
    the last ``length`` days, or (``length`` 0) active on ``wanted_count`` days of that period.
    """
    periods = len(counts) // _MOST
    for user in range(len(offsets) - 1):
        before, last_period, active = -100, -1, 0
        for row in range(offsets[user], offsets[user + 1] + 1):
            ended = row == offsets[user + 1]
            today, here = days, periods
            if not ended:
                if not wanted[event_type[row]] or day[row] == before:
                    continue
                today, here = int(day[row]), int(period[row])
            if before >= 0:  # the user counts from that day on, for so long, or until today
                for place in range(3):
                    window = 1 if place == 0 else (7 if place == 1 else 30)
                    end = min(before + window, today, days)
                    steps[place * (days + 1) + before] += 1
                    steps[place * (days + 1) + end] -= 1
                    mine = window == length and before <= wanted_day < end
                    if mine and len(marks) > 0:
                        marks[user] = 1
            if here != last_period and active > 0:
                counts[last_period * _MOST + active] += 1
                mine = length == 0 and last_period == wanted_day and active == wanted_count
                if mine and len(marks) > 0:
                    marks[user] = 1
                active = 0
            if ended or today < 0:
                if today < 0:
                    continue
                break
            before = today
            if here >= 0:
                active += 1
            last_period = here


@dataclass(frozen=True, kw_only=True, repr=False)
class Stickiness(Tabled):
    """The answer of :func:`stickiness`.

    Attributes
    ----------
    frame : pa.Table
        A row a day: day (string); dau, wau, mau (int64: users active on the day, in the 7 and in
        the 30 days that end with it; null until the log is as long); dau_wau_share, dau_mau_share,
        wau_mau_share (float64); complete (bool).
    active_days : pa.Table
        A row a period and number of days: period (string), active_days, users (int64), share
        (float64, of the period's users), complete (bool).
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "dau_wau_share": "share",
        "dau_mau_share": "share",
        "wau_mau_share": "share",
        "share": "share",
    }

    active_days: pa.Table
    subtitle: str
    _question: "_Question"

    def users(
        self,
        day: str | None = None,
        *,
        window: Literal["day", "week", "month"] = "day",
        period: str | None = None,
        active_days: int | None = None,
        group: str | None = None,
    ) -> list[str]:
        """List the users counted on a day, or those active on so many days of a period.

        Parameters
        ----------
        day : str, optional
            As in the frame; with ``window``: "day" for dau, "week" for wau, "month" for mau.
        period, active_days : str and int, optional
            As in ``active_days``, instead of a day.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such day, period or group.
        """
        if window not in _LENGTHS:
            raise OptionError.of("window", "Stickiness", f"one of {(*_LENGTHS,)}", window)
        if day is not None:
            return self._question.users(day, _LENGTHS[window], 0, group)
        if period is None or active_days is None:
            allowed = "a day of the frame, unless period and active_days are given"
            raise OptionError.of("day", "Stickiness", allowed, day)
        return self._question.users(period, 0, active_days, group)

    def to_json(self) -> dict[str, Any]:
        """Give the days, the numbers of active days, and the definition as plain values."""
        return super().to_json() | {"active_days": self.active_days.to_pylist()}

    def plot(self) -> "go.Figure":
        """Draw active users a day, week and month, and on how many days they come."""
        from footfall.analytics.cohort.activity_charts import draw_stickiness

        return draw_stickiness(self)


def stickiness(
    log: LogView,
    *,
    of: str = ANY,
    per: Literal["week", "month"] = "week",
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Stickiness:
    """Count active users a day, week and month, and on how many days of a period they come.

    Parameters
    ----------
    log : LogView
    of : str, default="any event"
        What counts as being active: event types joined by "|".
    per : "week" or "month"
        Period whose active days are counted.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the days.

    Returns
    -------
    Stickiness

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> days = range(5, 12)  # a Monday to a Sunday
    >>> log = MemoryLog.from_rows(
    ...     [("ann", f"2026-01-{day:02}T23:30", "view") for day in days]
    ...     + [("bob", "2026-01-06T09:00", "view")]
    ... )
    >>> answer = stickiness(log)
    >>> answer.frame.slice(6).select(["day", "dau", "wau", "dau_wau_share"]).to_pylist()
    [{'day': '2026-01-11', 'dau': 1, 'wau': 2, 'dau_wau_share': 0.5}]
    >>> answer.active_days.select(["active_days", "users"]).to_pylist()
    [{'active_days': 1, 'users': 1}, {'active_days': 7, 'users': 1}]
    """
    if per not in {"week", "month"}:
        raise OptionError.of("per", "stickiness", "'week' or 'month'", per)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    wanted = wanted_types(log, of, option="of", owner="stickiness")
    scope = who.scope(log, owner="stickiness")
    calendar = Calendar("day", time_zone, "stickiness")
    days = periods_of(log, scope.period, calendar)
    periods = periods_of(log, scope.period, Calendar(per, time_zone, "stickiness"))
    span = log.span
    early, known = days.starts, 0
    if len(days) and span is not None:  # 29 days before decide who was active in the month
        first = max(span[0], int(days.starts[0]) - 30 * _DAY)
        early = calendar.starts(first, int(days.starts[-1]) - 1)
        known = len(calendar.starts(span[0], int(days.starts[0]))) - 2
    plan = _Plan(early, periods.starts, wanted, days.since, len(early) - 1 - len(days))
    definition = {
        "unit": f"users with an event that counts ({of})",
        "window": "days of the calendar; wau: the 7 days that end with the day, mau: the 30;"
        " known once the log is as long",
        "order": "timestamp",
        "ties": "do not matter: a user is active on a day or not",
        "time_zone": f"{time_zone}, for the boundaries of days and {per}s",
        "over": OVER,
        "history": "events before the time asked for count for wau and mau",
    }
    return _Question(scope, plan, days, periods, known, definition | scope.definition).answer()


@dataclass(frozen=True)
class _Plan:
    days: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.bool_]
    since: int
    first: int  # place of the first day shown


@dataclass(frozen=True)
class _Part:
    steps: npt.NDArray[np.int64]  # (3, days + 1)
    counts: npt.NDArray[np.int64]  # (periods, _MOST)


def _ask(plan: _Plan, chunk: UserChunk, length: int, at: int, active: int, marks: Array) -> _Part:
    days, periods = len(plan.days) - 1, len(plan.periods) - 1
    steps, counts = np.zeros(3 * (days + 1), np.int64), np.zeros(periods * _MOST, np.int64)
    if days:
        period, day = places_of(chunk, plan.periods), places_of(chunk, plan.days)
        history = chunk["timestamp"] < plan.since
        period[history] = -1
        # A day cut by the time asked for begins there: what came before is of the day before.
        day[history] = np.minimum(day[history], plan.first - 1)
        _count(
            chunk.offsets, day, period, chunk["event_type"], plan.wanted,
            days, length, at, active, steps, counts, marks,
        )  # fmt: skip
    return _Part(steps.reshape(3, days + 1), counts.reshape(periods, _MOST))


def _measure(plan: _Plan, chunk: UserChunk) -> _Part:
    return _ask(plan, chunk, -1, -1, -1, np.zeros(0, np.int8))


def _find(plan: _Plan, length: int, at: int, active: int, chunk: UserChunk) -> Array:
    marks = np.zeros(len(chunk.users), np.int8)
    _ask(plan, chunk, length, at, active, marks)
    return chunk.users[marks > 0]


def _merge(plan: _Plan, parts: list[_Part]) -> _Part:
    days, periods = len(plan.days) - 1, len(plan.periods) - 1
    steps, counts = np.zeros((3, days + 1), np.int64), np.zeros((periods, _MOST), np.int64)
    for part in parts:
        steps += part.steps
        counts += part.counts
    return _Part(steps, counts)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    days: Periods
    periods: Periods
    known: int  # days of the log before the first one shown
    definition: Mapping[str, str]

    def answer(self) -> Stickiness:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            partial(_merge, self.plan),
            columns=_COLUMNS,
            label="stickiness",
            log=self.scope.before,
        )
        frame = self._frame(asked.total)
        means = [_mean(frame, f"dau_{name}_share") for name in ("wau", "mau")]
        shown = ["-" if mean is None else f"{mean:.1%}" for mean in means]
        return Stickiness(
            frame=frame,
            active_days=self._active_days(asked.total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            subtitle=f"on average {shown[0]} of a week's users and {shown[1]} of a month's come on"
            " a given day",
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, part: _Part) -> pa.Table:
        count = len(self.days)
        users = np.cumsum(part.steps, axis=1)[:, : len(self.plan.days) - 1]
        users = users[:, users.shape[1] - count :]
        age = self.known + np.arange(count)  # whole days of the log before each day
        long_enough = [age >= 0, age >= 6, age >= 29]
        cells: dict[str, pa.Array] = {"day": pa.array(self.days.labels, pa.string())}
        for name, row, fine in zip(_COUNTS, users, long_enough, strict=True):
            cells[name] = pa.array(row, pa.int64(), mask=~fine)
        for small, large in ((0, 1), (0, 2), (1, 2)):
            fine = long_enough[large] & (users[large] > 0)
            share = users[small] / np.maximum(users[large], 1)
            name = f"{_COUNTS[small]}_{_COUNTS[large]}_share"
            cells[name] = pa.array(share, pa.float64(), mask=~fine)
        cells["complete"] = pa.array(self.days.whole(slack_of("day")), pa.bool_())
        return pa.table(cells)

    def _active_days(self, part: _Part) -> pa.Table:
        place, active = np.nonzero(part.counts)
        users = part.counts[place, active]
        totals = part.counts.sum(axis=1)[place]
        whole = self.periods.over
        return pa.table(
            {
                "period": pa.array([self.periods.labels[at] for at in place], pa.string()),
                "active_days": pa.array(active, pa.int64()),
                "users": pa.array(users, pa.int64()),
                "share": pa.array(users / np.maximum(totals, 1), pa.float64()),
                "complete": pa.array(whole[place], pa.bool_()),
            }
        )

    def users(self, label: str, length: int, active: int, group: str | None) -> list[str]:
        labels = self.days.labels if length else self.periods.labels
        if label not in labels:
            option = "day" if length else "period"
            raise OptionError.of(option, "Stickiness", f"one of {[*labels]}", label)
        at = labels.index(label)
        if length:
            at += len(self.plan.days) - 1 - len(self.days)
        find = partial(_find, self.plan, length, at, active)
        return listed(
            self.scope, group, find, columns=_COLUMNS, label="stickiness: users", before=True
        )


def _mean(frame: pa.Table, name: str) -> float | None:
    values = frame.filter(frame.column("complete")).column(name).drop_null().to_numpy()
    return float(values.mean()) if len(values) else None
