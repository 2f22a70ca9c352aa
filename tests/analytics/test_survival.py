import json
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.cohort.survival import survival
from footfall.analytics.cohort.survival_curve import Durations, kaplan_meier, log_rank, median_of
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

HOUR = 3_600_000_000
# Remission of 21 patients on 6-MP and 21 on placebo (Freireich 1963), weeks.
DRUG = Durations(
    np.array([6, 7, 9, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 34, 35]),
    np.array([3, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]),
    np.array([1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 2, 1, 1]),
)
PLACEBO = Durations(
    np.array([1, 2, 3, 4, 5, 8, 11, 12, 15, 17, 22, 23]),
    np.array([2, 2, 1, 2, 2, 4, 2, 2, 1, 1, 1, 1]),
    np.zeros(12, np.int64),
)


def test_the_curve_is_that_of_the_textbook():
    curve = kaplan_meier(DRUG)
    at = {int(time): place for place, time in enumerate(DRUG.times)}
    assert curve.survival[at[6]] == pytest.approx(0.857, abs=5e-4)
    assert curve.survival[at[23]] == pytest.approx(0.448, abs=5e-4)
    assert curve.low[at[6]] == pytest.approx(0.620, abs=5e-4)
    assert curve.high[at[6]] == pytest.approx(0.952, abs=5e-4)
    assert median_of(DRUG, curve) == (23, 13, None)
    assert median_of(PLACEBO, kaplan_meier(PLACEBO)) == (8, 4, 11)


def test_the_log_rank_test_is_that_of_the_textbook():
    value, degrees, p = log_rank([DRUG, PLACEBO])
    assert (round(value, 2), degrees) == (16.79, 1)
    assert p == pytest.approx(4.17e-5, rel=0.01)
    assert log_rank([DRUG, DRUG])[0] == pytest.approx(0, abs=1e-9)
    assert log_rank([DRUG]) is None


def test_those_without_an_end_are_counted_as_long_as_they_were_watched():
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01", "view"),
            ("ann", "2026-01-03", "purchase"),
            ("bob", "2026-01-02", "purchase"),
            ("cid", "2026-01-04", "view"),
            ("dan", "2026-01-10", "view"),
        ]
    )
    answer = survival(log)
    assert answer.frame.select(["time", "at_risk", "events", "censored"]).to_pylist() == [
        {"time": 0, "at_risk": 4, "events": 1, "censored": 1},
        {"time": 2, "at_risk": 2, "events": 1, "censored": 0},
        {"time": 6, "at_risk": 1, "events": 0, "censored": 1},
    ]
    assert (answer.users_started, answer.users_reached, answer.median) == (4, 2, 2)
    assert answer.users(0) == ["bob"]
    assert answer.users(2, "at_risk") == ["ann", "cid"]
    assert answer.share_by(3) == 0.625
    again = survival(log, start="purchase", to="purchase")
    assert (again.users_started, again.users_reached) == (2, 0)


def test_who_has_been_silent_for_long_was_last_seen_then():
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01", "view"),
            ("ann", "2026-01-05", "view"),
            ("bob", "2026-01-01", "view"),
            ("bob", "2026-02-01", "view"),
            ("cid", "2026-02-08", "view"),
        ]
    )
    answer = survival(log, to="last seen", silence="10d")
    assert answer.frame.select(["time", "events", "censored"]).to_pylist() == [
        {"time": 0, "events": 0, "censored": 1},  # cid: came too late to tell
        {"time": 4, "events": 1, "censored": 0},  # ann
        {"time": 28, "events": 0, "censored": 1},  # bob: 38 days watched, less 10
    ]
    assert "10d" in answer.definition["unit"]


def test_only_users_new_in_the_time_asked_for_start():
    rows_ = [
        ("ann", "2026-01-01", "view"),
        ("ann", "2026-01-20", "view"),
        ("bob", "2026-01-19", "view"),
    ]
    answer = survival(MemoryLog.from_rows(rows_), between=("2026-01-15", None))
    assert answer.users_started == 1


def test_groups_are_compared_by_a_test():
    users = [(f"u{n}", n % 2) for n in range(60)]
    events = [(user, "2026-01-01", "view", f"item{kind}") for user, kind in users]
    events += [
        (user, f"2026-01-{2 + 8 * kind:02}", "purchase", f"item{kind}") for user, kind in users
    ]
    answer = survival(MemoryLog.from_rows(events), by="item_id")
    assert answer.test["p_value"] < 1e-6
    assert "log-rank" in str(answer)
    assert answer.users(1, group="item0") == sorted(user for user, kind in users if kind == 0)
    assert len(answer.plot().data) == 6
    assert json.loads(json.dumps(answer.to_json())) == answer.to_json()


def test_an_empty_log_has_no_curve():
    answer = survival(MemoryLog.from_rows([]))
    assert (answer.frame.num_rows, answer.median) == (0, None)
    assert answer.plot() is not None


def test_wrong_options_are_named():
    for options in ({"unit": "month"}, {"level": 2.0}, {"silence": "long"}, {"to": ""}):
        with pytest.raises(OptionError, match="option of survival must be"):
            survival(MemoryLog.from_rows([]), **options)


def plain(log_rows, start, to, last):
    """User to (hours, whether it happened)."""
    found = {}
    for user, events in by_user(log_rows).items():
        places = [at for at, row in enumerate(events) if start in (None, row.event_type)]
        if not places:
            continue
        began = places[0]
        after = events[began + (start is not None) :]
        ends = [row.time for row in after if row.event_type == to]
        until = ends[0] if ends else last
        found[user] = ((until - events[began].time) // HOUR, bool(ends))
    return found


@law
@given(rows(users=6, times=40), st.sampled_from([None, "view", "purchase"]))
def test_curves_are_those_of_plain_python(log_rows, start):
    last = max((row.time for row in log_rows), default=0)
    truth = plain(log_rows, start, "purchase", last)
    answer = survival(as_log(log_rows), start=start or "first event", unit="hour")
    alive, variance = 1.0, 0.0
    assert answer.frame.column("time").to_pylist() == sorted({time for time, _ in truth.values()})
    for row in answer.frame.to_pylist():
        at_risk = [user for user, (time, _) in truth.items() if time >= row["time"]]
        happened = [user for user, mine in truth.items() if mine == (row["time"], True)]
        assert answer.users(row["time"]) == sorted(happened)
        assert answer.users(row["time"], "at_risk") == sorted(at_risk)
        n, d = len(at_risk), len(happened)
        assert (row["at_risk"], row["events"]) == (n, d)
        alive *= 1 - d / n
        assert row["survival"] == pytest.approx(alive)
        if 0 < alive < 1:
            variance += d / (n * (n - d))
            wide = NormalDist().inv_cdf(0.975) * variance**0.5 / np.log(alive)
            low, high = sorted(alive ** np.exp(sign * wide) for sign in (1, -1))
            assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))


@law
@given(rows(users=6, times=40))
def test_any_split_of_users_gives_the_same_curve(log_rows):
    answers = [
        survival(as_log(log_rows, buckets=n), unit="hour", by="item_id").to_json()
        for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
