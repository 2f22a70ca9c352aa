import json
from collections import Counter

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import kinds_of, prefixes_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import whole_paths
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01T10:00", "view"),
        ("ann", "2026-01-01T10:01", "view"),
        ("ann", "2026-01-01T10:02", "purchase"),
        ("ann", "2026-01-05T10:02", "view"),
        ("bob", "2026-01-01T10:00", "view"),
        ("bob", "2026-01-01T10:01", "purchase"),
    ]
)


def counted(answer):
    return {
        steps: (row["units"], row["users"])
        for steps, row in zip(answer.steps, answer.frame.to_pylist(), strict=True)
    }


def test_six_rows_are_three_different_sessions():
    answer = whole_paths(LOG)
    assert counted(answer) == {
        ("view",): (1, 1),
        ("view", "purchase"): (1, 1),
        ("view", "view", "purchase"): (1, 1),
    }
    assert (answer.total, answer.different, answer.longer) == (3, 3, 0)
    assert answer.users("view > purchase") == ["bob"]


def test_repeats_can_count_once():
    answer = whole_paths(LOG, collapse_repeats=True)
    assert counted(answer) == {("view", "purchase"): (2, 2), ("view",): (1, 1)}
    assert answer.users("view > purchase") == ["ann", "bob"]


def test_sessions_that_are_too_long_are_counted_apart():
    answer = whole_paths(LOG, longest=2)
    assert counted(answer) == {("view",): (1, 1), ("view", "purchase"): (1, 1)}
    assert (answer.total, answer.longer) == (3, 1)
    assert answer.frame.column("share").to_pylist() == [1 / 3, 1 / 3]


def test_no_two_of_a_hundred_thousand_different_paths_are_taken_for_one():
    rows_ = []
    for number in range(20_000):
        kinds = [f"kind {number // 10**place % 10}" for place in range(5)]
        rows_ += [(f"u{number}", at, kind) for at, kind in enumerate(kinds)]
    answer = whole_paths(MemoryLog.from_rows(rows_), shown=20_000)
    assert (answer.different, answer.total) == (20_000, 20_000)
    assert Counter(answer.frame.column("units").to_pylist()) == {1: 20_000}


def test_wrong_options_and_empty_logs():
    with pytest.raises(OptionError, match="'longest' option of whole_paths must be an int from 1"):
        whole_paths(LOG, longest=101)
    answer = whole_paths(MemoryLog.from_rows([]))
    assert (answer.total, answer.frame.num_rows) == (0, 0)
    assert answer.plot() is not None
    plain = whole_paths(LOG, by="weekday").to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert set(DEFINITION_KEYS) <= set(plain["definition"])


options = st.fixed_dictionaries(
    {"per": st.sampled_from(["session", "user"]), "collapse": st.booleans()}
)


@law
@given(rows(users=4, times=12, most=40), options, st.integers(1, 6))
def test_whole_paths_are_those_of_plain_python(log_rows, chosen, longest):
    units = kinds_of(log_rows, **chosen)
    _, ended = prefixes_of(units, longest)
    answer = whole_paths(
        as_log(log_rows),
        longest=longest,
        shown=1000,
        per=chosen["per"],
        collapse_repeats=chosen["collapse"],
    )
    assert counted(answer) == ended.as_dict()
    assert answer.total == len(units)
    for path in answer.steps[:3]:
        assert answer.users(path) == sorted(ended.people[path])


@law
@given(rows(users=6), st.integers(1, 3))
def test_any_split_of_users_gives_the_same_whole_paths(log_rows, shown):
    answers = [
        whole_paths(as_log(log_rows, buckets=n), shown=shown, by="item_id") for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
