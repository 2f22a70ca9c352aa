"""The first half of an ingest: a task reads and cleans a slice of a file and parts it by bucket."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.events.clean import CleanOptions
from footfall.events.columns import EVENT_TYPE, ITEM_ID, REJECT_SCHEMA, USER_ID
from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Reader
from footfall.store.coding import checked_events, event_keys
from footfall.store.files import take_rows
from footfall.store.hashing import buckets_of, hash_rows
from footfall.store.ids import IdMap
from footfall.store.reading import CleanBatch, raw_again, read_clean
from footfall.store.spark.scratch import ScratchFile, ScratchWriter
from footfall.store.spark.slices import Slice
from footfall.store.workspace import Workspace

__all__ = [
    "IDS",
    "KEYS",
    "KINDS",
    "PLACE",
    "REJECTS",
    "Again",
    "ReadPart",
    "ReadTask",
    "read_again",
    "read_part",
]

# Names of the tables in a task's scratch file; its rows lie under the numbers of their buckets.
KEYS, IDS, REJECTS = "keys", "ids", "rejects"
PLACE = "__place__"
_BUCKET = "__bucket__"
KINDS = {USER_ID: "users", ITEM_ID: "items", EVENT_TYPE: "event_types"}
_ROWS_HELD = 1_000_000


@dataclass(frozen=True)
class ReadTask:
    """A slice to read, and how.

    Parameters
    ----------
    workspace : Workspace
    folder : str
        Of scratch files, from the workspace's root.
    slice : Slice
    format : FormatOptions
    reader : Reader
    cleaning : CleanOptions
    buckets : int
    """

    workspace: Workspace
    folder: str
    slice: Slice
    format: FormatOptions
    reader: Reader
    cleaning: CleanOptions
    buckets: int


@dataclass(frozen=True)
class ReadPart:
    """What reading a slice gave.

    Parameters
    ----------
    file : ScratchFile
        Rows by bucket; KEYS (key, print, bucket and row of each event, in order); IDS (strings in
        the order of their first appearance); REJECTS.
    rows : int
        Clean events.
    rows_read : int
    repaired : dict of str to int
    """

    file: ScratchFile
    rows: int
    rows_read: int
    repaired: dict[str, int]


def read_part(task: ReadTask) -> ReadPart:
    """Read, clean and part a slice; the log is not touched."""
    filesystem = task.workspace.filesystem()
    with ScratchWriter(filesystem, task.folder) as out:
        reading = _Reading(out, task.buckets)
        raws = task.slice.batches(task.format)
        for batch in read_clean(task.slice.path, raws, task.reader, task.cleaning):
            reading.take(batch)
        reading.finish()
    return ReadPart(out.finished(), reading.rows, reading.rows_read, dict(reading.repaired))


class _Reading:
    """The state of one task."""

    def __init__(self, out: ScratchWriter, buckets: int) -> None:
        self._out = out
        self._buckets = buckets
        self._ids = {name: IdMap() for name in KINDS}
        self._held: list[pa.Table] = []
        self._rows_held = 0
        self.rows = 0
        self.rows_read = 0
        self.repaired: Counter[str] = Counter()

    def take(self, batch: CleanBatch) -> None:
        """Take one batch in."""
        self.rows_read += batch.rows_read
        self.repaired.update(batch.repaired)
        for found in batch.rejected:
            count = len(found.rows)
            columns = [[found.file] * count, found.rows, [found.rule] * count, found.raw]
            self._out.add(REJECTS, pa.table(columns, schema=REJECT_SCHEMA))
        if batch.events.num_rows == 0:
            return
        events = checked_events(batch.events)
        for name, ids in self._ids.items():
            if name in events.column_names:
                ids.encode(events.column(name))
        bucket = buckets_of(events.column(USER_ID).combine_chunks(), self._buckets)
        keys = {
            "key": event_keys(events),
            "print": hash_rows(events, second=True),
            "bucket": bucket,
            "row": batch.rows,
        }
        self._out.add(KEYS, pa.table(keys))
        place = np.arange(self.rows, self.rows + events.num_rows)
        self.rows += events.num_rows
        self._hold(events.append_column(PLACE, pa.array(place)), bucket)

    def _hold(self, events: pa.Table, bucket: np.ndarray) -> None:
        self._held.append(events.append_column(_BUCKET, pa.array(bucket)))
        self._rows_held += events.num_rows
        if self._rows_held >= _ROWS_HELD:
            self._flush()

    def _flush(self) -> None:
        """Write the rows held, those of each bucket together, in their order."""
        if not self._held:
            return
        rows = pa.concat_tables(self._held, promote_options="default")  # a batch may lack columns
        bucket = rows.column(_BUCKET).to_numpy()
        order = np.argsort(bucket, kind="stable")
        rows = take_rows(rows.drop_columns([_BUCKET]), order)
        numbers, starts = np.unique(bucket[order], return_index=True)
        ends = np.append(starts[1:], len(order))
        for number, start, end in zip(numbers.tolist(), starts, ends, strict=True):
            self._out.add(number, rows.slice(start, end - start))
        self._held, self._rows_held = [], 0

    def finish(self) -> None:
        """Write what is left."""
        self._flush()
        for name, ids in self._ids.items():
            self._out.add((IDS, name), pa.table({"id": ids.strings()}))


@dataclass(frozen=True)
class Again:
    """Rows of a file that one rule stopped after all were read.

    Parameters
    ----------
    file, path, rule : str
    rows : list of int
    format : FormatOptions
    """

    file: str
    path: str
    rule: str
    rows: list[int]
    format: FormatOptions


def read_again(task: Again) -> Iterable[tuple[list[int], list[str]]]:
    """Give the rows, as they stood, in the order of reading."""
    found = raw_again(task.path, task.format, task.rule, task.rows)
    return [(rejected.rows, rejected.raw) for rejected in found]
