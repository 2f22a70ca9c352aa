"""The second half of an ingest: a task sorts the new rows of one bucket and writes its file."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.store.append import sort_and_write
from footfall.store.coding import Codes, checked_events, code_events
from footfall.store.delta import DataFile
from footfall.store.files import without_ids
from footfall.store.ids import IdMap
from footfall.store.spark.read_task import PLACE
from footfall.store.spark.scratch import ScratchFile
from footfall.store.workspace import Workspace

__all__ = ["GivenIds", "WriteTask", "write_part"]


class GivenIds(IdMap):
    """Ids with codes that somebody else gave: knows some ids of a larger table.

    Parameters
    ----------
    strings : pa.Array of string
    given : ndarray of int32
        Their codes.
    total : int
        Ids in the larger table.

    Examples
    --------
    >>> ids = GivenIds(pa.array(["ann", "bob"]), np.array([70, 12], np.int32), 100)
    >>> ids.encode(pa.array(["bob", None, "ann"])).tolist(), len(ids)
    ([12, -1, 70], 100)
    >>> ids.strings([70, 12]).to_pylist()
    ['ann', 'bob']
    """

    def __init__(self, strings: pa.Array, given: npt.NDArray[np.int32], total: int) -> None:
        super().__init__()
        self._dense = IdMap(strings)
        self._given = given
        self._order = np.argsort(given)
        self._total = total

    def __len__(self) -> int:
        return self._total

    def encode(self, strings: pa.Array) -> npt.NDArray[np.int32]:
        """Give each string the code it was given."""
        dense = self._dense.codes(strings)
        if len(self._given) == 0:
            return dense
        return np.where(dense >= 0, self._given[dense], -1).astype(np.int32)

    def strings(self, codes: npt.ArrayLike | None = None) -> pa.StringArray:
        """Give the strings of some of the codes."""
        if codes is None:
            return self._dense.strings()
        places = np.searchsorted(self._given, np.asarray(codes), sorter=self._order)
        return self._dense.strings(self._order[places])


@dataclass(frozen=True)
class WriteTask:
    """One bucket to write.

    Parameters
    ----------
    workspace : Workspace
    bucket : int
    buckets : int
        Number of buckets of the log.
    parts : tuple of (ScratchFile, int)
        Files with rows of the bucket, in order of reading, and the place of each one's first row.
    dropped : ndarray of int64 or None
        Places of rows that are not new, ascending.
    codes : ScratchFile
        Ids and their codes: of the bucket's users under ("users", bucket), of items and event
        types under their names.
    totals : tuple of int
        Users, items and event types known.
    first_arrival : int
        Arrival of place 0.
    run : str
        Stands in the file's name.
    """

    workspace: Workspace
    bucket: int
    buckets: int
    parts: tuple[tuple[ScratchFile, int], ...]
    dropped: npt.NDArray[np.int64] | None
    codes: ScratchFile
    totals: tuple[int, int, int]
    first_arrival: int
    run: str


def write_part(task: WriteTask) -> DataFile | None:
    """Code, sort and write the new rows of a bucket; None if there are none."""
    filesystem = task.workspace.filesystem()
    names = (("users", task.bucket), "items", "event_types")
    users, items, event_types = (
        _given(task, name, total) for name, total in zip(names, task.totals, strict=True)
    )
    codes = Codes(users, items, event_types)
    pieces = []
    for file, offset in task.parts:
        for rows in file.read(task.bucket, filesystem):
            new = _new_rows(rows, offset, task.dropped)
            if new.num_rows:
                arrival = new.column(PLACE).to_numpy() + offset + task.first_arrival
                events = checked_events(new.drop_columns([PLACE]))
                coded = code_events(events, codes, arrival=arrival, buckets=task.buckets)
                pieces.append(without_ids(coded))
    if not pieces:
        return None
    rows = pa.concat_tables(pieces, promote_options="default")
    return sort_and_write(
        rows,
        np.arange(rows.num_rows),
        bucket=task.bucket,
        codes=codes,
        filesystem=filesystem,
        run=task.run,
    )


def _given(task: WriteTask, name: Hashable, total: int) -> GivenIds:
    [table] = task.codes.read(name, task.workspace.filesystem())
    given = table.column("code").to_numpy()
    return GivenIds(table.column("id").combine_chunks(), given, total)


def _new_rows(rows: pa.Table, offset: int, dropped: npt.NDArray[np.int64] | None) -> pa.Table:
    if dropped is None or len(dropped) == 0:
        return rows
    places = rows.column(PLACE).to_numpy() + offset
    at = np.minimum(np.searchsorted(dropped, places), len(dropped) - 1)
    return rows.filter(pa.array(dropped[at] != places))
