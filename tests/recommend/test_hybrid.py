"""Hybrids: what the parts know, mixed."""

import numpy as np
import pytest

from footfall.errors import InputError, OptionError
from footfall.features.held_out import HeldOut, hold_out
from footfall.features.sequences import Sequences
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.neighbors import ItemKNN
from footfall.recommend.popular import Popular
from footfall.recommend.rules import Rules

PARTS = ("rules", "popular")
CHEAP = ("rules", "item-knn", "popular")


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


def shop_of_repeats(seed, users=300, items=60):
    """Most rows are items taken before, as the rules tell; the new ones are what is popular."""
    rng = np.random.default_rng(seed)
    rows, offsets = [], [0]
    for _ in range(users):
        mine = [int(items * rng.random() ** 2)]
        for _ in range(int(rng.integers(6, 14))):
            again = rng.random() < 0.75
            mine.append(int(rng.choice(mine) if again else items * rng.random() ** 2))
        rows += mine
        offsets.append(len(rows))
    return Sequences.from_arrays(offsets, rows, n_items=items)


def last_rows(sequences):
    """Take the last row of everybody out, whatever it is."""
    everybody, last = np.arange(sequences.n_users), sequences.offsets[1:] - 1
    return sequences.select(everybody, last), HeldOut.of_rows(sequences, everybody, last)


def ndcg(score, held_out):
    """Give NDCG@10 of lists without items of the history, of all that score the same the middle."""
    gains = []
    for place, scores in enumerate(score(held_out.histories).astype(np.float64)):
        low, high = held_out.histories.offsets[place : place + 2]
        scores[held_out.histories.items[low:high]] = -np.inf
        at = scores[held_out.items[place]]
        rank = np.sum(scores > at) + (np.sum(scores == at) - 1) / 2
        gains.append(1 / np.log2(rank + 2) if rank < 10 else 0.0)
    return np.mean(gains)


@pytest.mark.parametrize("seed", range(6))
def test_among_many_repeats_the_mix_is_never_below_its_best_part(seed):
    training, held_out = last_rows(shop_of_repeats(seed))
    new = held_out.new_only()
    assert 0 < len(new.items) < len(held_out.items) / 2
    model = Hybrid(parts=CHEAP).fit(training, held_out=held_out)
    alone = [ndcg(model.part(name).chances, new) for name in CHEAP]
    mixed = ndcg(model.scores, new)
    assert mixed >= max(alone) - 1e-6
    assert model.adds_["alone"].to_pylist() == pytest.approx([*alone, mixed], abs=1e-6)


def test_repeats_among_given_items_decide_nothing_unless_lists_may_hold_them():
    training, held_out = last_rows(shop_of_repeats(0))
    of_all = Hybrid(parts=CHEAP).fit(training, held_out=held_out)
    of_new = Hybrid(parts=CHEAP).fit(training, held_out=held_out.new_only())
    assert of_all.adds_.equals(of_new.adds_)
    again = Hybrid(parts=CHEAP, repeats=True).fit(training, held_out=held_out)
    assert again.adds_["alone"][0].as_py() > of_all.adds_["alone"][0].as_py() + 0.1


def test_where_all_given_items_are_repeats_it_holds_out_rows_itself():
    rows = np.array([[user % 7, (user + 1) % 7, (user + 2) % 7, user % 7] for user in range(60)])
    sequences = Sequences.from_arrays(np.arange(61) * 4, rows.ravel(), n_items=9)
    training, held_out = last_rows(sequences)
    assert len(held_out.new_only().items) == 0
    given = Hybrid(parts=CHEAP).fit(training, held_out=held_out)
    assert given.adds_.equals(Hybrid(parts=CHEAP).fit(training).adds_)
    assert given.learned_["quality"][0] > 0
    assert np.allclose(given.learned_["1.popularity"], ItemKNN().fit(training).popularity_)


def test_where_nobody_ever_has_a_new_item_all_parts_weigh_the_same():
    same = Sequences.from_arrays(np.arange(31) * 4, np.repeat(np.arange(30) % 5, 4), n_items=5)
    training, held_out = last_rows(same)
    model = Hybrid(parts=CHEAP).fit(training, held_out=held_out)
    assert model.learned_["weights"].tolist() == pytest.approx([1 / 3] * 3)


def test_what_is_like_an_item_is_not_asked_for_a_user_that_a_part_knows():
    # User n took items n and n + 4. Were user 0 the one who asks, item 4 would be like nothing.
    rows = np.array([[user, (user + 4) % 9] for user in range(9)])
    sequences = Sequences.from_arrays(np.arange(10) * 2, rows.ravel(), n_items=9)
    likes = Hybrid(parts=["user-knn"]).fit(sequences).similar(["0"], k=2)
    assert set(likes["similar_id"].to_pylist()) == {"4", "5"}


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
        {"repeats": "new"},
        {"parts": ["rules"], "part_options": {"popular": {}}},
        {"parts": ["rules"], "part_options": {"rules": {"windo": 3}}},
    ],
)
def test_wrong_parts_are_told_before_anything_is_fitted(options):
    with pytest.raises(OptionError):
        Hybrid(**options)
