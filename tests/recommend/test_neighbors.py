"""ItemKNN and UserKNN, by hand and against dense matrices."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import ItemKNN, UserKNN

# ann: a b c, bob: a b, cas: b d, dan: b
SHOP = Sequences.from_arrays(
    [0, 3, 5, 7, 8],
    [0, 1, 2, 0, 1, 1, 3, 1],
    user_ids=["ann", "bob", "cas", "dan"],
    item_ids=["a", "b", "c", "d"],
)
PLAIN = {"shrinkage": 0, "decay": 1}


def cosines(**options):
    """Learned links of the shop as {(from, to): cosine}."""
    learned = ItemKNN(**PLAIN | {"busy_power": 0} | options).fit(SHOP).learned_
    offsets, codes = learned["link_offsets"], learned["link_items"]
    return {
        ("abcd"[i], "abcd"[codes[link]]): pytest.approx(learned["link_cosines"][link])
        for i in range(4)
        for link in range(offsets[i], offsets[i + 1])
    }


def visit(*items, **more):
    codes = ["abcd".index(item) for item in items]
    return Sequences.from_arrays([0, len(codes)], codes, item_ids=["a", "b", "c", "d"], **more)


def test_items_are_as_alike_as_the_cosine_of_their_users():
    expected = {"ab": 2 / 8**0.5, "ac": 1 / 2**0.5, "bc": 1 / 4**0.5, "bd": 1 / 4**0.5}
    both = expected | {pair[::-1]: cosine for pair, cosine in expected.items()}
    assert cosines() == {tuple(pair): cosine for pair, cosine in both.items()}


def test_shrinkage_is_added_to_the_norms():
    assert cosines(shrinkage=2)["b", "c"] == 1 / (4**0.5 + 2)


def test_busy_users_count_less():
    # Users of 3, 2, 2 and 1 items: b is had by all of them, c by ann alone.
    assert cosines(busy_power=1)["b", "c"] == (1 / 3) / np.sqrt((1 / 3 + 1 / 2 + 1 / 2 + 1) / 3)


def test_only_the_strongest_neighbors_are_kept_and_of_equal_ones_the_first():
    assert set(cosines(neighbors=1)) == {("a", "b"), ("b", "a"), ("c", "a"), ("d", "b")}
    assert set(cosines(neighbors=2)) > {("b", "a"), ("b", "c")}
    assert ("b", "d") not in cosines(neighbors=2)


def test_only_the_latest_items_of_a_user_are_learned_from():
    assert ("a", "c") not in cosines(max_history=2)
    assert ("b", "c") in cosines(max_history=2)


def test_a_score_is_the_weighted_sum_over_the_history_the_latest_item_leading():
    model = ItemKNN(busy_power=0, shrinkage=0, decay=0.5).fit(SHOP)
    scores = model.scores(visit("d", "c", "a"))[0]
    assert scores[1] == pytest.approx(2 / 8**0.5 + 0.5 / 4**0.5 + 0.25 / 4**0.5, rel=1e-5)


def test_items_with_no_neighbor_in_the_history_come_by_popularity():
    table = ItemKNN().fit(SHOP).recommend(visit("d"))
    assert table["item_id"].to_pylist() == ["b", "a", "c"]


def test_similar_items_come_with_their_cosines():
    table = ItemKNN(**PLAIN, busy_power=0).fit(SHOP).similar(["c"], k=2)
    assert table["similar_id"].to_pylist() == ["a", "b"]
    assert table["score"].to_pylist() == pytest.approx([2**-0.5, 0.5], rel=1e-5)


def shares(asked, **options):
    """Scores of the four items, without the floor below them."""
    scores = UserKNN(**PLAIN | {"common_power": 0} | options).fit(SHOP).scores(asked)[0]
    return [round(score, 4) for score in scores.tolist()]


def test_a_score_is_the_weighted_share_of_the_neighbors_who_took_the_item():
    # A visit of c and b: near ann 2 / sqrt(6), bob and cas 1 / 2, dan 1 / sqrt(2).
    ann, bob, cas, dan = near = np.array([2 / 6**0.5, 0.5, 0.5, 0.5**0.5])
    expected = np.array([ann + bob, ann + bob + cas + dan, ann, cas]) / near.sum()
    assert shares(visit("c", "b")) == expected.round(4).tolist()


def test_shrinkage_keeps_users_of_one_shared_item_from_looking_nearest():
    # A visit of b, which all have; ann has 3 items, bob and cas 2, dan 1.
    near = 1 / (np.sqrt([3, 2, 2, 1]) + 9)
    expected = np.array([near[0] + near[1], near.sum(), near[0], near[2]]) / near.sum()
    assert shares(visit("b"), shrinkage=9) == expected.round(4).tolist()


def test_only_the_nearest_users_speak_and_of_equal_ones_the_first():
    assert shares(visit("d"), neighbors=1) == [0, 1, 0, 1]  # cas
    assert shares(visit("a", "b", "c"), neighbors=1) == [1, 1, 1, 0]  # ann
    assert shares(visit("b"), neighbors=2) == [0.4142, 1, 0, 0]  # dan, and bob before cas


def test_what_many_take_makes_users_less_near():
    # Of 4 users 2 had a, 4 b, 1 c, 1 d: they weigh 1/2, 1/4, 1, 1. A visit of a and d.
    ann, bob, cas = 0.5 / 1.75**0.5, 0.5 / 0.75**0.5, 1 / 1.25**0.5
    expected = np.array([ann + bob, ann + bob + cas, ann, cas]) / (ann + bob + cas)
    assert shares(visit("a", "d"), common_power=1) == expected.round(4).tolist()


def test_an_old_item_makes_users_less_near_than_the_latest():
    assert shares(visit("d", "c"), decay=0.5)[2] > shares(visit("d", "c"), decay=0.5)[3]
    assert shares(visit("c", "d"), decay=0.5)[2] < shares(visit("c", "d"), decay=0.5)[3]


def test_a_user_is_no_neighbor_of_their_own_but_a_visitor_with_the_same_items_is_near():
    model = UserKNN(**PLAIN, common_power=0, neighbors=1).fit(SHOP)
    known = model.recommend(["cas"], k=1, keep_seen=True)["item_id"].to_pylist()
    visitor = model.recommend(visit("b", "d", user_ids=["v"]), k=2, keep_seen=True)
    assert known == ["b"]  # dan is nearest
    assert visitor["item_id"].to_pylist() == ["b", "d"]  # cas is
    # Before ann took b and c she is not answered from what she took later.
    assert shares(visit("a", user_ids=["ann"])) == [1, 1, 0, 0]
    assert shares(visit("a", user_ids=["v"]))[2] > 0


def test_similar_items_of_user_knn_are_those_the_users_of_the_item_took():
    for ids in (["ann", "bob"], ["0", "1"]):
        shop = Sequences.from_arrays([0, 2, 5], [0, 1, 1, 2, 3], user_ids=ids)
        model = UserKNN(**PLAIN, common_power=0).fit(shop)
        table = model.similar(["0", "1"], k=1)
        assert table["similar_id"].to_pylist() == ["1", "0"]
        assert table["score"].to_pylist() == pytest.approx([1, 3 / (3 + 6**0.5)], rel=1e-4)


def test_a_visit_of_items_nobody_else_took_is_answered_by_popularity():
    shop = Sequences.from_arrays([0, 1, 3], [0, 1, 2], user_ids=["ann", "bob"])
    table = UserKNN().fit(shop).recommend(["ann"])
    assert table["item_id"].to_pylist() == ["1", "2"]
    assert np.isfinite(table["score"].to_numpy()).all()


def test_a_robot_of_100_000_different_items_costs_no_more_than_its_latest():
    items = np.concatenate((np.arange(100_000), [99_999, 5]))
    shop = Sequences.from_arrays([0, 100_000, 100_002], items)
    near = ItemKNN(max_history=50).fit(shop)
    assert len(near.learned_["link_items"]) == 50 * 49 + 2
    assert UserKNN(max_history=50).fit(shop).recommend(["1"], k=1).num_rows == 1


@pytest.mark.parametrize(
    ("kind", "option", "value"),
    [
        (ItemKNN, "neighbors", 0),
        (ItemKNN, "shrinkage", -1),
        (ItemKNN, "busy_power", float("nan")),
        (ItemKNN, "decay", 1.5),
        (ItemKNN, "max_history", 2.5),
        (UserKNN, "neighbors", True),
        (UserKNN, "shrinkage", float("inf")),
        (UserKNN, "common_power", -0.1),
        (UserKNN, "decay", "slow"),
        (UserKNN, "max_history", 0),
    ],
)
def test_wrong_options_are_refused(kind, option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of {kind.name} must be"):
        kind(**{option: value})


def dense(histories):
    matrix = np.zeros((len(histories), 6))
    for row, items in enumerate(histories):
        matrix[row, items] = 1
    return matrix


def packed(histories):
    offsets = np.concatenate(([0], np.cumsum([len(items) for items in histories])))
    items = [item for each in histories for item in each]
    return Sequences.from_arrays(offsets, items, n_items=6)


shops = st.lists(st.lists(st.integers(0, 5), max_size=6, unique=True), min_size=1, max_size=7)


@given(histories=shops, power=st.sampled_from([0, 0.5]), shrinkage=st.sampled_from([0.5, 3]))
@settings(deadline=None)
def test_item_links_agree_with_dense_cosines(histories, power, shrinkage):
    learned = ItemKNN(busy_power=power, shrinkage=shrinkage).fit(packed(histories)).learned_
    taken = dense(histories)
    voices = np.maximum(taken.sum(1), 1) ** -power
    gram = taken.T @ (taken * voices[:, None])
    norms = np.sqrt(np.diag(gram))
    expected = gram / (np.outer(norms, norms) + shrinkage) * (1 - np.eye(6))
    found = np.zeros((6, 6))
    rows = np.repeat(np.arange(6), np.diff(learned["link_offsets"]))
    found[rows, learned["link_items"]] = learned["link_cosines"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@given(histories=shops, power=st.sampled_from([0, 0.5]), asked=st.lists(st.integers(0, 5)))
@settings(deadline=None)
def test_user_shares_agree_with_dense_cosines(histories, power, asked):
    asked = list(dict.fromkeys(asked)) or [0]
    visitor = Sequences.from_arrays([0, len(asked)], asked, n_items=6, user_ids=["visitor"])
    model = UserKNN(common_power=power, shrinkage=0.5, decay=0.5).fit(packed(histories))
    taken = dense(histories)
    voices = np.maximum(taken.sum(0), 1) ** -power
    weights = np.zeros(6)
    weights[asked] = 0.5 ** np.arange(len(asked))[::-1]
    norms = np.sqrt((taken * voices).sum(1)) * np.sqrt((weights**2 * voices).sum())
    near = taken @ (weights * voices) / (norms + 0.5)
    expected = near @ taken / max(near.sum(), 1e-12)
    np.testing.assert_allclose(model.scores(visitor)[0], expected, atol=2e-6)
