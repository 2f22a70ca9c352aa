"""Kernels: from the cart over checkout to the purchase, and what comes of it days later."""

import math
from typing import Any

from numba import types

from footfall.events.simulate.behavior import CHANNELS, DEVICES, LAYOUTS, PAYMENTS, SHIPPING
from footfall.events.simulate.choosing import match, price_now
from footfall.events.simulate.codes import CHECKOUTS, DISCOUNTS, REASONS, RETURNS
from footfall.events.simulate.draws import chance, exponential, normal, sigmoid, uniform
from footfall.events.simulate.shoppers import DAY_US
from footfall.events.simulate.state import SHOP
from footfall.events.simulate.visiting import emit, line_price, pause
from footfall.events.simulate.words import CATEGORIES, REVIEW_VARIANTS
from footfall.events.vocabulary import EVENT_TYPES
from footfall.kernels import kernel

__all__ = ["settle"]

_CHECKOUT = EVENT_TYPES.index("checkout")
_PURCHASE = EVENT_TYPES.index("purchase")
_RETURN = EVENT_TYPES.index("return")
_REVIEW = EVENT_TYPES.index("review")
_EXPRESS, _SLOW = SHIPPING.index("express"), SHIPPING.index("slow")
_N_PAYMENTS, _N_LAYOUTS, _N_DEVICES = len(PAYMENTS), len(LAYOUTS), len(DEVICES)
_N_DISCOUNTS, _N_CHANNELS, _N_CATEGORIES = len(DISCOUNTS), len(CHANNELS), len(CATEGORIES)
_MICRO = 1_000_000  # credit is counted in millionths of an order: whole numbers add up exactly


@kernel(types.float64(SHOP))
def _checkout_logit(shop: Any) -> Any:
    """Compute the log odds of going to checkout with this cart, channels' goodwill left out."""
    state, settings, me = shop.state[0], shop.settings[0], shop.shopper[0]
    dear = 0.0
    for line in range(state.cart_size):
        goods = shop.items[state.cart[line]]
        now = price_now(shop, state.cart[line])
        dear += goods.price_level + math.log(now / goods.price)
    dear /= state.cart_size
    logit = settings.checkout_logit + 0.5 * state.intent
    logit -= 0.5 * settings.price_weight * me.sensitivity * dear
    if state.busy:
        logit += settings.busy_weight
    response = settings.discount_weight * (me.sensitivity - settings.discount_neutral)
    return logit + response * state.discount


@kernel(types.int64(SHOP))
def _draw_shipping(shop: Any) -> Any:
    if chance(shop.rng, shop.settings[0].slow_shipping_share):
        return _SLOW
    return _EXPRESS if chance(shop.rng, 0.3) else 0


@kernel(types.void(SHOP, types.float64, types.float64))
def _credit_channels(shop: Any, logit: float, order: float) -> None:
    """Count for each channel the orders that this checkout would lose without its touches."""
    goodwill = shop.state[0].goodwill
    total = logit
    for channel in range(_N_CHANNELS):
        total += goodwill[channel]
    for channel in range(_N_CHANNELS):
        gain = (sigmoid(total) - sigmoid(total - goodwill[channel])) * order
        shop.credit[channel] += int(gain * _MICRO + 0.5)


@kernel(types.void(SHOP, types.int64, types.int64))
def _write_lines(shop: Any, event_type: int, properties: int) -> None:
    """Write one event a cart line, all within a second."""
    state = shop.state[0]
    for line in range(state.cart_size):
        item = state.cart[line]
        row = shop.rows[emit(shop, event_type, item)]
        row.price, row.quantity = line_price(shop, item), state.cart_quantity[line]
        row.properties = properties
        state.clock += 1000


@kernel(types.boolean(SHOP, types.int64))
def _send_back(shop: Any, line: int) -> Any:
    """Draw the return of a bought line; a return can make the shopper leave for good."""
    state, settings, me = shop.state[0], shop.settings[0], shop.shopper[0]
    goods = shop.items[state.cart[line]]
    logit = settings.return_logit + settings.return_quality_weight * goods.quality
    logit += settings.return_fashion_weight * shop.categories[goods.category].fashion
    if not chance(shop.rng, sigmoid(logit + me.return_tendency)):
        return False
    paid = line_price(shop, state.cart[line])
    now, session = state.clock, state.session
    wait = 0.5 * (exponential(shop.rng) + exponential(shop.rng)) * settings.return_delay_days
    state.clock = now + DAY_US + int(wait * DAY_US)
    state.session = -1
    row = shop.rows[emit(shop, _RETURN, state.cart[line])]
    row.price, row.quantity = paid, state.cart_quantity[line]
    row.properties = RETURNS
    if not chance(shop.rng, sigmoid(-goods.quality)):
        row.properties += 1 + int((len(REASONS) - 1) * uniform(shop.rng))
    if chance(shop.rng, settings.churn_after_return_chance):
        leaves = state.clock + int(5.0 * exponential(shop.rng) * DAY_US)
        me.churned = min(me.churned, leaves)
        state.end = min(state.end, leaves)
    state.clock, state.session = now, session
    return True


@kernel(types.void(SHOP, types.int64, types.float64))
def _review(shop: Any, line: int, grudge: float) -> None:
    """Draw a review: stars by quality and taste, words by stars."""
    state, settings = shop.state[0], shop.settings[0]
    item = state.cart[line]
    mood = shop.items[item].quality + 0.4 * match(shop, item) - grudge
    stars = min(max(int(4.4 + 0.9 * mood + 0.6 * normal(shop.rng)), 1), 5)
    # The disappointed speak up more often.
    if not chance(shop.rng, min(settings.review_chance * (1.5 if stars <= 2 else 1.0), 1.0)):
        return
    now, session = state.clock, state.session
    wait = 0.5 + settings.review_delay_days * exponential(shop.rng)
    state.clock = now + DAY_US + int(wait * DAY_US)
    state.session = -1
    row = shop.rows[emit(shop, _REVIEW, item)]
    row.rating = stars
    place = shop.shopper[0].language * _N_CATEGORIES + shop.items[item].category
    row.text = (place * 5 + stars - 1) * REVIEW_VARIANTS + int(REVIEW_VARIANTS * uniform(shop.rng))
    state.clock, state.session = now, session


@kernel(types.void(SHOP))
def _follow_up(shop: Any) -> None:
    """Draw what comes of each bought line: used up, sent back, reviewed."""
    state = shop.state[0]
    for line in range(state.cart_size):
        item = state.cart[line]
        restock = shop.categories[shop.items[item].category].restock_days
        if restock > 0.0:
            wait = restock * (0.7 + 0.6 * uniform(shop.rng))
            state.due_item, state.due_time = item, state.clock + int(wait * DAY_US)
        _review(shop, line, 2.0 if _send_back(shop, line) else 0.0)


@kernel(types.void(SHOP))
def settle(shop: Any) -> None:
    """Decide over the cart: leave it, go to checkout, buy."""
    state, settings = shop.state[0], shop.settings[0]
    if state.cart_size == 0:
        return
    shipping = _draw_shipping(shop)
    order_logit = settings.order_logit
    if shipping == _SLOW:
        order_logit += settings.slow_shipping_effect
    logit = _checkout_logit(shop)
    _credit_channels(shop, logit, sigmoid(order_logit))
    for channel in range(_N_CHANNELS):
        logit += state.goodwill[channel]
    if not chance(shop.rng, sigmoid(logit)):
        return
    place = shipping * _N_PAYMENTS + int(_N_PAYMENTS * uniform(shop.rng))
    place = place * _N_LAYOUTS + int(_N_LAYOUTS * uniform(shop.rng))
    place = (place * _N_DEVICES + state.device) * _N_DISCOUNTS + state.discount
    _write_lines(shop, _CHECKOUT, CHECKOUTS + place)
    pause(shop, 60.0)
    if not chance(shop.rng, sigmoid(order_logit)):
        return
    _write_lines(shop, _PURCHASE, CHECKOUTS + place)
    _follow_up(shop)
    state.cart_size = 0
    state.last_item = -1
