import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.cohort.distribution import distribution
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
SHOP = [
    ("ann", "2026-01-05", "purchase", "kettle", 1, 1000),
    ("ann", "2026-01-05T10:00", "purchase", "kettle", 2, 2501),
    ("ann", "2026-01-14", "purchase", "kettle", 1, 100),
    ("bob", "2026-01-06", "purchase", "teapot", 1, 900),
    ("cid", "2026-01-06", "view"),
]


def counts(**options):
    answer = distribution(MemoryLog.from_rows(SHOP), **options)
    return {(r["period"], r["bin"]): r["users"] for r in answer.frame.to_pylist() if r["users"]}


def test_five_rows_are_two_buyers():
    assert counts() == {("all", "1"): 1, ("all", "3"): 1}
    assert counts(measure="days") == {("all", "1"): 1, ("all", "2"): 1}
    assert counts(measure="sum of quantity") == {("all", "1"): 1, ("all", "4"): 1}
    assert counts(per="week") == {
        ("2026-01-05", "1"): 1,
        ("2026-01-05", "2"): 1,
        ("2026-01-12", "1"): 1,
    }


def test_money_comes_in_bins_of_units():
    assert counts(measure="sum of amount", bins="0,10,50") == {
        ("all", "0-10"): 1,
        ("all", "10-50"): 1,
    }
    answer = distribution(MemoryLog.from_rows(SHOP), measure="average of amount")
    assert answer.summary.to_pylist()[0]["p90"] == 1200  # 3601 / 3, rounded down
    assert answer.users("10+") == ["ann"]
    assert answer.users("5-10") == ["bob"]


def test_the_summary_has_values_that_occurred():
    row = distribution(MemoryLog.from_rows(SHOP)).summary.to_pylist()[0]
    assert (row["users"], row["total"], row["mean"], row["median"], row["p90"]) == (2, 4, 2.0, 1, 3)


def test_wrong_options_are_named():
    for options in (
        {"measure": "hours"},
        {"bins": "3,1"},
        {"bins": "a"},
        {"per": "year"},
        {"of": ""},
    ):
        with pytest.raises(OptionError, match="option of distribution must be"):
            distribution(MemoryLog.from_rows(SHOP), **options)
    answer = distribution(MemoryLog.from_rows(SHOP))
    for options in ({"bin": "77"}, {"bin": "1", "period": "x"}):
        with pytest.raises(OptionError, match="option of Distribution must be"):
            answer.users(**options)


def test_an_empty_log_has_nobody():
    answer = distribution(MemoryLog.from_rows([]), measure="sum of amount")
    assert answer.frame.num_rows == 0
    assert answer.plot() is not None


@law
@given(rows(users=5, times=300), st.sampled_from(["times", "days", "sum of amount"]))
def test_bins_are_those_of_plain_python(log_rows, measure):
    answer = distribution(as_log(log_rows), of="view|purchase", measure=measure, per="day")
    values = {}
    for user, events in by_user(log_rows).items():
        for row in events:
            if row.event_type in {"view", "purchase"}:
                add = {"times": 1, "days": 0, "sum of amount": row.amount}[measure]
                key = (row.time // DAY, user)
                values[key] = values.get(key, 1 if measure == "days" else 0) + add
    first = min((row.time // DAY for row in log_rows), default=0)
    bins = answer._question.bins
    for at, row in enumerate(answer.frame.to_pylist()):
        day, place = first + at // len(bins.labels), at % len(bins.labels)
        low = bins.edges[place]
        high = bins.edges[place + 1] if place + 1 < len(bins.edges) else 1 << 60
        users = sorted(u for (d, u), value in values.items() if d == day and low <= value < high)
        assert row["users"] == len(users)
        assert answer.users(row["bin"], period=row["period"]) == users


@law
@given(rows(users=6, times=1000), st.sampled_from(["times", "average of amount"]))
def test_any_split_of_users_gives_the_same_bins(log_rows, measure):
    answers = [
        distribution(as_log(log_rows, buckets=n), by="item_id", measure=measure, of="any event")
        for n in (1, 2, 5)
    ]
    assert all(answer.to_json() == answers[0].to_json() for answer in answers)
