"""Finds days or weeks at which the mix of event types changes for good.

At each boundary between two days, a window of 7 days before it is compared with the 7 days after
it (weeks: 4 and 4), each with at least 200 events. For every event type with at least 50 events
expected in the smaller window, the score of its share is

    (share after - share before) / sqrt(d * p * (1 - p) * (1 / n before + 1 / n after))

where ``p`` is the share in both windows, ``n`` their events and ``d`` how much more the share
swings from day to day than chance alone would have it: the median of squared swings over what a
fair coin gives, at least 1. Swings are taken between neighboring days and between the same
weekdays of neighboring weeks, and the calmer of the two counts; being a median, ``d`` is not moved
by the breaks themselves. A boundary is a break when a score is at least 6, the share moved by at
least 5 points or by a factor of at least 1.5, and the median of the daily shares moved at least
half as far the same way, so that one odd day is no break. Of breaks nearer than a window the
strongest stands.

Whole weeks on both sides cancel the rhythm of the week. Within 7 days of either end of the log one
window is cut to at least 3 days, and the other one to the same weekdays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.events.quality.options import QualityOptions

__all__ = ["DAILY", "WEEKLY", "Break", "Change", "Rhythm", "comparable", "find_breaks"]

_LEAST_EVENTS = 200  # in each window
_LEAST_EXPECTED = 50  # of the type, in the smaller window
_MEDIAN_CHI2 = 0.4549  # of one degree of freedom: the median swing that chance gives


@dataclass(frozen=True)
class Rhythm:
    """How a log's time is cut for looking at its mix.

    Parameters
    ----------
    by : str
        "day" or "week".
    window : int
        Days or weeks on either side of a boundary.
    least : int
        Fewest of them at the ends of the log.
    lags : tuple of int
        Distances at which swings are taken.
    """

    by: str
    window: int
    least: int
    lags: tuple[int, ...]

    @property
    def shortest(self) -> int:
        """Days or weeks below which no break is looked for."""
        return 2 * self.window


DAILY = Rhythm("day", window=7, least=3, lags=(1, 7))
WEEKLY = Rhythm("week", window=4, least=2, lags=(1,))


@dataclass(frozen=True)
class Change:
    """How the share of one event type changed.

    Parameters
    ----------
    event_type : int
        Code.
    before, after : float
        Its share in the windows.
    score : float
        Standard errors; negative when the share fell.
    """

    event_type: int
    before: float
    after: float
    score: float


@dataclass(frozen=True)
class Break:
    """A change of the mix.

    Parameters
    ----------
    place : int
        The first day or week after it, from 0.
    changes : list of Change
        Types whose share changed, the one that changed by the largest factor first.
    """

    place: int
    changes: list[Change]

    @property
    def score(self) -> float:
        """The strongest score, without its sign."""
        return max(abs(change.score) for change in self.changes)


def find_breaks(
    counts: npt.NDArray[np.int64], rhythm: Rhythm, options: QualityOptions
) -> list[Break]:
    """Find the breaks of a mix, in order of time.

    Parameters
    ----------
    counts : ndarray of int64, shape (B, T)
        Events of each day (or week) and type.
    rhythm : Rhythm
    options : QualityOptions
        The limits.

    Examples
    --------
    >>> counts = np.tile([90, 10], (20, 1))
    >>> counts[12:, 1] = 40
    >>> [found.place for found in find_breaks(counts, DAILY, QualityOptions())]
    [12]
    """
    if len(counts) < rhythm.shortest:
        return []
    excess = _excess(counts, rhythm.lags)
    sums = np.concatenate([np.zeros((1, counts.shape[1]), np.int64), np.cumsum(counts, axis=0)])
    found = []
    for place in range(rhythm.least, len(counts) - rhythm.least + 1):
        before, after = _windows(place, len(counts), rhythm)
        changes = _changes(
            sums[before.stop] - sums[before.start],
            sums[after.stop] - sums[after.start],
            excess,
            options,
        )
        changes = [one for one in changes if _lasts(one, counts[before], counts[after])]
        if changes:
            found.append(Break(place, changes))
    return _strongest(found, rhythm.window)


def comparable(counts: npt.NDArray[np.int64], rhythm: Rhythm) -> bool:
    """Say whether any boundary has enough events on both sides to be looked at."""
    if len(counts) < rhythm.shortest:
        return False
    totals = counts.sum(axis=1)
    places = range(rhythm.least, len(counts) - rhythm.least + 1)
    pairs = (_windows(place, len(counts), rhythm) for place in places)
    return any(
        min(totals[before].sum(), totals[after].sum()) >= _LEAST_EVENTS for before, after in pairs
    )


def _windows(place: int, size: int, rhythm: Rhythm) -> tuple[slice, slice]:
    window = rhythm.window
    before, after = min(window, place), min(window, size - place)
    if rhythm.by == "week" or before == after == window:
        return slice(place - before, place), slice(place, place + after)
    if after < window:  # the same weekdays, a week earlier
        return slice(place - window, place - window + after), slice(place, place + after)
    return slice(place - before, place), slice(place + window - before, place + window)


def _excess(counts: npt.NDArray[np.int64], lags: Sequence[int]) -> npt.NDArray[np.float64]:
    """Give, for each type, how many times more its share swings than chance has it; at least 1."""
    totals = counts.sum(axis=1, keepdims=True)
    medians = []
    for lag in lags:
        both = (totals[:-lag, 0] > 0) & (totals[lag:, 0] > 0)
        if both.sum() < 3:
            continue
        early, late = counts[:-lag][both], counts[lag:][both]
        n_early, n_late = totals[:-lag][both], totals[lag:][both]
        pooled = (early + late) / (n_early + n_late)
        chance = pooled * (1 - pooled) * (1 / n_early + 1 / n_late)
        swings = (late / n_late - early / n_early) ** 2
        ratio = np.divide(swings, chance, out=np.zeros_like(swings), where=chance > 0)
        medians.append(np.median(ratio, axis=0) / _MEDIAN_CHI2)
    calmest = np.min(medians, axis=0) if medians else np.ones(counts.shape[1])
    return np.maximum(calmest, 1.0)


def _changes(
    before: npt.NDArray[np.int64],
    after: npt.NDArray[np.int64],
    excess: npt.NDArray[np.float64],
    options: QualityOptions,
) -> list[Change]:
    n_before, n_after = int(before.sum()), int(after.sum())
    if min(n_before, n_after) < _LEAST_EVENTS:
        return []
    old, new = before / n_before, after / n_after
    pooled = (before + after) / (n_before + n_after)
    error = np.sqrt(excess * pooled * (1 - pooled) * (1 / n_before + 1 / n_after))
    score = np.divide(new - old, error, out=np.zeros_like(error), where=error > 0)
    # Half an event more on both sides: what vanishes has a factor, too.
    factor = np.log(((after + 0.5) / n_after) / ((before + 0.5) / n_before))
    moved = (np.abs(new - old) >= options.break_points) | (
        np.abs(factor) >= np.log(options.break_ratio)
    )
    enough = np.maximum(old, new) * min(n_before, n_after) >= _LEAST_EXPECTED
    broken = np.flatnonzero((np.abs(score) >= options.break_score) & moved & enough)
    broken = broken[np.argsort(-np.abs(factor[broken]), kind="stable")]
    return [Change(int(t), float(old[t]), float(new[t]), float(score[t])) for t in broken]


def _lasts(change: Change, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> bool:
    """Say whether the usual day moved, too, not one day of many events alone."""
    old, new = (
        np.median(days[full, change.event_type] / days[full].sum(axis=1))
        for days, full in ((days, days.sum(axis=1) > 0) for days in (before, after))
    )
    moved = change.after - change.before
    return bool((new - old) * np.sign(moved) >= 0.5 * abs(moved))


def _strongest(found: Sequence[Break], window: int) -> list[Break]:
    kept: list[Break] = []
    for candidate in sorted(found, key=lambda found: (-found.score, found.place)):
        if all(abs(candidate.place - other.place) >= window for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda found: found.place)
