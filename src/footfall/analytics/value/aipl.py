"""AIPL: awareness, interest, purchase, loyalty: where users stand, and how they move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.steps import codes_of
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.stages import (
    STAGES,
    StageRule,
    list_stage,
    measure_flow,
    measure_stages,
    sum_counts,
)
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Aipl", "aipl"]

CHINESE = ("无", "认知", "兴趣", "购买", "忠诚")
# Stage -> event type -> how many of them put a user into it.
DEFAULT_STAGES: Mapping[str, Mapping[str, int]] = {
    "awareness": {"impression": 1, "view": 1},
    "interest": {"view": 2, "search": 1, "click": 1, "add_to_cart": 1, "wishlist": 1},
    "purchase": {"purchase": 1},
    "loyalty": {"purchase": 2, "review": 1},
}
DEFAULT_WINDOWS: Mapping[str, str] = {
    "awareness": "15d",
    "interest": "15d",
    "purchase": "540d",
    "loyalty": "540d",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Aipl(Answer):
    """The answer of :func:`aipl`.

    Attributes
    ----------
    frame : pa.Table
        A row a stage, "none" first: stage, stage_zh, users (int64), users_share.
    flow : pa.Table or None
        With `since`, a row a pair of stages: before, after, users (int64), share (of those who
        were in `before`).
    groups : pa.Table or None
        With a breakdown, the frame a group.
    at, since : int or None
        The moments, microseconds UTC.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"users_share": "share", "share": "share"}

    frame: pa.Table
    flow: pa.Table | None
    groups: pa.Table | None
    at: int
    since: int | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(
        self, stage: str | None = None, *, before: str | None = None, group: str | None = None
    ) -> list[str]:
        """List the users in a stage (English or Chinese), and in another one before.

        Raises
        ------
        OptionError
            If there is no such stage or group, or no earlier moment was asked about.
        """
        if before is not None and self.since is None:
            raise OptionError.of("before", "Aipl", "None: aipl was asked without since", before)
        return self._question.users(stage, before, group)

    def to_json(self) -> dict[str, Any]:
        """Give stages, flow, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"at": shown_moment(self.at) if self.at >= 0 else None}
        answer["stages"] = self.frame.to_pylist()
        if self.flow is not None and self.since is not None:
            answer |= {"since": shown_moment(self.since), "flow": self.flow.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the flow as bands from stage to stage; without one, a bar a stage."""
        from footfall.analytics.value.stage_charts import draw_flow, draw_stages

        return draw_stages(self) if self.flow is None else draw_flow(self)

    def __str__(self) -> str:
        tables = [self.frame, self.flow, self.groups]
        return "\n\n".join(
            text_table(table, formats=self.FORMATS) for table in tables if table is not None
        )


def aipl(
    log: LogView,
    *,
    at: Moment | None = None,
    since: Moment | None = None,
    stages: Mapping[str, Mapping[str, int]] | None = None,
    windows: Mapping[str, str | timedelta] | None = None,
    least_rating: float = 4,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Aipl:
    """Put every user into a stage: awareness, interest, purchase or loyalty; and show the flow.

    A user is in the highest stage whose events lie within its window before the moment: one event
    type in the number needed is enough. Users without any are in none (lost, where they were in
    one before).

    Parameters
    ----------
    log : LogView
    at : str, datetime or int, optional
        The moment; later events do not count. None: the last event in scope.
    since : str, datetime or int, optional
        An earlier moment: also count from which stage to which users moved.
    stages : mapping of stage to mapping of event type to int, optional
        How many events of a type put a user into a stage; a stage that is named replaces the
        default one. Defaults: awareness 1 impression or view; interest 2 views, 1 search, click,
        add_to_cart or wishlist; purchase 1 order; loyalty 2 orders or 1 good review.
    windows : mapping of stage to str or timedelta, optional
        Defaults: 15 days for awareness and interest, 540 days for purchase and loyalty.
    least_rating : float, default=4
        A review counts for loyalty with at least this rating; one without a rating does not.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    Aipl

    Raises
    ------
    OptionError
        If an option is not as above.

    Notes
    -----
    The stages and their order are those of Alibaba's Quick Audience, where each shop sets event
    types, numbers and times itself: passive contact, active contact, a purchase, and repeated
    purchases or good reviews. A search counts as active contact here.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "view"), ("ann", "2026-01-20", "purchase"),
    ...     ("bob", "2026-01-19", "view"), ("bob", "2026-01-19", "view"),
    ... ])
    >>> answer = aipl(log, since="2026-01-10")
    >>> answer.users("purchase", before="认知"), answer.users("interest")
    (['ann'], ['bob'])
    """
    rule, text = _rule(log, stages or {}, windows or {}, least_rating)
    scope = scoped(
        log, owner="aipl", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", time_zone=time_zone,
    )  # fmt: skip
    if at is not None:
        moment = parse_moment(at, option="at", owner="aipl")
    else:
        moment = (scope.log.span or (-1, -1))[1]
    earlier = None if since is None else parse_moment(since, option="since", owner="aipl")
    if earlier is not None and at is not None and earlier >= moment:
        raise OptionError.of("since", "aipl", "before 'at'", since)
    question = _Question(scope, rule, moment, earlier)
    asked = scope.ask(
        partial(measure_stages, rule, moment), partial(sum_counts, 5),
        columns=rule.columns, label="aipl",
    )  # fmt: skip
    return Aipl(
        frame=_stage_table(asked.total),
        flow=None if earlier is None else question.flow(earlier),
        groups=stacked({name: _stage_table(each) for name, each in asked.groups.items()}),
        at=moment,
        since=earlier,
        definition={
            "unit": "users with an event in scope; " + text,
            "window": "before each moment, inclusive",
            "order": "none < awareness < interest < purchase < loyalty: the highest counts",
            "ties": "purchases of one session (or moment, where none is given) are one order",
            "time_zone": "UTC; days are 24 hours",
        }
        | scope.definition
        | asked.note,
        _question=question,
    )


def _rule(
    log: LogView,
    stages: Mapping[str, Mapping[str, int]],
    windows: Mapping[str, str | timedelta],
    least_rating: float,
) -> tuple[StageRule, str]:
    """Check what stages need, and say it in words."""
    for option, given in (("stages", stages), ("windows", windows)):
        for name in given:
            if name not in STAGES[1:]:
                raise OptionError.of(option, "aipl", f"named among {list(STAGES[1:])}", name)
    if not isinstance(least_rating, int | float) or not isfinite(least_rating):
        raise OptionError.of("least_rating", "aipl", "a number such as 4", least_rating)
    kinds = len(log.event_types)
    needed, reviews = np.zeros((5, kinds), np.int64), np.zeros(kinds, np.int64)
    reviews[codes_of(log, "review")] = 1
    times, words = np.zeros(5, np.int64), []
    for place, name in enumerate(STAGES[1:], 1):
        wanted = stages.get(name, DEFAULT_STAGES[name])
        for kind, count in wanted.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                allowed = f"whole numbers of at least 1, for {kind}"
                raise OptionError.of("stages", "aipl", allowed, count)
            needed[place, codes_of(log, kind)] = count
        window = windows.get(name, DEFAULT_WINDOWS[name])
        times[place] = parse_duration(window, option="windows", owner="aipl", least=0)
        what = " or ".join(f"{count} {kind}" for kind, count in wanted.items())
        words.append(f"{name}: {what} in {duration_text(int(times[place]))}")
    return StageRule(needed.ravel(), times, reviews, float(least_rating)), "; ".join(words)


def _stage_table(counts: Array) -> pa.Table:
    return pa.table(
        {
            "stage": pa.array(STAGES),
            "stage_zh": pa.array(CHINESE),
            "users": pa.array(counts, pa.int64()),
            "users_share": pa.array(counts / max(int(counts.sum()), 1)),
        }
    )


@dataclass(frozen=True)
class _Question:
    scope: Scope
    rule: StageRule
    at: int
    since: int | None

    def flow(self, since: int) -> pa.Table:
        """Count users by the stage before and after."""
        counts = self.scope.log.map(
            partial(measure_flow, self.rule, since, self.at),
            partial(sum_counts, 25),
            columns=self.rule.columns,
            label="aipl: flow",
        )
        whole = np.repeat(counts.reshape(5, 5).sum(axis=1), 5)
        return pa.table(
            {
                "before": pa.array(np.repeat(STAGES, 5).tolist()),
                "after": pa.array(list(STAGES) * 5),
                "users": pa.array(counts, pa.int64()),
                "share": pa.array(counts / np.maximum(whole, 1)),
            }
        )

    def users(self, stage: str | None, before: str | None, group: str | None) -> list[str]:
        log = self.scope.of(group, owner="Aipl").log
        codes: Array = log.map(
            partial(
                list_stage, self.rule, self.since, _place(before, "before"), self.at,
                _place(stage, "stage"),
            ),
            joined,
            columns=self.rule.columns,
            label="aipl: users",
        )  # fmt: skip
        return sorted_ids(log, codes)


def _place(stage: str | None, option: str) -> int | None:
    if stage is None:
        return None
    for names in (STAGES, CHINESE):
        if stage in names:
            return names.index(stage)
    raise OptionError.of(option, "Aipl", f"one of {list(STAGES)}, or its Chinese name", stage)
