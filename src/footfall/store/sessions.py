"""Sessions: which of a user's events belong together, by given id or by silence."""

import math

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.kernels import Array, i64, kernel, out_i32
from footfall.store.chunk import UserChunk

__all__ = ["SESSION_COLUMNS", "gap_microseconds", "sessions_of"]

# Chunk columns that sessions_of reads.
SESSION_COLUMNS = ("timestamp", "session")


@kernel(types.int64(i64, i64, i64, types.int64, out_i32))
def _number_sessions(
    offsets: Array, timestamp: Array, session: Array, gap: int, number: Array
) -> int:
    """Write the session number of each row, from 0; give how many sessions there are."""
    count = 0
    for user in range(len(offsets) - 1):
        begin = offsets[user]
        for row in range(begin, offsets[user + 1]):
            if (
                row == begin
                or session[row] != session[row - 1]
                or (session[row] == 0 and timestamp[row] - timestamp[row - 1] > gap)
            ):
                count += 1
            number[row] = count - 1
    return count


def sessions_of(chunk: UserChunk, gap: int) -> npt.NDArray[np.int32]:
    """Say to which session each event of a chunk belongs.

    A session is a longest run of a user's events in log order that have the same given session id
    or, where none is given, with no silence longer than the gap. A change from one given id to
    another, or between given and not given, starts a new session.

    Parameters
    ----------
    chunk : UserChunk
        With the columns :data:`SESSION_COLUMNS`.
    gap : int
        Microseconds; a silence of exactly the gap does not end a session.

    Returns
    -------
    ndarray of int32, shape (N,)
        Numbers from 0, ascending, without holes; users never share one.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:30", "view"),
    ...     ("ann", "2026-01-01T11:01", "view"),
    ... ], buckets=1)
    >>> sessions_of(log.chunks[0], gap_microseconds(30)).tolist()
    [0, 0, 1]
    """
    number = np.empty(chunk.events, np.int32)
    _number_sessions(chunk.offsets, chunk["timestamp"], chunk["session"], gap, number)
    return number


def gap_microseconds(gap_minutes: float, *, owner: str = "sessions") -> int:
    """Check a silence in minutes and give it in microseconds.

    Raises
    ------
    OptionError
        If it is negative, not a number, or longer than a century.
    """
    number = isinstance(gap_minutes, int | float) and not isinstance(gap_minutes, bool)
    if not number or not math.isfinite(gap_minutes) or not 0 <= gap_minutes <= 60 * 24 * 36_525:
        allowed = "minutes, at least 0, such as 30"
        raise OptionError.of("gap_minutes", owner, allowed, gap_minutes)
    return round(gap_minutes * 60_000_000)
