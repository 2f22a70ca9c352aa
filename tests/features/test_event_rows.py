"""All events of a log as arrays, by hand; nothing is read that comes later."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.features.event_reading import NEVER, read_events
from footfall.features.event_rows import EventRows
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def log_of(rows, *, items=None, users=None, buckets=2):
    """A log of dicts; days are since 1970, properties are dicts."""
    names = sorted({name for row in rows for name in row} | {"user_id", "day", "event_type"})
    columns = {}
    for name in names:
        cells = [row.get(name) for row in rows]
        if name == "day":
            micros = [round(cell * DAY) for cell in cells]
            columns["timestamp"] = pa.array(micros, pa.int64()).cast(TIMESTAMP_TYPE)
        elif name == "properties":
            cells = [None if cell is None else json.dumps(cell) for cell in cells]
            columns[name] = pa.array(cells, pa.string())
        else:
            columns[name] = pa.array(cells, EVENT_SCHEMA.field(name).type)
    return MemoryLog.from_events(pa.table(columns), items=items, users=users, buckets=buckets)


def event(user, day, kind, item=None, **more):
    return {"user_id": user, "day": day, "event_type": kind, "item_id": item, **more}


ITEMS = pa.table({"item_id": ["cup", "pot", "saw"], "category": ["tea", "tea", "tools"]})
USERS = pa.table({"user_id": ["zoe", "ann", "bob"], "gender": ["f", "f", None]})
LOG = log_of(
    [
        event("bob", 3, "view", "saw", price=500),
        event("ann", 1, "search", query="red cup", properties={"device": "app"}),
        event("ann", 1.5, "view", "cup", price=100),
        event("ann", 2, "purchase", "cup", price=100, quantity=2, amount=200),
        event("ann", 2, "purchase", "pot", quantity=1, amount=400),
        event("ann", 9, "return", "pot"),
    ],
    items=ITEMS,
    users=USERS,
)


def test_events_are_laid_out_by_user_id_with_codes_in_the_order_of_their_text():
    rows = EventRows.from_log(LOG)
    assert rows.user_ids.to_pylist() == ["ann", "bob", "zoe"]
    assert rows.offsets.tolist() == [0, 5, 6, 6]
    assert rows.codes.event_types == ("purchase", "return", "search", "view")
    assert rows["event_type"].tolist() == [2, 3, 0, 0, 1, 3]
    assert rows.codes.item_ids.to_pylist() == ["cup", "pot", "saw"]
    assert rows["item"].tolist() == [-1, 0, 0, 1, 1, 2]
    assert rows.codes.categories == ("tea", "tools")
    assert rows["category"].tolist() == [-1, 0, 0, 0, 0, 1]
    assert rows.codes.properties["device"] == ("app",)
    assert rows["properties.device"].tolist() == [0, -1, -1, -1, -1, -1]
    assert rows["query"].tolist() == [0, -1, -1, -1, -1, -1]
    assert rows.query_vectors.shape == (1, 32)
    assert rows.end == 9 * DAY


def test_a_price_is_compared_with_its_category_and_may_come_from_the_amount():
    rows = EventRows.from_log(LOG)
    # tea cost 100, 100 and 400: the median is 100
    relative = np.exp(rows["relative_price"][:4])
    assert np.isnan(relative[0])
    assert np.allclose(relative[1:], [1, 1, 401 / 101], atol=1e-4)
    prices = rows["price"]
    assert prices[1] == prices[2] < prices[3] < prices[5]
    assert np.isnan(prices[[0, 4]]).all()
    assert np.allclose(rows["quantity"], [np.nan, np.nan, 1, 0, np.nan, np.nan], equal_nan=True)


def test_without_categories_a_price_is_compared_with_the_items_own():
    rows = [event("ann", day, "view", "cup", price=price) for day, price in enumerate((9, 19, 99))]
    rows.append(event("ann", 5, "view", "pot", price=7))
    found = EventRows.from_log(log_of(rows))["relative_price"]
    assert np.allclose(np.exp(found), [0.5, 1.0, 5.0, 1.0], atol=1e-5)


def test_lines_of_one_moment_are_one_order_worth_their_sum():
    rows = EventRows.from_log(LOG)
    assert rows["orders"].tolist() == [0, 0, 1, 1, 1, 0]
    assert rows["order_value"].tolist() == [0, 0, 600, 0, 0, 0]
    assert rows["last_order"].tolist() == [NEVER, NEVER, 2 * DAY, 2 * DAY, 2 * DAY, NEVER]


def test_users_of_the_table_are_there_without_events_and_with_what_is_known_of_them():
    rows = EventRows.from_log(LOG)
    assert [each.name for each in rows.codes.attributes] == []  # one value among those met
    more = pa.table({"user_id": ["ann", "bob", "zoe"], "age": [30, 50, None]})
    log = MemoryLog(LOG.chunks, LOG.codes, users=more)
    rows = EventRows.from_log(log)
    assert rows.attributes.tolist() == [[0], [1], [-1]]


def test_a_price_that_is_not_a_number_is_missing():
    rows = EventRows.from_log(log_of([event("ann", 1, "view", "cup", price=None)]))
    assert np.isnan(rows["price"]).all()
    assert np.isnan(rows["relative_price"]).all()


def test_an_empty_log_gives_no_rows():
    rows = EventRows.from_log(LOG, until=0)
    assert (rows.n_users, rows.n_events, rows.codes.event_types) == (3, 0, ())


def test_only_the_most_common_items_have_a_code_and_the_others_keep_their_category():
    rows = EventRows.from_log(LOG, most_items=1)
    assert rows.codes.item_ids.to_pylist() == ["cup"]  # as common as the pot, first by name
    assert rows["item"].tolist() == [-1, 0, 0, -1, -1, -1]
    assert rows["category"].tolist() == [-1, 0, 0, 0, 0, 1]
    assert len(set(rows["log_item"][[2, 3, 5]].tolist())) == 3


def test_another_log_is_read_with_the_codes_that_are_given():
    codes = EventRows.from_log(LOG).codes
    other = log_of([event("eve", 1, "gift", "axe"), event("eve", 2, "view", "pot")])
    rows = EventRows.from_log(other, codes=codes)
    assert rows["event_type"].tolist() == [-1, 3]
    assert rows["item"].tolist() == [-1, 1]


def test_what_is_known_at_a_moment_includes_it():
    rows = EventRows.from_log(LOG)
    users, moments = np.array([0, 0, 0, 1, 2]), np.array([0, 2, 100, 2, 5]) * DAY
    assert rows.known_at(users, moments).tolist() == [0, 4, 5, 5, 6]


def test_the_latest_rows_remember_how_many_came_before():
    rows = EventRows.from_log(LOG).latest(2)
    assert rows.offsets.tolist() == [0, 2, 3, 3]
    assert rows.earlier.tolist() == [3, 0, 0]
    assert rows["event_type"].tolist() == [0, 1, 3]


def test_text_vectors_come_from_the_callable_that_is_given():
    def lengths(texts):
        return np.array([[len(text.as_py()), 1.0] for text in texts], np.float32).reshape(-1, 2)

    rows = EventRows.from_log(LOG, text_vectors=lengths)
    assert rows.query_vectors.tolist() == [[7.0, 1.0]]
    with pytest.raises(OptionError, match="gives 1 vectors for as many texts"):
        EventRows.from_log(LOG, text_vectors=lambda _: np.zeros((5, 2)))


@pytest.mark.parametrize("option", [{"most_items": 0}, {"utc_offset_minutes": 2000}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        EventRows.from_log(LOG, **option)


some_events = st.lists(
    st.builds(
        event,
        st.sampled_from(["ann", "bob", "cyd"]),
        st.integers(0, 60).map(lambda half: half / 2),
        st.sampled_from(["view", "purchase", "search", "return"]),
        st.sampled_from([None, "cup", "pot", "saw"]),
        price=st.sampled_from([None, 100, 250]),
        amount=st.sampled_from([None, 100, 900]),
        session_id=st.sampled_from([None, "s", "t"]),
        query=st.sampled_from([None, "red cup", "saw"]),
        properties=st.sampled_from([None, {"device": "app"}, {"device": "web"}]),
    ),
    max_size=25,
)


def said(rows):
    """All that rows say, items of the log by their order of appearance."""
    codes = vars(rows.codes)
    columns = {name: values.tolist() for name, values in rows.columns.items() if name != "log_item"}
    _, first, place = np.unique(rows["log_item"], return_index=True, return_inverse=True)
    names = ("offsets", "query_vectors", "attributes", "began", "end")
    return str(
        [columns, np.argsort(np.argsort(first))[place].tolist()]
        + [np.asarray(getattr(rows, name)).tolist() for name in names]
        + [rows.user_ids.to_pylist(), sorted((k, str(v)) for k, v in codes.items())]
    )


@given(some_events, st.integers(0, 30))
@settings(max_examples=60, deadline=None)
def test_later_events_change_nothing(events, day):
    until = day * DAY
    early = [each for each in events if each["day"] * DAY <= until]
    whole = EventRows.from_log(log_of(events, items=ITEMS), until=until)
    assert said(whole) == said(EventRows.from_log(log_of(early, items=ITEMS), until=until))


@given(some_events, st.randoms(use_true_random=False), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_the_order_of_reading_changes_nothing(events, random, buckets):
    apart = [{**each, "day": place / 7} for place, each in enumerate(events)]  # no ties
    mixed = random.sample(apart, len(apart))
    one = EventRows.from_log(log_of(apart, items=ITEMS))
    assert said(one) == said(EventRows.from_log(log_of(mixed, items=ITEMS, buckets=buckets)))


@given(some_events)
@settings(max_examples=60, deadline=None)
def test_orders_are_those_a_person_would_count(events):
    raw = read_events(log_of(events), until=None, event_type="purchase", properties=())
    columns = raw.columns
    for user, name in enumerate(raw.user_ids.to_pylist()):
        # log order: time, then arrival
        mine = sorted((e for e in events if e["user_id"] == name), key=lambda e: e["day"])
        orders, worth = [], []
        for place, each in enumerate(mine):
            row = int(raw.offsets[user]) + place
            if each["event_type"] == "purchase":
                line = (each["day"], each["session_id"])
                before = orders[-1][-1] if orders else None
                both = before is not None and line[1] is not None and before[1] is not None
                same = before is not None and (
                    line[1] == before[1] if both else line[0] == before[0]
                )
                if not same:
                    orders.append([])
                    worth.append([row, 0])
                orders[-1].append(line)
                worth[-1][1] += each["amount"] or each["price"] or 0
            assert columns["orders"][row] == len(orders)
            last = orders[-1][-1][0] * DAY if orders else NEVER
            assert columns["last_order"][row] == last
        for row, value in worth:
            assert columns["order_value"][row] == value
