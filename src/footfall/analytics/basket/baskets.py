"""Baskets: the different things (items, categories, brands) that one order or session holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.value.orders import OrderRule, Orders, orders_of
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk

__all__ = [
    "BasketRule",
    "Baskets",
    "add_counts",
    "baskets_of",
    "count_things",
]


@dataclass(frozen=True)
class BasketRule:
    """Which events are one basket, and of what.

    Parameters
    ----------
    lines : OrderRule
        The events, and which of them stand together.
    of_item : ndarray of int32
        See :class:`footfall.analytics.value.things.Things`.
    things : int
        Number of things that are kept.
    per_user : bool, default=False
        All lines of a user are one basket.
    most : int
        Baskets with more different things are passed over.
    place : ndarray of int32, shape (all things,), optional
        Only some things are kept (others: -1), and ascending numbered from 0; what is too large is
        decided before.
    """

    lines: OrderRule
    of_item: npt.NDArray[np.int32]
    things: int
    per_user: bool = False
    most: int = 100
    place: npt.NDArray[np.int32] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :func:`baskets_of` reads."""
        return (*self.lines.columns, "item")


@dataclass(frozen=True)
class Baskets:
    """The baskets of a chunk that hold a thing, by user and then by time.

    Parameters
    ----------
    user : ndarray of int32, shape (B,)
        Place of the user among the chunk's users, ascending.
    start : ndarray of int64, shape (B,)
        Timestamp of the first line.
    offsets : ndarray of int64, shape (B + 1,)
    things : ndarray of int32
        The different things of basket ``b`` are ``things[offsets[b]:offsets[b + 1]]``, ascending.
    large : int
        Baskets passed over because they hold too much.
    """

    user: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    things: npt.NDArray[np.int32]
    large: int

    def __len__(self) -> int:
        return len(self.user)


@kernel(types.int64(i64, i64, i32, i32, types.int64, out_i32, out_i64))
def _different(
    offsets: Array,
    rows: Array,
    item: Array,
    of_item: Array,
    most: int,
    things: Array,
    ends: Array,
) -> int:
    """Write the different things of each basket, ascending, and where they end; -1: too many.

    Gives how many baskets have too many.
    """
    large, end = 0, 0
    for basket in range(len(offsets) - 1):
        begin = end
        for line in range(offsets[basket], offsets[basket + 1]):
            thing = of_item[item[rows[line]]]
            if thing < 0:
                continue
            place = end
            while place > begin and things[place - 1] > thing:
                place -= 1
            if place > begin and things[place - 1] == thing:
                continue
            if end - begin == most:
                end = begin - 1
                break
            for move in range(end, place, -1):
                things[move] = things[move - 1]
            things[place] = thing
            end += 1
        if end < begin:
            large += 1
            end = begin
        ends[basket] = end
    return large


def baskets_of(chunk: UserChunk, rule: BasketRule) -> Baskets:
    """Find the baskets of a chunk's users.

    Parameters
    ----------
    chunk : UserChunk
        With the columns of the rule.
    rule : BasketRule

    Returns
    -------
    Baskets
        Those that hold a thing, and not too many.
    """
    orders = orders_of(chunk, rule.lines)
    if rule.per_user:
        orders = _of_users(orders)
    things = np.empty(len(orders.rows), np.int32)
    ends = np.empty(len(orders), np.int64)
    large = _different(
        orders.offsets, orders.rows, chunk["item"], rule.of_item, rule.most, things, ends
    )
    things = things[: ends[-1]] if len(ends) else things[:0]
    if rule.place is not None:
        things = rule.place[things]
        ends = np.append(0, np.cumsum(things >= 0))[ends]
        things = things[things >= 0]
    kept = np.flatnonzero(np.diff(ends, prepend=0))
    starts = chunk["timestamp"][orders.rows[orders.offsets[:-1][kept]]]
    offsets = np.append(0, ends[kept]).astype(np.int64)
    return Baskets(orders.user[kept], starts, offsets, things, large)


def _of_users(orders: Orders) -> Orders:
    starts = np.flatnonzero(np.diff(orders.user, prepend=-1))
    offsets = np.append(orders.offsets[starts], orders.offsets[-1]).astype(np.int64)
    return Orders(orders.user[starts], offsets, orders.rows)


def count_things(rule: BasketRule, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count a chunk's baskets: those with each thing, then all, then those passed over."""
    found = baskets_of(chunk, rule)
    counts = np.bincount(found.things, minlength=rule.things)
    return np.append(counts, (len(found), found.large)).astype(np.int64)


def add_counts(size: int, parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Add up arrays of counts; no chunk at all counts nothing."""
    return np.sum([np.zeros(size, np.int64), *parts], axis=0)
