"""Augmentations: what they may change, by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from tests.models.test_training import SMALL, StoppedError, ring

from footfall.errors import OptionError
from footfall.models.augment import augment
from footfall.models.options import checked_augmentations
from footfall.models.packed import Batch, Packed
from footfall.models.recommending import Recipe, learn_items
from footfall.models.running import Running
from footfall.models.training import TrainOptions


def laid_out(lengths, *, first=100):
    """Users whose items count up from `first`, ten seconds apart; the next item is one more."""
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    items = np.arange(first, first + offsets[-1])
    packed = Packed(offsets=offsets, fields={"item": items, "seconds": 10.0 * items})
    batch = packed.batch(np.arange(len(lengths)))
    return batch, batch.fields["item"] + 1


def real(values, batch):
    return [row[there].tolist() for row, there in zip(values, batch.there, strict=True)]


def test_cropping_keeps_a_run_of_half_the_history_or_more_and_what_came_after_each_item():
    batch, wanted = laid_out([8, 3, 1])
    lengths = set()
    for key in range(200):
        some, after = augment(batch, wanted, ["crop"], key)
        for row, (items, nexts) in enumerate(
            zip(real(some.fields["item"], some), real(after, some), strict=True)
        ):
            assert items == list(range(items[0], items[0] + len(items)))
            assert nexts == [item + 1 for item in items]
            assert len(items) >= [4, 2, 1][row]
            assert set(items) <= set(real(batch.fields["item"], batch)[row])
            lengths.add((row, len(items)))
    assert lengths == {(0, n) for n in range(4, 9)} | {(1, 2), (1, 3), (2, 1)}


def test_reordering_two_of_three_items_wants_what_comes_next_in_the_new_order():
    batch, wanted = laid_out([3])  # 100 101 102, then 103
    seen = set()
    for key in range(60):
        some, after = augment(batch, wanted, ["reorder"], key)
        seen.add((tuple(some.fields["item"][0].tolist()), tuple(after[0].tolist())))
        assert some.fields["seconds"].tolist() == [[1000.0, 1010.0, 1020.0]]
    assert seen == {
        ((100, 101, 102), (101, 102, 103)),
        ((101, 100, 102), (100, 102, 103)),
        ((100, 102, 101), (102, 101, 103)),
    }


def test_masking_hides_a_fifth_of_the_items_and_wants_what_it_wanted():
    batch, wanted = laid_out([500, 500])
    some, after = augment(batch, wanted, ["mask"], 3)
    hidden = some.fields["item"] == -1
    assert 0.15 < hidden.float().mean() < 0.25
    assert torch.equal(some.fields["item"][~hidden], batch.fields["item"][~hidden])
    assert torch.equal(after, wanted)


def test_a_history_of_one_item_is_never_reordered():
    batch, wanted = laid_out([1, 1])
    for key in range(20):
        some, after = augment(batch, wanted, ["reorder"], key)
        assert torch.equal(some.fields["item"], batch.fields["item"])
        assert torch.equal(after, wanted)


def test_a_batch_without_users_stays_as_it_is():
    nothing = torch.zeros(0, 0, dtype=torch.int64)
    batch = Batch({"item": nothing}, nothing.bool(), nothing)
    assert augment(batch, nothing, ["crop", "reorder", "mask"], 0)[0] is batch


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(1, 12), min_size=2, max_size=6),
    st.integers(0, 2**63 - 1),
    st.lists(st.sampled_from(["crop", "reorder", "mask"]), unique=True),
)
def test_what_is_drawn_for_a_user_does_not_depend_on_who_else_is_in_the_batch(lengths, key, names):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    packed = Packed(offsets=offsets, fields={"item": np.arange(offsets[-1])})
    whole = packed.batch(np.arange(len(lengths)))
    together, after = augment(whole, whole.fields["item"] + 1, names, key)
    for user in range(len(lengths)):
        alone = packed.batch(np.array([user]))
        other, other_after = augment(alone, alone.fields["item"] + 1, names, key)
        for one, two in ((together.fields["item"], other.fields["item"]), (after, other_after)):
            assert one[user][together.there[user]].tolist() == two[0][other.there[0]].tolist()


def test_a_training_with_augmentation_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    shop = ring(users=40)

    def learn(folder=None, stop=None, names=("crop", "reorder", "mask")):
        def progress(label, done, total):
            if label == stop:
                raise StoppedError

        options = TrainOptions(epochs=2, learning_rate=0.02, batch_tokens=64)
        recipe = Recipe(shape=SMALL, training=options, augment=names)
        running = Running(folder=folder, progress=progress)
        return learn_items(shop, recipe, bags=[], held_out=None, seed=1, running=running)[0]

    with pytest.raises(StoppedError):
        learn(tmp_path, stop="train, epoch 2")
    whole, rest, plain = learn(), learn(tmp_path), learn(names=())
    assert all(np.array_equal(whole[name], rest[name]) for name in whole)
    assert not np.array_equal(whole["items.own"], plain["items.own"])


def test_another_key_changes_other_places():
    batch, wanted = laid_out([50])
    one, other = (augment(batch, wanted, ["mask"], key)[0].fields["item"] for key in (1, 2))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("names", [["flip"], ["crop", "crop"], "crop,flip", [3]])
def test_unknown_or_doubled_names_are_refused(names):
    with pytest.raises(OptionError, match="'augment' option of sequential must be some of crop"):
        checked_augmentations(names, "sequential")


def test_names_may_come_as_one_text():
    assert checked_augmentations("mask, crop", "sequential") == ("mask", "crop")
    assert checked_augmentations("", "sequential") == ()
