"""What follows what: links from an item to those that come after it."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between, check_count
from footfall.recommend.contract import Recommender
from footfall.recommend.links import count_links, follow_links, steps_of
from footfall.recommend.own import own_shares

__all__ = ["Rules"]

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

POPULAR_SHARE = 1e-6  # orders what no link reaches


@dataclass(frozen=True, kw_only=True)
class Rules(Recommender):
    """Count what comes soon after what, and follow the links of a user's latest items.

    A step is what a user did at one moment (a basket), or a row where moments are unknown. Each
    pair of rows at most `window` steps apart links the earlier item to the later one with
    ``steps ** -distance_power``, and back with `backward` times that. The links of an item are
    divided by ``(sum + damping) ** normalize``. A history's score for an item is the sum over its
    rows of their links to it, each step back weaker by `decay`.

    Fitting takes seconds for a million events. No option was chosen with test items.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    window : int
        Steps between two rows that are still linked.
    distance_power : float
        How fast a link weakens with the steps between; 0: not at all.
    together : float
        What a pair within one step counts for, in both directions.
    backward : float
        Weight of links from later to earlier items, 0 to 1.
    reach : int
        Rows looked at on either side of a row, at most.
    damping : float
        Keeps items seen few times from speaking as loudly as well-known ones.
    normalize : float
        0 lets frequent items speak loudest, 1 gives each item the same voice.
    max_links : int
        Links kept of each item, the strongest.
    decay : float
        How much weaker each step back in the history is.
    own_share : float
        Share of a score that goes by the user's own history (how often, how lately), 0 to 0.99;
        it matters where items may come again (``keep_seen=True``). The rest goes by links.
    own_half_life_days : float
        Age at which a row of the own history counts half.

    References
    ----------
    Ludewig, M. and Jannach, D. (2018). Evaluation of session-based recommendation algorithms.
    User Modeling and User-Adapted Interaction (sequential rules).

    Examples
    --------
    >>> sequences = Sequences.from_arrays([0, 3, 6, 7], [0, 1, 2, 3, 1, 2, 1])
    >>> rules = Rules().fit(sequences)
    >>> rules.recommend(["2"], k=1).to_pydict()["item_id"]
    ['2']
    >>> rules.similar(["1"], k=1).to_pydict()["similar_id"]
    ['2']
    """

    name: ClassVar[str] = "rules"

    window: int = 10
    distance_power: float = 0.5
    together: float = 1.0
    backward: float = 0.2
    reach: int = 30
    damping: float = 30.0
    normalize: float = 0.5
    max_links: int = 200
    decay: float = 0.5
    own_share: float = 0.8
    own_half_life_days: float = 90.0

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        for option in ("window", "reach", "max_links"):
            check_count(getattr(self, option), option, self.name)
        for option in ("distance_power", "together", "damping", "normalize"):
            check_between(getattr(self, option), option, self.name, low=0)
        for option in ("backward", "decay"):
            check_between(getattr(self, option), option, self.name, low=0, high=1)
        check_between(self.own_share, "own_share", self.name, low=0, high=0.99)
        check_between(self.own_half_life_days, "own_half_life_days", self.name, low=1e-6)

    def _fit(
        self, sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        apart = np.arange(1, self.window + 1, dtype=np.float64)
        ahead = np.concatenate(([self.together], apart**-self.distance_power))
        links = count_links(
            sequences.offsets,
            sequences.items,
            steps_of(sequences.offsets, sequences.timestamps, len(sequences.items)),
            n_items=sequences.n_items,
            ahead=ahead,
            behind=ahead * self.backward,
            reach=self.reach,
            most=self.max_links,
        )
        # An item without links divides nothing, so the 1 stands in for a sum of 0.
        loudness = np.where(links.sums > 0, links.sums + self.damping, 1.0) ** self.normalize
        voice = np.repeat(loudness, np.diff(links.offsets))
        return {
            "link_offsets": links.offsets,
            "link_targets": links.targets,
            "link_weights": (links.weights / voice).astype(np.float32),
        }

    def _score(self, histories: Sequences) -> Float32:
        scores = self._follow(histories)
        # Links and own history are put on one scale, so that a share means a share.
        total = scores.sum(axis=1, keepdims=True, dtype=np.float64)
        scores *= ((1 - self.own_share) / np.maximum(total, 1e-12)).astype(np.float32)
        own_shares(
            histories,
            half_life_days=self.own_half_life_days,
            share=self.own_share,
            scores=scores,
        )
        scores += self._popular_floor()
        return scores

    def _similar(self, items: Int32) -> Float32:
        size = len(self.popularity_)
        alone = Sequences.from_arrays(np.arange(len(items) + 1), items, n_items=size)
        scores = self._follow(alone)
        scores += self._popular_floor()
        return scores

    def _follow(self, histories: Sequences) -> Float32:
        learned = self.learned_
        scores = np.zeros((histories.n_users, len(self.popularity_)), dtype=np.float32)
        follow_links(
            histories.offsets,
            histories.items,
            steps_of(histories.offsets, histories.timestamps, len(histories.items)),
            float(self.decay),
            learned["link_offsets"],
            learned["link_targets"],
            learned["link_weights"],
            scores,
        )
        return scores

    def _popular_floor(self) -> Float32:
        popularity = self.popularity_
        total = float(popularity.sum(dtype=np.float64))
        return popularity * np.float32(POPULAR_SHARE / max(total, 1.0))
