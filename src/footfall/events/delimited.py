"""CSV and its kin: any one-character delimiter, any encoding, streamed block by block."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from footfall.errors import InputError
from footfall.events.columns import ROW
from footfall.events.raw import Broken, FormatOptions, RawBatch, checked_names
from footfall.events.sniff import DELIMITERS, Sample, detect_delimiter, detect_encoding
from footfall.events.streams import MARKED, TextStream, decoded, unmark

__all__ = ["read_delimited"]

# Arrow cuts the file into blocks at ends of rows, so this is the longest row there can be too.
_BLOCK_BYTES = 8 << 20


def read_delimited(sample: Sample, options: FormatOptions) -> Iterator[RawBatch]:
    """Read a CSV file batch by batch; all columns are strings.

    Parameters
    ----------
    sample : Sample
        The start of the file; it names the file too.
    options : FormatOptions
        What is given there is not guessed.

    Yields
    ------
    RawBatch
        At least one, so that the names of a file without rows are known.

    Raises
    ------
    InputError
        When the header is unusable, a row is endless, or the file is cut off.
    """
    encoding = options.encoding or detect_encoding(sample)
    text = decoded(sample.head, encoding)[0].removeprefix("\ufeff")
    delimiter = options.delimiter or detect_delimiter(
        text, columns=len(options.column_names) if options.column_names else None
    )
    names = _names(sample, text, delimiter, options)
    squeeze = delimiter == " "
    with TextStream(sample.file, encoding, squeeze=squeeze) as stream:
        rows = _Rows(stream, names, delimiter, header=options.column_names is None)
        yield from rows.batches(options.batch_rows)


def _names(sample: Sample, text: str, delimiter: str, options: FormatOptions) -> list[str]:
    if options.column_names is not None:
        return checked_names(sample.file, list(options.column_names))
    rows = _first_rows(text, delimiter)
    if not rows:
        raise InputError(f"{sample.file} is empty: it has neither a header nor rows.")
    header, further = rows[0], rows[1:]
    if len(header) == 1 and options.delimiter:
        _complain_of_delimiter(sample.file, header[0], options.delimiter)
    if len(further) > 1 and all(len(row) == len(further[0]) != len(header) for row in further):
        raise InputError(
            f"The header of {sample.file} names {len(header)} columns, but its rows have "
            f"{len(further[0])} fields. Mend the header, or give names for all columns."
        )
    return checked_names(sample.file, header)


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    """Read the first rows of the sample; the row that the sample cuts off is not among them."""
    rows: list[list[str]] = []
    if delimiter == " ":
        text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > 100:
                break
    except csv.Error:  # a field longer than csv allows; the rows before it are enough
        pass
    return rows if len(rows) < 2 else rows[:-1]


def _complain_of_delimiter(file: str, header: str, delimiter: str) -> None:
    found = [other for other in DELIMITERS if other in header and other not in " :"]
    if found:
        raise InputError(
            f"With the delimiter {delimiter!r} the header of {file} is a single column, "
            f"{header[:80]!r}. It looks separated by {found[0]!r}: leave the delimiter option "
            "out, or set it to that."
        )


class _Rows:
    """Cuts a text stream into batches and keeps count of the rows."""

    def __init__(
        self, stream: TextStream, names: list[str], delimiter: str, *, header: bool
    ) -> None:
        self._stream = stream
        self._delimiter = delimiter
        self._file = stream.path
        self._names = names
        self._header = int(header)
        self._next_row = 1
        self._broken: list[Broken] = []  # those that belong to no batch yet
        self._last_broken = 0
        self._seen = 0  # rows that Arrow has given or refused

    def batches(self, batch_rows: int) -> Iterator[RawBatch]:
        reader = self._open()
        if reader is None:
            yield self._batch(pa.table({name: pa.array([], pa.string()) for name in self._names}))
            return
        held = None  # one batch is held back, for the file's last row needs a look
        with reader:
            for table in self._tables(reader, batch_rows):
                if held is not None:
                    yield self._batch(held)
                held = table
        if held is None:
            yield self._batch(reader.schema.empty_table())
        else:
            yield self._batch(self._without_unclosed(held))

    def _tables(self, reader: pv.CSVStreamingReader, batch_rows: int) -> Iterator[pa.Table]:
        while (block := self._next_block(reader)) is not None:
            for start in range(0, block.num_rows, batch_rows):
                yield block.slice(start, batch_rows)

    def _open(self) -> pv.CSVStreamingReader | None:
        try:
            return pv.open_csv(
                self._stream,
                # With threads Arrow does not count the rows; without, it is as fast here.
                pv.ReadOptions(
                    use_threads=False,
                    block_size=_BLOCK_BYTES,
                    column_names=self._names,
                    skip_rows_after_names=self._header,
                ),
                # Newlines inside quotes are always allowed: that costs about a tenth.
                pv.ParseOptions(
                    delimiter=self._delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=self._keep,
                ),
                pv.ConvertOptions(
                    check_utf8=False,  # the stream has checked
                    column_types=dict.fromkeys(self._names, pa.string()),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return None
            raise self._unreadable(error) from error

    def _next_block(self, reader: pv.CSVStreamingReader) -> pa.Table | None:
        try:
            block = reader.read_next_batch()
        except StopIteration:
            return None
        except pa.ArrowInvalid as error:
            raise self._unreadable(error) from error
        self._seen += block.num_rows
        return pa.Table.from_batches([block])

    def _unreadable(self, error: pa.ArrowInvalid) -> InputError:
        if "straddl" in str(error):
            return InputError(
                f"{self._file} has a row longer than {_BLOCK_BYTES >> 20} MB after row "
                f"{self._seen}. Mostly a quote is opened there and never closed: mend it."
            )
        return InputError(f"{self._file} cannot be read as CSV: {error}.")

    def _keep(self, row: pv.InvalidRow) -> str:
        self._last_broken = row.number - self._header
        self._broken.append(Broken.of(self._last_broken, unmark(row.text)))
        self._seen += 1
        return "skip"

    def _batch(self, rows: pa.Table) -> RawBatch:
        """Count the rows, and put aside those with bytes that are no text."""
        numbers, self._next_row = self._numbers(rows.num_rows)
        last = self._next_row - 1
        broken = [row for row in self._broken if row.row <= last]
        self._broken = [row for row in self._broken if row.row > last]
        rows = rows.append_column(ROW, pa.array(numbers))
        if self._stream.marked:
            rows, marked = _without_marked(rows, self._delimiter)
            broken = sorted(broken + marked, key=lambda row: row.row)
        return RawBatch(self._file, rows, broken)

    def _numbers(self, count: int) -> tuple[np.ndarray, int]:
        """Give numbers to `count` readable rows, past those of broken ones, and the next number.

        The k-th broken row comes after as many readable rows as its number less k tells.
        """
        gaps = np.array([row.row for row in self._broken], np.int64)
        gaps = np.sort(gaps) - self._next_row - np.arange(len(gaps))
        numbers = self._next_row + np.arange(count, dtype=np.int64)
        if len(gaps):
            numbers += np.searchsorted(gaps, np.arange(count), side="right")
        passed = int((gaps <= count).sum())  # broken rows right behind the batch belong to it
        return numbers, self._next_row + count + passed

    def _without_unclosed(self, rows: pa.Table) -> pa.Table:
        """Look at the file's last row: a quote left open makes one field of all that follows."""
        row = int(self._numbers(rows.num_rows)[0][-1])
        last = rows.slice(rows.num_rows - 1).to_pylist()[0]
        field = last[self._names[-1]]
        closed = self._stream.tail.rstrip(b"\r\n").endswith(b'"')
        if closed or row < self._last_broken or not field.endswith("\n"):
            return rows
        if field.rstrip("\r\n").count("\n"):
            raise InputError(
                f"The last row of {self._file} that can be read begins a quote that is never "
                f"closed: {next(iter(field.splitlines()))[:80]!r}. Mend that row."
            )
        self._broken.append(Broken.of(row, unmark(self._delimiter.join(last.values()))))
        return rows.slice(0, rows.num_rows - 1)


def _without_marked(rows: pa.Table, delimiter: str) -> tuple[pa.Table, list[Broken]]:
    """Split off the rows in which a byte is no text."""
    marked = np.zeros(rows.num_rows, bool)
    for column in rows.drop_columns([ROW]).columns:
        found = pc.match_substring_regex(column, MARKED)
        marked |= found.to_numpy(zero_copy_only=False)
    if not marked.any():
        return rows, []
    out = rows.filter(pa.array(marked)).to_pylist()
    broken = [
        Broken.of(row.pop(ROW), unmark(delimiter.join(str(value) for value in row.values())))
        for row in out
    ]
    return rows.filter(pa.array(~marked)), broken
