import json

import pyarrow as pa
import pytest

from footfall.events.formats import read_raw
from footfall.events.raw import FormatOptions
from footfall.events.readers import detect_reader, reader_named

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Cancelled at,Refunded Amount,Vendor,Id,Source,Lineitem discount,Phone"
)
# An order of three lines, one of which a part was refunded, and one that was cancelled.
ORDERS = """\
#1001,Ann@Example.com,paid,2026-01-05 10:00:09 +0100,fulfilled,,yes,EUR,38.90,0.00,6.21,38.90,\
TEA10,3.00,Standard,2026-01-05 10:00:00 +0100,1,Kettle - Blue,29.90,,K-1,true,true,fulfilled,\
Ann Lee,,0.00,Acme,5001,web,0.00,+49170
#1001,Ann@Example.com,,,,,,,,,,,,,,,2,Cup,4.50,,C-2,true,true,fulfilled,,,,Acme,,,0.00,
#1001,Ann@Example.com,,,,,,,,,,,,,,,1,Gift wrap,0.00,,,true,true,fulfilled,,,,Acme,,,0.00,
#1002,bob@example.com,partially_refunded,,,,no,EUR,20.00,0,0,20.00,,0.00,,\
2026-01-06 09:30:00 +0100,1,Pot,20.00,,P-3,true,true,fulfilled,Bob,,5.50,Acme,5002,pos,0.00,
#1003,cy@example.com,voided,,,,no,EUR,8.00,0,0,8.00,,0.00,,2026-01-07 12:00:00 +0100,1,Tea,8.00,,\
T-4,true,true,pending,Cy,2026-01-08 08:00:00 +0100,0.00,Acme,5003,web,0.00,
"""


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders_export_1.csv"
    path.write_text(f"{HEADER}\n{ORDERS}")
    return str(path)


def drafts(path: str, batch_rows: int = 262_144) -> list[dict[str, object]]:
    reader = reader_named("shopify").start(path)
    batches = list(read_raw(path, FormatOptions(batch_rows=batch_rows)))
    assert sum(len(batch.broken) for batch in batches) == 0
    tables = [reader.convert(batch.table) for batch in batches]
    return pa.concat_tables(tables, promote_options="default").to_pylist()


def test_the_fields_of_an_order_are_carried_down_to_its_lines(orders):
    lines = drafts(orders)[:3]
    assert [(one["event_id"], one["item_id"], one["quantity"], one["price"]) for one in lines] == [
        ("#1001/1", "K-1", "1", "29.90"),
        ("#1001/2", "C-2", "2", "4.50"),
        ("#1001/3", "Gift wrap", "1", "0.00"),
    ]
    assert {one["user_id"] for one in lines} == {"ann@example.com"}
    assert {one["timestamp"] for one in lines} == {"2026-01-05 10:00:00 +0100"}
    assert {one["currency"] for one in lines} == {"EUR"}
    assert {one["session_id"] for one in lines} == {"#1001"}


@pytest.mark.parametrize("batch_rows", [1, 2, 3])
def test_orders_that_go_on_in_the_next_batch_come_out_the_same(orders, batch_rows):
    assert drafts(orders, batch_rows) == drafts(orders)


def test_a_cancelled_order_is_bought_and_then_returned(orders):
    bought, returned = [one for one in drafts(orders) if one["session_id"] == "#1003"]
    assert (bought["event_type"], bought["event_id"]) == ("purchase", "#1003/1")
    assert (returned["event_type"], returned["event_id"]) == ("return", "#1003/1/return")
    assert returned["timestamp"] == "2026-01-08 08:00:00 +0100"
    assert (returned["item_id"], returned["quantity"], returned["price"]) == ("T-4", "1", "8.00")


def test_a_refund_of_a_part_is_a_return_of_that_amount_without_an_item(orders):
    _, refund = [one for one in drafts(orders) if one["session_id"] == "#1002"]
    assert (refund["event_type"], refund["amount"], refund["item_id"]) == ("return", "5.50", None)


def test_a_file_does_not_remember_the_file_before(orders):
    reader = reader_named("shopify")
    (batch,) = read_raw(orders, FormatOptions())
    first = reader.start(orders).convert(batch.table)
    assert reader.start(orders).convert(batch.table).equals(first)


def test_names_and_phone_numbers_are_not_kept(orders):
    kettle = drafts(orders)[0]
    assert json.loads(str(kettle["properties"])) == {
        "name": "Kettle - Blue",
        "vendor": "Acme",
        "line_discount": "0.00",
        "discount_code": "TEA10",
        "source": "web",
    }


def test_the_export_is_known_by_its_columns():
    assert detect_reader(HEADER.split(",")) == "shopify"
