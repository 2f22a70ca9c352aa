import datetime as dt

import pyarrow as pa
import pytest

from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named

FIRST = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
536589,21777,damaged,-10,12/1/2010 16:50,0,,United Kingdom
"""
SECOND = """\
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,"15CM CHRISTMAS GLASS BALL, 20",12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
"""


def drafts(path, text):
    path.write_text(text)
    reader = reader_named("online_retail")
    (batch,) = read_raw(str(path), reader.format)
    return reader.convert(batch.table).to_pylist()


def test_an_invoice_line_is_a_purchase_and_the_invoice_its_session(tmp_path):
    assert drafts(tmp_path / "retail.csv", FIRST)[0] == {
        "user_id": "17850",
        "timestamp": "12/1/2010 8:26",
        "event_type": "purchase",
        "item_id": "85123A",
        "session_id": "536365",
        "quantity": "6",
        "price": "2.55",
        "properties": (
            '{"description":"WHITE HANGING HEART T-LIGHT HOLDER","country":"United Kingdom"}'
        ),
        "__row__": 1,
    }


def test_cancellations_and_negative_quantities_are_returns_of_a_positive_quantity(tmp_path):
    lines = drafts(tmp_path / "retail.csv", FIRST)
    assert [(one["event_type"], one["quantity"]) for one in lines] == [
        ("purchase", "6"),
        ("return", "1"),
        ("purchase", "56"),
        ("return", "10"),
    ]


def test_lines_without_a_customer_are_left_for_cleaning_to_reject(tmp_path):
    lines = drafts(tmp_path / "retail.csv", FIRST)
    assert [one["user_id"] for one in lines] == ["17850", "14527", None, None]


def test_the_second_edition_names_its_columns_otherwise(tmp_path):
    (line,) = drafts(tmp_path / "retail2.csv", SECOND)
    assert (line["user_id"], line["session_id"], line["price"]) == ("13085", "489434", "6.95")
    assert line["timestamp"] == "2009-12-01 07:45:00"


def test_typed_columns_of_parquet_and_excel_give_the_same():
    raw = pa.table(
        {
            "InvoiceNo": ["C536379"],
            "StockCode": ["D"],
            "Description": ["Discount"],
            "Quantity": [-1],
            "InvoiceDate": pa.array([dt.datetime(2010, 12, 1, 9, 41)], pa.timestamp("us")),  # noqa: DTZ001 -- the file has local times
            "UnitPrice": [27.5],
            "CustomerID": [14527.0],
            "Country": ["United Kingdom"],
            "__row__": [1],
        }
    )
    (line,) = reader_named("online_retail").convert(raw).to_pylist()
    assert (line["user_id"], line["event_type"], line["quantity"]) == ("14527", "return", "1")
    assert line["timestamp"].isoformat() == "2010-12-01T09:41:00"


@pytest.mark.parametrize("text", [FIRST, SECOND])
def test_both_editions_are_known_by_their_columns(text):
    assert detect_reader(text.split("\n", maxsplit=1)[0].split(",")) == "online_retail"
