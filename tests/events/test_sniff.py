from pathlib import Path

import pytest

from footfall.errors import InputError
from footfall.events.sniff import (
    Sample,
    detect_delimiter,
    detect_encoding,
    detect_format,
    take_sample,
)


def sample(data: bytes, file: str = "clicks.csv") -> Sample:
    return Sample(file, data, b"", whole=True)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("user,at\nann,2024-01-02 10:11:12\nbob,2024-01-02 10:11:13\n", ","),
        ("user;price\nann;1,50\nbob;2,75\n", ";"),
        ("user\ttext\nann\thello, world\nbob\thi\n", "\t"),
        ('user|text\nann|"a|b"\nbob|c\n', "|"),
        ("timestamp\n2024-01-02 10:11:12\n2024-01-02 10:11:13\n", ","),
        ("user,item\nann,1\nbroken\nbob,2\nann,1\nann,1\nann,1\nann,1\nann,1\nann,1\n", ","),
        ("user,item", ","),
    ],
)
def test_the_delimiter_is_what_cuts_all_rows_alike(text: str, delimiter: str) -> None:
    assert detect_delimiter(text) == delimiter


def test_known_names_settle_the_delimiter() -> None:
    assert detect_delimiter("1,5;2\n1,6;3\n", columns=2) in ",;"
    assert detect_delimiter("1,5;2;3\n1,6;3;3\n", columns=3) == ";"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"user,item\nann,kettle\n", "utf-8"),
        ("user,item\nann,水壶\n".encode(), "utf-8"),
        ("user,item\nann,水壶\n".encode()[:-3], "utf-8"),
        ("用户,商品\n小明,不锈钢水壶，保温\n".encode("gbk"), "gb18030"),
        ("user,item\nann,水壶\n".encode("utf-16"), "utf-16"),
        ("user,item\nzoé,café\n".encode("latin-1"), "utf-8"),
        ("user,item\nann,水壶和茶杯\n".encode() + b"bob,\xff\n", "utf-8"),
    ],
)
def test_encodings_are_told_by_the_bytes(data: bytes, encoding: str) -> None:
    assert detect_encoding(sample(data)) == encoding


def test_chinese_that_comes_late_in_a_long_file_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_bytes(b"user,item\n" + b"ann,kettle\n" * 60_000 + "ann,水壶\n".encode("gbk") * 9_000)
    assert detect_encoding(take_sample(str(file))) == "gb18030"


@pytest.mark.parametrize(
    ("file", "data", "found"),
    [
        ("a.csv", b"user,item\n", "csv"),
        ("a.txt", b"user item\n", "csv"),
        ("a.json", b'{"user": 1}\n', "jsonl"),
        ("a", b'  {"user": 1}\n', "jsonl"),
        ("a.csv", b"PAR1....", "parquet"),
        ("a.csv", b"PK\x03\x04....", "excel"),
    ],
)
def test_formats_are_told_by_the_bytes_then_by_the_name(file: str, data: bytes, found: str) -> None:
    assert detect_format(sample(data, file)) == found


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xd0\xcf\x11\xe0....", "old Excel file"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"BZh9", "bzip2"),
    ],
)
def test_files_of_other_kinds_are_called_by_name(data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        detect_format(sample(data))
