"""Event by event, the same answers as from the whole history."""

import numpy as np
import pyarrow as pa
import pytest
from tests.models.behavior.shops import DAY, log_of, market, quick

from footfall.errors import OptionError

USERS = pa.table({"user_id": ["u000", "u001", "u002", "u003"], "team": ["a", "b", "a", "b"]})
EVENTS = [
    (100.1, "search", None, None, "find i1"),
    (100.2, "view", "i1", None, None),
    (101.5, "purchase", "i1", 300, None),
    (101.5, "purchase", "no such item", 500, None),
    (104.0, "return", "i1", None, None),
    (106.0, "gift", None, None, None),
]


def numbers(table):
    return np.concatenate(
        [np.ravel(c.to_numpy()) for c in table.columns if not pa.types.is_string(c.type)]
    )


@pytest.fixture(scope="module", params=["gru", "transformer", "hstu"])
def model(request):
    log = _returning(market(24, users=USERS))
    return quick(encoder=request.param, context=40, epochs=1).fit(log, until=100 * DAY)


def _returning(log):
    """The market as it is, but some of what is bought comes back."""
    rows = [(f"r{n}", 1 + n, "purchase", "i1", 100) for n in range(30)]
    rows += [(f"r{n}", 3 + n, "return", "i1") for n in range(0, 30, 2)]
    rows += [(f"r{n}", 100, "view", "i1") for n in range(30)]
    extra = log_of(rows)
    source = log.source(["timestamp", "event_type", "item", "amount", "query"])
    for number in range(len(source)):
        chunk = source.open(number)
        for user, run in chunk:
            name = log.user_ids.strings([user])[0].as_py()
            for row in range(run.start, run.stop):
                item, query = chunk["item"][row], chunk["query"][row]
                rows.append(
                    (
                        name,
                        chunk["timestamp"][row] / DAY,
                        log.event_types[chunk["event_type"][row]],
                        None if item < 0 else log.item_ids.strings([item])[0].as_py(),
                        int(chunk["amount"][row]) or None,
                        None if query < 0 else chunk.words["query"][int(query)].as_py(),
                    )
                )
    del extra
    return log_of(rows, users=USERS)


def test_a_newcomer_is_answered_the_same_live_as_from_the_log(model):
    rows = [("eve", day, kind, item, price, query) for day, kind, item, price, query in EVENTS]
    log, live = log_of(rows), model.live("eve")
    assert np.allclose(
        numbers(live.predict("churn")), numbers(model.predict(["eve"], "churn")), atol=1e-5
    )
    for day, kind, item, price, query in EVENTS:
        live.add(kind, round(day * DAY), item_id=item, price=price, query=query)
    for head in model.heads_:
        for at in (106 * DAY, 150 * DAY):
            one = live.predict(head, at=at)
            other = model.predict(["eve"], head, at=at, log=log)
            assert one.column_names == other.column_names
            assert np.allclose(numbers(one), numbers(other), atol=1e-4), head
    vectors = model.embed(["eve"], log=log, at=150 * DAY).vectors
    assert np.allclose(live.vector(150 * DAY), vectors, atol=1e-4)


def test_a_known_user_goes_on_from_what_was_kept(model):
    live = model.live("u001")
    kept = model.predict(["u001"], "purchase", at=110 * DAY)
    assert np.allclose(numbers(live.predict("purchase", at=110 * DAY)), numbers(kept), atol=1e-4)
    line = model.predict(["u001"], "return")
    assert live.predict("return")["item_id"].to_pylist() == line["item_id"].to_pylist()
    assert np.allclose(numbers(live.predict("return")), numbers(line), atol=1e-4)


def test_asking_leaves_no_trace(model):
    live = model.live("u002")
    first = numbers(live.predict("purchase", at=120 * DAY))
    live.predict("item", at=300 * DAY)
    assert np.array_equal(first, numbers(live.predict("purchase", at=120 * DAY)))


def test_time_does_not_run_backwards(model):
    live = model.live()
    live.add("view", 100 * DAY)
    with pytest.raises(OptionError, match="or later"):
        live.add("view", 99 * DAY)
    with pytest.raises(OptionError, match="or later"):
        live.predict("purchase", at=99 * DAY)
    with pytest.raises(OptionError, match="'head' option"):
        live.predict("love")
    with pytest.raises(OptionError, match="'k' option"):
        live.predict("item", k=0)


def test_a_return_that_has_come_says_nothing_about_its_own_line(model):
    rows = [("eve", 100.1, "view", "i1"), ("eve", 101.5, "purchase", "i1", 300)]
    back = [*rows, ("eve", 104.0, "return", "i1")]
    one, other = (
        model.predict(["eve"], "return", log=log_of(each), at=120 * DAY) for each in (rows, back)
    )
    assert one["item_id"].to_pylist() == ["i1"]
    assert np.allclose(numbers(one), numbers(other), atol=1e-6)


def test_prices_and_quantities_that_are_none_are_not_said(model):
    vectors = []
    none = ((None, None), (np.nan, np.nan), (-1, -2), (None, 0), (np.inf, np.inf), (-np.inf, None))
    for price, quantity in none:
        live = model.live()
        live.add("view", 100 * DAY, item_id="i1", price=price, quantity=quantity)
        vectors.append(live.vector())
    assert np.isfinite(vectors[0]).all()
    assert all(np.array_equal(vectors[0], vector) for vector in vectors[1:])


@pytest.mark.parametrize(("price", "quantity"), [(1e30, 1e300), (1e-30, 1e-300)])
def test_prices_and_quantities_beyond_all_measure_leave_answers_that_are_numbers(
    model, price, quantity
):
    live = model.live()
    live.add("purchase", 100 * DAY, item_id="i1", price=price, quantity=quantity)
    live.add("view", 101 * DAY, item_id="i1")
    assert np.isfinite(live.vector()).all()
    assert np.isfinite(numbers(live.predict("purchase"))).all()


def test_lines_of_one_session_are_one_order(model):
    counts = []
    for sessions in (("s", "s"), ("s", "t"), (None, None)):
        live = model.live()
        for hour, session in enumerate(sessions):
            live.add("purchase", 100 * DAY + hour, session_id=session)
        counts.append(live._past.orders)
    assert counts == [1, 2, 2]
