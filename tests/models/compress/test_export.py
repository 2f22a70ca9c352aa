"""What a graph is drawn from gives the network's scores; tests/cli runs a graph itself."""

import numpy as np
import pytest
import torch

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.models.compress.export import Scorer, export_onnx
from footfall.models.encoders import ENCODERS
from footfall.models.network import Network, Shape
from footfall.models.recommending import score_items
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable

ITEMS = 20


def made(encoder):
    torch.manual_seed(0)
    shape = Shape(encoder=encoder, width=16, layers=2, heads=2, context=6, dropout=0.5)
    schema = Schema([Field(name="item", kind="item", size=ITEMS)])
    bags = [(torch.arange(ITEMS) % 3, torch.arange(ITEMS + 1))]  # an attribute an item
    network = Network(schema, shape, ItemTable(ITEMS, 16, bags=bags)).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return network


@pytest.mark.parametrize("encoder", ENCODERS)
def test_histories_filled_up_at_the_end_get_the_scores_of_the_network(encoder):
    network = made(encoder)
    times = np.array([5, 90, 400, 7, 10**6], np.int64) * 1_000_000
    visits = Sequences.from_arrays([0, 3, 5], [4, 7, 1, 19, 0], n_items=ITEMS, timestamps=times)
    items = torch.tensor([[4, 7, 1], [19, 0, 2]])  # what is filled up may be any item
    seconds = torch.tensor([[5.0, 90.0, 400.0], [7.0, 10.0**6, 10.0**6]], dtype=torch.float64)
    with torch.no_grad():
        scores = Scorer(network)(items, torch.tensor([3, 2]), seconds)
    wanted = score_items(network, network.table().detach(), visits)
    assert scores.numpy() == pytest.approx(wanted, abs=1e-5)


def test_an_encoder_that_no_graph_can_be_drawn_from_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"'encoder' option of onnx must be .*Got 'rnn'"):
        export_onnx(made("rnn"), tmp_path / "network.onnx")
    assert not (tmp_path / "network.onnx").exists()
