import json

import numpy as np
import pytest

from footfall.errors import FootfallError, NotEnoughDataError, OptionError
from footfall.evaluate import auc
from footfall.features import purchases_within
from footfall.predict import Purchase, Recency, evaluate_purchase
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def shop_log(users=300, days=120, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(users):
        gap = (3, 12, 45)[number % 3]
        rows += [
            (f"user-{number}", int(day * DAY), "purchase")
            for day in np.cumsum(rng.exponential(gap, 120))
            if day < days
        ]
    return MemoryLog.from_rows(rows)


LOG = shop_log()
REPORT = evaluate_purchase(LOG, horizon="7d", draws=40)


def test_figures_are_those_of_a_model_fitted_one_horizon_before_the_end():
    cutoff = LOG.span[1] - 7 * DAY
    truth = purchases_within(LOG, cutoff=cutoff, horizon="7d")
    guess = Recency(horizon="7d").fit(LOG, until=cutoff).predict(truth.user_ids)
    assert REPORT.value("recency", "auc") == auc(truth.target, guess.column("probability"))
    assert (REPORT.users, REPORT.positives) == (len(truth.target), truth.target.sum())


def test_each_figure_lies_in_its_interval():
    assert REPORT.frame.num_rows == 2 * 5
    for row in REPORT.frame.to_pylist():
        if row["metric"] != "calibration_error":  # drawing users makes it larger
            assert row["low"] <= row["value"] <= row["high"]


def test_gains_are_above_zero_where_the_first_model_is_better():
    for row in REPORT.gains.to_pylist():
        first, last = (REPORT.value(model, row["metric"]) for model in ("purchase", "recency"))
        sign = 1 if row["metric"] in {"auc", "average_precision"} else -1
        assert row["gain"] == pytest.approx(sign * (first - last))


def test_rhythm_beats_recency_where_users_have_rhythms():
    gains = {row["metric"]: row for row in REPORT.gains.to_pylist()}
    assert gains["auc"]["low"] > 0
    assert gains["log_loss"]["low"] > 0


def test_the_report_is_text_json_and_a_figure():
    assert "purchase" in str(REPORT)
    assert f"of {REPORT.users:,} users; purchase in the 7 days after" in str(REPORT)
    assert json.loads(json.dumps(REPORT.to_json()))["users"] == REPORT.users
    assert [line.name.split()[0] for line in REPORT.plot().data] == [
        "exactly",
        "purchase",
        "recency",
    ]
    assert {"unit", "window", "order", "ties", "time_zone"} <= set(REPORT.definition)


def test_reliability_bins_hold_every_user_once_a_model():
    rows = REPORT.reliability.to_pylist()
    for model in ("purchase", "recency"):
        assert sum(row["rows"] for row in rows if row["model"] == model) == REPORT.users


def test_models_of_the_same_kind_get_names_of_their_own():
    models = [Recency(horizon="7d", cutoffs=2), Recency(horizon="7d", cutoffs=3)]
    report = evaluate_purchase(LOG, horizon="7d", models=models, draws=2)
    assert report.value("recency", "auc") == report.value("recency 2", "auc")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": [Purchase(horizon="28d")]}, "of the same horizon and event type"),
        ({"draws": 0}, "'draws' option of evaluate_purchase"),
        ({"horizon": "60d"}, "must fit into the log more than twice"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(FootfallError, match=message):
        evaluate_purchase(LOG, **({"horizon": "7d"} | options))


def test_an_empty_log_is_refused_and_an_unknown_figure_too():
    with pytest.raises(NotEnoughDataError, match="it is empty"):
        evaluate_purchase(MemoryLog.from_rows([]))
    with pytest.raises(OptionError, match="a model and a metric of the report"):
        REPORT.value("purchase", "accuracy")
