"""Scores of users from 1 to the number of bins: by quantiles, by fixed edges, split or together."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i64, kernel, out_i8

__all__ = ["Scale", "quantile_scale", "split_scores"]


@dataclass(frozen=True)
class Scale:
    """Edges that turn values into scores: 1 and one more for each edge a value is beyond.

    Parameters
    ----------
    edges : ndarray of int64, shape (bins - 1,)
        Ascending.
    reached : bool
        A value equal to an edge is beyond it (fixed lower bounds); False: it is not.
    """

    edges: npt.NDArray[np.int64]
    reached: bool

    @property
    def bins(self) -> int:
        """Highest score."""
        return len(self.edges) + 1

    def scores(self, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Give the score of each value: equal values get equal scores."""
        beyond = np.searchsorted(self.edges, values, side="right" if self.reached else "left")
        return (beyond + 1).astype(np.int8)


def quantile_scale(values: npt.NDArray[np.int64], bins: int) -> Scale:
    """Cut values into bins as equal as ties allow: edge k is their quantile k / bins.

    Examples
    --------
    >>> quantile_scale(np.array([1, 1, 1, 5, 9]), 5).scores(np.array([1, 5, 9])).tolist()
    [1, 4, 5]
    """
    if not len(values):
        return Scale(np.zeros(bins - 1, np.int64), reached=False)
    ranks = [math.ceil(Fraction(len(values) * k, bins)) - 1 for k in range(1, bins)]
    return Scale(np.partition(values, ranks)[ranks].astype(np.int64), reached=False)


@kernel(types.void(i64, i64, i64, out_i8))
def _split(values: Array, edges: Array, room: Array, scores: Array) -> None:
    """Score values; of those equal to edge k, the first ``room[k]`` stay below it."""
    seen = np.zeros(len(edges), np.int64)
    for place in range(len(values)):
        score = 1
        for edge in range(len(edges)):
            if values[place] > edges[edge]:
                score += 1
            elif values[place] == edges[edge]:
                seen[edge] += 1
                score += seen[edge] > room[edge]
            else:
                break
        scores[place] = score


def split_scores(values: npt.NDArray[np.int64], bins: int) -> npt.NDArray[np.int8]:
    """Cut values into bins of equal size, as SQL's ``ntile(bins)`` does: ties go by place.

    Examples
    --------
    >>> split_scores(np.array([7, 7, 7, 7, 9]), 2).tolist()
    [1, 1, 1, 2, 2]
    """
    scores = np.ones(len(values), np.int8)
    if len(values) == 0:
        return scores
    size, more = divmod(len(values), bins)
    ends = np.array([k * size + min(k, more) for k in range(1, bins)], np.int64)
    ends = ends[ends < len(values)]
    if not len(ends):
        return scores
    edges = np.partition(values, ends - 1)[ends - 1]
    below = np.array([np.count_nonzero(values < edge) for edge in edges], np.int64)
    _split(values, edges, ends - below, scores)
    return scores
