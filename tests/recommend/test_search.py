"""Search results in the user's order, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import Rules, rerank_search

SHOP = Sequences.from_arrays(
    [0, 2, 4, 6, 7],
    [0, 1, 0, 1, 0, 2, 0],
    user_ids=["ann", "bob", "cas", "dan"],
    item_ids=["kettle", "teapot", "cup", "jar"],
)  # dan took a kettle; teapots follow it twice, cups once, jars never
MODEL = Rules().fit(SHOP)


def order(users, candidates, **given):
    table = rerank_search(MODEL, users, candidates, **given)
    return table["item_id"].to_pylist()


def test_weight_0_is_the_engines_order_and_weight_1_the_users():
    found = [["jar", "cup", "teapot"]]
    assert order(["dan"], found, weight=0) == ["jar", "cup", "teapot"]
    assert order(["dan"], found, weight=1) == ["teapot", "cup", "jar"]


def test_between_them_places_are_mixed():
    # Worth 1, .631, .5: jar .6 + .2, cup .379 + .252, teapot .3 + .4.
    table = rerank_search(MODEL, ["dan"], [["jar", "cup", "teapot"]], weight=0.4)
    assert table["item_id"].to_pylist() == ["jar", "teapot", "cup"]
    assert table["engine_rank"].to_pylist() == [1, 3, 2]
    assert table["rank"].to_pylist() == [1, 2, 3]
    assert table["score"].to_pylist() == pytest.approx([0.8, 0.7, 0.631], abs=1e-3)


def test_an_unknown_item_keeps_the_worth_of_its_place():
    assert order(["dan"], [["samovar", "cup", "teapot"]], weight=0.9) == [
        "samovar",
        "teapot",
        "cup",
    ]
    assert order(["dan"], [["cup", "samovar", "teapot"]], weight=1) == ["teapot", "cup", "samovar"]


def test_a_user_of_whom_nothing_is_known_gets_the_engines_order():
    found = ["jar", "cup", "teapot"]
    assert order(["zoe"], [found], weight=1) == found
    assert order(["ann"], [found], weight=1, at=None) != found


def test_scores_of_the_engine_give_its_order():
    table = rerank_search(MODEL, ["zoe"], [["cup", "jar"]], weight=0.5, scores=[[1.0, 2.0]])
    assert table["item_id"].to_pylist() == ["jar", "cup"]


def test_lists_come_back_in_the_order_given_empty_ones_and_repeated_users_too():
    lists = [["cup", "teapot"], [], ["jar"]]
    table = rerank_search(MODEL, ["dan", "bob", "dan"], lists, weight=1)
    assert table["user_id"].to_pylist() == ["dan", "dan", "dan"]
    assert table["item_id"].to_pylist() == ["teapot", "cup", "jar"]
    assert rerank_search(MODEL, [], [], weight=0.5).num_rows == 0


@given(
    lists=st.lists(
        st.lists(st.sampled_from(["kettle", "teapot", "cup", "jar", "samovar"]), max_size=6),
        min_size=4,
        max_size=4,
    ),
    weight=st.floats(0, 1),
    seed=st.integers(0, 3),
)
@settings(deadline=None)
def test_nothing_is_dropped_or_added_whatever_the_order_of_users(lists, weight, seed):
    users = ["ann", "bob", "dan", "zoe"]
    shuffled = np.random.default_rng(seed).permutation(4)
    answers = []
    for places in (range(4), shuffled):
        table = rerank_search(
            MODEL, [users[u] for u in places], [lists[u] for u in places], weight=weight
        )
        rows = zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True)
        found = {user: [] for user in users}
        for user, item in rows:
            found[user].append(item)
        answers.append(found)
    assert answers[0] == answers[1]
    for user, items in zip(users, lists, strict=True):
        assert sorted(answers[0][user]) == sorted(items)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weight": 2}, "'weight' option of rerank_search must be from 0 to 1"),
        ({"weight": 0.5, "candidates": []}, "one list for each of the 1 users"),
        ({"weight": 0.5, "candidates": ["cup"]}, "'candidates' option"),
        ({"weight": 0.5, "scores": [[1.0]]}, "a score for each candidate"),
        ({"weight": 0.5, "scores": [[1.0, float("nan")]]}, "must be numbers"),
    ],
)
def test_wrong_questions_are_refused(given, message):
    with pytest.raises(OptionError, match=message):
        rerank_search(MODEL, ["dan"], **{"candidates": [["cup", "jar"]]} | given)
