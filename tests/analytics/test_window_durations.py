from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from footfall.analytics.durations import duration_text, parse_duration
from footfall.errors import OptionError

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("7d", 7 * DAY),
        ("2 weeks", 14 * DAY),
        ("24h", DAY),
        ("30m", DAY // 48),
        ("30 min", DAY // 48),
        ("1d12h", 3 * DAY // 2),
        ("0.5s", 500_000),
        ("0d", 0),
        ("7 天", 7 * DAY),
        ("30分钟", DAY // 48),
        (timedelta(days=1, microseconds=1), DAY + 1),
    ],
)
def test_people_write_durations_in_many_ways(text, microseconds):
    assert parse_duration(text) == microseconds


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        " ",
        "7",
        "d",
        "7 parsecs",
        "-7d",
        "7d!",
        "0.1us",
        "1e9w",
        "99999999d",
        timedelta(-1),
        7,
        None,
    ],
)
def test_what_is_no_duration_is_refused(wrong):
    with pytest.raises(OptionError, match="'gap' option of x must be a duration such as '7d'"):
        parse_duration(wrong, option="gap", owner="x")


@given(st.integers(0, 10_000 * DAY))
def test_a_duration_that_is_written_is_read_back(microseconds):
    assert parse_duration(duration_text(microseconds)) == microseconds
