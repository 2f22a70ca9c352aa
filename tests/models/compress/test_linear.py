"""Layers in 8 bits against the same layers in 32."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

from footfall.models.compress import linear
from footfall.models.compress.linear import Int8Linear, input_ranges


def naive(layer, inputs, known=None):
    """The definition, number by number."""
    weight, bias = layer.weight.detach().double().numpy(), layer.bias.detach().numpy()
    out = np.empty((len(inputs), len(weight)))
    for n, row in enumerate(inputs.numpy()):
        low, high = known or (min(row.min(), 0), max(row.max(), 0))
        step = (high - low) / 255
        read = low + np.clip(np.rint((row - low) / step), 0, 255) * step
        for o, weights in enumerate(weight):
            unit = np.abs(weights).max() / 127
            out[n, o] = read @ (np.rint(weights / unit) * unit) + bias[o]
    return out


@given(
    seed=st.integers(0, 99),
    tokens=st.integers(1, 4),
    inside=st.integers(1, 9),
    outside=st.integers(1, 70),
    known=st.none() | st.just((-1.0, 2.0)),
)
@settings(max_examples=25, deadline=None)
def test_a_layer_is_its_definition_for_few_tokens_and_for_many(
    seed, tokens, inside, outside, known
):
    torch.manual_seed(seed)
    layer, inputs = nn.Linear(inside, outside), torch.randn(tokens, inside)
    small, wanted = Int8Linear.of(layer, known), naive(layer, inputs, known)
    few = small(inputs)
    held, linear.FEW_TOKENS = linear.FEW_TOKENS, 0
    try:
        many = small(inputs)
    finally:
        linear.FEW_TOKENS = held
    # A number halfway between two steps may fall to either side: a step of one input.
    step = 0.02 * np.abs(layer.weight.detach().numpy()).max() + 1e-5
    assert np.abs(few.numpy() - wanted).max() < step
    assert np.abs(many.numpy() - few.numpy()).max() < step


def test_eight_bits_by_hand():
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.27, -0.64]]))
        layer.bias.fill_(10)
    # Inputs on steps of 0.01, weights on steps of 0.01: nothing is lost.
    assert Int8Linear.of(layer)(torch.tensor([[2.55, 0.5]])).item() == pytest.approx(
        10 + 2.55 * 1.27 - 0.5 * 0.64, abs=1e-5
    )
    # Inputs beyond the known range are cut off.
    cut = Int8Linear.of(layer, (0.0, 1.0))(torch.tensor([[2.55, -3.0]])).item()
    assert cut == pytest.approx(10 + 1.27, abs=1e-5)


def test_a_layer_keeps_the_shape_of_what_goes_in():
    small = Int8Linear.of(nn.Linear(3, 5, bias=False))
    assert small(torch.zeros(2, 4, 3)).shape == (2, 4, 5)
    assert small(torch.zeros(0, 3)).shape == (0, 5)
    assert small(torch.zeros(1, 3)).abs().max() < 1e-30


def test_arrays_bring_the_layer_back():
    torch.manual_seed(0)
    layer, inputs = nn.Linear(6, 7), torch.randn(3, 6)
    for known in (None, (-2.0, 3.0)):
        small = Int8Linear.of(layer, known)
        again = Int8Linear.from_arrays(small.to_arrays("a"), "a")
        assert torch.equal(again(inputs), small(inputs))
        assert again.known_range == known


def test_ranges_are_those_of_what_went_in():
    network = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    with torch.no_grad():
        network[0].weight.fill_(2)
        network[0].bias.fill_(0)
        ranges = input_ranges(network, lambda: network(torch.tensor([[-1.0], [3.0]])))
    assert ranges == {"0": (-1.0, 3.0), "2": (0.0, 6.0)}
    assert not network[0]._forward_pre_hooks
