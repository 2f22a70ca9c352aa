"""The plain funnel's kernels: how far each unit's events go along an ordered chain of steps.

A chain of k steps is k different events of one user (or session) in log order, one for each step,
the last at most ``within`` after the first. One pass forwards finds the longest: of all chains
that end in a step, the one that starts latest can do everything the others can, so one start a
step is all there is to remember. Where it matters WHICH event a chain starts from, and for every
other kind of funnel, see :mod:`footfall.analytics.funnel.starts`.
"""

import numpy as np
from numba import types

from footfall.kernels import Array, i16, i64, kernel, out_i32, out_i64

__all__ = ["SHORT", "reach", "reach_short"]

SHORT = 4  # steps that reach_short takes


@kernel(types.void(i64, i64, i16, i64, i64, types.int64, out_i32, out_i64))
def reach(
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    starts: Array,
    places: Array,
    within: int,
    reached: Array,
    took: Array,
) -> None:
    """Say how many steps each user reaches, and how long the first way there took.

    Parameters
    ----------
    offsets : ndarray of int64, shape (U + 1,)
    timestamp : ndarray of int64, shape (N,)
    event_type : ndarray of int16, shape (N,)
    starts, places : ndarray of int64
        See :class:`footfall.analytics.steps.Steps`.
    within : int
        Microseconds, inclusive.
    reached : ndarray of int32, shape (U,)
        Out: number of steps.
    took : ndarray of int64, shape (U * K,)
        Out: microseconds from the latest possible first event to the event that first reached the
        step; only the steps reached are written.
    """
    users = len(reached)
    steps = len(took) // max(users, 1)
    start = np.empty(steps, np.int64)
    for user in range(users):
        best = 0
        for row in range(offsets[user], offsets[user + 1]):
            code, now = event_type[row], timestamp[row]
            for at in range(starts[code], starts[code + 1]):
                step = places[at]
                if step > best:  # no chain has come this far, so start[step - 1] says nothing
                    continue
                if step == 0:
                    start[0] = now
                elif now - start[step - 1] <= within:
                    start[step] = start[step - 1]
                else:
                    continue
                if step == best:
                    took[user * steps + step] = now - start[step]
                    best += 1
            if best == steps:
                break
        reached[user] = best


@kernel(types.void(i64, i64, i16, i64, types.int64, types.int64, out_i32, out_i64))
def reach_short(
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    serves: Array,
    steps: int,
    within: int,
    reached: Array,
    took: Array,
) -> None:
    """Do what :func:`reach` does for at most :data:`SHORT` steps, in about half the time.

    The starts stay in registers and are chosen without branches: which event comes next is what a
    processor cannot foresee.

    Parameters
    ----------
    offsets, timestamp, event_type, within, reached, took
        As in :func:`reach`.
    serves : ndarray of int64, shape (types,)
        Bit k is set where an event type can serve step k.
    steps : int
        Number of steps, K.
    """
    for user in range(len(reached)):
        best = 0
        begin, end = offsets[user], offsets[user + 1]
        # Before any event by more than the window: no chain can start there.
        never = timestamp[begin] - within - 1 if begin < end else 0
        start0, start1, start2 = never, never, never
        for row in range(begin, end):
            now, bits = timestamp[row], serves[event_type[row]]
            oldest = now - within
            served = (
                (bits & 1)
                | (bits & (2 * (start0 >= oldest)))
                | (bits & (4 * (start1 >= oldest)))
                | (bits & (8 * (start2 >= oldest)))
            )
            next0 = now if served & 1 else start0
            next1 = start0 if served & 2 else start1
            next2 = start1 if served & 4 else start2
            if (served >> best) & 1:  # a new step, at most K times a user
                start = next0 if best == 0 else (next1 if best == 1 else next2)
                took[user * steps + best] = now - (start2 if best == 3 else start)
                best += 1
                if best == steps:
                    break
            start0, start1, start2 = next0, next1, next2
        reached[user] = best
