"""Rows on their way into the log, parted by bucket: in memory while few, on disk when many."""

import shutil
from collections import defaultdict
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from footfall.store.files import PARTITION

__all__ = ["Spill"]

_ROWS_IN_MEMORY = 2_000_000
_LZ4 = ipc.IpcWriteOptions(compression="lz4")


class Spill:
    """Parts tables by a column of part numbers and gives each part back in order of arrival.

    Used in a ``with`` block: what was put on disk is gone after it.

    Parameters
    ----------
    folder : Path
        Where parts go when they outgrow memory.
    rows_in_memory : int
        Rows held before parts go to disk.
    """

    def __init__(self, folder: Path, *, rows_in_memory: int = _ROWS_IN_MEMORY) -> None:
        self._folder = folder
        self._limit = rows_in_memory
        self._held: defaultdict[int, list[pa.Table]] = defaultdict(list)
        self._rows_held = 0
        self._paths: defaultdict[int, list[Path]] = defaultdict(list)
        self.rows = 0

    def __enter__(self) -> "Spill":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, table: pa.Table) -> None:
        """Part a table by its column ``bucket``, which is dropped."""
        part = table.column(PARTITION).to_numpy()
        order = np.argsort(part, kind="stable")
        rows = table.drop_columns([PARTITION]).take(pa.array(order)).combine_chunks()
        numbers, starts = np.unique(part[order], return_index=True)
        ends = np.append(starts[1:], len(part))
        for number, start, end in zip(
            numbers.tolist(), starts.tolist(), ends.tolist(), strict=True
        ):
            self._held[number].append(rows.slice(start, end - start))
        self.rows += len(part)
        self._rows_held += len(part)
        if self._rows_held > self._limit:
            self._flush()

    def parts(self) -> list[int]:
        """Give the numbers of the parts that have rows; call when all rows are in."""
        if self._paths:
            self._flush()
        return sorted({*self._paths, *self._held})

    def read(self, number: int) -> pa.Table:
        """Give one part, in order of arrival. It is forgotten: a part is read once."""
        tables = []
        for path in self._paths.pop(number, []):
            with pa.OSFile(str(path)) as file:
                tables.append(ipc.open_stream(file).read_all())
            path.unlink()
        tables += self._held.pop(number, [])
        return pa.concat_tables(tables, promote_options="default")  # a batch may lack columns

    def _flush(self) -> None:
        """Move what is held to disk: a file a part, closed at once, for parts may be thousands."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for number, tables in self._held.items():
            path = self._folder / f"{number}-{len(self._paths[number])}.arrows"
            whole = pa.concat_tables(tables, promote_options="default")
            with ipc.new_stream(str(path), whole.schema, options=_LZ4) as writer:
                writer.write_table(whole)
            self._paths[number].append(path)
        self._held.clear()
        self._rows_held = 0
