import json

import pytest
from hypothesis import given, strategies as st
from tests.analytics.path_reference import kinds_of, transitions_of
from tests.analytics.random_logs import as_log, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import transitions
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "view"),
    ("ann", "2026-01-01T10:01", "view"),
    ("ann", "2026-01-01T10:02", "purchase"),
    ("bob", "2026-01-01T10:00", "view"),
]
LOG = MemoryLog.from_rows(SHOP)


def cells(answer):
    return {
        (row["source"], row["target"]): (row["occurrences"], row["users"])
        for row in answer.frame.to_pylist()
    }


def test_four_rows_give_five_transitions():
    assert cells(transitions(LOG)) == {
        ("(start)", "view"): (2, 2),
        ("view", "view"): (1, 1),
        ("view", "purchase"): (1, 1),
        ("view", "(end)"): (1, 1),
        ("purchase", "(end)"): (1, 1),
    }
    assert transitions(LOG, collapse_repeats=True).users("view", "purchase") == ["ann"]


def test_the_matrix_has_a_row_a_source_and_a_column_a_target():
    assert transitions(LOG).matrix("of_source").to_pylist() == [
        {"source": "(start)", "view": 1.0, "purchase": 0.0, "(end)": 0.0},
        {"source": "view", "view": 1 / 3, "purchase": 1 / 3, "(end)": 1 / 3},
        {"source": "purchase", "view": 0.0, "purchase": 0.0, "(end)": 1.0},
    ]


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'weight' option of Transitions"):
        transitions(LOG).matrix("mass")
    with pytest.raises(OptionError, match="'most_nodes' option of transitions must be an int from"):
        transitions(LOG, most_nodes=10_000)
    with pytest.raises(OptionError, match="event type must be one of the log's"):
        transitions(LOG).users("view", "tea")


def test_an_empty_log_has_no_transitions_and_can_be_drawn():
    answer = transitions(MemoryLog.from_rows([]))
    assert answer.frame.num_rows == 0
    assert answer.plot() is not None
    assert answer.graph() is not None
    nothing = transitions(LOG, where="event_type = checkout")
    assert "no event is in scope" in nothing.definition["note"]


def test_the_json_form_and_the_pictures_hold_every_pair():
    answer = transitions(LOG, by="event_type")
    plain = answer.to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert set(DEFINITION_KEYS) <= set(plain["definition"])
    # A session is in the group of its first event.
    assert {row["group"] for row in plain["groups"]} == {"view"}
    assert answer.plot().data[0].type == "heatmap"


options = st.fixed_dictionaries(
    {
        "per": st.sampled_from(["session", "user"]),
        "collapse": st.booleans(),
        "without": st.sampled_from([(), ("click",), ("view", "click")]),
    }
)


def ask(log, chosen, **more):
    return transitions(
        log,
        per=chosen["per"],
        collapse_repeats=chosen["collapse"],
        without="|".join(chosen["without"]) or None,
        **more,
    )


@law
@given(rows(users=4, times=12, most=40), options)
def test_transitions_are_those_of_plain_python(log_rows, chosen):
    truth = transitions_of(kinds_of(log_rows, **chosen))
    answer = ask(as_log(log_rows), chosen)
    assert cells(answer) == truth.as_dict()
    for pair in [*cells(answer)][:4]:
        assert answer.users(*pair) == sorted(truth.people[pair])


@law
@given(rows(users=6), options)
def test_any_split_of_users_gives_the_same_transitions(log_rows, chosen):
    answers = [ask(as_log(log_rows, buckets=n), chosen, by="item_id") for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)


def test_ten_thousand_event_types_fold_into_one_node():
    rows_ = [("ann", at, f"kind {at:05}") for at in range(10_000)]
    rows_ += [("bob", at, "kind 09999") for at in range(3)]
    answer = transitions(MemoryLog.from_rows(rows_), most_nodes=1)
    assert cells(answer) == {
        ("(start)", "(other)"): (1, 1),
        ("(other)", "(other)"): (9_998, 1),
        ("(other)", "kind 09999"): (1, 1),
        ("(start)", "kind 09999"): (1, 1),
        ("kind 09999", "kind 09999"): (2, 1),
        ("kind 09999", "(end)"): (2, 2),
    }
    assert "(other)" in answer.definition["nodes"]
