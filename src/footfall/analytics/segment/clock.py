"""Local time for kernels: when the distance from UTC changes, and to what."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.calendar import zone_named

__all__ = ["DAY", "LocalClock", "local_clock"]

DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LocalClock:
    """Distances from UTC over a span of time.

    Parameters
    ----------
    starts : ndarray of int64, shape (P,)
        Moments (microseconds UTC, ascending) from which each distance holds; the first one holds
        before its moment, too.
    shifts : ndarray of int64, shape (P,)
        Microseconds to add to UTC.
    """

    starts: npt.NDArray[np.int64]
    shifts: npt.NDArray[np.int64]

    def day_of(self, moment: int) -> int:
        """Give the number of a moment's local day since 1970."""
        place = max(int(np.searchsorted(self.starts, moment, side="right")) - 1, 0)
        return (moment + int(self.shifts[place])) // DAY


def local_clock(
    time_zone: str, span: tuple[int, int] | None, *, owner: str = "measures"
) -> LocalClock:
    """Find the distances of a zone from UTC over a span.

    Parameters
    ----------
    time_zone : str
        IANA name.
    span : tuple of int or None
        First and last moment, microseconds UTC; None for an empty log.
    owner : str
        What the error names.

    Raises
    ------
    OptionError
        If there is no such zone.

    Examples
    --------
    >>> summer = 1_774_742_400_000_000  # 2026-03-29, the day clocks change
    >>> clock = local_clock("Europe/Berlin", (summer - DAY, summer + DAY))
    >>> (clock.shifts // 3_600_000_000).tolist()
    [1, 2]
    """
    zone = zone_named(time_zone, owner=owner)
    first, last = span or (0, 0)
    starts, shifts = [first], [_shift(zone, first)]
    # No zone changes its distance twice within a day, so days show each change.
    for moment in [*range(first + DAY, last, DAY), last]:
        shift = _shift(zone, moment)
        if shift != shifts[-1]:
            before = starts[-1] if len(starts) > 1 else first
            starts.append(_changed(zone, max(before, moment - DAY), moment, shift))
            shifts.append(shift)
    return LocalClock(np.array(starts, np.int64), np.array(shifts, np.int64))


def _shift(zone: ZoneInfo, moment: int) -> int:
    try:
        local = (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    except OverflowError:  # beyond the years Python knows: no zone says anything there
        return 0
    return (local.utcoffset() or timedelta(0)) // timedelta(microseconds=1)


def _changed(zone: ZoneInfo, low: int, high: int, shift: int) -> int:
    """Find the minute within a day from which the distance is ``shift``."""
    minute = 60_000_000
    base = low // minute
    minutes = range(base, high // minute + 1)
    place = bisect_left(minutes, 1, key=lambda at: int(_shift(zone, at * minute) == shift))
    return minutes[min(place, len(minutes) - 1)] * minute
