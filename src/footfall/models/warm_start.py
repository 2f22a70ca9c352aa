"""Item vectors before any training: from which items follow each other."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.linalg import eigsh

from footfall.features.gathering import Gather, alone
from footfall.features.item_bags import Bag
from footfall.features.sequences import Sequences

__all__ = ["follow_vectors", "met_with_others", "part_words"]

WINDOW = 5  # rows apart that still count as together
SHARES = 60  # of a pair side by side: all distances divide it, so sums do not depend on their order
SPREAD = 0.005  # what tells apart items that nothing is known of

Float32 = npt.NDArray[np.float32]


def follow_vectors(
    sequences: Sequences, width: int, *, seed: int = 0, gather: Gather = alone
) -> Float32:
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
    gather : callable
        Where several processes have some users each: see `footfall.features.gathering`.

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
    together = _together(sequences, gather)
    rank = min(width, size - 1)
    if together.nnz == 0 or rank < 1:
        return noise.astype(np.float32)
    loud = sp.diags_array((np.asarray(together.sum(axis=1)).ravel() + 1.0) ** -0.5)
    start = rng.standard_normal(size)  # the solver's own start is random
    # Directions of negative strength part items that are met together: only the others are taken.
    strength, vectors = eigsh((loud @ together @ loud).tocsr(), k=rank, which="LA", v0=start)
    # A direction and its opposite are one: which of them the solver gives is rounding's doing.
    vectors = vectors * np.where(start @ vectors < 0, -1, 1) * np.sqrt(np.maximum(strength, 0))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-3
    turned = np.zeros((rank, width))
    turned[:, :rank] = np.eye(rank)
    turned = turned @ np.linalg.qr(rng.standard_normal((width, width)))[0]
    return (vectors @ turned + noise).astype(np.float32)


def met_with_others(sequences: Sequences, *, gather: Gather = alone) -> npt.NDArray[np.bool_]:
    """Say which items somebody had besides another row: of these `follow_vectors` knows something.

    Parameters
    ----------
    sequences : Sequences
    gather : callable
        See `follow_vectors`.

    Returns
    -------
    bool array, shape (V,)

    Examples
    --------
    >>> met_with_others(Sequences.from_arrays([0, 2, 3], [0, 1, 2])).tolist()
    [True, True, False]
    """
    lengths = np.diff(sequences.offsets)
    there = np.zeros(sequences.n_items, np.bool_)
    there[sequences.items[np.repeat(lengths > 1, lengths)]] = True
    return np.any(gather(there), axis=0)


def part_words(
    vectors: Float32, bags: list[Bag], known: npt.NDArray[np.bool_]
) -> tuple[Float32, list[Float32]]:
    """Part items' vectors into what their words say and what only the item itself is.

    A word is the mean of the known items that have it, of what the bags before left of them: two
    bags that say the same do not say it twice. So an item of which nothing but words is known
    starts among the items that are like it, and as long as these.

    Parameters
    ----------
    vectors : float32 array, shape (V, C)
        From `follow_vectors`.
    bags : list of Bag
    known : bool array, shape (V,)
        Which of the vectors say something.

    Returns
    -------
    own : float32 array, shape (V, C)
        With the mean of each bag's words added, the vectors that were given, of known items.
    words : list of float32 arrays, shape (K, C)
        A bag each.

    Examples
    --------
    >>> bag = Bag(name="", offsets=np.arange(4), codes=np.zeros(3, np.int64), words=("tea",))
    >>> vectors = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    >>> own, (word,) = part_words(vectors, [bag], np.array([True, True, False]))
    >>> word.tolist(), own.tolist()
    ([[0.5, 0.5]], [[0.5, -0.5], [-0.5, 0.5], [0.0, 0.0]])
    """
    own, words = vectors.copy(), list[Float32]()
    for bag in bags:
        has = _words_of_items(bag)
        often = has[known].sum(axis=0)[:, None]
        word = (has[known].T @ own[known]) / np.maximum(often, 1)
        said = (has @ word) / np.maximum(has.sum(axis=1), 1)[:, None]
        own[known] -= said[known]
        words.append(word.astype(np.float32))
    return own, words


def _words_of_items(bag: Bag) -> sp.csr_array:
    """Give ones where an item has a word, shape (V, K)."""
    size = int(bag.codes.max(initial=0)) + 1
    ones = np.ones(len(bag.codes), np.float32)
    shape = (len(bag.offsets) - 1, size)
    return sp.csr_array((ones, bag.codes, bag.offsets), shape=shape)


def _together(sequences: Sequences, gather: Gather) -> sp.csr_array:
    """Count pairs of items near each other, symmetric."""
    own = _pairs(sequences)
    entries = own.tocoo(copy=False)
    parts = [gather(each) for each in (entries.data, entries.row, entries.col)]
    if len(parts[0]) > 1:
        sums, row, column = (np.concatenate(part) for part in parts)
        own = sp.csr_array((sums, (row, column)), shape=own.shape)
    own.data /= SHARES
    return own


def _pairs(sequences: Sequences) -> sp.csr_array:
    """Add up the shares of pairs, whole numbers."""
    items, offsets = sequences.items, sequences.offsets
    stop = np.repeat(offsets[1:], np.diff(offsets))
    rows, columns, weights = [], [], []
    for apart in range(1, WINDOW + 1):
        first = np.flatnonzero(np.arange(len(items)) + apart < stop)
        rows += [items[first], items[first + apart]]
        columns += [items[first + apart], items[first]]
        weights += [np.full(2 * len(first), float(SHARES // apart))]
    shape = (sequences.n_items, sequences.n_items)
    pairs = (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_array((np.concatenate(weights), pairs), shape=shape)
