"""Calendars: hours, days, weeks and months of a time zone as boundaries in microseconds UTC.

A kernel walks a user's ordered events along the boundaries, so that every unit and every zone,
with its summer times, costs the same and needs no division.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.kernels import Array, i64, kernel, out_i32
from footfall.store.chunk import UserChunk

__all__ = ["Calendar", "Unit", "places_of", "zone_named"]

Unit = Literal["hour", "day", "week", "month"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3_600_000_000


def zone_named(name: str, *, owner: str) -> ZoneInfo:
    """Find a time zone.

    Raises
    ------
    OptionError
        If there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        allowed = "a zone such as 'UTC', 'Asia/Shanghai' or 'Europe/Berlin'"
        raise OptionError.of("time_zone", owner, allowed, name) from None


@dataclass(frozen=True)
class Calendar:
    """A unit of time in a time zone.

    Parameters
    ----------
    unit : "hour", "day", "week" or "month"
        Weeks start on Monday.
    time_zone : str, default="UTC"
    owner : str
        What errors name.

    Examples
    --------
    >>> weeks = Calendar("week", "Asia/Shanghai")
    >>> starts = weeks.starts(1_767_600_000_000_000, 1_767_600_000_000_000)  # 2026-01-05T08:00Z
    >>> [weeks.label(start) for start in starts]
    ['2026-01-05', '2026-01-12']
    """

    unit: Unit
    time_zone: str = "UTC"
    owner: str = "a calendar"

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise OptionError.of("unit", self.owner, f"one of {get_args(Unit)}", self.unit)
        zone_named(self.time_zone, owner=self.owner)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    def starts(self, first: int, last: int) -> npt.NDArray[np.int64]:
        """Give the boundaries of the periods that cover a time.

        Parameters
        ----------
        first, last : int
            Microseconds UTC, both inside.

        Returns
        -------
        ndarray of int64, shape (P + 1,)
            Period p lasts from ``starts[p]`` to before ``starts[p + 1]``.
        """
        day = self._first_day(self.local(first).date())
        days = [day]
        while self.moment(days[-1]) <= last:
            days.append(self._after(days[-1]))
        bounds = [self.moment(each) for each in days]
        if self.unit == "hour":
            hours = [t for a, b in pairwise(bounds) for t in range(a, b, _HOUR)]
            inside = int(np.searchsorted(hours, first, side="right")) - 1
            bounds = [*hours, bounds[-1]][inside:]
            bounds = bounds[: int(np.searchsorted(bounds, last, side="right")) + 1]
        return np.array(bounds, np.int64)

    def label(self, start: int) -> str:
        """Name a period by its first day ("2026-01-05"), month ("2026-01") or hour."""
        local = self.local(int(start))
        forms = {"hour": "%Y-%m-%d %H:%M", "month": "%Y-%m"}
        return local.strftime(forms.get(self.unit, "%Y-%m-%d"))

    def local(self, moment: int) -> datetime:
        """Give a moment on the zone's clocks."""
        return (_EPOCH + timedelta(microseconds=moment)).astimezone(self.zone)

    def moment(self, day: date) -> int:
        """Give the first moment of a day, microseconds UTC."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (midnight.astimezone(UTC) - _EPOCH) // _MICROSECOND

    def _first_day(self, day: date) -> date:
        if self.unit == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self.unit == "month" else day

    def _after(self, day: date) -> date:
        if self.unit == "month":
            return (day + timedelta(days=32)).replace(day=1)
        return day + timedelta(days=7 if self.unit == "week" else 1)


@kernel(types.void(i64, i64, i64, out_i32))
def _places(offsets: Array, timestamp: Array, starts: Array, place: Array) -> None:
    last = len(starts) - 1
    for user in range(len(offsets) - 1):
        here = 0
        for row in range(offsets[user], offsets[user + 1]):
            now = timestamp[row]
            if row == offsets[user]:  # from there on a user's events only move forward
                low, high = 0, len(starts)
                while low < high:
                    middle = (low + high) // 2
                    if starts[middle] <= now:
                        low = middle + 1
                    else:
                        high = middle
                here = low - 1
            while here < last and starts[here + 1] <= now:
                here += 1
            place[row] = here if here < last else -1


def places_of(chunk: UserChunk, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Say in which period each event lies.

    Parameters
    ----------
    chunk : UserChunk
        With timestamp.
    starts : ndarray of int64, shape (P + 1,)
        From :meth:`Calendar.starts`.

    Returns
    -------
    ndarray of int32, shape (N,)
        From 0; -1 for events before the first or after the last period.
    """
    place = np.empty(chunk.events, np.int32)
    _places(chunk.offsets, chunk["timestamp"], starts, place)
    return place
