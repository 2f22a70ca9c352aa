"""What every buyer did so far, in three numbers: last order, orders, money."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.value.orders import OrderRule, Orders, orders_of
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Buyers", "measure_buyers", "merge_buyers", "sorted_ids"]


@dataclass(frozen=True)
class Buyers:
    """Users with an order, by user code.

    Parameters
    ----------
    users : ndarray of int32, shape (U,)
        Codes, ascending.
    first, last : ndarray of int64, shape (U,)
        Microseconds UTC of the first line of the first order, and of the last line bought.
    orders : ndarray of int64, shape (U,)
    amount : ndarray of int64, shape (U,)
        Minor units, returns taken off where that was asked for.
    latest : int
        Last event of anybody, microseconds UTC; -1 where there is none.
    """

    users: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    orders: npt.NDArray[np.int64]
    amount: npt.NDArray[np.int64]
    latest: int


def measure_buyers(
    rule: OrderRule, returns: OrderRule | None, until: int, chunk: UserChunk
) -> Buyers:
    """Sum up one chunk's buyers; events after ``until`` do not count."""
    found = orders_of(chunk, rule, until=until)
    starts = np.flatnonzero(np.diff(found.user, prepend=-1))
    buyers = found.user[starts]
    if not len(buyers):
        none = np.zeros(0, np.int64)
        return Buyers(np.zeros(0, np.int32), none, none, none, none, _latest(chunk, until))
    line_starts = found.offsets[starts]
    times = chunk["timestamp"][found.rows]
    amount = np.add.reduceat(chunk["amount"][found.rows], line_starts)
    if returns is not None:
        amount = amount - _returned(chunk, returns, until)[buyers]
    return Buyers(
        chunk.users[buyers],
        np.minimum.reduceat(times, line_starts),
        np.maximum.reduceat(times, line_starts),
        np.diff(starts, append=len(found)).astype(np.int64),
        amount,
        _latest(chunk, until),
    )


def _returned(chunk: UserChunk, returns: OrderRule, until: int) -> npt.NDArray[np.int64]:
    """Add up the money each user of the chunk was given back."""
    back: Orders = orders_of(chunk, returns, until=until)
    total = np.zeros(len(chunk.users), np.int64)
    np.add.at(total, back.user, back.amounts(chunk))
    return total


def _latest(chunk: UserChunk, until: int) -> int:
    ends = chunk.offsets[1:][np.diff(chunk.offsets) > 0] - 1
    latest = int(chunk["timestamp"][ends].max()) if len(ends) else -1
    return min(latest, until)


def merge_buyers(parts: list[Buyers]) -> Buyers:
    """Put the buyers of chunks in the order of their codes (users are never in two)."""
    users = np.concatenate([np.zeros(0, np.int32), *(part.users for part in parts)])
    place = np.argsort(users, kind="stable")
    first, last, orders, amount = (
        np.concatenate([np.zeros(0, np.int64), *(getattr(part, name) for part in parts)])[place]
        for name in ("first", "last", "orders", "amount")
    )
    latest = max([-1, *(part.latest for part in parts)])
    return Buyers(users[place], first, last, orders, amount, latest)


def sorted_ids(log: LogView, codes: Array) -> list[str]:
    """Give the ids of some user codes in alphabetical order."""
    return sorted(log.user_ids.strings(codes).to_pylist())
