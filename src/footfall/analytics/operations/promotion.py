"""Promotions: what a sale brought against what would have been, and what it took from later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import whole_number
from footfall.analytics.operations.effects import Effect, effect_of
from footfall.analytics.operations.measures import measure_of
from footfall.analytics.operations.phases import (
    PhasePlan,
    PhaseSums,
    measure_phases,
    merge_phases,
    users_of_phase,
)
from footfall.analytics.operations.sides import side_of
from footfall.analytics.scope import Between, Calendar, Period, Scope
from footfall.analytics.scope.period import parse_period
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Promotion", "promotion"]

_DAY = 86_400_000_000
_PHASES = ("before", "during", "after")
_SIDES = ("promoted", "control")


@dataclass(frozen=True, kw_only=True, repr=False)
class Promotion(Tabled):
    """The answer of :func:`promotion`.

    Attributes
    ----------
    frame : pa.Table
        A row a phase, "before", "during", "after", and "during + after": phase (string), days
        (float64), promoted_total, control_total (int64, exact; money in minor units; control null
        without one), promoted_users, control_users (int64), expected (float64: what the promoted
        side would have had, money in units), extra, extra_low, extra_high (float64: above that),
        lift, lift_low, lift_high (float64, shares of it). Null before.
    daily : pa.Table
        day (string), promoted_total, control_total (int64).
    placebo : mapping
        lift, lift_low, lift_high of the second half of the time before against the first: near
        nothing when the two sides moved alike.
    """

    FORMATS: ClassVar[Mapping[str, str]] = dict.fromkeys(("lift", "lift_low", "lift_high"), "share")

    daily: pa.Table
    placebo: Mapping[str, float | None]
    measure: str
    money: bool
    during: Period
    _question: "_Question"

    def users(
        self,
        phase: str,
        *,
        side: Literal["promoted", "control"] = "promoted",
        group: str | None = None,
    ) -> list[str]:
        """List the users with an event that counts in a phase.

        Parameters
        ----------
        phase : "before", "during" or "after"
        side : "promoted" or "control"
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such phase, side or group.
        """
        return self._question.users(phase, side, group)

    def __str__(self) -> str:
        # Beside what was expected, which is in units, totals in minor units would mislead.
        shown = replace(self, frame=_in_units(self.frame)) if self.money else self
        if self.money and self.groups is not None:
            shown = replace(shown, groups=_in_units(self.groups))
        return Tabled.__str__(shown)

    def to_json(self) -> dict[str, Any]:
        """Give the phases, the days, the placebo and the definition as plain values."""
        rest = {"daily": self.daily.to_pylist(), "placebo": dict(self.placebo)}
        return {"measure": self.measure} | super().to_json() | rest

    def plot(self) -> "go.Figure":
        """Draw both sides day by day, the promotion shaded."""
        from footfall.analytics.operations.promotion_charts import draw_promotion

        return draw_promotion(self)


def _in_units(rows: pa.Table) -> pa.Table:
    """Give totals of money in units."""
    import pyarrow.compute as pc

    for side in _SIDES:
        place = rows.column_names.index(f"{side}_total")
        units = pc.divide(rows.column(place).cast(pa.float64()), 100.0)
        rows = rows.set_column(place, f"{side}_total", units)
    return rows


def promotion(
    log: LogView,
    *,
    during: Between,
    before: str | timedelta | Between | None = None,
    after: str | timedelta | Between | None = None,
    promoted: str | Sequence[str] | None = None,
    control: str | Sequence[str] | None = None,
    measure: str = "revenue",
    replicates: int = 200,
    level: float = 0.95,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Promotion:
    """Say what a promotion brought: before, during and after, against a control.

    What the promoted side would have had is its own time before, moved as the control moved.
    Without a control it is the time before as it was: then seasons and weekdays are part of the
    effect.

    Parameters
    ----------
    log : LogView
    during : str or pair of moments
        When it was on, such as "2026-11-09..2026-11-11".
    before, after : duration or period, optional
        What to compare with, and where to look for purchases that only came earlier: a length next
        to ``during`` ("28d" and as long as the promotion, at least "7d", by default), or a period.
    promoted, control : str or sequence of str, optional
        An expression ("brand = 'Acme'"), "segment:NAME", or item ids. Promoted: by default
        everything (that is not control). Control: "the rest" for everything not promoted.
    measure : str, default="revenue"
        A count or sum as in :func:`footfall.analytics.operations.series.series`; "users" are
        counted once a day.
    replicates : int, default=200
        Draws of users with replacement, which the intervals come from.
    level : float, default=0.95
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the days.

    Returns
    -------
    Promotion

    Raises
    ------
    OptionError
        If an option is not as above.

    References
    ----------
    O. Ashenfelter, D. Card, "Using the longitudinal structure of earnings to estimate the effect of
    training programs", 1985 (difference in differences).
    N. Chamandy et al., "Estimating uncertainty for massive data streams", 2012 (Poisson bootstrap).

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> def sale(day, item, amount):
    ...     return ("ann", f"2026-01-{day:02}T12:00", "purchase", item, 1, amount)
    >>> log = MemoryLog.from_rows(
    ...     [sale(day, "kettle", 3000 if day in (15, 16) else 1000) for day in range(1, 21)]
    ...     + [sale(day, "teapot", 2000 if day in (15, 16) else 1000) for day in range(1, 21)]
    ... )
    >>> answer = promotion(log, during="2026-01-15..2026-01-16", before="14d", after="4d",
    ...                    promoted=["kettle"], control="the rest")
    >>> answer.frame.select(["phase", "expected", "extra", "lift"]).to_pylist()[1]
    {'phase': 'during', 'expected': 40.0, 'extra': 20.0, 'lift': 0.5}
    """
    whole_number(replicates, option="replicates", owner="promotion", least=20, most=5000)
    if not isinstance(level, float) or not 0.5 <= level < 1:
        raise OptionError.of("level", "promotion", "a float from 0.5 to below 1", level)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    read = measure_of(log, measure, owner="promotion", time_zone=time_zone)
    if read.below is not None or read.above.kind == "sessions":
        allowed = "a count or a sum that adds up, such as 'revenue', 'purchase' or 'users'"
        raise OptionError.of("measure", "promotion", allowed, measure)
    on = parse_period(during, log=log, owner="promotion", time_zone=time_zone, option="during")
    phases = _phases(log, on, before, after, time_zone)
    sides = tuple(
        side_of(log, given, option=option, owner="promotion", time_zone=time_zone)
        for option, given in (("promoted", promoted), ("control", control))
    )
    scope = who.scope(log, owner="promotion", grain="event")
    calendar = Calendar("day", time_zone, "promotion")
    plan = PhasePlan(
        measure=read,
        edges=phases,
        days=calendar.starts(int(phases[0]), int(phases[-1]) - 1),
        promoted=sides[0],
        control=sides[1],
        controlled=control is not None,
        replicates=replicates,
    )
    named = ("everything else" if control else "everything") if promoted is None else promoted
    definition = {
        "unit": f"{measure}; promoted: {named}; control: {control or 'none'}",
        "window": "; ".join(
            f"{name} {Period(int(a), int(b))}"
            for name, a, b in zip(_PHASES, phases[[0, 2, 3]], phases[[2, 3, 4]], strict=True)
        ),
        "order": "timestamp",
        "ties": "do not matter: events are counted or added up",
        "time_zone": f"{time_zone}, for days",
        "expected": "the promoted side's time before, times what the control did against its own"
        if control
        else "the time before, day for day; without a control, seasons and weekdays are part of"
        " the effect",
        "interval": f"{level:.0%}, from {replicates} draws of users with replacement (Poisson"
        " bootstrap), on the scale of logarithms; users are taken as independent",
    }
    labels = tuple(calendar.label(int(start)) for start in plan.days[:-1])
    return _Question(scope, plan, labels, on, level, definition | scope.definition).answer()


def _phases(
    log: LogView, on: Period, before: Any, after: Any, time_zone: str
) -> npt.NDArray[np.int64]:
    """Give the edges of both halves of the time before, of the promotion and the time after."""
    span = log.span or (on.start, on.end)
    read = partial(parse_period, log=log, owner="promotion", time_zone=time_zone)
    if before is None or isinstance(before, timedelta) or _is_length(before):
        length = parse_duration(before or "28d", option="before", owner="promotion")
        earlier = Period(max(on.start - length, span[0]), on.start)
    else:
        earlier = read(before, option="before")
    if after is None or isinstance(after, timedelta) or _is_length(after):
        usual = timedelta(microseconds=max(on.end - on.start, 7 * _DAY))
        length = parse_duration(after or usual, option="after", owner="promotion")
        later = Period(on.end, max(on.end, min(on.end + length, span[1] + 1)))
    else:
        later = read(after, option="after")
    if earlier.end != on.start or later.start != on.end or earlier.start >= earlier.end:
        allowed = "times next to during, with events before it"
        raise OptionError.of("before or after", "promotion", allowed, (before, after))
    middle = earlier.start + (earlier.end - earlier.start) // 2
    return np.array([earlier.start, middle, on.start, on.end, later.end], np.int64)


def _is_length(text: object) -> bool:
    """Tell "28d" from "2026-01"."""
    return isinstance(text, str) and not text.strip()[:4].isdigit() and ".." not in text


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: PhasePlan
    labels: tuple[str, ...]
    during: Period
    level: float
    definition: Mapping[str, str]

    def answer(self) -> Promotion:
        asked = self.scope.ask(
            partial(measure_phases, self.plan),
            partial(merge_phases, self.plan),
            columns=self.plan.columns,
            label="promotion",
        )
        total = asked.total
        placebo = self._effect(total, [1], against=[0])
        unknown = np.full(len(self.labels), not self.plan.controlled)
        control = pa.array(total.daily[1], pa.int64(), mask=unknown)
        return Promotion(
            frame=self._frame(total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            daily=pa.table(
                {
                    "day": pa.array(self.labels, pa.string()),
                    "promoted_total": pa.array(total.daily[0], pa.int64()),
                    "control_total": control,
                }
            ),
            placebo={"lift": placebo.lift, "lift_low": placebo.low, "lift_high": placebo.high},
            measure=self.plan.measure.text,
            money=self.plan.measure.money,
            during=self.during,
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _effect(self, part: PhaseSums, phases: list[int], *, against: list[int]) -> Effect:
        lengths = np.diff(self.plan.edges)
        days = float(lengths[phases].sum() / lengths[against].sum())
        return effect_of(
            part.totals, part.drawn, phases=phases, against=against,
            controlled=self.plan.controlled, days=days, level=self.level,
        )  # fmt: skip

    def _frame(self, part: PhaseSums) -> pa.Table:
        lengths = np.diff(self.plan.edges)
        rows = []
        for name, phases in (
            ("before", [0, 1]), ("during", [2]), ("after", [3]), ("during + after", [2, 3]),
        ):  # fmt: skip
            effect = Effect()
            if name != "before" and lengths[phases].all():
                effect = self._effect(part, phases, against=[0, 1])
            effect = effect.in_units(self.plan.measure.scale)
            people = part.before if name == "before" else part.users[[phases[0], phases[0] + 4]]
            several = name == "during + after"
            controlled = self.plan.controlled
            control = int(part.totals[np.add(phases, 4)].sum())
            rows.append(
                {
                    "phase": name,
                    "days": float(lengths[phases].sum() / _DAY),
                    "promoted_total": int(part.totals[phases].sum()),
                    "control_total": control if controlled else None,
                    "promoted_users": None if several else int(people[0]),
                    "control_users": int(people[1]) if controlled and not several else None,
                    "expected": effect.expected,
                    "extra": effect.extra,
                    "extra_low": effect.extra_low,
                    "extra_high": effect.extra_high,
                    "lift": effect.lift,
                    "lift_low": effect.low,
                    "lift_high": effect.high,
                }
            )
        return pa.Table.from_pylist(rows, schema=_SCHEMA)

    def users(self, phase: str, side: str, group: str | None) -> list[str]:
        if phase not in _PHASES:
            raise OptionError.of("phase", "Promotion", f"one of {_PHASES}", phase)
        if side not in _SIDES[: 1 + self.plan.controlled]:
            known = _SIDES[: 1 + self.plan.controlled]
            raise OptionError.of("side", "Promotion", f"one of {known}", side)
        find = partial(users_of_phase, self.plan, phase, _SIDES.index(side))
        return listed(self.scope, group, find, columns=self.plan.columns, label="promotion: users")


_SCHEMA = pa.schema(
    [("phase", pa.string()), ("days", pa.float64())]
    + [(f"{side}_total", pa.int64()) for side in _SIDES]
    + [(f"{side}_users", pa.int64()) for side in _SIDES]
    + [(name, pa.float64()) for name in ("expected", "extra", "extra_low", "extra_high")]
    + [(name, pa.float64()) for name in ("lift", "lift_low", "lift_high")]
)
