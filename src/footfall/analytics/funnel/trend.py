"""Conversion over time: a funnel for each calendar period in which chains begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.funnel.conversion import Question, asked
from footfall.analytics.funnel.counts import FunnelPart, Reached, counted_groups, merge_funnel
from footfall.analytics.funnel.plan import Excluding, Order, Per, Plan
from footfall.analytics.funnel.times import minutes_of
from footfall.analytics.funnel.wording import definition_of, step_names
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, Calendar, nothing_in
from footfall.analytics.scope.calendar import Unit, places_of
from footfall.analytics.scope.grouping import Grouping
from footfall.analytics.scope.segments import Segment
from footfall.analytics.steps import StepLike
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["FunnelTrend", "funnel_trend"]

_MOST_PERIODS = 4000


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelTrend(Answer):
    """The answer of :func:`funnel_trend`.

    Attributes
    ----------
    steps : tuple of str
    frame : pa.Table
        One row a period and step: period ("2026-01-05", its first day), complete (whether the
        window of every chain that begins in it is over), step, event_type, users (sessions before
        them with ``per="session"``), rate (share of the first step), of_previous, median_minutes.
    groups : pa.Table or None
        With a breakdown, the same for each group.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "rate": "share",
        "of_previous": "share",
        "median_minutes": "minutes",
    }

    steps: tuple[str, ...]
    frame: pa.Table
    groups: pa.Table | None
    definition: Mapping[str, str]
    unit: str
    _question: Question = field(compare=False)
    _starts: npt.NDArray[np.int64] = field(compare=False)

    def users(self, period: str, step: int, *, group: str | None = None) -> list[str]:
        """List the users of one row.

        Parameters
        ----------
        period : str
            As the table writes it.
        step : int
            From 1.
        group : str, optional
            A group of the breakdown; None for all users.

        Raises
        ------
        OptionError
            If there is no such period, step or group.
        """
        names = list(dict.fromkeys(self.frame.column("period").to_pylist()))
        if period not in names:
            raise OptionError.of("period", "FunnelTrend", f"one of {names}", period)
        if step not in range(1, len(self.steps) + 1):
            allowed = f"an int from 1 to {len(self.steps)}"
            raise OptionError.of("step", "FunnelTrend", allowed, step)
        grouping = self._question.grouping
        place = names.index(period)
        if group is not None:
            groups = () if grouping is None else grouping.names
            if group not in groups:
                raise OptionError.of("group", "FunnelTrend", f"one of {list(groups)}", group)
            place += groups.index(group) * len(names)
        question = self._question
        parts = question.log.map(
            partial(
                _users,
                question.plan,
                None if group is None else grouping,
                self._starts,
                place,
                step,
            ),
            list,
            columns=_columns(question),
            label="funnel_trend: users",
        )
        codes = np.unique(np.concatenate([np.zeros(0, np.int32), *parts]))
        return sorted(question.log.user_ids.strings(codes).to_pylist())

    def plot(self) -> "go.Figure":
        """Draw the rate of the last step as a line; periods that are not complete are hollow."""
        from footfall.analytics.funnel.charts_of_trend import draw_trend

        return draw_trend(self)

    def to_json(self) -> dict[str, Any]:
        """Give rows and definition as plain values."""
        answer: dict[str, Any] = {"periods": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}


def funnel_trend(
    log: LogView,
    *,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
    unit: Unit = "day",
    order: Order = "ordered",
    per: Per = "user",
    same_item: bool = False,
    excluding: Excluding = None,
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> FunnelTrend:
    """Count a funnel for each period of the calendar, by when its chains begin.

    A user counts in every period in which a chain of that user begins, with the steps that chains
    from this period reach, even after it: so each period's rate is of its own first steps, and a
    later one does not take from it. A period is complete when the log goes on for the whole window
    after its end; the rates of others can still rise.

    Parameters
    ----------
    log : LogView
    steps, within, order, per, same_item, excluding, gap_minutes
        The funnel: see :func:`footfall.analytics.funnel.funnel`.
    unit : "hour", "day", "week" or "month", default="day"
        Of the calendar in ``time_zone``; weeks start on Monday.
    by : str, optional
        A property of users, or of the chain's first event.
    where, between, segment, time_zone
        What counts: see :func:`footfall.analytics.funnel.funnel`.
    top : int, default=10
        Groups that keep their name.

    Returns
    -------
    FunnelTrend

    Raises
    ------
    OptionError

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05T10:00", "view"),
    ...     ("ann", "2026-01-06T10:00", "purchase"),
    ...     ("bob", "2026-01-06T09:00", "view"),
    ... ])
    >>> print(funnel_trend(log, steps="view,purchase", within="1d"))
    period      complete  step  event_type  users     rate  of_previous  median_minutes
    2026-01-05  no           1  view            1  100.0 %      100.0 %             0.0
    2026-01-05  no           2  purchase        1  100.0 %      100.0 %         1,440.0
    2026-01-06  no           1  view            1  100.0 %      100.0 %             0.0
    2026-01-06  no           2  purchase        0    0.0 %        0.0 %               -
    """
    calendar = Calendar(unit, time_zone, "funnel_trend")
    question = asked(
        log, owner="funnel_trend", steps=steps, within=within, order=order, per=per,
        same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, where=where,
        between=between, segment=segment, time_zone=time_zone,
    )  # fmt: skip
    if by is not None:
        question = question.broken_down(by, top)
    span = question.log.span
    starts = calendar.starts(*span) if span else np.zeros(1, np.int64)
    if len(starts) > _MOST_PERIODS:
        allowed = f"one that gives at most {_MOST_PERIODS} periods"
        raise OptionError.of("unit", "funnel_trend", allowed, unit)
    labels = [calendar.label(int(start)) for start in starts[:-1]]
    complete = (starts[1:] - 1 + question.plan.within <= question.last_moment).tolist()
    return FunnelTrend(
        steps=step_names(question.plan),
        frame=_table(question, _counted(question, None, starts), labels, complete),
        groups=_groups(question, starts, labels, complete),
        definition=_definition(question, unit, time_zone) | nothing_in(question.log, len(labels)),
        unit=question.unit,
        _question=question,
        _starts=starts,
    )


def _columns(question: Question) -> tuple[str, ...]:
    return tuple(dict.fromkeys(["timestamp", *question.columns]))


def _counted(
    question: Question, grouping: Grouping | None, starts: npt.NDArray[np.int64]
) -> list[FunnelPart]:
    groups = (len(starts) - 1) * (len(grouping.names) if grouping else 1)
    found: FunnelPart = question.log.map(
        partial(_measure, question.plan, grouping, starts, groups),
        partial(merge_funnel, len(question.plan.steps), groups),
        columns=_columns(question),
        label=question.owner,
    )
    return found.groups


def _reached(
    plan: Plan,
    grouping: Grouping | None,
    starts: npt.NDArray[np.int64],
    groups: int,
    chunk: UserChunk,
) -> Reached:
    """Find the chains by the period (and group) of their first event."""
    place = places_of(chunk, starts)
    if grouping is not None:
        mine = grouping.groups(chunk)
        inside = (mine >= 0) & (place >= 0)
        place = np.where(inside, mine * (len(starts) - 1) + place, -1).astype(np.int32)
    return Reached.of(plan.entries(chunk, place, groups), chunk["timestamp"])


def _measure(
    plan: Plan,
    grouping: Grouping | None,
    starts: npt.NDArray[np.int64],
    groups: int,
    chunk: UserChunk,
) -> FunnelPart:
    found = _reached(plan, grouping, starts, groups, chunk)
    return counted_groups(found, len(plan.steps), groups)


def _users(
    plan: Plan,
    grouping: Grouping | None,
    starts: npt.NDArray[np.int64],
    place: int,
    step: int,
    chunk: UserChunk,
) -> npt.NDArray[np.int32]:
    groups = (len(starts) - 1) * (len(grouping.names) if grouping else 1)
    found = _reached(plan, grouping, starts, groups, chunk)
    return chunk.users[found.user[(found.group == place) & (found.reached >= step)]]


def _groups(
    question: Question, starts: npt.NDArray[np.int64], labels: list[str], complete: list[bool]
) -> pa.Table | None:
    if question.grouping is None:
        return None
    found, periods = _counted(question, question.grouping, starts), len(labels)
    tables = []
    for place, name in enumerate(question.grouping.names):
        table = _table(question, found[place * periods :][:periods], labels, complete)
        tables.append(table.add_column(0, "group", pa.array([name] * table.num_rows, pa.string())))
    empty = _table(question, [], [], [])
    return pa.concat_tables([empty.add_column(0, "group", pa.array([], pa.string())), *tables])


def _table(
    question: Question, found: Sequence[FunnelPart], labels: list[str], complete: list[bool]
) -> pa.Table:
    names = step_names(question.plan)
    rows = []
    for label, done, part in zip(labels, complete, found, strict=True):
        counts = part.units.tolist()
        for step, count in enumerate(counts):
            before = counts[max(step - 1, 0)]
            rows.append(
                (label, done, step + 1, names[step], count, int(part.users[step]),
                 count / counts[0] if counts[0] else 0.0, count / before if before else 0.0,
                 minutes_of(quantile(part.took[step], 0.5)))
            )  # fmt: skip
    kinds = {"period": pa.string(), "complete": pa.bool_(), "step": pa.int64()}
    kinds |= {"event_type": pa.string(), "sessions": pa.int64(), "users": pa.int64()}
    kinds |= {name: pa.float64() for name in ("rate", "of_previous", "median_minutes")}
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in kinds]
    table = pa.table(
        {n: pa.array(c, kind) for (n, kind), c in zip(kinds.items(), columns, strict=True)}
    )
    return table if question.unit == "sessions" else table.drop_columns(["sessions"])


def _definition(question: Question, unit: str, time_zone: str) -> dict[str, str]:
    whose = question.unit[:-1]
    return (
        definition_of(question.plan, question.grouping)
        | {
            "time_zone": time_zone,
            "period": f"the {unit} of a chain's first event; a {whose} counts in each {unit} in"
            f" which a chain begins, so periods may add up to more than all {question.unit}",
            "complete": "the log goes on for the whole window after the period's end",
        }
        | question.definition
    )
