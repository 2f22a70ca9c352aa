import pyarrow as pa
import pytest

from footfall.errors import MappingError
from footfall.events.columns import ITEM_SCHEMA
from footfall.events.tables import table_from


def test_mapped_columns_take_our_types_and_the_rest_is_kept():
    raw = pa.table(
        {
            "sku": [1.0, 2.0],
            "naam": ["Kettle", ""],
            "eur": [29.9, 0.125],
            "stock": [3, 4],
            "tags": [["new"], None],
            "__row__": [1, 2],
        }
    )
    table = table_from(
        raw, kind="items", mapping={"item_id": "sku", "title": "naam", "price": "eur"}
    )
    assert table.schema.names == [*ITEM_SCHEMA.names, "stock", "tags"]
    assert table.select(["item_id", "title", "price", "stock", "tags"]).to_pylist() == [
        {"item_id": "1", "title": "Kettle", "price": 2990, "stock": 3, "tags": '["new"]'},
        {"item_id": "2", "title": None, "price": 12, "stock": 4, "tags": None},
    ]


def test_a_price_that_is_no_amount_is_null():
    raw = pa.table({"id": ["a", "b", "c", "d"], "price": ["free", "-1", "€ 3,50", " 19.999 "]})
    table = table_from(raw, kind="items", mapping={"item_id": "id", "price": "price"})
    assert table["price"].to_pylist() == [None, None, 350, 2000]


def test_rows_without_an_id_are_left_out():
    raw = pa.table({"uid": ["ann", "", None], "age": ["30", "31", "32"]})
    table = table_from(raw, kind="users", mapping={"user_id": "uid", "age": "age"})
    assert table["user_id"].to_pylist() == ["ann"]


def test_a_column_whose_name_is_ours_but_is_not_mapped_keeps_its_values_beside_ours():
    raw = pa.table({"id": ["a"], "brand": [7]})
    row = table_from(raw, kind="items", mapping={"item_id": "id"}).to_pylist()[0]
    assert (row["brand"], row["brand_given"]) == (None, 7)


def test_a_table_without_a_mapped_id_is_refused():
    with pytest.raises(MappingError, match=r"needs a column for 'user_id'. The file has 'who'"):
        table_from(pa.table({"who": ["ann"]}), kind="users", mapping={})
