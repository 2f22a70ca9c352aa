"""Orders, units, items, exclusions and conditions together, against trying every chain."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.analytics import funnel_reference as reference
from tests.analytics.random_logs import MINUTE, TYPES, as_log, ask_duckdb, law, rows

from footfall.analytics.funnel import Step, funnel
from footfall.analytics.funnel.conversion import asked as asked_of
from footfall.analytics.funnel.counts import measure_funnel
from footfall.analytics.path import paths
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

kind = st.tuples(
    st.sets(st.sampled_from(TYPES), min_size=1, max_size=2).map(lambda s: tuple(sorted(s))),
    st.sampled_from([None, None, None, 250]),
)
windows = st.sampled_from([0, 10, 20, 35, 60, 1000]).map(lambda minutes: minutes * MINUTE)


@st.composite
def questions(draw):
    order = draw(st.sampled_from(["ordered", "strict", "any"]))
    steps = draw(st.lists(kind, min_size=1, max_size=3 if order == "any" else 4))
    excluded = []
    if order != "strict" and draw(st.booleans()):
        used = {name for types, _ in steps for name in types} if order == "any" else set()
        for types, least in draw(st.lists(kind, min_size=1, max_size=2)):
            left = tuple(name for name in types if name not in used)
            pairs = [(a, b) for b in range(len(steps) + 1) for a in range(1, b)]
            pair = st.sampled_from([None, *(pairs if order == "ordered" else [])])
            if left and (left, least) not in [one for one, _ in excluded]:
                excluded.append(((left, least), draw(pair)))
    return reference.Asked(
        steps,
        draw(windows),
        order,
        draw(st.sampled_from(["user", "session"])),
        draw(st.booleans()),
        excluded,
    )


def text(kind):
    types, least = kind
    return "|".join(types if least is None else [f"{t}[amount >= {least / 100}]" for t in types])


def ask(asked, log, **options):
    return funnel(
        log,
        steps=[text(step) for step in asked.steps],
        within=f"{asked.within}us",
        order=asked.order,
        per=asked.per,
        same_item=asked.same_item,
        excluding={text(one): pair for one, pair in asked.excluded} or None,
        **options,
    )


def check(asked, answer, table, found, group):
    """Compare every number of one group, and who is behind it."""
    for step in range(1, len(asked.steps) + 1):
        truth = found.get((group, step), [])
        row = table[step - 1]
        users = sorted({user for user, *_ in truth})
        name = None if group == "all" else group
        assert (row.get("sessions", row["users"]), row["users"]) == (
            len(truth) if asked.per == "session" else len(users),
            len(users),
        )
        middle = sorted(one[-1] for one in truth)[(len(truth) - 1) // 2] if truth else None
        assert row["median_minutes"] == (None if middle is None else middle / MINUTE)
        assert answer.users(step, group=name) == users
        if step > 1:
            here = {one[:2] for one in truth}
            lost = {one[0] for one in found.get((group, step - 1), []) if one[:2] not in here}
            assert answer.dropped(step, group=name) == sorted(lost)
        if asked.per == "session":
            assert answer.sessions(step, group=name).num_rows == len(truth)


@law
@given(rows(), questions())
def test_every_kind_of_funnel_counts_what_trying_every_chain_counts(log_rows, asked):
    answer = ask(asked, as_log(log_rows))
    check(asked, answer, answer.frame.to_pylist(), reference.answer(asked, log_rows), "all")


@law
@given(rows(), questions())
def test_groups_are_those_of_the_first_event_in_every_kind_of_funnel(log_rows, asked):
    answer = ask(asked, as_log(log_rows), by="item_id")
    found = reference.answer(asked, log_rows, lambda row: row.item or "(none)")
    groups = {group for group, _ in found}
    assert set(answer.groups.column("group").to_pylist()) == groups
    for group in groups:
        table = [row for row in answer.groups.to_pylist() if row["group"] == group]
        check(asked, answer, table, found, group)


@law
@given(rows(users=6), questions(), st.sampled_from([None, "item_id", "hour"]))
def test_every_kind_of_funnel_is_the_same_for_any_split_into_chunks(log_rows, asked, by):
    answers = [ask(asked, as_log(log_rows, buckets=n), by=by, top=1) for n in (1, 2, 5)]
    assert all(answer == answers[0] for answer in answers)
    assert all(answer.to_json() == answers[0].to_json() for answer in answers)


@law
@given(rows(), questions(), st.integers(1, 4), st.integers(1, 4))
def test_between_two_steps_counts_the_same_users_as_the_table(log_rows, asked, first, more):
    if first + more > len(asked.steps):
        return
    answer = ask(asked, as_log(log_rows))
    found = reference.answer(asked, log_rows)
    row = answer.between(first, first + more).to_pylist()[0]
    ends = {one[:2]: one for one in found.get(("all", first), [])}
    events = reference.by_user(log_rows)
    took = sorted(
        events[user][end].time - events[user][ends[user, unit][3]].time
        for user, unit, _, end, _ in found.get(("all", first + more), [])
    )
    assert row[f"{answer.unit}_from"] == len(ends)
    assert row[f"{answer.unit}_to"] == len(took)
    middle = took[(len(took) - 1) // 2] / MINUTE if took else None
    assert row["median_minutes"] == middle


@law
@given(rows(), questions())
def test_bars_of_the_histogram_list_their_users(log_rows, asked):
    answer = ask(asked, as_log(log_rows))
    last = len(asked.steps)
    bars = answer.histogram().to_pylist()
    assert sum(bar[answer.unit] for bar in bars) == answer.frame.column(answer.unit)[-1].as_py()
    for bar in bars:
        listed = answer.users(last, took_minutes=(bar["from_minutes"], bar["to_minutes"]))
        assert len(listed) == bar["users"] if answer.unit == "users" else True


@law
@given(rows(), st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True), windows)
def test_in_any_order_the_combinations_say_who_did_what(log_rows, types, within):
    asked = reference.Asked([((name,), None) for name in types], within, "any")
    answer = ask(asked, as_log(log_rows))
    seen = []
    for row in answer.combinations.to_pylist():
        users = answer.users(row["count"], exactly=row["steps"])
        assert len(users) == row["users"]
        seen += users
    assert sorted(seen) == answer.users(1)
    for user, events in reference.by_user(log_rows).items():
        best = [set()]
        for last in events:
            for first in events:
                time = [row for row in events if first.time <= row.time <= last.time]
                if last.time - first.time <= within:
                    best.append({row.event_type for row in time} & set(types))
        most = max(map(len, best))
        of_user = [
            row["steps"] for row in answer.combinations.to_pylist()
            if user in answer.users(row["count"], exactly=row["steps"])
        ]  # fmt: skip
        assert [name.count("+") + 1 for name in of_user] == ([most] if most else [])
        assert not of_user or set(of_user[0].split(" + ")) in best


SHOP = [
    ("ann", "2026-01-01T10:00", "view", "kettle"),
    ("ann", "2026-01-01T10:01", "view", "teapot"),
    ("ann", "2026-01-01T10:05", "add_to_cart", "kettle"),
    ("ann", "2026-01-01T10:06", "remove_from_cart", "kettle"),
    ("ann", "2026-01-01T12:00", "purchase", "teapot"),
    ("bob", "2026-01-02T10:00", "add_to_cart", "kettle"),
    ("bob", "2026-01-02T10:01", "view", "kettle"),
    ("bob", "2026-01-02T10:02", "add_to_cart", "kettle"),
    ("bob", "2026-01-02T10:03", "purchase", "kettle"),
]
STEPS = ["view", "add_to_cart", "purchase"]


def users_of(steps=STEPS, within="7d", **options):
    return funnel(MemoryLog.from_rows(SHOP), steps=steps, within=within, **options)


def counts_of(*args, **options):
    return users_of(*args, **options).frame.column("users").to_pylist()


def test_strict_steps_follow_each_other_directly():
    assert counts_of() == [2, 2, 2]
    assert counts_of(order="strict") == [2, 2, 1]  # ann takes it out again before she buys


def test_in_any_order_a_step_is_so_many_of_them():
    answer = users_of(["purchase", "remove_from_cart"], order="any")
    assert answer.frame.column("event_type").to_pylist() == ["any 1 of 2", "all 2"]
    assert answer.frame.column("users").to_pylist() == [2, 1]
    assert answer.combinations.to_pylist() == [
        {"steps": "purchase", "count": 1, "users": 1},
        {"steps": "purchase + remove_from_cart", "count": 2, "users": 1},
    ]


def test_an_excluded_event_breaks_the_chain_only_where_it_lies_between():
    assert counts_of(excluding="remove_from_cart") == [2, 2, 1]
    assert counts_of(excluding={"remove_from_cart": (1, 2)}) == [2, 2, 2]
    assert counts_of(excluding="remove_from_cart:2-3") == [2, 2, 1]
    # The view of the teapot lies between the first view and the cart, but is itself a chain's.
    assert counts_of(excluding={"view": (1, 2)}) == [2, 2, 2]


def test_all_steps_about_the_same_item():
    assert counts_of(same_item=True) == [2, 2, 1]
    assert users_of(same_item=True).dropped(3) == ["ann"]


def test_chains_inside_a_session_count_sessions_and_their_users():
    answer = users_of(per="session")
    assert answer.frame.column_names[2:4] == ["sessions", "users"]
    assert answer.frame.column("sessions").to_pylist() == [2, 2, 1]
    listed = answer.sessions(3, dropped=True).to_pylist()
    assert [(row["user_id"], row["minutes"]) for row in listed] == [("ann", 4.0)]


def test_a_step_may_ask_for_more_than_its_type():
    assert counts_of(["view[item_id = teapot]", "purchase"]) == [1, 1]
    assert counts_of([Step("view", where="item_id in ('teapot', 'cup')"), "purchase"]) == [1, 1]
    assert counts_of("view[item_id in ('teapot', 'cup')]|remove_from_cart, purchase") == [1, 1]
    assert counts_of(["view[hour = '10']|purchase[hour = '12']"]) == [2]


def test_slow_and_fast_converters_can_be_listed():
    answer = users_of()
    assert answer.times.column("median_minutes").to_pylist() == [0.0, 1.0, 2.0]
    assert answer.users(3, took_minutes=(0, 60)) == ["bob"]
    assert answer.users(3, took_minutes=(60, None)) == ["ann"]
    assert answer.slowest(most=1).column("user_id").to_pylist() == ["ann"]
    assert answer.fastest(most=1).column("minutes").to_pylist() == [2.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "random"}, r"'order' option of funnel must be one of"),
        ({"per": "day"}, r"'per' option of funnel must be 'user' or 'session'"),
        ({"order": "strict", "excluding": "click"}, r"nothing at all lies between strict steps"),
        ({"order": "any", "excluding": {"click": (1, 2)}}, r"the steps have no order"),
        ({"order": "any", "excluding": "view"}, r"no step's own event type.*'view' is one"),
        ({"excluding": {"click": (2, 2)}}, r"two steps from 1 to 3, the first one lower"),
        ({"excluding": {"click": (1, 4)}}, r"two steps from 1 to 3"),
        ({"excluding": "remove_form_cart"}, r"Did you mean 'remove_from_cart'"),
        ({"steps": ["view[price > ]"]}, r"'steps' option of funnel"),
        ({"steps": ["view[prize > 3]"]}, r"Did you mean 'price'"),
        ({"steps": ["view[price > 3"]}, r"conditions in brackets"),
        ({"steps": ["view"] * 64, "order": "strict"}, r"at most 63 steps .*Got '64 steps'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        users_of(**options)


def test_sixty_three_steps_with_conditions():
    log = MemoryLog.from_rows([("ann", at, "view", "a", 1, 100) for at in range(63)])
    steps = ["view[amount = 1]"] * 63
    assert funnel(log, steps=steps, within="1d").frame.column("users").to_pylist() == [1] * 63
    found = funnel(log, steps=steps, within="1d", order="any").frame.column("users").to_pylist()
    assert found == [1] * 63
    assert funnel(log, steps=steps, within="61us", order="strict").users(63) == []


def test_one_user_with_a_million_events_is_no_trouble():
    times = np.arange(1_000_000).tolist()
    log = MemoryLog.from_rows([("ann", t, TYPES[t % 4], "kettle") for t in times], buckets=1)
    for options in ({}, {"order": "strict"}, {"order": "any"}, {"same_item": True}):
        answer = funnel(log, steps=TYPES, within="1s", **options)
        assert answer.frame.column("users").to_pylist() == [1, 1, 1, 1]


@law
@given(rows(users=8, times=30, most=80), st.lists(kind, min_size=1, max_size=4), windows)
def test_strict_steps_count_what_sql_lags_count(duck, log_rows, steps, within):
    asked = reference.Asked([(types, None) for types, _ in steps], within, "strict")
    here = [
        f"event_type in ({', '.join(repr(name) for name in types)})" for types, _ in asked.steps
    ]
    window = "over (partition by user_id order by ts, arrival)"
    columns = [f"lead({here[k]}, {k}) {window} as s{k}" for k in range(len(here))]
    columns += [f"lead(ts, {k}) {window} - ts <= {within} as w{k}" for k in range(len(here))]
    counts = ", ".join(
        f"count(distinct user_id) filter ({' and '.join(f's{j}' for j in range(k + 1))} and w{k})"
        for k in range(len(here))
    )
    query = f"with t as (select user_id, {', '.join(columns)} from events) select {counts} from t"
    answer = ask(asked, as_log(log_rows))
    truth = ask_duckdb(duck, log_rows, query)[0]
    assert answer.frame.column("users").to_pylist() == list(truth)


@law
@given(rows(users=5), st.sampled_from(["user", "session"]), st.integers(2, 3))
def test_a_path_and_the_strict_funnel_along_it_count_the_same_users(log_rows, per, length):
    log = as_log(log_rows)
    for row in paths(log, length=length, per=per, top=1000).frame.to_pylist():
        steps = row["path"].split(" > ")
        answer = funnel(log, steps=steps, within="9999d", order="strict", per=per)
        assert answer.frame.column("users")[-1].as_py() == row["users"]


def test_ten_thousand_event_types_are_no_trouble():
    log = MemoryLog.from_rows([("ann", n, f"type {n:05}") for n in range(10_000)])
    steps = ["type 00007", "type 09000[hour = '00']", "type 09999"]
    for order in ("ordered", "any"):
        answer = funnel(log, steps=steps, within="1s", order=order, by="event_type")
        assert answer.frame.column("users").to_pylist() == [1, 1, 1]
    with pytest.raises(OptionError, match="Did you mean 'type 09999'"):
        funnel(log, steps=["type 099990"], within="1s")


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_a_window_of_nothing_and_an_empty_log_in_every_order(order):
    rows_of = [("ann", 5, "view", "a"), ("ann", 5, "purchase", "a"), ("bob", 6, "purchase", "a")]
    log = MemoryLog.from_rows(rows_of)
    answer = funnel(log, steps="view,purchase", within="0s", order=order, same_item=True)
    assert answer.users(2) == ["ann"]
    empty = funnel(
        MemoryLog.from_rows([]), steps="view,purchase", within="0s", order=order, same_item=True,
        per="session", by="item_id", excluding=None if order == "strict" else "search",
    )  # fmt: skip
    assert empty.frame.column("sessions").to_pylist() == [0, 0]
    assert empty.sessions(1).num_rows == empty.slowest().num_rows == empty.groups.num_rows == 0
    assert empty.between(1, 2).column("sessions_to").to_pylist() == [0]
    assert empty.plot_times() is not None
    assert empty.to_json()["steps"][1]["median_minutes"] is None


def test_an_empty_period_counts_nobody():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d", between="2020-01")
    assert answer.frame.column("users").to_pylist() == [0, 0, 0]


def test_what_is_sent_to_other_processes_survives_the_way():
    log = MemoryLog.from_rows(SHOP, buckets=1)
    question = asked_of(
        log, owner="funnel", steps=["view[hour = '10']", "purchase"], within="1d",
        excluding="search", same_item=True, per="session",
    ).broken_down("item_id", 2)  # fmt: skip
    measure = partial(measure_funnel, question.plan, question.grouping)
    chunk = log.source(question.columns).open(0)
    sent = pickle.loads(pickle.dumps(measure))  # noqa: S301  # our own bytes
    one, other = measure(chunk), sent(chunk)
    assert one.units.tolist() == other.units.tolist() == [2, 1]
    assert [g.units.tolist() for g in one.groups] == [g.units.tolist() for g in other.groups]
