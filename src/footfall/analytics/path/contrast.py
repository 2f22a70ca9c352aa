"""Contrast: sequences that are common among buyers and rare among the others, or the reverse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.common import ARROW, split_path
from footfall.analytics.path.ground import Ground, checked_count, checked_share, ground_of
from footfall.analytics.path.mining import (
    Candidates,
    frequent_sequences,
)
from footfall.analytics.path.nodes import NamesNodes
from footfall.analytics.path.sides import Arena, Sides
from footfall.analytics.scope import Between, nothing_in
from footfall.analytics.significance import benjamini_hochberg, two_proportions
from footfall.analytics.significance.proportions import checked_level, quantile_of_normal
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["ContrastPaths", "contrast_paths"]

_LONGEST, _MOST_NODES = 6, 200
_Found = Mapping[tuple[int, ...], tuple[int, int, int, int]]


@dataclass(frozen=True, kw_only=True, repr=False)
class ContrastPaths(Answer):
    """The answer of :func:`contrast_paths`.

    Attributes
    ----------
    frame : pa.Table
        One row a sequence, the surest difference first: path (string, " > " between: in this
        order, whatever lies between), length (int64), first_units, second_units (int64: users or
        sessions of each side that have it), first_users, second_users (int64), first_share,
        second_share, ratio (of the shares), ratio_low, ratio_high (its interval), p_value,
        p_corrected (float64), more_in (string: the side where it is more common).
    sides : tuple of str
        What the two sides are, such as ("with purchase", "without purchase").
    sizes : tuple of int
        Units of each side.
    found : int
        Frequent sequences in all.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame, for the same sequences.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"first_share": "share", "second_share": "share"}

    frame: pa.Table
    sides: tuple[str, str]
    sizes: tuple[int, int]
    found: int
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _arena: Arena = field(compare=False)

    def __str__(self) -> str:
        from footfall.analytics.answer import text_table

        short = ["path", "first_units", "second_units", "first_share", "second_share"]
        short += ["ratio", "ratio_low", "ratio_high", "p_corrected"]
        head = (
            f"first: {self.sides[0]} ({self.sizes[0]:,}); second: {self.sides[1]}"
            f" ({self.sizes[1]:,})"
        )
        return f"{head}\n{text_table(self.frame.select(short), formats=self.FORMATS)}"

    def users(
        self,
        path: str | Sequence[str],
        *,
        side: Literal["first", "second"] = "first",
        group: str | None = None,
    ) -> list[str]:
        """List the users of a side that have a sequence.

        Parameters
        ----------
        path : str or sequence of str
            A row's path, or its nodes.
        side : "first" or "second", default="first"
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node, side or group.
        """
        if side not in {"first", "second"}:
            raise OptionError.of("side", "contrast_paths", "'first' or 'second'", side)
        ground = self._arena.grounds[0][0]
        names = split_path(path, ground.nodes.names)
        wanted = np.concatenate([ground.codes(name, "path") for name in names])
        return self._arena.users(0 if side == "first" else 1, wanted, group)

    def to_json(self) -> dict[str, Any]:
        """Give the sequences, the sides, groups and the definition."""
        answer: dict[str, Any] = {
            "sides": [*self.sides],
            "sizes": [*self.sizes],
            "found": self.found,
            "sequences": self.frame.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw each sequence's ratio with its interval."""
        from footfall.analytics.path.bars import draw_contrast

        return draw_contrast(self)


def contrast_paths(
    log: LogView,
    *,
    goal: str = "purchase",
    segments: "Sequence[str | Segment] | None" = None,
    length: int = 3,
    least_share: float = 0.05,
    shown: int = 20,
    level: float = 0.95,
    per: Literal["session", "user"] = "user",
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
) -> ContrastPaths:
    """Find the sequences that tell buyers from the others, or one segment from another.

    A sequence is some nodes in this order, whatever lies between. All sequences that at least a
    share of one side has are found and counted exactly.

    Parameters
    ----------
    log : LogView
    goal : str, default="purchase"
        The first side did it, the second did not. What the first side did is cut off before its
        first goal: otherwise the goal itself, and what comes after it, would be the difference.
    segments : pair of str or Segment, optional
        Compare these two segments instead, without any cut.
    length : int, default=3
        Nodes of the longest sequence, at most 6.
    least_share : float, default=0.05
        A sequence is frequent when at least this share of one side has it.
    shown : int, default=20
        How many sequences to give.
    level : float, default=0.95
        Level of the intervals.
    per : "session" or "user", default="user"
        What a sequence stays inside of, and what is counted.
    gap_minutes, collapse_repeats, without, nodes
        As in :func:`footfall.analytics.path.common.paths`.
    most_nodes : int, default=30
        Nodes that keep their name, those of most users (at most 200); the rest becomes "(other)".
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    ContrastPaths

    Raises
    ------
    OptionError
        If an option is not as above, or there are too many sequences to be counted.

    References
    ----------
    J. Pei and others, "PrefixSpan: mining sequential patterns efficiently by prefix-projected
    pattern growth", 2001; R. Srikant and R. Agrawal, "Mining sequential patterns: generalizations
    and performance improvements", 1996.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = [(f"buyer {n}", m, kind) for n in range(20)
    ...         for m, kind in enumerate(["search", "view", "purchase"])]
    >>> rows += [(f"other {n}", m, kind) for n in range(20)
    ...          for m, kind in enumerate(["view", "search"])]
    >>> answer = contrast_paths(MemoryLog.from_rows(rows), length=2)
    >>> answer.frame.select(["path", "first_units", "second_units", "more_in"]).to_pylist()[0]
    {'path': 'search > view', 'first_units': 20, 'second_units': 0, 'more_in': 'with purchase'}
    """
    checked_count("length", "contrast_paths", length, most=_LONGEST)
    checked_count("shown", "contrast_paths", shown)
    checked_count("most_nodes", "contrast_paths", most_nodes, most=_MOST_NODES)
    checked_share("least_share", "contrast_paths", least_share)
    checked_level(level, owner="contrast_paths")
    ask = partial(
        ground_of, log, owner="contrast_paths", per=per, gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without,
        by=by, where=where, between=between, top=top,
    )  # fmt: skip
    ground = ask(segment=segment)
    if segments is None:
        arena = _by_goal(log, ground, goal, without)
    else:
        pair = _pair(segments, segment)
        grounds = [replace(ask(segment=one), nodes=ground.nodes) for one in pair]
        arena = Arena(
            tuple((one, Sides(np.zeros(0, np.int16), at)) for at, one in enumerate(grounds)),
            (_name(pair[0]), _name(pair[1])),
        )
    found, sizes = frequent_sequences(
        arena.count, range(len(arena.nodes)), longest=length, least_share=least_share
    )
    table = _Table(arena.names, arena.nodes.names, level)
    frame, chosen = table.best(found, sizes, shown)
    candidates = chosen or [(0,)]
    groups, note = _groups(arena, candidates, table) if chosen else ({}, {})
    if not sizes[:2].all():
        note = {"note": f"nothing to compare: {sizes[0]:,} {per}s against {sizes[1]:,}"}
        note |= nothing_in(ground.scope.log, int(sizes.sum()))
    definition = _definition(goal, segments is not None, per, least_share, level, len(found))
    return ContrastPaths(
        frame=frame,
        sides=arena.names,
        sizes=(int(sizes[0]), int(sizes[1])),
        found=len(found),
        groups=stacked(groups),
        definition=definition | ground.definition | note,
        _arena=arena,
    )


def _name(segment: Any) -> str:
    return str(getattr(segment, "name", segment))


def _by_goal(log: LogView, ground: Ground, goal: str, without: str | None) -> Arena:
    codes = np.array(codes_of(log, goal), np.int16)
    if np.isin(codes, ground.nodes.left_out).any():
        allowed = f"event types other than the goal {goal!r}"
        raise OptionError.of("without", "contrast_paths", allowed, without)
    return Arena(((ground, Sides(codes)),), (f"with {goal}", f"without {goal}"))


def _pair(segments: Any, segment: Any) -> tuple[Any, Any]:
    if isinstance(segments, str) or len(segments) != 2:
        allowed = "two segments, such as ('new', 'loyal')"
        raise OptionError.of("segments", "contrast_paths", allowed, segments)
    if segment is not None:
        allowed = "left out where two segments are compared"
        raise OptionError.of("segment", "contrast_paths", allowed, segment)
    return segments[0], segments[1]


def _groups(
    arena: Arena, chosen: Sequence[tuple[int, ...]], table: "_Table"
) -> tuple[dict[str, pa.Table], dict[str, str]]:
    """Count the sequences that are shown in each group; lengths are counted apart."""
    rows: dict[str, dict[tuple[int, ...], tuple[int, int, int, int]]] = {}
    sizes: dict[str, Any] = {}
    note: dict[str, str] = {}
    if not any(ground.scope.groups for ground, _ in arena.grounds):
        return {}, {}
    for length in sorted({len(path) for path in chosen}):
        mine = [path for path in chosen if len(path) == length]
        found, note = arena.groups(Candidates.of(mine))
        for name, support in found.items():
            sizes[name] = support.sizes
            cells = np.concatenate([support.units, support.users]).T.tolist()
            into = rows.setdefault(name, {})
            into.update({path: tuple(row) for path, row in zip(mine, cells, strict=True)})
    return {
        name: table.rows([(path, found[path]) for path in chosen], sizes[name])
        for name, found in rows.items()
    }, note


@dataclass(frozen=True)
class _Table:
    """Writes sequences as rows, with the statistics of their difference."""

    sides: tuple[str, str]
    names: Sequence[str]
    level: float

    def best(
        self, found: _Found, sizes: npt.NDArray[np.int64], shown: int
    ) -> tuple[pa.Table, list[tuple[int, ...]]]:
        """Give the surest differences; the p-values are corrected for all that was found."""
        if not sizes[:2].all() or not found:
            return self.rows([], sizes), []
        every = sorted(found.items())
        table = self.rows(every, sizes)
        low, high = (table.column(f"ratio_{end}").to_numpy() for end in ("low", "high"))
        sureness = np.maximum(np.log(low), -np.log(high))
        nodes = sorted({node for path in found for node in path})
        kept = [
            at for at, (path, row) in enumerate(every) if not _replaced(path, row, found, nodes)
        ]
        paths = table.column("path").to_pylist()
        order = sorted(kept, key=lambda at: (-sureness[at], len(every[at][0]), paths[at]))[:shown]
        return table.take(pa.array(order, pa.int64())), [every[at][0] for at in order]

    def rows(
        self,
        found: Sequence[tuple[tuple[int, ...], tuple[int, int, int, int]]],
        sizes: npt.NDArray[np.int64],
    ) -> pa.Table:
        """Give a row a sequence."""
        counts = np.array([row for _, row in found], np.int64).reshape(-1, 4)
        first, second = counts[:, 0], counts[:, 1]
        trials = np.maximum(sizes[:2], 1)
        ratio, low, high = self._ratio(first, second, trials)
        p_value = two_proportions(first, trials[0], second, trials[1], self.level)[3]
        p_value = np.nan_to_num(np.asarray(p_value, np.float64), nan=1.0)
        shares = (first / trials[0], second / trials[1])
        more = np.where(shares[0] >= shares[1], *self.sides)
        return pa.table(
            {
                "path": pa.array(
                    [ARROW.join(self.names[node] for node in path) for path, _ in found],
                    pa.string(),
                ),
                "length": pa.array([len(path) for path, _ in found], pa.int64()),
                "first_units": pa.array(first, pa.int64()),
                "second_units": pa.array(second, pa.int64()),
                "first_users": pa.array(counts[:, 2], pa.int64()),
                "second_users": pa.array(counts[:, 3], pa.int64()),
                "first_share": pa.array(shares[0], pa.float64()),
                "second_share": pa.array(shares[1], pa.float64()),
                "ratio": pa.array(ratio, pa.float64()),
                "ratio_low": pa.array(low, pa.float64()),
                "ratio_high": pa.array(high, pa.float64()),
                "p_value": pa.array(p_value, pa.float64()),
                "p_corrected": pa.array(benjamini_hochberg(p_value), pa.float64()),
                "more_in": pa.array(more.tolist(), pa.string()),
            }
        )

    def _ratio(self, first: Any, second: Any, trials: Any) -> tuple[Any, Any, Any]:
        """Give the ratio of shares with its interval; half a unit more keeps it finite."""
        a, b = first + 0.5, second + 0.5
        n, m = trials[0] + 0.5, trials[1] + 0.5
        ratio = (a / n) / (b / m)
        error = np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
        reach = np.exp(quantile_of_normal(self.level, owner="contrast_paths") * error)
        return ratio, ratio / reach, ratio * reach


def _replaced(
    path: tuple[int, ...], row: tuple[int, ...], found: _Found, nodes: Sequence[int]
) -> bool:
    """Say whether a sequence with one node more is in exactly the same units."""
    return any(
        found.get((*path[:at], node, *path[at:]), ())[:2] == row[:2]
        for at in range(len(path) + 1)
        for node in nodes
    )


def _definition(
    goal: str,
    segments: bool,  # noqa: FBT001  # bound by name above
    per: str,
    least_share: float,
    level: float,
    found: int,
) -> dict[str, str]:
    lines = {
        "unit": f"{per}s that have the nodes in this order, whatever lies between, each counted"
        " once",
        "support": f"sequences that at least {least_share:.2%} of one side have; one that a longer"
        " one replaces without losing a unit is left out",
        "ratio": f"of the sides' shares, half a unit added to each count; interval at {level:g},"
        " normal on the logarithm",
        "p_corrected": f"for all {found:,} frequent sequences (Benjamini and Hochberg); of a group:"
        " for those shown",
        "rank": "by the end of the interval nearer to 1: the surest difference first",
    }
    if not segments:
        lines["sides"] = (
            f"{per}s with {goal}, cut off before the first one, against those without, whole; who"
            " had nothing before it counts among the first side"
        )
    return lines
