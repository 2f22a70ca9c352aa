import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.operations.expectation import expectation
from footfall.analytics.operations.series import series
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
HOUR = DAY // 24
SHOP = [
    ("ann", "2026-01-05T10:00", "view", "kettle"),
    ("ann", "2026-01-05T10:20", "purchase", "kettle", 2, 1990),
    ("ann", "2026-01-05T15:00", "view", "teapot"),
    ("bob", "2026-01-05T11:00", "view", "kettle"),
    ("bob", "2026-01-06T23:30", "purchase", "teapot", 1, 800),
]


def values(measure, **options):
    answer = series(MemoryLog.from_rows(SHOP), measure=measure, **options)
    return answer.frame.column("value").to_pylist()


def test_five_rows_give_any_count_sum_or_ratio():
    assert values("events") == [4, 1]
    assert values("users") == [2, 1]
    assert values("sessions") == [3, 1]
    assert values("revenue") == [19.9, 8.0]
    assert values("purchase") == [1, 1]
    assert values("view|purchase") == [4, 1]
    assert values("users of view") == [2, 0]
    assert values("sessions of view") == [3, 0]
    assert values("sum of quantity") == [2, 1]
    assert values("average of amount") == [19.9, 8.0]
    assert values("users of purchase / users") == [0.5, 1.0]
    assert values("view / purchase") == [3.0, 0.0]
    assert values("purchase / view") == [1 / 3, None]
    assert values("revenue / users") == [9.95, 8.0]
    assert values("count of view where item_id = 'kettle'") == [2, 0]
    assert values("sum of amount where event_type = 'purchase' and item_id = 'teapot'") == [0, 8.0]


def test_days_are_those_of_the_time_zone():
    answer = series(MemoryLog.from_rows(SHOP), time_zone="Asia/Shanghai")
    assert answer.frame.select(["period", "total"]).to_pylist() == [
        {"period": "2026-01-05", "total": 4},
        {"period": "2026-01-06", "total": 0},
        {"period": "2026-01-07", "total": 1},
    ]


def test_the_users_behind_a_point_can_be_listed():
    answer = series(MemoryLog.from_rows(SHOP), measure="users", by="item_id")
    assert answer.users("2026-01-05") == ["ann", "bob"]
    assert answer.users("2026-01-05", group="teapot") == ["ann"]
    with pytest.raises(OptionError, match="'period' option of Series must be one of"):
        answer.users("2026-02-01")


@pytest.mark.parametrize(
    "measure", ["", "view / ", "a / b / c", "purchse", "sum of joy", "average of amount / users", 7]
)
def test_wrong_measures_are_named(measure):
    with pytest.raises(OptionError):
        series(MemoryLog.from_rows(SHOP), measure=measure)
    with pytest.raises(OptionError, match="'width' option of series"):
        series(MemoryLog.from_rows(SHOP), width=0)


def test_an_empty_log_has_no_points():
    answer = series(MemoryLog.from_rows([]), measure="purchase / view")
    assert answer.frame.num_rows == 0
    assert "takes 8 whole periods" in answer.definition["anomalies"]
    assert answer.plot() is not None


def daily(levels, *, end_hour=24, seed=1):
    """A log with about so many events a day, from Monday 2026-01-05 on."""
    rng = np.random.default_rng(seed)
    start = 20_458 * DAY
    hours = np.full(len(levels), 24)
    hours[-1] = end_hour
    times = [
        start + day * DAY + np.sort(rng.integers(0, hour * HOUR, int(level)))
        for day, (level, hour) in enumerate(zip(levels, hours, strict=True))
    ]
    flat = np.concatenate(times)
    return MemoryLog.from_events(
        pa.table(
            {
                "user_id": [f"u{n}" for n in rng.integers(0, 400, len(flat))],
                "timestamp": pa.array(flat).cast(pa.timestamp("us", tz="UTC")),
                "event_type": ["view"] * len(flat),
            }
        )
    )


def weekly(days, seed):
    rng = np.random.default_rng(seed)
    shape = np.array([300, 280, 290, 300, 380, 600, 560])
    return rng.poisson(shape[np.arange(days) % 7] * 1.004 ** np.arange(days))


@pytest.mark.parametrize("seed", range(4))
def test_a_planted_outage_and_a_planted_peak_are_found_and_nothing_else(seed):
    levels = weekly(56, seed)
    levels[24], levels[40] = levels[24] * 0.4, levels[40] * 1.7
    answer = series(daily(levels))
    found = {row["period"]: row["anomaly"] for row in answer.anomalies.to_pylist()}
    assert found == {"2026-01-29": "low", "2026-02-14": "high"}
    assert "weekdays" in answer.definition["anomalies"]
    # What was expected of the outage's day is what it would have been.
    expected = answer.frame.to_pylist()[24]["expected"]
    assert expected == pytest.approx(300 * 1.004**24, rel=0.12)


def test_two_weeks_are_enough_for_weekdays_and_the_same_day_next_week_is_not_blamed():
    levels = [300, 300, 300, 300, 400, 600, 600] * 2
    levels[3] = 60
    answer = series(daily(levels))
    assert [row["period"] for row in answer.anomalies.to_pylist()] == ["2026-01-08"]


def test_a_last_day_that_is_not_over_is_not_blamed():
    levels = weekly(28, 3)
    levels[-1] = 50
    last = series(daily(levels, end_hour=5)).frame.to_pylist()[-1]
    assert (last["complete"], last["expected"], last["anomaly"]) == (False, None, None)
    assert series(daily(levels)).frame.to_pylist()[-1]["anomaly"] == "low"


def test_a_short_series_says_so():
    answer = series(daily([100] * 5))
    assert answer.anomalies.num_rows == 0
    assert answer.definition["anomalies"] == "not marked: it takes 8 whole periods, there are 5"
    assert "no season" in series(daily([100] * 10)).definition["anomalies"]


def test_noise_alone_is_seldom_marked():
    marked = 0
    for seed in range(30):
        levels = weekly(70, seed).astype(float)
        noise = np.full(70, 1 / np.sqrt(350))
        found = expectation(levels, np.ones(70, bool), unit="day", noise=noise, logarithmic=True)
        marked += sum(verdict is not None for verdict in found.verdict)
    assert marked <= 0.004 * 30 * 70


def test_hours_have_the_season_of_a_day():
    shape = 200 + 150 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    levels = np.tile(shape, 10)
    levels[100] *= 2
    found = expectation(
        levels, np.ones(240, bool), unit="hour", noise=np.full(240, 0.05), logarithmic=True
    )
    assert [at for at, verdict in enumerate(found.verdict) if verdict] == [100]
    assert "hours of a day" in found.note


@law
@given(
    rows(users=4, times=60),
    st.sampled_from(["users", "view", "revenue", "users of purchase", "sum of quantity"]),
)
def test_totals_are_those_of_plain_python(log_rows, measure):
    answer = series(as_log(log_rows), measure=measure, unit="hour")
    first = min((row.time for row in log_rows), default=0) // HOUR
    wanted = {"view": {"view"}, "revenue": {"purchase"}, "users of purchase": {"purchase"}}
    for place, point in enumerate(answer.frame.to_pylist()):
        here = [
            row
            for events in by_user(log_rows).values()
            for row in events
            if row.time // HOUR == first + place
            and row.event_type in wanted.get(measure, {row.event_type})
        ]
        users = sorted({row.user for row in here})
        truth = {"view": len(here), "revenue": sum(row.amount for row in here)}
        truth["sum of quantity"] = 0
        assert point["total"] == truth.get(measure, len(users))
        if measure != "sum of quantity":
            assert answer.users(point["period"]) == users


@law
@given(rows(users=6, times=60), st.sampled_from(["sessions", "revenue / users"]))
def test_any_split_of_users_gives_the_same_series(log_rows, measure):
    answers = [
        series(as_log(log_rows, buckets=n), measure=measure, unit="hour", by="item_id").to_json()
        for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
    assert json.loads(json.dumps(answers[0])) == answers[0]
