"""Hybrids: what the parts know, mixed."""

import numpy as np
import pytest

from footfall.errors import InputError, OptionError
from footfall.features.held_out import hold_out
from footfall.features.sequences import Sequences
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.popular import Popular
from footfall.recommend.rules import Rules

PARTS = ("rules", "popular")


def shop(users=120, items=9, seed=0):
    """Mostly item n + 1 after n; item 0 is everybody's favourite."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(users):
        start = int(rng.integers(1, items))
        rows += [0 if rng.random() < 0.3 else (start + at) % items for at in range(4)]
    return Sequences.from_arrays(np.arange(users + 1) * 4, rows, n_items=items)


def test_the_mix_is_at_least_as_good_as_each_part_and_says_what_each_adds():
    adds = Hybrid(parts=PARTS).fit(shop()).adds_.to_pylist()
    *parts, mix = adds
    assert [row["part"] for row in parts] == list(PARTS)
    assert sum(row["weight"] for row in parts) == pytest.approx(1)
    assert mix["alone"] >= max(row["alone"] for row in parts)
    for row in parts:
        assert row["without"] <= mix["alone"]


def test_the_score_is_the_weighted_sum_of_the_parts_chances():
    sequences = shop()
    model = Hybrid(parts=PARTS).fit(sequences)
    weights = model.learned_["weights"]
    rules, popular = Rules().fit(sequences), Popular().fit(sequences)
    parts = [rules.chances(sequences), popular.chances(sequences)]
    if model.learned_["blunt"][0]:
        parts = [np.sqrt(part) for part in parts]
    expected = weights[0] * parts[0] + weights[1] * parts[1]
    assert np.allclose(model.scores(sequences), expected, atol=1e-6)


def test_given_held_out_items_decide_and_all_rows_are_learned():
    sequences = shop()
    training, held_out = hold_out(sequences)
    model = Hybrid(parts=PARTS).fit(training, held_out=held_out)
    assert np.allclose(model.learned_["0.popularity"], Rules().fit(training).popularity_)
    before = model.learned_["weights"]
    model.refit(sequences)
    assert (model.learned_["weights"] == before).all()
    assert np.allclose(model.learned_["0.popularity"], Rules().fit(sequences).popularity_)


def test_a_saved_hybrid_answers_the_same(tmp_path):
    model = Hybrid(parts=PARTS, part_options={"rules": {"window": 2}}).fit(shop())
    model.save(tmp_path)
    loaded = Hybrid.load(tmp_path)
    asked = Sequences.from_arrays([0, 2], [3, 4], n_items=9)
    assert loaded.recommend(asked).equals(model.recommend(asked))
    assert loaded.adds_.equals(model.adds_)


def test_a_hybrid_that_lost_a_part_is_refused(tmp_path):
    model = Hybrid(parts=PARTS).fit(shop())
    del model.learned_["1.popularity"]
    model.save(tmp_path)
    with pytest.raises(InputError, match="popular"):
        Hybrid.load(tmp_path).scores(shop())


def test_one_part_is_a_hybrid_too():
    adds = Hybrid(parts=["rules"]).fit(shop()).adds_.to_pylist()
    assert adds[0]["weight"] == 1
    assert np.isnan(adds[0]["without"])


@pytest.mark.parametrize(
    "options",
    [
        {"parts": []},
        {"parts": "rules"},
        {"parts": ["rules", "rules"]},
        {"parts": ["hybrid"]},
        {"parts": ["mind-reader"]},
        {"parts": ["rules"], "part_options": {"popular": {}}},
        {"parts": ["rules"], "part_options": {"rules": {"windo": 3}}},
    ],
)
def test_wrong_parts_are_told_before_anything_is_fitted(options):
    with pytest.raises(OptionError):
        Hybrid(**options)
