"""Paths: the most common runs of consecutive nodes, in sessions or in whole users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.ground import Ground, checked_count, ground_of, units_in
from footfall.analytics.path.nodes import NamesNodes, Nodes
from footfall.analytics.path.runs import (
    MOST_BITS,
    Coding,
    RunPart,
    count_runs,
    merge_runs,
    users_with_run,
)
from footfall.analytics.path.units import Cut
from footfall.analytics.scope import Between
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["ARROW", "Paths", "coding_of", "measure_runs", "paths", "split_path", "users_on_run"]

ARROW = " > "
_INDEXED_BITS = 12  # tables of so few entries stay in the fastest memory


@dataclass(frozen=True, kw_only=True, repr=False)
class Paths(Answer):
    """The answer of :func:`paths`.

    Attributes
    ----------
    frame : pa.Table
        One row a path, most common first: path (string, " > " between), occurrences (int64), users
        (int64), share (of all occurrences asked about), ended (int64: occurrences with nothing
        after them in the session or user).
    steps : tuple of tuple of str
        The nodes of each row's path.
    total : int
        Occurrences of all paths asked about, shown or not.
    different : int
        How many different paths those were.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    steps: tuple[tuple[str, ...], ...]
    total: int
    different: int
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)

    def users(self, path: str | Sequence[str], *, group: str | None = None) -> list[str]:
        """List the users behind a row: as many as its column users says.

        Parameters
        ----------
        path : str or sequence of str
            A row's path, such as "view > add_to_cart", or its nodes.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node or group.
        """
        return users_on_run(self._ground, path, group)

    def to_json(self) -> dict[str, Any]:
        """Give the paths (each a list of nodes), totals, groups and the definition."""
        rows = [
            {"path": list(steps)} | {key: row[key] for key in row if key != "path"}
            for steps, row in zip(self.steps, self.frame.to_pylist(), strict=True)
        ]
        answer = {"paths": rows, "total": self.total, "different": self.different}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the paths as a Sankey diagram, from the first event to what comes after the last."""
        from footfall.analytics.path.charts import draw_flow

        return draw_flow(self)


def paths(
    log: LogView,
    *,
    length: int = 3,
    starting_at: str | None = None,
    ending_at: str | None = None,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    shown: int = 20,
    collapse_repeats: bool = False,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> Paths:
    """Count the runs of consecutive events and give the most common ones.

    Parameters
    ----------
    log : LogView
    length : int, default=3
        Events of a run. Shorter sessions have none; longer ones have several that overlap.
    starting_at, ending_at : str, optional
        Only runs whose first or last event is this node ("view|click": either).
    per : "session" or "user", default="session"
        What a run stays inside of.
    gap_minutes : float, default=30
        Silence that ends a session where no session id is given.
    shown : int, default=20
        How many paths to give. Equally common ones: more users first, then by name.
    collapse_repeats : bool, default=False
        Take events of one node in a row as one.
    without : str, optional
        Event types ("impression|void") that are passed over, as if they were not there. Where
        sessions begin and end is decided with them.
    nodes : str, Patterns or Categories, optional
        What stands in a path: event types by default; values of a field; names that rules give to
        page addresses; event types with a category.
    most_nodes : int, optional
        Nodes that keep their name, those of most users; the rest becomes "(other)".
    by, where, between, segment, top
        Breakdown, filter, time, users, and groups that keep their name:
        :func:`footfall.analytics.scope.scope.scoped`. A session is in the group of its first event
        that has one; with ``per="user"`` a user is.

    Returns
    -------
    Paths

    Raises
    ------
    OptionError
        If an option is not as above, a node was never seen, or there are too many nodes for runs
        so long to be counted exactly.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "add_to_cart"),
    ...     ("ann", "2026-01-01T10:09", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ...     ("bob", "2026-01-02T09:01", "add_to_cart"),
    ... ])
    >>> answer = paths(log, length=2)
    >>> print(answer)
    path                    occurrences  users   share  ended
    view > add_to_cart                2      2  66.7 %      1
    add_to_cart > purchase            1      1  33.3 %      1
    >>> answer.users("add_to_cart > purchase")
    ['ann']
    """
    checked_count("length", "paths", length)
    checked_count("shown", "paths", shown)
    ground = ground_of(
        log, owner="paths", per=per, gap_minutes=gap_minutes, collapse_repeats=collapse_repeats,
        nodes=nodes, most_nodes=most_nodes, without=without, keep=(starting_at, ending_at),
        by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    coding = coding_of(ground, length)
    asked = ground.ask(measure_runs, merge_runs, coding, length)
    ends = [
        (ground.codes(name, option), place)
        for name, option, place in (
            (starting_at, "starting_at", 0),
            (ending_at, "ending_at", length - 1),
        )
        if name is not None
    ]
    made = {
        name: _rows(ground.nodes.names, coding, length, _only(part, coding, length, ends), shown)
        for name, part in asked.groups.items()
    }
    total = _only(asked.total, coding, length, ends)
    frame, steps = _rows(ground.nodes.names, coding, length, total, shown)
    definition = _definition(length, per, starting_at, ending_at) | ground.definition
    return Paths(
        frame=frame,
        steps=steps,
        total=int(total.runs.sum()),
        different=len(total.codes),
        groups=stacked({name: table for name, (table, _) in made.items()}),
        definition=definition | dict(asked.note),
        _ground=ground,
    )


def coding_of(ground: Ground, length: int) -> Coding:
    """Code the nodes; unless codes of all are short anyway, only those that do occur.

    Raises
    ------
    OptionError
        If runs of this length do not fit into one number.
    """
    size = len(ground.nodes)
    coding = Coding.of(np.arange(size), size)
    if coding.bits * length <= _INDEXED_BITS:
        return coding
    counts = ground.ask(_count_nodes, _summed).total
    occur = np.flatnonzero(counts) if np.ndim(counts) else np.zeros(0, np.int64)
    coding = Coding.of(occur, size)
    if coding.bits * length > MOST_BITS:
        allowed = (
            f"at most {MOST_BITS // coding.bits} for {len(occur):,} nodes"
            " (most_nodes folds the rare ones)"
        )
        raise OptionError.of("length", ground.owner, allowed, length)
    return coding


def _count_nodes(nodes: Nodes, cut: Cut, chunk: UserChunk) -> Array:  # noqa: ARG001  # one form
    return np.bincount(nodes.of(chunk) + 1, minlength=len(nodes) + 1)[1:]


def _summed(counts: list[Array]) -> Array:
    return np.sum(counts, axis=0)


def measure_runs(nodes: Nodes, cut: Cut, coding: Coding, length: int, chunk: UserChunk) -> RunPart:
    """Count the runs of one chunk."""
    return count_runs(chunk, nodes.of(chunk), cut, coding, length)


def _measure_users(
    nodes: Nodes, cut: Cut, wanted: npt.NDArray[np.int32], chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    return users_with_run(units_in(nodes, cut, chunk), wanted, len(chunk.users))


def users_on_run(ground: Ground, path: str | Sequence[str], group: str | None) -> list[str]:
    """List the users with a run of consecutive nodes."""
    names = split_path(path, ground.nodes.names)
    wanted = np.concatenate([ground.codes(name, "path") for name in names])
    return ground.users(_measure_users, wanted, group=group)


def split_path(path: str | Sequence[str], names: Sequence[str]) -> list[str]:
    """Give the nodes of a path as tables write it; a node's own name may hold " > "."""
    if not isinstance(path, str):
        return list(path)
    if path in names:
        return [path]
    return [part.strip() for part in path.split(ARROW)]


def _only(counted: RunPart, coding: Coding, length: int, ends: list[tuple[Array, int]]) -> RunPart:
    for wanted, place in ends:
        kept = np.isin(coding.nodes_at(counted.codes, place, length), wanted)
        counted = RunPart(
            counted.codes[kept], counted.runs[kept], counted.users[kept], counted.ended[kept]
        )
    return counted


def _rows(
    names: tuple[str, ...], coding: Coding, length: int, counted: RunPart, shown: int
) -> tuple[pa.Table, tuple[tuple[str, ...], ...]]:
    chosen = _most_common(names, coding, length, counted, shown)
    columns = [coding.nodes_at(counted.codes[chosen], place, length) for place in range(length)]
    steps = tuple(tuple(names[code] for code in row) for row in zip(*columns, strict=True))
    total = int(counted.runs.sum())
    runs = counted.runs[chosen]
    frame = pa.table(
        {
            "path": pa.array([ARROW.join(path) for path in steps], pa.string()),
            "occurrences": pa.array(runs, pa.int64()),
            "users": pa.array(counted.users[chosen], pa.int64()),
            "share": pa.array(runs / max(total, 1), pa.float64()),
            "ended": pa.array(counted.ended[chosen], pa.int64()),
        }
    )
    return frame, steps


def _most_common(
    names: tuple[str, ...], coding: Coding, length: int, counted: RunPart, shown: int
) -> Array:
    """Give the places of the most common runs in their order, the same in every log."""
    runs = counted.runs
    places = np.arange(len(runs))
    if len(runs) > shown:
        places = np.flatnonzero(runs >= np.partition(runs, -shown)[-shown])
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    by_name = [
        rank[coding.nodes_at(counted.codes[places], place, length)] for place in range(length)
    ]
    order = np.lexsort((*reversed(by_name), -counted.users[places], -runs[places]))
    return places[order][:shown]


def _definition(
    length: int, per: str, starting_at: str | None, ending_at: str | None
) -> dict[str, str]:
    which = [f"starting at {starting_at}"] if starting_at else []
    which += [f"ending at {ending_at}"] if ending_at else []
    kind = f"runs of {length} consecutive events of one {per}"
    return {
        "unit": ", ".join([kind, *which]) + "; runs may overlap",
        "share": "of the occurrences of all such runs, shown or not",
        "rank": "equally common paths: more users first, then by name",
    }
