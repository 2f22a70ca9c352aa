from datetime import timedelta

import pytest

from footfall.errors import OptionError
from footfall.events.durations import parse_duration

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("28d", 28 * 24 * HOUR),
        ("2w", 14 * 24 * HOUR),
        ("30min", HOUR // 2),
        ("90 m", 3 * HOUR // 2),
        ("1d12h", 36 * HOUR),
        ("0.5h", HOUR // 2),
        ("250ms", 250_000),
        (timedelta(hours=3), 3 * HOUR),
    ],
)
def test_a_duration_is_read_as_microseconds(text, microseconds):
    assert parse_duration(text, option="within", owner="funnel") == microseconds


@pytest.mark.parametrize(
    "wrong", ["", "7", "d", "7 parsecs", "-7d", "0d", "7d!", "1e9w", timedelta(0), 7, None]
)
def test_what_is_no_positive_duration_is_refused(wrong):
    with pytest.raises(OptionError, match="'within' option of funnel must be a positive duration"):
        parse_duration(wrong, option="within", owner="funnel")
