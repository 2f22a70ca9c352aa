"""Devices and precisions: what can be checked without a GPU."""

import numpy as np
import pytest
import torch
from tests.models.test_training import learned, ring

from footfall.errors import OptionError
from footfall.models.device import device_named, takes_bf16
from footfall.models.encoders import ENCODERS, encoder_named
from footfall.models.fading import FadingMeans
from footfall.models.losses import all_items
from footfall.models.network import Shape
from footfall.models.options import check_device
from footfall.models.training import TrainOptions


def test_auto_is_the_cpu_in_float32_where_there_is_no_gpu():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    assert device_named("auto") == torch.device("cpu")
    assert not takes_bf16("auto", torch.device("cpu"))
    with pytest.raises(OptionError, match=r"'cpu', or one of 0 GPUs found here. Got 'cuda:1'"):
        device_named("cuda:1")


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "cpu:0", 0, None])
def test_devices_without_meaning_are_refused(device):
    with pytest.raises(OptionError, match="'device' option of sequential must be 'auto', 'cpu'"):
        check_device(device, "auto", "sequential")


def test_precisions_without_meaning_are_refused():
    with pytest.raises(OptionError, match="'precision' option of train must be 'auto', 'float32'"):
        TrainOptions(precision="float16")


@pytest.mark.parametrize("encoder", ["transformer", "gru"])
def test_training_in_bf16_has_nearly_the_loss_of_float32_and_keeps_float32_weights(encoder):
    shape = Shape(encoder=encoder, width=16, layers=1, heads=2, context=10, dropout=0.0)
    exact, coarse = (
        learned(ring(users=30), shape=shape, epochs=2, precision=precision)
        for precision in ("float32", "bf16")
    )
    losses = [[epoch.loss for epoch in trained.epochs] for _, trained in (exact, coarse)]
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert losses[1] != losses[0]  # something was computed otherwise
    assert {w.dtype for w in coarse[0].values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_nothing_an_encoder_makes_is_left_on_another_device(encoder):
    # Tensors of the device "meta" have no numbers; mixed with ones of the CPU they fail.
    with torch.device("meta"):
        made = encoder_named(encoder)(width=8, layers=2, heads=2, context=6)
        tokens, times = torch.zeros(3, 5, 8), torch.zeros(3, 5)
    assert made(tokens, times).device.type == "meta"
    assert FadingMeans(8).to("meta")(tokens).device.type == "meta"


def test_the_loss_over_all_items_is_computed_where_the_states_are():
    with torch.device("meta"):
        states, table = torch.zeros(5, 4), torch.zeros(7, 4)
        targets = torch.zeros(5, dtype=torch.int64)
    assert all_items(states, table, targets).device.type == "meta"
