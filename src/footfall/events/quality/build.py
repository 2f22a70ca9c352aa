"""Turns what was measured into the report."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import EVENT_SCHEMA, REQUIRED
from footfall.events.quality.activity import Activity
from footfall.events.quality.calendar import (
    WEEKDAYS,
    closed_weekdays,
    gaps_of,
    low_days,
)
from footfall.events.quality.chunks import FIELDS
from footfall.events.quality.fields import Counted
from footfall.events.quality.findings import findings_of
from footfall.events.quality.flagged import bots_of, currencies_of, quantities_of
from footfall.events.quality.measured import Measured, local_time, microseconds, quantile
from footfall.events.quality.mix import mix_of
from footfall.events.quality.options import QualityOptions
from footfall.events.quality.overlap import Overlap, overlap_of
from footfall.events.quality.report import (
    ColumnShare,
    Counts,
    EventsAUser,
    HeavyUser,
    LowDay,
    QualityReport,
    Time,
    TypeCount,
)
from footfall.events.vocabulary import EVENT_TYPES

__all__ = ["build_report"]

# Ids that say nobody was known, in lower case.
PLACEHOLDERS = (
    "null", "none", "nan", "undefined", "unknown", "guest", "anonymous", "anon", "n/a", "na",
    "nil", "test", "-1", "00000000-0000-0000-0000-000000000000", "游客", "未知",
)  # fmt: skip
_LEAST_TIMES = 20  # fewer may be whole minutes by chance
_FIELD_COLUMNS = {"item_id": "item", "session_id": "session"}


def build_report(measured: Measured, options: QualityOptions) -> QualityReport:
    """Put the report together: its parts, then the findings that they give rise to."""
    activity, fields = measured.activity, measured.fields
    events = int(activity.user_events.sum())
    types = _types(measured)
    report = QualityReport(
        time_zone=options.time_zone,
        generated=None
        if measured.now is None
        else local_time(microseconds(measured.now), options.time_zone),
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
        bots=bots_of(measured, options),
        quantities=quantities_of(measured, options),
        currencies=currencies_of(measured),
    )
    unpriced = dict(zip(measured.event_types, fields.unpriced.tolist(), strict=True))
    age = _age_days(measured)
    return replace(report, findings=findings_of(report, unpriced=unpriced, age_days=age))


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
        first=None if first is None else local_time(first, options.time_zone),
        last=None if last is None else local_time(last, options.time_zone),
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
    table: pa.ChunkedArray | None,
    names: Callable[[npt.ArrayLike], pa.Array],
    seen: Counted,
    options: QualityOptions,
) -> Overlap | None:
    if table is None:
        return None
    return overlap_of(names(seen.values), seen.counts, table, listed=options.listed)


def _age_days(measured: Measured) -> float | None:
    if measured.now is None or measured.span is None:
        return None
    return (microseconds(measured.now) - measured.span[1]) / 86_400_000_000
