"""How alike two items are, by what is known of them or by who took them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.kernels import i32, i64, kernel, out_i64, u64
from footfall.store.hashing import scramble

__all__ = ["Traits", "likeness"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

# Traits as kernels take them: bag offsets, bag values, unit vectors.
TRAIT_TYPES = (
    types.Array(types.int64, 2, "C", readonly=True),
    i32,
    types.Array(types.float32, 2, "C", readonly=True),
)

SIGNS = 128  # length of the vectors made of users


@dataclass(frozen=True, kw_only=True, eq=False)
class Traits:
    """What items have in common: bags of attributes, a vector, or both.

    The likeness of two items is the mean over the kinds of traits: of each bag the share of its
    attributes that both have (Jaccard), of the vectors the cosine. Items of which nothing is known
    are like nothing.

    Parameters
    ----------
    offsets : int64 array, shape (C, V + 1)
        Bag ``c`` of item ``v`` is ``values[offsets[c, v]:offsets[c, v + 1]]``.
    values : int32 array
        Attribute codes, ascending and different within a bag.
    vectors : float32 array, shape (V, D)
        Of length 1, or near it (0: unknown); ``D`` is 0 when there are none.

    Examples
    --------
    Kettle and teapot share one of three words and the brand; of the cup the brand is unknown.

    >>> words = [0, 2, 4, 5], [0, 1, 1, 2, 3]
    >>> brands = [0, 1, 2, 2], [7, 7]
    >>> traits = Traits.of_bags([words, brands])
    >>> round(likeness(*traits.arrays, 0, 1), 4), likeness(*traits.arrays, 0, 2)
    (0.6667, 0.0)
    """

    offsets: Int64
    values: Int32
    vectors: Float32

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.vectors)

    @property
    def arrays(self) -> tuple[Int64, Int32, Float32]:
        """The arrays, as kernels take them."""
        return self.offsets, self.values, self.vectors

    @classmethod
    def of_bags(cls, bags: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]]) -> Self:
        """Wrap bags of attributes.

        Parameters
        ----------
        bags : sequence of (offsets, values)
            For each kind of attribute int arrays of shapes (V + 1,) and (M,): item ``v`` has the
            attributes ``values[offsets[v]:offsets[v + 1]]``, in any order.

        Raises
        ------
        OptionError
            When there is no bag, or they are not of the same items.
        """
        if not bags:
            raise OptionError.of("bags", "Traits", "one kind of attribute or more", bags)
        ends = [np.asarray(offsets, dtype=np.int64) for offsets, _ in bags]
        if len({len(each) for each in ends}) > 1:
            raise OptionError.of("bags", "Traits", "of the same items", [len(e) for e in ends])
        sorted_bags = [
            _sorted_bags(each, np.asarray(values, dtype=np.int32))
            for each, (_, values) in zip(ends, bags, strict=True)
        ]
        starts = np.cumsum([0, *(len(values) for _, values in sorted_bags[:-1])])
        return cls(
            offsets=np.stack([e + s for (e, _), s in zip(sorted_bags, starts, strict=True)]),
            values=np.concatenate([values for _, values in sorted_bags]),
            vectors=np.zeros((len(ends[0]) - 1, 0), dtype=np.float32),
        )

    @classmethod
    def of_vectors(cls, vectors: npt.ArrayLike) -> Self:
        """Wrap vectors of items, of any length.

        Parameters
        ----------
        vectors : float array, shape (V, D)
            Zeros or NaN: unknown.

        Raises
        ------
        OptionError
            When they are not two-dimensional.
        """
        array = np.array(vectors, dtype=np.float64)
        if array.ndim != 2:
            raise OptionError.of("vectors", "Traits", "of shape (V, D)", array.shape)
        array[~np.isfinite(array).all(axis=1)] = 0
        length = np.sqrt((array * array).sum(axis=1, keepdims=True))
        unit = np.divide(array, length, out=array, where=length > 0)
        return cls._of_units(unit)

    @classmethod
    def _of_units(cls, vectors: Float64) -> Self:
        return cls(
            offsets=np.zeros((0, len(vectors) + 1), dtype=np.int64),
            values=np.zeros(0, dtype=np.int32),
            vectors=np.ascontiguousarray(vectors, dtype=np.float32),
        )

    @classmethod
    def of_users(
        cls,
        offsets: npt.ArrayLike,
        items: npt.ArrayLike,
        user_hashes: npt.ArrayLike,
        *,
        n_items: int,
    ) -> Self:
        """Make vectors of who took each item: items of the same users are alike.

        The users of an item are a vector with one place a user; it is shortened to 128 numbers by
        random signs, which keeps cosines (standard error 0.09 a pair at most).

        Parameters
        ----------
        offsets, items : int arrays, shapes (U + 1,) and (N,)
            Items of each user.
        user_hashes : uint64 array, shape (U,)
            From the users' ids, so that the answer does not depend on the order of users.
        n_items : int
            Size of the catalogue.

        References
        ----------
        Achlioptas, D. (2003). Database-friendly random projections. Journal of Computer and
        System Sciences.
        """
        ends = np.ascontiguousarray(offsets, dtype=np.int64)
        codes = np.ascontiguousarray(items, dtype=np.int32)
        hashes = np.ascontiguousarray(user_hashes, dtype=np.uint64)
        total = np.zeros((n_items, SIGNS), dtype=np.int32)
        times = np.zeros(n_items, dtype=np.int64)
        mark = np.full(n_items, -1, dtype=np.int64)
        _sign_kernel(ends, codes, hashes, mark, times, total)
        # By the true length of the long vectors, not that of the short ones: no bias.
        return cls._of_units(total / np.sqrt(SIGNS * np.maximum(times, 1))[:, None])


def _sorted_bags(offsets: Int64, values: Int32) -> tuple[Int64, Int32]:
    """Sort the values of each bag and drop the repeated ones."""
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((values, owner))
    owner, values = owner[order], values[order]
    new = np.ones(len(values), dtype=np.bool_)
    new[1:] = (owner[1:] != owner[:-1]) | (values[1:] != values[:-1])
    counts = np.bincount(owner[new], minlength=len(offsets) - 1)
    return np.concatenate(([0], np.cumsum(counts))), values[new]


@kernel(types.float64(*TRAIT_TYPES, types.int64, types.int64))
def likeness(offsets: Int64, values: Int32, vectors: Float32, a: int, b: int) -> float:
    """Return how alike items `a` and `b` are: 1 is the same, 0 nothing in common."""
    kinds = offsets.shape[0]
    total = 0.0
    for c in range(kinds):
        i, i_end = offsets[c, a], offsets[c, a + 1]
        j, j_end = offsets[c, b], offsets[c, b + 1]
        size, both = i_end - i + j_end - j, 0
        while i < i_end and j < j_end:
            both += values[i] == values[j]
            step = values[i] <= values[j]
            j += values[j] <= values[i]
            i += step
        if both:
            total += both / (size - both)
    if vectors.shape[1]:
        kinds += 1
        dot = 0.0
        for d in range(vectors.shape[1]):
            dot += vectors[a, d] * vectors[b, d]
        total += dot
    return total / max(1, kinds)


@kernel(types.void(i64, i32, u64, out_i64, out_i64, types.int32[:, ::1]))
def _sign_kernel(
    offsets: Int64,
    items: Int32,
    hashes: npt.NDArray[np.uint64],
    mark: Int64,
    times: Int64,
    total: Int32,
) -> None:
    """Add each user's signs, two words of bits made of the hash, to the user's different items."""
    signs = np.empty(total.shape[1], dtype=np.int32)
    for u in range(len(offsets) - 1):
        word = hashes[u]
        for d in range(len(signs)):
            if d % 64 == 0:
                word = scramble(hashes[u] + np.uint64(d + 1))
            signs[d] = 1 - 2 * np.int32((word >> np.uint64(d % 64)) & np.uint64(1))
        for row in range(offsets[u], offsets[u + 1]):
            v = items[row]
            if mark[v] != u:
                mark[v] = u
                times[v] += 1
                for d in range(len(signs)):
                    total[v, d] += signs[d]
