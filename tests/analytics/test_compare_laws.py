"""Comparisons against plain Python on random logs, the merge law, and honest error rates."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.test_compare import DAY, arm_log

from footfall.analytics.compare import compare
from footfall.analytics.compare.judging import Judging, judged
from footfall.analytics.compare.measures import MEASURES, measures_named
from footfall.analytics.compare.moments import Moments, Ratio, moments_of
from footfall.analytics.compare.sides import Compared, merge_sides
from footfall.analytics.compare.values import COLUMNS

USERS = ("ann", "bob", "eve", "ian", "joe")


@st.composite
def logs(draw):
    one = st.tuples(
        st.sampled_from(USERS),
        st.integers(0, 24).map(lambda half: half / 2),
        st.sampled_from(["view", "click", "purchase"]),
        st.sampled_from([None, None, "a", "a", "b"]),
        st.integers(0, 500),
    )
    known = [("yan", 0, "purchase", "a", 3), ("zoe", 0, "click", "b", 0), ("zoe", 0, "view")]
    return [*known, *draw(st.lists(one, max_size=30))]


def naive_user(events, begin, end, day, watched):
    """Count one user's events in a time: a session is one moment, half a day apart."""
    mine = [row for row in events if begin <= row[1] < end]
    sold = [row for row in mine if row[2] == "purchase"]
    first = min((row[1] for row in mine), default=0)
    eligible = bool(mine) and first + day + 1 <= min(watched, end)
    return {
        "active": bool(mine),
        "events": len(mine),
        "sessions": len({row[1] for row in mine}),
        "orders": len({row[1] for row in sold}),
        "revenue": sum(row[4] or 0 for row in sold) / 100,
        "converted": bool(sold),
        "eligible": eligible,
        "retained": eligible and any(first + day <= row[1] < first + day + 1 for row in mine),
    }


def naive_values(users):
    def total(name):
        return sum(user[name] for user in users)

    def over(top, bottom):
        return total(top) / total(bottom) if total(bottom) else None

    return {
        "conversion": over("converted", "active"),
        "events_per_user": over("events", "active"),
        "sessions_per_user": over("sessions", "active"),
        "orders_per_user": over("orders", "active"),
        "revenue_per_user": over("revenue", "active"),
        "orders_per_session": over("orders", "sessions"),
        "average_order_value": over("revenue", "orders"),
        "retention": over("retained", "eligible"),
    }


def by_user(rows):
    full = [(*row, *[None] * (5 - len(row))) for row in rows]
    return {
        user: sorted((row for row in full if row[0] == user), key=lambda row: row[1])
        for user in sorted({row[0] for row in full})
    }


def shown(answer, column):
    return {row["measure"]: row[column] for row in answer.frame.to_pylist()}


@law
@given(logs(), st.sampled_from([None, "view", "click|view"]), st.integers(1, 5))
def test_arms_agree_with_plain_python(rows, exposure, day):
    types = exposure.split("|") if exposure else ["view", "click", "purchase"]
    sides, both = {"a": {}, "b": {}}, []
    watched = max(row[1] for row in rows) + 1 / DAY
    for user, events in by_user(rows).items():
        marks = [row for row in events if row[3] and row[2] in types]
        if len({row[3] for row in marks}) == 2:
            both.append(user)
        elif marks:
            values = naive_user(events, marks[0][1], 1e9, day, watched)
            sides[marks[0][3]][user] = values
    seen = {row[3] for row in rows if len(row) > 3 and row[3] and row[2] in types}
    if seen != {"a", "b"}:
        return
    answer = compare(arm_log(rows), arms="variant", exposure=exposure, retention_day=day)
    assert answer.users("a") == sorted(sides["a"])
    assert answer.users("b") == sorted(sides["b"])
    assert answer.users("(both)") == both
    assert answer.both_users == len(both)
    assert answer.user_counts == (len(sides["a"]), len(sides["b"]))
    assert shown(answer, "value_a") == pytest.approx(naive_values(list(sides["a"].values())))
    assert shown(answer, "value_b") == pytest.approx(naive_values(list(sides["b"].values())))


@law
@given(logs(), st.sampled_from([(0, 6, 6, 12), (0, 3, 9, 13), (5, 13, 1, 4)]), st.integers(1, 3))
def test_periods_agree_with_plain_python(rows, edges, day):
    windows = (edges[:2], edges[2:])
    answer = compare(
        arm_log(rows),
        periods=[(begin * DAY, end * DAY) for begin, end in windows],
        sides=("one", "two"),
        retention_day=day,
    )
    watched = max(row[1] for row in rows) + 1 / DAY
    for (begin, end), side, column in zip(
        windows, ("one", "two"), ("value_a", "value_b"), strict=True
    ):
        values = {u: naive_user(e, begin, end, day, watched) for u, e in by_user(rows).items()}
        active = sorted(user for user, each in values.items() if each["active"])
        assert answer.users(side) == active
        assert shown(answer, column) == pytest.approx(naive_values(list(values.values())))


@law
@given(logs(), st.integers(1, 5), st.booleans())
def test_any_split_into_chunks_gives_the_same_answer(rows, buckets, periods):
    if periods:
        asked = {"periods": ((0, 5 * DAY), (5 * DAY, 20 * DAY))}
    else:
        asked = {"arms": "variant", "pre": "3d"}
    one = compare(arm_log(rows, buckets=1), **asked)
    many = compare(arm_log(rows, buckets=buckets), **asked)
    assert one.frame == many.frame
    assert one.user_counts == many.user_counts


@law
@given(
    st.lists(
        st.tuples(st.integers(-(2**45), 2**45), st.integers(0, 2**30), st.integers(0, 1)),
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_moments_are_exact_and_add_up(values, cut):
    whole = np.array(values, np.int64).reshape(-1, 3)
    found = moments_of(whole[:cut]) + moments_of(whole[cut:])
    assert found == moments_of(whole)
    want = [[sum(v[i] * v[j] for v in values) for j in range(3)] for i in range(3)]
    assert [list(row) for row in found.products] == want
    assert found.nonzero == tuple(sum(v[i] != 0 for v in values) for i in range(3))
    assert merge_sides(3, 1, []).sides == (Moments.none(3),)


def test_the_noise_of_a_mean_is_its_variance_over_n_whatever_the_offset():
    values = np.array([[1, 10**9 + n % 7] for n in range(100)])
    found = Ratio(moments_of(values), 1, 0)
    assert found.covariance(found) == Fraction(
        sum((Fraction(n % 7) - Fraction(sum(k % 7 for k in range(100)), 100)) ** 2
            for n in range(100)), 99 * 100
    )  # fmt: skip


def judging(measures, *, pre=False, sequential=False, planned_users=10_000):
    return Judging(
        measures=measures,
        columns=COLUMNS + 1,
        pre=pre,
        level=0.95,
        correction="none",
        sequential=sequential,
        planned_users=planned_users,
    )


def aa_sides(rng, users, *, pre=False):
    """Draw two sides that do not differ: skewed, dependent values of users."""
    sides = []
    for _ in range(2):
        habit = rng.gamma(1.5, 1.5, users)

        def values(habit=habit):
            sessions = 1 + rng.poisson(habit)
            orders = rng.binomial(sessions, 0.2)
            revenue = np.rint(orders * rng.gamma(2, 1000, users)).astype(np.int64)
            events = sessions + rng.poisson(3 * habit)
            kept = rng.random(users) < 0.3
            one = np.ones(users, np.int64)
            table = [one, events, sessions, orders, revenue, one, kept, orders > 0]
            return np.stack(table, axis=1).astype(np.int64)

        sides.append(moments_of(np.concatenate([values(), values()], 1) if pre else values()))
    return Compared(tuple(sides), 0)


@pytest.mark.parametrize("pre", [False, True])
def test_two_equal_sides_differ_as_often_as_the_level_says(pre):
    rng = np.random.default_rng(9)
    measures, _ = measures_named(MEASURES, conversion="purchase", day=7)
    how = judging(measures, pre=pre)
    runs = 300
    wrong, always = dict.fromkeys(MEASURES, 0), dict.fromkeys(MEASURES, 0)
    outside = dict.fromkeys(MEASURES, 0)
    for _ in range(runs):
        frame = judged({"": aa_sides(rng, 400, pre=pre)}, how)[""]
        for row in frame.to_pylist():
            wrong[row["measure"]] += row["p_value"] <= 0.05
            always[row["measure"]] += row["p_always"] <= 0.05
            outside[row["measure"]] += not row["relative_low"] <= 0 <= row["relative_high"]
    for measure in MEASURES:
        # 300 runs at 5 %: 15 expected; 99.9 % of the time between 4 and 28.
        assert 4 <= wrong[measure] <= 28, measure
        assert 4 <= outside[measure] <= 29, measure
        assert always[measure] <= 6, measure


def test_peeking_at_a_comparison_that_runs_keeps_its_promise():
    rng = np.random.default_rng(12)
    measures, _ = measures_named(
        ["conversion", "average_order_value"], conversion="purchase", day=7
    )
    runs, looks = 100, 12
    usual, always = np.zeros(2), np.zeros(2)
    how = judging(measures, sequential=True, planned_users=4000)
    for _ in range(runs):
        total = [Moments.none(COLUMNS + 1)] * 2
        seen = np.zeros((2, 2), bool)
        for _ in range(looks):
            more = aa_sides(rng, 150)
            total = [a + b for a, b in zip(total, more.sides, strict=True)]
            rows = judged({"": Compared(tuple(total), 0)}, how)[""].to_pylist()
            for at, row in enumerate(rows):
                seen[at] |= [row["p_value"] <= 0.05, row["verdict"] in {"higher", "lower"}]
        usual += seen[:, 0]
        always += seen[:, 1]
    assert (usual / runs > 0.1).all()
    assert (always / runs <= 0.05).all()
