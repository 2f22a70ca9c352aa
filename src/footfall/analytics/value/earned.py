"""What each user, or each thing bought, brought in: the ground of shares and tiers."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope import Asked, Scope
from footfall.analytics.value.buyers import measure_buyers
from footfall.analytics.value.orders import EVER, OrderRule, orders_of
from footfall.analytics.value.things import Things
from footfall.kernels import Array
from footfall.store.chunk import UserChunk

__all__ = ["Earned", "ask_earned", "buyers_of_tiers"]


@dataclass(frozen=True)
class Earned:
    """Money of each user or thing that had a purchase.

    Parameters
    ----------
    codes : ndarray of int32, shape (M,)
        User codes or places of things, ascending.
    amount : ndarray of int64, shape (M,)
        Minor units, returns taken off where that was asked for.
    """

    codes: npt.NDArray[np.int32]
    amount: npt.NDArray[np.int64]

    def ranked(self) -> npt.NDArray[np.int64]:
        """Give the places from most to least money; of equal ones the lower code first."""
        return np.argsort(-self.amount, kind="stable")


def ask_earned(
    scope: Scope, rule: OrderRule, returns: OrderRule | None, things: Things | None, label: str
) -> Asked[Earned]:
    """Sum up money a user (no things) or a thing."""
    if things is None:
        return scope.ask(
            partial(_of_users, rule, returns), _merged, columns=rule.columns, label=label
        )
    return scope.ask(
        partial(_of_things, rule, returns, things.of_item, len(things)),
        partial(_merged_things, len(things)),
        columns=(*rule.columns, "item"),
        label=label,
    )


def _of_users(rule: OrderRule, returns: OrderRule | None, chunk: UserChunk) -> Earned:
    found = measure_buyers(rule, returns, EVER, chunk)
    return Earned(found.users, found.amount)


def _merged(parts: list[Earned]) -> Earned:
    codes = np.concatenate([np.zeros(0, np.int32), *(part.codes for part in parts)])
    amount = np.concatenate([np.zeros(0, np.int64), *(part.amount for part in parts)])
    order = np.argsort(codes, kind="stable")
    return Earned(codes[order], amount[order])


_Sums = tuple[Array, Array, Array]  # places of things, lines bought, money


def _of_things(
    rule: OrderRule, returns: OrderRule | None, of_item: Array, size: int, chunk: UserChunk
) -> _Sums:
    lines, money = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for mine, sign in ((rule, 1), (returns, -1)):
        if mine is None:
            continue
        rows = orders_of(chunk, mine).rows
        thing = of_item[chunk["item"][rows]]
        known = thing >= 0
        np.add.at(money, thing[known], sign * chunk["amount"][rows][known])
        if sign > 0:
            lines = np.bincount(thing[known], minlength=size)
    found = np.flatnonzero((lines > 0) | (money != 0))
    return found, lines[found], money[found]


def _merged_things(size: int, parts: list[_Sums]) -> Earned:
    lines, money = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for found, bought, sums in parts:
        lines[found] += bought
        money[found] += sums
    found = np.flatnonzero(lines)
    return Earned(found.astype(np.int32), money[found])


def buyers_of_tiers(rule: OrderRule, tier_of_item: Array, tiers: int, chunk: UserChunk) -> Array:
    """Say which of a chunk's users bought a thing of each tier, shape (U, tiers)."""
    found = orders_of(chunk, rule)
    user = np.repeat(found.user, np.diff(found.offsets))
    tier = tier_of_item[chunk["item"][found.rows]]
    bought = np.zeros((len(chunk.users), tiers), np.bool_)
    bought[user[tier >= 0], tier[tier >= 0]] = True
    return bought
