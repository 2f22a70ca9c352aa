"""The part of a tree of walks that is shown, and the kernel that counts along it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.path.ground import units_in
from footfall.analytics.path.nodes import Nodes
from footfall.analytics.path.trie import Trie, Walks, count_walks, walks_matching
from footfall.analytics.path.units import Cut, Units, places_of_nodes
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = [
    "Anchor",
    "Branches",
    "branch_users",
    "measure_branches",
    "measure_trie",
    "shown_branches",
    "walks_of",
]


@dataclass(frozen=True)
class Anchor:
    """Where the walks of a tree begin, and which way they go.

    Parameters
    ----------
    wanted : ndarray of bool or None
        Nodes they begin at; None: the first node of each unit.
    which : "first", "last" or "every"
    step : int
        1 forward, -1 backward.
    """

    wanted: npt.NDArray[np.bool_] | None
    which: str
    step: int


def walks_of(units: Units, anchor: Anchor) -> Walks:
    """Give the walks of a chunk's units."""
    starts, ends = units.starts[:-1], units.starts[1:]
    begin: Array
    owner: Array
    if anchor.wanted is None:
        begin, owner = starts, np.arange(len(units))
    else:
        begin, owner = places_of_nodes(units, anchor.wanted, which=anchor.which)
    stop = ends[owner] if anchor.step == 1 else starts[owner] - 1
    return Walks(units.nodes, begin, stop, units.users[owner], anchor.step)


@dataclass(frozen=True)
class Branches:
    """The part of a tree that is shown; node 0 is its root.

    Parameters
    ----------
    parent, node, depth : ndarray of int32, shape (B,)
    child : ndarray of int32, shape (B * nodes,)
        Branch by branch and node; -1 where it is not shown.
    """

    parent: npt.NDArray[np.int32]
    node: npt.NDArray[np.int32]
    depth: npt.NDArray[np.int32]
    child: npt.NDArray[np.int32]

    def path(self, at: int) -> list[int]:
        """Give the nodes from the root to a branch."""
        nodes: list[int] = []
        while at > 0:
            nodes.append(int(self.node[at]))
            at = int(self.parent[at])
        return nodes[::-1]


@kernel(
    types.void(
        i32, i64, i64, i32, types.int64, types.int64, types.int64, i32, out_i64, out_i64, out_i32,
    )
)  # fmt: skip
def _tally(
    nodes: Array,
    begin: Array,
    stop: Array,
    users: Array,
    step: int,
    depth: int,
    different: int,
    child: Array,
    counts: Array,
    people: Array,
    seen: Array,
) -> None:
    """Count walks through each branch (3 b), that end in it (3 b + 1), or leave it (3 b + 2)."""
    for walk in range(len(begin)):
        user = users[walk] + 1
        place, at, taken = begin[walk], 0, 0
        while True:
            going, left = True, 0
            counts[3 * at] += 1
            if seen[3 * at] != user:
                seen[3 * at] = user
                people[3 * at] += 1
            if place == stop[walk]:
                going, left = False, 1
            elif taken == depth:
                break
            elif child[at * different + nodes[place]] < 0:
                going, left = False, 2
            if not going:
                cell = 3 * at + left
                counts[cell] += 1
                if seen[cell] != user:
                    seen[cell] = user
                    people[cell] += 1
                break
            at = child[at * different + nodes[place]]
            place += step
            taken += 1


def measure_trie(nodes: Nodes, cut: Cut, anchor: Anchor, depth: int, chunk: UserChunk) -> Trie:
    """Count every prefix of a chunk's walks."""
    walks = walks_of(units_in(nodes, cut, chunk), anchor)
    return count_walks(walks, depth=depth, different=len(nodes))


def measure_branches(
    nodes: Nodes, cut: Cut, anchor: Anchor, depth: int, branches: Branches, chunk: UserChunk
) -> npt.NDArray[np.int64]:
    """Count occurrences (row 0) and users (row 1) of each branch's three cells."""
    walks = walks_of(units_in(nodes, cut, chunk), anchor)
    size = 3 * len(branches.parent)
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    _tally(
        walks.nodes, walks.begin, walks.stop, walks.users, walks.step, depth, len(nodes),
        branches.child, counts, people, np.zeros(size, np.int32),
    )  # fmt: skip
    return np.stack([counts, people])


def branch_users(
    nodes: Nodes,
    cut: Cut,
    anchor: Anchor,
    prefix: npt.NDArray[np.int32],
    then: str,
    after: npt.NDArray[np.bool_] | None,
    chunk: UserChunk,
) -> npt.NDArray[np.bool_]:
    """Mark the users with a walk that begins with a prefix and goes on as asked."""
    walks = walks_of(units_in(nodes, cut, chunk), anchor)
    return walks_matching(walks, prefix, len(chunk.users), then=then, after=after)


def shown_branches(
    trie: Trie, names: Sequence[str], least_share: float, least_users: int
) -> Branches:
    """Keep the branches with support, each followed by what grows from it, the largest first."""
    least = max(1.0, least_share * float(trie.count[0]))
    children = trie.children()

    def grown(at: int) -> list[int]:
        kept = [
            c
            for c in children.get(at, [])
            if trie.count[c] >= least and trie.users[c] >= least_users
        ]
        return sorted(
            kept, key=lambda c: (-trie.count[c], -trie.users[c], names[int(trie.node[c])])
        )

    order, depths, waiting = [0], [0], [(c, 1) for c in reversed(grown(0))]
    while waiting:
        at, depth = waiting.pop()
        order.append(at)
        depths.append(depth)
        waiting += [(c, depth + 1) for c in reversed(grown(at))]
    place = {at: number for number, at in enumerate(order)}
    parent = np.array([-1, *(place[int(trie.parent[at])] for at in order[1:])], np.int32)
    node = trie.node[order]
    child = np.full(len(order) * len(names), -1, np.int32)
    child[parent[1:].astype(np.int64) * len(names) + node[1:]] = np.arange(1, len(order))
    return Branches(parent, node, np.array(depths, np.int32), child)
