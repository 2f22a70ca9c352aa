"""Losses against torch's own, item by item."""

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch.nn import functional as F  # noqa: N812

from footfall.models import losses
from footfall.models.losses import all_items, binary, sampled_items, soft_items


def drawn(seed, count, items, width=4):
    torch.manual_seed(seed)
    states = torch.randn(count, width, requires_grad=True)
    table = torch.randn(items, width, requires_grad=True)
    return states, table, torch.randint(0, items, (count,))


@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 7), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_all_items_is_cross_entropy_with_its_gradients(seed, count, items, block):
    states, table, targets = drawn(seed, count, items)
    held, losses.BLOCK_NUMBERS = losses.BLOCK_NUMBERS, block  # many small blocks
    try:
        ours = all_items(states, table, targets)
    finally:
        losses.BLOCK_NUMBERS = held
    (3 * ours).backward()
    given_grads = states.grad.clone(), table.grad.clone()
    states.grad = table.grad = None
    naive = F.cross_entropy(states @ table.t(), targets)
    (3 * naive).backward()
    assert torch.allclose(ours, naive, atol=1e-5)
    assert torch.allclose(given_grads[0], states.grad, atol=1e-5)
    assert torch.allclose(given_grads[1], table.grad, atol=1e-5)


def test_a_sample_of_every_item_once_is_the_loss_over_all_items():
    states, table, targets = drawn(1, 6, 5)
    every = torch.arange(5)
    ours = sampled_items(states, table, targets, every, torch.zeros(5))
    assert torch.allclose(ours, all_items(states, table, targets), atol=1e-5)


@given(
    seed=st.integers(0, 99),
    count=st.integers(1, 9),
    items=st.integers(1, 7),
    size=st.integers(1, 20),
    block=st.integers(1, 60),
    corrected=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_sample_is_cross_entropy_against_it_with_its_gradients(
    seed, count, items, size, block, corrected
):
    states, table, targets = drawn(seed, count, items)
    negatives = torch.randint(0, items, (size,))  # few items: many are drawn twice, or are wanted
    expected = torch.randn(items) if corrected else None
    held, losses.BLOCK_NUMBERS = losses.BLOCK_NUMBERS, block
    try:
        ours = sampled_items(states, table, targets, negatives, expected)
    finally:
        losses.BLOCK_NUMBERS = held
    (3 * ours).backward()
    given_grads = states.grad.clone(), table.grad.clone()
    states.grad = table.grad = None
    shift = torch.log(torch.tensor(items / size)) if expected is None else -expected[negatives]
    others = states @ table[negatives].t() + shift
    others = others.masked_fill(negatives[None] == targets[:, None], -torch.inf)
    scores = torch.cat([(states * table[targets]).sum(1, keepdim=True), others], 1)
    naive = F.cross_entropy(scores, torch.zeros(count, dtype=torch.long))
    (3 * naive).backward()
    assert torch.allclose(ours, naive, atol=1e-5)
    assert torch.allclose(given_grads[0], states.grad, atol=1e-5)
    assert torch.allclose(given_grads[1], table.grad, atol=1e-5)


@given(st.integers(0, 99), st.integers(1, 9), st.integers(1, 7), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_expected_chances_are_cross_entropy_with_its_gradients(seed, count, items, told):
    states, table, _ = drawn(seed, count, items)
    codes, chances = torch.randint(0, items, (count, told)), torch.rand(count, told).softmax(1)
    ours = soft_items(states, table, codes, chances)
    ours.backward()
    given_grads = states.grad.clone(), table.grad.clone()
    states.grad = table.grad = None
    whole = torch.zeros(count, items).scatter_add_(1, codes, chances)
    naive = F.cross_entropy(states @ table.t(), whole)
    naive.backward()
    assert torch.allclose(ours, naive, atol=1e-5)
    assert torch.allclose(given_grads[0], states.grad, atol=1e-5)
    assert torch.allclose(given_grads[1], table.grad, atol=1e-5)


def test_corrected_samples_are_right_on_average_whatever_they_are_drawn_by():
    states, table, targets = drawn(2, 4, 6)
    chances = torch.tensor([0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    size = 1_000_000
    sample = torch.multinomial(chances, size, replacement=True)
    ours = sampled_items(states, table, targets, sample, (size * chances).log())
    assert torch.allclose(ours, all_items(states, table, targets), atol=0.02)
    plain = sampled_items(states, table, targets, sample)
    assert not torch.allclose(plain, ours, atol=0.05)  # the correction does something


def test_binary_loss_by_hand():
    states, table = torch.tensor([[1.0]]), torch.tensor([[2.0], [3.0]])
    loss = binary(states, table, torch.tensor([0]), torch.tensor([1, 0]))
    # Item 0 is wanted, item 1 is not; a sampled item that is the wanted one does not count.
    assert float(loss) == pytest.approx(
        float(F.softplus(torch.tensor(-2.0)) + F.softplus(torch.tensor(3.0)))
    )


def test_calibration_weakens_what_is_wanted():
    states, table, targets = drawn(3, 5, 50)
    negatives = torch.arange(10, 20)
    plain = binary(states, table, targets, negatives)
    calibrated = binary(states, table, targets, negatives, calibration=1.0)
    assert calibrated.item() < plain.item()
