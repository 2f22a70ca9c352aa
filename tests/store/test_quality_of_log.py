import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.events.columns import EVENT_SCHEMA
from footfall.events.quality.options import QualityOptions
from footfall.store.log import open_log
from footfall.store.memory import MemoryLog
from footfall.store.quality import quality
from footfall.store.rejects import Rejects

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = datetime(2026, 1, 1, tzinfo=UTC)


def _events(**columns):
    count = len(columns["user_id"])
    columns.setdefault("timestamp", [START + timedelta(minutes=n) for n in range(count)])
    columns.setdefault("event_type", ["view"] * count)
    kinds = {name: EVENT_SCHEMA.field(name).type for name in columns}
    return pa.table({name: pa.array(cells, kinds[name]) for name, cells in columns.items()})


def _texts(report, severity):
    return [one.text for one in report.findings if one.severity == severity]


def _column(report, name):
    return next(one for one in report.columns if one.column == name)


def test_an_empty_log_is_reported_as_empty(tmp_path):
    for log in (MemoryLog.from_rows([]), open_log(tmp_path / "shop", create=True)):
        report = quality(log, now=START)
        assert _texts(report, "problem") == ["The log holds no events."]
        assert report.time.days == 0
        assert report.events_a_user.p50 is None
        assert "no events" in str(report)
        assert "no events" in report.to_html()
        json.dumps(report.to_json(), allow_nan=False)


def test_one_event_of_one_user_is_a_whole_report():
    report = quality(MemoryLog.from_rows([("安", "2026-01-01T10:00", "看看", "水壶")]))
    assert (report.counts.events, report.counts.users, report.counts.items) == (1, 1, 1)
    assert (report.events_a_user.p10, report.events_a_user.max) == (1, 1)
    assert report.time.first == report.time.last == "2026-01-01T10:00:00+00:00"
    assert report.event_types[0].custom
    assert not report.mix.searched
    assert "看看" in report.to_html(page=True)


def test_missing_days_are_named_and_counted():
    rows = [("ann", f"2026-01-{day:02d}T10:00", "view") for day in (1, 2, 3, 4, 6, 7, 10)] * 30
    report = quality(MemoryLog.from_rows(rows))
    assert report.time.missing_listed == ["2026-01-05", "2026-01-08", "2026-01-09"]
    assert report.time.days == 10
    assert "3 days have no events: 2026-01-08 to 2026-01-09, 2026-01-05." in _texts(
        report, "problem"
    )


def test_days_are_those_of_the_time_zone_asked_for():
    rows = [("ann", "2026-01-01T17:00", "view"), ("ann", "2026-01-03T01:00", "view")]
    assert quality(MemoryLog.from_rows(rows)).time.missing_listed == ["2026-01-02"]
    shanghai = quality(MemoryLog.from_rows(rows), options=QualityOptions(time_zone="Asia/Shanghai"))
    assert shanghai.time.missing_days == 0
    assert shanghai.time.first == "2026-01-02T01:00:00+08:00"


def test_quantiles_of_events_a_user_are_values_that_occurred():
    rows = [
        (f"user {user}", START + timedelta(seconds=n), "view")
        for user in range(1, 11)
        for n in range(user)
    ]
    spread = quality(MemoryLog.from_rows(rows)).events_a_user
    assert (spread.p10, spread.p25, spread.p50, spread.p75, spread.p90) == (1, 3, 5, 8, 9)
    assert (spread.p99, spread.max, spread.mean, spread.single) == (10, 10, 5.5, 1)
    assert [user.user for user in spread.heaviest[:2]] == ["user 10", "user 9"]


def test_what_columns_lack_is_the_same_from_memory_and_from_disk_and_text_only_from_disk(tmp_path):
    events = _events(
        user_id=["a", "a", "b", "b"],
        event_type=["view", "purchase", "purchase", "search"],
        item_id=["x", "x", None, None],
        price=[None, 100, None, None],
        amount=[None, 100, None, None],
        query=[None, None, None, "tea"],
        currency=[None, "EUR", None, None],
    )
    disk = open_log(tmp_path / "shop", create=True, buckets=2)
    disk.append(events)
    for log in (MemoryLog.from_events(events), disk):
        report = quality(log)
        assert (_column(report, "item_id").missing, _column(report, "item_id").share) == (2, 0.5)
        assert _column(report, "item_id").of_purchases == 0.5
        assert _column(report, "price").missing == _column(report, "amount").missing == 3
        assert _column(report, "rating").share == 1.0
        assert "50 % of purchases (1 of 2) carry no price." in _texts(report, "problem")
    assert _column(report, "query").missing == 3
    assert _column(report, "text").missing == 4
    assert [(one.currency, one.events) for one in report.currencies] == [("EUR", 1)]
    assert _column(quality(MemoryLog.from_events(events)), "query").missing is None


def test_a_price_of_nothing_is_a_price():
    report = quality(
        MemoryLog.from_events(
            _events(user_id=["a"], event_type=["purchase"], price=[0], amount=[0])
        )
    )
    assert _column(report, "amount").missing == 0
    assert "Every purchase carries a price or an amount." in _texts(report, "good")


def test_mixed_currencies_and_money_without_one_are_told(tmp_path):
    log = open_log(tmp_path / "shop", create=True)
    log.append(
        _events(
            user_id=list("aaab"),
            event_type=["purchase"] * 4,
            amount=[1, 2, 3, 4],
            currency=["CNY", "CNY", "EUR", None],
        )
    )
    report = quality(log)
    shares = [(one.currency, one.events, one.share) for one in report.currencies]
    assert shares == [("CNY", 2, 0.5), (None, 1, 0.25), ("EUR", 1, 0.25)]
    assert any("2 currencies (CNY 50 %, EUR 25 %)" in text for text in _texts(report, "problem"))


def test_rejected_rows_are_counted_by_rule_and_shown(tmp_path):
    log = open_log(tmp_path / "shop", create=True)
    log.append(_events(user_id=["a"] * 6))
    rejects = Rejects(log.workspace, reader="rees46")
    rejects.add("jan.csv", "no_user", [7, 9], ["<script>alert(1)</script>", "x" * 999])
    rejects.add("jan.csv", "exact_duplicate", [8], ["again"])
    rejects.commit()
    report = quality(log)
    assert (report.rows.rows_in, report.rows.kept, report.rows.rejected) == (9, 6, 3)
    assert report.rows.by_rule == {"no_user": 2, "exact_duplicate": 1}
    assert report.rows.duplicates == 1
    assert [(e.rule, e.row, len(e.raw)) for e in report.rows.examples] == [
        ("no_user", 7, 25), ("no_user", 9, 160), ("exact_duplicate", 8, 5),
    ]  # fmt: skip
    assert "22.2 % of rows (2 of 9) could not be kept: no_user 2." in _texts(report, "problem")
    assert "<script" not in report.to_html(page=True)
    assert quality(log, options=QualityOptions(listed=0)).rows.examples == []


def test_ids_are_compared_with_the_shops_tables(tmp_path):
    log = open_log(tmp_path / "shop", create=True)
    log.append(_events(user_id=list("abbb"), item_id=["7", "x", "y", "y"]))
    log.save_table("items", pa.table({"item_id": ["x", "007", "old"]}))
    log.save_table("users", pa.table({"user_id": ["a", "b"]}))
    report = quality(log)
    items, users = report.items, report.users
    assert (items.found, items.unknown, items.unknown_events, items.never_seen) == (1, 2, 3, 2)
    assert items.unknown_listed == ["y", "7"]
    assert items.nearly_found == 1
    assert (users.found, users.unknown, users.never_seen) == (2, 0, 0)
    assert any("lacks 2 of 3 items in the log (75 %" in text for text in _texts(report, "problem"))


def test_a_crawler_is_flagged_as_hasty_and_a_shared_id_as_sleepless():
    crawler = [("crawler", START + timedelta(seconds=2 * n), "view") for n in range(400)]
    shared = [("kiosk", START + timedelta(hours=n), "view") for n in range(22)]
    person = [("ann", START + timedelta(seconds=20 * n), "view") for n in range(250)]
    bots = quality(MemoryLog.from_rows(crawler + shared + person)).bots
    assert [(bot.user, bot.reasons) for bot in bots.listed] == [
        ("crawler", ["hasty"]),
        ("kiosk", ["sleepless"]),
    ]
    assert (bots.users, bots.events) == (2, 422)
    assert (bots.listed[0].busiest_hour, bots.listed[0].median_gap_seconds) == (400, 2.0)
    assert bots.listed[1].active_hours == 22


def test_the_lines_of_one_invoice_and_impressions_make_nobody_a_bot():
    invoice = [("ann", START, "purchase", f"item {n}") for n in range(900)]
    shown = [("bob", START + timedelta(seconds=n), "impression") for n in range(900)]
    assert quality(MemoryLog.from_rows(invoice + shown)).bots.users == 0


def test_the_limits_of_the_bot_rules_are_met_exactly():
    def flagged(count, seconds):
        rows = [("u", START + timedelta(seconds=seconds * n), "view") for n in range(count)]
        return quality(MemoryLog.from_rows(rows)).bots.users

    assert flagged(301, 5) == 1
    assert flagged(300, 5) == 0  # not more than 300 in the hour
    assert flagged(301, 6) == 0  # not quick enough
    hours = [("u", START + timedelta(hours=n), "view") for n in range(21)]
    assert quality(MemoryLog.from_rows(hours)).bots.users == 0


def test_a_quantity_is_an_outlier_above_ten_times_what_is_usual():
    rows = [(f"u{n}", START + timedelta(seconds=n), "purchase", "tea", 3) for n in range(95)]
    rows += [("big", START + timedelta(days=1), "purchase", "pot", quantity) for quantity in
             (29, 30, 31, 500, 80_995)]  # fmt: skip
    found = quality(MemoryLog.from_rows(rows)).quantities
    assert (found.said, found.p95, found.threshold, found.outliers) == (100, 3, 30.0, 3)
    assert [(one.quantity, one.user, one.item) for one in found.listed] == [
        (80_995, "big", "pot"), (500, "big", "pot"), (31, "big", "pot"),
    ]  # fmt: skip


def test_a_placeholder_id_and_a_towering_user_are_told():
    rows = [(f"u{n}", START + timedelta(hours=n), "view") for n in range(30)]
    rows += [("NULL", START + timedelta(hours=n, minutes=7), "view") for n in range(3)]
    rows += [("shop", START + timedelta(days=n), "view") for n in range(90)]
    texts = _texts(quality(MemoryLog.from_rows(rows)), "problem")
    assert any("'shop', has 73.2 % of all events" in text for text in texts)
    notices = _texts(quality(MemoryLog.from_rows(rows)), "notice")
    assert any("'NULL' means nobody was known, yet it has 3 events" in text for text in notices)


def test_a_planted_break_is_in_the_findings():
    rows = []
    for day in range(28):
        kinds = ["view"] * 40 + (["add_to_cart"] * 10 if day < 14 else ["click"])
        rows += [(f"u{n}", START + timedelta(days=day, minutes=n), kind) for n, kind in
                 enumerate(kinds)]  # fmt: skip
    report = quality(MemoryLog.from_rows(rows))
    (found,) = report.mix.breaks
    assert (found.start, found.changes[0].event_type) == ("2026-01-15", "add_to_cart")
    assert any("add_to_cart went from 20 % to 0 %" in text for text in _texts(report, "problem"))


def test_a_long_log_is_shown_by_weeks_from_monday_and_loses_no_event():
    rows = [("u", START + timedelta(days=day), "view") for day in range(100)]
    mix = quality(MemoryLog.from_rows(rows)).mix
    assert (mix.by, mix.starts[0], mix.starts[1]) == ("week", "2025-12-29", "2026-01-05")
    assert mix.counts["view"][:2] == [4, 7]
    assert sum(mix.counts["view"]) == 100


def test_dates_without_a_time_of_day_are_told():
    rows = [("u", f"2026-01-{day:02d}", "purchase") for day in range(1, 26)]
    report = quality(MemoryLog.from_rows(rows))
    assert report.time.resolution == "day"
    assert any(text.startswith("Times are dates only") for text in _texts(report, "notice"))


def test_how_old_the_last_event_is_comes_from_the_clock_given():
    log = MemoryLog.from_rows([("u", "2026-01-01", "view")])
    assert any("9 days old" in t for t in _texts(quality(log, now=START + timedelta(9)), "notice"))
    future = quality(log, now=START - timedelta(1))
    assert "The last event lies 1.0 days in the future." in _texts(future, "problem")
    assert quality(log).generated is None


moments = st.integers(0, 40 * DAY).map(lambda micros: START + timedelta(microseconds=micros))
events = st.tuples(
    st.sampled_from(["ann", "bob", "王", "null", "<b>"]),
    moments,
    st.sampled_from(["view", "purchase", "impression", "own & only"]),
    st.sampled_from(["kettle", None, "水壶"]),
    st.sampled_from([None, 1, 2, 5000]),
    st.sampled_from([None, 100]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(events, max_size=60), st.integers(2, 7))
def test_a_report_is_the_same_however_users_are_spread_over_chunks(rows, buckets):
    whole = quality(MemoryLog.from_rows(rows, buckets=1), now=START)
    parts = quality(MemoryLog.from_rows(rows, buckets=buckets), now=START)
    assert whole == parts
    json.dumps(whole.to_json(), allow_nan=False)
    assert sum(kind.events for kind in whole.event_types) == len(rows)
    assert whole.rows.kept == len(rows)


class _Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in {"meta"}:
            self.open.append(tag)
        for name, value in attrs:
            assert name not in {"src", "href"}, value
            assert not name.startswith("on")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@settings(max_examples=30, deadline=None)
@given(st.lists(events, max_size=60))
def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(rows):
    report = quality(MemoryLog.from_rows(rows))
    for page in (report.to_html(), report.to_html(page=True)):
        parsed = _Balance()
        parsed.feed(page)
        parsed.close()
        assert parsed.open == []
        assert not {"script", "link", "img", "b>"} & parsed.seen
        assert "http" not in page


def test_the_text_keeps_its_columns_with_chinese_names():
    rows = [("u", START, "浏览"), ("u", START, "view"), ("u", START, "view")]
    lines = str(quality(MemoryLog.from_rows(rows))).splitlines()
    at = lines.index("Event types")
    assert lines[at + 1 : at + 3] == ["  view  2  66.7 %", "  浏览  1  33.3 %  custom"]


@pytest.mark.parametrize("option", ["listed", "bot_hours", "quantity_factor", "break_ratio"])
def test_a_limit_that_means_nothing_is_refused(option):
    with pytest.raises(ValueError, match=f"'{option}' option of quality must be"):
        QualityOptions(**{option: -1})
