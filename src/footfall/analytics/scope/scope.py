"""Scopes: the part of a log a question counts, and its breakdown, the same for every question.

A scope hands out a log as if only the events in scope existed; questions need not know more. With
a breakdown, each chunk is split by group and every part is measured by the question's own measure,
so that a group's numbers are made exactly like those of the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.calendar import zone_named
from footfall.analytics.scope.conditions import Condition, condition
from footfall.analytics.scope.grouping import Grain, Grouping, grouping_by
from footfall.analytics.scope.period import Between, Period, parse_period
from footfall.analytics.scope.segments import Segment, members_of
from footfall.analytics.scope.split import kept, split
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.engine import ChunkSource
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

__all__ = ["Asked", "Scope", "nothing_in", "scoped"]

_NOTHING = "no event is in scope: nothing matches where, between and segment together"

P = TypeVar("P")
A = TypeVar("A")


@dataclass(frozen=True)
class Asked(Generic[A]):
    """What a question found in a scope.

    Parameters
    ----------
    total : A
        Of all events in scope.
    groups : mapping of str to A
        Of each group of the breakdown, largest first; empty without one.
    note : mapping of str to str
        A line for the answer's definition when nothing is in scope; empty otherwise.
    """

    total: A
    groups: Mapping[str, A]
    note: dict[str, str]


@dataclass(frozen=True, eq=False)
class Filter:
    """What is in scope: plain values that travel with the question.

    Parameters
    ----------
    period : Period or None
    condition : Condition or None
    members : ndarray of bool or None
        Of each user code.
    group : tuple of (Grouping, int) or None
        Only this group of a breakdown.
    """

    period: Period | None = None
    condition: Condition | None = None
    members: npt.NDArray[np.bool_] | None = None
    group: tuple[Grouping, int] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        times = ("timestamp",) if self.period else ()
        matched = self.condition.columns if self.condition else ()
        return (*times, *matched, *(self.group[0].columns if self.group else ()))

    @property
    def keeps_all(self) -> bool:
        """Whether every event is in scope."""
        return not (self.period or self.condition or self.group) and self.members is None

    def applied(self, chunk: UserChunk) -> UserChunk:
        """Keep the rows in scope. The group comes last: it is a group of what is in scope."""
        masks = []
        if self.members is not None:
            known = chunk.users < len(self.members)
            mine = np.zeros(len(chunk.users), bool)
            mine[known] = self.members[chunk.users[known]]
            masks.append(np.repeat(mine, np.diff(chunk.offsets)))
        if self.period is not None:
            times = chunk["timestamp"]
            masks.append((times >= self.period.start) & (times < self.period.end))
        if self.condition is not None:
            masks.append(self.condition.mask(chunk))
        if masks:
            chunk = kept(chunk, np.logical_and.reduce(masks))
        if self.group is not None:
            grouping, wanted = self.group
            chunk = kept(chunk, grouping.groups(chunk) == wanted)
        return chunk


@dataclass(frozen=True)
class _FilteredSource:
    """Chunks of another source with only the rows in scope."""

    base: Any  # a ChunkSource
    filter: Filter

    def __len__(self) -> int:
        return len(self.base)

    @property
    def events(self) -> int | None:
        """Number of events before filtering, if known."""
        return getattr(self.base, "events", None)

    def open(self, number: int) -> UserChunk:
        return self.filter.applied(self.base.open(number))

    def part(self, number: int) -> "_FilteredSource":
        return replace(self, base=self.base.part(number))


class _FilteredLog(LogView):
    """A log as if only the events in scope existed."""

    def __init__(self, base: LogView, scope: Filter) -> None:
        self.base = base
        self.filter = scope
        self.engine = base.engine
        self.codes = base.codes

    @property
    def users(self) -> Any:  # type: ignore[override]  # read when first needed
        return self.base.users

    @property
    def items(self) -> Any:  # type: ignore[override]
        return self.base.items

    def source(self, columns: Sequence[str]) -> ChunkSource:
        wanted = tuple(dict.fromkeys([*columns, *self.filter.columns]))
        return _FilteredSource(self.base.source(wanted), self.filter)

    def property_keys(self) -> list[str]:
        return self.base.property_keys()

    def segments(self) -> list[str]:
        return self.base.segments()

    def saved_segment(self, name: str, *, version: int | None = None) -> dict[str, Any]:
        return self.base.saved_segment(name, version=version)


@dataclass(frozen=True)
class Scope:
    """The part of a log a question counts; made by :func:`scoped`.

    Attributes
    ----------
    base : LogView
        The whole log.
    filter : Filter
    grouping : Grouping or None
        The breakdown.
    definition : dict of str to str
        Lines for the answer's definition: where, between, segment, breakdown, as far as given.
    """

    base: LogView
    filter: Filter
    grouping: Grouping | None = None
    definition: dict[str, str] = field(default_factory=dict)

    @property
    def period(self) -> Period | None:
        """The time asked about, microseconds UTC; None for all."""
        return self.filter.period

    @cached_property
    def log(self) -> LogView:
        """The log as if only the events in scope existed."""
        return self.base if self.filter.keeps_all else _FilteredLog(self.base, self.filter)

    @cached_property
    def before(self) -> LogView:
        """The same with the events before the period: who is new is decided by them."""
        if self.period is None:
            return self.log
        ending = Period(-(1 << 62), self.period.end)
        return _FilteredLog(self.base, replace(self.filter, period=ending))

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the breakdown's groups, largest first."""
        return self.grouping.names if self.grouping else ()

    def only(self, group: str, *, owner: str = "an answer") -> "Scope":
        """Give the scope of one group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such group.
        """
        if self.grouping is None or group not in self.groups:
            allowed = (
                f"one of {list(self.groups)}" if self.groups else "None: there is no breakdown"
            )
            raise OptionError.of("group", owner, allowed, group)
        mine = (self.grouping, self.groups.index(group))
        return replace(self, filter=replace(self.filter, group=mine), grouping=None)

    def of(self, group: str | None, *, owner: str = "an answer") -> "Scope":
        """Give the scope of one group, or of all for None; see :meth:`only`."""
        return self if group is None else self.only(group, owner=owner)

    def ask(
        self,
        measure: Callable[[UserChunk], P],
        merge: Callable[[list[P]], A],
        *,
        columns: Sequence[str],
        label: str = "",
        log: LogView | None = None,
    ) -> Asked[A]:
        """Ask a question of the scope, and of each group of its breakdown in the same pass.

        Parameters
        ----------
        measure, merge, columns, label
            As in :meth:`footfall.store.view.LogView.map`; the measure must be picklable.
        log : LogView, optional
            ``scope.before`` for questions that need the events before the period, too.

        Returns
        -------
        Asked
        """
        grouped = self.grouping.columns if self.grouping else ()
        return (log or self.log).map(
            partial(_measure_groups, measure, self.grouping),
            partial(_merge_groups, merge, self.groups, not self.filter.keeps_all),
            columns=tuple(dict.fromkeys([*columns, *grouped])),
            label=label,
        )


def scoped(
    log: LogView,
    *,
    owner: str,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    by: str | None = None,
    top: int = 10,
    grain: Grain = "user",
    gap_minutes: float = 30,
    time_zone: str = "UTC",
) -> Scope:
    """Say which events count, and what to break them down by.

    Parameters
    ----------
    log : LogView
    owner : str
        The question: errors name it.
    where : str, optional
        An expression events must match (:mod:`footfall.analytics.scope.expression`).
    between : str or pair of moments, optional
        A period (:func:`footfall.analytics.scope.period.parse_period`).
    segment : str or Segment, optional
        Only users of this segment; a str is the name of a saved one.
    by : str, optional
        A field whose values are the groups (:func:`footfall.analytics.scope.fields.field_named`).
    top : int, default=10
        Groups that keep their name; the rest is "(other)", events without a value "(none)".
    grain : "event", "session" or "user", default="user"
        How rows get their group: see :class:`footfall.analytics.scope.grouping.Grouping`.
    gap_minutes : float, default=30
        Silence that ends a session, for the grain "session".
    time_zone : str, default="UTC"
        Whose days and hours are meant.

    Raises
    ------
    OptionError
        If one of them cannot be understood.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-08T10:00", "purchase", "kettle", 1, 1990),
    ...     ("bob", "2026-01-02T09:00", "view", "teapot"),
    ... ])
    >>> scope = scoped(log, owner="doc", where="item_id = kettle", between="2026-01-05..")
    >>> scope.log.events, scope.definition["where"]
    (1, 'item_id = kettle')
    """
    zone_named(time_zone, owner=owner)
    definition = {}
    matching = None
    if where is not None:
        matching = condition(log, where, owner=owner, time_zone=time_zone)
        definition["where"] = where
    period = None
    if between is not None:
        period = parse_period(between, log=log, owner=owner, time_zone=time_zone)
        definition["between"] = str(period)
    members = None
    if segment is not None:
        try:
            members = members_of(log, segment, time_zone=time_zone)
        except OptionError as error:
            raise OptionError(f"The 'segment' option of {owner} does not work: {error}") from error
        name = segment if isinstance(segment, str) else segment.name
        definition["segment"] = f"users of {name!r}, as of the last event of the log"
    gap = gap_microseconds(gap_minutes, owner=owner)
    scope = Scope(log, Filter(period, matching, members), None, definition)
    if by is None:
        return scope
    grouping = grouping_by(
        scope.log, by, top=top, grain=grain, gap=gap, owner=owner, time_zone=time_zone
    )
    return replace(
        scope, grouping=grouping, definition=definition | {"breakdown": grouping.definition}
    )


def nothing_in(log: LogView, found: int) -> dict[str, str]:
    """Give the line for an answer's definition when nothing is in scope; empty otherwise.

    For questions that do not :meth:`Scope.ask`, which tells it by the way.

    Parameters
    ----------
    log : LogView
        The log of a scope.
    found : int
        What the question counted: only where that is 0, the log is looked at again.
    """
    nothing = not found and isinstance(log, _FilteredLog) and not log.events
    return {"note": _NOTHING} if nothing else {}


Measured = tuple[int, P, list[P | None]]


def _measure_groups(
    measure: Callable[[UserChunk], P], grouping: Grouping | None, chunk: UserChunk
) -> Measured[P]:
    if grouping is None:
        return chunk.events, measure(chunk), []
    parts = split(chunk, grouping.groups(chunk), len(grouping.names))
    return (
        chunk.events,
        measure(chunk),
        [None if part is None else measure(part) for part in parts],
    )


def _merge_groups(
    merge: Callable[[list[P]], A],
    names: Sequence[str],
    filtered: bool,  # noqa: FBT001  # bound by partial
    parts: list[Measured[P]],
) -> Asked[A]:
    groups = {
        name: merge([mine for _, _, each in parts if (mine := each[at]) is not None])
        for at, name in enumerate(names)
    }
    note = {}
    if filtered and not any(events for events, _, _ in parts):
        note = {"note": _NOTHING}
    return Asked(merge([total for _, total, _ in parts]), groups, note)
