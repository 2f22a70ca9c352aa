"""The ground truth: everything the log hides, as tables and facts."""

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.events.columns import TIMESTAMP_TYPE
from footfall.events.simulate.ads import CANDIDATES, POLICY_NAME, ad_names
from footfall.events.simulate.behavior import CHANNELS, DEVICES, SLOTS
from footfall.events.simulate.calendar import promotion_days
from footfall.events.simulate.shoppers import AGE_BANDS, FACTORS, RHYTHMS
from footfall.events.simulate.state import World
from footfall.events.simulate.tables import log_start, user_ids
from footfall.events.simulate.words import CATEGORIES

__all__ = ["ad_truth", "channel_truth", "facts", "item_truth", "policy_truth", "user_truth"]


def _factor_columns(name: str, factors: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    return {f"{name}_{k}": np.ascontiguousarray(factors[:, k]) for k in range(FACTORS)}


def _times(world: World, since_start: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(since_start + log_start(world.options)).view(TIMESTAMP_TYPE)


def user_truth(world: World, shoppers: npt.NDArray[np.void]) -> pa.Table:
    """Make the hidden side of users.

    Parameters
    ----------
    world : World
        Of the simulation.
    shoppers : ndarray of `SHOPPER` records
        After they have been simulated: a return can bring churn forward.

    Returns
    -------
    pa.Table
        user_id, taste_0 ..., price_sensitivity, discount_effect (log odds of checkout for each
        10 %), sessions_per_day, joined_at, churned_at (may lie after the log), return_tendency
        (log odds), rhythm, device, favorite_category.
    """
    behavior, taste = world.options.behavior, shoppers["taste"]
    liking = behavior.category_weight * (
        taste.astype(np.float64) @ world.catalog.category_factors.astype(np.float64).T
    )
    favorite = np.argmax(liking + world.catalog.categories["popularity"], axis=1)
    paths = pa.array([f"{leaf.department}/{leaf.name}" for leaf in CATEGORIES])
    sensitivity = np.ascontiguousarray(shoppers["sensitivity"])
    return pa.table(
        {
            "user_id": user_ids(shoppers),
            **_factor_columns("taste", taste),
            "price_sensitivity": sensitivity,
            "discount_effect": behavior.discount_weight * (sensitivity - behavior.discount_neutral),
            "sessions_per_day": np.ascontiguousarray(shoppers["tempo"]),
            "joined_at": _times(world, shoppers["joined"]),
            "churned_at": _times(world, shoppers["churned"]),
            "return_tendency": np.ascontiguousarray(shoppers["return_tendency"]),
            "rhythm": pa.array(RHYTHMS).take(pa.array(shoppers["rhythm"].astype(np.int32))),
            "device": pa.array(DEVICES).take(pa.array(shoppers["device"].astype(np.int32))),
            "favorite_category": paths.take(pa.array(favorite)),
        }
    )


def item_truth(world: World) -> pa.Table:
    """Make the hidden side of items.

    Returns
    -------
    pa.Table
        item_id, factor_0 ..., quality (standard normal), popularity (base share within the
        category), margin, and the four items that follow it: follower_0 ...
    """
    catalog, ids = world.catalog, world.catalog.ids()
    followers = {
        f"follower_{place}": ids.take(pa.array(catalog.followers[:, place]))
        for place in range(catalog.followers.shape[1])
    }
    hidden = {
        name: np.ascontiguousarray(catalog.items[name])
        for name in ("quality", "popularity", "margin")
    }
    factors = _factor_columns("factor", catalog.factors)
    return pa.table({"item_id": ids, **factors, **hidden, **followers})


def ad_truth(world: World) -> pa.Table:
    """Make the hidden side of ads.

    Returns
    -------
    pa.Table
        action, slot, item_id, bid (minor units), base_logit, factor_0 ...: a user clicks with the
        log odds base_logit + ad_match_weight * (taste . factor).
    """
    ads, behavior = world.ads, world.options.behavior
    slot = np.repeat(np.arange(SLOTS, dtype=np.int32), CANDIDATES)
    base = behavior.ad_logit + np.array(behavior.ad_slot_effects)[slot] + ads.appeal
    return pa.table(
        {
            "action": ad_names(),
            "slot": slot,
            "item_id": world.catalog.ids().take(pa.array(ads.item)),
            "bid": ads.bid,
            "base_logit": base,
            **_factor_columns("factor", ads.factors),
        }
    )


def policy_truth(world: World) -> pa.Table:
    """Make the logging policy whole.

    Returns
    -------
    pa.Table
        age, device (the context), slot, action, probability: they sum to 1 over the actions of a
        context and slot.
    """
    segments, slots, candidates = world.ads.policy.shape
    names = pa.array(ad_names())
    age, device, ad = np.unravel_index(
        np.arange(segments * slots * candidates),
        (len(AGE_BANDS), len(DEVICES), slots * candidates),
    )
    return pa.table(
        {
            "age": pa.array(AGE_BANDS).take(pa.array(age)),
            "device": pa.array(DEVICES).take(pa.array(device)),
            "slot": (ad // candidates).astype(np.int32),
            "action": names.take(pa.array(ad)),
            "probability": world.ads.policy.ravel(),
        }
    )


def channel_truth(world: World, totals: npt.NDArray[np.int64]) -> pa.Table:
    """Make the true effects of channels.

    Parameters
    ----------
    world : World
        Of the simulation.
    totals : ndarray of shape (2, channels), int64
        Touches, and orders gained in millionths.

    Returns
    -------
    pa.Table
        channel, effect (log odds of checkout that one touch adds), touches, orders_gained: the
        orders that would be lost, each journey up to the cart as it was, had the touches of this
        channel added nothing.
    """
    return pa.table(
        {
            "channel": CHANNELS,
            "effect": np.array(world.options.behavior.channel_effects, dtype=np.float64),
            "touches": totals[0],
            "orders_gained": totals[1] / 1e6,
        }
    )


def facts(world: World) -> dict[str, Any]:
    """Collect what is one number or word.

    Returns
    -------
    dict
        Plain values, ready for JSON: the options, every parameter of `Behavior`, and the planted
        causes spelled out.
    """
    options = world.options
    behavior = options.behavior
    given = {
        f.name: getattr(options, f.name)
        for f in dataclasses.fields(options)
        if f.name not in ("behavior", "start")
    }
    return {
        "options": {**given, "start": options.start.isoformat()},
        "utc_offset_hours": options.utc_offset_hours,
        "tempo_scale": world.tempo_scale,
        "promotion_days": [day.isoformat() for day in promotion_days(options)],
        "funnel_drop": {
            "event_type": "checkout",
            "property": "shipping",
            "value": "slow",
            "share": behavior.slow_shipping_share,
            "odds_ratio": math.exp(behavior.slow_shipping_effect),
            "next_step": "purchase",
            "properties_without_effect": ["payment", "layout"],
        },
        "discount": {
            "unit": "session",
            "property": "discount",
            "shares": {
                "0": 1.0 - behavior.discount_10_share - behavior.discount_20_share,
                "10": behavior.discount_10_share,
                "20": behavior.discount_20_share,
            },
            "effect": "log odds of checkout += users.discount_effect * discount / 10",
        },
        "ads": {
            "policy": POLICY_NAME,
            "match_weight": behavior.ad_match_weight,
            "context": ["age", "device"],
            "effect": "log odds of a click = ads.base_logit + match_weight * (taste . factor)",
        },
        "behavior": dataclasses.asdict(behavior),
    }
