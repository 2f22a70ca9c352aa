"""The kernel of sequences: users who bought one thing in an order and another in a later one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.basket.baskets import BasketRule, Baskets, baskets_of
from footfall.analytics.hashing import SPREAD, place_codes
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = [
    "OrderedCounts",
    "OrderedRule",
    "count_ordered",
    "count_users",
    "gaps_of",
    "list_ordered",
    "merge_ordered",
]

_SMALLEST = 1 << 12


@dataclass(frozen=True)
class OrderedRule:
    """Which orders follow each other.

    Parameters
    ----------
    baskets : BasketRule
    within : int
        Longest time from the one to the other, microseconds.
    most : int
        Users with more orders are passed over.
    """

    baskets: BasketRule
    within: int
    most: int

    def found(self, chunk: UserChunk) -> Baskets:
        """Find the orders of users who do not have too many."""
        found = baskets_of(chunk, self.baskets)
        few = np.bincount(found.user, minlength=len(chunk.users))[found.user] <= self.most
        if few.all():
            return found
        size = np.diff(found.offsets)
        things = found.things[np.repeat(few, size)]
        offsets = np.append(0, np.cumsum(size[few])).astype(np.int64)
        return Baskets(found.user[few], found.start[few], offsets, things, found.large)


@dataclass(frozen=True)
class OrderedCounts:
    """Users of each pair of things ``a <= b``, ascending by code ``a * T + b``.

    Parameters
    ----------
    codes : ndarray of int64, shape (S,)
    forward, backward, both : ndarray of int64, shape (S,)
        Users with a before b, with b before a, and with each before the other.
    """

    codes: npt.NDArray[np.int64]
    forward: npt.NDArray[np.int64]
    backward: npt.NDArray[np.int64]
    both: npt.NDArray[np.int64]


@kernel(
    types.int64(
        i32, i64, i64, i32, types.int64, types.int64, types.int64, types.int64,
        out_i64, out_i64, out_i64, out_i64, out_i32, out_i32,
    )
)  # fmt: skip
def _count(  # noqa: C901, PLR0912  # one pass, kept whole for speed
    user: Array,
    start: Array,
    offsets: Array,
    things: Array,
    within: int,
    of_all: int,
    basket: int,
    filled: int,
    keys: Array,
    forward: Array,
    backward: Array,
    both: Array,
    seen_forward: Array,
    seen_backward: Array,
) -> int:
    """Count from ``basket`` on; give the first basket of a user who no longer fits.

    That user is begun again in a larger table: what was seen of a user is not counted twice.
    """
    mask = np.int64(len(keys) - 1)
    last = np.zeros(of_all, np.int64)
    known = np.zeros(of_all, np.int8)
    before = np.empty(of_all, np.int64)
    n_before, first = 0, basket
    while basket < len(user):
        if basket > 0 and user[basket] != user[basket - 1]:
            for at in range(n_before):
                known[before[at]] = 0
            n_before, first = 0, basket
        who = user[basket]
        for line in range(offsets[basket], offsets[basket + 1]):
            b = np.int64(things[line])
            for at in range(n_before):
                a = before[at]
                if start[basket] - last[a] > within:
                    continue
                code = min(a, b) * of_all + max(a, b)
                place = (code * SPREAD >> 20) & mask
                while keys[place] >= 0 and keys[place] != code:
                    place = (place + 1) & mask
                if keys[place] < 0:
                    if 2 * (filled + 1) > len(keys):
                        return first
                    keys[place] = code
                    filled += 1
                if a <= b and seen_forward[place] != who:
                    seen_forward[place] = who
                    forward[place] += 1
                    both[place] += seen_backward[place] == who
                elif a > b and seen_backward[place] != who:
                    seen_backward[place] = who
                    backward[place] += 1
                    both[place] += seen_forward[place] == who
        for line in range(offsets[basket], offsets[basket + 1]):
            b = np.int64(things[line])
            last[b] = start[basket]
            if known[b] == 0:
                known[b] = 1
                before[n_before] = b
                n_before += 1
        basket += 1
    return basket


class _Table:
    """The counters of pairs, in a hash table that doubles."""

    def __init__(self, size: int) -> None:
        self.keys = np.full(size, -1, np.int64)
        self.counts: list[Array] = [np.zeros(size, np.int64) for _ in range(3)]
        self.seen: list[Array] = [np.full(size, -1, np.int32) for _ in range(2)]

    def doubled(self) -> "_Table":
        found = np.flatnonzero(self.keys >= 0)
        table = _Table(2 * len(self.keys))
        places = np.empty(len(found), np.int64)
        place_codes(self.keys[found], table.keys, places)
        for mine, other in zip(table.counts + table.seen, self.counts + self.seen, strict=True):
            mine[places] = other[found]
        return table


def count_ordered(rule: OrderedRule, chunk: UserChunk) -> OrderedCounts:
    """Count a chunk's users of each pair of things, by which came first."""
    found = rule.found(chunk)
    table, basket = _Table(_SMALLEST), 0
    while True:
        filled = int(np.count_nonzero(table.keys >= 0))
        basket = _count(
            found.user, found.start, found.offsets, found.things, rule.within,
            rule.baskets.things, basket, filled, table.keys, *table.counts, *table.seen,
        )  # fmt: skip
        if basket >= len(found):
            break
        table = table.doubled()
    order = np.flatnonzero(table.keys >= 0)
    order = order[np.argsort(table.keys[order])]
    return OrderedCounts(table.keys[order], *(counts[order] for counts in table.counts))


def merge_ordered(parts: list[OrderedCounts]) -> OrderedCounts:
    """Add up the counts of chunks (users are never in two)."""
    nothing = np.zeros(0, np.int64)
    codes, place = np.unique(
        np.concatenate([nothing, *(part.codes for part in parts)]), return_inverse=True
    )
    sums = []
    for name in ("forward", "backward", "both"):
        total = np.zeros(len(codes), np.int64)
        np.add.at(total, place, np.concatenate([nothing, *(getattr(part, name) for part in parts)]))
        sums.append(total)
    return OrderedCounts(codes, *sums)


def count_users(rule: OrderedRule, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count a chunk's users with each thing, then all with any."""
    found = rule.found(chunk)
    user = np.repeat(found.user, np.diff(found.offsets)).astype(np.int64)
    pairs = np.unique(user * max(rule.baskets.things, 1) + found.things)
    counts = np.bincount(pairs % max(rule.baskets.things, 1), minlength=rule.baskets.things)
    return np.append(counts, len(np.unique(found.user))).astype(np.int64)


@kernel(
    types.int64(
        i32, i64, i64, i32, i64, i64, types.int64, types.int64, out_i32, out_i64, out_i64,
    )
)  # fmt: skip
def _gaps(  # noqa: C901  # one pass, kept whole for speed
    user: Array,
    start: Array,
    offsets: Array,
    things: Array,
    codes: Array,
    place: Array,
    of_all: int,
    within: int,
    who: Array,
    which: Array,
    gap: Array,
) -> int:
    """Write the shortest gap of each user and wanted ordered pair; give how many.

    Writes nothing where there is no room: a first call says how much is needed.
    """
    last = np.full(of_all, -1, np.int64)
    best = np.full(len(codes), within + 1, np.int64)
    basket, count = 0, 0
    while basket < len(user):
        end = basket
        while end < len(user) and user[end] == user[basket]:
            for line in range(offsets[end], offsets[end + 1]):
                b = things[line]
                # Wanted pairs are sorted by what comes second: place[b] is where b's begin.
                for at in range(place[b], place[b + 1]):
                    a = codes[at]
                    if last[a] >= 0:
                        best[at] = min(best[at], start[end] - last[a])
            for line in range(offsets[end], offsets[end + 1]):
                last[things[line]] = start[end]
            end += 1
        for row in range(offsets[basket], offsets[end]):
            b = things[row]
            last[b] = -1
            for at in range(place[b], place[b + 1]):
                if best[at] <= within:
                    if count < len(gap):
                        who[count], which[count], gap[count] = user[basket], at, best[at]
                    count += 1
                    best[at] = within + 1
        basket = end
    return count


def _wanted(
    rule: OrderedRule, pairs: npt.NDArray[np.int64], chunk: UserChunk
) -> tuple[Array, Array, Array]:
    """Give (place of the user, place of the pair, shortest gap) of users with wanted pairs.

    ``pairs`` has shape (P, 2): first thing, then thing; sorted by the second.
    """
    found = rule.found(chunk)
    of_all = rule.baskets.things
    begin = np.searchsorted(pairs[:, 1], np.arange(of_all + 1)).astype(np.int64)
    first = np.ascontiguousarray(pairs[:, 0])
    room = 0
    while True:
        who, which = np.empty(room, np.int32), np.empty(room, np.int64)
        gap = np.empty(room, np.int64)
        count = _gaps(
            found.user, found.start, found.offsets, found.things, first, begin, of_all,
            rule.within, who, which, gap,
        )  # fmt: skip
        if count <= room:
            return who[:count], which[:count], gap[:count]
        room = count


def gaps_of(
    rule: OrderedRule, pairs: npt.NDArray[np.int64], chunk: UserChunk
) -> tuple[Array, Array]:
    """Give the place of the pair and the shortest gap of each user with a wanted pair."""
    _, which, gap = _wanted(rule, pairs, chunk)
    return which, gap


def list_ordered(
    rule: OrderedRule, pair: tuple[int, int], chunk: UserChunk
) -> npt.NDArray[np.int32]:
    """Give the codes of a chunk's users who bought one thing before the other."""
    who, _, _ = _wanted(rule, np.array([pair], np.int64), chunk)
    return chunk.users[np.unique(who)]
