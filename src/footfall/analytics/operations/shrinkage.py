"""Rates of many small counts, drawn towards what their like have (empirical Bayes)."""

from dataclasses import dataclass

import numpy as np

from footfall.kernels import Array

__all__ = ["Shrunk", "prior_of", "shrunk_rates"]


@dataclass(frozen=True)
class Shrunk:
    """Rates with intervals, each of shape (N,)."""

    rate: Array
    low: Array
    high: Array


def prior_of(hits: Array, trials: Array) -> tuple[float, float]:
    """Fit a beta distribution of rates by moments: (mean, trials it is worth).

    Parameters
    ----------
    hits, trials : ndarray of int64, shape (N,)

    Returns
    -------
    mean, strength : float
        Rates that differ no more than chance would have it are worth very many trials.

    References
    ----------
    J. C. Kleinman, "Proportions with extraneous variance: single and independent samples", 1973.

    Examples
    --------
    >>> prior_of(np.array([10, 10]), np.array([100, 100]))[0]
    0.1
    """
    total = float(trials.sum())
    if total == 0:
        return 0.0, 1.0
    mean = float(hits.sum()) / total
    chance = mean * (1 - mean)
    if chance == 0 or len(trials) < 2:
        return mean, 1e6
    rates = hits / np.maximum(trials, 1)
    over = float((trials * (rates - mean) ** 2).sum()) - (len(trials) - 1) * chance
    spread = over / max(total - float((trials.astype(float) ** 2).sum()) / total, 1e-9)
    return mean, float(min(max(chance / max(spread, 1e-12) - 1, 0.5), 1e6))


def shrunk_rates(
    hits: Array, trials: Array, *, mean: Array, strength: Array, level: float
) -> Shrunk:
    """Draw rates towards a mean, as if so many trials of it had been seen before.

    Parameters
    ----------
    hits, trials : ndarray of int64, shape (N,)
    mean, strength : ndarray of float64, shape (N,)
    level : float
        Of the interval.
    """
    from scipy.special import betaincinv

    above = hits + mean * strength
    below = trials - hits + (1 - mean) * strength
    tail = (1 - level) / 2
    safe = np.maximum(above, 1e-9), np.maximum(below, 1e-9)
    low, high = (np.asarray(betaincinv(*safe, share)) for share in (tail, 1 - tail))
    return Shrunk(above / (above + below), low, high)
