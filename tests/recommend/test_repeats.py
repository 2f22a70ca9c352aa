"""What comes again: counted, and put beside what a network expects."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.features.sequences import Sequences
from footfall.models.compress.form import FORMS
from footfall.recommend import Sequential, compress
from footfall.recommend.repeats import count_repeats, expect_repeats

BOUNDS = [0, 1, 2, 3, 4, 6, 10, 20]
QUICK = {"size": "tiny", "epochs": 2, "learning_rate": 0.02}


def counted(history):
    """Give the level of each different item of a history: how far back, how often."""
    different = list(dict.fromkeys(reversed(history)))[:50]
    return {
        item: (max(at for at, low in enumerate(BOUNDS) if low <= place),
               min(history.count(item), 4) - 1)
        for place, item in enumerate(different)
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    users=st.lists(st.lists(st.integers(0, 12), max_size=40), min_size=1, max_size=6),
    together=st.integers(1, 3),
)
def test_the_counts_are_those_of_every_moment_and_the_history_before_it(users, together):
    asked, came = Counter(), Counter()
    for rows in users:
        for at, item in enumerate(rows):
            levels = counted(rows[: at // together * together])
            asked.update(levels.values())
            came.update([levels[item]] if item in levels else [])
    offsets = np.concatenate(([0], np.cumsum([len(rows) for rows in users]))).astype(int)
    moments = np.concatenate([np.arange(len(rows)) // together for rows in users])
    shop = Sequences.from_arrays(
        offsets, [item for rows in users for item in rows], n_items=13, timestamps=moments
    )
    rates = count_repeats(shop)
    usual = came.total() / max(asked.total(), 1)
    for level in np.ndindex(8, 4):
        expected = (came[level] + 0.5 * usual) / (asked[level] + 0.5)
        assert rates[level] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), rate=st.floats(0.01, 0.9))
def test_chances_add_up_to_one_and_what_is_new_keeps_its_order(seed, rate):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 30, 5)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    histories = Sequences.from_arrays(offsets, rng.integers(0, 40, offsets[-1]), n_items=90)
    before = rng.normal(0, 3, (5, 90)).astype(np.float32)
    before[:, 7] = -np.inf  # never expected
    scores = before.copy()
    expect_repeats(scores, histories, np.full((8, 4), rate))
    for user in range(5):
        own = set(histories.items[offsets[user] : offsets[user + 1]].tolist())
        if not own:
            assert np.array_equal(scores[user], before[user])
            continue
        chances = np.exp(scores[user].astype(np.float64))
        chances /= chances.sum()
        assert chances[7] == 0
        own -= {7}
        assert chances[sorted(own)].sum() == pytest.approx(min(rate * len(own), 0.95), rel=1e-4)
        new = [item for item in range(90) if item not in own]
        assert np.array_equal(scores[user][new], before[user][new])


def test_nothing_changes_where_nothing_ever_comes_again():
    rates = count_repeats(Sequences.from_arrays([0, 3, 5], [0, 1, 2, 1, 0]))
    assert not rates.any()
    scores = np.arange(3, dtype=np.float32)[None]
    expect_repeats(scores, Sequences.from_arrays([0, 1], [2], n_items=3), rates)
    assert scores.tolist() == [[0, 1, 2]]


def test_a_history_of_everything_there_is_still_has_its_order():
    scores = np.zeros((1, 2), np.float32)
    rates = np.linspace(0.9, 0.1, 32).reshape(8, 4)
    expect_repeats(scores, Sequences.from_arrays([0, 2], [0, 1], n_items=2), rates)
    assert np.isfinite(scores).all()
    assert scores[0, 1] > scores[0, 0]  # the later one


@pytest.fixture(scope="module")
def habits():
    """A shop where people go back and forth between two items of their own."""
    rng = np.random.default_rng(0)
    pairs = [rng.choice(60, 2, replace=False) for _ in range(80)]
    rows = [[*pair, *pair, *pair] for pair in pairs]
    return Sequences.from_arrays(np.arange(0, 481, 6), np.concatenate(rows), n_items=60)


@pytest.mark.parametrize("saved", [False, True])
def test_a_network_expects_what_people_go_back_to(habits, saved, tmp_path):
    model = Sequential(**QUICK).fit(habits, seed=1)
    if saved:
        model.save(tmp_path)
        model = Sequential.load(tmp_path)
    visit = Sequences.from_arrays([0, 3], [58, 3, 58], n_items=60)
    kept = model.recommend(visit, k=1, keep_seen=True)["item_id"].to_pylist()
    assert kept == ["3"]  # and not the one they have just had
    assert not {"3", "58"} & set(model.recommend(visit, k=9)["item_id"].to_pylist())


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"prune"}))  # which gives up rare items
def test_a_small_form_of_it_does_so_too(habits, form):
    small = compress(Sequential(**QUICK).fit(habits, seed=1), form)
    visit = Sequences.from_arrays([0, 3], [58, 3, 58], n_items=60)
    kept = small.recommend(visit, k=1, keep_seen=True)["item_id"].to_pylist()
    assert kept == ["3"]  # and not the one they have just had


def test_what_speaks_for_a_new_item_is_what_the_network_says(habits):
    model = Sequential(**QUICK).fit(habits, seed=1)
    visit = Sequences.from_arrays([0, 3], [58, 3, 9], n_items=60)
    expected = model.explain(visit, ["20"]).to_pylist()
    del model.learned_["repeats"]
    assert model.explain(visit, ["20"]).to_pylist() == expected


def test_a_mix_for_new_items_asks_a_network_for_those_alone(habits):
    model = Sequential(**QUICK).fit(habits, seed=1)
    visit = Sequences.from_arrays([0, 2], [58, 3], n_items=60)
    both, new = model.chances(visit)[0], model.chances(visit, repeats=False)[0]
    others = [item for item in range(60) if item not in {3, 58}]
    assert new[[3, 58]].tolist() == [0, 0]
    assert new.sum() == pytest.approx(1, rel=1e-5)
    assert new[others] == pytest.approx(both[others] / both[others].sum(), rel=1e-4)
    small = compress(model, "float32")
    assert small.chances(visit, repeats=False)[0] == pytest.approx(new, abs=1e-5)


def test_a_model_saved_before_repeats_were_counted_still_answers(habits):
    model = Sequential(**QUICK).fit(habits, seed=1)
    visit = Sequences.from_arrays([0, 3], [58, 3, 58], n_items=60)
    expected = model.recommend(visit, k=5)["item_id"].to_pylist()
    del model.learned_["repeats"]
    assert model.recommend(visit, k=5)["item_id"].to_pylist() == expected
    small = compress(model, "float32")  # and its small form says what it says
    assert small.scores(visit) == pytest.approx(model.scores(visit), abs=1e-4)
