"""Batches: every token once, little filled up, the same plan for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.features.sequences import Sequences
from footfall.models.next_item import windows
from footfall.models.packed import Packed, plan_batches


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 60), st.none() | st.integers(0, 9))
@settings(deadline=None)
def test_every_user_with_tokens_is_in_one_batch_and_batches_keep_to_the_limit(
    lengths, tokens, seed
):
    rng = None if seed is None else np.random.default_rng(seed)
    plan = plan_batches(np.array(lengths, np.int64), tokens, rng)
    users = sorted(user for batch in plan for user in batch.tolist())
    assert users == [user for user, length in enumerate(lengths) if length]
    for batch in plan:
        widest = max(lengths[user] for user in batch)
        assert len(batch) == 1 or len(batch) * widest <= tokens


def test_users_of_like_length_lie_together_so_little_is_filled_up():
    lengths = np.random.default_rng(0).geometric(0.15, 5000)
    plan = plan_batches(lengths, 2048, np.random.default_rng(1))
    laid = sum(len(batch) * lengths[batch].max() for batch in plan)
    assert laid < 1.15 * lengths.sum()


def test_a_batch_holds_each_users_rows_in_order():
    packed = Packed(
        offsets=np.array([0, 2, 2, 5]),
        fields={"item": np.array([1, 2, 3, 4, 5]), "vector": np.arange(10.0).reshape(5, 2)},
    )
    batch = packed.batch(np.array([2, 0]))
    assert batch.fields["item"][batch.there].tolist() == [3, 4, 5, 1, 2]
    assert batch.rows.tolist() == [[2, 3, 4], [0, 1, 1]]
    assert batch.fields["vector"][0, 1].tolist() == [6, 7]
    assert [each.rows.tolist() for each in packed.batches(2)] == [[[0, 1]], [[2, 3, 4]]]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8), st.integers(1, 5))
@settings(deadline=None)
def test_windows_hold_each_next_item_once(lengths, context):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    items = np.arange(offsets[-1], dtype=np.int32)  # an item a row: its number is its place
    inputs, targets = windows(
        Sequences.from_arrays(offsets, items, n_items=max(len(items), 1)), context
    )
    assert np.diff(inputs.offsets).max(initial=0) <= context
    assert (targets == inputs.items + 1).all()
    wanted = [row for u in range(len(lengths)) for row in range(offsets[u] + 1, offsets[u + 1])]
    assert sorted(targets.tolist()) == wanted


def test_a_window_is_as_full_as_it_can_be_at_the_end():
    inputs, _ = windows(Sequences.from_arrays([0, 6], range(6)), 3)
    assert inputs.offsets.tolist() == [0, 2, 5]


def test_nobody_gives_nothing():
    assert plan_batches(np.zeros(0, np.int64), 5) == []
    assert plan_batches(np.zeros(3, np.int64), 5) == []
    with pytest.raises(StopIteration):
        next(Packed(offsets=np.array([0]), fields={}).batches(4))
