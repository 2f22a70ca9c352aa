"""Units of paths: the nodes of each session (or whole user) as one slice, ready for any kernel."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds

__all__ = ["Cut", "Units", "cut_of", "places_of_nodes", "places_of_rows"]

_NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Cut:
    """How a user's events are cut into units.

    Parameters
    ----------
    gap : int or None
        Microseconds of silence that end a session; None: all events of a user are one unit.
    collapse_repeats : bool
        Take events of one node in a row as one.
    """

    gap: int | None
    collapse_repeats: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that cutting reads."""
        return () if self.gap is None else SESSION_COLUMNS

    @property
    def per(self) -> str:
        """What a unit is: "session" or "user"."""
        return "user" if self.gap is None else "session"


def cut_of(per: str, gap_minutes: float, *, collapse_repeats: bool = False, owner: str) -> Cut:
    """Check the options that say what a unit is.

    Raises
    ------
    OptionError
        If ``per`` is neither "session" nor "user", or the silence is none.
    """
    if per not in {"session", "user"}:
        raise OptionError.of("per", owner, "'session' or 'user'", per)
    gap = gap_microseconds(gap_minutes, owner=owner)
    return Cut(gap if per == "session" else None, collapse_repeats)


@kernel(
    types.int64(
        i64, i64, i64, i32, types.int64, types.boolean, out_i32, out_i32, out_i64, out_i32
    )
)  # fmt: skip
def _cut(
    offsets: Array,
    timestamp: Array,
    session: Array,
    node: Array,
    gap: int,
    collapse: bool,  # noqa: FBT001  # kernels take their arguments by position
    kept: Array,
    rows: Array,
    starts: Array,
    users: Array,
) -> int:
    """Write the nodes that count, their rows, where units start and whose they are.

    Without timestamps a user is one unit. Units of passed-over events alone are none. Gives the
    number of units; ``starts`` ends with the number of nodes.
    """
    count, size = 0, np.int64(0)
    for user in range(len(offsets) - 1):
        begin = offsets[user]
        first = size
        for row in range(begin, offsets[user + 1]):
            if (
                len(timestamp) > 0
                and row > begin
                and (
                    session[row] != session[row - 1]
                    or (session[row] == 0 and timestamp[row] - timestamp[row - 1] > gap)
                )
            ):
                if size > first:
                    starts[count] = first
                    users[count] = user
                    count += 1
                first = size
            if node[row] < 0 or (collapse and size > first and kept[size - 1] == node[row]):
                continue
            kept[size] = node[row]
            rows[size] = row
            size += 1
        if size > first:
            starts[count] = first
            users[count] = user
            count += 1
    starts[count] = size
    return count


@dataclass(frozen=True)
class Units:
    """Sessions (or users) of a chunk, each a slice of nodes.

    Parameters
    ----------
    nodes : ndarray of int32, shape (M,)
        Nodes that count, in log order.
    rows : ndarray of int32, shape (M,)
        The chunk's row of each.
    starts : ndarray of int64, shape (S + 1,)
        Unit ``s`` owns ``starts[s]:starts[s + 1]``; none is empty.
    users : ndarray of int32, shape (S,)
        Place of each unit's user in the chunk, ascending.
    """

    nodes: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    users: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(cls, chunk: UserChunk, nodes: npt.NDArray[np.int32], cut: Cut) -> "Units":
        """Cut a chunk's events into units.

        Parameters
        ----------
        chunk : UserChunk
            With the columns of the cut.
        nodes : ndarray of int32, shape (N,)
            Node of each row; rows below 0 are passed over, as if they were not there, once they
            have said where sessions begin and end.
        cut : Cut
        """
        by_user = cut.gap is None
        times = (_NOTHING, _NOTHING) if by_user else (chunk["timestamp"], chunk["session"])
        kept, rows, users = (np.empty(chunk.events, np.int32) for _ in range(3))
        starts = np.empty(chunk.events + 1, np.int64)
        count = _cut(
            chunk.offsets, times[0], times[1], nodes, cut.gap or 0, cut.collapse_repeats,
            kept, rows, starts, users,
        )  # fmt: skip
        size = int(starts[count])
        return cls(kept[:size], rows[:size], starts[: count + 1], users[:count])


@kernel(types.int64(i32, i64, bool1, types.int64, out_i64, out_i32))
def _anchors(
    nodes: Array, starts: Array, wanted: Array, which: int, places: Array, units: Array
) -> int:
    """Write places of wanted nodes: the first of each unit (0), the last (1) or every one (2)."""
    count = 0
    for unit in range(len(starts) - 1):
        before = count
        for place in range(starts[unit], starts[unit + 1]):
            if not wanted[nodes[place]]:
                continue
            if which == 1 and count > before:
                count = before
            places[count] = place
            units[count] = unit
            count += 1
            if which == 0:
                break
    return count


_WHICH = {"first": 0, "last": 1, "every": 2}


def places_of_nodes(
    units: Units, wanted: npt.NDArray[np.bool_], *, which: str = "first"
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Find some nodes in each unit.

    Parameters
    ----------
    units : Units
    wanted : ndarray of bool, shape (nodes,)
    which : "first", "last" or "every", default="first"

    Returns
    -------
    places, units : ndarray
        Places among ``units.nodes``, and the unit of each.
    """
    size = len(units.nodes) if which == "every" else len(units)
    places, owners = np.empty(size + 1, np.int64), np.empty(size + 1, np.int32)
    count = _anchors(units.nodes, units.starts, wanted, _WHICH[which], places, owners)
    return places[:count], owners[:count]


@kernel(types.void(i32, i64, bool1, out_i64, out_i32))
def _cut_off(rows: Array, starts: Array, wanted: Array, end: Array, missing: Array) -> None:
    for unit in range(len(starts) - 1):
        end[unit] = starts[unit + 1]
        missing[unit] = 1
        for place in range(starts[unit], starts[unit + 1]):
            if wanted[rows[place]]:
                end[unit] = place
                missing[unit] = 0
                break


def places_of_rows(
    units: Units, wanted: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Find the first of some rows in each unit.

    Parameters
    ----------
    units : Units
    wanted : ndarray of bool, shape (N,)
        Rows of the chunk.

    Returns
    -------
    end : ndarray of int64, shape (S,)
        Its place; the unit's end where there is none.
    missing : ndarray of int32, shape (S,)
        1 where there is none.
    """
    end, missing = np.empty(len(units), np.int64), np.empty(len(units), np.int32)
    _cut_off(units.rows, units.starts, wanted, end, missing)
    return end, missing
