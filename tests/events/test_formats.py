import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from footfall.errors import InputError, OptionError
from footfall.events.formats import FormatOptions, expand_paths, read_raw

# Excel has no time zones.
EVENING = datetime(2024, 1, 2, 20, 4, tzinfo=UTC).replace(tzinfo=None)
MIDNIGHT = datetime(2024, 1, 3, tzinfo=UTC).replace(tzinfo=None)
ROWS = [{"user": "ann", "price": "1", "__row__": 1}, {"user": "bob", "price": "2", "__row__": 2}]


def rows_of(path: Path, options: FormatOptions | None = None) -> list[dict[str, object]]:
    return [row for batch in read_raw(str(path), options) for row in batch.table.to_pylist()]


def broken_of(path: Path, options: FormatOptions | None = None) -> list[tuple[int, str]]:
    return [(row.row, row.raw) for batch in read_raw(str(path), options) for row in batch.broken]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x01", "#"])
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text(f"user{delimiter}price\nann{delimiter}1\nbob{delimiter}2\n")
    assert rows_of(file) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "clicks.csv"
    file.write_bytes("用户,商品\n小明,水壶\n".encode(encoding))
    assert rows_of(file) == [{"用户": "小明", "商品": "水壶", "__row__": 1}]


def test_the_encoding_option_overrides_what_is_detected(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_bytes("user,item\nzoé,café\n".encode("latin-1"))
    assert rows_of(file, FormatOptions(encoding="latin-1"))[0]["item"] == "café"
    file.write_bytes("user,item\nann,水壶\n".encode("utf-16-le"))
    assert rows_of(file, FormatOptions(encoding="utf-16-le"))[0]["item"] == "水壶"


def test_gzip_and_zstd_are_known_by_their_bytes_not_their_names(tmp_path: Path) -> None:
    text = b"user,price\nann,1\nbob,2\n"
    (tmp_path / "a.csv").write_bytes(gzip.compress(text))
    with pa.CompressedOutputStream(str(tmp_path / "b.csv.zst"), "zstd") as out:
        out.write(text)
    # Several gzip files in a row are one file.
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(text[:17]) + gzip.compress(text[17:]))
    for name in ("a.csv", "b.csv.zst", "c.csv.gz"):
        assert rows_of(tmp_path / name) == ROWS


def test_json_lines_keep_nested_values_and_are_read_from_gzip_too(tmp_path: Path) -> None:
    lines = b'{"user": 1, "items": [{"id": "k"}]}\n\n{"user": 2, "at": "2024-01-02 10:00:00"}'
    for name, data in (("a.jsonl", lines), ("b.json.gz", gzip.compress(lines)), ("c", lines)):
        (tmp_path / name).write_bytes(data)
        assert rows_of(tmp_path / name) == [
            {"user": 1, "items": [{"id": "k"}], "at": None, "__row__": 1},
            {"user": 2, "items": None, "at": "2024-01-02 10:00:00", "__row__": 2},
        ]


def test_huge_ids_in_json_lines_keep_all_their_digits(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"user": 18446744073709551617}\n{"user": 9007199254740993}\n')
    assert [str(row["user"]) for row in rows_of(file)] == [
        "18446744073709551617",
        "9007199254740993",
    ]


def test_parquet_keeps_its_types_and_numbers_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"user": [1, 2, 3], "tags": [["x"], [], None]}), file)
    batches = list(read_raw(str(file), FormatOptions(batch_rows=2)))
    assert [batch.table["__row__"].to_pylist() for batch in batches] == [[1, 2], [3]]
    assert batches[0].table.schema.field("user").type == pa.int64()
    assert batches[0].table["tags"].to_pylist() == [["x"], []]


def test_excel_reads_the_first_sheet_that_is_filled(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("orders")
    sheet.append(["user", "when", "item"])
    sheet.append([17850, EVENING, "kettle"])
    sheet.append([None, None, None])
    sheet.append(["C5", MIDNIGHT, 7])
    book.save(tmp_path / "a.xlsx")
    assert rows_of(tmp_path / "a.xlsx") == [
        {"user": "17850", "when": EVENING, "item": "kettle", "__row__": 1},
        {"user": "C5", "when": MIDNIGHT, "item": "7", "__row__": 2},
    ]
    with pytest.raises(OptionError, match="one of Sheet, orders"):
        rows_of(tmp_path / "a.xlsx", FormatOptions(sheet="returns"))


def test_a_file_without_header_takes_names_and_its_first_line_is_data(tmp_path: Path) -> None:
    file = tmp_path / "UserBehavior.csv"
    file.write_text("1,268318,pv\n1,2333346,buy\n")
    rows = rows_of(file, FormatOptions(column_names=("user", "item", "type")))
    assert rows[0] == {"user": "1", "item": "268318", "type": "pv", "__row__": 1}
    assert [row["__row__"] for row in rows] == [1, 2]


def test_columns_set_apart_by_runs_of_blanks_are_read(tmp_path: Path) -> None:
    file = tmp_path / "CDNOW_master.txt"
    file.write_text(" 00001 19970101  1   11.77\n 00002 19970112  1   12.00\r\n")
    names = ("user", "date", "pieces", "amount")
    assert rows_of(file, FormatOptions(column_names=names))[1] == {
        "user": "00002",
        "date": "19970112",
        "pieces": "1",
        "amount": "12.00",
        "__row__": 2,
    }


def test_newlines_inside_quotes_belong_to_the_field(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('"us\ner",text\nann,"two\nlines, ""quoted"""\nbob,5" pipe\n')
    assert rows_of(file) == [
        {"us\ner": "ann", "text": 'two\nlines, "quoted"', "__row__": 1},
        {"us\ner": "bob", "text": '5" pipe', "__row__": 2},
    ]


def test_batches_hold_at_most_batch_rows_and_rows_are_numbered_through(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("user,item\n" + "a,1\n" * 5 + "broken\n" + "b,2\n" * 3 + "c,3,4")
    batches = list(read_raw(str(file), FormatOptions(batch_rows=4)))
    assert [batch.table.num_rows for batch in batches] == [4, 4]
    numbers = [row for batch in batches for row in batch.table["__row__"].to_pylist()]
    assert numbers == [1, 2, 3, 4, 5, 7, 8, 9]
    assert broken_of(file, FormatOptions(batch_rows=4)) == [(6, "broken"), (10, "c,3,4")]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(["good", "short", "long", "bytes", "blank", "quoted"]), max_size=40),
    st.integers(1, 7),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_has_its_number_whatever_is_broken_around_it(
    tmp_path: Path, kinds: list[str], batch_rows: int, line_end: str
) -> None:
    good, broken, lines = [], [], []
    for kind in kinds:
        number = len(good) + len(broken) + 1
        text = {
            "good": f"u{number},{number}",
            "quoted": f'"u{number}","{number}\n"',
            "short": f"u{number}",
            "long": f"u{number},1,2",
            "bytes": f"u{number},\udcff\udc80",
            "blank": "",
        }[kind]
        lines.append(text)
        if kind in ("good", "quoted"):
            good.append((number, f"u{number}"))
        elif kind != "blank":
            broken.append(number)
    file = tmp_path / "a.csv"
    header = ["user,n", "first,0"]  # one row that fits, or the header would be blamed
    text = line_end.join([*header, *lines]) + line_end
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    options = FormatOptions(batch_rows=batch_rows, encoding="utf-8", delimiter=",")
    rows = rows_of(file, options)
    assert [(row["__row__"], row["user"]) for row in rows] == [
        (1, "first"),
        *[(number + 1, user) for number, user in good],
    ]
    assert [row for row, _ in broken_of(file, options)] == [number + 1 for number in broken]


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(['{"a": 1}', '{"a": "x"}', "[1]", "{", "", "7", '{"b": NaN}'])))
def test_json_lines_lose_only_the_lines_that_are_no_objects(
    tmp_path: Path, lines: list[str]
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(['{"a": 0}', *lines]))
    filled = ['{"a": 0}', *[line for line in lines if line]]
    good = [n for n, line in enumerate(filled, 1) if line.startswith("{") and line != "{"]
    assert [row["__row__"] for row in rows_of(file)] == good
    assert [row for row, _ in broken_of(file)] == [
        n for n in range(1, len(filled) + 1) if n not in good
    ]


def test_long_files_are_read_in_blocks_without_losing_a_row(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = 300_000
    text = "user,text\n" + "".join(f"u{k},水壶 {'x' * 60}\n" for k in range(rows))
    file.write_text(text)
    batches = list(read_raw(str(file)))
    assert len(batches) > 2
    users = [user for batch in batches for user in batch.table["user"].to_pylist()]
    assert users == [f"u{k}" for k in range(rows)]
    lines = tmp_path / "a.jsonl"
    with lines.open("w") as out:
        out.writelines(json.dumps({"user": k, "text": "x" * 60}) + "\n" for k in range(rows))
    numbers = [n for batch in read_raw(str(lines)) for n in batch.table["__row__"].to_pylist()]
    assert numbers == list(range(1, rows + 1))


def test_folders_patterns_and_files_become_a_sorted_list(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", ".hidden.csv", "_SUCCESS", "notes.pdf", "deep/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = expand_paths([tmp_path, str(tmp_path / "*.pdf"), tmp_path / "b.csv"])
    names = [str(Path(path).relative_to(tmp_path)) for path in found]
    assert names == ["a.csv.gz", "b.csv", "deep/c.parquet", "notes.pdf"]


def test_paths_that_stand_for_nothing_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        expand_paths([tmp_path / "none.csv"])
    with pytest.raises(InputError, match="No file matches"):
        expand_paths([str(tmp_path / "*.csv")])
    with pytest.raises(InputError, match="holds no data file"):
        expand_paths([tmp_path])
    with pytest.raises(InputError, match="No file was named"):
        expand_paths([])


@pytest.mark.parametrize(
    ("option", "value"),
    [("format", "xml"), ("encoding", "klingon"), ("delimiter", "::"), ("batch_rows", 0)],
)
def test_wrong_options_are_named(option: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"The '{option}' option of a file must be"):
        FormatOptions(**{option: value})  # type: ignore[arg-type] # wrong on purpose
