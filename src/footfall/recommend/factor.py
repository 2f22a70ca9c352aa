"""Factors: a vector an item, learned by alternating least squares or by comparing pairs.

Users' vectors are not kept: a history is folded in when it is asked, so that users of the fit and
visits going on now are answered alike.
"""

import importlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from footfall.errors import MissingExtraError
from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between, check_count
from footfall.recommend.contract import Recommender
from footfall.recommend.recent import Recent, popular_floor, recent_items, who_took_what

__all__ = ["ALS", "BPR"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]

TINY = 1e-9
ITEMS_A_FACTOR = 4  # with as many factors as items all is learned by heart
STIFFNESS = 1e-3  # of the line of BPR, where users are too few to say


@dataclass(frozen=True, kw_only=True)
class _Factors(Recommender):
    """What models of item factors share: their options, and similar items by cosine."""

    factors: int = 128
    iterations: int = 10
    regularization: float = 1.0
    decay: float = 0.4
    max_history: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("factors", "iterations", "max_history"):
            check_count(getattr(self, option), option, self.name)
        check_between(self.regularization, "regularization", self.name, low=1e-6)
        check_between(self.decay, "decay", self.name, low=0, high=1)

    def _fit(self, sequences: Sequences, rng: np.random.Generator, /) -> dict[str, Array]:
        taken, _ = who_took_what(sequences, most=self.max_history)
        seed = int(rng.integers(2**31))
        silent = np.setdiff1d(np.arange(sequences.n_items), taken.items)
        width = max(1, min(self.factors, sequences.n_items // ITEMS_A_FACTOR))
        return self._factorize(taken, sequences.n_items, width, seed) | {"silent": silent}

    @abstractmethod
    def _factorize(self, taken: Recent, n_items: int, width: int, seed: int) -> dict[str, Array]:
        """Learn item factors, and what folding in needs."""

    @abstractmethod
    def _fold_in(self, recent: Recent) -> Float32:
        """Return vectors of histories, shape (B, F), that go with the item factors."""

    def _score(self, histories: Sequences) -> Float32:
        recent = recent_items(histories, most=self.max_history, decay=self.decay)
        scores: Float32 = self._fold_in(recent) @ self.learned_["item_factors"].T
        if "item_biases" in self.learned_:
            scores += self.learned_["item_biases"]
        silent = self.learned_["silent"]
        if len(silent):  # of which nothing was learned: behind all others
            scores[:, silent] = scores.min(axis=1, keepdims=True)
        return scores

    def _similar(self, items: Int32) -> Float32:
        factors = self.learned_["item_factors"]
        unit = factors / np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), TINY)
        return unit[items] @ unit.T + popular_floor(self.popularity_)


@dataclass(frozen=True, kw_only=True)
class ALS(_Factors):
    """Factorize who took what by alternating least squares, what was not taken counting a little.

    Users' and items' vectors are those whose products come nearest to 1 for what was taken
    (weight `confidence`) and to 0 for all else (weight 1), with a penalty on their squares. A
    history is folded in by the very same least squares, items held fixed, with the weight of an
    item `confidence` times `decay` for each step back.

    Needs ``pip install 'footfall[factors]'`` for fitting, not for asking.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    factors : int
        Length of the vectors; a quarter of the number of items in a catalogue too small for it.
    iterations : int
        Rounds of solving for users, then items.
    regularization : float
        Penalty on squared factors, above 0.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count, learning and asking.
    confidence : float
        Weight of an item that was taken, against 1 for one that was not.
    threads : int
        Threads of the fit; answers do not depend on them.

    References
    ----------
    Hu, Y., Koren, Y. and Volinsky, C. (2008). Collaborative filtering for implicit feedback
    datasets. ICDM.
    """

    name: ClassVar[str] = "als"

    confidence: float = 40.0
    threads: int = 1

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_between(self.confidence, "confidence", self.name, low=1)
        check_count(self.threads, "threads", self.name)

    def _factorize(self, taken: Recent, n_items: int, width: int, seed: int) -> dict[str, Array]:
        factors = np.zeros((n_items, width), dtype=np.float32)
        if len(taken.items):
            # `implicit` has threads of its own, and warns of the clash.
            with threadpool_limits(limits=1, user_api="blas"):
                model = _implicit("als").AlternatingLeastSquares(
                    factors=width,
                    iterations=self.iterations,
                    regularization=self.regularization,
                    alpha=self.confidence,
                    num_threads=self.threads,
                    random_state=seed,
                )
                model.fit(_matrix(taken, n_items), show_progress=False)
            factors = np.asarray(model.item_factors)
        wide = factors.astype(np.float64)
        gram = wide.T @ wide + self.regularization * np.eye(width)
        return {"item_factors": factors, "inverse": np.linalg.inv(gram)}

    def _fold_in(self, recent: Recent) -> Float32:
        # With Y the items of a user, c their weights, D = diag(c - 1) and M the inverse above, the
        # least squares are (inverse(M) + Y' D Y) x = Y' c; so x = M Y' z, (I + D Y M Y') z = c:
        # as many equations as the user has items, not factors. Users of one size go together.
        factors, inverse = self.learned_["item_factors"], self.learned_["inverse"]
        sizes = np.diff(recent.offsets)
        vectors = np.zeros((len(sizes), factors.shape[1]), dtype=np.float32)
        for size in np.unique(sizes):
            users = np.flatnonzero(sizes == size)
            rows = recent.offsets[users][:, None] + np.arange(size)
            own = factors[recent.items[rows]].astype(np.float64)  # (B, n, F)
            spread = own @ inverse
            weights = self.confidence * recent.weights[rows]
            near = (weights - 1)[:, :, None] * (spread @ own.transpose(0, 2, 1))
            solved = np.linalg.solve(np.eye(size) + near, weights[:, :, None])
            vectors[users] = (solved.transpose(0, 2, 1) @ spread)[:, 0]
        return vectors


@dataclass(frozen=True, kw_only=True)
class BPR(_Factors):
    """Learn factors by which what a user took comes before what the user did not.

    Vectors of users and items and a bias of items are learned by gradient steps on pairs of an
    item taken and one not. A history is folded in by a line fitted with them: least squares from
    the mean vector of a user's items to the user's own vector, items in the history weaker by
    `decay` for each step back.

    Needs ``pip install 'footfall[factors]'`` for fitting, not for asking. Fits on one thread: more
    would race for the same vectors, and no two fits would be the same.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    factors : int
        Length of the vectors; a quarter of the number of items in a catalogue too small for it.
    iterations : int
        Rounds; each draws as many pairs as there are interactions.
    regularization : float
        Penalty on squared factors, above 0.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count, learning and asking.
    learning_rate : float
        Size of a gradient step.

    References
    ----------
    Rendle, S., Freudenthaler, C., Gantner, Z. and Schmidt-Thieme, L. (2009). BPR: Bayesian
    personalized ranking from implicit feedback. UAI.
    """

    name: ClassVar[str] = "bpr"

    iterations: int = 100
    regularization: float = 0.02
    decay: float = 0.5
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_between(self.learning_rate, "learning_rate", self.name, low=1e-6)

    def _factorize(self, taken: Recent, n_items: int, width: int, seed: int) -> dict[str, Array]:
        if len(taken.items) == 0:
            return {
                "item_factors": np.zeros((n_items, width), dtype=np.float32),
                "item_biases": np.zeros(n_items, dtype=np.float32),
                "line": np.zeros((width + 1, width)),
            }
        with threadpool_limits(limits=1, user_api="blas"):
            model = _implicit("bpr").BayesianPersonalizedRanking(
                factors=width,
                iterations=self.iterations,
                regularization=self.regularization,
                learning_rate=self.learning_rate,
                num_threads=1,
                random_state=seed,
            )
            model.fit(_matrix(taken, n_items), show_progress=False)
        # The last column is the items' bias; of users it is 1.
        factors = np.ascontiguousarray(model.item_factors[:, :-1])
        users = np.diff(taken.offsets) > 0
        means = _means(taken, factors)[users]
        own = model.user_factors[users, :-1].astype(np.float64)
        square = means.T @ means + STIFFNESS * np.eye(means.shape[1])
        return {
            "item_factors": factors,
            "item_biases": np.ascontiguousarray(model.item_factors[:, -1]),
            "line": np.linalg.solve(square, means.T @ own),
        }

    def _fold_in(self, recent: Recent) -> Float32:
        learned = self.learned_
        vectors = _means(recent, learned["item_factors"]) @ learned["line"]
        return vectors.astype(np.float32)


def _means(recent: Recent, factors: Float32) -> Float64:
    """Return the weighted mean item factors of each user, and a last column of 1."""
    from scipy.sparse import csr_array

    shape = len(recent.offsets) - 1, len(factors)
    own = csr_array((recent.weights, recent.items, recent.offsets), shape=shape)
    totals = np.maximum(own.sum(axis=1), TINY)[:, None]
    return np.column_stack([own @ factors.astype(np.float64) / totals, np.ones(shape[0])])


def _matrix(taken: Recent, n_items: int) -> Any:
    """Lay who took what out as the sparse matrix of ones that `implicit` reads."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(taken.items), dtype=np.float32)
    shape = len(taken.offsets) - 1, n_items
    matrix = csr_matrix((ones, taken.items, taken.offsets), shape=shape)
    matrix.sort_indices()
    return matrix


def _implicit(module: str) -> Any:
    """Import what fits the factors."""
    try:
        return importlib.import_module(f"implicit.cpu.{module}")
    except ImportError as error:
        raise MissingExtraError.of("implicit", "factors", "ALS and BPR") from error
