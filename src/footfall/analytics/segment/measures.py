"""Measures of users: what sets shoppers apart, as numbers, with the words for much and little."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.rules import last_moment
from footfall.analytics.segment.clock import local_clock
from footfall.analytics.segment.favorites import ItemValues, favorites
from footfall.analytics.segment.prices import item_words, prices_of
from footfall.analytics.segment.tally import Tally, tally_users
from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

__all__ = ["MEASURES", "Measure", "Measures", "discount_property", "measure_users"]

Floats = npt.NDArray[np.float64]
_DAY = 86_400_000_000
_PRIOR = 4.0  # observations of the base that a user's share is mixed with before scaling
_CAP = 3.0  # standard deviations
_DISCOUNTS = ("discount", "coupon", "promotion")


@dataclass(frozen=True)
class Measure:
    """One measure of users.

    Parameters
    ----------
    name : str
    family : str
        Measures of one family say nearly the same: a name uses one of them.
    kind : "count", "money", "days", "share" or "level"
        Money is in minor units; a level lies between 0 and 1.
    high, low : tuple of str
        What a segment with much, or little, is called, in English and Chinese; empty: such a value
        says nothing worth a name.
    """

    name: str
    family: str
    kind: Literal["count", "money", "days", "share", "level"]
    high: tuple[str, str]
    low: tuple[str, str] | tuple[()] = ()


MEASURES: tuple[Measure, ...] = (
    Measure(
        "recency_days", "recency", "days", ("long silent", "久未到访"), ("seen lately", "近期到访")
    ),
    Measure("tenure_days", "tenure", "days", ("long known", "老用户"), ("newcomers", "新用户")),
    Measure(
        "active_days", "visits", "count", ("frequent visitors", "常来"), ("rare visitors", "少来")
    ),
    Measure("sessions", "visits", "count", ("many visits", "访问多"), ("few visits", "访问少")),
    Measure(
        "events_per_session",
        "depth",
        "count",
        ("long visits", "逛得深"),
        ("short visits", "逛得浅"),
    ),
    Measure(
        "search_share", "search", "share", ("search a lot", "爱搜索"), ("seldom search", "少搜索")
    ),
    Measure(
        "cart_share", "cart", "share", ("fill carts", "爱加购"), ("seldom use the cart", "少加购")
    ),
    Measure("wishlist_share", "wishlist", "share", ("save for later", "爱收藏")),
    Measure("orders", "buying", "count", ("frequent buyers", "高频购买"), ("seldom buy", "少购买")),
    Measure(
        "buy_rate",
        "buying",
        "share",
        ("buy when they come", "来了就买"),
        ("mostly look", "多看少买"),
    ),
    Measure("spend", "value", "money", ("high spend", "高消费"), ("low spend", "低消费")),
    Measure(
        "order_value", "basket", "money", ("large orders", "客单价高"), ("small orders", "客单价低")
    ),
    Measure("return_share", "returns", "share", ("return a lot", "退货多")),
    Measure(
        "discount_share",
        "discount",
        "share",
        ("heavy on discounts", "偏爱折扣"),
        ("pay full price", "不靠折扣"),
    ),
    Measure("night_share", "hours", "share", ("mostly at night", "多在深夜")),
    Measure("morning_share", "hours", "share", ("mostly mornings", "多在上午")),
    Measure("afternoon_share", "hours", "share", ("mostly afternoons", "多在下午")),
    Measure("evening_share", "hours", "share", ("mostly evenings", "多在晚上")),
    Measure(
        "weekend_share",
        "week",
        "share",
        ("mostly weekends", "多在周末"),
        ("mostly weekdays", "多在工作日"),
    ),
    Measure(
        "price_level", "price", "level", ("dear goods", "偏爱高价"), ("cheap goods", "偏爱低价")
    ),
    Measure(
        "category_focus",
        "focus",
        "share",
        ("one favorite category", "品类专一"),
        ("many categories", "品类广泛"),
    ),
)


@dataclass(frozen=True)
class Measures:
    """Measures of every user seen by a moment.

    Parameters
    ----------
    users : ndarray of int32, shape (U,)
        Codes, ascending.
    raw : mapping of name to ndarray of float64, shape (U,)
        NaN where a user has nothing to measure (no order: no order value).
    trials : mapping of name to ndarray of float64, shape (U,)
        For shares, the number of observations behind them.
    absent : mapping of name to str
        Measures this log cannot give, and why.
    tally : Tally
        The counts behind.
    at : int
        The moment, microseconds UTC.
    """

    users: npt.NDArray[np.int32]
    raw: dict[str, Floats]
    trials: dict[str, Floats]
    absent: dict[str, str]
    tally: Tally
    at: int
    _cache: dict[str, Floats] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the measures, in the order of :data:`MEASURES`."""
        return tuple(measure.name for measure in MEASURES if measure.name in self.raw)

    def scaled(self, name: str) -> Floats:
        """Give a measure on a common scale: mean 0, standard deviation 1, no far outliers.

        Counts, money and days are taken as log(1 + x); shares are mixed with four observations of
        the base, so that one visit at night makes nobody a night owl. Values beyond the 1st and
        99th percentile count as those; beyond three standard deviations as three. Nothing to
        measure stands at the mean.
        """
        if name not in self._cache:
            self._cache[name] = _standard(self._mixed(name))
        return self._cache[name]

    def table(self, names: Sequence[str]) -> Floats:
        """Give scaled measures as a table, shape (U, len(names))."""
        columns = [self.scaled(name) for name in names]
        return np.column_stack(columns) if columns else np.zeros((len(self.users), 0))

    def _mixed(self, name: str) -> Floats:
        values = self.raw[name]
        if name not in self.trials:
            return np.log1p(np.maximum(values, 0))
        trials = self.trials[name]
        hits = np.where(trials > 0, values * trials, 0)
        base = hits.sum() / max(trials.sum(), 1)
        return (hits + _PRIOR * base) / (trials + _PRIOR)


def _standard(values: Floats) -> Floats:
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    low, high = np.quantile(values[known], [0.01, 0.99])
    clipped = np.clip(values, low, high)
    deviation = float(np.std(clipped[known]))
    if deviation < 1e-9:
        return np.zeros(len(values))
    scaled = np.clip((clipped - clipped[known].mean()) / deviation, -_CAP, _CAP)
    return np.where(known, scaled, 0.0)


def discount_property(log: LogView, discount: str | None, *, owner: str) -> str | None:
    """Find the property that names the discount of a purchase.

    Raises
    ------
    OptionError
        If events have no property of the name asked for.
    """
    keys = log.property_keys()
    if discount is None:
        return next((name for name in _DISCOUNTS if name in keys), None)
    if discount not in keys:
        raise OptionError.of("discount", owner, f"a property of events: {sorted(keys)}", discount)
    return discount


def measure_users(
    log: LogView,
    *,
    at: Moment | None = None,
    time_zone: str = "UTC",
    gap_minutes: float = 30,
    discount: str | None = None,
    owner: str = "measures",
) -> Measures:
    """Measure every user up to a moment.

    Parameters
    ----------
    log : LogView
    at : str, datetime or int, optional
        Later events do not count. None: the last event of the log.
    time_zone : str, default="UTC"
        Whose days and hours count.
    gap_minutes : float, default=30
        Silence that ends a session where none is given.
    discount : str, optional
        The property of purchases that names a discount. None: discount, coupon or promotion if
        events have one; else a price at least 5 % below that of the item table.
    owner : str
        What errors name.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:00", "purchase", "kettle", 1, 1990),
    ...     ("bob", "2026-01-02T22:00", "view", "teapot"),
    ... ])
    >>> measures = measure_users(log)
    >>> measures.raw["spend"].tolist(), measures.raw["evening_share"].tolist()
    ([1990.0, 0.0], [0.0, 1.0])
    """
    moment = last_moment(log, at, owner=owner)
    gap = gap_microseconds(gap_minutes, owner=owner)
    prices = prices_of(log, at=moment, discount=discount_property(log, discount, owner=owner))
    clock = local_clock(time_zone, log.span, owner=owner)
    tally = tally_users(log, prices, clock, gap=gap, at=moment, label=f"{owner}: users")
    raw, trials = _of_tally(tally, moment)
    absent: dict[str, str] = {}
    if not len(prices.tier):
        absent["price_level"] = "no item has a price"
    if not len(prices.usual) and prices.discount is None:
        absent["discount_share"] = "no property names a discount, and no item table a price"
    words = item_words(log, "category")
    if words is None:
        absent["category_focus"] = "items have no category"
    else:
        source = ItemValues(*words)
        found = favorites(log, source, gap=gap, at=moment, label=f"{owner}: categories")
        total = found.total.astype(np.float64)
        raw["category_focus"] = _ratio(found.sessions.astype(np.float64), total)
        trials["category_focus"] = total
    for name in absent:
        raw.pop(name, None)
        trials.pop(name, None)
    return Measures(tally.users, raw, trials, absent, tally, moment)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _of_tally(tally: Tally, at: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    count, days = tally.count, float(_DAY)
    sessions, events, orders = count("sessions"), count("events"), count("orders")
    spend = tally.sum("spend").astype(np.float64)
    tiers = [count(name) for name in ("low_price", "middle_price", "high_price")]
    shares = {
        "search_share": (count("searches"), events),
        "cart_share": (count("carts"), events),
        "wishlist_share": (count("wishlists"), events),
        "buy_rate": (orders, sessions),
        "return_share": (np.minimum(count("returns"), count("purchases")), count("purchases")),
        "discount_share": (count("lines_discounted"), count("lines_judged")),
        "weekend_share": (count("weekend"), sessions),
        "price_level": (tiers[1] / 2 + tiers[2], tiers[0] + tiers[1] + tiers[2]),
    }
    for part in ("night", "morning", "afternoon", "evening"):
        shares[f"{part}_share"] = (count(part), sessions)
    raw = {
        "recency_days": (at - tally.sum("last")) / days,
        "tenure_days": (at - tally.sum("first")) / days,
        "active_days": count("active_days"),
        "sessions": sessions,
        "events_per_session": _ratio(events, sessions),
        "orders": orders,
        "spend": spend,
        "order_value": _ratio(spend, orders),
    }
    raw |= {name: _ratio(part, whole) for name, (part, whole) in shares.items()}
    return raw, {name: whole for name, (_, whole) in shares.items()}
