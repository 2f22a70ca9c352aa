"""Isotonic regression, and the two probabilities that Venn-Abers prediction makes of it."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, f64, kernel, out_f64, out_i64

__all__ = ["VennAbers", "fit_isotonic", "fit_venn_abers"]

Float64 = npt.NDArray[np.float64]


class VennAbers:
    """Gives each score two probabilities: one if its outcome were 0, one if it were 1.

    The score is put among the calibration scores with outcome 0, then with outcome 1, and isotonic
    regression is run both times: its value at the score is ``low``, then ``high``. When the user
    who is asked and those of the calibration are alike (exchangeable), one of the two is a
    calibrated probability, for any model and any number of users. They come apart where
    calibration had few users like this one.

    Parameters
    ----------
    thresholds : ndarray of float64, shape (K,)
        Different calibration scores, ascending.
    low, high : ndarray of float64, shape (2 K + 1,)
        The answers before, at, between and after the thresholds.

    References
    ----------
    Vovk, V., Petej, I. and Fedorova, V. (2015). Large-scale probabilistic predictors with and
    without guarantees of validity. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> two = fit_venn_abers(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1]))
    >>> low, high = two(np.array([0.0, 2.5, 9.0]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.0, 0.0, 0.67], [0.33, 1.0, 1.0])
    """

    def __init__(self, thresholds: Float64, low: Float64, high: Float64) -> None:
        self.thresholds = thresholds
        self.low = low
        self.high = high

    def __call__(self, scores: Float64) -> tuple[Float64, Float64]:
        """Give (low, high), each of shape (N,), for N scores."""
        before = np.searchsorted(self.thresholds, scores, side="left")
        after = np.searchsorted(self.thresholds, scores, side="right")
        place = before + after  # even: between thresholds; odd: at one
        return self.low[place], self.high[place]


def fit_venn_abers(scores: Float64, outcomes: npt.ArrayLike) -> VennAbers:
    """Work out the two probabilities of every place a score can take.

    Parameters
    ----------
    scores : ndarray of float64, shape (N,)
        Finite; higher means more likely.
    outcomes : array of 0 and 1, shape (N,)
    """
    thresholds, weight, total = _grouped(scores, outcomes)
    size = len(thresholds)
    left, right = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    sums_weight = np.concatenate(([0.0], np.cumsum(weight)))
    sums_total = np.concatenate(([0.0], np.cumsum(total)))
    _blocks(sums_weight, sums_total, left, right)
    low, high = np.empty(2 * size + 1), np.empty(2 * size + 1)
    for label, out in ((0.0, low), (1.0, high)):
        _insert(sums_weight, sums_total, left, right, label, out)
    return VennAbers(thresholds, low, high)


def fit_isotonic(scores: Float64, outcomes: npt.ArrayLike) -> tuple[Float64, Float64]:
    """Fit the rising step function that is nearest to the outcomes (pool adjacent violators).

    Parameters
    ----------
    scores : ndarray of float64, shape (N,)
    outcomes : array of 0 and 1, shape (N,)

    Returns
    -------
    thresholds, values : ndarray of float64, each of shape (K,)
        The different scores, ascending, and the fitted value at each.

    References
    ----------
    Ayer, M. et al. (1955). An empirical distribution function for sampling with incomplete
    information. Annals of Mathematical Statistics.

    Examples
    --------
    >>> import numpy as np
    >>> fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1]))[1].tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    thresholds, weight, total = _grouped(scores, outcomes)
    size = len(thresholds)
    left, right = np.empty(size + 1, np.int64), np.empty(size + 1, np.int64)
    sums_weight = np.concatenate(([0.0], np.cumsum(weight)))
    sums_total = np.concatenate(([0.0], np.cumsum(total)))
    _blocks(sums_weight, sums_total, left, right)
    values = np.empty(size)
    start = 0
    while start < size:
        stop = int(right[start])
        values[start:stop] = (sums_total[stop] - sums_total[start]) / (
            sums_weight[stop] - sums_weight[start]
        )
        start = stop
    return thresholds, values


def _grouped(scores: Float64, outcomes: npt.ArrayLike) -> tuple[Float64, Float64, Float64]:
    """Give the different scores, how many rows have each, and how many of those are positive."""
    thresholds, place = np.unique(np.asarray(scores, np.float64), return_inverse=True)
    weight = np.bincount(place, minlength=len(thresholds)).astype(np.float64)
    happened = np.asarray(outcomes, np.float64)
    total = np.bincount(place, happened, minlength=len(thresholds)).astype(np.float64)
    return thresholds, weight, total


@kernel(types.void(f64, f64, out_i64, out_i64))
def _blocks(weight: Array, total: Array, left: Array, right: Array) -> None:
    """Find the last block of every beginning and the first block of every end of the data.

    ``weight`` and ``total`` are running sums. Isotonic regression over the groups before ``at``
    ends with the block ``left[at]:at``; over those from ``at`` on it begins with ``at:right[at]``.
    """
    size = len(weight) - 1
    left[0], right[size] = 0, size
    for at in range(1, size + 1):
        start = at - 1
        while start > 0:
            before = left[start]
            mine = (total[at] - total[start]) * (weight[start] - weight[before])
            if (total[start] - total[before]) * (weight[at] - weight[start]) < mine:
                break
            start = before
        left[at] = start
    for at in range(size - 1, -1, -1):
        stop = at + 1
        while stop < size:
            after = right[stop]
            mine = (total[stop] - total[at]) * (weight[after] - weight[stop])
            if (total[after] - total[stop]) * (weight[stop] - weight[at]) > mine:
                break
            stop = after
        right[at] = stop


@kernel(types.void(f64, f64, types.int64[::1], types.int64[::1], types.float64, out_f64))
def _insert(
    weight: Array, total: Array, left: Array, right: Array, label: float, out: Array
) -> None:
    """Give the value of isotonic regression at one more row, for every place it can take.

    Only blocks beside the new one can be out of order, so it grows until neither side is.
    """
    size = len(weight) - 1
    for place in range(2 * size + 1):
        low, high = place // 2, (place + 1) // 2
        moving = True
        while moving:
            moving = False
            count = weight[high] - weight[low] + 1
            positive = total[high] - total[low] + label
            if low > 0:
                before = left[low]
                gap = weight[low] - weight[before]
                if (total[low] - total[before]) * count >= positive * gap:
                    low = before
                    moving = True
                    continue
            if high < size:
                after = right[high]
                gap = weight[after] - weight[high]
                if (total[after] - total[high]) * count <= positive * gap:
                    high = after
                    moving = True
        out[place] = (total[high] - total[low] + label) / (weight[high] - weight[low] + 1)
