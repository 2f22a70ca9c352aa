from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.value_logs import DAY, few, orders_by_user, sales, shop

from footfall.analytics.basket import basket_rules
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    ("ann", "2026-01-01", "purchase", "tea"),
    ("ann", "2026-01-01", "purchase", "cup"),
    ("ann", "2026-01-01", "purchase", "cup"),
    ("bob", "2026-01-02", "purchase", "tea"),
    ("bob", "2026-01-02", "purchase", "cup"),
    ("cid", "2026-01-03", "purchase", "tea"),
    ("dan", "2026-01-03", "purchase", "pot"),
]


def test_a_rule_says_how_much_more_than_chance():
    answer = basket_rules(MemoryLog.from_rows(ROWS), min_support=2)
    first, second = answer.frame.to_pylist()
    assert (first["has"], first["adds"], second["has"]) == ("cup", "tea", "tea")
    assert (first["baskets"], first["users"], first["support"]) == (2, 2, 0.5)
    assert (first["confidence"], second["confidence"]) == (1.0, 2 / 3)
    assert first["lift"] == second["lift"] == pytest.approx(4 / 3)
    assert first["leverage"] == pytest.approx(0.5 - 0.5 * 0.75)
    assert first["conviction"] is None
    assert second["conviction"] == pytest.approx(0.5 / (1 / 3))
    assert answer.users("cup", "tea") == ["ann", "bob"]


def test_baskets_of_too_many_things_are_passed_over_whole():
    rows = [("ann", "2026-01-01", "purchase", f"i{n}") for n in range(5)] + ROWS
    answer = basket_rules(MemoryLog.from_rows(rows), max_basket=4, min_support=1)
    assert (answer.baskets, answer.large) == (3, 1)
    assert set(answer.frame.column("has").to_pylist()) == {"cup", "tea"}


def _sets(rows, size):
    """Count baskets and users of each set of things by hand; and the number of baskets."""
    counts, users, baskets = {}, {}, 0
    for user, orders in orders_by_user(rows).items():
        for order in orders:
            things = sorted({line.item for line in order} - {None})
            baskets += bool(things)
            for some in combinations(things, size):
                counts[some] = counts.get(some, 0) + 1
                users.setdefault(some, set()).add(user)
    return counts, users, baskets


@law
@given(
    sales(types=("purchase",)), st.integers(1, 4), st.sampled_from([1, 2]), st.sampled_from([2, 3])
)
def test_rules_equal_a_count_by_hand_however_users_are_split(rows, buckets, least, size):
    answer = basket_rules(shop(rows, buckets=buckets), min_support=least, size=size, limit=1000)
    single, _, baskets = _sets(rows, 1)
    pairs, _, _ = _sets(rows, 2)
    wanted = {}
    for n in range(2, size + 1):
        counts, users, _ = _sets(rows, n)
        for things, count in counts.items():
            if count >= least:
                for adds in things:
                    has = tuple(thing for thing in things if thing != adds)
                    n_has = single[has] if n == 2 else pairs[has]
                    wanted[" + ".join(has), adds] = (count, users[things], count / n_has)
    assert answer.baskets == baskets
    found = {(row["has"], row["adds"]): row for row in answer.frame.to_pylist()}
    assert set(found) == set(wanted)
    for (has, adds), (count, users, confidence) in wanted.items():
        row = found[has, adds]
        assert (row["baskets"], row["users"], row["confidence"]) == (count, len(users), confidence)
        assert answer.users(has, adds) == sorted(users)
        assert row["lift"] == pytest.approx(confidence / (single[adds,] / baskets))


@few
@given(sales(types=("purchase",)))
def test_rules_of_groups_can_be_listed(rows):
    answer = basket_rules(shop(rows), min_support=1, by="region")
    for row in [] if answer.groups is None else answer.groups.to_pylist():
        assert len(answer.users(row["has"], row["adds"], group=row["group"])) == row["users"]


def test_pairs_equal_sql_on_a_larger_log(duck):
    rng = np.random.default_rng(11)
    count = 40_000
    table = pa.table(
        {
            "user_id": pa.array([f"u{n}" for n in rng.integers(0, 700, count)]),
            "timestamp": pa.array(rng.integers(0, 20, count) * DAY).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": pa.array(["purchase"] * count),
            "item_id": pa.array([f"i{n % 400}" for n in rng.zipf(1.3, count)]),
        }
    )
    duck.register("lines", table)
    wanted = duck.execute(
        """
        with held as (select distinct user_id, timestamp, item_id from lines)
        select a.item_id, b.item_id, count(*), count(distinct a.user_id)
        from held a join held b using (user_id, timestamp)
        where a.item_id <> b.item_id group by 1, 2 having count(*) >= 20
        """
    ).fetchall()
    answer = basket_rules(MemoryLog.from_events(table, buckets=3), min_support=20, limit=100_000)
    found = answer.frame.select(["has", "adds", "baskets", "users"]).to_pylist()
    assert sorted(tuple(row.values()) for row in found) == sorted(wanted)


def test_categories_and_views_of_sessions_make_baskets_too():
    rows = [
        ("ann", "2026-01-01T10:00", "view", "cup"),
        ("ann", "2026-01-01T10:05", "view", "tea"),
        ("ann", "2026-01-01T12:00", "view", "pot"),
    ]
    log = MemoryLog.from_rows(rows)
    log.items = pa.table(
        {"item_id": ["cup", "tea", "pot"], "category": ["home/x", "food", "home/y"]}
    )
    viewed = basket_rules(log, of="sessions", min_support=1, level="category", depth=1)
    assert viewed.baskets == 2
    assert viewed.frame.column("has").to_pylist() == ["food", "home"]


@pytest.mark.parametrize(
    "options",
    [
        {"min_support": 0},
        {"min_support": 1.5},
        {"size": 4},
        {"sort": "name"},
        {"limit": 0},
        {"max_basket": 1},
        {"min_lift": -1},
        {"of": "users"},
        {"level": "colour"},
        {"depth": 0},
    ],
)
def test_a_wrong_option_is_refused(options):
    with pytest.raises(OptionError):
        basket_rules(MemoryLog.from_rows(ROWS), **options)


def test_an_empty_log_has_no_rules_and_an_unknown_thing_is_refused():
    answer = basket_rules(MemoryLog.from_rows([]), size=3)
    assert (answer.frame.num_rows, answer.baskets) == (0, 0)
    assert answer.plot() is not None
    with pytest.raises(OptionError, match="name of one of the items"):
        basket_rules(MemoryLog.from_rows(ROWS)).users("tea", "jam")


def test_growing_tables_lose_nothing():
    rows = [
        (f"u{n}", n * DAY, "purchase", f"i{item}")
        for n in range(200)
        for item in range(n % 60, n % 60 + 15)
    ]
    answer = basket_rules(MemoryLog.from_rows(rows), min_support=1, limit=10_000)
    assert sum(answer.frame.column("baskets").to_pylist()) == 200 * 15 * 14
