"""The quality report as aligned text."""

from collections.abc import Iterator, Sequence

from footfall.events.quality.overlap import Overlap
from footfall.events.quality.report import QualityReport
from footfall.events.quality.words import counted, listing, number, percent, text_width

__all__ = ["report_text"]

Cell = str | float | None
_MARKS = {"problem": "PROBLEM", "notice": "notice", "good": "good"}


def report_text(report: QualityReport) -> str:
    """Write the report for a terminal: findings first, then a table for each part."""
    parts = [_head(report), _findings(report), _rows(report), _time(report), _users(report)]
    parts += [_types(report), _breaks(report), _columns(report), _overlaps(report)]
    parts += [_bots(report), _quantities(report), _currencies(report)]
    return "\n\n".join(part for part in parts if part)


def _head(report: QualityReport) -> str:
    counts, time = report.counts, report.time
    span = f", {time.first} to {time.last}" if time.first else ""
    size = ", ".join(counted(getattr(counts, f"{one}s"), one) for one in ("event", "user", "item"))
    return f"Quality of the log: {size}{span}"


def _findings(report: QualityReport) -> str:
    return _table([[_MARKS[one.severity], one.text] for one in report.findings], left=(0, 1))


def _rows(report: QualityReport) -> str:
    rows = report.rows
    lines: list[list[Cell]] = [
        ["in", rows.rows_in, ""],
        ["kept", rows.kept, _share(rows.kept, rows.rows_in)],
        ["put aside", rows.rejected, _share(rows.rejected, rows.rows_in)],
    ]
    lines += [
        [f"  {rule}", count, _share(count, rows.rows_in)] for rule, count in rows.by_rule.items()
    ]
    return _titled("Rows", lines)


def _time(report: QualityReport) -> str:
    time = report.time
    lines = [
        ["days", f"{time.days:,} ({report.time_zone})"],
        ["without events", f"{time.missing_days:,}"],
    ]
    if time.missing_listed:
        lines[-1][1] += f": {listing(time.missing_listed, time.missing_days)}"
    if time.closed_weekdays:
        lines.append(["closed on", ", ".join(time.closed_weekdays)])
    if time.gap_days:
        gaps = [
            gap.first if gap.days == 1 else f"{gap.first} to {gap.last} ({gap.days})"
            for gap in time.gaps
        ]
        lines.append(["gaps", f"{time.gap_days:,} days: {', '.join(gaps)}"])
    if time.low_days:
        low = [f"{day.date} ({day.events:,} of {day.usual:,})" for day in time.low_listed]
        lines.append(["low days", listing(low, time.low_days)])
    if time.resolution:
        lines.append(["times in", f"{time.resolution}s" if time.resolution != "finer" else "finer"])
    return _titled("Time", lines, left=(0, 1))


def _users(report: QualityReport) -> str:
    spread = report.events_a_user
    if spread.mean is None:
        return ""
    names = ["p10", "p25", "p50", "p75", "p90", "p99", "max", "mean"]
    values: list[Cell] = [getattr(spread, name) for name in names]
    lines: list[list[Cell]] = [[*names], values]
    return _titled("Events a user", lines, left=())


def _types(report: QualityReport) -> str:
    lines: list[list[Cell]] = [
        [kind.event_type, kind.events, percent(kind.share), "custom" if kind.custom else ""]
        for kind in report.event_types
    ]
    return _titled("Event types", lines, left=(0, 3))


def _breaks(report: QualityReport) -> str:
    lines: list[list[Cell]] = [
        [one.start, change.event_type, percent(change.before), "->", percent(change.after)]
        for one in report.mix.breaks
        for change in one.changes
    ]
    return _titled(f"Breaks of the mix, by {report.mix.by}", lines, left=(0, 1, 3))


def _columns(report: QualityReport) -> str:
    lines: list[list[Cell]] = [["", "missing", "of events", "of purchases"]]
    lines += [
        [one.column, one.missing, percent(one.share), percent(one.of_purchases)]
        for one in report.columns
        if one.share is not None and 0 < one.share < 1
    ]
    always = [one.column for one in report.columns if one.share == 0]
    never = [one.column for one in report.columns if one.share == 1]
    unknown = [one.column for one in report.columns if one.missing is None]
    tail = f"\n  always said: {', '.join(always)}"
    tail += f"\n  never said: {', '.join(never)}" if never else ""
    tail += f"\n  not known here: {', '.join(unknown)}" if unknown else ""
    shown = _titled("Missing", lines) if len(lines) > 1 else "Missing"
    return shown + tail if report.counts.events else ""


def _overlaps(report: QualityReport) -> str:
    lines: list[list[Cell]] = []
    for kind, overlap in (("items", report.items), ("users", report.users)):
        if overlap is not None:
            lines += _overlap(kind, overlap)
    return _titled("Tables", lines, left=(0, 2))


def _overlap(kind: str, overlap: Overlap) -> Iterator[list[Cell]]:
    share = _share(overlap.found, overlap.in_log)
    yield [f"{kind} of the log found in the table", overlap.found, share]
    yield [f"{kind} the table lacks", overlap.unknown, ", ".join(overlap.unknown_listed)]
    yield [f"{kind} of the table never seen", overlap.never_seen, ""]


def _bots(report: QualityReport) -> str:
    if not report.bots.listed:
        return ""
    lines: list[list[Cell]] = [["user", "events", "busiest hour", "median gap s", "hours", "why"]]
    lines += [
        [bot.user, bot.events, bot.busiest_hour, f"{bot.median_gap_seconds:.1f}",
         bot.active_hours, ", ".join(bot.reasons)]
        for bot in report.bots.listed
    ]  # fmt: skip
    return _titled(f"Like a program ({report.bots.users:,})", lines, left=(0, 5))


def _quantities(report: QualityReport) -> str:
    found = report.quantities
    lines: list[list[Cell]] = [
        [one.quantity, one.user, one.item, one.event_type, one.time] for one in found.listed
    ]
    return _titled(f"Outlying quantities ({found.outliers:,})", lines, left=(1, 2, 3, 4))


def _currencies(report: QualityReport) -> str:
    lines: list[list[Cell]] = [
        [one.currency or "not said", one.events, percent(one.share)]
        for one in report.currencies or []
    ]
    said = any(one.currency for one in report.currencies or [])
    return _titled("Currencies", lines) if said else ""


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else ""


def _titled(title: str, lines: Sequence[Sequence[Cell]], *, left: Sequence[int] = (0,)) -> str:
    if not lines:
        return ""
    body = _table(lines, left=left)
    return title + "\n" + "\n".join(f"  {line}" for line in body.split("\n"))


def _table(lines: Sequence[Sequence[Cell]], *, left: Sequence[int]) -> str:
    cells = [[_cell(value) for value in line] for line in lines]
    widths = [max(map(text_width, column)) for column in zip(*cells, strict=True)]
    written = []
    for line in cells:
        padded = []
        for place, (cell, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - text_width(cell))
            padded.append(cell + space if place in left else space + cell)
        written.append("  ".join(padded).rstrip())
    return "\n".join(written)


def _cell(value: Cell) -> str:
    if isinstance(value, str):  # leading spaces stay: they show what belongs to what
        return value.translate(_ONE_LINE)
    return number(value)


_ONE_LINE = dict.fromkeys([*range(32), 127, 8232, 8233], " ")
