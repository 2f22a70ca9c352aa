"""The lists users would be shown while a recommender is measured, and what they say beyond hits."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from footfall.evaluate import (
    Estimate,
    Ranks,
    Split,
    Targets,
    Traits,
    beyond_metrics,
    history_bands,
    segment_metrics,
)
from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.recommend.top import top_items
from footfall.store.hashing import hash_strings

__all__ = [
    "ShownLists",
    "estimates_in_json",
    "estimates_in_words",
    "look_beyond",
    "segments_in_words",
]

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Estimates = Mapping[str, Estimate]

OTHER = "other"  # users without a segment
USUAL = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class ShownLists:
    """Lists that fill up while scores pass by.

    Parameters
    ----------
    targets : Targets
        The users asked, with what they have seen.
    keep_seen : bool
        Whether seen items may be shown.
    popularity : float32 array, shape (V,)
        Rows of each item in training.
    slates, popular : int32 arrays, shape (B, k)
        What each user is shown, and what popularity would show; -1 after the last.
    """

    targets: Targets
    keep_seen: bool
    popularity: Float32
    slates: Int32
    popular: Int32

    @classmethod
    def of(cls, targets: Targets, training: Sequences, *, k: int, keep_seen: bool) -> Self:
        """Make empty lists of `k` places, or as many as there are items."""
        shape = (len(targets.asked), min(k, training.n_items))
        return cls(
            targets=targets,
            keep_seen=keep_seen,
            popularity=np.bincount(training.items, minlength=training.n_items).astype(np.float32),
            slates=np.full(shape, -1, dtype=np.int32),
            popular=np.full(shape, -1, dtype=np.int32),
        )

    def watch(self, score: Callable[[int, int], Float32]) -> Callable[[int, int], Float32]:
        """Return the same function of users; whatever passes through is listed."""

        def watched(low: int, high: int) -> Float32:
            scores = score(low, high)
            self._list(low, scores, self.slates)
            self._list(low, np.tile(self.popularity, (high - low, 1)), self.popular)
            return scores

        return watched

    def _list(self, low: int, scores: Float32, lists: Int32) -> None:
        high = low + len(scores)
        offsets, seen = self.targets.seen_offsets[low : high + 1], self.targets.seen_items
        if self.keep_seen:
            offsets = np.zeros_like(offsets)
        lists[low:high] = top_items(
            scores, k=lists.shape[1], seen_offsets=offsets, seen_items=seen
        )[0]


def look_beyond(
    shown: ShownLists,
    ranks: Ranks,
    sequences: Sequences,
    parts: Split,
    *,
    k: Sequence[int],
    segments: Mapping[str, str] | None,
    intervals: bool,
    seed: int,
) -> tuple[dict[str, Estimate], dict[str, dict[str, Estimate]]]:
    """Measure lists by all but their hits, and the hits of each kind of user.

    Parameters
    ----------
    shown : ShownLists
        Filled.
    ranks : Ranks
        Of the same users.
    sequences : Sequences
        All rows.
    parts : Split
        Of `sequences`.
    k : sequence of int
        List lengths; kinds of users are told apart at 10, or else at the longest.
    segments : mapping of user id to name, or None
        Users not named are ``"other"``. None: by the length of the history.
    intervals : bool
        Whether to draw 95 % intervals.
    seed : int
        Of the intervals.

    Returns
    -------
    beyond : dict of Estimate
        ``{"coverage@5": ..., "novelty@5": ..., ...}``; see `beyond_metrics`.
    by_segment : dict of dict of Estimate
        See `segment_metrics`.
    """
    targets = shown.targets
    users, stop = parts.users[targets.asked], parts.history_stop[targets.asked]
    histories = sequences.select(users, stop)
    traits = _traits(sequences.select(np.arange(sequences.n_users), parts.train_stop))
    beyond: dict[str, Estimate] = {}
    for length in sorted(set(k)):
        figures = beyond_metrics(
            shown.slates[:, :length],
            counts=shown.popularity,
            histories=(histories.offsets, histories.items),
            traits=traits,
            popular=shown.popular[:, :length],
            targets=(targets.offsets, targets.items),
            intervals=intervals,
            seed=seed,
        )
        beyond |= {f"{name}@{length}": figure for name, figure in figures.items()}
    if segments is None:
        names = history_bands(np.diff(histories.offsets))
    else:
        names = [segments.get(user, OTHER) for user in histories.user_ids.to_pylist()]
    length = USUAL if USUAL in k else max(k)
    return beyond, segment_metrics(ranks, names, k=length, intervals=intervals, seed=seed)


def estimates_in_json(figures: Estimates) -> dict[str, object]:
    """Return plain values, ready for `json.dumps`: value, low and high of each figure."""
    return {
        name: {part: _plain(value) for part, value in figure._asdict().items()}
        for name, figure in figures.items()
    }


def _plain(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def estimates_in_words(figures: Estimates) -> list[str]:
    """Lay figures out as lines of text."""
    return [f"{name:<19} {_in_words(figure)}" for name, figure in figures.items()]


def segments_in_words(by_segment: Mapping[str, Estimates]) -> list[str]:
    """Lay hit rate and NDCG of kinds of users out as lines of text."""
    lines: list[str] = []
    for name, figures in by_segment.items():
        kept = [key for key in figures if key.startswith(("hr@", "ndcg@"))]
        if not lines:
            lines.append(f"{'segment':<12} {'users':>9}  {'  '.join(f'{key:<24}' for key in kept)}")
        words = "  ".join(f"{_in_words(figures[key]):<24}" for key in kept)
        lines.append(f"{name:<12} {figures['users'].value:>9,}  {words}")
    return [line.rstrip() for line in lines]


def _in_words(figure: Estimate) -> str:
    value, low, high = figure
    return f"{value:.4f}" if low is None else f"{value:.4f}  [{low:.4f}, {high:.4f}]"


def _traits(training: Sequences) -> Traits:
    """Take items to be alike by category and brand, or else by the users who took them."""
    table = training.item_table
    if table is not None:
        names = [name for name in ("category", "brand") if name in table.column_names]
        bags = item_bags(table.select(names)) if names else []
        if bags:
            return Traits.of_bags([(bag.offsets, bag.codes) for bag in bags])
    hashes = hash_strings(training.user_ids)
    return Traits.of_users(training.offsets, training.items, hashes, n_items=training.n_items)
