import json

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import dead_ends_of, kinds_of, loops_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import dead_ends, loops
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01T10:00", "search"),
        ("ann", "2026-01-01T10:01", "view"),
        ("ann", "2026-01-01T10:02", "search"),
        ("ann", "2026-01-01T10:03", "search"),
        ("bob", "2026-01-01T10:00", "view"),
        ("bob", "2026-01-01T10:01", "purchase"),
        ("cid", "2026-01-01T10:00", "view"),
    ]
)


def counted(answer):
    return {row["loop"]: (row["occurrences"], row["users"]) for row in answer.frame.to_pylist()}


def ends(answer):
    columns = ("visits", "ends", "dead_ends", "users")
    return {row["node"]: tuple(row[c] for c in columns) for row in answer.frame.to_pylist()}


def test_seven_rows_have_a_repeat_and_a_circle():
    assert counted(loops(LOG)) == {"search > search": (1, 1), "search > view > search": (1, 1)}
    assert counted(loops(LOG, longest=1)) == {"search > search": (1, 1)}


def test_dead_ends_are_last_events_of_sessions_without_a_purchase():
    answer = dead_ends(LOG)
    assert ends(answer) == {"search": (1, 1, 1, 1), "view": (3, 1, 1, 1), "purchase": (1, 1, 0, 0)}
    assert answer.users("view") == ["cid"]
    assert ends(dead_ends(LOG, goal="search"))["purchase"] == (1, 1, 1, 1)


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'longest' option of loops must be an int from 1 to 4"):
        loops(LOG, longest=5)
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        dead_ends(LOG, goal="purchas")


def test_an_empty_log_has_neither():
    empty = MemoryLog.from_rows([])
    assert loops(empty).frame.num_rows == dead_ends(empty).frame.num_rows == 0
    assert loops(empty).plot() is not None
    assert dead_ends(empty).plot() is not None


def test_the_json_forms_are_plain():
    for answer in (loops(LOG, by="weekday").to_json(), dead_ends(LOG, by="weekday").to_json()):
        assert json.loads(json.dumps(answer)) == answer
        assert answer["groups"]
        assert set(DEFINITION_KEYS) <= set(answer["definition"])


pers = st.sampled_from(["session", "user"])


@law
@given(rows(users=4, times=12, most=40), pers)
def test_loops_and_dead_ends_are_those_of_plain_python(log_rows, per):
    units = kinds_of(log_rows, per=per)
    truth = loops_of(units, 3)
    answer = loops(as_log(log_rows), per=per, shown=1000)
    assert counted(answer) == truth.as_dict()
    for name in [*counted(answer)][:3]:
        assert answer.users(name) == sorted(truth.people[name])
    visits, last, dead = dead_ends_of(units)
    ended = dead_ends(as_log(log_rows), per=per)
    assert ends(ended) == {node: (visits[node], last[node], *dead[node]) for node in visits}
    for node in ends(ended):
        assert ended.users(node) == sorted(dead.people[node])


@law
@given(rows(users=6), pers)
def test_any_split_of_users_gives_the_same_answers(log_rows, per):
    for question in (loops, dead_ends):
        answers = [
            question(as_log(log_rows, buckets=n), per=per, by="item_id", shown=2) for n in (1, 2, 5)
        ]
        assert all(answer == answers[0] for answer in answers)
