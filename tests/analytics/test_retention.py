import json

import pytest

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.cohort.retention import retention
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

# Mondays: 2026-01-05, -12, -19, -26. The last event closes the third week.
SHOP = [
    ("ann", "2026-01-05T09:00", "view"),
    ("ann", "2026-01-06T09:00", "purchase", "kettle", 1, 1000),
    ("ann", "2026-01-13T09:00", "view"),
    ("ann", "2026-01-20T09:00", "purchase", "kettle", 1, 500),
    ("bob", "2026-01-07T09:00", "view"),
    ("bob", "2026-01-21T09:00", "view"),
    ("cid", "2026-01-12T09:00", "purchase", "teapot", 1, 700),
    ("cid", "2026-01-19T09:00", "view"),
    ("cid", "2026-01-19T10:00", "view"),
    ("dan", "2026-01-25T23:59", "view"),
]


def rates(answer):
    """Cohort to its rates."""
    found = {}
    for row in answer.frame.to_pylist():
        found.setdefault(row["cohort"], []).append(row["rate"])
    return found


def asked(**options):
    return rates(retention(MemoryLog.from_rows(SHOP), periods=2, **options))


def test_ten_rows_are_three_cohorts_and_periods_to_come_are_unknown():
    assert asked() == {
        "2026-01-05": [1.0, 0.5, 1.0],
        "2026-01-12": [1.0, 1.0, None],
        "2026-01-19": [1.0, None, None],
    }


def test_unbounded_counts_any_later_period_and_is_also_called_rolling():
    assert asked(kind="unbounded")["2026-01-05"] == [1.0, 1.0, 1.0]
    assert asked(kind="rolling") == asked(kind="unbounded")


def test_within_counts_any_period_up_to_it_and_unbroken_all_of_them():
    assert asked(kind="within")["2026-01-05"] == [1.0, 0.5, 1.0]
    assert asked(kind="unbroken")["2026-01-05"] == [1.0, 0.5, 0.5]


def test_cohorts_may_start_with_a_purchase_and_returns_may_be_purchases():
    assert asked(start="purchase", returning="purchase") == {
        "2026-01-05": [1.0, 0.0, 1.0],
        "2026-01-12": [1.0, 0.0, None],
        "2026-01-19": [None, None, None],
    }


def test_what_came_before_the_start_in_its_own_period_is_no_return():
    answer = asked(start="purchase", returning="view")
    assert answer["2026-01-05"] == [0.0, 1.0, 0.0]


def test_a_user_is_in_the_cohort_of_every_period_when_each_start_counts():
    answer = retention(MemoryLog.from_rows(SHOP), first="each", periods=1)
    sizes = answer.frame.column("users").to_pylist()[::2]
    assert sizes == [2, 2, 4]
    assert rates(answer)["2026-01-12"] == [1.0, 1.0]


def test_brackets_take_periods_together():
    answer = retention(MemoryLog.from_rows(SHOP), unit="day", brackets=[0, "1-7", (8, 14)])
    assert answer.averages.column("period").to_pylist() == ["0", "1-7", "8-14"]
    assert rates(answer)["2026-01-05"] == [1.0, 1.0, 1.0]
    assert rates(answer)["2026-01-07"] == [1.0, 0.0, 1.0]


def test_a_return_may_take_several_events():
    answer = asked(at_least=2)
    assert answer["2026-01-12"] == [0.0, 1.0, None]
    assert answer["2026-01-05"] == [0.5, 0.0, 0.0]


def test_revenue_retention_compares_money_with_the_first_periods():
    answer = retention(MemoryLog.from_rows(SHOP), weight="money", periods=2)
    first = answer.frame.to_pylist()[:3]
    assert [row["money_minor"] for row in first] == [1000, 0, 500]
    assert [row["rate"] for row in first] == [1.0, 0.0, 0.5]
    assert answer.averages.to_pylist()[1]["first_minor"] == 1700


def test_averages_weigh_cohorts_by_their_size_and_leave_out_what_is_not_over():
    answer = retention(MemoryLog.from_rows(SHOP), periods=2)
    assert answer.averages.to_pylist() == [
        {"period": "0", "cohorts": 3, "users": 4, "retained": 4, "rate": 1.0},
        {"period": "1", "cohorts": 2, "users": 3, "retained": 2, "rate": 2 / 3},
        {"period": "2", "cohorts": 1, "users": 2, "retained": 2, "rate": 1.0},
    ]
    assert str(answer).splitlines()[-1].split()[:3] == ["average", "4", "100.0"]


def test_the_users_behind_each_number_can_be_listed():
    answer = retention(MemoryLog.from_rows(SHOP), periods=2)
    assert answer.users("2026-01-05") == ["ann", "bob"]
    assert answer.users("2026-01-05", 1) == ["ann"]
    assert answer.lost("2026-01-05", 1) == ["bob"]
    for row in answer.frame.to_pylist():
        if row["retained"] is not None:
            assert len(answer.users(row["cohort"], row["period"])) == row["retained"]
    with pytest.raises(OptionError, match="a period that is over"):
        answer.users("2026-01-19", 1)
    with pytest.raises(OptionError, match="'cohort' option of Retention must be one of"):
        answer.users("2025-12-29")
    with pytest.raises(OptionError, match="'period' option of Retention must be one of"):
        answer.users("2026-01-05", 7)


def test_new_users_are_new_to_the_log_not_to_the_time_asked_for():
    log = MemoryLog.from_rows(SHOP)
    ever = retention(log, between=("2026-01-12", "2026-01-26"), periods=1)
    assert ever.frame.column("users").to_pylist()[::2] == [1, 1]
    period = retention(log, between=("2026-01-12", "2026-01-26"), periods=1, first="period")
    assert period.frame.column("users").to_pylist()[::2] == [2, 2]
    assert "decide who is new" in ever.definition["new"]
    assert ever.users("2026-01-12") == ["cid"]


def test_days_are_those_of_the_time_zone_also_when_the_clocks_change():
    rows = [
        ("ann", "2026-01-05T15:30", "view"),  # the 5th in Shanghai
        ("bob", "2026-01-05T16:30", "view"),  # the 6th
        ("ann", "2026-01-06T15:00", "view"),
        ("bob", "2026-01-07T15:30", "view"),  # the 7th
    ]
    answer = retention(MemoryLog.from_rows(rows), unit="day", periods=1, time_zone="Asia/Shanghai")
    assert rates(answer)["2026-01-05"] == [1.0, 1.0]
    assert rates(answer)["2026-01-06"] == [1.0, 1.0]
    # New York puts its clocks forward on 2026-03-08: that day has 23 hours.
    night = [
        ("ann", "2026-03-08T04:30", "view"),  # 23:30 on the 7th
        ("ann", "2026-03-09T03:30", "view"),  # 23:30 on the 8th: 23 hours later
        ("bob", "2026-03-11T03:59", "view"),
    ]
    york = retention(
        MemoryLog.from_rows(night), unit="day", periods=1, time_zone="America/New_York"
    )
    assert rates(york)["2026-03-07"] == [1.0, 1.0]
    own = retention(MemoryLog.from_rows(night), unit="day", periods=1, windows="own")
    assert own.users("2026-03-08", 0) == ["ann"]
    assert own.users("2026-03-08", 1) == []


def test_windows_of_the_users_own_start_are_of_equal_length():
    rows = [
        ("ann", "2026-01-05T20:00", "view"),
        ("ann", "2026-01-06T19:59", "view"),  # another day, the same 24 hours
        ("bob", "2026-01-05T01:00", "view"),
        ("bob", "2026-01-06T01:00", "view"),
        ("cid", "2026-01-08T00:00", "view"),
    ]
    answer = retention(MemoryLog.from_rows(rows), unit="day", periods=1, windows="own")
    assert rates(answer)["2026-01-05"] == [1.0, 0.5]
    assert rates(retention(MemoryLog.from_rows(rows), unit="day", periods=1))["2026-01-05"] == [
        1.0,
        1.0,
    ]


def test_groups_of_a_breakdown_add_up_and_can_be_listed():
    answer = retention(MemoryLog.from_rows(SHOP), periods=1, by="item_id")
    groups = {}
    for row in answer.groups.to_pylist():
        groups.setdefault(row["group"], []).append(row["users"])
    assert [sum(sizes) for sizes in zip(*groups.values(), strict=True)] == [
        row["users"] for row in answer.frame.to_pylist()
    ]
    assert answer.users("2026-01-05", 1, group="kettle") == ["ann"]
    assert answer.plot().data[-1].name == "all"


def test_an_empty_log_and_an_empty_time_have_no_cohorts():
    for answer in (
        retention(MemoryLog.from_rows([]), periods=1),
        retention(MemoryLog.from_rows(SHOP), periods=1, between="2024-01"),
    ):
        assert answer.frame.num_rows == 0
        assert answer.averages.column("rate").to_pylist() == [None, None]
        assert "average" in str(answer)
        assert answer.plot() is not None


def test_one_user_with_many_events_is_one_cohort():
    log = MemoryLog.from_rows([("ann", moment, "view") for moment in range(5000)])
    assert retention(log, unit="day", periods=0).frame.to_pylist() == [
        {"cohort": "1970-01-01", "users": 1, "period": "0", "retained": None, "rate": None}
    ]


def test_the_json_form_has_cohorts_averages_and_definition():
    answer = retention(MemoryLog.from_rows(SHOP), periods=1, by="event_type").to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert set(DEFINITION_KEYS) <= set(answer["definition"])
    assert set(answer) == {"cohorts", "averages", "groups", "group_averages", "definition"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "purchse"}, "Did you mean 'purchase'"),
        ({"kind": "sticky"}, "'kind' option of retention must be one of"),
        ({"unit": "year"}, "'unit' option of retention must be one of"),
        ({"first": "last"}, "'first' option of retention must be one of"),
        ({"periods": -1}, "'periods' option of retention must be an int from 0 to"),
        ({"brackets": "3-1"}, "'brackets' option of retention must be periods"),
        ({"brackets": [0, "0-2"]}, "'brackets' option of retention must be periods"),
        ({"windows": "own", "unit": "month"}, "'windows' option of retention"),
        ({"weight": "money", "at_least": 2}, "'weight' option of retention"),
        ({"time_zone": "Mars/Olympus"}, "'time_zone' option of retention"),
        ({"by": "colour"}, "'by' option of retention"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        retention(MemoryLog.from_rows(SHOP), **options)
