"""Dead ends: nodes after which sessions end, and how many of them without a purchase."""

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
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["DeadEnds", "dead_ends"]


@kernel(
    types.void(i32, i32, i64, i32, bool1, out_i64, out_i64, out_i32, out_i32, types.boolean[::1])
)
def _tally(
    nodes: Array,
    rows: Array,
    starts: Array,
    users: Array,
    goal: Array,
    counts: Array,
    people: Array,
    seen: Array,
    visited: Array,
    without: Array,
) -> None:
    """Count for each node: units that visit it (3 n), end at it (3 n + 1), and so without goal."""
    for unit in range(len(users)):
        user = users[unit] + 1
        reached = False
        for place in range(starts[unit], starts[unit + 1]):
            reached = reached or goal[rows[place]]
            if visited[nodes[place]] != unit + 1:
                visited[nodes[place]] = unit + 1
                counts[3 * nodes[place]] += 1
                if seen[3 * nodes[place]] != user:
                    seen[3 * nodes[place]] = user
                    people[3 * nodes[place]] += 1
        last = nodes[starts[unit + 1] - 1]
        without[unit] = not reached
        for cell in range(3 * last + 1, 3 * last + (2 if reached else 3)):
            counts[cell] += 1
            if seen[cell] != user:
                seen[cell] = user
                people[cell] += 1


def _goal_rows(chunk: UserChunk, goal: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    rows: npt.NDArray[np.bool_] = np.isin(chunk["event_type"], goal)
    return rows


def _measure(
    nodes: Nodes, cut: Cut, goal: npt.NDArray[np.int16], chunk: UserChunk
) -> npt.NDArray[np.int64]:
    """Count units (row 0) and users (row 1) of every node's three cells."""
    units = units_in(nodes, cut, chunk)
    size = 3 * len(nodes)
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    _tally(
        units.nodes, units.rows, units.starts, units.users, _goal_rows(chunk, goal), counts, people,
        np.zeros(size, np.int32), np.zeros(len(nodes), np.int32), np.zeros(len(units), np.bool_),
    )  # fmt: skip
    return np.stack([counts, people])


def _measure_users(
    nodes: Nodes, cut: Cut, goal: npt.NDArray[np.int16], node: int, chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    units = units_in(nodes, cut, chunk)
    size = 3 * len(nodes)
    without = np.zeros(len(units), np.bool_)
    _tally(
        units.nodes, units.rows, units.starts, units.users, _goal_rows(chunk, goal),
        np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size, np.int32),
        np.zeros(len(nodes), np.int32), without,
    )  # fmt: skip
    last = units.nodes[units.starts[1:] - 1]
    out = np.zeros(len(chunk.users), np.bool_)
    out[units.users[without & (last == node)]] = True
    return out


@dataclass(frozen=True, kw_only=True, repr=False)
class DeadEnds(Answer):
    """The answer of :func:`dead_ends`.

    Attributes
    ----------
    frame : pa.Table
        One row a node, most dead ends first: node, visits (int64: sessions that come to it), ends
        (int64: sessions whose last event it is), dead_ends (int64: of these without the goal),
        users (int64: behind dead_ends), end_share (ends of visits), dead_end_share (dead ends of
        visits), share (of all dead ends).
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "end_share": "share",
        "dead_end_share": "share",
        "share": "share",
    }

    frame: pa.Table
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)
    _goal: npt.NDArray[np.int16] = field(compare=False)

    def users(self, node: str, *, group: str | None = None) -> list[str]:
        """List the users with a session that ended at a node without the goal.

        Parameters
        ----------
        node : str
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node or group.
        """
        code = int(self._ground.codes(node, "node")[0])
        columns = ("event_type",)
        return self._ground.users(_measure_users, self._goal, code, group=group, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Give the nodes, groups and the definition."""
        answer: dict[str, Any] = {"nodes": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a node."""
        from footfall.analytics.path.bars import draw_dead_ends

        return draw_dead_ends(self)


def dead_ends(
    log: LogView,
    *,
    goal: str = "purchase",
    shown: int = 20,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> DeadEnds:
    """Say after which nodes sessions end without a purchase.

    Parameters
    ----------
    log : LogView
    goal : str, default="purchase"
        Event types ("purchase|checkout") a session should come to.
    shown : int, default=20
        How many nodes to give. Equal ones by name.
    per, gap_minutes, without, nodes, most_nodes
        As in :func:`footfall.analytics.path.common.paths`.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    DeadEnds

    Raises
    ------
    OptionError
        If an option is not as above, or the goal was never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "search"),
    ...     ("bob", "2026-01-02T09:01", "view"),
    ... ])
    >>> answer = dead_ends(log)
    >>> print(answer.frame.select(["node", "visits", "ends", "dead_ends"]).to_pylist()[0])
    {'node': 'view', 'visits': 2, 'ends': 1, 'dead_ends': 1}
    >>> answer.users("view")
    ['bob']
    """
    checked_count("shown", "dead_ends", shown)
    ground = ground_of(
        log, owner="dead_ends", per=per, gap_minutes=gap_minutes, collapse_repeats=False,
        nodes=nodes, most_nodes=most_nodes, without=without, by=by, where=where, between=between,
        segment=segment, top=top,
    )  # fmt: skip
    codes = np.array(codes_of(log, goal), np.int16)
    names = ground.nodes.names
    shape = (2, 3 * len(names))
    asked = ground.ask(_measure, partial(summed, shape), codes, columns=("event_type",))
    definition = {
        "unit": f"{per}s; a dead end is the last event of a {per} without {goal}",
        "share": "of all dead ends; end_share and dead_end_share: of the visits of the node",
    }
    return DeadEnds(
        frame=_frame(asked.total, names, shown),
        groups=stacked({name: _frame(part, names, shown) for name, part in asked.groups.items()}),
        definition=definition | ground.definition | dict(asked.note),
        _ground=ground,
        _goal=codes,
    )


def _frame(cells: Array, names: tuple[str, ...], shown: int) -> pa.Table:
    counts = cells[0].reshape(-1, 3)
    people = cells[1].reshape(-1, 3)
    order = sorted(
        np.flatnonzero(counts[:, 0]).tolist(),
        key=lambda at: (-counts[at, 2], -counts[at, 1], names[at]),
    )[:shown]
    visits, ends, dead = (counts[order, column] for column in range(3))
    return pa.table(
        {
            "node": pa.array([names[at] for at in order], pa.string()),
            "visits": pa.array(visits, pa.int64()),
            "ends": pa.array(ends, pa.int64()),
            "dead_ends": pa.array(dead, pa.int64()),
            "users": pa.array(people[order, 2], pa.int64()),
            "end_share": pa.array(ends / visits, pa.float64()),
            "dead_end_share": pa.array(dead / visits, pa.float64()),
            "share": pa.array(dead / max(1, int(counts[:, 2].sum())), pa.float64()),
        }
    )
