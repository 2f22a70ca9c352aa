"""Tells what a file is from a sample of its bytes: format, encoding, delimiter."""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import InputError
from footfall.events.streams import decoded, open_bytes, read_bytes

__all__ = [
    "DELIMITERS",
    "Sample",
    "detect_delimiter",
    "detect_encoding",
    "detect_format",
    "take_sample",
]

# Tried in this order; of two that fit equally well the first wins. A blank and a colon come last,
# since every time of day has them.
DELIMITERS = (",", "\t", ";", "|", "^", "~", "\x01", "#", "&", ":", " ")

_SAMPLE_BYTES = 262_144
_SLICE_BYTES = 65_536
_ROWS_LOOKED_AT = 200
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MAGICS = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "excel",
}
# What people pass by mistake, by its first bytes.
_STRANGERS = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls). Save it as .xlsx or CSV",
    b"%PDF": "a PDF. Export the table as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database. Export the table as CSV",
    b"\x7fELF": "a program",
    b"BZh": "compressed with bzip2. Unpack it, or pack it with gzip or zstd",
    b"7z\xbc\xaf": "a 7z archive. Unpack it",
    b"Rar!": "a RAR archive. Unpack it",
    b"\xfd7zXZ": "compressed with xz. Unpack it, or pack it with gzip or zstd",
    b"ORC": "an ORC file. Convert it to Parquet",
    b"Obj\x01": "an Avro file. Convert it to Parquet",
}
_FORMAT_OF_NAME = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".dat": "csv", ".json": "jsonl",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".xlsx": "excel",
}  # fmt: skip
_CONTROLS = re.compile("[\x00\x02-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Sample:
    """The first bytes of a file, decompressed, and if those are all ASCII some of its middle.

    Parameters
    ----------
    file : str
        The file's path.
    head : bytes
        The first bytes.
    further : bytes
        Lines from further on; they matter for the encoding only.
    whole : bool
        True when `head` is all of the file.
    """

    file: str
    head: bytes
    further: bytes
    whole: bool


def take_sample(path: str) -> Sample:
    """Read the first quarter of a megabyte of a file.

    Raises
    ------
    InputError
        When the file is missing, may not be read, or is empty.
    """
    with open_bytes(path) as source:
        head = read_bytes(path, source, _SAMPLE_BYTES)
        plain = Path(path).stat().st_size if hasattr(source, "raw") else 0
        further = b""
        if head.isascii() and plain > _SAMPLE_BYTES:
            for part in range(1, 5):  # names in Chinese may come late
                source.seek((plain - _SLICE_BYTES) * part // 4)
                lines = source.read(_SLICE_BYTES).split(b"\n")
                further += b"\n".join(lines[1:-1]) + b"\n"
    if not head.strip(b" \t\r\n\xef\xbb\xbf"):
        raise InputError(f"{path} is empty: it has neither a header nor rows.")
    return Sample(path, head, further, whole=len(head) < _SAMPLE_BYTES)


def detect_format(sample: Sample) -> str:
    r"""Say which of csv, jsonl, parquet and excel a file is.

    Raises
    ------
    InputError
        When the file is of a kind that footfall does not read, naming the kind if it is known.

    Examples
    --------
    >>> detect_format(Sample("clicks", b'{"user": 1}\n', b"", whole=True))
    'jsonl'
    """
    for magic, stranger in _STRANGERS.items():
        if sample.head.startswith(magic):
            raise InputError(f"{sample.file} is {stranger}.")
    for magic, format_name in _MAGICS.items():
        if sample.head.startswith(magic):
            return format_name
    suffixes = [suffix.lower() for suffix in Path(sample.file).suffixes]
    if suffixes and suffixes[-1] in {".gz", ".zst"}:
        suffixes.pop()
    named = _FORMAT_OF_NAME.get(suffixes[-1]) if suffixes else None
    if named in {"parquet", "excel"}:
        raise InputError(
            f"{sample.file} is called {suffixes[-1]} but does not hold what its name says. "
            "If it is text, name its format with the format option."
        )
    looks_json = sample.head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{")
    return named or ("jsonl" if looks_json else "csv")


def detect_encoding(sample: Sample) -> str:
    r"""Tell UTF-8, UTF-16 (by its mark) and GB18030 (which holds GBK) apart.

    A file that is neither clean UTF-8 nor likely Chinese is taken as UTF-8, and its rows with
    wrong bytes are put aside one by one when it is read.

    Raises
    ------
    InputError
        When the file is binary.

    Examples
    --------
    >>> data = "用户,商品\n小明,水壶\n".encode("gbk")
    >>> detect_encoding(Sample("clicks.csv", data, b"", whole=True))
    'gb18030'
    """
    for bom, encoding in _BOMS.items():
        if sample.head.startswith(bom):
            return encoding
    data = sample.head + b"\n" + sample.further
    text, wrong = decoded(data, "utf-8")
    if wrong:
        chinese, wrong_chinese = decoded(data, "gb18030")
        if wrong_chinese < wrong and _reads_as_chinese(chinese):
            return "gb18030"
    if wrong + len(_CONTROLS.findall(text)) > len(text) / 4:
        raise InputError(
            f"{sample.file} is binary, or text that is neither UTF-8 nor GBK. If it is text, name "
            "its encoding with the encoding option, such as 'latin-1' or 'utf-16-le'."
        )
    return "utf-8"


def _reads_as_chinese(text: str) -> bool:
    """Say whether most characters are common ones: wrong guesses give rare characters."""
    others = [character for character in text if not character.isascii()]
    codes = [character.encode("gb18030", "ignore") for character in others]
    # Rows A1 to D7 of the standard: punctuation, letters and the 3,755 most common characters.
    common = sum(len(code) == 2 and code[0] <= 0xD7 and code[1] >= 0xA1 for code in codes)
    return common > len(others) * 0.7


def detect_delimiter(text: str, *, columns: int | None = None) -> str:
    r"""Find the character that cuts the rows of a sample into equally many fields.

    Parameters
    ----------
    text : str
        The start of a CSV file; its last line may be cut off.
    columns : int, optional
        How many fields there must be, when the names are known.

    Returns
    -------
    str
        One of `DELIMITERS`; a comma when none of them fits.

    Examples
    --------
    >>> detect_delimiter("user;price\n1;2,50\n2;3,00\n")
    ';'
    """
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = _field_counts(text, delimiter)
        wanted = columns or counts[0]
        if wanted < 2:
            continue
        share = sum(count == wanted for count in counts) / len(counts)
        # Rows that fit matter most; a tenth of broken rows is forgiven before fewer fields win.
        score = (round(share, 1), wanted if delimiter not in ": " else 0)
        if share > 0 and score > best_score:
            best, best_score = delimiter, score
    return best


def _field_counts(text: str, delimiter: str) -> list[int]:
    """Count the fields of the first rows; the last row is left out unless it is the only one."""
    if delimiter == " ":
        text = re.sub(r"(?m)^[ \t]+|[ \t]+$", "", re.sub("[ \t]+", " ", text))
    counts: list[int] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                counts.append(len(row))
            if len(counts) > _ROWS_LOOKED_AT:
                break
    except csv.Error:  # a field longer than csv allows: judge by the rows before it
        pass
    whole = text.endswith("\n")
    return (counts if whole else counts[:-1] or counts) or [0]
