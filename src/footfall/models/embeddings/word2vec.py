"""Items and users as vectors: item2vec over sequences, DeepWalk and Node2Vec over graphs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment
from footfall.features.sequences import Sequences
from footfall.models.embeddings.graph import (
    GRAPHS,
    Graph,
    in_user_order,
    item_item_graph,
    user_item_graph,
)
from footfall.models.embeddings.skipgram import SkipGram, Trained
from footfall.models.embeddings.vectors import Embedding
from footfall.models.embeddings.walks import NOWHERE, Walks
from footfall.store.view import LogView

__all__ = ["deepwalk", "item2vec", "node2vec"]

Codes = npt.NDArray[np.int32]

BLOCK_USERS = 4_096
OVER_SEQUENCES = SkipGram(window=10)
OVER_WALKS = SkipGram()


def item2vec(
    log: LogView | Sequences,
    *,
    until: Moment | None = None,
    training: SkipGram = OVER_SEQUENCES,
    seed: int = 0,
) -> Embedding:
    """Learn a vector for each item from what stands around it in users' sequences.

    Parameters
    ----------
    log : LogView or Sequences
        A log on disk or in memory, or sequences made of one.
    until : str, datetime, int or None
        Last moment that may be seen; None: everything.
    training : SkipGram
        How vectors are trained.
    seed : int
        Same seed, same vectors.

    Returns
    -------
    Embedding
        Items, by code. One that never stands beside another has no vector.

    Raises
    ------
    OptionError
        When an option is not as above.
    MissingExtraError
        When gensim is not installed.

    References
    ----------
    O. Barkan, N. Koenigstein, "Item2vec: neural item embedding for collaborative filtering", 2016.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 2, 4, 5], [0, 1, 1, 0, 2])
    >>> item2vec(shop).ids.to_pylist()
    ['0', '1']
    """
    sequences = in_user_order(_sequences_of(log, until))
    offsets, items = sequences.offsets, sequences.items
    changes = np.concatenate(([0], np.cumsum(np.diff(items) != 0), [0]))[: len(items)]
    filled = np.flatnonzero(np.diff(offsets))
    first, last = offsets[filled], offsets[filled + 1] - 1
    mixed = filled[changes[last] > changes[first]] if len(filled) else filled

    def rows() -> Iterator[list[Codes]]:
        for start in range(0, len(mixed), BLOCK_USERS):
            yield [
                items[offsets[user] : offsets[user + 1]]
                for user in mixed[start : start + BLOCK_USERS]
            ]

    told = training.over(int(np.diff(offsets)[mixed].sum()), least=5)
    trained = told.train(rows, seed=seed)
    counts = np.bincount(items, minlength=sequences.n_items)
    made = {"method": "item2vec", "seed": seed, **told.options}
    return _embedding(trained, sequences.item_ids, counts, "item", made)


def deepwalk(
    log: LogView | Sequences | Graph,
    *,
    graph: Literal["item-item", "user-item"] = "item-item",
    window: int = 3,
    length: int = 40,
    per_node: int = 10,
    until: Moment | None = None,
    training: SkipGram = OVER_WALKS,
    seed: int = 0,
) -> Embedding:
    """Learn vectors from random walks over a graph of the log, edges taken by their weight.

    Parameters
    ----------
    log : LogView, Sequences or Graph
        A log on disk or in memory, sequences made of one, or a graph of your own.
    graph : {"item-item", "user-item"}
        Which graph is made of a log: items linked to those near them, or users to their items.
    window : int
        Steps between two items that are linked, at most ("item-item" only).
    length, per_node : int
        Nodes of a walk, and walks from each node.
    until : str, datetime, int or None
        Last moment that may be seen; None: everything.
    training : SkipGram
        How vectors are trained.
    seed : int
        Same seed, same vectors.

    Returns
    -------
    Embedding
        Items, and ``users`` in the same space when the graph has them. A node without edges has
        no vector.

    Raises
    ------
    OptionError
        When an option is not as above.
    MissingExtraError
        When gensim is not installed.

    References
    ----------
    B. Perozzi, R. Al-Rfou, S. Skiena, "DeepWalk: online learning of social representations", KDD
    2014.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 2, 4], [0, 1, 2, 3])
    >>> deepwalk(shop, graph="user-item", length=10)
    Embedding(4 items, 2 users, 64 numbers each)
    """
    return node2vec(
        log, graph=graph, window=window, length=length, per_node=per_node, until=until,
        training=training, seed=seed,
    )  # fmt: skip


def node2vec(
    log: LogView | Sequences | Graph,
    *,
    p: float = 1.0,
    q: float = 1.0,
    graph: Literal["item-item", "user-item"] = "item-item",
    window: int = 3,
    length: int = 40,
    per_node: int = 10,
    until: Moment | None = None,
    training: SkipGram = OVER_WALKS,
    seed: int = 0,
) -> Embedding:
    """Learn vectors from walks that prefer to stay near (q > 1) or to go away (q < 1).

    Parameters
    ----------
    log : LogView, Sequences or Graph
        A log on disk or in memory, sequences made of one, or a graph of your own.
    p : float
        The higher, the seldomer a walk goes straight back.
    q : float
        Above 1, a walk prefers neighbors of the node before; below 1, the others. Between users
        and items there are no such neighbors, so that only going back is special.
    graph, window, length, per_node, until, training, seed
        As in :func:`deepwalk`, which is this with p = q = 1.

    Returns
    -------
    Embedding
        Items, and ``users`` in the same space when the graph has them.

    Raises
    ------
    OptionError
        When an option is not as above.
    MissingExtraError
        When gensim is not installed.

    References
    ----------
    A. Grover, J. Leskovec, "node2vec: scalable feature learning for networks", KDD 2016.

    Examples
    --------
    >>> ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    >>> node2vec(ring, p=4, q=0.5, length=10).made["q"]
    0.5
    """
    net = _graph_of(log, graph, window, until)
    walks = Walks(graph=net, length=length, per_node=per_node, p=p, q=q, seed=seed)

    def rows() -> Iterator[list[Codes]]:
        for block in walks.blocks():
            ends = np.sum(block != NOWHERE, axis=1)
            yield [walk[:end] for walk, end in zip(block, ends, strict=True)]

    told = training.over(len(net.linked) * per_node * length, least=1)
    trained = told.train(rows, seed=seed)
    made = {
        "method": "deepwalk" if p == q == 1 else "node2vec",
        "graph": graph if not isinstance(log, Graph) else "own",
        "p": p, "q": q, "window_of_graph": window, "length": length, "per_node": per_node,
        "seed": seed, **told.options,
    }  # fmt: skip
    cut = int(np.searchsorted(trained.codes, net.n_items))
    items = Trained(codes=trained.codes[:cut], vectors=trained.vectors[:cut])
    embedding = _embedding(items, net.ids, net.counts, "item", made)
    if net.n_items == net.n_nodes:
        return embedding
    users = Trained(codes=trained.codes[cut:], vectors=trained.vectors[cut:])
    return replace(embedding, users=_embedding(users, net.ids, net.counts, "user", made))


def _sequences_of(log: LogView | Sequences, until: Moment | None) -> Sequences:
    if not isinstance(log, Sequences):
        return Sequences.from_log(log, until=until)
    return log if until is None else log.until(until)


def _graph_of(
    log: LogView | Sequences | Graph, graph: str, window: int, until: Moment | None
) -> Graph:
    if graph not in GRAPHS:
        raise OptionError.of("graph", "embeddings", f"one of {GRAPHS}", graph)
    if isinstance(log, Graph):
        if until is not None:
            raise OptionError.of("until", "embeddings", "left out when a graph is given", until)
        return log
    sequences = _sequences_of(log, until)
    if graph == "user-item":
        return user_item_graph(sequences)
    return item_item_graph(sequences, window=window)


def _embedding(
    trained: Trained,
    ids: pa.StringArray,
    counts: npt.NDArray[np.int64],
    kind: Literal["item", "user"],
    made: Mapping[str, Any],
) -> Embedding:
    return Embedding(
        ids=ids.take(pa.array(trained.codes)),
        vectors=trained.vectors,
        kind=kind,
        counts=counts[trained.codes],
        made=made,
    )
