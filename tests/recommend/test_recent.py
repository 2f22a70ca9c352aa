"""Users' latest different items, by hand and against a plain loop."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings, strategies as st

from footfall.features.sequences import Sequences
from footfall.recommend.recent import popular_floor, recent_items, users_of_items, who_took_what

DAY = 86_400_000_000


def listed(recent):
    """Items and weights of each user as lists of pairs."""
    pairs = list(zip(recent.items.tolist(), recent.weights.tolist(), strict=True))
    bounds = recent.offsets.tolist()
    return [pairs[low:high] for low, high in pairwise(bounds)]


def test_an_item_counts_once_at_its_latest_row():
    sequences = Sequences.from_arrays([0, 4, 5], [7, 5, 7, 6, 5])
    assert listed(recent_items(sequences, most=9, decay=0.5)) == [
        [(6, 1.0), (7, 0.5), (5, 0.25)],
        [(5, 1.0)],
    ]


def test_rows_of_one_moment_are_one_step_back():
    sequences = Sequences.from_arrays([0, 3], [0, 1, 2], timestamps=[DAY, 2 * DAY, 2 * DAY])
    assert listed(recent_items(sequences, most=9, decay=0.5)) == [[(2, 1.0), (1, 1.0), (0, 0.5)]]


def test_only_the_latest_items_are_read():
    sequences = Sequences.from_arrays([0, 4], [0, 1, 2, 3])
    assert listed(recent_items(sequences, most=2)) == [[(3, 1.0), (2, 1.0)]]


def test_what_has_faded_is_left_out():
    sequences = Sequences.from_arrays([0, 3], [0, 1, 2])
    assert listed(recent_items(sequences, most=9, decay=0.0)) == [[(2, 1.0)]]
    assert listed(recent_items(sequences, most=9, decay=0.001)) == [
        [(2, 1.0), (1, 0.001), (0, 1e-6)]
    ]
    assert listed(recent_items(sequences, most=9, decay=0.0009)) == [[(2, 1.0), (1, 0.0009)]]


def test_users_come_in_the_order_of_their_ids():
    sequences = Sequences.from_arrays([0, 1, 1, 3], [0, 1, 2], user_ids=["zoe", "bob", "ann"])
    recent, order = who_took_what(sequences, most=9)
    assert order.tolist() == [2, 1, 0]
    assert listed(recent) == [[(2, 1.0), (1, 1.0)], [], [(0, 1.0)]]
    offsets, users = users_of_items(recent, 4)
    assert offsets.tolist() == [0, 1, 2, 3, 3]
    assert users.tolist() == [2, 0, 0]


def test_nobody_took_nothing():
    recent, order = who_took_what(Sequences.from_arrays([0], [], n_items=2), most=9)
    assert (listed(recent), order.tolist()) == ([], [])
    assert users_of_items(recent, 2)[0].tolist() == [0, 0, 0]


def test_the_floor_orders_by_popularity_and_stays_tiny():
    floor = popular_floor(np.array([3, 1, 0], dtype=np.float32))
    assert floor.argsort().tolist() == [2, 1, 0]
    assert floor.sum() < 2e-6
    assert popular_floor(np.zeros(2, dtype=np.float32)).tolist() == [0, 0]


histories = st.lists(st.lists(st.integers(0, 4), max_size=9), min_size=1, max_size=4)


@given(histories=histories, most=st.integers(1, 6), decay=st.sampled_from([0.5, 0.9, 1.0]))
@settings(deadline=None)
def test_latest_items_agree_with_a_plain_loop(histories, most, decay):
    offsets = np.concatenate(([0], np.cumsum([len(rows) for rows in histories])))
    items = [item for rows in histories for item in rows]
    found = listed(
        recent_items(Sequences.from_arrays(offsets, items, n_items=5), most=most, decay=decay)
    )
    for rows, pairs in zip(histories, found, strict=True):
        expected = {}
        for back, item in enumerate(reversed(rows)):
            if len(expected) < most:
                expected.setdefault(item, decay**back)
        assert [item for item, _ in pairs] == list(expected)
        np.testing.assert_allclose([weight for _, weight in pairs], list(expected.values()))
