import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, ask_duckdb, by_user, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.sessions import sessions
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog
from footfall.store.sessions import gap_microseconds, sessions_of

SHOP = [
    ("ann", "2026-01-05T09:50", "view"),  # a Monday
    ("ann", "2026-01-05T10:20", "add_to_cart"),  # thirty minutes of silence: still the same
    ("ann", "2026-01-05T10:21", "purchase", "kettle", 1, 1990),
    ("ann", "2026-01-05T10:51:00.000001", "view"),  # a moment more: a new session
    ("bob", "2026-01-05T10:00", "view"),
    ("bob", "2026-01-06T23:30", "view"),
    ("bob", "2026-01-06T23:59", "purchase", "teapot", 2, 800),
    ("bob", "2026-01-07T00:10", "return", "teapot", 2, 800),
]


def row_of(log, **options):
    return sessions(log, **options).frame.to_pylist()[0]


def test_eight_rows_are_four_sessions():
    assert row_of(MemoryLog.from_rows(SHOP)) == {
        "sessions": 4,
        "users": 2,
        "events": 8,
        "sessions_per_user": 2.0,
        "events_mean": 2.0,
        "events_median": 1,
        "events_p90": 3,
        "items_mean": 0.5,
        "items_median": 0,
        "minutes_median": 0.0,
        "minutes_p90": 40.0,
        "bounces": 2,
        "bounce_users": 2,
        "bounce_share": 0.5,
        "purchases": 2,
        "purchase_users": 2,
        "purchase_share": 0.5,
        "revenue_minor": 2790,
        "revenue_per_session": 6.975,
    }


def test_starts_are_counted_by_hour_and_weekday():
    answer = sessions(MemoryLog.from_rows(SHOP))
    assert {hour: n for hour, n in enumerate(answer.by_hour()) if n} == {9: 1, 10: 2, 23: 1}
    assert answer.by_weekday() == [3, 1, 0, 0, 0, 0, 0]
    assert sum(answer.starts.column("sessions").to_pylist()) == 4


def test_hours_and_weekdays_are_those_of_the_time_zone():
    answer = sessions(MemoryLog.from_rows(SHOP), time_zone="Asia/Shanghai")
    assert {hour: n for hour, n in enumerate(answer.by_hour()) if n} == {7: 1, 17: 1, 18: 2}
    assert answer.by_weekday() == [3, 0, 1, 0, 0, 0, 0]
    # Half-hour zones and the night the clocks change.
    rows_ = [("ann", "2026-03-29T00:59", "view"), ("bob", "2026-03-29T01:00", "view")]
    berlin = sessions(MemoryLog.from_rows(rows_), time_zone="Europe/Berlin").by_hour()
    assert {hour: n for hour, n in enumerate(berlin) if n} == {1: 1, 3: 1}
    delhi = sessions(MemoryLog.from_rows(rows_), time_zone="Asia/Kolkata").by_hour()
    assert {hour: n for hour, n in enumerate(delhi) if n} == {6: 2}


def test_a_given_session_id_outlasts_any_silence_and_a_change_of_id_needs_none():
    minutes = [0, 500, 501, 501, 502, 600]
    table = pa.table(
        {
            "user_id": ["ann"] * 6,
            "timestamp": pa.array([m * MINUTE for m in minutes]).cast(pa.timestamp("us", tz="UTC")),
            "event_type": ["view"] * 6,
            "session_id": ["s1", "s1", "s2", None, None, "s2"],
        }
    )
    chunk = MemoryLog.from_events(table, buckets=1).chunks[0]
    assert sessions_of(chunk, gap_microseconds(30)).tolist() == [0, 0, 1, 2, 2, 3]


def test_a_gap_of_nothing_joins_only_events_of_the_same_moment():
    log = MemoryLog.from_rows([("ann", 1, "view"), ("ann", 1, "view"), ("ann", 2, "view")])
    assert row_of(log, gap_minutes=0)["sessions"] == 2


def test_an_empty_log_has_no_sessions():
    answer = sessions(MemoryLog.from_rows([]))
    row = answer.frame.to_pylist()[0]
    assert (row["sessions"], row["events_median"], row["bounce_share"]) == (0, None, None)
    assert sum(answer.by_hour()) == 0
    assert "sessions" in str(answer)
    assert answer.plot() is not None


def test_one_user_with_many_events_is_one_session():
    log = MemoryLog.from_rows([("ann", moment, "view") for moment in range(5000)])
    row = row_of(log)
    assert (row["sessions"], row["events_median"], row["events_p90"]) == (1, 5000, 5000)


def test_the_json_form_has_numbers_starts_and_definition():
    answer = sessions(MemoryLog.from_rows(SHOP), currency_digits=0).to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["revenue_per_session"] == 697.5
    assert len(answer["by_hour"]) == 24
    assert set(DEFINITION_KEYS) <= set(answer["definition"])


def test_the_figure_shows_when_sessions_start():
    figure = sessions(MemoryLog.from_rows(SHOP)).plot()
    assert np.sum(figure.data[0].z) == 4
    assert figure.layout.title.text == "When sessions start"


@pytest.mark.parametrize("gap", [-1, float("nan"), float("inf"), "30", None, True])
def test_a_gap_must_be_minutes(gap):
    with pytest.raises(OptionError, match="'gap_minutes' option of sessions must be minutes"):
        sessions(MemoryLog.from_rows(SHOP), gap_minutes=gap)


def test_wrong_zones_and_digits_are_named():
    with pytest.raises(OptionError, match=r"a zone such as 'UTC'.* Got 'Mars/Olympus'"):
        sessions(MemoryLog.from_rows(SHOP), time_zone="Mars/Olympus")
    with pytest.raises(OptionError, match="'currency_digits' option of sessions"):
        sessions(MemoryLog.from_rows(SHOP), currency_digits=-1)


def runs_of_sessions(log_rows, gap):
    """Each session as a list of events: plain Python."""
    found = []
    for events in by_user(log_rows).values():
        before = None
        for row in events:
            same = before is not None and row.session == before.session
            if not same or (row.session is None and row.time - before.time > gap):
                found.append([])
            found[-1].append(row)
            before = row
    return found


gaps = st.sampled_from([0, 10, 20, 30])


@law
@given(rows(), gaps)
def test_sessions_are_those_of_plain_python(log_rows, gap):
    truth = runs_of_sessions(log_rows, gap * MINUTE)
    row = row_of(as_log(log_rows), gap_minutes=gap)
    assert row["sessions"] == len(truth)
    assert row["revenue_minor"] == sum(
        r.amount for session in truth for r in session if r.event_type == "purchase"
    )
    if truth:
        bought = [any(r.event_type == "purchase" for r in session) for session in truth]
        assert row["purchase_share"] == sum(bought) / len(truth)
        lengths = sorted(session[-1].time - session[0].time for session in truth)
        assert row["minutes_median"] == lengths[(len(truth) - 1) // 2] / MINUTE


SESSION_SQL = """
with lagged as (
  select *, lag(ts) over own as before, lag(session_id) over own as id_before from events
  window own as (partition by user_id order by ts, arrival)),
numbered as (
  select *, sum(case when before is null or session_id is distinct from id_before
    or (session_id is null and ts - before > {gap}) then 1 else 0 end)
    over (partition by user_id order by ts, arrival rows unbounded preceding) as number
  from lagged),
grouped as (
  select user_id, number, count(*) as size, max(ts) - min(ts) as lasted, min(ts) as begin,
    bool_or(event_type = 'purchase') as bought,
    coalesce(sum(amount) filter (event_type = 'purchase'), 0) as revenue
  from numbered group by all)
select count(*), count(distinct user_id), coalesce(sum(size), 0), quantile_disc(size, 0.5),
  quantile_disc(size, 0.9), quantile_disc(lasted, 0.5), quantile_disc(lasted, 0.9),
  count(*) filter (size = 1), count(*) filter (bought), coalesce(sum(revenue), 0)
from grouped
"""


@law
@given(rows(users=8, times=40, most=80), gaps)
def test_sessions_are_those_of_sql_windows(duck, log_rows, gap):
    truth = ask_duckdb(duck, log_rows, SESSION_SQL.format(gap=gap * MINUTE))[0]
    row = row_of(as_log(log_rows), gap_minutes=gap)
    count = row["sessions"]
    assert truth == (
        count,
        row["users"],
        row["events"],
        row["events_median"],
        row["events_p90"],
        None if not count else round(row["minutes_median"] * MINUTE),
        None if not count else round(row["minutes_p90"] * MINUTE),
        0 if not count else round(row["bounce_share"] * count),
        0 if not count else round(row["purchase_share"] * count),
        row["revenue_minor"],
    )


@law
@given(rows(users=6), gaps)
def test_any_split_of_users_gives_the_same_summary(log_rows, gap):
    answers = [sessions(as_log(log_rows, buckets=n), gap_minutes=gap) for n in (1, 2, 3, 7)]
    assert all(answer == answers[0] for answer in answers)
