"""Order value: how much an order is worth on average, how that spreads, and how it moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Asked, Between, Calendar, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.orders import OrderRule, order_rule, orders_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["OrderValue", "order_value"]


@dataclass(frozen=True)
class _Sales:
    """One place an order."""

    user: npt.NDArray[np.int32]
    time: npt.NDArray[np.int64]
    amount: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    pieces: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, repr=False)
class OrderValue(Answer):
    """The answer of :func:`order_value`.

    Attributes
    ----------
    frame : pa.Table
        A row a period, quiet ones too: period, orders, buyers, revenue_minor (int64),
        average_order (major units), median_order_minor (int64), lines_per_order, pieces_per_order
        (null without orders).
    total : pa.Table
        The same over everything, one row.
    distribution : pa.Table
        from_minor, below_minor (int64), orders, orders_share, revenue_share: how many orders are
        worth how much.
    groups : pa.Table or None
        With a breakdown, `total` a group.
    unit : str
        Of the periods.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"orders_share": "share", "revenue_share": "share"}

    frame: pa.Table
    total: pa.Table
    distribution: pa.Table
    groups: pa.Table | None
    unit: str
    definition: Mapping[str, str]
    _asked: Asked[_Sales] = field(compare=False)
    _periods: "_Periods" = field(compare=False)
    _log: LogView = field(compare=False)

    def users(self, period: str | None = None, *, group: str | None = None) -> list[str]:
        """List the buyers of a period, or of all.

        Raises
        ------
        OptionError
            If there is no such period or group.
        """
        if group is not None and group not in self._asked.groups:
            raise OptionError.of("group", "OrderValue", f"one of {[*self._asked.groups]}", group)
        sales = self._asked.total if group is None else self._asked.groups[group]
        mine = np.ones(len(sales.user), np.bool_)
        if period is not None:
            if period not in self._periods.labels:
                allowed = f"one of {self._periods.labels}"
                raise OptionError.of("period", "OrderValue", allowed, period)
            mine = self._periods.place(sales.time) == self._periods.labels.index(period)
        return sorted_ids(self._log, np.unique(sales.user[mine]))

    def to_json(self) -> dict[str, Any]:
        """Give total, periods, distribution, groups and the definition as plain values."""
        answer: dict[str, Any] = {
            "total": self.total.to_pylist()[0],
            "unit": self.unit,
            "periods": self.frame.to_pylist(),
            "distribution": self.distribution.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self, kind: Literal["periods", "distribution"] = "periods") -> "go.Figure":
        """Draw the average and orders by period, or how many orders are worth how much."""
        from footfall.analytics.value.period_charts import draw_order_sizes, draw_order_value

        if kind not in ("periods", "distribution"):
            raise OptionError.of("kind", "OrderValue.plot", "'periods' or 'distribution'", kind)
        return draw_order_value(self) if kind == "periods" else draw_order_sizes(self)

    def __str__(self) -> str:
        tables = [self.frame, self.total, self.distribution, self.groups]
        return "\n\n".join(
            text_table(table, formats=self.FORMATS) for table in tables if table is not None
        )


def order_value(
    log: LogView,
    *,
    unit: Literal["day", "week", "month"] = "month",
    event_type: str = "purchase",
    order: str = "session",
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> OrderValue:
    """Say what orders are worth: average, median, lines and pieces, by period and by size.

    An order belongs to the period of its first line. Returns are not taken off.

    Parameters
    ----------
    log : LogView
    unit : "day", "week" or "month", default="month"
        Periods of the calendar, in `time_zone`; weeks start on Monday.
    event_type : str, default="purchase"
        What counts as buying.
    order : "session", "moment", "visit" or "properties.<name>", default="session"
        Which purchases of a user are one order: of one given session (of one timestamp where none
        is given), of one timestamp, of one session parted by silence, or of one order id.
    gap_minutes : float, default=30
        Silence that parts visits.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each session into one group (the first event that has one).

    Returns
    -------
    OrderValue

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-10T10:00", "purchase", "tea", 2, 1000),
    ...     ("ann", "2026-01-10T10:00", "purchase", "cup", 1, 500),
    ...     ("bob", "2026-01-20T09:00", "purchase", "cup", 1, 500),
    ... ])
    >>> order_value(log).total.select(["orders", "average_order", "pieces_per_order"]).to_pylist()
    [{'orders': 2, 'average_order': 10.0, 'pieces_per_order': 2.0}]
    """
    if unit not in ("day", "week", "month"):
        raise OptionError.of("unit", "order_value", "'day', 'week' or 'month'", unit)
    scope = scoped(
        log, owner="order_value", where=where, between=between, segment=segment, by=by, top=top,
        grain="session", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    rule = order_rule(
        log, event_type=event_type, order=order, gap_minutes=gap_minutes, owner="order_value"
    )
    asked = scope.ask(
        partial(_measure, rule), _merge, columns=(*rule.columns, "quantity"), label="order value"
    )
    periods = _periods_of(asked.total, Calendar(unit, time_zone, owner="order_value"))
    return OrderValue(
        frame=_by_period(asked.total, periods),
        total=_summed({"period": "all"}, asked.total),
        distribution=_distribution(asked.total.amount),
        groups=stacked({name: _summed({}, each) for name, each in asked.groups.items()}),
        unit=unit,
        definition={
            "unit": rule.text,
            "window": "all events in scope",
            "order": "timestamp; an order belongs to the period of its first line",
            "ties": "median: the lower middle value",
            "time_zone": time_zone,
            "pieces": "quantities bought; a line that does not say counts 1",
        }
        | scope.definition
        | asked.note,
        _asked=asked,
        _periods=periods,
        _log=log,
    )


def _measure(rule: OrderRule, chunk: UserChunk) -> _Sales:
    found = orders_of(chunk, rule)
    return _Sales(
        chunk.users[found.user],
        found.times(chunk),
        found.amounts(chunk),
        np.diff(found.offsets),
        found.summed(np.maximum(chunk["quantity"], 1)),
    )


def _merge(parts: list[_Sales]) -> _Sales:
    """Put the orders of chunks in the order of user and time."""
    user = np.concatenate([np.zeros(0, np.int32), *(part.user for part in parts)])
    columns = [
        np.concatenate([np.zeros(0, np.int64), *(getattr(part, name) for part in parts)])
        for name in ("time", "amount", "lines", "pieces")
    ]
    place = np.argsort(user, kind="stable")
    return _Sales(user[place], *(column[place] for column in columns))


@dataclass(frozen=True)
class _Periods:
    starts: npt.NDArray[np.int64]
    labels: list[str]

    def place(self, times: Array) -> npt.NDArray[np.int64]:
        return np.searchsorted(self.starts, times, side="right") - 1


def _periods_of(sales: _Sales, calendar: Calendar) -> _Periods:
    if not len(sales.time):
        return _Periods(np.zeros(1, np.int64), [])
    starts = calendar.starts(int(sales.time.min()), int(sales.time.max()))
    return _Periods(starts, [calendar.label(start) for start in starts[:-1].tolist()])


def _taken(sales: _Sales, places: Array) -> _Sales:
    return _Sales(
        sales.user[places],
        sales.time[places],
        sales.amount[places],
        sales.lines[places],
        sales.pieces[places],
    )


def _by_period(sales: _Sales, periods: _Periods) -> pa.Table:
    place = periods.place(sales.time)
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(len(periods.labels) + 1))
    rows = [
        _summed({"period": label}, _taken(sales, order[ends[at] : ends[at + 1]]))
        for at, label in enumerate(periods.labels)
    ]
    empty = _summed({"period": ""}, _taken(sales, order[:0])).slice(0, 0)
    return pa.concat_tables([empty, *rows]).combine_chunks()


def _summed(names: Mapping[str, str], sales: _Sales) -> pa.Table:
    """Sum up some orders in one row."""
    orders = len(sales.user)
    money = int(sales.amount.sum())
    means = (money / 100, int(sales.lines.sum()), int(sales.pieces.sum()))
    average, lines, pieces = (value / orders if orders else None for value in means)
    return pa.table(
        {
            **{name: pa.array([value]) for name, value in names.items()},
            "orders": pa.array([orders], pa.int64()),
            "buyers": pa.array([len(np.unique(sales.user))], pa.int64()),
            "revenue_minor": pa.array([money], pa.int64()),
            "average_order": pa.array([average], pa.float64()),
            "median_order_minor": pa.array([quantile(sales.amount, 0.5)], pa.int64()),
            "lines_per_order": pa.array([lines], pa.float64()),
            "pieces_per_order": pa.array([pieces], pa.float64()),
        }
    )


def _distribution(amount: npt.NDArray[np.int64]) -> pa.Table:
    """Count orders by worth, between the round sums 1, 2, 5, 10, 20 ... of minor units."""
    most = int(amount.max(initial=0))
    steps = np.array([d * 10**p for p in range(len(str(most)) + 1) for d in (1, 2, 5)], np.int64)
    first = np.searchsorted(steps, amount[amount > 0].min(initial=most), side="right")
    last = np.searchsorted(steps, most, side="right")
    edges = np.append(0, steps[max(first - 1, 0) : last + 1]) if len(amount) else np.zeros(1, int)
    size = len(edges) - 1
    place = np.searchsorted(edges, amount, side="right") - 1
    counts, money = np.bincount(place, minlength=size), np.zeros(size, np.int64)
    np.add.at(money, place, amount)
    return pa.table(
        {
            "from_minor": pa.array(edges[:-1], pa.int64()),
            "below_minor": pa.array(edges[1:], pa.int64()),
            "orders": pa.array(counts, pa.int64()),
            "orders_share": pa.array(counts / max(len(amount), 1), pa.float64()),
            "revenue_share": pa.array(money / (int(amount.sum()) or 1), pa.float64()),
        }
    )
