"""Which items of a history speak for a recommendation, and whether that is so."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import BuyAgain, Popular, Rules

MODELS = (BuyAgain, Popular, Rules)
SHOP = Sequences.from_arrays(
    [0, 2, 4, 6, 9],
    [0, 1, 0, 1, 2, 3, 0, 2, 3],
    user_ids=["ann", "bob", "cas", "dan"],
    item_ids=["kettle", "teapot", "sock", "shoe"],
)


def test_what_leads_to_an_item_speaks_for_it():
    model = Rules(own_share=0).fit(SHOP)
    table = model.explain("dan", ["teapot", "shoe"])
    assert table.column_names == ["item_id", "history_item", "contribution", "rank"]
    rows = table.to_pylist()
    assert [row["item_id"] for row in rows] == ["teapot"] * 3 + ["shoe"] * 3
    assert [row["rank"] for row in rows] == [1, 2, 3] * 2
    # Only kettles lead to teapots; what leads to shoes most is the sock just before.
    assert rows[0]["history_item"] == "kettle"
    assert rows[0]["contribution"] > 0
    assert rows[3]["history_item"] == "sock"


def test_a_contribution_is_what_the_score_loses_without_the_item():
    shop = Sequences.from_arrays([0, 4], [0, 1, 0, 2], user_ids=["ann"])
    model = BuyAgain(half_life_days=None).fit(shop)
    rows = model.explain("ann", ["0"]).to_pylist()
    # Without item 0 nothing of its score is left but its popularity; the others hold it down.
    with_all, without_1 = (
        model.scores(Sequences.from_arrays([0, len(items)], items, n_items=3))[0, 0]
        for items in ([0, 1, 0, 2], [0, 0, 2])
    )
    assert rows[0]["history_item"] == "0"
    assert {row["history_item"]: row["contribution"] for row in rows}["1"] == pytest.approx(
        with_all - without_1
    )


def test_popularity_has_no_reason_in_the_history():
    table = Popular().fit(SHOP).explain("dan", ["teapot"])
    assert table["contribution"].to_pylist() == [0, 0, 0]
    assert table["history_item"].to_pylist() == ["shoe", "sock", "kettle"]  # the latest first


def test_the_only_item_of_a_history_is_all_of_the_score():
    model = Rules().fit(SHOP)
    visit = Sequences.from_arrays([0, 1], [0], item_ids=SHOP.item_ids, user_ids=["visit"])
    (row,) = model.explain(visit, ["teapot"]).to_pylist()
    assert row["contribution"] == pytest.approx(float(model.scores(visit)[0, 1]))


def test_silent_users_and_unknown_items_have_no_rows():
    model = Rules().fit(SHOP)
    assert model.explain("zoe", ["teapot"]).num_rows == 0
    assert model.explain("dan", ["samovar"]).num_rows == 0
    assert model.explain("dan", []).num_rows == 0
    with pytest.raises(OptionError, match="'user' option of explain must be one user"):
        model.explain(SHOP, ["teapot"])
    with pytest.raises(OptionError, match="'items' option of explain"):
        model.explain("dan", "teapot")
    with pytest.raises(OptionError, match="'latest' option of explain"):
        model.explain("dan", ["teapot"], latest=0)


def test_only_the_latest_rows_are_tried_and_a_long_history_is_answered():
    rng = np.random.default_rng(0)
    items = rng.integers(0, 300, 100_000)
    model = Rules().fit(Sequences.from_arrays([0, 100_000], items, n_items=300))
    table = model.explain("0", ["7", "8"])
    assert table.num_rows == 2 * len(set(items[-50:].tolist()))
    assert set(table["history_item"].to_pylist()) == {str(item) for item in items[-50:]}


@pytest.mark.parametrize("kind", MODELS)
@given(items=st.lists(st.integers(0, 5), min_size=2, max_size=8), seed=st.integers(0, 9))
@settings(deadline=None, max_examples=30)
def test_taking_out_what_contributes_more_costs_more_of_the_score(kind, items, seed):
    """Faithfulness: the order of contributions is that of asking again without each item."""
    rng = np.random.default_rng(seed)
    model = kind().fit(
        Sequences.from_arrays(np.arange(0, 61, 3), rng.integers(0, 6, 60), n_items=6)
    )
    visit = Sequences.from_arrays([0, len(items)], items, n_items=6, user_ids=["visit"])
    for target in "024":
        rows = model.explain(visit, [target]).to_pylist()
        if len(rows) < 2:
            continue
        left = []
        for row in rows:
            rest = [item for item in items if str(item) != row["history_item"]]
            again = Sequences.from_arrays([0, len(rest)], rest, n_items=6)
            answer = model.recommend(again, k=6, keep_seen=True)
            scores = dict(
                zip(answer["item_id"].to_pylist(), answer["score"].to_pylist(), strict=True)
            )
            left.append(scores[target])
        assert left == sorted(left)
