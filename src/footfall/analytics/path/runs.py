"""The path kernel: counts runs of consecutive event types inside sessions or users, exactly.

A run of k event types is one number: each type takes ``bits`` bits, the first one the highest. The
loop shifts the next type in and masks the oldest out. Where the numbers are small they index a
table; otherwise they are looked up in one, which grows between users.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i16, i32, i64, kernel, out_i32, out_i64

__all__ = ["MOST_BITS", "RunPart", "count_runs", "merge_runs"]

MOST_BITS = 63  # of an int64 that stays positive
_DENSE_BITS = 20
_SMALLEST = 1 << 16
_ALL = (1 << MOST_BITS) - 1
_SPREAD = -7046029254386353131  # 2**64 divided by the golden ratio, as int64: spreads codes


@kernel(
    types.int64(
        i64, i16, i32, i16, types.boolean, types.int64, types.int64, types.int64, types.int64,
        out_i64, out_i64, out_i64, out_i64, out_i32,
    )
)  # fmt: skip
def _count(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    event_type: Array,
    session: Array,
    code_of: Array,
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

    ``session`` may be empty (runs span all of a user), ``keys`` too (the code is the place).
    """
    mask = (np.int64(1) << (bits * length)) - 1 if bits * length < MOST_BITS else _ALL
    shift_most = np.int64(len(keys) - 1)
    while user < len(offsets) - 1:
        begin, end = offsets[user], offsets[user + 1]
        if len(keys) > 0 and 2 * (filled + end - begin) > len(keys):
            return user
        code, have, place = np.int64(0), 0, np.int64(-1)
        for row in range(begin, end):
            if row > begin and len(session) > 0 and session[row] != session[row - 1]:
                if have >= length:
                    ended[place] += 1
                code, have = np.int64(0), 0
            elif collapse and row > begin and event_type[row] == event_type[row - 1]:
                continue
            code = ((code << bits) | code_of[event_type[row]]) & mask
            have += 1
            if have < length:
                continue
            place = code
            if len(keys) > 0:
                place = (code * _SPREAD >> 20) & shift_most
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
        _place(old.codes, table.keys, places)
        table.runs[places], table.users[places], table.ended[places] = (
            old.runs,
            old.users,
            old.ended,
        )
        return table


@kernel(types.void(i64, out_i64, out_i64))
def _place(codes: Array, keys: Array, places: Array) -> None:
    """Put different codes into an empty table and say where each went."""
    mask = np.int64(len(keys) - 1)
    for at in range(len(codes)):
        place = (codes[at] * _SPREAD >> 20) & mask
        while keys[place] >= 0:
            place = (place + 1) & mask
        keys[place] = codes[at]
        places[at] = place


def count_runs(
    offsets: Array,
    event_type: Array,
    session: Array,
    *,
    code_of: Array,
    bits: int,
    length: int,
    collapse_repeats: bool,
) -> RunPart:
    """Count every run of ``length`` consecutive events of some users.

    Parameters
    ----------
    offsets : ndarray of int64, shape (U + 1,)
    event_type : ndarray of int16, shape (N,)
    session : ndarray of int32, shape (N,) or (0,)
        Session numbers no run crosses; empty: runs span all of a user's events.
    code_of : ndarray of int16, shape (types,)
        Dense code of each event type, below ``2 ** bits``.
    bits, length : int
        ``bits * length`` may be at most :data:`MOST_BITS`.
    collapse_repeats : bool
        Take events of one type in a row as one.
    """
    dense = bits * length <= _DENSE_BITS
    table = _Table(1 << (bits * length) if dense else _SMALLEST, dense=dense)
    user, users = 0, len(offsets) - 1
    while True:
        user = _count(
            offsets, event_type, session, code_of, collapse_repeats, bits, length, user,
            table.filled, table.keys, table.runs, table.users, table.ended, table.seen,
        )  # fmt: skip
        if user >= users:
            return table.part()
        # Double, so that the growing costs no more than the counting.
        table = table.grown(max(int(offsets[user + 1] - offsets[user]), len(table.keys)))


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
