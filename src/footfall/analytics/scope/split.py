"""Splits a chunk by a group of each row into chunks of the same users in the same order."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk, read_only

__all__ = ["first_known", "kept", "split", "users_of_groups"]


@kernel(types.void(i64, i32, out_i64, out_i64, out_i64))
def _count(offsets: Array, group: Array, last: Array, rows: Array, users: Array) -> None:
    """Count the rows and the users of each group; ``last`` starts at -1."""
    for user in range(len(offsets) - 1):
        for row in range(offsets[user], offsets[user + 1]):
            mine = group[row]
            if mine < 0:
                continue
            rows[mine] += 1
            if last[mine] != user:
                last[mine] = user
                users[mine] += 1


@kernel(types.void(i64, i32, out_i64, out_i64, out_i64, out_i64, out_i32, out_i64))
def _fill(
    offsets: Array,
    group: Array,
    last: Array,
    next_row: Array,
    next_user: Array,
    order: Array,
    places: Array,
    starts: Array,
) -> None:
    """Write each group's rows, its users' places, and where in ``order`` each user starts."""
    for user in range(len(offsets) - 1):
        for row in range(offsets[user], offsets[user + 1]):
            mine = group[row]
            if mine < 0:
                continue
            if last[mine] != user:
                last[mine] = user
                places[next_user[mine]] = user
                starts[next_user[mine]] = next_row[mine]
                next_user[mine] += 1
            order[next_row[mine]] = row
            next_row[mine] += 1


@kernel(types.void(i32, i32, out_i32))
def _first_known(run: Array, codes: Array, first: Array) -> None:
    """Find the first code of each run that is one; ``first`` starts at -1."""
    for row in range(len(run)):
        if codes[row] >= 0 and first[run[row]] < 0:
            first[run[row]] = codes[row]


def split(chunk: UserChunk, group: npt.NDArray[np.int32], groups: int) -> list[UserChunk | None]:
    """Give each group's rows as a chunk of its own.

    Parameters
    ----------
    chunk : UserChunk
    group : ndarray of int32, shape (N,)
        Group of each row, from 0; -1: in none.
    groups : int

    Returns
    -------
    list of UserChunk or None
        One a group, with the users that have rows in it, in the chunk's order; None without any.
    """
    rows, users = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    _count(chunk.offsets, group, np.full(groups, -1, np.int64), rows, users)
    row_ends, user_ends = np.cumsum(rows), np.cumsum(users)
    order = np.empty(int(rows.sum()), np.int64)
    places, starts = np.empty(int(users.sum()), np.int32), np.empty(int(users.sum()), np.int64)
    _fill(
        chunk.offsets,
        group,
        np.full(groups, -1, np.int64),
        row_ends - rows,
        user_ends - users,
        order,
        places,
        starts,
    )
    parts: list[UserChunk | None] = []
    for row_end, user_end, row_count, user_count in zip(
        row_ends, user_ends, rows, users, strict=True
    ):
        if not row_count:
            parts.append(None)
            continue
        mine = slice(user_end - user_count, user_end)
        begin = row_end - row_count
        offsets = np.append(starts[mine], row_end) - begin
        parts.append(_taken(chunk, places[mine], offsets, order[begin:row_end]))
    return parts


def kept(chunk: UserChunk, mask: npt.NDArray[np.bool_]) -> UserChunk:
    """Keep some of a chunk's rows; users without any left are gone."""
    if mask.all():
        return chunk
    found = split(chunk, np.where(mask, 0, -1).astype(np.int32), 1)[0]
    nobody, nothing = np.zeros(0, np.int32), np.zeros(0, np.int64)
    return found or _taken(chunk, nobody, np.zeros(1, np.int64), nothing)


def _taken(chunk: UserChunk, places: Array, offsets: Array, rows: Array) -> UserChunk:
    columns = read_only({name: column[rows] for name, column in chunk.columns.items()})
    return replace(chunk, users=chunk.users[places], offsets=offsets, columns=columns, verify=False)


def first_known(
    run: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], runs: int
) -> npt.NDArray[np.int32]:
    """Give every row the first code its run has.

    Parameters
    ----------
    run : ndarray of int32, shape (N,)
        Which run (session, user) each row belongs to, from 0.
    codes : ndarray of int32, shape (N,)
        -1: none.
    runs : int

    Returns
    -------
    ndarray of int32, shape (N,)
    """
    first = np.full(runs, -1, np.int32)
    _first_known(run, codes, first)
    return first[run]


def users_of_groups(
    chunk: UserChunk, group: npt.NDArray[np.int32], groups: int
) -> npt.NDArray[np.int64]:
    """Count the users with a row in each group, shape (groups,)."""
    users = np.zeros(groups, np.int64)
    _count(chunk.offsets, group, np.full(groups, -1, np.int64), np.zeros(groups, np.int64), users)
    return users
