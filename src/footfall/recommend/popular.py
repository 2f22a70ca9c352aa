"""What everybody takes: the floor every other recommender has to beat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from footfall.features.sequences import Sequences
from footfall.recommend.checks import check_between, check_mapping
from footfall.recommend.contract import Recommender
from footfall.recommend.fitted import popularity_of

__all__ = ["Popular"]

Float32 = npt.NDArray[np.float32]

DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, kw_only=True)
class Popular(Recommender):
    """Recommend the items with most interactions, the same to all.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    half_life_days : float or None
        Age, in days before the last event of the fit, at which an interaction counts half. None:
        all count the same. Needs timestamps; without them it does nothing.
    event_weights : mapping of event type to weight, or None
        What an event of each type counts for; types not named count 1.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "view", "kettle"),
    ...     ("bob", "2026-01-02", "view", "kettle"),
    ...     ("bob", "2026-01-03", "purchase", "teapot"),
    ... ])
    >>> Popular().fit(log).recommend(["ann", "zoe"], k=1).to_pydict()["item_id"]
    ['teapot', 'kettle']
    """

    name: ClassVar[str] = "popular"

    half_life_days: float | None = None
    event_weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if self.half_life_days is not None:
            check_between(self.half_life_days, "half_life_days", self.name, low=1e-6)
        check_mapping(self.event_weights or {}, "event_weights", self.name)
        for weight in (self.event_weights or {}).values():
            check_between(weight, "event_weights", self.name, low=0)

    def _event_weights(self) -> Mapping[str, float] | None:
        return self.event_weights

    def _popularity(self, sequences: Sequences) -> Float32:
        times = sequences.timestamps
        if self.half_life_days is None or times is None or len(times) == 0:
            return popularity_of(sequences)
        age_days = (times.max() - times) / DAY
        return popularity_of(sequences, 0.5 ** (age_days / self.half_life_days))

    def _fit(
        self, _sequences: Sequences, _rng: np.random.Generator, /
    ) -> dict[str, npt.NDArray[Any]]:
        return {}  # popularity is all there is, and every recommender keeps that

    def _score(self, histories: Sequences) -> Float32:
        return np.tile(self.popularity_, (histories.n_users, 1))
