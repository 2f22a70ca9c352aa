"""Append: clean events in, one commit out; sorts beyond memory and adds nothing twice."""

import contextlib
import shutil
import uuid
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

__all__ = ["Appended", "append_events", "open_events"]

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
    with workspace.writing():
        for tried in range(_TRIES):
            attempt = _Append(workspace, threads=threads, progress=progress)
            try:
                return attempt.run(batches(), before_commit)
            except ConflictError:
                if tried == _TRIES - 1:
                    raise
            except OSError as error:
                raise StoreError(
                    f"Cannot write the log in {workspace.location}: {error}"
                ) from error
            finally:
                shutil.rmtree(attempt.scratch, ignore_errors=True)
    raise AssertionError("unreachable: the last try returns or raises")


class _Append:
    """One try: reads the state of the log, prepares files, commits."""

    def __init__(self, workspace: Workspace, *, threads: int, progress: Progress) -> None:
        settings = workspace.settings()
        if settings is None:
            raise StoreError(f"{workspace.location} is not a footfall log.")
        self.workspace = workspace
        self.buckets = settings.buckets
        self.threads = threads
        self.progress = progress
        self.table = open_events(workspace)
        self.codes = open_codes(workspace, self.table)
        # By the table's own id: another log may have been at this place before.
        self.index = SeenIndex(workspace.cache / "seen" / str(self.table.delta.metadata().id))
        # Whoever left scratch here was killed: only the lock's holder writes.
        shutil.rmtree(workspace.cache / "scratch", ignore_errors=True)
        self.scratch = workspace.cache / "scratch" / uuid.uuid4().hex

    def run(
        self,
        batches: Iterable[pa.Table],
        before_commit: Callable[[Duplicates], None] | None,
    ) -> Appended:
        self._catch_up()
        with Spill(self.scratch / "rows") as rows, Arrivals(self.scratch / "keys") as arrivals:
            self._part(batches, rows, arrivals)
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
                    self.index.extend(arrivals.runs(), covered=self.table.counter + rows.rows)
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

    def _part(self, batches: Iterable[pa.Table], rows: Spill, arrivals: Arrivals) -> None:
        for given in batches:
            if given.num_rows == 0:
                continue
            batch = checked_events(given)
            places = np.arange(rows.rows, rows.rows + batch.num_rows)
            coded = code_events(
                batch, self.codes, arrival=self.table.counter + places, buckets=self.buckets
            )
            keys = coded.column("event_key").to_numpy().view(np.uint64)
            arrivals.add(keys, hash_rows(batch, second=True), places)
            rows.add(without_ids(coded))

    def _commit(
        self, rows: Spill, verdict: npt.NDArray[np.int8], settle: Callable[[], None]
    ) -> int:
        self.codes.save()
        added = self._write(rows, verdict, settle)
        return commit(
            self.table,
            add=added,
            partition=PARTITION,
            counter=self.table.counter + rows.rows,
            note={"events": str(sum(file.rows for file in added))},
        )

    def _write(
        self, rows: Spill, verdict: npt.NDArray[np.int8], settle: Callable[[], None]
    ) -> list[DataFile]:
        """Write the new rows, a file a bucket, then settle; on any failure no file is left."""
        buckets = rows.parts()
        filesystem = self.workspace.filesystem()
        written: list[DataFile] = []

        def write(bucket: int) -> None:
            part = rows.read(bucket)
            first = self.table.counter
            file = _sort_and_write(part, bucket, verdict, first, self.codes, filesystem)
            if file:
                written.append(file)

        try:
            with ThreadPoolExecutor(self.threads) as pool:
                for done, _ in enumerate(pool.map(write, buckets)):
                    self.progress("sort and write", done + 1, len(buckets))
            settle()
        except BaseException:
            for file in written:
                delete_file(file.path, filesystem)
            raise
        return written


def _nothing(duplicates: Duplicates) -> None:
    """Do nothing with the duplicates: they are counted anyway."""


def _sort_and_write(
    rows: pa.Table,
    bucket: int,
    verdict: npt.NDArray[np.int8],
    first_arrival: int,
    codes: Codes,
    filesystem: pafs.FileSystem,
) -> DataFile | None:
    places = rows.column("arrival").to_numpy() - first_arrival
    keep = np.flatnonzero(verdict[places] == NEW)
    if len(keep) == 0:
        return None
    user = rows.column("user_code").to_numpy()[keep]
    times = rows.column("timestamp").cast(pa.int64()).to_numpy()
    order = keep[log_order(user, times[keep])]
    return write_bucket(take_rows(rows, order), bucket=bucket, codes=codes, filesystem=filesystem)
