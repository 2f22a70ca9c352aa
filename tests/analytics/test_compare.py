"""Comparisons: values a person can count, textbook tests as oracles, and who is on which side."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.compare import compare
from footfall.analytics.segment import Segment
from footfall.analytics.significance import holm, two_proportions
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def arm_log(rows, *, buckets=2, users=None):
    """Build a log from (user, day, event type, variant, amount) rows."""
    rows = [(*row, *[None] * (5 - len(row))) for row in rows]
    return MemoryLog.from_events(
        pa.table(
            {
                "user_id": pa.array([row[0] for row in rows], pa.string()),
                "timestamp": pa.array([round(row[1] * DAY) for row in rows], pa.int64()).cast(
                    pa.timestamp("us", tz="UTC")
                ),
                "event_type": pa.array([row[2] for row in rows], pa.string()),
                "properties": pa.array(
                    [json.dumps({"variant": row[3]}) if row[3] else None for row in rows],
                    pa.string(),
                ),
                "amount": pa.array([row[4] for row in rows], pa.int64()),
            }
        ),
        buckets=buckets,
        users=users,
    )


def row_of(answer, measure):
    return next(row for row in answer.frame.to_pylist() if row["measure"] == measure)


def experiment(users=80, *, sold_a=4, sold_b=2, amount=None):
    """Even users are in "new", odd ones in "old"; every so-many-th buys, on day 1."""
    rows = []
    for n in range(users):
        arm, every = ("new", sold_b) if n % 2 == 0 else ("old", sold_a)
        rows.append((f"u{n:03d}", 0, "view", arm))
        if (n // 2) % every == 0:
            rows.append((f"u{n:03d}", 1, "purchase", None, amount(n) if amount else 1000))
    return rows


def test_the_values_of_two_arms_are_those_one_counts_by_hand():
    # 40 users an arm: 20 of "new" buy (every 2nd), 10 of "old" (every 4th); 10.00 each.
    answer = compare(arm_log(experiment()), arms="variant", sides=("old", "new"))
    assert answer.sides == ("old", "new")
    assert answer.user_counts == (40, 40)
    values = {row["measure"]: (row["value_a"], row["value_b"]) for row in answer.frame.to_pylist()}
    assert values == {
        "conversion": (0.25, 0.5),
        "events_per_user": (1.25, 1.5),
        "sessions_per_user": (1.25, 1.5),
        "orders_per_user": (0.25, 0.5),
        "revenue_per_user": (2.5, 5.0),
        "orders_per_session": (0.2, pytest.approx(1 / 3)),
        "average_order_value": (10.0, 10.0),
        "retention": (None, None),
    }
    assert row_of(answer, "conversion")["difference"] == 0.25
    assert row_of(answer, "conversion")["relative_difference"] == 1.0


def test_shares_are_tested_as_shares_and_means_by_welch():
    rows = experiment(amount=lambda n: 500 + 37 * n)
    answer = compare(arm_log(rows), arms="variant", sides=("old", "new"))
    _, low, high, p_value = two_proportions(20, 40, 10, 40)
    found = row_of(answer, "conversion")
    assert (found["low"], found["high"], found["p_value"]) == pytest.approx((low, high, p_value))
    spent = {arm: [] for arm in ("old", "new")}
    for n in range(80):
        arm, every = ("new", 2) if n % 2 == 0 else ("old", 4)
        spent[arm].append((500 + 37 * n) / 100 if (n // 2) % every == 0 else 0)
    want = stats.ttest_ind(spent["new"], spent["old"], equal_var=False)
    found = row_of(answer, "revenue_per_user")
    interval = want.confidence_interval(0.95)
    assert found["p_value"] == pytest.approx(want.pvalue)
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))


def test_a_ratio_has_the_noise_of_the_delta_method():
    rng = np.random.default_rng(2)
    rows, orders, money = [], {}, {}
    for n in range(120):
        arm = ("new", "old")[n % 2]
        rows.append((f"u{n}", 0, "view", arm))
        amounts = [int(rng.integers(100, 5000)) for _ in range(int(rng.integers(0, 4)))]
        rows += [(f"u{n}", 1 + day, "purchase", None, paid) for day, paid in enumerate(amounts)]
        orders.setdefault(arm, []).append(len(amounts))
        money.setdefault(arm, []).append(sum(amounts) / 100)
    found = row_of(compare(arm_log(rows), arms="variant"), "average_order_value")
    variances, values = [], []
    for arm in ("new", "old"):
        top, bottom = np.array(money[arm]), np.array(orders[arm])
        values.append(top.sum() / bottom.sum())
        residual = top - values[-1] * bottom
        variances.append(residual.var(ddof=1) / len(top) / bottom.mean() ** 2)
    error = np.sqrt(sum(variances))
    assert found["difference"] == pytest.approx(values[1] - values[0])
    assert found["high"] - found["low"] == pytest.approx(2 * 1.959964 * error, rel=1e-6)


def noisy(users=300, effect=2, seed=1):
    """Users whose counts before and after go together; arm "b" gets more after."""
    rng = np.random.default_rng(seed)
    rows, before, after, arms = [], [], [], []
    for n in range(users):
        habit = rng.poisson(5)
        arm = "ab"[int(rng.integers(0, 2))]
        x, y = rng.poisson(habit), 1 + rng.poisson(habit) + effect * (arm == "b")
        # The exposure is one of the events after.
        rows += [(f"u{n}", 1 + at / 1000, "view") for at in range(x)]
        rows += [(f"u{n}", 20 + at / 1000, "view", arm) for at in range(y)]
        before.append(x)
        after.append(y)
        arms.append(arm)
    return rows, np.array(before), np.array(after), np.array(arms)


def test_cuped_takes_away_what_the_time_before_explains():
    rows, x, y, arms = noisy()
    log = arm_log([*rows, ("u0", 21, "purchase")])
    y = y + (np.arange(len(y)) == 0)
    measures = ["events_per_user"]
    plain = row_of(compare(log, arms="variant", measures=measures), "events_per_user")
    found = row_of(compare(log, arms="variant", measures=measures, pre="30d"), "events_per_user")
    a, b = arms == "a", arms == "b"
    cov = sum(np.cov(y[m], x[m])[0, 1] / m.sum() for m in (a, b))
    var = sum(x[m].var(ddof=1) / m.sum() for m in (a, b))
    slope = cov / var
    want = y[b].mean() - y[a].mean() - slope * (x[b].mean() - x[a].mean())
    noise = sum(y[m].var(ddof=1) / m.sum() for m in (a, b))
    less = noise - cov**2 / var
    assert found["difference"] == pytest.approx(want)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.959964 * np.sqrt(less), rel=1e-6)
    assert found["variance_reduction"] == pytest.approx(1 - less / noise)
    assert found["variance_reduction"] > 0.3
    assert found["high"] - found["low"] < plain["high"] - plain["low"]
    assert (found["value_a"], found["value_b"]) == (plain["value_a"], plain["value_b"])


def test_only_events_from_the_exposure_on_count():
    rows = [("ann", 0, "view"), ("ann", 1, "view", "a"), ("ann", 2, "purchase"),
            ("bob", 0, "purchase"), ("bob", 1, "view", "b")]  # fmt: skip
    answer = compare(arm_log(rows), arms="variant", measures="events_per_user,conversion")
    assert row_of(answer, "events_per_user")["value_a"] == 2
    assert row_of(answer, "conversion")["value_b"] == 0


def test_an_exposure_event_says_when_a_user_joins():
    rows = [("ann", 0, "click", "a"), ("ann", 1, "view", "a"), ("bob", 0, "view", "b"),
            ("eve", 0, "click", "b")]  # fmt: skip
    log = arm_log(rows)
    answer = compare(log, arms="variant", exposure="view", measures=["conversion:view"])
    assert answer.users("a") == ["ann"]
    assert answer.users("b") == ["bob"]


def test_users_in_both_arms_are_left_out_and_counted():
    rows = [*experiment(), ("zoe", 0, "view", "new"), ("zoe", 1, "view", "old")]
    answer = compare(arm_log(rows), arms="variant")
    assert answer.both_users == 1
    assert answer.users("(both)") == ["zoe"]
    assert "zoe" not in answer.users("old") + answer.users("new")
    assert [len(answer.users(side)) for side in answer.sides] == [*answer.user_counts]
    assert "left out" in str(answer)


def test_a_property_of_users_can_be_the_arm():
    users = pa.table({"user_id": ["ann", "bob", "eve"], "plan": ["free", "paid", "free"]})
    log = arm_log([("ann", 0, "view"), ("bob", 0, "view"), ("eve", 0, "view")], users=users)
    answer = compare(log, arms="users.plan", measures=["events_per_user"])
    assert answer.users("free") == ["ann", "eve"]


def test_a_split_that_was_not_meant_spoils_the_verdict():
    rows = [*experiment(), *((f"x{n}", 0, "view", "new") for n in range(60))]
    answer = compare(arm_log(rows), arms="variant")
    assert answer.split_p_value == pytest.approx(stats.chisquare([100, 40]).pvalue)
    assert answer.verdict.startswith("Do not trust this comparison: 100 and 40 users")
    meant = compare(arm_log(rows), arms="variant", expected=(5, 2))
    assert meant.split_p_value == 1
    assert meant.trusted


def test_few_users_get_no_verdict():
    answer = compare(arm_log(experiment(20)), arms="variant")
    assert set(answer.frame["verdict"].to_pylist()) == {"not enough users"}
    assert answer.frame["p_value"].null_count == answer.frame.num_rows
    assert answer.verdict == "There are not enough users for a verdict."


def test_p_values_are_corrected_for_the_number_of_measures():
    log = arm_log(experiment(amount=lambda n: 500 + 37 * n))
    answer = compare(log, arms="variant")
    tested = [row for row in answer.frame.to_pylist() if row["p_value"] is not None]
    want = holm([row["p_value"] for row in tested])
    assert [row["p_corrected"] for row in tested] == pytest.approx(want.tolist())
    none = compare(log, arms="variant", correction="none")
    assert none.frame["p_corrected"] == none.frame["p_value"]


def test_a_clear_difference_is_told_with_its_interval():
    rows = experiment(400, sold_a=8, sold_b=2)
    answer = compare(arm_log(rows), arms="variant", sides=("old", "new"), measures=["conversion"])
    assert row_of(answer, "conversion")["verdict"] == "higher"
    assert answer.verdict.startswith("In new against old: conversion is higher by 300.0% (+")
    other = compare(arm_log(rows), arms="variant", sides=("new", "old"), measures=["conversion"])
    assert row_of(other, "conversion")["verdict"] == "lower"


def test_no_difference_is_not_called_equality():
    answer = compare(arm_log(experiment(sold_a=2)), arms="variant", measures=["conversion"])
    assert answer.verdict.startswith("No difference between new and old is shown. That is not to")


def test_looking_often_makes_intervals_wider():
    log = arm_log(experiment(400, sold_a=3))
    once = row_of(compare(log, arms="variant"), "conversion")
    often = row_of(compare(log, arms="variant", sequential=True), "conversion")
    assert often["low"] < once["low"] < once["high"] < often["high"]
    assert often["p_always"] == once["p_always"] > once["p_value"]
    assert often["relative_low"] < once["relative_low"]


def test_two_periods_of_the_same_users_are_compared_in_pairs():
    rng = np.random.default_rng(4)
    first, second = rng.poisson(6, 60) + 1, rng.poisson(6, 60) + 1
    second = first + (second - 6 > 0)  # what users do goes together
    rows = [
        (f"u{n}", day + at / 1000, "view")
        for n in range(60)
        for day, counts in ((0, first), (10, second))
        for at in range(counts[n])
    ]
    answer = compare(
        arm_log(rows),
        periods=("1970-01-01..1970-01-10", "1970-01-11..1970-01-20"),
        measures=["events_per_user", "conversion:view"],
    )
    found = row_of(answer, "events_per_user")
    error = (second - first).std(ddof=1) / np.sqrt(60)
    assert found["difference"] == pytest.approx((second - first).mean())
    assert found["high"] - found["low"] == pytest.approx(2 * 1.959964 * error, rel=1e-6)
    assert answer.both_users == 60
    assert len(answer.users("(both)")) == 60
    assert "counted on both sides" in str(answer)
    assert answer.split_p_value is None


def test_users_of_one_period_only_are_on_one_side():
    rows = [("ann", 0, "view"), ("bob", 12, "view"), ("bob", 12, "purchase"), ("eve", 40, "view")]
    answer = compare(
        arm_log(rows), periods=((0, 5 * DAY), (10 * DAY, 20 * DAY)), sides=("May", "June")
    )
    assert answer.user_counts == (1, 1)
    assert (answer.users("May"), answer.users("June")) == (["ann"], ["bob"])
    assert row_of(answer, "conversion")["value_b"] == 1
    assert "differ in length" in answer.definition["lengths"]


def test_retention_asks_only_users_who_were_watched_long_enough():
    rows = [
        ("ann", 0, "view", "a"), ("ann", 7.5, "view"),
        ("bob", 0, "view", "a"), ("bob", 9, "view"),
        ("eve", 5, "view", "a"), ("zoe", 0, "view", "b"),
    ]  # fmt: skip
    answer = compare(arm_log(rows), arms="variant", measures=["retention"])
    # Day 7 of eve would end on day 13: the log ends on day 9.
    assert row_of(answer, "retention")["value_a"] == 0.5


def test_segments_are_compared_and_their_common_users_left_out():
    rows = [("ann", 0, "view"), ("bob", 0, "view"), ("bob", 1, "purchase"), ("eve", 2, "view")]
    pair = (Segment("first", users=["ann", "bob"]), Segment("second", users=["bob", "eve"]))
    answer = compare(arm_log(rows), segments=pair)
    assert answer.sides == ("first", "second")
    assert (answer.users("first"), answer.users("second")) == (["ann"], ["eve"])
    assert answer.both_users == 1
    by_rule = compare(arm_log(rows), segments=("count(purchase) = 0", "did(purchase)"))
    assert by_rule.users("did(purchase)") == ["bob"]


def test_a_group_of_the_breakdown_is_the_answer_for_its_users_alone():
    users = pa.table(
        {"user_id": [f"u{n:03d}" for n in range(200)], "region": ["north", "south"] * 100}
    )
    rows = []
    for n in range(200):
        arm = "new" if n // 2 % 2 else "old"
        rows.append((f"u{n:03d}", 0, "view", arm))
        if n % 3 == 0 or (arm == "new" and n % 5 == 0):
            rows.append((f"u{n:03d}", 1, "purchase", None, 100 + n))
    log = arm_log(rows, users=users)
    whole = compare(log, arms="variant", by="region", correction="none")
    for region in ("north", "south"):
        alone = compare(log, arms="variant", where=f"region = {region}", correction="none")
        mine = whole.groups.filter(pc.field("group") == region).drop_columns("group")
        assert mine.to_pylist() == alone.frame.to_pylist()
        assert whole.users("new", group=region) == alone.users("new")


def test_a_period_asked_about_leaves_earlier_events_to_the_time_before():
    rows, _, _, _ = noisy(80)
    log = arm_log([*rows, ("u0", 21, "purchase")])
    inside = compare(
        log, arms="variant", between=(15 * DAY, 30 * DAY), pre="14d", measures=["events_per_user"]
    )
    without = compare(log, arms="variant", pre="25d", measures=["events_per_user"])
    # All events before lie on day 1, exposures on day 20: 14 days before reach none of them.
    assert row_of(inside, "events_per_user")["variance_reduction"] == 0
    assert row_of(without, "events_per_user")["variance_reduction"] > 0.2


def test_an_empty_period_compares_nobody():
    log = arm_log(experiment())
    answer = compare(log, arms="variant", sides=("old", "new"), between="1970-01-01..1970-01-01")
    assert answer.user_counts == (40, 40)
    with pytest.raises(OptionError, match="none in scope"):
        compare(log, arms="variant", between="1999")
    nobody = compare(log, periods=("1999", "2000"))
    assert nobody.user_counts == (0, 0)
    assert set(nobody.frame["verdict"].to_pylist()) == {"not enough users"}
    assert len(nobody.plot().data) == 0


def test_an_answer_says_what_it_compared_and_prints():
    answer = compare(arm_log(experiment(400, sold_a=8)), arms="variant", pre="7d")
    assert set(DEFINITION_KEYS) <= set(answer.definition)
    assert "CUPED" in answer.definition["pre"]
    assert "corrected p" in str(answer)
    assert json.loads(json.dumps(answer.to_json()))["sides"][0] == {"side": "new", "users": 200}
    assert len(answer.plot().data) >= 1
    by_type = compare(arm_log(experiment()), arms="variant", by="event_type")
    assert "view" in str(by_type)
    assert by_type.groups.column_names[0] == "group"
    assert len(by_type.plot().layout.annotations) == by_type.groups.num_rows


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "'arms' option of compare must be given, or segments= or periods="),
        ({"arms": "variant", "periods": ("1970", "1971")}, "one of the three"),
        ({"arms": "varant"}, "Did you mean 'variant'"),
        ({"arms": "variant", "sides": ("new", "bold")}, r"values of variant \(new, old\)"),
        ({"arms": "variant", "sides": ("new",)}, "two names"),
        ({"arms": "variant", "sides": ("new", "new")}, "two different names"),
        ({"arms": "event_type"}, "two of the values of event_type"),
        ({"arms": "variant", "measures": ["profit"]}, "'measures' option of compare must be some"),
        ({"arms": "variant", "measures": []}, "at least one, each once"),
        ({"arms": "variant", "measures": ["conversion:vew"]}, "Did you mean 'view'"),
        ({"arms": "variant", "correction": "often"}, "'correction' option"),
        ({"arms": "variant", "retention_day": 0}, "'retention_day' option"),
        ({"arms": "variant", "planned_users": 1}, "'planned_users' option"),
        ({"arms": "variant", "level": 1.0}, "'level' option"),
        ({"arms": "variant", "pre": "soon"}, "must be a duration"),
        ({"arms": "variant", "expected": (1, 1, 1)}, "'expected' option"),
        ({"periods": ("1970-01", "1970-01-31..1970-02-03")}, "without a common time"),
        ({"periods": ("1970-01",)}, "two periods"),
        ({"periods": ("1970-01", "1970-02"), "between": "1970"}, "left out when periods"),
        ({"periods": ("1970-01", "1970-02"), "pre": "7d"}, "nothing before the beginning"),
        ({"segments": ("one", "two")}, "one"),
    ],
)  # fmt: skip
def test_wrong_options_are_named(options, said):
    rows = [*experiment(), *((f"u{n:03d}", 2, "click", "new") for n in range(0, 4, 2))]
    with pytest.raises(OptionError, match=said):
        compare(arm_log(rows), **options)


def test_a_side_or_group_that_is_not_there_is_named():
    answer = compare(arm_log(experiment()), arms="variant")
    with pytest.raises(OptionError, match="'side' option of Comparison must be one of"):
        answer.users("bold")
    with pytest.raises(OptionError, match="there is no breakdown"):
        answer.users("new", group="north")
