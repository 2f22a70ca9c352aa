"""What holds of the rules whatever the shop, and the choice against a plain form."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings, strategies as st

from footfall.features.sequences import Sequences
from footfall.recommend import BusinessRules, Rules

VALUES = st.sampled_from(["x", "y", "z", None])


@st.composite
def shops(draw):
    """Return an item table and slates of two users."""
    size = draw(st.integers(1, 8))
    items = pa.table(
        {
            "item_id": [str(item) for item in range(size)],
            "brand": pa.array(draw(st.lists(VALUES, min_size=size, max_size=size)), pa.string()),
            "tags": pa.array(
                draw(st.lists(st.lists(VALUES, max_size=3), min_size=size, max_size=size)),
                pa.list_(pa.string()),
            ),
            "stock": draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)),
            "margin": draw(
                st.lists(st.floats(0, 1, allow_subnormal=False), min_size=size, max_size=size)
            ),
        }
    )
    slates = [draw(st.permutations(range(size)))[: draw(st.integers(0, size))] for _ in range(2)]
    return items, slates


@st.composite
def wishes(draw):
    caps = draw(st.dictionaries(st.sampled_from(["brand", "tags"]), st.integers(1, 2)))
    return BusinessRules(
        caps=caps,
        in_stock=draw(st.sampled_from([None, "stock"])),
        margin=draw(st.sampled_from([0.0, 0.1, 0.5])),
        diversity=draw(st.sampled_from([0.0, 0.3, 1.0])),
        diversity_by=["brand"],
    )


def table_of(slates, users=(0, 1)):
    rows = [(f"user {user}", str(item)) for user in users for item in slates[user]]
    return pa.table(
        {
            "user_id": pa.array([user for user, _ in rows], pa.string()),
            "item_id": pa.array([item for _, item in rows], pa.string()),
        }
    )


def items_of(table, user):
    ids, items = table["user_id"].to_pylist(), table["item_id"].to_pylist()
    return [int(item) for each, item in zip(ids, items, strict=True) if each == f"user {user}"]


def alike(items, a, b):
    """Return the likeness by brand; a brand of one item says nothing, nor one of all items."""
    brands = items["brand"].to_pylist()
    shared = brands[a] == brands[b] and brands[a] is not None
    return float(shared and {*brands} != {brands[a]})


def chosen_by_hand(items, slate, rules, k):
    """Choose greedily from the definitions, one item after the other."""
    margins, stock = items["margin"].to_pylist(), items["stock"].to_pylist()
    values = {}
    for place, item in enumerate(slate):
        below = sum(each < margins[item] for each in margins)
        level = sum(each == margins[item] for each in margins)
        share = (below + level / 2) / len(margins)
        values[item] = 1 / math.log2(place + 2) + rules.margin * share
    found = []
    while len(found) < k:
        room = [
            item
            for item in values
            if item not in found
            and (rules.in_stock is None or stock[item] > 0)
            and fits(items, [*found, item], rules.caps)
        ]
        if not room:
            return found
        best = {
            item: (1 - rules.diversity) * values[item]
            - rules.diversity * max((alike(items, item, other) for other in found), default=0)
            for item in room
        }
        found.append(max(sorted(room, key=lambda item: (-values[item], slate.index(item))),
                         key=best.__getitem__))  # fmt: skip
    return found


def fits(items, shown, caps):
    for column, limit in caps.items():
        found = [items[column].to_pylist()[item] for item in shown]
        values = [
            value
            for each in found
            for value in set(each if isinstance(each, list) else [each])
            if value is not None
        ]
        if any(values.count(value) > limit for value in values):
            return False
    return True


@given(shop=shops(), rules=wishes(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=100)
def test_the_choice_is_that_of_the_plain_form(shop, rules, k):
    items, slates = shop
    table = rules.apply(table_of(slates), items, k=k).table
    for user in (0, 1):
        assert items_of(table, user) == chosen_by_hand(items, list(slates[user]), rules, k)


@given(shop=shops(), rules=wishes(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_no_item_is_invented_repeated_or_both_shown_and_left_out(shop, rules, k):
    items, slates = shop
    answer = rules.apply(table_of(slates), items, k=k)
    for user in (0, 1):
        shown, out = items_of(answer.table, user), items_of(answer.removed, user)
        assert len(shown) <= k
        assert len({*shown, *out}) == len(shown) + len(out)
        assert {*shown, *out} <= set(slates[user])
        assert set(slates[user][:k]) <= {*shown, *out}  # nobody asks in vain where an item went


@given(shop=shops(), rules=wishes(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_caps_and_filters_are_never_broken(shop, rules, k):
    items, slates = shop
    table = rules.apply(table_of(slates), items, k=k).table
    for user in (0, 1):
        shown = items_of(table, user)
        assert fits(items, shown, rules.caps)
        if rules.in_stock:
            assert all(items["stock"].to_pylist()[item] > 0 for item in shown)


@given(shop=shops(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_diversity_of_weight_0_keeps_the_order(shop, k):
    items, slates = shop
    rules = BusinessRules(diversity=0.0, diversity_by=["brand", "tags"])
    table = rules.apply(table_of(slates), items, k=k).table
    for user in (0, 1):
        assert items_of(table, user) == list(slates[user][:k])
    assert table["reason"].null_count == table.num_rows


@given(shop=shops(), rules=wishes(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_the_order_of_users_changes_no_slate(shop, rules, k):
    items, slates = shop
    answers = [rules.apply(table_of(slates, users), items, k=k) for users in ((0, 1), (1, 0))]
    for user in (0, 1):
        alone = rules.apply(table_of(slates, (user,)), items, k=k)
        for answer in answers:
            mine = answer.table.filter(np.array(answer.table["user_id"]) == f"user {user}")
            assert mine.equals(alone.table)
            assert items_of(answer.removed, user) == items_of(alone.removed, user)


@given(shop=shops(), rules=wishes(), k=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_a_reason_is_given_exactly_where_the_place_changed(shop, rules, k):
    items, slates = shop
    for row in rules.apply(table_of(slates), items, k=k).table.to_pylist():
        moved = row["model_rank"] - row["rank"]
        if moved == 0:
            assert row["reason"] is None
        else:
            assert row["reason"].startswith("up: " if moved > 0 else "down: ")


@given(
    rules=wishes(),
    candidates=st.integers(1, 12),
    k=st.integers(1, 5),
    seed=st.integers(0, 5),
)
@settings(deadline=None, max_examples=50)
def test_a_recommender_fills_the_slate_as_if_it_had_given_all_its_items(rules, candidates, k, seed):
    rng = np.random.default_rng(seed)
    size = 12
    items = pa.table(
        {
            "item_id": [str(item) for item in range(size)],
            "brand": rng.choice(["x", "y", "z"], size),
            "tags": pa.array([[str(value)] for value in rng.integers(0, 4, size)]),
            "stock": (rng.random(size) < 0.3).astype(int),
            "margin": rng.random(size),
        }
    )
    shop = Sequences.from_arrays(
        np.arange(0, 31, 5), rng.integers(0, size, 30), n_items=size, item_table=items
    )
    model = Rules().fit(shop)
    users = shop.user_ids.to_pylist()
    answers = [
        model.slates(
            users, k=k, rules=BusinessRules.of(rules.options | {"candidates": each}), keep_seen=True
        )
        for each in (candidates, size)
    ]
    counts = [
        np.bincount(answer.table["user_id"].cast(pa.int64()), minlength=6) for answer in answers
    ]
    assert counts[0].tolist() == counts[1].tolist()
    if rules.margin == 0 and rules.diversity == 0:
        assert answers[0].table.equals(answers[1].table)
