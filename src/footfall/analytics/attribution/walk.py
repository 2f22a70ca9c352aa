"""The attribution kernels: cut each user's touches into paths, and add up the equal ones.

A path is what stands between a user and a conversion: the touches in the time before it. Touches
that lead to nothing are cut into paths of the same length of time, so that both kinds compare.
"""

import numpy as np
from numba import types

from footfall.kernels import Array, bool1, i32, i64, kernel, out_i8, out_i32, out_i64

__all__ = ["UNIT", "add_alike", "spread", "walk"]

UNIT = 1 << 30  # a whole conversion, when its shares by time are counted in whole numbers

_FAR = 10_000  # touches looked back at for a conversion, when paths may share touches
_place = types.int64


@kernel(
    _place(
        i32, i64, _place, _place, bool1, _place, types.float64, _place,
        _place, out_i32, out_i64,
    )
)  # fmt: skip
def _put(
    codes: Array,
    times: Array,
    begin: int,
    end: int,
    weak: Array,
    longest: int,
    half_life: float,
    converted: int,
    at: int,
    flat: Array,
    units: Array,
) -> int:
    """Write the touches ``begin:end`` as a path from ``at`` on; give the place after it.

    Weak channels (direct visits) are left out where another is in the path; of a path that is too
    long the last touches stay. The shares by time add up to one whole.
    """
    strong = 0
    for touch in range(begin, end):
        strong += not weak[codes[touch]]
    stays = strong if strong > 0 else end - begin
    passed = max(stays - longest, 0)
    first = at
    newest = times[end - 1] if end > begin else 0
    total = 0.0
    for touch in range(begin, end):
        if strong > 0 and weak[codes[touch]]:
            continue
        if passed > 0:
            passed -= 1
            continue
        flat[at] = codes[touch]
        units[at] = times[touch]
        total += 2.0 ** (-(newest - times[touch]) / half_life)
        at += 1
    left = UNIT
    for place in range(first, at):
        share = int(UNIT * (2.0 ** (-(newest - units[place]) / half_life) / total))
        units[place] = share if converted else 0
        left -= share
    if at > first and converted:
        units[at - 1] += left  # what rounding down left over
    return at


@kernel(
    _place(
        i64, i64, i32, bool1, i64, i32, bool1, _place, types.boolean, _place, types.float64, _place,
        out_i32, out_i64, out_i64, out_i32, out_i8, out_i64,
    )
)  # fmt: skip
def walk(  # noqa: C901, PLR0912  # one pass over a user's events, kept whole for speed
    offsets: Array,
    timestamp: Array,
    code: Array,
    sale: Array,
    amount: Array,
    order: Array,
    weak: Array,
    lookback: int,
    since_previous: bool,  # noqa: FBT001
    longest: int,
    half_life: float,
    start: int,
    flat: Array,
    units: Array,
    ends: Array,
    user_of: Array,
    converted: Array,
    money: Array,
) -> int:
    """Write the paths of each user, in order, those without a conversion among them.

    Parameters
    ----------
    offsets, timestamp
        As in a chunk.
    code : ndarray of int32, shape (N,)
        Channel of an event that is a touch, -1 otherwise.
    sale : ndarray of bool, shape (N,)
        Whether the event is (part of) a conversion.
    amount : ndarray of int64, shape (N,)
    order : ndarray of int32, shape (N,)
        Conversions of one user with the same number are one.
    weak : ndarray of bool, shape (channels,)
        Channels that only count alone.
    lookback : int
        Microseconds before a conversion in which touches count, inclusive.
    since_previous : bool
        Whether a conversion begins a new path.
    longest : int
        Touches a path keeps.
    half_life : float
        Microseconds in which a touch loses half its weight.
    start : int
        Paths that end before this moment are not written.
    flat, units : ndarray of int32 and of int64
        Out: channel of each touch of each path, and its share by time in UNITs (0 where nothing was
        bought).
    ends, user_of, converted, money
        Out, one a path: its end in ``flat``, place of the user, 1 for a conversion, its money.

    Returns
    -------
    int
        Number of paths.
    """
    most = 0
    for user in range(len(offsets) - 1):
        most = max(most, offsets[user + 1] - offsets[user])
    codes, times = np.empty(most, np.int32), np.empty(most, np.int64)
    paths, at = 0, 0
    for user in range(len(offsets) - 1):
        count, free, last_order, last_path = 0, 0, -1, -1
        stop = offsets[user + 1]
        for row in range(offsets[user], stop + 1):
            if row < stop and code[row] >= 0:
                codes[count], times[count] = code[row], timestamp[row]
                count += 1
            if row < stop and not sale[row]:
                continue
            if row < stop and order[row] == last_order:
                if last_path >= 0:
                    money[last_path] += amount[row]
                continue
            # Touches too old for this conversion (all, at the end) led to nothing.
            oldest = timestamp[row] - lookback if row < stop else np.iinfo(np.int64).max
            fresh = free
            while fresh < count and times[fresh] < oldest:
                fresh += 1
            while free < fresh:
                tile = free + 1
                while tile < fresh and times[tile] <= times[free] + lookback:
                    tile += 1
                if times[tile - 1] >= start:
                    at = _put(
                        codes, times, free, tile, weak, longest, half_life, 0, at, flat, units
                    )
                    ends[paths], user_of[paths], converted[paths] = at, user, 0
                    money[paths] = 0
                    paths += 1
                free = tile
            if row == stop:
                break
            last_order, last_path = order[row], -1
            begin = fresh
            strong = 0
            while not since_previous and strong < longest and begin > max(fresh - _FAR, 0):
                if times[begin - 1] < oldest:
                    break
                begin -= 1
                strong += not weak[codes[begin]]
            if timestamp[row] >= start:
                at = _put(codes, times, begin, count, weak, longest, half_life, 1, at, flat, units)
                ends[paths], user_of[paths], converted[paths] = at, user, 1
                money[paths] = amount[row]
                last_path = paths
                paths += 1
            free = count
    return paths


@kernel(_place(i32, i64, i32, i64, i64, i64, out_i64, out_i64, out_i64, out_i64))
def add_alike(
    flat: Array,
    ends: Array,
    group: Array,
    conversions: Array,
    money: Array,
    lost: Array,
    first: Array,
    out_conversions: Array,
    out_money: Array,
    out_lost: Array,
) -> int:
    """Add up paths with the same touches and group; give how many differ.

    Parameters
    ----------
    flat : ndarray of int32
        Touches, path after path.
    ends : ndarray of int64, shape (P,)
    group : ndarray of int32, shape (P,)
    conversions, money, lost : ndarray of int64, shape (P,)
    first : ndarray of int64, shape (P,)
        Out: places of the paths that were the first of their kind, ascending.
    out_conversions, out_money, out_lost : ndarray of int64, shape (P,)
        Out, zeros before: sums, in the order of ``first``.
    """
    size = 16
    while size < 2 * len(ends):
        size *= 2
    table = np.full(size, -1, np.int64)
    kinds = 0
    for path in range(len(ends)):
        begin, end = ends[path - 1] if path > 0 else 0, ends[path]
        mixed = np.uint64(group[path]) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(end - begin)
        for touch in range(begin, end):
            mixed = (mixed ^ np.uint64(flat[touch])) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
        place = np.int64(mixed & np.uint64(size - 1))
        while True:
            kind = table[place]
            if kind < 0:
                table[place] = kinds
                first[kinds] = path
                kind = kinds
                kinds += 1
                break
            other = first[kind]
            other_begin = ends[other - 1] if other > 0 else 0
            same = group[other] == group[path] and ends[other] - other_begin == end - begin
            step = 0
            while same and step < end - begin:
                same = flat[other_begin + step] == flat[begin + step]
                step += 1
            if same:
                break
            place = (place + 1) & (size - 1)
        out_conversions[kind] += conversions[path]
        out_money[kind] += money[path]
        out_lost[kind] += lost[path]
    return kinds


@kernel(types.void(i32, i64, i64, i32, i64, _place, out_i64, out_i64, out_i64))
def spread(
    flat: Array,
    units: Array,
    ends: Array,
    group: Array,
    money: Array,
    channels: int,
    credit: Array,
    high: Array,
    low: Array,
) -> None:
    """Add each touch's share by time to its group and channel, and that share of the money.

    The money comes in UNITs of minor units and would not fit: it is ``high << 20`` plus ``low``.
    """
    for path in range(len(ends)):
        for touch in range(ends[path - 1] if path > 0 else 0, ends[path]):
            cell = group[path] * channels + flat[touch]
            credit[cell] += units[touch]
            high[cell] += (money[path] >> 20) * units[touch]
            low[cell] += (money[path] & 0xFFFFF) * units[touch]
