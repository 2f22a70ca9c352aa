"""EASE, by hand and against its formula in numpy."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import EASE


def weights_of(model, n_items):
    """Learned weights as a dense matrix: row for the item that speaks."""
    learned = model.learned_
    found = np.zeros((n_items, n_items))
    rows = np.repeat(np.arange(n_items), np.diff(learned["link_offsets"]))
    found[rows, learned["link_items"]] = learned["link_weights"]
    return found


def test_two_items_taken_by_the_same_two_users():
    # X'X + I = [[3, 2], [2, 3]], its inverse [[3, -2], [-2, 3]] / 5: the weights are 2 / 3.
    shop = Sequences.from_arrays([0, 2, 4], [0, 1, 1, 0])
    model = EASE(regularization=1).fit(shop)
    assert weights_of(model, 2) == pytest.approx(np.array([[0, 2 / 3], [2 / 3, 0]]), abs=1e-6)


def test_an_item_taken_twice_counts_once():
    once = EASE(regularization=1).fit(Sequences.from_arrays([0, 2, 4], [0, 1, 1, 0]))
    twice = EASE(regularization=1).fit(Sequences.from_arrays([0, 4, 6], [0, 1, 1, 0, 1, 0]))
    assert weights_of(once, 2).tolist() == weights_of(twice, 2).tolist()


def test_two_items_that_say_the_same_share_what_they_say():
    # Items 0 and 1 are always taken together, and item 3 with 2 as often as they are.
    shop = Sequences.from_arrays(range(0, 31, 5), [0, 1, 2, 3, 4] * 3 + [0, 1, 2, 3, 5] * 3)
    weights = weights_of(EASE(regularization=0.1).fit(shop), 6)
    assert weights[0, 2] == pytest.approx(weights[1, 2], rel=1e-3)
    assert 0.2 < weights[0, 2] < 0.4  # one of three that say it, where a cosine says 1


def test_the_latest_item_leads():
    shop = Sequences.from_arrays([0, 2, 4], [0, 2, 1, 3])
    for history, first in (([0, 1], "3"), ([1, 0], "2")):
        visit = Sequences.from_arrays([0, 2], history, n_items=4)
        model = EASE(regularization=1, decay=0.5).fit(shop)
        assert model.recommend(visit, k=1)["item_id"].to_pylist() == [first]


def test_the_strongest_weights_are_kept_positive_or_negative():
    shop = Sequences.from_arrays([0, 3, 5, 7, 9], [0, 1, 2, 0, 1, 0, 1, 2, 3])
    whole = weights_of(EASE(regularization=1).fit(shop), 4)
    best = weights_of(EASE(regularization=1, max_links=1).fit(shop), 4)
    for row in range(4):
        strongest = np.abs(whole[row]).argmax()
        assert np.flatnonzero(best[row]).tolist() == [strongest]
        assert best[row, strongest] == whole[row, strongest]


def test_of_a_large_catalogue_the_most_popular_are_learned_and_the_rest_comes_by_popularity():
    # Users of 0, 1, 2, 3, 4: 4, 3, 2, 1, 0. Without 2 and 3 the others are learned as if alone.
    shop = Sequences.from_arrays([0, 4, 7, 9, 10], [0, 1, 2, 3, 0, 1, 2, 0, 1, 0], n_items=5)
    model = EASE(regularization=1, most_items=2).fit(shop)
    alone = EASE(regularization=1).fit(Sequences.from_arrays([0, 2, 4, 6, 7], [0, 1] * 3 + [0]))
    assert weights_of(model, 5)[:2, :2].tolist() == weights_of(alone, 2).tolist()
    assert np.count_nonzero(weights_of(model, 5)) == 2
    visit = Sequences.from_arrays([0, 1], [0], n_items=5)
    assert model.recommend(visit)["item_id"].to_pylist() == ["1", "2", "3", "4"]
    assert model.recommend(visit)["score"].to_pylist()[1] < 1e-5


def test_too_little_regularization_for_items_always_taken_together_is_refused():
    shop = Sequences.from_arrays(range(0, 5_001, 5), [0, 1, 2, 3, 4] * 1000)
    with pytest.raises(OptionError, match="'regularization' option of ease must be larger for"):
        EASE(regularization=1e-6).fit(shop)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("regularization", 0),
        ("regularization", float("nan")),
        ("decay", -0.1),
        ("max_history", 0),
        ("max_links", 0),
        ("most_items", 1.5),
    ],
)
def test_wrong_options_are_refused(option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of ease must be"):
        EASE(**{option: value})


@given(
    histories=st.lists(
        st.lists(st.integers(0, 5), max_size=6, unique=True), min_size=1, max_size=7
    ),
    regularization=st.sampled_from([0.5, 10]),
)
@settings(deadline=None)
def test_weights_agree_with_the_formula(histories, regularization):
    taken = np.zeros((len(histories), 6))
    for row, items in enumerate(histories):
        taken[row, items] = 1
    inverse = np.linalg.inv(taken.T @ taken + regularization * np.eye(6))
    expected = -inverse / np.diag(inverse) * (1 - np.eye(6))
    offsets = np.concatenate(([0], np.cumsum([len(items) for items in histories])))
    shop = Sequences.from_arrays(offsets, [i for each in histories for i in each], n_items=6)
    found = weights_of(EASE(regularization=regularization).fit(shop), 6)
    np.testing.assert_allclose(found, expected, atol=1e-5)
