"""Beyond accuracy: coverage, Gini, novelty, diversity, popularity, serendipity, by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.evaluate import (
    Traits,
    beyond_metrics,
    bootstrap_interval,
    coverage,
    exposure_metrics,
    gini,
    ratio_interval,
    user_diversity,
    user_novelty,
    user_popularity,
    user_serendipity,
)
from footfall.evaluate.alike import likeness
from footfall.evaluate.exposure import _left_out_error

BRANDS = [0, 1, 2, 3, 3], [8, 8, 9]  # of items 0 to 3; of item 3 none is known
WORDS = [0, 2, 5, 6, 7], [2, 1, 1, 2, 3, 5, 5]
TRAITS = Traits.of_bags([BRANDS, WORDS])


def test_coverage_is_the_share_of_items_in_any_list():
    assert exposure_metrics([[0, 1], [1, -1]], n_items=5)["coverage"].value == 0.4
    assert coverage([0, 0]) == 0


def test_gini_is_0_when_all_are_shown_alike_and_near_1_when_one_is():
    assert gini([3, 3, 3]) == pytest.approx(0)
    assert gini([0] * 99 + [5]) == pytest.approx(0.99)
    assert gini([1, 3]) == pytest.approx(0.25)
    assert math.isnan(gini([0, 0]))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_mean_difference_over_the_mean(counts):
    differences = [abs(a - b) for a, b in itertools.product(counts, repeat=2)]
    assert gini(counts) == pytest.approx(np.mean(differences) / (2 * np.mean(counts)), abs=1e-12)


def test_novelty_is_the_mean_of_bits_of_surprise():
    # Chances (count + 1) / (4 + 4): 1/2, 1/4, 1/8, 1/8.
    assert user_novelty([[0, 1], [2, 3], [1, -1]], [3, 1, 0, 0]).tolist() == [1.5, 3.0, 2.0]


def test_popularity_is_the_mean_count_and_nothing_for_an_empty_list():
    means = user_popularity([[0, 1], [2, -1], [-1, -1]], [4, 2, 1])
    assert means[:2].tolist() == [3.0, 1.0]
    assert math.isnan(means[2])


def test_likeness_is_the_mean_over_bags_of_the_share_in_common():
    assert likeness(*TRAITS.arrays, 0, 1) == pytest.approx((1 + 2 / 3) / 2)
    assert likeness(*TRAITS.arrays, 2, 3) == pytest.approx((0 + 1) / 2)
    assert likeness(*TRAITS.arrays, 0, 2) == 0
    assert likeness(*TRAITS.arrays, 3, 3) == 0.5  # an unknown brand is like nothing


def test_likeness_of_vectors_is_the_cosine():
    traits = Traits.of_vectors([[3, 0], [1, 1], [0, 0], [np.nan, 1]])
    assert likeness(*traits.arrays, 0, 1) == pytest.approx(math.sqrt(0.5))
    assert likeness(*traits.arrays, 0, 2) == 0
    assert likeness(*traits.arrays, 0, 3) == 0


def test_diversity_is_one_less_the_mean_likeness_of_pairs():
    found = user_diversity([[0, 1, 2], [2, 3, -1], [0, -1, -1]], TRAITS)
    assert found[:2] == pytest.approx([1 - (5 / 6) / 3, 0.5])
    assert math.isnan(found[2])


def test_items_of_the_same_users_are_alike():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 400).astype(np.uint64)
    # Items 0 and 1 are taken by the first half of users, 2 by all, 3 by the second half, 4 by none.
    rows = [[0, 1, 2, 2] if user < 200 else [2, 3] for user in range(400)]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows])))
    traits = Traits.of_users(offsets, np.concatenate(rows), hashes, n_items=5)
    expected = {(0, 1): 1, (0, 2): math.sqrt(0.5), (0, 3): 0, (0, 4): 0}
    for (a, b), cosine in expected.items():
        assert likeness(*traits.arrays, a, b) == pytest.approx(cosine, abs=0.3)
    order = rng.permutation(400)
    shuffled = [rows[user] for user in order]
    ends = np.concatenate(([0], np.cumsum([len(row) for row in shuffled])))
    again = Traits.of_users(ends, np.concatenate(shuffled), hashes[order], n_items=5)
    assert again.vectors.tolist() == traits.vectors.tolist()


def test_serendipity_counts_hits_that_popularity_would_not_have_had():
    lists, popular = [[1, 2, 3], [0, 1, -1], [3, 4, 5]], [[0, 1, 2]] * 3
    targets = [0, 2, 3, 3], [2, 3, 0]
    found = user_serendipity(lists, popular, targets, n_items=6)
    assert found == pytest.approx([1 / 3, 0, 0])


def test_popularity_ratio_compares_lists_with_histories():
    found = beyond_metrics(
        [[0, 1], [0, 2], [0, 1]], counts=[6, 2, 1], histories=([0, 2, 3, 3], [1, 2, 1])
    )
    # Users with a history are shown 4 and 3.5 on average, and took 1.5 and 2.
    assert found["popularity_ratio"].value == pytest.approx(7.5 / 3.5)
    assert found["popularity"].value == pytest.approx((4 + 3.5 + 4) / 3)


def test_every_figure_has_an_interval_around_it():
    rng = np.random.default_rng(0)
    lists = np.argsort(rng.random((200, 30)) * np.arange(1, 31), axis=1)[:, :5]
    found = beyond_metrics(
        lists,
        counts=np.arange(30, 0, -1),
        histories=(np.arange(201), rng.integers(0, 30, 200)),
        traits=Traits.of_vectors(rng.random((30, 3))),
        popular=np.tile(np.arange(5), (200, 1)),
        targets=(np.arange(201), rng.integers(0, 30, 200)),
    )
    assert list(found) == [
        "coverage", "gini", "novelty", "popularity", "diversity", "serendipity",
        "popularity_ratio",
    ]  # fmt: skip
    for value, low, high in found.values():
        assert low <= value <= high
    bare = beyond_metrics(lists, counts=np.ones(30), intervals=False)
    assert all(figure[1:] == (None, None) for figure in bare.values())


@given(
    lists=st.lists(st.permutations(range(6)), min_size=2, max_size=8),
    short=st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_the_error_of_leaving_a_user_out_is_that_of_counting_again(lists, short):
    array = np.array(lists, dtype=np.int32)[:, :3].copy()
    array[0, 3 - short :] = -1  # one list may be short
    counts = np.bincount(array[array >= 0], minlength=6)
    left = []
    for user in range(len(array)):
        rest = np.delete(array, user, axis=0)
        without = np.bincount(rest[rest >= 0], minlength=6)
        left.append((coverage(without), gini(without) if without.any() else -7 / 6))
    apart = np.array(left) - np.mean(left, axis=0)
    expected = np.sqrt((len(array) - 1) / len(array) * (apart**2).sum(axis=0))
    assert _left_out_error(array, counts) == pytest.approx(expected)


def test_intervals_of_coverage_and_gini_hold_the_truth_where_plain_resampling_does_not():
    rng = np.random.default_rng(3)
    weights = -1.2 * np.log(np.arange(1, 201))

    def lists(users):
        return np.argsort(-(rng.gumbel(size=(users, 200)) + weights), axis=1)[:, :5]

    def figures(shown):
        counts = np.bincount(shown.ravel(), minlength=200)
        return coverage(counts), gini(counts)

    truth = np.mean([figures(lists(60)) for _ in range(200)], axis=0)
    held, plain, below, over = np.zeros((4, 2))
    for trial in range(40):
        shown = lists(60)
        found = exposure_metrics(shown, n_items=200, seed=trial)
        for at, name in enumerate(("coverage", "gini")):
            value, low, high = found[name]
            held[at] += low <= truth[at] <= high
            below[at] += value - low
            over[at] += high - value
        draws = [figures(shown[rng.integers(0, 60, 60)]) for _ in range(60)]
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        plain += (low <= truth) & (truth <= high)
    assert held.min() >= 0.9 * 40
    assert plain.max() <= 0.2 * 40
    assert np.abs(np.log(below / over)).max() < 0.4  # the estimate is in the middle


def test_the_interval_of_a_ratio_is_near_the_textbook_one():
    rng = np.random.default_rng(0)
    below = rng.normal(10, 1, 3000)
    above = 2 * below + rng.normal(0, 2, 3000)
    low, high = ratio_interval(above, below)
    half = 1.96 * (above - 2 * below).std() / math.sqrt(3000) / below.mean()
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)
    assert math.isnan(ratio_interval([1.0], [0.0])[0])
    alone = bootstrap_interval(above / below.mean())
    assert high - low < 0.9 * (alone[1] - alone[0])  # the two are drawn together


def test_no_users_give_nan():
    found = beyond_metrics(np.zeros((0, 3), dtype=int), counts=[1, 2])
    assert found["coverage"].value == 0
    assert math.isnan(found["gini"].value)
    assert math.isnan(found["novelty"].value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exposure_metrics([0, 1], n_items=2), r"of shape \(users, k\)"),
        (lambda: exposure_metrics([[0, 2]], n_items=2), "codes from 0 to 1, or -1"),
        (lambda: exposure_metrics([[1, 1]], n_items=2), "an item twice in a list"),
        (lambda: user_novelty([[0]], [-1.0]), "'counts' option"),
        (lambda: user_novelty([[0]], [np.nan]), "'counts' option"),
        (
            lambda: beyond_metrics([[0]], counts=[1], histories=([0, 2], [0])),
            "'histories' option of beyond_metrics",
        ),
        (lambda: beyond_metrics([[0]], counts=[1], histories=([0, 1], [4])), "codes from 0 to 0"),
        (
            lambda: user_serendipity([[0]], [[0], [0]], ([0, 1], [0]), n_items=1),
            "'popular' option",
        ),
        (lambda: Traits.of_bags([]), "one kind of attribute or more"),
        (lambda: Traits.of_bags([([0, 1], [0]), ([0], [])]), "of the same items"),
        (lambda: Traits.of_vectors([1.0]), r"of shape \(V, D\)"),
        (lambda: ratio_interval([1.0], [1.0, 2.0]), "'below' option"),
        (lambda: ratio_interval([1.0], [1.0], level=2), "'level' option of ratio_interval"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(OptionError, match=message):
        call()
