from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, by_user, law, rows

from footfall.analytics.cohort.intervals import _measure, intervals
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-05T10:00", "view", "kettle"),
    ("ann", "2026-01-05T10:10", "view", "teapot"),
    ("ann", "2026-01-05T11:00", "purchase", "kettle"),
    ("ann", "2026-01-05T11:30", "purchase", "teapot"),
    ("bob", "2026-01-06T09:00", "view", "kettle"),
]


def took(**options):
    log = MemoryLog.from_rows(SHOP)
    question = intervals(log, start="view", end="purchase", **options)._question
    times = question.scope.log.map(
        partial(_measure, question.plan),
        lambda parts: np.concatenate([part.took for part in parts]),
        columns=question.plan.columns,
    )
    return sorted((times // MINUTE).tolist())


def test_each_first_or_last_start_before_an_end_counts():
    assert took() == [50, 60]
    assert took(pairs="first") == [60]
    assert took(pairs="last") == [50]


def test_the_end_may_have_to_be_of_the_same_item():
    assert took(same_item=True) == [60, 80]
    assert took(same_item=True, within="1h") == [60]


def test_without_an_end_the_next_event_of_its_kind_is_meant():
    answer = intervals(MemoryLog.from_rows(SHOP), start="view")
    assert answer.quantiles.to_pylist()[0]["median_minutes"] == 10.0
    assert answer.users("5m - 30m") == ["ann"]


def test_wrong_options_are_named():
    for options in ({"pairs": "all"}, {"bins": "1h,5m"}, {"within": "soon"}, {"start": ""}):
        with pytest.raises(OptionError, match="option of intervals must be"):
            intervals(MemoryLog.from_rows(SHOP), **options)
    with pytest.raises(OptionError, match="'interval' option of Intervals"):
        intervals(MemoryLog.from_rows(SHOP)).users("soon")


def test_an_empty_log_has_no_intervals():
    answer = intervals(MemoryLog.from_rows([]))
    assert answer.quantiles.to_pylist()[0]["median_minutes"] is None
    assert "pairs" in str(answer)
    assert answer.plot() is not None


def plain(log_rows, start, end, pairs, same_item):
    found = {}
    for user, events in by_user(log_rows).items():
        waiting = {}
        for row in events:
            if same_item and row.item is None:
                continue
            key = row.item if same_item else ""
            if row.event_type == end:
                times = waiting.pop(key, [])
                kept = {"each": times, "first": times[:1], "last": times[-1:]}[pairs]
                found.setdefault(user, []).extend(row.time - time for time in kept)
            if row.event_type == start:
                waiting.setdefault(key, []).append(row.time)
    return found


@law
@given(
    rows(users=4),
    st.sampled_from(["view", "click"]),
    st.sampled_from(["view", "purchase"]),
    st.sampled_from(["each", "first", "last"]),
    st.booleans(),
)
def test_intervals_are_those_of_plain_python(log_rows, start, end, pairs, same_item):
    truth = plain(log_rows, start, end, pairs, same_item)
    answer = intervals(
        as_log(log_rows),
        start=start,
        end=end,
        pairs=pairs,
        same_item=same_item,
        bins=["10m", "20m"],
    )
    edges = [0, 10 * MINUTE, 20 * MINUTE, 1 << 60]
    for place, row in enumerate(answer.frame.to_pylist()):
        mine = {
            user: n
            for user, times in truth.items()
            if (n := sum(edges[place] <= t < edges[place + 1] for t in times))
        }
        assert row["pairs"] == sum(mine.values())
        assert row["users"] == len(mine)
        assert answer.users(row["interval"]) == sorted(mine)


@law
@given(rows(users=6))
def test_any_split_of_users_gives_the_same_intervals(log_rows):
    answers = [intervals(as_log(log_rows, buckets=n), by="item_id").to_json() for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
