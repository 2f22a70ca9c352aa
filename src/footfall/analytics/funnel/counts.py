"""A funnel's measures and merges: what one chunk adds, and how chunks add up."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.funnel.chains import SHORT, reach, reach_by_start, reach_short
from footfall.analytics.scope.breakdown import Breakdown
from footfall.analytics.steps import Steps
from footfall.kernels import Array
from footfall.store.chunk import UserChunk

__all__ = [
    "FunnelPart",
    "first_step_users",
    "measure_funnel",
    "merge_funnel",
    "sum_sparse",
    "users_between",
]


@dataclass(frozen=True)
class FunnelPart:
    """What one chunk adds: counts, and times to reach each step."""

    users: npt.NDArray[np.int64]  # (K,)
    took: list[npt.NDArray[np.int64]]  # K arrays, microseconds
    groups: npt.NDArray[np.int64]  # (groups, K)


def _reach(
    steps: Steps, within: int, chunk: UserChunk
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Give steps reached (U,) and times (U, K) of a chunk's users."""
    users = len(chunk.users)
    reached = np.zeros(users, np.int32)
    took = np.empty(users * len(steps), np.int64)
    rows = (chunk.offsets, chunk["timestamp"], chunk["event_type"])
    if len(steps) <= SHORT:
        reach_short(*rows, steps.serves(), len(steps), within, reached, took)
    else:
        reach(*rows, steps.starts, steps.places, within, reached, took)
    return reached, took.reshape(users, len(steps))


def _by_start(
    steps: Steps, within: int, breakdown: Breakdown, chunk: UserChunk
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Give steps reached from the counted groups (U,) and users a group and step (groups, K)."""
    reached = np.zeros(len(chunk.users), np.int32)
    counts = np.zeros(len(breakdown.names) * len(steps), np.int64)
    reach_by_start(
        chunk.offsets, chunk["timestamp"], chunk["event_type"], chunk["item"], breakdown.groups,
        steps.starts, steps.places, len(steps), within, reached, counts,
    )  # fmt: skip
    return reached, counts.reshape(len(breakdown.names), len(steps))


def measure_funnel(
    steps: Steps, within: int, breakdown: Breakdown | None, chunk: UserChunk
) -> FunnelPart:
    """Count one chunk's users at each step, in all and a group, with their times."""
    reached, took = _reach(steps, within, chunk)
    users = _at_least(np.bincount(reached, minlength=len(steps) + 1))
    times = [took[reached > step, step] for step in range(len(steps))]
    groups = np.zeros((0, len(steps)), np.int64)
    if breakdown is not None and breakdown.kind == "item":
        _, groups = _by_start(steps, within, breakdown, chunk)
    elif breakdown is not None:
        groups = _of_users(breakdown, chunk, reached, len(steps))
    return FunnelPart(users, times, groups)


def _of_users(breakdown: Breakdown, chunk: UserChunk, reached: Array, steps: int) -> Array:
    """Count users of each group that reach each step, when users have the groups."""
    mine = breakdown.groups[chunk.users].astype(np.int64)
    cells = mine * (steps + 1) + reached
    size = len(breakdown.names) * (steps + 1)
    counts = np.bincount(cells[mine >= 0], minlength=size)
    return _at_least(counts.reshape(len(breakdown.names), steps + 1))


def _at_least(exactly: Array) -> Array:
    """Turn counts of users with exactly 0..K steps into those with at least 1..K."""
    return np.cumsum(exactly[..., :0:-1], axis=-1)[..., ::-1].astype(np.int64)


def merge_funnel(steps: int, groups: int, parts: list[FunnelPart]) -> FunnelPart:
    """Add up what chunks counted; no chunk at all counts nobody."""
    nothing = np.zeros((groups, steps), np.int64)
    return FunnelPart(
        np.sum([nothing.sum(axis=0), *(part.users for part in parts)], axis=0),
        [
            np.concatenate([np.zeros(0, np.int64), *(part.took[step] for part in parts)])
            for step in range(steps)
        ],
        np.sum([nothing, *(part.groups for part in parts)], axis=0),
    )


def first_step_users(first: Steps, breakdown: Breakdown, chunk: UserChunk) -> tuple[Array, Array]:
    """Count each group's users at the first step: (groups that have any, users)."""
    if breakdown.kind == "item":
        _, counts = _by_start(first, 0, breakdown, chunk)
    else:
        reached, _ = _reach(first, 0, chunk)
        counts = _of_users(breakdown, chunk, reached, 1)
    groups = np.flatnonzero(counts)
    return groups, counts.ravel()[groups]


def sum_sparse(size: int, parts: list[tuple[Array, Array]]) -> Array:
    """Add up (places, counts) pairs into one array of ``size``."""
    total = np.zeros(size, np.int64)
    for groups, counts in parts:
        total[groups] += counts
    return total


def users_between(
    steps: Steps,
    within: int,
    breakdown: Breakdown | None,
    reached_step: int,
    missed_step: int | None,
    chunk: UserChunk,
) -> Array:
    """Give the users that reach one step and (if given) miss another."""
    if breakdown is not None and breakdown.kind == "item":
        reached, _ = _by_start(steps, within, breakdown, chunk)
    else:
        reached, _ = _reach(steps, within, chunk)
    mine = reached >= reached_step
    if missed_step is not None:
        mine &= reached < missed_step
    if breakdown is not None and breakdown.kind == "user":
        mine &= breakdown.groups[chunk.users] >= 0
    return chunk.users[mine]
