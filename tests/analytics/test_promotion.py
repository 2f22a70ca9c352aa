import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, law, rows

from footfall.analytics.operations.promotion import promotion
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
START = 20_454 * DAY  # 2026-01-01
ASKED = {"during": "2026-01-29..2026-02-04", "promoted": ["a"], "control": ["b"]}


def shop(*, lift, pulled, seed):
    """Six weeks of two items; everybody buys more in the fifth week, of item a by the lift."""
    rng = np.random.default_rng(seed)
    events = []
    for day in range(42):
        season = 1.3 if 28 <= day < 35 else 1.0
        for item in ("a", "b"):
            effect = 1.0
            if item == "a":
                effect = lift if 28 <= day < 35 else pulled if day >= 35 else 1.0
            count = rng.poisson(60 * season * effect)
            times = START + day * DAY + rng.integers(0, DAY, count)
            users = rng.integers(0, 800, count)
            amounts = rng.integers(500, 1500, count)
            events += [
                (f"u{user}", int(time), "purchase", item, 1, int(amount))
                for user, time, amount in zip(users, times, amounts, strict=True)
            ]
    return MemoryLog.from_rows(events)


def test_a_planted_lift_is_found_beside_a_season_and_so_is_what_was_only_pulled_forward():
    during, after, net = promotion(shop(lift=1.5, pulled=0.7, seed=3), **ASKED).frame.to_pylist()[
        1:
    ]
    assert during["lift_low"] < 0.5 < during["lift_high"]
    assert during["lift_low"] > 0.2
    assert after["lift_low"] < -0.3 < after["lift_high"] < 0
    assert net["extra"] == pytest.approx(during["extra"] + after["extra"])
    # Without a control the season is taken for the promotion's.
    alone = promotion(shop(lift=1.5, pulled=0.7, seed=3), during=ASKED["during"], promoted=["a"])
    assert alone.frame.to_pylist()[1]["lift"] > 0.75
    assert "seasons and weekdays are part" in alone.definition["expected"]


def test_intervals_hold_what_was_planted_about_as_often_as_they_say():
    held = 0
    for seed in range(30):
        answer = promotion(shop(lift=1.3, pulled=1.0, seed=seed), measure="purchase", **ASKED)
        row = answer.frame.to_pylist()[1]
        held += row["lift_low"] <= 0.3 <= row["lift_high"]
        assert answer.placebo["lift"] is not None
    assert held >= 26


ROWS = [
    ("ann", "2026-01-01T12:00", "purchase", "kettle", 1, 1000),
    ("ann", "2026-01-02T12:00", "purchase", "teapot", 1, 500),
    ("bob", "2026-01-03T12:00", "purchase", "kettle", 2, 3000),
    ("bob", "2026-01-03T13:00", "purchase", "teapot", 1, 1000),
    ("cid", "2026-01-04T12:00", "view", "kettle"),
    ("cid", "2026-01-05T12:00", "purchase", "kettle", 1, 200),
]


def test_six_rows_can_be_checked_by_hand():
    answer = promotion(
        MemoryLog.from_rows(ROWS), during="2026-01-03", before="2d", after="2d",
        promoted="item_id = kettle", control="the rest",
    )  # fmt: skip
    before, during, after, net = answer.frame.to_pylist()
    assert (before["promoted_total"], before["control_total"], before["days"]) == (1000, 500, 1.5)
    # The control doubled, so 20.00 were to be expected.
    assert (during["promoted_total"], during["expected"], during["extra"]) == (3000, 20.0, 10.0)
    assert during["lift"] == 0.5
    assert (after["promoted_total"], after["lift"], net["lift"]) == (200, None, pytest.approx(0.6))
    assert answer.users("during") == ["bob"]
    assert answer.users("before", side="control") == ["ann"]
    assert before["promoted_users"] == 1
    assert answer.daily.to_pylist()[2] == {
        "day": "2026-01-03", "promoted_total": 3000, "control_total": 1000,
    }  # fmt: skip


def test_users_are_counted_once_a_day_and_groups_are_listed():
    log = MemoryLog.from_rows([*ROWS, ("bob", "2026-01-03T14:00", "view", "kettle")])
    answer = promotion(log, during="2026-01-03", measure="users", before="2d", by="item_id")
    assert [row["promoted_total"] for row in answer.frame.to_pylist()] == [2, 1, 2, 3]
    kettle = [row for row in answer.groups.to_pylist() if row["group"] == "kettle"]
    assert [row["promoted_total"] for row in kettle] == [1, 1, 2, 3]
    assert answer.users("after", group="kettle") == ["cid"]
    assert json.loads(json.dumps(answer.to_json())) == answer.to_json()
    assert answer.plot() is not None


@pytest.mark.parametrize(
    "options",
    [
        {"during": "soon"},
        {"measure": "purchase / view"},
        {"measure": "sessions"},
        {"replicates": 1},
        {"level": 95},
        {"promoted": ["no such item"]},
        {"before": "2025-01"},
        {"after": "2025-01"},
        {"control": "colour = 'red'"},
    ],
)
def test_wrong_options_are_named(options):
    with pytest.raises(OptionError):
        promotion(MemoryLog.from_rows(ROWS), **({"during": "2026-01-03"} | options))
    with pytest.raises(OptionError, match="'side' option of Promotion"):
        promotion(MemoryLog.from_rows(ROWS), during="2026-01-03").users("during", side="control")


@law
@given(rows(users=6, times=40), st.sampled_from(["revenue", "users", "view"]))
def test_any_split_of_users_gives_the_same_numbers(log_rows, measure):
    times = [row.time for row in log_rows]
    if not times or min(times) >= 100 * MINUTE:
        return
    answers = [
        promotion(
            as_log(log_rows, buckets=n), during=(100 * MINUTE, 200 * MINUTE), measure=measure,
            promoted="item_id is not missing", control="event_type = 'click'", replicates=20,
        ).frame
        for n in (1, 2, 5)
    ]  # fmt: skip
    assert all(answer.equals(answers[0]) for answer in answers)
    assert isinstance(answers[0], pa.Table)
