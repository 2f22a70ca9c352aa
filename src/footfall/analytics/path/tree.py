"""Path trees: what comes after an event, or led to it, level by level, with who stopped where."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.branches import (
    Anchor,
    Branches,
    branch_users,
    measure_branches,
    measure_trie,
    shown_branches,
)
from footfall.analytics.path.common import ARROW, split_path
from footfall.analytics.path.ground import (
    Ground,
    checked_count,
    checked_share,
    ground_of,
    summed,
)
from footfall.analytics.path.nodes import NamesNodes
from footfall.analytics.path.trie import merge_tries
from footfall.analytics.scope import Between
from footfall.analytics.scope.grouping import OTHER
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["PathTree", "path_tree"]

_DEEPEST = 20
_MOST_NODES = 1000


@dataclass(frozen=True, kw_only=True, repr=False)
class PathTree(Answer):
    """The answer of :func:`path_tree`.

    Attributes
    ----------
    frame : pa.Table
        One row a branch, each below the branch it grows from: depth (int64, from 1), path (string,
        in order of time), node, occurrences, users (int64), share (of all walks), of_parent, ended
        (int64: occurrences with nothing further in the session or user), ended_users (int64).
    total : int
        Walks in all: as many as anchors were found.
    direction : "forward" or "backward"
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame; the same branches for every group.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share", "of_parent": "share"}

    frame: pa.Table
    total: int
    direction: Literal["forward", "backward"]
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)
    _anchor: Anchor = field(compare=False)
    _branches: Branches = field(compare=False)

    def __str__(self) -> str:
        return _text(self)

    def users(
        self, path: str | Sequence[str], *, ended: bool = False, group: str | None = None
    ) -> list[str]:
        """List the users behind a branch.

        Parameters
        ----------
        path : str or sequence of str
            A row's path ("view > add_to_cart", in order of time), or its nodes.
        ended : bool, default=False
            Only those behind ``ended_users``.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such branch or group.
        """
        names = split_path(path, self._ground.nodes.names)
        if self.direction == "backward":
            names = names[::-1]
        known = self._ground.nodes.names
        folded = names[-1:] == [OTHER] and (OTHER not in known or self._folds(names))
        named = names[:-1] if folded else names
        prefix = np.concatenate(
            [np.zeros(0, np.int32), *(self._ground.codes(name, "path") for name in named)]
        )
        after, then = None, "ends" if ended else "any"
        if folded:
            after, then = self._unshown(prefix.tolist()), "after"
        return self._ground.users(branch_users, self._anchor, prefix, then, after, group=group)

    def _at(self, prefix: Sequence[int]) -> int:
        at, size = 0, len(self._ground.nodes)
        for node in prefix:
            at = int(self._branches.child[at * size + node]) if at >= 0 else -1
        return at

    def _folds(self, names: Sequence[str]) -> bool:
        """Say whether "(other)" at the end is what the tree folded, not a node of that name."""
        codes = [self._ground.nodes.names.index(name) for name in names]
        return self._at(codes) < 0

    def _unshown(self, prefix: Sequence[int]) -> npt.NDArray[np.bool_]:
        at, size = self._at(prefix), len(self._ground.nodes)
        if at < 0:
            raise OptionError.of("path", "path_tree", "a path of the answer", list(prefix))
        shown: npt.NDArray[np.bool_] = self._branches.child[at * size : (at + 1) * size] < 0
        return shown

    def to_json(self) -> dict[str, Any]:
        """Give the branches (each path a list of nodes), totals, groups and the definition."""
        answer: dict[str, Any] = {
            "direction": self.direction,
            "total": self.total,
            "branches": self.frame.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the tree as a Sankey diagram; time runs from left to right both ways."""
        from footfall.analytics.path.charts import draw_tree

        return draw_tree(self)


def path_tree(
    log: LogView,
    *,
    start: str | None = None,
    end: str | None = None,
    depth: int = 5,
    least_share: float = 0.01,
    least_users: int = 1,
    occurrence: Literal["first", "last", "every"] = "first",
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    collapse_repeats: bool = False,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int = 100,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> PathTree:
    """Count what comes after an event, or what led to it, as a tree.

    Parameters
    ----------
    log : LogView
    start : str, optional
        Go forward from this node ("view|click": either). Without ``start`` and ``end``: from the
        first event of each session.
    end : str, optional
        Go backward from this node.
    depth : int, default=5
        Nodes of the longest branch, the first one included; at most 20.
    least_share, least_users : default=0.01, 1
        A branch with less of all walks, or fewer users, is put with its like into "(other)".
    occurrence : "first", "last" or "every", default="first"
        Where in a session the walk begins when the node comes more than once.
    per, gap_minutes, collapse_repeats, without, nodes
        As in :func:`footfall.analytics.path.common.paths`.
    most_nodes : int, default=100
        Nodes that keep their name, those of most users; the rest becomes "(other)".
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    PathTree

    Raises
    ------
    OptionError
        If an option is not as above, both ``start`` and ``end`` are given, or a node was never
        seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "add_to_cart"),
    ...     ("ann", "2026-01-01T10:09", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "search"),
    ...     ("bob", "2026-01-02T09:01", "view"),
    ... ])
    >>> print(path_tree(log, start="view"))
    branch             occurrences  users    share  of_parent  ended
    view                         2      2  100.0 %    100.0 %      1
      > add_to_cart              1      1   50.0 %     50.0 %      0
        > purchase               1      1   50.0 %    100.0 %      1
    >>> path_tree(log, start="view").users("view", ended=True)
    ['bob']
    """
    if start is not None and end is not None:
        allowed = "left out where start is given: a tree goes one way"
        raise OptionError.of("end", "path_tree", allowed, end)
    checked_count("depth", "path_tree", depth, most=_DEEPEST)
    checked_share("least_share", "path_tree", least_share)
    checked_count("least_users", "path_tree", least_users)
    checked_count("most_nodes", "path_tree", most_nodes, most=_MOST_NODES)
    if occurrence not in {"first", "last", "every"}:
        raise OptionError.of("occurrence", "path_tree", "'first', 'last' or 'every'", occurrence)
    ground = ground_of(
        log, owner="path_tree", per=per, gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without,
        keep=(start, end), by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    asked_for = start if end is None else end
    wanted = None
    if asked_for is not None:
        codes = ground.codes(asked_for, "start" if end is None else "end")
        wanted = ground.nodes.mask(codes)
    anchor = Anchor(wanted, occurrence, 1 if end is None else -1)
    trie = ground.total(measure_trie, partial(merge_tries, len(ground.nodes)), anchor, depth)
    branches = shown_branches(trie, ground.nodes.names, least_share, least_users)
    size = 3 * len(branches.parent)
    asked = ground.ask(measure_branches, partial(summed, (2, size)), anchor, depth, branches)
    names, forward = ground.nodes.names, end is None
    frames = {
        name: _frame(cells, asked.total, branches, names, forward=forward)
        for name, cells in asked.groups.items()
    }
    definition = _definition(ground.cut.per, start, end, occurrence, least_share, least_users)
    return PathTree(
        frame=_frame(asked.total, asked.total, branches, names, forward=forward),
        total=int(asked.total[0, 0]),
        direction="forward" if forward else "backward",
        groups=stacked(frames),
        definition=definition | ground.definition | dict(asked.note),
        _ground=ground,
        _anchor=anchor,
        _branches=branches,
    )


def _branch_rows(cells: Array, branches: Branches) -> Iterator[tuple[int, int]]:
    """Give (branch, cell) in the order of rows: what was folded comes after its likes."""
    size = len(branches.parent)
    open_: list[int] = [0]
    for at in range(1, size + 1):
        depth = int(branches.depth[at]) if at < size else 0
        while len(open_) > depth:
            done = open_.pop()
            if cells[0, 3 * done + 2]:
                yield done, 2
        if at < size:
            yield at, 0
            open_.append(at)


def _frame(
    cells: Array, total: Array, branches: Branches, names: Sequence[str], *, forward: bool
) -> pa.Table:
    rows = list(_branch_rows(total, branches))
    walks = max(1, int(cells[0, 0]))
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
    for at, cell in rows:
        above = int(branches.parent[at]) if cell == 0 else at
        path = [names[node] for node in branches.path(at)] + ([OTHER] if cell else [])
        count = int(cells[0, 3 * at + cell])
        values = (
            len(path),
            ARROW.join(path if forward else path[::-1]),
            path[-1],
            count,
            int(cells[1, 3 * at + cell]),
            count / walks,
            count / max(1, int(cells[0, 3 * above])),
            None if cell else int(cells[0, 3 * at + 1]),
            None if cell else int(cells[1, 3 * at + 1]),
        )
        for name, value in zip(_SCHEMA.names, values, strict=True):
            columns[name].append(value)
    return pa.table(columns, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("depth", pa.int64()),
        ("path", pa.string()),
        ("node", pa.string()),
        ("occurrences", pa.int64()),
        ("users", pa.int64()),
        ("share", pa.float64()),
        ("of_parent", pa.float64()),
        ("ended", pa.int64()),
        ("ended_users", pa.int64()),
    ]
)


def _text(answer: PathTree) -> str:
    from footfall.analytics.answer import text_table

    arrow = "> " if answer.direction == "forward" else "< "
    frame = answer.frame
    depths, nodes = frame.column("depth").to_pylist(), frame.column("node").to_pylist()
    # Braille blanks keep the indentation where the table takes away plain ones.
    branch = [
        ("\u2800\u2800" * (depth - 1) + (arrow if depth > 1 else "")) + node
        for depth, node in zip(depths, nodes, strict=True)
    ]
    kept = frame.select(["occurrences", "users", "share", "of_parent", "ended"])
    table = kept.add_column(0, "branch", pa.array(branch, pa.string()))
    return text_table(table, formats=answer.FORMATS).replace("\u2800", " ")


def _definition(
    per: str,
    start: str | None,
    end: str | None,
    occurrence: str,
    least_share: float,
    least_users: int,
) -> dict[str, str]:
    if start is None and end is None:
        walks = f"from the first event of each {per} on"
    elif end is None:
        walks = f"from the {occurrence} {start} of each {per} on"
    else:
        walks = f"back from the {occurrence} {end} of each {per}"
    return {
        "unit": f"walks {walks}; an occurrence is one walk through the branch",
        "support": f"branches below {least_share:.2%} of all walks or {least_users} users are"
        " together in (other)",
    }
