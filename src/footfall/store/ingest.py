"""From files to the log: read, convert, clean, append; what is not kept goes to the rejects."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.choosing import choose_reader
from footfall.events.clean import CleanOptions
from footfall.events.formats import expand_paths, read_raw
from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Reader
from footfall.store.duplicates import CHANGED_DUPLICATE, EXACT_DUPLICATE, Duplicates
from footfall.store.engine import Engine
from footfall.store.engines import engine_named
from footfall.store.log import Log
from footfall.store.progress import Progress, silent
from footfall.store.reading import CleanBatch, Rejected, raw_again, read_clean
from footfall.store.rejects import Rejects
from footfall.store.spark.engine import SparkEngine

__all__ = ["CHANGED_DUPLICATE", "EXACT_DUPLICATE", "Ingested", "ingest"]

T = TypeVar("T")


@dataclass(frozen=True)
class Ingested:
    """What reading some files did to the log.

    Parameters
    ----------
    rows_read : int
        Events found in the files, with the rows that could not be read. One row may hold several
        events (an order of three lines).
    rows_kept : int
        Events added.
    rows_rejected : dict of str to int
        Rows put aside, by rule; the rows themselves are in the rejects.
    rows_known : int
        Events the log held already.
    rows_repaired : dict of str to int
        Events kept after a repair, by rule.
    version : int
        Version of the log afterwards.
    """

    rows_read: int
    rows_kept: int
    rows_rejected: dict[str, int]
    rows_known: int
    rows_repaired: dict[str, int]
    version: int

    def to_json(self) -> dict[str, object]:
        """Give the counts as plain values."""
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "rows_rejected": dict(self.rows_rejected),
            "rows_known": self.rows_known,
            "rows_repaired": dict(self.rows_repaired),
            "version": self.version,
        }


def ingest(
    log: Log,
    files: Sequence[str],
    *,
    reader: Reader | str | None = None,
    mapping: str | None = None,
    format: FormatOptions | None = None,  # noqa: A002  # the word users know
    cleaning: CleanOptions | None = None,
    engine: Engine | str | None = None,
    progress: Progress = silent,
) -> Ingested:
    """Read files into a log: all of them in one commit, or none.

    Parameters
    ----------
    log : Log
    files : sequence of str
        Paths of files, folders or patterns.
    reader : Reader or str, optional
        What turns the files' rows into events, or its name. When neither it nor a mapping is
        given, the first file's columns must be those of a known export.
    mapping : str, optional
        Their columns onto ours: ``"uid=user_id,when=timestamp"``.
    format : FormatOptions, optional
        How the files are split; the reader's own form where None.
    cleaning : CleanOptions, optional
        The rules' limits, and the clock; the default limits and the clock of this machine.
    engine : Engine or str, optional
        What reads, sorts and writes: this process, or Spark (``"spark"``, see docs/spark.md); the
        engine of the log by default.
    progress : callable
        See :mod:`footfall.store.progress`.

    Returns
    -------
    Ingested

    Raises
    ------
    OptionError
        If the reader is unknown, or must be told because the columns are no known export's.
    InputError
        If a file cannot be read to its end; nothing is kept of any.
    StoreError
        If the log cannot be written; it is as it was.
    """
    paths = expand_paths(files)
    chosen = _chosen(paths[0], reader, mapping, format)
    rules = cleaning or CleanOptions(now=datetime.now(UTC))
    how = _merged(chosen.format, format)
    runs = engine_named(engine) if isinstance(engine, str) else engine or log.engine
    if isinstance(runs, SparkEngine):
        from footfall.store.spark.ingest import ingest_on_spark

        return Ingested(**ingest_on_spark(log, paths, chosen, how, rules, runs, progress))
    reading = _Reading(log, paths, chosen, how, rules, progress)
    appended = log.append(reading.batches, before_commit=reading.settle, progress=progress)
    return Ingested(
        rows_read=reading.rows_read,
        rows_kept=appended.rows_kept,
        rows_rejected=dict(sorted(reading.rejects.counts.items())),
        rows_known=appended.rows_known,
        rows_repaired=dict(sorted(reading.repaired.items())),
        version=appended.version,
    )


def _chosen(
    file: str,
    reader: Reader | str | None,
    mapping: str | None,
    format: FormatOptions | None,  # noqa: A002
) -> Reader:
    """Find the reader; a guess is offered, never used unasked."""
    if reader is not None and not isinstance(reader, str):
        return reader
    choice = choose_reader(file, name=reader, mapping=mapping, format=format)
    if choice.guessed is not None:
        line = ",".join(f"{theirs}={ours}" for ours, theirs in choice.guessed.items())
        raise OptionError(
            f"The columns of {file} are no known export's. Say which is which: mapping={line!r}"
        )
    return choice.reader


def _merged(own: FormatOptions, given: FormatOptions | None) -> FormatOptions:
    """Let what the user says about a file stand before what its reader expects."""
    if given is None:
        return own
    said = {name: value for name, value in vars(given).items() if value is not None}
    return replace(own, **said)


class _Reading:
    """The files as batches of clean events, with an account of every row that was not kept."""

    def __init__(
        self,
        log: Log,
        files: Sequence[str],
        reader: Reader,
        format: FormatOptions,  # noqa: A002
        cleaning: CleanOptions,
        progress: Progress,
    ) -> None:
        self._log = log
        self._files = list(files)
        self._reader = reader
        self._format = format
        self._cleaning = cleaning
        self._progress = progress
        self._forget()

    def _forget(self) -> None:
        self.rejects = Rejects(self._log.workspace, reader=self._reader.name)
        self.repaired: dict[str, int] = {}
        self.rows_read = 0
        self._origins: list[tuple[str, np.ndarray[tuple[int], np.dtype[np.int64]]]] = []

    def batches(self) -> Iterator[pa.Table]:
        """Give clean events; begins anew each time it is called."""
        self._forget()
        return prefetch(self._read_all)

    def _read_all(self) -> Iterator[pa.Table]:
        for number, file in enumerate(self._files):
            raws = read_raw(file, self._format)
            for batch in read_clean(file, raws, self._reader, self._cleaning):
                self._count(batch)
                self._origins.append((file, batch.rows))
                yield batch.events
            self._progress("read files", number + 1, len(self._files))

    def _count(self, batch: CleanBatch) -> None:
        self.rows_read += batch.rows_read
        for found in batch.rejected:
            self._reject(found)
        for rule, count in batch.repaired.items():
            self.repaired[rule] = self.repaired.get(rule, 0) + count

    def _reject(self, found: Rejected) -> None:
        self.rejects.add(found.file, found.rule, found.rows, found.raw)

    def settle(self, duplicates: Duplicates) -> None:
        """Put aside the duplicates the log found, then make all rejects visible."""
        for rule, places in (
            (EXACT_DUPLICATE, duplicates.exact),
            (CHANGED_DUPLICATE, duplicates.changed),
        ):
            for file, rows in self._places_in_files(places):
                for found in raw_again(file, self._format, rule, rows):
                    self._reject(found)
        self.rejects.commit()

    def _places_in_files(self, places: np.ndarray) -> Iterator[tuple[str, list[int]]]:
        by_file: dict[str, list[int]] = {}
        start = 0
        for file, rows in self._origins:
            mine = places[(places >= start) & (places < start + len(rows))] - start
            if len(mine):
                by_file.setdefault(file, []).extend(rows[mine].tolist())
            start += len(rows)
        yield from by_file.items()


def prefetch(items: Callable[[], Iterable[T]], *, ahead: int = 2) -> Iterator[T]:
    """Run an iterable in a thread of its own, a few items ahead of whoever takes them.

    Reading and cleaning then overlap with hashing and sorting. An error in the thread is raised
    at the place of the item that failed.

    Examples
    --------
    >>> list(prefetch(lambda: iter([1, 2, 3])))
    [1, 2, 3]
    """
    source = iter(items())
    finished = object()
    with ThreadPoolExecutor(1, thread_name_prefix="footfall-read") as pool:
        waiting = [pool.submit(next, source, finished) for _ in range(ahead)]
        while waiting:
            item = waiting.pop(0).result()
            if item is finished:
                break
            waiting.append(pool.submit(next, source, finished))
            yield item  # type: ignore[misc]  # not the end: an item
