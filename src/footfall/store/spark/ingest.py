"""Ingest on Spark: tasks read and clean files, the driver judges duplicates, tasks write buckets.

Ids get their codes in the order of files and rows, whatever task ends first, so that the log is
the one an ingest without Spark would have made. The driver holds the ids and, on its disk, 34
bytes an event while duplicates are judged; the events themselves never pass through it.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs as pafs

from footfall.events.clean import CleanOptions
from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Reader
from footfall.store.append import Append, Appended, attempt
from footfall.store.delta import DataFile
from footfall.store.duplicates import (
    CHANGED_DUPLICATE,
    EXACT_DUPLICATE,
    NEW,
    Arrivals,
    Duplicates,
)
from footfall.store.files import EVENTS_TABLE, PARTITION, delete_file
from footfall.store.hashing import buckets_of
from footfall.store.log import Log
from footfall.store.progress import Progress
from footfall.store.rejects import Rejects
from footfall.store.spark.engine import SparkEngine
from footfall.store.spark.read_task import (
    IDS,
    KEYS,
    KINDS,
    REJECTS,
    Again,
    ReadPart,
    ReadTask,
    read_again,
    read_part,
)
from footfall.store.spark.scratch import Entry, ScratchFile, ScratchWriter
from footfall.store.spark.slices import Slice, slices_of
from footfall.store.spark.write_task import WriteTask, write_part

__all__ = ["ingest_on_spark"]


def ingest_on_spark(
    log: Log,
    files: Sequence[str],
    reader: Reader,
    format: FormatOptions,  # noqa: A002  # the word users know
    cleaning: CleanOptions,
    engine: SparkEngine,
    progress: Progress,
) -> dict[str, Any]:
    """Read files into a log by tasks; see :func:`footfall.store.ingest.ingest`.

    Returns
    -------
    dict
        The fields of :class:`footfall.store.ingest.Ingested`.
    """
    slices = slices_of(files, reader, format)
    tries: list[_SparkAppend] = []

    def begin() -> _SparkAppend:
        tasks = _Tasks(log, slices, reader, format, cleaning)
        tries.append(_SparkAppend(tasks, engine, progress))
        return tries[-1]

    appended = attempt(log.workspace, begin)
    log.renew()
    done = tries[-1]
    repaired: Counter[str] = Counter()
    for part in done.parts:
        repaired.update(part.repaired)
    return {
        "rows_read": sum(part.rows_read for part in done.parts),
        "rows_kept": appended.rows_kept,
        "rows_rejected": dict(sorted(done.rejects.counts.items())),
        "rows_known": appended.rows_known,
        "rows_repaired": dict(sorted(repaired.items())),
        "version": appended.version,
    }


@dataclass(frozen=True)
class _Tasks:
    """What there is to read, and how."""

    log: Log
    slices: Sequence[Slice]
    reader: Reader
    format: FormatOptions
    cleaning: CleanOptions


class _SparkAppend(Append):
    """One try whose rows are read and written by tasks."""

    def __init__(self, tasks: _Tasks, engine: SparkEngine, progress: Progress) -> None:
        super().__init__(tasks.log.workspace, progress=progress)
        self._tasks = tasks
        self._engine = engine
        self._sent = self.workspace.absolute()
        self._run = uuid.uuid4().hex[:8]
        # In the workspace, not in its cache: workers of other machines reach it there.
        self._folder = f".cache/scratch/{self.scratch.name}-spark"
        self.rejects = Rejects(self.workspace, reader=tasks.reader.name)
        self.parts: list[ReadPart] = []
        self._offsets: list[int] = []
        self._touched: dict[str, npt.NDArray[np.int32]] = {}

    def run(self, before_commit: Callable[[Duplicates], None] | None = None) -> Appended:
        """Gather, judge, write and commit; rejects are settled here."""
        return super().run(before_commit or self._settle)

    def gather(self, arrivals: Arrivals) -> int:
        """Read the files in tasks, then number ids and events in the order of reading."""
        tasks = self._tasks
        work = [
            ReadTask(
                self._sent, self._folder, one, tasks.format, tasks.reader, tasks.cleaning,
                self.buckets,
            )
            for one in tasks.slices
        ]  # fmt: skip
        self.parts = self._engine.run(work, read_part, label="read files", progress=self.progress)
        files = self.workspace.filesystem()
        codes: dict[str, list[npt.NDArray[np.int32]]] = {kind: [] for kind in KINDS.values()}
        rows = 0
        for part in self.parts:
            self._offsets.append(rows)
            for name, kind in KINDS.items():
                for ids in part.file.read((IDS, name), files):
                    codes[kind].append(getattr(self.codes, kind).encode(ids.column("id")))
            for keys in part.file.read(KEYS, files):
                places = np.arange(rows, rows + keys.num_rows)
                arrivals.add(keys.column("key").to_numpy(), keys.column("print").to_numpy(), places)
                rows += keys.num_rows
            for table in part.file.read(REJECTS, files):
                file, numbers, rule, raw = (column.to_pylist() for column in table.columns)
                self.rejects.add(file[0], rule[0], numbers, raw)
        self._touched = {
            kind: np.unique(np.concatenate([np.zeros(0, np.int32), *some]))
            for kind, some in codes.items()
        }
        return rows

    def write(self, verdict: npt.NDArray[np.int8], written: list[DataFile]) -> None:
        """Write the buckets in tasks; what lost tasks left is removed."""
        files = self.workspace.filesystem()
        by_bucket = self._by_bucket()
        numbers = [*by_bucket]
        dropped = self._dropped(verdict, files)
        codes = self._write_codes(files, numbers)
        totals = (len(self.codes.users), len(self.codes.items), len(self.codes.event_types))
        work = [
            WriteTask(
                self._sent, bucket, self.buckets, tuple(parts), dropped.get(bucket),
                codes, totals, self.table.counter, self._run,
            )
            for bucket, parts in by_bucket.items()
        ]  # fmt: skip
        try:
            done = self._engine.run(
                work, write_part, label="sort and write", progress=self.progress
            )
            written.extend(file for file in done if file is not None)
        finally:
            self._sweep(files, numbers, {file.path for file in written})

    def _by_bucket(self) -> dict[int, list[tuple[ScratchFile, int]]]:
        """Give the files that hold rows of a bucket, with the part of their index about it."""
        found: dict[int, list[tuple[ScratchFile, int]]] = {}
        for part, offset in zip(self.parts, self._offsets, strict=True):
            index: dict[int, list[Entry]] = {}
            for entry in part.file.index:
                if isinstance(entry[0], int):
                    index.setdefault(entry[0], []).append(entry)
            for bucket, entries in index.items():
                mine = ScratchFile(part.file.path, tuple(entries))
                found.setdefault(bucket, []).append((mine, offset))
        return dict(sorted(found.items()))

    def _dropped(
        self, verdict: npt.NDArray[np.int8], files: pafs.FileSystem
    ) -> dict[int, npt.NDArray[np.int64]]:
        """Give the places of events that are not new, by bucket."""
        by_bucket: dict[int, list[npt.NDArray[np.int64]]] = {}
        for at, places in self._by_part(np.flatnonzero(verdict != NEW)):
            tables = [keys.column("bucket") for keys in self.parts[at].file.read(KEYS, files)]
            bucket = pa.chunked_array(tables).to_numpy()[places - self._offsets[at]]
            for number in np.unique(bucket).tolist():
                by_bucket.setdefault(number, []).append(places[bucket == number])
        return {number: np.concatenate(some) for number, some in by_bucket.items()}

    def _by_part(
        self, places: npt.NDArray[np.int64]
    ) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """Split ascending places by the part they are of."""
        for at, (part, offset) in enumerate(zip(self.parts, self._offsets, strict=True)):
            start, end = np.searchsorted(places, [offset, offset + part.rows])
            if end > start:
                yield at, places[start:end]

    def _write_codes(self, files: pafs.FileSystem, numbers: Sequence[int]) -> ScratchFile:
        """Leave the ids of this ingest with their codes, users by bucket, for the tasks."""
        with ScratchWriter(files, self._folder) as out:
            for kind in ("items", "event_types"):
                touched = self._touched[kind]
                out.add(kind, _coded(getattr(self.codes, kind).strings(touched), touched))
            touched = self._touched["users"]
            users = self.codes.users.strings(touched)
            bucket = buckets_of(users, self.buckets)
            order = np.argsort(bucket, kind="stable")
            starts = np.searchsorted(bucket[order], numbers)
            ends = np.searchsorted(bucket[order], numbers, side="right")
            for number, start, end in zip(numbers, starts, ends, strict=True):
                mine = order[start:end]
                out.add(("users", number), _coded(users.take(pa.array(mine)), touched[mine]))
        return out.finished()

    def _sweep(self, files: pafs.FileSystem, numbers: Sequence[int], kept: set[str]) -> None:
        """Delete the data files of this run that no task answered for: their workers died."""
        for number in numbers:
            folder = f"{EVENTS_TABLE}/{PARTITION}={number}"
            for found in files.get_file_info(pafs.FileSelector(folder, allow_not_found=True)):
                name = found.path.rsplit("/", 1)[-1]
                path = f"{PARTITION}={number}/{name}"
                if f"-{self._run}" in name and path not in kept:
                    delete_file(path, files)

    def _settle(self, duplicates: Duplicates) -> None:
        """Put the duplicates aside with their rows as they stood, then show all rejects."""
        files = self.workspace.filesystem()
        work = []
        for rule, places in (
            (EXACT_DUPLICATE, duplicates.exact),
            (CHANGED_DUPLICATE, duplicates.changed),
        ):
            by_file: dict[tuple[str, str], list[int]] = {}
            for at, mine in self._by_part(places):
                tables = [keys.column("row") for keys in self.parts[at].file.read(KEYS, files)]
                rows = pa.chunked_array(tables).to_numpy()[mine - self._offsets[at]]
                one = self._tasks.slices[at]
                by_file.setdefault((one.file, one.path), []).extend(rows.tolist())
            work += [Again(*who, rule, rows, self._tasks.format) for who, rows in by_file.items()]
        found = self._engine.run(work, read_again, label="rejects", progress=self.progress)
        for task, calls in zip(work, found, strict=True):
            for rows, raw in calls:
                self.rejects.add(task.file, task.rule, rows, raw)
        self.rejects.commit()

    def clean_up(self) -> None:
        """Remove the scratch of tasks, too."""
        super().clean_up()
        with contextlib.suppress(OSError):  # what cannot be deleted is only lost space
            self.workspace.filesystem().delete_dir(self._folder)


def _coded(strings: pa.Array, codes: npt.NDArray[np.int32]) -> pa.Table:
    return pa.table({"id": strings, "code": pa.array(codes, pa.int32())})
