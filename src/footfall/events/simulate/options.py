"""What to simulate."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from footfall.errors import OptionError
from footfall.events.simulate.behavior import Behavior

__all__ = ["Language", "SimulateOptions"]

Language = Literal["mixed", "zh", "en"]

MAX_USERS = 99_999_999  # user ids have eight digits


@dataclass(frozen=True, kw_only=True)
class SimulateOptions:
    """Options of a simulation; the same options always give the same bytes.

    Parameters
    ----------
    users : int
        Number of shoppers.
    days : int
        Length of the log.
    seed : int
        Of all random draws.
    start : datetime.date
        First day, in the shop's local time (UTC+8 for Chinese and mixed shops, UTC for English).
    items : int
        Number of items in the catalog.
    language : {"mixed", "zh", "en"}
        Language of the shoppers' queries and reviews; "mixed": half and half.
    events_per_user : float, optional
        Mean number of events a user makes in the whole log, about; None: the natural tempo of
        `behavior`, about 0.7 events a day.
    behavior : Behavior
        Every effect and its size.

    Raises
    ------
    OptionError
        When an option is out of its range.

    Examples
    --------
    >>> SimulateOptions(days=0)
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'days' option of simulate must be a whole number ...
    """

    users: int = 1000
    days: int = 90
    seed: int = 0
    start: dt.date = dt.date(2025, 9, 1)
    items: int = 2000
    language: Language = "mixed"
    events_per_user: float | None = None
    behavior: Behavior = field(default_factory=Behavior)

    def __post_init__(self) -> None:
        _check_range("users", self.users, 1, MAX_USERS)
        _check_range("days", self.days, 1, 3650)
        _check_range("seed", self.seed, 0, 2**63 - 1)
        _check_range("items", self.items, 40, 1_000_000)
        if not isinstance(self.start, dt.date) or not 1970 <= self.start.year <= 2200:
            raise OptionError.of("start", "simulate", "a date from 1970 to 2200", self.start)
        if self.language not in ("mixed", "zh", "en"):
            raise OptionError.of("language", "simulate", "'mixed', 'zh' or 'en'", self.language)
        wanted = self.events_per_user
        if wanted is not None and not 0.0 < wanted <= 10_000.0:
            raise OptionError.of("events_per_user", "simulate", "above 0 and at most 10000", wanted)

    @property
    def utc_offset_hours(self) -> int:
        """Hours by which the shop's clock is ahead of UTC.

        Examples
        --------
        >>> SimulateOptions(language="zh").utc_offset_hours
        8
        """
        return 0 if self.language == "en" else 8


def _check_range(name: str, value: object, low: int, high: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not low <= value <= high:  # type: ignore[operator]  # `whole` says it is an int
        raise OptionError.of(name, "simulate", f"a whole number from {low} to {high}", value)
