"""Reads a file of any format as batches of raw rows.

The formats: CSV with any one-character delimiter, JSON lines, Parquet, Excel; the first two plain
or packed with gzip or zstd, in any encoding.
"""

from collections.abc import Callable, Iterator

from footfall.events.delimited import read_delimited
from footfall.events.excel_files import read_excel
from footfall.events.json_lines import read_json_lines
from footfall.events.parquet_files import read_parquet
from footfall.events.paths import expand_paths
from footfall.events.raw import Broken, FormatOptions, RawBatch
from footfall.events.sniff import Sample, detect_format, take_sample

__all__ = ["Broken", "FormatOptions", "RawBatch", "expand_paths", "read_raw"]

_READ: dict[str, Callable[[Sample, FormatOptions], Iterator[RawBatch]]] = {
    "csv": read_delimited,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
    "excel": read_excel,
}


def read_raw(path: str, options: FormatOptions | None = None) -> Iterator[RawBatch]:
    r"""Read one file batch by batch; memory does not grow with the file.

    Parameters
    ----------
    path : str
        The file. See `expand_paths` for folders and patterns.
    options : FormatOptions, optional
        What is known about the file; the rest is told from its first bytes.

    Yields
    ------
    RawBatch
        In the order of the file. A file with a header and no rows gives one batch without rows.

    Raises
    ------
    InputError
        When the file is missing, empty, binary, damaged, or unlike its format. It may come after
        some batches, so nothing should be kept before the last one.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "clicks.csv"
    >>> _ = file.write_text("user;item\nann;kettle\nbob\n")
    >>> [batch] = read_raw(str(file))
    >>> batch.table.to_pylist()
    [{'user': 'ann', 'item': 'kettle', '__row__': 1}]
    >>> batch.broken
    [Broken(row=2, rule='unreadable_row', raw='bob')]
    """
    options = options or FormatOptions()
    sample = take_sample(path)
    yield from _READ[options.format or detect_format(sample)](sample, options)
