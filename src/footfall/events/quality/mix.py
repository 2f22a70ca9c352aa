"""The mix of event types over days or weeks, with its breaks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from footfall.events.quality.breaks import DAILY, WEEKLY, comparable, find_breaks
from footfall.events.quality.calendar import Calendar
from footfall.events.quality.options import QualityOptions
from footfall.events.quality.report import Mix, MixBreak, MixChange

__all__ = ["DAYS_AT_MOST", "mix_of"]

DAYS_AT_MOST = 92  # a longer log is shown by weeks


def mix_of(
    days: npt.NDArray[np.int64],
    calendar: Calendar,
    event_types: Sequence[str],
    options: QualityOptions,
) -> Mix:
    """Cut the log into days or weeks and look for breaks.

    Parameters
    ----------
    days : ndarray of int64, shape (D, T)
        Events of each day and type.
    calendar : Calendar
        The D days.
    event_types : sequence of str
        Names of the T types.
    options : QualityOptions
        Limits of a break.
    """
    daily = calendar.days <= DAYS_AT_MOST
    counts, starts = (days, np.arange(calendar.days)) if daily else _weeks(days, calendar)
    dates = [calendar.date(start) for start in starts.tolist()]
    rhythm = DAILY if daily else WEEKLY
    totals = counts.sum(axis=0)
    present = [kind for kind in np.argsort(-totals, kind="stable").tolist() if totals[kind]]
    breaks = [
        MixBreak(
            dates[found.place],
            found.place,
            [
                MixChange(event_types[one.event_type], one.before, one.after, one.score)
                for one in found.changes
            ],
        )
        for found in find_breaks(counts, rhythm, options)
    ]
    return Mix(
        by=rhythm.by,
        starts=dates,
        counts={event_types[kind]: counts[:, kind].tolist() for kind in present},
        breaks=breaks,
        searched=comparable(counts, rhythm),
    )


def _weeks(
    days: npt.NDArray[np.int64], calendar: Calendar
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Add days up to weeks; gives each week's events and its Monday as a day from 0 (or less)."""
    lead = int(calendar.weekday()[0])  # days of the first week that the log does not have
    week = (np.arange(calendar.days) + lead) // 7
    counts = np.zeros((int(week[-1]) + 1, days.shape[1]), np.int64)
    np.add.at(counts, week, days)
    return counts, np.arange(len(counts)) * 7 - lead
