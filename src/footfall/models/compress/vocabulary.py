"""Fewer vectors than items: those that are rare share one."""

import numpy as np
import numpy.typing as npt

__all__ = ["fold_rare"]

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]


def fold_rare(vectors: Float32, counts: Int64, least_rows: int) -> tuple[Float32, Int32]:
    """Give rare items one vector: the mean of theirs, each weighing as often as it was met.

    Parameters
    ----------
    vectors : float32 array, shape (V, C)
    counts : int64 array, shape (V,)
        Rows of each item.
    least_rows : int
        Items with fewer are rare.

    Returns
    -------
    folded : float32 array, shape (R, C)
        Vectors of the items that are kept, in their order, then the shared one, if any is rare.
    row_of : int32 array, shape (V,)
        Row of each item.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [5, 5], [3, 4]], np.float32)
    >>> folded, row_of = fold_rare(vectors, np.array([1, 9, 3]), 5)
    >>> folded.tolist(), row_of.tolist()
    ([[5.0, 5.0], [2.5, 3.0]], [1, 0, 1])
    """
    rare = counts < least_rows
    kept = np.flatnonzero(~rare)
    row_of = np.full(len(vectors), len(kept), np.int32)
    row_of[kept] = np.arange(len(kept), dtype=np.int32)
    if not rare.any():
        return vectors, row_of
    weights = np.maximum(counts[rare], 0).astype(np.float64)
    weights = weights if weights.sum() > 0 else np.ones(len(weights))
    shared = (weights[:, None] * vectors[rare]).sum(axis=0) / weights.sum()
    return np.concatenate([vectors[kept], shared[None].astype(np.float32)]), row_of
