"""The funnel's kernels that know WHERE a chain starts: every order of steps, groups, exclusions.

Each walks a track backwards or looks ahead from each possible first event, so that it knows how
far chains from THIS event come and where each step is done first. A unit (user or session) and a
group of first events give one entry: for each step the row where it was first reached, and the
latest row from which a chain can reach it there.

Rows carry their steps as bits: bit k of ``serves`` is set where the event can serve step k. Bit k
of ``kills`` is set where the event may not lie between step k and step k + 1 of a chain.
"""

import numpy as np
from numba import types

from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64

__all__ = ["MOST_STEPS", "any_entries", "ordered_entries", "strict_entries"]

MOST_STEPS = 63  # bits of an int64 that stays positive

_SIGNATURE = types.int64(
    i64, i64, i64, i64, i64, i64, i32, types.int64, types.int64, types.int64,
    out_i64, out_i32, out_i64, out_i64, out_i64,
)  # fmt: skip


@kernel(types.int64(i64, types.int64))
def _row_of(rows: Array, place: int) -> int:
    """Give the chunk's row at a place of the tracks; no rows: they are one."""
    return rows[place] if len(rows) > 0 else place


@kernel(
    types.void(
        i64, types.int64, types.int64, i64, types.int64, types.int64, types.int64, out_i64, out_i64
    )
)
def _note(
    rows: Array,
    group: int,
    start: int,
    ends: Array,
    depth: int,
    steps: int,
    fresh: int,
    began: Array,
    ended: Array,
) -> None:
    """Remember for a group how early each step is done, and from which latest start."""
    base = group * steps
    if fresh:
        for step in range(steps):
            ended[base + step] = -1
    first = _row_of(rows, start)
    for step in range(depth):
        row = _row_of(rows, ends[step])
        known = ended[base + step]
        if known < 0 or row < known or (row == known and first > began[base + step]):
            ended[base + step] = row
            began[base + step] = first


@kernel(
    types.int64(
        types.int64, types.int64, types.int64, types.int64, i64, i64, i64,
        out_i64, out_i32, out_i64, out_i64,
    )
)  # fmt: skip
def _write(
    unit: int,
    steps: int,
    touched: int,
    filled: int,
    groups: Array,
    began: Array,
    ended: Array,
    unit_out: Array,
    group_out: Array,
    began_out: Array,
    ended_out: Array,
) -> int:
    """Write one unit's entries."""
    for at in range(touched):
        base, out = groups[at] * steps, filled * steps
        unit_out[filled] = unit
        group_out[filled] = groups[at]
        for step in range(steps):
            ended_out[out + step] = ended[base + step]
            began_out[out + step] = began[base + step] if ended[base + step] >= 0 else -1
        filled += 1
    return filled


@kernel(_SIGNATURE)
def ordered_entries(  # noqa: C901, PLR0912  # one pass, kept whole for speed
    firsts: Array,
    offsets: Array,
    rows: Array,
    timestamp: Array,
    serves: Array,
    kills: Array,
    group: Array,
    groups: int,
    steps: int,
    within: int,
    unit_out: Array,
    group_out: Array,
    began_out: Array,
    ended_out: Array,
    done_out: Array,  # noqa: ARG001  # one signature for all
) -> int:
    """Find the entries of chains in order, other events between.

    Backwards from an event, the earliest way to finish each step is all there is to remember.

    Parameters
    ----------
    firsts, offsets, rows
        See :class:`footfall.analytics.funnel.tracks.Tracks`; rows empty where place and row are
        one.
    timestamp, serves, kills, group : ndarray
        At each place. ``kills`` may be empty (nothing is excluded), ``group`` too (all are group
        0); a group below 0 is not counted.
    groups, steps, within : int
        Numbers of groups and steps, microseconds.
    unit_out, group_out : ndarray, shape (E,)
        Out: the unit and group of each entry.
    began_out, ended_out : ndarray of int64, shape (E * steps,)
        Out: rows of the chunk; -1 where a step is not reached.
    done_out : ndarray of int64
        Not used here.

    Returns
    -------
    int
        Number of entries.
    """
    began, ended = np.empty(groups * steps, np.int64), np.empty(groups * steps, np.int64)
    seen, touched = np.zeros(groups, np.int64), np.empty(groups, np.int64)
    # done[a * steps + b]: the earliest place where steps a..b are all done, -1: never.
    done = np.empty((steps + 1) * steps, np.int64)
    ends = np.empty(steps, np.int64)
    filled = 0
    for unit in range(len(firsts) - 1):
        count = 0
        for track in range(firsts[unit], firsts[unit + 1]):
            done[:] = -1
            for place in range(offsets[track + 1] - 1, offsets[track] - 1, -1):
                bits = serves[place]
                kill = kills[place] if len(kills) > 0 else 0
                mine = group[place] if len(group) > 0 else 0
                if bits & 1 and mine >= 0:
                    now, depth = timestamp[place], 1
                    ends[0] = place
                    while depth < steps:
                        end = done[steps + depth]
                        if end < 0 or timestamp[end] - now > within:
                            break
                        ends[depth] = end
                        depth += 1
                    fresh = seen[mine] != unit + 1
                    if fresh:
                        seen[mine] = unit + 1
                        touched[count] = mine
                        count += 1
                    _note(rows, mine, place, ends, depth, steps, fresh, began, ended)
                if bits < 2 and kill == 0:
                    continue
                # First step first: what it needs are events after this one.
                for step in range(1, steps):
                    killed = (kill >> (step - 1)) & 1
                    if killed:
                        for last in range(step, steps):
                            done[step * steps + last] = -1
                    if (bits >> step) & 1:
                        done[step * steps + step] = place
                        for last in range(step + 1, steps):
                            after = done[(step + 1) * steps + last]
                            known = done[step * steps + last]
                            if after >= 0 and (known < 0 or after < known):
                                done[step * steps + last] = after
        filled = _write(
            unit, steps, count, filled, touched, began, ended,
            unit_out, group_out, began_out, ended_out,
        )  # fmt: skip
    return filled


@kernel(_SIGNATURE)
def strict_entries(
    firsts: Array,
    offsets: Array,
    rows: Array,
    timestamp: Array,
    serves: Array,
    kills: Array,  # noqa: ARG001  # nothing lies between steps: nothing can be excluded
    group: Array,
    groups: int,
    steps: int,
    within: int,
    unit_out: Array,
    group_out: Array,
    began_out: Array,
    ended_out: Array,
    done_out: Array,  # noqa: ARG001  # one signature for all
) -> int:
    """Find the entries of chains whose events follow each other directly.

    Parameters and result are those of :func:`ordered_entries`.
    """
    began, ended = np.empty(groups * steps, np.int64), np.empty(groups * steps, np.int64)
    seen, touched = np.zeros(groups, np.int64), np.empty(groups, np.int64)
    ends = np.empty(steps, np.int64)
    filled = 0
    for unit in range(len(firsts) - 1):
        count = 0
        for track in range(firsts[unit], firsts[unit + 1]):
            stop = offsets[track + 1]
            for place in range(offsets[track], stop):
                mine = group[place] if len(group) > 0 else 0
                if serves[place] & 1 == 0 or mine < 0:
                    continue
                depth = 0
                while (
                    depth < steps
                    and place + depth < stop
                    and (serves[place + depth] >> depth) & 1
                    and timestamp[place + depth] - timestamp[place] <= within
                ):
                    ends[depth] = place + depth
                    depth += 1
                fresh = seen[mine] != unit + 1
                if fresh:
                    seen[mine] = unit + 1
                    touched[count] = mine
                    count += 1
                _note(rows, mine, place, ends, depth, steps, fresh, began, ended)
        filled = _write(
            unit, steps, count, filled, touched, began, ended,
            unit_out, group_out, began_out, ended_out,
        )  # fmt: skip
    return filled


@kernel(types.void(types.int64, i64, types.int64, out_i64, out_i64, out_i64))
def _admit(
    place: int, serves: Array, steps: int, matched: Array, parent: Array, queue: Array
) -> None:
    """Give an event a step; where none is free, the last event that can be spared goes.

    ``matched[k]`` is the place of the event that stands for step k, -1: none. The events that
    stand for steps are always the earliest ones that can stand for so many steps: sets of events
    that can stand for different steps form a matroid, for which exchanging the worst event of the
    only circuit keeps the best set.
    """
    reached = np.int64(0)
    waiting, done = 0, 0
    for step in range(steps):
        if (serves[place] >> step) & 1:
            reached |= np.int64(1) << step
            parent[step] = -1
            queue[waiting] = step
            waiting += 1
    spared, free = -1, -1
    while done < waiting and free < 0:
        step = queue[done]
        done += 1
        if matched[step] < 0:
            free = step
            break
        if spared < 0 or matched[step] > matched[spared]:
            spared = step
        for other in range(steps):
            if (serves[matched[step]] >> other) & 1 and not (reached >> other) & 1:
                reached |= np.int64(1) << other
                parent[other] = step
                queue[waiting] = other
                waiting += 1
    step = free if free >= 0 else spared
    while parent[step] >= 0:
        matched[step] = matched[parent[step]]
        step = parent[step]
    matched[step] = place


@kernel(_SIGNATURE)
def any_entries(  # noqa: C901, PLR0912  # one pass, kept whole for speed
    firsts: Array,
    offsets: Array,
    rows: Array,
    timestamp: Array,
    serves: Array,
    kills: Array,
    group: Array,
    groups: int,
    steps: int,
    within: int,
    unit_out: Array,
    group_out: Array,
    began_out: Array,
    ended_out: Array,
    done_out: Array,
) -> int:
    """Find the entries of steps done in any order: "step k" is k different steps.

    Parameters and result are those of :func:`ordered_entries`, except that any bit of ``kills``
    forbids the event between the first and the last of a chain, and ``done_out``, of shape (E,),
    gives the steps of the longest chain as bits.
    """
    began, ended = np.empty(groups * steps, np.int64), np.empty(groups * steps, np.int64)
    which = np.zeros(groups * steps, np.int64)
    seen, touched = np.zeros(groups, np.int64), np.empty(groups, np.int64)
    ends, parent = np.empty(steps, np.int64), np.empty(steps, np.int64)
    matched, queue = np.empty(steps, np.int64), np.empty(steps, np.int64)
    filled = 0
    for unit in range(len(firsts) - 1):
        count = 0
        for track in range(firsts[unit], firsts[unit + 1]):
            matched[:] = -1
            for place in range(offsets[track + 1] - 1, offsets[track] - 1, -1):
                if len(kills) > 0 and kills[place] != 0:
                    matched[:] = -1
                if serves[place] == 0:
                    continue
                _admit(place, serves, steps, matched, parent, queue)
                mine = group[place] if len(group) > 0 else 0
                if mine < 0:
                    continue
                depth = 0
                for step in range(steps):  # the events in time, in order: insertion sort
                    end = matched[step]
                    if end < 0 or timestamp[end] - timestamp[place] > within:
                        continue
                    at = depth
                    while at > 0 and ends[at - 1] > end:
                        ends[at] = ends[at - 1]
                        at -= 1
                    ends[at] = end
                    depth += 1
                fresh = seen[mine] != unit + 1
                if fresh:
                    seen[mine] = unit + 1
                    touched[count] = mine
                    count += 1
                _note(rows, mine, place, ends, depth, steps, fresh, began, ended)
                last = mine * steps + depth - 1
                if began[last] == _row_of(rows, place):
                    which[last] = 0
                    for step in range(steps):
                        if matched[step] >= 0 and matched[step] <= ends[depth - 1]:
                            which[last] |= np.int64(1) << step
        before = filled
        filled = _write(
            unit, steps, count, filled, touched, began, ended,
            unit_out, group_out, began_out, ended_out,
        )  # fmt: skip
        for at in range(count):
            depth = 0
            while depth < steps and ended[touched[at] * steps + depth] >= 0:
                depth += 1
            done_out[before + at] = which[touched[at] * steps + depth - 1]
    return filled
