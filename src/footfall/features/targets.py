"""What a model has to guess: who does something within a horizon after a cutoff."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.errors import NotEnoughDataError
from footfall.events.durations import parse_duration
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.features.cutoffs import rows_until
from footfall.kernels import Array, i16, i64, kernel, out_i8
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["UserTargets", "purchases_within"]

Part = tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]


@dataclass(frozen=True, kw_only=True, eq=False)
class UserTargets:
    """What happened to the users known at a cutoff.

    Parameters
    ----------
    cutoff, horizon : int
        Microseconds; targets lie in ``(cutoff, cutoff + horizon]``.
    users : ndarray of int32, shape (U,)
        User codes, ascending: the same users as `user_features` gives at this cutoff.
    user_ids : pa.StringArray, length U
        The same users by id.
    target : ndarray of int8, shape (U,)
        1: it happened.
    """

    cutoff: int
    horizon: int
    users: npt.NDArray[np.int32]
    user_ids: pa.StringArray
    target: npt.NDArray[np.int8]

    @property
    def frame(self) -> pa.Table:
        """Table with user_id and target (int8)."""
        return pa.table([self.user_ids, self.target], names=["user_id", "target"])


def purchases_within(
    log: LogView,
    *,
    cutoff: Moment,
    horizon: str | timedelta,
    event_type: str = "purchase",
    allow_censored: bool = False,
) -> UserTargets:
    """Say of each user known at the cutoff whether they purchase within the horizon.

    Parameters
    ----------
    log : LogView
        Any log.
    cutoff : str, datetime or int
        Users with an event at or before it are asked.
    horizon : str or timedelta
        Such as ``"28d"``.
    event_type : str, default="purchase"
        What has to happen.
    allow_censored : bool, default=False
        Whether the log may end before the horizon does: what was not recorded then counts as
        not happened.

    Returns
    -------
    UserTargets
        One row a user.

    Raises
    ------
    OptionError
        If an option cannot be read, or the log ends before ``cutoff + horizon``.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "view", "kettle"),
    ...     ("ann", "2026-01-05", "purchase", "kettle"),
    ...     ("bob", "2026-01-02", "purchase", "teapot"),
    ...     ("eve", "2026-01-09", "view", "teapot"),
    ... ])
    >>> purchases_within(log, cutoff="2026-01-02", horizon="7d").frame.to_pylist()
    [{'user_id': 'ann', 'target': 1}, {'user_id': 'bob', 'target': 0}]
    """
    moment = parse_moment(cutoff, option="cutoff", owner="purchases_within")
    length = parse_duration(horizon, option="horizon", owner="purchases_within")
    wanted = log.event_type_code(event_type)
    if not allow_censored:
        _check_end(log, moment + length)
    measure = partial(_measure, cutoff=moment, end=moment + length, wanted=wanted)
    users, target = log.map(measure, _merge, columns=("timestamp", "event_type"), label="targets")
    return UserTargets(
        cutoff=moment,
        horizon=length,
        users=users,
        user_ids=log.user_ids.strings(users),
        target=target,
    )


def _check_end(log: LogView, end: int) -> None:
    span = log.span
    if span is None or span[1] < end:
        last = "is empty" if span is None else f"ends at {shown_moment(span[1])}"
        raise NotEnoughDataError(
            "The horizon of purchases_within must end within the log, or who had not purchased yet"
            f" would count as one who never did. It ends at {shown_moment(end)}, the log {last}."
            " Take an earlier cutoff or a shorter horizon, or pass allow_censored=True."
        )


def _measure(chunk: UserChunk, *, cutoff: int, end: int, wanted: int) -> Part:
    time = chunk["timestamp"]
    known_until = rows_until(chunk.offsets, time, cutoff)
    known = known_until > chunk.offsets[:-1]
    stops = rows_until(chunk.offsets, time, end)[known]
    target = np.empty(len(stops), np.int8)
    _happened(known_until[known], stops, chunk["event_type"], wanted, target)
    return chunk.users[known], target


def _merge(parts: list[Part]) -> Part:
    if not parts:
        return np.zeros(0, np.int32), np.zeros(0, np.int8)
    users = np.concatenate([users for users, _ in parts])
    order = np.argsort(users, kind="stable")
    return users[order], np.concatenate([target for _, target in parts])[order]


@kernel(types.void(i64, i64, i16, types.int64, out_i8))
def _happened(starts: Array, stops: Array, event_type: Array, wanted: int, target: Array) -> None:
    for user in range(len(starts)):
        target[user] = 0
        for row in range(starts[user], stops[user]):
            if event_type[row] == wanted:
                target[user] = 1
                break
