import json

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, law

from footfall.analytics.operations.searches import searches
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog


def log_of(rows, *, buckets=2):
    """Build a log from (user, minute, type, query, results) rows."""
    return MemoryLog.from_events(
        pa.table(
            {
                "user_id": pa.array([row[0] for row in rows], pa.string()),
                "timestamp": pa.array([row[1] * MINUTE for row in rows], pa.int64()).cast(
                    pa.timestamp("us", tz="UTC")
                ),
                "event_type": pa.array([row[2] for row in rows], pa.string()),
                "query": pa.array([row[3] for row in rows], pa.string()),
                "properties": pa.array(
                    [None if row[4] is None else f'{{"results":{row[4]}}}' for row in rows],
                    pa.string(),
                ),
            }
        ),
        buckets=buckets,
    )


SHOP = [
    ("ann", 0, "search", "保温杯 ", 0),
    ("ann", 1, "search", "水壶", 12),
    ("ann", 2, "view", None, None),
    ("ann", 9, "purchase", None, None),
    ("bob", 0, "search", "水壶", 12),
    ("bob", 40, "view", None, None),
    ("cid", 0, "search", "Red  KETTLE", 3),
    ("cid", 0, "click", None, None),
    ("cid", 100, "search", "red kettle", 3),
    ("cid", 101, "search", "ｒｅｄ ｋｅｔｔｌｅ", 3),
]


def test_ten_rows_in_two_languages_can_be_checked_by_hand():
    answer = searches(log_of(SHOP))
    names = ("searches", "users", "no_results", "no_click", "reformulated", "exits", "purchases")
    found = {row["query"]: [row[name] for name in names] for row in answer.frame.to_pylist()}
    assert found == {
        "red kettle": [3, 1, 0, 2, 0, 1, 0],
        "水壶": [2, 2, 0, 1, 0, 1, 1],
        "保温杯": [1, 1, 1, 1, 1, 0, 1],
    }
    assert answer.reformulations.to_pylist() == [
        {"query": "保温杯", "next_query": "水壶", "searches": 1}
    ]
    total = answer.total.to_pylist()[0]
    assert (total["searches"], total["users"], total["no_click"]) == (6, 3, 4)
    assert answer.users("水壶", "no_click") == ["bob"]
    assert answer.users("保温杯", "reformulated") == ["ann"]
    assert answer.users("nothing") == []
    assert searches(log_of(SHOP), order="no_results").frame.column("query")[0].as_py() == "保温杯"
    assert "水壶" in str(answer)
    assert len(answer.plot().data) == 3


def test_without_a_number_of_results_nothing_is_said_about_them():
    answer = searches(log_of([(*row[:4], None) for row in SHOP]))
    assert answer.frame.column("no_results").null_count == 3
    assert answer.definition["no_results"] == "not known: no property says so"


def test_wrong_options_and_an_empty_log():
    for options in ({"order": "users"}, {"queries": 0}, {"results": "hits"}, {"within": "soon"}):
        with pytest.raises(OptionError):
            searches(log_of(SHOP), **options)
    answer = searches(log_of([]))
    assert (answer.frame.num_rows, answer.total.to_pylist()[0]["searches"]) == (0, 0)
    assert answer.total.to_pylist()[0]["no_click_share"] is None
    assert answer.plot() is not None
    with pytest.raises(OptionError, match="'state' option of Searches"):
        answer.users("kettle", "lost")


events = st.lists(
    st.tuples(
        st.sampled_from(["u0", "u1", "u2"]),
        st.integers(0, 60),
        st.sampled_from(["search", "search", "view", "purchase"]),
        st.sampled_from(["tea", "水壶", "Tea", None]),
        st.sampled_from([0, 5]),
    ),
    max_size=24,
)


def plain(log_rows):
    """Query to lists of (user, clicked, retried)."""
    found = {}
    for user in {row[0] for row in log_rows}:
        mine = sorted((row for row in log_rows if row[0] == user), key=lambda row: row[1])
        for at, row in enumerate(mine):
            if row[2] != "search" or row[3] is None:
                continue
            clicked = retried = False
            for before, after in zip(mine[at:], mine[at + 1 :], strict=False):
                if after[1] - before[1] > 30 or after[1] - row[1] > 10:
                    break
                if after[2] == "search" and after[3] is not None:
                    retried = after[3].lower() != row[3].lower()
                    break
                if after[2] in {"view", "purchase"}:
                    clicked = True
                    break
            found.setdefault(row[3].lower(), []).append((user, clicked, retried))
    return found


@law
@given(events)
def test_counts_are_those_of_plain_python(log_rows):
    truth = plain(log_rows)
    answer = searches(log_of(log_rows))
    assert {row["query"] for row in answer.frame.to_pylist()} == set(truth)
    for row in answer.frame.to_pylist():
        mine = truth[row["query"]]
        assert row["searches"] == len(mine)
        assert row["users"] == len({user for user, _, _ in mine})
        assert row["no_click"] == sum(not clicked for _, clicked, _ in mine)
        assert row["reformulated"] == sum(retried for _, _, retried in mine)
        users = answer.users(row["query"], "no_click")
        assert users == sorted({user for user, clicked, _ in mine if not clicked})


@law
@given(events)
def test_any_split_of_users_gives_the_same_queries(log_rows):
    answers = [searches(log_of(log_rows, buckets=n), by="event_type").to_json() for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
    assert json.loads(json.dumps(answers[0])) == answers[0]
