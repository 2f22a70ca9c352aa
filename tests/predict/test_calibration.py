import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from footfall.predict.calibration import Calibrator, fit_calibrator
from footfall.predict.isotonic import fit_isotonic, fit_venn_abers

pairs = st.lists(
    st.tuples(st.integers(-6, 6).map(float), st.integers(0, 1)), min_size=1, max_size=40
)


def isotonic_value(scores, outcomes, at):
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, outcomes)
    return float(fitted.predict([at])[0])


@settings(max_examples=150, deadline=None)
@given(pairs)
def test_isotonic_regression_agrees_with_scikit_learn(rows):
    scores, outcomes = (np.array(column, float) for column in zip(*rows, strict=True))
    thresholds, values = fit_isotonic(scores, outcomes)
    wanted = IsotonicRegression().fit(scores, outcomes).predict(thresholds)
    np.testing.assert_allclose(values, wanted, atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(pairs, st.integers(-14, 14).map(lambda half: half / 2))
def test_the_two_probabilities_are_isotonic_regression_with_one_more_row(rows, at):
    scores, outcomes = (np.array(column, float) for column in zip(*rows, strict=True))
    low, high = fit_venn_abers(scores, outcomes)(np.array([at]))
    for label, found in ((0, low), (1, high)):
        wanted = isotonic_value(np.append(scores, at), np.append(outcomes, label), at)
        assert found[0] == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(pairs, st.lists(st.floats(-20, 20), min_size=1))
def test_probabilities_lie_in_their_interval_and_rise_with_the_score(rows, asked):
    scores, outcomes = (np.array(column, float) for column in zip(*rows, strict=True))
    found = fit_calibrator(scores, outcomes)
    probability, low, high = found(np.sort(np.array(asked)))
    assert (low >= 0).all()
    assert (low <= probability).all()
    assert (probability <= high).all()
    assert (high <= 1).all()
    if found.method == "isotonic" or found.slope >= 0:
        assert (np.diff(probability) >= -1e-12).all()


def drawn(count, rate, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=count)
    return scores, (rng.random(count) < rate(scores)).astype(int)


def test_the_logistic_form_agrees_with_scikit_learn():
    scores, outcomes = drawn(5000, lambda s: 1 / (1 + np.exp(1 - 1.5 * s)))
    found = fit_calibrator(scores, outcomes)
    wanted = LogisticRegression(C=np.inf).fit(scores[:, None], outcomes)
    assert found.slope == pytest.approx(wanted.coef_[0, 0], rel=0.01)
    assert found.intercept == pytest.approx(wanted.intercept_[0], rel=0.01)


def test_few_positives_get_the_logistic_form_and_steps_get_the_isotonic_one():
    scores, outcomes = drawn(300, lambda s: 1 / (1 + np.exp(3 - s)))
    assert fit_calibrator(scores, outcomes).method == "logistic"
    scores, outcomes = drawn(5000, lambda s: np.where(s > 1, 0.9, np.where(s > -1, 0.5, 0.45)))
    assert fit_calibrator(scores, outcomes).method == "isotonic"


def test_an_interval_is_wider_where_calibration_had_fewer_users():
    widths = []
    for count in (50, 5000):
        scores, outcomes = drawn(count, lambda s: 1 / (1 + np.exp(-s)))
        _, low, high = fit_calibrator(scores, outcomes)(np.linspace(-1, 1, 9))
        widths.append((high - low).mean())
    assert widths[0] > 3 * widths[1]


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_alone_gives_no_certainty(outcome):
    found = fit_calibrator(np.arange(10.0), np.full(10, outcome))
    probability, low, high = found(np.array([3.0]))
    assert 0 < probability[0] < 1
    assert low[0] == 0 if outcome == 0 else high[0] == 1


def test_a_single_row_can_calibrate():
    probability, low, high = fit_calibrator(np.zeros(1), np.ones(1))(np.zeros(1))
    assert 0 <= low[0] <= probability[0] <= high[0] <= 1


def test_what_is_kept_gives_the_same_probabilities_again():
    found = fit_calibrator(*drawn(200, lambda s: 1 / (1 + np.exp(-s))))
    again = Calibrator.from_state(*found.state())
    asked = np.linspace(-3, 3, 50)
    for left, right in zip(found(asked), again(asked), strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_comes_lies_between_low_and_high_on_average_of_users_who_are_alike():
    def rate(scores):
        return 1 / (1 + np.exp(2 - 1.5 * scores - np.sin(3 * scores)))

    within = 0
    for seed in range(40):
        found = fit_calibrator(*drawn(200, rate, seed=seed))
        scores, outcomes = drawn(4000, rate, seed=1000 + seed)
        _, low, high = found(scores)
        slack = 3 * outcomes.std() / np.sqrt(len(outcomes)) + 3 * 0.5 / np.sqrt(200)
        within += low.mean() - slack <= outcomes.mean() <= high.mean() + slack
    assert within == 40
