"""Everything a report is made of, and how its numbers and times are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.events.quality.activity import Activity
from footfall.events.quality.bots import FlaggedUser
from footfall.events.quality.calendar import Calendar
from footfall.events.quality.fields import Fields
from footfall.events.quality.report import Rows

__all__ = ["Measured", "TextCounts", "local_time", "microseconds", "quantile"]

Names = Callable[[npt.ArrayLike], pa.Array]


@dataclass(frozen=True)
class TextCounts:
    """What the text columns of the log lack, which chunks do not hold.

    Parameters
    ----------
    missing : mapping of str to int
        Column to events that do not say.
    currencies : mapping of str to int
        Currency to its events.
    without_currency : int
        Events with a price or an amount, but no currency.
    """

    missing: Mapping[str, int]
    currencies: Mapping[str, int]
    without_currency: int


@dataclass(frozen=True)
class Measured:
    """Everything a report is made of.

    Parameters
    ----------
    event_types : sequence of str
        Names, the place is the code.
    span : tuple of int or None
        First and last time, microseconds UTC.
    calendar, activity, bots, fields
        What the measures gave.
    name_users, name_items : callable
        From codes to ids.
    users_table, items_table : pa.ChunkedArray or None
        Id columns of the shop's own tables.
    rows : Rows
        What was kept and put aside.
    text : TextCounts or None
        None where no text is kept.
    now : datetime or None
        The clock, if the caller has one.
    """

    event_types: Sequence[str]
    span: tuple[int, int] | None
    calendar: Calendar
    activity: Activity
    bots: Sequence[FlaggedUser]
    fields: Fields
    name_users: Names
    name_items: Names
    users_table: pa.ChunkedArray | None
    items_table: pa.ChunkedArray | None
    rows: Rows
    text: TextCounts | None
    now: datetime | None


def quantile(values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], share: int) -> int:
    """Give the smallest value that ``share`` percent of the events do not exceed.

    Parameters
    ----------
    values, counts : ndarray of int64, shape (V,), V > 0
        Values ascending, and how often each occurs.
    share : int
        Percent.
    """
    total = int(counts.sum())
    rank = max(1, -(-total * share // 100))  # rounded up, in whole numbers
    return int(values[np.searchsorted(np.cumsum(counts), rank)])


def microseconds(moment: datetime) -> int:
    """Give a moment as microseconds UTC; one without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local_time(moment: int, time_zone: str) -> str:
    """Write a moment as ISO time of a zone."""
    zone = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    try:
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(zone)
    except OverflowError:  # before the year 1 or after 9999
        return f"{np.datetime64(moment, 'us')}+00:00"
    return local.isoformat()
