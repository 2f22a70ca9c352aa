"""Networks parted among processes: two of them, started for real, learn what one learns."""

import json

import numpy as np
import pytest
import torch
from tests.models.test_training import StoppedError, ring
from tests.models.two_processes import said_by_two

from footfall.errors import OptionError
from footfall.features.gathering import share_of
from footfall.features.held_out import hold_out
from footfall.features.item_bags import Bag
from footfall.models.network import Network, Shape
from footfall.models.recommending import Recipe, learn_items, network_from
from footfall.models.running import Running
from footfall.models.schema import Field, Schema
from footfall.models.shards import part_network
from footfall.models.tokens import ItemTable
from footfall.models.training import TrainOptions
from footfall.models.world import ALONE, World

RUNS = {
    "items": {"shard": "items"},
    "all": {"shard": "all", "encoder": "transformer", "augment": ("crop", "mask")},
    "sampled": {"shard": "items", "loss": "sampled"},
}
TOGETHER = """
import sys
from pathlib import Path
from footfall.models.world import join_world
from tests.models.test_shards import learn_all
learn_all(join_world(), Path(sys.argv[1]))
"""


def learned(world, *, encoder="gru", stop=None, keep=None, **options):
    shop = share_of(ring(users=41, items=13), world.rank, world.size)
    training, held_out = hold_out(shop, gather=world.gather)
    bag = Bag(name="color", offsets=np.arange(14), codes=np.arange(13) % 3, words=("a", "b", "c"))
    shape = Shape(encoder=encoder, width=8, layers=1, heads=1, context=4, dropout=0.0)
    steps = TrainOptions(epochs=2, learning_rate=0.02, batch_tokens=32, clip=0.5)

    def progress(label, done, total):
        if label == stop:
            raise StoppedError

    running = Running(world=world, progress=progress, folder=keep)
    recipe = Recipe(shape=shape, negatives=6, training=steps, **options)
    found, trained = learn_items(
        training, recipe, bags=[bag], held_out=held_out, seed=1, running=running
    )
    return found, [[epoch.loss, epoch.quality] for epoch in trained.epochs]


def learn_all(world, folder):
    """Train all runs, and one that is stopped and goes on; write what was found into files."""
    answers = {name: learned(world, **options) for name, options in RUNS.items()}
    if world.size > 1:
        kept = {**RUNS["all"], "keep": folder / "kept"}
        with pytest.raises(StoppedError):
            learned(world, stop="train, epoch 2", **kept)
        answers["resumed"] = learned(world, **kept)
    for name, (weights, _) in answers.items():
        np.savez(folder / f"{name}-{world.size}-{world.rank}.npz", **weights)
    said = {name: curve for name, (_, curve) in answers.items()}
    (folder / f"said-{world.size}-{world.rank}.json").write_text(json.dumps(said))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    script = folder / "together.py"
    script.write_text(TOGETHER)
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    said_by_two(script, folder / "two")
    learn_all(ALONE, folder / "one")
    return folder


def told(folder, size, rank=0):
    place = folder / ("one" if size == 1 else "two")
    return json.loads((place / f"said-{size}-{rank}.json").read_text())


def weights(folder, name, size, rank=0):
    place = folder / ("one" if size == 1 else "two")
    with np.load(place / f"{name}-{size}-{rank}.npz") as file:
        return dict(file)


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_with_a_part_each_have_the_loss_curve_of_one_with_all(found, name):
    alone = np.array(told(found, 1)[name])
    for rank in (0, 1):
        together = np.array(told(found, 2, rank)[name])
        assert together == pytest.approx(alone, rel=2e-3)


@pytest.mark.parametrize("name", RUNS)
def test_both_processes_end_with_the_whole_network_that_one_has(found, name):
    alone, first, second = (weights(found, name, *at) for at in ((1, 0), (2, 0), (2, 1)))
    assert {key: value.shape for key, value in alone.items()} == {
        key: value.shape for key, value in first.items()
    }
    for key, value in alone.items():
        assert np.array_equal(first[key], second[key])
        # What has no gradient (the bias of attention's keys) steps by the noise of rounding.
        if "mix.bias" not in key:
            assert first[key] == pytest.approx(value, abs=0.02 if name == "all" else 2e-3)


def test_a_parted_training_that_was_stopped_goes_on_to_the_same_weights(found):
    whole, rest = weights(found, "all", 2), weights(found, "resumed", 2)
    assert all(np.array_equal(whole[name], rest[name]) for name in whole)


def test_one_process_reads_the_checkpoint_that_two_have_written(found):
    whole, _ = learned(ALONE, **RUNS["all"], keep=found / "two" / "kept")
    assert all(np.array_equal(whole[name], w) for name, w in weights(found, "all", 2).items())


def test_the_network_of_a_parted_training_is_built_like_any_other(found):
    shape = Shape(width=8, layers=1, heads=1, context=4, dropout=0.0)
    network = network_from(weights(found, "all", 2), shape)
    assert network.table().shape == (13, 8)


def tiny(items):
    schema = Schema([Field(name="item", kind="item", size=items)])
    return Network(schema, Shape(width=4, layers=1, heads=1), ItemTable(items, 4))


def test_fewer_items_than_processes_cannot_be_parted():
    with pytest.raises(OptionError, match="'shard' option of train must be 'none' for 3 items"):
        part_network(tiny(3), World(0, 4), "items")


def test_each_process_has_its_rows_of_the_table_and_no_more():
    whole = tiny(7).items.own.detach().clone()
    parts = []
    for rank in range(3):
        network = tiny(7)
        with torch.no_grad():
            network.items.own.copy_(whole)
        world = part_network(network, World(rank, 3), "items")
        assert world.parted
        parts.append(network.items.own.detach())
        assert world.part(network, "items.own", whole).tolist() == parts[-1].tolist()
    assert [len(part) for part in parts] == [2, 2, 3]
    assert torch.equal(torch.cat(parts), whole)


def test_one_process_parts_nothing():
    network, world = tiny(5), World()
    assert part_network(network, world, "all") is world
    assert type(network.items) is ItemTable
