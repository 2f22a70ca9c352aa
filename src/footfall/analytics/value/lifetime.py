"""Lifetime value so far: what users brought in, by the period they began in and by age."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Calendar, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.lifetime_table import (
    CohortMoney,
    Plan,
    average_frame,
    cohort_frame,
    list_cohort,
    measure_cohorts,
    merge_cohorts,
)
from footfall.analytics.value.orders import order_rule
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["LifetimeValue", "lifetime_value"]

_MOST_AGES = 1000


@dataclass(frozen=True, kw_only=True, repr=False)
class LifetimeValue(Answer):
    """The answer of :func:`lifetime_value`.

    Attributes
    ----------
    frame : pa.Table
        A row a cohort and age: cohort (its period), age (periods since, from 0), users of the
        cohort, and until the end of that age: buyers (users with an order), orders, revenue_minor
        (int64), value_per_user (major units). Null where the period is not over yet.
    averages : pa.Table
        A row an age: age, users, revenue_minor, value_per_user, over all cohorts for which the age
        is over.
    groups : pa.Table or None
        With a breakdown, `averages` a group.
    unit : str
        Of periods and ages: day, week or month.
    definition : mapping of str to str
    """

    frame: pa.Table
    averages: pa.Table
    groups: pa.Table | None
    unit: str
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, cohort: str, *, age: int | None = None, group: str | None = None) -> list[str]:
        """List the users of a cohort; with an age, its buyers until the end of that age.

        Raises
        ------
        OptionError
            If there is no such cohort, age or group.
        """
        return self._question.users(cohort, age, group)

    def to_json(self) -> dict[str, Any]:
        """Give cohorts, averages, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {
            "unit": self.unit,
            "cohorts": self.frame.to_pylist(),
            "averages": self.averages.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw cohorts by age as a table of colors; with a breakdown, a curve a group."""
        from footfall.analytics.value.period_charts import draw_cohorts, draw_value_curves

        return draw_cohorts(self) if self.groups is None else draw_value_curves(self)

    def __str__(self) -> str:
        text = f"{_wide(self.frame)}\n\n{text_table(self.averages)}"
        return text if self.groups is None else f"{text}\n\n{text_table(self.groups)}"


def _wide(frame: pa.Table) -> str:
    """Write a cohort a line, an age a column."""
    rows: dict[str, dict[str, Any]] = {}
    ages = sorted(set(frame.column("age").to_pylist()))
    for row in frame.to_pylist():
        blank = {"cohort": row["cohort"], "users": row["users"]} | {str(age): None for age in ages}
        rows.setdefault(row["cohort"], blank)[str(row["age"])] = row["value_per_user"]
    names = ["cohort", "users", *map(str, ages)]
    kinds = [pa.string(), pa.int64(), *[pa.float64()] * len(ages)]
    return text_table(
        pa.table(
            {
                name: pa.array([row[name] for row in rows.values()], kind)
                for name, kind in zip(names, kinds, strict=True)
            }
        )
    )


def lifetime_value(
    log: LogView,
    *,
    unit: Literal["day", "week", "month"] = "month",
    start: Literal["purchase", "event"] = "purchase",
    periods: int = 12,
    event_type: str = "purchase",
    returns: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> LifetimeValue:
    """Add up what users brought in so far, by when they began and how old they are.

    A cohort is the users who began in one period of the calendar; age 0 is that period itself.
    The value at an age is all money from the beginning to the end of that age over all users of
    the cohort, whether they bought or not. It is what happened, not a forecast.

    Parameters
    ----------
    log : LogView
    unit : "day", "week" or "month", default="month"
        Periods of the calendar, in `time_zone`; weeks start on Monday.
    start : "purchase" or "event", default="purchase"
        A user begins with the first purchase, or with the first event of any kind.
    periods : int, default=12
        Ages that are counted, at most: those the log is too short for are left out.
    event_type : str, default="purchase"
        What counts as buying.
    returns : str, optional
        Event type whose amounts are taken off, in the period of the return.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group. With `between`, the cohorts that began
        within it, and their money until its end; who had begun before is decided by the events
        before it.

    Returns
    -------
    LifetimeValue

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-10", "purchase", "tea", 1, 1000),
    ...     ("ann", "2026-02-10", "purchase", "tea", 1, 500),
    ...     ("bob", "2026-01-20", "purchase", "cup", 1, 2000),
    ...     ("cid", "2026-03-05", "purchase", "cup", 1, 700),
    ... ])
    >>> lifetime_value(log, periods=3).frame.slice(0, 3).column("value_per_user").to_pylist()
    [15.0, 17.5, None]
    """
    if isinstance(periods, bool) or not isinstance(periods, int) or not 1 <= periods <= _MOST_AGES:
        raise OptionError.of("periods", "lifetime_value", f"an int from 1 to {_MOST_AGES}", periods)
    if unit not in ("day", "week", "month"):
        raise OptionError.of("unit", "lifetime_value", "'day', 'week' or 'month'", unit)
    if start not in ("purchase", "event"):
        raise OptionError.of("start", "lifetime_value", "'purchase' or 'event'", start)
    scope = scoped(
        log, owner="lifetime_value", where=where, between=between, segment=segment, by=by,
        top=top, grain="user", time_zone=time_zone,
    )  # fmt: skip
    rule = order_rule(log, event_type=event_type, owner="lifetime_value")
    back = None
    if returns is not None:
        # Each return counts at its own time, whatever the session.
        back = order_rule(log, event_type=returns, order="moment", owner="lifetime_value")
    calendar = Calendar(unit, time_zone, owner="lifetime_value")
    question = _planned(scope, calendar, Plan(rule, back, start == "event", _NONE, 0, periods))
    asked = scope.ask(
        partial(measure_cohorts, question.plan),
        partial(merge_cohorts, question.plan),
        columns=question.plan.columns,
        label="lifetime value",
        log=scope.before,
    )
    return LifetimeValue(
        frame=cohort_frame(asked.total, question.labels, question.cohorts, question.over),
        averages=question.average(asked.total),
        groups=stacked({name: question.average(each) for name, each in asked.groups.items()}),
        unit=unit,
        definition={
            "unit": f"users by the {unit} of their first {start}; money of {event_type} events"
            + (f" less that of {returns}" if returns else ""),
            "window": f"{periods} {unit}s of the calendar from the first; a {unit} that is not"
            " over at the end of the log has no value yet",
            "order": "timestamp",
            "ties": "none matter: sums",
            "time_zone": time_zone,
        }
        | scope.definition
        | asked.note,
        _question=question,
    )


_NONE = np.zeros(1, np.int64)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: Plan
    labels: list[str]
    cohorts: range  # the periods that are shown as cohorts
    over: int  # how many periods are over

    def average(self, counts: CohortMoney) -> pa.Table:
        return average_frame(counts, self.cohorts, self.over)

    def users(self, cohort: str, age: int | None, group: str | None) -> list[str]:
        shown = [self.labels[place] for place in self.cohorts]
        if cohort not in shown:
            raise OptionError.of("cohort", "LifetimeValue", f"one of {shown}", cohort)
        if age is not None and age not in range(self.plan.ages):
            allowed = f"an int from 0 to {self.plan.ages - 1}"
            raise OptionError.of("age", "LifetimeValue", allowed, age)
        log = self.scope.of(group, owner="LifetimeValue").before
        codes: Array = log.map(
            partial(list_cohort, self.plan, self.labels.index(cohort), age),
            joined,
            columns=self.plan.columns,
            label="lifetime value: users",
        )
        return sorted_ids(log, codes)


def _planned(scope: Scope, calendar: Calendar, plan: Plan) -> _Question:
    """Lay the calendar over the events in scope."""
    span, whole = scope.before.span, scope.base.span
    if span is None or whole is None:
        return _Question(scope, plan, [], range(0), 0)
    end = whole[1] + 1
    since = span[0]
    if scope.period is not None:
        end, since = min(end, scope.period.end), max(since, scope.period.start)
    starts = calendar.starts(span[0], end - 1)
    labels = [calendar.label(start) for start in starts[:-1].tolist()]
    first = int(np.searchsorted(starts, since, side="right")) - 1
    over = int(np.searchsorted(starts, end, side="right")) - 1
    ages = min(plan.ages, len(labels))
    plan = Plan(plan.rule, plan.returns, plan.by_event, starts, since, ages)
    return _Question(scope, plan, labels, range(first, len(labels)), over)
