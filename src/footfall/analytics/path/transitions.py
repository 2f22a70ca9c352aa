"""Transitions: from each node to the next one, as a list, a matrix and a graph."""

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
from footfall.errors import OptionError
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["END", "START", "Transitions", "transitions"]

START, END = "(start)", "(end)"
_MOST_NODES = 1000
_WEIGHTS = ("occurrences", "users", "share", "of_source", "of_target")


@kernel(types.void(i32, i64, i32, types.int64, out_i64, out_i64, out_i32))
def _tally(
    nodes: Array,
    starts: Array,
    users: Array,
    different: int,
    counts: Array,
    people: Array,
    seen: Array,
) -> None:
    """Count pairs of neighbors; the last row is from the start, the last column to the end."""
    width = different + 1
    for unit in range(len(users)):
        user = users[unit] + 1
        before = different
        for place in range(starts[unit], starts[unit + 1] + 1):
            after = nodes[place] if place < starts[unit + 1] else different
            cell = before * width + after
            counts[cell] += 1
            if seen[cell] != user:
                seen[cell] = user
                people[cell] += 1
            before = after


@kernel(types.void(i32, i64, i32, types.int64, types.int64, types.int64, types.boolean[::1]))
def _crossing(
    nodes: Array,
    starts: Array,
    users: Array,
    different: int,
    source: int,
    target: int,
    out: Array,
) -> None:
    for unit in range(len(users)):
        before = np.int64(different)
        for place in range(starts[unit], starts[unit + 1] + 1):
            after = np.int64(nodes[place]) if place < starts[unit + 1] else np.int64(different)
            if before == source and after == target:
                out[users[unit]] = True
            before = after


def _measure(nodes: Nodes, cut: Cut, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count occurrences (row 0) and users (row 1) of every pair."""
    units = units_in(nodes, cut, chunk)
    size = (len(nodes) + 1) ** 2
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    seen = np.zeros(size, np.int32)
    _tally(units.nodes, units.starts, units.users, len(nodes), counts, people, seen)
    return np.stack([counts, people])


def _measure_users(
    nodes: Nodes, cut: Cut, source: int, target: int, chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    units = units_in(nodes, cut, chunk)
    out = np.zeros(len(chunk.users), np.bool_)
    _crossing(units.nodes, units.starts, units.users, len(nodes), source, target, out)
    return out


@dataclass(frozen=True, kw_only=True, repr=False)
class Transitions(Answer):
    """The answer of :func:`transitions`.

    Attributes
    ----------
    frame : pa.Table
        One row a pair that occurs, most common first: source ("(start)" for what a session begins
        with), target ("(end)" for where it ends), occurrences, users (int64), share (of all
        rows), of_source (of what leaves the source), of_target (of what comes to the target).
    names : tuple of str
        The nodes, most common first.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "share": "share",
        "of_source": "share",
        "of_target": "share",
    }

    frame: pa.Table
    names: tuple[str, ...]
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)

    def users(self, source: str, target: str, *, group: str | None = None) -> list[str]:
        """List the users behind a row.

        Parameters
        ----------
        source, target : str
            As the row names them.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node or group.
        """
        size = len(self._ground.nodes)
        ends = [
            size if name == outside else int(self._ground.codes(name, option)[0])
            for name, outside, option in ((source, START, "source"), (target, END, "target"))
        ]
        return self._ground.users(_measure_users, *ends, group=group)

    def matrix(
        self, weight: Literal["occurrences", "users", "share", "of_source", "of_target"]
    ) -> pa.Table:
        """Give the transitions as a square: a row a source, a column a target.

        Parameters
        ----------
        weight : str
            A column of the frame.

        Returns
        -------
        pa.Table
            A first column source, then one for each node and "(end)".

        Raises
        ------
        OptionError
            If it is no such column.
        """
        if weight not in _WEIGHTS:
            raise OptionError.of("weight", "Transitions", f"one of {list(_WEIGHTS)}", weight)
        sources, targets = [START, *self.names], [*self.names, END]
        cells = {(row["source"], row["target"]): row[weight] for row in self.frame.to_pylist()}
        kind = self.frame.column(weight).type
        columns = {
            target: pa.array([cells.get((source, target), 0) for source in sources], kind)
            for target in targets
        }
        return pa.table({"source": pa.array(sources, pa.string())} | columns)

    def to_json(self) -> dict[str, Any]:
        """Give the transitions, groups and the definition."""
        answer: dict[str, Any] = {"transitions": self.frame.to_pylist(), "nodes": [*self.names]}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the matrix: how often each target follows a source."""
        from footfall.analytics.path.graphs import draw_matrix

        return draw_matrix(self)

    def graph(self) -> "go.Figure":
        """Draw nodes as circles and the strongest transitions as arrows between them."""
        from footfall.analytics.path.graphs import draw_graph

        return draw_graph(self)


def transitions(
    log: LogView,
    *,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    collapse_repeats: bool = False,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> Transitions:
    """Count which node directly follows which.

    Parameters
    ----------
    log : LogView
    per, gap_minutes, collapse_repeats, without, nodes
        As in :func:`footfall.analytics.path.common.paths`.
    most_nodes : int, default=30
        Nodes that keep their name, those of most users (at most 1,000); the rest becomes
        "(other)".
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Transitions

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = transitions(log)
    >>> print(answer)
    source    target    occurrences  users   share  of_source  of_target
    (start)   view                2      2  40.0 %    100.0 %    100.0 %
    purchase  (end)               1      1  20.0 %    100.0 %     50.0 %
    view      (end)               1      1  20.0 %     50.0 %     50.0 %
    view      purchase            1      1  20.0 %     50.0 %    100.0 %
    >>> answer.users("view", "(end)")
    ['bob']
    """
    checked_count("most_nodes", "transitions", most_nodes, most=_MOST_NODES)
    ground = ground_of(
        log, owner="transitions", per=per, gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without,
        by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    names = ground.nodes.names
    width = len(names) + 1
    asked = ground.ask(_measure, partial(summed, (2, width**2)))
    into = asked.total[0].reshape(width, width).sum(axis=0)[:-1]
    order = sorted(np.flatnonzero(into).tolist(), key=lambda at: (-into[at], names[at]))
    definition = {
        "unit": f"neighboring events of one {per}, with its start and end",
        "share": "of all pairs; of_source: of those that leave the source; of_target: of those that"
        " come to the target",
    }
    return Transitions(
        frame=_frame(asked.total, names),
        names=tuple(names[at] for at in order),
        groups=stacked({name: _frame(part, names) for name, part in asked.groups.items()}),
        definition=definition | ground.definition | dict(asked.note),
        _ground=ground,
    )


def _frame(cells: Array, names: tuple[str, ...]) -> pa.Table:
    width = len(names) + 1
    counts = cells[0].reshape(width, width)
    found = np.flatnonzero(cells[0])
    source, target = found // width, found % width
    labels = ([*names, START], [*names, END])
    order = sorted(
        range(len(found)),
        key=lambda at: (-cells[0, found[at]], labels[0][source[at]], labels[1][target[at]]),
    )
    found, source, target = found[order], source[order], target[order]
    count = cells[0, found]
    return pa.table(
        {
            "source": pa.array([labels[0][at] for at in source], pa.string()),
            "target": pa.array([labels[1][at] for at in target], pa.string()),
            "occurrences": pa.array(count, pa.int64()),
            "users": pa.array(cells[1, found], pa.int64()),
            "share": pa.array(count / max(1, int(count.sum())), pa.float64()),
            "of_source": pa.array(count / counts.sum(axis=1)[source], pa.float64()),
            "of_target": pa.array(count / counts.sum(axis=0)[target], pa.float64()),
        }
    )
