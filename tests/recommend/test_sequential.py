"""The behaviour model as a recommender, on shops a person can see through."""

import json

import numpy as np
import pyarrow as pa
import pytest

from footfall.errors import InputError, OptionError
from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.recommend.fitted import Fitted
from footfall.recommend.sequential import Sequential

QUICK = {"size": "tiny", "epochs": 30, "learning_rate": 0.02, "batch_tokens": 64, "dropout": 0.0}


def ring(users=60, items=6, table=None):
    """Item n is always followed by n + 1."""
    starts = np.arange(users) % items
    rows = (starts[:, None] + np.arange(4)) % items
    return Sequences.from_arrays(
        np.arange(users + 1) * 4, rows.ravel(), n_items=items, item_table=table
    )


def visit(*items, n_items=6):
    return Sequences.from_arrays([0, len(items)], items, n_items=n_items)


@pytest.fixture(scope="module")
def model():
    return Sequential(**QUICK).fit(ring(), seed=1)


def test_what_comes_next_is_recommended(model):
    for item in range(6):
        found = model.recommend(visit(item), k=1).to_pydict()["item_id"]
        assert found == [str((item + 1) % 6)]


def test_chances_sum_to_one_and_follow_the_scores(model):
    histories = Sequences.from_arrays([0, 1, 1], [2], n_items=6)
    chances, scores = model.chances(histories), model.scores(histories)
    assert chances.sum(1).tolist() == pytest.approx([1, 1])
    assert (np.argsort(chances[0]) == np.argsort(scores[0])).all()
    assert chances[0].max() > 0.3  # of six


def test_passes_over_some_rows_learn_too(model):
    few = Sequential(**QUICK | {"epoch_rows": 60}).fit(ring(), seed=1)
    assert few.recommend(visit(2), k=1).to_pydict()["item_id"] == ["3"]
    assert not np.array_equal(few.scores(visit(2)), model.scores(visit(2)))
    with pytest.raises(OptionError, match="epoch_rows"):
        Sequential(epoch_rows=0)


@pytest.mark.parametrize(
    ("items", "rows", "expected"),
    [(50_000, 100_000, "all"), (50_001, 9, "sampled"), (12_500, 400_001, "sampled")],
)
def test_the_loss_is_over_all_items_where_that_takes_minutes(items, rows, expected):
    assert Sequential().recipe(items, rows).loss == expected
    assert Sequential(loss="bce").recipe(items, rows).loss == "bce"


def test_users_of_the_fit_are_answered_from_states_that_were_kept(model, monkeypatch):
    shop = ring()
    visitors = Sequences.from_arrays(
        shop.offsets, shop.items, user_ids=[f"visitor {u}" for u in range(60)], n_items=6
    )
    computed = model.scores(visitors)
    monkeypatch.setattr("footfall.models.recommending.user_states", None)  # no encoder any more
    np.testing.assert_allclose(model.scores(shop), computed, rtol=1e-4, atol=1e-5)


def test_a_user_who_did_something_since_is_answered_by_it(model):
    shop = ring()
    since = Sequences.from_arrays([0, 4, 9], [0, 1, 2, 3, 1, 2, 3, 4, 0], n_items=6)
    other = Sequences.from_arrays([0, 4], [0, 1, 2, 4], n_items=6)  # as long, but another
    assert model._fitted.unchanged(since).tolist() == [0, -1]
    assert model._fitted.unchanged(other).tolist() == [-1]
    visitor = Sequences.from_arrays([0, 5], [1, 2, 3, 4, 0], user_ids=["visitor"], n_items=6)
    np.testing.assert_allclose(model.scores(since)[1], model.scores(visitor)[0], rtol=1e-4)
    assert not np.allclose(model.scores(since)[1], model.scores(shop)[1])


def test_a_visit_of_nobody_known_is_no_user_of_the_fit(model):
    stranger = Sequences.from_arrays([0, 1, 1], [2], user_ids=["a", "b"], n_items=6)
    assert model._fitted.unchanged(stranger).tolist() == [-1, -1]


def test_kept_states_are_no_part_of_a_model_s_size(model):
    states = model.learned_["states"]
    assert states.shape == (60, 32)
    everything = sum(array.nbytes for array in model.learned_.values())
    assert model.size_mb * 2**20 == pytest.approx(everything - states.nbytes)


def test_no_states_are_kept_of_more_users_than_fit_into_memory(monkeypatch):
    monkeypatch.setattr("footfall.recommend.sequential.MOST_NUMBERS", 59 * 32)
    bare = Sequential(**QUICK).fit(ring(), seed=1)
    assert "states" not in bare.learned_
    assert bare.recommend(["0"], k=1).to_pydict()["item_id"] == ["4"]


def test_a_saved_model_answers_the_same(model, tmp_path):
    model.save(tmp_path)
    loaded = Sequential.load(tmp_path)
    asked = visit(0, 1)
    assert loaded.recommend(asked, k=6).equals(model.recommend(asked, k=6))
    assert loaded.similar(["3"]).equals(model.similar(["3"]))


def test_a_truncated_or_newer_model_is_refused(model, tmp_path):
    model.save(tmp_path)
    arrays = tmp_path / "arrays.npz"
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        Sequential.load(tmp_path)
    arrays.write_bytes(whole)
    card = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(InputError, match="99"):
        Sequential.load(tmp_path)


def test_attributes_place_an_item_that_nobody_has_had():
    # Items 6 and 7 are new; 6 is of the kind of item 1, which follows item 0.
    kinds = ["a", "b", "c", "d", "e", "f", "b", "c"]
    table = pa.table({"item_id": [str(at) for at in range(8)], "kind": kinds})
    rows = (np.arange(240)[:, None] + np.arange(3)) % 6
    shop = Sequences.from_arrays(
        np.arange(241) * 3,
        rows.ravel(),
        item_ids=[str(at) for at in range(8)],
        item_table=table,
    )
    model = Sequential(**QUICK).fit(shop, seed=1)
    scores = model.scores(visit(0, n_items=8))[0]
    assert scores[6] > scores[7]


def brands(values):
    return pa.table({"item_id": [str(at) for at in range(6)], "brand": list(values)})


def words_of(model):
    """Give the vector of each brand that a model learned, by what items have it."""
    network, _ = model._network()
    codes, vectors = network.items.codes_0.tolist(), network.items.attributes[0]
    return {code: vectors[code].tolist() for code in codes}, codes


def test_a_refit_reads_the_new_attributes_and_leaves_the_table_s_bags_alone():
    model = Sequential(**QUICK).fit(ring(table=brands("aabbcc")), seed=1)
    changed = brands("acbabc")
    shop = ring(table=changed)
    model.refit(shop, seed=1)
    assert words_of(model)[1] == [0, 2, 1, 0, 1, 2]
    (bag,) = item_bags(model._fitted.sequences.item_table)
    assert bag.codes.tolist() == [0, 2, 1, 0, 1, 2]
    (bag,) = item_bags(changed)
    assert bag.codes.tolist() == [0, 2, 1, 0, 1, 2]


@pytest.mark.parametrize("saved", [False, True])
def test_a_refit_with_a_new_brand_finds_the_vectors_of_the_others_by_their_words(
    saved, tmp_path, monkeypatch
):
    model = Sequential(**QUICK).fit(ring(table=brands("ccddee")), seed=1)
    before, _ = words_of(model)
    if saved:
        model.save(tmp_path)
        model = Sequential.load(tmp_path)
    # No steps: what is there after the refit is what it starts from.
    monkeypatch.setattr("footfall.models.running.train", lambda *_, **__: None)
    table = brands("aaddee").append_column("age", pa.array([1.0, 1, 2, 2, 3, 3])).select([0, 2, 1])
    model.refit(ring(table=table), seed=1)
    network, _ = model._network()
    after = network.items.attributes[1].tolist()
    assert after[1] == before[1]
    assert after[2] == before[2]
    assert after[0] != before[0]


def test_a_model_saved_without_words_still_answers_and_learns_more(tmp_path):
    model = Sequential(**QUICK).fit(ring(table=brands("aabbcc")), seed=1)
    expected = model.recommend(visit(0), k=3)
    learned = {name: w for name, w in model.learned_.items() if ".keys_" not in name}
    assert len(learned) == len(model.learned_) - 1
    old = Sequential(**QUICK)
    old.take(Fitted(model._fitted.sequences, model.popularity_, learned))
    old.save(tmp_path)
    old = Sequential.load(tmp_path)
    assert old.recommend(visit(0), k=3).equals(expected)
    old.refit(ring(table=brands("aabbcc")), seed=1)
    assert old.recommend(visit(0), k=1).to_pydict()["item_id"] == ["1"]


def test_a_history_longer_than_its_context_is_read_from_the_end(model):
    rows = np.random.default_rng(0).integers(0, 6, 100_000).tolist()
    assert np.allclose(model.scores(visit(*rows)), model.scores(visit(*rows[-50:])), atol=1e-5)
    assert not np.allclose(
        model.scores(visit(*rows)), model.scores(visit(*rows[-51:-1])), atol=1e-2
    )


def test_more_rows_change_what_is_expected_and_new_items_are_known(model):
    again = Sequential(**QUICK).fit(ring(), seed=1)
    rows = np.tile([0, 6], 200)
    more = Sequences.from_arrays(np.arange(201) * 2, rows, item_ids=[str(at) for at in range(7)])
    before = again.chances(visit(0))[0, 1]
    again.refit(more, seed=1)
    assert again.item_ids_.to_pylist() == [str(at) for at in range(7)]
    assert again.chances(visit(0, n_items=7))[0, 1] < before


@pytest.mark.parametrize(
    "shop",
    [
        Sequences.from_arrays([0], [], n_items=3),
        Sequences.from_arrays([0, 1, 2], [0, 1], n_items=3),  # nobody has two
        Sequences.from_arrays([0, 3, 6], [0, 0, 0, 0, 0, 0], n_items=1),
        Sequences.from_arrays([0, 2], [0, 1], n_items=2),
    ],
)
def test_a_shop_with_next_to_nothing_is_answered(shop):
    model = Sequential(**QUICK | {"epochs": 1}).fit(shop)
    answer = model.recommend(["nobody"], k=3)
    assert answer.num_rows == shop.n_items
    assert np.isfinite(model.scores(shop)).all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("size", "huge"),
        ("encoder", "mamba"),
        ("loss", "hinge"),
        ("epochs", 0),
        ("dropout", 1.0),
        ("learning_rate", -1),
    ],
)
def test_options_are_checked_when_they_are_given(option, value):
    with pytest.raises(OptionError, match=option):
        Sequential(**{option: value})


@pytest.mark.parametrize("loss", ["sampled", "bce", "gbce"])
def test_every_loss_learns_the_ring(loss):
    model = Sequential(**QUICK | {"loss": loss, "negatives": 6}).fit(ring(), seed=1)
    found = model.recommend(visit(2), k=1).to_pydict()["item_id"]
    assert found == ["3"]
