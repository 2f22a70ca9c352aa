"""How good predicted probabilities are: order, sharpness and the decisions they lead to."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.evaluate.calibration import calibration_error
from footfall.evaluate.outcomes import checked_pairs, checked_probabilities

__all__ = [
    "Confusion",
    "RocCurve",
    "auc",
    "average_precision",
    "brier",
    "confusion",
    "f1",
    "log_loss",
    "probability_metrics",
    "roc_curve",
]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


class Confusion(NamedTuple):
    """Counts of decisions: said yes and was, said yes and was not, and so on."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


class RocCurve(NamedTuple):
    """Points of the curve, from (0, 0) to (1, 1); `threshold` falls, the first is infinite."""

    false_positive_rate: Float64
    true_positive_rate: Float64
    threshold: Float64


def roc_curve(outcome: npt.ArrayLike, score: npt.ArrayLike) -> RocCurve:
    """Trace the share of positives found against the share of negatives disturbed.

    Parameters
    ----------
    outcome : array of 0 and 1, shape (N,)
        What happened.
    score : float array, shape (N,)
        Higher means more likely; any finite scale.

    Returns
    -------
    RocCurve
        One point for each different score, and the corner (0, 0). A rate is nan throughout when
        its class is absent.

    Examples
    --------
    >>> curve = roc_curve([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    >>> curve.false_positive_rate.tolist(), curve.true_positive_rate.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    threshold, hits, alarms = _cumulative(outcome, score, "roc_curve")
    return RocCurve(
        _from_zero(_rate(alarms, alarms[-1])),
        _from_zero(_rate(hits, hits[-1])),
        np.concatenate(([np.inf], threshold)),
    )


def auc(outcome: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the chance that a positive scores higher than a negative, a tie counting half.

    Parameters
    ----------
    outcome, score : arrays, shape (N,)
        As in `roc_curve`.

    Returns
    -------
    float
        0.5 is chance, 1 perfect order; nan when only one class is there.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982). The meaning and use of the area under a ROC curve.

    Examples
    --------
    >>> auc([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    0.875
    """
    curve = roc_curve(outcome, score)
    return float(np.trapezoid(curve.true_positive_rate, curve.false_positive_rate))


def average_precision(outcome: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Return the precision averaged over the positives, each at its own threshold.

    Parameters
    ----------
    outcome, score : arrays, shape (N,)
        As in `roc_curve`. Ties enter the list together.

    Returns
    -------
    float
        The share of positives is chance, 1 perfect order; nan without positives.

    Examples
    --------
    >>> round(average_precision([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4]), 4)
    0.8333
    """
    _, hits, alarms = _cumulative(outcome, score, "average_precision")
    if hits[-1] == 0:
        return float("nan")
    gained = np.diff(hits, prepend=0) / hits[-1]
    return float(np.sum(gained * hits / (hits + alarms)))


def log_loss(outcome: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean surprise, in nats.

    Parameters
    ----------
    outcome : array of 0 and 1, shape (N,)
        What happened.
    probability : float array, shape (N,)
        Between 0 and 1. An outcome called impossible would cost infinity: probabilities are kept
        one float64 step away from 0 and 1, so it costs about 36.

    Returns
    -------
    float
        0 is perfect; log 2 = 0.693 is a coin.

    Examples
    --------
    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    happened, chance = checked_probabilities(outcome, probability, "log_loss")
    step = np.finfo(np.float64).eps
    chance = np.clip(chance, step, 1 - step)
    return float(-np.mean(np.where(happened == 1, np.log(chance), np.log1p(-chance))))


def brier(outcome: npt.ArrayLike, probability: npt.ArrayLike) -> float:
    """Return the mean squared distance between probability and outcome.

    Parameters
    ----------
    outcome, probability : arrays, shape (N,)
        As in `log_loss`.

    Returns
    -------
    float
        0 is perfect, 0.25 a coin.

    References
    ----------
    Brier, G. W. (1950). Verification of forecasts expressed in terms of probability.

    Examples
    --------
    >>> brier([0, 1], [0.5, 1.0])
    0.125
    """
    happened, chance = checked_probabilities(outcome, probability, "brier")
    return float(np.mean((chance - happened) ** 2))


def confusion(outcome: npt.ArrayLike, score: npt.ArrayLike, *, threshold: float = 0.5) -> Confusion:
    """Count right and wrong decisions when everything from `threshold` up is called positive.

    Parameters
    ----------
    outcome, score : arrays, shape (N,)
        As in `roc_curve`.
    threshold : float
        Lowest score that is called positive.

    Returns
    -------
    Confusion
        Four counts.

    Examples
    --------
    >>> confusion([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.5])
    Confusion(true_positives=1, false_positives=1, false_negatives=1, true_negatives=1)
    """
    happened, value = checked_pairs(outcome, score, "confusion")
    if np.isnan(threshold):
        raise OptionError.of("threshold", "confusion", "a number", threshold)
    called = value >= threshold
    true = happened == 1
    return Confusion(
        int(np.sum(called & true)),
        int(np.sum(called & ~true)),
        int(np.sum(~called & true)),
        int(np.sum(~called & ~true)),
    )


def f1(outcome: npt.ArrayLike, score: npt.ArrayLike, *, threshold: float = 0.5) -> float:
    """Return the harmonic mean of precision and recall at a threshold.

    Parameters
    ----------
    outcome, score, threshold
        As in `confusion`.

    Returns
    -------
    float
        0 when nothing is found; nan when there is nothing to find and nothing was called.

    Examples
    --------
    >>> f1([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.5])
    0.5
    """
    counts = confusion(outcome, score, threshold=threshold)
    wrong = counts.false_positives + counts.false_negatives
    if counts.true_positives + wrong == 0:
        return float("nan")
    return 2 * counts.true_positives / (2 * counts.true_positives + wrong)


def probability_metrics(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, *, threshold: float = 0.5
) -> dict[str, float]:
    """Compute all of the above in one go.

    Parameters
    ----------
    outcome : array of 0 and 1, shape (N,)
        What happened.
    probability : float array, shape (N,)
        Between 0 and 1.
    threshold : float
        For F1.

    Returns
    -------
    dict of float
        ``auc, average_precision, log_loss, brier, f1, calibration_error, rate`` (the share of
        positives, which is what average precision has to beat).

    Examples
    --------
    >>> metrics = probability_metrics([0, 1, 1, 0], [0.25, 0.75, 0.75, 0.25])
    >>> metrics["auc"], metrics["brier"], metrics["rate"]
    (1.0, 0.0625, 0.5)
    """
    happened, chance = checked_probabilities(outcome, probability, "probability_metrics")
    return {
        "auc": auc(happened, chance),
        "average_precision": average_precision(happened, chance),
        "log_loss": log_loss(happened, chance),
        "brier": brier(happened, chance),
        "f1": f1(happened, chance, threshold=threshold),
        "calibration_error": calibration_error(happened, chance),
        "rate": float(happened.mean()),
    }


def _cumulative(
    outcome: npt.ArrayLike, score: npt.ArrayLike, owner: str
) -> tuple[Float64, Int64, Int64]:
    """Return for each different score, falling, the positives and negatives from it up."""
    happened, value = checked_pairs(outcome, score, owner)
    order = np.argsort(-value, kind="stable")
    falling = value[order]
    last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
    hits = np.cumsum(happened[order], dtype=np.int64)[last]
    return falling[last], hits, last + 1 - hits


def _rate(part: Int64, whole: int) -> Float64:
    if whole == 0:
        return np.full(len(part), np.nan)
    return np.asarray(part / whole, dtype=np.float64)


def _from_zero(rate: Float64) -> Float64:
    return np.concatenate(([rate[0] * 0.0], rate))
