"""Who is behind a funnel's numbers: users and sessions by how far and how fast they came."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from footfall.analytics.funnel.counts import reached_by
from footfall.analytics.funnel.plan import Plan
from footfall.analytics.funnel.tracks import tracks_of
from footfall.analytics.scope.grouping import Grouping
from footfall.events.columns import TIMESTAMP_TYPE
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Picked", "find_users", "listed_sessions", "listed_users"]


@dataclass(frozen=True)
class Picked:
    """Which units are asked for.

    Parameters
    ----------
    reached : int
        They reached this step (from 1).
    missed : int or None
        And did not reach this one.
    group : str or None
        Their chain's first event is in this group of the breakdown.
    took : tuple of (int, int) or None
        They took at least the first and less than the second number of microseconds.
    done : int or None
        They did exactly these steps, as bits (steps in any order).
    """

    reached: int
    missed: int | None = None
    group: str | None = None
    took: tuple[int, int] | None = None
    done: int | None = None


def _found(
    plan: Plan, grouping: Grouping | None, picked: Picked, chunk: UserChunk
) -> tuple[Array, Array, Array, Array]:
    """Give user code, start of the unit, unit's time to the step, and the user's place."""
    found = reached_by(plan, grouping if picked.group is not None else None, chunk)
    mine = found.reached >= picked.reached
    if picked.missed is not None:
        mine &= found.reached < picked.missed
    if picked.group is not None and grouping is not None:
        mine &= found.group == grouping.names.index(picked.group)
    if picked.took is not None:
        took = found.took[:, picked.reached - 1]
        mine &= (took >= picked.took[0]) & (took < picked.took[1])
    if picked.done is not None:
        mine &= plan.entries(chunk).done == picked.done
    units = found.taken(mine)
    began = tracks_of(chunk, plan.gap).offsets[units.unit]
    took = units.took[:, picked.reached - 1]
    return chunk.users[units.user], chunk["timestamp"][began], took, units.user


def _asked(log: LogView, plan: Plan, grouping: Grouping | None, picked: Picked) -> list[Array]:
    grouped = grouping.columns if grouping is not None and picked.group is not None else ()
    parts = log.map(
        partial(_found, plan, grouping, picked),
        list,
        columns=tuple(dict.fromkeys([*plan.columns, *grouped])),
        label="funnel: users",
    )
    kinds = (np.int32, np.int64, np.int64)
    return [
        np.concatenate([np.zeros(0, kind), *(part[at] for part in parts)])
        for at, kind in enumerate(kinds)
    ]


def listed_users(log: LogView, plan: Plan, grouping: Grouping | None, picked: Picked) -> list[str]:
    """List the ids of the users that have such a unit, sorted."""
    codes = np.unique(_asked(log, plan, grouping, picked)[0])
    return sorted(log.user_ids.strings(codes).to_pylist())


def listed_sessions(
    log: LogView, plan: Plan, grouping: Grouping | None, picked: Picked
) -> pa.Table:
    """List such units with their start and time to the step, by user, then start.

    Returns
    -------
    pa.Table
        user_id, started (of the session, or of the user's events), minutes.
    """
    users, started, took = _asked(log, plan, grouping, picked)
    table = pa.table(
        {
            "user_id": pa.array(log.user_ids.strings(users), pa.string()),
            "started": pa.array(started, pa.int64()).cast(TIMESTAMP_TYPE),
            "minutes": pa.array(took / 60_000_000, pa.float64()),
        }
    )
    return table.sort_by([("user_id", "ascending"), ("started", "ascending")])


def find_users(table: pa.Table, *, most: int, slowest: bool) -> pa.Table:
    """Give the slowest or the fastest of a list; equally fast ones by id."""
    how = "descending" if slowest else "ascending"
    order = [("minutes", how), ("user_id", "ascending"), ("started", "ascending")]
    return table.sort_by(order).slice(0, most)
