"""From what buyers did to scores and segments: the options of RFM, checked, and their result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, isfinite

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.value.buyers import Buyers
from footfall.analytics.value.names import EIGHT, ELEVEN, eight_of, eleven_of
from footfall.analytics.value.orders import DAY
from footfall.analytics.value.scores import Scale, quantile_scale, split_scores
from footfall.errors import OptionError
from footfall.kernels import Array

__all__ = ["DIMENSIONS", "Bins", "High", "Scored", "Scoring", "check_scoring"]

DIMENSIONS = ("recency", "frequency", "money")
Bins = int | Mapping[str, int | Sequence[float]]
High = str | Mapping[str, float]
_MOST_BINS = 100
_MINOR = 100  # minor units of one major unit of money


@dataclass(frozen=True)
class Scored:
    """Buyers with their scores and segments; arrays have one place a buyer, by user code."""

    buyers: Buyers
    recency_days: npt.NDArray[np.int64]
    scores: tuple[Array, Array, Array]
    segment: npt.NDArray[np.int8]
    names: tuple[tuple[str, str], ...]  # English, Chinese
    bins: tuple[int, ...]

    def edges(self) -> pa.Table:
        """Give the values that got each score: dimension, score, users, lowest, highest."""
        values = (self.recency_days, self.buyers.orders, self.buyers.amount)
        rows = []
        for name, value, scores, most in zip(
            DIMENSIONS, values, self.scores, self.bins, strict=True
        ):
            for score in range(1, most + 1):
                mine = value[scores == score]
                span = (int(mine.min()), int(mine.max())) if len(mine) else (None, None)
                rows.append((name, score, len(mine), *span))
        kinds = (pa.string(), pa.int64(), pa.int64(), pa.int64(), pa.int64())
        names = ("dimension", "score", "users", "lowest", "highest")
        columns = list(zip(*rows, strict=True))
        return pa.table(
            {
                name: pa.array(column, kind)
                for name, column, kind in zip(names, columns, kinds, strict=True)
            }
        )


@dataclass(frozen=True)
class Scoring:
    """How buyers are scored and named; see :func:`footfall.analytics.value.rfm.rfm`."""

    bins: tuple[int | tuple[int, ...], ...]  # a dimension: how many, or edges as they are compared
    ties: str
    names: str
    high: str | tuple[float, float, float]
    compare: str

    def score(self, buyers: Buyers, at: int) -> Scored:
        """Score and name buyers as seen at a moment."""
        recency = (at - buyers.last) // DAY
        values = (-recency, buyers.orders, buyers.amount)
        scores, most = [], []
        for value, bins in zip(values, self.bins, strict=True):
            scores.append(self._scores(value, bins))
            most.append(bins if isinstance(bins, int) else len(bins) + 1)
        triple = (scores[0], scores[1], scores[2])
        names = tuple(row[1:] for row in EIGHT) if self.names == "eight" else ELEVEN
        if self.names == "eight":
            segment = eight_of(self._high(values, triple))
        else:
            segment = eleven_of(triple, (most[0], most[1], most[2]))
        return Scored(buyers, recency, triple, segment, names, tuple(most))

    def _scores(self, values: Array, bins: int | tuple[int, ...]) -> Array:
        if not isinstance(bins, int):
            return Scale(np.array(bins, np.int64), reached=True).scores(values)
        if self.ties == "split":
            return split_scores(values, bins)
        return quantile_scale(values, bins).scores(values)

    def _high(
        self, values: tuple[Array, Array, Array], scores: tuple[Array, Array, Array]
    ) -> tuple[Array, Array, Array]:
        """Say of each buyer and dimension whether it is high."""
        found = []
        for place in range(3):
            mine = (scores if self.compare == "scores" else values)[place].astype(np.int64)
            if not len(mine):
                limit: float = 0
            elif not isinstance(self.high, str):
                limit = self.high[place]
            elif self.high == "mean":
                limit = -(-int(mine.sum()) // len(mine))  # whole numbers: rounded up is exact
            else:
                limit = float(np.median(mine))
            found.append(mine >= limit)
        return found[0], found[1], found[2]


def check_scoring(bins: Bins, ties: str, names: str, high: High, compare: str) -> Scoring:
    """Check the options of scoring.

    Raises
    ------
    OptionError
        If one is not as :func:`footfall.analytics.value.rfm.rfm` says.
    """
    for option, value, allowed in (
        ("ties", ties, ("together", "split")),
        ("names", names, ("eight", "eleven")),
        ("compare", compare, ("scores", "values")),
    ):
        if value not in allowed:
            raise OptionError.of(option, "rfm", f"one of {list(allowed)}", value)
    return Scoring(_checked_bins(bins), ties, names, _checked_high(high, compare), compare)


def _checked_bins(bins: Bins) -> tuple[int | tuple[int, ...], ...]:
    if not isinstance(bins, Mapping):
        bins = dict.fromkeys(DIMENSIONS, bins)
    unknown = [name for name in bins if name not in DIMENSIONS]
    if unknown:
        raise OptionError.of("bins", "rfm", f"named among {list(DIMENSIONS)}", unknown[0])
    return tuple(_checked(name, bins.get(name, 5)) for name in DIMENSIONS)


def _checked(name: str, bins: int | Sequence[float]) -> int | tuple[int, ...]:
    """Give a number of bins, or edges in the unit that is compared."""
    if isinstance(bins, int) and not isinstance(bins, bool):
        if 2 <= bins <= _MOST_BINS:
            return bins
    elif isinstance(bins, list | tuple) and bins:
        numbers = all(isinstance(edge, int | float) and isfinite(edge) for edge in bins)
        if numbers and all(a < b for a, b in pairwise(bins)):
            return _compared(name, bins)
    allowed = f"an int from 2 to {_MOST_BINS}, or ascending edges such as [7, 30, 90]"
    raise OptionError.of("bins", "rfm", f"for {name} {allowed}", bins)


def _compared(name: str, edges: Sequence[float]) -> tuple[int, ...]:
    if name == "recency":  # upper edges: 7 days are still within 7; fewer days are better
        return tuple(-int(edge) for edge in reversed(edges))
    factor = _MINOR if name == "money" else 1
    return tuple(ceil(Decimal(str(edge)) * factor) for edge in edges)


def _checked_high(high: High, compare: str) -> str | tuple[float, float, float]:
    if high in ("mean", "median"):
        return str(high)
    numbers = isinstance(high, Mapping) and all(
        isinstance(limit, int | float) and isfinite(limit) for limit in high.values()
    )
    if not isinstance(high, Mapping) or not numbers or set(high) != set(DIMENSIONS):
        allowed = f"'mean', 'median' or a number for each of {list(DIMENSIONS)}"
        raise OptionError.of("high", "rfm", allowed, high)
    recency, frequency, money = (high[name] for name in DIMENSIONS)
    if compare == "scores":
        return recency, frequency, money
    return -recency, frequency, money * _MINOR
