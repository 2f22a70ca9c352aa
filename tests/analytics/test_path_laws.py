"""A path's numbers and a funnel's are about the same people: they agree wherever they meet."""

from itertools import product

from hypothesis import given, strategies as st
from tests.analytics.random_logs import TYPES, as_log, law, rows

from footfall.analytics.funnel import funnel
from footfall.analytics.path import (
    contrast_paths,
    loops,
    path_tree,
    paths,
    transitions,
    whole_paths,
)
from footfall.analytics.sessions import entries_exits, sessions

ALWAYS = "40000d"
pairs = st.sampled_from(list(product(TYPES, repeat=2)))
pers = st.sampled_from(["user", "session"])


@law
@given(rows(users=5, times=12, most=40), pairs, pers)
def test_users_of_a_transition_are_those_of_a_strict_funnel(log_rows, pair, per):
    log = as_log(log_rows)
    asked = funnel(log, steps=list(pair), within=ALWAYS, order="strict", per=per)
    found = transitions(log, per=per)
    users = {(row["source"], row["target"]): row["users"] for row in found.frame.to_pylist()}
    assert users.get(pair, 0) == asked.frame.column("users").to_pylist()[1]
    assert found.users(*pair) == asked.users(2)


@law
@given(rows(users=5, times=12, most=40), pairs)
def test_users_of_a_path_are_those_of_a_strict_funnel(log_rows, pair):
    log = as_log(log_rows)
    steps = [*pair, "purchase"]
    asked = funnel(log, steps=steps, within=ALWAYS, order="strict")
    assert paths(log, length=3, per="user").users(steps) == asked.users(3)


@law
@given(rows(users=5, times=12, most=40), st.sampled_from(list(product(TYPES[:3], repeat=2))))
def test_users_of_a_sequence_are_those_of_an_ordered_funnel(log_rows, pair):
    # Without buyers nothing is cut: the second side is everybody.
    log = as_log([row for row in log_rows if row.event_type != "purchase"])
    asked = funnel(log, steps=list(pair), within=ALWAYS)
    assert contrast_paths(log).users(list(pair), side="second") == asked.users(2)


@law
@given(rows(users=5, times=12, most=40), pers)
def test_questions_about_paths_agree_with_each_other(log_rows, per):
    log = as_log(log_rows)
    pairs_of = {
        (row["source"], row["target"]): (row["occurrences"], row["users"])
        for row in transitions(log, per=per).frame.to_pylist()
    }
    runs = paths(log, length=2, per=per, shown=1000)
    assert {
        steps: (row["occurrences"], row["users"])
        for steps, row in zip(runs.steps, runs.frame.to_pylist(), strict=True)
    } == {pair: n for pair, n in pairs_of.items() if "(" not in pair[0] + pair[1]}
    tree = path_tree(log, per=per, depth=1, least_share=0)
    first = {row["node"]: (row["occurrences"], row["users"]) for row in tree.frame.to_pylist()}
    assert first == {t: n for (s, t), n in pairs_of.items() if s == "(start)"}
    repeats = {
        row["loop"]: row["users"] for row in loops(log, per=per, longest=1).frame.to_pylist()
    }
    assert repeats == {f"{s} > {t}": n for (s, t), (_, n) in pairs_of.items() if s == t}
    assert whole_paths(log, per=per).total == tree.total


@law
@given(rows(users=5, times=12, most=40))
def test_sessions_are_the_same_wherever_they_are_counted(log_rows):
    log = as_log(log_rows)
    summary = sessions(log).frame.to_pylist()[0]
    ends = entries_exits(log, shown=100)
    assert summary["sessions"] == ends.total == whole_paths(log).total
    assert summary["bounces"] == sum(ends.frame.column("bounces").to_pylist())
    assert summary["purchases"] == sum(ends.frame.column("entry_goals").to_pylist())
