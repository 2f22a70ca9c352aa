"""The chunks of one version of a log: opened here, or in another process or on another machine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from footfall.errors import StoreError
from footfall.store.cache import BucketCache, read_chunk
from footfall.store.chunk import UserChunk
from footfall.store.delta import DataFile
from footfall.store.workspace import Workspace

__all__ = ["Buckets", "MappedChunks"]

_MOST_MAPPED = 256


class MappedChunks:
    """Chunks that earlier questions mapped, so that small logs answer at once."""

    def __init__(self) -> None:
        self._chunks: dict[tuple[int, tuple[str, ...]], UserChunk] = {}

    def get(self, bucket: int, columns: tuple[str, ...]) -> UserChunk | None:
        """Give a chunk; None if no question mapped it."""
        return self._chunks.get((bucket, columns))

    def keep(self, bucket: int, columns: tuple[str, ...], chunk: UserChunk) -> None:
        """Remember a chunk if it is mapped from files and costs no memory."""
        if not isinstance(chunk.users, np.memmap):
            return
        mapped = sum(len(key[1]) + 2 for key in [*self._chunks])
        if mapped + len(columns) + 2 > _MOST_MAPPED:
            self._chunks.clear()  # each array keeps a file open, and systems allow 1,024
        self._chunks[bucket, columns] = chunk


@dataclass(frozen=True)
class Buckets:
    """The buckets of one version of a log as a source of chunks, a bucket a chunk.

    It can be pickled. In the process it is sent to it opens the same data files, with the
    workspace's cache if that can be written there and without one if it cannot.

    Parameters
    ----------
    workspace : Workspace
    files : tuple of (bucket, data files)
    columns : tuple of str
    mapped : MappedChunks or None
        None in another process than the log's own.
    """

    workspace: Workspace
    files: tuple[tuple[int, tuple[DataFile, ...]], ...]
    columns: tuple[str, ...]
    mapped: MappedChunks | None = None

    def __len__(self) -> int:
        """Give the number of chunks."""
        return len(self.files)

    @property
    def events(self) -> int:
        """Number of events in all chunks."""
        return sum(file.rows for _, files in self.files for file in files)

    def open(self, number: int) -> UserChunk:
        """Give one chunk.

        Raises
        ------
        StoreError
            If a data file is missing or damaged, or this machine's cache cannot be written.
        """
        bucket, files = self.files[number]
        if self.mapped is None:
            return self._open_elsewhere(bucket, files)
        chunk = self.mapped.get(bucket, self.columns)
        if chunk is None:
            chunk = self._cache(bucket).chunk(files, self.columns)
            self.mapped.keep(bucket, self.columns, chunk)
        return chunk

    def part(self, number: int) -> "Buckets":
        """Give one chunk as a source of its own, which is all that another process needs."""
        return replace(self, files=(self.files[number],))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "workspace": self.workspace.absolute(), "mapped": None}

    def _cache(self, bucket: int) -> BucketCache:
        folder = self.workspace.cache / "chunks" / f"{bucket:04d}"
        return BucketCache(folder, self.workspace.filesystem())

    def _open_elsewhere(self, bucket: int, files: Sequence[DataFile]) -> UserChunk:
        try:
            return self._cache(bucket).chunk(files, self.columns)
        except (StoreError, OSError, RuntimeError):
            # No home, or no place to write, on that machine: the data files say the same. If it
            # is they that cannot be read, reading them says so.
            return read_chunk(files, self.columns, filesystem=self.workspace.filesystem())
