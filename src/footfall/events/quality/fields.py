"""Counts what events do not say, which items they name, and how quantities are spread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.events.quality.chunks import FIELDS, Chunk
from footfall.kernels import Array, f32, f64, i16, i32, i64, kernel, out_i64

__all__ = ["Counted", "Fields", "LargeQuantity", "measure_fields", "merge_fields"]


@dataclass(frozen=True)
class Counted:
    """Values that occurred and how often, values ascending.

    Parameters
    ----------
    values, counts : ndarray of int64, shape (V,)
    """

    values: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class LargeQuantity:
    """An event with a quantity above the floor; codes and microseconds UTC."""

    quantity: int
    user: int
    timestamp: int
    item: int
    event_type: int


@dataclass(frozen=True)
class Fields:
    """What events say and do not say.

    Parameters
    ----------
    missing : ndarray of int64, shape (T, F)
        Events of each type that lack each of FIELDS.
    unpriced : ndarray of int64, shape (T,)
        Events of each type with neither price nor amount.
    items : Counted
        Item codes and their events.
    quantities : Counted
        Quantities above 0 and their events.
    largest : list of LargeQuantity
        The largest quantities above the floor, largest first.
    """

    missing: npt.NDArray[np.int64]
    unpriced: npt.NDArray[np.int64]
    items: Counted
    quantities: Counted
    largest: list[LargeQuantity]


@kernel(types.void(i16, i32, i64, i32, i64, i64, f32, i32, f64, f64, out_i64, out_i64))
def _count_missing(
    event_type: Array,
    item: Array,
    session: Array,
    quantity: Array,
    price: Array,
    amount: Array,
    rating: Array,
    slot: Array,
    propensity: Array,
    reward: Array,
    missing: Array,
    unpriced: Array,
) -> None:
    for row in range(len(event_type)):
        at = event_type[row] * 9
        # An amount of 0 with a price of 0 was said: a gift.
        no_amount = amount[row] == 0 and price[row] != 0
        missing[at] += item[row] < 0
        missing[at + 1] += session[row] == 0
        missing[at + 2] += quantity[row] == 0
        missing[at + 3] += price[row] < 0
        missing[at + 4] += no_amount
        missing[at + 5] += rating[row] != rating[row]
        missing[at + 6] += slot[row] < 0
        missing[at + 7] += propensity[row] != propensity[row]
        missing[at + 8] += reward[row] != reward[row]
        unpriced[event_type[row]] += price[row] < 0 and no_amount


def measure_fields(chunk: Chunk, *, kinds: int, floor: int, listed: int) -> Fields:
    """Count what the events of some users say.

    Parameters
    ----------
    chunk : Chunk
        With the columns timestamp, event_type and FIELDS.
    kinds : int
        Number of event types T.
    floor : int
        Quantities up to this are never listed.
    listed : int
        How many of the largest quantities to keep.
    """
    missing = np.zeros(kinds * len(FIELDS), np.int64)
    unpriced = np.zeros(kinds, np.int64)
    _count_missing(
        chunk["event_type"],
        chunk["item"],
        chunk["session"],
        chunk["quantity"],
        chunk["price"],
        chunk["amount"],
        chunk["rating"],
        chunk["slot"],
        chunk["propensity"],
        chunk["reward"],
        missing,
        unpriced,
    )
    item, quantity = chunk["item"], chunk["quantity"]
    counts = np.bincount(item[item >= 0])
    seen = np.flatnonzero(counts)
    return Fields(
        missing.reshape(kinds, len(FIELDS)),
        unpriced,
        Counted(seen, counts[seen]),
        Counted(*_int64(np.unique(quantity[quantity > 0], return_counts=True))),
        _largest(chunk, floor, listed),
    )


def merge_fields(parts: Sequence[Fields], *, kinds: int, listed: int) -> Fields:
    """Add up the counts of all users; no parts give an empty answer."""
    missing = np.zeros((kinds, len(FIELDS)), np.int64)
    unpriced = np.zeros(kinds, np.int64)
    for part in parts:
        missing += part.missing
        unpriced += part.unpriced
    largest = sorted((large for part in parts for large in part.largest), key=_largest_first)
    return Fields(
        missing,
        unpriced,
        _together([part.items for part in parts]),
        _together([part.quantities for part in parts]),
        largest[:listed],
    )


def _largest(chunk: Chunk, floor: int, listed: int) -> list[LargeQuantity]:
    quantity = chunk["quantity"]
    rows = np.flatnonzero(quantity > floor)
    if listed == 0:
        return []
    if len(rows) > listed:
        least = np.partition(quantity[rows], len(rows) - listed)[len(rows) - listed]
        rows = rows[quantity[rows] >= least]
    users = chunk.users[np.searchsorted(chunk.offsets, rows, side="right") - 1]
    time, item, kind = (chunk[name][rows] for name in ("timestamp", "item", "event_type"))
    order = np.lexsort((kind, item, users, time, -quantity[rows].astype(np.int64)))[:listed]
    columns = (quantity[rows], users, time, item, kind)
    return [LargeQuantity(*row) for row in zip(*(c[order].tolist() for c in columns), strict=True)]


def _largest_first(large: LargeQuantity) -> tuple[int, ...]:
    return (-large.quantity, large.timestamp, large.user, large.item, large.event_type)


def _together(parts: Sequence[Counted]) -> Counted:
    nothing = np.zeros(0, np.int64)
    values = np.concatenate([nothing, *(part.values for part in parts)])
    counts = np.concatenate([nothing, *(part.counts for part in parts)])
    distinct, place = np.unique(values, return_inverse=True)
    total = np.zeros(len(distinct), np.int64)
    np.add.at(total, place, counts)
    return Counted(distinct, total)


def _int64(arrays: Sequence[Array]) -> list[Array]:
    return [array.astype(np.int64) for array in arrays]
