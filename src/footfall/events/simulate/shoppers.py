"""Shoppers and what they hide: tastes, tempo, price sensitivity, the moment they leave for good."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from footfall.events.simulate.behavior import Behavior
from footfall.events.simulate.draws import (
    chance,
    exponential,
    normal,
    seed_stream,
    uniform,
)
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.words import REGIONS
from footfall.kernels import kernel

__all__ = [
    "AGE_BANDS",
    "DAY_US",
    "FACTORS",
    "GENDERS",
    "RHYTHMS",
    "SHOPPER",
    "demographic_tastes",
    "make_shoppers",
]

FACTORS = 8  # dimensions of a taste
DAY_US = 86_400_000_000
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
GENDERS = ("female", "male")
RHYTHMS = ("commuter", "lunch", "evening", "night")
_SHOPPERS, _TASTES = 1, 2  # purposes of random streams

SHOPPER = np.dtype(
    [
        ("user", np.int32),
        ("age", np.int8),
        ("gender", np.int8),
        ("region", np.int8),
        ("language", np.int8),  # position in words.LANGUAGES
        ("device", np.int8),
        ("rhythm", np.int8),
        ("sensitivity", np.float64),  # to price
        ("tempo", np.float64),  # sessions a day, in the mean
        ("return_tendency", np.float64),  # added to the log odds of a return
        ("joined", np.int64),  # microseconds after the start of the log
        ("churned", np.int64),
        ("taste", np.float32, (FACTORS,)),
    ]
)
_RECORDS = from_dtype(SHOPPER)[::1]
_GROUPS = types.float32[:, ::1]


def demographic_tastes(seed: int) -> npt.NDArray[np.float32]:
    """Draw what age and gender tell about taste.

    Parameters
    ----------
    seed : int
        Of the simulation.

    Returns
    -------
    ndarray of shape (age bands * genders, FACTORS), float32
        Mean taste of each group; row = age * len(GENDERS) + gender.
    """
    rng = np.random.default_rng([seed, _TASTES])
    age = rng.normal(0.0, 0.45, (len(AGE_BANDS), 1, FACTORS))
    gender = rng.normal(0.0, 0.45, (1, len(GENDERS), FACTORS))
    return (age + gender).reshape(-1, FACTORS).astype(np.float32)


# What `_fill` needs of the options: days, tempo, tempo_spread, joiner_share, lifetime_days, share
# of Chinese speakers, regions.
_SETTINGS = types.UniTuple(types.float64, 7)  # type: ignore[no-untyped-call]  # numba says no types


@kernel(types.void(_RECORDS, _GROUPS, _SETTINGS, types.int64, types.int64))
def _fill(shoppers: Any, groups: Any, settings: Any, first: int, seed: int) -> None:
    days, tempo, spread, joiners, lifetime, zh_share, n_regions = settings
    rng = np.zeros(1, np.uint64)
    for row in range(len(shoppers)):
        seed_stream(rng, seed, _SHOPPERS, first + row)
        me = shoppers[row]
        me.user = first + row
        me.age = int(6.0 * uniform(rng) ** 1.3)
        me.gender = 0 if chance(rng, 0.55) else 1
        me.region = int(n_regions * uniform(rng) ** 1.6)
        me.language = 0 if chance(rng, zh_share) else 1
        # The young use the app, the old the desktop.
        draw = uniform(rng) + 0.06 * (me.age - 2)
        me.device = 0 if draw < 0.5 else (1 if draw < 0.8 else 2)
        me.rhythm = int(4.0 * uniform(rng))
        me.sensitivity = math.exp(0.5 * normal(rng) - 0.35)
        relative_tempo = math.exp(spread * normal(rng) - 0.5 * spread * spread)
        me.tempo = tempo * relative_tempo
        me.return_tendency = 0.6 * normal(rng)
        joined = uniform(rng) * days if chance(rng, joiners) else 0.0
        # The busy stay longer: a hidden link between tempo and churn.
        stay = lifetime * exponential(rng) * relative_tempo**0.35
        me.joined = int(joined * DAY_US)
        me.churned = int(min(joined + stay, 36500.0) * DAY_US)
        for k in range(FACTORS):
            me.taste[k] = groups[me.age * 2 + me.gender, k] + 0.8 * normal(rng)


def make_shoppers(
    options: SimulateOptions, first: int, count: int, tempo_scale: float = 1.0
) -> npt.NDArray[np.void]:
    """Make some of the shoppers; each one depends on nothing but the options and their number.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation.
    first, count : int
        The shoppers' numbers: first, ..., first + count - 1.
    tempo_scale : float
        Multiplies everybody's sessions a day.

    Returns
    -------
    ndarray of `SHOPPER` records, shape (count,)
        One record a shopper.

    Examples
    --------
    >>> options = SimulateOptions(seed=7)
    >>> bool(make_shoppers(options, 0, 10)[4] == make_shoppers(options, 4, 1)[0])
    True
    """
    behavior: Behavior = options.behavior
    shoppers = np.zeros(count, SHOPPER)
    settings = (
        float(options.days),
        behavior.sessions_per_day * tempo_scale,
        behavior.tempo_spread,
        behavior.joiner_share,
        behavior.lifetime_days,
        {"zh": 1.0, "en": 0.0, "mixed": 0.5}[options.language],
        float(len(REGIONS["zh"])),
    )
    _fill(shoppers, demographic_tastes(options.seed), settings, first, options.seed)
    return shoppers
