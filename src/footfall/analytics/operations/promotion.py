"""Promotions: what a sale brought against what would have been, and what it took from later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import whole_number
from footfall.analytics.operations.effects import Effect, effect_of
from footfall.analytics.operations.measures import Measure, measure_of, rows_of
from footfall.analytics.operations.sides import Side, side_of
from footfall.analytics.scope import Between, Calendar, Period, Scope
from footfall.analytics.scope.calendar import places_of
from footfall.analytics.scope.period import parse_period
from footfall.errors import OptionError
from footfall.events.durations import parse_duration
from footfall.kernels import Array, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Promotion", "promotion"]

_DAY = 86_400_000_000
# Phases; the time before is kept in halves, so that they can be compared as if nothing was on.
_HALVES = ("before", "before", "during", "after")
_PHASES = ("before", "during", "after")
_SIDES = ("promoted", "control")
# Chances of at most 0, 1, 2 ... of a Poisson number of mean 1.
_POISSON = np.cumsum([np.exp(-1.0) / np.prod(np.arange(1.0, k + 1)) for k in range(9)])


@kernel(types.uint64(types.uint64))
def _mixed(number: Any) -> Any:
    """Spread a number's bits (splitmix64)."""
    number += np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@kernel(
    types.void(
        i64, i32, i32, i32, i64, types.boolean, types.Array(types.float64, 1, "C", readonly=True),
        types.uint64, out_i64, out_i64, out_i64, out_i64,
    )
)  # fmt: skip
def _add_up(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    users: Array,
    cell: Array,
    day: Array,
    value: Array,
    once: bool,  # noqa: FBT001  # kernels take their arguments by position
    poisson: Array,
    seed: Any,
    totals: Array,
    people: Array,
    daily: Array,
    drawn: Array,
) -> None:
    """Add up values by cell and day, and again with each user as often as chance says.

    ``drawn`` has a row of cells a replicate. ``once``: a user counts once a cell and day.
    """
    cells = len(totals)
    days = len(daily) // 2
    replicates = len(drawn) // cells
    mine = np.zeros(cells, np.int64)
    seen = np.zeros(cells, np.int64)
    for user in range(len(offsets) - 1):
        found, last = False, np.int64(-1)
        for row in range(offsets[user], offsets[user + 1]):
            at = cell[row]
            if at < 0 or day[row] < 0:
                continue
            key = np.int64(at) * days + day[row]
            if once and key == last:
                continue
            last = key
            found = True
            amount = 1 if once else value[row]
            mine[at] += amount
            seen[at] += 1
            daily[(at // 4) * days + day[row]] += amount
        if not found:
            continue
        for at in range(cells):
            totals[at] += mine[at]
            people[at] += seen[at] > 0
        key = _mixed(np.uint64(users[user]) + seed)
        for replicate in range(replicates):
            key = _mixed(key)
            chance = np.float64(key >> np.uint64(11)) * (1.0 / 9007199254740992.0)
            times = 0
            while times < len(poisson) and chance >= poisson[times]:
                times += 1
            if times:
                for at in range(cells):
                    drawn[replicate * cells + at] += times * mine[at]
        mine[:] = 0
        seen[:] = 0


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

    def to_json(self) -> dict[str, Any]:
        """Give the phases, the days, the placebo and the definition as plain values."""
        rest = {"daily": self.daily.to_pylist(), "placebo": dict(self.placebo)}
        return {"measure": self.measure} | super().to_json() | rest

    def plot(self) -> "go.Figure":
        """Draw both sides day by day, the promotion shaded."""
        from footfall.analytics.operations.promotion_charts import draw_promotion

        return draw_promotion(self)


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
    plan = _Plan(
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
class _Plan:
    measure: Measure
    edges: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    promoted: Side | None
    control: Side | None
    controlled: bool
    replicates: int

    @property
    def columns(self) -> tuple[str, ...]:
        names = [*self.measure.columns]
        for side in (self.promoted, self.control):
            names += side.columns if side else ()
        return tuple(dict.fromkeys(names))

    def cells(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give each event's cell: its phase, 4 more on the control's side; -1: none."""
        rows = rows_of(self.measure.above, chunk)
        times = chunk["timestamp"]
        phase = np.searchsorted(self.edges, times, side="right") - 1
        rows &= (phase >= 0) & (phase < 4)
        control = np.zeros(len(rows), np.bool_)
        if self.control is not None:
            control = self.control.rows(chunk)
        promoted = ~control
        if self.promoted is not None:
            promoted = self.promoted.rows(chunk)
            if self.controlled and self.control is None:
                control = ~promoted
            control &= ~promoted
        cell = np.where(promoted, phase, phase + 4)
        return np.where(rows & (promoted | control), cell, -1).astype(np.int32)


@dataclass(frozen=True)
class _Part:
    totals: npt.NDArray[np.int64]  # (8,)
    users: npt.NDArray[np.int64]  # (8,); of the time before, those of its halves added up
    daily: npt.NDArray[np.int64]  # (2, D)
    drawn: npt.NDArray[np.int64]  # (replicates, 8)
    before: npt.NDArray[np.int64]  # (2,): users of the time before


def _measure(plan: _Plan, chunk: UserChunk) -> _Part:
    cell = plan.cells(chunk)
    term = plan.measure.above
    value = np.ones(len(cell), np.int64)
    if term.kind == "sum":
        value = chunk[term.number].astype(np.int64, copy=False)
    totals, users = np.zeros(8, np.int64), np.zeros(8, np.int64)
    daily = np.zeros(2 * (len(plan.days) - 1), np.int64)
    drawn = np.zeros(plan.replicates * 8, np.int64)
    _add_up(
        chunk.offsets, chunk.users, cell, places_of(chunk, plan.days), value, term.kind == "users",
        _POISSON, np.uint64(20_261_111), totals, users, daily, drawn,
    )  # fmt: skip
    user = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    before = [len(np.unique(user[(cell == at) | (cell == at + 1)])) for at in (0, 4)]
    return _Part(
        totals, users, daily.reshape(2, -1), drawn.reshape(-1, 8), np.array(before, np.int64)
    )


def _merge(plan: _Plan, parts: list[_Part]) -> _Part:
    total = _Part(
        np.zeros(8, np.int64),
        np.zeros(8, np.int64),
        np.zeros((2, len(plan.days) - 1), np.int64),
        np.zeros((plan.replicates, 8), np.int64),
        np.zeros(2, np.int64),
    )
    for part in parts:
        for name in ("totals", "users", "daily", "drawn", "before"):
            whole = getattr(total, name)
            whole += getattr(part, name)
    return total


def _find(plan: _Plan, phase: str, side: int, chunk: UserChunk) -> Array:
    cell = plan.cells(chunk) - 4 * side
    wanted = [at for at, name in enumerate(_HALVES) if name == phase]
    user = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    return chunk.users[np.unique(user[np.isin(cell, wanted)])]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    labels: tuple[str, ...]
    during: Period
    level: float
    definition: Mapping[str, str]

    def answer(self) -> Promotion:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            partial(_merge, self.plan),
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

    def _effect(self, part: _Part, phases: list[int], *, against: list[int]) -> Effect:
        lengths = np.diff(self.plan.edges)
        days = float(lengths[phases].sum() / lengths[against].sum())
        return effect_of(
            part.totals, part.drawn, phases=phases, against=against,
            controlled=self.plan.controlled, days=days, level=self.level,
        )  # fmt: skip

    def _frame(self, part: _Part) -> pa.Table:
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
        find = partial(_find, self.plan, phase, _SIDES.index(side))
        return listed(self.scope, group, find, columns=self.plan.columns, label="promotion: users")


_SCHEMA = pa.schema(
    [("phase", pa.string()), ("days", pa.float64())]
    + [(f"{side}_total", pa.int64()) for side in _SIDES]
    + [(f"{side}_users", pa.int64()) for side in _SIDES]
    + [(name, pa.float64()) for name in ("expected", "extra", "extra_low", "extra_high")]
    + [(name, pa.float64()) for name in ("lift", "lift_low", "lift_high")]
)
