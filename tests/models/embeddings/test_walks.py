"""Walks: their distribution against the exact one, and that nothing but the seed decides."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.models.embeddings.walk_reference import chances, neighbors_of, p_value

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.models.embeddings.graph import Graph, user_item_graph
from footfall.models.embeddings.walks import NOWHERE, Walks, _alias_kernel

# Two triangles with a common edge, a tail, a loop, and weights that differ a lot.
SMALL = Graph.from_edges(
    [0, 1, 2, 1, 2, 3, 4, 5],
    [1, 2, 0, 3, 3, 4, 5, 5],
    [1.0, 2.0, 0.5, 4.0, 1.0, 3.0, 0.25, 1.0],
)
SHOP = user_item_graph(Sequences.from_arrays([0, 3, 6, 9, 11], [0, 1, 1, 1, 2, 3, 0, 3, 3, 2, 4]))
# p, q: DeepWalk, the paper's two, going back nearly always or never, staying or leaving always.
SETTINGS = [(1, 1), (0.25, 4), (4, 0.25), (0.01, 1), (500, 2), (1, 400), (2, 0.002), (0.5, 0.5)]


def walks_of(graph, *, seed=3, **options):
    starts = np.repeat(np.arange(graph.n_nodes), 300)
    turns = np.tile(np.arange(300), graph.n_nodes)
    return Walks(graph=graph, length=20, seed=seed, **options).from_starts(starts, turns)


@pytest.mark.parametrize("graph", [SMALL, SHOP], ids=["triangles", "users and items"])
@pytest.mark.parametrize(("p", "q"), SETTINGS)
def test_steps_follow_the_probabilities_of_the_paper(graph, p, q):
    walks = walks_of(graph, p=p, q=q)
    assert p_value(walks, neighbors_of(graph), p, q) > 0.001


@pytest.mark.parametrize(("p", "q"), [(0.5, 2), (1.5, 1), (1, 1.5)])
def test_the_test_notices_other_probabilities(p, q):
    assert p_value(walks_of(SMALL), neighbors_of(SMALL), p, q) < 1e-9


def test_probabilities_of_the_reference_by_hand():
    edges = {0: {1: 2.0, 2: 1.0}, 1: {0: 2.0, 2: 3.0, 3: 4.0}, 2: {0: 1.0, 1: 3.0}, 3: {1: 4.0}}
    # From 0 to 1: back 2 / 4, to the neighbor of both 3, away 4 / 2.
    assert chances(edges, 0, 1, 4, 2) == {0: 0.5 / 5.5, 2: 3 / 5.5, 3: 2 / 5.5}


def test_without_weights_all_neighbors_are_as_likely():
    flat = neighbors_of(SMALL)
    flat = {node: dict.fromkeys(targets, 1.0) for node, targets in flat.items()}
    assert p_value(walks_of(SMALL, weighted=False, p=0.25, q=4), flat, 0.25, 4) > 0.001
    assert p_value(walks_of(SMALL, p=0.25, q=4), flat, 0.25, 4) < 1e-9


def test_edges_with_a_direction_are_walked_one_way_until_there_is_none():
    line = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=True)
    walks = Walks(graph=line, length=6, p=0.1, q=3).from_starts([0, 3])
    assert walks.tolist() == [[0, 1, 2, 3, NOWHERE, NOWHERE], [3, *[NOWHERE] * 5]]


def test_directed_steps_follow_the_probabilities_too():
    graph = Graph.from_edges(
        [0, 0, 1, 1, 2, 2, 3], [1, 2, 2, 3, 0, 3, 0], [1, 2, 3, 1, 1, 2, 1], directed=True
    )
    for p, q in SETTINGS:
        assert p_value(walks_of(graph, p=p, q=q), neighbors_of(graph), p, q) > 0.001


def test_a_graph_without_edges_has_no_walks():
    empty = Walks(graph=Graph.from_edges([], [], n_nodes=3), length=4)
    assert list(empty.blocks()) == []
    assert empty.from_starts([]).shape == (0, 4)


def test_each_linked_node_starts_as_often_as_asked():
    graph = Graph.from_edges([0, 1], [1, 2], n_nodes=5)
    walks = np.concatenate(list(Walks(graph=graph, length=3, per_node=4).blocks()))
    assert np.bincount(walks[:, 0], minlength=5).tolist() == [4, 4, 4, 0, 0]


def test_walks_of_a_start_differ_by_turn_and_by_seed():
    graph = SMALL
    many = Walks(graph=graph, length=12).from_starts([0] * 50, np.arange(50))
    assert len(np.unique(many, axis=0)) > 40
    other = Walks(graph=graph, length=12, seed=1).from_starts([0] * 50, np.arange(50))
    assert not np.array_equal(many, other)


edges = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(0.01, 100)), min_size=1, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(edges=edges, p=st.floats(0.01, 100), q=st.floats(0.01, 100), seed=st.integers(0, 2**63 - 1))
def test_a_walk_depends_on_seed_start_and_turn_alone(edges, p, q, seed):
    graph = Graph.from_edges(*zip(*edges, strict=True), n_nodes=12)
    options = {"graph": graph, "length": 9, "p": p, "q": q, "seed": seed}
    starts, turns = np.arange(150) % 12, np.arange(150) // 12
    walks = Walks(**options).from_starts(starts, turns)
    assert np.array_equal(Walks(**options, threads=3).from_starts(starts, turns), walks)
    order = np.random.default_rng(0).permutation(150)
    assert np.array_equal(Walks(**options).from_starts(starts[order], turns[order]), walks[order])
    shorter = Walks(**options | {"length": 5}).from_starts(starts, turns)
    assert np.array_equal(shorter, walks[:, :5])


@settings(max_examples=60, deadline=None)
@given(edges=edges)
def test_a_table_says_the_weights_exactly(edges):
    graph = Graph.from_edges(*zip(*edges, strict=True), n_nodes=12)
    accept, other, totals = np.ones(len(graph.targets)), graph.targets.copy(), np.zeros(12)
    _alias_kernel(graph.offsets, graph.targets, graph.weights, totals, accept, other)
    assert np.all((accept >= 0) & (accept <= 1))
    for node in graph.linked:
        rows = slice(graph.offsets[node], graph.offsets[node + 1])
        degree = rows.stop - rows.start
        said = np.bincount(graph.targets[rows], accept[rows] / degree, minlength=12)
        said += np.bincount(other[rows], (1 - accept[rows]) / degree, minlength=12)
        true = np.bincount(graph.targets[rows], graph.weights[rows], minlength=12)
        assert np.allclose(said, true / true.sum(), atol=1e-12)
        assert totals[node] == pytest.approx(true.sum())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "'length' option of walks must be a whole number from 1"),
        ({"per_node": 2.5}, "'per_node' option of walks"),
        ({"p": 0}, "'p' option of walks must be a number from 1e-06 to 1e\\+06"),
        ({"q": float("nan")}, "'q' option of walks"),
        ({"seed": -1}, "'seed' option of walks"),
        ({"threads": True}, "'threads' option of walks"),
    ],
)
def test_wrong_options_are_said(options, message):
    with pytest.raises(OptionError, match=message):
        Walks(graph=SMALL, **options)


def test_a_start_must_be_a_node():
    with pytest.raises(OptionError, match="nodes from 0 to 5"):
        Walks(graph=SMALL).from_starts([6])
