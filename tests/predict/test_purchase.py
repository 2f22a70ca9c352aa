import subprocess
import sys

import numpy as np
import pytest

from footfall.errors import NotEnoughDataError, NotFittedError, OptionError
from footfall.predict import Purchase
from footfall.predict.samples import place_cutoffs
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def rhythm_log(users=600, days=150, seed=0):
    """Give a log where a user's own rhythm says more than recency: some buy often, some seldom."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(users):
        gap = (3, 12, 45)[number % 3]
        rows += [
            (f"user-{number}", int(day * DAY), "purchase", "tea", 1, 500)
            for day in np.cumsum(rng.exponential(gap, 200))
            if day < days
        ]
    return MemoryLog.from_rows(rows)


LOG = rhythm_log()
MODEL = Purchase(horizon="7d").fit(LOG)


def test_those_who_buy_often_are_more_likely_to_buy():
    table = MODEL.predict()
    kind = np.array([int(user.split("-")[1]) % 3 for user in table.column("user_id").to_pylist()])
    probability = table.column("probability").to_numpy()
    often, sometimes, seldom = (probability[kind == one].mean() for one in range(3))
    assert often > 0.7 > sometimes > seldom
    assert often == pytest.approx(1 - np.exp(-7 / 3), abs=0.15)
    assert sometimes == pytest.approx(1 - np.exp(-7 / 12), abs=0.15)
    assert seldom == pytest.approx(1 - np.exp(-7 / 45), abs=0.15)


def test_contributions_and_base_add_up_to_the_score():
    for user in ("user-0", "user-1", "user-2"):
        found = MODEL.explain(user)
        total = found.base + sum(found.frame.column("contribution").to_pylist())
        assert total == pytest.approx(found.score, abs=1e-9)
        assert found.additivity_gap < 1e-9


def test_swapping_a_feature_away_moves_the_score_as_its_contribution_says():
    scores = [MODEL.explain(f"user-{number}").faithfulness for number in range(12)]
    assert np.mean(scores) > 0.8


def test_an_explanation_names_each_feature_once_with_the_largest_part_first():
    frame = MODEL.explain("user-4").frame
    assert frame.column_names == ["feature", "value", "contribution"]
    size = np.abs(frame.column("contribution").to_numpy())
    assert (np.diff(size) <= 0).all()
    assert len(set(frame.column("feature").to_pylist())) == frame.num_rows
    values = {row["feature"]: row["value"] for row in frame.to_pylist()}
    assert values["share_purchase"] == 1
    assert values["days_since_view"] is None


def test_an_explanation_needs_a_fitted_model_and_a_known_user():
    with pytest.raises(NotFittedError, match="before explain"):
        Purchase().explain("user-1")
    with pytest.raises(OptionError, match="'user' option of explain"):
        MODEL.explain("nobody")


def test_what_was_learned_from_is_told():
    facts = MODEL.learned_.facts
    assert len(facts["training"]) == 5
    assert facts["training"][-1]["cutoff"] < facts["calibration"]["cutoff"]
    assert 0 < facts["calibration"]["positives"] < facts["calibration"]["users"]


def test_no_target_of_a_cutoff_reaches_past_the_next_cutoff():
    cutoffs = place_cutoffs(0, 100 * DAY, 7 * DAY, 6, owner="Purchase")
    assert len(cutoffs) == 6
    assert set(np.diff(cutoffs)) == {7 * DAY}
    assert cutoffs[-1] + 7 * DAY == 100 * DAY


def test_a_log_too_short_is_refused_with_what_it_spans():
    with pytest.raises(
        NotEnoughDataError, match=r"The log spans 10.0 days.*the horizon is 7.0 days"
    ):
        place_cutoffs(0, 10 * DAY, 7 * DAY, 6, owner="Purchase")


def test_importing_the_room_loads_neither_lightgbm_nor_scikit_learn():
    code = (
        "import sys, footfall.predict;"
        "print(sorted({'lightgbm', 'sklearn', 'plotly', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
