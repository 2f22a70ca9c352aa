import json

import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.cohort.lifecycle import lifecycle
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

HOUR = 3_600_000_000
SHOP = [
    ("ann", "2026-01-05", "view"),
    ("ann", "2026-01-12", "view"),
    ("ann", "2026-01-26", "view"),
    ("bob", "2026-01-06", "view"),
    ("cid", "2026-01-13", "view"),
    ("cid", "2026-01-20", "view"),
]


def test_six_rows_are_four_weeks_of_flows_that_add_up():
    frame = lifecycle(MemoryLog.from_rows(SHOP)).frame.to_pylist()
    flows = [
        [row[k] for k in ("active", "new", "returning", "resurrecting", "dormant")] for row in frame
    ]
    assert flows == [[2, 2, 0, 0, 0], [2, 1, 1, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 1, None]]
    assert [row["complete"] for row in frame] == [True, True, True, False]


def test_what_came_before_the_time_asked_for_decides_who_is_new():
    answer = lifecycle(MemoryLog.from_rows(SHOP), between=("2026-01-12", "2026-01-26"))
    first = answer.frame.to_pylist()[0]
    assert (first["new"], first["returning"], first["dormant"]) == (1, 1, 1)
    assert answer.users("2026-01-12", "dormant") == ["bob"]


def test_the_picture_shows_the_dormant_below_the_line():
    figure = lifecycle(MemoryLog.from_rows(SHOP)).plot()
    below = next(bar for bar in figure.data if bar.name == "dormant")
    assert list(below.y) == [0, -1, -1, None]


def test_wrong_states_and_periods_are_named():
    answer = lifecycle(MemoryLog.from_rows(SHOP))
    with pytest.raises(OptionError, match="'state' option of Lifecycle must be one of"):
        answer.users("2026-01-05", "gone")
    with pytest.raises(OptionError, match="'period' option of Lifecycle must be one of"):
        answer.users("2026-01-06", "new")
    with pytest.raises(OptionError, match="a period that is over"):
        answer.users("2026-01-26", "dormant")
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        lifecycle(MemoryLog.from_rows(SHOP), of="purchse")


def test_an_empty_log_has_no_periods():
    answer = lifecycle(MemoryLog.from_rows([]))
    assert answer.frame.num_rows == 0
    assert answer.plot() is not None


def plain(log_rows, of, since):
    """Period to state to users, hours since 1970."""
    found = {}
    last = max(row.time for row in log_rows) // HOUR
    for user, events in by_user(log_rows).items():
        active = sorted({row.time // HOUR for row in events if of in (None, row.event_type)})
        for hour in range(since, last + 1):
            before, earlier = hour - 1 in active, any(each < hour for each in active)
            if hour in active:
                state = ("returning" if before else "resurrecting") if earlier else "new"
            elif before:
                state = "dormant"
            else:
                continue
            found.setdefault((hour, state), []).append(user)
    return found


@law
@given(rows(users=4, times=40), st.sampled_from([None, "view"]), st.integers(0, 3))
def test_states_are_those_of_plain_python(log_rows, of, since):
    last = max((row.time // HOUR for row in log_rows), default=-1)
    if last < since:
        return
    first = min(row.time // HOUR for row in log_rows)
    truth = plain(log_rows, of, max(first, since))
    answer = lifecycle(
        as_log(log_rows), of=of or "any event", unit="hour", between=(since * HOUR, None)
    )
    for place, row in enumerate(answer.frame.to_pylist()):
        states = ["new", "returning", "resurrecting"] + ["dormant"] * row["complete"]
        for state in states:
            users = sorted(truth.get((max(first, since) + place, state), []))
            assert row[state] == len(users)
            assert answer.users(row["period"], state) == users


@law
@given(rows(users=6, times=30))
def test_any_split_of_users_gives_the_same_flows(log_rows):
    answers = [lifecycle(as_log(log_rows, buckets=n), unit="hour", by="item_id") for n in (1, 2, 5)]
    assert all(answer.to_json() == answers[0].to_json() for answer in answers)
    assert json.loads(json.dumps(answers[0].to_json())) == answers[0].to_json()
