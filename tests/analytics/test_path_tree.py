import json

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import kinds_of, prefixes_of, walks_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import path_tree
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "search"),
    ("ann", "2026-01-01T10:01", "view"),
    ("ann", "2026-01-01T10:02", "add_to_cart"),
    ("ann", "2026-01-01T10:03", "purchase"),
    ("ann", "2026-01-09T10:00", "view"),
    ("bob", "2026-01-01T10:00", "view"),
    ("bob", "2026-01-01T10:01", "add_to_cart"),
    ("cid", "2026-01-01T10:00", "view"),
    ("cid", "2026-01-01T10:01", "search"),
]
LOG = MemoryLog.from_rows(SHOP)


def lines(answer):
    columns = ("path", "occurrences", "users", "ended", "ended_users")
    return [tuple(row[name] for name in columns) for row in answer.frame.to_pylist()]


def test_nine_rows_grow_a_tree_from_a_view():
    assert lines(path_tree(LOG, start="view")) == [
        ("view", 4, 3, 1, 1),
        ("view > add_to_cart", 2, 2, 1, 1),
        ("view > add_to_cart > purchase", 1, 1, 1, 1),
        ("view > search", 1, 1, 1, 1),
    ]


def test_a_tree_grows_back_from_an_event_and_its_paths_read_in_order_of_time():
    assert lines(path_tree(LOG, end="add_to_cart")) == [
        ("add_to_cart", 2, 2, 0, 0),
        ("view > add_to_cart", 2, 2, 1, 1),
        ("search > view > add_to_cart", 1, 1, 1, 1),
    ]
    assert path_tree(LOG, end="add_to_cart").users("search > view > add_to_cart") == ["ann"]


def test_without_an_anchor_a_tree_grows_from_the_start_of_sessions():
    answer = path_tree(LOG, depth=1)
    assert lines(answer) == [("view", 3, 3, 1, 1), ("search", 1, 1, 0, 0)]
    assert answer.total == 4


def test_rare_branches_are_one_and_their_users_are_counted_once():
    rows_ = [("ann", "2026-01-01T10:00", "view"), ("ann", "2026-01-01T10:01", "search")]
    rows_ += [("ann", "2026-01-02T10:00", "view"), ("ann", "2026-01-02T10:01", "click")]
    rows_ += [("bob", "2026-01-02T10:00", "view"), ("bob", "2026-01-02T10:01", "purchase")]
    rows_ += [("cid", "2026-01-02T10:00", "view"), ("cid", "2026-01-02T10:01", "purchase")]
    answer = path_tree(MemoryLog.from_rows(rows_), start="view", least_share=0.5)
    assert [line[:3] for line in lines(answer)] == [
        ("view", 4, 3),
        ("view > purchase", 2, 2),
        ("view > (other)", 2, 1),
    ]
    assert answer.users("view > (other)") == ["ann"]


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'end' option of path_tree must be left out"):
        path_tree(LOG, start="view", end="view")
    with pytest.raises(
        OptionError, match="'depth' option of path_tree must be an int from 1 to 20"
    ):
        path_tree(LOG, depth=0)
    with pytest.raises(OptionError, match="'least_share' option of path_tree must be a share"):
        path_tree(LOG, least_share=2)
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        path_tree(LOG, end="purchas")
    with pytest.raises(OptionError, match="'occurrence'"):
        path_tree(LOG, start="view", occurrence="second")
    with pytest.raises(OptionError, match="'group' option of path_tree must be None"):
        path_tree(LOG, start="view").users("view", group="north")


def test_an_event_that_never_occurs_in_this_log_gives_an_empty_tree():
    answer = path_tree(LOG, start="review")
    assert (answer.total, answer.frame.num_rows) == (0, 0)
    assert answer.plot() is not None
    assert path_tree(MemoryLog.from_rows([])).frame.num_rows == 0


def test_the_json_form_holds_every_branch():
    answer = path_tree(LOG, start="view", by="weekday").to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["branches"][0]["path"] == "view"
    assert {row["group"] for row in answer["groups"]} == {"Thursday", "Friday"}
    assert set(DEFINITION_KEYS) <= set(answer["definition"])


options = st.fixed_dictionaries(
    {
        "depth": st.integers(1, 4),
        "per": st.sampled_from(["session", "user"]),
        "collapse_repeats": st.booleans(),
        "occurrence": st.sampled_from(["first", "last", "every"]),
        "anchor": st.sampled_from([("start", "view"), ("end", "purchase"), (None, None)]),
    }
)


def ask(log, given_options, **more):
    given_options = dict(given_options)
    which, node = given_options.pop("anchor")
    if which:
        given_options[which] = node
    return path_tree(log, least_share=0, **given_options, **more)


def truth_of(log_rows, chosen):
    units = kinds_of(log_rows, per=chosen["per"], collapse=chosen["collapse_repeats"])
    which, node = chosen["anchor"]
    walks = walks_of(units, occurrence=chosen["occurrence"], **({which: node} if which else {}))
    return len(walks), *prefixes_of(walks, chosen["depth"])


@law
@given(rows(users=4, times=12, most=40), options)
def test_trees_are_those_of_plain_python(log_rows, chosen):
    total, through, ended = truth_of(log_rows, chosen)
    answer = ask(as_log(log_rows), chosen)
    back = chosen["anchor"][0] == "end"
    found = {
        tuple(path.split(" > "))[:: -1 if back else 1]: ((count, users), (stops, stop_users))
        for path, count, users, stops, stop_users in lines(answer)
    }
    assert answer.total == total
    assert found == {key: (through[key], ended[key]) for key in through.counts}
    for path in answer.frame.column("path").to_pylist()[:3]:
        key = tuple(path.split(" > "))[:: -1 if back else 1]
        assert answer.users(path) == sorted(through.people[key])
        assert answer.users(path, ended=True) == sorted(ended.people[key])


@law
@given(rows(users=4, times=12, most=40), options, st.sampled_from([0.2, 0.5]))
def test_branches_and_what_was_folded_add_up(log_rows, chosen, least):
    answer = path_tree(as_log(log_rows), least_share=least, depth=3, per=chosen["per"])
    table = {row["path"]: row for row in answer.frame.to_pylist()}
    for path, row in table.items():
        if row["ended"] is None or row["depth"] == 3:
            assert len(answer.users(path)) == row["users"]
            continue
        below = [
            other["occurrences"]
            for name, other in table.items()
            if name.startswith(f"{path} > ") and other["depth"] == row["depth"] + 1
        ]
        assert sum(below) + row["ended"] == row["occurrences"]


@law
@given(rows(users=6), options)
def test_any_split_of_users_gives_the_same_tree(log_rows, chosen):
    answers = [ask(as_log(log_rows, buckets=n), chosen, by="item_id") for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)


def test_nodes_beyond_the_most_are_one_and_those_asked_for_stay():
    rows_ = [("ann", at, f"kind {at:03}") for at in range(300)] + [("ann", 301, "purchase")]
    answer = path_tree(MemoryLog.from_rows(rows_), end="kind 299", most_nodes=10, depth=3)
    assert answer.frame.column("path").to_pylist() == [
        "kind 299",
        "(other) > kind 299",
        "(other) > (other) > kind 299",
    ]
    assert answer.users("(other) > kind 299") == ["ann"]
