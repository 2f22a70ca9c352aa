"""Kernels: a visit from the landing page over ads, searches and item pages to the cart."""

import math
from typing import Any

import numpy as np
from numba import types

from footfall.events.simulate.ads import CANDIDATES
from footfall.events.simulate.behavior import CHANNELS, DEVICES, SLOTS
from footfall.events.simulate.choosing import (
    match,
    next_item,
    pick_category,
    pick_in_category,
    price_now,
)
from footfall.events.simulate.codes import (
    AD_CLICKS,
    CLICKS,
    DISCOUNTS,
    IMPRESSIONS,
    LANDINGS,
    NO_RESULTS,
    POSITIONS,
    QUERIES_A_CATEGORY,
    SEARCHES,
)
from footfall.events.simulate.draws import chance, exponential, normal, pick, sigmoid, uniform
from footfall.events.simulate.shoppers import DAY_US
from footfall.events.simulate.state import CART, SHOP
from footfall.events.simulate.words import CATEGORIES, LANGUAGES, NO_RESULT_QUERIES
from footfall.events.vocabulary import EVENT_TYPES
from footfall.kernels import kernel

__all__ = ["browse", "emit", "land", "line_price", "pause"]

_VIEW = EVENT_TYPES.index("view")
_SEARCH = EVENT_TYPES.index("search")
_CLICK = EVENT_TYPES.index("click")
_ADD = EVENT_TYPES.index("add_to_cart")
_REMOVE = EVENT_TYPES.index("remove_from_cart")
_WISHLIST = EVENT_TYPES.index("wishlist")
_IMPRESSION = EVENT_TYPES.index("impression")
_EMAIL = CHANNELS.index("email")
_AFFILIATE = CHANNELS.index("affiliate")
_N_CATEGORIES = len(CATEGORIES)
_N_CHANNELS, _N_DEVICES, _N_DISCOUNTS = len(CHANNELS), len(DEVICES), len(DISCOUNTS)
_N_NO_RESULTS = len(NO_RESULT_QUERIES[LANGUAGES[0]])
_GOAL = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call]  # numba says no types
_MOST_VIEWS = 60
_CART_DAYS = 3  # a cart is forgotten after
_RESUME_DAYS = 14  # an item is no longer remembered after


@kernel(types.int64(SHOP, types.int64, types.int64))
def emit(shop: Any, event_type: int, item: int) -> Any:
    """Write an event at the present moment; return its row, for the columns it has besides."""
    state = shop.state[0]
    at = state.rows
    row = shop.rows[at]
    row.timestamp, row.event_type, row.item = state.clock, event_type, item
    row.user, row.session = shop.shopper[0].user, state.session
    row.price, row.quantity = -1, 0
    row.propensity, row.click_probability = np.nan, np.nan
    row.properties, row.query, row.text = -1, -1, -1
    row.action, row.slot, row.rating, row.reward = -1, -1, 0, -1
    state.rows = at + 1
    return at


@kernel(types.void(SHOP, types.float64))
def pause(shop: Any, seconds: float) -> None:
    """Let some seconds pass, about; never as long as a silence that ends a session."""
    wait = min(seconds * math.exp(0.8 * normal(shop.rng)), 900.0)
    shop.state[0].clock += 1000 * (1 + int(1000.0 * wait))


@kernel(types.int64(SHOP, types.int64))
def line_price(shop: Any, item: int) -> Any:
    """Compute what the shopper pays for one unit: the price now less the session's discount."""
    return (price_now(shop, item) * (10 - shop.state[0].discount) + 5) // 10


@kernel(types.void(SHOP))
def _draw_channel(shop: Any) -> None:
    """Draw where the visit comes from; its goodwill adds to what is left of earlier touches."""
    state, settings = shop.state[0], shop.settings[0]
    channel = pick(shop.channel_cdf, 0, _N_CHANNELS, uniform(shop.rng))
    if state.session == 0 and channel == _EMAIL:
        channel = 0  # nobody mails a stranger
    if state.resumed and chance(shop.rng, settings.affiliate_on_resume):
        channel = _AFFILIATE
    days = (state.clock - state.goodwill_time) / DAY_US
    fade = 0.5 ** (days / settings.goodwill_days)
    for other in range(_N_CHANNELS):
        state.goodwill[other] *= fade
    state.goodwill[channel] += shop.channel_effect[channel]
    state.goodwill_time = state.clock
    state.channel = channel
    shop.touches[channel] += 1


@kernel(types.void(SHOP))
def _draw_session(shop: Any) -> None:
    state, settings = shop.state[0], shop.settings[0]
    state.session += 1
    if state.clock - state.last_time > _CART_DAYS * DAY_US:
        state.cart_size = 0
    state.resumed = state.cart_size > 0
    state.intent = settings.intent_spread * normal(shop.rng)
    own = shop.shopper[0].device
    state.device = own if chance(shop.rng, 0.85) else int(_N_DEVICES * uniform(shop.rng))
    draw = uniform(shop.rng)
    state.discount = 0
    if draw < settings.discount_10_share:
        state.discount = 1
    elif draw < settings.discount_10_share + settings.discount_20_share:
        state.discount = 2
    _draw_channel(shop)


@kernel(_GOAL(SHOP))
def _draw_goal(shop: Any) -> Any:
    """Draw the item a visit begins with, and why: 0 taste, 1 resumed, 2 used up."""
    state, settings = shop.state[0], shop.settings[0]
    due = state.due_item >= 0 and state.due_time <= state.clock
    if due and chance(shop.rng, settings.restock_chance):
        return state.due_item, 2
    fresh = state.last_item >= 0 and state.clock - state.last_time < _RESUME_DAYS * DAY_US
    if fresh and chance(shop.rng, settings.resume_chance):
        return state.last_item, 1
    return pick_in_category(shop, pick_category(shop)), 0


@kernel(types.int64(SHOP))
def _show_ads(shop: Any) -> Any:
    """Fill the ad slots by the logging policy; return the clicked item, or -1."""
    state = shop.state[0]
    segment = shop.shopper[0].age * _N_DEVICES + state.device
    clicked = -1
    for slot in range(SLOTS):
        u, place, reached = uniform(shop.rng), 0, shop.ad_policy[segment, slot, 0]
        while u >= reached and place < CANDIDATES - 1:
            place += 1
            reached += shop.ad_policy[segment, slot, place]
        ad = slot * CANDIDATES + place
        item = shop.ad_item[ad]
        likes = shop.settings[0].ad_match_weight * match(shop, item)
        logit = shop.settings[0].ad_logit + shop.ad_slot_effect[slot] + shop.ad_appeal[ad] + likes
        row = shop.rows[emit(shop, _IMPRESSION, item)]
        row.slot, row.action, row.properties = slot, ad, IMPRESSIONS + segment
        row.propensity = shop.ad_policy[segment, slot, place]
        row.click_probability = sigmoid(logit)
        row.reward = 0
        if chance(shop.rng, row.click_probability):
            row.reward = 1
            if clicked < 0:
                clicked = ad
        state.clock += 1000
    if clicked < 0:
        return -1
    pause(shop, 6.0)
    click = shop.rows[emit(shop, _CLICK, shop.ad_item[clicked])]
    click.properties = AD_CLICKS + clicked
    state.clock += 400_000
    return shop.ad_item[clicked]


@kernel(types.boolean(SHOP, types.int64))
def _search(shop: Any, item: int) -> Any:
    """Search for an item's category and click it; False: nothing found, the shopper gives up."""
    language = shop.shopper[0].language
    if chance(shop.rng, shop.settings[0].no_result_chance):
        row = shop.rows[emit(shop, _SEARCH, -1)]
        row.query = NO_RESULTS + language * _N_NO_RESULTS + int(_N_NO_RESULTS * uniform(shop.rng))
        row.properties = SEARCHES + _N_CATEGORIES
        pause(shop, 12.0)
        if chance(shop.rng, 0.5):
            return False
    category = shop.items[item].category
    form = 0 if chance(shop.rng, 0.45) else int(QUERIES_A_CATEGORY * uniform(shop.rng))
    row = shop.rows[emit(shop, _SEARCH, -1)]
    row.query = (language * _N_CATEGORIES + category) * QUERIES_A_CATEGORY + form
    row.properties = SEARCHES + category
    pause(shop, 10.0)
    click = shop.rows[emit(shop, _CLICK, item)]
    shelf = shop.categories[category].stop - shop.categories[category].start
    click.properties = CLICKS + min(int(3.0 * exponential(shop.rng)), POSITIONS - 1, shelf - 1)
    shop.state[0].clock += 400_000
    return True


@kernel(types.void(SHOP, types.int64, types.float64))
def _consider(shop: Any, item: int, extra: float) -> None:
    """Decide over an item in view: into the cart (and perhaps out again), wishlist, neither."""
    state, settings, goods = shop.state[0], shop.settings[0], shop.items[item]
    # The discount plays no part before checkout, so that its effect stands in one place.
    price = line_price(shop, item)
    dear = goods.price_level + math.log(price_now(shop, item) / goods.price)
    logit = settings.cart_logit + settings.match_weight * match(shop, item) + state.intent + extra
    logit += settings.quality_weight * goods.quality
    logit -= settings.price_weight * shop.shopper[0].sensitivity * dear
    if state.cart_size < CART and chance(shop.rng, sigmoid(logit)):
        row = shop.rows[emit(shop, _ADD, item)]
        used_up = shop.categories[goods.category].restock_days > 0.0
        quantity = 1 + (min(int(exponential(shop.rng)), 4) if used_up else 0)
        row.price, row.quantity = price, quantity
        pause(shop, 8.0)
        if chance(shop.rng, settings.remove_chance):
            row = shop.rows[emit(shop, _REMOVE, item)]
            row.price, row.quantity = price, quantity
            pause(shop, 4.0)
        else:
            state.cart[state.cart_size] = item
            state.cart_quantity[state.cart_size] = quantity
            state.cart_size += 1
    elif chance(shop.rng, settings.wishlist_chance):
        emit(shop, _WISHLIST, item)
        pause(shop, 4.0)


@kernel(types.int64(SHOP, types.int64))
def land(shop: Any, goal: int) -> Any:
    """Open a visit on a page; return the item that is being viewed there, or -1 (home page)."""
    state = shop.state[0]
    product = chance(shop.rng, shop.settings[0].product_landing_share)
    row = shop.rows[emit(shop, _VIEW, goal if product else -1)]
    place = (int(product) * _N_CHANNELS + state.channel) * _N_DEVICES + state.device
    row.properties = LANDINGS + place * _N_DISCOUNTS + state.discount
    if product:
        row.price = price_now(shop, goal)
    pause(shop, 15.0)
    return goal if product else -1


@kernel(types.boolean(SHOP))
def browse(shop: Any) -> Any:
    """Visit the shop up to the cart; False: the shopper left without looking at the cart."""
    state, settings = shop.state[0], shop.settings[0]
    _draw_session(shop)
    item, reason = _draw_goal(shop)
    extra = settings.restock_weight if reason == 2 else 0.0
    extra = settings.resume_weight if reason == 1 else extra
    viewed = land(shop, item)
    if chance(shop.rng, settings.bounce_chance):
        return False
    if viewed < 0 and chance(shop.rng, settings.ad_chance):
        lured = _show_ads(shop)
        if lured >= 0:
            item, extra = lured, 0.0
    for view in range(_MOST_VIEWS):
        if view > 0 or viewed < 0:
            if chance(shop.rng, settings.search_chance / (1 + view)) and not _search(shop, item):
                return False
            emit(shop, _VIEW, item)
            shop.rows[state.rows - 1].price = price_now(shop, item)
            pause(shop, 25.0)
        _consider(shop, item, extra)
        state.last_item, extra = item, 0.0
        if not chance(shop.rng, settings.view_again_chance):
            break
        item = next_item(shop, item)
    return True
