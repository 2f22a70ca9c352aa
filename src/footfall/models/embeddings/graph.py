"""Graphs of a log: users and the items they met, or items that stand near each other.

A graph is kept as arrays (compressed rows), neighbors ascending, so that a kernel can walk it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import OptionError
from footfall.features.sequences import Sequences

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["GRAPHS", "Graph", "in_user_order", "item_item_graph", "steps_of", "user_item_graph"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float64 = npt.NDArray[np.float64]

GRAPHS = ("item-item", "user-item")
GRID = 1 << 20  # weights are whole multiples of 1 / GRID: sums are exact whatever their order
REACH = 50  # rows looked ahead at most, so that one huge basket costs no more than its size
BLOCK_PAIRS = 1 << 22  # pairs held at once, before they are added up


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Nodes and weighted edges between them.

    Parameters
    ----------
    offsets : int64 array, shape (N + 1,)
        Edges of node ``v`` are ``offsets[v] .. offsets[v + 1]``.
    targets : int32 array, shape (E,)
        Where each edge leads; ascending within a node.
    weights : float64 array, shape (E,)
        More than 0. An edge between two nodes stands in the rows of both, unless the graph was
        made with a direction.
    ids : pa.StringArray, length N
        The id behind each node.
    n_items : int
        Nodes ``0 .. n_items`` are items, the others users.
    counts : int64 array, shape (N,)
        Rows of the log behind each node.

    Examples
    --------
    >>> triangle = Graph.from_edges([0, 1, 2], [1, 2, 0])
    >>> triangle.n_nodes, triangle.targets.tolist()
    (3, [1, 2, 0, 2, 0, 1])
    """

    offsets: Int64
    targets: Int32
    weights: Float64
    ids: pa.StringArray
    n_items: int
    counts: Int64

    @property
    def n_nodes(self) -> int:
        """Number of nodes, those without edges too."""
        return len(self.offsets) - 1

    @property
    def linked(self) -> Int64:
        """Nodes that have an edge, ascending."""
        return np.flatnonzero(np.diff(self.offsets))

    @property
    def bipartite(self) -> bool:
        """Whether every edge is between a user and an item."""
        users = np.repeat(np.arange(self.n_nodes) >= self.n_items, np.diff(self.offsets))
        return bool(np.all(users != (self.targets >= self.n_items)))

    @classmethod
    def from_edges(
        cls,
        sources: npt.ArrayLike,
        targets: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        *,
        n_nodes: int | None = None,
        directed: bool = False,
    ) -> Self:
        """Make a graph of edges; those named twice add up.

        Parameters
        ----------
        sources, targets : int arrays, shape (M,)
            The two nodes of each edge, from 0.
        weights : float array, shape (M,), or None
            More than 0; None: 1.
        n_nodes : int or None
            None: one more than the largest node named.
        directed : bool
            True: an edge leads from its source to its target only.

        Raises
        ------
        OptionError
            When the arrays do not fit together or a weight is not more than 0.
        """
        heads = np.asarray(sources, dtype=np.int64)
        tails = np.asarray(targets, dtype=np.int64)
        gains = np.ones(len(heads)) if weights is None else np.asarray(weights, np.float64)
        known = int(max(heads.max(initial=-1), tails.max(initial=-1))) + 1
        size = known if n_nodes is None else n_nodes
        _check_edges(heads, tails, gains, known, size)
        if not directed:
            other = heads != tails
            both = np.concatenate((heads, tails[other])), np.concatenate((tails, heads[other]))
            (heads, tails), gains = both, np.concatenate((gains, gains[other]))
        grid = np.maximum(np.rint(gains * GRID), 1).astype(np.int64)
        ids = pc.cast(pa.array(np.arange(size)), pa.string())
        matrix = _summed(heads, tails, grid, (size, size))
        return cls.of_matrix(matrix, ids=ids, n_items=size, counts=np.diff(matrix.indptr))

    @classmethod
    def of_matrix(cls, matrix: Any, *, ids: pa.StringArray, n_items: int, counts: Int64) -> Self:
        """Take over a sparse matrix of weights in whole multiples of 1 / GRID, shape (N, N)."""
        matrix.sort_indices()
        return cls(
            offsets=matrix.indptr.astype(np.int64),
            targets=matrix.indices.astype(np.int32),
            weights=matrix.data / GRID,
            ids=ids,
            n_items=n_items,
            counts=np.asarray(counts, np.int64),
        )


def _check_edges(heads: Int64, tails: Int64, gains: Float64, known: int, size: int) -> None:
    if len(tails) != len(heads) or len(gains) != len(heads):
        allowed = f"{len(heads)} nodes and weights, one each a source"
        raise OptionError.of("targets", "Graph", allowed, (len(tails), len(gains)))
    if known > size or min(heads.min(initial=0), tails.min(initial=0)) < 0:
        raise OptionError.of("n_nodes", "Graph", f"more than the largest node, {known - 1}", size)
    if not np.all((gains > 0) & (gains < 2**40)):
        wrong = gains[~((gains > 0) & (gains < 2**40))][0]
        raise OptionError.of("weights", "Graph", "more than 0", float(wrong))


def in_user_order(sequences: Sequences) -> Sequences:
    """Put users into the order of their ids, so that nothing depends on how a log was read.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 1, 3], [0, 1, 0], user_ids=["zoe", "ann"])
    >>> in_user_order(shop).items.tolist()
    [1, 0, 0]
    """
    order = pc.sort_indices(sequences.user_ids).to_numpy()
    return sequences.select(order, sequences.offsets[order + 1])


def user_item_graph(sequences: Sequences) -> Graph:
    """Link each user to the items of his rows; more rows, or heavier ones, weigh more.

    Parameters
    ----------
    sequences : Sequences
        Rows, with their weights if they have any.

    Returns
    -------
    Graph
        Items first, by code; then users, by id.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 2, 3], [0, 0, 1], user_ids=["zoe", "ann"])
    >>> graph = user_item_graph(shop)
    >>> graph.ids.to_pylist(), graph.weights.tolist()
    (['0', '1', 'ann', 'zoe'], [2.0, 1.0, 1.0, 2.0])
    """
    ordered = in_user_order(sequences)
    users = np.repeat(np.arange(ordered.n_users), np.diff(ordered.offsets)) + ordered.n_items
    items = ordered.items.astype(np.int64)
    grid = _row_weights(ordered)
    size = ordered.n_items + ordered.n_users
    there = grid > 0
    half = _summed(items[there], users[there], grid[there], (size, size))
    return Graph.of_matrix(
        (half + half.T).tocsr(),
        ids=pa.concat_arrays([ordered.item_ids, ordered.user_ids]),
        n_items=ordered.n_items,
        counts=np.concatenate((_counts(ordered), np.diff(ordered.offsets))),
    )


def item_item_graph(sequences: Sequences, *, window: int = 3) -> Graph:
    """Link items that stand near each other in users' sequences, both ways.

    Parameters
    ----------
    sequences : Sequences
        Rows, with their weights if they have any.
    window : int
        Steps between two rows, at most. Rows of one moment (a basket) are one step. A pair counts
        1 / steps (1 within a basket), times the geometric mean of the rows' weights.

    Returns
    -------
    Graph
        Items, by code. An item is never linked to itself.

    References
    ----------
    J. Wang et al., "Billion-scale commodity embedding for e-commerce recommendation in Alibaba",
    KDD 2018: the item graph of neighbors in sessions.

    Examples
    --------
    >>> graph = item_item_graph(Sequences.from_arrays([0, 3], [0, 1, 2]), window=2)
    >>> graph.targets.tolist(), graph.weights.tolist()
    ([1, 2, 0, 2, 0, 1], [1.0, 0.5, 1.0, 1.0, 0.5, 1.0])
    """
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise OptionError.of("window", "item_item_graph", "a whole number from 1", window)
    size = sequences.n_items
    total = _summed(*(np.empty(0, np.int64),) * 3, (size, size))
    for low, high, grid in _pairs(sequences, window):
        total = total + _summed(low, high, grid, (size, size))
    return Graph.of_matrix(
        (total + total.T).tocsr(),
        ids=sequences.item_ids,
        n_items=size,
        counts=_counts(sequences),
    )


def _counts(sequences: Sequences) -> Int64:
    return np.bincount(sequences.items, minlength=sequences.n_items).astype(np.int64)


def _row_weights(sequences: Sequences) -> Int64:
    if sequences.weights is None:
        return np.full(len(sequences.items), GRID, np.int64)
    return np.rint(sequences.weights.astype(np.float64) * GRID).astype(np.int64)


def _summed(heads: Int64, tails: Int64, grid: Int64, shape: tuple[int, int]) -> "csr_array":
    """Add up whole weights of equal pairs."""
    from scipy.sparse import coo_array

    return coo_array((grid, (heads, tails)), shape=shape).tocsr()


def steps_of(sequences: Sequences) -> Int64:
    """Give each row its step; rows of a user at one moment (a basket) share one."""
    rows = np.arange(len(sequences.items), dtype=np.int64)
    times = sequences.timestamps
    if times is None or not len(rows):
        return rows
    new = np.concatenate(([True], np.diff(times) != 0))
    starts = sequences.offsets[:-1]
    new[starts[starts < len(rows)]] = True
    return np.cumsum(new, dtype=np.int64)


def _pairs(
    sequences: Sequences, window: int, most: int = BLOCK_PAIRS
) -> Iterator[tuple[Int64, Int64, Int64]]:
    """Give pairs of near rows, a block of them at a time: lower item, higher item, weight."""
    steps = steps_of(sequences)
    users = np.repeat(np.arange(sequences.n_users), np.diff(sequences.offsets))
    items, weights = sequences.items.astype(np.int64), _row_weights(sequences) / GRID
    for lag in range(1, REACH + 1):
        near = (users[lag:] == users[:-lag]) & (steps[lag:] - steps[:-lag] <= window)
        if not near.any():
            return
        near &= items[lag:] != items[:-lag]
        rows = np.flatnonzero(near)
        for start in range(0, len(rows), most):
            first = rows[start : start + most]
            second = first + lag
            apart = np.maximum(steps[second] - steps[first], 1)
            grid = np.rint(np.sqrt(weights[first] * weights[second]) / apart * GRID)
            one, other = items[first], items[second]
            there = grid > 0
            low, high = np.minimum(one, other)[there], np.maximum(one, other)[there]
            yield low, high, grid[there].astype(np.int64)
