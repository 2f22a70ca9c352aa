from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from tests.store.rows import MINUTE, events, short

from footfall.errors import OptionError
from footfall.store.memory import MemoryLog


def test_rows_come_in_any_order_and_ties_keep_theirs():
    log = MemoryLog.from_rows(
        [
            ("ann", 5, "view", "teapot"),
            ("bob", 1, "view"),
            ("ann", 5, "purchase", "teapot", 2, 998),
            ("ann", 2, "search"),
        ]
    )
    assert log.events == 4
    (ann,) = [chunk for chunk in log.chunks for user, _ in chunk if user == 0]
    mine = next(rows for user, rows in ann if user == 0)
    assert ann["timestamp"][mine].tolist() == [2, 5, 5]
    assert [log.event_types[code] for code in ann["event_type"][mine]] == [
        "search", "view", "purchase",
    ]  # fmt: skip
    assert ann["quantity"][mine].tolist() == [0, 0, 2]
    assert ann["amount"][mine].tolist() == [0, 0, 998]
    assert ann["item"][mine].tolist() == [-1, 0, 0]
    assert ann["price"][mine].tolist() == [-1, -1, -1]


def test_times_may_be_text_moments_or_microseconds():
    china = timezone(timedelta(hours=8))
    log = MemoryLog.from_rows(
        [
            ("a", "1970-01-01T00:01", "view"),
            ("b", datetime(1970, 1, 1, 8, 1, tzinfo=china), "view"),
            ("c", datetime(1970, 1, 1, 0, 1, tzinfo=UTC), "view"),
            ("d", MINUTE, "view"),
            ("e", "1969-12-31T23:59", "view"),
        ]
    )
    assert {user: rows[0][0] for user, rows in short(log).items()} == {
        "a": 1, "b": 1, "c": 1, "d": 1, "e": -1,
    }  # fmt: skip
    assert log.span == (-MINUTE, MINUTE)


def test_a_log_of_nothing_answers():
    log = MemoryLog.from_rows([])
    assert (log.events, log.span, short(log)) == (0, None, {})


def test_the_tables_of_users_and_items_come_along():
    items = pa.table({"item_id": ["kettle"], "title": ["Kettle"]})
    log = MemoryLog.from_events(events(("ann", 1, "view", "kettle")), items=items)
    assert log.items is items
    assert log.users is None


def test_a_question_names_columns_that_exist():
    log = MemoryLog.from_rows([("ann", 1, "view")])
    with pytest.raises(OptionError, match="The 'columns' option of map must be among"):
        log.map(lambda chunk: chunk, list, columns=["texts"])


def test_a_question_gets_only_the_columns_it_named():
    log = MemoryLog.from_rows([("ann", 1, "view")], buckets=1)
    (names,) = log.map(lambda chunk: sorted(chunk.columns), list, columns=["item", "price"])
    assert names == ["item", "price"]


def test_a_type_the_log_never_saw_suggests_its_neighbors():
    log = MemoryLog.from_rows([("ann", 1, "view")])
    assert log.event_type_code("view") == 0
    with pytest.raises(OptionError, match=r"Got 'veiw' instead\. Did you mean 'view'"):
        log.event_type_code("veiw")
