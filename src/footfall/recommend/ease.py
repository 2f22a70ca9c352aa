"""EASE: a linear autoencoder of who took what, solved in closed form."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.kernels import i32, i64, kernel
from footfall.recommend.checks import check_between, check_count
from footfall.recommend.contract import Recommender
from footfall.recommend.neighbor_kernels import spread
from footfall.recommend.recent import popular_floor, recent_items, who_took_what

__all__ = ["EASE"]

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class EASE(Recommender):
    """Learn how much each item says for each other one, all pairs at once.

    With ``X`` (users by items, 1 where taken) the weights ``B`` are those that bring ``X B``
    nearest to ``X`` while no item speaks for itself, with a penalty on their squares::

        P = inverse(X' X + regularization * I),   B(i, j) = -P(i, j) / P(j, j),   B(i, i) = 0

    The score of an item is the sum over the user's items of their weights for it, each step back
    in the history weaker by `decay`. Unlike `ItemKNN` it knows that two items say the same.

    The matrix takes ``items ** 2 * 4`` bytes while learning (0.6 GB for 12,000 items, 1.6 GB for
    20,000) and time grows with the cube of the items. Of larger catalogues the `most_items` most
    popular are learned; the others come by popularity, behind every item with a score above 0.
    Only the `max_links` strongest weights of each item are kept.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    regularization : float
        Penalty on squared weights, above 0. More lets few shared users speak less.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count, learning and asking.
    max_links : int
        Weights kept of each item, the largest positive or negative ones.
    most_items : int
        Items learned, at most: the most popular.

    References
    ----------
    Steck, H. (2019). Embarrassingly shallow autoencoders for sparse data. WWW.

    Examples
    --------
    >>> sequences = Sequences.from_arrays([0, 3, 6, 7], [0, 1, 2, 1, 2, 3, 1])
    >>> EASE(regularization=1).fit(sequences).recommend(["2"], k=1).to_pydict()["item_id"]
    ['2']
    """

    name: ClassVar[str] = "ease"

    regularization: float = 200.0
    decay: float = 0.5
    max_history: int = 100
    max_links: int = 200
    most_items: int = 20_000

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("max_history", "max_links", "most_items"):
            check_count(getattr(self, option), option, self.name)
        check_between(self.regularization, "regularization", self.name, low=1e-6)
        check_between(self.decay, "decay", self.name, low=0, high=1)

    def _fit(
        self, sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        recent, _ = who_took_what(sequences, most=self.max_history)
        learned = _most_popular(recent.items, sequences.n_items, self.most_items)
        size = len(learned)
        place = np.full(sequences.n_items, -1, dtype=np.int32)
        place[learned] = np.arange(size, dtype=np.int32)
        gram = np.zeros((size, size), dtype=np.float32)
        _add_pairs(recent.offsets, place[recent.items], gram)
        gram[np.arange(size), np.arange(size)] += np.float32(self.regularization)
        kept = min(self.max_links, max(size - 1, 0))
        codes = np.empty((size, kept), dtype=np.int32)
        weights = np.empty((size, kept), dtype=np.float32)
        _strongest(self._upper_inverse(gram), codes, weights)
        per_item = np.zeros(sequences.n_items, dtype=np.int64)
        per_item[learned] = kept
        return {
            "link_offsets": np.concatenate(([0], np.cumsum(per_item))),
            "link_items": learned[codes].reshape(-1),
            "link_weights": weights.reshape(-1),
        }

    def _upper_inverse(self, gram: Float32) -> Float32:
        """Invert a positive definite matrix in its own memory; only the upper half is written."""
        if len(gram) == 0:
            return gram
        from scipy.linalg import lapack

        # LAPACK reads columns first: its lower half is our upper one.
        factor, failed = lapack.spotrf(gram.T, lower=1, clean=0, overwrite_a=1)
        if not failed:
            inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
        if failed:
            allowed = "larger for this log, whose items are too much alike"
            raise OptionError.of("regularization", self.name, allowed, self.regularization)
        return np.asarray(inverse.T)

    def _score(self, histories: Sequences) -> Float32:
        recent = recent_items(histories, most=self.max_history, decay=self.decay)
        scores = np.tile(popular_floor(self.popularity_), (histories.n_users, 1))
        learned = self.learned_
        spread(
            *recent,
            learned["link_offsets"],
            learned["link_items"],
            learned["link_weights"],
            scores,
        )
        return scores

    def _similar(self, items: Int32) -> Float32:
        size = len(self.popularity_)
        return self._score(Sequences.from_arrays(np.arange(len(items) + 1), items, n_items=size))


def _most_popular(items: Int32, n_items: int, most: int) -> Int32:
    """Return the codes of the items taken by most users, ascending, without those of nobody."""
    counts = np.bincount(items, minlength=n_items)
    best = np.argsort(-counts, kind="stable")[:most]
    return np.sort(best[counts[best] > 0]).astype(np.int32)


@kernel(types.void(i64, i32, types.float32[:, ::1]))
def _add_pairs(offsets: Int64, items: Int32, gram: Float32) -> None:
    """Count the users of all pairs of items; -1 is no item."""
    for user in range(len(offsets) - 1):
        for row in range(offsets[user], offsets[user + 1]):
            if items[row] >= 0:
                line = gram[items[row]]
                for other in range(offsets[user], offsets[user + 1]):
                    if items[other] >= 0:
                        line[items[other]] += 1.0


@kernel(types.void(types.float32[:, ::1], types.int32[:, ::1], types.float32[:, ::1]))
def _strongest(inverse: Float32, codes: Int32, weights: Float32) -> None:
    """Write each item's strongest weights for others, from the upper half of the inverse."""
    size, kept = len(inverse), codes.shape[1]
    if kept == 0:
        return
    line = np.empty(size, dtype=np.float32)
    for item in range(size):
        for other in range(size):
            low, high = min(item, other), max(item, other)
            line[other] = -inverse[low, high] / inverse[other, other]
        line[item] = 0.0
        strength = np.abs(line)
        strength[item] = -1.0
        least = np.partition(strength, size - kept)[size - kept]
        level = kept - np.sum(strength > least)
        at = 0
        for other in range(size):
            equal = strength[other] == least and level > 0
            if strength[other] > least or equal:
                codes[item, at], weights[item, at] = other, line[other]
                level -= equal
                at += 1
