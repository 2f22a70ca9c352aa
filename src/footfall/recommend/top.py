"""The best k of many scores, ties broken by item code: the same answer every time."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import i32, i64, kernel, out_i32

__all__ = ["make_shares", "top_items"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

_scores = types.Array(types.float32, 2, "C", readonly=True)
_heap = types.float32[::1]


def top_items(
    scores: Float32, *, k: int, seen_offsets: Int64, seen_items: Int32
) -> tuple[Int32, Float32]:
    """Choose each user's `k` best items.

    Parameters
    ----------
    scores : float32 array, shape (B, V)
        Higher is better; ``-inf`` is never chosen.
    k : int
        How many at most.
    seen_offsets, seen_items : int64 array (B + 1,), int32 array
        Items a user must not get.

    Returns
    -------
    items : int32 array, shape (B, k)
        Best first; -1 where there is none left.
    scores : float32 array, shape (B, k)
        Their scores.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[1, 3, 2, 3]], dtype=np.float32)
    >>> nobody = np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int32)
    >>> top_items(scores, k=3, seen_offsets=nobody[0], seen_items=nobody[1])[0]
    array([[1, 3, 2]], dtype=int32)
    """
    size = min(k, scores.shape[1])
    items = np.full((len(scores), size), -1, dtype=np.int32)
    values = np.full((len(scores), size), -np.inf, dtype=np.float32)
    if size:
        _top_kernel(scores, seen_offsets, seen_items, items, values)
    return items, values


def make_shares(scores: Float32) -> None:
    """Turn each row of scores into shares of its sum, in place; what is below 0 counts as 0.

    Parameters
    ----------
    scores : float32 array, shape (B, V)

    Examples
    --------
    >>> scores = np.array([[3, -1, 1]], dtype=np.float32)
    >>> make_shares(scores)
    >>> scores
    array([[0.75, 0.  , 0.25]], dtype=float32)
    """
    _share_kernel(scores)


@kernel(types.void(types.float32[:, ::1]))
def _share_kernel(scores: Float32) -> None:
    for b in range(scores.shape[0]):
        row = scores[b]
        # Eight sums side by side: one would wait for itself at every step.
        parts = np.zeros(8)
        whole = len(row) // 8 * 8
        for v in range(0, whole, 8):
            for lane in range(8):
                parts[lane] += max(row[v + lane], np.float32(0))
        total = parts.sum()
        for v in range(whole, len(row)):
            total += max(row[v], np.float32(0))
        scale = np.float32(1 / max(total, 1e-30))
        for v in range(len(row)):
            row[v] = max(row[v], np.float32(0)) * scale


@kernel(types.void(_heap, out_i32, types.int64))
def _sift_down(values: Float32, codes: Int32, size: int) -> None:
    """Let the first entry sink: the worst (lower score, then higher code) stays on top."""
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        other = child + 1
        if other < size and (
            values[other] < values[child]
            or (values[other] == values[child] and codes[other] > codes[child])
        ):
            child = other
        if values[at] < values[child] or (values[at] == values[child] and codes[at] > codes[child]):
            return
        values[at], values[child] = values[child], values[at]
        codes[at], codes[child] = codes[child], codes[at]
        at = child


@kernel(types.void(_scores, i64, i32, types.int32[:, ::1], types.float32[:, ::1]))
def _top_kernel(
    scores: Float32, seen_offsets: Int64, seen_items: Int32, items: Int32, values: Float32
) -> None:
    masked = np.full(scores.shape[1], -1, dtype=np.int64)
    for b in range(scores.shape[0]):
        for r in range(seen_offsets[b], seen_offsets[b + 1]):
            masked[seen_items[r]] = b
        row, best, codes = scores[b], values[b], items[b]
        k = len(best)
        # Empty places score -inf and stand on top of the heap, so anything pushes them out.
        for v in range(len(row)):
            if row[v] > best[0] and masked[v] != b:
                best[0], codes[0] = row[v], v
                _sift_down(best, codes, k)
        for size in range(k - 1, 0, -1):
            best[0], best[size] = best[size], best[0]
            codes[0], codes[size] = codes[size], codes[0]
            _sift_down(best, codes, size)
