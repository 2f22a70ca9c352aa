"""Prices: purchases a view at each price, elasticity, and what discounts do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.periods import periods_of
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types
from footfall.analytics.operations.discounts import discount_table
from footfall.analytics.operations.elasticity import Elasticity, elasticity_of
from footfall.analytics.operations.price_levels import (
    PRICE_COLUMNS,
    PRICE_LEVELS,
    PricePlan,
    Prices,
    PriceSums,
    keys_at,
    measure_prices,
    merge_prices,
    prices_of,
    users_of_keys,
)
from footfall.analytics.scope import Between, Calendar, Scope
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["PriceResponse", "price_response"]

_DRAWS = 200


@dataclass(frozen=True, kw_only=True, repr=False)
class PriceResponse(Tabled):
    """The answer of :func:`price_response`.

    Attributes
    ----------
    frame : pa.Table
        A row a price level, against each item's usual price: price_level (string), items, views,
        purchases (int64), rate (float64, purchases a view), expected (float64, purchases had these
        views been at the items' usual prices), response, low, high (float64, purchases against
        expected, with interval: 1 is no effect).
    elasticities : pa.Table
        A row for "all" and each group: group, elasticity, low, high (float64), items, prices
        (int64, that say something about it).
    discounts : pa.Table or None
        With ``discount``: a row a value: discount, sessions, buying_sessions (int64), rate, low,
        high (float64).
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"rate": "share"}

    elasticities: pa.Table
    discounts: pa.Table | None
    _question: "_Question" = field(compare=False)
    _sums: Mapping[str | None, PriceSums] = field(compare=False)

    def users(
        self,
        price_level: str,
        behind: Literal["views", "purchases"] = "views",
        *,
        group: str | None = None,
    ) -> list[str]:
        """List the users with a view, or with a purchase, at a price level.

        Parameters
        ----------
        price_level : str
            As in the frame.
        behind : "views" or "purchases", default="views"
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such level, number or group.
        """
        if price_level not in PRICE_LEVELS:
            allowed = f"one of {PRICE_LEVELS}"
            raise OptionError.of("price_level", "PriceResponse", allowed, price_level)
        if behind not in ("views", "purchases"):
            raise OptionError.of("behind", "PriceResponse", "'views' or 'purchases'", behind)
        if group not in self._sums:
            known = [name for name in self._sums if name is not None]
            raise OptionError.of("group", "PriceResponse", f"one of {known}", group)
        place = PRICE_LEVELS.index(price_level)
        return self._question.users(self._sums[group], place, behind, group)

    @property
    def elasticity(self) -> float | None:
        """Percent more purchases for one percent more price; None where no price changed."""
        value = self.elasticities.column("elasticity")[0].as_py()
        return None if value is None else float(value)

    def to_json(self) -> dict[str, Any]:
        """Give the levels, elasticities, discounts and the definition as plain values."""
        return super().to_json() | {
            "elasticities": self.elasticities.to_pylist(),
            "discounts": None if self.discounts is None else self.discounts.to_pylist(),
        }

    def __str__(self) -> str:
        parts = [text_table(self.frame, formats=self.FORMATS), text_table(self.elasticities)]
        if self.discounts is not None:
            shares = dict.fromkeys(("rate", "low", "high"), "share")
            parts.append(text_table(self.discounts, formats=shares))
        return "\n\n".join(parts)

    def plot(self) -> "go.Figure":
        """Draw the response to each price level, with intervals."""
        from footfall.analytics.operations.price_charts import draw_prices

        return draw_prices(self)


def price_response(
    log: LogView,
    *,
    view: str = "view",
    purchase: str = "purchase",
    discount: str | None = None,
    level: float = 0.95,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> PriceResponse:
    """Say how purchases answer to prices, each item compared with itself.

    Parameters
    ----------
    log : LogView
    view, purchase : str
        Event types joined by "|": what shows an item, and what buys it.
    discount : str, optional
        A field, such as the property "discount", by whose value in a session sessions with a
        purchase are counted, too.
    level : float, default=0.95
        Of the intervals.
    by, where, between, segment, top, time_zone
        Breakdown (each event in the group of its own value), condition, time, segment, groups
        kept, zone of the days.

    Returns
    -------
    PriceResponse

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> days = [(1, 1000, 2), (2, 1000, 2), (3, 500, 4)]  # price and purchases of eight viewers
    >>> rows = [(f"u{n}", f"2026-01-0{day} 10:00", "view", "tea", price)
    ...         for day, price, _ in days for n in range(8)]
    >>> rows += [(f"u{n}", f"2026-01-0{day} 11:00", "purchase", "tea", price)
    ...          for day, price, bought in days for n in range(bought)]
    >>> columns = dict(zip(("user_id", "timestamp", "event_type", "item_id", "price"), zip(*rows)))
    >>> times = pa.array(columns["timestamp"]).cast(pa.timestamp("us"))
    >>> columns["timestamp"] = times.cast(pa.timestamp("us", tz="UTC"))
    >>> answer = price_response(MemoryLog.from_events(pa.table(columns)))
    >>> round(answer.elasticity, 3)
    -1.0
    >>> answer.frame.select(["price_level", "views", "purchases", "response"]).to_pylist()[0]
    {'price_level': '30 % off or more', 'views': 8, 'purchases': 4, 'response': 2.0}
    """
    if not isinstance(level, float) or not 0.5 <= level < 1:
        raise OptionError.of("level", "price_response", "a float from 0.5 to below 1", level)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    scope = who.scope(log, owner="price_response", grain="event")
    days = periods_of(log, scope.period, Calendar("day", time_zone, "price_response"))
    plan = PricePlan(
        days=days.starts,
        views=wanted_types(log, view, option="view", owner="price_response"),
        purchases=wanted_types(log, purchase, option="purchase", owner="price_response"),
    )
    definition = {
        "unit": f"{view} and {purchase} events with an item; a day's price of an item is the mean"
        " price of its views, or else that of its last day with one; where views carry no prices,"
        " that of its purchases, and the day that tells a new price is left out",
        "window": "days of the calendar",
        "order": "timestamp",
        "ties": "do not matter: events are counted",
        "time_zone": f"{time_zone}, for days",
        "usual price": "the price under which an item was seen most; of equal ones the highest",
        "response": "purchases, against those to be expected from each item's rate at its usual"
        " price",
        "elasticity": "slope of log(purchases a view) on log(price) with an effect of each item"
        " (Poisson); says what moved together, and what a price causes only if prices were not"
        " changed because demand was about to",
        "interval": f"{level:.0%}; items are taken as independent",
    }
    found = None
    if discount is not None:
        found = discount_table(
            log, who, discount, bought=plan.purchases, level=level, owner="price_response"
        )
    return _Question(scope, plan, level, definition | scope.definition, found).answer()


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: PricePlan
    level: float
    definition: Mapping[str, str]
    discounts: pa.Table | None

    @property
    def days(self) -> int:
        return len(self.plan.days) - 1

    def answer(self) -> PriceResponse:
        asked = self.scope.ask(
            partial(measure_prices, self.plan), merge_prices, columns=PRICE_COLUMNS, label="prices"
        )
        total = prices_of(asked.total, self.days)
        groups = {name: prices_of(each, self.days) for name, each in asked.groups.items()}
        sums: dict[str | None, PriceSums] = {None: asked.total}
        sums.update(asked.groups)
        return PriceResponse(
            frame=_frame(total, self.level),
            groups=stacked({name: _frame(each, self.level) for name, each in groups.items()}),
            elasticities=_elasticities({"all": total} | groups, self.level),
            discounts=self.discounts,
            definition={**self.definition, **asked.note},
            _question=self,
            _sums=sums,
        )

    def users(self, sums: PriceSums, place: int, behind: str, group: str | None) -> list[str]:
        keys = keys_at(sums, self.days, place)
        wanted = self.plan.views if behind == "views" else self.plan.purchases
        find = partial(users_of_keys, self.plan, keys, wanted)
        return listed(self.scope, group, find, columns=PRICE_COLUMNS, label="prices: users")


def _elasticities(prices: Mapping[str, Prices], level: float) -> pa.Table:
    found: dict[str, Elasticity] = {
        name: elasticity_of(each.item, each.price, each.views, each.purchases, level=level)
        for name, each in prices.items()
    }
    values = [*found.values()]
    return pa.table(
        {
            "group": pa.array([*found], pa.string()),
            "elasticity": pa.array([each.value for each in values], pa.float64()),
            "low": pa.array([each.low for each in values], pa.float64()),
            "high": pa.array([each.high for each in values], pa.float64()),
            "items": pa.array([each.items for each in values], pa.int64()),
            "prices": pa.array([each.levels for each in values], pa.int64()),
        }
    )


def _frame(prices: Prices, level: float) -> pa.Table:
    """Add up items at each level of price; only items that were seen at several prices."""
    _, item = np.unique(prices.item, return_inverse=True)
    kept = prices.level >= 0
    place = prices.level[kept]
    views, bought = prices.views[kept], prices.purchases[kept]
    usual = views * prices.usual_rate[kept]
    size = len(PRICE_LEVELS)
    sums = [np.bincount(place, each, minlength=size) for each in (views, bought, usual)]
    low, high = _intervals(item[kept], place, bought, usual, level)
    some = sums[2] > 0
    response = sums[1] / np.where(some, sums[2], 1)
    return pa.table(
        {
            "price_level": pa.array(PRICE_LEVELS, pa.string()),
            "items": pa.array(
                [len(np.unique(item[kept][place == at])) for at in range(size)], pa.int64()
            ),
            "views": pa.array(sums[0].astype(np.int64), pa.int64()),
            "purchases": pa.array(sums[1].astype(np.int64), pa.int64()),
            "rate": pa.array(sums[1] / np.maximum(sums[0], 1), pa.float64(), mask=~some),
            "expected": pa.array(sums[2], pa.float64()),
            "response": pa.array(response, pa.float64(), mask=~some),
            "low": pa.array(low, pa.float64(), mask=np.isnan(low)),
            "high": pa.array(high, pa.float64(), mask=np.isnan(high)),
        }
    )


def _intervals(
    item: Array, place: Array, bought: Array, usual: Array, level: float
) -> tuple[Array, Array]:
    """Draw items again and again; what is usual is drawn with them."""
    from statistics import NormalDist

    size = len(PRICE_LEVELS)
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    if not len(item):
        return low, high
    rng = np.random.default_rng(20_261_111)
    items = int(item.max()) + 1
    weights = rng.poisson(1.0, (_DRAWS, items)).astype(np.float64)
    cells = item * size + place
    every_got, every_expected = (
        weights @ np.bincount(cells, each, items * size).reshape(items, size)
        for each in (bought, usual)
    )
    wide = NormalDist().inv_cdf((1 + level) / 2)
    for at in range(size):
        mine = place == at
        got, expected = every_got[:, at], every_expected[:, at]
        fine = (got > 0) & (expected > 0)
        if fine.sum() < _DRAWS // 2 or len(np.unique(item[mine])) < 3:
            continue
        # Draws of items say how much items differ; chance adds that of the purchases themselves.
        spread = float(np.std(np.log(got[fine] / expected[fine]), ddof=1))
        spread = float(np.hypot(spread, 1 / np.sqrt(max(bought[mine].sum(), 1))))
        centre = np.log(bought[mine].sum() / usual[mine].sum())
        low[at], high[at] = np.exp(centre - wide * spread), np.exp(centre + wide * spread)
    if len(low):
        low[PRICE_LEVELS.index("usual price")] = high[PRICE_LEVELS.index("usual price")] = np.nan
    return low, high
