import json

import numpy as np
import pyarrow as pa
import pytest
from tests.analytics.priced import priced

from footfall.analytics.operations.elasticity import elasticity_of
from footfall.analytics.operations.price_response import price_response
from footfall.errors import OptionError


def planted(slope, *, seed, buckets=2):
    """Forty items whose views answer to price by the slope; a third of days is a sale."""
    rng = np.random.default_rng(seed)
    rows = []
    for item in range(40):
        usual, rate = int(rng.integers(500, 5000)), rng.uniform(0.03, 0.1)
        for day in range(1, 15):
            off = rng.choice([1.0, 1.0, 0.85, 0.7])
            price = round(usual * off)
            for viewer in range(60):
                user = f"u{rng.integers(0, 3000)}"
                time = f"2026-01-{day:02}T{viewer % 24:02}:00:00"
                rows.append((user, time, "view", f"item{item}", None, price))
                if rng.random() < rate * (price / usual) ** slope:
                    rows.append((user, time, "purchase", f"item{item}", 1, price))
    items = pa.table({"item_id": [f"item{n}" for n in range(40)], "brand": ["a", "b"] * 20})
    return priced(rows, items=items, buckets=buckets)


def test_a_planted_elasticity_lies_in_the_interval_and_discounts_bring_what_it_says():
    answer = price_response(planted(-2.0, seed=1), by="brand")
    row = answer.elasticities.to_pylist()[0]
    assert row["low"] < -2 < row["high"]
    assert row["high"] - row["low"] < 1.5
    levels = {each["price_level"]: each for each in answer.frame.to_pylist()}
    assert levels["usual price"]["response"] == pytest.approx(1)
    assert levels["10 to 20 % off"]["response"] == pytest.approx(0.85**-2, rel=0.15)
    assert levels["20 to 30 % off"]["low"] < 0.7**-2 < levels["20 to 30 % off"]["high"]
    assert answer.elasticities.column("group").to_pylist() == ["all", "a", "b"]
    assert json.loads(json.dumps(answer.to_json())) == answer.to_json()
    assert "elasticity" in answer.plot().layout.title.subtitle.text


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    held = 0
    rng = np.random.default_rng(4)
    for _ in range(200):
        item = np.repeat(np.arange(30), 4)
        price = rng.uniform(5, 20, 120)
        views = rng.integers(100, 400, 120)
        bought = rng.poisson(views * 0.05 * (price / 10) ** -1.5)
        found = elasticity_of(item, price, views, bought)
        held += found.low <= -1.5 <= found.high
    assert held >= 180


def test_where_only_purchases_tell_a_price_the_day_that_tells_it_is_left_out():
    rows = [
        ("ann", "2026-01-01T10:00:00", "view", "tea"),
        ("ann", "2026-01-01T10:01:00", "purchase", "tea", 1, 1000),
        ("bob", "2026-01-02T10:00:00", "view", "tea"),
        ("cid", "2026-01-03T10:00:00", "view", "tea"),
        ("cid", "2026-01-03T10:01:00", "purchase", "tea", 1, 500),
        ("dan", "2026-01-04T10:00:00", "view", "tea"),
        ("dan", "2026-01-05T10:00:00", "view", "tea"),
        ("dan", "2026-01-05T10:01:00", "purchase", "tea", 1, 500),
    ]
    levels = {r["price_level"]: r for r in price_response(priced(rows)).frame.to_pylist()}
    # Of 10.00 one view of the 2nd is known, of 5.00 those of the 4th and 5th: the usual price.
    assert levels["usual price"]["items"] == 1
    assert (levels["usual price"]["views"], levels["usual price"]["purchases"]) == (2, 1)
    assert (levels["10 % more and above"]["views"], levels["10 % more and above"]["response"]) == (
        1,
        0,
    )


def test_personal_discounts_on_purchases_do_not_make_their_days_look_cheap():
    rng = np.random.default_rng(3)
    rows = []
    for item in range(30):
        for day in range(1, 15):
            for viewer in range(20):
                time = f"2026-01-{day:02}T{viewer:02}:00:00"
                rows.append((f"u{viewer}", time, "view", f"item{item}", None, 1000))
                if rng.random() < 0.05:
                    paid = int(rng.choice([1000, 900, 800]))
                    rows.append((f"u{viewer}", time, "purchase", f"item{item}", 1, paid))
    answer = price_response(priced(rows))
    assert answer.elasticity is None  # the price on the page never changed


def test_days_without_a_priced_view_have_the_price_of_the_day_before():
    rows = [("ann", f"2026-01-{day:02}T10:00:00", "view", "tea", None, 1000) for day in (1, 2, 3)]
    rows.append(("ann", "2026-01-04T10:00:00", "view", "tea", None, 700))
    rows.append(("ann", "2026-01-05T10:00:00", "view", "tea"))
    rows += [("ann", f"2026-01-{day:02}T11:00:00", "purchase", "tea", 1, 1) for day in (1, 5)]
    levels = {r["price_level"]: r for r in price_response(priced(rows)).frame.to_pylist()}
    assert (levels["usual price"]["views"], levels["30 % off or more"]["views"]) == (3, 2)
    assert levels["30 % off or more"]["response"] == 1.5


def test_sessions_are_counted_by_the_discount_they_were_offered():
    table = pa.table(
        {
            "user_id": ["ann", "ann", "bob", "cid"],
            "timestamp": pa.array([0, 60, 0, 0]).cast(pa.timestamp("s", tz="UTC")),
            "event_type": ["view", "purchase", "view", "view"],
            "item_id": ["tea"] * 4,
            "properties": ['{"discount":10}', None, '{"discount":0}', '{"discount":0}'],
        }
    )
    from footfall.store.memory import MemoryLog

    answer = price_response(MemoryLog.from_events(table), discount="discount")
    assert answer.discounts.select(["discount", "sessions", "buying_sessions"]).to_pylist() == [
        {"discount": "0", "sessions": 2, "buying_sessions": 0},
        {"discount": "10", "sessions": 1, "buying_sessions": 1},
    ]
    assert "discount" in str(answer)


def test_without_a_price_that_changed_nothing_is_said():
    for log in (priced([]), priced([("ann", "2026-01-01T10:00:00", "view", "tea", None, 5)])):
        answer = price_response(log)
        assert answer.elasticity is None
        assert answer.plot() is not None
    with pytest.raises(OptionError, match="'level' option of price_response"):
        price_response(priced([]), level=95)
    with pytest.raises(OptionError, match="'discount' option of price_response"):
        price_response(priced([]), discount="off")


def test_any_split_of_users_gives_the_same_answer():
    answers = [price_response(planted(-1.0, seed=2, buckets=n)).to_json() for n in (1, 3)]
    assert answers[0] == answers[1]


def test_the_users_behind_a_price_level_are_those_who_saw_or_bought_at_it():
    rows = []
    for day, price, bought in [(1, 1000, 2), (2, 1000, 1), (3, 500, 4)]:
        for viewer in range(6):  # each view by another user
            user, time = f"u{day}{viewer}", f"2026-01-{day:02}T10:00:00"
            rows.append((user, time, "view", "tea", None, price))
            if viewer < bought:
                rows.append((user, time, "purchase", "tea", 1, price))
    rows.append(("eve", "2026-01-01T10:00:00", "view", "cup", None, 700))  # never at two prices
    items = pa.table({"item_id": ["tea", "cup"], "brand": ["a", "b"]})
    answer = price_response(priced(rows, items=items, buckets=3), by="brand")
    for row in answer.frame.to_pylist():
        for behind in ("views", "purchases"):
            users = answer.users(row["price_level"], behind)
            assert len(users) == row[behind]
            assert users == answer.users(row["price_level"], behind, group="a")
    assert answer.users("30 % off or more", "purchases") == ["u30", "u31", "u32", "u33"]
    assert answer.users("usual price", group="b") == []
    for wrong in ({"price_level": "free"}, {"behind": "clicks"}, {"group": "c"}):
        with pytest.raises(OptionError, match=r"Got '(free|clicks|c)'"):
            answer.users(**{"price_level": "usual price", **wrong})
