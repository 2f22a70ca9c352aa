"""Kernels: all visits of a shopper, day after day, and blocks of shoppers."""

from typing import Any

import numpy as np
from numba import from_dtype, types

from footfall.events.simulate.buying import settle
from footfall.events.simulate.choosing import weigh_categories
from footfall.events.simulate.draws import exponential, pick, poisson, seed_stream, uniform
from footfall.events.simulate.shoppers import DAY_US, SHOPPER
from footfall.events.simulate.state import (
    DAY_SESSIONS,
    MAX_USER_EVENTS,
    ROW_TYPE,
    SHOP,
)
from footfall.events.simulate.visiting import browse
from footfall.kernels import kernel

__all__ = ["run_users"]

_VISITS = 5  # purpose of the random stream
_SILENCE = 31 * 60 * 1_000_000  # between two visits, at least
_ROWS = from_dtype(ROW_TYPE)[::1]
_SHOPPERS = from_dtype(SHOPPER)[::1]
_DONE = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call]  # numba says no types


@kernel(types.void(SHOP, _SHOPPERS, types.int64))
def _welcome(shop: Any, shoppers: Any, who: int) -> None:
    """Begin with a shopper: own random stream, empty cart, no memory of the one before."""
    state = shop.state[0]
    shop.shopper[0] = shoppers[who]
    seed_stream(shop.rng, state.seed, _VISITS, shoppers[who].user)
    state.rows, state.clock, state.session = 0, -_SILENCE, -1
    state.end = min(len(shop.day_factor) * DAY_US, shoppers[who].churned)
    state.last_item, state.last_time, state.due_item, state.cart_size = -1, 0, -1, 0
    state.goodwill_time = 0
    for channel in range(len(shop.credit)):
        state.goodwill[channel] = 0.0
        shop.credit[channel] = 0
        shop.touches[channel] = 0
    weigh_categories(shop)


@kernel(types.int64(SHOP, types.int64, types.float64))
def _draw_times(shop: Any, day: int, tempo: float) -> Any:
    """Draw when the visits of a day begin, in order; return their number."""
    me, times = shop.shopper[0], shop.state[0].times
    count = min(poisson(shop.rng, tempo), DAY_SESSIONS - 1)
    hours = shop.hour_cdf[me.rhythm]
    for visit in range(count):
        hour = pick(hours, 0, 24, uniform(shop.rng)) + uniform(shop.rng)
        times[visit] = day * DAY_US + 1000 * int(hour * 3_600_000.0)
    if me.joined > 0 and me.joined // DAY_US == day:  # whoever joins, joins by a visit
        times[count] = me.joined // 1000 * 1000
        count += 1
    for last in range(1, count):
        moved, place = times[last], last
        while place > 0 and times[place - 1] > moved:
            times[place] = times[place - 1]
            place -= 1
        times[place] = moved
    return count


@kernel(types.void(SHOP))
def _run_user(shop: Any) -> None:
    """Write all events of the shopper who was welcomed, in the order they are decided."""
    state, settings, me = shop.state[0], shop.settings[0], shop.shopper[0]
    busy_share = (1.0 - settings.quiet_factor) / (settings.busy_factor - settings.quiet_factor)
    state.busy = uniform(shop.rng) < min(max(busy_share, 0.05), 0.95)
    spell_end = settings.spell_days * exponential(shop.rng)
    for day in range(me.joined // DAY_US, len(shop.day_factor)):
        if day * DAY_US >= state.end:
            break
        if day >= spell_end:
            state.busy = not state.busy
            spell_end = day + settings.spell_days * exponential(shop.rng)
        spell = settings.busy_factor if state.busy else settings.quiet_factor
        count = _draw_times(shop, day, me.tempo * shop.day_factor[day] * spell)
        for visit in range(count):
            begin = state.times[visit]
            awake = begin >= state.clock + _SILENCE and begin >= me.joined // 1000 * 1000
            if awake and begin < state.end and state.rows < MAX_USER_EVENTS:
                state.clock = begin
                if browse(shop):
                    settle(shop)
                state.last_time = state.clock


@kernel(types.int64(SHOP, _ROWS, types.int64))
def _hand_over(shop: Any, out: Any, at: int) -> Any:
    """Copy the shopper's events in time order, up to the end; return their number, -1: no room."""
    state = shop.state[0]
    count = state.rows
    times = np.empty(count, np.int64)
    for row in range(count):
        times[row] = shop.rows[row].timestamp
    order = np.argsort(times, kind="mergesort")
    kept = 0
    while kept < count and times[order[kept]] < state.end:
        kept += 1
    if at + kept > len(out):
        return -1
    for place in range(kept):
        out[at + place] = shop.rows[order[place]]
        out[at + place].sequence = place
    return kept


@kernel(_DONE(SHOP, _SHOPPERS, types.int64, _ROWS, types.int64[:, ::1]))
def run_users(shop: Any, shoppers: Any, first: int, out: Any, channels: Any) -> Any:
    """Simulate shoppers until all are done or the sheet is full.

    Parameters
    ----------
    shop : Shop
        The world, and room to work in.
    shoppers : ndarray of `SHOPPER` records, shape (U,)
        A return may bring `churned` forward.
    first : int
        The first of them to run.
    out : ndarray of `ROW_TYPE` records
        Receives the events, shopper by shopper, each in time order.
    channels : ndarray of shape (2, channels), int64
        Touches, and orders gained in millionths, are added to it.

    Returns
    -------
    rows : int
        Events written.
    next : int
        The first shopper that is not done.
    """
    at = 0
    for who in range(first, len(shoppers)):
        _welcome(shop, shoppers, who)
        _run_user(shop)
        kept = _hand_over(shop, out, at)
        if kept < 0:
            return at, who
        at += kept
        shoppers[who].churned = shop.shopper[0].churned
        for channel in range(channels.shape[1]):
            channels[0, channel] += shop.touches[channel]
            channels[1, channel] += shop.credit[channel]
    return at, len(shoppers)
