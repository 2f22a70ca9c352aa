"""Step matrix: where sessions (or users) stand step by step, from the start or around an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.path.ground import Ground, checked_count, ground_of, summed, units_in
from footfall.analytics.path.nodes import NamesNodes, Nodes
from footfall.analytics.path.units import Cut, Units, places_of_nodes
from footfall.analytics.scope import Between
from footfall.errors import OptionError
from footfall.kernels import Array, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["ENDED", "NOT_BEGUN", "StepMatrix", "step_matrix"]

NOT_BEGUN, ENDED = "(not begun)", "(ended)"
_MOST_NODES, _MOST_STEPS = 1000, 200


@kernel(
    types.void(
        i32, i64, i64, i64, i32, types.int64, types.int64, types.int64, out_i64, out_i64, out_i32
    )
)  # fmt: skip
def _tally(
    nodes: Array,
    place: Array,
    begin: Array,
    end: Array,
    users: Array,
    before: int,
    after: int,
    different: int,
    counts: Array,
    people: Array,
    seen: Array,
) -> None:
    """Count units at each node a step: step by step, two columns more for not begun and ended."""
    width = different + 2
    for unit in range(len(place)):
        user = users[unit] + 1
        for step in range(-before, after + 1):
            at = place[unit] + step
            if at < begin[unit]:
                node = different
            elif at >= end[unit]:
                node = different + 1
            else:
                node = nodes[at]
            cell = (step + before) * width + node
            counts[cell] += 1
            if seen[cell] != user:
                seen[cell] = user
                people[cell] += 1


@dataclass(frozen=True)
class _Steps:
    """Which steps are looked at, around which nodes (None: the start of the unit)."""

    center: npt.NDArray[np.bool_] | None
    before: int
    after: int

    @property
    def numbers(self) -> list[int]:
        """Numbers of the steps: from 1 at the start, around 0 at a center."""
        shift = 1 if self.center is None else 0
        return [step + shift for step in range(-self.before, self.after + 1)]

    def places(self, units: Units) -> tuple[Array, Array, Array, Array]:
        """Give the place of each unit's first step, its slice and its user."""
        if self.center is None:
            return units.starts[:-1], units.starts[:-1], units.starts[1:], units.users
        place, owner = places_of_nodes(units, self.center)
        return place, units.starts[:-1][owner], units.starts[1:][owner], units.users[owner]


def _measure(nodes: Nodes, cut: Cut, steps: _Steps, chunk: UserChunk) -> npt.NDArray[np.int64]:
    """Count units (row 0) and users (row 1) of every cell."""
    units = units_in(nodes, cut, chunk)
    size = (steps.before + steps.after + 1) * (len(nodes) + 2)
    counts, people = np.zeros(size, np.int64), np.zeros(size, np.int64)
    _tally(
        units.nodes, *steps.places(units), steps.before, steps.after, len(nodes),
        counts, people, np.zeros(size, np.int32),
    )  # fmt: skip
    return np.stack([counts, people])


def _measure_users(
    nodes: Nodes, cut: Cut, steps: _Steps, step: int, node: int, chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    units = units_in(nodes, cut, chunk)
    place, begin, end, users = steps.places(units)
    at = place + step
    inside = (at >= begin) & (at < end)
    stands = np.where(at < begin, len(nodes), len(nodes) + 1)
    stands[inside] = units.nodes[at[inside]]
    out = np.zeros(len(chunk.users), np.bool_)
    out[users[stands == node]] = True
    return out


@dataclass(frozen=True, kw_only=True, repr=False)
class StepMatrix(Answer):
    """The answer of :func:`step_matrix`.

    Attributes
    ----------
    frame : pa.Table
        One row a step and node that occurs there: step (int64: from 1, or around 0 at a center),
        node ("(ended)" and, around a center, "(not begun)" among them), units (int64: sessions or
        users), users (int64), share (of all units looked at).
    total : int
        Units looked at.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    total: int
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)
    _steps: _Steps = field(compare=False)

    def __str__(self) -> str:
        wide = self.matrix()
        return text_table(wide, formats=dict.fromkeys(wide.column_names, "share"))

    def matrix(self) -> pa.Table:
        """Give the shares as a matrix: a row a node, a column a step; null where nobody is."""
        cells = {(row["step"], row["node"]): row["share"] for row in self.frame.to_pylist()}
        nodes = self.nodes()
        columns = {
            str(step): pa.array([cells.get((step, node)) for node in nodes], pa.float64())
            for step in self._steps.numbers
        }
        return pa.table({"node": pa.array(nodes, pa.string())} | columns)

    def nodes(self) -> list[str]:
        """Give the nodes, most common first, and last "(not begun)" and "(ended)"."""
        sums: dict[str, int] = {}
        for row in self.frame.to_pylist():
            sums[row["node"]] = sums.get(row["node"], 0) + row["units"]
        last = [name for name in (NOT_BEGUN, ENDED) if name in sums]
        rest = sorted(sums.keys() - {*last}, key=lambda name: (-sums[name], name))
        return [*rest, *last]

    def users(self, node: str, step: int, *, group: str | None = None) -> list[str]:
        """List the users behind a row.

        Parameters
        ----------
        node : str
            As the row names it.
        step : int
            As the row numbers it.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node, step or group.
        """
        numbers = self._steps.numbers
        if step not in numbers:
            allowed = f"an int from {numbers[0]} to {numbers[-1]}"
            raise OptionError.of("step", "StepMatrix", allowed, step)
        outside = {NOT_BEGUN: 0, ENDED: 1}
        if node in outside:
            code = len(self._ground.nodes) + outside[node]
        else:
            code = int(self._ground.codes(node, "node")[0])
        place = numbers.index(step) - self._steps.before
        return self._ground.users(_measure_users, self._steps, place, code, group=group)

    def to_json(self) -> dict[str, Any]:
        """Give the cells, the number of units, groups and the definition."""
        answer: dict[str, Any] = {"cells": self.frame.to_pylist(), "total": self.total}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the matrix: a row a node, a column a step."""
        from footfall.analytics.path.graphs import draw_steps

        return draw_steps(self)


def step_matrix(
    log: LogView,
    *,
    steps: int = 10,
    center: str | None = None,
    before: int = 5,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    collapse_repeats: bool = False,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int = 20,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> StepMatrix:
    """Say at which node sessions (or users) stand at each step.

    Parameters
    ----------
    log : LogView
    steps : int, default=10
        Steps from the start on; after the center where there is one.
    center : str, optional
        Look around the first time a session comes to this node ("view|click": either), which is
        step 0; sessions without it are left out.
    before : int, default=5
        Steps before the center.
    per, gap_minutes, collapse_repeats, without, nodes
        As in :func:`footfall.analytics.path.common.paths`.
    most_nodes : int, default=20
        Nodes that keep their name, those of most users (at most 1,000); the rest becomes
        "(other)".
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    StepMatrix

    Raises
    ------
    OptionError
        If an option is not as above, or a node was never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = step_matrix(log, steps=3)
    >>> print(answer)
    node            1       2        3
    view      100.0 %       -        -
    purchase        -  50.0 %        -
    (ended)         -  50.0 %  100.0 %
    >>> answer.users("(ended)", 2)
    ['bob']
    """
    checked_count("steps", "step_matrix", steps, most=_MOST_STEPS)
    checked_count("before", "step_matrix", before, least=0, most=_MOST_STEPS)
    checked_count("most_nodes", "step_matrix", most_nodes, most=_MOST_NODES)
    ground = ground_of(
        log, owner="step_matrix", per=per, gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without, keep=(center,),
        by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    if center is None:
        asked_for = _Steps(None, 0, steps - 1)
    else:
        wanted = ground.nodes.mask(ground.codes(center, "center"))
        asked_for = _Steps(wanted, before, steps)
    names = (*ground.nodes.names, NOT_BEGUN, ENDED)
    numbers = asked_for.numbers
    shape = (2, len(numbers) * len(names))
    asked = ground.ask(_measure, partial(summed, shape), asked_for)
    frames = {name: _frame(part, numbers, names) for name, part in asked.groups.items()}
    return StepMatrix(
        frame=_frame(asked.total, numbers, names),
        total=int(asked.total[0, : len(names)].sum()),
        groups=stacked(frames),
        definition=_definition(per, center) | ground.definition | dict(asked.note),
        _ground=ground,
        _steps=asked_for,
    )


def _frame(cells: Array, numbers: Sequence[int], names: Sequence[str]) -> pa.Table:
    width = len(names)
    total = max(1, int(cells[0, :width].sum()))
    sums = cells[0].reshape(len(numbers), width).sum(axis=0)
    rank = {
        at: number
        for number, at in enumerate(sorted(range(width - 2), key=lambda at: (-sums[at], names[at])))
    }
    found = sorted(
        np.flatnonzero(cells[0]).tolist(),
        key=lambda cell: (cell // width, rank.get(cell % width, cell % width)),
    )
    count = cells[0, found]
    return pa.table(
        {
            "step": pa.array([numbers[cell // width] for cell in found], pa.int64()),
            "node": pa.array([names[cell % width] for cell in found], pa.string()),
            "units": pa.array(count, pa.int64()),
            "users": pa.array(cells[1, found], pa.int64()),
            "share": pa.array(count / total, pa.float64()),
        }
    )


def _definition(per: str, center: str | None) -> dict[str, str]:
    if center is None:
        unit = f"{per}s; step k is the k-th event; once ended, a {per} stays in (ended)"
    else:
        unit = f"{per}s with {center}; step 0 is the first one of each"
    return {"unit": unit, "share": "of all units looked at"}
