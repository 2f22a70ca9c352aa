"""Content: likeness of attributes, by hand; items without events; shops without an item table."""

import numpy as np
import pyarrow as pa
import pytest

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import Content, load_recommender
from footfall.store.memory import MemoryLog

IDS = ["cup", "jug", "pot", "rake", "saw", "tap"]


def shop(items=(0,), ids=IDS, **columns):
    table = pa.table({"item_id": ids} | columns)
    return Sequences.from_arrays([0, len(items)], items, item_ids=ids, item_table=table)


def likeness(sequences, **options):
    """Scores of the first user's history, rounded."""
    scores = Content(decay=1, **options).fit(sequences).scores(sequences)[0]
    return [round(score, 4) for score in scores.tolist()]


def test_a_rare_brand_says_more_than_a_common_one():
    # zen is on 2 items of 6, acme on 3; each alone makes an item wholly alike.
    brands = ["acme", "acme", "acme", "zen", "zen", None]
    assert likeness(shop(brand=brands)) == [1, 1, 1, 0, 0, 0]
    assert likeness(shop((0, 3), brand=brands)) == [0.5, 0.5, 0.5, 0.5, 0.5, 0]
    # With bags of both the rare one is most of the vector.
    bags = pa.array([["a", "z"], ["a"], ["a"], ["z"], ["b"], ["b"]])
    common, rare = np.log(6 / 3), np.log(6 / 2)
    length = np.hypot(common, rare)
    assert likeness(shop(tags=bags)) == pytest.approx(
        [1, common / length, common / length, rare / length, 0, 0], abs=1e-4
    )


def test_the_nearer_in_the_tree_of_categories_the_more_alike():
    paths = ["home/tea", "home/tea", "home/bath", "home/bath", "out/wood", "out/wood"]
    same, near, _, far = (likeness(shop(category=paths))[place] for place in (1, 2, 3, 4))
    assert same == 1
    assert 0 < near < same
    assert far == 0


def test_titles_are_compared_word_by_word_in_english_and_chinese():
    titles = ["Blue tea-pot", "tea cup", "新款茶壶", "茶壶 大号", "rake", "blue rake"]
    assert likeness(shop((0,), title=titles))[:4] == pytest.approx([1, 2**-0.5, 0, 0], abs=0.3)
    chinese = likeness(shop((2,), title=titles))
    assert chinese[3] > 0
    assert chinese[0] == chinese[4] == 0


def test_items_of_one_price_level_are_alike_and_no_price_is_like_none():
    prices = [100.0, 100.0, 900.0, 900.0, float("nan"), None]
    assert likeness(shop(price=pa.array(prices))) == [1, 1, 0, 0, 0, 0]
    assert likeness(shop((4,), price=pa.array(prices))) == [0] * 6


def test_columns_weigh_what_the_options_say():
    columns = {
        "brand": ["acme", "acme", "zen", "zen", "zen", "acme"],
        "kind": ["x", "y", "x", "y", "y", "x"],
    }
    assert likeness(shop(**columns)) == [1, 0.5, 0.5, 0, 0, 1]
    assert likeness(shop(**columns), column_weights={"kind": 3}) == [1, 0.25, 0.75, 0, 0, 1]
    assert likeness(shop(**columns), column_weights={"kind": 0}) == [1, 1, 0, 0, 0, 1]


def test_the_latest_item_leads():
    asked = shop((3, 0), brand=["acme", "acme", "zen", "zen", "b", "b"])
    assert Content(decay=0.5).fit(asked).recommend(["0"], k=2)["item_id"].to_pylist() == [
        "jug",
        "pot",
    ]


def test_an_item_nobody_has_met_is_recommended_from_a_log():
    log = MemoryLog.from_events(
        pa.table(
            {
                "user_id": ["ann", "bob", "bob"],
                "timestamp": pa.array([1, 2, 3], pa.timestamp("us", tz="UTC")),
                "event_type": ["view"] * 3,
                "item_id": ["pot", "rake", "saw"],
            }
        ),
        items=pa.table(
            {
                "item_id": ["jug", "pot", "rake", "saw"],
                "category": ["home/tea", "home/tea", "garden", "garden"],
                "price": pa.array([None, 900, 500, None], pa.int64()),
            }
        ),
    )
    model = Content().fit(log)
    assert model.recommend(["ann"])["item_id"].to_pylist() == ["jug", "rake", "saw"]
    assert model.recommend(["ann"])["score"].to_pylist()[0] > 0.1
    assert model.similar(["jug"], k=1)["similar_id"].to_pylist() == ["pot"]


def test_without_an_item_table_all_is_by_popularity(tmp_path):
    sequences = Sequences.from_arrays([0, 1, 3], [0, 2, 1, 2][:3])
    for model in (Content().fit(sequences), _saved(Content().fit(sequences), tmp_path)):
        assert model.recommend(["0"])["item_id"].to_pylist() == ["1", "2"]
        assert model.similar(["2"], k=1)["similar_id"].to_pylist() == ["0"]


def test_a_table_that_says_nothing_leaves_popularity():
    empty = shop((1, 1, 0), note=pa.array([None] * 6, pa.string()))
    assert Content().fit(empty).recommend(["0"], k=2, keep_seen=True)["item_id"].to_pylist() == [
        "jug",
        "cup",
    ]


def test_a_saved_model_needs_no_item_table(tmp_path):
    asked = shop((0,), brand=["acme", "acme", "zen", "zen", "b", "b"])
    model = Content(column_weights={"brand": 2}).fit(asked)
    loaded = _saved(model, tmp_path)
    assert loaded == model
    assert loaded.recommend(["0"]).equals(model.recommend(["0"]))


def _saved(model, folder):
    model.save(folder)
    return load_recommender(folder)


@pytest.mark.parametrize(
    ("option", "value"),
    [("decay", 2), ("max_history", 0), ("column_weights", {"title": -1})],
)
def test_wrong_options_are_refused(option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of content must be"):
        Content(**{option: value})
