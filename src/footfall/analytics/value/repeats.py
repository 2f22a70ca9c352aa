"""Repeat purchases: who comes back, after how long, and how much of what sells is bought again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.orders import DAY, OrderRule, Orders, order_rule, orders_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Repeats", "repeats"]

_PRINTED = (0, 1, 3, 7, 14, 28, 60)  # days
# Places in the array of sums that a chunk gives.
_BUYERS, _REPEAT_BUYERS, _ORDERS, _LINES, _REPEAT_LINES = range(5)


@dataclass(frozen=True, kw_only=True, repr=False)
class Repeats(Answer):
    """The answer of :func:`repeats`.

    Attributes
    ----------
    frame : pa.Table
        A row a day since an order: day (int64, from 0), at_risk (orders still watched and not yet
        followed by another), came_back (orders followed on that day), share_back (share followed
        by another order by the end of that day; Kaplan-Meier).
    groups : pa.Table or None
        With a breakdown, the curve a group.
    buyers, repeat_buyers, orders, lines, repeat_lines : int
        Users with an order, with two or more; orders; purchased lines with an item, and those of
        an item the user had bought in an earlier order.
    median_days : int or None
        First day by whose end half of the orders were followed by another; None when fewer were.
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share_back": "share"}

    frame: pa.Table
    groups: pa.Table | None
    buyers: int
    repeat_buyers: int
    orders: int
    lines: int
    repeat_lines: int
    median_days: int | None
    definition: Mapping[str, str]
    _lists: "_Lists" = field(compare=False)

    def users(self, *, repeat: bool = False, group: str | None = None) -> list[str]:
        """List the buyers, or with `repeat` those with two orders or more.

        Raises
        ------
        OptionError
            If there is no such group.
        """
        return self._lists.users(group, repeat=repeat)

    def __str__(self) -> str:
        tables = [self.frame] if self.groups is None else [self.frame, self.groups]
        shown = [
            text_table(
                table.filter(pa.array(np.isin(table.column("day").to_numpy(), _PRINTED))),
                formats=self.FORMATS,
            )
            for table in tables
        ]
        share = f"{100 * self.repeat_lines / self.lines:.1f} %" if self.lines else "-"
        return (
            f"buyers {self.buyers:,}, of them with two orders or more {self.repeat_buyers:,};"
            f" orders {self.orders:,}; lines bought before {share}\n" + "\n\n".join(shown)
        )

    def share_back(self, days: int) -> float | None:
        """Give the share of orders followed by another within so many days; None unknown."""
        if not 1 <= days <= self.frame.num_rows:
            return None
        return float(self.frame.column("share_back")[days - 1].as_py())

    def to_json(self) -> dict[str, Any]:
        """Give the sums, the curve and the definition."""
        return {
            "buyers": self.buyers,
            "repeat_buyers": self.repeat_buyers,
            "orders": self.orders,
            "lines": self.lines,
            "repeat_lines": self.repeat_lines,
            "median_days": self.median_days,
            "curve": self.frame.to_pylist(),
            **({} if self.groups is None else {"groups": self.groups.to_pylist()}),
            "definition": dict(self.definition),
        }

    def plot(self) -> "go.Figure":
        """Draw the share of orders followed by another, by days since the order."""
        import plotly.graph_objects as go

        from footfall.analytics.charts import PALETTE, TEAL, house_layout, tinted

        days = [day + 1 for day in self.frame.column("day").to_pylist()]
        figure = go.Figure(
            go.Scatter(
                x=[0, *days],
                y=[0.0, *self.frame.column("share_back").to_pylist()],
                mode="lines",
                line={"color": TEAL, "width": 3, "shape": "hv"},
                fill="tozeroy",
                fillcolor=tinted(TEAL, 0.12),
                name="all",
                hovertemplate="within %{x} days: %{y:.1%}<extra></extra>",
            )
        )
        curves: dict[str, list[float]] = {}
        for row in [] if self.groups is None else self.groups.to_pylist():
            curves.setdefault(row["group"], [0.0]).append(row["share_back"])
        for at, (name, curve) in enumerate(curves.items(), 1):
            figure.add_scatter(
                x=[0, *days],
                y=curve,
                mode="lines",
                name=name,
                line={"color": PALETTE[at % len(PALETTE)], "width": 1.5, "shape": "hv"},
                hovertemplate=name + ", within %{x} days: %{y:.1%}<extra></extra>",
            )
        figure.update_layout(
            **house_layout(
                "How soon buyers order again",
                subtitle=f"{self.orders:,} orders of {self.buyers:,} buyers; orders still open at"
                " the end of the log are counted as long as they were watched",
                x="days since the order",
                y="share followed by another order",
            )
        )
        figure.update_yaxes(tickformat=".0%", range=[0, 1])
        return figure


def repeats(
    log: LogView,
    *,
    event_type: str = "purchase",
    order: str = "session",
    gap_minutes: float = 30,
    days: int = 90,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Repeats:
    """Say how soon buyers order again and how much of what sells was bought before.

    Parameters
    ----------
    log : LogView
    event_type : str, default="purchase"
        What counts as buying.
    order, gap_minutes
        Which purchases are one order, see :func:`footfall.analytics.value.rfm.rfm`.
    days : int, default=90
        Length of the curve.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    Repeats

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen the event type.

    References
    ----------
    E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", 1958.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "purchase", "tea"),
    ...     ("ann", "2026-01-03T11:00", "purchase", "tea"),
    ...     ("bob", "2026-01-01T09:00", "purchase", "kettle"),
    ... ])
    >>> answer = repeats(log, days=5)
    >>> answer.orders, answer.repeat_lines, answer.share_back(3)
    (3, 1, 0.5)
    """
    if not isinstance(days, int) or not 1 <= days <= 3650:
        raise OptionError.of("days", "repeats", "an int in [1, 3650]", days)
    rule = order_rule(
        log, event_type=event_type, order=order, gap_minutes=gap_minutes, owner="repeats"
    )
    scope = scoped(
        log, owner="repeats", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    # Orders are watched until the log ends, or the period asked about.
    last = (log.span or (0, 0))[1]
    if scope.period is not None:
        last = min(last, scope.period.end - 1)
    asked = scope.ask(
        partial(_measure, rule, last, days),
        partial(_merge, days),
        columns=(*rule.columns, "item"),
        label="repeat purchases",
    )
    sums, returned, censored = asked.total
    frame = _curve(returned, censored, days)
    back = frame.column("share_back").to_numpy()
    half = np.flatnonzero(back >= 0.5)
    curves = {name: _curve(*each[1:], days) for name, each in asked.groups.items()}
    return Repeats(
        frame=frame,
        groups=stacked(curves),
        buyers=int(sums[_BUYERS]),
        repeat_buyers=int(sums[_REPEAT_BUYERS]),
        orders=int(sums[_ORDERS]),
        lines=int(sums[_LINES]),
        repeat_lines=int(sums[_REPEAT_LINES]),
        median_days=int(half[0]) + 1 if len(half) else None,
        definition={
            "unit": rule.text,
            "window": f"{days} days after each order",
            "order": "timestamp, then arrival",
            "ties": "by arrival",
            "time_zone": "UTC; days are 24 hours",
        }
        | scope.definition
        | asked.note,
        _lists=_Lists(scope, rule),
    )


@dataclass(frozen=True)
class _Lists:
    """What lists of users need."""

    scope: Scope
    rule: OrderRule

    def users(self, group: str | None, *, repeat: bool) -> list[str]:
        log = self.scope.of(group, owner="Repeats").log
        codes: Array = log.map(
            partial(_list_buyers, self.rule, 2 if repeat else 1),
            joined,
            columns=self.rule.columns,
            label="repeat purchases: users",
        )
        return sorted_ids(log, codes)


def _list_buyers(rule: OrderRule, least: int, chunk: UserChunk) -> Array:
    """Give a chunk's users with so many orders at least."""
    orders = np.bincount(orders_of(chunk, rule).user, minlength=len(chunk.users))
    return chunk.users[orders >= least]


def _measure(rule: OrderRule, last: int, days: int, chunk: UserChunk) -> tuple[Array, Array, Array]:
    """Add up orders, gaps to the next order in whole days, and lines bought before."""
    found = orders_of(chunk, rule)
    times = found.times(chunk)
    followed = np.append(np.diff(found.user) == 0, False)[: len(found)]
    waits = np.append(np.diff(times), 0)[: len(found)]
    waits = np.minimum(np.where(followed, waits, last - times) // DAY, days)
    each = np.bincount(found.user, minlength=1)
    sums = np.zeros(5, np.int64)
    sums[_BUYERS], sums[_REPEAT_BUYERS] = (each > 0).sum(), (each > 1).sum()
    sums[_ORDERS] = len(found)
    sums[_LINES], sums[_REPEAT_LINES] = _lines(found, chunk["item"][found.rows])
    returned, censored = (
        np.bincount(waits[which], minlength=days + 1) for which in (followed, ~followed)
    )
    return sums, returned, censored


def _lines(found: Orders, item: Array) -> tuple[int, int]:
    """Count the lines with an item, and those of an item that an earlier order had."""
    order = np.repeat(np.arange(len(found)), np.diff(found.offsets))
    order, item = order[item >= 0], item[item >= 0]
    if not len(item):
        return 0, 0
    thing = found.user[order].astype(np.int64) * (int(item.max()) + 1) + item
    _, first, which = np.unique(thing, return_index=True, return_inverse=True)
    return len(item), int(np.count_nonzero(order > order[first][which]))


def _merge(days: int, parts: list[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    sums = np.zeros(5, np.int64)
    returned, censored = np.zeros(days + 1, np.int64), np.zeros(days + 1, np.int64)
    for part in parts:
        sums += part[0]
        returned += part[1]
        censored += part[2]
    return sums, returned, censored


def _curve(returned: Array, censored: Array, days: int) -> pa.Table:
    """Estimate the share followed by another order, day by day."""
    left = np.append(0, np.cumsum(returned + censored)[:-1])
    at_risk = (returned.sum() + censored.sum() - left)[:days]
    came = returned[:days]
    stays = np.cumprod(1 - came / np.maximum(at_risk, 1))
    return pa.table(
        {
            "day": pa.array(np.arange(days), pa.int64()),
            "at_risk": pa.array(at_risk, pa.int64()),
            "came_back": pa.array(came, pa.int64()),
            "share_back": pa.array(1 - stays, pa.float64()),
        }
    )
