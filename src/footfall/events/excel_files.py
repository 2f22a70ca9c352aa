"""Excel workbooks: the cells of one sheet, for small files."""

import warnings
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from footfall.errors import InputError, MissingExtraError, OptionError
from footfall.events.columns import ROW
from footfall.events.json_lines import column_of
from footfall.events.raw import FormatOptions, RawBatch, checked_names
from footfall.events.sniff import Sample

__all__ = ["read_excel"]

_Cells = Iterator[tuple[Any, ...]]


def read_excel(sample: Sample, options: FormatOptions) -> Iterator[RawBatch]:
    """Read one sheet: its first row that is not empty is the header, empty rows are not counted.

    Raises
    ------
    InputError
        When the file is no workbook, or all its sheets are empty.
    MissingExtraError
        When openpyxl is not installed.
    OptionError
        When there is no sheet of the name that was asked for.
    """
    try:
        import openpyxl  # an extra: most logs are not in Excel
    except ImportError as error:
        raise MissingExtraError.of("openpyxl", "excel", "Excel files") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and drawings, which are not read
            book = openpyxl.load_workbook(sample.file, read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{sample.file} is no readable Excel workbook: {error}. Save it as .xlsx or CSV."
        ) from error
    try:
        yield from _batches(sample.file, _first_cells(sample.file, book, options), options)
    finally:
        book.close()


def _first_cells(file: str, book: Any, options: FormatOptions) -> _Cells:
    """Find the sheet to read and return its rows, the header first."""
    names = [sheet.title for sheet in book.worksheets]
    if options.sheet is not None and options.sheet not in names:
        raise OptionError.of("sheet", file, f"one of {', '.join(names)}", options.sheet)
    for sheet in book.worksheets:
        if options.sheet in (None, sheet.title):
            sheet.reset_dimensions()  # some programs write a wrong size
            rows = (row for row in sheet.iter_rows(values_only=True) if _is_filled(row))
            first = next(rows, None)
            if first is not None:
                return _chained(first, rows)
    raise InputError(f"{file} has no filled sheet: it has neither a header nor rows.")


def _is_filled(row: tuple[Any, ...]) -> bool:
    return any(cell not in (None, "") for cell in row)


def _chained(first: tuple[Any, ...], rows: _Cells) -> _Cells:
    yield first
    yield from rows


def _batches(file: str, rows: _Cells, options: FormatOptions) -> Iterator[RawBatch]:
    if options.column_names is not None:
        header = list(options.column_names)
    else:
        cells = list(next(rows))
        while cells and cells[-1] is None:
            cells.pop()
        header = ["" if cell is None else str(cell) for cell in cells]
    names = checked_names(file, header)
    row = 1
    while True:
        block = list(islice(rows, options.batch_rows))
        if not block and row > 1:
            return
        columns = [column_of([_cell(line, place) for line in block]) for place in range(len(names))]
        numbers = pa.array(range(row, row + len(block)), pa.int64())
        table = pa.Table.from_arrays([*columns, numbers], names=[*names, ROW])
        yield RawBatch(file, table, [])
        row += len(block)
        if not block:
            return


def _cell(line: tuple[Any, ...], place: int) -> Any:
    return line[place] if place < len(line) else None
