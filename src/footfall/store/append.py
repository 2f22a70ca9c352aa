"""Append: clean events in, one commit out; sorts beyond memory and adds nothing twice."""

import contextlib
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs as pafs

from footfall.errors import ConflictError, StoreError
from footfall.store.coding import LOG_SCHEMA, Codes, checked_events, code_events, event_keys
from footfall.store.delta import DataFile, TableVersion, commit, open_table
from footfall.store.dictionary import open_codes
from footfall.store.duplicates import CHANGED, EXACT, KNOWN, NEW, Arrivals, Duplicates
from footfall.store.files import (
    EVENTS_TABLE,
    PARTITION,
    delete_file,
    log_order,
    rows_since,
    take_rows,
    without_ids,
    write_bucket,
)
from footfall.store.hashing import hash_rows
from footfall.store.progress import Progress, silent
from footfall.store.seen import Run, SeenIndex
from footfall.store.spill import Spill
from footfall.store.workspace import Workspace

__all__ = ["Append", "Appended", "append_events", "attempt", "open_events", "sort_and_write"]

_TRIES = 8


@dataclass(frozen=True)
class Appended:
    """What an append did.

    Parameters
    ----------
    version : int
        Version of the log after it.
    rows_kept : int
        Events added.
    rows_known : int
        Events the log already held.
    exact, changed : int
        Events that repeat another of this append; events whose id stands for something else.
    """

    version: int
    rows_kept: int
    rows_known: int
    exact: int
    changed: int


def open_events(workspace: Workspace, version: int | None = None) -> TableVersion:
    """Open the table of events."""
    return open_table(
        workspace, EVENTS_TABLE, schema=LOG_SCHEMA, partition=PARTITION, version=version
    )


def append_events(
    workspace: Workspace,
    batches: Callable[[], Iterable[pa.Table]],
    *,
    before_commit: Callable[[Duplicates], None] | None = None,
    threads: int = 2,
    progress: Progress = silent,
) -> Appended:
    """Add clean events to the log: all of them, or, whatever happens, none.

    Parameters
    ----------
    workspace : Workspace
    batches : callable giving an iterable of pa.Table
        Columns of EVENT_SCHEMA. Called again if another process wins a race on an object store.
    before_commit : callable, optional
        Told which events are not kept, before anything is visible.
    threads : int, default=2
        Buckets sorted at once.
    progress : callable
        See :mod:`footfall.store.progress`.

    Raises
    ------
    ConflictError
        If other writers won eight races in a row (object stores only).
    StoreError
        If the log cannot be written; it is then as it was.
    """
    return attempt(
        workspace,
        lambda: _LocalAppend(workspace, batches, threads=threads, progress=progress),
        before_commit,
    )


def attempt(
    workspace: Workspace,
    begin: Callable[[], "Append"],
    before_commit: Callable[[Duplicates], None] | None = None,
) -> Appended:
    """Try an append until it is committed or fails for good.

    Parameters
    ----------
    workspace : Workspace
    begin : callable
        Gives a new try, which reads the state of the log anew.
    before_commit : callable, optional
        Told which events are not kept, before anything is visible.

    Raises
    ------
    ConflictError
        If other writers won eight races in a row (object stores only).
    StoreError
        If the log cannot be written; it is then as it was.
    """
    with workspace.writing():
        for tried in range(_TRIES):
            this = begin()
            try:
                return this.run(before_commit)
            except ConflictError:
                if tried == _TRIES - 1:
                    raise
            except OSError as error:
                raise StoreError(
                    f"Cannot write the log in {workspace.location}: {error}"
                ) from error
            finally:
                this.clean_up()
    raise AssertionError("unreachable: the last try returns or raises")


class Append(ABC):
    """One try: reads the state of the log, gathers events, writes files, commits.

    Parameters
    ----------
    workspace : Workspace
    progress : callable
        See :mod:`footfall.store.progress`.
    """

    def __init__(self, workspace: Workspace, *, progress: Progress) -> None:
        settings = workspace.settings()
        if settings is None:
            raise StoreError(f"{workspace.location} is not a footfall log.")
        self.workspace = workspace
        self.buckets = settings.buckets
        self.progress = progress
        self.table = open_events(workspace)
        self.codes = open_codes(workspace, self.table)
        # By the table's own id: another log may have been at this place before.
        self.index = SeenIndex(workspace.cache / "seen" / str(self.table.delta.metadata().id))
        # Whoever left scratch here was killed: only the lock's holder writes.
        shutil.rmtree(workspace.cache / "scratch", ignore_errors=True)
        self.scratch = workspace.cache / "scratch" / uuid.uuid4().hex

    @abstractmethod
    def gather(self, arrivals: Arrivals) -> int:
        """Take all events in, code their ids, add their keys to ``arrivals``; count them."""

    @abstractmethod
    def write(self, verdict: npt.NDArray[np.int8], written: list[DataFile]) -> None:
        """Write the new events, a file a bucket, adding each file to ``written`` at once."""

    def clean_up(self) -> None:
        """Remove what the try left aside."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run(self, before_commit: Callable[[Duplicates], None] | None) -> Appended:
        """Gather, judge, write and commit."""
        self._catch_up()
        with Arrivals(self.scratch / "keys") as arrivals:
            rows = self.gather(arrivals)
            verdict = arrivals.judge(self.index)
            counts = np.bincount(verdict, minlength=4)
            exact, changed = (np.flatnonzero(verdict == kind) for kind in (EXACT, CHANGED))
            settle = partial(before_commit or _nothing, Duplicates(exact, changed))
            version = self.table.version
            if not counts[NEW]:
                settle()
            else:
                version = self._commit(rows, verdict, settle)
                with contextlib.suppress(StoreError):  # committed: the index catches up next time
                    self.index.extend(arrivals.runs(), covered=self.table.counter + rows)
        return Appended(
            version, int(counts[NEW]), int(counts[KNOWN]), int(counts[EXACT]), int(counts[CHANGED])
        )

    def _catch_up(self) -> None:
        """Bring the index up to the log: after a kill, a lost cache, another machine's append."""
        if self.index.covered == self.table.counter:
            return
        if self.index.covered > self.table.counter:  # the index of a log that was here before
            self.index.clear()
        filesystem = self.workspace.filesystem()
        for number, file in enumerate(self.table.files):
            rows = rows_since(file, self.index.covered, filesystem=filesystem)
            pieces = [pa.Table.from_batches([piece]) for piece in rows.to_batches()]
            if not pieces:
                continue
            keys = np.concatenate([event_keys(piece) for piece in pieces])
            prints = np.concatenate([hash_rows(piece, second=True) for piece in pieces])
            order = np.argsort(keys)
            self.index.extend([Run(keys[order], prints[order])], covered=self.index.covered)
            self.progress("index", number + 1, len(self.table.files))
        self.index.extend([], covered=self.table.counter)

    def _commit(self, rows: int, verdict: npt.NDArray[np.int8], settle: Callable[[], None]) -> int:
        self.codes.save()
        added = self._write(verdict, settle)
        return commit(
            self.table,
            add=added,
            partition=PARTITION,
            counter=self.table.counter + rows,
            note={"events": str(sum(file.rows for file in added))},
        )

    def _write(self, verdict: npt.NDArray[np.int8], settle: Callable[[], None]) -> list[DataFile]:
        """Write the new rows, then settle; on any failure no file is left."""
        written: list[DataFile] = []
        try:
            self.write(verdict, written)
            settle()
        except BaseException:
            for file in written:
                delete_file(file.path, self.workspace.filesystem())
            raise
        return written


class _LocalAppend(Append):
    """One try in this process: rows go through memory and, when many, this machine's disk."""

    def __init__(
        self,
        workspace: Workspace,
        batches: Callable[[], Iterable[pa.Table]],
        *,
        threads: int,
        progress: Progress,
    ) -> None:
        super().__init__(workspace, progress=progress)
        self._batches = batches
        self._threads = threads
        self._rows = Spill(self.scratch / "rows")

    def gather(self, arrivals: Arrivals) -> int:
        """Read the batches; rows are kept by bucket."""
        for given in self._batches():
            if given.num_rows == 0:
                continue
            batch = checked_events(given)
            places = np.arange(self._rows.rows, self._rows.rows + batch.num_rows)
            coded = code_events(
                batch, self.codes, arrival=self.table.counter + places, buckets=self.buckets
            )
            keys = coded.column("event_key").to_numpy().view(np.uint64)
            arrivals.add(keys, hash_rows(batch, second=True), places)
            self._rows.add(without_ids(coded))
        return self._rows.rows

    def write(self, verdict: npt.NDArray[np.int8], written: list[DataFile]) -> None:
        """Sort and write some buckets at a time."""
        buckets = self._rows.parts()
        filesystem = self.workspace.filesystem()

        def write(bucket: int) -> None:
            rows = self._rows.read(bucket)
            places = rows.column("arrival").to_numpy() - self.table.counter
            keep = np.flatnonzero(verdict[places] == NEW)
            if len(keep):
                written.append(
                    sort_and_write(
                        rows, keep, bucket=bucket, codes=self.codes, filesystem=filesystem
                    )
                )

        with ThreadPoolExecutor(self._threads) as pool:
            for done, _ in enumerate(pool.map(write, buckets)):
                self.progress("sort and write", done + 1, len(buckets))


def _nothing(duplicates: Duplicates) -> None:
    """Do nothing with the duplicates: they are counted anyway."""


def sort_and_write(
    rows: pa.Table,
    keep: npt.NDArray[np.int64],
    *,
    bucket: int,
    codes: Codes,
    filesystem: pafs.FileSystem,
    run: str = "",
) -> DataFile:
    """Bring rows of a bucket into log order and write them.

    Parameters
    ----------
    rows : pa.Table
        In order of arrival.
    keep : ndarray of int64
        Which of them.
    bucket, codes, filesystem, run
        See :func:`footfall.store.files.write_bucket`.
    """
    user = rows.column("user_code").to_numpy()[keep]
    times = rows.column("timestamp").cast(pa.int64()).to_numpy()
    order = keep[log_order(user, times[keep])]
    return write_bucket(
        take_rows(rows, order), bucket=bucket, codes=codes, filesystem=filesystem, run=run
    )
