"""The quality report as HTML: one section with its own style, no script, no network."""

from collections.abc import Sequence
from html import escape

from footfall.events.quality.html_charts import bar, columns_chart
from footfall.events.quality.html_style import PAGE_STYLE, STYLE
from footfall.events.quality.overlap import Overlap
from footfall.events.quality.report import QualityReport
from footfall.events.quality.words import number, percent

__all__ = ["report_html", "report_page"]

Cell = str | float | None
_MARKS = {"problem": "Problem", "notice": "Notice", "good": "Good"}
_TYPES_SHOWN = 12


class _Html(str):
    """Text that is HTML already; any other text is escaped when it is put in."""

    __slots__ = ()


def report_page(report: QualityReport) -> str:
    """Write a whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Quality of the log</title>\n<style>{PAGE_STYLE}</style>\n</head>\n<body>\n"
        f"{report_html(report)}\n</body>\n</html>\n"
    )


def report_html(report: QualityReport) -> str:
    """Write the report as one ``<section>``; its rules only touch what is inside it."""
    parts = [_head(report), _findings(report), _tiles(report)]
    if report.counts.events or report.rows.rejected:
        parts.append(_rows(report))
    if report.counts.events:
        parts += [_time(report), _mix(report), _users(report), _columns(report)]
        parts += [_overlaps(report), _bots(report), _quantities(report), _currencies(report)]
    body = "\n".join(part for part in parts if part)
    return f'<section class="ff-quality">\n<style>{STYLE}</style>\n{body}\n</section>'


def _head(report: QualityReport) -> str:
    time = report.time
    span = f"{_moment(time.first)} to {_moment(time.last)}, " if time.first and time.last else ""
    when = f" Reported {_moment(report.generated)}." if report.generated else ""
    return (
        "<header><h2>Quality of the log</h2>"
        f"<p class='ff-sub'>{escape(span)}days and times in {escape(report.time_zone)}."
        f"{escape(when)}</p></header>"
    )


def _findings(report: QualityReport) -> str:
    items = "".join(
        f"<li class='ff-{one.severity}'><b>{_MARKS[one.severity]}</b>"
        f"<span>{escape(one.text)}</span></li>"
        for one in report.findings
    )
    return f"<ul class='ff-findings'>{items}</ul>"


def _tiles(report: QualityReport) -> str:
    counts = report.counts
    tiles = [
        ("events", counts.events),
        ("users", counts.users),
        ("items", counts.items),
        ("event types", counts.event_types),
        ("days", report.time.days),
        ("rows put aside", report.rows.rejected),
    ]
    cells = "".join(
        f"<div><strong>{number(value)}</strong><span>{name}</span></div>" for name, value in tiles
    )
    return f"<div class='ff-tiles'>{cells}</div>"


def _rows(report: QualityReport) -> str:
    rows = report.rows
    whole = rows.rows_in or 1
    lines: list[list[Cell]] = [
        ["kept", rows.kept, percent(rows.kept / whole), _Html(bar(rows.kept / whole))]
    ]
    lines += [
        [rule, count, percent(count / whole), _Html(bar(count / whole, "amber"))]
        for rule, count in rows.by_rule.items()
    ]
    table = _table(["", "rows", "share", ""], lines, words=(0, 3))
    examples = ""
    if rows.examples:
        shown: list[list[Cell]] = [[one.rule, one.file, one.row, one.raw] for one in rows.examples]
        inner = _table(["rule", "file", "row", "as it stood"], shown, words=(0, 1, 3), code=(3,))
        examples = f"<details><summary>Rows put aside, for example</summary>{inner}</details>"
    return _part(f"Rows: {number(rows.rows_in)} in", table + examples)


def _time(report: QualityReport) -> str:
    mix, time = report.mix, report.time
    totals = [sum(one) for one in zip(*mix.counts.values(), strict=True)]
    chart = columns_chart(totals, mix.starts, [one.place for one in mix.breaks], unit="events")
    facts: list[tuple[str, str]] = [
        ("Days without events", f"{number(time.missing_days)} of {number(time.days)}")
    ]
    if time.closed_weekdays:
        facts.append(("Closed on", ", ".join(time.closed_weekdays)))
    if time.gaps:
        gaps = [
            gap.first if gap.days == 1 else f"{gap.first} to {gap.last} ({gap.days} days)"
            for gap in time.gaps
        ]
        facts.append(("Gaps", ", ".join(gaps)))
    if time.low_listed:
        low = [f"{day.date} ({day.events:,}, usually {day.usual:,})" for day in time.low_listed]
        facts.append(("Days with few events", ", ".join(low)))
    if time.resolution:
        fine = "fractions of a second" if time.resolution == "finer" else f"{time.resolution}s"
        facts.append(("Times in", fine))
    return _part(f"Events by {mix.by}", chart + _facts(facts))


def _mix(report: QualityReport) -> str:
    mix = report.mix
    totals = [sum(one) for one in zip(*mix.counts.values(), strict=True)]
    places = [one.place for one in mix.breaks]
    rows = []
    for kind in report.event_types[:_TYPES_SHOWN]:
        shares = [
            count / total if total else 0.0
            for count, total in zip(mix.counts[kind.event_type], totals, strict=True)
        ]
        chart = columns_chart(shares, mix.starts, places, unit="share", small=True)
        custom = " <em>custom</em>" if kind.custom else ""
        rows.append(
            f"<div class='ff-kind'><div><b>{escape(kind.event_type)}</b>{custom}<span>"
            f"{number(kind.events)} · {percent(kind.share)}</span></div>{chart}</div>"
        )
    rest = len(report.event_types) - _TYPES_SHOWN
    tail = f"<p class='ff-sub'>and {rest} more types</p>" if rest > 0 else ""
    note = f"<p class='ff-sub'>Share of each type by {mix.by}, each to its own scale."
    if mix.breaks:
        note += " Amber lines mark breaks."
    elif not mix.searched:
        note += " The log is too short to look for breaks."
    return _part("Event types", f"{note}</p>{''.join(rows)}{tail}{_breaks(report)}")


def _breaks(report: QualityReport) -> str:
    lines: list[list[Cell]] = [
        [one.start, change.event_type, percent(change.before), percent(change.after)]
        for one in report.mix.breaks
        for change in one.changes
    ]
    if not lines:
        return ""
    return _table(["break at", "type", "before", "after"], lines, words=(0, 1))


def _users(report: QualityReport) -> str:
    spread = report.events_a_user
    names = [("p10", "10 %"), ("p25", "25 %"), ("p50", "half")]
    names += [("p75", "75 %"), ("p90", "90 %"), ("p99", "99 %"), ("max", "all")]
    tiles = "".join(
        f"<div><strong>{number(getattr(spread, name))}</strong><span>{said}</span></div>"
        for name, said in names
    )
    alone = f"{number(spread.single)} ({percent(spread.single / report.counts.users)})"
    facts = [("On average", number(spread.mean)), ("Users with one event", alone)]
    heavy = [f"{user.user} ({user.events:,}, {percent(user.share)})" for user in spread.heaviest]
    if heavy:
        facts.append(("Most events", ", ".join(heavy[:5])))
    note = "<p class='ff-sub'>What this share of users have at most.</p>"
    return _part(
        "Events a user", f"{note}<div class='ff-tiles ff-low'>{tiles}</div>{_facts(facts)}"
    )


def _columns(report: QualityReport) -> str:
    said = [one for one in report.columns if one.share is not None and 0 < one.share < 1]
    lines: list[list[Cell]] = [
        [
            one.column,
            percent(one.share),
            percent(one.of_purchases),
            _Html(bar(one.share or 0.0, "amber")),
        ]
        for one in said
    ]
    always = [one.column for one in report.columns if one.share == 0]
    never = [one.column for one in report.columns if one.share == 1]
    unknown = [one.column for one in report.columns if one.missing is None]
    facts = [("Always said", ", ".join(always))]
    facts += [("Never said", ", ".join(never))] if never else []
    facts += [("Not known for a log in memory", ", ".join(unknown))] if unknown else []
    head = ["column", "of events", "of purchases", ""]
    table = _table(head, lines, words=(0, 3)) if lines else ""
    return _part("Share missing", table + _facts(facts))


def _overlaps(report: QualityReport) -> str:
    parts = [
        _overlap(kind, overlap)
        for kind, overlap in (("items", report.items), ("users", report.users))
        if overlap is not None
    ]
    return _part("Ids beside the shop's tables", "".join(parts)) if parts else ""


def _overlap(kind: str, overlap: Overlap) -> str:
    share = overlap.found / overlap.in_log if overlap.in_log else 0.0
    unknown = number(overlap.unknown)
    if overlap.unknown:
        unknown += f", {number(overlap.unknown_events)} events"
    facts = [
        (f"{kind.capitalize()} of the log found", f"{number(overlap.found)} ({percent(share)})"),
        ("Unknown", f"{unknown}"),
        ("In the table, never seen", number(overlap.never_seen)),
    ]
    if overlap.unknown_listed:
        facts.append(("Unknown, for example", ", ".join(overlap.unknown_listed)))
    if overlap.nearly_found:
        facts.append(("There in another spelling", number(overlap.nearly_found)))
    return _facts(facts)


def _bots(report: QualityReport) -> str:
    bots = report.bots
    note = f"<p class='ff-sub'>{escape(_sentence(bots.rule))}.</p>"
    lines: list[list[Cell]] = [
        [bot.user, bot.events, bot.busiest_hour, f"{bot.median_gap_seconds:,.1f} s",
         bot.active_hours, ", ".join(bot.reasons)]
        for bot in bots.listed
    ]  # fmt: skip
    if not bots.users:
        return ""
    names = ["user", "events", "busiest hour", "median gap", "hours of 24", "why"]
    table = _table(names, lines, words=(0, 5)) if lines else ""
    return _part(f"Users who act like a program: {number(bots.users)}", note + table)


def _quantities(report: QualityReport) -> str:
    found = report.quantities
    if not found.outliers:
        return ""
    lines: list[list[Cell]] = [
        [one.quantity, one.item, one.event_type, one.user, _moment(one.time)]
        for one in found.listed
    ]
    rule = f"{_sentence(found.rule)}: above {number(found.threshold)} here."
    note = f"<p class='ff-sub'>{escape(rule)}</p>"
    names = ["quantity", "item", "type", "user", "time"]
    table = _table(names, lines, words=(1, 2, 3, 4)) if lines else ""
    return _part(f"Outlying quantities: {number(found.outliers)}", note + table)


def _currencies(report: QualityReport) -> str:
    currencies = report.currencies or []
    if not any(one.currency for one in currencies):
        return ""
    lines: list[list[Cell]] = [
        [one.currency or "not said", one.events, percent(one.share), _Html(bar(one.share))]
        for one in currencies
    ]
    return _part("Currencies", _table(["currency", "events", "share", ""], lines, words=(0, 3)))


def _part(title: str, body: str) -> str:
    return f"<article><h3>{escape(title)}</h3>{body}</article>"


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    if not facts:
        return ""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in facts)
    return f"<dl>{lines}</dl>"


def _table(
    head: Sequence[str],
    lines: Sequence[Sequence[Cell]],
    *,
    words: Sequence[int],
    code: Sequence[int] = (),
) -> str:
    """Write a table that scrolls within itself on a narrow screen."""
    classes = [
        " class='ff-code'" if at in code else "" if at in words else " class='ff-number'"
        for at in range(len(head))
    ]
    top = "".join(
        f"<th{mark}>{escape(name)}</th>" for mark, name in zip(classes, head, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{mark}>{_cell(cell)}</td>" for mark, cell in zip(classes, line, strict=True))
        + "</tr>"
        for line in lines
    )
    return f"<div class='ff-scroll'><table><tr>{top}</tr>{rows}</table></div>"


def _cell(value: Cell) -> str:
    if isinstance(value, _Html):
        return value
    return escape(value) if isinstance(value, str) else number(value)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _moment(iso: str) -> str:
    """Cut an ISO time to its minute: "2026-01-05 10:00"."""
    return iso[:16].replace("T", " ")
