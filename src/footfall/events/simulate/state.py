"""What the kernels share: the shop, one shopper's state, and the rows being written."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from footfall.events.simulate.ads import Ads
from footfall.events.simulate.behavior import CHANNELS, Behavior
from footfall.events.simulate.calendar import day_factors, hour_cdf, promotion_days
from footfall.events.simulate.catalog import CATEGORY, ITEM, Catalog
from footfall.events.simulate.draws import RNG
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.shoppers import SHOPPER
from footfall.events.simulate.words import CATEGORIES

__all__ = [
    "CART",
    "DAY_SESSIONS",
    "MAX_USER_EVENTS",
    "ROW_TYPE",
    "SESSION_EVENTS",
    "SHOP",
    "STATE",
    "Shop",
    "World",
    "open_shop",
]

CART = 8  # items a cart holds
DAY_SESSIONS = 40  # sessions a shopper has on one day, at most
MAX_USER_EVENTS = 100_000
SESSION_EVENTS = 500  # no session writes more, with its returns and reviews

# One event as kernels write it: numbers only.
ROW_TYPE = np.dtype(
    [
        ("timestamp", np.int64),  # microseconds after the start of the log
        ("price", np.int64),  # minor units; -1: none
        ("propensity", np.float64),  # nan: not an impression
        ("click_probability", np.float64),  # hidden
        ("user", np.int32),
        ("sequence", np.int32),  # place among the user's events
        ("session", np.int32),  # -1: outside sessions
        ("item", np.int32),
        ("properties", np.int32),
        ("query", np.int32),
        ("text", np.int32),
        ("event_type", np.int16),
        ("action", np.int16),
        ("quantity", np.int16),
        ("slot", np.int8),
        ("rating", np.int8),
        ("reward", np.int8),
    ]
)

STATE = np.dtype(
    [
        ("rows", np.int64),  # written so far
        ("clock", np.int64),
        ("end", np.int64),  # of the log or of the shopper, whichever comes first
        ("seed", np.int64),
        ("session", np.int32),
        ("busy", np.bool_),
        ("resumed", np.bool_),
        ("intent", np.float64),
        ("device", np.int32),
        ("channel", np.int32),
        ("discount", np.int32),  # position in codes.DISCOUNTS
        ("last_item", np.int32),
        ("last_time", np.int64),
        ("due_item", np.int32),  # used up, wanted again
        ("due_time", np.int64),
        ("cart_size", np.int32),
        ("cart", np.int32, (CART,)),
        ("cart_quantity", np.int16, (CART,)),
        ("goodwill", np.float64, (len(CHANNELS),)),
        ("goodwill_time", np.int64),
        ("times", np.int64, (DAY_SESSIONS,)),
    ]
)


class Shop(NamedTuple):
    """Everything a kernel reads and writes, handed on as one argument."""

    settings: npt.NDArray[np.void]
    rng: npt.NDArray[np.uint64]
    state: npt.NDArray[np.void]
    shopper: npt.NDArray[np.void]
    rows: npt.NDArray[np.void]
    credit: npt.NDArray[np.int64]
    touches: npt.NDArray[np.int64]
    items: npt.NDArray[np.void]
    factors: npt.NDArray[np.float32]
    categories: npt.NDArray[np.void]
    category_factors: npt.NDArray[np.float32]
    category_cdf: npt.NDArray[np.float64]
    by_category: npt.NDArray[np.int32]
    popularity_cdf: npt.NDArray[np.float64]
    followers: npt.NDArray[np.int32]
    similar: npt.NDArray[np.int32]
    day_factor: npt.NDArray[np.float64]
    promotion: npt.NDArray[np.float64]
    hour_cdf: npt.NDArray[np.float64]
    channel_cdf: npt.NDArray[np.float64]
    channel_effect: npt.NDArray[np.float64]
    ad_item: npt.NDArray[np.int32]
    ad_appeal: npt.NDArray[np.float64]
    ad_slot_effect: npt.NDArray[np.float64]
    ad_policy: npt.NDArray[np.float64]


class World(NamedTuple):
    """What is drawn once, before any shopper comes.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation.
    catalog : Catalog
        The items.
    ads : Ads
        The ads and the logging policy.
    tempo_scale : float
        Multiplies everybody's sessions a day, to meet `events_per_user`.
    """

    options: SimulateOptions
    catalog: Catalog
    ads: Ads
    tempo_scale: float


def _record(dtype: np.dtype[Any]) -> types.Array:
    return from_dtype(dtype)[::1]


_FIELDS: dict[str, types.Type] = {
    "settings": _record(Behavior().record().dtype),
    "rng": RNG,
    "state": _record(STATE),
    "shopper": _record(SHOPPER),
    "rows": _record(ROW_TYPE),
    "credit": types.int64[::1],
    "touches": types.int64[::1],
    "items": _record(ITEM),
    "factors": types.float32[:, ::1],
    "categories": _record(CATEGORY),
    "category_factors": types.float32[:, ::1],
    "category_cdf": types.float64[::1],
    "by_category": types.int32[::1],
    "popularity_cdf": types.float64[::1],
    "followers": types.int32[:, ::1],
    "similar": types.int32[:, ::1],
    "day_factor": types.float64[::1],
    "promotion": types.float64[::1],
    "hour_cdf": types.float64[:, ::1],
    "channel_cdf": types.float64[::1],
    "channel_effect": types.float64[::1],
    "ad_item": types.int32[::1],
    "ad_appeal": types.float64[::1],
    "ad_slot_effect": types.float64[::1],
    "ad_policy": types.float64[:, :, ::1],
}
_TYPES = [_FIELDS[name] for name in Shop._fields]
SHOP = types.NamedTuple(_TYPES, Shop)  # type: ignore[no-untyped-call]  # numba says no types


def open_shop(world: World) -> Shop:
    """Lay out a world for the kernels, with fresh state and an empty sheet of rows.

    Parameters
    ----------
    world : World
        What was drawn once.

    Returns
    -------
    Shop
        Not to be shared by threads: kernels write into it.
    """
    options, catalog, ads = world.options, world.catalog, world.ads
    behavior = options.behavior
    promotion = np.zeros(options.days)
    first = options.start.toordinal()
    promotion[[day.toordinal() - first for day in promotion_days(options)]] = 1.0
    state = np.zeros(1, STATE)
    state["seed"] = options.seed
    return Shop(
        settings=behavior.record(),
        rng=np.zeros(1, np.uint64),
        state=state,
        shopper=np.zeros(1, SHOPPER),
        rows=np.zeros(MAX_USER_EVENTS + SESSION_EVENTS, ROW_TYPE),
        credit=np.zeros(len(CHANNELS), np.int64),
        touches=np.zeros(len(CHANNELS), np.int64),
        items=catalog.items,
        factors=catalog.factors,
        categories=catalog.categories,
        category_factors=catalog.category_factors,
        category_cdf=np.zeros(len(CATEGORIES)),
        by_category=catalog.by_category,
        popularity_cdf=catalog.popularity_cdf,
        followers=catalog.followers,
        similar=catalog.similar,
        day_factor=day_factors(options),
        promotion=promotion,
        hour_cdf=hour_cdf(),
        channel_cdf=np.cumsum(behavior.channel_shares),
        channel_effect=np.array(behavior.channel_effects, dtype=np.float64),
        ad_item=ads.item,
        ad_appeal=ads.appeal,
        ad_slot_effect=np.array(behavior.ad_slot_effects, dtype=np.float64),
        ad_policy=ads.policy,
    )
