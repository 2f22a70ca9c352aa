"""What a time series was expected to be: season and trend that no single point can move.

The parts are those of STL (Cleveland et al. 1990), each made of medians: the season is the median
of a weekday's (hour's, month's) distances from the trend, the trend a line of median slopes
(Theil-Sen) through the points around, and what is left is judged by its median absolute deviation.
So an outage changes neither what is expected of its own day nor of the same day next week.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

__all__ = ["Expectation", "expectation"]

_SEASONS = {"hour": (168, 24), "day": (7,), "week": (52,), "month": (12,)}
_NAMES = {
    168: "the hours of a week",
    24: "the hours of a day",
    7: "weekdays",
    52: "weeks of a year",
    12: "months",
}
_FEWEST = 8
_WIDEST = 24  # points on either side of the trend's window
_SPREAD = 1.4826  # of a normal distribution's standard deviation in its median deviation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expectation:
    """For each point what was expected, and between what it may lie; NaN where nothing is known.

    Parameters
    ----------
    expected, low, high : ndarray of float64, shape (P,)
    verdict : tuple of str or None, length P
        "high" or "low" for points outside.
    note : str
        How it was made, or why not.
    """

    expected: Floats
    low: Floats
    high: Floats
    verdict: tuple[str | None, ...]
    note: str


def expectation(
    values: Floats,
    usable: npt.NDArray[np.bool_],
    *,
    unit: str,
    noise: Floats,
    logarithmic: bool,
    width: float = 3.5,
) -> Expectation:
    """Judge the points of a series.

    Parameters
    ----------
    values : ndarray of float64, shape (P,)
        None below zero where ``logarithmic``.
    usable : ndarray of bool, shape (P,)
        Points that were watched from beginning to end; others are neither used nor judged.
    unit : "hour", "day", "week" or "month"
        Says what the season may be.
    noise : ndarray of float64, shape (P,)
        Standard deviation that chance alone gives each point, on the scale judged.
    logarithmic : bool
        Seasons multiply rather than add.
    width : float, default=3.5
        Half the interval, in standard deviations.

    Returns
    -------
    Expectation

    References
    ----------
    R. B. Cleveland et al., "STL: A seasonal-trend decomposition procedure based on Loess", 1990.
    P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968.

    Examples
    --------
    >>> weeks = np.tile([10.0, 10, 10, 10, 10, 30, 30], 4) * 100
    >>> weeks[9] = 0
    >>> whole, noise = np.ones(28, bool), np.full(28, 0.02)
    >>> found = expectation(weeks, whole, unit="day", noise=noise, logarithmic=True)
    >>> [(at, verdict) for at, verdict in enumerate(found.verdict) if verdict]
    [(9, 'low')]
    >>> round(found.expected[9])
    1000
    """
    places = np.flatnonzero(usable)
    unknown = np.full(len(values), np.nan)
    nothing = (None,) * len(values)
    if len(places) < _FEWEST:
        note = f"not marked: it takes {_FEWEST} whole periods, there are {len(places)}"
        return Expectation(unknown, unknown, unknown, nothing, note)
    raw = values[places]
    points = np.log1p(raw) if logarithmic else raw
    season = next((s for s in _SEASONS[unit] if len(places) >= 2 * s + (s == 168) * s), 0)
    level = _level(points, places, season)
    left = points - level
    spread = _SPREAD * float(np.median(np.abs(left)))
    used = season + len(places) / (2 * _half(season, len(places)) + 1)
    spread *= (len(places) / max(len(places) - used, len(places) / 4)) ** 0.5
    wide = width * np.maximum(np.maximum(spread, noise[places]), 1e-9)
    low, expected, high = unknown.copy(), unknown.copy(), unknown.copy()
    for edge, found in ((low, level - wide), (expected, level), (high, level + wide)):
        edge[places] = np.maximum(np.expm1(found), 0) if logarithmic else found
    verdict: list[str | None] = [*nothing]
    for place, distance, limit in zip(places, left, wide, strict=True):
        if abs(distance) > limit:
            verdict[int(place)] = "high" if distance > 0 else "low"
    text = f"season: {_NAMES[season]}" if season else "no season: it takes two whole ones"
    note = f"{text}; trend and season by medians, interval of {width:g} deviations of the rest"
    return Expectation(expected, low, high, tuple(verdict), note)


def _half(season: int, count: int) -> int:
    """Give how many points on either side the trend looks at."""
    return max(3, min(season or 4, _WIDEST, (count - 1) // 2))


def _level(points: Floats, places: npt.NDArray[np.int64], season: int) -> Floats:
    """Give trend and season together, each made without what the other explains."""
    half = _half(season, len(points))
    if not season:
        return _trend(points, half)
    phase = places % season
    trend = _running_median(points, max(season // 2, 1))
    seasonal = _seasonal(points - trend, phase, season)
    for _ in range(2):
        trend = _trend(points - seasonal, half)
        seasonal = _seasonal(points - trend, phase, season)
    return trend + seasonal


def _seasonal(rest: Floats, phase: npt.NDArray[np.int64], season: int) -> Floats:
    effects = np.zeros(season)
    for each in range(season):
        mine = rest[phase == each]
        if len(mine) == 2:  # of two, the one nearer to no effect: the other may be the anomaly
            effects[each] = mine[np.argmin(np.abs(mine))]
        elif len(mine):
            effects[each] = np.median(mine)
    return np.asarray((effects - np.median(effects))[phase])


def _running_median(points: Floats, half: int) -> Floats:
    count = len(points)
    width = min(2 * half + 1, count)
    first = np.clip(np.arange(count) - half, 0, count - width)
    return np.asarray(np.median(points[first[:, None] + np.arange(width)], axis=1))


def _trend(points: Floats, half: int) -> Floats:
    """Give at each point the line through the points around it."""
    count = len(points)
    width = min(2 * half + 1, count)
    pairs = np.array([*combinations(range(width), 2)])
    trend = np.empty(count)
    steps = np.arange(width)
    for at in range(count):
        first = min(max(at - half, 0), count - width)
        around = points[first : first + width]
        slope = np.median((around[pairs[:, 1]] - around[pairs[:, 0]]) / (pairs[:, 1] - pairs[:, 0]))
        trend[at] = np.median(around - slope * steps) + slope * (at - first)
    return trend
