"""Shares of yes and no: Wilson's interval, Newcombe's difference, the odds ratio."""

from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.kernels import Array

__all__ = ["checked_level", "odds_ratio", "quantile_of_normal", "two_proportions", "wilson"]


def checked_level(level: float, *, owner: str) -> float:
    """Give the level of an interval back.

    Raises
    ------
    OptionError
        If it is not between 0 and 1.
    """
    if not isinstance(level, int | float) or not 0 < level < 1:
        raise OptionError.of("level", owner, "a share between 0 and 1, such as 0.95", level)
    return float(level)


def quantile_of_normal(level: float, *, owner: str) -> float:
    """Give z so that a standard normal number falls into [-z, z] with chance ``level``.

    Examples
    --------
    >>> round(quantile_of_normal(0.95, owner="wilson"), 6)
    1.959964
    """
    from scipy.special import ndtri

    return float(-ndtri((1 - checked_level(level, owner=owner)) / 2))


def _counts(owner: str, **given: npt.ArrayLike) -> list[Array]:
    """Read counts, broadcast against each other; they may not be negative."""
    arrays = np.broadcast_arrays(*(np.asarray(values, np.float64) for values in given.values()))
    for name, values in zip(given, arrays, strict=True):
        if np.any(~(values >= 0)):
            raise OptionError.of(name, owner, "counts of at least 0", given[name])
    return list(arrays)


def _shares(owner: str, successes: Array, trials: Array) -> Array:
    if np.any(successes > trials):
        raise OptionError.of("successes", owner, "at most the trials", successes)
    return np.divide(successes, trials, out=np.full(trials.shape, np.nan), where=trials > 0)


def wilson(successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = 0.95) -> tuple[Any, Any]:
    """Give Wilson's score interval of a share.

    It stays inside [0, 1], and holds its level for small counts and shares near 0 or 1, where the
    textbook interval (share plus or minus z standard errors) does not.

    Parameters
    ----------
    successes, trials : array of counts, any shape
        Broadcast against each other.
    level : float, default=0.95
        Chance that such an interval holds the true share.

    Returns
    -------
    low, high : ndarray of float64
        (0, 1) where there are no trials.

    Raises
    ------
    OptionError
        If a count is negative, successes exceed trials, or the level is not between 0 and 1.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    Examples
    --------
    >>> low, high = wilson([0, 5, 10], 10)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.2366, 0.7225], [0.2775, 0.7634, 1.0])
    """
    z = quantile_of_normal(level, owner="wilson")
    yes, n = _counts("wilson", successes=successes, trials=trials)
    share = np.where(n > 0, _shares("wilson", yes, n), 0.5)
    many = np.maximum(n, 1)
    center = (share + z * z / (2 * many)) / (1 + z * z / many)
    reach = z / (1 + z * z / many) * np.sqrt(share * (1 - share) / many + (z / (2 * many)) ** 2)
    low = np.where((n > 0) & (yes > 0), np.clip(center - reach, 0, 1), 0.0)
    high = np.where((n > 0) & (yes < n), np.clip(center + reach, 0, 1), 1.0)
    return low[()], high[()]


def two_proportions(
    successes1: npt.ArrayLike,
    trials1: npt.ArrayLike,
    successes2: npt.ArrayLike,
    trials2: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[Any, Any, Any, Any]:
    """Compare two shares: the first minus the second, its interval, and a test.

    Parameters
    ----------
    successes1, trials1, successes2, trials2 : array of counts, any shape
        Broadcast against each other.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    difference, low, high, p_value : ndarray of float64
        The interval is Newcombe's (from two Wilson intervals); the p-value is that of the two-sided
        score test (pooled share; chi-square with one degree of freedom, no continuity correction).
        Where one side has no trials: nan, -1, 1 and 1.

    Raises
    ------
    OptionError
        If a count is negative, successes exceed trials, or the level is not between 0 and 1.

    References
    ----------
    R. G. Newcombe, "Interval estimation for the difference between independent proportions:
    comparison of eleven methods", 1998 (method 10).

    Examples
    --------
    >>> [round(float(x), 4) for x in two_proportions(56, 70, 48, 80)]
    [0.2, 0.0524, 0.3339, 0.008]
    """
    from scipy.special import ndtr

    owner = "two_proportions"
    yes1, n1, yes2, n2 = _counts(
        owner, successes1=successes1, trials1=trials1, successes2=successes2, trials2=trials2
    )
    share1, share2 = _shares(owner, yes1, n1), _shares(owner, yes2, n2)
    low1, high1 = wilson(yes1, n1, level)
    low2, high2 = wilson(yes2, n2, level)
    difference = share1 - share2
    known = (n1 > 0) & (n2 > 0)
    low = difference - np.sqrt((share1 - low1) ** 2 + (high2 - share2) ** 2)
    high = difference + np.sqrt((high1 - share1) ** 2 + (share2 - low2) ** 2)
    pooled = (yes1 + yes2) / np.maximum(n1 + n2, 1)
    variance = pooled * (1 - pooled) * (1 / np.maximum(n1, 1) + 1 / np.maximum(n2, 1))
    spread = known & (variance > 0)
    z = np.divide(difference, np.sqrt(variance), out=np.zeros(n1.shape), where=spread)
    p_value = np.where(spread, 2 * ndtr(-np.abs(z)), 1.0)
    low, high = np.where(known, low, -1.0), np.where(known, high, 1.0)
    return difference[()], low[()], high[()], p_value[()]


def odds_ratio(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    c: npt.ArrayLike,
    d: npt.ArrayLike,
    level: float = 0.95,
) -> tuple[Any, Any, Any, Any]:
    """Give the odds ratio of two-by-two tables, ``(a / b) / (c / d)``, with interval and test.

    Half a user is added to each cell (Haldane, Anscombe), so that empty cells give a finite, small
    surprise instead of an infinite ratio. Interval and p-value are those of the logarithm's normal
    approximation, so they always agree.

    Parameters
    ----------
    a, b : array of counts
        With the mark: successes and failures.
    c, d : array of counts
        Without the mark: successes and failures.
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    ratio, low, high, p_value : ndarray of float64
        Where nobody has the mark, or everybody, or nobody succeeds, or everybody does, nothing can
        be said: nan, 0, infinity and 1.

    Raises
    ------
    OptionError
        If a count is negative, or the level is not between 0 and 1.

    References
    ----------
    J. B. S. Haldane, "The estimation and significance of the logarithm of a ratio of
    frequencies", 1956. F. J. Anscombe, "On estimating binomial response relations", 1956.

    Examples
    --------
    >>> [round(float(x), 4) for x in odds_ratio(20, 80, 10, 90)]
    [2.1949, 0.9841, 4.8953, 0.0547]
    """
    from scipy.special import ndtr

    z = quantile_of_normal(level, owner="odds_ratio")
    cells = _counts("odds_ratio", a=a, b=b, c=c, d=d)
    known = (
        (cells[0] + cells[1] > 0)
        & (cells[2] + cells[3] > 0)
        & (cells[0] + cells[2] > 0)
        & (cells[1] + cells[3] > 0)
    )
    yes1, no1, yes2, no2 = (cell + 0.5 for cell in cells)
    log_ratio = np.log(yes1) - np.log(no1) - np.log(yes2) + np.log(no2)
    error = np.sqrt(1 / yes1 + 1 / no1 + 1 / yes2 + 1 / no2)
    p_value = np.where(known, 2 * ndtr(-np.abs(log_ratio) / error), 1.0)
    ratio = np.where(known, np.exp(log_ratio), np.nan)
    low = np.where(known, np.exp(log_ratio - z * error), 0.0)
    high = np.where(known, np.exp(log_ratio + z * error), np.inf)
    return ratio[()], low[()], high[()], p_value[()]
