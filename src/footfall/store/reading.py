"""Reads a file batch by batch into clean events, with the raw rows of what was not kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import InputError
from footfall.events.clean import CleanOptions, clean
from footfall.events.columns import ROW
from footfall.events.formats import read_raw
from footfall.events.raw import FormatOptions, RawBatch
from footfall.events.readers.contract import Reader
from footfall.store.rejects import raw_rows

__all__ = ["CleanBatch", "Rejected", "raw_again", "read_clean"]


@dataclass(frozen=True)
class Rejected:
    """Rows of a file that one rule stopped.

    Parameters
    ----------
    file, rule : str
    rows : list of int
        1 is the first row of data.
    raw : list of str
        The rows as they stood.
    """

    file: str
    rule: str
    rows: list[int]
    raw: list[str]


@dataclass(frozen=True)
class CleanBatch:
    """What became of a batch of raw rows.

    Parameters
    ----------
    events : pa.Table
        Clean events.
    rows : ndarray of int64
        The row of the file each event came from.
    rows_read : int
        Events found, with the rows that could not be read.
    rejected : list of Rejected
    repaired : dict of str to int
        Events kept after a repair, by rule.
    """

    events: pa.Table
    rows: npt.NDArray[np.int64]
    rows_read: int
    rejected: list[Rejected]
    repaired: dict[str, int]


def read_clean(
    file: str, batches: Iterable[RawBatch], reader: Reader, cleaning: CleanOptions
) -> Iterator[CleanBatch]:
    """Convert and clean the raw rows of one file.

    Parameters
    ----------
    file : str
    batches : iterable of RawBatch
        What :func:`footfall.events.formats.read_raw` gives for it, or a slice of that.
    reader : Reader
    cleaning : CleanOptions

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    reading = reader.start(file)
    for raw in batches:
        try:
            yield _cleaned(raw, reading.convert(raw.table), cleaning)
        except pa.ArrowException as error:  # bytes that are no text, in a typed file
            raise InputError(
                f"{file} holds values that cannot be read: {error}."
                " Write the file again with text as UTF-8."
            ) from error


def _cleaned(raw: RawBatch, draft: pa.Table, cleaning: CleanOptions) -> CleanBatch:
    cleaned = clean(draft, cleaning)
    rejected = []
    for rule in {broken.rule: None for broken in raw.broken}:
        lines = [broken for broken in raw.broken if broken.rule == rule]
        rejected.append(Rejected(raw.file, rule, [b.row for b in lines], [b.raw for b in lines]))
    for rule, rows in cleaned.rejects.items():
        rejected += _rejected(raw, rule, rows.tolist())
    return CleanBatch(
        cleaned.events.drop_columns([ROW]),
        cleaned.events.column(ROW).to_numpy(),
        draft.num_rows + len(raw.broken),
        rejected,
        cleaned.repaired,
    )


def _rejected(raw: RawBatch, rule: str, rows: Sequence[int]) -> list[Rejected]:
    if not rows:
        return []
    distinct = [*dict.fromkeys(rows)]
    text = dict(zip(distinct, raw_rows(raw.table, distinct), strict=True))
    return [Rejected(raw.file, rule, [*rows], [text[row] for row in rows])]


def raw_again(
    file: str,
    format: FormatOptions,  # noqa: A002  # the word users know
    rule: str,
    rows: Sequence[int],
) -> Iterator[Rejected]:
    """Read a file once more for the raw rows of events that turned out to be duplicates."""
    wanted = pa.array(sorted(set(rows)), pa.int64())
    for raw in read_raw(file, format):
        here = raw.table.column(ROW)
        mine = set(here.filter(pc.is_in(here, wanted)).to_pylist())
        yield from _rejected(raw, rule, [row for row in rows if row in mine])
