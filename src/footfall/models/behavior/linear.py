"""A linear head on vectors that stay as they are: exact, the same every time, in a moment."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Kind", "LinearHead", "fit_linear", "parted"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
Kind = Literal["binary", "number"]

PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)  # tried, in rows
FOLDS = 5
STEPS = 25  # of Newton's method, at most
MOST_FOLDED = 20_000  # rows by which the penalty is chosen
FREER = 10.0  # times as far as elsewhere weights may go along given directions


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearHead:
    """A weight for each number of a vector.

    Parameters
    ----------
    kind : {"binary", "number"}
    center, scale, weights : float64 arrays, shape (D,)
        Vectors are centered and scaled first.
    bias : float
    penalty : float
        Chosen by cross-validation.
    """

    kind: Kind
    center: Float64
    scale: Float64
    weights: Float64
    bias: float
    penalty: float

    def score(self, vectors: npt.NDArray[np.float32]) -> Float64:
        """Give the log-odds or the number, shape (N,)."""
        plain = (vectors.astype(np.float64) - self.center) / self.scale
        return np.asarray(plain @ self.weights + self.bias)

    def answer(self, vectors: npt.NDArray[np.float32]) -> Float64:
        """Give the probability or the number, shape (N,)."""
        score = self.score(vectors)
        return _chance(score) if self.kind == "binary" else score


def fit_linear(
    vectors: npt.NDArray[np.float32],
    target: npt.ArrayLike,
    *,
    kind: Kind,
    seed: int = 0,
    along: npt.NDArray[np.float32] | None = None,
    groups: npt.NDArray[np.uint64] | None = None,
) -> LinearHead:
    """Fit a ridge regression, logistic for yes and no, its penalty chosen by cross-validation.

    Parameters
    ----------
    vectors : float32 array, shape (N, D)
    target : array, shape (N,)
        0 and 1, or numbers.
    kind : {"binary", "number"}
    seed : int
        Of the folds.
    along : float32 array, shape (K, D), or None
        Directions that are known to mean something, such as the weights of heads for questions
        of a like kind: weights along them are hardly penalized, which is most of what few
        targets can tell.
    groups : uint64 array, shape (N,), or None
        Rows of one group, such as those of one user, are in the same fold; None: each row is a
        group of its own.

    References
    ----------
    Hoerl, A. and Kennard, R. (1970). Ridge regression: biased estimation for nonorthogonal
    problems. Technometrics.

    Examples
    --------
    >>> head = fit_linear(np.eye(4, dtype=np.float32)[[0, 1] * 20], [0, 1] * 20, kind="binary")
    >>> head.answer(np.eye(4, dtype=np.float32)[:2]).round().tolist()
    [0.0, 1.0]
    """
    truth = np.asarray(target, np.float64)
    center, scale = vectors.mean(0, dtype=np.float64), vectors.std(0, dtype=np.float64)
    scale = np.where(scale > 1e-6, scale, 1.0)
    vectors_only = (vectors - center) / scale
    known = _columns_along(vectors_only, along, scale)
    plain = np.hstack([vectors_only, vectors_only @ known.T])
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(truth))[:MOST_FOLDED])
    fold = parted(some if groups is None else groups[some], FOLDS, rng)
    losses = np.zeros((len(PENALTIES), len(some)))
    enough = len(some) >= 2 * FOLDS and len(np.unique(fold)) == FOLDS
    for out in range(FOLDS if enough else 0):
        rest, asked = some[fold != out], some[fold == out]
        start = np.zeros(plain.shape[1] + 1)
        for place, penalty in reversed([*enumerate(PENALTIES)]):
            start = _solve(plain[rest], truth[rest], penalty, kind, start)
            score = plain[asked] @ start[:-1] + start[-1]
            losses[place, fold == out] = _losses(score, truth[asked], kind)
    penalty = _strongest(losses) if losses.any() else PENALTIES[-1]
    found = _solve(plain, truth, penalty, kind, np.zeros(plain.shape[1] + 1))
    width = vectors.shape[1]
    weights = found[:width] + found[width:-1] @ known
    return LinearHead(
        kind=kind, center=center, scale=scale, weights=weights, bias=float(found[-1]),
        penalty=float(penalty),
    )  # fmt: skip


def parted(groups: npt.NDArray[np.integer], parts: int, rng: np.random.Generator) -> Int64:
    """Give each row one of some parts, rows of one group the same.

    Parameters
    ----------
    groups : integer array, shape (N,)
    parts : int
        As many groups in each, but for one.
    rng : numpy.random.Generator

    Examples
    --------
    >>> parts = parted(np.array([3, 5, 3, 5, 8]), 3, np.random.default_rng(0))
    >>> (bool(parts[0] == parts[2]), bool(parts[1] == parts[3]), len(np.unique(parts)))
    (True, True, 3)
    """
    names, group = np.unique(groups, return_inverse=True)
    return np.asarray((rng.permutation(len(names)) % parts)[group], np.int64)


def _columns_along(
    plain: Float64, along: npt.NDArray[np.float32] | None, scale: Float64
) -> Float64:
    """Give directions in standardized space, (K', D), so long that a little weight goes far."""
    if along is None:
        return np.empty((0, plain.shape[1]))
    directions = along * scale
    spread = (plain @ directions.T).std(0)
    there = spread > 1e-6
    return np.asarray(FREER * directions[there] / spread[there, None])


def _solve(plain: Float64, truth: Float64, penalty: float, kind: Kind, start: Float64) -> Float64:
    """Give weights and, last, the bias, which is not penalized."""
    whole = np.column_stack([plain, np.ones(len(plain))])
    ridge = np.full(whole.shape[1], penalty)
    ridge[-1] = 1e-6
    if kind == "number":
        return np.linalg.solve(whole.T @ whole + np.diag(ridge), whole.T @ truth)
    found = start
    for _ in range(STEPS):
        chance = _chance(whole @ found)
        slope = whole.T @ (chance - truth) + ridge * found
        bend = (whole * (chance * (1 - chance))[:, None]).T @ whole + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        found = found - step * min(1.0, 10 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return found


def _losses(score: Float64, truth: Float64, kind: Kind) -> Float64:
    if kind == "number":
        return np.asarray((score - truth) ** 2)
    return np.asarray(np.logaddexp(0, score) - truth * score)


def _strongest(losses: Float64) -> float:
    """Choose the largest penalty that is worse than the best one by a standard error at most.

    Few rows choose badly, and too weak a penalty costs more than too strong a one.

    Parameters
    ----------
    losses : float64 array, shape (P, N)
        Of rows that were not learned from, by penalty.

    References
    ----------
    Breiman, L. et al. (1984). Classification and regression trees. (The one-standard-error rule.)
    """
    worse = losses - losses[int(np.argmin(losses.mean(axis=1)))]
    error = worse.std(axis=1) / np.sqrt(losses.shape[1])
    return PENALTIES[int(np.flatnonzero(worse.mean(axis=1) <= error).max())]


def _chance(score: Float64) -> Float64:
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -60, 60))))
