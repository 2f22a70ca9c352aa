from collections import Counter, defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.value_logs import DAY, ITEMS, few, orders_by_user, sales, shop

from footfall.analytics.value import lifetime_value, order_value, pareto, repeats, value_segments
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    ("ann", "2026-01-10T10:00", "purchase", "tea", 2, 6000),
    ("ann", "2026-01-10T10:00", "purchase", "cup", 1, 2000),
    ("bob", "2026-01-20T09:00", "purchase", "cup", 1, 1500),
    ("cid", "2026-02-02T09:00", "purchase", "pot", 1, 500),
    ("dan", "2026-03-02T09:00", "view", "pot"),
]


def _money(rows, key):
    total = defaultdict(int)
    for row in rows:
        if row.event_type == "purchase" and key(row) is not None:
            total[key(row)] += row.amount
    return dict(total)


# Tiers and shares


def test_the_first_tier_is_the_fewest_who_bring_its_share():
    answer = value_segments(MemoryLog.from_rows(ROWS))
    assert [answer.users(tier) for tier in "ABC"] == [["ann"], ["bob"], ["cid"]]
    assert answer.frame.column("revenue_share").to_pylist() == [0.8, 0.15, 0.05]


def test_items_can_be_members_and_their_buyers_are_listed():
    answer = value_segments(MemoryLog.from_rows(ROWS), unit="item")
    assert [answer.members(tier) for tier in "ABC"] == [["tea", "cup"], [], ["pot"]]
    assert answer.users("A") == ["ann", "bob"]
    assert answer.frame.column("buyers").to_pylist() == [2, 0, 1]


@law
@given(sales(), st.integers(1, 4), st.sampled_from(["user", "item", "brand", "category"]))
def test_tiers_equal_a_count_by_hand(rows, buckets, unit):
    column = dict(zip(*(ITEMS.column(n).to_pylist() for n in ("item_id", "brand")), strict=True))
    places = dict(zip(*(ITEMS.column(n).to_pylist() for n in ("item_id", "category")), strict=True))
    key = {
        "user": lambda row: row.user,
        "item": lambda row: row.item,
        "brand": lambda row: column.get(row.item),
        "category": lambda row: places.get(row.item),
    }[unit]
    money = _money(rows, key)
    answer = value_segments(shop(rows, buckets=buckets), unit=unit, shares=(0.5, 0.9))
    whole = sum(money.values())
    wanted = defaultdict(set)
    for name, mine in money.items():
        above = sum(other for other in money.values() if other > mine)
        tier = sum(above >= Fraction(end) * whole for end in ("0.5", "0.9"))
        wanted["ABC"[tier]].add(name)
    for row in answer.frame.to_pylist():
        tier = row["tier"]
        assert set(answer.members(tier)) == wanted[tier]
        assert row["members"] == len(wanted[tier])
        assert row["revenue_minor"] == sum(money[name] for name in wanted[tier])
        buyers = {r.user for r in rows if r.event_type == "purchase" and key(r) in wanted[tier]}
        assert answer.users(tier) == sorted(buyers)
        assert row["buyers"] == len(buyers)


@few
@given(sales(), st.sampled_from(["user", "item"]))
def test_tiers_of_groups_can_be_listed(rows, unit):
    answer = value_segments(shop(rows), unit=unit, by="region")
    for row in [] if answer.groups is None else answer.groups.to_pylist():
        assert len(answer.users(row["tier"], group=row["group"])) == row["buyers"]


@law
@given(sales(), st.integers(1, 4), st.sampled_from(["user", "item"]))
def test_shares_and_gini_equal_a_count_by_hand(rows, buckets, unit):
    money = _money(rows, lambda row: row.user if unit == "user" else row.item)
    values = sorted(money.values(), reverse=True)
    answer = pareto(shop(rows, buckets=buckets), unit=unit, best=[0.2, 0.5, 1])
    for row in answer.frame.to_pylist():
        count = ceil(Fraction(str(row["best_share"])) * len(values))
        assert row["members"] == count
        assert row["revenue_minor"] == sum(values[:count])
        assert len(answer.members(row["best_share"])) == count
    whole = sum(values)
    if not whole:
        assert answer.gini is None
        return
    apart = sum(abs(a - b) for a in values for b in values)
    assert answer.gini == pytest.approx(apart / (2 * len(values) * whole))
    for share in (0.5, 0.8):
        count = next(n for n in range(len(values) + 1) if sum(values[:n]) >= share * whole)
        assert answer.share_needed(share) == pytest.approx(count / len(values))


def test_returns_make_nobody_worth_less_than_nothing_in_shares():
    rows = [*ROWS, ("cid", "2026-02-03", "return", "pot", 1, 900)]
    answer = pareto(MemoryLog.from_rows(rows), returns="return", best=[1.0])
    assert answer.frame.column("revenue_minor").to_pylist() == [9500]
    with pytest.raises(OptionError, match="things are listed by members"):
        pareto(MemoryLog.from_rows(rows), unit="item").users(0.5)


# Lifetime value


def test_a_cohort_keeps_its_size_and_a_period_not_over_has_no_value():
    answer = lifetime_value(MemoryLog.from_rows(ROWS), periods=3)
    rows = answer.frame.filter(pa.compute.equal(answer.frame.column("cohort"), "2026-01"))
    assert rows.column("users").to_pylist() == [2, 2, 2]
    assert rows.column("value_per_user").to_pylist() == [47.5, 47.5, None]
    assert answer.users("2026-01") == ["ann", "bob"]


def test_cohorts_of_a_period_are_those_who_began_in_it():
    answer = lifetime_value(MemoryLog.from_rows(ROWS), between="2026-02")
    assert answer.frame.column("cohort").to_pylist() == ["2026-02"]
    assert answer.frame.column("users").to_pylist() == [1]
    early = [*ROWS, ("cid", "2026-01-02T09:00", "purchase", "pot", 1, 500)]
    assert lifetime_value(MemoryLog.from_rows(early), between="2026-02").frame.column(
        "users"
    ).to_pylist() == [0]


def _month(time):
    moment = datetime.fromtimestamp(time / 1e6, UTC)
    return moment.year * 12 + moment.month - 1


@law
@given(sales(), st.integers(1, 4), st.sampled_from(["purchase", "event"]), st.booleans())
def test_lifetime_value_equals_a_count_by_hand(rows, buckets, start, net):
    answer = lifetime_value(
        shop(rows, buckets=buckets), start=start, returns="return" if net else None
    )
    last = max([row.time for row in rows], default=0)
    orders = orders_by_user(rows)
    began = {
        user: min(row.time for row in rows if row.user == user)
        if start == "event"
        else orders[user][0][0].time
        for user in (orders if start == "purchase" else {row.user for row in rows})
    }
    for row in answer.frame.to_pylist():
        year, month = map(int, row["cohort"].split("-"))
        cohort = year * 12 + month - 1
        users = {user for user, time in began.items() if _month(time) == cohort}
        assert row["users"] == len(users)
        assert answer.users(row["cohort"]) == sorted(users)
        end = cohort + row["age"]
        if end >= _month(last + 1):
            assert row["revenue_minor"] is None
            continue
        money = sum(
            {"purchase": r.amount, "return": -r.amount * net}.get(r.event_type, 0)
            for r in rows
            if r.user in users and cohort <= _month(_line_time(r, orders)) <= end
        )
        assert row["revenue_minor"] == money
        buyers = {u for u in users if u in orders and _month(orders[u][0][0].time) <= end}
        assert row["buyers"] == len(buyers)
        assert answer.users(row["cohort"], age=row["age"]) == sorted(buyers)


def _line_time(row, orders):
    """A purchase belongs to the time of its order's first line."""
    if row.event_type != "purchase":
        return row.time
    return next(o[0].time for o in orders[row.user] if any(line is row for line in o))


def test_lifetime_value_equals_sql_on_a_larger_log(duck):
    rng = np.random.default_rng(3)
    count = 30_000
    table = pa.table(
        {
            "user_id": pa.array([f"u{n:04}" for n in rng.zipf(1.4, count) % 4000]),
            "timestamp": pa.array(rng.integers(0, 200 * DAY, count)).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": pa.array(rng.choice(["view", "purchase"], count)),
            "amount": pa.array(rng.integers(0, 5000, count)),
        }
    )
    duck.register("sold", table.append_column("ts", table.column("timestamp").cast(pa.int64())))
    wanted = duck.execute(
        """
        with bought as (
            select user_id, amount,
                   datediff('month', make_timestamp(0), make_timestamp(ts)) as month
            from sold where event_type = 'purchase'
        ), began as (select user_id, min(month) as cohort from bought group by 1)
        select cohort, month - cohort as age, sum(amount)
        from bought join began using (user_id) group by 1, 2
        """
    ).fetchall()
    money = Counter({(cohort, age): amount for cohort, age, amount in wanted})
    answer = lifetime_value(MemoryLog.from_events(table, buckets=5))
    for row in answer.frame.to_pylist():
        if row["revenue_minor"] is not None:
            year, month = map(int, row["cohort"].split("-"))
            cohort = (year - 1970) * 12 + month - 1
            assert row["revenue_minor"] == sum(money[cohort, a] for a in range(row["age"] + 1))


# Order value


@law
@given(sales(), st.integers(1, 4), st.sampled_from(["week", "month"]))
def test_order_values_equal_a_count_by_hand(rows, buckets, unit):
    answer = order_value(shop(rows, buckets=buckets), unit=unit)
    orders = [(u, o) for u, mine in orders_by_user(rows).items() for o in mine]
    amounts = sorted(sum(line.amount for line in order) for _, order in orders)
    total = answer.total.to_pylist()[0]
    assert total["orders"] == len(orders)
    assert total["revenue_minor"] == sum(amounts)
    assert total["buyers"] == len({user for user, _ in orders}) == len(answer.users())
    assert sum(answer.distribution.column("orders").to_pylist()) == len(orders)
    assert sum(answer.frame.column("orders").to_pylist()) == len(orders)
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["period"])) == row["buyers"]
    for row in answer.distribution.to_pylist():
        inside = [a for a in amounts if row["from_minor"] <= a < row["below_minor"]]
        assert row["orders"] == len(inside)
    if orders:
        assert total["median_order_minor"] == amounts[(len(amounts) - 1) // 2]
        assert total["average_order"] == pytest.approx(sum(amounts) / len(orders) / 100)
        assert total["lines_per_order"] == sum(len(o) for _, o in orders) / len(orders)


# Repeats in scope


def test_repeats_of_groups_are_those_of_their_users():
    log = shop([])
    assert repeats(log, by="region").groups is None
    rows = [
        ("ann", "2026-01-01", "purchase", "tea"),
        ("ann", "2026-01-03", "purchase", "tea"),
        ("bob", "2026-01-02", "purchase", "cup"),
    ]
    answer = repeats(MemoryLog.from_rows(rows), days=2, by="item_id")
    assert [row["group"] for row in answer.groups.to_pylist()] == ["tea", "tea", "cup", "cup"] or [
        row["group"] for row in answer.groups.to_pylist()
    ] == ["cup", "cup", "tea", "tea"]
    assert (answer.users(), answer.users(repeat=True)) == (["ann", "bob"], ["ann"])
    assert answer.users(group="cup") == ["bob"]
    assert repeats(MemoryLog.from_rows(rows), between="2026-01-01..2026-01-02").orders == 2


@few
@given(sales(), st.integers(1, 3))
def test_the_buyers_that_repeats_counts_can_be_listed(rows, buckets):
    answer = repeats(shop(rows, buckets=buckets))
    assert len(answer.users()) == answer.buyers
    assert len(answer.users(repeat=True)) == answer.repeat_buyers


# All of them


@pytest.mark.parametrize("ask", [value_segments, pareto, lifetime_value, order_value])
def test_empty_logs_and_periods_are_answered(ask):
    for answer in (
        ask(MemoryLog.from_rows([])),
        ask(MemoryLog.from_rows(ROWS), where="event_type = view"),
        ask(MemoryLog.from_rows(ROWS), between="2020-01"),
    ):
        assert str(answer)
        assert answer.to_json()["definition"]["time_zone"]
        assert answer.plot() is not None
    with pytest.raises(OptionError):
        ask(MemoryLog.from_rows(ROWS), event_type="purchse")


@pytest.mark.parametrize(
    ("ask", "options"),
    [
        (value_segments, {"shares": (0.9, 0.5)}),
        (value_segments, {"names": ("A", "B")}),
        (value_segments, {"unit": "colour"}),
        (pareto, {"best": [0]}),
        (pareto, {"unit": "item", "depth": 0}),
        (lifetime_value, {"unit": "year"}),
        (lifetime_value, {"periods": 0}),
        (lifetime_value, {"start": "visit"}),
        (order_value, {"unit": "hour"}),
    ],
)
def test_a_wrong_option_is_refused(ask, options):
    with pytest.raises(OptionError):
        ask(MemoryLog.from_rows(ROWS), **options)
