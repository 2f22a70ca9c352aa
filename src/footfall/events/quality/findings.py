"""The sentences at the top of the report: what a person should know before using the log."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from footfall.events.quality.calendar import Gap
from footfall.events.quality.overlap import Overlap
from footfall.events.quality.report import Finding, MixBreak, QualityReport, Severity
from footfall.events.quality.words import counted, listing, percent

__all__ = ["findings_of"]

_ORDER: Mapping[Severity, int] = {"problem": 0, "notice": 1, "good": 2}
_SHOWN = 3  # examples within a sentence


@dataclass(frozen=True)
class _Source:
    report: QualityReport
    unpriced: Mapping[str, int]
    age_days: float | None

    def events_of(self, name: str) -> int:
        return next((t.events for t in self.report.event_types if t.event_type == name), 0)


def findings_of(
    report: QualityReport, *, unpriced: Mapping[str, int], age_days: float | None
) -> list[Finding]:
    """Say what the numbers of a report mean, problems first.

    Parameters
    ----------
    report : QualityReport
        Its parts; its findings are not read.
    unpriced : mapping of str to int
        Event type to events with neither price nor amount.
    age_days : float or None
        Days from the last event to now; None without a clock.
    """
    source = _Source(report, unpriced, age_days)
    if report.counts.events == 0:
        empty = Finding("problem", "rows", "The log holds no events.")
        return [empty, *(f for f in _rows(source) if f.severity != "good")]
    found = [finding for rule in _RULES for finding in rule(source)]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])


def _level(share: float, *, problem: float) -> Severity:
    return "problem" if share >= problem else "notice"


def _rows(source: _Source) -> Iterator[Finding]:
    rows = source.report.rows
    if rows.rejected == 0:
        yield Finding("good", "rows", _all_kept(rows.rows_in))
        return
    others = rows.rejected - rows.duplicates
    if others:
        share = others / rows.rows_in
        rules = [
            f"{rule} {count:,}" for rule, count in rows.by_rule.items() if "duplicate" not in rule
        ]
        yield Finding(
            _level(share, problem=0.05), "rows",
            f"{percent(share)} of rows ({others:,} of {rows.rows_in:,}) could not be kept:"
            f" {listing(rules[:_SHOWN], len(rules))}.",
        )  # fmt: skip
    exact = rows.by_rule.get("exact_duplicate", 0)
    if exact:
        yield Finding(
            "notice", "rows",
            f"{counted(exact, 'row')} said again what another said"
            f" ({percent(exact / rows.rows_in)}) and were put aside as duplicates.",
        )  # fmt: skip
    changed = rows.by_rule.get("changed_duplicate", 0)
    if changed:
        yield Finding(
            "problem", "rows",
            f"{counted(changed, 'row')} bore the id of an event that says something else;"
            " the first was kept.",
        )  # fmt: skip


def _all_kept(rows: int) -> str:
    return "The only row was kept." if rows == 1 else f"All {rows:,} rows were kept."


def _gaps(source: _Source) -> Iterator[Finding]:
    time = source.report.time
    if time.closed_weekdays:
        days = " and ".join(f"{name}s" for name in time.closed_weekdays)
        yield Finding("notice", "time", f"{days} have no events: closed on those days?")
    if time.gap_days == 0:
        if time.days > 1 and not time.closed_weekdays:
            yield Finding("good", "time", f"Each of the {time.days:,} days has events.")
        return
    a_day = source.report.counts.events / time.days
    if a_day < 20:
        yield Finding(
            "notice", "time",
            f"{time.missing_days:,} of {time.days:,} days have no events;"
            f" the log has {a_day:.1f} a day on average.",
        )  # fmt: skip
        return
    longest = max((gap.days for gap in time.gaps), default=0)
    severe = longest >= 7 or time.gap_days >= 0.05 * time.days
    where = [_gap(gap) for gap in sorted(time.gaps, key=lambda gap: -gap.days)[:_SHOWN]]
    shown = sum(gap.days for gap in sorted(time.gaps, key=lambda gap: -gap.days)[:_SHOWN])
    rest = time.gap_days - shown
    tail = f": {', '.join(where)}" if where else ""
    more = f" and {counted(rest, 'more day')}" if rest and where else ""
    noun = "more day" if time.closed_weekdays else "day"
    verb = "has" if time.gap_days == 1 else "have"
    yield Finding(
        "problem" if severe else "notice", "time",
        f"{counted(time.gap_days, noun)} {verb} no events{tail}{more}.",
    )  # fmt: skip


def _gap(gap: Gap) -> str:
    return gap.first if gap.days == 1 else f"{gap.first} to {gap.last}"


def _low_days(source: _Source) -> Iterator[Finding]:
    time = source.report.time
    if time.low_days:
        where = [f"{d.date} ({d.events:,}, usually {d.usual:,})" for d in time.low_listed[:_SHOWN]]
        verb = "has" if time.low_days == 1 else "have"
        tail = f": {listing(where, time.low_days)}" if where else ""
        yield Finding(
            "notice", "time",
            f"{counted(time.low_days, 'day')} {verb} under a fifth of the usual events{tail}.",
        )  # fmt: skip


def _resolution(source: _Source) -> Iterator[Finding]:
    if source.report.time.resolution == "day":
        yield Finding(
            "notice", "time",
            "Times are dates only: the order within a day is that of the file, and sessions"
            " and windows shorter than a day mean nothing.",
        )  # fmt: skip
    elif source.report.time.resolution == "minute":
        yield Finding(
            "notice", "time", "Times are whole minutes: the order within one is that of the file."
        )


def _age(source: _Source) -> Iterator[Finding]:
    age = source.age_days
    if age is None:
        return
    if age < 0:
        yield Finding("problem", "time", f"The last event lies {-age:.1f} days in the future.")
    elif age >= 7:
        yield Finding("notice", "time", f"The last event is {counted(int(age), 'day')} old.")


def _prices(source: _Source) -> Iterator[Finding]:
    purchases = source.events_of("purchase")
    if purchases == 0:
        yield Finding("notice", "event_types", "The log holds no purchases.")
        return
    unpriced = source.unpriced.get("purchase", 0)
    share = unpriced / purchases
    if unpriced == 0:
        yield Finding("good", "columns", "Every purchase carries a price or an amount.")
    else:
        yield Finding(
            _level(share, problem=0.05), "columns",
            f"{percent(share)} of purchases ({unpriced:,} of {purchases:,}) carry no price.",
        )  # fmt: skip


def _lacking_items(source: _Source) -> Iterator[Finding]:
    column = next(c for c in source.report.columns if c.column == "item_id")
    if column.of_purchases:
        yield Finding(
            _level(column.of_purchases, problem=0.05), "columns",
            f"{percent(column.of_purchases)} of purchases name no item.",
        )  # fmt: skip
    elif column.share == 1:
        yield Finding("notice", "columns", "No event names an item: nothing to recommend from.")


def _breaks(source: _Source) -> Iterator[Finding]:
    mix = source.report.mix
    if mix.searched and not mix.breaks and len(mix.counts) > 1:
        yield Finding("good", "mix", "The mix of event types has no break.")
    for one in mix.breaks[:5]:
        vanished = any(change.after < 0.02 * change.before for change in one.changes)
        yield Finding("problem" if vanished else "notice", "mix", _break(one, mix.by))
    if len(mix.breaks) > 5:
        yield Finding("notice", "mix", f"{len(mix.breaks) - 5} more breaks of the mix.")


def _break(one: MixBreak, by: str) -> str:
    since = one.start if by == "day" else f"the week of {one.start}"
    told = [
        f"{change.event_type} went from {percent(change.before)} to {percent(change.after)}"
        for change in one.changes[:2]
    ]
    return f"The mix of events breaks at {since}: {', '.join(told)} of events."


def _tables(source: _Source) -> Iterator[Finding]:
    report = source.report
    for kind, overlap in (("item", report.items), ("user", report.users)):
        if overlap is not None and overlap.in_log:
            yield _overlap(kind, overlap, report.counts.events)


def _overlap(kind: str, overlap: Overlap, events: int) -> Finding:
    if overlap.unknown == 0:
        return Finding("good", f"{kind}s", f"The table of {kind}s knows every {kind} of the log.")
    hint = ""
    if overlap.nearly_found:
        hint = (
            f" {overlap.nearly_found:,} of them are there in another spelling"
            " (case, spaces, leading zeros)."
        )
    share = overlap.unknown_events / events
    return Finding(
        _level(share, problem=0.05), f"{kind}s",
        f"The table of {kind}s lacks {overlap.unknown:,} of {counted(overlap.in_log, kind)}"
        f" in the log ({percent(share)} of events).{hint}",
    )  # fmt: skip


def _bots(source: _Source) -> Iterator[Finding]:
    bots = source.report.bots
    if bots.users == 0:
        yield Finding("good", "bots", "No user acts like a program.")
        return
    verb = "acts" if bots.users == 1 else "act"
    yield Finding(
        _level(bots.share, problem=0.05), "bots",
        f"{counted(bots.users, 'user')} {verb} like a program"
        f" ({percent(bots.share)} of events); flagged, not dropped.",
    )  # fmt: skip


def _users(source: _Source) -> Iterator[Finding]:
    spread, counts = source.report.events_a_user, source.report.counts
    placeholders = {user.user for user in spread.placeholders}
    for user in spread.placeholders[:_SHOWN]:
        yield Finding(
            _level(user.share, problem=0.05), "events_a_user",
            f"The user id {user.user!r} means nobody was known, yet it has"
            f" {counted(user.events, 'event')} ({percent(user.share)}).",
        )  # fmt: skip
    for user in spread.heaviest[:1]:
        # Far above the average user's share, not only large because there are few users.
        towers = user.share >= 0.05 and user.share * counts.users >= 20
        if towers and user.user not in placeholders:
            yield Finding(
                "problem", "events_a_user",
                f"One user, {user.user!r}, has {percent(user.share)} of all events:"
                " an id that many people share?",
            )  # fmt: skip
    if counts.users >= 20 and spread.single >= 0.8 * counts.users:
        yield Finding(
            "notice", "events_a_user",
            f"{percent(spread.single / counts.users)} of users have a single event:"
            " little can be learned from what they did before.",
        )  # fmt: skip


def _quantities(source: _Source) -> Iterator[Finding]:
    quantities = source.report.quantities
    if quantities.outliers and quantities.threshold is not None:
        largest = max((one.quantity for one in quantities.listed), default=None)
        tail = "" if largest is None else f", the largest {largest:,}"
        verb = "is" if quantities.outliers == 1 else "are"
        noun = counted(quantities.outliers, "quantity", "quantities")
        yield Finding(
            "notice", "quantities",
            f"{noun} {verb} above {quantities.threshold:,.0f}{tail};"
            f" 95 % are at most {quantities.p95:,}. Flagged, not dropped.",
        )  # fmt: skip


def _currencies(source: _Source) -> Iterator[Finding]:
    currencies = source.report.currencies or []
    named = [one for one in currencies if one.currency is not None]
    if len(named) > 1:
        mix = [f"{one.currency} {percent(one.share)}" for one in named[:_SHOWN]]
        yield Finding(
            "problem", "currencies",
            f"Money comes in {len(named)} currencies ({listing(mix, len(named))}):"
            " sums of amounts mix them.",
        )  # fmt: skip
    for one in currencies:
        if named and one.currency is None:
            yield Finding(
                "notice",
                "currencies",
                f"{percent(one.share)} of events with money do not say in which currency.",
            )


def _custom(source: _Source) -> Iterator[Finding]:
    custom = [kind for kind in source.report.event_types if kind.custom]
    if custom:
        names = [f"{kind.event_type} ({percent(kind.share)})" for kind in custom[:_SHOWN]]
        verb = "is" if len(custom) == 1 else "are"
        yield Finding(
            "notice", "event_types",
            f"{counted(len(custom), 'event type')} {verb} the shop's own:"
            f" {listing(names, len(custom))}.",
        )  # fmt: skip


_RULES: tuple[Callable[[_Source], Iterator[Finding]], ...] = (
    _rows,
    _gaps,
    _low_days,
    _resolution,
    _age,
    _prices,
    _lacking_items,
    _breaks,
    _tables,
    _users,
    _bots,
    _quantities,
    _currencies,
    _custom,
)
