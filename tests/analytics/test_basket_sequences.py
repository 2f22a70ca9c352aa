from statistics import median_low

import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.value_logs import DAY, few, orders_by_user, sales, shop

from footfall.analytics.basket import sequential_patterns
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog


def test_who_buys_in_both_orders_decides_nothing_about_the_order():
    rows = [
        *[(f"a{n}", "2026-01-01", "purchase", "kettle") for n in range(8)],
        *[(f"a{n}", "2026-01-05", "purchase", "tea") for n in range(8)],
        ("b", "2026-01-01", "purchase", "tea"),
        ("b", "2026-01-02", "purchase", "kettle"),
        ("b", "2026-01-03", "purchase", "tea"),
        ("c", "2026-01-03", "purchase", "tea"),
    ]
    answer = sequential_patterns(MemoryLog.from_rows(rows), min_support=1)
    found = {(row["first"], row["then"]): row for row in answer.frame.to_pylist()}
    ahead = found["kettle", "tea"]
    assert (ahead["users"], ahead["reverse_users"], ahead["order_share"]) == (9, 1, 1.0)
    assert ahead["lift"] == pytest.approx(9 / 9 / (10 / 10))
    assert ahead["median_days"] == 4.0
    assert ahead["p_value"] < 0.05
    assert found["tea", "tea"]["users"] == 1
    assert found["tea", "tea"]["lift"] is None


def _naive(rows, within):
    """Find by hand the shortest gap of each user and ordered pair of things."""
    gaps = {}
    for user, orders in orders_by_user(rows).items():
        for at, before in enumerate(orders):
            for after in orders[at + 1 :]:
                gap = after[0].time - before[0].time
                for a in {line.item for line in before} - {None}:
                    for b in {line.item for line in after} - {None}:
                        if gap <= within:
                            mine = gaps.setdefault((a, b), {})
                            mine[user] = min(mine.get(user, gap), gap)
    return gaps


@law
@given(sales(types=("purchase",)), st.integers(1, 4), st.integers(0, 80), st.sampled_from([1, 2]))
def test_patterns_equal_a_count_by_hand_however_users_are_split(rows, buckets, days, least):
    answer = sequential_patterns(
        shop(rows, buckets=buckets), within=f"{days}d", min_support=least, limit=1000
    )
    gaps = _naive(rows, days * DAY)
    buyers = {row.user: {r.item for r in rows if r.user == row.user} for row in rows if row.item}
    assert answer.buyers == len(buyers)
    wanted = {pair: mine for pair, mine in gaps.items() if len(mine) >= least}
    found = {(row["first"], row["then"]): row for row in answer.frame.to_pylist()}
    assert set(found) == set(wanted)
    for (first, then), mine in wanted.items():
        row = found[first, then]
        assert row["users"] == len(mine)
        assert answer.users(first, then) == sorted(mine)
        assert row["median_days"] == median_low(mine.values()) / DAY
        assert row["reverse_users"] == len(gaps.get((then, first), {}))
        assert row["confidence"] == len(mine) / sum(first in held for held in buyers.values())
        back = set(gaps.get((then, first), {}))
        one_way, other_way = len(set(mine) - back), len(back - set(mine))
        if one_way + other_way:
            assert row["order_share"] == one_way / (one_way + other_way)
        else:
            assert row["order_share"] is None


@few
@given(sales(types=("purchase",)))
def test_patterns_of_groups_can_be_listed(rows):
    answer = sequential_patterns(shop(rows), min_support=1, by="region")
    for row in [] if answer.groups is None else answer.groups.to_pylist():
        assert len(answer.users(row["first"], row["then"], group=row["group"])) == row["users"]


def test_growing_tables_lose_nothing():
    rows = [
        (f"u{user}", n * DAY, "purchase", f"i{(user * 7 + n) % 90}")
        for user in range(20)
        for n in range(90)
    ]
    answer = sequential_patterns(MemoryLog.from_rows(rows), min_support=1, limit=100_000)
    assert sum(answer.frame.column("users").to_pylist()) == 20 * 90 * 89 // 2


def test_users_with_too_many_orders_are_passed_over():
    rows = [("shop", n * DAY, "purchase", f"i{n % 3}") for n in range(50)]
    answer = sequential_patterns(MemoryLog.from_rows(rows), min_support=1, max_orders=49)
    assert (answer.buyers, answer.frame.num_rows) == (0, 0)
    assert answer.plot() is not None


@pytest.mark.parametrize(
    "options",
    [{"within": "soon"}, {"sort": "name"}, {"limit": 0}, {"max_orders": 0}, {"min_support": -1}],
)
def test_a_wrong_option_is_refused(options):
    with pytest.raises(OptionError):
        sequential_patterns(MemoryLog.from_rows([("a", "2026-01-01", "view")]), **options)
