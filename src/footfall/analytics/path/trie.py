"""A tree of sequences: one node a prefix, so that counting whole sequences is exact by itself.

A prefix is the number of its parent and one more node; a hash table finds it, comparing both, so no
two prefixes are ever taken for one another.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.hashing import SPREAD
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64

__all__ = ["Trie", "Walks", "count_walks", "merge_tries", "walks_matching"]

_SMALLEST = 1 << 12


@kernel(types.int64(out_i64, out_i32, types.int64))
def _find(keys: Array, ids: Array, key: int) -> int:
    """Give the slot of a key, or the empty slot where it belongs."""
    mask = np.int64(len(keys) - 1)
    slot = ((key * SPREAD) >> 20) & mask
    while ids[slot] >= 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return int(slot)


@kernel(
    types.int64(
        i32, i64, i64, i32, types.int64, types.int64, types.int64, types.int64, types.int64,
        out_i64, out_i32, out_i32, out_i32, out_i64, out_i64, out_i64, out_i64, out_i32, out_i32,
        out_i64,
    )
)  # fmt: skip
def _walk(
    nodes: Array,
    begin: Array,
    stop: Array,
    users: Array,
    step: int,
    depth: int,
    different: int,
    walk: int,
    room: int,
    keys: Array,
    ids: Array,
    parent: Array,
    node: Array,
    count: Array,
    people: Array,
    ended: Array,
    ended_people: Array,
    seen: Array,
    ended_seen: Array,
    filled: Array,
) -> int:
    """Count walks from ``walk`` on; give the first one that may no longer fit."""
    while walk < len(begin):
        if filled[0] + depth > room:
            return walk
        user = users[walk] + 1
        place, at, taken = begin[walk], 0, 0
        while True:
            count[at] += 1
            if seen[at] != user:
                seen[at] = user
                people[at] += 1
            if place == stop[walk]:
                ended[at] += 1
                if ended_seen[at] != user:
                    ended_seen[at] = user
                    ended_people[at] += 1
                break
            if taken == depth:
                break
            key = at * different + nodes[place]
            slot = _find(keys, ids, key)
            if ids[slot] < 0:
                ids[slot] = filled[0]
                keys[slot] = key
                parent[filled[0]] = at
                node[filled[0]] = nodes[place]
                filled[0] += 1
            at = ids[slot]
            place += step
            taken += 1
        walk += 1
    return walk


@kernel(types.void(i32, i32, types.int64, out_i64, out_i32, out_i32, out_i32, out_i32, out_i64))
def _absorb(
    parent: Array,
    node: Array,
    different: int,
    keys: Array,
    ids: Array,
    parents: Array,
    nodes: Array,
    mapped: Array,
    filled: Array,
) -> None:
    """Find (or add) each prefix of another tree; parents come before children."""
    for at in range(1, len(parent)):
        key = mapped[parent[at]] * different + node[at]
        slot = _find(keys, ids, key)
        if ids[slot] < 0:
            ids[slot] = filled[0]
            keys[slot] = key
            parents[filled[0]] = mapped[parent[at]]
            nodes[filled[0]] = node[at]
            filled[0] += 1
        mapped[at] = ids[slot]


@dataclass(frozen=True)
class Walks:
    """Walks over nodes, each from ``begin`` by ``step`` until ``stop``, which is not part of it.

    Parameters
    ----------
    nodes : ndarray of int32, shape (M,)
    begin, stop : ndarray of int64, shape (W,)
        Places among the nodes.
    users : ndarray of int32, shape (W,)
        Place of each walk's user, ascending.
    step : int
        1 forward, -1 backward.
    """

    nodes: npt.NDArray[np.int32]
    begin: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    users: npt.NDArray[np.int32]
    step: int = 1


@dataclass(frozen=True)
class Trie:
    """Counts of prefixes; the first one is the empty prefix.

    Parameters
    ----------
    parent : ndarray of int32, shape (P,)
        Prefix without its last node; always an earlier one.
    node : ndarray of int32, shape (P,)
        Its last node.
    count, users : ndarray of int64, shape (P,)
        Walks that begin with the prefix, and users with such a walk.
    ended, ended_users : ndarray of int64, shape (P,)
        Walks that are the prefix and nothing more, and users with such a walk.
    """

    parent: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    ended_users: npt.NDArray[np.int64]

    def path(self, at: int) -> tuple[int, ...]:
        """Give the nodes of a prefix."""
        nodes: list[int] = []
        while at > 0:
            nodes.append(int(self.node[at]))
            at = int(self.parent[at])
        return tuple(reversed(nodes))

    def children(self) -> dict[int, list[int]]:
        """Give the prefixes that go on from each prefix."""
        found: dict[int, list[int]] = {}
        for at, parent in enumerate(self.parent[1:].tolist(), 1):
            found.setdefault(parent, []).append(at)
        return found


class _Table:
    """A tree that grows: prefixes in a hash table of open addressing, half full at most."""

    def __init__(self, different: int, room: int = _SMALLEST) -> None:
        self.different = different
        self.filled = np.ones(1, np.int64)
        self.room = 0
        self.parent, self.node = np.full(1, -1, np.int32), np.full(1, -1, np.int32)
        self.counts = [np.zeros(1, np.int64) for _ in range(4)]
        self.seen = [np.zeros(1, np.int32) for _ in range(2)]
        self.grow(room)

    def grow(self, room: int) -> None:
        """Make room for that many prefixes; at least double what there is."""
        size = int(self.filled[0])
        self.room = max(room, 2 * self.room)
        self.parent, self.node = (_longer(a, self.room) for a in (self.parent, self.node))
        self.counts = [_longer(a, self.room) for a in self.counts]
        self.seen = [_longer(a, self.room) for a in self.seen]
        slots = 1 << (2 * self.room - 1).bit_length()
        self.keys, self.ids = np.empty(slots, np.int64), np.full(slots, -1, np.int32)
        again, mapped = np.ones(1, np.int64), np.zeros(size, np.int32)
        parent, node = self.parent[:size].copy(), self.node[:size].copy()
        _absorb(
            parent, node, self.different, self.keys, self.ids,
            self.parent, self.node, mapped, again,
        )  # fmt: skip

    def part(self) -> Trie:
        """Give what was counted."""
        size = int(self.filled[0])
        count, users, ended, ended_users = (a[:size].copy() for a in self.counts)
        parent, node = self.parent[:size].copy(), self.node[:size].copy()
        return Trie(parent, node, count, users, ended, ended_users)


def _longer(array: Array, size: int) -> Array:
    longer = np.zeros(size, array.dtype)
    longer[: len(array)] = array
    return longer


def count_walks(walks: Walks, *, depth: int, different: int) -> Trie:
    """Count every prefix of at most ``depth`` nodes of some walks.

    Parameters
    ----------
    walks : Walks
    depth : int
    different : int
        How many nodes there are: codes are below it.
    """
    table = _Table(different, max(_SMALLEST, 2 * depth + 2))
    walk = 0
    while True:
        walk = _walk(
            walks.nodes, walks.begin, walks.stop, walks.users, walks.step, depth, different,
            walk, table.room, table.keys, table.ids, table.parent, table.node,
            table.counts[0], table.counts[1], table.counts[2], table.counts[3],
            table.seen[0], table.seen[1], table.filled,
        )  # fmt: skip
        if walk >= len(walks.begin):
            return table.part()
        table.grow(int(table.filled[0]) + depth)


def merge_tries(different: int, parts: list[Trie]) -> Trie:
    """Add up the counts of chunks (users are never in two)."""
    table = _Table(different)
    for part in parts:
        if table.filled[0] + len(part.parent) > table.room:
            table.grow(int(table.filled[0]) + len(part.parent))
        mapped = np.zeros(len(part.parent), np.int32)
        _absorb(
            part.parent, part.node, different, table.keys, table.ids,
            table.parent, table.node, mapped, table.filled,
        )  # fmt: skip
        added = (part.count, part.users, part.ended, part.ended_users)
        for total, more in zip(table.counts, added, strict=True):
            total[mapped] += more  # each prefix of a part is another one of the whole
    return table.part()


@kernel(types.void(i32, i64, i64, i32, types.int64, i32, bool1, types.int64, types.boolean[::1]))
def _matching(
    nodes: Array,
    begin: Array,
    stop: Array,
    users: Array,
    step: int,
    prefix: Array,
    after: Array,
    end: int,
    out: Array,
) -> None:
    """Mark users with a walk that begins with the prefix and goes on (or ends) as asked."""
    for walk in range(len(begin)):
        place = begin[walk]
        same = True
        for at in range(len(prefix)):
            if place == stop[walk] or nodes[place] != prefix[at]:
                same = False
                break
            place += step
        if not same:
            continue
        if (
            end == 0
            or (end == 1 and place == stop[walk])
            or (end == 2 and place != stop[walk])
            or (end == 3 and place != stop[walk] and after[nodes[place]])
        ):
            out[users[walk]] = True


_ENDS = {"any": 0, "ends": 1, "goes_on": 2, "after": 3}


def walks_matching(
    walks: Walks,
    prefix: npt.NDArray[np.int32],
    users: int,
    *,
    then: str = "any",
    after: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.bool_]:
    """Say which of a chunk's users have a walk that begins with a prefix.

    Parameters
    ----------
    walks : Walks
    prefix : ndarray of int32
    users : int
        Users of the chunk.
    then : "any", "ends", "goes_on" or "after", default="any"
        What must come after the prefix: anything, nothing, something, or one of ``after``.
    after : ndarray of bool, shape (nodes,), optional
    """
    out = np.zeros(users, np.bool_)
    allowed = np.zeros(0, np.bool_) if after is None else after
    _matching(
        walks.nodes, walks.begin, walks.stop, walks.users, walks.step, prefix, allowed,
        _ENDS[then], out,
    )  # fmt: skip
    return out
