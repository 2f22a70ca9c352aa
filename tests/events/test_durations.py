from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration

DAY = 86_400_000_000


def read(text, *, least=1):
    return parse_duration(text, option="gap", owner="x", least=least)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("7d", 7 * DAY),
        ("2w", 14 * DAY),
        ("2 weeks", 14 * DAY),
        ("24h", DAY),
        ("30m", DAY // 48),
        ("30min", DAY // 48),
        ("1d12h", 3 * DAY // 2),
        ("0.5s", 500_000),
        ("250ms", 250_000),
        ("7 天", 7 * DAY),
        ("30分钟", DAY // 48),
        (timedelta(days=1, microseconds=1), DAY + 1),
    ],
)
def test_people_write_durations_in_many_ways(text, microseconds):
    assert read(text) == microseconds


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "7", "d", "0d", "-7d", "7d!", "0.1us", "99999999d", timedelta(-1), timedelta(0), 7],
)
def test_what_is_no_length_of_time_is_refused(wrong):
    with pytest.raises(OptionError, match="'gap' option of x must be a duration such as '7d'"):
        read(wrong)


def test_no_time_at_all_is_a_duration_where_it_makes_sense():
    assert read("0d", least=0) == 0


@given(st.integers(1, 10_000 * DAY))
def test_a_duration_that_is_written_is_read_back(microseconds):
    assert read(duration_text(microseconds)) == microseconds
