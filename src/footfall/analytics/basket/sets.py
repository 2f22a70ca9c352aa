"""The kernel of baskets: counts pairs and triples of things exactly, in a growing hash table.

A set of things a < b (< c) is one number, ``(a * T + b) (* T + c)``. For each set the table holds
how many baskets have it and how many users.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.basket.baskets import BasketRule, Baskets, baskets_of
from footfall.analytics.hashing import SPREAD, place_codes
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["SetCounts", "count_sets", "holders", "merge_sets"]

_SMALLEST = 1 << 12


@dataclass(frozen=True)
class SetCounts:
    """Sets of things, ascending by code.

    Parameters
    ----------
    codes, baskets, users : ndarray of int64, shape (S,)
    """

    codes: npt.NDArray[np.int64]
    baskets: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]


@kernel(types.boolean(i64, types.int64))
def _holds(codes: Array, code: int) -> bool:
    """Say whether ascending codes hold one."""
    low, high = 0, len(codes)
    while low < high:
        middle = (low + high) // 2
        if codes[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low < len(codes) and codes[low] == code


@kernel(types.int64(types.int64, types.int32, out_i64, out_i64, out_i64, out_i32))
def _add(code: int, user: int, keys: Array, baskets: Array, users: Array, seen: Array) -> int:
    """Count one set of one basket; give 1 if the set is new."""
    mask = np.int64(len(keys) - 1)
    place = (code * SPREAD >> 20) & mask
    while keys[place] >= 0 and keys[place] != code:
        place = (place + 1) & mask
    new = keys[place] < 0
    if new:
        keys[place] = code
    baskets[place] += 1
    if seen[place] != user:
        seen[place] = user
        users[place] += 1
    return 1 if new else 0


@kernel(
    types.int64(
        i32, i64, i32, i64, types.int64, types.int64, types.int64, types.int64,
        out_i64, out_i64, out_i64, out_i32,
    )
)  # fmt: skip
def _count(
    user: Array,
    offsets: Array,
    things: Array,
    pairs: Array,
    size: int,
    of_all: int,
    basket: int,
    filled: int,
    keys: Array,
    baskets: Array,
    users: Array,
    seen: Array,
) -> int:
    """Count sets from ``basket`` on; give the first basket that no longer fits into the table.

    ``size`` is 2 or 3; of triples only those whose three pairs are among ``pairs`` count.
    """
    while basket < len(user):
        begin, end = offsets[basket], offsets[basket + 1]
        n = end - begin
        most = n * (n - 1) // 2 if size == 2 else n * (n - 1) * (n - 2) // 6
        if 2 * (filled + most) > len(keys):
            return basket
        for i in range(begin, end):
            for j in range(i + 1, end):
                pair = things[i] * of_all + things[j]
                if size == 2:
                    filled += _add(pair, user[basket], keys, baskets, users, seen)
                    continue
                if not _holds(pairs, pair):
                    continue
                for k in range(j + 1, end):
                    if _holds(pairs, things[i] * of_all + things[k]) and _holds(
                        pairs, things[j] * of_all + things[k]
                    ):
                        code = pair * of_all + things[k]
                        filled += _add(code, user[basket], keys, baskets, users, seen)
        basket += 1
    return basket


class _Table:
    """The counters of sets, in a hash table that grows."""

    def __init__(self, size: int) -> None:
        self.keys = np.full(size, -1, np.int64)
        self.baskets, self.users = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.seen = np.full(size, -1, np.int32)

    @property
    def filled(self) -> int:
        return int(np.count_nonzero(self.keys >= 0))

    def counts(self) -> SetCounts:
        """Give what was counted."""
        found = np.flatnonzero(self.keys >= 0)
        found = found[np.argsort(self.keys[found])]
        return SetCounts(self.keys[found], self.baskets[found], self.users[found])

    def grown(self, more: int) -> "_Table":
        """Give a table of the same counts with room for ``more`` sets."""
        found = np.flatnonzero(self.keys >= 0)
        table = _Table(1 << int(2 * (len(found) + more)).bit_length())
        places = np.empty(len(found), np.int64)
        place_codes(self.keys[found], table.keys, places)
        table.baskets[places] = self.baskets[found]
        table.users[places] = self.users[found]
        table.seen[places] = self.seen[found]
        return table


def count_sets(
    rule: BasketRule, size: int, pairs: npt.NDArray[np.int64], chunk: UserChunk
) -> SetCounts:
    """Count the pairs or triples of a chunk's baskets.

    Parameters
    ----------
    rule : BasketRule
    size : 2 or 3
    pairs : ndarray of int64
        Codes of the pairs that triples are made of, ascending; not used for pairs.
    chunk : UserChunk
    """
    found = baskets_of(chunk, rule)
    table, basket = _Table(_SMALLEST), 0
    while True:
        basket = _count(
            found.user, found.offsets, found.things, pairs, size, rule.things, basket,
            table.filled, table.keys, table.baskets, table.users, table.seen,
        )  # fmt: skip
        if basket >= len(found):
            return table.counts()
        n = int(found.offsets[basket + 1] - found.offsets[basket])
        # Double, so that the growing costs no more than the counting.
        table = table.grown(max(n * n * (n if size == 3 else 1), len(table.keys)))


def merge_sets(parts: list[SetCounts]) -> SetCounts:
    """Add up the counts of chunks (users are never in two)."""
    nothing = np.zeros(0, np.int64)
    codes, place = np.unique(
        np.concatenate([nothing, *(part.codes for part in parts)]), return_inverse=True
    )
    sums = []
    for name in ("baskets", "users"):
        total = np.zeros(len(codes), np.int64)
        np.add.at(total, place, np.concatenate([nothing, *(getattr(part, name) for part in parts)]))
        sums.append(total)
    return SetCounts(codes, *sums)


def holders(rule: BasketRule, wanted: tuple[int, ...], chunk: UserChunk) -> npt.NDArray[np.int32]:
    """Give the codes of a chunk's users with a basket that holds all of some things."""
    found: Baskets = baskets_of(chunk, rule)
    basket = np.repeat(np.arange(len(found)), np.diff(found.offsets))
    mine = np.isin(found.things, np.array(wanted, np.int32))
    have = np.bincount(basket[mine], minlength=len(found))
    return chunk.users[np.unique(found.user[have == len(set(wanted))])]
