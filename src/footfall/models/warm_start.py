"""Item vectors before any training: from which items follow each other."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.linalg import eigsh

from footfall.features.sequences import Sequences

__all__ = ["follow_vectors"]

WINDOW = 5  # rows apart that still count as together
SPREAD = 0.005  # what tells apart items that nothing is known of

Float32 = npt.NDArray[np.float32]


def follow_vectors(sequences: Sequences, width: int, *, seed: int = 0) -> Float32:
    """Give each item a vector of length about 1, alike for items met near each other.

    The vectors are the strongest directions of the matrix of co-occurrences, each pair weighing
    one over its distance, each item divided by the root of its sum, and turned at random so that
    no coordinate stands out.

    Parameters
    ----------
    sequences : Sequences
    width : int
        Numbers of a vector.
    seed : int

    Returns
    -------
    float32 array, shape (V, C)

    References
    ----------
    Levy, O. and Goldberg, Y. (2014). Neural word embedding as implicit matrix factorization.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 2, 4, 6, 8], [0, 1, 1, 0, 2, 3, 3, 2])
    >>> one, other, apart, _ = follow_vectors(shop, 2)
    >>> bool(one @ other > 0.9), bool(abs(one @ apart) < 0.1)
    (True, True)
    """
    rng = np.random.default_rng(seed)
    size = sequences.n_items
    noise = rng.standard_normal((size, width)) * SPREAD
    together = _together(sequences)
    rank = min(width, size - 1)
    if together.nnz == 0 or rank < 1:
        return noise.astype(np.float32)
    loud = sp.diags_array((np.asarray(together.sum(axis=1)).ravel() + 1.0) ** -0.5)
    start = rng.standard_normal(size)  # the solver's own start is random
    # Directions of negative strength part items that are met together: only the others are taken.
    strength, vectors = eigsh((loud @ together @ loud).tocsr(), k=rank, which="LA", v0=start)
    vectors = vectors * np.sqrt(np.maximum(strength, 0))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-3
    turned = np.zeros((rank, width))
    turned[:, :rank] = np.eye(rank)
    turned = turned @ np.linalg.qr(rng.standard_normal((width, width)))[0]
    return (vectors @ turned + noise).astype(np.float32)


def _together(sequences: Sequences) -> sp.csr_array:
    """Count pairs of items near each other, symmetric."""
    items, offsets = sequences.items, sequences.offsets
    stop = np.repeat(offsets[1:], np.diff(offsets))
    rows, columns, weights = [], [], []
    for apart in range(1, WINDOW + 1):
        first = np.flatnonzero(np.arange(len(items)) + apart < stop)
        rows += [items[first], items[first + apart]]
        columns += [items[first + apart], items[first]]
        weights += [np.full(2 * len(first), 1.0 / apart)]
    shape = (sequences.n_items, sequences.n_items)
    pairs = (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_array((np.concatenate(weights), pairs), shape=shape)
