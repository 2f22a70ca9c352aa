"""Nearest neighbors: items taken by the same users, and users who took the same items."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between, check_count
from footfall.recommend.contract import Recommender
from footfall.recommend.neighbor_kernels import alike_items, ask_users, spread
from footfall.recommend.recent import popular_floor, recent_items, users_of_items, who_took_what

__all__ = ["ItemKNN", "UserKNN"]

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class ItemKNN(Recommender):
    """Recommend the items most alike to the user's: those that the same users took.

    Two items are as alike as the cosine of their columns of users, with shrinkage::

        alike(i, j) = sum over users u of both: n(u) ** -busy_power
                      / (norm(i) * norm(j) + shrinkage)

    where ``n(u)`` is how many items the user took and ``norm(i) ** 2`` what the sum is for ``i``
    alone. The score of an item is the weighted sum over the user's items of how alike they are,
    each step back in the history weaker by `decay`. Order and time within a history do not matter
    to what is learned; `Rules` counts those.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    neighbors : int
        Items kept of each item, the most alike.
    shrinkage : float
        Keeps pairs that few users share from looking most alike.
    busy_power : float
        0 lets each user count the same, more lets users of many items count less.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count, learning and asking.

    References
    ----------
    Sarwar, B., Karypis, G., Konstan, J. and Riedl, J. (2001). Item-based collaborative filtering
    recommendation algorithms. WWW.

    Examples
    --------
    >>> sequences = Sequences.from_arrays([0, 3, 6, 7], [0, 1, 2, 1, 2, 3, 1])
    >>> near = ItemKNN().fit(sequences)
    >>> near.similar(["1"], k=1).to_pydict()["similar_id"]
    ['2']
    >>> near.recommend(["2"], k=2).to_pydict()["item_id"]
    ['2', '0']
    """

    name: ClassVar[str] = "item-knn"

    neighbors: int = 200
    shrinkage: float = 20.0
    busy_power: float = 0.25
    decay: float = 0.6
    max_history: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("neighbors", "max_history"):
            check_count(getattr(self, option), option, self.name)
        for option in ("shrinkage", "busy_power"):
            check_between(getattr(self, option), option, self.name, low=0)
        check_between(self.decay, "decay", self.name, low=0, high=1)

    def _fit(
        self, sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        recent, _ = who_took_what(sequences, most=self.max_history)
        counts = np.maximum(np.diff(recent.offsets), 1.0)  # a user without items speaks of none
        offsets, items, cosines = alike_items(
            recent,
            counts**-self.busy_power,
            n_items=sequences.n_items,
            shrinkage=self.shrinkage,
            most=self.neighbors,
        )
        return {"link_offsets": offsets, "link_items": items, "link_cosines": cosines}

    def _score(self, histories: Sequences) -> Float32:
        recent = recent_items(histories, most=self.max_history, decay=self.decay)
        scores = np.tile(popular_floor(self.popularity_), (histories.n_users, 1))
        learned = self.learned_
        spread(
            *recent,
            learned["link_offsets"],
            learned["link_items"],
            learned["link_cosines"],
            scores,
        )
        return scores

    def _similar(self, items: Int32) -> Float32:
        size = len(self.popularity_)
        return self._score(Sequences.from_arrays(np.arange(len(items) + 1), items, n_items=size))


@dataclass(frozen=True, kw_only=True)
class UserKNN(Recommender):
    """Recommend what the users most alike took: the weighted neighbor formula.

    A history ``h`` is as near to a user ``v`` of the fit as the cosine of their items, with
    shrinkage, an item that ``n`` users took counting ``n ** -common_power``::

        near(h, v) = sum over items of both: h(i) * n(i) ** -common_power
                     / (norm(h) * norm(v) + shrinkage)

    and the score of an item is the weighted share of the `neighbors` nearest users who took it::

        score(i) = sum over neighbors v who took i: near(h, v) / sum over neighbors v: near(h, v)

    ``h(i)`` is weaker by `decay` for each step back. Neighbors are looked up when asked, by the
    lists of who took each item: users of the fit are answered as well as a visit going on now,
    and no matrix of users by users is ever made. A user, known by id, is no neighbor of their own.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    neighbors : int
        Users that speak, the nearest.
    shrinkage : float
        Keeps users who share one item with a history from looking nearest.
    common_power : float
        0 lets each shared item count the same, more lets items that everybody takes count less.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count, learning and asking.

    References
    ----------
    Herlocker, J., Konstan, J., Borchers, A. and Riedl, J. (1999). An algorithmic framework for
    performing collaborative filtering. SIGIR.

    Examples
    --------
    >>> sequences = Sequences.from_arrays([0, 3, 6, 7], [0, 1, 2, 1, 2, 3, 1])
    >>> UserKNN().fit(sequences).recommend(["0"]).to_pydict()["item_id"]
    ['3']
    """

    name: ClassVar[str] = "user-knn"

    neighbors: int = 100
    shrinkage: float = 1.0
    common_power: float = 0.25
    decay: float = 0.6
    max_history: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("neighbors", "max_history"):
            check_count(getattr(self, option), option, self.name)
        for option in ("shrinkage", "common_power"):
            check_between(getattr(self, option), option, self.name, low=0)
        check_between(self.decay, "decay", self.name, low=0, high=1)

    def _fit(
        self, sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        recent, order = who_took_what(sequences, most=self.max_history)
        item_offsets, users = users_of_items(recent, sequences.n_items)
        voices = np.maximum(np.diff(item_offsets), 1.0) ** -self.common_power
        owners = np.repeat(np.arange(len(order)), np.diff(recent.offsets))
        squares = np.bincount(owners, voices[recent.items], minlength=len(order))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return {
            "place": place,
            "user_offsets": recent.offsets,
            "user_items": recent.items,
            "item_offsets": item_offsets,
            "item_users": users,
            "voices": voices,
            "norms": np.sqrt(squares),
        }

    def _score(self, histories: Sequences) -> Float32:
        recent = recent_items(histories, most=self.max_history, decay=self.decay)
        learned = self.learned_
        codes = self._fitted.user_codes(histories.user_ids)
        known = codes >= 0
        selves = np.full(len(codes), -1, dtype=np.int32)
        selves[known] = learned["place"][codes[known]]
        scores = np.tile(popular_floor(self.popularity_), (histories.n_users, 1))
        ask_users(
            *recent,
            selves,
            learned["user_offsets"],
            learned["user_items"],
            learned["item_offsets"],
            learned["item_users"],
            learned["voices"],
            learned["norms"],
            float(self.shrinkage),
            self.neighbors,
            scores,
        )
        return scores

    def _similar(self, items: Int32) -> Float32:
        size = len(self.popularity_)
        alone = Sequences.from_arrays(np.arange(len(items) + 1), items, n_items=size)
        nobody = pa.nulls(len(items), pa.string())  # whose neighbors are all users
        return self._score(replace(alone, user_ids=nobody))
