"""What a reader is: it names one export and turns its raw rows into draft events."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from footfall.errors import MappingError
from footfall.events.columns import REQUIRED, ROW
from footfall.events.raw import FormatOptions
from footfall.events.readers.raw_columns import RawColumns, folded

__all__ = ["Export", "Reader", "missing_columns"]


class Reader(Protocol):
    """Turns raw rows of one kind of export into draft events.

    A draft is an Arrow table with any of our event columns, loosely typed (text, numbers, times),
    and ``__row__``: the row of the file it came from. One row of the file may give several drafts
    (an order with three items) or none. Cleaning gives the drafts their types and rejects the bad.

    Whoever reads a file calls `start` once for that file, then `convert` on what it gave for each
    batch in order::

        reading = reader.start(path)
        for batch in read_raw(path, reader.format):
            draft = reading.convert(batch.table)
    """

    @property
    def name(self) -> str:
        """The word for ``--reader``."""

    @property
    def description(self) -> str:
        """One line for people."""

    @property
    def format(self) -> FormatOptions:
        """How the file is split when the user does not say."""

    def start(self, file: str) -> "Reader":
        """Give the reader for one file: itself, or a new one when rows depend on rows before."""

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Say whether a file with these columns is this export."""

    def convert(self, raw: pa.Table) -> pa.Table:
        """Turn one batch of raw rows into draft events."""


class Export(ABC):
    """Base of the named readers: checks the columns, then leaves the mapping to `_convert`."""

    name: str
    description: str
    format: FormatOptions = FormatOptions()
    # Without these columns the file is not this export; any spelling that folds to the same name.
    needs: tuple[str, ...]

    def start(self, file: str) -> "Reader":  # noqa: ARG002 -- most readers read every file alike
        """Give the reader for one file."""
        return self

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Say whether a file with these columns is this export."""
        return {folded(name) for name in self.needs} <= {folded(name) for name in column_names}

    def convert(self, raw: pa.Table) -> pa.Table:
        """Turn one batch of raw rows into draft events.

        Parameters
        ----------
        raw
            A raw table as the format layer gives it, with ``__row__``.

        Returns
        -------
        pa.Table of draft events.

        Raises
        ------
        MappingError
            When the table lacks a column of this export.
        """
        present = {folded(name) for name in raw.column_names}
        missing = [name for name in self.needs if folded(name) not in present]
        if missing:
            raise missing_columns(self.name, missing, raw.column_names)
        return self._convert(RawColumns(raw))

    @abstractmethod
    def _convert(self, raw: RawColumns) -> pa.Table:
        """Map the export's columns onto ours; the columns it needs are there."""


def missing_columns(owner: str, missing: Sequence[str], seen: Sequence[str]) -> MappingError:
    """Say which columns of an export the file lacks, what it has instead and what to do."""
    absent = ", ".join(map(repr, missing))
    names = [repr(name) for name in seen if name != ROW]
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    ours = ",".join(f"COLUMN={name}" for name in REQUIRED)
    return MappingError(
        f"The {owner} reader needs the column {absent}. The file has {shown or 'no columns'}. "
        f"If it is another export, name its columns yourself: --map {ours}"
    )
