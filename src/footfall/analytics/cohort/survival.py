"""Survival: how long until users buy, buy again, or are seen for the last time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import HISTORY, Who, listed
from footfall.analytics.cohort.survival_curve import (
    Durations,
    kaplan_meier,
    log_rank,
    median_of,
)
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import FIRST, wanted_types
from footfall.analytics.scope import Between, Scope
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array, bool1, i16, i64, kernel, out_i8, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["LAST_SEEN", "Survival", "survival"]

LAST_SEEN = "last seen"
_HOUR = 3_600_000_000
_UNITS = {"minute": _HOUR // 60, "hour": _HOUR, "day": 24 * _HOUR, "week": 168 * _HOUR}
_COLUMNS = ("timestamp", "event_type")
State = Literal["events", "censored", "at_risk"]


@kernel(
    types.int64(
        i64, i64, i16, bool1, bool1, types.int64, types.int64, types.boolean, types.int64,
        out_i32, out_i64, out_i8,
    )
)  # fmt: skip
def _durations(  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    starts_it: Array,
    ends: Array,
    since: int,
    last: int,
    own: bool,  # noqa: FBT001  # kernels take their arguments by position
    silence: int,
    user_of: Array,
    took: Array,
    happened: Array,
) -> int:
    """Write how long each user was watched and whether it happened; give how many users started.

    ``silence`` from 0: it happens with the last event before so long a silence. ``own``: the
    start itself may be the end.
    """
    count = 0
    for user in range(len(offsets) - 1):
        began, found, old, seen = np.int64(-1), np.int64(-1), False, np.int64(-1)
        for row in range(offsets[user], offsets[user + 1]):
            now, code = timestamp[row], event_type[row]
            if now > last:
                break
            seen = now
            starting = False
            if began < 0:
                if not starts_it[code]:
                    continue
                if now < since:
                    old = True
                    break
                began, starting = now, True
            if silence < 0 and ends[code] and (own or not starting):
                found = now
                break
        if old or began < 0:
            continue
        until = last
        if silence >= 0:
            until = max(int(began), last - silence)
            found = seen if last - seen > silence else found
        user_of[count] = user
        happened[count] = found >= 0
        took[count] = (found if found >= 0 else until) - began
        count += 1
    return count


@dataclass(frozen=True, kw_only=True, repr=False)
class Survival(Tabled):
    """The answer of :func:`survival`.

    Attributes
    ----------
    frame : pa.Table
        A row a time at which anything is known: time (int64, whole units since the start), at_risk
        (int64, users still watched to whom it had not happened), events, censored (int64, those to
        whom it happened, those no longer watched), survival (float64, share to whom it has not
        happened after it), low, high (float64, interval), happened_share (float64, the rest).
    users_started, users_reached : int
        Users with a start; those to whom it happened.
    median, median_low, median_high : int or None
        First time by which it happened to half, with interval; None: not reached.
    test : mapping or None
        Log-rank test between the groups: chi_squared, degrees, p_value.
    """

    FORMATS: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("survival", "low", "high", "happened_share"), "share"
    )

    users_started: int
    users_reached: int
    median: int | None
    median_low: int | None
    median_high: int | None
    test: Mapping[str, float] | None
    unit: str
    to: str
    _question: "_Question"

    def users(self, time: int, state: State = "events", *, group: str | None = None) -> list[str]:
        """List the users to whom it happened at a time, whose watch ended, or who were at risk.

        Parameters
        ----------
        time : int
            As in the frame.
        state : "events", "censored" or "at_risk"
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such state or group.
        """
        return self._question.users(time, state, group)

    def share_by(self, time: int) -> float:
        """Give the share to whom it happened within so many units."""
        times = self.frame.column("time").to_numpy()
        place = int(np.searchsorted(times, time, side="left")) - 1
        return 0.0 if place < 0 else float(self.frame.column("happened_share")[place].as_py())

    def to_json(self) -> dict[str, Any]:
        """Give the curve, median, test and definition as plain values."""
        return super().to_json() | {
            "users_started": self.users_started,
            "users_reached": self.users_reached,
            "median": self.median,
            "median_interval": [self.median_low, self.median_high],
            "test": None if self.test is None else dict(self.test),
        }

    def __str__(self) -> str:
        middle = "not reached" if self.median is None else f"{self.median:,} {self.unit}s"
        lines = [
            f"users {self.users_started:,}, reached {self.users_reached:,}; median {middle}",
            text_table(_thinned(self.frame), formats=self.FORMATS),
        ]
        if self.test is not None:
            lines.append(
                f"log-rank test between the groups: chi-squared {self.test['chi_squared']:.2f},"
                f" degrees {self.test['degrees']:.0f}, p-value {self.test['p_value']:.4f}"
            )
        return "\n".join(lines)

    def plot(self) -> "go.Figure":
        """Draw the curve with its interval; with a breakdown, a curve a group."""
        from footfall.analytics.cohort.survival_charts import draw_survival

        return draw_survival(self)


def survival(
    log: LogView,
    *,
    start: str = FIRST,
    to: str = "purchase",
    silence: str | timedelta = "30d",
    unit: Literal["minute", "hour", "day", "week"] = "day",
    level: float = 0.95,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Survival:
    """Estimate how long it takes users to do something, or how long they stay.

    Users to whom it has not happened by the end of the log are counted as long as they were
    watched: leaving them out would make everything look faster than it is.

    Parameters
    ----------
    log : LogView
    start : str, default="first event"
        The user's first such event ever, in the time asked for; types joined by "|".
    to : str, default="purchase"
        What ends the wait: the next such event after the start (the start itself, too, where it
        is the first event of any kind), or "last seen": the last event before the silence.
    silence : str or timedelta, default="30d"
        For "last seen": a user without events for longer has left.
    unit : "minute", "hour", "day" or "week"
        Times are whole units that have passed.
    level : float, default=0.95
        Of the intervals.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the time asked for.

    Returns
    -------
    Survival

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    References
    ----------
    E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", 1958.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05", "view"), ("ann", "2026-01-06", "purchase"),
    ...     ("bob", "2026-01-06", "view"), ("cid", "2026-01-07", "view"),
    ...     ("cid", "2026-01-10", "purchase"),
    ... ])
    >>> answer = survival(log)
    >>> answer.frame.select(["time", "at_risk", "events", "censored"]).to_pylist()
    [{'time': 1, 'at_risk': 3, 'events': 1, 'censored': 0},
     {'time': 3, 'at_risk': 2, 'events': 1, 'censored': 0},
     {'time': 4, 'at_risk': 1, 'events': 0, 'censored': 1}]
    >>> answer.median, answer.users(3)
    (3, ['cid'])
    """
    if unit not in _UNITS:
        raise OptionError.of("unit", "survival", f"one of {(*_UNITS,)}", unit)
    if not isinstance(level, float) or not 0.5 <= level < 1:
        raise OptionError.of("level", "survival", "a float from 0.5 to below 1", level)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    scope = who.scope(log, owner="survival")
    span, period = log.span or (0, -1), scope.period
    quiet = parse_duration(silence, option="silence", owner="survival")
    staying = to == LAST_SEEN
    plan = _Plan(
        starts_it=wanted_types(log, start, option="start", owner="survival"),
        ends=wanted_types(log, start if staying else to, option="to", owner="survival"),
        since=-(1 << 62) if period is None else period.start,
        last=span[1] if period is None else min(span[1], period.end - 1),
        own=start == FIRST,
        silence=quiet if staying else -1,
        unit=_UNITS[unit],
    )
    goal = f"the last event before a silence of more than {duration_text(quiet)}"
    censored = "the end of the log or of the time asked for"
    if staying:
        censored += f", less {duration_text(quiet)}: what is later cannot be told yet"
    definition = {
        "unit": f"users; start: {start}, the first one ever; until: {goal if staying else to}",
        "window": f"whole {unit}s that have passed since the start; watched until {censored}",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read; users"
        " whose watch ends at a time are at risk at it",
        "time_zone": f"{time_zone}, for the time asked for only",
        "interval": f"{level:.0%} at each time: Greenwood's variance on the scale of log(-log);"
        " of the median: Brookmeyer and Crowley",
        "new": HISTORY,
    }
    return _Question(scope, plan, definition | scope.definition, unit, to, level).answer()


@dataclass(frozen=True)
class _Plan:
    starts_it: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.bool_]
    since: int
    last: int
    own: bool
    silence: int
    unit: int


def _times(plan: _Plan, chunk: UserChunk) -> tuple[Array, Array, Array]:
    """Give user (place), whole units and whether it happened, for each user that started."""
    users = len(chunk.users)
    user, took = np.empty(users, np.int32), np.empty(users, np.int64)
    happened = np.empty(users, np.int8)
    count = _durations(
        chunk.offsets, chunk["timestamp"], chunk["event_type"], plan.starts_it, plan.ends,
        plan.since, plan.last, plan.own, plan.silence, user, took, happened,
    )  # fmt: skip
    return user[:count], took[:count] // plan.unit, happened[:count] > 0


def _measure(plan: _Plan, chunk: UserChunk) -> Durations:
    _, times, happened = _times(plan, chunk)
    return _added(times, happened.astype(np.int64), (~happened).astype(np.int64))


def _added(times: Array, events: Array, censored: Array) -> Durations:
    found, place = np.unique(times, return_inverse=True)
    sums = []
    for counts in (events, censored):
        total = np.zeros(len(found), np.int64)
        np.add.at(total, place, counts)
        sums.append(total)
    return Durations(found, sums[0], sums[1])


def _merge(parts: list[Durations]) -> Durations:
    nothing = np.zeros(0, np.int64)
    times, events, censored = (
        np.concatenate([nothing, *(getattr(part, name) for part in parts)])
        for name in ("times", "events", "censored")
    )
    return _added(times, events, censored)


def _find(plan: _Plan, time: int, state: str, chunk: UserChunk) -> Array:
    user, times, happened = _times(plan, chunk)
    if state == "at_risk":
        return chunk.users[user[times >= time]]
    return chunk.users[user[(times == time) & (happened == (state == "events"))]]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    definition: Mapping[str, str]
    unit: str
    to: str
    level: float

    def answer(self) -> Survival:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            _merge,
            columns=_COLUMNS,
            label="survival",
            log=self.scope.before,
        )
        total = asked.total
        median = median_of(total, kaplan_meier(total, self.level))
        found = log_rank([*asked.groups.values()]) if len(asked.groups) > 1 else None
        names = ("chi_squared", "degrees", "p_value")
        test = dict(zip(names, found, strict=True)) if found else None
        reached = int(total.events.sum())
        return Survival(
            frame=self._frame(total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            users_started=reached + int(total.censored.sum()),
            users_reached=reached,
            median=median[0],
            median_low=median[1],
            median_high=median[2],
            test=test,
            unit=self.unit,
            to=self.to,
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, durations: Durations) -> pa.Table:
        curve = kaplan_meier(durations, self.level)
        unknown = np.isnan(curve.low)
        return pa.table(
            {
                "time": pa.array(durations.times, pa.int64()),
                "at_risk": pa.array(durations.at_risk, pa.int64()),
                "events": pa.array(durations.events, pa.int64()),
                "censored": pa.array(durations.censored, pa.int64()),
                "survival": pa.array(curve.survival, pa.float64()),
                "low": pa.array(curve.low, pa.float64(), mask=unknown),
                "high": pa.array(curve.high, pa.float64(), mask=unknown),
                "happened_share": pa.array(1 - curve.survival, pa.float64()),
            }
        )

    def users(self, time: int, state: str, group: str | None) -> list[str]:
        known = ("events", "censored", "at_risk")
        if state not in known:
            raise OptionError.of("state", "Survival", f"one of {known}", state)
        find = partial(_find, self.plan, time, state)
        return listed(
            self.scope, group, find, columns=_COLUMNS, label="survival: users", before=True
        )


def _thinned(frame: pa.Table) -> pa.Table:
    """Keep a dozen rows of a long curve for printing."""
    count = frame.num_rows
    if count <= 15:
        return frame
    return frame.take(np.unique(np.linspace(0, count - 1, 12).round().astype(np.int64)))
