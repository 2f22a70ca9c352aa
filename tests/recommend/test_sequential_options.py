"""The behaviour model's options of training: what is refused, and what is kept with a model."""

import numpy as np
import pytest

from footfall.errors import NotFittedError, OptionError
from footfall.features.sequences import Sequences
from footfall.models.training import TrainOptions
from footfall.recommend import Sequential, load_recommender

SHOP = Sequences.from_arrays(range(0, 61, 3), [0, 1, 2] * 20, n_items=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"augment": ["flip"]}, "'augment' option of sequential must be some of crop, reorder"),
        ({"augment": "crop,crop"}, "'augment' option of sequential must be .* each once"),
        ({"augment": True}, "'augment' option of sequential .* Got True"),
        ({"device": "gpu"}, "'device' option of sequential must be 'auto', 'cpu', 'cuda'"),
        ({"device": "cuda:one"}, "'device' option of sequential"),
        ({"precision": "half"}, "'precision' option of sequential must be 'auto', 'float32'"),
        ({"schedule": "linear"}, "'schedule' option of sequential must be 'cosine' or 'constant'"),
        ({"schedule": ["cosine"]}, "'schedule' option of sequential"),
        ({"warmup_steps": -1}, "'warmup_steps' option of sequential must be a whole number from 0"),
        ({"clip": 0}, "'clip' option of sequential must be a number above 0. Got 0"),
        ({"clip": "much"}, "'clip' option of sequential must be a number above 0"),
        ({"average": 1}, "'average' option of sequential must be None, or between 0 and 1"),
        ({"patience": True}, "'patience' option of sequential must be a whole number from 1"),
        ({"shard": "rows"}, "'shard' option of sequential must be 'none', 'items' or 'all'"),
        ({"shard": "items", "loss": "gbce"}, "'none' with loss='gbce', or loss 'all' or 'samp"),
    ],
)
def test_options_without_meaning_are_refused_with_what_is_allowed(options, message):
    with pytest.raises(OptionError, match=message):
        Sequential(**options)


def test_names_of_augmentations_may_be_parted_by_commas_as_a_command_line_gives_them():
    assert Sequential(augment="crop,mask").augment == ("crop", "mask")
    assert Sequential(augment=["mask"]).augment == ("mask",)
    assert Sequential().augment == ()


def test_a_model_trained_with_augmentation_is_saved_and_loaded_with_its_options(tmp_path):
    model = Sequential(size="tiny", epochs=1, augment=["crop", "mask"], device="cpu").fit(SHOP)
    model.save(tmp_path)
    again = load_recommender(tmp_path)
    assert again.options == model.options
    visit = Sequences.from_arrays([0, 2], [0, 1], n_items=4)
    assert np.array_equal(again.scores(visit), model.scores(visit))


def test_one_process_trains_the_same_whatever_would_be_parted():
    visit = Sequences.from_arrays([0, 2], [0, 1], n_items=4)
    whole, parted = (
        Sequential(size="tiny", epochs=1, shard=shard).fit(SHOP).scores(visit)
        for shard in ("none", "all")
    )
    assert np.array_equal(whole, parted)


STEPS = {"schedule": "constant", "warmup_steps": 3, "clip": 0.5, "average": None, "patience": 1}


def test_the_options_of_steps_are_those_of_the_trainer_unless_said_otherwise():
    usual = TrainOptions().steps()
    assert {name: getattr(Sequential(), name) for name in usual} == usual
    assert set(STEPS) == set(usual)


@pytest.mark.parametrize("more", [False, True])
def test_the_options_of_steps_reach_the_trainer(more):
    training = Sequential(size="tiny", **STEPS).recipe(9, 99, more=more).training
    assert training.steps() == STEPS


@pytest.mark.parametrize(
    "option", [{"schedule": "constant"}, {"average": None}, {"clip": 0.01}], ids=str
)
def test_each_option_of_steps_changes_what_is_learned(option):
    visit = Sequences.from_arrays([0, 2], [0, 1], n_items=4)
    usual, other = (
        Sequential(size="tiny", epochs=2, batch_tokens=8, dropout=0.0, **options)
        .fit(SHOP)
        .scores(visit)
        for options in ({}, option)
    )
    assert not np.array_equal(usual, other)


def test_a_training_that_diverges_is_no_model(tmp_path):
    model = Sequential(size="tiny", epochs=3, learning_rate=1e30)
    with pytest.raises(OptionError, match=r"diverged in epoch .* Take a smaller learning_rate"):
        model.fit(SHOP)
    with pytest.raises(NotFittedError):
        model.save(tmp_path / "model")
