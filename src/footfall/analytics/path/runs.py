"""The path kernel: counts runs of consecutive nodes inside sessions or users, exactly.

A run of k nodes is one number: each node takes ``bits`` bits, the first one the highest. The
loop shifts the next node in and masks the oldest out. Where the numbers are small they index a
table; otherwise they are looked up in one, which grows between users.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.hashing import SPREAD, place_codes
from footfall.analytics.path.units import Cut, Units
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["MOST_BITS", "Coding", "RunPart", "count_runs", "merge_runs", "users_with_run"]

MOST_BITS = 63  # of an int64 that stays positive
_DENSE_BITS = 20
_NOTHING = np.zeros(0, np.int64)
_SMALLEST = 1 << 16
_ALL = (1 << MOST_BITS) - 1


@kernel(
    types.int64(
        i64, i64, i64, i32, i32, types.int64, types.boolean, types.int64, types.int64, types.int64,
        types.int64, out_i64, out_i64, out_i64, out_i64, out_i32,
    )
)  # fmt: skip
def _count(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    session: Array,
    node: Array,
    code_of: Array,
    gap: int,
    collapse: bool,  # noqa: FBT001  # kernels take their arguments by position
    bits: int,
    length: int,
    user: int,
    filled: int,
    keys: Array,
    runs: Array,
    users: Array,
    ended: Array,
    seen: Array,
) -> int:
    """Count runs from ``user`` on; give the first user that no longer fits into the table.

    ``timestamp`` may be empty (runs span all of a user), ``keys`` too (the code is the place).
    """
    mask = (np.int64(1) << (bits * length)) - 1 if bits * length < MOST_BITS else _ALL
    shift_most = np.int64(len(keys) - 1)
    by_session = len(timestamp) > 0
    while user < len(offsets) - 1:
        begin, end = offsets[user], offsets[user + 1]
        if len(keys) > 0 and 2 * (filled + end - begin) > len(keys):
            return user
        code, have, place, before = np.int64(0), 0, np.int64(-1), -1
        for row in range(begin, end):
            if (
                by_session
                and row > begin
                and (
                    session[row] != session[row - 1]
                    or (session[row] == 0 and timestamp[row] - timestamp[row - 1] > gap)
                )
            ):
                if have >= length:
                    ended[place] += 1
                code, have, before = np.int64(0), 0, -1
            mine = node[row]
            if mine < 0 or (collapse and mine == before):
                continue
            before = mine
            code = ((code << bits) | code_of[mine]) & mask
            have += 1
            if have < length:
                continue
            place = code
            if len(keys) > 0:
                place = (code * SPREAD >> 20) & shift_most
                while keys[place] >= 0 and keys[place] != code:
                    place = (place + 1) & shift_most
                if keys[place] < 0:
                    keys[place] = code
                    filled += 1
            runs[place] += 1
            if seen[place] != user + 1:
                seen[place] = user + 1
                users[place] += 1
        if have >= length:
            ended[place] += 1
        user += 1
    return user


@dataclass(frozen=True)
class Coding:
    """Dense codes of nodes: few bits each, so that long runs fit into one number.

    Parameters
    ----------
    code_of : ndarray of int32, shape (nodes,)
    node_of : ndarray of int64, shape (codes,)
    """

    code_of: npt.NDArray[np.int32]
    node_of: npt.NDArray[np.int64]

    @classmethod
    def of(cls, nodes: npt.NDArray[np.int64], size: int) -> "Coding":
        """Code some of ``size`` nodes."""
        code_of = np.zeros(size, np.int32)
        code_of[nodes] = np.arange(len(nodes))
        return cls(code_of, nodes)

    @property
    def bits(self) -> int:
        """Bits of one code."""
        return max(1, (len(self.node_of) - 1).bit_length())

    def nodes_at(self, codes: Array, place: int, length: int) -> Array:
        """Give the node at one place of each run."""
        shift = self.bits * (length - 1 - place)
        return self.node_of[(codes >> shift) & ((1 << self.bits) - 1)]


@dataclass(frozen=True)
class RunPart:
    """Counts of runs, one row a run.

    Parameters
    ----------
    codes : ndarray of int64, shape (R,)
        Ascending.
    runs, users, ended : ndarray of int64, shape (R,)
        How often the run occurred, in how many users, and how often it was the last of its
        session (or user).
    """

    codes: npt.NDArray[np.int64]
    runs: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]


class _Table:
    """The counters of runs: indexed by code when codes are small, else by a growing hash table."""

    def __init__(self, size: int, *, dense: bool) -> None:
        self.keys = np.full(0 if dense else size, -1, np.int64)
        self.runs, self.users, self.ended = (np.zeros(size, np.int64) for _ in range(3))
        self.seen = np.zeros(size, np.int32)

    @property
    def filled(self) -> int:
        return int(np.count_nonzero(self.keys >= 0))

    def part(self) -> RunPart:
        """Give what was counted."""
        found = np.flatnonzero(self.runs)
        codes = self.keys[found] if len(self.keys) else found
        order = np.argsort(codes)
        found = found[order]
        return RunPart(codes[order], self.runs[found], self.users[found], self.ended[found])

    def grown(self, more: int) -> "_Table":
        """Give a table of the same counts with room for ``more`` codes."""
        old = self.part()
        table = _Table(1 << int(2 * (len(old.codes) + more)).bit_length(), dense=False)
        places = np.empty(len(old.codes), np.int64)
        place_codes(old.codes, table.keys, places)
        table.runs[places], table.users[places], table.ended[places] = (
            old.runs,
            old.users,
            old.ended,
        )
        return table


def count_runs(
    chunk: UserChunk, nodes: npt.NDArray[np.int32], cut: Cut, coding: Coding, length: int
) -> RunPart:
    """Count every run of ``length`` consecutive nodes of a chunk.

    Parameters
    ----------
    chunk : UserChunk
        With the columns of the cut.
    nodes : ndarray of int32, shape (N,)
        Node of each row; those below 0 are passed over.
    cut : Cut
        What no run crosses.
    coding : Coding
        ``coding.bits * length`` may be at most :data:`MOST_BITS`.
    length : int
    """
    offsets, bits = chunk.offsets, coding.bits
    times = (_NOTHING, _NOTHING) if cut.gap is None else (chunk["timestamp"], chunk["session"])
    dense = bits * length <= _DENSE_BITS
    table = _Table(1 << (bits * length) if dense else _SMALLEST, dense=dense)
    user, users = 0, len(offsets) - 1
    while True:
        user = _count(
            offsets, times[0], times[1], nodes, coding.code_of, cut.gap or 0,
            cut.collapse_repeats, bits, length, user, table.filled, table.keys, table.runs,
            table.users, table.ended, table.seen,
        )  # fmt: skip
        if user >= users:
            return table.part()
        # Double, so that the growing costs no more than the counting.
        table = table.grown(max(int(offsets[user + 1] - offsets[user]), len(table.keys)))


@kernel(types.void(i32, i64, i32, i32, types.boolean, types.boolean[::1]))
def _containing(
    nodes: Array,
    starts: Array,
    users: Array,
    wanted: Array,
    last: bool,  # noqa: FBT001  # kernels take their arguments by position
    out: Array,
) -> None:
    size = len(wanted)
    for unit in range(len(users)):
        begin, end = starts[unit], starts[unit + 1]
        if out[users[unit]]:
            continue
        for place in range(max(begin, end - size) if last else begin, end - size + 1):
            same = True
            for at in range(size):
                if nodes[place + at] != wanted[at]:
                    same = False
                    break
            if same:
                out[users[unit]] = True
                break


def users_with_run(
    units: Units, wanted: npt.NDArray[np.int32], users: int, *, last: bool = False
) -> npt.NDArray[np.bool_]:
    """Say which of a chunk's users have a run.

    Parameters
    ----------
    units : Units
    wanted : ndarray of int32
        Nodes of the run.
    users : int
        Users of the chunk.
    last : bool, default=False
        Only runs with nothing after them in their unit.
    """
    out = np.zeros(users, np.bool_)
    _containing(units.nodes, units.starts, units.users, wanted, last, out)
    return out


def merge_runs(parts: list[RunPart]) -> RunPart:
    """Add up the counts of chunks (users are never in two)."""
    nothing = np.zeros(0, np.int64)
    codes, place = np.unique(
        np.concatenate([nothing, *(part.codes for part in parts)]), return_inverse=True
    )
    sums = []
    for name in ("runs", "users", "ended"):
        total = np.zeros(len(codes), np.int64)
        np.add.at(total, place, np.concatenate([nothing, *(getattr(part, name) for part in parts)]))
        sums.append(total)
    return RunPart(codes, *sums)
