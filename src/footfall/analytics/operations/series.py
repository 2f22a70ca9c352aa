"""Time series of any count, sum or ratio, with the points that were not to be expected marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.periods import OVER, Periods, periods_of, slack_of
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.operations.expectation import Expectation, expectation
from footfall.analytics.operations.measures import Measure, counted, measure_of, rows_of
from footfall.analytics.scope import Between, Calendar, Scope
from footfall.analytics.scope.calendar import Unit, places_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Series", "series"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Series(Tabled):
    """The answer of :func:`series`.

    Attributes
    ----------
    frame : pa.Table
        A row a period: period (string); total (int64, exact; money in minor units); of (int64,
        what it is divided by; only of a ratio); value (float64: the total, money in units, or the
        ratio); expected, low, high (float64, null where nothing is expected); anomaly (string,
        "high" or "low", else null); complete (bool, watched from beginning to end).
    anomalies : pa.Table
        The rows of the frame that are marked.
    measure : str
    """

    measure: str
    unit: str
    _question: "_Question"

    @property
    def anomalies(self) -> pa.Table:
        """The rows that are marked."""
        return self.frame.filter(self.frame.column("anomaly").is_valid())

    def users(self, period: str, *, group: str | None = None) -> list[str]:
        """List the users with an event that counts in a period (of a ratio: above the line).

        Parameters
        ----------
        period : str
            As in the frame.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such period or group.
        """
        return self._question.users(period, group)

    def to_json(self) -> dict[str, Any]:
        """Give the rows, the measure and the definition as plain values."""
        return {"measure": self.measure, "unit": self.unit} | super().to_json()

    def plot(self) -> "go.Figure":
        """Draw the line, what was expected, and the points marked; with a breakdown, all lines."""
        from footfall.analytics.operations.charts import draw_series

        return draw_series(self)


def series(
    log: LogView,
    *,
    measure: str = "events",
    unit: Unit = "day",
    width: float = 3.5,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Series:
    """Count, add up or divide, period by period, and mark what was not to be expected.

    Parameters
    ----------
    log : LogView
    measure : str, default="events"
        "events", "users", "sessions", "revenue", an event type, "users of purchase", "sum of
        amount where channel = 'mail'", "average of amount", or two of them divided
        ("users of purchase / users"). Users are counted once a period; sessions where they start.
        Sums are of purchases unless the condition names event types.
    unit : "hour", "day", "week" or "month"
    width : float, default=3.5
        How far from what is expected a point must be, in standard deviations.
    by : str, optional
        Break down by a field; each event is in the group of its own value.
    where, between, segment, top, time_zone
        Condition, time, segment, groups kept, zone of the calendar.

    Returns
    -------
    Series

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05T10:00", "view"), ("bob", "2026-01-05T11:00", "view"),
    ...     ("ann", "2026-01-05T12:00", "purchase", "tea", 1, 450),
    ...     ("bob", "2026-01-06T23:30", "view"),
    ... ])
    >>> answer = series(log, measure="purchase / view")
    >>> answer.frame.select(["period", "total", "of", "value"]).to_pylist()
    [{'period': '2026-01-05', 'total': 1, 'of': 2, 'value': 0.5},
     {'period': '2026-01-06', 'total': 0, 'of': 1, 'value': 0.0}]
    """
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0.5 <= width <= 20:
        raise OptionError.of("width", "series", "a number from 0.5 to 20", width)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    read = measure_of(log, measure, owner="series", time_zone=time_zone)
    scope = who.scope(log, owner="series", grain="event")
    periods = periods_of(log, scope.period, Calendar(unit, time_zone, "series"))
    definition = {
        "unit": f"{measure}: users once a period, sessions (30 minutes of silence) where their"
        " first event that counts lies",
        "window": f"{unit}s of the calendar",
        "order": "timestamp",
        "ties": "do not matter: events are counted or added up",
        "time_zone": f"{time_zone}, for the boundaries of {unit}s",
        "over": OVER,
    }
    plan = _Plan(read, periods.starts)
    return _Question(scope, plan, periods, unit, width, definition | scope.definition).answer()


@dataclass(frozen=True)
class _Plan:
    measure: Measure
    starts: npt.NDArray[np.int64]


def _measure(plan: _Plan, chunk: UserChunk) -> Array:
    """Count each term a period, shape (terms, P)."""
    count = len(plan.starts) - 1
    if not count:
        return np.zeros((len(plan.measure.terms), 0), np.int64)
    place = places_of(chunk, plan.starts)
    return np.stack([counted(term, place, count, chunk) for term in plan.measure.terms])


def _merge(plan: _Plan, parts: list[Array]) -> Array:
    nothing = np.zeros((len(plan.measure.terms), len(plan.starts) - 1), np.int64)
    return np.sum([nothing, *parts], axis=0)


def _find(plan: _Plan, period: int, chunk: UserChunk) -> Array:
    rows = rows_of(plan.measure.above, chunk) & (places_of(chunk, plan.starts) == period)
    user = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    return chunk.users[np.unique(user[rows])]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    periods: Periods
    unit: str
    width: float
    definition: Mapping[str, str]

    def answer(self) -> Series:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            partial(_merge, self.plan),
            columns=self.plan.measure.columns,
            label="series",
        )
        expected = self._expected(asked.total)
        note = {"anomalies": expected.note}
        return Series(
            frame=self._frame(asked.total, expected),
            groups=stacked(
                {
                    name: self._frame(each, self._expected(each))
                    for name, each in asked.groups.items()
                }
            ),
            measure=self.plan.measure.text,
            unit=self.unit,
            definition={**self.definition, **note, **asked.note},
            _question=self,
        )

    def _judged(self, totals: Array) -> pa.Table:
        return self._frame(totals, self._expected(totals))

    def _values(self, totals: Array) -> npt.NDArray[np.float64]:
        above = totals[0] / self.plan.measure.scale
        if self.plan.measure.below is None:
            return np.asarray(above)
        return np.asarray(np.where(totals[1] > 0, above / np.maximum(totals[1], 1), np.nan))

    def _expected(self, totals: Array) -> Expectation:
        measure, values = self.plan.measure, self._values(totals)
        usable = self.periods.whole(slack_of(self.unit)) & ~np.isnan(values)
        plain = np.nan_to_num(values)
        if measure.below is not None:
            middle = float(np.median(plain[usable])) if usable.any() else 0.0
            share = min(max(middle, 0.0), 1.0)
            noise = np.sqrt(max(share * (1 - share), 1e-12) / np.maximum(totals[1], 1))
            noise = noise if 0 < middle < 1 else np.zeros(len(plain))
            return expectation(
                plain, usable, unit=self.unit, noise=noise, logarithmic=False, width=self.width
            )
        typical = float(np.median(plain[usable])) if usable.any() else 0.0
        chance = 0.0 if measure.above.kind == "sum" else 1 / np.sqrt(typical + 1)
        noise = np.full(len(plain), chance)
        logarithmic = not (plain < 0).any()
        if not logarithmic:
            noise = np.zeros(len(plain))
        return expectation(
            plain, usable, unit=self.unit, noise=noise, logarithmic=logarithmic, width=self.width
        )

    def _frame(self, totals: Array, expected: Expectation) -> pa.Table:
        values = self._values(totals)
        cells: dict[str, pa.Array] = {
            "period": pa.array(self.periods.labels, pa.string()),
            "total": pa.array(totals[0], pa.int64()),
        }
        if self.plan.measure.below is not None:
            cells["of"] = pa.array(totals[1], pa.int64())
        cells["value"] = pa.array(values, pa.float64(), mask=np.isnan(values))
        for name, column in (
            ("expected", expected.expected),
            ("low", expected.low),
            ("high", expected.high),
        ):
            cells[name] = pa.array(column, pa.float64(), mask=np.isnan(column))
        cells["anomaly"] = pa.array(expected.verdict, pa.string())
        cells["complete"] = pa.array(self.periods.whole(slack_of(self.unit)), pa.bool_())
        return pa.table(cells)

    def users(self, period: str, group: str | None) -> list[str]:
        if period not in self.periods.labels:
            allowed = f"one of {[*self.periods.labels]}"
            raise OptionError.of("period", "Series", allowed, period)
        find = partial(_find, self.plan, self.periods.labels.index(period))
        columns = self.plan.measure.columns
        return listed(self.scope, group, find, columns=columns, label="series: users")
