"""A small network learns what a large one expects."""

import numpy as np
import torch

from footfall.features.held_out import hold_out
from footfall.features.sequences import Sequences
from footfall.models.compress.distill import _expected, _strongest, distill
from footfall.models.network import Network, Shape
from footfall.models.next_item import packed_items, windows
from footfall.models.recommending import score_items
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable
from footfall.models.training import TrainOptions

ITEMS = 12
SMALL = Shape(encoder="gru", width=8, layers=1, heads=1, context=8, dropout=0.0)


def ring(users=150, seed=0):
    """A shop where anything may follow: only the teacher knows better."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, users)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return Sequences.from_arrays(offsets, rng.integers(0, ITEMS, offsets[-1]), n_items=ITEMS)


class Teacher(Network):
    """Expects the item after the last one, whatever the log says."""

    def forward(self, values, _table=None, _times=None):
        return torch.nn.functional.one_hot((values["item"] + 1) % ITEMS, ITEMS).float() * 20


def teacher(context=8):
    shape = Shape(width=ITEMS, layers=1, heads=1, context=context, dropout=0.0)
    made = Teacher(
        Schema([Field(name="item", kind="item", size=ITEMS)]), shape, ItemTable(ITEMS, ITEMS)
    )
    with torch.no_grad():
        made.items.own.copy_(torch.eye(ITEMS))
    return made


def taught(shop, *, trust, context=8):
    training = TrainOptions(epochs=10, learning_rate=0.03, batch_tokens=128, warmup_steps=5)
    return distill(teacher(context), shop, SMALL, training, held_out=None, trust=trust)[0]


def share_of_next(student):
    visits = Sequences.from_arrays(np.arange(ITEMS + 1), np.arange(ITEMS), n_items=ITEMS)
    scores = score_items(student, student.table().detach(), visits)
    return (scores.argmax(1) == (np.arange(ITEMS) + 1) % ITEMS).mean()


def test_the_student_expects_what_the_teacher_expects():
    assert share_of_next(taught(ring(), trust=0.9)) == 1.0
    assert share_of_next(taught(ring(), trust=0.0)) < 0.5  # the log alone does not say it


def test_a_teacher_that_looks_back_less_far_is_heard_at_the_right_rows():
    assert share_of_next(taught(ring(), trust=0.9, context=2)) == 1.0


def test_the_same_seed_gives_the_same_student_whatever_the_order_of_users():
    shop = ring(users=40)
    order = np.random.default_rng(3).permutation(shop.n_users)
    mixed = shop.select(order, shop.offsets[order + 1])
    one, other = (taught(each, trust=0.5).state_dict() for each in (shop, mixed))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_told_after_each_row_adds_up_to_one():
    shop, large = ring(users=5), teacher()
    inputs, targets = windows(shop, 8)
    items, chances = _expected(
        large, large.table().detach(), packed_items(inputs, large), targets, 0.25
    )
    assert items.shape == (len(targets), 1 + ITEMS)
    assert torch.allclose(chances.sum(1), torch.ones(len(targets)))
    assert (items[:, 0].numpy() == targets).all()
    assert (chances[:, 0] == 0.75).all()
    assert (items[:, 1].numpy() == (inputs.items + 1) % ITEMS).all()


def test_the_student_stops_by_held_out_items():
    training, held_out = hold_out(ring(users=60))
    options = TrainOptions(epochs=6, learning_rate=0.03, batch_tokens=128, patience=2)
    _, trained = distill(teacher(), training, SMALL, options, held_out=held_out)
    assert all(epoch.quality is not None for epoch in trained.epochs)
    assert trained.best >= 1


def test_vectors_of_the_teacher_keep_their_products_in_fewer_numbers():
    rng = np.random.default_rng(0)
    flat = rng.standard_normal((40, 3)) @ rng.standard_normal((3, 10))  # rank 3 in width 10
    narrow = _strongest(flat.astype(np.float32), 4, rng)
    assert narrow.shape == (40, 4)
    assert np.allclose(narrow @ narrow.T, flat @ flat.T, atol=0.3)
    wide = _strongest(flat.astype(np.float32), 16, rng)
    assert np.allclose(wide @ wide.T, flat @ flat.T, atol=0.3)
