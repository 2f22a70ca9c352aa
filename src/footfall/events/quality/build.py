"""Turns what was measured into the report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import EVENT_SCHEMA, REQUIRED
from footfall.events.quality.activity import Activity
from footfall.events.quality.bots import FlaggedUser
from footfall.events.quality.calendar import (
    WEEKDAYS,
    Calendar,
    closed_weekdays,
    gaps_of,
    low_days,
)
from footfall.events.quality.chunks import FIELDS
from footfall.events.quality.fields import Counted, Fields
from footfall.events.quality.findings import findings_of
from footfall.events.quality.mix import mix_of
from footfall.events.quality.options import QualityOptions
from footfall.events.quality.overlap import Overlap, overlap_of
from footfall.events.quality.report import (
    Bot,
    Bots,
    ColumnShare,
    Counts,
    EventsAUser,
    HeavyUser,
    LowDay,
    NamedShare,
    QualityReport,
    Quantities,
    QuantityExample,
    Rows,
    Time,
    TypeCount,
)
from footfall.events.vocabulary import EVENT_TYPES

__all__ = ["Measured", "TextCounts", "build_report"]

Names = Callable[[npt.ArrayLike], pa.Array]

# Ids that say nobody was known, in lower case.
PLACEHOLDERS = (
    "null", "none", "nan", "undefined", "unknown", "guest", "anonymous", "anon", "n/a", "na",
    "nil", "test", "-1", "00000000-0000-0000-0000-000000000000", "游客", "未知",
)  # fmt: skip
_LEAST_TIMES = 20  # fewer may be whole minutes by chance
_FIELD_COLUMNS = {"item_id": "item", "session_id": "session"}


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


def build_report(measured: Measured, options: QualityOptions) -> QualityReport:
    """Put the report together: its parts, then the findings that they give rise to."""
    activity, fields = measured.activity, measured.fields
    events = int(activity.user_events.sum())
    types = _types(measured)
    report = QualityReport(
        time_zone=options.time_zone,
        generated=None if measured.now is None else _local(_micros(measured.now), options),
        findings=[],
        rows=measured.rows,
        time=_time(measured, options),
        counts=Counts(events, len(activity.users), len(fields.items.values), len(types)),
        events_a_user=_events_a_user(measured, options),
        columns=_columns(measured),
        event_types=types,
        mix=mix_of(activity.days, measured.calendar, measured.event_types, options),
        items=_overlap(measured.items_table, measured.name_items, fields.items, options),
        users=_overlap(
            measured.users_table,
            measured.name_users,
            Counted(activity.users.astype(np.int64), activity.user_events),
            options,
        ),
        bots=_bots(measured, options),
        quantities=_quantities(measured, options),
        currencies=_currencies(measured),
    )
    unpriced = dict(zip(measured.event_types, fields.unpriced.tolist(), strict=True))
    age = _age_days(measured)
    return replace(report, findings=findings_of(report, unpriced=unpriced, age_days=age))


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


def _time(measured: Measured, options: QualityOptions) -> Time:
    calendar = measured.calendar
    totals = measured.activity.days.sum(axis=1)
    missing = np.flatnonzero(totals == 0).tolist()
    closed = closed_weekdays(calendar, totals)
    gaps = gaps_of(calendar, totals, closed=closed)
    longest = sorted(gaps, key=lambda gap: (-gap.days, gap.first))[: options.listed]
    low = low_days(calendar, totals)
    first, last = measured.span or (None, None)
    return Time(
        first=None if first is None else _local(first, options),
        last=None if last is None else _local(last, options),
        days=calendar.days,
        missing_days=len(missing),
        missing_listed=[calendar.date(day) for day in missing[: options.listed]],
        closed_weekdays=[WEEKDAYS[number] for number in closed],
        gaps=sorted(longest, key=lambda gap: gap.first),
        gap_days=sum(gap.days for gap in gaps),
        low_days=len(low),
        low_listed=[
            LowDay(calendar.date(day), int(totals[day]), usual)
            for day, usual in low[: options.listed]
        ],
        resolution=_resolution(measured.activity),
    )


def _resolution(activity: Activity) -> str | None:
    events = int(activity.user_events.sum())
    if events < _LEAST_TIMES:
        return None
    for name, count in zip(("day", "minute", "second"), activity.round_times, strict=True):
        if 1000 * count >= 999 * events:
            return name
    return "finer"


def _events_a_user(measured: Measured, options: QualityOptions) -> EventsAUser:
    users, events = measured.activity.users, measured.activity.user_events
    if not len(users):
        return EventsAUser(None, None, None, None, None, None, None, None, 0, [], [])
    values, counts = np.unique(events, return_counts=True)
    p10, p25, p50, p75, p90, p99 = (
        quantile(values, counts, share) for share in (10, 25, 50, 75, 90, 99)
    )
    order = np.lexsort((users, -events))
    ids = measured.name_users(users)
    nobody = pc.is_in(pc.utf8_lower(ids), pa.array(PLACEHOLDERS)).to_numpy(zero_copy_only=False)
    return EventsAUser(
        float(events.mean()), p10, p25, p50, p75, p90, p99, int(values[-1]),
        single=int((events == 1).sum()),
        heaviest=_heavy(order[: options.listed], measured),
        placeholders=_heavy(order[nobody[order]][: options.listed], measured),
    )  # fmt: skip


def _heavy(places: npt.NDArray[np.int64], measured: Measured) -> list[HeavyUser]:
    activity = measured.activity
    total = int(activity.user_events.sum())
    names = measured.name_users(activity.users[places]).to_pylist()
    events = activity.user_events[places].tolist()
    return [HeavyUser(n, e, e / total) for n, e in zip(names, events, strict=True)]


def _columns(measured: Measured) -> list[ColumnShare]:
    events = measured.activity.days.sum(axis=0) if measured.calendar.days else None
    total = 0 if events is None else int(events.sum())
    purchase = [*measured.event_types].index("purchase") if total else 0
    purchases = 0 if events is None else int(events[purchase])
    shares = []
    for name in EVENT_SCHEMA.names:
        field = _FIELD_COLUMNS.get(name, name)
        missing: int | None = None
        of_purchases: float | None = None
        if field in FIELDS:
            column = measured.fields.missing[:, FIELDS.index(field)]
            missing = int(column.sum())
            of_purchases = int(column[purchase]) / purchases if purchases else None
        elif name in REQUIRED:
            missing, of_purchases = 0, 0.0 if purchases else None
        elif measured.text is not None:
            missing = measured.text.missing[name]
        share = None if missing is None or total == 0 else missing / total
        shares.append(ColumnShare(name, missing, share, of_purchases))
    return shares


def _types(measured: Measured) -> list[TypeCount]:
    events = measured.activity.days.sum(axis=0).tolist()
    total = sum(events)
    found = [
        TypeCount(name, count, count / total, name not in EVENT_TYPES)
        for name, count in zip(measured.event_types, events, strict=True)
        if count
    ]
    return sorted(found, key=lambda kind: (-kind.events, kind.event_type))


def _overlap(
    table: pa.ChunkedArray | None, names: Names, seen: Counted, options: QualityOptions
) -> Overlap | None:
    if table is None:
        return None
    return overlap_of(names(seen.values), seen.counts, table, listed=options.listed)


def _bots(measured: Measured, options: QualityOptions) -> Bots:
    flagged = measured.bots
    events = sum(user.events for user in flagged)
    total = int(measured.activity.user_events.sum())
    names = measured.name_users([user.user for user in flagged[: options.listed]]).to_pylist()
    gap = f"{options.bot_gap_seconds:g}"
    return Bots(
        users=len(flagged),
        events=events,
        share=events / total if total else 0.0,
        rule=(
            f"hasty: more than {options.bot_hour_events} acts within 60 minutes and a median gap"
            f" of at most {gap} s; sleepless: acts in {options.bot_hours} or more of 24 successive"
            " hours (events of one moment are one act, impressions none)"
        ),
        listed=[
            Bot(name, user.events, user.busiest_hour, user.median_gap_seconds,
                user.active_hours, [*user.reasons])
            for name, user in zip(names, flagged, strict=False)
        ],
    )  # fmt: skip


def _quantities(measured: Measured, options: QualityOptions) -> Quantities:
    spread = measured.fields.quantities
    rule = (
        f"more than {options.quantity_factor:g} times what 95 % of quantities do not exceed,"
        f" and more than {options.quantity_floor}"
    )
    if not len(spread.values):
        return Quantities(0, None, None, 0, rule, [])
    p95 = quantile(spread.values, spread.counts, 95)
    threshold = max(float(options.quantity_floor), options.quantity_factor * p95)
    outlying = [large for large in measured.fields.largest if large.quantity > threshold]
    users = measured.name_users([large.user for large in outlying]).to_pylist()
    items = measured.name_items([large.item for large in outlying]).to_pylist()
    return Quantities(
        said=int(spread.counts.sum()),
        p95=p95,
        threshold=threshold,
        outliers=int(spread.counts[spread.values > threshold].sum()),
        rule=rule,
        listed=[
            QuantityExample(
                large.quantity,
                user,
                item,
                measured.event_types[large.event_type],
                _local(large.timestamp, options),
            )
            for large, user, item in zip(outlying, users, items, strict=True)
        ],
    )


def _currencies(measured: Measured) -> list[NamedShare] | None:
    if measured.text is None:
        return None
    counts: dict[str | None, int] = {}
    counts.update(measured.text.currencies)
    if measured.text.without_currency:
        counts[None] = measured.text.without_currency
    said = sum(counts.values())
    found = [NamedShare(name, count, count / said) for name, count in counts.items()]
    return sorted(found, key=lambda one: (-one.events, one.currency or ""))


def _age_days(measured: Measured) -> float | None:
    if measured.now is None or measured.span is None:
        return None
    return (_micros(measured.now) - measured.span[1]) / 86_400_000_000


def _micros(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _local(moment: int, options: QualityOptions) -> str:
    """Write a moment as ISO time of the report's zone."""
    zone = UTC if options.time_zone == "UTC" else ZoneInfo(options.time_zone)
    try:
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)).astimezone(zone)
    except OverflowError:  # before the year 1 or after 9999
        return f"{np.datetime64(moment, 'us')}+00:00"
    return local.isoformat()
