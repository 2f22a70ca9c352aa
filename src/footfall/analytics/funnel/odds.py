"""Odds ratios over strata: like is compared with like, and the comparisons are pooled."""

import numpy as np
import numpy.typing as npt

from footfall.analytics.significance import normal_test
from footfall.kernels import Array

__all__ = ["pooled_odds", "risk_sets"]


def pooled_odds(
    tables: tuple[Array, ...], level: float = 0.95
) -> tuple[float, float, float, float]:
    """Pool two-by-two tables, one a stratum, into one odds ratio (Mantel and Haenszel).

    One more table of halves is pooled in, so that empty cells give a finite ratio.

    Parameters
    ----------
    tables : (a, b, c, d), each an ndarray of counts, shape (strata,)
        With the mark those that did (a) and did not (b), without the mark the same (c, d).
    level : float, default=0.95
        Of the interval.

    Returns
    -------
    ratio, low, high, p_value : float

    References
    ----------
    N. Mantel and W. Haenszel, "Statistical aspects of the analysis of data from retrospective
    studies of disease", 1959. J. Robins, N. Breslow and S. Greenland, "Estimators of the
    Mantel-Haenszel variance consistent in both sparse data and large-strata limiting models", 1986.

    Examples
    --------
    >>> one = tuple(np.array([cell]) for cell in (20, 80, 10, 90))
    >>> round(pooled_odds(one)[0], 2)
    2.21
    """
    a, b, c, d = (np.append(np.asarray(cell, np.float64), 0.5) for cell in tables)
    total = np.maximum(a + b + c + d, 1e-12)
    agree, differ = (a + d) / total, (b + c) / total
    up, down = a * d / total, b * c / total
    more, less = up.sum(), down.sum()
    variance = (
        (agree * up).sum() / (2 * more**2)
        + (agree * down + differ * up).sum() / (2 * more * less)
        + (differ * down).sum() / (2 * less**2)
    )
    ratio = np.log(more / less)
    low, high, p_value = normal_test(ratio, np.sqrt(variance), level)
    return float(np.exp(ratio)), float(np.exp(low)), float(np.exp(high)), float(p_value)


def risk_sets(
    left: npt.NDArray[np.int64],
    converted: npt.NDArray[np.bool_],
    onset: npt.NDArray[np.int64],
) -> tuple[Array, Array, Array, Array]:
    """Make one two-by-two table for each moment at which somebody converts.

    At that moment those still there, neither converted nor out of time, are compared: who of them
    had the event before, and who converts just then. So nobody is blamed for an event that could
    only happen because the user stayed, and nobody who is gone counts as having avoided it.

    Parameters
    ----------
    left : ndarray of int64, shape (units,)
        Microseconds from the step to conversion or to the end of the unit's window.
    converted : ndarray of bool, shape (units,)
        Whether the unit left by converting.
    onset : ndarray of int64, shape (units,)
        Microseconds to the first event of the kind; -1: none before leaving.

    Returns
    -------
    a, b, c, d : ndarray of float64, shape (moments,)
        With the event: converting, staying; without: the same.

    Examples
    --------
    >>> left, converted = np.array([10, 20, 90, 90]), np.array([True, True, False, False])
    >>> [cell.tolist() for cell in risk_sets(left, converted, np.array([-1, 5, 7, -1]))]
    [[0.0, 1.0], [2.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    moments, converting = np.unique(left[converted], return_counts=True)
    there = len(left) - np.searchsorted(np.sort(left), moments, side="left")
    had = (onset >= 0) & (onset < left)
    # With the event at a moment: it began before, and the unit is still there.
    began = np.searchsorted(np.sort(onset[had]), moments, side="left")
    gone = np.searchsorted(np.sort(left[had]), moments, side="left")
    marked = (began - gone).astype(np.float64)
    a = np.zeros(len(moments))
    mine, counts = np.unique(left[converted & had], return_counts=True)
    a[np.searchsorted(moments, mine)] = counts
    c = converting - a
    return a, marked - a, c, there - marked - c
