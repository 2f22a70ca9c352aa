"""AIPL's kernel: the highest stage each user is in at a moment."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, f32, i16, i64, kernel, out_i8
from footfall.store.chunk import UserChunk

__all__ = ["STAGES", "StageRule", "list_stage", "measure_flow", "measure_stages", "sum_counts"]

# Ascending; the place is the stage of a user.
STAGES = ("none", "awareness", "interest", "purchase", "loyalty")
_PURCHASE, _LOYALTY = 3, 4


@dataclass(frozen=True)
class StageRule:
    """What puts a user into a stage.

    Parameters
    ----------
    needed : ndarray of int64, shape (5 * types,)
        For stage s and event type e, ``needed[s * types + e]``: how many such events, 0: none do.
    windows : ndarray of int64, shape (5,)
        Microseconds before the moment within which a stage's events lie, inclusive.
    reviews : ndarray of int64, shape (types,)
        1 where an event counts for loyalty only with a rating of at least ``least_rating``.
    least_rating : float
    """

    needed: npt.NDArray[np.int64]
    windows: npt.NDArray[np.int64]
    reviews: npt.NDArray[np.int64]
    least_rating: float

    columns = ("timestamp", "event_type", "session", "rating")


@kernel(
    types.void(
        i64, i64, i16, i64, f32, i64, i64, i64, types.float64, types.int64, out_i8,
    )
)  # fmt: skip
def _stages(  # noqa: C901  # one pass over a user's events, kept whole for speed
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    session: Array,
    rating: Array,
    needed: Array,
    windows: Array,
    reviews: Array,
    least_rating: float,
    at: int,
    stage: Array,
) -> None:
    """Write the highest stage of each user at a moment."""
    kinds = len(needed) // 5
    counts = np.zeros(len(needed), np.int64)
    before = np.full(len(needed), -1, np.int64)
    for user in range(len(stage)):
        best = 0
        counts[:] = 0
        before[:] = -1
        for row in range(offsets[user], offsets[user + 1]):
            now = timestamp[row]
            if now > at:
                break
            kind = event_type[row]
            for s in range(best + 1, 5):
                cell = s * kinds + kind
                if needed[cell] == 0 or at - now > windows[s]:
                    continue
                if s == _LOYALTY and reviews[kind] == 1 and not rating[row] >= least_rating:
                    continue
                if s >= _PURCHASE and reviews[kind] == 0 and before[cell] >= 0:
                    # Lines of one order are one purchase.
                    last = before[cell]
                    if session[row] != 0 and session[last] != 0:
                        if session[row] == session[last]:
                            continue
                    elif now == timestamp[last]:
                        continue
                before[cell] = row
                counts[cell] += 1
                if counts[cell] >= needed[cell]:
                    best = s
        stage[user] = best


def stages_of(rule: StageRule, at: int, chunk: UserChunk) -> npt.NDArray[np.int8]:
    """Give the stage of each of a chunk's users at a moment."""
    stage = np.zeros(len(chunk.users), np.int8)
    _stages(
        chunk.offsets, chunk["timestamp"], chunk["event_type"], chunk["session"], chunk["rating"],
        rule.needed, rule.windows, rule.reviews, rule.least_rating, at, stage,
    )  # fmt: skip
    return stage


def measure_stages(rule: StageRule, at: int, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count a chunk's users a stage, shape (5,)."""
    return np.bincount(stages_of(rule, at, chunk), minlength=5).astype(np.int64)


def measure_flow(rule: StageRule, since: int, at: int, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count a chunk's users a stage before (rows) and after (columns), shape (25,)."""
    before, after = stages_of(rule, since, chunk), stages_of(rule, at, chunk)
    return np.bincount(before * 5 + after, minlength=25).astype(np.int64)


def sum_counts(size: int, parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Add up what chunks counted."""
    return np.sum([np.zeros(size, np.int64), *parts], axis=0)


def list_stage(
    rule: StageRule,
    since: int | None,
    before: int | None,
    at: int,
    stage: int | None,
    chunk: UserChunk,
) -> npt.NDArray[np.int32]:
    """Give a chunk's users in a stage at a moment, and in another one before."""
    mine = np.ones(len(chunk.users), np.bool_)
    if stage is not None:
        mine &= stages_of(rule, at, chunk) == stage
    if since is not None and before is not None:
        mine &= stages_of(rule, since, chunk) == before
    return chunk.users[mine]
