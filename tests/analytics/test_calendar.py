"""Calendars and periods: boundaries in any zone, and periods as people write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.analytics.scope.calendar import Calendar, places_of
from footfall.analytics.scope.period import parse_period
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.memory import MemoryLog

ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
LOG = MemoryLog.from_rows([("ann", "2026-01-31T10:00", "view")])


def micro(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def test_weeks_start_on_monday_in_the_zone() -> None:
    calendar = Calendar("week", "Asia/Shanghai")
    starts = calendar.starts(micro("2026-01-04T15:59"), micro("2026-01-04T16:00"))
    assert [calendar.label(s) for s in starts] == ["2025-12-29", "2026-01-05", "2026-01-12"]
    assert starts[1] == micro("2026-01-04T16:00")


def test_a_day_of_23_hours_is_one_day() -> None:
    calendar = Calendar("day", "America/New_York")
    starts = calendar.starts(micro("2026-03-08T12:00"), micro("2026-03-08T12:00"))
    assert np.diff(starts).tolist() == [23 * 3_600_000_000]


def test_months_are_named_by_year_and_month() -> None:
    calendar = Calendar("month")
    starts = calendar.starts(micro("2025-12-31T23:59"), micro("2026-01-01T00:00"))
    assert [calendar.label(s) for s in starts] == ["2025-12", "2026-01", "2026-02"]


@settings(max_examples=60, deadline=None)
@given(
    unit=st.sampled_from(["hour", "day", "week", "month"]),
    zone=st.sampled_from(ZONES),
    first=st.integers(micro("2025-01-01"), micro("2027-01-01")),
    length=st.integers(0, 40 * 86_400_000_000),
)
def test_boundaries_cover_the_time_and_no_period_more(
    unit: str, zone: str, first: int, length: int
) -> None:
    calendar = Calendar(unit, zone)  # type: ignore[arg-type]
    starts = calendar.starts(first, first + length)
    assert np.all(np.diff(starts) > 0)
    assert starts[0] <= first < starts[1]
    assert starts[-2] <= first + length < starts[-1]
    local = [calendar.local(int(start)) for start in starts]
    if zone != "Australia/Lord_Howe" or unit != "hour":  # its summer time shifts half an hour
        assert all(each.minute == 0 for each in local)
    if unit != "hour":
        assert all(each.hour == 0 for each in local)
    if unit == "week":
        assert all(each.weekday() == 0 for each in local)


def test_places_say_in_which_period_each_event_lies() -> None:
    starts = np.array([10, 20, 30], np.int64)
    times = np.array([5, 10, 29, 30, 19, 20], np.int64)
    chunk = UserChunk(
        np.array([0, 1], np.int32), np.array([0, 4, 6], np.int64), {"timestamp": times}
    )
    assert places_of(chunk, starts).tolist() == [-1, 0, 1, -1, 0, 1]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-01", "2026-01-01", "2026-02-01"),
        ("2026-01-05", "2026-01-05", "2026-01-06"),
        ("2026-01-05..2026-01-06", "2026-01-05", "2026-01-07"),
        ("2025-12..2026-01", "2025-12-01", "2026-02-01"),
        ("2026-01-05T10:00..2026-01-06", "2026-01-05T10:00", "2026-01-07"),
    ],
)
def test_a_period_is_read_with_its_last_day_inside(text: str, start: str, end: str) -> None:
    for zone in ZONES:
        period = parse_period(text, log=LOG, owner="x", time_zone=zone)
        assert (period.start, period.end) == (micro(start, zone), micro(end, zone))


def test_two_moments_are_from_and_before() -> None:
    period = parse_period(("2026-01-05", "2026-01-06"), log=LOG, owner="x")
    assert (period.start, period.end) == (micro("2026-01-05"), micro("2026-01-06"))
    same = parse_period((datetime(2026, 1, 5, tzinfo=UTC), None), log=LOG, owner="x")
    assert same.start == period.start
    assert "to before the end" in str(same)


def test_the_last_days_go_back_from_the_last_event_which_is_inside() -> None:
    period = parse_period("last 1d", log=LOG, owner="x")
    assert (period.start, period.end) == (
        micro("2026-01-30T10:00") + 1,
        micro("2026-01-31T10:00") + 1,
    )


@pytest.mark.parametrize(
    "between",
    ["soon", "2026-13", "2026-02-30", "..", "2026-02..2026-01", "last week", (1, 2, 3), 7],
)
def test_what_is_no_period_is_refused(between: object) -> None:
    with pytest.raises(OptionError, match=r"between|duration"):
        parse_period(between, log=LOG, owner="funnel")  # type: ignore[arg-type]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(OptionError, match="zone such as"):
        Calendar("day", "Mars/Olympus")
