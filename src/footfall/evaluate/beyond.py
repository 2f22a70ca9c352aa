"""What accuracy does not see: how much is shown, how new, how varied, how far from the crowd."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.evaluate.alike import TRAIT_TYPES, Traits, likeness
from footfall.evaluate.exposure import Estimate, checked_slates, exposure_metrics
from footfall.evaluate.interval import bootstrap_interval, ratio_interval
from footfall.kernels import f64, i32, i64, kernel, out_f64, out_i64

__all__ = [
    "beyond_metrics",
    "user_diversity",
    "user_novelty",
    "user_popularity",
    "user_serendipity",
]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_slates = types.Array(types.int32, 2, "C", readonly=True)


def beyond_metrics(
    slates: npt.ArrayLike,
    *,
    counts: npt.ArrayLike,
    histories: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    traits: Traits | None = None,
    popular: npt.ArrayLike | None = None,
    targets: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    intervals: bool = True,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Measure lists by all but their hits, each figure with an interval over users.

    Parameters
    ----------
    slates : int array, shape (B, k)
        Item codes each user is shown, best first; -1 after the last.
    counts : array, shape (V,)
        How often each item was taken in training.
    histories : (offsets, items), int arrays (B + 1,) and (N,), or None
        What each user took before, to compare popularity with. None: no ``popularity_ratio``.
    traits : Traits or None
        By what items are alike. None: no ``diversity``.
    popular : int array, shape (B, k), or None
        What each user would be shown by popularity. None: no ``serendipity``.
    targets : (offsets, items), int arrays (B + 1,) and (T,), or None
        What each user took afterwards. None: no ``serendipity``.
    intervals : bool
        Whether to draw 95 % intervals.
    seed : int
        Of the draws.

    Returns
    -------
    dict of Estimate
        ``coverage``, ``gini`` (see `exposure_metrics`); ``novelty``, ``popularity``,
        ``diversity``, ``serendipity``: means over users who are shown something; and
        ``popularity_ratio``: mean popularity of what is shown over that of histories, above 1
        where the model leans to the popular more than its users do.

    Examples
    --------
    >>> found = beyond_metrics([[0, 1], [0, 2]], counts=[6, 3, 1], histories=([0, 1, 2], [1, 2]))
    >>> {name: round(figure.value, 3) for name, figure in found.items()}
    {'coverage': 1.0, 'gini': 0.167, 'novelty': 1.547, 'popularity': 4.0, 'popularity_ratio': 2.0}
    """
    taken = _checked_counts(counts)
    lists = checked_slates(slates, len(taken), "beyond_metrics")
    found = exposure_metrics(lists, n_items=len(taken), intervals=intervals, seed=seed)
    popularity = user_popularity(lists, taken)
    values = {"novelty": user_novelty(lists, taken), "popularity": popularity}
    if traits is not None:
        values["diversity"] = user_diversity(lists, traits)
    if popular is not None and targets is not None:
        values["serendipity"] = user_serendipity(lists, popular, targets, n_items=len(taken))
    for name, each in values.items():
        there = each[np.isfinite(each)]
        mean = float(there.mean()) if len(there) else float("nan")
        ends = bootstrap_interval(there, seed=seed) if intervals else (None, None)
        found[name] = Estimate(mean, *ends)
    if histories is not None:
        own = _own_popularity(histories, taken, len(lists))
        both = np.isfinite(popularity) & np.isfinite(own)
        above, below = popularity[both], own[both]
        ratio = float(above.mean() / below.mean()) if below.sum() > 0 else float("nan")
        ends = ratio_interval(above, below, seed=seed) if intervals else (None, None)
        found["popularity_ratio"] = Estimate(ratio, *ends)
    return found


def user_novelty(slates: npt.ArrayLike, counts: npt.ArrayLike) -> Float64:
    """Return how surprising each user's list is: the mean self-information of its items, in bits.

    Parameters
    ----------
    slates : int array, shape (B, k)
    counts : array, shape (V,)
        How often each item was taken; an item's chance is ``(count + 1) / (total + V)``, so that
        items never taken have one.

    Returns
    -------
    float64 array, shape (B,)
        nan for an empty list.

    References
    ----------
    Zhou, T. et al. (2010). Solving the apparent diversity-accuracy dilemma of recommender
    systems. PNAS.

    Examples
    --------
    >>> user_novelty([[0], [1]], [6, 0])
    array([0.19..., 3.        ])
    """
    taken = _checked_counts(counts)
    bits = -np.log2((taken + 1) / (taken.sum() + len(taken)))
    return _list_means(checked_slates(slates, len(taken), "user_novelty"), bits)


def user_popularity(slates: npt.ArrayLike, counts: npt.ArrayLike) -> Float64:
    """Return how often the items of each user's list were taken, on average.

    Parameters
    ----------
    slates : int array, shape (B, k)
    counts : array, shape (V,)
        How often each item was taken.

    Returns
    -------
    float64 array, shape (B,)
        nan for an empty list.

    References
    ----------
    Abdollahpouri, H. et al. (2019). The unfairness of popularity bias in recommendation. RMSE.
    """
    taken = _checked_counts(counts)
    return _list_means(checked_slates(slates, len(taken), "user_popularity"), taken)


def user_diversity(slates: npt.ArrayLike, traits: Traits) -> Float64:
    """Return how unlike the items of each user's list are: 1 less the mean likeness of pairs.

    Parameters
    ----------
    slates : int array, shape (B, k)
    traits : Traits
        By what items are alike.

    Returns
    -------
    float64 array, shape (B,)
        nan for a list of fewer than two items.

    References
    ----------
    Ziegler, C.-N. et al. (2005). Improving recommendation lists through topic diversification.
    WWW.

    Examples
    --------
    >>> traits = Traits.of_bags([([0, 1, 2, 3], [5, 5, 6])])
    >>> user_diversity([[0, 1], [0, 2]], traits)
    array([0., 1.])
    """
    lists = checked_slates(slates, traits.n_items, "user_diversity")
    found = np.empty(len(lists))
    _diversity_kernel(lists, *traits.arrays, found)
    return found


def user_serendipity(
    slates: npt.ArrayLike,
    popular: npt.ArrayLike,
    targets: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    n_items: int,
) -> Float64:
    """Return the share of each user's list that is right and that popularity would not have shown.

    Parameters
    ----------
    slates, popular : int arrays, shape (B, k)
        What is shown, and what would be shown by popularity.
    targets : (offsets, items), int arrays (B + 1,) and (T,)
        What is right.
    n_items : int
        Size of the catalogue.

    Returns
    -------
    float64 array, shape (B,)

    References
    ----------
    Ge, M., Delgado-Battenfeld, C. and Jannach, D. (2010). Beyond accuracy: evaluating recommender
    systems by coverage and serendipity. RecSys.

    Examples
    --------
    >>> user_serendipity([[3, 1]], [[0, 1]], ([0, 2], [1, 3]), n_items=4)
    array([0.5])
    """
    lists = checked_slates(slates, n_items, "user_serendipity")
    plain = checked_slates(popular, n_items, "user_serendipity")
    offsets, items = _checked_rows(targets, len(lists), n_items, "targets")
    if len(plain) != len(lists):
        raise OptionError.of("popular", "user_serendipity", f"{len(lists)} lists", len(plain))
    found = np.zeros(len(lists))
    mark = np.full(n_items, -1, dtype=np.int64)
    _serendipity_kernel(lists, plain, offsets, items, mark, found)
    return found


def _checked_counts(counts: npt.ArrayLike) -> Float64:
    taken = np.asarray(counts, dtype=np.float64)
    if taken.ndim != 1 or not np.isfinite(taken).all() or np.any(taken < 0):
        raise OptionError.of("counts", "beyond_metrics", "numbers from 0 up, one an item", counts)
    return taken


def _checked_rows(
    rows: tuple[npt.ArrayLike, npt.ArrayLike], users: int, n_items: int, option: str
) -> tuple[Int64, Int32]:
    offsets = np.ascontiguousarray(rows[0], dtype=np.int64)
    items = np.ascontiguousarray(rows[1], dtype=np.int32)
    if len(offsets) != users + 1 or offsets[0] != 0 or offsets[-1] != len(items):
        allowed = f"offsets and items of {users} users"
        raise OptionError.of(option, "beyond_metrics", allowed, (len(offsets), len(items)))
    if len(items) and not (items.min() >= 0 and items.max() < n_items):
        allowed = f"codes from 0 to {n_items - 1}"
        raise OptionError.of(option, "beyond_metrics", allowed, (items.min(), items.max()))
    return offsets, items


def _list_means(lists: Int32, values: Float64) -> Float64:
    """Average a value of items over each list."""
    there = lists >= 0
    size = there.sum(axis=1)
    total = np.where(there, values[lists], 0.0).sum(axis=1) if lists.size else np.zeros(len(lists))
    return np.divide(total, size, out=np.full(len(lists), np.nan), where=size > 0)


def _own_popularity(
    histories: tuple[npt.ArrayLike, npt.ArrayLike], taken: Float64, users: int
) -> Float64:
    offsets, items = _checked_rows(histories, users, len(taken), "histories")
    found = np.full(users, np.nan)
    _row_mean_kernel(offsets, items, taken, found)
    return found


@kernel(types.void(i64, i32, f64, out_f64))
def _row_mean_kernel(offsets: Int64, items: Int32, values: Float64, found: Float64) -> None:
    for u in range(len(found)):
        total = 0.0
        for row in range(offsets[u], offsets[u + 1]):
            total += values[items[row]]
        if offsets[u + 1] > offsets[u]:
            found[u] = total / (offsets[u + 1] - offsets[u])


@kernel(types.void(_slates, *TRAIT_TYPES, out_f64))
def _diversity_kernel(
    lists: Int32, offsets: Int64, values: Int32, vectors: Float32, found: Float64
) -> None:
    for u in range(len(lists)):
        pairs, total = 0, 0.0
        row = lists[u]
        for i in range(len(row)):
            for j in range(i):
                if row[i] >= 0 and row[j] >= 0:
                    pairs += 1
                    total += likeness(offsets, values, vectors, row[i], row[j])
        found[u] = 1.0 - total / pairs if pairs else np.nan


@kernel(types.void(_slates, _slates, i64, i32, out_i64, out_f64))
def _serendipity_kernel(
    lists: Int32, popular: Int32, offsets: Int64, items: Int32, mark: Int64, found: Float64
) -> None:
    for u in range(len(lists)):
        for row in range(offsets[u], offsets[u + 1]):
            mark[items[row]] = u  # wanted ...
        for item in popular[u]:
            if item >= 0:
                mark[item] = -1  # ... and not to be had by popularity
        hits = 0
        for item in lists[u]:
            hits += item >= 0 and mark[item] == u
        found[u] = hits / max(1, lists.shape[1])
