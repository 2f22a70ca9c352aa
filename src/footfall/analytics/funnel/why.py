"""Why they drop: what most separates those lost at a step from those who go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.funnel.candidates import Candidate, Limits, candidates_of, ranked
from footfall.analytics.funnel.conversion import Question, asked
from footfall.analytics.funnel.evidence import Evidence, collect, merge_evidence
from footfall.analytics.funnel.plan import Excluding, Order, Per
from footfall.analytics.funnel.wording import definition_of, step_names
from footfall.analytics.scope import Between, nothing_in
from footfall.analytics.scope.fields import Field, field_named
from footfall.analytics.scope.segments import Segment
from footfall.analytics.steps import StepLike
from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID, USER_ID
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["DropReasons", "checked_at", "why_they_drop"]

_EVENT_FIELDS = ("price", "quantity", "rating", "currency", "action", "policy", "query", ITEM_ID)
_CLOCK = ("hour", "weekday")
# Free text and addresses: nobody drops because of an id that only one item has.
_FREE = frozenset({"title", "description", "image", "name", "email", "url"})


@dataclass(frozen=True, kw_only=True, repr=False)
class DropReasons(Answer):
    """The answer of :func:`why_they_drop`.

    Attributes
    ----------
    steps : tuple of str
    at : int
        The step in question, from 2.
    frame : pa.Table
        One row a finding, strongest first: rank, kind ("property" of the step before, or "event"
        after it), name, value, users (sessions before them with ``per="session"``), dropped (how
        many of those it is true of are lost), dropped_share, others_dropped_share (of those it is
        not true of), odds_ratio (of dropping), odds_low, odds_high, p_value, adjusted_p_value,
        score. Those that go with dropping come first, then those that go with converting.
    candidates : pa.Table
        The same columns for everything that was looked at, findings first.
    groups : pa.Table or None
        With a breakdown, the findings of each group.
    reached, converted : int
        Users (or sessions) that reached the step before, and of them those that went on.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "dropped_share": "share",
        "others_dropped_share": "share",
    }

    steps: tuple[str, ...]
    at: int
    frame: pa.Table
    candidates: pa.Table
    groups: pa.Table | None
    reached: int
    converted: int
    definition: Mapping[str, str]
    unit: str
    _log: LogView = field(compare=False)
    _found: "Mapping[str | None, _Found]" = field(compare=False)

    @property
    def evidence(self) -> Evidence:
        """What is known of each user (or session) that reached the step before."""
        return self._found[None].evidence

    def users(
        self, rank: int, *, dropped: bool | None = None, group: str | None = None
    ) -> list[str]:
        """List the users a row is about: as many as it says.

        Parameters
        ----------
        rank : int
            Of the row, from 1; rows of :attr:`candidates` count on where ``frame`` ends.
        dropped : bool, optional
            Only those lost (True) or not (False) at the step.
        group : str, optional
            A group of the breakdown; None for all users.

        Raises
        ------
        OptionError
            If there is no such row or group.
        """
        if group not in self._found:
            known = [name for name in self._found if name is not None]
            allowed = f"one of {known}" if known else "None: there is no breakdown"
            raise OptionError.of("group", "DropReasons", allowed, group)
        found = self._found[group]
        if rank not in range(1, len(found.rows) + 1):
            allowed = f"an int from 1 to {len(found.rows)}"
            raise OptionError.of("rank", "DropReasons", allowed, rank)
        mask = found.candidates[found.rows[rank - 1]["at"]].mark
        if dropped is not None:
            mask = mask & (found.evidence.converted != dropped)
        codes = np.unique(found.evidence.user[mask])
        return sorted(self._log.user_ids.strings(codes).to_pylist())

    def plot(self) -> "go.Figure":
        """Draw the odds ratio of each finding with its interval."""
        from footfall.analytics.funnel.charts_of_causes import draw_reasons

        return draw_reasons(self)

    def to_json(self) -> dict[str, Any]:
        """Give findings, counts and definition as plain values."""
        answer: dict[str, Any] = {
            "step": self.steps[self.at - 1],
            f"{self.unit}_before": self.reached,
            f"{self.unit}_converted": self.converted,
            "findings": self.frame.to_pylist(),
            "looked_at": self.candidates.num_rows,
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def __str__(self) -> str:
        lost = self.reached - self.converted
        before, here = self.steps[self.at - 2], self.steps[self.at - 1]
        said = f"{lost:,} of {self.reached:,} {self.unit} are lost between {before} and {here}."
        if not self.frame.num_rows:
            looked = f"Nothing of {self.candidates.num_rows:,} candidates separates them."
            return f"{said} {looked}"
        shown = ["rank", "kind", "name", "value", self.unit, "dropped_share"]
        shown += ["others_dropped_share", "odds_ratio", "odds_low", "odds_high", "adjusted_p_value"]
        tables = [text_table(_without_misleading(self.frame.select(shown)), formats=self.FORMATS)]
        if self.groups is not None:
            each = _without_misleading(self.groups.select(["group", *shown]))
            tables.append(text_table(each, formats=self.FORMATS))
        return "\n\n".join([said, *tables])


@dataclass(frozen=True)
class _Found:
    """What was found about some units: rows refer to candidates by place."""

    evidence: Evidence
    candidates: Sequence[Candidate]
    rows: list[dict[str, Any]]


def why_they_drop(
    log: LogView,
    *,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
    at: int | None = None,
    properties: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    stratify_by: str | None = None,
    least_share: float = 0.01,
    values: int = 20,
    bins: int = 5,
    level: float = 0.95,
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
) -> DropReasons:
    """Find what most separates the users lost at a step from those who go on.

    Everybody who reached the step before is compared. Candidates are the properties of the last
    try (the last event of the step before, until the conversion or the end of the window: its own,
    its item's, its user's, hour and weekday), and each type of event after the first try. Events
    are compared at the moments of conversion, among those still there: see
    :func:`footfall.analytics.funnel.odds.risk_sets`. What is part of converting is left out: the
    types of the steps themselves, and every event at or after the conversion. Association is not
    cause: ``stratify_by`` compares like with like, an experiment settles it.

    Parameters
    ----------
    log : LogView
    steps, within, order, per, same_item, excluding, gap_minutes
        The funnel: see :func:`footfall.analytics.funnel.funnel`.
    at : int, optional
        The step at which they drop, from 2; None: the last.
    properties : sequence of str, optional
        Fields to look at. None: all that are known of events, items and users, but for free text.
    ignore : sequence of str, optional
        Fields to leave out, such as those filled in after the fact.
    stratify_by : str, optional
        A field whose values are compared only with themselves (Mantel-Haenszel): a confounder,
        such as the device. It is then no candidate.
    least_share : float, default=0.01
        A candidate is true of at least this share (and 10) and not true of as many.
    values : int, default=20
        Most values of one property that are looked at, those of most users.
    bins : int, default=5
        Quantile bins of numbers.
    level : float, default=0.95
        Of the intervals; findings are those with a false discovery rate below 1 - level.
    by : str, optional
        Look for reasons in each group of chains by a property of their first event, too.
    where, between, segment, time_zone
        What counts: see :func:`footfall.analytics.funnel.funnel`.
    top : int, default=10
        Most findings of each direction, and groups that keep their name.

    Returns
    -------
    DropReasons

    Raises
    ------
    OptionError
        If the step does not exist, or a field is unknown.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = []
    >>> for user in range(80):
    ...     rows.append((f"u{user}", 0, "checkout", "sofa" if user < 40 else "tea"))
    ...     if user % 4 == 0 or user >= 40 and user % 4 != 1:
    ...         rows.append((f"u{user}", 60_000_000, "purchase"))
    >>> log = MemoryLog.from_rows(rows)
    >>> reasons = why_they_drop(log, steps="checkout,purchase", within="1d", properties=["item_id"])
    >>> [(row["value"], round(row["odds_ratio"], 1)) for row in reasons.frame.to_pylist()]
    [('sofa', 8.4), ('tea', 0.1)]
    """
    question = asked(
        log, owner="why_they_drop", steps=steps, within=within, order=order, per=per,
        same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, where=where,
        between=between, segment=segment, time_zone=time_zone,
    )  # fmt: skip
    at = checked_at(at, len(question.plan.steps))
    limits = _checked(Limits(least_share, values, bins, level))
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError.of("top", "why_they_drop", "an int of at least 1", top)
    if by is not None:
        question = question.broken_down(by, top)
    strata = [] if stratify_by is None else [_field(question, stratify_by, "stratify_by")]
    fields = [*_fields(question, at, properties, {*ignore, stratify_by}), *strata]
    total, grouped = _collected(question, at, fields)
    found: dict[str | None, _Found] = {None: _found(question, total, stratify_by, limits)}
    if question.grouping is not None:
        for place, name in enumerate(question.grouping.names):
            found[name] = _found(question, grouped.of_group(place), stratify_by, limits)
    every = _table(found[None].rows, question.unit)
    return DropReasons(
        steps=step_names(question.plan),
        at=at,
        frame=_findings(every, top),
        candidates=every,
        groups=stacked(
            {
                name: _findings(_table(each.rows, question.unit), top)
                for name, each in found.items()
                if name is not None
            }
        ),
        reached=len(total),
        converted=int(np.count_nonzero(total.converted)),
        definition=_definition(question, at, stratify_by, limits)
        | nothing_in(question.log, len(total)),
        unit=question.unit,
        _log=question.log,
        _found=found,
    )


def checked_at(at: int | None, steps: int, *, owner: str = "why_they_drop") -> int:
    """Give the step at which they drop: from 2, None for the last.

    Raises
    ------
    OptionError
        If there is no such step.
    """
    if steps < 2:
        raise OptionError.of("steps", owner, "at least two steps", steps)
    at = steps if at is None else at
    if isinstance(at, bool) or at not in range(2, steps + 1):
        raise OptionError.of("at", owner, f"a step from 2 to {steps}", at)
    return at


def _checked(limits: Limits) -> Limits:
    from footfall.analytics.significance.proportions import checked_level

    owner = "why_they_drop"
    checked_level(limits.level, owner=owner)
    if not 0 <= limits.least_share < 0.5:
        raise OptionError.of("least_share", owner, "a share below 0.5", limits.least_share)
    if limits.values < 1:
        raise OptionError.of("values", owner, "an int of at least 1", limits.values)
    if limits.bins < 2:
        raise OptionError.of("bins", owner, "an int of at least 2", limits.bins)
    return limits


def _field(question: Question, name: str, option: str) -> Field:
    return field_named(
        question.log, name, owner=question.owner, option=option, time_zone=question.time_zone
    )


def _fields(
    question: Question, at: int, properties: Sequence[str] | None, left_out: set[str | None]
) -> list[Field]:
    """Give the fields to look at: those asked for, or all that can say something."""
    if properties is not None:
        names = [properties] if isinstance(properties, str) else list(properties)
        return [_field(question, name, "properties") for name in names if name not in left_out]
    for name in left_out - {None}:
        _field(question, str(name), "ignore")
    log = question.log
    names = [*_EVENT_FIELDS, *_CLOCK]
    if len(question.plan.steps.types_at(at - 2)) > 1 or question.plan.order == "any":
        names.append("event_type")
    for home, table, key in (("users", log.users, USER_ID), ("items", log.items, ITEM_ID)):
        columns = [] if table is None else table.column_names
        names += [f"{home}.{column}" for column in columns if column not in {key, *_FREE}]
    names += [f"properties.{key}" for key in log.property_keys()]
    bare = {name: name.partition(".")[2] or name for name in names}
    return [
        _field(question, name, "properties")
        for name in names
        if name not in left_out and bare[name] not in left_out
    ]


def _collected(question: Question, at: int, fields: Sequence[Field]) -> tuple[Evidence, Evidence]:
    columns = [*question.columns, *(column for each in fields for column in each.columns)]
    parts = question.log.map(
        partial(
            collect,
            question.plan,
            at,
            question.last_moment,
            tuple(fields),
            question.grouping,
            len(question.log.event_types),
        ),
        list,
        columns=tuple(dict.fromkeys(columns)),
        label=question.owner,
    )
    whole = merge_evidence([total for total, _ in parts])
    return whole, merge_evidence([part for _, part in parts if part is not None])


def _found(
    question: Question, evidence: Evidence, stratify_by: str | None, limits: Limits
) -> _Found:
    strata: npt.NDArray[np.int32] | None = None
    if stratify_by is not None and stratify_by in evidence.values:
        from dataclasses import replace

        from footfall.analytics.funnel.candidates import bins_of

        strata = bins_of(evidence.values[stratify_by], limits.bins).codes
        rest = {name: v for name, v in evidence.values.items() if name != stratify_by}
        evidence = replace(evidence, values=rest)
    candidates = list(candidates_of(evidence, question.log.event_types, limits))
    return _Found(evidence, candidates, ranked(evidence, candidates, strata, limits))


def _table(rows: list[dict[str, Any]], unit: str) -> pa.Table:
    kinds = {name: pa.float64() for name in ("dropped_share", "others_dropped_share")}
    kinds |= {name: pa.float64() for name in ("odds_ratio", "odds_low", "odds_high")}
    kinds |= {name: pa.float64() for name in ("p_value", "adjusted_p_value", "score")}
    words = {name: pa.string() for name in ("kind", "name", "value")}
    counts = {"sessions": pa.int64()} if unit == "sessions" else {}
    columns = {"rank": pa.array(range(1, len(rows) + 1), pa.int64())}
    for name, kind in (
        words | counts | {"users": pa.int64(), "dropped": pa.int64()} | kinds
    ).items():
        key = "units" if name == "sessions" else name
        columns[name] = pa.array([row[key] for row in rows], kind, from_pandas=True)
    return pa.table(columns)


def _without_misleading(rows: pa.Table) -> pa.Table:
    """Blank the plain shares of events: who stays longer does more, so they contradict the odds."""
    import pyarrow.compute as pc

    event = pc.equal(rows.column("kind"), "event")
    for name in ("dropped_share", "others_dropped_share"):
        place = rows.column_names.index(name)
        plain = pc.if_else(event, pa.scalar(None, pa.float64()), rows.column(name))
        rows = rows.set_column(place, name, plain)
    return rows


def _findings(every: pa.Table, top: int) -> pa.Table:
    """Keep the strongest of each direction."""
    score = every.column("score").to_numpy()
    kept = np.concatenate([np.flatnonzero(score > 0)[:top], np.flatnonzero(score < 0)[:top]])
    return every.take(pa.array(kept, pa.int64()))


def _definition(
    question: Question, at: int, stratify_by: str | None, limits: Limits
) -> dict[str, str]:
    names, unit = step_names(question.plan), question.unit
    definition = definition_of(question.plan, question.grouping)
    definition.pop("median_minutes")
    tried = f"the event that first reached {names[at - 2]!r}"
    if question.plan.order == "ordered":
        tried = f"the last {names[at - 2]!r} before the conversion or the end of the window"
    compared = f"{unit} that reached {names[at - 2]!r}: those that went on to {names[at - 1]!r} and"
    definition |= {
        "compared": f"{compared} those that did not",
        "property": f"of {tried}; the odds of dropping of those with it over the odds of those"
        f" without; numbers in {limits.bins} quantile bins",
        "event": f"happened after {names[at - 2]!r} and before the conversion or the end of the"
        " window; compared at each moment of a conversion among those still there (Mantel-Haenszel"
        " over moments); types of the steps themselves are left out",
        "score": "logarithm of the odds ratio at the end, nearer to 1, of its interval widened for"
        " having been picked (false coverage rate); 0 where the corrected p-value is no finding",
        "correction": f"Benjamini-Hochberg over all candidates, {1 - limits.level:.0%}",
    }
    if stratify_by is not None:
        definition["stratify_by"] = f"compared only within {stratify_by} (Mantel-Haenszel)"
    return definition | question.definition
