"""Journeys: how a chunk's events become paths, and which users are behind them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.attribution.paths import GROUPS, Paths, added
from footfall.analytics.attribution.walk import spread, walk
from footfall.analytics.scope.conditions import Condition
from footfall.analytics.scope.fields import Field
from footfall.analytics.scope.grouping import NONE, texts
from footfall.analytics.scope.split import users_of_groups
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of

__all__ = ["Journeys", "measure_paths", "users_of_channels"]


@dataclass(frozen=True)
class Journeys:
    """Which events are touches and conversions, and how they become paths: plain values.

    Parameters
    ----------
    field : Field
        What a touch is a touch of.
    touch : Condition or None
        Events that are touches; None: those that have the field.
    touch_types : ndarray of bool or None
        The same by event type.
    sale : ndarray of bool, shape (types,)
        Event types that are a conversion.
    each_event : bool
        Every such event is a conversion of its own; otherwise those of one session are one.
    gap : int
        Microseconds of silence that end a session.
    direct : tuple of str
        Channels that only count where no other is in the path.
    lookback, half_life : int
        Microseconds.
    since_previous : bool
    longest : int
        Touches a path keeps.
    start : int
        Paths that end before this moment do not count.
    seed : int
        Of the groups of users.
    """

    field: Field
    touch: Condition | None
    touch_types: npt.NDArray[np.bool_] | None
    sale: npt.NDArray[np.bool_]
    each_event: bool
    gap: int
    direct: tuple[str, ...]
    lookback: int
    half_life: int
    since_previous: bool
    longest: int
    start: int
    seed: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        named = self.touch.columns if self.touch else ()
        own = (*SESSION_COLUMNS, "event_type", "amount")
        return tuple(dict.fromkeys([*own, *self.field.columns, *named]))

    def coded(self, chunk: UserChunk) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Give each event's channel, -1 where it is no touch, and the channels' names."""
        words = [*texts(self.field.values(chunk)).to_pylist(), NONE]
        codes = np.array(self.field.codes(chunk), np.int32)
        if self.touch_types is not None:
            touched = self.touch_types[chunk["event_type"]]
        elif self.touch is not None:
            touched = self.touch.mask(chunk)
        else:
            touched = codes >= 0
        codes[touched & (codes < 0)] = len(words) - 1
        codes[~touched] = -1
        return codes, words


@dataclass(frozen=True)
class _Walked:
    """The paths of a chunk, one by one."""

    words: list[str]
    flat: npt.NDArray[np.int32]
    units: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    user_of: npt.NDArray[np.int32]
    converted: npt.NDArray[np.int8]
    money: npt.NDArray[np.int64]


def _walked(journeys: Journeys, chunk: UserChunk) -> _Walked:
    codes, words = journeys.coded(chunk)
    sale = journeys.sale[chunk["event_type"]]
    weak = np.isin(np.array(words, object), np.array(journeys.direct, object))
    if journeys.each_event:
        order = np.arange(chunk.events, dtype=np.int32)
    else:
        order = sessions_of(chunk, journeys.gap)
    touches, sales = int(np.count_nonzero(codes >= 0)), int(np.count_nonzero(sale))
    room = touches + (0 if journeys.since_previous else min(journeys.longest, touches) * sales)
    flat, units = np.empty(room, np.int32), np.empty(room, np.int64)
    ends, money = np.empty(touches + sales, np.int64), np.empty(touches + sales, np.int64)
    user_of, converted = np.empty(touches + sales, np.int32), np.empty(touches + sales, np.int8)
    paths = walk(
        chunk.offsets, chunk["timestamp"], codes, sale, chunk["amount"], order, weak,
        journeys.lookback, journeys.since_previous, journeys.longest, float(journeys.half_life),
        journeys.start, flat, units, ends, user_of, converted, money,
    )  # fmt: skip
    used = int(ends[paths - 1]) if paths else 0
    return _Walked(
        words, flat[:used], units[:used], ends[:paths], user_of[:paths], converted[:paths],
        money[:paths],
    )  # fmt: skip


def _groups_of(users: Array, seed: int) -> npt.NDArray[np.int32]:
    """Draw the group of each user from the user's number: the same on every engine."""
    mixed = users.astype(np.uint64) + np.uint64(seed % 2**32) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(GROUPS)).astype(np.int32)


def _users_with(walked: _Walked, chunk: UserChunk, *, converted: bool) -> tuple[Array, Array]:
    """Give the channel of each touch in paths (-1: in one without a conversion), and offsets."""
    lengths = np.diff(walked.ends, prepend=0)
    flat = walked.flat
    if converted:
        flat = np.where(np.repeat(walked.converted, lengths) > 0, flat, np.int32(-1))
    per_user = np.bincount(walked.user_of, weights=lengths, minlength=len(chunk.users))
    offsets = np.append(0, np.cumsum(per_user.astype(np.int64)))
    return np.ascontiguousarray(flat, np.int32), offsets


def _counted(walked: _Walked, chunk: UserChunk, *, converted: bool) -> Array:
    flat, offsets = _users_with(walked, chunk, converted=converted)
    return users_of_groups(UserChunk(chunk.users, offsets, {}), flat, len(walked.words))


def measure_paths(journeys: Journeys, chunk: UserChunk) -> Paths:
    """Find the paths of a chunk's users and add up the equal ones."""
    walked = _walked(journeys, chunk)
    channels = len(walked.words)
    group = _groups_of(chunk.users, journeys.seed)[walked.user_of]
    sums = np.zeros((3, GROUPS * channels), np.int64)
    spread(
        walked.flat, walked.units, walked.ends, group, walked.money, channels,
        sums[0], sums[1], sums[2],
    )  # fmt: skip
    cells = np.flatnonzero(sums[0])
    won = walked.converted.astype(np.int64)
    return added(
        Paths(
            words=tuple(walked.words),
            flat=walked.flat,
            ends=walked.ends,
            group=group,
            conversions=won,
            money=walked.money,
            lost=1 - won,
            cells=cells,
            credit=sums[0][cells],
            high=sums[1][cells],
            low=sums[2][cells],
            touches=np.bincount(walked.flat, minlength=channels).astype(np.int64),
            users=_counted(walked, chunk, converted=False),
            converted_users=_counted(walked, chunk, converted=True),
        )
    )


def users_of_channels(
    journeys: Journeys,
    wanted: frozenset[str] | None,
    converted: bool,  # noqa: FBT001  # bound by partial
    chunk: UserChunk,
) -> npt.NDArray[np.int32]:
    """Give the users with a touch of one of some channels in a path; None: with an empty path."""
    walked = _walked(journeys, chunk)
    if wanted is None:
        empty = np.diff(walked.ends, prepend=0) == 0
        return chunk.users[np.unique(walked.user_of[empty])]
    flat, offsets = _users_with(walked, chunk, converted=converted)
    named = np.array([word in wanted for word in walked.words] + [False])
    user = np.repeat(np.arange(len(chunk.users)), np.diff(offsets))
    return chunk.users[np.unique(user[named[flat]])]
