"""Kaplan-Meier curves with Greenwood's intervals, medians and the log-rank test, from counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.kernels import Array

__all__ = ["Curve", "Durations", "kaplan_meier", "log_rank", "median_of"]


@dataclass(frozen=True)
class Durations:
    """How long users were watched, in whole units: times ascending, none twice.

    Parameters
    ----------
    times, events, censored : ndarray of int64, shape (T,)
        Users for whom it happened at that time, and users no longer watched after it.
    """

    times: npt.NDArray[np.int64]
    events: npt.NDArray[np.int64]
    censored: npt.NDArray[np.int64]

    @property
    def at_risk(self) -> npt.NDArray[np.int64]:
        """Users still watched, to whom it had not happened before each time."""
        gone = np.cumsum(self.events + self.censored)
        return np.asarray(gone[-1] - np.append(0, gone[:-1]) if len(gone) else gone)


@dataclass(frozen=True)
class Curve:
    """A survival curve: after each time, the share to whom it has not happened, with interval.

    ``low`` and ``high`` are NaN where the share is 0.
    """

    survival: Array
    low: Array
    high: Array


def kaplan_meier(durations: Durations, level: float = 0.95) -> Curve:
    """Estimate the survival curve.

    Parameters
    ----------
    durations : Durations
    level : float, default=0.95
        Of the interval at each time: Greenwood's variance on the scale of log(-log).

    References
    ----------
    E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", 1958.
    J. D. Kalbfleisch, R. L. Prentice, "The Statistical Analysis of Failure Time Data", 1980.

    Examples
    --------
    >>> times = np.array([1, 2, 4])
    >>> curve = kaplan_meier(Durations(times, np.array([1, 1, 0]), np.array([0, 1, 1])))
    >>> curve.survival.tolist()
    [0.75, 0.5, 0.5]
    """
    from statistics import NormalDist

    at_risk, events = durations.at_risk, durations.events
    survival = np.cumprod(1 - events / np.maximum(at_risk, 1))
    left = at_risk - events
    terms = events / np.maximum(at_risk * left, 1)
    variance = np.cumsum(np.where(left > 0, terms, 0.0))
    inside = (survival > 0) & (survival < 1)
    logs = np.log(np.where(inside, survival, 0.5))
    wide = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(variance) / -logs
    edges = [np.where(inside, np.exp(logs * np.exp(sign * wide)), survival) for sign in (1, -1)]
    low, high = (np.where(survival > 0, edge, np.nan) for edge in edges)
    return Curve(survival, low, high)


def median_of(durations: Durations, curve: Curve) -> tuple[int | None, int | None, int | None]:
    """Give the first time by which it happened to half, and its interval; None: not reached.

    References
    ----------
    R. Brookmeyer, J. Crowley, "A confidence interval for the median survival time", 1982.
    """
    found = []
    low = np.nan_to_num(curve.low, nan=0.0)  # where nobody is left the interval is unknown
    for values in (curve.survival, low, np.nan_to_num(curve.high, nan=1.0)):
        below = np.flatnonzero(values <= 0.5)
        found.append(int(durations.times[below[0]]) if len(below) else None)
    return found[0], found[1], found[2]


def log_rank(groups: Sequence[Durations]) -> tuple[float, int, float] | None:
    """Test whether groups have the same curve: (chi-squared, degrees of freedom, p-value).

    Parameters
    ----------
    groups : sequence of Durations

    Returns
    -------
    tuple or None
        None when fewer than two groups can be compared.

    References
    ----------
    N. Mantel, "Evaluation of survival data and two new rank order statistics", 1966.
    """
    from scipy.stats import chi2

    times = np.unique(np.concatenate([np.zeros(0, np.int64), *(g.times for g in groups)]))
    events, at_risk = (np.zeros((len(groups), len(times))) for _ in range(2))
    for row, group in enumerate(groups):
        events[row, np.searchsorted(times, group.times)] = group.events
        after = np.searchsorted(group.times, times, side="left")
        at_risk[row] = np.append(group.at_risk, 0)[after]
    happened, watched = events.sum(axis=0), at_risk.sum(axis=0)
    used = (happened > 0) & (watched > 1)
    events, at_risk = events[:, used], at_risk[:, used]
    happened, watched = happened[used], watched[used]
    share = at_risk / watched
    excess = (events - share * happened).sum(axis=1)
    weight = happened * (watched - happened) / (watched - 1)
    covariance = np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
    kept = np.flatnonzero(np.diag(covariance) > 1e-12)[:-1]  # one follows from the others
    if len(kept) == 0:
        return None
    inner = covariance[np.ix_(kept, kept)]
    value = float(excess[kept] @ np.linalg.solve(inner, excess[kept]))
    return value, len(kept), float(chi2.sf(value, len(kept)))
