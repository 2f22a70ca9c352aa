"""Retention: of the users that started together, how many come back, period by period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.brackets import (
    Bracket,
    Brackets,
    Kind,
    brackets_of,
    kind_named,
    reach_of,
)
from footfall.analytics.cohort.periods import periods_of
from footfall.analytics.cohort.retention_table import Table, definition_of
from footfall.analytics.cohort.returning import (
    EACH,
    EVER,
    IN_PERIOD,
    Plan,
    marked_users,
    measure,
    merge,
)
from footfall.analytics.cohort.words import ANY, FIRST, wanted_types, whole_number
from footfall.analytics.scope import Scope
from footfall.analytics.scope.calendar import Calendar, Unit
from footfall.analytics.scope.period import Between
from footfall.errors import OptionError
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Retention", "retention"]

First = Literal["ever", "period", "each"]
_FIRST = {"ever": EVER, "period": IN_PERIOD, "each": EACH}
_HOUR = 3_600_000_000
_WIDTH = {"hour": _HOUR, "day": 24 * _HOUR, "week": 168 * _HOUR}


@dataclass(frozen=True, kw_only=True, repr=False)
class Retention(Answer):
    """The answer of :func:`retention`.

    Attributes
    ----------
    frame : pa.Table
        A row a cohort and period: cohort (string, its first day), users (int64, its size), period
        (string: "0" is the cohort's own, "1-3" a bracket), retained (int64), rate (float64, share
        of the cohort). Null where the period is not over. By money: money_minor (int64, of the
        period) and first_minor (int64, of the cohort's own period) take the place of retained.
    averages : pa.Table
        A row a period: period, cohorts (those for which it is over), users (of them), retained,
        rate: weighted by the size of the cohorts.
    groups, group_averages : pa.Table or None
        The same with a first column "group", with a breakdown.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"rate": "share"}

    frame: pa.Table
    averages: pa.Table
    definition: Mapping[str, str]
    groups: pa.Table | None = None
    group_averages: pa.Table | None = None
    _question: "_Question"

    @property
    def matrix(self) -> pa.Table:
        """The rates as people draw them: a row a cohort, a column a period, averages last."""
        return self._question.table.wide(self.frame, self.averages)

    def users(
        self, cohort: str, period: str | int | None = None, *, group: str | None = None
    ) -> list[str]:
        """List a cohort's users, or those of them that came back in a period.

        Parameters
        ----------
        cohort : str
            As in the frame.
        period : str or int, optional
            As in the frame; None for the whole cohort.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such cohort, period or group, or the period is not over.
        """
        return self._question.users(cohort, period, group, mark=2)

    def lost(self, cohort: str, period: str | int, *, group: str | None = None) -> list[str]:
        """List a cohort's users that did not come back in a period.

        Raises
        ------
        OptionError
            If there is no such cohort, period or group, or the period is not over.
        """
        return self._question.users(cohort, period, group, mark=1)

    def to_json(self) -> dict[str, Any]:
        """Give the table, its averages, the groups' and the definition as plain values."""
        answer = {"cohorts": self.frame.to_pylist(), "averages": self.averages.to_pylist()}
        if self.group_averages is not None and self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
            answer["group_averages"] = self.group_averages.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a table of colors; with a breakdown, a curve a group."""
        from footfall.analytics.cohort.charts import draw_curves, draw_matrix

        return draw_matrix(self) if self.group_averages is None else draw_curves(self)

    def __str__(self) -> str:
        matrix = self.matrix
        formats = dict.fromkeys(matrix.column_names[2:], "share")
        text = text_table(matrix, formats=formats)
        if self.group_averages is None:
            return text
        return f"{text}\n\n{text_table(self.group_averages, formats=self.FORMATS)}"


def retention(
    log: LogView,
    *,
    start: str = FIRST,
    returning: str = ANY,
    first: First = "ever",
    unit: Unit = "week",
    kind: Kind | Literal["rolling"] = "bounded",
    periods: int = 12,
    brackets: Sequence[Bracket] | str | None = None,
    at_least: int = 1,
    windows: Literal["calendar", "own"] = "calendar",
    weight: Literal["users", "money"] = "users",
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Retention:
    """Count, of the users that started in the same period, those that come back.

    Parameters
    ----------
    log : LogView
    start : str, default="first event"
        What puts a user into a cohort: event types joined by "|", or any event.
    returning : str, default="any event"
        What counts as coming back, from the start on; the start itself is period 0.
    first : "ever", "period" or "each"
        Which start: the first one ever (users that started before the time asked for are in no
        cohort), the first one of the time asked for, or each: a user is in the cohort of every
        period with a start.
    unit : "hour", "day", "week" or "month"
    kind : "bounded", "unbounded" (also called "rolling"), "within" or "unbroken"
        Back in the period itself; in it or any later one; in it or any one since the start's; in it
        and every one before it.
    periods : int, default=12
        Last period shown.
    brackets : sequence, optional
        Periods taken together instead: ``[0, "1-3", "4-7"]``.
    at_least : int, default=1
        Returning events it takes.
    windows : "calendar" or "own"
        Periods of the calendar, or windows of the same length from the user's own start (24 hours,
        7 days).
    weight : "users" or "money"
        Money: amounts of the returning events (purchases, when any event returns) against those of
        the cohort's own period.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the calendar.

    Returns
    -------
    Retention

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05", "view"), ("ann", "2026-01-13", "view"),
    ...     ("bob", "2026-01-06", "view"), ("cid", "2026-01-14", "view"),
    ...     ("cid", "2026-01-20", "view"), ("dan", "2026-01-25T23:00", "view"),
    ... ])
    >>> answer = retention(log, periods=2)
    >>> print(answer)
    cohort      users        0       1      2
    2026-01-05      2  100.0 %  50.0 %  0.0 %
    2026-01-12      1  100.0 %  100.0 %     -
    2026-01-19      1  100.0 %       -      -
    average         4  100.0 %  66.7 %  0.0 %
    >>> answer.lost("2026-01-05", 1)
    ['bob']
    """
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    columns = brackets_of(
        brackets,
        whole_number(periods, option="periods", owner="retention", least=0, most=1000),
        owner="retention",
    )
    asked = _Options(
        start=start,
        returning="purchase" if weight == "money" and returning == ANY else returning,
        first=first,
        unit=unit,
        kind=kind_named(kind, owner="retention"),
        columns=columns,
        at_least=whole_number(at_least, option="at_least", owner="retention", least=1, most=10**6),
        windows=windows,
        weight=weight,
    )
    return _question(log, who, asked).answer()


@dataclass(frozen=True, kw_only=True)
class _Options:
    start: str
    returning: str
    first: First
    unit: Unit
    kind: Kind
    columns: Brackets
    at_least: int
    windows: str
    weight: str

    def __post_init__(self) -> None:
        for option, got, known in (
            ("first", self.first, get_args(First)),
            ("windows", self.windows, ("calendar", "own")),
            ("weight", self.weight, ("users", "money")),
        ):
            if got not in known:
                raise OptionError.of(option, "retention", f"one of {known}", got)
        if self.windows == "own" and (self.unit == "month" or self.first == "each"):
            allowed = "'calendar' where months are counted or a user starts more than once"
            raise OptionError.of("windows", "retention", allowed, self.windows)
        if self.weight == "money" and (self.kind == "unbroken" or self.at_least > 1):
            allowed = "'users' for unbroken retention and where it takes several events"
            raise OptionError.of("weight", "retention", allowed, self.weight)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: Plan
    table: Table
    definition: Mapping[str, str]

    def answer(self) -> Retention:
        asked = self.scope.ask(
            partial(measure, self.plan),
            partial(merge, self.plan),
            columns=self.plan.columns,
            label="retention",
            log=self.scope.before if self.plan.first == EVER else None,
        )
        groups, averages = None, None
        if asked.groups:
            groups = stacked({name: self.table.long(part) for name, part in asked.groups.items()})
            averages = stacked(
                {name: self.table.averages(part) for name, part in asked.groups.items()}
            )
        return Retention(
            frame=self.table.long(asked.total),
            averages=self.table.averages(asked.total),
            groups=groups,
            group_averages=averages,
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def users(
        self, cohort: str, period: str | int | None, group: str | None, mark: int
    ) -> list[str]:
        place, column = self.table.cell(cohort, period)
        find = partial(marked_users, self.plan, place, column, -1 if period is None else mark)
        return listed(
            self.scope,
            group,
            find,
            columns=self.plan.columns,
            label="retention: users",
            before=self.plan.first == EVER,
        )


def _question(log: LogView, who: Who, asked: _Options) -> _Question:
    calendar = Calendar(asked.unit, who.time_zone, "retention")
    scope = who.scope(log, owner="retention")
    span = periods_of(log, scope.period, calendar)
    low, high = reach_of(asked.columns, asked.kind)
    width = _WIDTH[asked.unit] if asked.windows == "own" else 0
    plan = Plan(
        starts=span.starts,
        since=span.since,
        starts_it=wanted_types(log, asked.start, option="start", owner="retention"),
        returns=wanted_types(log, asked.returning, option="returning", owner="retention"),
        first=_FIRST[asked.first],
        width=width,
        low=low,
        high=high,
        at_least=asked.at_least,
        unbroken=asked.kind == "unbroken",
        money=asked.weight == "money",
    )
    table = Table(periods=span, columns=asked.columns, width=width, money=plan.money)
    text = definition_of(
        start=asked.start, returning=asked.returning, first=asked.first, kind=asked.kind,
        unit=asked.unit, at_least=asked.at_least, own=width > 0, money=plan.money,
        time_zone=who.time_zone,
    )  # fmt: skip
    return _Question(scope, plan, table, text | scope.definition)
