"""The quality report: plain numbers and words, as text, JSON and HTML."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from footfall.events.quality.calendar import Gap
from footfall.events.quality.overlap import Overlap

__all__ = [
    "Bot",
    "Bots",
    "ColumnShare",
    "Counts",
    "EventsAUser",
    "Finding",
    "HeavyUser",
    "LowDay",
    "Mix",
    "MixBreak",
    "MixChange",
    "NamedShare",
    "QualityReport",
    "Quantities",
    "QuantityExample",
    "RejectExample",
    "Rows",
    "Severity",
    "Time",
    "TypeCount",
]

Severity = Literal["problem", "notice", "good"]


@dataclass(frozen=True)
class Finding:
    """One sentence about the log that a person should read first.

    Parameters
    ----------
    severity : {"problem", "notice", "good"}
        Answers will be wrong; look at it; as it should be.
    topic : str
        The part of the report that it comes from.
    text : str
    """

    severity: Severity
    topic: str
    text: str


@dataclass(frozen=True)
class RejectExample:
    """A row that was put aside, its text cut to 160 letters."""

    rule: str
    file: str
    row: int
    raw: str


@dataclass(frozen=True)
class Rows:
    """Where the rows went: ``rows_in = kept + rejected``.

    Parameters
    ----------
    rows_in, kept, rejected : int
        A row of a file that held several events counts once for each.
    by_rule : dict of str to int
        Rows put aside, the rule that stopped most first.
    duplicates : int
        Those put aside as exact or changed duplicates.
    examples : list of RejectExample
        Up to three a rule.
    """

    rows_in: int
    kept: int
    rejected: int
    by_rule: dict[str, int]
    duplicates: int
    examples: list[RejectExample]


@dataclass(frozen=True)
class LowDay:
    """A day with far fewer events than its weekday usually has."""

    date: str
    events: int
    usual: int


@dataclass(frozen=True)
class Time:
    """The span of the log and the holes in it.

    Parameters
    ----------
    first, last : str or None
        ISO times in the report's zone; None for an empty log.
    days : int
        From the first day to the last, both counted.
    missing_days : int
        Days without any event.
    missing_listed : list of str
        The first of them.
    closed_weekdays : list of str
        Weekdays on which the shop keeps still: their days are missing, but no gap.
    gaps : list of Gap
        Stretches of missing days that no closed weekday explains, the longest, in order of time.
    gap_days : int
        Days in all such stretches.
    low_days : int
        Days with far fewer events than usual.
    low_listed : list of LowDay
        The first of them.
    resolution : {"day", "minute", "second", "finer"} or None
        What at least 99.9 % of the times are whole multiples of; None below 20 events.
    """

    first: str | None
    last: str | None
    days: int
    missing_days: int
    missing_listed: list[str]
    closed_weekdays: list[str]
    gaps: list[Gap]
    gap_days: int
    low_days: int
    low_listed: list[LowDay]
    resolution: str | None


@dataclass(frozen=True)
class Counts:
    """How much there is."""

    events: int
    users: int
    items: int
    event_types: int


@dataclass(frozen=True)
class HeavyUser:
    """A user with many events."""

    user: str
    events: int
    share: float


@dataclass(frozen=True)
class EventsAUser:
    """How events spread over users; all None for an empty log.

    Parameters
    ----------
    mean : float or None
    p10, p25, p50, p75, p90, p99, max : int or None
        Exact: the smallest number that this share of the users do not exceed.
    single : int
        Users with one event.
    heaviest : list of HeavyUser
    placeholders : list of HeavyUser
        Users whose id says that nobody was known: "null", "guest" and the like.
    """

    mean: float | None
    p10: int | None
    p25: int | None
    p50: int | None
    p75: int | None
    p90: int | None
    p99: int | None
    max: int | None
    single: int
    heaviest: list[HeavyUser]
    placeholders: list[HeavyUser]


@dataclass(frozen=True)
class ColumnShare:
    """What a column lacks.

    Parameters
    ----------
    column : str
    missing : int or None
        Events that do not say; None where that is not known (text of a log in memory).
    share : float or None
        Of all events.
    of_purchases : float or None
        Share missing among purchases; None where not known or without purchases.
    """

    column: str
    missing: int | None
    share: float | None
    of_purchases: float | None


@dataclass(frozen=True)
class TypeCount:
    """An event type, its events, their share, and whether it is one of the shop's own."""

    event_type: str
    events: int
    share: float
    custom: bool


@dataclass(frozen=True)
class MixChange:
    """The share of one event type before and after a break."""

    event_type: str
    before: float
    after: float
    score: float


@dataclass(frozen=True)
class MixBreak:
    """A day or week from which on the mix of event types is another.

    Parameters
    ----------
    start : str
        ISO date of the first day (or the week's Monday) after it.
    place : int
        Place in the lists of the mix.
    changes : list of MixChange
        The largest factor first.
    """

    start: str
    place: int
    changes: list[MixChange]


@dataclass(frozen=True)
class Mix:
    """Events of each type over time.

    Parameters
    ----------
    by : {"day", "week"}
        Days up to 92 days, else weeks from Monday on.
    starts : list of str
        ISO date of each.
    counts : dict of str to list of int
        Event type to its events in each; most frequent type first.
    breaks : list of MixBreak
    searched : bool
        False where the log is too short, or its days too poor, to look for breaks.
    """

    by: str
    starts: list[str]
    counts: dict[str, list[int]]
    breaks: list[MixBreak]
    searched: bool


@dataclass(frozen=True)
class Bot:
    """A flagged user; see :mod:`footfall.events.quality.bots`."""

    user: str
    events: int
    busiest_hour: int
    median_gap_seconds: float
    active_hours: int
    reasons: list[str]


@dataclass(frozen=True)
class Bots:
    """Users who act as no person does; they stay in the log.

    Parameters
    ----------
    users, events : int
        How many, and the events of all of them.
    share : float
        Of all events.
    rule : str
        The rule in words.
    listed : list of Bot
        Those with most events.
    """

    users: int
    events: int
    share: float
    rule: str
    listed: list[Bot]


@dataclass(frozen=True)
class QuantityExample:
    """An event with an outlying quantity."""

    quantity: int
    user: str
    item: str | None
    event_type: str
    time: str


@dataclass(frozen=True)
class Quantities:
    """Quantities far above the usual; they stay in the log.

    Parameters
    ----------
    said : int
        Events with a quantity above 0.
    p95 : int or None
        The quantity that 95 % of those do not exceed.
    threshold : float or None
        A quantity above it is an outlier.
    outliers : int
    rule : str
        The rule in words.
    listed : list of QuantityExample
        The largest.
    """

    said: int
    p95: int | None
    threshold: float | None
    outliers: int
    rule: str
    listed: list[QuantityExample]


@dataclass(frozen=True)
class NamedShare:
    """A currency (None: not said), the events that carry it, and their share."""

    currency: str | None
    events: int
    share: float


@dataclass(frozen=True)
class QualityReport:
    """What a log holds, what it lacks and what looks odd.

    Parameters
    ----------
    time_zone : str
        Zone of all days and times.
    generated : str or None
        When, if the caller said so.
    findings : list of Finding
        Problems first, then notices, then what is good.
    rows, time, counts, events_a_user, columns, event_types, mix
        The parts, in the order of reading.
    items, users : Overlap or None
        Ids beside the table of items or users; None without such a table.
    bots, quantities
        What the rules flagged.
    currencies : list of NamedShare or None
        Among events with an amount or a currency; None for a log in memory, which keeps no text.
    """

    time_zone: str
    generated: str | None
    findings: list[Finding]
    rows: Rows
    time: Time
    counts: Counts
    events_a_user: EventsAUser
    columns: list[ColumnShare]
    event_types: list[TypeCount]
    mix: Mix
    items: Overlap | None
    users: Overlap | None
    bots: Bots
    quantities: Quantities
    currencies: list[NamedShare] | None

    def __str__(self) -> str:
        from footfall.events.quality.text import report_text

        return report_text(self)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain values; the keys are the names of the fields.

        Returns
        -------
        dict
            What ``json.dumps`` takes.
        """
        return asdict(self)

    def to_html(self, *, page: bool = False) -> str:
        """Give the report as HTML that needs no network and no script.

        Parameters
        ----------
        page : bool, default=False
            A whole page; else one ``<section>`` to put into a page, its style within.
        """
        from footfall.events.quality.html import report_html, report_page

        return report_page(self) if page else report_html(self)
