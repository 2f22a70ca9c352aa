"""Funnels: how many users go through steps in time, where they stop, how long it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pyarrow as pa

from footfall.analytics.funnel.answer import Funnel
from footfall.analytics.funnel.counts import (
    FunnelPart,
    first_step_groups,
    measure_funnel,
    merge_funnel,
)
from footfall.analytics.funnel.plan import Excluding, Order, Per, Plan
from footfall.analytics.funnel.times import minutes_of
from footfall.analytics.funnel.wording import definition_of, step_names
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, nothing_in, scoped
from footfall.analytics.scope.grouping import Grouping
from footfall.analytics.scope.segments import Segment
from footfall.analytics.steps import StepLike
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

__all__ = ["Question", "asked", "funnel"]


def funnel(
    log: LogView,
    *,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
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
) -> Funnel:
    """Count the users (or sessions) that go through steps within a time.

    A user reaches step k when there are k different events of that user in log order (timestamp,
    then arrival), one for each step, the last at most ``within`` after the first. Other events may
    lie between; any such chain counts, not only the one from the user's first event.

    Parameters
    ----------
    log : LogView
    steps : sequence of str or Step, or str with commas
        Event types in order. One step may be several types ("view|click"); a type may come twice;
        "view[price > 100 and brand = 'acme']" takes only events for which the condition holds.
    within : str or timedelta
        Longest time from the first to the last event of a chain, inclusive ("7d", "30m").
    order : "ordered", "strict" or "any", default="ordered"
        strict: the events of a chain follow each other directly among the user's (session's) events
        in scope. any: step k means any k of the steps, done by k different events.
    per : "user" or "session", default="user"
        session: chains stay inside a session, and sessions are counted beside their users.
    same_item : bool, default=False
        All events of a chain have the same item; a user counts if this is so for any item. Events
        without an item, and what happens to other items in between, do not matter.
    excluding : str, Step, sequence of them, or mapping of str to (int, int), optional
        Events that break a chain when they lie between its first and last event, or between two
        steps: ``{"remove_from_cart": (2, 3)}``, in text ``"remove_from_cart:2-3"``. The chain's
        own events never break it; a chain without such an event still counts.
    gap_minutes : float, default=30
        Silence that ends a session.
    by : str, optional
        Break down by a property of users, or by one of the chain's first event (its own, its
        item's, or of the time): then a user may be in several groups.
    where : str, optional
        An expression events must match: everything is counted as though only those existed.
    between : str or pair of moments, optional
        Only events of this period.
    segment : str or Segment, optional
        Only users of this segment.
    top : int, default=10
        Groups that keep their name; the rest becomes "(other)".
    time_zone : str, default="UTC"
        Whose days and hours ``between``, ``by`` and conditions mean.

    Returns
    -------
    Funnel

    Raises
    ------
    OptionError
        If a step was never seen, the duration cannot be read, ``by`` is no field, or options
        contradict each other.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = funnel(log, steps=["view", "purchase"], within="7d")
    >>> print(answer)
    step  event_type  users     rate  of_previous  median_minutes
       1  view            2  100.0 %      100.0 %             0.0
       2  purchase        1   50.0 %       50.0 %             5.0
    >>> answer.dropped(2)
    ['bob']
    """
    question = asked(
        log, owner="funnel", steps=steps, within=within, order=order, per=per,
        same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, where=where,
        between=between, segment=segment, time_zone=time_zone,
    )  # fmt: skip
    if by is not None:
        question = question.broken_down(by, top)
    return question.answer()


@dataclass(frozen=True)
class Question:
    """A funnel over a part of a log, ready to be asked.

    Parameters
    ----------
    log : LogView
        Of the events in scope.
    plan : Plan
    gap : int
        Microseconds of silence that end a session, whatever the unit.
    time_zone, owner : str
    definition : dict of str to str
        Lines about the scope.
    base : LogView
        The whole log.
    until : int or None
        End of the period in scope, microseconds.
    grouping : Grouping or None
    """

    log: LogView
    plan: Plan
    gap: int
    time_zone: str
    owner: str
    definition: dict[str, str]
    base: LogView
    until: int | None = None
    grouping: Grouping | None = None

    @property
    def last_moment(self) -> int:
        """The last moment of which the log (up to the end of ``between``) knows."""
        span = self.base.span
        last = span[1] if span else 0
        return last if self.until is None else min(last, self.until - 1)

    @property
    def unit(self) -> str:
        """What is counted: "users" or "sessions"."""
        return "users" if self.plan.gap is None else "sessions"

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that are read."""
        grouped = self.grouping.columns if self.grouping else ()
        return tuple(dict.fromkeys([*self.plan.columns, *grouped]))

    def broken_down(self, by: str, top: int) -> "Question":
        """Ask for the groups with most users, and for the rest as one."""
        grouping = first_step_groups(
            self.log, self.plan, by,
            top=top, gap=self.gap, owner=self.owner, time_zone=self.time_zone,
        )  # fmt: skip
        return replace(self, grouping=grouping)

    def counted(self) -> FunnelPart:
        """Ask the log."""
        groups = len(self.grouping.names) if self.grouping else 0
        return self.log.map(
            partial(measure_funnel, self.plan, self.grouping),
            partial(merge_funnel, len(self.plan.steps), groups),
            columns=self.columns,
            label=self.owner,
        )

    def answer(self) -> Funnel:
        """Ask the log and put the counts into a table."""
        found, names = self.counted(), step_names(self.plan)
        groups = None
        if self.grouping is not None:
            groups = _grouped(self.grouping.names, names, found.groups, self.unit)
        return Funnel(
            steps=names,
            frame=pa.table(_columns(names, found, self.unit)),
            groups=groups,
            definition=definition_of(self.plan, self.grouping)
            | self.definition
            | nothing_in(self.log, int(found.units[0])),
            _question=self,
            _found=found,
        )


def asked(
    log: LogView,
    *,
    owner: str,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
    order: Order = "ordered",
    per: Per = "user",
    same_item: bool = False,
    excluding: Excluding = None,
    gap_minutes: float = 30,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    time_zone: str = "UTC",
) -> Question:
    """Read the options of a funnel; see :func:`funnel`.

    Raises
    ------
    OptionError
    """
    if per not in {"user", "session"}:
        raise OptionError.of("per", owner, "'user' or 'session'", per)
    gap = gap_microseconds(gap_minutes, owner=owner)
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, time_zone=time_zone
    )
    plan = Plan.of(
        scope.log,
        steps=steps,
        within=parse_duration(within, option="within", owner=owner, least=0),
        order=order,
        gap=gap if per == "session" else None,
        same_item=same_item,
        excluding=excluding,
        owner=owner,
        time_zone=time_zone,
    )
    until = scope.period.end if scope.period else None
    return Question(scope.log, plan, gap, time_zone, owner, scope.definition, log, until)


def _columns(names: Sequence[str], found: FunnelPart, unit: str) -> dict[str, pa.Array]:
    counts = [int(count) for count in found.units]
    before = [counts[0], *counts[:-1]]
    medians = [minutes_of(quantile(took, 0.5)) for took in found.took]
    return {
        "step": pa.array(range(1, len(names) + 1), pa.int64()),
        "event_type": pa.array(names, pa.string()),
        unit: pa.array(counts, pa.int64()),
        "users": pa.array(found.users, pa.int64()),
        "rate": pa.array([_share(n, counts[0]) for n in counts], pa.float64()),
        "of_previous": pa.array(
            [_share(n, m) for n, m in zip(counts, before, strict=True)], pa.float64()
        ),
        "median_minutes": pa.array(medians, pa.float64()),
    }


def _grouped(
    groups: Sequence[str], names: Sequence[str], found: Sequence[FunnelPart], unit: str
) -> pa.Table:
    tables = [
        pa.table(
            {"group": pa.array([group] * len(names), pa.string())} | _columns(names, part, unit)
        )
        for group, part in zip(groups, found, strict=True)
    ]
    if not tables:
        nothing = merge_funnel(len(names), 0, [])
        empty = pa.table({"group": pa.array([""] * len(names))} | _columns(names, nothing, unit))
        return empty.slice(0, 0)
    return pa.concat_tables(tables)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
