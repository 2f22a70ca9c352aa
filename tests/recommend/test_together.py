"""A network that two processes train, each on its share of the users."""

import json

import numpy as np
import pytest
from tests.models.two_processes import said_by_two

from footfall.features.sequences import Sequences
from footfall.models.running import Running
from footfall.recommend import Sequential

LEARN = """
import json
from footfall.models.world import join_world
from tests.recommend.test_together import learned
world = join_world()
epochs, hits, users = learned(world=world)
said = world.gather(users)
if world.rank == 0:
    print(json.dumps([epochs, hits, [each.tolist() for each in said]]))
"""


def learned(**around):
    """Train on a shop where each item has one that follows; give losses, hits, users known."""
    rng = np.random.default_rng(0)
    after = rng.permutation(15)  # and "10" stands before "2" in the order of ids
    lengths, starts = rng.integers(2, 12, 90), rng.integers(0, 15, 90)
    rows = [after[(start + np.arange(count)) % 15]
            for start, count in zip(starts, lengths, strict=True)]  # fmt: skip
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    shop = Sequences.from_arrays(offsets, np.concatenate(rows), n_items=15)
    epochs = []
    running = Running(reports=(lambda epoch: epochs.append([epoch.loss, epoch.quality]),), **around)
    model = Sequential(size="tiny", epochs=6, learning_rate=0.02, batch_tokens=64, dropout=0.0)
    model.train(shop, running, seed=1)
    visits = Sequences.from_arrays(
        np.arange(0, 46, 3), after[(np.arange(45) // 3 + np.arange(45) % 3) % 15], n_items=15
    )
    found = model.scores(visits).argmax(axis=1) == after[(np.arange(15) + 3) % 15]
    users = model.user_vectors()["user_id"].to_numpy().astype(np.int64)
    return epochs, int(found.sum()), users


def test_two_processes_learn_what_one_does_whatever_the_order_of_items(tmp_path):
    (tmp_path / "learn.py").write_text(LEARN)
    epochs, hits, users = json.loads(said_by_two(tmp_path / "learn.py").splitlines()[-1])
    alone, found, everybody = learned()
    assert np.array(epochs) == pytest.approx(np.array(alone), rel=1e-3)
    assert hits == found == 15
    assert sorted(users[0]) == sorted(everybody)  # the first one keeps the model
    assert 0 < len(users[1]) < 60


def test_an_empty_shop_is_trained_like_it_is_fitted():
    shop = Sequences.from_arrays([0], [])
    assert Sequential(size="tiny").train(shop, Running()).learned_ == {}
