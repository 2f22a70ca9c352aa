"""Loops of the neighbor models: who shares items with whom, never as a matrix of all pairs.

For each item (or each asked history) the inverted lists are walked and what is met is added up in
one dense row, which is then emptied again: memory is one row and what is kept.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import f32, f64, i32, i64, kernel, out_f64, out_i32, out_i64
from footfall.recommend.recent import Recent, users_of_items

__all__ = ["alike_items", "ask_users", "spread"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

BUFFER_LINKS = 1 << 21  # links of a block of items, before they are put together

out_scores = types.float32[:, ::1]


def alike_items(
    recent: Recent, voices: Float64, *, n_items: int, shrinkage: float, most: int
) -> tuple[Int64, Int32, Float32]:
    """Find each item's most alike items by the cosine of who took them, with shrinkage.

    Parameters
    ----------
    recent : Recent
        Items of ``U`` users.
    voices : float64 array, shape (U,)
        What each user counts for.
    n_items : int
        Size of the catalogue.
    shrinkage : float
        Added to the product of the norms.
    most : int
        Items kept of each item, the most alike; the lower code among equals.

    Returns
    -------
    offsets, items, cosines : arrays, shapes (V + 1,), (L,), (L,)
        Neighbours of item ``i`` in ``offsets[i]:offsets[i + 1]``, in no order.
    """
    starts, users = users_of_items(recent, n_items)
    of_items = np.repeat(np.arange(n_items), np.diff(starts))
    norms = np.sqrt(np.bincount(of_items, voices[users], minlength=n_items))
    kept = max(1, min(most, n_items))
    block = max(1, BUFFER_LINKS // kept)
    codes = np.empty(min(block, n_items) * kept, dtype=np.int32)
    cosines = np.empty(len(codes))
    counts = np.zeros(n_items, dtype=np.int64)
    found: list[tuple[Int32, Float32]] = []
    for low in range(0, n_items, block):
        size = _alike_kernel(
            low, min(low + block, n_items), recent.offsets, recent.items, voices, starts, users,
            norms, shrinkage, kept, counts, codes, cosines,
        )  # fmt: skip
        found.append((codes[:size].copy(), cosines[:size].astype(np.float32)))
    return (
        np.concatenate(([0], np.cumsum(counts))),
        np.concatenate([part for part, _ in found] or [codes]),
        np.concatenate([part for _, part in found] or [cosines.astype(np.float32)]),
    )


@kernel(types.int64(out_i32, out_f64, types.int64, types.int64))
def _keep_best(codes: Int32, values: Float64, size: int, most: int) -> int:
    """Move the `most` largest of the first `size` values to the front; return how many."""
    if size <= most:
        return size
    least = np.partition(values[:size], size - most)[size - most]
    level = most - np.sum(values[:size] > least)
    equal = np.sort(codes[:size][values[:size] == least])[:level]  # the lower codes stay
    at = 0
    for place in range(size):
        if values[place] > least:
            codes[at], values[at] = codes[place], values[place]
            at += 1
    for place in range(level):
        codes[at], values[at] = equal[place], least
        at += 1
    return at


@kernel(
    types.int64(
        types.int64, types.int64, i64, i32, f64, i64, i32, f64, types.float64, types.int64,
        out_i64, out_i32, out_f64,
    )
)  # fmt: skip
def _alike_kernel(
    low: int,
    high: int,
    offsets: Int64,
    items: Int32,
    voices: Float64,
    starts: Int64,
    users: Int32,
    norms: Float64,
    shrinkage: float,
    most: int,
    counts: Int64,
    codes: Int32,
    cosines: Float64,
) -> int:
    total = np.zeros(len(norms))
    met = np.empty(len(norms), dtype=np.int32)
    near = np.empty(len(norms))
    at = 0
    for item in range(low, high):
        found = 0
        for place in range(starts[item], starts[item + 1]):
            user = users[place]
            voice = voices[user]
            for row in range(offsets[user], offsets[user + 1]):
                other = items[row]
                if other != item:
                    if total[other] == 0.0:
                        met[found] = other
                        found += 1
                    total[other] += voice
        for place in range(found):
            other = met[place]
            near[place] = total[other] / (norms[item] * norms[other] + shrinkage)
            total[other] = 0.0
        counts[item] = _keep_best(met, near, found, most)
        for place in range(counts[item]):
            codes[at], cosines[at] = met[place], near[place]
            at += 1
    return at


@kernel(types.void(i64, i32, f64, i64, i32, f32, out_scores))
def spread(
    offsets: Int64,
    items: Int32,
    weights: Float64,
    link_offsets: Int64,
    targets: Int32,
    strengths: Float32,
    scores: Float32,
) -> None:
    """Add to each user's scores the links of the user's items, times the items' weights."""
    for u in range(len(offsets) - 1):
        for row in range(offsets[u], offsets[u + 1]):
            item = items[row]
            for link in range(link_offsets[item], link_offsets[item + 1]):
                scores[u, targets[link]] += weights[row] * strengths[link]


@kernel(
    types.void(
        i64, i32, f64, i32, i64, i32, i64, i32, f64, f64,
        types.float64, types.int64, out_scores,
    )
)  # fmt: skip
def ask_users(
    offsets: Int64,
    items: Int32,
    weights: Float64,
    selves: Int32,
    user_offsets: Int64,
    user_items: Int32,
    starts: Int64,
    users: Int32,
    voices: Float64,
    norms: Float64,
    shrinkage: float,
    most: int,
    scores: Float32,
) -> None:
    """Write, for each asked history, the share of its nearest users that took each item.

    `selves` are the users who ask (-1: a visitor), who are no neighbors of their own; `voices`
    what an item counts for, `norms` those of the users of the fit.
    """
    total = np.zeros(len(norms))
    met = np.empty(len(norms), dtype=np.int32)
    near = np.empty(len(norms))
    for asked in range(len(offsets) - 1):
        found, square = 0, 0.0
        for row in range(offsets[asked], offsets[asked + 1]):
            item, gain = items[row], weights[row] * voices[items[row]]
            square += weights[row] * gain
            for place in range(starts[item], starts[item + 1]):
                user = users[place]
                if user != selves[asked] and gain > 0.0:
                    if total[user] == 0.0:
                        met[found] = user
                        found += 1
                    total[user] += gain
        for place in range(found):
            user = met[place]
            near[place] = total[user] / (np.sqrt(square) * norms[user] + shrinkage)
            total[user] = 0.0
        kept = _keep_best(met, near, found, most)
        whole = np.sum(near[:kept])
        for place in range(kept):
            user = met[place]
            for row in range(user_offsets[user], user_offsets[user + 1]):
                scores[asked, user_items[row]] += near[place] / whole
