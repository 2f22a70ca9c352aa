"""Random walks over a graph: DeepWalk's and Node2Vec's, exact, and the same on any machine.

Each walk draws its numbers from a counter keyed by (seed, start, turn), so a walk does not depend
on which others are made, in what order or by how many threads.

A step of Node2Vec depends on two nodes. Tables for all pairs would need a row for every edge of
every edge; here a neighbor is proposed from the table of one node and taken with the chance that
makes the distribution right. What lies above the usual height (going back when `p` is small) is a
choice of its own, and after some refusals the probabilities are written out, so that no setting
of `p` and `q` is slow.

References
----------
B. Perozzi, R. Al-Rfou, S. Skiena, "DeepWalk: online learning of social representations", KDD 2014.
A. Grover, J. Leskovec, "node2vec: scalable feature learning for networks", KDD 2016.
K. Yang et al., "KnightKing: a fast distributed graph random walk engine", SOSP 2019.
A. J. Walker, "An efficient method for generating discrete random variables with general
distributions", ACM TOMS 1977.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.kernels import Array, f64, i32, i64, kernel, out_f64, out_i32
from footfall.models.embeddings.checks import check_number, check_whole
from footfall.models.embeddings.graph import Graph
from footfall.store.hashing import scramble

__all__ = ["NOWHERE", "Walks"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

NOWHERE = -1  # fills a walk that came to a node without edges
BLOCK_WALKS = 1 << 14  # walks held at once: memory stays flat whatever the graph
TRIES = 24  # proposals refused before the probabilities are written out
DRAWS = 2 * TRIES + 1  # numbers that a step may need
LANES = 64
_GOLDEN = 0x9E3779B97F4A7C15
_UNIT = 2.0**-53


@dataclass(frozen=True, kw_only=True, eq=False)
class Walks:
    """How a graph is walked.

    Parameters
    ----------
    graph : Graph
        What is walked.
    length : int
        Nodes of a walk, its start among them.
    per_node : int
        Walks that start at each node.
    p : float
        The higher, the seldomer a walk goes straight back.
    q : float
        Above 1, walks stay near the node before; below 1, they go away from it. With p = q = 1
        a step depends on one node only, and this is DeepWalk.
    weighted : bool
        False: all edges of a node are as likely.
    seed : int
        Same seed, same walks.
    threads : int
        Blocks of starts are walked side by side; the answer is the same.

    Examples
    --------
    >>> line = Graph.from_edges([0, 1], [1, 2])
    >>> Walks(graph=line, length=3, per_node=1).from_starts([0, 2])[:, :2].tolist()
    [[0, 1], [2, 1]]
    """

    graph: Graph
    length: int = 40
    per_node: int = 10
    p: float = 1.0
    q: float = 1.0
    weighted: bool = True
    seed: int = 0
    threads: int = 1
    _tables: tuple[Array, Array, Array, Int32] = field(init=False, repr=False)
    _bipartite: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the options and build the table of each node."""
        for option in ("length", "per_node", "threads"):
            check_whole(getattr(self, option), option, "walks")
        for option in ("p", "q"):
            check_number(getattr(self, option), option, "walks", low=1e-6, high=1e6)
        check_whole(self.seed, "seed", "walks", low=0, high=2**63 - 1)
        graph = self.graph
        weights = graph.weights if self.weighted else np.ones(len(graph.targets))
        totals = np.zeros(graph.n_nodes)
        accept, other = np.ones(len(weights)), graph.targets.copy()
        _alias_kernel(graph.offsets, graph.targets, weights, totals, accept, other)
        object.__setattr__(self, "_tables", (weights, totals, accept, other))
        object.__setattr__(self, "_bipartite", graph.bipartite)

    def from_starts(self, starts: npt.ArrayLike, turns: npt.ArrayLike | None = None) -> Int32:
        """Walk from given nodes.

        Parameters
        ----------
        starts : int array, shape (W,)
            Where each walk starts.
        turns : int array, shape (W,), or None
            Which of its start's walks each is; None: the first.

        Returns
        -------
        int32 array, shape (W, length)
            Nodes; `NOWHERE` after a node that has no edges.
        """
        nodes = np.ascontiguousarray(starts, np.int32)
        numbers = np.zeros(len(nodes), np.int64)
        if turns is not None:
            numbers[:] = turns
        if len(nodes) and (nodes.min() < 0 or nodes.max() >= self.graph.n_nodes):
            allowed = f"nodes from 0 to {self.graph.n_nodes - 1}"
            raise OptionError.of("starts", "walks", allowed, (nodes.min(), nodes.max()))
        walks = np.full((len(nodes), self.length), NOWHERE, np.int32)
        cuts = np.linspace(0, len(nodes), self.threads + 1).astype(int)

        def walk(part: int) -> None:
            here = slice(cuts[part], cuts[part + 1])
            self._walk(nodes[here], numbers[here], walks[here])

        if self.threads == 1:
            walk(0)
            return walks
        with ThreadPoolExecutor(self.threads, thread_name_prefix="footfall-walk") as pool:
            list(pool.map(walk, range(self.threads)))
        return walks

    def blocks(self) -> Iterator[Int32]:
        """Walk from every linked node, `per_node` times, in a shuffled order.

        Yields
        ------
        int32 array, shape (W, length)
            Some walks at a time.
        """
        nodes = self.graph.linked
        for turn in range(self.per_node):
            order = np.random.default_rng((self.seed, turn)).permutation(nodes)
            for start in range(0, len(order), BLOCK_WALKS):
                part = order[start : start + BLOCK_WALKS]
                yield self.from_starts(part, np.full(len(part), turn))

    def _walk(self, starts: Int32, turns: Int64, walks: Int32) -> None:
        graph = self.graph
        back, away = 1 / self.p, 1 / self.q
        # Users are only linked to items, so no neighbor of a node is linked to the node before.
        near = away if self._bipartite else 1.0
        _walk_kernel(
            graph.offsets, graph.targets, *self._tables,
            starts, turns, np.uint64(self.seed), back, near, away, walks,
        )  # fmt: skip


@kernel(types.void(i64, i32, f64, out_f64, out_f64, out_i32))
def _alias_kernel(
    offsets: Array, targets: Array, weights: Array, totals: Array, accept: Array, other: Array
) -> None:
    """Write each node's table (Walker 1977): an edge is kept with `accept`, else `other`."""
    widest = 0
    for node in range(len(offsets) - 1):
        widest = max(widest, offsets[node + 1] - offsets[node])
    light, heavy = np.empty(widest, np.int64), np.empty(widest, np.int64)
    for node in range(len(offsets) - 1):
        first, last = offsets[node], offsets[node + 1]
        total, few, many = 0.0, 0, 0
        for edge in range(first, last):
            total += weights[edge]
        totals[node] = total
        for edge in range(first, last):
            accept[edge] = weights[edge] / total * (last - first)
            if accept[edge] < 1.0:
                light[few] = edge
                few += 1
            else:
                heavy[many] = edge
                many += 1
        while few > 0 and many > 0:
            few -= 1
            edge, giver = light[few], heavy[many - 1]
            other[edge] = targets[giver]
            accept[giver] -= 1.0 - accept[edge]
            if accept[giver] < 1.0:
                many -= 1
                light[few] = giver
                few += 1
        # What is left is 1 but for rounding.
        for at in range(few):
            accept[light[at]] = 1.0
        for at in range(many):
            accept[heavy[at]] = 1.0


_key_type = types.uint64(types.uint64, types.int64, types.int64)


@numba.njit(_key_type, nogil=True, cache=True, inline="always")
def _key_of(seed: np.uint64, start: int, turn: int) -> np.uint64:
    """Give a walk a key of its own."""
    key = scramble(seed + np.uint64(_GOLDEN))
    key = scramble(key ^ (np.uint64(start) + np.uint64(_GOLDEN)))
    return scramble(key + np.uint64(turn) * np.uint64(_GOLDEN))


@numba.njit(types.float64(types.uint64, types.int64), nogil=True, cache=True, inline="always")
def _draw(key: np.uint64, count: int) -> float:
    """Give the `count`-th number of a walk, from 0 to below 1."""
    bits = scramble(key + np.uint64(count) * np.uint64(_GOLDEN))
    return np.float64(bits >> np.uint64(11)) * _UNIT


@numba.njit(
    types.int64(i64, i32, f64, i32, types.int64, types.float64),
    nogil=True,
    cache=True,
    inline="always",
)
def _propose(
    offsets: Array, targets: Array, accept: Array, other: Array, node: int, drawn: float
) -> int:
    """Choose a neighbor by weight: the whole part is the place, the rest says whether to stay."""
    first = offsets[node]
    spot = drawn * (offsets[node + 1] - first)
    edge = first + np.int64(spot)
    return targets[edge] if spot - np.int64(spot) < accept[edge] else other[edge]


@kernel(types.int64(i64, i32, types.int64, types.int64))
def _edge_to(offsets: Array, targets: Array, node: int, wanted: int) -> int:
    """Find the edge from a node to another; -1 when there is none."""
    low, high = offsets[node], offsets[node + 1]
    while low < high:
        middle = (low + high) >> 1
        if targets[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < offsets[node + 1] and targets[low] == wanted else -1


@kernel(
    types.int64(
        i64, i32, f64, types.int64, types.int64, types.float64, types.float64, types.float64
    )
)
def _written_out(
    offsets: Array,
    targets: Array,
    weights: Array,
    before: int,
    node: int,
    back: float,
    away: float,
    drawn: float,
) -> int:
    """Choose a neighbor by the probabilities themselves."""
    first, last = offsets[node], offsets[node + 1]
    upto = np.empty(last - first)
    total = 0.0
    for edge in range(first, last):
        bias = away
        if targets[edge] == before:
            bias = back
        elif _edge_to(offsets, targets, before, targets[edge]) >= 0:
            bias = 1.0
        total += weights[edge] * bias
        upto[edge - first] = total
    place = np.searchsorted(upto, drawn * total, side="right")
    return targets[first + min(place, last - first - 1)]


@kernel(
    types.int64(
        i64, i32, f64, f64, f64, i32, types.int64, types.int64,
        types.float64, types.float64, types.float64, types.uint64, types.int64,
    )
)  # fmt: skip
def _second_order(
    offsets: Array,
    targets: Array,
    weights: Array,
    totals: Array,
    accept: Array,
    other: Array,
    before: int,
    node: int,
    back: float,
    near: float,
    away: float,
    key: np.uint64,
    count: int,
) -> int:
    """Step on from a node by the one before it."""
    height, least = max(near, away), min(near, away)
    reach = 1.0
    if back > height:  # what lies above the height is one more thing to choose
        edge = _edge_to(offsets, targets, node, before)
        if edge >= 0:
            reach += weights[edge] / totals[node] * (back / height - 1.0)
    for _ in range(TRIES):
        drawn = _draw(key, count) * reach
        level = _draw(key, count + 1) * height
        count += 2
        if drawn >= 1.0:
            return before
        candidate = _propose(offsets, targets, accept, other, node, drawn)
        if candidate == before:
            taken = level < back
        elif level < least:
            taken = True  # whatever its bias: nothing has to be looked up
        else:
            linked = _edge_to(offsets, targets, before, candidate) >= 0
            taken = level < (near if linked else away)
        if taken:
            return candidate
    drawn = _draw(key, count)
    return _written_out(offsets, targets, weights, before, node, back, away, drawn)


@kernel(
    types.void(
        i64, i32, f64, f64, f64, i32, i32, i64, types.uint64,
        types.float64, types.float64, types.float64, types.int32[:, ::1],
    )
)  # fmt: skip
def _walk_kernel(
    offsets: Array,
    targets: Array,
    weights: Array,
    totals: Array,
    accept: Array,
    other: Array,
    starts: Array,
    turns: Array,
    seed: np.uint64,
    back: float,
    near: float,
    away: float,
    walks: Array,
) -> None:
    """Walk from each start; an edge's bias is `back`, `near` or `away`."""
    plain = back == near == away
    keys = np.empty(LANES, np.uint64)
    # Some walks go side by side: while one waits for memory, the next is under way.
    for low in range(0, len(starts), LANES):
        high = min(low + LANES, len(starts))
        for row in range(low, high):
            keys[row - low] = _key_of(seed, starts[row], turns[row])
            walks[row, 0] = starts[row]
        for at in range(1, walks.shape[1]):
            for row in range(low, high):
                node = walks[row, at - 1]
                if node < 0 or offsets[node + 1] == offsets[node]:
                    continue
                key, count = keys[row - low], at * DRAWS
                if plain or at == 1:
                    drawn = _draw(key, count)
                    following = _propose(offsets, targets, accept, other, node, drawn)
                else:
                    following = _second_order(
                        offsets, targets, weights, totals, accept, other,
                        walks[row, at - 2], node, back, near, away, key, count,
                    )  # fmt: skip
                walks[row, at] = following
