"""A chunk: all events of some users as flat arrays, one slice a user, in log order.

Nearly every question about shoppers is a loop over one user's events in order; a chunk is what
such loops run on. The order is an invariant: it is checked when a chunk is built.
"""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.errors import OptionError, StoreError
from footfall.kernels import Array, i64, kernel

__all__ = ["CHUNK_COLUMNS", "MISSING", "UserChunk"]

# Name in a chunk -> dtype. Text comes as codes: see words.py.
CHUNK_COLUMNS: dict[str, npt.DTypeLike] = {
    "timestamp": np.int64,  # microseconds UTC
    "arrival": np.int64,  # order in which events were read: breaks ties of timestamp
    "event_type": np.int16,
    "item": np.int32,
    "session": np.int64,  # hash of the given session_id
    "quantity": np.int32,
    "price": np.int64,  # minor units, of one unit
    "amount": np.int64,  # minor units, of the whole line
    "rating": np.float32,
    "slot": np.int32,
    "propensity": np.float64,
    "reward": np.float64,
}

# What stands where an event does not say.
MISSING: dict[str, float] = {
    "item": -1,
    "session": 0,
    "quantity": 0,
    "price": -1,
    "amount": 0,
    "rating": np.nan,
    "slot": -1,
    "propensity": np.nan,
    "reward": np.nan,
}


@kernel(types.int64(i64, i64))
def _first_disorder(offsets: Array, timestamp: Array) -> int:
    for user in range(len(offsets) - 1):
        for row in range(offsets[user] + 1, offsets[user + 1]):
            if timestamp[row] < timestamp[row - 1]:
                return row
    return -1


@dataclass(frozen=True)
class UserChunk:
    """All events of some users, as read-only arrays.

    Parameters
    ----------
    users : ndarray of int32, shape (U,)
        User codes, strictly ascending.
    offsets : ndarray of int64, shape (U + 1,)
        User ``i`` owns the rows ``offsets[i]:offsets[i + 1]``, in log order: timestamp, then
        arrival.
    columns : mapping of name to ndarray, each of shape (N,)
        Names and dtypes of :data:`CHUNK_COLUMNS`; unknown values stand as in :data:`MISSING`.
        Text columns, such as "query" and "properties.channel", are int32 codes, -1 for unknown.
    verify : bool, default=True
        Check the order; only the cache, whose chunks were verified when built, says False.
    words : mapping of name to pa.StringArray, optional
        What the codes of each text column stand for, in this chunk and in no other.

    Raises
    ------
    StoreError
        If the users are not ascending, the offsets do not fit, or a user's events are not in
        order: a kernel would answer wrongly, so nothing is answered.
    """

    users: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    columns: Mapping[str, Array]
    verify: InitVar[bool] = True
    words: Mapping[str, pa.StringArray] = field(default_factory=dict)

    def __post_init__(self, verify: bool) -> None:  # the field's own form
        if not verify:
            return
        rows = int(self.offsets[-1]) if len(self.offsets) else -1
        if len(self.offsets) != len(self.users) + 1 or int(self.offsets[0]) != 0:
            raise StoreError("A chunk needs one offset more than users, starting at 0.")
        if np.any(np.diff(self.users) <= 0) or np.any(np.diff(self.offsets) < 0):
            raise StoreError("A chunk's users came apart or out of order. Rebuild the cache.")
        for name, column in self.columns.items():
            if len(column) != rows:
                raise StoreError(f"Chunk column {name!r} has {len(column)} rows, not {rows}.")
        if "timestamp" in self.columns:
            row = _first_disorder(self.offsets, self.columns["timestamp"])
            if row >= 0:
                raise StoreError(f"Row {row} of a chunk is earlier than the row before it.")

    def __getitem__(self, name: str) -> Array:
        """Give one column.

        Raises
        ------
        OptionError
            If the question did not ask for this column.
        """
        if name not in self.columns:
            raise OptionError.of(
                "columns", "a question", f"a list that names {name!r}", [*self.columns]
            )
        return self.columns[name]

    @property
    def events(self) -> int:
        """Number of events."""
        return int(self.offsets[-1])

    def __iter__(self) -> Iterator[tuple[int, slice]]:
        """Give (user code, slice of rows) for each user: for tests and slow paths."""
        for index, user in enumerate(self.users):
            yield int(user), slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    @classmethod
    def from_rows(
        cls,
        user: Array,
        columns: Mapping[str, Array],
        words: Mapping[str, pa.StringArray] | None = None,
    ) -> "UserChunk":
        """Build a chunk from rows that are already sorted by (user, timestamp, arrival).

        Parameters
        ----------
        user : ndarray of int32, shape (N,)
            User code of each row.
        columns : mapping of name to ndarray, each of shape (N,)
        words : mapping of name to pa.StringArray, optional
        """
        starts = (
            np.flatnonzero(np.r_[True, user[1:] != user[:-1]]) if len(user) else np.zeros(0, int)
        )
        offsets = np.append(starts, len(user)).astype(np.int64)
        users = np.ascontiguousarray(user[starts], np.int32)
        return cls(users, offsets, read_only(columns), words=words or {})


def read_only(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Give views that cannot be written through: a kernel must not change somebody's log."""
    views = {}
    for name, column in columns.items():
        view = column.view()
        view.flags.writeable = False
        views[name] = view
    return views
