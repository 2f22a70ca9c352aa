import datetime as dt
import json

import pyarrow as pa
import pytest

from footfall.errors import MappingError
from footfall.events.readers import detect_reader
from footfall.events.readers.complete_journey import CompleteJourney

# quantity, sales_value, retail_disc, coupon_disc: goods, with a discount, for free, fuel, a marker
# of the till, what rounding left of zero, value without a count.
LINES = [
    (1, 0.5, 0.0, 0.0),
    (2, 1.98, 0.52, 0.55),
    (1, 0.0, 2.0, 0.0),
    (10601, 24.37, 0.0, 0.0),
    (0, 0.0, 0.0, 0.0),
    (0, 5.551115e-17, 0.0, 0.0),
    (0, 0.5, 0.0, 0.0),
]


def transactions() -> pa.Table:
    quantity, value, retail, coupon = zip(*LINES, strict=True)
    size = len(LINES)
    return pa.table(
        {
            "household_id": [900] * size,
            "store_id": [330] * size,
            "basket_id": [31198570044] * size,
            "product_id": list(range(1095275, 1095275 + size)),
            "quantity": list(quantity),
            "sales_value": list(value),
            "retail_disc": list(retail),
            "coupon_disc": list(coupon),
            "coupon_match_disc": [0.0] * size,
            "week": [1] * size,
            "transaction_timestamp": pa.array(
                [dt.datetime(2017, 1, 1, 11, 53, 26)] * size,  # noqa: DTZ001 -- the file has local times
                pa.timestamp("ns"),
            ),
            "__row__": list(range(1, size + 1)),
        }
    )


def test_a_line_is_a_purchase_of_its_value_and_the_basket_is_the_session():
    line = CompleteJourney().convert(transactions()).to_pylist()[0]
    assert (line["user_id"], line["item_id"], line["session_id"]) == (
        "900",
        "1095275",
        "31198570044",
    )
    assert (line["event_type"], line["quantity"], line["amount"]) == ("purchase", 1, 0.5)
    assert "price" not in line
    assert str(line["timestamp"]) == "2017-01-01 11:53:26"


def test_discounts_and_store_are_kept_and_zeros_are_left_out():
    texts = CompleteJourney().convert(transactions())["properties"].to_pylist()
    assert texts[0] == '{"store_id":330,"week":1}'
    assert json.loads(texts[1]) == {
        "store_id": 330,
        "week": 1,
        "retail_disc": 0.52,
        "coupon_disc": 0.55,
    }


def test_free_goods_are_bought_fuel_is_measured_and_markers_are_no_purchases():
    lines = CompleteJourney().convert(transactions()).to_pylist()
    assert [one["quantity"] for one in lines] == [1, 2, 1, None, None, None, None]
    assert [one["event_type"] for one in lines] == [*["purchase"] * 4, "void", "void", "purchase"]
    assert json.loads(lines[3]["properties"])["measured_quantity"] == 10601
    assert lines[6]["amount"] == 0.5


def test_products_become_an_item_table_with_a_category_path():
    raw = pa.table(
        {
            "product_id": [25671, 26081],
            "manufacturer_id": [2, 3],
            "department": ["GROCERY", "MISC"],
            "brand": ["National", "Private"],
            "product_category": ["FRZN ICE", None],
            "product_type": ["ICE - CRUSHED/CUBED", None],
            "package_size": ["22 LB", None],
        }
    )
    first, second = CompleteJourney().items_table(raw).to_pylist()
    assert first == {
        "item_id": "25671",
        "title": "ICE - CRUSHED/CUBED 22 LB",
        "description": None,
        "category": "GROCERY/FRZN ICE/ICE - CRUSHED|CUBED",
        "brand": "National",
        "price": None,
        "image": None,
        "manufacturer_id": 2,
        "package_size": "22 LB",
    }
    assert (second["title"], second["category"]) == (None, "MISC")


def test_demographics_become_a_user_table_with_the_rest_beside_it():
    raw = pa.table({"household_id": [1], "age": ["65+"], "income": ["35-49K"]})
    assert CompleteJourney().users_table(raw).to_pylist() == [
        {"user_id": "1", "age": "65+", "gender": None, "region": None, "income": "35-49K"}
    ]


def test_a_product_table_without_ids_is_refused():
    with pytest.raises(MappingError, match="no column 'product_id'"):
        CompleteJourney().items_table(pa.table({"brand": ["National"]}))


def test_the_export_is_known_by_its_columns():
    assert detect_reader(transactions().column_names) == "complete_journey"
