"""Mixing: weights by hand, and never worse than the best part."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.recommend.mixing import Candidates, best_weights, gather, quality


def drawn(seed, users=20, parts=3, items=12):
    rng = np.random.default_rng(seed)
    chances = rng.random((users * items, parts)).astype(np.float32)
    return Candidates(
        offsets=np.arange(users + 1) * items,
        chances=chances,
        wanted=np.arange(users) * items + rng.integers(0, items, users),
    )


@given(st.integers(0, 999), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_a_mix_is_never_worse_than_its_best_part(seed, parts):
    candidates = drawn(seed, parts=parts)
    weights = best_weights(candidates)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    alone = [quality(candidates, one) for one in np.eye(parts)]
    assert quality(candidates, weights) >= max(alone)


def test_quality_is_the_ndcg_of_the_wanted_item_ties_in_the_middle():
    candidates = Candidates(
        offsets=np.array([0, 3, 5]),
        chances=np.array([[3], [2], [1], [1], [1]], np.float32),
        wanted=np.array([1, 3]),  # second place; level with one other: place 1.5
    )
    expected = (1 / np.log2(3) + 1 / np.log2(2.5)) / 2
    assert quality(candidates, [1.0]) == pytest.approx(expected)


def test_where_nobody_is_asked_all_parts_weigh_the_same():
    nobody = Candidates(
        offsets=np.zeros(1, np.int64),
        chances=np.zeros((0, 4), np.float32),
        wanted=np.zeros(0, np.int64),
    )
    assert best_weights(nobody).tolist() == [0.25] * 4


def test_two_parts_that_know_different_users_are_better_together():
    # One part knows what the first user wants, the other what the second does.
    chances = np.array([[0.9, 0.3], [0.1, 0.4], [0.4, 0.1], [0.3, 0.9]], np.float32)
    candidates = Candidates(offsets=np.array([0, 2, 4]), chances=chances, wanted=np.array([0, 3]))
    weights = best_weights(candidates)
    assert quality(candidates, weights) == 1.0 > quality(candidates, [1, 0])


def test_candidates_are_what_parts_put_on_top_and_the_item_that_came_next():
    histories = Sequences.from_arrays([0, 1, 2], [0, 1], n_items=300)
    held_out = HeldOut(histories=histories, items=np.array([299, 250], np.int32))
    scores = np.tile(np.arange(300, 0, -1, dtype=np.float32), (2, 1))
    found = gather([lambda low, high: scores[low:high]], held_out, block=1)
    assert np.diff(found.offsets).tolist() == [101, 101]  # the first hundred unseen, and it
    assert found.chances[found.wanted, 0].tolist() == [1, 50]
    assert 300 not in found.chances[:101, 0]  # item 0 is in the first user's history
    again = gather([lambda low, high: scores[low:high]], held_out, keep_seen=True)
    assert 300 in again.chances[:101, 0]


def test_held_out_users_depend_on_their_ids_alone():
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 6, 200)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    items = np.concatenate([rng.permutation(50)[:n] for n in lengths]).astype(np.int32)
    ids = [f"u{at}" for at in range(200)]
    shop = Sequences.from_arrays(offsets, items, user_ids=ids)
    order = rng.permutation(200)
    mixed = shop.select(order, shop.offsets[order + 1])
    one, other = (hold_out(each, most=10)[1] for each in (shop, mixed))
    told = [
        sorted(zip(each.histories.user_ids.to_pylist(), each.items.tolist(), strict=True))
        for each in (one, other)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 10


def test_what_is_held_out_is_not_in_the_training_rows():
    shop = Sequences.from_arrays([0, 3, 6, 8], [0, 1, 2, 1, 0, 2, 2, 1])
    training, held_out = hold_out(shop)
    (user,) = held_out.histories.user_ids.to_pylist()
    assert held_out.items.tolist() == [2]
    place = int(user)
    assert np.diff(training.offsets)[place] == 2
    assert len(training.items) == len(shop.items) - 1


def test_an_item_had_before_is_held_out_only_when_repeats_count():
    shop = Sequences.from_arrays([0, 3], [1, 0, 1])
    assert len(hold_out(shop)[1].items) == 0
    assert hold_out(shop, repeats=True)[1].items.tolist() == [1]


def test_nobody_is_held_out_of_nothing():
    for offsets in ([0], [0, 0, 0], [0, 2]):
        shop = Sequences.from_arrays(offsets, np.arange(offsets[-1]), n_items=3)
        training, held_out = hold_out(shop)
        assert len(held_out.items) == 0
        assert len(training.items) == len(shop.items)
