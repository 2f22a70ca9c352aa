from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.cohort.stickiness import stickiness
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def test_a_month_counts_everybody_of_thirty_days():
    log = MemoryLog.from_rows(
        [("ann", 20_000 * DAY + day * DAY, "view") for day in range(31)]
        + [("bob", 20_000 * DAY + DAY, "view")]
    )
    frame = stickiness(log).frame.to_pylist()
    assert [row["wau"] for row in frame[:9]] == [None] * 6 + [2, 2, 1]
    assert [row["mau"] for row in frame[28:]] == [None, 2, 2]
    assert frame[29]["dau_mau_share"] == 0.5
    assert frame[0]["dau"] == 1
    assert frame[1]["dau"] == 2


def test_days_before_the_time_asked_for_count_for_the_week():
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01", "view"),
            ("bob", "2026-01-07T12:00", "view"),
            ("bob", "2026-01-08", "view"),
        ]
    )
    answer = stickiness(log, between=("2026-01-07", "2026-01-09"))
    assert [row["wau"] for row in answer.frame.to_pylist()] == [2, 1]
    assert answer.users("2026-01-07", window="week") == ["ann", "bob"]
    assert answer.users("2026-01-07") == ["bob"]
    assert answer.active_days.to_pylist()[0]["active_days"] == 2


def test_wrong_days_are_named():
    answer = stickiness(MemoryLog.from_rows([("ann", "2026-01-01", "view")]))
    for options in ({"day": "2025-01-01"}, {"period": "x", "active_days": 1}, {}):
        with pytest.raises(OptionError, match="option of Stickiness must be"):
            answer.users(**options)
    with pytest.raises(OptionError, match="'per' option of stickiness"):
        stickiness(MemoryLog.from_rows([]), per="day")


def test_an_empty_log_has_no_days():
    answer = stickiness(MemoryLog.from_rows([]))
    assert (answer.frame.num_rows, answer.active_days.num_rows) == (0, 0)
    assert answer.plot() is not None


@law
@given(rows(users=4, times=1500, most=40), st.integers(0, 12))
def test_counts_are_those_of_plain_python(log_rows, first):
    days = {
        user: {row.time // DAY for row in events if row.event_type != "click"}
        for user, events in by_user(log_rows).items()
    }
    log = as_log(log_rows)
    asked = "view|add_to_cart|purchase"
    answer = stickiness(log, of=asked, between=(first * DAY, None))
    for row in answer.frame.to_pylist():
        day = datetime.fromisoformat(row["day"]).replace(tzinfo=UTC)
        at = int(day.timestamp()) * 1_000_000 // DAY
        for name, length, window in (("dau", 1, "day"), ("wau", 7, "week"), ("mau", 30, "month")):
            users = sorted(
                u for u, mine in days.items() if any(at - length < d <= at for d in mine)
            )
            if row[name] is not None:
                assert row[name] == len(users)
                assert answer.users(row["day"], window=window) == users
    for row in answer.active_days.to_pylist():
        week = datetime.fromisoformat(row["period"]).replace(tzinfo=UTC)
        at = int(week.timestamp()) * 1_000_000 // DAY
        users = sorted(
            u
            for u, mine in days.items()
            if len([d for d in mine if at <= d < at + 7 and d >= first]) == row["active_days"]
        )
        assert row["users"] == len(users)
        found = answer.users(period=row["period"], active_days=row["active_days"])
        assert found == users


@law
@given(rows(users=6, times=1000))
def test_any_split_of_users_gives_the_same_days(log_rows):
    answers = [stickiness(as_log(log_rows, buckets=n), by="item_id").to_json() for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
