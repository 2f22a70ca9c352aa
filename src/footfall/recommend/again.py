"""What the user took before: the baseline for shops of repeat purchases."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between
from footfall.recommend.contract import Recommender
from footfall.recommend.own import own_shares

__all__ = ["BuyAgain"]

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class BuyAgain(Recommender):
    """Recommend the user's own most frequent items, the most recent first among equals.

    Meant for ``recommend(..., keep_seen=True)``: where seen items are masked, popularity is left.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    half_life_days : float or None
        Age, before the user's last event, at which an interaction counts half. None: plain counts.

    Examples
    --------
    >>> from footfall.features.sequences import Sequences
    >>> sequences = Sequences.from_arrays([0, 4, 6], [2, 0, 0, 1, 3, 3])
    >>> again = BuyAgain().fit(sequences).recommend(["0"], k=4, keep_seen=True)
    >>> again.to_pydict()["item_id"]
    ['0', '1', '2', '3']
    """

    name: ClassVar[str] = "buy-again"

    half_life_days: float | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if self.half_life_days is not None:
            check_between(self.half_life_days, "half_life_days", self.name, low=1e-6)

    def _fit(
        self, _sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        return {}  # what is needed is in the histories

    def _score(self, histories: Sequences) -> Float32:
        # Shares of the user's own, then far below the least of them what everybody takes.
        popularity = self.popularity_
        rest = popularity * np.float32(1e-9 / max(float(popularity.max(initial=0)), 1e-9))
        scores = np.tile(rest, (histories.n_users, 1))
        own_shares(histories, half_life_days=self.half_life_days, share=1.0, scores=scores)
        return scores
