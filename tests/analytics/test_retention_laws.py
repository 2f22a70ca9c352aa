"""Retention against plain Python, against SQL on a larger log, and under any split of users."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import as_log, by_user, law, rows

from footfall.analytics.cohort.retention import retention
from footfall.store.memory import MemoryLog

HOUR = 3_600_000_000


def plain(log_rows, *, start, returning, first, kind, at_least, own):  # noqa: C901  # naive
    """Count (cohort, period) pairs with sets and loops; hours since 1970."""
    sizes, back = {}, {}
    for user, events in by_user(log_rows).items():
        starts = [at for at, row in enumerate(events) if start in (None, row.event_type)]
        if first == "each":
            seen = {}
            for at in starts:
                seen.setdefault(events[at].time // HOUR, at)
            starts = list(seen.values())
        for at in starts if first == "each" else starts[:1]:
            cohort = events[at].time // HOUR
            sizes.setdefault(cohort, set()).add(user)
            found = {}
            for row in events[at:]:
                if returning in (None, row.event_type):
                    period = row.time // HOUR - cohort
                    if own:
                        period = (row.time - events[at].time) // HOUR
                    found[period] = found.get(period, 0) + 1
            for period in range(4):
                reach = {
                    "bounded": [period],
                    "unbounded": [p for p in found if p >= period],
                    "within": [p for p in found if 1 <= p <= period] if period else [0],
                }.get(kind)
                if kind == "unbroken":
                    here = all(found.get(p, 0) >= at_least for p in range(period + 1))
                else:
                    here = sum(found.get(p, 0) for p in reach) >= at_least
                if here:
                    back.setdefault((cohort, period), set()).add(user)
    return sizes, back


@law
@given(
    rows(users=4, times=30),
    st.sampled_from([None, "view", "purchase"]),
    st.sampled_from([None, "view", "purchase"]),
    st.sampled_from(["ever", "period", "each"]),
    st.sampled_from(["bounded", "unbounded", "within", "unbroken"]),
    st.sampled_from([1, 2]),
    st.booleans(),
)
def test_retention_is_that_of_plain_python(log_rows, start, returning, first, kind, at_least, own):
    own = own and first != "each"
    sizes, back = plain(
        log_rows, start=start, returning=returning, first=first, kind=kind,
        at_least=at_least, own=own,
    )  # fmt: skip
    answer = retention(
        as_log(log_rows), start=start or "any event", returning=returning or "any event",
        first=first, kind=kind, at_least=at_least, unit="hour", periods=3,
        windows="own" if own else "calendar",
    )  # fmt: skip
    begin = min((row.time for row in log_rows), default=0) // HOUR
    for place, row in enumerate(answer.frame.to_pylist()):
        cohort = begin + place // 4
        assert row["users"] == len(sizes.get(cohort, ()))
        if row["retained"] is not None:
            here = back.get((cohort, int(row["period"])), set())
            assert row["retained"] == len(here)
            assert answer.users(row["cohort"], row["period"]) == sorted(here)
            assert answer.lost(row["cohort"], row["period"]) == sorted(
                sizes.get(cohort, set()) - here
            )


@law
@given(rows(users=6, times=30), st.sampled_from(["users", "money"]))
def test_any_split_of_users_gives_the_same_table(log_rows, weight):
    answers = [
        retention(as_log(log_rows, buckets=n), unit="hour", periods=3, weight=weight, by="item_id")
        for n in (1, 2, 5)
    ]
    for answer in answers[1:]:
        assert answer.frame.equals(answers[0].frame)
        assert answer.to_json() == answers[0].to_json()


SQL = """
with weeks as (
  select distinct user_id, date_trunc('week', timezone('Asia/Shanghai', timestamp)) as week
  from events),
firsts as (select user_id, min(week) as cohort from weeks group by all)
select strftime(cohort, '%Y-%m-%d'), datediff('week', cohort, week)::varchar, count(*)
from weeks join firsts using (user_id) group by all
"""


@pytest.mark.parametrize("by", [None, "event_type"])
def test_weekly_retention_is_that_of_sql_on_a_larger_log(duck, by):
    rng = np.random.default_rng(5)
    count = 40_000
    users = rng.zipf(1.3, count) % 5000
    times = np.sort(rng.integers(0, 80 * 24 * HOUR, count)) + 20_000 * 24 * HOUR
    table = pa.table(
        {
            "user_id": [f"u{user}" for user in users],
            "timestamp": pa.array(times).cast(pa.timestamp("us", tz="UTC")),
            "event_type": np.array(["view", "click"])[rng.integers(0, 2, count)],
        }
    )
    duck.register("events", table)
    truth = {(cohort, period): n for cohort, period, n in duck.execute(SQL).fetchall()}
    answer = retention(
        MemoryLog.from_events(table, buckets=4), periods=12, time_zone="Asia/Shanghai", by=by
    )
    known = answer.frame.to_pylist()
    assert sum(row["retained"] or 0 for row in known) > 5000
    for row in known:
        if row["retained"] is not None:
            assert row["retained"] == truth.get((row["cohort"], row["period"]), 0)
