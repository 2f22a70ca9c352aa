"""Random draws inside kernels: every user has a stream of its own, whatever block it is made in.

The stream is splitmix64, started at a hash of the seed and the user's number.

References
----------
Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

import math
from typing import Any

import numpy as np
from numba import types

from footfall.kernels import f64, kernel

__all__ = [
    "chance",
    "exponential",
    "hashed_uniform",
    "normal",
    "pick",
    "poisson",
    "seed_stream",
    "sigmoid",
    "uniform",
]

RNG = types.uint64[::1]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0  # 2 ** -53


@kernel(types.uint64(types.uint64))
def _mix(x: Any) -> Any:
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@kernel(types.void(RNG, types.int64, types.int64, types.int64))
def seed_stream(rng: Any, seed: int, purpose: int, number: int) -> None:
    """Start the stream of one user (or other numbered thing) for one purpose."""
    start = _mix(np.uint64(seed) + _STEP)
    start = _mix(start ^ (np.uint64(purpose) * _MIX_1))
    rng[0] = _mix(start + np.uint64(number) * _STEP)


@kernel(types.float64(RNG))
def uniform(rng: Any) -> Any:
    """Draw from [0, 1)."""
    rng[0] += _STEP
    return np.float64(_mix(rng[0]) >> _S11) * _UNIT


@kernel(types.float64(types.int64, types.int64, types.int64))
def hashed_uniform(seed: int, first: int, second: int) -> Any:
    """Give the number in [0, 1) that belongs to a pair, such as an item and a week."""
    mixed = _mix(np.uint64(seed) * _MIX_2 + np.uint64(first) * _STEP)
    return np.float64(_mix(mixed + np.uint64(second) * _MIX_1) >> _S11) * _UNIT


@kernel(types.boolean(RNG, types.float64))
def chance(rng: Any, probability: float) -> Any:
    """Draw True with this probability."""
    return uniform(rng) < probability


@kernel(types.float64(RNG))
def normal(rng: Any) -> Any:
    """Draw from the standard normal distribution (Box and Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(rng)))
    return radius * math.cos(2.0 * math.pi * uniform(rng))


@kernel(types.float64(RNG))
def exponential(rng: Any) -> Any:
    """Draw from the exponential distribution of mean 1."""
    return -math.log(1.0 - uniform(rng))


@kernel(types.int64(RNG, types.float64))
def poisson(rng: Any, mean: float) -> Any:
    """Draw a count; means above 60 are cut to 60 (a day holds no more sessions)."""
    left = math.exp(-min(mean, 60.0))
    count = 0
    product = uniform(rng)
    while product > left:
        count += 1
        product *= uniform(rng)
    return count


@kernel(types.float64(types.float64))
def sigmoid(logit: float) -> Any:
    """Turn log odds into a probability."""
    return 1.0 / (1.0 + math.exp(-logit))


@kernel(types.int64(f64, types.int64, types.int64, types.float64))
def pick(cdf: Any, start: int, stop: int, u: float) -> Any:
    """Find the first position in [start, stop) whose cumulated weight exceeds u times the last."""
    wanted = u * cdf[stop - 1]
    low, high = start, stop - 1
    while low < high:
        middle = (low + high) // 2
        if cdf[middle] > wanted:
            high = middle
        else:
            low = middle + 1
    return low
