import csv
import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, by_user, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.profile import portrait, profile, profiles, similar_users
from footfall.analytics.segment import (
    Segment,
    cluster_segments,
    export_segment,
    movement,
    segments,
)
from footfall.errors import OptionError, StoreError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "view", "kettle"),
    ("ann", "2026-01-03T10:00", "purchase", "kettle", 1, 1990),
    ("bob", "2026-01-02T09:00", "view", "teapot"),
    ("bob", "2026-02-20T09:30", "purchase", "kettle", 1, 3010),
    ("cyd", "2026-02-21T09:00", "search"),
    ("dan", "2026-02-21T10:00", "view", "kettle"),
]
RULES = {"buyers": "did(purchase)", "lookers": "count(view) > 0"}


def shop(buckets=2):
    log = MemoryLog.from_rows(SHOP, buckets=buckets)
    users = pa.table({"user_id": ["ann", "bob", "cyd"], "region": ["north", "south", "north"]})
    return MemoryLog(log.chunks, log.codes, users=users)


def test_six_rows_have_two_buyers_and_three_lookers():
    answer = segments(shop(), RULES)
    assert answer.frame.to_pylist() == [
        {"segment": "buyers", "users": 2, "share": 0.5, "only_users": 0,
         "revenue_minor": 5000, "revenue_share": 1.0},
        {"segment": "lookers", "users": 3, "share": 0.75, "only_users": 1,
         "revenue_minor": 5000, "revenue_share": 1.0},
        {"segment": "(none of them)", "users": 1, "share": 0.25, "only_users": 1,
         "revenue_minor": 0, "revenue_share": 0.0},
    ]  # fmt: skip
    assert answer.overlap.to_pylist() == [
        {"segment": "buyers", "other": "lookers", "users": 2, "share": 1.0, "jaccard": 2 / 3},
        {"segment": "lookers", "other": "buyers", "users": 2, "share": 2 / 3, "jaccard": 2 / 3},
    ]
    assert answer.users("(none of them)") == ["cyd"]
    assert answer.users("lookers", also="buyers") == ["ann", "bob"]


def test_segments_are_those_of_a_moment():
    answer = segments(shop(), RULES, at="2026-02-01")
    assert [row["users"] for row in answer.frame.to_pylist()] == [1, 2, 0]
    assert answer.total == 2
    assert answer.frame.column("revenue_minor").to_pylist() == [1990, 1990, 0]


def test_a_breakdown_gives_each_group_its_sizes():
    answer = segments(shop(), RULES, by="region")
    sizes = {(r["group"], r["segment"]): r["users"] for r in answer.groups.to_pylist()}
    assert sizes["north", "buyers"] == 1
    assert sizes["(none)", "lookers"] == 1
    assert answer.users("buyers", group="south") == ["bob"]
    with pytest.raises(OptionError, match="'group' option"):
        answer.users("buyers", group="east")


def test_rules_see_only_the_events_in_scope():
    answer = segments(shop(), RULES, between="2026-02", segment=Segment("b", users=["bob", "cyd"]))
    assert [row["users"] for row in answer.frame.to_pylist()] == [1, 0, 1]
    assert "between" in answer.definition


def test_answers_are_json_text_and_pictures():
    for answer in (segments(shop(), RULES), movement(shop(), RULES, at=["2026-02-01", 2**51])):
        record = answer.to_json()
        assert json.loads(json.dumps(record)) == record
        assert set(DEFINITION_KEYS) <= set(answer.definition)
        assert "buyers" in str(answer)
        assert answer.plot().data


def test_an_empty_log_has_empty_segments():
    empty = MemoryLog.from_rows([])
    answer = segments(empty, RULES)
    assert [row["users"] for row in answer.frame.to_pylist()] == [0, 0, 0]
    assert answer.plot() is not None
    flows = movement(empty, RULES, at=["2026-01-01", "2026-02-01"])
    assert flows.frame.num_rows == 0
    assert flows.plot() is not None


@pytest.mark.parametrize("asked", [{}, [], ["a"] * 2, [Segment("x", users=[])] * 2])
def test_segments_need_different_names(asked):
    with pytest.raises((OptionError, AttributeError)):
        segments(shop(), asked)


def test_an_unknown_segment_of_an_answer_is_named():
    with pytest.raises(OptionError, match=r"one of \['buyers', 'lookers', '\(none of them\)'\]"):
        segments(shop(), RULES).users("loyal")


def test_users_move_between_segments():
    answer = movement(shop(), RULES, at=["2026-01-02T12:00", "2026-02-01", "2026-02-28"])
    assert answer.frame.select(["start", "from_segment", "to_segment", "users"]).to_pylist() == [
        {"start": "2026-01-02T12:00:00", "from_segment": "lookers", "to_segment": "buyers",
         "users": 1},
        {"start": "2026-01-02T12:00:00", "from_segment": "lookers", "to_segment": "lookers",
         "users": 1},
        {"start": "2026-02-01", "from_segment": "buyers", "to_segment": "buyers", "users": 1},
        {"start": "2026-02-01", "from_segment": "lookers", "to_segment": "buyers", "users": 1},
        {"start": "2026-02-01", "from_segment": "(not yet seen)", "to_segment": "lookers",
         "users": 1},
        {"start": "2026-02-01", "from_segment": "(not yet seen)", "to_segment": "(none of them)",
         "users": 1},
    ]  # fmt: skip
    assert answer.users("lookers", "buyers", start="2026-02-01") == ["bob"]
    assert sum(answer.sizes.column("users").to_pylist()) == 2 + 2 + 4
    with pytest.raises(OptionError, match="'start' option of Movement"):
        answer.users("lookers", "buyers", start="2027-01-01")


def test_months_end_where_the_calendar_says():
    answer = movement(shop(), RULES, at="month")
    assert dict.fromkeys(answer.sizes.column("at").to_pylist()) == {
        "2026-01-31": None,
        "2026-02-21": None,  # the log ends here
    }


@pytest.mark.parametrize("at", [["2026-01-01"], ["2026-02-01", "2026-01-01"], "year", "hour"])
def test_moments_must_ascend(at):
    with pytest.raises(OptionError, match="'at' option of movement"):
        movement(shop(), RULES, at=at)


def test_a_csv_list_is_safe_to_open(tmp_path):
    log = MemoryLog.from_rows(
        [("=1+1", 1, "view"), ("@x", 2, "view"), ("王", 3, "purchase", "茶", 1, 990)]
    )
    written = export_segment(
        log, Segment("all", rule="count() > 0"), tmp_path / "a.csv", columns=["spend"], bom=True
    )
    text = (tmp_path / "a.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(text.decode("utf-8-sig").splitlines()))
    assert read == [["user_id", "spend"], ["'=1+1", "0.0"], ["'@x", "0.0"], ["王", "9.9"]]
    assert (written.users, written.guarded) == (3, 2)
    export_segment(log, Segment("all", rule="count() > 0"), tmp_path / "b.csv", guard=False)
    assert (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()[1] == "=1+1"


def test_json_lists_keep_words_as_they_are(tmp_path):
    north = Segment("north", rule="region = north")
    export_segment(shop(), north, tmp_path / "a.json", format="json", columns=["region", "orders"])
    rows_ = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert rows_ == [
        {"user_id": "ann", "region": "north", "orders": 1.0},
        {"user_id": "cyd", "region": "north", "orders": 0.0},
    ]
    export_segment(shop(), north, tmp_path / "a.jsonl", format="jsonl")
    assert (tmp_path / "a.jsonl").read_text().splitlines() == [
        '{"user_id": "ann"}',
        '{"user_id": "cyd"}',
    ]


def test_a_list_that_cannot_be_written_says_why(tmp_path):
    north = Segment("north", rule="region = north")
    with pytest.raises(StoreError, match="Cannot write"):
        export_segment(shop(), north, tmp_path / "no" / "a.csv")
    with pytest.raises(OptionError, match="'columns' option"):
        export_segment(shop(), north, tmp_path / "a.csv", columns=["shoe_size"])
    with pytest.raises(OptionError, match="items have no category"):
        export_segment(shop(), north, tmp_path / "a.csv", columns=["category_focus"])
    with pytest.raises(OptionError, match="'format' option"):
        export_segment(shop(), north, tmp_path / "a.csv", format="xls")


def truth(log_rows, at):
    users = {}
    for user, events in by_user(log_rows).items():
        until = [row for row in events if row.time <= at]
        if until:
            kinds = [row.event_type for row in until]
            users[user] = ("purchase" in kinds, kinds.count("view") > 1)
    return users


@law
@given(rows(), st.integers(0, 8), st.integers(1, 4))
def test_sizes_are_those_of_plain_python(log_rows, moment, buckets):
    at = moment * 10 * MINUTE
    answer = segments(
        as_log(log_rows, buckets=buckets),
        {"buyers": "did(purchase)", "viewers": "count(view) > 1"},
        at=at,
    )
    states = truth(log_rows, at)
    expected = [
        sorted(user for user, state in states.items() if state[0]),
        sorted(user for user, state in states.items() if state[1]),
        sorted(user for user, state in states.items() if not any(state)),
    ]
    names = answer.frame.column("segment").to_pylist()
    assert answer.frame.column("users").to_pylist() == [len(users) for users in expected]
    assert [answer.users(name) for name in names] == expected
    both = sorted(user for user, state in states.items() if all(state))
    assert answer.users("buyers", also="viewers") == both
    assert answer.overlap.column("users")[0].as_py() == len(both)


@law
@given(rows(), st.integers(0, 4), st.integers(5, 8), st.integers(1, 4))
def test_flows_are_those_of_plain_python(log_rows, first, last, buckets):
    moments = [first * 10 * MINUTE, last * 10 * MINUTE]
    rules = {"buyers": "did(purchase)", "viewers": "count(view) > 1"}
    answer = movement(as_log(log_rows, buckets=buckets), rules, at=moments)
    states = [
        {
            user: "buyers" if state[0] else "viewers" if state[1] else "(none of them)"
            for user, state in truth(log_rows, at).items()
        }
        for at in moments
    ]
    expected = {}
    for user, state in states[1].items():
        flow = (states[0].get(user, "(not yet seen)"), state)
        expected.setdefault(flow, []).append(user)
    found = {(r["from_segment"], r["to_segment"]): r["users"] for r in answer.frame.to_pylist()}
    assert found == {flow: len(users) for flow, users in expected.items()}
    assert {flow: answer.users(*flow) for flow in found} == {
        flow: sorted(users) for flow, users in expected.items()
    }


class Elsewhere:
    """An engine whose measures travel to another process."""

    def map(self, source, measure, merge, *, label=""):  # noqa: ARG002  # as engines have it
        sent = pickle.loads(pickle.dumps(measure))  # noqa: S301  # our own bytes
        return merge([sent(source.open(number)) for number in reversed(range(len(source)))])


def test_measures_travel_to_other_processes_and_parts_come_in_any_order():
    rng = np.random.default_rng(3)
    events = [
        (f"u{rng.integers(60)}", int(rng.integers(10**13)), kind, f"i{rng.integers(5)}", 1, 100)
        for kind in ("view", "purchase", "search") * 300
    ]
    here = MemoryLog.from_rows(events, buckets=5)
    items = pa.table({"item_id": [f"i{n}" for n in range(5)], "category": list("aabbb")})
    here = MemoryLog(here.chunks, here.codes, items=items)
    there = MemoryLog(here.chunks, here.codes, items=items, engine=Elsewhere())
    loyal = Segment("loyal", rule="orders() > 3 and did(view then purchase within 30d)")
    for ask in (
        lambda log: segments(log, {**RULES, "a": "count(category = a) > 2"}, by="category").groups,
        lambda log: movement(log, RULES, at="week", where="quantity = 1").frame,
        lambda log: cluster_segments(log, k=3).frame,
        lambda log: profiles(log).table,
        lambda log: profile(log, "u7").timeline,
        lambda log: portrait(log, loyal, by="category").groups,
        lambda log: similar_users(log, loyal, 9).frame,
    ):
        assert ask(there).equals(ask(here))
