import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.errors import InputError, MappingError
from footfall.events.clean import Cleaned, CleanOptions, clean
from footfall.events.formats import FormatOptions, RawBatch, expand_paths, read_raw

OPTIONS = CleanOptions(now=datetime(2024, 6, 1, tzinfo=UTC))
HEADER = b"user_id,timestamp,event_type,price\n"
GOOD = b"ann,2024-01-02 10:00:00,view,19.99\n"


def read(path: Path, data: bytes, options: FormatOptions | None = None) -> list[RawBatch]:
    path.write_bytes(data)
    return list(read_raw(str(path), options))


def cleaned(path: Path, data: bytes, options: CleanOptions = OPTIONS) -> Cleaned:
    [batch] = read(path, data)
    return clean(batch.table, options)


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    for data in (b"", b"\n\n", b"\xef\xbb\xbf"):
        with pytest.raises(InputError, match=r"a\.csv is empty"):
            read(tmp_path / "a.csv", data)


def test_a_file_with_a_header_only_has_no_rows_and_no_error(tmp_path: Path) -> None:
    for data in (HEADER, HEADER.strip(), HEADER + b"\n\n"):
        assert cleaned(tmp_path / "a.csv", data).events.num_rows == 0
    pq.write_table(pa.table({"user_id": pa.array([], pa.string())}), tmp_path / "a.parquet")
    [batch] = read_raw(str(tmp_path / "a.parquet"))
    assert batch.table.column_names == ["user_id", "__row__"]


def test_a_binary_file_is_an_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).bytes(5_000)
    with pytest.raises(InputError, match="is binary"):
        read(tmp_path / "a.csv", noise)
    with pytest.raises(InputError, match="is binary"):
        read(tmp_path / "a.csv", b"\0" * 5_000)


def test_a_file_cut_off_in_its_packing_is_an_error_after_what_could_be_read(tmp_path: Path) -> None:
    rows = b"".join(
        b"u%d,2024-01-02,view,1\n" % user
        for user in np.random.default_rng(7).integers(0, 10**9, 50_000)
    )
    packed = gzip.compress(HEADER + rows)
    for size in (len(packed) // 2, len(packed) - 5, 40):
        with pytest.raises(InputError, match=r"ends in the middle or is damaged.*nothing of it"):
            read(tmp_path / "a.csv.gz", packed[:size])
    with pytest.raises(InputError, match="ends in the middle or is damaged"):
        read(tmp_path / "a.csv.gz", packed[:3_000] + b"\xff" * 50 + packed[3_050:])


def test_a_cut_off_parquet_file_is_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": ["a"] * 100}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(InputError, match="no readable Parquet file"):
        read(tmp_path / "a.parquet", data[:-9])


def test_a_wrong_delimiter_is_pointed_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"With the delimiter ';'.*looks separated by ','"):
        read(tmp_path / "a.csv", HEADER + GOOD, FormatOptions(delimiter=";"))


def test_duplicate_column_names_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than one column named 'price'"):
        read(tmp_path / "a.csv", b"user,price,price\nann,1,2\n")


def test_nameless_columns_are_called_after_their_place(tmp_path: Path) -> None:
    [batch] = read(tmp_path / "a.csv", b",user,\n0,ann,x\n")
    assert batch.table.column_names == ["column_1", "user", "column_3", "__row__"]


def test_rows_that_never_fit_the_header_are_the_headers_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names 2 columns, but its rows have 3 fields"):
        read(tmp_path / "a.csv", b"user,item\nann,1,2\nbob,2,3\neve,3,4\n")


def test_a_single_row_that_does_not_fit_is_its_own_fault(tmp_path: Path) -> None:
    [batch] = read(tmp_path / "a.csv", b"user,item\nann\nbob,2\n")
    assert batch.table["__row__"].to_pylist() == [2]
    assert [(row.row, row.raw) for row in batch.broken] == [(1, "ann")]


def test_a_missing_required_column_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"No column gives the user_id.*timestamp.*--map"):
        cleaned(tmp_path / "a.csv", b"timestamp,event_type\n2024-01-02,view\n")


def test_a_field_of_a_megabyte_is_read(tmp_path: Path) -> None:
    long = b"x" * (1 << 20)
    [batch] = read(tmp_path / "a.csv", b"user,text\nann," + long + b'\nbob,"' + long + b'"\n')
    assert [len(text) for text in batch.table["text"].to_pylist()] == [1 << 20, 1 << 20]


def test_a_quote_that_is_never_closed_loses_nothing_silently(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="begins a quote that is never closed"):
        read(tmp_path / "a.csv", b'user,text\nann,x\nbob,"open\neve,y\nzoe,z\n')
    with pytest.raises(InputError, match="longer than 8 MB after row 1"):
        read(tmp_path / "a.csv", b'user,text\nann,x\nbob,"open\n' + b"eve,y\n" * 4_000_000)
    [batch] = read(tmp_path / "a.csv", b'user,text\nann,x\nbob,"cut o')
    assert batch.table["user"].to_pylist() == ["ann"]
    assert [(row.row, row.raw.strip()) for row in batch.broken] == [(2, "bob,cut o")]


def test_mixed_line_ends_are_all_line_ends(tmp_path: Path) -> None:
    [batch] = read(tmp_path / "a.csv", b"user,item\r\nann,1\nbob,2\reve,3\r\n\r\nzoe,4")
    assert batch.table["user"].to_pylist() == ["ann", "bob", "eve", "zoe"]
    assert batch.table["item"].to_pylist() == ["1", "2", "3", "4"]


def test_nul_bytes_are_taken_out_and_counted(tmp_path: Path) -> None:
    out = cleaned(tmp_path / "a.csv", HEADER + b"a\0nn,2024-01-02,view,1\n" + GOOD)
    assert out.events["user_id"].to_pylist() == ["ann", "ann"]
    assert out.repaired == {"text_cleaned": 1}


def test_bytes_that_are_no_text_cost_their_own_row_only(tmp_path: Path) -> None:
    data = HEADER + GOOD + b"b\xffb,2024-01-02,view,1\n" + GOOD * 50
    [batch] = read(tmp_path / "a.csv", data)
    assert batch.table.num_rows == 51
    assert [(row.row, row.rule, row.raw) for row in batch.broken] == [
        (2, "unreadable_row", "b\\xffb,2024-01-02,view,1")
    ]
    assert batch.table["__row__"].to_pylist()[:3] == [1, 3, 4]


def test_wrong_bytes_in_gbk_text_cost_their_own_row_only(tmp_path: Path) -> None:
    rows = "小明,不锈钢水壶\n".encode("gbk") * 20
    [batch] = read(tmp_path / "a.csv", "用户,商品\n".encode("gbk") + rows + b"x,\xff\xff\n" + rows)
    assert batch.table.num_rows == 40
    assert [(row.row, row.raw) for row in batch.broken] == [(21, "x,\\xff\\xff")]


def test_ids_larger_than_32_bits_are_kept_as_they_are(tmp_path: Path) -> None:
    out = cleaned(tmp_path / "a.csv", HEADER + b"99999999999999999999,2024-01-02,view,1\n")
    assert out.events["user_id"].to_pylist() == ["99999999999999999999"]


def test_prices_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    prices = [b"NaN", b"inf", b"-1", b"1e300", b"free", b"", b"2"]
    data = HEADER + b"".join(b"ann,2024-01-02,view,%b\n" % price for price in prices)
    out = cleaned(tmp_path / "a.csv", data)
    assert {rule: rows.tolist() for rule, rows in out.rejects.items()} == {
        "bad_price": [1, 2, 3, 4, 5]
    }
    assert out.events["price"].to_pylist() == [None, 200]


def test_the_first_and_the_last_year_are_rejected_by_rules_not_by_a_crash(tmp_path: Path) -> None:
    times = [b"0001-01-01", b"9999-12-31 23:59:59", b"0000-00-00", b"-62135596800"]
    data = HEADER + b"".join(b"ann,%b,view,1\n" % time for time in times) + GOOD
    out = cleaned(tmp_path / "a.csv", data)
    assert {rule: rows.tolist() for rule, rows in out.rejects.items()} == {
        "unparseable_time": [3],
        "future_time": [2],
        "before_floor": [1, 4],
    }


def test_hours_that_clocks_skip_or_repeat_are_kept(tmp_path: Path) -> None:
    data = HEADER + b"ann,2024-03-31 02:30,view,1\nann,2023-10-29 02:30,view,1\n"
    options = CleanOptions(now=OPTIONS.now, time_zone="Europe/Berlin")
    out = cleaned(tmp_path / "a.csv", data, options)
    assert [str(time) for time in out.events["timestamp"].to_pylist()] == [
        "2024-03-31 01:00:00+00:00",  # the moment the clocks jumped
        "2023-10-29 00:30:00+00:00",  # the first of the two
    ]


@contextmanager
def nobody() -> Iterator[None]:
    """Give up root's right to read everything for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_folder_or_file_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "secret"
    folder.mkdir()
    (folder / "a.csv").write_bytes(HEADER)
    (tmp_path / "b.csv").write_bytes(HEADER)
    for path in (tmp_path.parent, tmp_path):
        path.chmod(0o755)
    folder.chmod(0)
    (tmp_path / "b.csv").chmod(0)
    parents_open = all(parent.stat().st_mode & 0o001 for parent in tmp_path.parents)
    if os.geteuid() == 0 and not parents_open:
        tmp_path.parent.parent.chmod(0o755)
    try:
        with nobody(), pytest.raises(InputError, match="may not be read"):
            expand_paths([folder])
        with nobody(), pytest.raises(InputError, match="may not be read"):
            list(read_raw(str(tmp_path / "b.csv")))
    finally:
        folder.chmod(0o700)


def test_a_file_that_vanished_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv does not exist"):
        list(read_raw(str(tmp_path / "gone.csv")))


def test_json_lines_that_are_no_objects_are_broken_rows(tmp_path: Path) -> None:
    [batch] = read(
        tmp_path / "a.jsonl", b'{"u": 1}\n{"u": 2\n[1, 2]\n"x"\n{"u": "\xff"}\n{"u": 3}\n'
    )
    assert batch.table.to_pylist() == [{"u": 1, "__row__": 1}, {"u": 3, "__row__": 6}]
    assert [(row.row, row.raw) for row in batch.broken] == [
        (2, '{"u": 2'),
        (3, "[1, 2]"),
        (4, '"x"'),
        (5, '{"u": "\\xff"}'),
    ]


def test_one_json_array_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one JSON array.*jq"):
        read(tmp_path / "a.json", b'[{"u": 1}]')


def test_deeply_nested_json_is_a_broken_row(tmp_path: Path) -> None:
    deep = b'{"u": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    [batch] = read(tmp_path / "a.jsonl", b'{"u": 1}\n' + deep)
    assert [row.row for row in batch.broken] == [2]
    assert batch.broken[0].raw.endswith("(200,007 characters in all)")


def test_an_excel_file_without_filled_sheets_is_an_error(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="no filled sheet"):
        list(read_raw(str(tmp_path / "a.xlsx")))
    with pytest.raises(InputError, match="no readable Excel workbook"):
        read(tmp_path / "b.xlsx", b"PK\x03\x04 and then nothing")


def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"called \.parquet but does not hold"):
        read(tmp_path / "a.parquet", HEADER + GOOD)
