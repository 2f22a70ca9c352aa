"""Differences of means: Welch's test from sums, and the normal test of any estimate."""

from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.analytics.significance.proportions import checked_level, quantile_of_normal
from footfall.errors import OptionError

__all__ = ["mean_difference", "normal_test"]


def mean_difference(
    mean1: npt.ArrayLike,
    var1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    var2: npt.ArrayLike,
    n2: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[Any, Any, Any, Any]:
    """Compare two means: the first minus the second, its interval, and Welch's test.

    Parameters
    ----------
    mean1, mean2 : array of float
    var1, var2 : array of float
        Sample variances (divided by n - 1).
    n1, n2 : array of counts
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    difference, low, high, p_value : ndarray of float64
        Where a side has fewer than two values, or no value of either side differs from its mean,
        the noise is unknown: the interval is infinite and the p-value 1.

    Raises
    ------
    OptionError
        If a variance or count is negative, or the level is not between 0 and 1.

    References
    ----------
    B. L. Welch, "The generalization of Student's problem when several different population
    variances are involved", 1947.

    Examples
    --------
    >>> [round(float(x), 4) for x in mean_difference(12.0, 4.0, 20, 10.0, 9.0, 30)]
    [2.0, 0.5783, 3.4217, 0.0068]
    """
    from scipy.special import stdtr, stdtrit

    checked_level(level, owner="mean_difference")
    m1, v1, k1, m2, v2, k2 = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (mean1, var1, n1, mean2, var2, n2))
    )
    for name, values in (("var1", v1), ("n1", k1), ("var2", v2), ("n2", k2)):
        if np.any(values < 0):
            raise OptionError.of(name, "mean_difference", "at least 0", values)
    difference = m1 - m2
    part1, part2 = v1 / np.maximum(k1, 1), v2 / np.maximum(k2, 1)
    variance = part1 + part2
    known = (k1 >= 2) & (k2 >= 2) & (variance > 0)
    # The variances' shares, not the variances: squares of tiny numbers would vanish.
    total = np.where(known, variance, 1.0)
    share1, share2 = part1 / total, part2 / total
    spread = share1**2 / np.maximum(k1 - 1, 1) + share2**2 / np.maximum(k2 - 1, 1)
    freedom = np.divide(1.0, spread, out=np.ones(known.shape), where=known & (spread > 0))
    error = np.sqrt(total)
    reach = -stdtrit(freedom, (1 - level) / 2) * error
    p_value = np.where(known, 2 * stdtr(freedom, -np.abs(difference) / error), 1.0)
    low = np.where(known, difference - reach, -np.inf)
    high = np.where(known, difference + reach, np.inf)
    return difference[()], low[()], high[()], p_value[()]


def normal_test(
    estimate: npt.ArrayLike, error: npt.ArrayLike, level: float = 0.95
) -> tuple[Any, Any, Any]:
    """Give the interval and two-sided p-value of an estimate with a known standard error.

    Parameters
    ----------
    estimate, error : array of float
        Where the error is 0 or not a number, nothing is known: infinite interval, p-value 1.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    low, high, p_value : ndarray of float64

    Examples
    --------
    >>> [round(float(x), 4) for x in normal_test(1.96, 1.0)]
    [0.0, 3.92, 0.05]
    """
    from scipy.special import ndtr

    z = quantile_of_normal(level, owner="normal_test")
    value, spread = np.broadcast_arrays(
        np.asarray(estimate, np.float64), np.asarray(error, np.float64)
    )
    known = (spread > 0) & np.isfinite(value) & np.isfinite(spread)
    safe = np.where(known, spread, 1.0)
    middle = np.where(known, value, 0.0)
    p_value = np.where(known, 2 * ndtr(-np.abs(middle) / safe), 1.0)
    low = np.where(known, middle - z * safe, -np.inf)
    high = np.where(known, middle + z * safe, np.inf)
    return low[()], high[()], p_value[()]
