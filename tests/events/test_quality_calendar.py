import numpy as np
import pytest

from footfall.errors import OptionError
from footfall.events.quality.calendar import (
    DAY,
    Gap,
    calendar_of,
    closed_weekdays,
    gaps_of,
    low_days,
)
from footfall.events.quality.options import QualityOptions

HOUR = DAY // 24


def _days(first: str, count: int):
    start = int(np.datetime64(first, "us").astype(np.int64))
    return calendar_of((start, start + count * DAY - 1))


def test_a_day_of_summer_time_has_23_hours_and_one_of_winter_time_25():
    first = int(np.datetime64("2026-03-28T12:00", "us").astype(np.int64))
    days = calendar_of((first, first + DAY), "Europe/Berlin")
    assert [days.date(0), days.date(1)] == ["2026-03-28", "2026-03-29"]
    assert (np.diff(days.edges) // HOUR).tolist() == [24, 23]


def test_no_log_has_no_days():
    assert calendar_of(None).days == 0


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_times_far_outside_the_years_of_people_do_not_break_the_days(zone):
    days = calendar_of((-(2**62), 2**62), zone)
    assert days.days == 146_097
    assert days.date(days.days - 1).startswith("9999-")


def test_gaps_are_stretches_of_days_without_events():
    totals = np.array([5, 0, 0, 7, 0, 1])
    assert gaps_of(_days("2026-01-01", 6), totals) == [
        Gap("2026-01-02", "2026-01-03", 2),
        Gap("2026-01-05", "2026-01-05", 1),
    ]


def test_a_shop_closed_on_sundays_has_no_gap_on_sundays():
    days = _days("2026-01-01", 42)
    totals = np.where(days.weekday() == 6, 0, 50)
    totals[12] = 0  # 2026-01-13, a Tuesday
    closed = closed_weekdays(days, totals)
    assert closed == (6,)
    assert gaps_of(days, totals, closed=closed) == [Gap("2026-01-13", "2026-01-13", 1)]


def test_a_log_that_is_empty_on_most_days_is_not_said_to_be_closed():
    days = _days("2026-01-01", 42)
    totals = np.where(np.arange(42) % 10 == 0, 3, 0)
    assert closed_weekdays(days, totals) == ()


def test_a_day_with_under_a_fifth_of_its_weekday_is_low_but_the_first_and_last_are_not():
    days = _days("2026-01-01", 42)
    totals = np.full(42, 100)
    totals[[0, 20, 41]] = 10
    assert low_days(days, totals) == [(20, 100)]


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(OptionError, match="'time_zone' option of quality must be a zone's name"):
        QualityOptions(time_zone="Middle/Earth")
