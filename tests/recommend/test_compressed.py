"""The behaviour model in small forms, as a recommender."""

import sys

import numpy as np
import pytest

from footfall.errors import MissingExtraError, NotEnoughDataError, NotFittedError, OptionError
from footfall.features.held_out import HeldOut
from footfall.features.sequences import Sequences
from footfall.models.compress.form import FORMS, Form
from footfall.recommend import load_recommender
from footfall.recommend.compressed import Compressed, compress
from footfall.recommend.exported import export_onnx
from footfall.recommend.footprint import compare_forms, ranking_quality
from footfall.recommend.hybrid import Hybrid
from footfall.recommend.popular import Popular
from footfall.recommend.sequential import Sequential

ITEMS = 12


def ring(users=120, seed=0):
    """A shop where item n is followed by n + 1; item 11 is met once."""
    rng = np.random.default_rng(seed)
    starts, lengths = rng.integers(0, 11, users), rng.integers(3, 6, users)
    rows = [(start + np.arange(n)) % 11 for start, n in zip(starts, lengths, strict=True)]
    rows[0] = np.array([11, 0, 1])
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    return Sequences.from_arrays(offsets, np.concatenate(rows), n_items=ITEMS)


@pytest.fixture(scope="module")
def large():
    return Sequential(size="tiny", epochs=12, learning_rate=0.02, batch_tokens=64).fit(ring())


VISITS = Sequences.from_arrays(np.arange(11), np.arange(10), n_items=ITEMS)


@pytest.mark.parametrize("how", FORMS)
def test_every_form_recommends_what_comes_next_and_is_as_good_after_saving(how, large, tmp_path):
    form = Form(student="tiny") if how == "distill" else how
    small = compress(large, form)
    asked = small.recommend(VISITS, k=1)
    right = np.array(asked["item_id"].to_pylist()) == (np.arange(10) + 1).astype(str)
    assert right.mean() >= 0.8
    small.save(tmp_path / "model")
    again = Compressed.load(tmp_path / "model")
    assert again == small
    assert again.recommend(VISITS, k=5).equals(small.recommend(VISITS, k=5))
    assert again.similar(["3"]).equals(small.similar(["3"]))
    assert again.size_mb == small.size_mb > 0


@pytest.fixture(scope="module")
def mixed():
    options = {"size": "tiny", "epochs": 6, "learning_rate": 0.02, "batch_tokens": 64}
    mix = Hybrid(parts=["rules", "sequential"], part_options={"sequential": options})
    return mix.fit(ring())


def test_of_a_mix_the_network_gets_small_and_the_weights_stay(mixed, tmp_path):
    small = compress(mixed, "int8-dynamic")
    assert small.parts == ("rules", "compressed")
    assert small.adds_["weight"].equals(mixed.adds_["weight"])
    assert small.size_mb < mixed.size_mb
    assert np.abs(small.scores(VISITS) - mixed.scores(VISITS)).max() < 0.1
    small.save(tmp_path)
    again = load_recommender(tmp_path)
    assert again.recommend(VISITS, k=5).equals(small.recommend(VISITS, k=5))


def test_a_mix_whose_network_is_small_already_or_has_none_is_refused(mixed):
    for other in (compress(mixed, "int8-dynamic"), Hybrid(parts=["rules", "popular"]).fit(ring())):
        with pytest.raises(OptionError, match="Hybrid with one"):
            compress(other)
        with pytest.raises(OptionError, match="Hybrid with one"):
            export_onnx(other, "nowhere")


def test_a_mix_has_no_two_parts_of_one_name(mixed):
    with pytest.raises(OptionError, match="each once"):
        mixed.exchanged(mixed.part("rules"), mixed.part("sequential"))
    with pytest.raises(OptionError, match="a part of this mix"):
        mixed.exchanged(Popular(), mixed.part("rules"))


def test_a_network_by_another_name_gets_small_too():
    options = {"size": "tiny", "epochs": 1, "batch_tokens": 64}
    mix = Hybrid(parts=["gru", "rules"], part_options={"gru": options}).fit(ring())
    assert mix.network().encoder == "gru"
    small = compress(mix, "float16")
    assert small.parts == ("compressed", "rules")
    assert small.network() is None
    np.testing.assert_allclose(small.scores(VISITS), mix.scores(VISITS), atol=0.01)


def test_chances_of_small_and_large_are_alike_and_add_up(large):
    wanted = large.chances(VISITS)
    for how in ("float16", "int8-dynamic", "int8-static"):
        given = compress(large, how).chances(VISITS)
        assert given.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert np.abs(given - wanted).max() < 0.1


def test_a_model_fitted_small_is_the_large_one_put_there(large):
    options = {name: value for name, value in large.options.items() if name != "event_types"}
    fitted = Compressed(model=options).fit(ring())
    assert fitted.size_mb == compress(large).size_mb
    asked = fitted.recommend(VISITS, k=1)["item_id"].to_pylist()
    assert np.mean(np.array(asked) == (np.arange(10) + 1).astype(str)) >= 0.7


def test_items_dropped_are_neither_recommended_nor_alike_nor_explained(large):
    small = compress(large, Form(least_rows=2, rare="drop"))
    nobody = Sequences.from_arrays([0, 0], [], n_items=ITEMS)
    for visits in (VISITS, nobody):
        assert "11" not in small.recommend(visits, k=ITEMS, keep_seen=True)["item_id"].to_pylist()
    assert "11" not in small.similar(["3"], k=ITEMS)["similar_id"].to_pylist()
    assert np.isfinite(small.chances(VISITS)).all()
    assert small.chances(nobody)[0, 11] == 0
    visit = Sequences.from_arrays([0, 2], [1, 2], n_items=ITEMS)
    told = small.explain(visit, ["11", "3", "unknown"])
    assert set(told["item_id"].to_pylist()) == {"3"}
    assert "11" in compress(large).recommend(VISITS, k=ITEMS)["item_id"].to_pylist()


def test_a_shop_where_nobody_has_two_events_gets_what_is_popular():
    shop = Sequences.from_arrays([0, 1, 2, 3], [0, 1, 1], n_items=3)
    model = Compressed().fit(shop)
    assert model.recommend(["0"], k=1)["item_id"].to_pylist() == ["1"]
    assert model.size_mb == 0
    assert model.chances(shop).sum(axis=1) == pytest.approx(1)
    assert model.similar(["0"], k=1)["similar_id"].to_pylist() == ["1"]


def test_only_a_fitted_behavior_model_is_put_into_a_form():
    with pytest.raises(NotFittedError):
        compress(Sequential())
    with pytest.raises(OptionError, match="'model' option of compress must be a fitted Sequential"):
        compress(Popular())
    with pytest.raises(OptionError, match="sequential has no option 'sise'"):
        Compressed(model={"sise": "tiny"})
    with pytest.raises(OptionError, match="'layers' option of compress"):
        Compressed(layers="int4")


def test_when_every_item_is_dropped_nothing_is_recommended_and_nothing_fails(large):
    small = compress(large, Form(least_rows=10**6, rare="drop"))
    assert small.recommend(VISITS, k=3).num_rows == 0
    assert (small.chances(VISITS) == 0).all()


def test_ranking_quality_is_ndcg_among_items_not_seen():
    shop = Sequences.from_arrays([0, 3, 5, 6], [0, 1, 2, 0, 1, 0], n_items=4)
    model = Popular().fit(shop)  # three rows of item 0, two of item 1, one of item 2
    visits = Sequences.from_arrays([0, 1, 2, 3], [1, 0, 3], n_items=4)
    asked = HeldOut(histories=visits, items=np.array([0, 2, 2], np.int32))
    # First, second behind item 1, third behind items 0 and 1.
    assert ranking_quality(model, asked) == pytest.approx((1 + 1 / np.log2(3) + 1 / 2) / 3)


def test_forms_are_compared_on_the_histories_of_the_fit_or_on_given_ones(large):
    small = compress(large, "int8-static")
    table = compare_forms({"large": large, "small": small})
    assert table["form"].to_pylist() == ["large", "small"]
    assert table["mb"][1].as_py() == pytest.approx(small.size_mb)
    assert min(table["ndcg_at_10"].to_pylist()) > 0.8
    # An item that the model does not know drops out.
    other = Sequences.from_arrays([0, 3, 6], [0, 1, 2, 3, 0, 1], item_ids=["?", "1", "2", "3"])
    assert compare_forms({"large": large}, other).num_rows == 1
    strangers = Sequences.from_arrays([0, 2], [0, 0], item_ids=["?"])
    with pytest.raises(NotEnoughDataError, match="Nobody has an item that the model knows"):
        compare_forms({"large": large}, strangers)


def test_onnx_says_what_is_missing(large, tmp_path, monkeypatch):
    with pytest.raises(NotFittedError):
        export_onnx(Sequential(), tmp_path)
    with pytest.raises(OptionError, match=r"or a Hybrid with one\. Got 'Popular'"):
        export_onnx(Popular(), tmp_path)
    silent = Sequential(size="tiny").fit(Sequences.from_arrays([0, 1], [0]))
    with pytest.raises(NotEnoughDataError, match="nobody had a next event"):
        export_onnx(silent, tmp_path)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"ONNX files need .*footfall\[onnx\]"):
        export_onnx(large, tmp_path)
