"""Tests one may look at as often as one likes: confidence sequences, always-valid p-values."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.analytics.significance.proportions import checked_level
from footfall.errors import OptionError

__all__ = ["always_valid", "sequence_reach"]


def _mixing(users: npt.ArrayLike, planned_users: int, level: float, owner: str) -> Any:
    """Give n rho^2: how far the test has come, measured against the planned size."""
    checked_level(level, owner=owner)
    if not isinstance(planned_users, int) or planned_users < 2:
        raise OptionError.of("planned_users", owner, "an int of at least 2", planned_users)
    surprise = -2 * math.log(1 - level)
    rho_squared = (surprise + math.log(max(surprise, 1.0)) + 1) / planned_users
    return np.maximum(np.asarray(users, np.float64), 1.0) * rho_squared


def sequence_reach(users: npt.ArrayLike, *, planned_users: int = 2_000, level: float = 0.95) -> Any:
    """Give how many standard errors a confidence sequence reaches to each side.

    Parameters
    ----------
    users : array of counts
        Users so far, both sides together.
    planned_users : int, default=2_000
        The size at which the sequence is narrowest. It is fixed before the test begins; any value
        is valid at any time, a good guess only makes the interval shorter.
    level : float, default=0.95

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> round(float(sequence_reach(2_000)), 3)  # a single look would reach 1.96
    3.035
    """
    mixed = _mixing(users, planned_users, level, "sequence_reach")
    alpha = 1 - level
    return np.sqrt(2 * (mixed + 1) / mixed * np.log(np.sqrt(mixed + 1) / alpha))[()]


def always_valid(
    estimate: npt.ArrayLike,
    error: npt.ArrayLike,
    users: npt.ArrayLike,
    *,
    planned_users: int = 2_000,
    level: float = 0.95,
) -> tuple[Any, Any, Any]:
    """Give an interval and p-value that hold however often, and whenever, one looks.

    The test is a mixture of sequential likelihood ratios of a normal estimate: the effect under the
    alternative is drawn from a normal distribution around 0 whose spread is rho standard deviations
    of one user's value. rho is chosen so that the interval is narrowest at ``planned_users``:
    rho^2 = (-2 log(alpha) + log(-2 log(alpha)) + 1) / planned_users. The chance that the truth EVER
    leaves the interval, over all looks together, is at most 1 - level (for large samples).

    Parameters
    ----------
    estimate, error : array of float
        A difference and its standard error so far. Where the error is 0 or not a number nothing is
        known: infinite interval, p-value 1.
    users : array of counts
        Users so far, both sides together.
    planned_users, level
        As in :func:`sequence_reach`.

    Returns
    -------
    low, high, p_value : ndarray of float64

    References
    ----------
    R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Peeking at A/B tests: Why it matters, and what to
    do about it", 2017. I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-
    uniform central limit theory and asymptotic confidence sequences", 2021.

    Examples
    --------
    >>> low, high, p_value = always_valid(0.04, 0.01, 2_000)  # z = 4
    >>> round(float(low), 4), round(float(high), 4), round(float(p_value), 4)
    (0.0096, 0.0704, 0.0024)
    """
    mixed = _mixing(users, planned_users, level, "always_valid")
    value, spread, mixed = np.broadcast_arrays(
        np.asarray(estimate, np.float64), np.asarray(error, np.float64), mixed
    )
    known = (spread > 0) & np.isfinite(value) & np.isfinite(spread)
    safe, middle = np.where(known, spread, 1.0), np.where(known, value, 0.0)
    log_ratio = (middle / safe) ** 2 * mixed / (2 * (mixed + 1)) - np.log(mixed + 1) / 2
    p_value = np.where(known, np.exp(-np.maximum(log_ratio, 0.0)), 1.0)
    reach = sequence_reach(users, planned_users=planned_users, level=level) * safe
    low = np.where(known, middle - reach, -np.inf)
    high = np.where(known, middle + reach, np.inf)
    return low[()], high[()], p_value[()]
