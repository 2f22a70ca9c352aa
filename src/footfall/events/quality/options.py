"""The limits of the quality report: what counts as a bot, an outlier, a break."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from footfall.errors import OptionError

__all__ = ["QualityOptions"]


@dataclass(frozen=True, kw_only=True)
class QualityOptions:
    """Limits of the rules that flag; none of them drops anything.

    Parameters
    ----------
    time_zone : str, default="UTC"
        Whose midnights part the days.
    listed : int, default=10
        Examples shown of each kind (days, users, items, rows); 0 shows counts only, for a report
        that must name nobody.
    bot_hour_events : int, default=300
        Hasty: more moments than this within 60 minutes, and ...
    bot_gap_seconds : float, default=5.0
        ... a median gap between moments of at most this.
    bot_hours : int, default=22
        Sleepless: active in at least this many of 24 successive clock hours.
    quantity_floor : int, default=20
        A quantity up to this is never an outlier.
    quantity_factor : float, default=10.0
        An outlier is more than this times the 95th percentile of quantities.
    break_score : float, default=6.0
        Smallest score of a break in the mix of event types (standard errors).
    break_points : float, default=0.05
        A share that moves by at least this is a break if the score says so ...
    break_ratio : float, default=1.5
        ... as is one that grows or shrinks by at least this factor.

    Examples
    --------
    >>> QualityOptions(bot_hours=30)
    Traceback (most recent call last):
    footfall.errors.OptionError: The 'bot_hours' option of quality must be an int in [2, 24]. ...
    """

    time_zone: str = "UTC"
    listed: int = 10
    bot_hour_events: int = 300
    bot_gap_seconds: float = 5.0
    bot_hours: int = 22
    quantity_floor: int = 20
    quantity_factor: float = 10.0
    break_score: float = 6.0
    break_points: float = 0.05
    break_ratio: float = 1.5

    def __post_init__(self) -> None:
        _check_zone(self.time_zone)
        checks = (
            ("listed", self.listed >= 0, "an int of at least 0"),
            ("bot_hour_events", self.bot_hour_events >= 1, "an int of at least 1"),
            ("bot_gap_seconds", self.bot_gap_seconds > 0, "a number of seconds above 0"),
            ("bot_hours", 2 <= self.bot_hours <= 24, "an int in [2, 24]"),
            ("quantity_floor", self.quantity_floor >= 1, "an int of at least 1"),
            ("quantity_factor", self.quantity_factor >= 1, "a number of at least 1"),
            ("break_score", self.break_score > 0, "a number above 0"),
            ("break_points", 0 < self.break_points <= 1, "a share in (0, 1]"),
            ("break_ratio", self.break_ratio > 1, "a number above 1"),
        )
        for name, holds, allowed in checks:
            if not holds:
                raise OptionError.of(name, "quality", allowed, getattr(self, name))


def _check_zone(name: str) -> None:
    if name == "UTC":  # known on machines without a table of zones, too
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        allowed = "a zone's name such as 'Asia/Shanghai'"
        raise OptionError.of("time_zone", "quality", allowed, name) from None
