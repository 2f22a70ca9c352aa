import pytest

from footfall.events.formats import read_raw
from footfall.events.readers import detect_reader, reader_named

LINES = " 00001 19970101  1   11.77\r\n 00004 19970118  2   29.73\r\n 00004 19970118  2   29.73\r\n"
HEADER = " customer_id  date number_of_cds  dollar_value\r\n"


@pytest.mark.parametrize("header", ["", HEADER])
def test_each_line_is_a_purchase_with_and_without_a_line_of_names(tmp_path, header):
    path = tmp_path / "CDNOW_master.txt"
    path.write_bytes((header + LINES).encode())
    reader = reader_named("cdnow")
    (batch,) = read_raw(str(path), reader.format)
    drafts = reader.convert(batch.table).to_pylist()
    assert [
        (one["user_id"], one["timestamp"], one["quantity"], one["amount"]) for one in drafts
    ] == [
        ("00001", "1997-01-01", "1", "11.77"),
        ("00004", "1997-01-18", "2", "29.73"),
        ("00004", "1997-01-18", "2", "29.73"),
    ]
    assert {one["event_type"] for one in drafts} == {"purchase"}


def test_two_orders_that_look_alike_have_ids_of_their_own(tmp_path):
    path = tmp_path / "CDNOW_master.txt"
    path.write_bytes(LINES.encode())
    reader = reader_named("cdnow")
    (batch,) = read_raw(str(path), reader.format)
    assert len(set(reader.convert(batch.table)["event_id"].to_pylist())) == 3


def test_the_file_with_names_is_known_by_them():
    assert detect_reader(["customer_id", "date", "number_of_cds", "dollar_value"]) == "cdnow"
    assert detect_reader(["customer_id  date number_of_cds  dollar_value"]) == "cdnow"
