"""Ranking metrics at k, as expected over all orders of tied items.

Scores of simple models tie often. Breaking ties by item code flatters or punishes a model by
accident, so each metric is its exact mean over every order of the ties, for one target or many:

- recall, precision and DCG are sums over targets, and a target's rank spreads evenly over its ties;
- hit rate and reciprocal rank depend on the first hit, which lies in the best group of ties that
  holds a target: its place is negative hypergeometric;
- average precision adds to each target the targets above it; inside a group they are exchangeable.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.evaluate.ranks import Ranks
from footfall.kernels import i64, kernel

__all__ = ["METRICS", "ranking_metrics", "user_metrics"]

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

METRICS = ("hr", "recall", "precision", "ndcg", "mrr", "map")
_rows = types.Array(types.float64, 2, "C")


def user_metrics(ranks: Ranks, *, k: int) -> dict[str, Float64]:
    """Compute each user's metrics at `k`.

    Parameters
    ----------
    ranks : Ranks
        From `rank_targets`.
    k : int
        Length of the list that is judged.

    Returns
    -------
    dict of float64 arrays, shape (B,)
        ``hr`` (share of lists with a hit), ``recall`` (share of targets in the list),
        ``precision`` (share of the list that is targets), ``ndcg`` (gain 1, discount
        ``log2(rank + 1)``, ideal list of ``min(k, targets)`` hits), ``mrr`` (reciprocal rank of
        the first hit), ``map`` (average precision over ``min(k, targets)``).

    References
    ----------
    McSherry, F. and Najork, M. (2008). Computing information retrieval performance measures
    efficiently in the presence of tied scores. ECIR.

    Examples
    --------
    One target, one item above, one level with it: rank 2 or 3, each half of the time.

    >>> import numpy as np
    >>> ranks = Ranks(offsets=np.array([0, 1]), above=np.array([1]), tied=np.array([2]), n_items=9)
    >>> user_metrics(ranks, k=2)["hr"], user_metrics(ranks, k=3)["mrr"].round(4)
    (array([0.5]), array([0.4167]))
    """
    if k < 1:
        raise OptionError.of("k", "user_metrics", "1 or more", k)
    if np.any(np.diff(ranks.offsets) < 1):
        raise OptionError("Each user of user_metrics must have a target. Got one without.")
    values = np.zeros((len(METRICS), len(ranks.offsets) - 1), dtype=np.float64)
    _metric_kernel(ranks.offsets, ranks.above, ranks.tied, min(k, ranks.n_items), values)
    values[2] /= k
    return dict(zip(METRICS, values, strict=True))


def ranking_metrics(
    ranks: Ranks,
    *,
    k: Sequence[int] = (5, 10, 20),
    interval: Callable[[Float64], tuple[float, float]] | None = None,
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Average the metrics over users, for several list lengths.

    Parameters
    ----------
    ranks : Ranks
        From `rank_targets`.
    k : sequence of int
        List lengths.
    interval : callable (values) -> (low, high), or None
        Given each user's values of a metric; see `bootstrap_interval`. None: no intervals.

    Returns
    -------
    metrics : dict of float
        ``{"hr@5": ..., "ndcg@5": ..., ...}``; nan when there are no users.
    intervals : dict of (float, float)
        The same keys; empty without `interval`.

    Examples
    --------
    >>> import numpy as np
    >>> ranks = Ranks(offsets=np.array([0, 1]), above=np.array([1]), tied=np.array([1]), n_items=9)
    >>> metrics, _ = ranking_metrics(ranks, k=[10])
    >>> metrics["hr@10"], metrics["mrr@10"], round(metrics["ndcg@10"], 4)
    (1.0, 0.5, 0.6309)
    """
    metrics: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for length in _checked_lengths(k):
        values: Mapping[str, Float64] = user_metrics(ranks, k=length)
        for name, each in values.items():
            key = f"{name}@{length}"
            metrics[key] = float(each.mean()) if len(each) else float("nan")
            if interval is not None and len(each):
                intervals[key] = interval(each)
    return metrics, intervals


def _checked_lengths(k: Sequence[int]) -> list[int]:
    lengths = sorted(set(k))
    if not lengths or lengths[0] < 1:
        raise OptionError.of("k", "ranking_metrics", "one or more list lengths from 1", k)
    return lengths


@kernel(types.void(i64, i64, i64, types.int64, _rows))
def _metric_kernel(offsets: Int64, above: Int64, tied: Int64, k: int, out: Float64) -> None:
    """Fill rows hr, recall, hits (precision times k), ndcg, mrr, map, a column a user."""
    for u in range(len(offsets) - 1):
        ranked = np.sort(above[offsets[u] : offsets[u + 1]])
        order = np.argsort(above[offsets[u] : offsets[u + 1]])
        wanted = len(ranked)
        hits = gain = precision = hit = reciprocal = 0.0
        t = 0
        while t < wanted and ranked[t] < k:
            over = ranked[t]
            size = tied[offsets[u] + order[t]]
            here = 1  # targets in this group of ties
            while t + here < wanted and ranked[t + here] == over:
                here += 1
            top = min(size, k - over)  # places of the group inside the list
            share = here / size
            hits += here * top / size
            first_here = share  # chance that the first target of the group is at place j
            for j in range(1, top + 1):
                gain += share / np.log2(over + j + 1.0)
                beside = (here - 1) * (j - 1) / (size - 1) if size > 1 else 0.0
                precision += share / (over + j) * (1.0 + t + beside)
                if t == 0:
                    hit += first_here
                    reciprocal += first_here / (over + j)
                    if size > j:
                        first_here *= max(0, size - j - here + 1) / (size - j)
            t += here
        ideal = 0.0
        for j in range(1, min(k, wanted) + 1):
            ideal += 1.0 / np.log2(j + 1.0)
        out[0, u] = min(hit, 1.0)
        out[1, u] = hits / wanted
        out[2, u] = hits
        out[3, u] = gain / ideal
        out[4, u] = reciprocal
        out[5, u] = precision / min(k, wanted)
