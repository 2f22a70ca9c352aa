"""How much of a user's own history each item is, for items that are taken again and again."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.features.sequences import Sequences
from footfall.kernels import f64, i32, i64, kernel, out_i64

__all__ = ["own_shares"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

DAY = 86_400_000_000  # microseconds

_out_scores = types.float32[:, ::1]


def own_shares(
    histories: Sequences, *, half_life_days: float | None, share: float, scores: Float32
) -> None:
    """Add to `scores` the share each item has in its user's history.

    Parameters
    ----------
    histories : Sequences
        ``B`` users.
    half_life_days : float or None
        Age, before the user's last row, at which a row counts half; None, or no timestamps: all
        rows count the same, and up to half a row more puts the latest of equal items first.
    share : float
        What a user's shares add up to (but for that half row).
    scores : float32 array, shape (B, V)
        Changed in place.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.zeros((1, 3), dtype=np.float32)
    >>> histories = Sequences.from_arrays([0, 4], [1, 0, 1, 1], n_items=3)
    >>> own_shares(histories, half_life_days=None, share=1.0, scores=scores)
    >>> scores.round(3)
    array([[0.312, 0.875, 0.   ]], dtype=float32)
    """
    rows = len(histories.items)
    if rows == 0:
        return
    fade, recent = np.ones(rows), 0.5
    if half_life_days is not None and histories.timestamps is not None:
        last = np.repeat(histories.offsets[1:] - 1, np.diff(histories.offsets))
        age_days = (histories.timestamps[last] - histories.timestamps) / DAY
        fade, recent = 0.5 ** (age_days / half_life_days), 0.0
    if histories.weights is not None:
        fade = fade * histories.weights
    mark = np.full(scores.shape[1], -1, dtype=np.int64)
    _own_kernel(histories.offsets, histories.items, fade, recent, share, mark, scores)


@kernel(types.void(i64, i32, f64, types.float64, types.float64, out_i64, _out_scores))
def _own_kernel(
    offsets: Int64,
    items: Int32,
    fade: Float64,
    recent: float,
    share: float,
    mark: Int64,
    scores: Float32,
) -> None:
    for u in range(len(offsets) - 1):
        first, last = offsets[u], offsets[u + 1]
        total = 0.0
        for row in range(first, last):
            total += fade[row]
        if total <= 0.0:
            continue
        for row in range(last - 1, first - 1, -1):
            weight = fade[row]
            if mark[items[row]] != u:  # the item's latest row: less than one row's worth more
                mark[items[row]] = u
                weight *= 1.0 + recent * (row - first + 1) / (last - first)
            scores[u, items[row]] += share * weight / total
