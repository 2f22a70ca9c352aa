"""Conversion over time: against one funnel a period."""

import pytest
from hypothesis import given, strategies as st
from tests.analytics import funnel_reference as reference
from tests.analytics.random_logs import MINUTE, TYPES, as_log, law, rows

from footfall.analytics.funnel import funnel_trend
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-05T10:00", "view", "kettle"),
    ("ann", "2026-01-06T09:00", "purchase", "kettle"),
    ("ann", "2026-01-06T10:00", "view", "teapot"),
    ("bob", "2026-01-06T23:30", "view", "kettle"),
    ("bob", "2026-01-09T10:00", "search"),
]


@law
@given(
    rows(),
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=3),
    st.sampled_from([0, 20, 60]),
    st.sampled_from(["ordered", "strict", "any"]),
    st.sampled_from(["user", "session"]),
    st.sampled_from([None, "item_id"]),
)
def test_a_period_counts_the_chains_that_begin_in_it(log_rows, types, minutes, order, per, by):
    asked = reference.Asked([((name,), None) for name in types], minutes * MINUTE, order, per)
    answer = funnel_trend(
        as_log(log_rows),
        steps=types,
        within=f"{minutes}m",
        order=order,
        per=per,
        by=by,
        unit="hour",
    )

    def hour(row):
        return f"1970-01-01 {row.time // (60 * MINUTE):02d}:00"

    table = answer.frame if by is None else answer.groups
    found = reference.answer(
        asked, log_rows, lambda r: (hour(r), (r.item or "(none)") if by else None)
    )
    seen = set()
    for row in table.to_pylist():
        group = row.get("group")
        truth = found.get(((row["period"], group), row["step"]), [])
        seen.add(((row["period"], group), row["step"]))
        users = sorted({one[0] for one in truth})
        assert row[answer.unit] == (len(truth) if per == "session" else len(users))
        assert row["users"] == len(users)
        assert answer.users(row["period"], row["step"], group=group) == users
    assert set(found) <= seen


def test_a_user_counts_on_each_day_on_which_a_chain_begins():
    answer = funnel_trend(MemoryLog.from_rows(SHOP), steps="view,purchase", within="2d")
    table = [
        (row["period"], row["complete"], row["users"])
        for row in answer.frame.to_pylist()
        if row["step"] < 3
    ]
    assert table == [
        ("2026-01-05", True, 1),
        ("2026-01-05", True, 1),
        ("2026-01-06", True, 2),
        ("2026-01-06", True, 0),
        ("2026-01-07", False, 0),
        ("2026-01-07", False, 0),
        ("2026-01-08", False, 0),
        ("2026-01-08", False, 0),
        ("2026-01-09", False, 0),
        ("2026-01-09", False, 0),
    ]


def test_days_are_those_of_the_time_zone_and_the_period_asked_for_ends_the_data():
    log = MemoryLog.from_rows(SHOP)
    answer = funnel_trend(log, steps="view", within="0s", time_zone="Asia/Shanghai")
    assert [(row["period"], row["users"]) for row in answer.frame.to_pylist()] == [
        ("2026-01-05", 1),
        ("2026-01-06", 1),
        ("2026-01-07", 1),
        ("2026-01-08", 0),
        ("2026-01-09", 0),
    ]
    early = funnel_trend(log, steps="view,purchase", within="1d", between="..2026-01-06")
    assert early.frame.column("complete").to_pylist() == [True, True, False, False]


def test_weeks_and_months_and_a_picture_of_groups():
    log = MemoryLog.from_rows(SHOP)
    weeks = funnel_trend(log, steps="view,purchase", within="1d", unit="week", by="item_id")
    assert weeks.frame.column("period").to_pylist() == ["2026-01-05"] * 2
    assert [trace.name for trace in weeks.plot().data] == ["kettle", "teapot"]
    months = funnel_trend(log, steps="view,purchase", within="1d", unit="month")
    assert months.to_json()["periods"][0]["period"] == "2026-01"


def test_an_empty_log_has_no_periods_and_wrong_words_are_named():
    empty = funnel_trend(MemoryLog.from_rows([]), steps="view", within="1d", by="item_id")
    assert (empty.frame.num_rows, empty.groups.num_rows) == (0, 0)
    assert empty.plot() is not None
    log = MemoryLog.from_rows(SHOP)
    with pytest.raises(OptionError, match=r"'unit' option of funnel_trend"):
        funnel_trend(log, steps="view", within="1d", unit="year")
    answer = funnel_trend(log, steps="view", within="1d")
    with pytest.raises(OptionError, match=r"'period' option of FunnelTrend"):
        answer.users("2026-02-01", 1)
    with pytest.raises(OptionError, match=r"'group' option of FunnelTrend"):
        answer.users("2026-01-05", 1, group="kettle")
    with pytest.raises(OptionError, match=r"an int from 1 to 1"):
        answer.users("2026-01-05", 2)
