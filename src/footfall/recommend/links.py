"""Links between items: how often, and how soon, one follows another in users' sequences.

For each item all its occurrences are visited and what lies around them is added up in one dense
row, which is then emptied again: memory is one row and the links kept, never items x items.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import f32, i32, i64, kernel, out_i32, out_i64

__all__ = ["GRID", "Links", "count_links", "follow_links", "steps_of"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

GRID = 1 << 20  # weights are whole multiples of 1 / GRID: sums are exact whatever their order

BUFFER_LINKS = 1 << 21  # links of a block of items, before they are put together

out_scores = types.float32[:, ::1]


class Links(NamedTuple):
    """Links from item ``a`` to ``targets[offsets[a]:offsets[a + 1]]``, in no order.

    `weights` belong to the links, `sums` to the items: all links of an item together, those too
    that were not kept.
    """

    offsets: Int64
    targets: Int32
    weights: Float64
    sums: Float64


def steps_of(offsets: Int64, timestamps: Int64 | None, rows: int) -> Int64:
    """Give each row its step: rows of one moment (a basket) are one step.

    Parameters
    ----------
    offsets : int64 array, shape (U + 1,)
        Rows of each user.
    timestamps : int64 array, shape (N,), or None
        Moment of each row; None: each row is a step of its own.
    rows : int
        N.

    Returns
    -------
    int64 array, shape (N,)
        Ascending within a user; only differences mean something.

    Examples
    --------
    >>> import numpy as np
    >>> steps_of(np.array([0, 3]), np.array([5, 5, 9]), 3)
    array([0, 0, 1])
    """
    if timestamps is None or rows == 0:
        return np.arange(rows, dtype=np.int64)
    new = np.concatenate(([False], np.diff(timestamps) != 0))
    starts = offsets[1:-1]
    new[starts[starts < rows]] = True
    return np.cumsum(new, dtype=np.int64)


def count_links(
    offsets: Int64,
    items: Int32,
    steps: Int64,
    *,
    n_items: int,
    ahead: Float64,
    behind: Float64,
    reach: int,
    most: int,
) -> Links:
    """Add up, for each item, what came after and before it.

    Parameters
    ----------
    offsets, items, steps : int arrays, shapes (U + 1,), (N,), (N,)
        Sequences, and the step of each row.
    n_items : int
        Size of the catalogue.
    ahead, behind : float64 arrays, shape (window + 1,)
        What a pair counts for, by the steps between its rows, to the later item and to the
        earlier one.
    reach : int
        Rows looked at on either side at most, so that one huge basket costs no more than its size.
    most : int
        Links kept of each item, the strongest.

    Returns
    -------
    Links
        Weights are exact sums, the same whatever the order of users.
    """
    users = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    places = np.argsort(items, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(items, minlength=n_items))))
    gains = np.rint(ahead * GRID).astype(np.int64), np.rint(behind * GRID).astype(np.int64)
    counts, sums = np.zeros(n_items, dtype=np.int64), np.zeros(n_items, dtype=np.int64)
    kept = max(1, min(most, n_items))
    block = max(1, BUFFER_LINKS // kept)
    targets = np.empty(min(block, n_items) * kept, dtype=np.int32)
    weights = np.empty(len(targets), dtype=np.int64)
    found: list[tuple[Int32, Int64]] = []
    for low in range(0, n_items, block):
        high = min(low + block, n_items)
        size = _link_kernel(
            low, high, offsets, items, steps, users, places, starts, *gains, reach, kept,
            counts, sums, targets, weights,
        )  # fmt: skip
        found.append((targets[:size].copy(), weights[:size].copy()))
    return Links(
        np.concatenate(([0], np.cumsum(counts))),
        np.concatenate([part for part, _ in found] or [targets]),
        np.concatenate([part for _, part in found] or [weights]) / GRID,
        sums / GRID,
    )


_gather_type = types.int64(
    types.int64, i64, i32, i64, i64, i64, i64, i64, i64, types.int64, out_i64, out_i32
)


@kernel(_gather_type)
def _gather(
    item: int,
    offsets: Int64,
    items: Int32,
    steps: Int64,
    users: Int64,
    places: Int64,
    starts: Int64,
    ahead: Int64,
    behind: Int64,
    reach: int,
    total: Int64,
    touched: Int32,
) -> int:
    """Add what surrounds each occurrence of an item to `total`; return how many were touched."""
    found = 0
    for p in range(starts[item], starts[item + 1]):
        row = places[p]
        low = max(offsets[users[row]], row - reach)
        high = min(offsets[users[row] + 1], row + reach + 1)
        for other in range(low, high):
            if other == row:
                continue
            apart = steps[other] - steps[row]
            gain = 0
            if 0 <= apart < len(ahead):
                gain = ahead[apart]
            elif -len(behind) < apart < 0:
                gain = behind[-apart]
            if gain > 0:
                code = items[other]
                if total[code] == 0:
                    touched[found] = code
                    found += 1
                total[code] += gain
    return found


@kernel(
    types.int64(
        types.int64, types.int64, i64, i32, i64, i64, i64, i64, i64, i64,
        types.int64, types.int64, out_i64, out_i64, out_i32, out_i64,
    )
)  # fmt: skip
def _link_kernel(
    low: int,
    high: int,
    offsets: Int64,
    items: Int32,
    steps: Int64,
    users: Int64,
    places: Int64,
    starts: Int64,
    ahead: Int64,
    behind: Int64,
    reach: int,
    most: int,
    counts: Int64,
    sums: Int64,
    targets: Int32,
    weights: Int64,
) -> int:
    """Write the links of items ``low .. high`` one after the other; return how many."""
    total = np.zeros(len(counts), dtype=np.int64)
    touched = np.empty(len(counts), dtype=np.int32)
    at = 0
    for item in range(low, high):
        found = _gather(
            item, offsets, items, steps, users, places, starts, ahead, behind, reach, total, touched
        )
        codes = touched[:found]
        strength = total[codes]
        sums[item] = strength.sum()
        # Links weaker than `least` go, and all but `level` of those just as strong.
        least, level, equal = 0, 0, codes
        if found > most:
            least = np.partition(strength, found - most)[found - most]
            level = most - np.sum(strength > least)
            equal = np.sort(codes[strength == least])[:level]  # the lower codes stay
        counts[item] = min(found, most)
        for t in range(found):
            code = codes[t]
            total[code] = 0
            if strength[t] > least:
                targets[at], weights[at] = code, strength[t]
                at += 1
        for t in range(level):
            targets[at], weights[at] = equal[t], least
            at += 1
    return at


@kernel(types.void(i64, i32, i64, types.float64, i64, i32, f32, out_scores))
def follow_links(
    offsets: Int64,
    items: Int32,
    steps: Int64,
    decay: float,
    link_offsets: Int64,
    targets: Int32,
    weights: Float32,
    scores: Float32,
) -> None:
    """Add to each user's scores the links of the history, weaker by `decay` a step back."""
    for u in range(len(offsets) - 1):
        for row in range(offsets[u + 1] - 1, offsets[u] - 1, -1):
            fade = decay ** (steps[offsets[u + 1] - 1] - steps[row])
            if fade < 1e-6:
                break
            item = items[row]
            for link in range(link_offsets[item], link_offsets[item + 1]):
                scores[u, targets[link]] += fade * weights[link]
