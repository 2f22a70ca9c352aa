"""What each head has to guess, beside a plain reading of the log."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.models.behavior.shops import DAY, log_of

from footfall.features.event_rows import EventRows
from footfall.models.behavior.choices import BasketHead, ItemHead, TypeHead
from footfall.models.behavior.future import OUTCOMES, Asked, Future
from footfall.models.behavior.heads import EDGES_DAYS, OrderTimeHead, ReturnHead, WithinHead
from footfall.models.behavior.tokens import training_tokens

WIDTH = 4
HORIZONS = (1.0, 7.0)

LOG = log_of(
    [
        ("ann", 0, "view", "cup"),
        ("ann", 1, "purchase", "cup", 300),
        ("ann", 1, "purchase", "pot", 500),
        ("ann", 3, "return", "cup"),
        ("ann", 20, "search"),
        ("ann", 24, "purchase", "cup", 300),
        ("bob", 2, "impression", "saw"),
        ("bob", 5, "view", "saw"),
        ("bob", 6, "view", "cup"),
        ("eve", 40, "view", "pot"),
    ]
)
MARGINS = np.array([0.1, 0.5, np.nan])  # cup, pot, saw


def asked_of(log, *, requests=0, seed=0):
    rows = EventRows.from_log(log)
    margins = None if rows.codes.item_ids.to_pylist() != ["cup", "pot", "saw"] else MARGINS
    future = Future(rows=rows, return_days=5, margins=margins)
    tokens = training_tokens(rows, length=8, requests=requests, rng=np.random.default_rng(seed))
    return tokens, Asked.of(future, tokens, np.arange(len(tokens.users)))


def of_events(head):
    """Targets of the ten events, in the order of the log above."""
    _, asked = asked_of(LOG)
    return head.targets(asked)


def test_the_next_order_within_a_day_and_a_week():
    happens = of_events(WithinHead(WIDTH, HORIZONS, "order"))["happens"]
    # the log ends on day 40: a week after day 40 is not known
    ann = [[1, 1], [0, 0], [0, 0], [0, 0], [0, 1], [0, 0]]
    assert happens.tolist() == [*ann, [0, 0], [0, 0], [0, 0], [-1, -1]]


def test_silence_is_no_event_of_any_kind_within_the_horizon():
    happens = of_events(WithinHead(WIDTH, HORIZONS, "silence"))["happens"]
    ann = [[0, 0], [1, 0], [1, 0], [1, 1], [1, 0], [1, 1]]
    assert happens.tolist() == [*ann, [1, 0], [0, 0], [1, 1], [-1, -1]]


def test_the_time_to_the_next_order_counts_the_buckets_before_it():
    comes = of_events(OrderTimeHead(WIDTH))["comes"]
    assert EDGES_DAYS[:4] == (1 / 24, 1 / 6, 0.5, 1.0)
    # ann's view: the order comes after a day, in the bucket that ends with it
    assert comes[0].tolist() == [0, 0, 0, 1, *[-1] * 8]
    # her first order: the next comes 23 days later, in the bucket up to 30 days
    assert comes[1].tolist() == [*[0] * 8, 1, -1, -1, -1]
    # her last order is on day 24, 16 days before the end: no order in the buckets up to 14 days
    assert comes[5].tolist() == [*[0] * 8, *[-1] * 4]
    # of eve nothing is known
    assert comes[9].tolist() == [-1] * 12


def test_the_next_type_and_the_next_item_that_shows_interest():
    types = of_events(TypeHead(WIDTH, 5))["class"]
    # impression, purchase, return, search, view
    assert types.tolist() == [1, 1, 2, 3, 1, -1, 4, 4, -1, -1]
    found = of_events(ItemHead(WIDTH, 3))
    cup, pot, saw = range(3)
    assert found["item"].tolist() == [cup, pot, cup, cup, cup, -1, saw, cup, -1, -1]


def test_what_became_of_the_next_item():
    assert OUTCOMES == ("order", "margin", "low_return")
    found = of_events(ItemHead(WIDTH, 3))["outcomes"]
    # after ann's view comes the cup: ordered, low margin, and back within five days
    assert found[0].tolist() == [1, 0, 0]
    # then the pot: ordered, high margin, kept
    assert found[1].tolist() == [1, 1, 1]
    # after bob's impression comes the saw: never ordered, its margin is not known
    assert found[6].tolist() == [0, -1, -1]


def test_a_line_comes_back_if_its_item_is_returned_in_time():
    back = of_events(ReturnHead(WIDTH))["back"]
    assert back.tolist() == [-1, 1, 0, -1, -1, 0, -1, -1, -1, -1]


def test_the_value_of_the_next_order_is_that_of_all_its_lines():
    head = BasketHead(WIDTH)
    head.measure(np.array([300, 800]))
    bucket = of_events(head)["class"]
    low, high = np.searchsorted(head.edges.numpy(), [300, 800], side="right")
    assert low < high
    assert bucket.tolist() == [high, low, low, low, low, -1, -1, -1, -1, -1]
    assert head.means[low] == 300
    assert head.means[high] == 800


kinds = st.sampled_from(["view", "purchase", "purchase", "search", "return", "impression"])
some_rows = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 60).map(lambda half: half / 2),
        kinds,
        st.sampled_from([None, "cup", "pot", "saw"]),
        st.sampled_from([100, 250, 900]),
    ),
    min_size=1,
    max_size=10,
)


def naive(rows, user, moment, place):
    """What came after a token, in log order and later in time; a request has no place."""
    mine = sorted((row for row in rows if row[0] == user), key=lambda row: row[1])
    after = [r for r in mine if r[1] * DAY > moment] if place is None else mine[place + 1 :]
    later = [row for row in mine if row[1] * DAY > moment]
    orders = [row for row in later if row[2] == "purchase"]
    return mine, after, later, orders


def within(gap, days, follow_up):
    return -1 if follow_up < days * DAY else int(gap <= days * DAY)


@given(some_rows, st.integers(0, 3), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_targets_are_what_a_plain_reading_says(rows, requests, seed):
    tokens, asked = asked_of(log_of(rows), requests=requests, seed=seed)
    ids, codes = asked.future.rows.user_ids.to_pylist(), asked.future.rows.codes
    end = max(row[1] for row in rows) * DAY
    sells = any(row[2] == "purchase" for row in rows)  # else the log says nothing of orders
    basket = BasketHead(WIDTH)
    basket.measure(np.array([100, 250, 900, 1000]))
    heads = {
        "order": WithinHead(WIDTH, HORIZONS, "order").targets(asked)["happens"],
        "silence": WithinHead(WIDTH, HORIZONS, "silence").targets(asked)["happens"],
        "time": OrderTimeHead(WIDTH).targets(asked)["comes"],
        "type": TypeHead(WIDTH, 5).targets(asked)["class"],
        "item": ItemHead(WIDTH, 3).targets(asked)["item"],
        "basket": basket.targets(asked)["class"],
    }
    for token in range(len(tokens.users)):
        user, moment = int(tokens.users[token]), int(tokens.moments[token])
        row = int(tokens.rows[token])
        place = None if row < 0 else row - int(asked.future.rows.offsets[user])
        _, after, later, orders = naive(rows, ids[user], moment, place)
        order_gap = orders[0][1] * DAY - moment if orders else np.inf
        event_gap = later[0][1] * DAY - moment if later else np.inf
        known = end - moment
        order = [within(order_gap, d, known) if sells else -1 for d in HORIZONS]
        assert heads["order"][token].tolist() == order
        silence = [within(event_gap, d, known) for d in HORIZONS]
        assert heads["silence"][token].tolist() == [1 - s if s >= 0 else -1 for s in silence]
        bounds = [0, *(round(days * DAY) for days in EDGES_DAYS)]
        comes = [
            -1 if not sells or known < high or order_gap <= low else int(order_gap <= high)
            for low, high in pairwise(bounds)
        ]
        assert heads["time"][token].tolist() == comes
        assert heads["type"][token] == (codes.type_code(after[0][2]) if after else -1)
        liked = [r for r in after if r[3] and r[2] not in {"impression", "return"}]
        names = codes.item_ids.to_pylist()
        assert heads["item"][token] == (names.index(liked[0][3]) if liked else -1)
        if orders:
            worth = sum(row[4] for row in orders if row[1] == orders[0][1])
            bucket = np.searchsorted(basket.edges.numpy(), worth, side="right")
            assert heads["basket"][token] == bucket
        else:
            assert heads["basket"][token] == -1


@given(some_rows)
@settings(max_examples=25, deadline=None)
def test_returns_are_what_a_plain_reading_says(rows):
    tokens, asked = asked_of(log_of(rows))
    back = ReturnHead(WIDTH).targets(asked)["back"]
    ids, end = asked.future.rows.user_ids.to_pylist(), max(row[1] for row in rows)
    told = any(row[2] == "return" for row in rows)  # else the log says nothing of returns
    for row in tokens.rows.tolist():
        user = int(tokens.users[row])
        place = row - int(asked.future.rows.offsets[user])
        mine, after, _, _ = naive(rows, ids[user], 0, place)
        this = mine[place]
        if not told or this[2] != "purchase" or this[3] is None or this[1] + 5 > end:
            assert back[row] == -1
        else:
            returned = [r for r in after if r[2] == "return" and r[3] == this[3]]
            assert back[row] == int(bool(returned) and returned[0][1] - this[1] <= 5)


@pytest.mark.parametrize("requests", [1, 4])
def test_windows_hold_every_event_once_and_requests_between_those_they_know(requests):
    rows = EventRows.from_log(LOG)
    rng = np.random.default_rng(5)
    tokens = training_tokens(rows, length=3, requests=requests, rng=rng)
    held = [range(a, b) for a, b in zip(tokens.first, tokens.stop, strict=True)]
    whole = sorted(token for window in held for token in window)
    assert whole == list(range(len(tokens.rows)))
    events = tokens.rows[tokens.rows >= 0]
    assert sorted(events.tolist()) == list(range(10))
    assert max(len(window) for window in held) == 3
    for window in held:
        assert len({int(tokens.users[token]) for token in window}) == 1
        moments = tokens.moments[list(window)]
        assert (np.diff(moments) >= 0).all()
    asked = np.flatnonzero((tokens.rows < 0) & (tokens.known > rows.offsets[tokens.users]))
    for token in asked:
        user, moment = tokens.users[token], tokens.moments[token]
        times = rows["timestamp"][rows.offsets[user] : rows.offsets[user + 1]]
        assert tokens.known[token] - rows.offsets[user] == (times <= moment).sum()
        assert times[0] <= moment <= rows.end
