"""From a model's scores to probabilities that can be believed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.predict.isotonic import VennAbers, fit_venn_abers

__all__ = ["Calibrator", "fit_calibrator"]

Float64 = npt.NDArray[np.float64]

FOLDS = 5
_STEPS = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibrator:
    """Gives scores their probability, with an interval.

    Parameters
    ----------
    method : {"isotonic", "logistic"}
        How the probability is made; the one with the lower log-loss on held-out folds.
    slope, intercept : float
        Of the logistic form (Platt scaling).
    intervals : VennAbers
        Gives low and high.
    losses : dict
        Held-out log-loss of each method.
    """

    method: str
    slope: float
    intercept: float
    intervals: VennAbers
    losses: dict[str, float]

    def __call__(self, scores: Float64) -> tuple[Float64, Float64, Float64]:
        """Give (probability, low, high), each of shape (N,), for N scores.

        The interval is Venn-Abers', widened where it does not hold the probability.
        """
        low, high = self.intervals(scores)
        if self.method == "logistic":
            probability = _sigmoid(self.slope * scores + self.intercept)
        else:
            probability = _one_of_two(low, high)
        return probability, np.minimum(low, probability), np.maximum(high, probability)

    def state(self) -> tuple[dict[str, Any], dict[str, Float64]]:
        """Give what JSON keeps and what npz keeps."""
        kept = ("method", "slope", "intercept", "losses")
        arrays = {name: getattr(self.intervals, name) for name in ("thresholds", "low", "high")}
        return {name: getattr(self, name) for name in kept}, arrays

    @classmethod
    def from_state(cls, words: dict[str, Any], arrays: dict[str, Float64]) -> "Calibrator":
        """Build it again from what was kept."""
        return cls(**words, intervals=VennAbers(**arrays))


def fit_calibrator(scores: Float64, outcomes: npt.ArrayLike, *, seed: int = 0) -> Calibrator:
    """Learn from rows the model was not trained on.

    Isotonic regression follows any rising curve but overfits few positives; the logistic form has
    two numbers to learn. Cross-validated log-loss decides.

    Parameters
    ----------
    scores : ndarray of float64, shape (N,)
        Finite; higher means more likely.
    outcomes : array of 0 and 1, shape (N,)
    seed : int
        Of the folds.

    Returns
    -------
    Calibrator

    References
    ----------
    Platt, J. (1999). Probabilistic outputs for support vector machines.
    Vovk, V. and Petej, I. (2014). Venn-Abers predictors. UAI.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=4000)
    >>> happened = rng.random(4000) < 1 / (1 + np.exp(1 - 2 * scores))
    >>> found = fit_calibrator(scores, happened)
    >>> probability, low, high = found(np.array([0.0, 1.0]))
    >>> found.method, probability.round(1).tolist()
    ('logistic', [0.3, 0.7])
    """
    happened = np.asarray(outcomes, np.float64)
    fold = np.random.default_rng(seed).permutation(len(scores)) % FOLDS
    guesses = {name: np.empty(len(scores)) for name in ("logistic", "isotonic")}
    for number in range(FOLDS):
        out = fold == number
        if not out.any():
            continue
        slope, intercept = _fit_logistic(scores[~out], happened[~out])
        guesses["logistic"][out] = _sigmoid(slope * scores[out] + intercept)
        guesses["isotonic"][out] = _one_of_two(
            *fit_venn_abers(scores[~out], happened[~out])(scores[out])
        )
    losses = {name: _log_loss(happened, guess) for name, guess in guesses.items()}
    slope, intercept = _fit_logistic(scores, happened)
    return Calibrator(
        method=min(losses, key=lambda name: losses[name]),
        slope=slope,
        intercept=intercept,
        intervals=fit_venn_abers(scores, happened),
        losses=losses,
    )


def _one_of_two(low: Float64, high: Float64) -> Float64:
    """Merge Venn-Abers' two probabilities into the one that loses least by log-loss either way."""
    return np.asarray(high / (1 - low + high), np.float64)


def _sigmoid(value: Float64) -> Float64:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -500, 500))), np.float64)


def _log_loss(happened: Float64, probability: Float64) -> float:
    if len(happened) == 0:
        return 0.0
    sure = np.clip(np.where(happened == 1, probability, 1 - probability), 1e-15, 1)
    return float(-np.log(sure).mean())


def _fit_logistic(scores: Float64, happened: Float64) -> tuple[float, float]:
    """Fit sigmoid(slope * score + intercept) by Newton's method, with Platt's softened targets.

    The softening, (n1 + 1) / (n1 + 2) and 1 / (n0 + 2) in place of 1 and 0, keeps the numbers
    finite when scores separate the outcomes or only one outcome is there.
    """
    positives = float(happened.sum())
    negatives = len(happened) - positives
    target = np.where(happened == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    center = float(scores.mean()) if len(scores) else 0.0
    spread = float(scores.std()) if len(scores) else 0.0
    scale = spread if spread > 0 else 1.0
    design = np.column_stack([(scores - center) / scale, np.ones(len(scores))])
    ridge = np.array([1e-6, 1e-9])
    rate = (positives + 1) / (len(happened) + 2)
    weights = np.array([0.0, np.log(rate / (1 - rate))])
    for _ in range(_STEPS):
        guess = _sigmoid(design @ weights)
        slope = design.T @ (guess - target) + ridge * weights
        bend = (design * (guess * (1 - guess))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        weights = weights - np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-12:
            break
    return float(weights[0] / scale), float(weights[1] - weights[0] * center / scale)
