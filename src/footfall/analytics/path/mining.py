"""Finds sequences that are frequent: level by level, each counted exactly, once a unit.

A sequence is in a unit when its nodes come in this order, whatever lies between. The first fitting
place of each node is always the best one, so a unit is walked by first places after a place; the
candidates of a level share their beginnings in a tree, and a beginning that a unit lacks is left at
once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.path.units import Units
from footfall.errors import OptionError
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64

__all__ = [
    "Candidates",
    "Support",
    "count_candidates",
    "frequent_sequences",
    "merge_supports",
    "users_with_sequence",
]

Sequence_ = tuple[int, ...]
_MOST_CANDIDATES = 200_000
_DEEPEST = 16  # a candidate is never as long


@dataclass(frozen=True)
class Candidates:
    """Sequences of one length as a tree.

    Parameters
    ----------
    length : int
    first : ndarray of int64, shape (P + 1,)
        Children of place ``p`` are the places ``first[p]:first[p + 1]``.
    node : ndarray of int32, shape (P,)
        Last node of each place; place 0 is the root.
    leaf : ndarray of int64, shape (P,)
        Number of the sequence that ends at each place, -1 at places in between.
    count : int
        How many sequences.
    """

    length: int
    first: npt.NDArray[np.int64]
    node: npt.NDArray[np.int32]
    leaf: npt.NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, sequences: Sequence[Sequence_]) -> "Candidates":
        """Build the tree level by level, so that children of a place lie together."""
        length = len(sequences[0])
        table = np.array(sequences, np.int64).reshape(len(sequences), length)
        order = np.lexsort(table.T[::-1])
        table = table[order]
        node, leaf, first = [np.zeros(1, np.int32)], [np.full(1, -1, np.int64)], []
        place = np.zeros(len(table), np.int64)  # of each sequence, on the level above
        begin, above = 1, 1
        for level in range(length):
            new = np.r_[True, (place[1:] != place[:-1]) | (table[1:, level] != table[:-1, level])]
            mine = np.cumsum(new) - 1
            counts = np.bincount(place[new], minlength=above)
            first.append(begin + np.cumsum(counts) - counts)
            node.append(table[new, level].astype(np.int32))
            last = level == length - 1
            leaf.append(order[new] if last else np.full(int(new.sum()), -1, np.int64))
            begin, above, place = begin + int(new.sum()), int(new.sum()), mine
        first.append(np.full(above + 1, begin, np.int64))
        return cls(
            length,
            np.concatenate(first).astype(np.int64),
            np.concatenate(node),
            np.concatenate(leaf),
            len(sequences),
        )


@dataclass(frozen=True)
class Support:
    """How many units and users have each sequence, side by side.

    Parameters
    ----------
    sizes : ndarray of int64, shape (4,)
        Units of the first and the second side, then users.
    units, users : ndarray of int64, shape (2, C)
    """

    sizes: npt.NDArray[np.int64]
    units: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]


@kernel(
    types.void(
        i32, i64, i64, i32, i32, i64, i32, i64, types.int64, types.int64, out_i64, out_i64, out_i32,
        out_i64, out_i64, out_i64,
    )
)  # fmt: skip
def _count(  # noqa: C901, PLR0912  # one walk, kept whole for speed
    nodes: Array,
    begin: Array,
    end: Array,
    users: Array,
    side: Array,
    first: Array,
    node: Array,
    leaf: Array,
    different: int,
    sequences: int,
    counts: Array,
    people: Array,
    seen: Array,
    offsets: Array,
    filled: Array,
    places: Array,
) -> None:
    """Count the units (and users) of each side that have each sequence.

    ``offsets`` and ``filled`` (different + 1) and ``places`` (longest unit) sort a unit's places
    by node.
    """
    at_place = np.empty(_DEEPEST, np.int64)
    at_child = np.empty(_DEEPEST, np.int64)
    at_from = np.empty(_DEEPEST, np.int64)
    for unit in range(len(begin)):
        low, high = begin[unit], end[unit]
        if high <= low:
            continue
        for code in range(different + 1):
            offsets[code] = 0
        for place in range(low, high):
            offsets[nodes[place] + 1] += 1
        for code in range(different):
            offsets[code + 1] += offsets[code]
            filled[code] = offsets[code]
        for place in range(low, high):
            places[filled[nodes[place]]] = place
            filled[nodes[place]] += 1
        shift = side[unit] * sequences
        user = users[unit] + 1
        depth = 0
        at_place[0], at_child[0], at_from[0] = 0, first[0], low
        while depth >= 0:
            if at_child[depth] == first[at_place[depth] + 1]:
                depth -= 1
                continue
            child = at_child[depth]
            at_child[depth] += 1
            code = node[child]
            a, b = offsets[code], offsets[code + 1]
            while a < b:  # the first place of the node from here on
                middle = (a + b) // 2
                if places[middle] < at_from[depth]:
                    a = middle + 1
                else:
                    b = middle
            if a == offsets[code + 1]:
                continue
            if leaf[child] >= 0:
                cell = shift + leaf[child]
                counts[cell] += 1
                if seen[cell] != user:
                    seen[cell] = user
                    people[cell] += 1
                continue
            depth += 1
            at_place[depth] = child
            at_child[depth] = first[child]
            at_from[depth] = places[a] + 1


def count_candidates(
    units: Units,
    end: npt.NDArray[np.int64],
    side: npt.NDArray[np.int32],
    candidates: Candidates,
    different: int,
) -> Support:
    """Count the units of a chunk that have each candidate.

    Parameters
    ----------
    units : Units
    end : ndarray of int64, shape (S,)
        Where each unit is cut off.
    side : ndarray of int32, shape (S,)
        0 or 1.
    candidates : Candidates
    different : int
        How many nodes there are.
    """
    size = 2 * candidates.count
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    begin = units.starts[:-1]
    longest = int((end - begin).max(initial=0))
    _count(
        units.nodes, begin, end, units.users, side, candidates.first, candidates.node,
        candidates.leaf, different, candidates.count, counts, people, np.zeros(size, np.int32),
        np.zeros(different + 1, np.int64), np.zeros(different + 1, np.int64),
        np.zeros(longest, np.int64),
    )  # fmt: skip
    sizes = [int(np.count_nonzero(side == one)) for one in (0, 1)]
    sizes += [len(np.unique(units.users[side == one])) for one in (0, 1)]
    return Support(np.array(sizes, np.int64), counts.reshape(2, -1), people.reshape(2, -1))


def merge_supports(size: int, parts: list[Support]) -> Support:
    """Add up the counts of chunks (units and users are never in two)."""
    nothing = np.zeros((2, size), np.int64)
    return Support(
        np.sum([np.zeros(4, np.int64), *(part.sizes for part in parts)], axis=0),
        np.sum([nothing, *(part.units for part in parts)], axis=0),
        np.sum([nothing, *(part.users for part in parts)], axis=0),
    )


@kernel(types.void(i32, i64, i64, i32, i32, types.boolean[::1]))
def _having(
    nodes: Array, begin: Array, end: Array, users: Array, wanted: Array, out: Array
) -> None:
    for unit in range(len(begin)):
        have = 0
        for place in range(begin[unit], end[unit]):
            if have < len(wanted) and nodes[place] == wanted[have]:
                have += 1
        if have == len(wanted):
            out[users[unit]] = True


def users_with_sequence(
    units: Units,
    end: npt.NDArray[np.int64],
    mine: npt.NDArray[np.bool_],
    wanted: npt.NDArray[np.int32],
    users: int,
) -> npt.NDArray[np.bool_]:
    """Say which of a chunk's users have a sequence in one of the units marked as mine."""
    out = np.zeros(users, np.bool_)
    _having(units.nodes, units.starts[:-1][mine], end[mine], units.users[mine], wanted, out)
    return out


def frequent_sequences(
    count: Callable[[Candidates], Support],
    nodes: Sequence[int],
    *,
    longest: int,
    least_share: float,
) -> tuple[dict[Sequence_, tuple[int, int, int, int]], npt.NDArray[np.int64]]:
    """Find all sequences that at least a share of one side's units have.

    Parameters
    ----------
    count : callable
        Counts candidates of one length over the whole log.
    nodes : sequence of int
    longest : int
    least_share : float

    Returns
    -------
    found : dict of sequence to (units of side 0, of side 1, users of side 0, of side 1)
    sizes : ndarray
        As :class:`Support` has them.

    Raises
    ------
    OptionError
        If there are too many candidates to be counted.
    """
    found: dict[Sequence_, tuple[int, int, int, int]] = {}
    candidates: list[Sequence_] = [(node,) for node in nodes]
    sizes = np.zeros(4, np.int64)
    while candidates:
        support = count(Candidates.of(candidates))
        sizes = support.sizes
        least = np.maximum(least_share * sizes[:2], 1.0)
        frequent: tuple[set[Sequence_], set[Sequence_]] = (set(), set())
        rows = np.concatenate([support.units, support.users]).T.tolist()
        for sequence, row in zip(candidates, rows, strict=True):
            for one in (0, 1):
                if row[one] >= least[one]:
                    frequent[one].add(sequence)
                    found[sequence] = (row[0], row[1], row[2], row[3])
        if len(candidates[0]) == longest:
            break
        candidates = sorted(_longer(frequent[0]) | _longer(frequent[1]))
        if len(candidates) > _MOST_CANDIDATES:
            allowed = (
                f"higher: {len(candidates):,} sequences of {len(candidates[0])} nodes would have to"
                f" be counted, and {_MOST_CANDIDATES:,} are the most"
            )
            raise OptionError.of("least_share", "contrast_paths", allowed, least_share)
    return found, sizes


def _longer(frequent: set[Sequence_]) -> set[Sequence_]:
    """Join sequences that overlap but for their ends; every part of a frequent one is frequent."""
    by_start: dict[Sequence_, list[int]] = {}
    for sequence in frequent:
        by_start.setdefault(sequence[:-1], []).append(sequence[-1])
    return {(*sequence, last) for sequence in frequent for last in by_start.get(sequence[1:], [])}
