"""Probability metrics, against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics as oracle

from footfall.errors import OptionError
from footfall.evaluate import (
    auc,
    average_precision,
    brier,
    calibration_error,
    confusion,
    f1,
    log_loss,
    probability_metrics,
    reliability_table,
    roc_curve,
)

# Few different values, so that ties are the rule.
pairs = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8).map(lambda n: n / 8)), min_size=2, max_size=60
)
both_classes = pairs.filter(lambda rows: len({outcome for outcome, _ in rows}) == 2)


def split(rows):
    outcome, chance = zip(*rows, strict=True)
    return np.array(outcome), np.array(chance)


@given(both_classes)
def test_order_metrics_agree_with_scikit_learn_under_ties(rows):
    outcome, chance = split(rows)
    assert auc(outcome, chance) == pytest.approx(oracle.roc_auc_score(outcome, chance))
    assert average_precision(outcome, chance) == pytest.approx(
        oracle.average_precision_score(outcome, chance)
    )


@given(both_classes)
def test_roc_points_agree_with_scikit_learn(rows):
    outcome, chance = split(rows)
    ours = roc_curve(outcome, chance)
    theirs = oracle.roc_curve(outcome, chance, drop_intermediate=False)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.tolist() == pytest.approx(other.tolist())


@given(both_classes, st.sampled_from([0.25, 0.5, 0.6]))
def test_losses_and_decisions_agree_with_scikit_learn(rows, threshold):
    outcome, chance = split(rows)
    called = (chance >= threshold).astype(int)
    assert log_loss(outcome, chance) == pytest.approx(oracle.log_loss(outcome, chance))
    assert brier(outcome, chance) == pytest.approx(oracle.brier_score_loss(outcome, chance))
    assert f1(outcome, chance, threshold=threshold) == pytest.approx(
        oracle.f1_score(outcome, called)
    )
    negative, alarm, missed, found = oracle.confusion_matrix(outcome, called).ravel().tolist()
    assert confusion(outcome, chance, threshold=threshold) == (found, alarm, missed, negative)


def test_one_class_has_no_order_but_a_loss():
    metrics = probability_metrics([0, 0], [0.1, 0.3])
    assert math.isnan(metrics["auc"])
    assert math.isnan(metrics["average_precision"])
    assert math.isnan(metrics["f1"])
    assert metrics["brier"] == pytest.approx(0.05)
    assert math.isnan(auc([1, 1], [0.1, 0.3]))
    assert average_precision([1, 1], [0.1, 0.3]) == 1.0


def test_an_impossible_outcome_costs_much_but_not_infinity():
    assert 30 < log_loss([1], [0.0]) < 40


def test_scores_of_order_metrics_may_be_on_any_scale():
    assert auc([0, 1], [-5.0, 3000.0]) == 1.0


def test_reliability_puts_predicted_beside_observed():
    table = reliability_table([0, 0, 1, 1, 0], [0.05, 0.05, 0.95, 1.0, 0.95], bins=10)
    assert table.to_pydict() == {
        "low": [0.05, 0.95],
        "high": [0.05, 1.0],
        "rows": [2, 3],
        "predicted": [0.05, pytest.approx(2.9 / 3)],
        "observed": [0.0, pytest.approx(2 / 3)],
    }


def test_bins_by_count_hold_about_as_many_rows_and_never_part_equal_probabilities():
    chance = np.repeat([0.01, 0.02, 0.03, 0.9], [10, 10, 10, 70])
    table = reliability_table(np.zeros(100, int), chance, bins=4, by="count")
    assert table["rows"].to_pylist() == [30, 70]


@given(pairs, st.integers(1, 12), st.sampled_from(["width", "count"]))
def test_calibration_error_is_between_0_and_1_and_its_bins_hold_every_row(rows, bins, by):
    outcome, chance = split(rows)
    table = reliability_table(outcome, chance, bins=bins, by=by)
    assert sum(table["rows"].to_pylist()) == len(rows)
    assert table.num_rows <= bins
    assert 0 <= calibration_error(outcome, chance, bins=bins, by=by) <= 1


def test_rates_said_exactly_are_perfectly_calibrated():
    assert calibration_error([1, 0, 0, 0, 1, 1], [0.25] * 4 + [1.0, 1.0]) == 0.0


@pytest.mark.parametrize(
    ("outcome", "chance", "message"),
    [
        ([], [], "one row or more. Got 'no rows'"),
        ([0, 1], [0.5], "as long as the 1 scores. Got 2"),
        ([0, 2], [0.5, 0.5], "must be 0 or 1 in each row. Got"),
        ([0, 1], [0.5, float("nan")], "a finite number in each row. Got nan"),
        ([0, 1], [0.5, -0.1], "between 0 and 1. Got -0.1"),
        ([[0, 1]], [[0.5, 0.5]], "one column of values"),
    ],
)
def test_unusable_rows_are_refused(outcome, chance, message):
    with pytest.raises(OptionError, match=message):
        probability_metrics(outcome, chance)


def test_unusable_options_are_refused():
    with pytest.raises(OptionError, match="'threshold' option of confusion"):
        confusion([1], [0.5], threshold=float("nan"))
    with pytest.raises(OptionError, match="'bins' option"):
        reliability_table([1], [0.5], bins=0)
    with pytest.raises(OptionError, match="'by' option"):
        reliability_table([1], [0.5], by="height")
