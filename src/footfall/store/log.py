"""The log on disk: open a workspace, append to it, ask it questions, look at an older version."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from footfall.errors import OptionError, StoreError
from footfall.store.append import Appended, append_events, open_events
from footfall.store.buckets import Buckets, MappedChunks
from footfall.store.coding import LOG_SCHEMA
from footfall.store.delta import DataFile, TableVersion, commit
from footfall.store.dictionary import open_codes
from footfall.store.duplicates import Duplicates
from footfall.store.engine import ChunkSource, Engine, LocalEngine
from footfall.store.engines import engine_named
from footfall.store.files import (
    PARTITION,
    delete_file,
    log_order,
    read_rows,
    take_rows,
    write_bucket,
)
from footfall.store.keys import property_keys
from footfall.store.progress import Progress, silent
from footfall.store.segments import SavedSegments, WorkspaceShelf
from footfall.store.tables import read_table, save_table
from footfall.store.view import LogView
from footfall.store.workspace import Settings, Workspace

__all__ = ["Log", "open_log"]


def open_log(
    location: str | Path,
    *,
    create: bool = False,
    buckets: int = Settings.buckets,
    storage_options: Mapping[str, str] | None = None,
    engine: Engine | str | None = None,
) -> "Log":
    """Open the log in a folder or at an object-store URL.

    Parameters
    ----------
    location : str or Path
        The workspace: a folder, or a URL that delta-rs understands (``s3://...``).
    create : bool, default=False
        Make an empty log where there is none.
    buckets : int, default=16
        Parts the users are spread over, for a log that is made now.
    storage_options : mapping of str to str, optional
        Handed to delta-rs: keys, regions, endpoints.
    engine : Engine or str, optional
        What runs questions: ``"local"``, ``"spark"`` or ``"spark=spark://host:7077"``; threads of
        this machine by default.

    Raises
    ------
    OptionError
        If there is no engine of that name.
    StoreError
        If there is no log and ``create`` is False, or it cannot be read.
    """
    workspace = Workspace(str(location), dict(storage_options or {}))
    settings = workspace.make(Settings(buckets=buckets)) if create else workspace.settings()
    if settings is None:
        raise StoreError(
            f"There is no footfall log in {location}."
            f" Make one with: footfall ingest FILE --log {location}"
        )
    runs = engine_named(engine) if isinstance(engine, str) else engine
    return Log(workspace, settings, engine=runs or LocalEngine())


class Log(LogView):
    """One version of the log in a workspace.

    A log stays at the version it was opened at, so that the questions of one analysis agree,
    until it is appended to or :meth:`newest` is called.

    Parameters
    ----------
    workspace : Workspace
    settings : Settings
    engine : Engine
    version : int, optional
        An older version; the newest by default.
    """

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        *,
        engine: Engine,
        version: int | None = None,
    ) -> None:
        self.workspace = workspace
        self.settings = settings
        self.engine = engine
        self.saved = SavedSegments(WorkspaceShelf(workspace))
        self._pinned = version
        self._open()

    def _open(self) -> None:
        self._table: TableVersion = open_events(self.workspace, self._pinned)
        self.codes = open_codes(self.workspace, self._table)
        self._mapped = MappedChunks()
        for name in ("bucket_files", "users", "items", "_property_keys"):
            self.__dict__.pop(name, None)

    @property
    def version(self) -> int:
        """The version this log shows."""
        return self._table.version

    @property
    def events(self) -> int:
        """Number of events."""
        return sum(file.rows for file in self._table.files)

    @cached_property
    def bucket_files(self) -> dict[int, tuple[DataFile, ...]]:
        """Data files of each bucket that has any, oldest first."""
        files: dict[int, list[DataFile]] = {}
        for file in self._table.files:
            files.setdefault(int(file.partition), []).append(file)
        return {bucket: tuple(files[bucket]) for bucket in sorted(files)}

    @cached_property
    def users(self) -> pa.Table | None:  # type: ignore[override]  # read when first needed
        """The table of users, or None when the shop gave none."""
        return read_table(self.workspace, "users")

    @cached_property
    def items(self) -> pa.Table | None:  # type: ignore[override]
        """The table of items, or None when the shop gave none."""
        return read_table(self.workspace, "items")

    def source(self, columns: Sequence[str]) -> ChunkSource:
        """Give the chunks of this version with the columns asked for."""
        files = tuple(self.bucket_files.items())
        return Buckets(self.workspace, files, tuple(columns), self._mapped)

    def property_keys(self) -> list[str]:
        """Name the keys that occur in the properties of the log's events, sorted."""
        return [*self._property_keys]

    @cached_property
    def _property_keys(self) -> list[str]:
        files = [file for files in self.bucket_files.values() for file in files]
        folder, filesystem = self.workspace.cache / "keys", self.workspace.filesystem()
        return property_keys(files, folder=folder, filesystem=filesystem)

    def at(self, version: int) -> "Log":
        """Give the log as it stood at an older version.

        Raises
        ------
        StoreError
            If there is no such version.
        """
        newest = self.newest().version
        if not 0 <= version <= newest:
            raise StoreError(f"The log has versions 0 to {newest}. Got version {version}.")
        return Log(self.workspace, self.settings, engine=self.engine, version=version)

    def newest(self) -> "Log":
        """Give the log with what other processes added since it was opened."""
        return Log(self.workspace, self.settings, engine=self.engine)

    def append(
        self,
        events: pa.Table | Callable[[], Iterable[pa.Table]],
        *,
        before_commit: Callable[[Duplicates], None] | None = None,
        progress: Progress = silent,
    ) -> Appended:
        """Add clean events: all or none; events that are there already are not added again.

        Parameters
        ----------
        events : pa.Table, or callable giving an iterable of pa.Table
            Columns of EVENT_SCHEMA, the required ones and any others.
        before_commit : callable, optional
            Told which events are duplicates, before anything is visible.
        progress : callable
            See :mod:`footfall.store.progress`.

        Returns
        -------
        Appended

        Raises
        ------
        StoreError
            If the log cannot be written; it is then as it was.
        """
        if isinstance(events, pa.Table):
            table = events
            appended = append_events(
                self.workspace, lambda: [table], before_commit=before_commit, progress=progress
            )
        else:
            appended = append_events(
                self.workspace, events, before_commit=before_commit, progress=progress
            )
        self.renew()
        return appended

    def renew(self) -> None:
        """Show the newest version from now on."""
        self._pinned = None
        self._open()

    def scan(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Give the events with their text, a bucket at a time, each user's in log order.

        Parameters
        ----------
        columns : sequence of str, optional
            Columns of the table (LOG_SCHEMA); all by default.

        Raises
        ------
        OptionError
            If a column does not exist.
        """
        allowed = [name for name in LOG_SCHEMA.names if name != PARTITION]
        for name in columns or ():
            if name not in allowed:
                raise OptionError.of("columns", "scan", f"among {allowed}", name)
        return self._scan(columns)

    def _scan(self, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        filesystem = self.workspace.filesystem()
        for files in self.bucket_files.values():
            wanted = [*columns] if columns is not None else None
            keys = ["user_code", "timestamp", "arrival"]
            read = None if wanted is None else [*dict.fromkeys([*wanted, *keys])]
            rows = pa.concat_tables(
                [read_rows(file, columns=read, filesystem=filesystem) for file in files]
            )
            rows = take_rows(rows, _order(rows)) if len(files) > 1 else rows
            yield rows if wanted is None else rows.select(wanted)

    def save_table(self, kind: str, table: pa.Table) -> int:
        """Put rows into the table of items or users, replacing those with the same id.

        Parameters
        ----------
        kind : {"items", "users"}
        table : pa.Table
            With a column item_id or user_id.

        Returns
        -------
        int
            Rows in the table now.
        """
        with self.workspace.writing():
            count = save_table(self.workspace, kind, table)
        self.__dict__.pop(kind, None)
        return count

    def compact(self, *, progress: Progress = silent) -> int:
        """Rewrite buckets of several files as one sorted file each.

        Answers do not change; reading gets faster. Older versions stay readable.

        Returns
        -------
        int
            Number of buckets rewritten.

        Raises
        ------
        ConflictError
            If another machine appended in the meantime (object stores only).
        StoreError
            If the log cannot be written; it is then as it was.
        """
        with self.workspace.writing():
            self._pinned = None
            self._open()
            crowded = {bucket: f for bucket, f in self.bucket_files.items() if len(f) > 1}
            if not crowded:
                return 0
            added: list[DataFile] = []
            try:
                for bucket, files in crowded.items():
                    added.append(self._rewrite(bucket, files))
                    progress("compact", len(added), len(crowded))
            except BaseException:
                for file in added:
                    delete_file(file.path, self.workspace.filesystem())
                raise
            removed = [file for files in crowded.values() for file in files]
            commit(
                self._table,
                add=added,
                remove=removed,
                partition=PARTITION,
                counter=self._table.counter,
                note={"compacted": str(len(crowded))},
                rewrites=True,
            )
        self._open()
        return len(crowded)

    def _rewrite(self, bucket: int, files: Sequence[DataFile]) -> DataFile:
        filesystem = self.workspace.filesystem()
        rows = pa.concat_tables(
            [read_rows(file, columns=None, filesystem=filesystem) for file in files]
        )
        rows = take_rows(rows, _order(rows))
        return write_bucket(rows, bucket=bucket, codes=self.codes, filesystem=filesystem)


def _order(rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    by_arrival = np.argsort(rows.column("arrival").to_numpy(), kind="stable")
    user = rows.column("user_code").to_numpy()[by_arrival]
    times = rows.column("timestamp").cast(pa.int64()).to_numpy()[by_arrival]
    return by_arrival[log_order(user, times)]
