"""Training: it learns, stops in time, goes on after a kill, and shares work between processes."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.models.two_processes import said_by_two

from footfall.errors import InputError, NotEnoughDataError, OptionError
from footfall.features.held_out import hold_out
from footfall.features.item_bags import Bag
from footfall.features.sequences import Sequences
from footfall.models.losses import sampled_items
from footfall.models.network import Network, Shape
from footfall.models.next_item import NextItem
from footfall.models.packed import Packed
from footfall.models.recommending import Recipe, learn_items, network_from, score_items
from footfall.models.running import Running
from footfall.models.schema import Field, Schema
from footfall.models.tokens import ItemTable
from footfall.models.training import TrainOptions

SMALL = Shape(encoder="gru", width=16, layers=1, heads=1, context=10, dropout=0.0)


def ring(users=200, items=12, seed=0):
    """A shop where item n is followed by n + 1, but for one time in five."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, users)
    rows = []
    for length in lengths:
        row = [int(rng.integers(items))]
        for _ in range(length - 1):
            row.append(int(rng.integers(items)) if rng.random() < 0.2 else (row[-1] + 1) % items)
        rows += row
    return Sequences.from_arrays(np.concatenate(([0], np.cumsum(lengths))), rows, n_items=items)


def learned(shop, *, seed=1, folder=None, held_out=None, shape=SMALL, bags=(), **options):
    own = {name: options.pop(name) for name in ("loss", "augment", "epoch_rows") if name in options}
    training = TrainOptions(**({"epochs": 4, "learning_rate": 0.02, "batch_tokens": 128} | options))
    recipe = Recipe(shape=shape, training=training, **own)
    running = Running(folder=folder)
    return learn_items(shop, recipe, bags=list(bags), held_out=held_out, seed=seed, running=running)


def colors(stride):
    """An attribute of the ring's items, of three words."""
    codes = np.arange(12) // stride % 3
    return Bag(name="color", offsets=np.arange(13), codes=codes, words=("a", "b", "c"))


class StoppedError(Exception):
    pass


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_what_follows_what_is_learned():
    shop = ring()
    weights, trained = learned(shop, epochs=12)
    assert trained.epochs[-1].loss < trained.epochs[0].loss
    network = network_from(weights, SMALL)
    visits = Sequences.from_arrays(np.arange(13), np.arange(12), n_items=12)
    scores = score_items(network, network.table().detach(), visits)
    assert (scores.argmax(1) == (np.arange(12) + 1) % 12).mean() > 0.8


def test_the_same_seed_gives_the_same_weights_whatever_the_order_of_users():
    shop = ring()
    order = np.random.default_rng(3).permutation(shop.n_users)
    mixed = shop.select(order, shop.offsets[order + 1])
    first, again, other = learned(shop)[0], learned(mixed)[0], learned(shop, seed=2)[0]
    assert same(first, again)
    assert not same(first, other)


def test_training_stops_when_the_validation_gets_no_better_and_keeps_the_best():
    training, held_out = hold_out(ring(users=60))
    weights, trained = learned(training, held_out=held_out, epochs=40, patience=2)
    qualities = [epoch.quality for epoch in trained.epochs]
    assert len(qualities) < 40
    assert trained.best == int(np.argmax(qualities)) + 1
    assert len(qualities) == trained.best + 2
    assert weights["items.own"].shape == (12, 16)


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    training, held_out = hold_out(ring())
    whole, _ = learned(training, held_out=held_out, epochs=5)
    # The schedule looks ahead to the last epoch: stop by raising from the third epoch's progress.

    def stop(label, done, total):
        if label == "train, epoch 3":
            raise StoppedError

    options = TrainOptions(epochs=5, learning_rate=0.02, batch_tokens=128)
    recipe = Recipe(shape=SMALL, training=options)
    with pytest.raises(StoppedError):
        learn_items(
            training,
            recipe,
            bags=[],
            held_out=held_out,
            seed=1,
            running=Running(folder=tmp_path, progress=stop),
        )
    rest, trained = learned(training, held_out=held_out, epochs=5, folder=tmp_path)
    assert [epoch.epoch for epoch in trained.epochs] == [1, 2, 3, 4, 5]
    assert same(whole, rest)


KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from footfall.models.running import Running
from tests.models.test_training import learned, ring
def slow(label, done, total):
    time.sleep(0.01)
from footfall.models.recommending import Recipe, learn_items
from footfall.models.training import TrainOptions
from tests.models.test_training import SMALL
options = TrainOptions(epochs=5, learning_rate=0.02, batch_tokens=128)
weights, _ = learn_items(ring(), Recipe(shape=SMALL, training=options), bags=[], held_out=None,
                         seed=1, running=Running(folder=Path(sys.argv[1]), progress=slow))
np.savez(sys.argv[2], **weights)
"""


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path):
    folder, answer = tmp_path / "training", tmp_path / "weights.npz"
    command = [sys.executable, "-c", KILLED, str(folder), str(answer)]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 120
        while not (folder / "training.npz").exists():
            assert process.poll() is None, "it ended before it wrote a checkpoint"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert not answer.exists()
    subprocess.run(command, check=True, timeout=120)
    with np.load(answer) as found:
        assert same(learned(ring(), epochs=5)[0], dict(found))


TOGETHER = """
import sys, json
from footfall.features.gathering import share_of
from footfall.models.running import Running
from footfall.models.world import join_world
from tests.models.test_training import SMALL, ring
from footfall.models.recommending import Recipe, learn_items
from footfall.models.training import TrainOptions
world = join_world()
options = TrainOptions(epochs=3, learning_rate=0.02, batch_tokens=256)
shop = share_of(ring(), world.rank, world.size)
_, trained = learn_items(shop, Recipe(shape=SMALL, training=options), bags=[], held_out=None,
                         seed=1, running=Running(world=world))
if world.rank == 0:
    print(json.dumps([world.size] + [epoch.loss for epoch in trained.epochs]))
"""


def test_two_processes_have_the_loss_curve_of_one(tmp_path):
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    size, *losses = json.loads(said_by_two(script).splitlines()[-1])
    assert size == 2
    _, alone = learned(ring(), epochs=3, batch_tokens=256)
    assert losses == pytest.approx([epoch.loss for epoch in alone.epochs], rel=1e-4)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    learned(ring(), epochs=1, folder=tmp_path)
    file = tmp_path / "training.npz"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        learned(ring(), epochs=2, folder=tmp_path)


def test_a_checkpoint_of_other_data_or_another_seed_is_refused(tmp_path):
    learned(ring(), epochs=1, folder=tmp_path)
    with pytest.raises(InputError, match="another"):
        learned(ring(items=9), epochs=2, folder=tmp_path)
    with pytest.raises(OptionError, match="seed"):
        learned(ring(), epochs=2, seed=5, folder=tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    learned(ring(), epochs=1, folder=folder)
    return folder


@pytest.mark.parametrize(
    "other",
    [
        {"epochs": 2}, {"learning_rate": 0.01}, {"schedule": "constant"}, {"clip": 1.0},
        {"average": None}, {"warmup_steps": 2}, {"weight_decay": 0.0}, {"patience": 1},
        {"batch_tokens": 64}, {"precision": "bf16"}, {"shape": replace(SMALL, dropout=0.1)},
        {"loss": "sampled"}, {"augment": ("crop",)}, {"epoch_rows": 100},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_goes_on_from_a_training_with_other_options(kept, other):
    with pytest.raises(InputError, match="with other options"):
        learned(ring(), folder=kept, **({"epochs": 1} | other))


def test_nothing_goes_on_from_a_training_on_other_rows(kept):
    training, held_out = hold_out(ring())
    with pytest.raises(InputError, match="on other data"):
        learned(ring(seed=5), epochs=1, folder=kept)
    with pytest.raises(InputError, match="on other data"):
        learned(training, epochs=1, folder=kept)
    with pytest.raises(InputError, match="on other data"):
        learned(ring(), epochs=1, held_out=held_out, folder=kept)
    _, trained = learned(ring(), epochs=1, folder=kept)
    assert len(trained.epochs) == 1


def test_other_values_of_an_attribute_are_other_data(tmp_path):
    options = {"epochs": 1, "folder": tmp_path}
    learned(ring(), bags=[colors(1)], **options)
    learned(ring(), bags=[colors(1)], **options)
    with pytest.raises(InputError, match=r"on other data or with other options\. Name another"):
        learned(ring(), bags=[colors(2)], **options)


def test_a_training_goes_on_on_another_device(tmp_path):
    weights, _ = learned(ring(), epochs=1, folder=tmp_path, device="cpu")
    assert same(weights, learned(ring(), epochs=1, folder=tmp_path, device="auto")[0])


def test_a_checkpoint_that_does_not_say_what_it_is_a_training_on_is_refused(tmp_path):
    learned(ring(), epochs=1, folder=tmp_path)
    file = tmp_path / "training.npz"
    with np.load(file) as found:
        arrays = dict(found)
    card = json.loads(bytes(arrays["card"]).decode()) | {"format": 1}
    del card["fingerprint"]
    np.savez(file, **arrays | {"card": np.frombuffer(json.dumps(card).encode(), np.uint8)})
    with pytest.raises(InputError, match=r"written in format 1, this footfall reads 3\. Name"):
        learned(ring(), epochs=1, folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"training"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "training.npz").write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        learned(ring(), epochs=1, folder=tmp_path)


def test_a_table_that_is_no_checkpoint_is_refused(tmp_path):
    with (tmp_path / "training.npz").open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(InputError, match="damaged"):
        learned(ring(), epochs=1, folder=tmp_path)


@pytest.mark.parametrize("batch_tokens", [128, 100_000])  # some steps an epoch, and one
@pytest.mark.parametrize("validated", [False, True])
def test_a_training_that_diverges_says_where_and_what_to_do(validated, batch_tokens):
    training, held_out = hold_out(ring())
    with pytest.raises(
        OptionError, match=r"diverged in epoch 1, at a learning_rate of 1e\+38.*Take"
    ):
        learned(
            training,
            held_out=held_out if validated else None,
            learning_rate=1e38,
            batch_tokens=batch_tokens,
        )


def test_nobody_with_two_rows_is_nothing_to_learn_from():
    with pytest.raises(NotEnoughDataError):
        learned(Sequences.from_arrays([0, 1, 2], [0, 1]))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("epochs", 0),
        ("average", 1.5),
        ("schedule", "linear"),
        ("learning_rate", -1),
        ("weight_decay", -0.1),
        ("warmup_steps", -1),
        ("warmup_steps", 1.5),
        ("patience", 0),
        ("clip", float("nan")),
        ("device", "tpu"),
        ("precision", "fp8"),
    ],
)
def test_options_are_checked(option, value):
    with pytest.raises(OptionError, match=option):
        TrainOptions(**{option: value})


def test_rates_rise_then_fall_to_nothing():
    options = TrainOptions(learning_rate=1.0, warmup_steps=10)
    rates = [options.rate(step, 100) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) <= 1
    assert rates[100] == pytest.approx(0)
    assert TrainOptions(learning_rate=1.0, schedule="constant").rate(5000, 10) == 1
    short = TrainOptions(learning_rate=1.0, warmup_steps=100, schedule="constant")
    assert [short.rate(step, 20) for step in range(3)] == [0.5, 1, 1]


def test_weights_of_another_shape_are_refused():
    weights, _ = learned(ring(), epochs=1)
    with pytest.raises(InputError, match="weights"):
        network_from(weights, Shape(encoder="cnn", width=16, layers=1, heads=1, context=10))
    del weights["items.own"]
    with pytest.raises(InputError, match="no vectors"):
        network_from(weights, SMALL)


def test_a_loaded_network_scores_as_the_trained_one():
    torch.manual_seed(0)
    weights, _ = learned(ring(), epochs=1)
    first, second = (network_from(weights, SMALL) for _ in range(2))
    visits = Sequences.from_arrays([0, 2, 3], [3, 4, 7], n_items=12)
    one, other = (score_items(net, net.table().detach(), visits) for net in (first, second))
    assert np.array_equal(one, other)


def test_an_epoch_of_some_rows_takes_no_more_and_draws_them_anew():
    lengths = np.full(40, 5)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    inputs = Packed(offsets=offsets, fields={"item": np.zeros(200, np.int64)})
    network = Network(Schema([Field(name="item", kind="item", size=3)]), SMALL, ItemTable(3, 16))

    def drawn(seed, **options):
        task = NextItem(network, inputs, np.zeros(200, np.int64), batch_tokens=20, **options)
        batches = task.batches(np.random.default_rng(seed))
        return sorted(int(row) for batch in batches for row in batch.rows[batch.there])

    assert drawn(1) == list(range(200))
    assert len(drawn(1, epoch_rows=50)) == 60  # whole batches of twenty rows
    assert drawn(1, epoch_rows=50) == drawn(1, epoch_rows=50) != drawn(2, epoch_rows=50)


def test_a_loss_over_a_sample_of_the_items_is_that_with_the_vectors_of_all():
    rng = np.random.default_rng(0)
    items, codes = rng.integers(0, 50, 30), rng.integers(0, 5, 70)
    items[3] = -1  # missing
    offsets = np.sort(np.concatenate(([0, 70], rng.integers(0, 70, 49))))  # some have none
    bags = [(torch.from_numpy(codes), torch.from_numpy(offsets))]
    schema = Schema([Field(name="item", kind="item", size=50)])
    torch.manual_seed(0)
    network = Network(schema, SMALL, ItemTable(50, 16, bags=bags)).eval()
    inputs = Packed(offsets=np.array([0, 10, 30]), fields={"item": items})
    targets = rng.integers(0, 50, 30)
    task = NextItem(network, inputs, targets, loss_of="sampled", negatives=20)
    batch = inputs.batch(np.array([0, 1]))
    loss, count = task.loss(batch, np.random.default_rng(5))
    loss.backward()
    ours = {name: weight.grad.clone() for name, weight in network.named_parameters()}
    network.zero_grad()
    table = network.table()
    states = network(batch.fields, table)[batch.there]
    drawn = torch.from_numpy(np.random.default_rng(5).integers(0, 50, 20))
    wanted = torch.from_numpy(targets)[batch.rows][batch.there]
    expected = sampled_items(states, table, wanted, drawn)
    expected.backward()
    assert count == 30
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    for name, weight in network.named_parameters():
        assert torch.allclose(ours[name], weight.grad, atol=1e-6), name
