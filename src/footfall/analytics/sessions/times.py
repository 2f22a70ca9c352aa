"""Time between sessions, and how many sessions users have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.sessions.counts import added
from footfall.errors import OptionError
from footfall.kernels import Array, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["SessionTimes", "session_times"]

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
# Lower ends of the bins of silence, and what they are called.
_BINS: tuple[tuple[str, int], ...] = (
    ("under 1 hour", 0),
    ("1 to 6 hours", _HOUR),
    ("6 to 24 hours", 6 * _HOUR),
    ("1 to 2 days", _DAY),
    ("2 to 3 days", 2 * _DAY),
    ("3 to 7 days", 3 * _DAY),
    ("7 to 14 days", 7 * _DAY),
    ("14 to 30 days", 14 * _DAY),
    ("30 to 90 days", 30 * _DAY),
    ("90 days and more", 90 * _DAY),
)
_NUMBERS: tuple[tuple[str, int], ...] = (
    ("1", 1),
    ("2", 2),
    ("3", 3),
    ("4", 4),
    ("5 to 9", 5),
    ("10 to 19", 10),
    ("20 to 49", 20),
    ("50 and more", 50),
)
_SHARES = (("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9))


@kernel(types.int64(i64, i64, i64, types.int64, out_i64, out_i32, out_i32))
def _silences(
    offsets: Array,
    timestamp: Array,
    session: Array,
    gap: int,
    silences: Array,
    owner: Array,
    sessions: Array,
) -> int:
    """Write each silence before a session, whose it is, and the sessions of each user."""
    count = 0
    for user in range(len(offsets) - 1):
        mine = 0
        for row in range(offsets[user], offsets[user + 1]):
            if row == offsets[user]:
                mine = 1
            elif session[row] != session[row - 1] or (
                session[row] == 0 and timestamp[row] - timestamp[row - 1] > gap
            ):
                mine += 1
                silences[count] = timestamp[row] - timestamp[row - 1]
                owner[count] = user
                count += 1
        sessions[user] = mine
    return count


@dataclass(frozen=True)
class _Part:
    """Silences of some users."""

    silences: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]  # users of each bin
    sessions: npt.NDArray[np.int64]  # users of 0, 1, 2 ... sessions


def _found(gap: int, chunk: UserChunk) -> tuple[Array, Array, Array]:
    silences, owner = np.empty(chunk.events, np.int64), np.empty(chunk.events, np.int32)
    sessions = np.empty(len(chunk.users), np.int32)
    count = _silences(
        chunk.offsets, chunk["timestamp"], chunk["session"], gap, silences, owner, sessions
    )
    return silences[:count].copy(), owner[:count], sessions


def _bin_of(silences: Array) -> Array:
    return np.searchsorted([low for _, low in _BINS], silences, side="right") - 1


def _measure(gap: int, chunk: UserChunk) -> _Part:
    silences, owner, sessions = _found(gap, chunk)
    pairs = np.unique(owner.astype(np.int64) * len(_BINS) + _bin_of(silences))
    people = np.bincount(pairs % len(_BINS), minlength=len(_BINS))
    return _Part(silences, people, np.bincount(sessions))


def _merged(parts: list[_Part]) -> _Part:
    return _Part(
        np.concatenate([np.zeros(0, np.int64), *(part.silences for part in parts)]),
        np.sum([np.zeros(len(_BINS), np.int64), *(part.people for part in parts)], axis=0),
        added([part.sessions for part in parts]),
    )


def _measure_waiting(gap: int, at: int, chunk: UserChunk) -> npt.NDArray[np.int32]:
    silences, owner, _ = _found(gap, chunk)
    users: npt.NDArray[np.int32] = chunk.users[np.unique(owner[_bin_of(silences) == at])]
    return users


def _measure_having(gap: int, low: int, high: int, chunk: UserChunk) -> npt.NDArray[np.int32]:
    sessions = _found(gap, chunk)[2]
    users: npt.NDArray[np.int32] = chunk.users[(sessions >= low) & (sessions < high)]
    return users


@dataclass(frozen=True, kw_only=True, repr=False)
class SessionTimes(Answer):
    """The answer of :func:`session_times`.

    Attributes
    ----------
    frame : pa.Table
        One row a bin of silence: silence (string), times (int64), users (int64), share (of all
        times between sessions).
    quantiles : pa.Table
        One row: times (int64), mean_hours, p10_hours, p25_hours, median_hours, p75_hours, p90_hours
        (float64); null where nobody came twice.
    per_user : pa.Table
        One row a number of sessions: sessions (string), users (int64), share (of users).
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    quantiles: pa.Table
    per_user: pa.Table
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _scope: Scope = field(compare=False)
    _gap: int = field(compare=False)

    def __str__(self) -> str:
        tables = (self.frame, self.quantiles, self.per_user)
        return "\n\n".join(text_table(table, formats=self.FORMATS) for table in tables)

    def users(
        self, *, silence: str | None = None, sessions: str | None = None, group: str | None = None
    ) -> list[str]:
        """List the users with a silence, or with a number of sessions.

        Parameters
        ----------
        silence : str, optional
            A row of the frame, such as "1 to 2 days".
        sessions : str, optional
            A row of ``per_user``, such as "5 to 9".
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If not exactly one of them is given, or there is no such row or group.
        """
        if (silence is None) == (sessions is None):
            allowed = "given, or sessions, and not both"
            raise OptionError.of("silence", "session_times", allowed, silence)
        measure: partial[npt.NDArray[np.int32]]
        if silence is not None:
            measure = partial(_measure_waiting, self._gap, _place(silence, _BINS, "silence"))
        else:
            at = _place(str(sessions), _NUMBERS, "sessions")
            ends = [*(low for _, low in _NUMBERS[1:]), np.iinfo(np.int32).max]
            measure = partial(_measure_having, self._gap, _NUMBERS[at][1], ends[at])
        codes = self._scope.of(group, owner="session_times").log.map(
            measure, joined, columns=SESSION_COLUMNS, label="session times: users"
        )
        return sorted(self._scope.log.user_ids.strings(codes).to_pylist())

    def to_json(self) -> dict[str, Any]:
        """Give the bins, quantiles, users by number of sessions, groups and the definition."""
        answer: dict[str, Any] = {
            "silences": self.frame.to_pylist(),
            "quantiles": self.quantiles.to_pylist()[0],
            "per_user": self.per_user.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a bin of silence."""
        from footfall.analytics.sessions.charts import draw_silences

        return draw_silences(self)


def _place(name: str, rows: tuple[tuple[str, int], ...], option: str) -> int:
    names = [row for row, _ in rows]
    if name not in names:
        raise OptionError.of(option, "session_times", f"one of {names}", name)
    return names.index(name)


def session_times(
    log: LogView,
    *,
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> SessionTimes:
    """Say how long users stay away between sessions, and how often they come.

    Parameters
    ----------
    log : LogView
    gap_minutes : float, default=30
        Silence that ends a session where no session id is given.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`. Each user is in one group.

    Returns
    -------
    SessionTimes

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-03T10:00", "view"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = session_times(log)
    >>> [row for row in answer.frame.to_pylist() if row["times"]]
    [{'silence': '2 to 3 days', 'times': 1, 'users': 1, 'share': 1.0}]
    >>> answer.users(sessions="1")
    ['bob']
    """
    gap = gap_microseconds(gap_minutes, owner="session_times")
    scope = scoped(
        log, owner="session_times", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes,
    )  # fmt: skip
    asked = scope.ask(
        partial(_measure, gap), _merged, columns=SESSION_COLUMNS, label="session times"
    )
    definition = {
        "unit": "silences: from the last event of a session to the first of the user's next one",
        "window": f"sessions end after {gap_minutes:g} minutes of silence, or as their ids say",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": "UTC; no calendar is involved",
        "bins": "from the lower end, which belongs to it, to below the upper one",
        "quantiles": "the smallest value that the share of silences does not exceed",
    }
    return SessionTimes(
        frame=_frame(asked.total),
        quantiles=_quantiles(asked.total.silences),
        per_user=_per_user(asked.total.sessions),
        groups=stacked({name: _frame(part) for name, part in asked.groups.items()}),
        definition=definition | dict(scope.definition) | dict(asked.note),
        _scope=scope,
        _gap=gap,
    )


def _frame(part: _Part) -> pa.Table:
    times = np.bincount(_bin_of(part.silences), minlength=len(_BINS))
    return pa.table(
        {
            "silence": pa.array([name for name, _ in _BINS], pa.string()),
            "times": pa.array(times, pa.int64()),
            "users": pa.array(part.people, pa.int64()),
            "share": pa.array(times / max(1, len(part.silences)), pa.float64()),
        }
    )


def _quantiles(silences: npt.NDArray[np.int64]) -> pa.Table:
    count = len(silences)
    cuts = {name: quantile(silences, share) for name, share in _SHARES}
    cells: dict[str, Any] = {"mean_hours": int(silences.sum()) / count / _HOUR if count else None}
    cells |= {f"{k}_hours": None if cut is None else cut / _HOUR for k, cut in cuts.items()}
    return pa.table(
        {"times": pa.array([count], pa.int64())}
        | {name: pa.array([cell], pa.float64()) for name, cell in cells.items()}
    )


def _per_user(sessions: npt.NDArray[np.int64]) -> pa.Table:
    lows = [low for _, low in _NUMBERS]
    bins = np.searchsorted(lows, np.arange(len(sessions)), side="right") - 1
    users = np.zeros(len(_NUMBERS), np.int64)
    np.add.at(users, bins[bins >= 0], sessions[bins >= 0])
    return pa.table(
        {
            "sessions": pa.array([name for name, _ in _NUMBERS], pa.string()),
            "users": pa.array(users, pa.int64()),
            "share": pa.array(users / max(1, int(users.sum())), pa.float64()),
        }
    )
