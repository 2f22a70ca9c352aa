"""A saved behaviour model is whole, or refused with a sentence."""

import json

import numpy as np
import pyarrow as pa
import pytest
from tests.models.behavior.shops import DAY, market, quick

from footfall.errors import InputError, OptionError
from footfall.models.behavior import BehaviorModel

USERS = pa.table({"user_id": [f"u{n:03}" for n in range(30)], "team": ["red", "blue"] * 15})
ITEMS = pa.table({"item_id": [f"i{n}" for n in range(6)], "category": ["a", "b"] * 3})
LOG = market(30, users=USERS, items=ITEMS)
TARGET = pa.table({"user_id": ["u000", "u001", "u002", "u003"], "target": [0, 1, 0, 1]})


@pytest.fixture(scope="module")
def model():
    made = quick(epochs=1, horizons_days=(7, 14), weights={"churn": 2.0}).fit(LOG, until=100 * DAY)
    return made.fine_tune(LOG, TARGET, name="liked")


@pytest.fixture
def folder(model, tmp_path):
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_what_was_saved_gives_the_same_answers(model, folder):
    again = BehaviorModel.load(folder)
    assert again == model
    assert again.heads_ == model.heads_ == (*model.fitted.network.plan.heads, "liked")
    assert (again.until_, again.skill_) == (model.until_, model.skill_)
    for head in model.heads_:
        for log in (None, LOG):
            one, other = (each.predict(None, head, log=log, k=3) for each in (model, again))
            assert one.equals(other), head
    assert np.array_equal(again.embed().vectors, model.embed().vectors)
    live = [each.live("u001").vector(110 * DAY) for each in (model, again)]
    assert np.array_equal(*live)


@pytest.mark.parametrize("name", ["behavior.json", "arrays.npz"])
def test_a_truncated_or_missing_file_is_refused(folder, name):
    path = folder / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        BehaviorModel.load(folder)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        BehaviorModel.load(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2, this footfall reads 1"),
        ({"plan": {}}, "holds no behaviour model that can be read"),
        ({"trained": {"epochs": [{"what": 1}], "best": 1}}, "holds no behaviour model"),
    ],
)
def test_a_card_of_another_version_or_with_parts_missing_is_refused(folder, change, said):
    path = folder / "behavior.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=said):
        BehaviorModel.load(folder)


def test_a_card_of_something_else_is_refused(folder):
    (folder / "behavior.json").write_text('["no", "card"]')
    with pytest.raises(InputError, match="not the card"):
        BehaviorModel.load(folder)


def test_arrays_of_another_model_are_refused(folder, tmp_path):
    quick(epochs=1).fit(LOG, seed=9).save(tmp_path / "other")
    (tmp_path / "other" / "arrays.npz").replace(folder / "arrays.npz")
    with pytest.raises(InputError, match="not of this model"):
        BehaviorModel.load(folder)


def test_a_model_saved_over_another_is_whole(model, folder):
    model.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["arrays.npz", "behavior.json"]
    assert BehaviorModel.load(folder).predict().equals(model.predict())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epoch": 3}, "epoch"),
        ({"epochs": "three"}, "'epochs' option"),
        ({"heads": "churn"}, "'heads' option"),
        ({"learning_rate": "fast"}, "a number"),
    ],
)
def test_options_by_name_are_checked(options, said):
    with pytest.raises(OptionError, match=said):
        BehaviorModel.of(options)
    assert BehaviorModel.of({"heads": ["churn"], "weights": {"churn": 2}}).heads == ("churn",)
