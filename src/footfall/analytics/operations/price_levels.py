"""Prices by item and day: what was seen and bought at each, against the item's usual price."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.calendar import places_of
from footfall.kernels import Array
from footfall.store.chunk import UserChunk

__all__ = [
    "PRICE_COLUMNS",
    "PRICE_LEVELS",
    "PricePlan",
    "PriceSums",
    "Prices",
    "keys_at",
    "measure_prices",
    "merge_prices",
    "prices_of",
    "users_of_keys",
]

PRICE_COLUMNS = ("timestamp", "event_type", "item", "price")
PRICE_LEVELS = (
    "30 % off or more", "20 to 30 % off", "10 to 20 % off", "1 to 10 % off", "usual price",
    "1 to 10 % more", "10 % more and above",
)  # fmt: skip
# Upper edges of price against the item's usual one.
_EDGES = (0.7, 0.8, 0.9, 0.99, 1.01, 1.1)
_SUMS = 6


@dataclass(frozen=True)
class PricePlan:
    """What prices ask of a chunk.

    Parameters
    ----------
    days : ndarray of int64
        Where days begin, microseconds UTC, and where the last one ends.
    views, purchases : ndarray of bool, shape (types,)
        Event types that show an item, and that buy it.
    """

    days: npt.NDArray[np.int64]
    views: npt.NDArray[np.bool_]
    purchases: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PriceSums:
    """Counts by item and day.

    Parameters
    ----------
    key : ndarray of int64, shape (N,)
        item * days + day, ascending, none twice.
    sums : ndarray of int64, shape (N, 6)
        Views, their prices added up, views with a price; the same of purchases.
    """

    key: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]


def _keyed(plan: PricePlan, chunk: UserChunk) -> tuple[Array, Array]:
    """Give the rows that count, and the item and day of each as one number."""
    days = len(plan.days) - 1
    code, item = chunk["event_type"], chunk["item"]
    rows = np.flatnonzero((plan.views | plan.purchases)[code] & (item >= 0))
    if days < 1:
        return rows[:0], rows[:0]
    place = places_of(chunk, plan.days)[rows]
    rows, place = rows[place >= 0], place[place >= 0]
    return rows, item[rows].astype(np.int64) * days + place


def measure_prices(plan: PricePlan, chunk: UserChunk) -> PriceSums:
    """Add up views, purchases and their prices by item and day."""
    rows, key = _keyed(plan, chunk)
    code, price = chunk["event_type"][rows], chunk["price"][rows]
    columns: list[Array] = []
    for mine in (plan.views[code], plan.purchases[code]):
        known = mine & (price > 0)
        columns += [mine, np.where(known, price, 0), known]
    sums = np.stack([column.astype(np.int64) for column in columns], axis=1)
    return _added(key, sums.reshape(-1, _SUMS))


def users_of_keys(
    plan: PricePlan, keys: Array, wanted: npt.NDArray[np.bool_], chunk: UserChunk
) -> Array:
    """Give the chunk's users with an event of the wanted types on these items' days."""
    rows, key = _keyed(plan, chunk)
    rows = rows[np.isin(key, keys) & wanted[chunk["event_type"][rows]]]
    return chunk.users[np.unique(np.searchsorted(chunk.offsets, rows, side="right") - 1)]


def _added(key: Array, sums: Array) -> PriceSums:
    order = np.argsort(key, kind="stable")
    key, sums = key[order], sums[order]
    first = np.flatnonzero(np.append(True, np.diff(key) != 0)[: len(key)])
    return PriceSums(key[first], np.add.reduceat(sums, first, axis=0) if len(first) else sums)


def merge_prices(parts: list[PriceSums]) -> PriceSums:
    """Add up the counts of chunks."""
    nothing = np.zeros((0, _SUMS), np.int64)
    return _added(
        np.concatenate([nothing[:, 0], *(part.key for part in parts)]),
        np.concatenate([nothing, *(part.sums for part in parts)]),
    )


@dataclass(frozen=True)
class Prices:
    """One row an item and price.

    Parameters
    ----------
    item, price, views, purchases : ndarray
    level : ndarray of int64
        Place in :data:`PRICE_LEVELS`; -1 for items seen at one price only, which say nothing.
    usual_rate : ndarray of float64
        Purchases a view at the item's usual price.
    """

    item: Array
    price: Array
    views: Array
    purchases: Array
    level: Array
    usual_rate: Array


def _daily(part: PriceSums, days: int) -> tuple[Array, Array, Array]:
    """Give item and price of each key, and which keys have a price that says something."""
    item = part.key // max(days, 1)
    views, view_sum, views_priced, _, bought_sum, bought_priced = part.sums.T
    # Prices that only purchases tell would make every day with one look like a day of that price.
    shown = 2 * views_priced.sum() >= views.sum()
    price_sum, priced = (view_sum, views_priced) if shown else (bought_sum, bought_priced)
    price = np.where(priced > 0, np.round(price_sum / np.maximum(priced, 1)), 0).astype(np.int64)
    price = _carried(item, price)
    keep = price > 0
    if not shown:  # so the day that tells a new price says nothing about it
        same = np.append(False, (item[1:] == item[:-1]) & (price[1:] == price[:-1]))
        keep &= same[: len(keep)]
    return item, price, keep


def prices_of(part: PriceSums, days: int) -> Prices:
    """Add up each item's days of one price, and hold it against the item's usual one."""
    item, price, keep = _daily(part, days)
    views, purchases = part.sums[:, 0], part.sums[:, 3]
    pair, place = np.unique((item[keep] << 40) | price[keep], return_inverse=True)
    seen = np.bincount(place, views[keep], minlength=len(pair))
    bought = np.bincount(place, purchases[keep], minlength=len(pair))
    fine = seen > 0
    seen, bought = seen[fine], bought[fine]
    item, price = pair[fine] >> 40, pair[fine] & ((1 << 40) - 1)
    order = np.lexsort((-price, -seen, item))
    first = np.append(True, np.diff(item[order]) != 0)[: len(order)]
    usual = order[first]
    which = np.cumsum(first) - 1
    mine = np.empty(len(order), np.int64)
    mine[order] = usual[which]
    _, number = np.unique(item, return_inverse=True)
    several = (np.bincount(number) > 1)[number]  # also those that never sold at their usual price
    level = np.searchsorted(np.array(_EDGES), price / price[mine], side="left")
    level = np.where(several, level, -1)
    return Prices(item, price, seen, bought, level, bought[mine] / seen[mine])


def keys_at(part: PriceSums, days: int, level: int) -> Array:
    """Give the keys of the items and days with a price of a level."""
    item, price, keep = _daily(part, days)
    prices = prices_of(part, days)
    mine = prices.level == level
    pairs = (prices.item[mine] << 40) | prices.price[mine]
    return part.key[keep & np.isin((item << 40) | price, pairs)]


def _carried(item: Array, price: Array) -> Array:
    """Fill days without a price by the item's last one before, or else its first one after."""
    for step in (1, -1):
        known = (price > 0)[::step]
        last = np.maximum.accumulate(np.where(known, np.arange(len(price)), -1))
        given, whose = price[::step], item[::step]
        same = (last >= 0) & (whose[last] == whose)
        price = np.where(known | ~same, given, given[last])[::step]
    return price
