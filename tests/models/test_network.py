"""The network: tokens of many fields, and one event at a time as a whole history at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.item_bags import Bag
from footfall.models.encoders import ENCODERS
from footfall.models.fading import RATES, FadingMeans
from footfall.models.network import Network, Shape
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable, TokenSum

SCHEMA = Schema(
    [
        Field(name="item", kind="item", size=7),
        Field(name="type", kind="code", size=3),
        Field(name="price", kind="number"),
        Field(name="words", kind="vector", size=4),
    ]
)


def drawn(users, length, seed=0):
    torch.manual_seed(seed)
    price = torch.randn(users, length)
    price[torch.rand(users, length) < 0.3] = float("nan")
    words = torch.randn(users, length, 4)
    words[torch.rand(users, length) < 0.3] = float("nan")
    return {
        "item": torch.randint(-1, 7, (users, length)),
        "type": torch.randint(-1, 3, (users, length)),
        "price": price,
        "words": words,
    }


def made(encoder="transformer", *, fading=True):
    torch.manual_seed(1)
    shape = Shape(encoder=encoder, width=8, context=20, fading=fading)
    network = Network(SCHEMA, shape, ItemTable(7, 8)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return network


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("fading", [True, False])
def test_one_event_at_a_time_is_the_same_as_the_whole_history(encoder, fading):
    network, values = made(encoder, fading=fading), drawn(3, 9)
    with torch.no_grad():
        at_once = network(values)
        state = network.start(3)
        for place in range(9):
            now = {name: value[:, place] for name, value in values.items()}
            hidden, state = network.step(state, now)
            assert torch.allclose(hidden, at_once[:, place], atol=1e-5)


def test_what_is_missing_has_a_vector_of_its_own_and_no_nan_comes_out():
    network = made()
    nothing = {
        "item": torch.tensor([[-1]]),
        "type": torch.tensor([[-1]]),
        "price": torch.tensor([[float("nan")]]),
        "words": torch.full((1, 1, 4), float("nan")),
    }
    with torch.no_grad():
        token = network.tokens(nothing)[0, 0]
    missing = sum(network.token_sum.missing)
    assert torch.allclose(token, network.no_item + missing, atol=1e-6)


def test_gradients_are_finite_where_values_are_missing():
    network, values = made().train(), drawn(4, 5)
    network(values).sum().backward()
    grads = [weight.grad for weight in network.parameters() if weight.grad is not None]
    assert all(grad.isfinite().all() for grad in grads)


def test_a_token_is_the_sum_of_its_fields():
    network, values = made(), drawn(1, 1, seed=5)
    values = {name: value[0, 0] for name, value in values.items()}
    alone = [TokenSum(Schema([field]), 8) for field in SCHEMA.fields[1:]]
    with torch.no_grad():
        for place, part in enumerate(alone):
            part.projections[0] = network.token_sum.projections[place]
            part.missing[0] = network.token_sum.missing[place]
        item = values["item"]
        expected = network.no_item if item < 0 else network.table()[item]
        expected = expected + sum(part(values) for part in alone)
        assert torch.allclose(network.tokens(values), expected, atol=1e-6)


def test_items_with_an_attribute_in_common_share_its_vector():
    codes, offsets = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 3, 3])
    table = ItemTable(3, 4, bags=[(codes, offsets)])
    with torch.no_grad():
        table.own.zero_()
        shown, (attribute,) = table(), table.attributes
    assert torch.allclose(shown[0], attribute[0])
    assert torch.allclose(shown[1], (attribute[0] + attribute[1]) / 2)  # the mean of its bag
    assert torch.equal(shown[2], torch.zeros(4))


def test_whoever_changes_a_table_does_not_change_the_bags_it_was_made_of():
    bag = Bag(name="brand", offsets=np.arange(3), codes=np.array([0, 1]), words=("a", "b"))
    table = ItemTable.of_bags(2, 4, [bag])
    for values in table.buffers():
        values.zero_()
    assert bag.codes.tolist() == [0, 1]
    assert bag.offsets.tolist() == [0, 1, 2]


@given(st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_fading_means_are_weighted_means(length, seed):
    torch.manual_seed(seed)
    fading, tokens = FadingMeans(3), torch.randn(1, length, 3)
    with torch.no_grad():
        fading.means.normal_()
        given_last = fading(tokens)[0, -1].numpy()
    expected = tokens[0, -1].numpy().copy()
    for rate, weight in zip(RATES, fading.means.detach().numpy(), strict=True):
        share = rate ** np.arange(length - 1, -1, -1.0)
        expected += weight * (share @ tokens[0].numpy()) / share.sum()
    assert np.allclose(given_last, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "names that differ"),
        ([Field(name="a", kind="number")] * 2, "names that differ"),
        ([Field(name=name, kind="item", size=2) for name in "ab"], "at most one item"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(fields, message):
    with pytest.raises(OptionError, match=message):
        Schema(fields)


def test_fields_are_checked_and_written_as_plain_values():
    with pytest.raises(OptionError, match="kind"):
        Field(name="a", kind="tensor")
    with pytest.raises(OptionError, match="size"):
        Field(name="a", kind="code", size=0)
    assert Schema.from_json(SCHEMA.to_json()) == SCHEMA
