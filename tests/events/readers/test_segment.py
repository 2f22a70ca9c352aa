import json
from typing import Any

import pyarrow as pa

from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named


def call(event: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields = {
        "type": "track",
        "event": event,
        "messageId": "ajs-1",
        "anonymousId": "anon-7",
        "userId": None,
        "timestamp": "2026-01-05T10:00:00.000Z",
        "context": {
            "page": {"url": "https://shop.example/tea", "referrer": ""},
            "campaign": {"source": "mail", "medium": "email", "name": "spring"},
            "userAgent": "Mozilla/5.0",
        },
        "properties": properties,
    }
    return {**fields, **more}


PRODUCT = {
    "product_id": "507f1f77bcf86cd799439011",
    "sku": "G-32",
    "category": "Games",
    "name": "Monopoly",
    "brand": "Hasbro",
    "price": 18.99,
    "quantity": 1,
    "position": 3,
    "currency": "usd",
}
ORDER = {
    "order_id": "50314b8e",
    "total": 27.5,
    "revenue": 25.0,
    "currency": "USD",
    "products": [
        {"product_id": "p1", "sku": "45790-32", "name": "Monopoly", "price": 19, "quantity": 1},
        {"sku": "46493-32", "name": "Uno", "price": 3, "quantity": 2},
    ],
}


def drafts(tmp_path, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the calls as a file of JSON lines, and check that structs give the same."""
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in calls))
    reader = reader_named("segment")
    tables = [reader.convert(batch.table) for batch in read_raw(str(path), reader.format)]
    as_text = [{**one, "properties": json.dumps(one["properties"])} for one in calls]
    raw = pa.Table.from_pylist(as_text)
    raw = raw.append_column("__row__", pa.array(range(1, len(calls) + 1), pa.int64()))
    found = [one for table in tables for one in table.to_pylist()]
    plain = ("event_id", "user_id", "event_type", "item_id", "quantity", "__row__")
    from_text = reader.convert(raw).to_pylist()
    assert [[one.get(name) for name in plain] for one in from_text] == [
        [one.get(name) for name in plain] for one in found
    ]
    return found


def test_a_product_viewed_is_a_view_of_that_product(tmp_path):
    (view,) = drafts(tmp_path, call("Product Viewed", PRODUCT))
    assert view["event_type"] == "view"
    assert view["item_id"] == "507f1f77bcf86cd799439011"
    assert (view["price"], view["slot"], view["currency"]) == ("18.99", "3", "usd")
    assert (view["event_id"], view["user_id"]) == ("ajs-1", "anon-7")
    assert json.loads(view["properties"]) == {
        "name": "Monopoly",
        "brand": "Hasbro",
        "category": "Games",
        "page_url": "https://shop.example/tea",
        "campaign_source": "mail",
        "campaign_medium": "email",
        "campaign_name": "spring",
    }


def test_each_product_of_an_order_is_one_purchase_with_an_id_of_its_own(tmp_path):
    monopoly, uno = drafts(tmp_path, call("Order Completed", ORDER, userId="ann"))
    assert (monopoly["event_type"], monopoly["item_id"], monopoly["price"]) == (
        "purchase",
        "p1",
        "19",
    )
    assert (uno["item_id"], uno["quantity"]) == ("46493-32", "2")
    assert (monopoly["event_id"], uno["event_id"]) == ("ajs-1-0", "ajs-1-1")
    assert uno["user_id"] == "ann"
    assert json.loads(uno["properties"])["order_id"] == "50314b8e"
    assert "amount" not in monopoly


def test_an_order_without_products_has_its_revenue_and_a_refund_its_total(tmp_path):
    money = {"order_id": "1", "revenue": 25.0, "total": 27.5, "currency": "USD"}
    order, refund = drafts(
        tmp_path, call("Order Completed", money), call("Order Refunded", money, messageId="ajs-2")
    )
    assert (order["event_type"], order["amount"]) == ("purchase", "25")
    assert (refund["event_type"], refund["amount"]) == ("return", "27.5")


def test_the_names_of_the_spec_become_our_types(tmp_path):
    names = (
        "Product Clicked",
        "Product Added",
        "Product Removed",
        "Product Added to Wishlist",
        "Checkout Started",
        "Product Reviewed",
        "Quiz Finished",
        "Viewed Product",
    )
    found = drafts(tmp_path, *(call(name, PRODUCT, messageId=name) for name in names))
    assert [one["event_type"] for one in found] == [
        "click",
        "add_to_cart",
        "remove_from_cart",
        "wishlist",
        "checkout",
        "review",
        "Quiz Finished",
        "view",
    ]


def test_a_search_keeps_its_words_and_a_review_its_text_and_rating(tmp_path):
    search, review = drafts(
        tmp_path,
        call("Products Searched", {"query": "blue hotpants"}),
        call("Product Reviewed", {"product_id": "p1", "review_body": "Good.", "rating": "4.5"}),
    )
    assert (search["event_type"], search["query"]) == ("search", "blue hotpants")
    assert (review["item_id"], review["text"], review["rating"]) == ("p1", "Good.", "4.5")


def test_an_event_of_the_shops_own_making_keeps_all_its_properties(tmp_path):
    (quiz,) = drafts(tmp_path, call("Quiz Finished", {"points": 7, "answers": ["a", "b"]}))
    assert json.loads(quiz["properties"])["properties"] == {"points": 7, "answers": ["a", "b"]}


def test_page_calls_are_pages_and_identify_calls_are_no_events(tmp_path):
    found = drafts(
        tmp_path,
        call("", {}, type="page", name="Home"),
        call("", {}, type="identify"),
        call("Product Viewed", PRODUCT),
    )
    assert [(one["event_type"], one["__row__"]) for one in found] == [("page", 1), ("view", 3)]


def test_the_export_is_known_by_its_columns():
    assert detect_reader(list(call("Product Viewed", PRODUCT))) == "segment"
