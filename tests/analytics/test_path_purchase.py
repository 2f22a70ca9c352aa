import json
from collections import Counter, defaultdict

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import orders_of
from tests.analytics.random_logs import MINUTE, as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import purchase_paths
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 1440 * MINUTE
LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01T10:00", "search"),
        ("ann", "2026-01-01T10:01", "view", "kettle"),
        ("ann", "2026-01-01T10:02", "view", "teapot"),
        ("ann", "2026-01-03T10:00", "view", "kettle"),
        ("ann", "2026-01-03T10:00:30", "purchase", "kettle", 1, 1990),
        ("ann", "2026-01-03T10:00:30", "purchase", "teapot", 1, 1990),  # the same order
        ("ann", "2026-01-05T10:00:30", "purchase", "cup", 1, 300),
        ("bob", "2026-01-01T10:00", "view", "kettle"),
    ]
)


def measures(answer, orders):
    return {row["measure"]: row for row in answer.frame.to_pylist() if row["orders"] == orders}


def counted(answer):
    return {
        steps: (row["orders"], row["users"])
        for steps, row in zip(answer.steps, answer.paths.to_pylist(), strict=True)
    }


def test_eight_rows_are_two_orders_of_one_buyer():
    answer = purchase_paths(LOG)
    first, again = measures(answer, "first"), measures(answer, "repeat")
    assert {name: row["median"] for name, row in first.items()} == {
        "touches": 4.0,
        "sessions": 2.0,
        "items": 2.0,
        "days_since_first_touch": 2 + 30 / 86_400,
        "days_since_purchase": None,
    }
    assert again["days_since_purchase"]["median"] == 2.0
    assert (again["touches"]["median"], again["days_since_first_touch"]["count"]) == (0.0, 0)
    assert counted(answer) == {("search", "view"): (1, 1), (): (1, 1)}
    assert answer.users() == answer.users(orders="repeat") == ["ann"]
    assert answer.users("search > view") == answer.users("(nothing before)") == ["ann"]


def test_paths_keep_the_last_nodes_before_the_order():
    answer = purchase_paths(LOG, longest=2, collapse_repeats=False)
    assert counted(answer) == {("view", "view"): (1, 1), (): (1, 1)}


def test_touches_that_are_passed_over_lead_nowhere():
    answer = purchase_paths(LOG, without="view")
    assert counted(answer) == {("search",): (1, 1), (): (1, 1)}
    assert measures(answer, "first")["touches"]["median"] == 1.0


def test_lines_of_one_given_session_are_one_order():
    import pyarrow as pa

    kinds = ["view", "purchase", "view", "purchase", "view", "purchase"]
    table = pa.table(
        {
            "user_id": ["ann"] * 6,
            "timestamp": pa.array([n * MINUTE for n in range(6)]).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": kinds,
            "session_id": ["s1", "s1", "s1", "s1", "s2", "s2"],
        }
    )
    answer = purchase_paths(MemoryLog.from_events(table))
    assert measures(answer, "all")["touches"]["count"] == 2
    assert measures(answer, "repeat")["touches"]["median"] == 1.0
    assert counted(answer) == {("view",): (2, 1)}


def test_wrong_options_and_logs_without_buyers():
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        purchase_paths(LOG, goal="purchas")
    with pytest.raises(OptionError, match="'orders' option of purchase_paths must be one of"):
        purchase_paths(LOG).users(orders="last")
    for log in (MemoryLog.from_rows([]), MemoryLog.from_rows([("ann", 0, "view")])):
        answer = purchase_paths(log)
        assert (answer.paths.num_rows, answer.users()) == (0, [])
        assert measures(answer, "all")["touches"]["mean"] is None
        assert answer.plot() is not None
        assert answer.spread() is not None


def test_the_json_form_is_plain():
    answer = purchase_paths(LOG, by="weekday").to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert {row["group"] for row in answer["path_groups"]} == {"Thursday"}
    assert set(DEFINITION_KEYS) <= set(answer["definition"])


def lower_middle(values):
    return sorted(values)[(len(values) - 1) // 2] if values else None


@law
@given(rows(users=4, times=40, most=40), st.sampled_from([0, 30]), st.integers(1, 4))
def test_orders_are_those_of_plain_python(log_rows, gap, longest):
    truth = orders_of(log_rows, gap=gap)
    answer = purchase_paths(
        as_log(log_rows), gap_minutes=gap, longest=longest, collapse_repeats=False, shown=1000
    )
    for which in ("all", "first", "repeat"):
        mine = [o for o in truth if which == "all" or (o[5] is None) == (which == "first")]
        found = measures(answer, which)
        columns = {
            "touches": [len(order[1]) for order in mine],
            "sessions": [order[2] for order in mine],
            "items": [order[3] for order in mine],
            "days_since_first_touch": [order[4] / DAY for order in mine if order[4] is not None],
            "days_since_purchase": [order[5] / DAY for order in mine if order[5] is not None],
        }
        for name, values in columns.items():
            assert found[name]["count"] == len(values)
            assert found[name]["median"] == lower_middle(values)
        assert found["touches"]["users"] == len({order[0] for order in mine})
        assert answer.users(orders=which) == sorted({order[0] for order in mine})
    paths, people = Counter(), defaultdict(set)
    for user, touches, *_ in truth:
        paths[tuple(touches[-longest:])] += 1
        people[tuple(touches[-longest:])].add(user)
    assert counted(answer) == {path: (n, len(people[path])) for path, n in paths.items()}
    for path in [*paths][:3]:
        assert answer.users(path or "(nothing before)") == sorted(people[path])


@law
@given(rows(users=6, times=20))
def test_any_split_of_users_gives_the_same_orders(log_rows):
    answers = [purchase_paths(as_log(log_rows, buckets=n), by="item_id") for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
