"""Cuts files into the slices that tasks read: a file a task, large Parquet files by row groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import InputError
from footfall.events.columns import ROW
from footfall.events.formats import read_raw
from footfall.events.raw import FormatOptions, RawBatch, checked_names
from footfall.events.readers.contract import Reader
from footfall.events.sniff import detect_format, take_sample

__all__ = ["SLICE_ROWS", "Slice", "slices_of"]

SLICE_ROWS = 2_000_000


@dataclass(frozen=True)
class Slice:
    """A file, or some row groups of a Parquet file.

    Parameters
    ----------
    file : str
        As the user names it.
    path : str
        As every process of this machine, and every machine that has the folder, finds it.
    groups : tuple of int, optional
        Row groups; the whole file by default.
    first_row : int, default=1
        Number of the first row.
    """

    file: str
    path: str
    groups: tuple[int, ...] | None = None
    first_row: int = 1

    def batches(self, options: FormatOptions) -> Iterator[RawBatch]:
        """Read the raw rows, numbered as in the whole file.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        if self.groups is None:
            for raw in read_raw(self.path, options):
                yield replace(raw, file=self.file)
            return
        row = self.first_row
        try:
            with pq.ParquetFile(self.path) as file:
                names = checked_names(self.file, file.schema_arrow.names)
                for batch in file.iter_batches(options.batch_rows, row_groups=[*self.groups]):
                    numbers = pa.array(np.arange(row, row + batch.num_rows))
                    row += batch.num_rows
                    table = pa.Table.from_batches([batch]).rename_columns(names)
                    yield RawBatch(self.file, table.append_column(ROW, numbers), [])
        except (OSError, pa.ArrowException) as error:
            raise InputError(
                f"{self.file} is no readable Parquet file: {error}. Fetch or write it again."
            ) from error


def slices_of(
    files: Sequence[str], reader: Reader, options: FormatOptions, *, rows: int = SLICE_ROWS
) -> list[Slice]:
    """Cut files so that many tasks can read them at once.

    Parameters
    ----------
    files : sequence of str
    reader : Reader
        One that reads a row by the rows before it is given whole files.
    options : FormatOptions
    rows : int
        A slice has at least so many, if the file has.

    Returns
    -------
    list of Slice
        In the order of files and rows.
    """
    slices = []
    for file in files:
        whole = reader.start(file) is not reader
        if whole or (options.format or detect_format(take_sample(file))) != "parquet":
            slices.append(Slice(file, str(Path(file).absolute())))
        else:
            slices += _by_groups(file, rows)
    return slices


def _by_groups(file: str, rows: int) -> list[Slice]:
    path = str(Path(file).absolute())
    try:
        with pq.ParquetFile(file) as opened:
            sizes = [opened.metadata.row_group(at).num_rows for at in range(opened.num_row_groups)]
    except (OSError, pa.ArrowException):
        return [Slice(file, path)]  # reading it says what is wrong, as it does without Spark
    slices: list[Slice] = []
    groups: list[int] = []
    first, held = 1, 0
    for at, size in enumerate(sizes):
        groups.append(at)
        held += size
        if held >= rows or at == len(sizes) - 1:
            slices.append(Slice(file, path, tuple(groups), first))
            groups, first, held = [], first + held, 0
    return slices if len(slices) > 1 else [Slice(file, path)]
