"""The baseline: who bought most recently is most likely to buy again."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from footfall.features import FEATURE_NAMES
from footfall.predict.learned import Scorer
from footfall.predict.predictor import Predictor
from footfall.predict.samples import Samples

__all__ = ["DaysSince", "Recency"]

Float64 = npt.NDArray[np.float64]

_COLUMN = FEATURE_NAMES.index("days_since_purchase")
_NEVER_DAYS = 10_000.0  # users who never did it come after all who did


class DaysSince:
    """Scores users by the days since their last purchase."""

    def score(self, values: Float64) -> Float64:
        """Give minus the logarithm of 1 + days, shape (N,)."""
        days = values[:, _COLUMN]
        return np.asarray(-np.log1p(np.where(np.isnan(days), _NEVER_DAYS, days)), np.float64)

    def save(self, folder: Path) -> None:
        """Write nothing: there is nothing learned here but the calibration."""


@dataclass(frozen=True, kw_only=True)
class Recency(Predictor):
    """Predicts from the days since a user's last purchase and nothing else.

    The curve from days to probability is fitted at the latest cutoff, by the same calibration
    that :class:`footfall.predict.Purchase` uses. A model has to beat this one.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> day = 86_400_000_000
    >>> log = MemoryLog.from_rows(
    ...     [("often", day * k, "purchase") for k in range(0, 90, 2)]
    ...     + [("once", 0, "purchase"), ("looks", 3 * day, "view")]
    ... )
    >>> model = Recency(horizon="7d").fit(log)
    >>> table = model.predict()
    >>> table.column("user_id").to_pylist()
    ['looks', 'often', 'once']
    >>> often = table.column("probability").to_pylist()[1]
    >>> often == max(table.column("probability").to_pylist())
    True
    """

    def _fit(self, samples: Samples, *, seed: int) -> Scorer:  # noqa: ARG002  # nothing to draw
        return DaysSince()

    @classmethod
    def _load_scorer(cls, folder: Path) -> Scorer:  # noqa: ARG003  # nothing was written
        return DaysSince()
