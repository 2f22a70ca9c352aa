"""Lifetime value, counted: money and buyers of each cohort at each age."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.value.orders import OrderRule, orders_of
from footfall.kernels import Array
from footfall.store.chunk import UserChunk

__all__ = [
    "CohortMoney",
    "Plan",
    "average_frame",
    "cohort_frame",
    "list_cohort",
    "measure_cohorts",
    "merge_cohorts",
]


@dataclass(frozen=True)
class Plan:
    """What a chunk needs to know to count cohorts.

    Parameters
    ----------
    rule : OrderRule
    returns : OrderRule or None
    by_event : bool
        Cohorts by any first event; False: by the first purchase.
    starts : ndarray of int64, shape (P + 1,)
        Boundaries of the calendar's periods.
    since : int
        Users who began before this moment are in no cohort.
    ages : int
        Ages counted, from 0.
    """

    rule: OrderRule
    returns: OrderRule | None
    by_event: bool
    starts: npt.NDArray[np.int64]
    since: int
    ages: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that are read."""
        return self.rule.columns

    def place(self, times: Array) -> npt.NDArray[np.int64]:
        """Give the period of some moments."""
        return np.searchsorted(self.starts, times, side="right") - 1


@dataclass(frozen=True)
class CohortMoney:
    """Counts by cohort (rows) and age (columns).

    Parameters
    ----------
    users : ndarray of int64, shape (P,)
    orders, buyers, money : ndarray of int64, shape (P, A)
        Within that age alone: orders, users whose first order it is, minor units.
    """

    users: npt.NDArray[np.int64]
    orders: npt.NDArray[np.int64]
    buyers: npt.NDArray[np.int64]
    money: npt.NDArray[np.int64]


def _cohort_of(plan: Plan, chunk: UserChunk) -> tuple[Array, Array]:
    """Give the cohort of each user and their age at the first order; -1: none."""
    found = orders_of(chunk, plan.rule)
    firsts = np.flatnonzero(np.diff(found.user, prepend=-1))
    bought = np.full(len(chunk.users), -1, np.int64)
    bought[found.user[firsts]] = plan.place(found.times(chunk)[firsts])
    began = np.full(len(chunk.users), -1, np.int64)
    if plan.by_event:
        some = np.diff(chunk.offsets) > 0
        began[some] = chunk["timestamp"][chunk.offsets[:-1][some]]
    else:
        began[found.user[firsts]] = found.times(chunk)[firsts]
    cohort = np.where(began >= max(plan.since, 0), plan.place(began), -1)
    return cohort, np.where(bought >= 0, bought - cohort, -1)


def measure_cohorts(plan: Plan, chunk: UserChunk) -> CohortMoney:
    """Count one chunk's cohorts."""
    periods, ages = len(plan.starts) - 1, plan.ages
    cohort, first_age = _cohort_of(plan, chunk)
    orders, buyers, money = (np.zeros((periods, ages), np.int64) for _ in range(3))
    early = (cohort >= 0) & (first_age >= 0) & (first_age < ages)
    np.add.at(buyers, (cohort[early], first_age[early]), 1)
    for rule, sign in ((plan.rule, 1), (plan.returns, -1)):
        if rule is None:
            continue
        found = orders_of(chunk, rule)
        mine = cohort[found.user]
        age = plan.place(found.times(chunk)) - mine
        kept = (mine >= 0) & (age >= 0) & (age < ages)
        at = (mine[kept], age[kept])
        np.add.at(money, at, sign * found.amounts(chunk)[kept])
        if sign > 0:
            np.add.at(orders, at, 1)
    users = np.bincount(cohort[cohort >= 0], minlength=periods).astype(np.int64)
    return CohortMoney(users, orders, buyers, money)


def merge_cohorts(plan: Plan, parts: list[CohortMoney]) -> CohortMoney:
    """Add up what chunks counted."""
    shape = (len(plan.starts) - 1, plan.ages)
    tables = [
        np.sum([np.zeros(shape, np.int64), *(getattr(part, name) for part in parts)], axis=0)
        for name in ("orders", "buyers", "money")
    ]
    users = np.sum([np.zeros(shape[0], np.int64), *(part.users for part in parts)], axis=0)
    return CohortMoney(users, *tables)


def list_cohort(plan: Plan, wanted: int, age: int | None, chunk: UserChunk) -> Array:
    """Give the users of a cohort; with an age, those with an order by its end."""
    cohort, first_age = _cohort_of(plan, chunk)
    mine = cohort == wanted
    if age is not None:
        mine &= (first_age >= 0) & (first_age <= age)
    return chunk.users[mine]


def cohort_frame(counts: CohortMoney, labels: list[str], cohorts: range, over: int) -> pa.Table:
    """Write cohorts and ages one below the other; what is not over yet is null.

    Parameters
    ----------
    counts : CohortMoney
    labels : list of str
        Names of the periods.
    cohorts : range
        The periods that are shown.
    over : int
        Number of periods that are over.
    """
    ages = counts.money.shape[1]
    cohort = np.repeat(np.array(cohorts, np.int64), ages)
    age = np.tile(np.arange(ages), len(cohorts))
    known = cohort + age < len(labels)
    cohort, age = cohort[known], age[known]
    pending = cohort + age >= over
    users = counts.users[cohort]
    sums = [
        np.cumsum(table, axis=1)[cohort, age]
        for table in (counts.buyers, counts.orders, counts.money)
    ]
    each = sums[2] / np.maximum(users, 1) / 100
    return pa.table(
        {
            "cohort": pa.array([labels[place] for place in cohort], pa.string()),
            "age": pa.array(age, pa.int64()),
            "users": pa.array(users, pa.int64()),
            "buyers": pa.array(sums[0], pa.int64(), mask=pending),
            "orders": pa.array(sums[1], pa.int64(), mask=pending),
            "revenue_minor": pa.array(sums[2], pa.int64(), mask=pending),
            "value_per_user": pa.array(each, pa.float64(), mask=pending | (users == 0)),
        }
    )


def average_frame(counts: CohortMoney, cohorts: range, over: int) -> pa.Table:
    """Give the value of a user at each age, over all cohorts for which that age is over."""
    ages = counts.money.shape[1]
    money = np.cumsum(counts.money, axis=1)
    users, sums = np.zeros(ages, np.int64), np.zeros(ages, np.int64)
    for cohort in cohorts:
        done = max(min(ages, over - cohort), 0)
        users[:done] += counts.users[cohort]
        sums[:done] += money[cohort, :done]
    each = sums / np.maximum(users, 1) / 100
    return pa.table(
        {
            "age": pa.array(np.arange(ages), pa.int64()),
            "users": pa.array(users, pa.int64()),
            "revenue_minor": pa.array(sums, pa.int64()),
            "value_per_user": pa.array(each, pa.float64(), mask=users == 0),
        }
    )
