"""Finding clusters: k-means or HDBSCAN on a sample, the number chosen, everybody assigned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from footfall.errors import MissingExtraError

__all__ = ["STABLE", "Found", "hdbscan", "kmeans", "weighted"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
SAMPLE = 12_000  # users clusters are found on
_JUDGED = 3_000  # users silhouettes are measured on
_ROUNDS = 8  # bootstrap samples
_BLOCK = 65_536
STABLE = 0.8  # mean adjusted Rand index below which clusters are no kinds of shoppers
NOISE = -1
ONE_THREAD = 1  # sums then never depend on the machine's load


@dataclass(frozen=True)
class Found:
    """Clusters.

    Parameters
    ----------
    labels : ndarray of int64, shape (U,)
        Cluster of each user; -1: none (HDBSCAN only).
    silhouette : float
        -1 to 1: how much nearer users are to their own cluster than to the next.
    agreement : float
        Mean adjusted Rand index between the clusters and those of bootstrap samples.
    stability : ndarray of float64, shape (K,)
        Of each cluster, its mean Jaccard similarity with the most alike one of a bootstrap sample.
    tried : list of (k, silhouette, agreement)
        Numbers of clusters tried.
    """

    labels: Labels
    silhouette: float
    agreement: float
    stability: Floats
    tried: list[tuple[int, float, float]]


def _sklearn() -> tuple[Any, Any]:
    try:
        from sklearn import cluster, metrics
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "segments", "Clusters of users") from error
    return cluster, metrics


def weighted(table: Floats) -> Floats:
    """Weigh scaled measures before clusters are sought.

    A measure weighs more the more its users stand at the ends of its range and not in the middle
    (12 * variance / range squared: 1 when they are spread evenly, more when they fall into two
    groups, less for a bell); measures that say the same share one vote (1 / root of the sum of
    squared correlations). Without this, noise and the many measures of activity outvote a habit
    that only one measure shows.

    Parameters
    ----------
    table : ndarray of float64, shape (U, F)
        Each column differs between users.

    References
    ----------
    D. Steinley and M. J. Brusco, "A new variable weighting and selection procedure for K-means
    cluster analysis", 2008.
    """
    spread = 12 * table.var(axis=0) / np.ptp(table, axis=0) ** 2
    alike = np.atleast_2d(np.corrcoef(table, rowvar=False)) ** 2
    return table * (spread / np.sqrt(alike.sum(axis=0)))


def kmeans(table: Floats, *, k: int | None, most: int, seed: int) -> Found:
    """Find clusters around means.

    Of the numbers 2 to ``most``, the one with the largest product of silhouette (how far apart
    clusters are) and agreement (how well they come back in bootstrap samples: mean adjusted Rand
    index) wins; of equals the smaller one.

    Parameters
    ----------
    table : ndarray of float64, shape (U, F)
        Scaled measures.
    k : int or None
        Number of clusters; None: chosen.
    most : int
        Largest number tried.
    seed : int
    """
    cluster, metrics = _sklearn()
    rng = np.random.default_rng(seed)
    sample = table[_some(rng, len(table), SAMPLE)]
    different = len(np.unique(sample[: 50 * most], axis=0))
    numbers = [k] if k is not None else [*range(2, max(3, min(most, different - 1) + 1))]
    tried: list[tuple[float, float, int, Floats, Floats]] = []
    with threadpool_limits(limits=ONE_THREAD):
        judged = _some(rng, len(sample), _JUDGED)
        for number in numbers:
            number = min(number, different)  # noqa: PLW2901  # no more clusters than points
            centers, labels = _fit(cluster, sample, number, seed)
            shape = _silhouette(metrics, sample[judged], labels[judged])
            agreement, stability = _stability(cluster, metrics, sample, labels, number, seed)
            tried.append((shape, agreement, number, centers, stability))
    shape, agreement, number, centers, stability = max(
        tried, key=lambda each: (max(each[0], 0.0) * max(each[1], 0.0), -each[2])
    )
    return Found(
        _nearest(table, centers), shape, agreement, stability,
        [(each[2], each[0], each[1]) for each in tried],
    )  # fmt: skip


def _some(rng: np.random.Generator, count: int, most: int) -> Labels:
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))


def _fit(cluster: Any, sample: Floats, number: int, seed: int) -> tuple[Floats, Labels]:
    model = cluster.KMeans(number, n_init=4, max_iter=100, random_state=seed).fit(sample)
    return model.cluster_centers_, model.labels_.astype(np.int64)


def _silhouette(metrics: Any, sample: Floats, labels: Labels) -> float:
    if not 2 <= len(np.unique(labels)) < len(labels):
        return 0.0
    return float(metrics.silhouette_score(sample, labels))


def _stability(
    cluster: Any, metrics: Any, sample: Floats, labels: Labels, number: int, seed: int
) -> tuple[float, Floats]:
    rng = np.random.default_rng([seed, number])
    agreements, likeness = [], []
    for again in range(_ROUNDS):
        drawn = sample[rng.integers(0, len(sample), min(len(sample), 4_000))]
        model = cluster.KMeans(number, n_init=2, max_iter=60, random_state=seed + 1 + again)
        with _quiet():
            centers = model.fit(drawn).cluster_centers_
        other = _nearest(sample, centers)
        agreements.append(metrics.adjusted_rand_score(labels, other))
        likeness.append(_jaccard(labels, other, number))
    return float(np.mean(agreements)), np.mean(likeness, axis=0)


def _quiet() -> Any:
    """Stay silent when a bootstrap sample holds fewer different points than clusters."""
    import warnings

    return warnings.catch_warnings(action="ignore")


def _jaccard(labels: Labels, other: Labels, number: int) -> Floats:
    size = int(max(number, other.max() + 1))
    both = np.zeros((number, size))
    kept = (labels >= 0) & (other >= 0)
    np.add.at(both, (labels[kept], other[kept]), 1)
    mine = np.bincount(labels[labels >= 0], minlength=number)
    yours = np.bincount(other[other >= 0], minlength=size)
    return (both / np.maximum(mine[:, None] + yours[None, :] - both, 1)).max(axis=1)


def _nearest(table: Floats, centers: Floats) -> Labels:
    labels = np.empty(len(table), np.int64)
    half = (centers**2).sum(axis=1) / 2
    for start in range(0, len(table), _BLOCK):
        block = table[start : start + _BLOCK]
        labels[start : start + _BLOCK] = np.argmax(block @ centers.T - half, axis=1)
    return labels


def hdbscan(table: Floats, *, smallest: int | None, seed: int) -> Found:
    """Find dense clusters of any shape; users between them are in none.

    Clusters are found on a sample, in its main directions (at most six, which keep most of the
    spread); everybody else goes where the nearest user of the sample is.

    Parameters
    ----------
    table : ndarray of float64, shape (U, F)
        Scaled measures.
    smallest : int or None
        Fewest users of a cluster in the sample; None: 2 % of it, at least 15.
    seed : int
    """
    cluster, metrics = _sklearn()
    rng = np.random.default_rng(seed)
    at = _some(rng, len(table), SAMPLE // 2)
    axes = _main_directions(table[at])
    sample = table[at] @ axes
    fewest = smallest or max(15, len(sample) // 50)
    with threadpool_limits(limits=ONE_THREAD):
        labels = _dense(cluster, sample, fewest)
        number = int(labels.max()) + 1 if len(labels) else 0
        inside = labels >= 0
        shape = _silhouette(metrics, sample[inside][:_JUDGED], labels[inside][:_JUDGED])
        agreements, likeness = [], []
        for _ in range(3):
            half = np.sort(rng.choice(len(sample), len(sample) // 2, replace=False))
            other = _dense(cluster, sample[half], max(5, fewest // 2))
            agreements.append(metrics.adjusted_rand_score(labels[half], other))
            if number:
                likeness.append(_jaccard(labels[half], other, number))
    stability = np.mean(likeness, axis=0) if likeness else np.zeros(number)
    agreement = float(np.mean(agreements)) if agreements else 0.0
    everybody = labels if len(at) == len(table) else _as_nearest(table @ axes, sample, labels)
    return Found(everybody, shape, agreement, stability, [(number, shape, agreement)])


def _main_directions(sample: Floats) -> Floats:
    centered = sample - sample.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    return np.ascontiguousarray(axes[:6].T)


def _dense(cluster: Any, sample: Floats, fewest: int) -> Labels:
    if len(sample) < max(2 * fewest, 5):
        return np.full(len(sample), NOISE, np.int64)
    model = cluster.HDBSCAN(min_cluster_size=fewest, min_samples=min(10, fewest), copy=True)
    return model.fit(sample).labels_.astype(np.int64)


def _as_nearest(table: Floats, sample: Floats, labels: Labels) -> Labels:
    from scipy.spatial import cKDTree

    return labels[cKDTree(sample).query(table, k=1)[1]]
