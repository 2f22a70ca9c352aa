"""Funnels side by side: rates with intervals, differences with tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.funnel.answer import Funnel
from footfall.analytics.funnel.conversion import asked as asked_funnel
from footfall.analytics.funnel.plan import Excluding, Order, Per
from footfall.analytics.scope import Between
from footfall.analytics.scope.segments import Segment
from footfall.analytics.significance import benjamini_hochberg, holm, two_proportions, wilson
from footfall.analytics.steps import StepLike
from footfall.errors import OptionError
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["FunnelComparison", "compare_funnels"]

Correction = Literal["holm", "bh", "none"]
Against = Literal["first", "previous"]


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelComparison(Answer):
    """The answer of :func:`compare_funnels`.

    Attributes
    ----------
    steps : tuple of str
    baseline : str
        The group the others are compared with.
    frame : pa.Table
        One row a group and step, the baseline first: group, step, event_type, users (sessions
        before them with ``per="session"``), rate, rate_low, rate_high (Wilson), and against the
        baseline difference, difference_low, difference_high (Newcombe), p_value, adjusted_p_value;
        null where there is nothing to compare (the baseline, the first step).
    groups : pa.Table
        The same.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "rate": "share",
        "rate_low": "share",
        "rate_high": "share",
        "difference": "share",
        "difference_low": "share",
        "difference_high": "share",
    }

    steps: tuple[str, ...]
    baseline: str
    frame: pa.Table
    definition: Mapping[str, str]
    unit: str
    _funnels: Mapping[str, tuple[Funnel, str | None]] = field(compare=False)

    @property
    def groups(self) -> pa.Table:
        """The same as ``frame``: it is by group."""
        return self.frame

    def users(self, step: int, *, group: str) -> list[str]:
        """List the users of a group that reached a step.

        Raises
        ------
        OptionError
            If there is no such step or group.
        """
        if group not in self._funnels:
            allowed = f"one of {list(self._funnels)}"
            raise OptionError.of("group", "FunnelComparison", allowed, group)
        answer, name = self._funnels[group]
        return answer.users(step, group=name)

    def plot(self) -> "go.Figure":
        """Draw the rates of each step with their intervals, a color a group."""
        from footfall.analytics.funnel.charts_of_groups import draw_comparison

        return draw_comparison(self)

    def to_json(self) -> dict[str, Any]:
        """Give rows and definition as plain values."""
        return {
            "baseline": self.baseline,
            "groups": self.frame.to_pylist(),
            "definition": dict(self.definition),
        }


def compare_funnels(
    log: LogView,
    *,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
    by: str | None = None,
    segments: Sequence[str | Segment] | None = None,
    periods: Sequence[Between] | None = None,
    baseline: str | None = None,
    against: Against = "first",
    correction: Correction = "holm",
    level: float = 0.95,
    order: Order = "ordered",
    per: Per = "user",
    same_item: bool = False,
    excluding: Excluding = None,
    gap_minutes: float = 30,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> FunnelComparison:
    """Compare a funnel between groups: exactly one of ``by``, ``segments`` and ``periods``.

    The test is the two-sided score test of two independent shares. Groups should not share users:
    a breakdown by a user's property never does; segments, periods and properties of events may,
    and then the intervals are only a guide; the definition says so.

    Parameters
    ----------
    log : LogView
    steps, within, order, per, same_item, excluding, gap_minutes
        The funnel: see :func:`footfall.analytics.funnel.funnel`.
    by : str, optional
        Compare the groups of this breakdown.
    segments : sequence of str or Segment, optional
        Compare these segments of users; a str is the name of a saved one.
    periods : sequence of str or pairs of moments, optional
        Compare these periods; a chain must lie in one of them.
    baseline : str, optional
        The group others are compared with: as it is written in the table. None: the largest group
        of a breakdown, the first segment or period.
    against : "first" or "previous", default="first"
        Compare shares of the first step, or of the step before.
    correction : "holm", "bh" or "none", default="holm"
        Of the p-values, over all steps and groups: Holm (any false finding), Benjamini-Hochberg
        (share of false findings).
    level : float, default=0.95
        Of the intervals.
    where, between, segment, time_zone
        What counts: see :func:`footfall.analytics.funnel.funnel`.
    top : int, default=10
        Groups of the breakdown that keep their name.

    Returns
    -------
    FunnelComparison

    Raises
    ------
    OptionError

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = [(f"u{n}", 0, "view", "tea" if n < 40 else "sofa") for n in range(80)]
    >>> rows += [(f"u{n}", 9, "purchase") for n in range(0, 80, 2) if n < 40 or n % 8 == 0]
    >>> answer = compare_funnels(
    ...     MemoryLog.from_rows(rows), steps="view,purchase", within="1d", by="item_id")
    >>> row = answer.frame.to_pylist()[3]
    >>> row["group"], row["rate"], row["difference"], round(row["adjusted_p_value"], 4)
    ('tea', 0.5, 0.375, 0.0003)
    """
    for option, value, choices in (
        ("against", against, get_args(Against)),
        ("correction", correction, get_args(Correction)),
    ):
        if value not in choices:
            raise OptionError.of(option, "compare_funnels", f"one of {choices}", value)
    _check_compared(by, segments, periods, segment=segment, between=between)

    def asked(**over: Any) -> Funnel:
        scope = {"between": between, "segment": segment} | over
        question = asked_funnel(
            log, owner="compare_funnels", steps=steps, within=within, order=order, per=per,
            same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, where=where,
            time_zone=time_zone, **scope,
        )  # fmt: skip
        return (question if by is None else question.broken_down(by, top)).answer()

    found: dict[str, tuple[Funnel, str | None]] = {}
    if by is not None:
        whole = asked()
        found = {name: (whole, name) for name in whole.group_names}
    for one in segments or ():
        name = one if isinstance(one, str) else one.name
        found[name] = (asked(segment=one), None)
    for period in periods or ():
        name = period if isinstance(period, str) else " to ".join(map(str, period))
        found[name] = (asked(between=period), None)
    if not by and len(found) < 2:
        option = "segments" if segments is not None else "periods"
        raise OptionError.of(option, "compare_funnels", "at least two different ones", len(found))
    return _compared(found, baseline, against, correction, level, by)


def _check_compared(
    by: str | None, segments: object, periods: object, *, segment: object, between: object
) -> None:
    """Check that one thing is compared, and that the scope does not say it again."""
    if sum(each is not None for each in (by, segments, periods)) != 1:
        allowed = "given, or segments= or periods=: exactly one of them"
        raise OptionError.of("by", "compare_funnels", allowed, by)
    for option, value, each in (("segment", segment, segments), ("between", between, periods)):
        if value is not None and each is not None:
            allowed = "left out: each funnel that is compared has its own"
            raise OptionError.of(option, "compare_funnels", allowed, value)


def _compared(
    found: dict[str, tuple[Funnel, str | None]],
    baseline: str | None,
    against: Against,
    correction: Correction,
    level: float,
    by: str | None,
) -> FunnelComparison:
    if not found:
        raise OptionError.of("by", "compare_funnels", "a property with at least one group", by)
    baseline = next(iter(found)) if baseline is None else baseline
    if baseline not in found:
        allowed = f"one of {list(found)}"
        raise OptionError.of("baseline", "compare_funnels", allowed, baseline)
    found = {baseline: found[baseline]} | found
    first = next(iter(found.values()))[0]
    rows = _rows(found, baseline, against, level)
    tested = [row for row in rows if row["p_value"] is not None]
    p_values = [row["p_value"] for row in tested]
    if correction != "none":
        p_values = (holm if correction == "holm" else benjamini_hochberg)(p_values).tolist()
    for row, p_value in zip(tested, p_values, strict=True):
        row["adjusted_p_value"] = float(p_value)
    if first.unit == "users":
        rows = [{k: v for k, v in row.items() if k != "sessions"} for row in rows]
    kinds = {"group": pa.string(), "event_type": pa.string()}
    kinds |= {name: pa.int64() for name in ("step", "users", "sessions")}
    frame = pa.table(
        {name: pa.array([r[name] for r in rows], kinds.get(name, pa.float64())) for name in rows[0]}
    )
    return FunnelComparison(
        steps=first.steps,
        baseline=baseline,
        frame=frame,
        definition=_definition(
            first,
            baseline,
            against,
            correction,
            by,
            nothing=all("note" in answer.definition for answer, _ in found.values()),
        ),
        unit=first.unit,
        _funnels=found,
    )


def _rows(
    found: Mapping[str, tuple[Funnel, str | None]], baseline: str, against: Against, level: float
) -> list[dict[str, Any]]:
    counts = {name: answer.counts(group) for name, (answer, group) in found.items()}
    rows = []
    for name, (answer, _) in found.items():
        units, users = counts[name]
        theirs, _ = counts[baseline]
        for step, label in enumerate(answer.steps):
            whole = 0 if against == "first" else max(step - 1, 0)
            low, high = (float(bound) for bound in wilson(units[step], units[whole], level))
            row: dict[str, Any] = {
                "group": name,
                "step": step + 1,
                "event_type": label,
                "sessions": units[step],
                "users": users[step],
                "rate": units[step] / units[whole] if units[whole] else 0.0,
                "rate_low": low,
                "rate_high": high,
            }
            compared: Sequence[float | None] = [None] * 4
            if name != baseline and step > 0:
                tested = two_proportions(
                    units[step], units[whole], theirs[step], theirs[whole], level
                )
                compared = [None if np.isnan(value) else float(value) for value in tested]
            keys = ("difference", "difference_low", "difference_high", "p_value")
            rows.append(row | dict(zip(keys, compared, strict=True)) | {"adjusted_p_value": None})
    return rows


def _definition(
    first: Funnel,
    baseline: str,
    against: Against,
    correction: Correction,
    by: str | None,
    *,
    nothing: bool,
) -> dict[str, str]:
    definition = dict(first.definition)
    if not nothing:
        definition.pop("note", None)
    definition.pop("median_minutes", None)
    if by is None:
        definition.pop("segment", None)
        definition.pop("between", None)
    apart = by is not None and first.plan.gap is None and first.groups_share_no_users
    named = {
        "holm": "Holm: the chance of any false finding",
        "bh": "Benjamini-Hochberg: the share of false findings",
        "none": "none",
    }
    return definition | {
        "rate": "share of the first step" if against == "first" else "share of the step before",
        "baseline": f"{baseline!r}; differences are a group's rate minus its rate",
        "test": "two-sided score test of two shares; intervals of Wilson and Newcombe",
        "correction": f"{named[correction]}, over all groups and steps",
        "independence": "each user is in one group"
        if apart
        else "a user may be in several groups (or sessions), for which the test does not allow:"
        " take the intervals as a guide",
    }
