"""Parquet: batches as they are typed in the file."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import InputError
from footfall.events.columns import ROW
from footfall.events.raw import FormatOptions, RawBatch, checked_names
from footfall.events.sniff import Sample

__all__ = ["read_parquet"]


def read_parquet(sample: Sample, options: FormatOptions) -> Iterator[RawBatch]:
    """Read a Parquet file batch by batch, with the types it has.

    Raises
    ------
    InputError
        When the file is cut off or damaged; rows before the damage may have been given.
    """
    row = 1
    try:
        with pq.ParquetFile(sample.file) as file:
            names = checked_names(sample.file, file.schema_arrow.names)
            empty = pa.Table.from_batches([], file.schema_arrow)
            for batch in file.iter_batches(options.batch_rows):
                table = pa.Table.from_batches([batch]).rename_columns(names)
                numbers = np.arange(row, row + table.num_rows)
                row += table.num_rows
                yield RawBatch(sample.file, table.append_column(ROW, pa.array(numbers)), [])
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{sample.file} is no readable Parquet file: {error}. Fetch or write it again."
        ) from error
    if row == 1:
        numbers = pa.array([], pa.int64())
        yield RawBatch(sample.file, empty.rename_columns(names).append_column(ROW, numbers), [])
