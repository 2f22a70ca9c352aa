"""The network of a recommender before any training: where it starts, and what it would cost."""

import resource

import numpy as np
import pyarrow as pa
import pytest

from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.models import warm_start
from footfall.models.network import Shape
from footfall.models.recommending import Recipe, learn_items, network_from, recipe_cost
from footfall.models.size import size_named
from footfall.models.training import TrainOptions
from footfall.models.warm_start import follow_vectors

SMALL = Shape(encoder="gru", width=8, layers=1, heads=1, context=10, dropout=0.0)
TABLE = pa.table(
    {
        "brand": ["a", "a", "b", "b", "a", None],
        "title": ["green tea", "black tea", "steel saw", "small saw", "tea", "none said"],
    }
)
# Items 0 and 1 are had together, and 2 and 3; nobody has had 4 and 5.
SHOP = Sequences.from_arrays(range(0, 41, 2), [0, 1, 2, 3] * 10, n_items=6)


MET = follow_vectors(SHOP, SMALL.width, seed=3)


@pytest.fixture
def untrained(monkeypatch):
    """The items' vectors that training would start from."""
    # The solver gives either of several equally strong directions: both are to see the same.
    monkeypatch.setattr("footfall.models.recommending.follow_vectors", lambda *_, **__: MET)
    monkeypatch.setattr("footfall.models.running.train", lambda *_, **__: None)
    recipe = Recipe(shape=SMALL, training=TrainOptions(epochs=1))
    weights, _ = learn_items(SHOP, recipe, bags=item_bags(TABLE), held_out=None, seed=3)
    return network_from(weights, SMALL).table().detach().numpy()


def test_items_that_were_had_start_from_what_they_were_had_with(untrained):
    np.testing.assert_allclose(untrained[:4], MET[:4], atol=1e-6)


def test_an_item_that_nobody_had_starts_where_its_words_are(untrained):
    tea, saw = untrained[:2].mean(0), untrained[2:4].mean(0)
    assert np.allclose(untrained[4], tea, atol=0.05)  # as long, too: brand and title say it once
    assert abs(untrained[4] @ saw) < 0.1
    assert np.linalg.norm(untrained[5]) < 0.05, "of it nothing is known"


def test_a_cost_is_that_of_the_network_that_is_trained():
    recipe = Recipe(shape=SMALL, training=TrainOptions(epochs=1))
    weights, _ = learn_items(SHOP, recipe, bags=item_bags(TABLE), held_out=None, seed=3)
    network = network_from(weights, SMALL)
    numbers = sum(weight.numel() for weight in network.parameters())
    assert recipe_cost(6, recipe, item_bags(TABLE)).parameters == numbers


def test_the_cost_of_a_network_larger_than_memory_is_told_without_building_it():
    xl = size_named("xl")
    shape = Shape(width=xl.width, layers=xl.layers, heads=xl.heads, context=xl.context)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost = recipe_cost(1_000_000, Recipe(shape=shape, training=TrainOptions(epochs=1)), [])
    assert cost.parameters > 3_000_000_000  # 12 GB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 2**10


def test_the_solver_may_give_a_direction_or_its_opposite(monkeypatch):
    solve = warm_start.eigsh

    def opposite(*given, **options):
        strength, vectors = solve(*given, **options)
        return strength, -vectors

    rows = np.random.default_rng(0).integers(0, 12, 200) ** 2 % 12  # no two alike
    shop = Sequences.from_arrays(range(0, 201, 5), rows, n_items=12)
    expected = follow_vectors(shop, SMALL.width, seed=3)
    monkeypatch.setattr(warm_start, "eigsh", opposite)
    assert follow_vectors(shop, SMALL.width, seed=3) == pytest.approx(expected, abs=1e-6)
