"""Kernels: which category and which item a shopper turns to next."""

import math
from typing import Any

import numpy as np
from numba import types

from footfall.events.simulate.catalog import FOLLOWERS
from footfall.events.simulate.draws import hashed_uniform, pick, uniform
from footfall.events.simulate.shoppers import DAY_US, FACTORS
from footfall.events.simulate.state import SHOP
from footfall.kernels import kernel

__all__ = [
    "match",
    "next_item",
    "pick_category",
    "pick_in_category",
    "price_now",
    "weigh_categories",
]

_CONSIDERED = 5  # popular items looked over before one is opened
_UNSEEN = -1e300


@kernel(types.float64(SHOP, types.int64))
def match(shop: Any, item: int) -> Any:
    """Compute how well an item meets the shopper's taste."""
    total = 0.0
    for k in range(FACTORS):
        total += np.float64(shop.shopper[0].taste[k]) * shop.factors[item, k]
    return total


@kernel(types.int64(SHOP, types.int64))
def price_now(shop: Any, item: int) -> Any:
    """Compute the price of an item at this moment, in minor units, before any discount."""
    clock = shop.state[0].clock
    settings = shop.settings[0]
    price = float(shop.items[item].price)
    if hashed_uniform(shop.state[0].seed, item, clock // (7 * DAY_US)) < settings.sale_share:
        price *= 1.0 - settings.sale_depth
    if shop.promotion[min(clock // DAY_US, len(shop.promotion) - 1)] > 0.0:
        price *= 1.0 - settings.promotion_depth
    return max(int(price + 0.5), 1)


@kernel(types.void(SHOP))
def weigh_categories(shop: Any) -> None:
    """Cumulate the shopper's chances of turning to each category."""
    total = 0.0
    for category in range(len(shop.categories)):
        liking = 0.0
        for k in range(FACTORS):
            liking += np.float64(shop.shopper[0].taste[k]) * shop.category_factors[category, k]
        weight = shop.settings[0].category_weight * liking
        total += math.exp(weight + shop.categories[category].popularity)
        shop.category_cdf[category] = total


@kernel(types.int64(SHOP))
def pick_category(shop: Any) -> Any:
    """Draw a category by the shopper's taste."""
    return pick(shop.category_cdf, 0, len(shop.category_cdf), uniform(shop.rng))


@kernel(types.float64(SHOP, types.int64))
def _appeal(shop: Any, item: int) -> Any:
    """Draw how much an item on offer appeals right now (a random utility, Gumbel noise)."""
    settings = shop.settings[0]
    goods = shop.items[item]
    if goods.launched > shop.state[0].clock:
        return _UNSEEN
    known = settings.item_weight * match(shop, item) + settings.quality_weight * goods.quality
    dear = settings.price_weight * shop.shopper[0].sensitivity * goods.price_level
    return known - dear - math.log(-math.log(uniform(shop.rng) + 1e-18) + 1e-18)


@kernel(types.int64(SHOP, types.int64))
def pick_in_category(shop: Any, category: int) -> Any:
    """Draw an item: some come to mind by popularity, the most appealing of them is opened."""
    shelf = shop.categories[category]
    chosen = shop.by_category[shelf.start]
    best = _UNSEEN
    for _ in range(_CONSIDERED):
        place = pick(shop.popularity_cdf, shelf.start, shelf.stop, uniform(shop.rng))
        appeal = _appeal(shop, shop.by_category[place])
        if appeal > best:
            best = appeal
            chosen = shop.by_category[place]
    return chosen


@kernel(types.int64(SHOP, types.int64, types.int32[:, ::1]))
def _pick_neighbor(shop: Any, item: int, neighbors: Any) -> Any:
    chosen, best = item, _UNSEEN
    for place in range(FOLLOWERS):
        other = neighbors[item, place]
        appeal = _appeal(shop, other)
        if appeal > best and other != item:
            best = appeal
            chosen = other
    if chosen == item:  # nothing else is on offer
        return pick_in_category(shop, shop.items[item].category)
    return chosen


@kernel(types.int64(SHOP, types.int64))
def next_item(shop: Any, item: int) -> Any:
    """Draw the item viewed after this one: one that follows it, resembles it, or something new."""
    settings = shop.settings[0]
    draw = uniform(shop.rng)
    if draw < settings.follow_share:
        return _pick_neighbor(shop, item, shop.followers)
    draw -= settings.follow_share
    if draw < settings.similar_share:
        return _pick_neighbor(shop, item, shop.similar)
    if draw - settings.similar_share < settings.stay_share:
        return pick_in_category(shop, shop.items[item].category)
    return pick_in_category(shop, pick_category(shop))
