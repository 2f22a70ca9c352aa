"""Whole paths: the most common complete sessions (or users), from first event to last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.branches import Anchor, walks_of
from footfall.analytics.path.common import ARROW, split_path
from footfall.analytics.path.ground import Ground, checked_count, ground_of, units_in
from footfall.analytics.path.nodes import NamesNodes, Nodes
from footfall.analytics.path.trie import Trie, count_walks, merge_tries, walks_matching
from footfall.analytics.path.units import Cut
from footfall.analytics.scope import Between
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["WholePaths", "whole_paths"]

_FROM_THE_START = Anchor(None, "first", 1)
_LONGEST = 100


def measure_whole(nodes: Nodes, cut: Cut, longest: int, chunk: UserChunk) -> Trie:
    """Count every prefix of the units; those that end there are the whole ones."""
    walks = walks_of(units_in(nodes, cut, chunk), _FROM_THE_START)
    return count_walks(walks, depth=longest, different=len(nodes))


def _measure_users(
    nodes: Nodes, cut: Cut, path: npt.NDArray[np.int32], chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    walks = walks_of(units_in(nodes, cut, chunk), _FROM_THE_START)
    return walks_matching(walks, path, len(chunk.users), then="ends")


@dataclass(frozen=True, kw_only=True, repr=False)
class WholePaths(Answer):
    """The answer of :func:`whole_paths`.

    Attributes
    ----------
    frame : pa.Table
        One row a path, most common first: path (string, " > " between), length (int64: its nodes),
        units (int64: sessions or users that are this path), users (int64), share (of all units).
    steps : tuple of tuple of str
        The nodes of each row's path.
    total : int
        Units in all.
    different : int
        How many different whole paths there are, as far as they are short enough.
    longer : int
        Units that are too long to be told apart.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    steps: tuple[tuple[str, ...], ...]
    total: int
    different: int
    longer: int
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)

    def users(self, path: str | Sequence[str], *, group: str | None = None) -> list[str]:
        """List the users behind a row.

        Parameters
        ----------
        path : str or sequence of str
            A row's path, or its nodes.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node or group.
        """
        names = split_path(path, self._ground.nodes.names)
        nodes = np.concatenate([self._ground.codes(name, "path") for name in names])
        return self._ground.users(_measure_users, nodes, group=group)

    def to_json(self) -> dict[str, Any]:
        """Give the paths (each a list of nodes), totals, groups and the definition."""
        rows = [
            {"path": list(steps)} | {key: row[key] for key in row if key != "path"}
            for steps, row in zip(self.steps, self.frame.to_pylist(), strict=True)
        ]
        totals = {"total": self.total, "different": self.different, "longer": self.longer}
        answer: dict[str, Any] = {"paths": rows} | totals
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a path."""
        from footfall.analytics.path.bars import draw_whole

        return draw_whole(self)


def whole_paths(
    log: LogView,
    *,
    longest: int = 20,
    shown: int = 20,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    collapse_repeats: bool = False,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> WholePaths:
    """Count complete sessions (or users) and give the most common ones.

    Parameters
    ----------
    log : LogView
    longest : int, default=20
        Longest path that is told apart, at most 100; longer ones are counted as ``longer``.
    shown : int, default=20
        How many paths to give. Equally common ones: more users first, then by name.
    per, gap_minutes, collapse_repeats, without, nodes, most_nodes
        As in :func:`footfall.analytics.path.common.paths`. Repeats often make the same path look
        different: see ``collapse_repeats``.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    WholePaths

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
    ...     ("ann", "2026-01-03T10:05", "view"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = whole_paths(log)
    >>> print(answer)
    path             length  units  users   share
    view                  1      2      2  66.7 %
    view > purchase       2      1      1  33.3 %
    >>> answer.users("view > purchase")
    ['ann']
    """
    checked_count("longest", "whole_paths", longest, most=_LONGEST)
    checked_count("shown", "whole_paths", shown)
    ground = ground_of(
        log, owner="whole_paths", per=per, gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without,
        by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    names = ground.nodes.names
    asked = ground.ask(measure_whole, partial(merge_tries, len(ground.nodes)), longest)
    frame, steps = ended_rows(asked.total, names, shown)
    total, whole = int(asked.total.count[0]), int(asked.total.ended.sum())
    definition = {
        "unit": f"{per}s as a whole, first event to last; up to {longest} events are told apart",
        "share": f"of all {per}s",
        "rank": "equally common paths: more users first, then by name",
    }
    return WholePaths(
        frame=frame,
        steps=steps,
        total=total,
        different=int(np.count_nonzero(asked.total.ended)),
        longer=total - whole,
        groups=stacked(
            {name: ended_rows(part, names, shown)[0] for name, part in asked.groups.items()}
        ),
        definition=definition | ground.definition | dict(asked.note),
        _ground=ground,
    )


def ended_rows(
    trie: Trie, names: Sequence[str], shown: int, *, backward: bool = False
) -> tuple[pa.Table, tuple[tuple[str, ...], ...]]:
    """Give the most common walks that are a prefix and nothing more, as rows and as nodes."""
    places = np.flatnonzero(trie.ended)
    if len(places) > shown:
        least = np.partition(trie.ended[places], -shown)[-shown]
        places = places[trie.ended[places] >= least]
    if len(places) > 50 * shown + 1000:  # many of the same rarity: users decide before names
        users = trie.ended_users[places]
        order = np.lexsort((-users, -trie.ended[places]))
        least_rank = order[shown - 1]
        mask = (trie.ended[places] > trie.ended[places[least_rank]]) | (users >= users[least_rank])
        places = places[mask]
    step = -1 if backward else 1
    paths = {int(at): tuple(names[node] for node in trie.path(int(at))[::step]) for at in places}
    ranked = sorted(paths, key=lambda at: (-trie.ended[at], -trie.ended_users[at], paths[at]))[
        :shown
    ]
    steps = tuple(paths[at] for at in ranked)
    count = trie.ended[ranked]
    frame = pa.table(
        {
            "path": pa.array([ARROW.join(path) for path in steps], pa.string()),
            "length": pa.array([len(path) for path in steps], pa.int64()),
            "units": pa.array(count, pa.int64()),
            "users": pa.array(trie.ended_users[ranked], pa.int64()),
            "share": pa.array(count / max(1, int(trie.count[0])), pa.float64()),
        }
    )
    return frame, steps
