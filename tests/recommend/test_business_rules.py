"""Business rules, by hand."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import BusinessRules, Popular, Rules
from footfall.recommend.rerank.shop import _reasons
from footfall.recommend.rerank.slates import REASONS

ITEMS = pa.table(
    {
        "item_id": ["cup", "mug", "pot", "tin", "jar"],
        "category": ["home/tea/cups", "home/tea/cups", "home/tea/pots", "home/store", None],
        "brand": ["acme", "bolt", "acme", "acme", None],
        "price": [100, 200, 900, 400, None],
        "margin": [0.1, 0.5, 0.3, None, 0.2],
        "stock": [3, 0, 1, 2, None],
        "launched": [date(2026, 1, 1), date(2026, 3, 1), None, date(2026, 2, 1), date(2027, 1, 1)],
    }
)
ORDER = ["cup", "mug", "pot", "tin", "jar"]
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
NOT_SHOWN = "up: items before it were left out"


def slate_of(items=ORDER, user="ann"):
    return pa.table({"user_id": [user] * len(items), "item_id": items})


def shown(rules, *, items=ORDER, **given):
    table = rules.apply(slate_of(items), ITEMS, **given).table
    return list(zip(table["item_id"].to_pylist(), table["reason"].to_pylist(), strict=True))


def order(rules, **given):
    return [item for item, _ in shown(rules, **given)]


def removed(rules, **given):
    table = rules.apply(slate_of(), ITEMS, **given).removed
    return dict(zip(table["item_id"].to_pylist(), table["reason"].to_pylist(), strict=True))


def bought(*rows):
    """History of ann: (item, day of 2026)."""
    items = [ORDER.index(item) if item in ORDER else 5 for item, _ in rows]
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    times = [start + day * 86_400_000_000 for _, day in rows]
    return Sequences.from_arrays(
        [0, len(rows)], items, timestamps=times, user_ids=["ann"], item_ids=[*ORDER, "samovar"]
    )


def test_without_rules_the_order_stays_and_no_reason_is_given():
    assert shown(BusinessRules()) == [(item, None) for item in ORDER]
    assert removed(BusinessRules()) == {}


def test_what_is_not_known_to_be_in_stock_is_left_out():
    rules = BusinessRules(in_stock="stock")
    assert shown(rules) == [("cup", None), ("pot", NOT_SHOWN), ("tin", NOT_SHOWN)]
    assert removed(rules) == {"mug": "out of stock", "jar": "out of stock"}


def test_the_table_says_where_the_model_had_put_an_item():
    table = BusinessRules(in_stock="stock").apply(slate_of(), ITEMS).table
    assert table.schema.names == ["user_id", "item_id", "score", "rank", "model_rank", "reason"]
    assert table["rank"].to_pylist() == [1, 2, 3]
    assert table["model_rank"].to_pylist() == [1, 3, 4]


def test_a_price_band_lets_no_unknown_price_pass():
    rules = BusinessRules(price_band=(150, 500))
    assert order(rules) == ["mug", "tin"]
    assert removed(rules) == {
        "cup": "below the price band",
        "pot": "above the price band",
        "jar": "of unknown price",
    }
    assert order(BusinessRules(price_band=(None, 200))) == ["cup", "mug"]


def test_a_price_ratio_goes_by_the_median_of_what_the_user_took():
    rules = BusinessRules(price_ratio=(0.5, 2))
    history = bought(("cup", 0), ("tin", 1), ("tin", 2), ("jar", 3), ("samovar", 4))
    assert order(rules, histories=history) == ["mug", "tin"]
    assert removed(rules, histories=history) == {
        "cup": "far cheaper than the user's prices",
        "pot": "far dearer than the user's prices",
        "jar": "of unknown price",
    }


def test_a_user_of_unknown_prices_is_not_bound_by_a_price_ratio():
    assert order(BusinessRules(price_ratio=(0.5, 2)), histories=bought(("jar", 0))) == ORDER


def test_items_taken_before_come_again_never_or_after_a_while():
    history = bought(("cup", 0), ("mug", 40), ("mug", 50), ("samovar", 58))
    never, later = BusinessRules(again_after_days="never"), BusinessRules(again_after_days=30)
    assert order(never, histories=history) == ["pot", "tin", "jar"]
    assert removed(never, histories=history) == {"cup": "taken before", "mug": "taken before"}
    # The first of March is day 59: mug was last taken 9 days ago, cup 59.
    assert order(later, histories=history, at=MARCH) == ["cup", "pot", "tin", "jar"]
    assert removed(later, histories=history, at=MARCH) == {"mug": "taken within 30 days"}


def test_days_since_are_counted_to_the_moment_and_later_rows_are_not_known():
    history = bought(("cup", 29), ("mug", 70))
    assert order(BusinessRules(again_after_days=30), histories=history, at=MARCH)[0] == "cup"
    assert order(BusinessRules(again_after_days=30.1), histories=history, at=MARCH)[0] == "mug"


def test_caps_hold_and_unknown_values_are_not_capped():
    rules = BusinessRules(caps={"category": 1})
    over = "up: items before it were over a cap"
    assert shown(rules) == [("cup", None), ("pot", over), ("tin", over), ("jar", over)]
    assert removed(rules) == {"mug": "over the cap of 1 by category"}


def test_a_path_is_capped_by_its_first_parts():
    assert order(BusinessRules(caps={"category/1": 2})) == ["cup", "mug", "jar"]
    assert order(BusinessRules(caps={"category/2": 2})) == ["cup", "mug", "tin", "jar"]
    assert order(BusinessRules(caps={"category/1": 2, "brand": 1})) == ["cup", "mug", "jar"]


def test_items_of_lists_count_for_each_of_their_values():
    items = pa.table({"item_id": list("abc"), "tags": [["x", "y"], ["y", "z"], ["z"]]})
    slate = slate_of(list("abc"))
    table = BusinessRules(caps={"tags": 1}).apply(slate, items).table
    assert table["item_id"].to_pylist() == ["a", "c"]


def test_diversity_prefers_what_is_unlike_the_items_before():
    # Values of places: 1, .631, .5, .431; mug is like cup in all of its path and not in the brand.
    rules = BusinessRules(diversity=0.5)
    assert shown(rules, items=["cup", "mug", "tin", "jar"]) == [
        ("cup", None),
        ("jar", "up: unlike the items before it"),
        ("mug", "down: like an item before it"),
        ("tin", "down: like an item before it"),
    ]
    assert order(BusinessRules(diversity=0.1), items=["cup", "mug", "tin", "jar"])[1] == "mug"


def test_vectors_say_what_is_alike():
    items = pa.table({"item_id": list("abc"), "seen_by": [[1.0, 0], [2.0, 0], [0, 1.0]]})
    rules = BusinessRules(diversity=0.5, diversity_by=["seen_by"])
    table = rules.apply(slate_of(list("abc")), items).table
    assert table["item_id"].to_pylist() == ["a", "c", "b"]


def test_an_item_is_to_differ_from_all_items_before_it():
    vectors = [[1, 0, 0], [1, 2, 0], [0, 1, 0], [2, 0, 1.1]]
    items = pa.table({"item_id": list("abcd"), "vector": pa.array(vectors, pa.list_(pa.float64()))})
    rules = BusinessRules(diversity=1, diversity_by=["vector"])
    table = rules.apply(slate_of(list("abcd")), items).table
    # Like a are b (.45) and d (.88), not c; but b is like c, too (.89), a hair more.
    assert table["item_id"].to_pylist() == ["a", "c", "d", "b"]


def test_new_items_rise_and_items_of_the_future_do_not():
    # mug is new this day: .631 + .5 beats 1; tin is 28 days old: .431 + .5 / 2; jar is to come.
    rules = BusinessRules(freshness=0.5, freshness_half_life_days=28)
    assert shown(rules, at=MARCH) == [
        ("mug", "up: fresh"),
        ("cup", "down: items with a boost went ahead"),
        ("tin", "up: fresh"),
        ("pot", "down: items with a boost went ahead"),
        ("jar", None),
    ]


def test_margin_lifts_by_the_share_of_items_with_a_lower_one():
    # Shares: cup 1/8, jar 3/8, pot 5/8, mug 7/8 of the four that are known.
    assert order(BusinessRules(margin=0.4)) == ["cup", "mug", "pot", "jar", "tin"]
    assert shown(BusinessRules(margin=0.6))[0] == ("mug", "up: margin")


def test_the_same_candidates_as_arrays_give_the_same_slates():
    items, scores = np.array([[0, 1, 2], [4, 2, -1]]), np.array([[3.0, 2, 1], [5, 4, -np.inf]])
    answer = BusinessRules(in_stock="stock").apply((items, scores), ITEMS)
    assert answer.table.select(["user_id", "item_id", "score", "rank"]).to_pylist() == [
        {"user_id": "0", "item_id": "cup", "score": 3.0, "rank": 1},
        {"user_id": "0", "item_id": "pot", "score": 1.0, "rank": 2},
        {"user_id": "1", "item_id": "pot", "score": 4.0, "rank": 1},
    ]


def test_a_slate_is_read_by_rank_or_else_by_score():
    columns = {"user_id": ["ann"] * 3, "item_id": ["cup", "mug", "pot"]}
    by_rank = pa.table(columns | {"rank": [3, 1, 2], "score": [9.0, 8.0, 7.0]})
    by_score = pa.table(columns | {"score": [1.0, 3.0, 2.0]})
    for slate in (by_rank, by_score):
        table = BusinessRules().apply(slate, ITEMS).table
        assert table["item_id"].to_pylist() == ["mug", "pot", "cup"]


def test_items_that_the_table_does_not_know_pass_no_filter_but_are_not_lost_without():
    items = ["samovar", "cup"]
    assert order(BusinessRules(), items=items) == items
    assert order(BusinessRules(in_stock="stock"), items=items) == ["cup"]


def test_what_was_passed_by_others_is_listed():
    rules = BusinessRules(margin=0.6)
    answer = rules.apply(slate_of(), ITEMS, k=1)
    assert answer.table["item_id"].to_pylist() == ["mug"]
    assert answer.removed.to_pylist() == [
        {"user_id": "ann", "item_id": "cup", "model_rank": 1, "reason": "passed by other items"}
    ]


# Through a recommender.

SHOP = Sequences.from_arrays(
    [0, 3, 5, 7, 8],
    [0, 1, 2, 0, 1, 0, 3, 4],
    timestamps=np.array([1, 2, 3, 1, 2, 1, 2, 40]) * 86_400_000_000,
    user_ids=["ann", "bob", "cas", "dan"],
    item_ids=sorted(ORDER),
    item_table=ITEMS,
)  # cup, jar, mug, pot, tin: taken 3, 2, 1, 1, 1 times


def test_a_recommender_shows_what_the_rules_let_pass():
    model = Popular().fit(SHOP)
    table = model.recommend(["zoe"], k=3, rules=BusinessRules(in_stock="stock"))
    assert table.select(["item_id", "rank", "model_rank"]).to_pylist() == [
        {"item_id": "cup", "rank": 1, "model_rank": 1},
        {"item_id": "pot", "rank": 2, "model_rank": 4},
        {"item_id": "tin", "rank": 3, "model_rank": 5},
    ]
    answer = model.slates(["zoe"], k=3, rules=BusinessRules(in_stock="stock"))
    assert answer.removed["item_id"].to_pylist() == ["jar", "mug"]


def test_more_candidates_are_asked_for_until_the_slate_is_full():
    ids = [f"{place:04}" for place in range(1000)]
    # Taken once less each; the only items of another brand are the last two.
    counts = np.arange(1000, 0, -1)
    shop = Sequences.from_arrays(
        [0, counts.sum()],
        np.repeat(np.arange(1000), counts),
        item_ids=ids,
        item_table=pa.table({"item_id": ids, "brand": ["a"] * 998 + ["b", "c"]}),
    )
    rules = BusinessRules(caps={"brand": 1}, candidates=10)
    table = Popular().fit(shop).recommend(["zoe", "0"], k=3, rules=rules, keep_seen=True)
    assert table["item_id"].to_pylist() == ["0000", "0998", "0999"] * 2
    assert table["model_rank"].to_pylist() == [1, 999, 1000] * 2


def test_the_rule_on_history_takes_the_place_of_keep_seen():
    model = Popular().fit(SHOP)
    assert model.recommend(["ann"])["item_id"].to_pylist() == ["pot", "tin"]
    again = model.recommend(["ann"], rules=BusinessRules(again_after_days=38))
    # The last event of the shop is on day 40: ann took cup on day 1, jar on day 2, mug on day 3.
    assert again["item_id"].to_pylist() == ["cup", "jar", "pot", "tin"]


def test_what_one_user_took_is_shown_to_the_others():
    model = Popular().fit(SHOP)
    table = model.recommend(["ann", "dan", "zoe"], rules=BusinessRules(again_after_days="never"))
    rows = zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True)
    assert [item for user, item in rows] == [
        "pot", "tin", "cup", "jar", "mug", "pot", "cup", "jar", "mug", "pot", "tin",
    ]  # fmt: skip


def test_what_was_bought_may_be_told_apart_from_what_was_viewed():
    model = Popular().fit(SHOP)
    orders = Sequences.from_arrays(
        [0, 1], [0], timestamps=[41 * 86_400_000_000], user_ids=["ann"], item_ids=["jar"]
    )
    rules = BusinessRules(again_after_days=30)
    bound = rules.bind(model.item_ids_, ITEMS, bought=orders)
    assert "jar" not in model.recommend(["ann"], rules=bound)["item_id"].to_pylist()
    assert "cup" in model.recommend(["ann"], rules=bound)["item_id"].to_pylist()
    # Asked at an earlier moment, the order is not known yet.
    earlier = model.recommend(["ann"], rules=bound, at=40 * 86_400_000_000)
    assert "jar" in earlier["item_id"].to_pylist()


def test_items_without_a_launch_are_new_since_their_first_event():
    shop = Sequences.from_arrays(
        [0, 2, 4],
        [1, 0, 1, 0],
        timestamps=np.array([0, 100, 1, 100]) * 86_400_000_000,
        item_ids=["a new one", "an old one"],
    )
    model = Popular().fit(Sequences.from_arrays([0, 3], [1, 1, 0], item_ids=shop.item_ids))
    with pytest.raises(OptionError, match="'freshness_by' option"):
        model.recommend(["zoe"], rules=BusinessRules(freshness=0.5))
    model.fit(shop)
    rules = BusinessRules(freshness=0.5, freshness_half_life_days=50)
    bound = rules.bind(shop.item_ids, pa.table({"first_seen": [100, 0]}))
    for each in (rules, bound):
        rows = model.recommend(["zoe"], rules=each).to_pylist()
        assert [row["item_id"] for row in rows] == ["a new one", "an old one"]
    popular_first = pa.table({"user_id": ["zoe"] * 2, "item_id": ["an old one", "a new one"]})
    days = pa.table({"item_id": shop.item_ids, "first_seen": [date(2026, 4, 11), date(2026, 1, 1)]})
    shown = rules.apply(popular_first, days, at=datetime(2026, 4, 11, tzinfo=UTC)).table
    # The old one has aged two half-lives: 1 + .125 against .631 + .5.
    assert shown["reason"].to_pylist() == ["up: fresh", "down: items with a boost went ahead"]


def test_stock_of_today_is_bound_to_the_catalogue():
    model = Popular().fit(SHOP)
    today = pa.table({"item_id": ["tin", "cup", "samovar"], "stock": [True, None, True]})
    bound = BusinessRules(in_stock="stock").bind(model.item_ids_, today)
    assert model.recommend(["zoe"], rules=bound)["item_id"].to_pylist() == ["tin"]
    other = BusinessRules().bind(["a", "b"], None)
    with pytest.raises(OptionError, match=r"bound to the model's catalogue, model.item_ids_"):
        model.recommend(["zoe"], rules=other)


def test_nobody_asked_and_nothing_to_show_are_answered():
    model = Popular().fit(SHOP)
    assert model.recommend([], rules=BusinessRules()).num_rows == 0
    assert model.recommend(["zoe"], rules=BusinessRules(price_band=(1e6, None))).num_rows == 0
    empty = Popular().fit(Sequences.from_arrays([0], []))
    assert empty.recommend(["zoe"], rules=BusinessRules()).num_rows == 0


def test_rules_without_effect_change_no_recommendation():
    model = Rules().fit(SHOP)
    users = ["ann", "bob", "zoe"]
    plain = model.recommend(users, k=3)
    ruled = model.recommend(users, k=3, rules=BusinessRules(candidates=1))
    assert ruled.select(plain.column_names).equals(plain)


def test_options_are_plain_and_come_back():
    rules = BusinessRules(caps={"brand": 2}, price_band=[10, None], diversity_by=["brand"])
    assert BusinessRules.of(json.loads(json.dumps(rules.options))) == rules
    with pytest.raises(OptionError, match=r"has no option 'cap'.*'caps'"):
        BusinessRules.of({"cap": {}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"diversity": 1.5}, "'diversity' option of BusinessRules must be from 0 to 1"),
        ({"freshness": -1}, "'freshness' option"),
        ({"margin": float("nan")}, "'margin' option"),
        ({"caps": {"brand": 0}}, "'caps' option of BusinessRules must be a whole number"),
        ({"price_band": (5, 1)}, "'price_band' option of BusinessRules must be a pair"),
        ({"price_ratio": 2}, "'price_ratio' option of BusinessRules must be a pair"),
        ({"again_after_days": "soon"}, "must be days, 'never' or None"),
        ({"again_after_days": -1}, "'again_after_days' option"),
        ({"diversity_by": "brand"}, "'diversity_by' option of BusinessRules must be a list"),
        ({"freshness_half_life_days": 0}, "'freshness_half_life_days' option"),
        ({"candidates": 0}, "'candidates' option"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        BusinessRules(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_stock": "units"}, r"column of the item table \(category, brand.*Got 'units'"),
        ({"in_stock": "brand"}, "must be a column of numbers"),
        ({"caps": {"price/1": 1}}, None),
        ({"caps": {"shelf/1": 1}}, "'caps' option of BusinessRules must be a column"),
        ({"margin": 1, "margin_by": "brand"}, "'margin_by' option"),
        ({"freshness": 1, "freshness_by": "brand"}, "column of moments or dates"),
        ({"freshness": 1}, "'at' option of recommend must be a moment"),
        ({"again_after_days": "never"}, "'histories' option of apply must be given"),
        ({"diversity": 1, "diversity_by": ["color"]}, "'diversity_by' option"),
    ],
)
def test_rules_that_need_what_is_not_there_are_refused(options, message):
    rules = BusinessRules(**options)
    if message is None:
        assert len(order(rules)) == 5
        return
    with pytest.raises(OptionError, match=message):
        rules.apply(slate_of(), ITEMS)


def test_rules_on_columns_without_a_table_are_refused():
    bare = Sequences.from_arrays([0, 2], [0, 1])
    with pytest.raises(OptionError, match=r"there is none: give one to BusinessRules\.bind"):
        Popular().fit(bare).recommend(["zoe"], rules=BusinessRules(in_stock="stock"))


def test_days_without_times_are_refused():
    bare = Sequences.from_arrays([0, 2], [0, 1], user_ids=["ann"], item_ids=["cup", "mug"])
    with pytest.raises(OptionError, match="'never' when times are unknown"):
        BusinessRules(again_after_days=3).apply(slate_of(), ITEMS, histories=bare, at=MARCH)


@pytest.mark.parametrize(
    ("slate", "message"),
    [
        (pa.table({"user_id": ["a"]}), "a table with 'item_id'"),
        (pa.table({"user_id": ["a"] * 2, "item_id": ["cup"] * 2}), "an item twice"),
        ((np.array([[0, 5]]), np.zeros((1, 2))), "codes from 0 to 4, or -1"),
        ((np.array([0]), np.array([0])), r"arrays of one shape \(B, N\)"),
    ],
)
def test_slates_that_cannot_be_read_are_refused(slate, message):
    with pytest.raises(OptionError, match=message):
        BusinessRules().apply(slate, ITEMS)


def test_the_reason_is_the_stage_that_moved_the_item_most():
    # From place 5 to the top: 1 by filters, 1 by boosts, 2 by caps, 1 by diversity.
    place, passed, boosted, capped = (np.array([[value]], dtype=np.int32) for value in (5, 4, 3, 2))
    reason = _reasons(place, np.stack([passed, boosted, capped]), np.array([[2]]))
    assert REASONS[reason.item()] == "up: items before it were over a cap"
    # Without caps diversity did most.
    reason = _reasons(place, np.stack([passed, boosted, 0 * capped]), np.array([[2]]))
    assert REASONS[reason.item()] == "up: unlike the items before it"
