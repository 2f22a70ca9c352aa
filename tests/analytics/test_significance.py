"""Intervals, tests and corrections against scipy, published literals and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from footfall.analytics.significance import (
    always_valid,
    benjamini_hochberg,
    holm,
    mean_difference,
    normal_test,
    odds_ratio,
    sample_ratio,
    sample_size,
    sequence_reach,
    two_proportions,
    wilson,
)
from footfall.errors import OptionError


def test_wilson_gives_the_interval_of_newcombes_paper():
    # Newcombe 1998 (one proportion), method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    np.testing.assert_allclose(low, [0.2553, 0.0624, 0.0, 0.0061], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1605, 0.1611, 0.1718], atol=5e-5)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_scipy(level):
    for n in (1, 7, 200):
        for yes in {0, 1, n // 2, n}:
            want = stats.binomtest(yes, n).proportion_ci(level, method="wilson")
            assert wilson(yes, n, level) == pytest.approx((want.low, want.high), abs=1e-12)


def test_no_trials_say_nothing_about_a_share():
    assert wilson(0, 0) == (0.0, 1.0)
    difference, low, high, p_value = two_proportions([0, 3], [0, 5], [3, 0], [5, 0])
    assert np.isnan(difference).all()
    assert low.tolist() == [-1, -1]
    assert high.tolist() == [1, 1]
    assert p_value.tolist() == [1, 1]


def test_the_ends_of_a_share_stay_inside():
    low, high = wilson([0, 10], 10)
    assert low[0] == 0
    assert high[1] == 1
    difference, low, high, p_value = two_proportions([0, 10], 10, [0, 10], 10)
    assert difference.tolist() == [0, 0]
    assert p_value.tolist() == [1, 1]
    assert (low < 0).all()
    assert (high > 0).all()


def test_the_difference_has_newcombes_intervals():
    # Newcombe 1998 (differences), method 10, the paper's own table of examples.
    ones = two_proportions([56, 9, 6, 5, 0, 0, 10], [70, 10, 7, 56, 10, 10, 10],
                           [48, 3, 2, 0, 0, 0, 0], [80, 10, 7, 29, 20, 10, 20])  # fmt: skip
    want_low = [0.0524, 0.1705, 0.0582, -0.0381, -0.1611, -0.2775, 0.6791]
    want_high = [0.3339, 0.8090, 0.8062, 0.1926, 0.2775, 0.2775, 1.0]
    np.testing.assert_allclose(ones[1], want_low, atol=5e-5)
    np.testing.assert_allclose(ones[2], want_high, atol=5e-5)


def test_the_test_of_two_shares_is_pearsons_chi_square():
    for s1, n1, s2, n2 in ((56, 70, 48, 80), (1, 30, 9, 31), (400, 10_000, 470, 10_100)):
        table = [[s1, n1 - s1], [s2, n2 - s2]]
        want = stats.chi2_contingency(table, correction=False).pvalue
        assert two_proportions(s1, n1, s2, n2)[3] == pytest.approx(want, rel=1e-9)


def test_the_order_of_two_groups_only_turns_the_sign():
    there, back = two_proportions(30, 90, 20, 95), two_proportions(20, 95, 30, 90)
    assert there[0] == -back[0]
    assert there[1] == pytest.approx(-back[2])
    assert there[3] == back[3]


def test_the_odds_ratio_is_that_of_cells_with_half_a_user_more():
    ratio, low, high, p_value = odds_ratio(20, 80, 10, 90)
    assert ratio == pytest.approx(20.5 * 90.5 / (80.5 * 10.5))
    error = np.sqrt(1 / 20.5 + 1 / 80.5 + 1 / 10.5 + 1 / 90.5)
    assert (np.log(high) - np.log(low)) / 2 == pytest.approx(1.959964 * error, rel=1e-6)
    assert p_value == pytest.approx(2 * stats.norm.sf(np.log(ratio) / error))


def test_an_odds_ratio_with_an_empty_cell_is_finite_and_one_without_a_side_says_nothing():
    ratio, low, high, p_value = odds_ratio([0, 0, 5, 0], [10, 0, 0, 7], [5, 5, 3, 0], [5, 5, 0, 9])
    assert np.isfinite(ratio[0])
    assert ratio[0] < 1
    assert np.isnan(ratio[1:]).all()
    assert low[1:].tolist() == [0, 0, 0]
    assert np.isinf(high[1:]).all()
    assert p_value[1:].tolist() == [1, 1, 1]


def test_a_difference_of_means_is_welchs():
    rng = np.random.default_rng(5)
    for n1, n2, scale in ((3, 9, 1.0), (40, 25, 6.0), (500, 2, 0.1)):
        x, y = rng.normal(1, 1, n1), rng.normal(0, scale, n2)
        want = stats.ttest_ind(x, y, equal_var=False)
        got = mean_difference(x.mean(), x.var(ddof=1), n1, y.mean(), y.var(ddof=1), n2, 0.9)
        interval = want.confidence_interval(0.9)
        assert got[0] == pytest.approx(x.mean() - y.mean())
        assert got[1:3] == pytest.approx((interval.low, interval.high))
        assert got[3] == pytest.approx(want.pvalue)


def test_means_without_noise_or_with_one_value_claim_nothing():
    difference, low, high, p_value = mean_difference(
        [1, 1, 5], [0, 2, 0], [9, 1, 0], 2, [0, 2, 1], 9
    )
    assert difference.tolist() == [-1, -1, 3]
    assert np.isinf(low).all()
    assert np.isinf(high).all()
    assert p_value.tolist() == [1, 1, 1]


def test_variances_of_tiny_and_of_huge_numbers_do_not_vanish():
    small = mean_difference(2e-200, 1e-300, 10, 1e-200, 1e-300, 10)
    large = mean_difference(2e200, 1e300, 10, 1e200, 1e300, 10)
    assert 0 < small[2] - small[1] < 1e-149
    assert np.isfinite(large[1:3]).all()


def test_the_normal_test_is_z():
    low, high, p_value = normal_test([2.0, 5.0, 1.0], [1.0, 0.0, np.nan])
    assert (low[0], high[0]) == pytest.approx((2 - 1.959964, 2 + 1.959964), abs=1e-6)
    assert p_value.tolist() == pytest.approx([2 * stats.norm.sf(2), 1, 1])
    assert np.isinf(low[1:]).all()


def test_corrections_agree_with_published_literals():
    # The 15 p-values of Benjamini and Hochberg 1995, section 3.2: BH rejects 4 at 0.05, Holm 3.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
         0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert int((benjamini_hochberg(p) <= 0.05).sum()) == 4
    assert int((holm(p) <= 0.05).sum()) == 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12), st.randoms())
def test_corrections_keep_the_order_and_never_shrink(p, chance):
    for correct in (benjamini_hochberg, holm):
        adjusted = correct(p)
        assert (adjusted >= np.array(p) - 1e-15).all()
        assert (adjusted <= 1).all()
        order = list(range(len(p)))
        chance.shuffle(order)
        np.testing.assert_allclose(correct([p[i] for i in order]), adjusted[order])


def test_no_p_values_give_none_back():
    assert holm([]).tolist() == []
    assert benjamini_hochberg([]).tolist() == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_every_table_of_counts_has_an_answer(a, b, c, d):
    _, low, high, p_value = two_proportions(a, a + b, c, c + d)
    assert -1 <= low <= high <= 1
    assert 0 <= p_value <= 1
    ratio, low, high, p_value = odds_ratio(a, b, c, d)
    assert np.isnan(ratio) or low <= ratio <= high
    assert 0 <= p_value <= 1


def test_wrong_counts_and_levels_are_named():
    with pytest.raises(OptionError, match="'successes' option of wilson must be at most"):
        wilson(3, 2)
    with pytest.raises(OptionError, match="'trials' option of wilson must be counts"):
        wilson(0, -2)
    with pytest.raises(OptionError, match="'level' option of wilson must be a share"):
        wilson(1, 2, 95)
    with pytest.raises(OptionError, match="between 0 and 1"):
        holm([0.1, float("nan")])


def test_an_always_valid_interval_ends_where_its_p_value_reaches_alpha():
    for users in (50, 10_000, 10**6):
        reach = float(sequence_reach(users))
        assert always_valid(reach * 0.2, 0.2, users)[2] == pytest.approx(0.05)
        low, high, _ = always_valid(1.0, 0.2, users)
        assert (low, high) == pytest.approx((1 - 0.2 * reach, 1 + 0.2 * reach))
        assert reach > 1.96


def test_a_confidence_sequence_is_shortest_near_the_planned_size():
    # The width of an interval of n users is reach(n) / sqrt(n) x sigma: compare at n = 10,000.
    reaches = {planned: float(sequence_reach(10_000, planned_users=planned))
               for planned in (100, 10_000, 10**6)}  # fmt: skip
    assert reaches[10_000] == min(reaches.values())


def test_without_noise_an_always_valid_test_says_nothing():
    low, high, p_value = always_valid([1.0, 1.0], [0.0, np.nan], 100)
    assert np.isinf(low).all()
    assert np.isinf(high).all()
    assert p_value.tolist() == [1, 1]


def test_peeking_a_hundred_times_breaks_the_usual_test_and_not_the_always_valid_one():
    rng = np.random.default_rng(11)
    runs, looks, step = 400, 100, 100
    # No effect at all: two arms of skewed values, looked at after every 100 users of each.
    difference = np.cumsum(
        (rng.exponential(1, (runs, looks, step)) - rng.exponential(1, (runs, looks, step))).sum(2),
        axis=1,
    )
    users = step * np.arange(1, looks + 1)
    estimate, error = difference / users, np.sqrt(2 / users)
    usual = normal_test(estimate, error)[2].min(axis=1) <= 0.05
    always = always_valid(estimate, error, 2 * users)[2].min(axis=1) <= 0.05
    assert usual.mean() > 0.25
    assert always.mean() <= 0.05


def test_an_always_valid_test_still_finds_an_effect():
    assert always_valid(0.1, 0.02, 10_000)[2] < 0.001


def test_the_sample_ratio_is_pearsons_test_of_the_split():
    assert sample_ratio([5000, 5300]) == pytest.approx(stats.chisquare([5000, 5300]).pvalue)
    want = stats.chisquare([700, 200, 90], np.array([0.7, 0.2, 0.1]) * 990).pvalue
    assert sample_ratio([700, 200, 90], [7, 2, 1]) == pytest.approx(want)
    assert sample_ratio([0, 0]) == 1
    with pytest.raises(OptionError, match="'expected' option of sample_ratio must be 2 shares"):
        sample_ratio([1, 2], [0.5, 0.0])


def test_the_sample_size_gives_the_power_it_promises():
    rng = np.random.default_rng(3)
    n1, n2 = sample_size(0.2, relative=0.2, power=0.8, split=(1, 2))
    assert n2 == pytest.approx(2 * n1, abs=1)
    p_value = two_proportions(rng.binomial(n1, 0.2, 4000), n1, rng.binomial(n2, 0.24, 4000), n2)[3]
    assert (p_value <= 0.05).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"baseline": 0.1}, "'relative' option"),
        ({"baseline": 0.1, "relative": 0.0}, "a difference other than 0"),
        ({"baseline": 0.9, "relative": 0.5}, "'baseline' option"),
        ({"baseline": 3.0, "absolute": 0.5}, "deviation= given"),
        ({"baseline": 3.0, "absolute": 0.5, "deviation": 0.0}, "'deviation' option"),
        ({"baseline": 0.1, "relative": 0.1, "power": 80}, "'level' option"),
        ({"baseline": 0.1, "relative": 0.1, "split": (1, 0)}, "'split' option"),
    ],
)
def test_a_sample_size_that_makes_no_sense_is_refused(options, said):
    with pytest.raises(OptionError, match=said):
        sample_size(**options)
