"""Sides: how users come to be on one side or the other, and what a chunk adds to each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.compare.moments import Moments, moments_of
from footfall.analytics.compare.values import ACTIVE, BOTH, assign_arms, user_values
from footfall.analytics.scope.fields import Field
from footfall.analytics.scope.grouping import texts
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of

__all__ = ["Compared", "Plan", "measure_sides", "merge_sides", "users_of_side"]


@dataclass(frozen=True)
class Plan:
    """Who is compared and what is measured: plain values that travel.

    Parameters
    ----------
    field : Field or None
        Arms: whose value says the arm ...
    values : tuple of str
        ... these two.
    exposure : ndarray of bool or None
        Event types that put a user into an arm; None: any event that has a value.
    members : ndarray of int8 or None
        Segments: side of each user code, -1 none, BOTH both.
    windows : tuple of (start, end)
        One time for arms and segments, two for periods.
    pre : int
        Microseconds before a user's time that reduce the noise; 0: none.
    bits_of : ndarray of int64, shape (types,)
    kinds, day, gap, watched : int
        As in :func:`.values.user_values`.
    """

    field: Field | None
    values: tuple[str, ...]
    exposure: npt.NDArray[np.bool_] | None
    members: npt.NDArray[np.int8] | None
    windows: tuple[tuple[int, int], ...]
    pre: int
    bits_of: npt.NDArray[np.int64]
    kinds: int
    day: int
    gap: int
    watched: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        own = (*SESSION_COLUMNS, "event_type", "amount")
        return tuple(dict.fromkeys([*own, *(self.field.columns if self.field else ())]))

    def arms(self, chunk: UserChunk) -> tuple[Array, Array]:
        """Give each user's side, and the beginning of the user's time."""
        start, end = self.windows[0]
        users = len(chunk.users)
        if self.field is None:
            members = self.members
            if members is None:
                return np.zeros(users, np.int8), np.full(users, start)
            known = chunk.users < len(members)
            arm = np.full(users, -1, np.int8)
            arm[known] = members[chunk.users[known]]
            return arm, np.full(users, start)
        words = texts(self.field.values(chunk))
        value_set = pa.array(self.values, pa.string())
        found = pc.index_in(words, value_set=value_set).fill_null(-1)
        table = np.append(found.to_numpy(zero_copy_only=False), -1).astype(np.int32)
        arm_of_row = table[self.field.codes(chunk)]
        counts = (
            np.ones(chunk.events, bool)
            if self.exposure is None
            else self.exposure[chunk["event_type"]]
        )
        arm, begin = np.empty(users, np.int8), np.empty(users, np.int64)
        assign_arms(chunk.offsets, chunk["timestamp"], arm_of_row, counts, start, end, arm, begin)
        if self.field.of_user and self.exposure is None:
            begin[:] = start  # a property of the user was there before the first event
        return arm, begin


@dataclass(frozen=True)
class Compared:
    """Sums of two sides.

    Parameters
    ----------
    sides : tuple of Moments
        Two for arms and segments (a user's values, then those before the user's time); one for
        periods, of users in either (values in the first period, then in the second).
    both : int
        Users left out because they were on both sides.
    """

    sides: tuple[Moments, ...]
    both: int


def _values(plan: Plan, chunk: UserChunk, begin: Array, end: Array) -> npt.NDArray[np.int64]:
    return user_values(
        chunk.offsets,
        chunk["timestamp"],
        sessions_of(chunk, plan.gap),
        chunk["event_type"],
        chunk["amount"],
        begin=begin,
        end=end,
        bits_of=plan.bits_of,
        kinds=plan.kinds,
        day=plan.day,
        watched=plan.watched,
    )


def _whole(chunk: UserChunk, moment: int) -> Array:
    return np.full(len(chunk.users), moment, np.int64)


def _sided(plan: Plan, chunk: UserChunk) -> tuple[Array, Array]:
    """Give the side of each user that has an event in the time, and all values."""
    arm, begin = plan.arms(chunk)
    values = _values(plan, chunk, begin, _whole(chunk, plan.windows[0][1]))
    side = np.where(values[:, ACTIVE] > 0, arm, -1)
    if plan.pre:
        before = _values(plan, chunk, begin - plan.pre, begin)
        values = np.concatenate([values, before], axis=1)
    return side, values


def measure_sides(plan: Plan, chunk: UserChunk) -> Compared:
    """Sum up a chunk's users by side."""
    if len(plan.windows) == 2:
        both = [
            _values(plan, chunk, _whole(chunk, start), _whole(chunk, end))
            for start, end in plan.windows
        ]
        joined = np.concatenate(both, axis=1)
        active = (both[0][:, ACTIVE] > 0) | (both[1][:, ACTIVE] > 0)
        return Compared((moments_of(joined[active]),), 0)
    side, values = _sided(plan, chunk)
    sides = tuple(moments_of(values[side == arm]) for arm in (0, 1))
    return Compared(sides, int(np.count_nonzero(side == BOTH)))


def merge_sides(columns: int, sides: int, parts: list[Compared]) -> Compared:
    """Add up chunks; no chunk at all compares nobody."""
    total = [Moments.none(columns) for _ in range(sides)]
    for part in parts:
        total = [mine + more for mine, more in zip(total, part.sides, strict=True)]
    return Compared(tuple(total), sum(part.both for part in parts))


def users_of_side(plan: Plan, side: int, chunk: UserChunk) -> npt.NDArray[np.int32]:
    """Give the users of a side: 0, 1, or BOTH (left out for arms and segments)."""
    if len(plan.windows) == 2:
        first, second = (
            _values(plan, chunk, _whole(chunk, start), _whole(chunk, end))[:, ACTIVE] > 0
            for start, end in plan.windows
        )
        return chunk.users[first & second if side == BOTH else (first, second)[side]]
    return chunk.users[_sided(plan, chunk)[0] == side]
