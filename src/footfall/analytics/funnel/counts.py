"""A funnel's measures and merges: what one chunk adds, and how chunks add up."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.funnel.plan import Entries, Plan
from footfall.analytics.scope.fields import field_named
from footfall.analytics.scope.grouping import Grouping
from footfall.analytics.scope.split import kept
from footfall.analytics.steps import Steps
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = [
    "FunnelPart",
    "Reached",
    "counted_groups",
    "first_step_groups",
    "measure_funnel",
    "merge_funnel",
    "reached_by",
]


@dataclass(frozen=True)
class Reached:
    """How far each unit comes.

    Parameters
    ----------
    user, unit : ndarray of int64, shape (units,)
        Place of the unit's user in the chunk, ascending; which unit of the chunk it is.
    group : ndarray, shape (units,)
        Group of the chain's first event; the same unit may be in several.
    reached : ndarray, shape (units,)
        Number of steps.
    took : ndarray of int64, shape (units, K)
        Microseconds; only the steps reached mean anything.
    """

    user: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    group: Array
    reached: Array
    took: npt.NDArray[np.int64]

    def taken(self, mask: Array) -> "Reached":
        """Keep some units."""
        return Reached(
            self.user[mask], self.unit[mask], self.group[mask], self.reached[mask], self.took[mask]
        )

    @classmethod
    def of(cls, found: Entries, timestamp: Array) -> "Reached":
        """Read entries."""
        took = found.took(timestamp)
        return cls(found.user, found.unit, found.group, found.reached, took)


@dataclass(frozen=True)
class FunnelPart:
    """What one chunk adds: counts, and times to reach each step.

    Parameters
    ----------
    units, users : ndarray of int64, shape (K,)
        Units (users or sessions) that reach each step, and users that have such a unit.
    took : list of K arrays
        Microseconds of each unit that reaches the step.
    done : ndarray of int64, shape (U,)
        For steps in any order: of each unit the steps of its longest chain, as bits.
    groups : list of FunnelPart
        The same for each group of first events.
    """

    units: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    took: list[npt.NDArray[np.int64]]
    done: npt.NDArray[np.int64]
    groups: "list[FunnelPart]"


def reached_by(plan: Plan, grouping: Grouping | None, chunk: UserChunk) -> Reached:
    """Say how far each unit comes: of all, or of each group of a breakdown.

    Units without a group are left out; those that reach no step may be.
    """
    if grouping is not None and not grouping.field.of_user:
        groups = np.ascontiguousarray(grouping.groups(chunk), np.int32)
        found = plan.entries(chunk, groups, len(grouping.names))
        return Reached.of(found, chunk["timestamp"])
    whole = _reached_by_all(plan, chunk)
    if grouping is None:
        return whole
    of_user = grouping.groups(chunk)[np.minimum(chunk.offsets[:-1], chunk.events - 1)]
    mine = of_user[whole.user]
    return replace(whole, group=mine).taken(mine >= 0)


def _reached_by_all(plan: Plan, chunk: UserChunk) -> Reached:
    if plan.plain:
        tracks, reached, took = plan.reach(chunk)
        units = np.arange(len(tracks), dtype=np.int64)
        return Reached(tracks.user, units, np.zeros(len(tracks), np.int8), reached, took)
    return Reached.of(plan.entries(chunk), chunk["timestamp"])


def measure_funnel(plan: Plan, grouping: Grouping | None, chunk: UserChunk) -> FunnelPart:
    """Count one chunk's units at each step, in all and a group, with their times."""
    done = np.zeros(0, np.int64)
    if plan.order == "any":
        found = plan.entries(chunk)
        whole = Reached.of(found, chunk["timestamp"])
        done = found.done
    else:
        whole = _reached_by_all(plan, chunk)
    groups = []
    if grouping is not None:
        each = reached_by(plan, grouping, chunk)
        groups = counted_groups(each, len(plan.steps), len(grouping.names)).groups
    return _counted(whole, len(plan.steps), done, groups)


def counted_groups(found: Reached, steps: int, groups: int) -> FunnelPart:
    """Count the units of each group apart; nothing is counted over all groups."""
    order = np.argsort(found.group, kind="stable")
    ends = np.searchsorted(found.group[order], np.arange(groups + 1))
    nothing = np.zeros(0, np.int64)
    each = [
        _counted(found.taken(order[ends[group] : ends[group + 1]]), steps, nothing)
        for group in range(groups)
    ]
    return replace(_counted(found.taken(order[:0]), steps, nothing), groups=each)


def _counted(
    found: Reached, steps: int, done: Array, groups: list[FunnelPart] | None = None
) -> FunnelPart:
    units, users = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    took = []
    for step in range(steps):
        mine = found.reached > step
        user = found.user[mine]
        units[step] = len(user)
        users[step] = np.count_nonzero(np.diff(user, prepend=-1))
        took.append(found.took[mine, step])
    return FunnelPart(units, users, took, done, groups or [])


def merge_funnel(steps: int, groups: int, parts: list[FunnelPart]) -> FunnelPart:
    """Add up what chunks counted; no chunk at all counts nobody."""
    nothing = np.zeros(0, np.int64)
    zeros = np.zeros(steps, np.int64)
    return FunnelPart(
        np.sum([zeros, *(part.units for part in parts)], axis=0),
        np.sum([zeros, *(part.users for part in parts)], axis=0),
        [np.concatenate([nothing, *(part.took[step] for part in parts)]) for step in range(steps)],
        np.concatenate([nothing, *(part.done for part in parts)]),
        [merge_funnel(steps, 0, [part.groups[group] for part in parts]) for group in range(groups)],
    )


def first_step_groups(
    log: LogView, plan: Plan, by: str, *, top: int, gap: int, owner: str, time_zone: str
) -> Grouping:
    """Find the groups of a breakdown: those with most users at the first step keep their name.

    Raises
    ------
    OptionError
        If there is no such field, or ``top`` is below 1.
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError.of("top", owner, "an int of at least 1", top)
    found = field_named(log, by, owner=owner, option="by", time_zone=time_zone)
    grouping = Grouping(by, found, "event", gap)
    steps = plan.steps if plan.order == "any" else plan.steps.first()
    users = log.map(
        partial(_first_step_users, steps, plan.same_item, grouping),
        _added,
        columns=tuple(dict.fromkeys([*plan.columns, *grouping.columns])),
        label=f"{owner}: groups",
    )
    return grouping.largest(users, top)


def _first_step_users(
    steps: Steps,
    same_item: bool,  # noqa: FBT001  # bound by partial
    grouping: Grouping,
    chunk: UserChunk,
) -> pa.Table:
    """Count the users with a first event of a chain by value: columns value and users."""
    first = steps.bits(chunk) != 0
    if same_item:
        first &= chunk["item"] >= 0
    return grouping.counted(kept(chunk, first))


def _added(parts: list[pa.Table]) -> pa.Table:
    empty = pa.table({"value": pa.array([], pa.string()), "users": pa.array([], pa.int64())})
    whole = pa.concat_tables([empty, *parts]).group_by("value").aggregate([("users", "sum")])
    return whole.rename_columns({"users_sum": "users"})
