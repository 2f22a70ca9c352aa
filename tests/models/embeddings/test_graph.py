"""Graphs of sequences, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.models.embeddings.graph import (
    GRID,
    Graph,
    _pairs,
    item_item_graph,
    steps_of,
    user_item_graph,
)
from footfall.store.memory import MemoryLog


def edges_of(graph):
    ids = graph.ids.to_pylist()
    return {
        (ids[node], ids[graph.targets[edge]]): float(graph.weights[edge])
        for node in range(graph.n_nodes)
        for edge in range(graph.offsets[node], graph.offsets[node + 1])
    }


def both_ways(edges):
    return edges | {(tail, head): weight for (head, tail), weight in edges.items()}


def test_users_are_linked_to_their_items_by_how_often():
    shop = Sequences.from_arrays(
        [0, 3, 4], [1, 0, 1, 0], user_ids=["zoe", "ann"], item_ids=["cup", "pot"]
    )
    graph = user_item_graph(shop)
    assert graph.ids.to_pylist() == ["cup", "pot", "ann", "zoe"]
    assert edges_of(graph) == both_ways({("pot", "zoe"): 2, ("cup", "zoe"): 1, ("cup", "ann"): 1})
    assert graph.counts.tolist() == [2, 2, 1, 3]
    assert graph.n_items == 2
    assert graph.bipartite


def test_a_user_and_an_item_of_one_id_are_two_nodes():
    graph = user_item_graph(Sequences.from_arrays([0, 1], [0], user_ids=["1"], item_ids=["1"]))
    assert graph.n_nodes == 2
    assert graph.targets.tolist() == [1, 0]


def test_items_are_linked_by_the_steps_between_them():
    shop = Sequences.from_arrays([0, 4, 6], [0, 1, 0, 2, 2, 1], item_ids=["a", "b", "c"])
    near = both_ways({("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 1})
    assert edges_of(item_item_graph(shop, window=1)) == near
    far = both_ways({("a", "b"): 2, ("a", "c"): 1 + a_third(), ("b", "c"): 1.5})
    assert edges_of(item_item_graph(shop, window=3)) == far
    assert not item_item_graph(shop).bipartite


def a_third():
    """A third, as sums of whole multiples keep it."""
    return round(GRID / 3) / GRID


def test_items_of_one_moment_are_one_step():
    shop = Sequences.from_arrays([0, 3], [0, 1, 2], timestamps=[5, 5, 9], item_ids=["a", "b", "c"])
    assert edges_of(item_item_graph(shop, window=1)) == both_ways(
        {("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1}
    )


def test_the_moment_of_one_user_is_not_that_of_the_next():
    shop = Sequences.from_arrays([0, 2, 4], [0, 1, 2, 3], timestamps=[5, 7, 7, 9])
    assert steps_of(shop).tolist() == [1, 2, 3, 4]
    assert edges_of(item_item_graph(shop)) == both_ways({("0", "1"): 1, ("2", "3"): 1})


def test_heavier_events_make_heavier_edges():
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01T10:00", "view", "cup"),
            ("ann", "2026-01-01T11:00", "purchase", "pot"),
        ]
    )
    shop = Sequences.from_log(log, event_weights={"purchase": 4})
    assert edges_of(user_item_graph(shop)) == both_ways({("cup", "ann"): 1, ("pot", "ann"): 4})
    assert edges_of(item_item_graph(shop)) == both_ways({("cup", "pot"): 2})


def test_blocks_of_pairs_hold_what_one_holds():
    rng = np.random.default_rng(0)
    shop = Sequences.from_arrays(np.arange(0, 401, 20), rng.integers(0, 9, 400))
    (whole,) = _pairs(shop, 1)
    small = list(_pairs(shop, 1, most=7))
    assert max(len(part[0]) for part in small) == 7
    for at in range(3):
        assert np.array_equal(np.concatenate([part[at] for part in small]), whole[at])


def test_nothing_gives_an_empty_graph():
    for shop in (Sequences.from_arrays([0], []), Sequences.from_arrays([0, 0], [], n_items=3)):
        for graph in (item_item_graph(shop), user_item_graph(shop)):
            assert len(graph.targets) == 0
            assert graph.linked.tolist() == []
    assert edges_of(item_item_graph(Sequences.from_arrays([0, 3], [0, 0, 0]))) == {}


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 6), max_size=8), min_size=1, max_size=6),
    seed=st.integers(0, 99),
)
def test_the_order_of_users_changes_nothing(rows, seed):
    def shop(order):
        offsets = np.concatenate(([0], np.cumsum([len(rows[u]) for u in order])))
        items = [item for u in order for item in rows[u]]
        return Sequences.from_arrays(offsets, items, n_items=7, user_ids=[f"u{u}" for u in order])

    plain = range(len(rows))
    mixed = np.random.default_rng(seed).permutation(len(rows)).tolist()
    for make in (user_item_graph, item_item_graph):
        one, other = make(shop(plain)), make(shop(mixed))
        assert one.ids.equals(other.ids)
        for name in ("offsets", "targets", "weights", "counts"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_edges_named_twice_add_up():
    graph = Graph.from_edges([0, 1], [1, 0], [1.0, 0.5])
    assert edges_of(graph) == {("0", "1"): 1.5, ("1", "0"): 1.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [1, 2]), "'targets' option of Graph"),
        (([0], [1], [0.0]), "'weights' option of Graph must be more than 0. Got 0.0"),
        (([0], [1], [float("nan")]), "'weights' option of Graph must be more than 0. Got nan"),
        (([-1], [1]), "'n_nodes' option of Graph"),
    ],
)
def test_edges_that_do_not_fit_are_said(arguments, message):
    with pytest.raises(OptionError, match=message):
        Graph.from_edges(*arguments)


def test_the_window_is_a_number_of_steps():
    with pytest.raises(OptionError, match="'window' option of item_item_graph"):
        item_item_graph(Sequences.from_arrays([0], []), window=0)
