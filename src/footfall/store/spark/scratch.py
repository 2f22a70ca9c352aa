"""Files that tasks leave for later tasks: named tables in one file, in the workspace's scratch.

They lie beside the log, not on a worker's disk: a worker that dies takes nothing with it, and
nothing passes through Java.
"""

import uuid
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.fs as pafs
from pyarrow import ipc

__all__ = ["Entry", "ScratchFile", "ScratchWriter"]

Entry = tuple[Hashable, int, int]  # name, start, end

_LZ4 = ipc.IpcWriteOptions(compression="lz4")
_BUFFER_BYTES = 1 << 22
_WRITE_BYTES = 1 << 20  # below the buffer: files of delta-rs refuse what passes it by


@dataclass(frozen=True)
class ScratchFile:
    """A finished file: where it is, and where in it each table lies.

    Parameters
    ----------
    path : str
        From the root of the workspace.
    index : tuple of (name, start, end)
        In the order of writing; tables of one name are read one after the other.
    """

    path: str
    index: tuple[Entry, ...]

    def read(self, name: Hashable, filesystem: pafs.FileSystem) -> Iterator[pa.Table]:
        """Give the tables of a name."""
        wanted = [(start, end) for other, start, end in self.index if other == name]
        if not wanted:
            return
        with filesystem.open_input_file(self.path) as file:
            for start, end in wanted:
                file.seek(start)
                with ipc.open_stream(file.read_buffer(end - start)) as stream:
                    yield stream.read_all()


class ScratchWriter:
    """Writes a scratch file; each try of a task writes one of its own.

    Parameters
    ----------
    filesystem : pyarrow.fs.FileSystem
        Rooted at the workspace.
    folder : str
        From that root.
    """

    def __init__(self, filesystem: pafs.FileSystem, folder: str) -> None:
        filesystem.create_dir(folder)
        self._path = f"{folder}/{uuid.uuid4().hex}.arrows"
        self._file = filesystem.open_output_stream(self._path, buffer_size=_BUFFER_BYTES)
        self._index: list[Entry] = []
        self._size = 0

    def add(self, name: Hashable, table: pa.Table) -> None:
        """Write a table under a name."""
        sink = pa.BufferOutputStream()
        with ipc.new_stream(sink, table.schema, options=_LZ4) as writer:
            writer.write_table(table)
        written = memoryview(sink.getvalue())
        for start in range(0, len(written), _WRITE_BYTES):
            self._file.write(written[start : start + _WRITE_BYTES])
        self._index.append((name, self._size, self._size + len(written)))
        self._size += len(written)

    def finished(self) -> ScratchFile:
        """Give the file; call when the ``with`` block is over."""
        return ScratchFile(self._path, tuple(self._index))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
