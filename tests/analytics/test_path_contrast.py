import json
from collections import Counter

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import has_sequence, kinds_of, sequences_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import contrast_paths
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    (f"buyer {n:02}", at, kind)
    for n in range(20)
    for at, kind in enumerate(["search", "view", "add_to_cart", "purchase", "review"])
]
ROWS += [
    (f"other {n:02}", at, kind)
    for n in range(30)
    for at, kind in enumerate(["view", "search", "view"])
]
LOG = MemoryLog.from_rows(ROWS)


def row_of(answer, path):
    return next(row for row in answer.frame.to_pylist() if row["path"] == path)


def test_the_sequence_only_buyers_have_comes_first():
    answer = contrast_paths(LOG, length=3)
    best = answer.frame.to_pylist()[0]
    assert (best["path"], best["first_units"], best["second_units"]) == (
        "search > view > add_to_cart",
        20,
        0,
    )
    assert best["more_in"] == "with purchase"
    assert best["ratio_low"] > 1
    assert best["p_corrected"] < 1e-6
    assert answer.sizes == (20, 30)


def test_what_follows_the_goal_and_the_goal_itself_tell_nothing():
    paths = contrast_paths(LOG, shown=1000).frame.column("path").to_pylist()
    assert not [path for path in paths if "purchase" in path or "review" in path]


def test_what_the_others_do_more_often_is_found_too():
    row = row_of(contrast_paths(LOG, length=2, shown=100), "view > search")
    assert (row["first_units"], row["second_units"]) == (0, 30)
    assert row["more_in"] == "without purchase"
    assert row["ratio_high"] < 1


def test_users_behind_each_side_are_listed():
    answer = contrast_paths(LOG, length=2)
    assert answer.users("view > add_to_cart") == [f"buyer {n:02}" for n in range(20)]
    assert answer.users("view > add_to_cart", side="second") == []
    with pytest.raises(OptionError, match="'side' option of contrast_paths"):
        answer.users("view", side="both")


def test_a_sequence_that_a_longer_one_replaces_is_left_out():
    paths = contrast_paths(LOG, length=3, shown=1000).frame.column("path").to_pylist()
    assert "search > add_to_cart" not in paths  # always with a view in between


def test_wrong_options_are_named():
    with pytest.raises(
        OptionError, match="'length' option of contrast_paths must be an int from 1"
    ):
        contrast_paths(LOG, length=7)
    with pytest.raises(OptionError, match="'without' option of contrast_paths must be event types"):
        contrast_paths(LOG, without="purchase")
    with pytest.raises(OptionError, match="'segments' option of contrast_paths must be two"):
        contrast_paths(LOG, segments=["new"])
    with pytest.raises(OptionError, match="'level'"):
        contrast_paths(LOG, level=1.5)
    many = [("ann", at, f"kind {at:03}") for at in range(150)]
    with pytest.raises(OptionError, match="'least_share' option of contrast_paths must be higher"):
        contrast_paths(MemoryLog.from_rows(many), most_nodes=200, length=4)


def test_logs_with_one_side_only_say_that_there_is_nothing_to_compare():
    for log in (MemoryLog.from_rows([]), MemoryLog.from_rows([("ann", 0, "view")])):
        answer = contrast_paths(log)
        assert answer.frame.num_rows == 0
        assert "nothing to compare" in answer.definition["note"]
        assert answer.plot() is not None


def test_groups_show_the_same_sequences():
    answer = contrast_paths(LOG, length=2, by="user_id", top=1)
    plain = answer.to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert set(DEFINITION_KEYS) <= set(plain["definition"])
    shown = set(answer.frame.column("path").to_pylist())
    other = [row for row in plain["groups"] if row["group"] == "(other)"]
    assert {row["path"] for row in other} == shown
    assert answer.users("view > add_to_cart", group="(other)") == [
        f"buyer {n:02}" for n in range(1, 20)
    ]


pers = st.sampled_from(["user", "session"])


@law
@given(rows(users=8, times=20, most=50), st.integers(1, 3), pers, st.sampled_from([0.0, 0.4, 0.7]))
def test_all_frequent_sequences_are_found_and_counted_as_by_trying_all(
    log_rows, length, per, least
):
    sides = ([], [])
    for user, kinds in kinds_of(log_rows, per=per):
        bought = "purchase" in kinds
        cut = kinds[: kinds.index("purchase")] if bought else kinds
        sides[0 if bought else 1].append((user, cut))
    counts = [
        Counter(s for _, kinds in side for s in sequences_of(kinds, length)) for side in sides
    ]
    frequent = {
        s
        for side, count in zip(sides, counts, strict=True)
        for s, n in count.items()
        if n >= max(1, least * len(side))
    }
    answer = contrast_paths(as_log(log_rows), length=length, least_share=least, per=per, shown=9999)
    assert answer.sizes == (len(sides[0]), len(sides[1]))
    if not all(sides):
        assert answer.frame.num_rows == 0
        return
    assert answer.found == len(frequent)
    for row in answer.frame.to_pylist():
        path = tuple(row["path"].split(" > "))
        assert path in frequent
        assert (row["first_units"], row["second_units"]) == (counts[0][path], counts[1][path])
        people = [{user for user, kinds in side if has_sequence(kinds, path)} for side in sides]
        assert (row["first_users"], row["second_users"]) == (len(people[0]), len(people[1]))
    for path in answer.frame.column("path").to_pylist()[:2]:
        for side, name in ((0, "first"), (1, "second")):
            people = {u for u, kinds in sides[side] if has_sequence(kinds, path.split(" > "))}
            assert answer.users(path, side=name) == sorted(people)


@law
@given(rows(users=6, times=20), pers)
def test_any_split_of_users_gives_the_same_contrast(log_rows, per):
    answers = [
        contrast_paths(as_log(log_rows, buckets=n), per=per, by="item_id") for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
