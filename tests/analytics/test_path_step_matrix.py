import json

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import kinds_of, step_cells_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import step_matrix
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01T10:00", "search"),
        ("ann", "2026-01-01T10:01", "view"),
        ("ann", "2026-01-01T10:02", "purchase"),
        ("bob", "2026-01-01T10:00", "view"),
        ("cid", "2026-01-01T10:00", "search"),
    ]
)


def cells(answer):
    return {
        (row["step"], row["node"]): (row["units"], row["users"]) for row in answer.frame.to_pylist()
    }


def test_three_sessions_stand_at_nodes_step_by_step():
    assert cells(step_matrix(LOG, steps=3)) == {
        (1, "search"): (2, 2),
        (1, "view"): (1, 1),
        (2, "view"): (1, 1),
        (2, "(ended)"): (2, 2),
        (3, "purchase"): (1, 1),
        (3, "(ended)"): (2, 2),
    }


def test_a_center_is_step_zero_and_sessions_without_it_are_left_out():
    answer = step_matrix(LOG, center="view", steps=1, before=1)
    assert cells(answer) == {
        (-1, "search"): (1, 1),
        (-1, "(not begun)"): (1, 1),
        (0, "view"): (2, 2),
        (1, "purchase"): (1, 1),
        (1, "(ended)"): (1, 1),
    }
    assert answer.total == 2
    assert answer.users("(not begun)", -1) == ["bob"]
    assert answer.nodes() == ["view", "purchase", "search", "(not begun)", "(ended)"]


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'steps' option of step_matrix must be an int from 1"):
        step_matrix(LOG, steps=0)
    with pytest.raises(OptionError, match="'step' option of StepMatrix must be an int from 1 to 2"):
        step_matrix(LOG, steps=2).users("view", 3)
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        step_matrix(LOG, center="purchas")


def test_an_empty_log_has_no_steps():
    answer = step_matrix(MemoryLog.from_rows([]))
    assert (answer.frame.num_rows, answer.total) == (0, 0)
    assert answer.plot() is not None
    assert "node" in str(answer)


def test_the_json_form_holds_every_cell():
    answer = step_matrix(LOG, steps=2, by="weekday").to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert {row["group"] for row in answer["groups"]} == {"Thursday"}
    assert set(DEFINITION_KEYS) <= set(answer["definition"])


options = st.fixed_dictionaries(
    {"per": st.sampled_from(["session", "user"]), "collapse": st.booleans()}
)
centers = st.sampled_from([None, "view", "purchase"])


@law
@given(rows(users=4, times=12, most=40), options, centers)
def test_steps_are_those_of_plain_python(log_rows, chosen, center):
    numbers = range(1, 5) if center is None else range(-2, 5)
    truth = step_cells_of(kinds_of(log_rows, **chosen), numbers=numbers, center=center)
    answer = step_matrix(
        as_log(log_rows),
        steps=4,
        before=2,
        center=center,
        per=chosen["per"],
        collapse_repeats=chosen["collapse"],
    )
    assert cells(answer) == truth.as_dict()
    for step, node in [*cells(answer)][-4:]:
        assert answer.users(node, step) == sorted(truth.people[step, node])


@law
@given(rows(users=6), centers)
def test_any_split_of_users_gives_the_same_steps(log_rows, center):
    answers = [
        step_matrix(as_log(log_rows, buckets=n), center=center, by="item_id") for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
