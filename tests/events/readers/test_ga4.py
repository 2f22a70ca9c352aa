import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import MappingError
from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named


def param(key: str, **value: Any) -> dict[str, Any]:
    """A parameter as BigQuery's Parquet has it: every kind of value, one of them set."""
    kinds = ("string_value", "int_value", "float_value", "double_value")
    return {"key": key, "value": {kind: value.get(kind) for kind in kinds}}


def item(item_id: str, **more: Any) -> dict[str, Any]:
    fields = {
        "item_id": item_id,
        "item_name": "Kettle",
        "item_brand": "(not set)",
        "item_category": "Kitchen",
        "price": 29.9,
        "quantity": 1,
        "item_revenue": None,
        "item_refund": None,
        "item_list_index": "(not set)",
    }
    return {**fields, **more}


def event(name: str, **more: Any) -> dict[str, Any]:
    fields = {
        "event_date": "20260105",
        "event_timestamp": 1767607200000000,
        "event_name": name,
        "event_params": [
            param("ga_session_id", int_value=1767607000),
            param("page_location", string_value="https://shop.example/tea"),
        ],
        "event_bundle_sequence_id": 17,
        "user_id": None,
        "user_pseudo_id": "1234.5678",
        "device": {"category": "mobile", "operating_system": "Android"},
        "geo": {"country": "Germany"},
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "ecommerce": {"transaction_id": None, "purchase_revenue": None, "refund_value": None},
        "items": [],
    }
    return {**fields, **more}


def drafts(*events: dict[str, Any]) -> list[dict[str, Any]]:
    raw = pa.Table.from_pylist(list(events))
    raw = raw.append_column("__row__", pa.array(range(1, len(events) + 1), pa.int64()))
    return reader_named("ga4").convert(raw).to_pylist()


def test_each_item_of_a_purchase_is_one_event():
    order = event(
        "purchase",
        items=[item("K1", quantity=2, item_revenue=59.8), item("C2", price=4.5, item_revenue=4.5)],
        ecommerce={"transaction_id": "T9", "purchase_revenue": 64.3, "refund_value": None},
        event_params=[param("currency", string_value="EUR"), param("value", double_value=64.3)],
    )
    kettle, cup = drafts(order)
    assert (kettle["item_id"], kettle["quantity"], kettle["amount"]) == ("K1", "2", "59.8")
    assert (cup["item_id"], cup["price"], cup["amount"]) == ("C2", "4.5", "4.5")
    assert kettle["currency"] == cup["currency"] == "EUR"
    assert json.loads(cup["properties"])["transaction_id"] == "T9"
    assert kettle["__row__"] == cup["__row__"] == 1


def test_a_purchase_without_items_has_the_revenue_of_the_order():
    ecommerce = {"transaction_id": "T9", "purchase_revenue": 64.3, "refund_value": None}
    (order,) = drafts(event("purchase", ecommerce=ecommerce))
    assert order["amount"] == "64.3"
    assert "item_id" not in order


def test_event_names_become_our_types_and_a_page_view_is_no_item_view():
    names = (
        "view_item",
        "page_view",
        "view_item_list",
        "select_item",
        "add_to_cart",
        "begin_checkout",
        "click",
        "quiz_done",
    )
    assert [one["event_type"] for one in drafts(*(event(name) for name in names))] == [
        "view",
        "page",
        "impression",
        "click",
        "add_to_cart",
        "checkout",
        "outbound_click",
        "quiz_done",
    ]


def test_a_search_is_one_event_with_its_words_however_many_items_it_found():
    words = [param("search_term", string_value="蓝牙耳机")]
    (search,) = drafts(
        event("view_search_results", event_params=words, items=[item("A"), item("B")])
    )
    assert (search["event_type"], search["query"]) == ("search", "蓝牙耳机")
    assert "item_id" not in search


def test_a_refund_takes_the_refunded_amount_of_each_item():
    (refund,) = drafts(event("refund", items=[item("K1", item_refund=29.9, item_revenue=0.0)]))
    assert (refund["event_type"], refund["amount"]) == ("return", "29.9")


def test_the_user_is_the_shops_own_id_when_there_is_one_and_the_session_is_the_devices():
    known, unknown = drafts(event("view_item", user_id="ann"), event("view_item"))
    assert (known["user_id"], unknown["user_id"]) == ("ann", "1234.5678")
    assert known["session_id"] == unknown["session_id"] == "1234.5678.1767607000"


def test_times_are_microseconds_utc():
    (view,) = drafts(event("view_item"))
    assert view["timestamp"].isoformat() == "2026-01-05T10:00:00+00:00"


def test_device_page_and_traffic_source_are_kept_and_not_set_is_left_out():
    (view,) = drafts(event("view_item", items=[item("K1")]))
    assert json.loads(view["properties"]) == {
        "page_location": "https://shop.example/tea",
        "device_category": "mobile",
        "device_operating_system": "Android",
        "geo_country": "Germany",
        "traffic_source_source": "(direct)",
        "traffic_source_medium": "(none)",
        "traffic_source_name": "(direct)",
        "item_name": "Kettle",
        "item_category": "Kitchen",
    }
    assert "slot" not in view


def test_an_event_of_the_shops_own_making_keeps_all_its_parameters():
    (quiz,) = drafts(event("quiz_done", event_params=[param("points", int_value=7)]))
    assert json.loads(quiz["properties"])["params"] == {"points": "7"}


def test_event_ids_are_unique_and_the_same_when_read_again():
    lines = [
        event("view_item_list", items=[item("A"), item("A"), item("B")]),
        event("view_item_list", event_params=[param("page_location", string_value="/other")]),
        event("view_item", items=[item("A")]),
    ]
    first = [one["event_id"] for one in drafts(*lines)]
    again = [one["event_id"] for one in drafts(*reversed(lines))]
    assert len(set(first)) == 5
    assert set(first) == set(again)


def test_json_lines_with_integers_as_strings_give_the_same_drafts_as_parquet(tmp_path):
    order = event("purchase", items=[item("K1", item_revenue=29.9), item("C2")])
    pq.write_table(pa.Table.from_pylist([order]), tmp_path / "events.parquet")
    line = {key: value for key, value in order.items() if value is not None}
    line["event_timestamp"] = str(line["event_timestamp"])
    line["event_bundle_sequence_id"] = "17"
    line["event_params"] = [
        {"key": "ga_session_id", "value": {"int_value": "1767607000"}},
        {"key": "page_location", "value": {"string_value": "https://shop.example/tea"}},
    ]
    line["items"] = [{**one, "quantity": "1"} for one in line["items"]]
    (tmp_path / "events.jsonl").write_text(json.dumps(line) + "\n")
    reader = reader_named("ga4")
    from_parquet, from_json = (
        [
            one
            for batch in read_raw(str(tmp_path / name), reader.format)
            for one in reader.convert(batch.table).to_pylist()
        ]
        for name in ("events.parquet", "events.jsonl")
    )
    assert len(from_parquet) == 2
    assert from_parquet == from_json


def test_the_export_is_known_by_its_columns():
    assert detect_reader(list(event("view_item"))) == "ga4"


def test_another_table_is_refused_with_what_it_has():
    with pytest.raises(MappingError, match=r"needs the column 'event_name'.*The file has 'uid'"):
        reader_named("ga4").convert(pa.table({"uid": ["a"], "__row__": [1]}))
