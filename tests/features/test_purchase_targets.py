from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import NotEnoughDataError
from footfall.features.targets import purchases_within
from footfall.features.users import user_features
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def targets(log, **options):
    table = purchases_within(log, **options).frame
    return {row["user_id"]: row["target"] for row in table.to_pylist()}


LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01", "view"),
        ("ann", "2026-01-08", "purchase"),
        ("bob", "2026-01-01", "purchase"),
        ("cat", "2026-01-01", "view"),
        ("cat", "2026-01-09", "purchase"),
        ("dan", "2026-01-02", "purchase"),
        ("eve", "2026-01-01", "view"),
        ("eve", "2026-01-05", "view"),
    ]
)


def test_a_purchase_at_the_end_of_the_horizon_counts_and_one_after_it_does_not():
    found = targets(LOG, cutoff="2026-01-01", horizon="7d")
    assert found == {"ann": 1, "bob": 0, "cat": 0, "eve": 0}


def test_a_purchase_at_the_cutoff_is_known_and_not_a_target():
    assert targets(LOG, cutoff="2026-01-02", horizon="1d")["dan"] == 0


def test_the_horizon_may_be_a_timedelta_and_the_type_any_other():
    found = targets(LOG, cutoff="2026-01-01", horizon=timedelta(days=5), event_type="view")
    assert found == {"ann": 0, "bob": 0, "cat": 0, "eve": 1}


def test_a_log_that_ends_before_the_horizon_is_refused_unless_allowed():
    with pytest.raises(NotEnoughDataError, match=r"ends at 2026-01-10.*the log ends at 2026-01-09"):
        targets(LOG, cutoff="2026-01-03", horizon="7d")
    found = targets(LOG, cutoff="2026-01-03", horizon="7d", allow_censored=True)
    assert found == {"ann": 1, "bob": 0, "cat": 1, "dan": 0, "eve": 0}


def test_an_empty_log_is_refused_by_name():
    with pytest.raises(NotEnoughDataError, match="the log is empty"):
        purchases_within(MemoryLog.from_rows([]), cutoff="2026-01-01", horizon="7d")


events = st.tuples(
    st.sampled_from(["ann", "bob", "eve"]),
    st.integers(0, 30).map(lambda day: day * DAY),
    st.sampled_from(["view", "purchase"]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(events, min_size=1), st.integers(0, 30), st.integers(1, 10), st.integers(1, 4))
def test_targets_are_those_of_the_users_that_have_features(rows, day, days, buckets):
    log = MemoryLog.from_rows(rows, buckets=buckets)
    cutoff, end = day * DAY, (day + days) * DAY
    found = targets(log, cutoff=cutoff, horizon=f"{days}d", allow_censored=True)
    assert list(found) == user_features(log, cutoff=cutoff).user_ids.to_pylist()
    for user, target in found.items():
        assert target == any(
            u == user and kind == "purchase" and cutoff < t <= end for u, t, kind in rows
        )
