"""Entries and exits: with what sessions begin and end, and how many of them convert."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.ground import Ground, checked_count, ground_of, summed, units_in
from footfall.analytics.path.nodes import NamesNodes, Nodes
from footfall.analytics.path.units import Cut
from footfall.analytics.scope import Between
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["EntriesExits", "entries_exits"]

# Cells of a node: sessions that begin with it, of these the bounces and those with the goal;
# sessions that end with it, of these those with the goal.
_CELLS = 5
_BEHIND = {"entries": 0, "bounces": 1, "entry_goals": 2, "exits": 3, "exit_goals": 4}


@kernel(types.void(i32, i32, i64, i32, bool1, out_i64, out_i64, out_i32, out_i32))
def _tally(
    nodes: Array,
    rows: Array,
    starts: Array,
    users: Array,
    goal: Array,
    counts: Array,
    people: Array,
    seen: Array,
    cells: Array,
) -> None:
    """Count sessions and users of every cell; ``cells`` gets the five of each session, or -1."""
    for unit in range(len(users)):
        user = users[unit] + 1
        begin, end = starts[unit], starts[unit + 1]
        reached = False
        for place in range(begin, end):
            reached = reached or goal[rows[place]]
        first, last = 5 * nodes[begin], 5 * nodes[end - 1]
        mine = cells[5 * unit : 5 * unit + 5]
        mine[0] = first
        mine[1] = first + 1 if end - begin == 1 else -1
        mine[2] = first + 2 if reached else -1
        mine[3] = last + 3
        mine[4] = last + 4 if reached else -1
        for at in range(5):
            cell = mine[at]
            if cell < 0:
                continue
            counts[cell] += 1
            if seen[cell] != user:
                seen[cell] = user
                people[cell] += 1


def _counted(
    nodes: Nodes, cut: Cut, goal: npt.NDArray[np.int16], chunk: UserChunk
) -> tuple[npt.NDArray[np.int64], Array, Array]:
    units = units_in(nodes, cut, chunk)
    size = _CELLS * len(nodes)
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    cells = np.empty(_CELLS * len(units), np.int32)
    _tally(
        units.nodes, units.rows, units.starts, units.users, np.isin(chunk["event_type"], goal),
        counts, people, np.zeros(size, np.int32), cells,
    )  # fmt: skip
    return np.stack([counts, people]), cells, units.users


def _measure(
    nodes: Nodes, cut: Cut, goal: npt.NDArray[np.int16], chunk: UserChunk
) -> npt.NDArray[np.int64]:
    """Count sessions (row 0) and users (row 1) of every cell."""
    return _counted(nodes, cut, goal, chunk)[0]


def _measure_users(
    nodes: Nodes, cut: Cut, goal: npt.NDArray[np.int16], wanted: int, chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    _, cells, users = _counted(nodes, cut, goal, chunk)
    mine = cells[wanted % _CELLS :: _CELLS] == wanted
    out = np.zeros(len(chunk.users), np.bool_)
    out[users[mine]] = True
    return out


@dataclass(frozen=True, kw_only=True, repr=False)
class EntriesExits(Answer):
    """The answer of :func:`entries_exits`.

    Attributes
    ----------
    frame : pa.Table
        One row a node, most common entries first: node; entries, entry_users (int64: sessions that
        begin with it, and their users), entry_share (of all sessions), bounces, bounce_users
        (int64: of these sessions of one event), bounce_share (of the entries), entry_goals,
        entry_goal_users (int64: of these sessions with the goal), entry_conversion; exits,
        exit_users, exit_share, exit_goals, exit_goal_users, exit_conversion (the same of sessions
        that end with it).
    total : int
        Sessions.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("entry_share", "bounce_share", "entry_conversion", "exit_share", "exit_conversion"),
        "share",
    )

    frame: pa.Table
    total: int
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)
    _goal: npt.NDArray[np.int16] = field(compare=False)

    def __str__(self) -> str:
        from footfall.analytics.answer import text_table

        hidden = [name for name in self.frame.column_names if name.endswith("_users")]
        return text_table(
            self.frame.drop([*hidden, "entry_goals", "exit_goals"]), formats=self.FORMATS
        )

    def users(
        self,
        node: str,
        behind: Literal["entries", "bounces", "entry_goals", "exits", "exit_goals"] = "entries",
        *,
        group: str | None = None,
    ) -> list[str]:
        """List the users behind a number of a row.

        Parameters
        ----------
        node : str
        behind : str, default="entries"
            The column: entries, bounces, entry_goals, exits or exit_goals.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node, number or group.
        """
        if behind not in _BEHIND:
            raise OptionError.of("behind", "entries_exits", f"one of {[*_BEHIND]}", behind)
        code = int(self._ground.codes(node, "node")[0])
        return self._ground.users(
            _measure_users,
            self._goal,
            _CELLS * code + _BEHIND[behind],
            group=group,
            columns=("event_type",),
        )

    def to_json(self) -> dict[str, Any]:
        """Give the nodes, the number of sessions, groups and the definition."""
        answer: dict[str, Any] = {"nodes": self.frame.to_pylist(), "total": self.total}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw entries and exits side by side."""
        from footfall.analytics.sessions.charts import draw_entries

        return draw_entries(self)


def entries_exits(
    log: LogView,
    *,
    goal: str = "purchase",
    shown: int = 20,
    gap_minutes: float = 30,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> EntriesExits:
    """Say with what sessions begin and end, and how many of them come to a goal.

    Parameters
    ----------
    log : LogView
    goal : str, default="purchase"
        Event types ("purchase|checkout") that make a session convert.
    shown : int, default=20
        How many nodes to give. Equal ones: more exits first, then by name.
    gap_minutes, without, nodes, most_nodes
        As in :func:`footfall.analytics.path.common.paths`: entries can be landing pages
        (``nodes=Patterns(...)``) or channels (``nodes="channel"``).
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    EntriesExits

    Raises
    ------
    OptionError
        If an option is not as above, or the goal was never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "search"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "search"),
    ... ])
    >>> answer = entries_exits(log)
    >>> print(answer.frame.select(["node", "entries", "entry_conversion", "exits"]).to_pylist()[0])
    {'node': 'search', 'entries': 2, 'entry_conversion': 0.5, 'exits': 1}
    >>> answer.users("search", "bounces")
    ['bob']
    """
    checked_count("shown", "entries_exits", shown)
    ground = ground_of(
        log, owner="entries_exits", per="session", gap_minutes=gap_minutes, collapse_repeats=False,
        nodes=nodes, most_nodes=most_nodes, without=without, by=by, where=where, between=between,
        segment=segment, top=top,
    )  # fmt: skip
    codes = np.array(codes_of(log, goal), np.int16)
    names = ground.nodes.names
    shape = (2, _CELLS * len(names))
    asked = ground.ask(_measure, partial(summed, shape), codes, columns=("event_type",))
    definition = {
        "unit": "sessions, by their first and their last event",
        "bounces": "sessions of one event",
        "conversion": f"sessions with {goal} of those that begin (end) with the node",
    }
    return EntriesExits(
        frame=_frame(asked.total, names, shown),
        total=int(asked.total[0, ::_CELLS].sum()),
        groups=stacked({name: _frame(part, names, shown) for name, part in asked.groups.items()}),
        definition=definition | ground.definition | dict(asked.note),
        _ground=ground,
        _goal=codes,
    )


def _frame(cells: Array, names: tuple[str, ...], shown: int) -> pa.Table:
    counts, people = cells[0].reshape(-1, _CELLS), cells[1].reshape(-1, _CELLS)
    order = sorted(
        np.flatnonzero(counts[:, 0] + counts[:, 3]).tolist(),
        key=lambda at: (-counts[at, 0], -counts[at, 3], names[at]),
    )[:shown]
    total = max(1, int(counts[:, 0].sum()))
    count, behind = counts[order].T, people[order].T
    enter, leave = np.maximum(count[0], 1), np.maximum(count[3], 1)
    columns: dict[str, Any] = {
        "entries": count[0],
        "entry_users": behind[0],
        "entry_share": count[0] / total,
        "bounces": count[1],
        "bounce_users": behind[1],
        "bounce_share": count[1] / enter,
        "entry_goals": count[2],
        "entry_goal_users": behind[2],
        "entry_conversion": count[2] / enter,
        "exits": count[3],
        "exit_users": behind[3],
        "exit_share": count[3] / total,
        "exit_goals": count[4],
        "exit_goal_users": behind[4],
        "exit_conversion": count[4] / leave,
    }
    return pa.table(
        {"node": pa.array([names[at] for at in order], pa.string())}
        | {name: pa.array(values) for name, values in columns.items()}
    )
