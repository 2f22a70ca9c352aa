"""Asks a log how good it is: the measures of footfall.events.quality, run over its chunks."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from footfall.events.columns import (
    AMOUNT,
    CURRENCY,
    EVENT_ID,
    EVENT_SCHEMA,
    PRICE,
    REQUIRED,
)
from footfall.events.quality.activity import Activity, measure_activity, merge_activity
from footfall.events.quality.bots import FlaggedUser, measure_bots, merge_bots
from footfall.events.quality.build import build_report
from footfall.events.quality.calendar import Calendar, calendar_of
from footfall.events.quality.chunks import FIELDS
from footfall.events.quality.fields import measure_fields, merge_fields
from footfall.events.quality.measured import Measured, TextCounts
from footfall.events.quality.options import QualityOptions
from footfall.events.quality.report import QualityReport, RejectExample, Rows
from footfall.store.chunk import UserChunk
from footfall.store.delta import DataFile
from footfall.store.files import EVENTS_TABLE
from footfall.store.log import Log
from footfall.store.memory import MemoryLog
from footfall.store.rejects import count_rejects, some_rejects

__all__ = ["quality"]

_EXAMPLES = 3  # rows shown of each rule
_RAW_LETTERS = 160
# Columns that chunks do not hold.
_TEXT = tuple(
    name
    for name in EVENT_SCHEMA.names
    if name not in (*REQUIRED, *FIELDS, "item_id", "session_id", CURRENCY)
)


def quality(
    log: Log | MemoryLog, *, now: datetime | None = None, options: QualityOptions | None = None
) -> QualityReport:
    """Measure how good a log is: what it holds, what it lacks, what looks odd.

    Nothing is changed or dropped; bot-like users and outlying quantities are only flagged.

    Parameters
    ----------
    log : Log or MemoryLog
        A log in memory knows neither rejected rows nor text: those parts are empty.
    now : datetime, optional
        The clock, UTC unless it says otherwise: stamps the report and tells how old the last event
        is. Without it the report says nothing of either.
    options : QualityOptions, optional
        Time zone of the days, and the limits of the rules.

    Returns
    -------
    QualityReport
        ``print`` it, or ask it for ``to_json()`` or ``to_html()``.

    Raises
    ------
    StoreError
        If the log cannot be read.

    Examples
    --------
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:05", "purchase", "kettle", 1, 1999),
    ... ])
    >>> report = quality(log)
    >>> report.time.missing_listed
    ['2026-01-02']
    >>> report.counts
    Counts(events=2, users=1, items=1, event_types=2)
    """
    options = options or QualityOptions()
    span = log.span
    calendar = calendar_of(span, options.time_zone)
    kinds = len(log.event_types)
    impression = "impression"
    measure_users = partial(
        _measure_users,
        calendar=calendar,
        kinds=kinds,
        impression=log.event_type_code(impression) if impression in log.event_types else -1,
        options=options,
    )
    activity, bots = log.map(
        measure_users,
        lambda parts: (
            merge_activity([part[0] for part in parts], calendar=calendar, kinds=kinds),
            merge_bots([part[1] for part in parts]),
        ),
        columns=["timestamp", "event_type"],
        label="days and users",
    )
    fields = log.map(
        partial(measure_fields, kinds=kinds, floor=options.quantity_floor, listed=options.listed),
        partial(merge_fields, kinds=kinds, listed=options.listed),
        columns=["timestamp", "event_type", *FIELDS],
        label="what events say",
    )
    measured = Measured(
        event_types=log.event_types,
        span=span,
        calendar=calendar,
        activity=activity,
        bots=bots,
        fields=fields,
        name_users=log.user_ids.strings,
        name_items=log.item_ids.strings,
        users_table=None if log.users is None else log.users.column("user_id"),
        items_table=None if log.items is None else log.items.column("item_id"),
        rows=_rows(log, options),
        text=_text_counts(log) if isinstance(log, Log) else None,
        now=now,
    )
    return build_report(measured, options)


def _measure_users(
    chunk: UserChunk, *, calendar: Calendar, kinds: int, impression: int, options: QualityOptions
) -> tuple[Activity, list[FlaggedUser]]:
    activity = measure_activity(chunk, calendar=calendar, kinds=kinds)
    return activity, measure_bots(chunk, impression=impression, options=options)


def _rows(log: Log | MemoryLog, options: QualityOptions) -> Rows:
    kept = log.events
    counts = count_rejects(log.workspace) if isinstance(log, Log) else Counter[str]()
    by_rule = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    shown = min(_EXAMPLES, options.listed)
    examples = [
        RejectExample(rule, row["file"], row["row"], row["raw"][:_RAW_LETTERS])
        for rule in by_rule
        for row in (some_rejects(log.workspace, rule, shown) if isinstance(log, Log) else ())
    ]
    return Rows(
        rows_in=kept + counts.total(),
        kept=kept,
        rejected=counts.total(),
        by_rule=by_rule,
        duplicates=sum(count for rule, count in counts.items() if rule.endswith("_duplicate")),
        examples=examples,
    )


@dataclass
class _TextTally:
    """Adds up, file by file, what the text columns of a log say."""

    missing: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    without_currency: int = 0

    def add_file(self, file: DataFile, filesystem: pafs.FileSystem) -> None:
        with filesystem.open_input_file(f"{EVENTS_TABLE}/{file.path}") as opened:
            metadata = pq.read_metadata(opened)
            present = set(metadata.schema.names)
            # Codes are quicker to read than their text, but ids are all different.
            coded = present.intersection([*_TEXT, CURRENCY]) - {EVENT_ID}
            parquet = pq.ParquetFile(opened, metadata=metadata, read_dictionary=sorted(coded))
            for name in _TEXT:
                if name not in present:
                    self.missing[name] += file.rows
            for group in range(parquet.num_row_groups):
                for name in present.intersection(_TEXT):
                    # One column at a time, so that long texts do not pile up in memory.
                    column = parquet.read_row_group(group, columns=[name]).column(0)
                    self.missing[name] += column.null_count
                wanted = [name for name in (CURRENCY, PRICE, AMOUNT) if name in present]
                self._add_currencies(parquet.read_row_group(group, columns=wanted))

    def _add_currencies(self, rows: pa.Table) -> None:
        if CURRENCY not in rows.column_names:
            rows = rows.append_column(CURRENCY, pa.nulls(rows.num_rows, pa.string()))
        currency = rows.column(CURRENCY)
        self.missing[CURRENCY] += currency.null_count
        for one in currency.value_counts().to_pylist():
            if one["values"] is not None:
                self.currencies[one["values"]] += one["counts"]
        money = [rows.column(n).is_valid() for n in (PRICE, AMOUNT) if n in rows.column_names]
        if money:
            silent = pc.and_(currency.is_null(), pc.or_(money[0], money[-1]))
            self.without_currency += int(pc.sum(silent).as_py() or 0)


def _text_counts(log: Log) -> TextCounts:
    tally = _TextTally()
    filesystem = log.workspace.filesystem()
    for files in log.bucket_files.values():
        for file in files:
            tally.add_file(file, filesystem)
    return TextCounts(tally.missing, tally.currencies, tally.without_currency)
