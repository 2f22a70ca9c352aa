"""The loops of the rules: who may be shown, and in which order."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.evaluate.alike import TRAIT_TYPES, likeness
from footfall.kernels import f64, i8, i32, i64, kernel, out_f64, out_i8, out_i64

__all__ = ["CAPPED", "choose", "filter_by_past", "usual_prices"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

OPEN, PICKED = 0, 1
CAPPED = 16  # fate of an item over the cap of column 0; of column c: CAPPED + c

_codes = types.Array(types.int32, 2, "C", readonly=True)
_bases = types.Array(types.float64, 2, "C", readonly=True)
_fates = types.int8[:, ::1]


@kernel(types.void(i64, i32, f64, out_f64))
def usual_prices(offsets: Int64, items: Int32, prices: Float64, usual: Float64) -> None:
    """Fill in the median price of each user's rows, nan where none is known."""
    for u in range(len(usual)):
        found = np.empty(offsets[u + 1] - offsets[u])
        size = 0
        for row in range(offsets[u], offsets[u + 1]):
            if items[row] >= 0 and prices[items[row]] == prices[items[row]]:
                found[size] = prices[items[row]]
                size += 1
        usual[u] = np.median(found[:size]) if size else np.nan


@kernel(types.void(_codes, i64, i32, i64, types.int64, types.int8, out_i64, _fates))
def filter_by_past(
    candidates: Int32,
    offsets: Int64,
    items: Int32,
    times: Int64,
    earliest: int,
    fate: int,
    last: Int64,
    fates: Int8,
) -> None:
    """Give candidates taken after `earliest` their fate; `last` is all of the least int."""
    nothing = np.iinfo(np.int64).min
    for u in range(len(candidates)):
        for row in range(offsets[u], offsets[u + 1]):
            if items[row] >= 0:
                last[items[row]] = max(times[row], nothing + 1)
        for n in range(candidates.shape[1]):
            item = candidates[u, n]
            if item >= 0 and fates[u, n] == 0 and last[item] > earliest:
                fates[u, n] = fate
        for row in range(offsets[u], offsets[u + 1]):
            if items[row] >= 0:
                last[items[row]] = nothing


@kernel(types.int64(types.int64, i64, i32, i64, i64))
def _used_up(item: int, offsets: Int64, values: Int32, limits: Int64, counts: Int64) -> int:
    """Return the first of an item's values that is at its cap; -1: there is room."""
    for at in range(offsets[item], offsets[item + 1]):
        if counts[values[at]] >= limits[values[at]]:
            return values[at]
    return -1


@kernel(types.void(types.int64, i64, i32, types.int64, out_i64))
def _count(item: int, offsets: Int64, values: Int32, change: int, counts: Int64) -> None:
    for at in range(offsets[item], offsets[item + 1]):
        counts[values[at]] += change


@kernel(types.float64(i32, types.int64, i64, types.int64, types.float64, *TRAIT_TYPES))
def _nearest(
    items: Int32,
    p: int,
    picked: Int64,
    already: int,
    nearest: float,
    bag_offsets: Int64,
    bag_values: Int32,
    vectors: Float32,
) -> float:
    """Return the likeness of an item to the most alike of those picked."""
    for r in range(already, len(picked)):
        alike = likeness(bag_offsets, bag_values, vectors, items[picked[r]], items[p])
        nearest = max(nearest, alike)
    return nearest


@kernel(
    types.int64(
        i32, f64, types.float64, i64, i64, i32, i64, i8, *TRAIT_TYPES,
        i64, out_f64, out_i64, out_i8,
    )
)  # fmt: skip
def _next(
    items: Int32,
    bases: Float64,
    diversity: float,
    picked: Int64,
    cap_offsets: Int64,
    cap_values: Int32,
    cap_limits: Int64,
    cap_kinds: Int8,
    bag_offsets: Int64,
    bag_values: Int32,
    vectors: Float32,
    counts: Int64,
    nearest: Float64,
    compared: Int64,
    state: Int8,
) -> int:
    """Return the best item that has room, and mark those over a cap on the way; -1: none."""
    best, best_value = -1, -np.inf
    for p in range(len(items)):
        if (1.0 - diversity) * bases[p] <= best_value:
            break  # likeness only takes away: none of the rest can be better
        if state[p] != OPEN:
            continue
        full = _used_up(items[p], cap_offsets, cap_values, cap_limits, counts)
        if full >= 0:
            state[p] = CAPPED + cap_kinds[full]
            continue
        if diversity > 0.0 and compared[p] < len(picked):
            nearest[p] = _nearest(
                items, p, picked, compared[p], nearest[p], bag_offsets, bag_values, vectors
            )
            compared[p] = len(picked)
        value = (1.0 - diversity) * bases[p] - diversity * nearest[p]
        if value > best_value:
            best, best_value = p, value
    return best


@kernel(
    types.void(
        _codes, _bases, types.float64, i64, i32, i64, i8, *TRAIT_TYPES,
        _fates, types.int32[:, ::1], types.int32[:, :, ::1],
    )
)  # fmt: skip
def choose(
    candidates: Int32,
    bases: Float64,
    diversity: float,
    cap_offsets: Int64,
    cap_values: Int32,
    cap_limits: Int64,
    cap_kinds: Int8,
    bag_offsets: Int64,
    bag_values: Int32,
    vectors: Float32,
    fates: Int8,
    picks: Int32,
    steps: Int32,
) -> None:
    """Pick items one by one: the best value among those within their caps.

    ``picks[u, r]`` is the candidate's place; ``steps[:, u, r]`` its place among those that passed
    the filters, its place among them by boosted value, and how many before it were over a cap.
    """
    counts = np.zeros(len(cap_limits), dtype=np.int64)
    for u in range(len(candidates)):
        passed = np.flatnonzero(fates[u] == OPEN)
        order = np.argsort(-bases[u][passed], kind="mergesort")
        places = passed[order]
        items, values = candidates[u][places], bases[u][places]
        nearest, compared = np.zeros(len(items)), np.zeros(len(items), dtype=np.int64)
        state = np.zeros(len(items), dtype=np.int8)
        picked = np.empty(picks.shape[1], dtype=np.int64)
        for r in range(min(picks.shape[1], len(items))):
            p = _next(
                items, values, diversity, picked[:r],
                cap_offsets, cap_values, cap_limits, cap_kinds,
                bag_offsets, bag_values, vectors, counts, nearest, compared, state,
            )  # fmt: skip
            if p < 0:
                break
            picks[u, r] = places[p]
            steps[0, u, r], steps[1, u, r] = order[p], p
            steps[2, u, r] = np.sum(state[:p] >= CAPPED)
            picked[r], state[p] = p, PICKED
            _count(items[p], cap_offsets, cap_values, 1, counts)
        for p in range(len(items)):
            if state[p] == PICKED:
                _count(items[p], cap_offsets, cap_values, -1, counts)
            elif state[p] >= CAPPED:
                fates[u, places[p]] = state[p]
