"""Which rows a model may learn from, which it is asked with, and which it has to guess.

A user's rows lie together in time order, so each part of a user is a run of rows: a split is three
row numbers for each user, and cutting costs no copy.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError

__all__ = ["Split", "leave_one_out", "time_cut"]

Int64 = npt.NDArray[np.int64]

LEAST_ROWS = 3  # one to learn from, one to validate, one to test


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The rows of each user that train, that are known when asked, and that are to be guessed.

    Parameters
    ----------
    name : str
        ``"leave-one-out"``, ``"leave-one-out (validation)"`` or ``"time-cut"``.
    train_stop : int64 array, shape (U,)
        Rows ``offsets[u] .. train_stop[u]`` of user ``u`` may be learned from.
    users : int64 array, shape (B,)
        The users who are asked, ascending.
    history_stop : int64 array, shape (B,)
        Rows ``offsets[users[b]] .. history_stop[b]`` are known when the user is asked.
    target_stop : int64 array, shape (B,)
        Rows ``history_stop[b] .. target_stop[b]`` are to be guessed.
    validation_in_training : bool
        Whether rows held out for validation are among the training rows.
    left_out : int
        Users who are not asked, because they have too few rows or none on one side.
    cutoff : int or None
        The last moment a model may see, microseconds UTC; None: the split is not by time.
    """

    name: str
    train_stop: Int64
    users: Int64
    history_stop: Int64
    target_stop: Int64
    validation_in_training: bool
    left_out: int
    cutoff: int | None = None


def leave_one_out(
    offsets: npt.ArrayLike, *, held_out: str = "test", train_on_validation: bool = False
) -> Split:
    """Hold out each user's last row for the test and the one before it for validation.

    Users with fewer than three rows only train. The history at the test holds the validation row,
    as is usual; the training rows do not, unless `train_on_validation` says so.

    Parameters
    ----------
    offsets : int array, shape (U + 1,)
        User ``u`` has rows ``offsets[u] .. offsets[u + 1]``, in time order.
    held_out : {"test", "validation"}
        Which row is to be guessed.
    train_on_validation : bool
        Learn from the validation rows too; only with ``held_out="test"``.

    Returns
    -------
    Split
        Row numbers; one target row a user.

    Raises
    ------
    OptionError
        When an option is not allowed, or `offsets` are not ascending from 0.

    Examples
    --------
    >>> split = leave_one_out([0, 4, 6])
    >>> split.users, split.train_stop, split.history_stop, split.target_stop
    (array([0]), array([2, 6]), array([3]), array([4]))
    """
    bounds = _checked_offsets(offsets, "leave_one_out")
    if held_out not in ("test", "validation"):
        raise OptionError.of("held_out", "leave_one_out", "'test' or 'validation'", held_out)
    if train_on_validation and held_out == "validation":
        allowed = "False when the validation rows are to be guessed"
        raise OptionError.of("train_on_validation", "leave_one_out", allowed, train_on_validation)
    start, stop = bounds[:-1], bounds[1:]
    enough = stop - start >= LEAST_ROWS
    users = np.flatnonzero(enough)
    target = stop[users] - (1 if held_out == "test" else 2)
    return Split(
        name="leave-one-out" if held_out == "test" else "leave-one-out (validation)",
        train_stop=np.where(enough, stop - (1 if train_on_validation else 2), stop),
        users=users,
        history_stop=target,
        target_stop=target + 1,
        validation_in_training=train_on_validation,
        left_out=len(start) - len(users),
    )


def time_cut(
    offsets: npt.ArrayLike,
    timestamps: npt.ArrayLike,
    cutoff: int,
    *,
    horizon: int | None = None,
) -> Split:
    """Learn from everything up to a moment and guess what comes after it, the same for all users.

    This is the split without hindsight: unlike leave-one-out, no user's future is in the training
    rows of another.

    Parameters
    ----------
    offsets : int array, shape (U + 1,)
        User ``u`` has rows ``offsets[u] .. offsets[u + 1]``, in time order.
    timestamps : int array, shape (N,)
        Microseconds UTC of each row, ascending within a user.
    cutoff : int
        The last moment a model may see, microseconds UTC. Rows at this very moment are known.
    horizon : int or None
        Microseconds after `cutoff` in which targets lie; None: all that follows.

    Returns
    -------
    Split
        Row numbers. Users without a row on both sides of the cutoff are not asked.

    Raises
    ------
    OptionError
        When the rows of a user are not in time order or `horizon` is not positive.

    Examples
    --------
    >>> split = time_cut([0, 3, 5], [1, 2, 9, 7, 8], cutoff=7)
    >>> split.train_stop, split.users, split.history_stop, split.target_stop
    (array([2, 4]), array([0, 1]), array([2, 4]), array([3, 5]))
    """
    bounds = _checked_offsets(offsets, "time_cut")
    times = np.ascontiguousarray(timestamps, dtype=np.int64)
    _check_order(bounds, times)
    if horizon is not None and horizon <= 0:
        raise OptionError.of("horizon", "time_cut", "a positive number of microseconds", horizon)
    known = _rows_before(bounds, times <= cutoff)
    end = bounds[1:] if horizon is None else _rows_before(bounds, times <= cutoff + horizon)
    users = np.flatnonzero((known > bounds[:-1]) & (end > known))
    return Split(
        name="time-cut",
        train_stop=known,
        users=users,
        history_stop=known[users],
        target_stop=end[users],
        validation_in_training=False,
        left_out=len(bounds) - 1 - len(users),
        cutoff=int(cutoff),
    )


def _checked_offsets(offsets: npt.ArrayLike, owner: str) -> Int64:
    bounds = np.ascontiguousarray(offsets, dtype=np.int64)
    if bounds.ndim != 1 or len(bounds) == 0 or bounds[0] != 0 or np.any(np.diff(bounds) < 0):
        raise OptionError.of("offsets", owner, "row numbers that start at 0 and ascend", offsets)
    return bounds


def _check_order(bounds: Int64, times: Int64) -> None:
    if len(times) != bounds[-1]:
        raise OptionError.of("timestamps", "time_cut", f"{bounds[-1]} moments", len(times))
    falls = np.flatnonzero(np.diff(times) < 0) + 1
    if not np.isin(falls, bounds).all():
        raise OptionError("The rows of a user are not in time order. Sort them by timestamp first.")


def _rows_before(bounds: Int64, known: npt.NDArray[np.bool_]) -> Int64:
    """Return for each user the row after the last one that is known."""
    total = np.concatenate(([0], np.cumsum(known)))
    return bounds[:-1] + total[bounds[1:]] - total[bounds[:-1]]
