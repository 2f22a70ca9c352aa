"""Price elasticity: how purchases move when an item's own price does, other things of it held."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from footfall.kernels import Array

__all__ = ["Elasticity", "elasticity_of"]

_STEPS = 50


@dataclass(frozen=True)
class Elasticity:
    """Percent more purchases a view for one percent more price, with interval.

    Parameters
    ----------
    value, low, high : float or None
        None where no item's price changed.
    items : int
        Items with several prices and a purchase: the only ones that say anything.
    levels : int
        Prices of these items.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    levels: int


def elasticity_of(
    item: Array, price: Array, views: Array, purchases: Array, *, level: float = 0.95
) -> Elasticity:
    """Fit log(purchases a view) on log(price) with an effect of each item, as a Poisson model.

    Unlike a line through logarithms it needs no purchases at every price, and dropping the prices
    without any would bias the slope towards nothing.

    Parameters
    ----------
    item, price, views, purchases : ndarray, shape (N,)
        One row an item and price; views and prices above 0.
    level : float, default=0.95
        Of the interval; items are taken as independent (clustered sandwich).

    References
    ----------
    J. Hausman, B. Hall, Z. Griliches, "Econometric models for count data", 1984 (fixed effects).
    J. M. C. Santos Silva, S. Tenreyro, "The log of gravity", 2006.

    Examples
    --------
    >>> found = elasticity_of(
    ...     np.array([0, 0, 1, 1]), np.array([10.0, 20, 5, 10]), np.full(4, 1000),
    ...     np.array([80, 40, 20, 10]),
    ... )
    >>> round(found.value, 3)
    -1.0
    """
    _, item = np.unique(item, return_inverse=True)
    total = np.bincount(item, purchases)
    several = np.bincount(item) > 1
    kept = (several & (total > 0))[item]
    if not kept.any():
        return Elasticity(None, None, None, 0, 0)
    _, item = np.unique(item[kept], return_inverse=True)
    x, seen, bought = np.log(price[kept]), views[kept].astype(float), purchases[kept].astype(float)
    total, count = np.bincount(item, bought), int(item.max()) + 1
    x = x - (np.bincount(item, x) / np.bincount(item))[item]  # the item's effect takes it anyway
    slope, score, curvature = 0.0, np.zeros(count), 0.0
    for _ in range(_STEPS):
        weight = seen * np.exp(np.clip(slope * x, -60, 60))
        share = weight / np.bincount(item, weight)[item]
        mean = np.bincount(item, share * x)
        score = np.bincount(item, bought * x) - total * mean
        curvature = float((total * (np.bincount(item, share * x * x) - mean**2)).sum())
        if curvature <= 1e-12:
            return Elasticity(None, None, None, count, len(x))
        step = float(np.clip(score.sum() / curvature, -2, 2))
        slope += step
        if abs(step) < 1e-10:
            break
    spread = float(np.sqrt((score**2).sum())) / curvature
    spread *= (count / max(count - 1, 1)) ** 0.5
    wide = NormalDist().inv_cdf((1 + level) / 2) * spread
    return Elasticity(slope, slope - wide, slope + wide, count, len(x))
