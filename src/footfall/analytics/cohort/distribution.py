"""Distribution: how many users did an event how often, on how many days, or for how much money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.bins import Bins, bins_of, default_bins
from footfall.analytics.cohort.periods import OVER, Periods, periods_of
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types
from footfall.analytics.scope import Between, Calendar, Scope
from footfall.analytics.scope.calendar import Unit, places_of
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Distribution", "Measure", "distribution"]

Measure = Literal["times", "days", "sum of amount", "average of amount", "sum of quantity"]
_TIMES, _DAYS, _SUM, _AVERAGE = range(4)
_MODE = dict(zip(get_args(Measure), (_TIMES, _DAYS, _SUM, _AVERAGE, _SUM), strict=True))
_ALL = "all"


@kernel(
    types.int64(i64, i32, i32, i16, i64, bool1, types.int64, out_i32, out_i32, out_i64)
)  # fmt: skip
def _values(
    offsets: Array,
    period: Array,
    day: Array,
    event_type: Array,
    number: Array,
    wanted: Array,
    mode: int,
    user_of: Array,
    period_of: Array,
    value: Array,
) -> int:
    """Write the value of each user in each period with such an event; give how many there are."""
    count = 0
    for user in range(len(offsets) - 1):
        here, before, total, events = -1, -1, 0, 0
        for row in range(offsets[user], offsets[user + 1] + 1):
            ended = row == offsets[user + 1]
            if not ended and (not wanted[event_type[row]] or period[row] < 0):
                continue
            if events > 0 and (ended or period[row] != here):
                user_of[count], period_of[count] = user, here
                value[count] = total // events if mode == _AVERAGE else total
                count += 1
                before, total, events = -1, 0, 0
            if ended:
                break
            here = int(period[row])
            events += 1
            if mode == _TIMES:
                total += 1
            elif mode == _DAYS:
                total += day[row] != before
                before = int(day[row])
            else:
                total += int(number[row])
    return count


@dataclass(frozen=True, kw_only=True, repr=False)
class Distribution(Tabled):
    """The answer of :func:`distribution`.

    Attributes
    ----------
    frame : pa.Table
        A row a period and bin: period (string), bin (string, such as "2" or "6-10"), users (int64),
        share (float64, of the period's users).
    summary : pa.Table
        A row a period: period, users, total (int64, of all users), mean (float64), median, p90
        (int64: values that occurred), complete (bool). Money in minor units.
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    summary: pa.Table
    subtitle: str
    axis: str
    _question: "_Question"

    def users(self, bin: str, *, period: str = _ALL, group: str | None = None) -> list[str]:  # noqa: A002  # the frame's word
        """List the users of a bin.

        Parameters
        ----------
        bin, period : str
            As in the frame.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such bin, period or group.
        """
        return self._question.users(bin, period, group)

    def to_json(self) -> dict[str, Any]:
        """Give the bins, the summary and the definition as plain values."""
        return super().to_json() | {"summary": self.summary.to_pylist()}

    def plot(self) -> "go.Figure":
        """Draw the shares of users by bin."""
        from footfall.analytics.cohort.activity_charts import draw_distribution

        return draw_distribution(self)


def distribution(
    log: LogView,
    *,
    of: str = "purchase",
    measure: Measure = "times",
    per: Unit | Literal["all"] = "all",
    bins: Sequence[float] | str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Distribution:
    """Count users by how often they did an event, on how many days, or for how much money.

    Parameters
    ----------
    log : LogView
    of : str, default="purchase"
        The event: types joined by "|", or "any event". Users without one are not counted.
    measure : "times", "days", "sum of amount", "average of amount" or "sum of quantity"
        The average is rounded down to the minor unit.
    per : "all", "hour", "day", "week" or "month"
        Of the whole time, or of each period.
    bins : sequence of numbers, optional
        Lower edges; money in units. By default 1 to 5, 6-10, 11-20 ..., or 1, 2, 5, 10 ... units.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of days and periods.

    Returns
    -------
    Distribution

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05", "purchase"), ("ann", "2026-01-06", "purchase"),
    ...     ("bob", "2026-01-06", "purchase"), ("cid", "2026-01-06", "view"),
    ... ])
    >>> answer = distribution(log, bins=[1, 2, 3])
    >>> print(answer)
    period  bin  users   share
    all     1        1  50.0 %
    all     2        1  50.0 %
    all     3+       0   0.0 %
    >>> answer.users("2")
    ['ann']
    """
    if measure not in _MODE:
        raise OptionError.of("measure", "distribution", f"one of {(*_MODE,)}", measure)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    money = measure.endswith("amount")
    given = None if bins is None else bins_of(bins, money=money, owner="distribution")
    wanted = wanted_types(log, of, option="of", owner="distribution")
    scope = who.scope(log, owner="distribution")
    days = periods_of(log, scope.period, Calendar("day", time_zone, "distribution"))
    if per == "all":
        periods = _whole(days)
    else:
        periods = periods_of(log, scope.period, Calendar(per, time_zone, "distribution"))
    plan = _Plan(days.starts, periods.starts, wanted, measure)
    length = "the whole time" if per == _ALL else f"{per}s of the calendar"
    definition = {
        "unit": f"users with a {of} event, by {measure} of these events",
        "window": length,
        "order": "timestamp",
        "ties": "do not matter: events are counted or added up",
        "time_zone": f"{time_zone}, for the boundaries of days and periods",
        "over": OVER,
    }
    question = _Question(scope, plan, periods, definition | scope.definition, f"{measure} of {of}")
    return question.answer(given)


def _whole(days: Periods) -> Periods:
    if not len(days):
        return days
    return Periods(days.starts[[0, -1]], (_ALL,), days.since, max(days.until, int(days.starts[-1])))


@dataclass(frozen=True)
class _Plan:
    days: npt.NDArray[np.int64]
    periods: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.bool_]
    measure: Measure

    @property
    def columns(self) -> tuple[str, ...]:
        names = ("timestamp", "event_type")
        if _MODE[self.measure] in {_TIMES, _DAYS}:
            return names
        return (*names, self.measure.rpartition(" ")[2])


def _user_values(plan: _Plan, chunk: UserChunk) -> tuple[Array, Array, Array]:
    """Give user, period and value of each user's period with such an event."""
    nothing = np.zeros(0, np.int32)
    if len(plan.periods) < 2:
        return nothing, nothing, np.zeros(0, np.int64)
    mode = _MODE[plan.measure]
    day = places_of(chunk, plan.days) if mode == _DAYS else nothing
    number = np.zeros(0, np.int64)
    if mode in {_SUM, _AVERAGE}:
        number = chunk[plan.columns[-1]].astype(np.int64, copy=False)
    size = chunk.events
    user, period = np.empty(size, np.int32), np.empty(size, np.int32)
    value = np.empty(size, np.int64)
    count = _values(
        chunk.offsets, places_of(chunk, plan.periods), day, chunk["event_type"], number,
        plan.wanted, mode, user, period, value,
    )  # fmt: skip
    return user[:count], period[:count], value[:count]


@dataclass(frozen=True)
class _Part:
    """Users by period and value: three arrays of the same length, ascending, none twice."""

    period: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]


def _measure(plan: _Plan, chunk: UserChunk) -> _Part:
    _, period, value = _user_values(plan, chunk)
    return _added(period.astype(np.int64), value, np.ones(len(value), np.int64))


def _added(period: Array, value: Array, users: Array) -> _Part:
    order = np.lexsort((value, period))
    period, value, users = period[order], value[order], users[order]
    new = np.append(True, (np.diff(period) != 0) | (np.diff(value) != 0))[: len(period)]
    first = np.flatnonzero(new)
    sums = np.add.reduceat(users, first) if len(first) else users
    return _Part(period[first], value[first], sums)


def _merge(parts: list[_Part]) -> _Part:
    nothing = np.zeros(0, np.int64)
    period, value, users = (
        np.concatenate([nothing, *(getattr(part, name) for part in parts)])
        for name in ("period", "value", "users")
    )
    return _added(period, value, users)


def _find(plan: _Plan, bins: Bins, period: int, place: int, chunk: UserChunk) -> Array:
    user, periods, values = _user_values(plan, chunk)
    return chunk.users[user[(periods == period) & (bins.place(values) == place)]]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    periods: Periods
    definition: Mapping[str, str]
    axis: str
    bins: Bins = Bins((1,))  # noqa: RUF009  # frozen, and replaced once the values are known

    def answer(self, given: Bins | None) -> Distribution:
        asked = self.scope.ask(
            partial(_measure, self.plan), _merge, columns=self.plan.columns, label="distribution"
        )
        total = asked.total
        bins = given or default_bins(total.value, money=self.plan.measure.endswith("amount"))
        mine = _Question(self.scope, self.plan, self.periods, self.definition, self.axis, bins)
        users = int(total.users.sum())
        return Distribution(
            frame=mine.frame(total),
            groups=stacked({name: mine.frame(each) for name, each in asked.groups.items()}),
            summary=mine.summary(total),
            subtitle=f"{users:,} users" if len(self.periods) <= 1 else "users of each period",
            axis=self.axis,
            definition={**self.definition, **asked.note},
            _question=mine,
        )

    def frame(self, part: _Part) -> pa.Table:
        count, labels = len(self.periods), self.bins.labels
        place = self.bins.place(part.value)
        users = np.zeros((count, len(labels)), np.int64)
        known = place >= 0
        np.add.at(users, (part.period[known], place[known]), part.users[known])
        totals = np.zeros(count, np.int64)
        np.add.at(totals, part.period, part.users)
        return pa.table(
            {
                "period": pa.array([p for p in self.periods.labels for _ in labels], pa.string()),
                "bin": pa.array([*labels] * count, pa.string()),
                "users": pa.array(users.ravel(), pa.int64()),
                "share": pa.array((users / np.maximum(totals, 1)[:, None]).ravel(), pa.float64()),
            }
        )

    def summary(self, part: _Part) -> pa.Table:
        rows = []
        for place, label in enumerate(self.periods.labels):
            mine = part.period == place
            values, users = part.value[mine], part.users[mine]
            count, total = int(users.sum()), int((values * users).sum())
            ranks = np.cumsum(users)
            median, p90 = (
                int(values[np.searchsorted(ranks, -(-count * share // 10))]) if count else None
                for share in (5, 9)
            )
            mean = total / count if count else None
            complete = bool(self.periods.over[place])
            rows.append((label, count, total, mean, median, p90, complete))
        names = ("period", "users", "total", "mean", "median", "p90", "complete")
        kinds = (
            pa.string(),
            pa.int64(),
            pa.int64(),
            pa.float64(),
            pa.int64(),
            pa.int64(),
            pa.bool_(),
        )
        return pa.table(
            {
                name: pa.array([row[at] for row in rows], kind)
                for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
            }
        )

    def users(self, label: str, period: str, group: str | None) -> list[str]:
        if period not in self.periods.labels:
            allowed = f"one of {[*self.periods.labels]}"
            raise OptionError.of("period", "Distribution", allowed, period)
        if label not in self.bins.labels:
            raise OptionError.of("bin", "Distribution", f"one of {[*self.bins.labels]}", label)
        find = partial(
            _find, self.plan, self.bins, self.periods.labels.index(period),
            self.bins.labels.index(label),
        )  # fmt: skip
        return listed(
            self.scope, group, find, columns=self.plan.columns, label="distribution: users"
        )
