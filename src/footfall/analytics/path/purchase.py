"""Purchase paths: what lies before each purchase, in touches, sessions, items and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.path.common import ARROW, split_path
from footfall.analytics.path.ground import Ground, checked_count, ground_of
from footfall.analytics.path.nodes import NamesNodes, Nodes
from footfall.analytics.path.touches import Touches, touches_of
from footfall.analytics.path.trie import Trie, count_walks, merge_tries, walks_matching
from footfall.analytics.path.units import Cut
from footfall.analytics.path.whole import ended_rows
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["PurchasePaths", "purchase_paths"]

_DAY = 86_400_000_000
_COLUMNS = (*SESSION_COLUMNS, "item", "event_type")
_LONGEST = 20
_DIRECT = "(nothing before)"
_MEASURES = ("touches", "sessions", "items", "days_since_first_touch", "days_since_purchase")
_WHICH = ("all", "first", "repeat")
_SHARES = (("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9))


@dataclass(frozen=True)
class _Options:
    goal: npt.NDArray[np.int16]
    gap: int
    longest: int

    def touches(self, nodes: Nodes, cut: Cut, chunk: UserChunk) -> Touches:
        return touches_of(
            chunk, nodes.of(chunk), self.goal, self.gap, collapse_repeats=cut.collapse_repeats
        )


@dataclass(frozen=True)
class _Part:
    """Orders of some users: what lies before each, and the paths that lead to them."""

    buyers: npt.NDArray[np.int64]  # with an order of each kind of _WHICH
    repeat: npt.NDArray[np.bool_]
    values: tuple[npt.NDArray[np.int64], ...]  # one array a measure; -1: none
    trie: Trie


def _measure(nodes: Nodes, cut: Cut, options: _Options, chunk: UserChunk) -> _Part:
    found = options.touches(nodes, cut, chunk)
    repeat = found.repeat
    buyers = [len(np.unique(found.users[mask])) for mask in _masks(repeat)]
    values = (found.touches, found.sessions, found.items)
    return _Part(
        np.array(buyers, np.int64),
        repeat,
        (*(value.astype(np.int64) for value in values), found.since_first, found.since_previous),
        count_walks(found.walks, depth=options.longest, different=len(nodes)),
    )


def _masks(repeat: npt.NDArray[np.bool_]) -> tuple[Array, ...]:
    return np.ones(len(repeat), np.bool_), ~repeat, repeat


def _merged(different: int, parts: list[_Part]) -> _Part:
    nothing = np.zeros(0, np.int64)
    return _Part(
        np.sum([np.zeros(len(_WHICH), np.int64), *(part.buyers for part in parts)], axis=0),
        np.concatenate([np.zeros(0, np.bool_), *(part.repeat for part in parts)]),
        tuple(
            np.concatenate([nothing, *(part.values[at] for part in parts)])
            for at in range(len(_MEASURES))
        ),
        merge_tries(different, [part.trie for part in parts]),
    )


def _measure_buyers(
    nodes: Nodes, cut: Cut, options: _Options, which: int, chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    found = options.touches(nodes, cut, chunk)
    out = np.zeros(len(chunk.users), np.bool_)
    out[found.users[_masks(found.repeat)[which]]] = True
    return out


def _measure_on_path(
    nodes: Nodes, cut: Cut, options: _Options, path: npt.NDArray[np.int32], chunk: UserChunk
) -> npt.NDArray[np.bool_]:
    found = options.touches(nodes, cut, chunk)
    then = "any" if len(path) == options.longest else "ends"
    return walks_matching(found.walks, path, len(chunk.users), then=then)


@dataclass(frozen=True, kw_only=True, repr=False)
class PurchasePaths(Answer):
    """The answer of :func:`purchase_paths`.

    Attributes
    ----------
    frame : pa.Table
        One row a kind of order and measure: orders ("all", "first" or "repeat" of a user), measure
        ("touches", "sessions", "items", "days_since_first_touch", "days_since_purchase"), count
        (int64: orders that have it), users (int64: buyers with an order of this kind), mean, p10,
        p25, median, p75, p90 (float64; null without such orders).
    paths : pa.Table
        One row a condensed path into an order, most common first: path, length, orders, users
        (int64), share (of all orders).
    steps : tuple of tuple of str
        The nodes of each row of ``paths``.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    path_groups : pa.Table or None
        With a breakdown: group, then the columns of ``paths``.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    paths: pa.Table
    steps: tuple[tuple[str, ...], ...]
    groups: pa.Table | None = None
    path_groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)
    _options: _Options = field(compare=False)

    def __str__(self) -> str:
        paths = text_table(self.paths, formats=self.FORMATS)
        return f"{text_table(self.frame)}\n\n{paths}"

    def users(
        self,
        path: str | Sequence[str] | None = None,
        *,
        orders: str = "all",
        group: str | None = None,
    ) -> list[str]:
        """List the buyers behind a row.

        Parameters
        ----------
        path : str or sequence of str, optional
            A row of ``paths``; None for the buyers of a row of the frame.
        orders : "all", "first" or "repeat", default="all"
            Which orders, where no path is given.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node, kind of order or group.
        """
        if path is None:
            if orders not in _WHICH:
                raise OptionError.of("orders", "purchase_paths", f"one of {[*_WHICH]}", orders)
            which = _WHICH.index(orders)
            return self._ground.users(
                _measure_buyers, self._options, which, group=group, columns=_COLUMNS
            )
        names = [] if path == _DIRECT else split_path(path, self._ground.nodes.names)
        nodes = np.concatenate(
            [np.zeros(0, np.int32), *(self._ground.codes(name, "path") for name in names[::-1])]
        )
        return self._ground.users(
            _measure_on_path, self._options, nodes, group=group, columns=_COLUMNS
        )

    def to_json(self) -> dict[str, Any]:
        """Give the measures, the paths (each a list of nodes), groups and the definition."""
        rows = [
            {"path": list(steps)} | {key: row[key] for key in row if key != "path"}
            for steps, row in zip(self.steps, self.paths.to_pylist(), strict=True)
        ]
        answer: dict[str, Any] = {"measures": self.frame.to_pylist(), "paths": rows}
        if self.groups is not None and self.path_groups is not None:
            answer["groups"] = self.groups.to_pylist()
            answer["path_groups"] = self.path_groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the paths into purchases as bars."""
        from footfall.analytics.path.bars import draw_purchases

        return draw_purchases(self)

    def spread(self) -> "go.Figure":
        """Draw the quantiles of each measure, first orders beside repeat ones."""
        from footfall.analytics.path.bars import draw_spread

        return draw_spread(self)


def purchase_paths(
    log: LogView,
    *,
    goal: str = "purchase",
    longest: int = 5,
    shown: int = 20,
    gap_minutes: float = 30,
    collapse_repeats: bool = True,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> PurchasePaths:
    """Say what lies before purchases: touches, sessions, items, time, and the way into them.

    Parameters
    ----------
    log : LogView
    goal : str, default="purchase"
        Event types that are the lines of an order. Lines of one given session, or of one moment
        where none is given, are one order.
    longest : int, default=5
        Nodes of a path, the last ones before the order; at most 20.
    shown : int, default=20
        How many paths to give. Equally common ones: more users first, then by name.
    gap_minutes : float, default=30
        Silence that ends a session where no session id is given.
    collapse_repeats : bool, default=True
        Take events of one node in a row as one, in paths (never in touches).
    without : str, optional
        Event types ("impression|void") that are no touches.
    nodes, most_nodes
        As in :func:`footfall.analytics.path.common.paths`.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`. Each user is in one group.

    Returns
    -------
    PurchasePaths

    Raises
    ------
    OptionError
        If an option is not as above, or the goal was never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "search"),
    ...     ("ann", "2026-01-01T10:01", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:05", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:06", "purchase", "kettle"),
    ...     ("ann", "2026-01-09T10:06", "purchase", "kettle"),
    ... ])
    >>> answer = purchase_paths(log)
    >>> print(text_table(answer.paths.drop(["share"])))
    path              length  orders  users
    (nothing before)       0       1      1
    search > view          2       1      1
    >>> answer.frame.filter(pa.compute.field("orders") == "first").select(
    ...     ["measure", "median"]).to_pylist()[:3]
    [{'measure': 'touches', 'median': 3.0}, {'measure': 'sessions', 'median': 2.0}, {'measure':
      'items', 'median': 1.0}]
    """
    checked_count("longest", "purchase_paths", longest, most=_LONGEST)
    checked_count("shown", "purchase_paths", shown)
    ground = ground_of(
        log, owner="purchase_paths", per="user", gap_minutes=gap_minutes, nodes=nodes,
        collapse_repeats=collapse_repeats, most_nodes=most_nodes, without=without,
        by=by, where=where, between=between, segment=segment, top=top,
    )  # fmt: skip
    gap = gap_microseconds(gap_minutes, owner="purchase_paths")
    options = _Options(np.array(codes_of(log, goal), np.int16), gap, longest)
    merge = partial(_merged, len(ground.nodes))
    asked = ground.ask(_measure, merge, options, columns=_COLUMNS)
    names = ground.nodes.names
    rows, steps = _paths(asked.total.trie, names, longest, shown)
    made = {name: _paths(part.trie, names, longest, shown) for name, part in asked.groups.items()}
    return PurchasePaths(
        frame=_frame(asked.total),
        paths=rows,
        steps=steps,
        groups=stacked({name: _frame(part) for name, part in asked.groups.items()}),
        path_groups=stacked({name: table for name, (table, _) in made.items()}),
        definition=ground.definition | _definition(goal, longest, gap_minutes) | asked.note,
        _ground=ground,
        _options=options,
    )


def _paths(
    trie: Trie, names: Sequence[str], longest: int, shown: int
) -> tuple[pa.Table, tuple[tuple[str, ...], ...]]:
    """Give the paths; one cut off at the longest length counts like one that ends there."""
    depth = np.zeros(len(trie.parent), np.int32)
    for _ in range(longest):  # a level deeper each time; the root has no parent
        depth[1:] = depth[trie.parent[1:]] + 1
    cut = depth == longest
    leaves = Trie(
        trie.parent, trie.node, trie.count, trie.users,
        np.where(cut, trie.count, trie.ended), np.where(cut, trie.users, trie.ended_users),
    )  # fmt: skip
    table, steps = ended_rows(leaves, names, shown, backward=True)
    named = pa.array([ARROW.join(path) or _DIRECT for path in steps], pa.string())
    return table.set_column(0, "path", named).rename_columns(
        ["path", "length", "orders", "users", "share"]
    ), steps


def _frame(part: _Part) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
    for which, mask, users in zip(_WHICH, _masks(part.repeat), part.buyers.tolist(), strict=True):
        for measure, values in zip(_MEASURES, part.values, strict=True):
            mine = values[mask]
            mine = mine[mine >= 0]
            scale = _DAY if measure.startswith("days") else 1
            cuts = [quantile(mine, share) for _, share in _SHARES]
            row = [which, measure, len(mine), users]
            row += [int(mine.sum()) / len(mine) / scale if len(mine) else None]
            row += [None if cut is None else cut / scale for cut in cuts]
            for name, value in zip(_SCHEMA.names, row, strict=True):
                columns[name].append(value)
    return pa.table(columns, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("orders", pa.string()),
        ("measure", pa.string()),
        ("count", pa.int64()),
        ("users", pa.int64()),
    ]
    + [(name, pa.float64()) for name in ("mean", *(name for name, _ in _SHARES))]
)


def _definition(goal: str, longest: int, gap_minutes: float) -> dict[str, str]:
    return {
        "unit": f"orders: {goal} events of one given session, or of one moment where none is given",
        "window": "from the user's order before (or first event) to the order",
        "touches": "events in between that are no lines of an order; what lies between the lines of"
        " one order belongs to none",
        "sessions": f"different sessions of the touches and the order; they end after"
        f" {gap_minutes:g} minutes of silence, or as their ids say",
        "items": "different items of the touches",
        "days_since_first_touch": "from the first touch to the order; orders without a touch have"
        " none",
        "paths": f"the last {longest} nodes before the order",
        "quantiles": "the smallest value that the share of orders does not exceed",
    }
