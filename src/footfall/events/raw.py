"""What every file format gives: batches of raw rows, and the rows that could not be read."""

from dataclasses import dataclass

import pyarrow as pa

from footfall.errors import InputError, OptionError
from footfall.events.columns import ROW

__all__ = ["FORMATS", "UNREADABLE_ROW", "Broken", "FormatOptions", "RawBatch", "checked_names"]

FORMATS = ("csv", "jsonl", "parquet", "excel")
UNREADABLE_ROW = "unreadable_row"

# A rejected row is kept for people to look at; a runaway quote can make it as long as a block.
_LONGEST_RAW = 65_536


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """How to read a file, where its own look does not say.

    Parameters
    ----------
    format : {'csv', 'jsonl', 'parquet', 'excel'}, optional
        None decides by the file's first bytes and its name.
    encoding : str, optional
        Any encoding Python knows. None tells UTF-8, UTF-16 (by its mark) and GB18030 apart.
    delimiter : str, optional
        One character between the fields of a CSV file; a blank stands for any run of blanks.
        None looks at the first rows.
    column_names : tuple of str, optional
        Names for a CSV file without a header: its first line is data.
    sheet : str, optional
        The Excel sheet to read. None takes the first one that is not empty.
    batch_rows : int
        At most so many rows are held at once.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    column_names: tuple[str, ...] | None = None
    sheet: str | None = None
    batch_rows: int = 262_144

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise OptionError.of("format", "a file", f"one of {', '.join(FORMATS)}", self.format)
        if self.encoding is not None:
            _check_encoding(self.encoding)
        if self.delimiter is not None and (
            len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n'
        ):
            raise OptionError.of("delimiter", "a file", "one ASCII character", self.delimiter)
        if self.column_names is not None and not self.column_names:
            raise OptionError.of("column_names", "a file", "at least one name", self.column_names)
        if self.batch_rows < 1:
            raise OptionError.of("batch_rows", "a file", "a number above 0", self.batch_rows)


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError:
        allowed = "an encoding that Python knows, such as 'utf-8' or 'gb18030'"
        raise OptionError.of("encoding", "a file", allowed, name) from None


@dataclass(frozen=True)
class Broken:
    r"""A row that could not be read.

    Parameters
    ----------
    row : int
        Number of the row among the rows of data; 1 is the first. Blank lines are not counted.
    rule : str
        Why it was put aside: ``unreadable_row``.
    raw : str
        The row as it stood; bytes that are no text are written as ``\xff``.
    """

    row: int
    rule: str
    raw: str

    @classmethod
    def of(cls, row: int, raw: str) -> "Broken":
        """Keep a row that cannot be read, cut to a length that people can look at."""
        if len(raw) > _LONGEST_RAW:
            raw = f"{raw[:_LONGEST_RAW]}... ({len(raw):,} characters in all)"
        return cls(row, UNREADABLE_ROW, raw)


@dataclass(frozen=True)
class RawBatch:
    """Some rows of a file as the file names and types them.

    Parameters
    ----------
    file : str
        The file's path.
    table : pyarrow.Table
        The file's columns and an int64 column ``__row__``, the number of each row of data. From
        CSV all columns are strings, an absent value is ``""``; other formats keep their types.
    broken : list of Broken
        Rows of about the same place that could not be read. They are in no table.
    """

    file: str
    table: pa.Table
    broken: list[Broken]


def checked_names(file: str, names: list[str]) -> list[str]:
    """Give every column a name of its own, or say why that cannot be done.

    Returns
    -------
    list of str
        Blanks around names are gone; a nameless column is called after its place, ``column_1``.

    Raises
    ------
    InputError
        When two columns have one name, or a column has the name that row numbers need.
    """
    named = [name.strip() or f"column_{place}" for place, name in enumerate(names, start=1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            f"{file} has more than one column named {twice[0]!r}. Rename one of them in the "
            "header; if the file has no header, give names for all columns."
        )
    if ROW in named:
        raise InputError(f"{file} has a column named {ROW!r}, which footfall needs. Rename it.")
    return named
