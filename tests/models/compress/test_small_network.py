"""Whole networks in small forms: near the large one, and back from arrays as they were."""

import numpy as np
import pytest
import torch

from footfall.errors import InputError, OptionError
from footfall.features.sequences import Sequences
from footfall.models.compress.form import FORMS, Form, form_named
from footfall.models.compress.network import SmallNetwork
from footfall.models.compress.vocabulary import fold_rare
from footfall.models.encoders import ENCODERS
from footfall.models.network import Network, Shape
from footfall.models.recommending import score_items
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable

ITEMS = 30
HISTORIES = Sequences.from_arrays(
    [0, 1, 4, 12], np.arange(12) * 7 % ITEMS, n_items=ITEMS, timestamps=np.arange(12) * 10**9
)
COUNTS = np.arange(ITEMS)


def made(encoder="transformer", width=64):
    torch.manual_seed(0)
    shape = Shape(encoder=encoder, width=width, layers=2, heads=2, context=6, dropout=0.0)
    schema = Schema([Field(name="item", kind="item", size=ITEMS)])
    network = Network(schema, shape, ItemTable(ITEMS, width)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return network


def small(network, form):
    given = form_named(form) if isinstance(form, str) else form
    return SmallNetwork.of(network, given, counts=COUNTS, sample=HISTORIES)


def large_scores(network):
    return score_items(network, network.table().detach(), HISTORIES)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("form", ["float32", "float16", "int8-dynamic", "int8-static"])
def test_scores_are_near_those_of_the_large_network(encoder, form):
    network = made(encoder)
    wanted = large_scores(network)
    given = small(network, form).scores(HISTORIES)
    far = {"float32": 1e-6, "float16": 2e-3}.get(form, 0.06)
    assert given.shape == (3, ITEMS)
    assert np.abs(given - wanted).max() < far * np.abs(wanted).max()
    if form != "float32":
        assert not np.array_equal(given, wanted)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("form", ["float32", "int8-dynamic", "int8-static", "fold", "prune"])
def test_arrays_bring_the_network_back(encoder, form):
    network = made(encoder)
    shrunk = small(network, form)
    first = SmallNetwork.from_arrays(shrunk.to_arrays(), network.shape)
    again = SmallNetwork.from_arrays(first.to_arrays(), network.shape)
    assert np.array_equal(first.scores(HISTORIES), again.scores(HISTORIES))
    far = 0.05 * np.abs(large_scores(network)).max()  # weights that only lie there in 8 bits
    there = np.isfinite(first.scores(HISTORIES))
    gap = first.scores(HISTORIES)[there] - shrunk.scores(HISTORIES)[there]
    assert np.abs(gap).max() < far


@pytest.mark.parametrize("encoder", ENCODERS)
def test_eight_bits_take_less_than_a_third_of_the_room(encoder):
    network = made(encoder)

    def size(form):
        return sum(array.nbytes for array in small(network, form).to_arrays().values())

    assert size("int8-dynamic") < size("float32") / 3


def test_the_large_network_is_left_as_it_is():
    network = made()
    before = {name: w.clone() for name, w in network.state_dict().items()}
    small(network, "int8-static").scores(HISTORIES)
    assert all(torch.equal(w, before[name]) for name, w in network.state_dict().items())


def test_rare_items_share_a_vector_and_the_others_keep_theirs():
    network = made()
    plain = small(network, "float32").scores(HISTORIES)
    folded = small(network, Form(least_rows=20))
    assert folded.table.rows == 11  # items 20 to 29, and the shared one
    assert folded.n_items == ITEMS
    scores = folded.scores(HISTORIES)
    assert (scores[:, :20] == scores[:, :1]).all()
    # The first history is item 0, a rare one: it reads another vector than before.
    assert not np.allclose(scores[0, 20:], plain[0, 20:], atol=1e-3)
    vectors = folded.vectors()
    assert np.allclose(vectors[20:], network.table().detach().numpy()[20:])
    assert np.allclose(vectors[0], vectors[19])


def test_items_that_are_dropped_are_never_on_top():
    scores = small(made(), Form(least_rows=20, rare="drop")).scores(HISTORIES)
    assert np.isneginf(scores[:, :20]).all()
    assert np.isfinite(scores[:, 20:]).all()


def test_nothing_is_folded_when_nothing_is_rare():
    shrunk = SmallNetwork.of(
        made(), Form(least_rows=3, rare="drop"), counts=COUNTS + 3, sample=HISTORIES
    )
    assert shrunk.row_of is None
    assert np.isfinite(shrunk.scores(HISTORIES)).all()


def test_items_never_met_share_their_plain_mean():
    folded, row_of = fold_rare(np.array([[2, 0], [4, 2]], np.float32), np.array([0, 0]), 1)
    assert folded.tolist() == [[3, 1]]
    assert row_of.tolist() == [0, 0]


def test_arrays_that_do_not_fit_are_refused():
    network = made()
    arrays = small(network, "int8-dynamic").to_arrays()
    with pytest.raises(InputError, match="not those of its options"):
        SmallNetwork.from_arrays(arrays, Shape(encoder="gru", width=64, layers=2, context=6))
    lacking = {name: array for name, array in arrays.items() if "norm.weight" not in name}
    with pytest.raises(InputError, match=r"lacks the weights norm\.weight"):
        SmallNetwork.from_arrays(lacking, network.shape)
    with pytest.raises(InputError, match="not those of its options"):
        SmallNetwork.from_arrays(
            {k: v for k, v in arrays.items() if "table" not in k}, made().shape
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": "int4"}, "'layers' option of compress must be one of float32, int8-dynamic"),
        ({"table": "bfloat16"}, "'table' option of compress"),
        ({"rare": "hide"}, "'rare' option of compress"),
        ({"least_rows": -1}, "'least_rows' option of compress"),
        ({"student": "huge"}, "one of tiny, small, base, large, xl"),
    ],
)
def test_wrong_forms_are_told_at_once(options, message):
    with pytest.raises(OptionError, match=message):
        Form(**options)


def test_forms_have_names():
    assert all(form_named(name) is form for name, form in FORMS.items())
    with pytest.raises(OptionError, match="'how' option of compress must be one of float32"):
        form_named("tiny")
