import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import units_of
from tests.analytics.random_logs import MINUTE, as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.sessions import engagement, entries_exits, session_times, sessions
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

HOUR = 60 * MINUTE
SHOP = [
    ("ann", "2026-01-05T09:50", "search"),  # a Monday
    ("ann", "2026-01-05T10:00", "purchase", "kettle", 1, 1990),
    ("ann", "2026-01-07T10:00", "view"),
    ("bob", "2026-01-05T10:00", "search"),
    ("bob", "2026-01-05T10:00:05", "view"),
]
LOG = MemoryLog.from_rows(SHOP)


def test_entries_and_exits_have_their_conversion():
    found = {row["node"]: row for row in entries_exits(LOG).frame.to_pylist()}
    assert [found["search"][name] for name in ("entries", "bounces", "entry_conversion")] == [
        2, 0, 0.5,
    ]  # fmt: skip
    assert [found["view"][name] for name in ("entries", "bounces", "exits", "exit_goals")] == [
        1, 1, 2, 0,
    ]  # fmt: skip
    assert entries_exits(LOG).users("view", "exits") == ["ann", "bob"]
    assert entries_exits(LOG).total == 3


def test_a_bounce_can_be_a_session_without_engagement():
    answer = sessions(LOG, bounce="unengaged")
    row = answer.frame.to_pylist()[0]
    assert (row["bounces"], row["bounce_users"]) == (2, 2)  # bob's five seconds, ann's one view
    assert answer.users("bounces") == ["ann", "bob"]
    assert sessions(LOG).users("bounces") == ["ann"]
    assert "10 seconds" in answer.definition["bounces"]


def test_items_need_not_be_counted():
    row = sessions(LOG, items=False).frame.to_pylist()[0]
    assert (row["items_mean"], row["items_median"], row["sessions"]) == (None, None, 3)


def test_sessions_break_down_by_what_they_begin_with():
    answer = sessions(LOG, by="event_type")
    groups = {row["group"]: row["sessions"] for row in answer.groups.to_pylist()}
    assert groups == {"search": 2, "view": 1}
    assert answer.users(group="view") == ["ann"]
    assert "search" in str(answer)
    with pytest.raises(OptionError, match="'group' option of sessions must be one of"):
        answer.users(group="click")


def test_silences_are_from_the_last_event_to_the_next_session():
    answer = session_times(LOG)
    assert answer.quantiles.to_pylist()[0]["median_hours"] == 48.0
    assert answer.users(silence="2 to 3 days") == ["ann"]
    assert answer.users(sessions="1") == ["bob"]


def test_the_week_is_that_of_the_time_zone():
    answer = engagement(LOG, time_zone="Asia/Shanghai")
    busy = {
        (row["weekday"], row["hour"]): (row["events"], row["users"], row["sessions"])
        for row in answer.frame.to_pylist()
        if row["events"]
    }
    assert busy == {
        ("Monday", 17): (1, 1, 1),
        ("Monday", 18): (3, 2, 1),
        ("Wednesday", 18): (1, 1, 1),
    }
    assert answer.users("Monday", 18) == ["ann", "bob"]


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'bounce' option of sessions"):
        sessions(LOG, bounce="fast")
    with pytest.raises(OptionError, match="'behind' option of sessions"):
        sessions(LOG).users("revenue")
    with pytest.raises(OptionError, match="'behind' option of entries_exits"):
        entries_exits(LOG).users("view", "revenue")
    with pytest.raises(OptionError, match="'silence' option of session_times must be given"):
        session_times(LOG).users()
    with pytest.raises(OptionError, match="'sessions' option of session_times must be one of"):
        session_times(LOG).users(sessions="5")
    with pytest.raises(OptionError, match="'hour' option of engagement"):
        engagement(LOG).users("Monday", 24)
    with pytest.raises(OptionError, match="'weekday' option of engagement"):
        engagement(LOG).users("Montag", 1)
    with pytest.raises(OptionError, match="'of' option of engagement"):
        engagement(LOG).plot(of="money")
    with pytest.raises(OptionError, match="'time_zone' option of engagement"):
        engagement(LOG, time_zone="Mars")


@pytest.mark.parametrize("question", [sessions, entries_exits, session_times, engagement])
def test_empty_logs_and_periods_are_answered_and_json_forms_are_plain(question):
    empty = question(MemoryLog.from_rows([]))
    assert empty.plot() is not None
    assert str(empty)
    nothing = question(LOG, where="event_type = checkout")
    assert "no event is in scope" in nothing.definition["note"]
    plain = question(LOG, by="event_type").to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["groups"]
    assert set(DEFINITION_KEYS) <= set(plain["definition"])
    assert question(LOG).plot() is not None


gaps = st.sampled_from([0, 10, 30])


@law
@given(rows(users=4, times=12, most=40), gaps)
def test_users_behind_the_summary_are_those_of_plain_python(log_rows, gap):
    units = units_of(log_rows, gap=gap)
    answer = sessions(as_log(log_rows), gap_minutes=gap)
    row = answer.frame.to_pylist()[0]
    bounced = {user for user, run in units if len(run) == 1}
    bought = {user for user, run in units if any(r.event_type == "purchase" for r in run)}
    assert answer.users("bounces") == sorted(bounced)
    assert answer.users("purchases") == sorted(bought)
    assert (row["bounce_users"], row["purchase_users"]) == (len(bounced), len(bought))
    assert answer.users() == sorted({user for user, _ in units})
    if units:
        items = [len({r.item for r in run if r.item}) for _, run in units]
        assert row["items_mean"] == sum(items) / len(items)
        assert row["items_median"] == sorted(items)[(len(items) - 1) // 2]


@law
@given(rows(users=4, times=12, most=40), gaps)
def test_entries_and_exits_are_those_of_plain_python(log_rows, gap):
    cells, people = Counter(), defaultdict(set)
    for user, run in units_of(log_rows, gap=gap):
        kinds = [row.event_type for row in run]
        keys = [(kinds[0], "entries"), (kinds[-1], "exits")]
        keys += [(kinds[0], "bounces")] if len(kinds) == 1 else []
        if "purchase" in kinds:
            keys += [(kinds[0], "entry_goals"), (kinds[-1], "exit_goals")]
        for key in keys:
            cells[key] += 1
            people[key].add(user)
    answer = entries_exits(as_log(log_rows), gap_minutes=gap)
    for row in answer.frame.to_pylist():
        for name, many in (
            ("entries", "entry_users"),
            ("bounces", "bounce_users"),
            ("entry_goals", "entry_goal_users"),
            ("exits", "exit_users"),
            ("exit_goals", "exit_goal_users"),
        ):
            key = (row["node"], name)
            assert (row[name], row[many]) == (cells[key], len(people[key]))
            assert answer.users(*key) == sorted(people[key])
    assert {row["node"] for row in answer.frame.to_pylist()} == {node for node, _ in cells}


@law
@given(rows(users=4, times=600, most=30), gaps)
def test_silences_are_those_of_plain_python(log_rows, gap):
    silences, number = [], Counter()
    before = {}
    for user, run in units_of(log_rows, gap=gap):
        number[user] += 1
        if user in before:
            silences.append((user, run[0].time - before[user]))
        before[user] = run[-1].time
    answer = session_times(as_log(log_rows), gap_minutes=gap)
    lengths = sorted(length for _, length in silences)
    middle = lengths[(len(lengths) - 1) // 2] / HOUR if lengths else None
    assert answer.quantiles.to_pylist()[0]["median_hours"] == middle
    assert sum(answer.frame.column("times").to_pylist()) == len(silences)
    for row in answer.frame.to_pylist():
        assert len(answer.users(silence=row["silence"])) == row["users"]
    short = {user for user, length in silences if length < HOUR}
    assert answer.users(silence="under 1 hour") == sorted(short)
    for row in answer.per_user.to_pylist():
        assert len(answer.users(sessions=row["sessions"])) == row["users"]
    assert answer.users(sessions="2") == sorted(u for u, n in number.items() if n == 2)


@law
@given(rows(users=4, times=2000, most=30), st.sampled_from(["UTC", "America/New_York"]))
def test_the_week_is_that_of_plain_python(log_rows, zone):
    events, people, begun, lasted = Counter(), defaultdict(set), Counter(), Counter()

    def cell_of(time):
        moment = datetime.fromtimestamp(time / 1e6, UTC).astimezone(ZoneInfo(zone))
        return moment.weekday(), moment.hour

    for user, run in units_of(log_rows):
        begun[cell_of(run[0].time)] += 1
        lasted[cell_of(run[0].time)] += run[-1].time - run[0].time
        for row in run:
            events[cell_of(row.time)] += 1
            people[cell_of(row.time)].add(user)
    answer = engagement(as_log(log_rows), time_zone=zone)
    for at, row in enumerate(answer.frame.to_pylist()):
        cell = divmod(at, 24)
        assert (row["events"], row["users"]) == (events[cell], len(people[cell]))
        assert row["sessions"] == begun[cell]
        mean = lasted[cell] / MINUTE / begun[cell] if begun[cell] else None
        assert row["minutes_mean"] == pytest.approx(mean)


@law
@given(rows(users=6), st.sampled_from([entries_exits, session_times, engagement, sessions]))
def test_any_split_of_users_gives_the_same_answer(log_rows, question):
    answers = [question(as_log(log_rows, buckets=n), by="item_id") for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
