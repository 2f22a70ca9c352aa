from itertools import combinations

import numpy as np
import pyarrow as pa
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, TYPES, as_log, ask_duckdb, by_user, law, rows

from footfall.analytics.funnel import funnel
from footfall.analytics.funnel.chains import SHORT, reach, reach_short
from footfall.analytics.steps import parse_steps

step = st.sets(st.sampled_from(TYPES), min_size=1, max_size=2).map(sorted)
steps_of = st.lists(step, min_size=1, max_size=6)
windows = st.sampled_from([0, 10, 20, 35, 60, 1000]).map(lambda minutes: minutes * MINUTE)


def chains(events, steps, within):
    """Every chain of different events in log order: plain Python, no cleverness."""
    for chain in combinations(events, len(steps)):
        if all(row.event_type in kinds for row, kinds in zip(chain, steps, strict=True)) and (
            chain[-1].time - chain[0].time <= within
        ):
            yield chain


def reached(log_rows, steps, within, counts=bool):
    """For each step the users that reach it."""
    users = by_user(log_rows).items()
    return [
        {user for user, events in users if any(map(counts, chains(events, steps[:k], within)))}
        for k in range(1, len(steps) + 1)
    ]


def ask(log, steps, within, **options):
    return funnel(log, steps=["|".join(kinds) for kinds in steps], within=f"{within}us", **options)


@law
@given(rows(), steps_of, windows)
def test_a_funnel_counts_what_trying_every_chain_counts(log_rows, steps, within):
    answer = ask(as_log(log_rows), steps, within)
    truth = reached(log_rows, steps, within)
    assert answer.frame.column("users").to_pylist() == [len(users) for users in truth]
    for place, users in enumerate(truth, 1):
        assert answer.users(place) == sorted(users)
    for place in range(2, len(steps) + 1):
        assert answer.dropped(place) == sorted(truth[place - 2] - truth[place - 1])


@law
@given(rows(), steps_of, windows)
def test_a_funnel_by_item_counts_the_chains_that_start_with_each_item(log_rows, steps, within):
    answer = ask(as_log(log_rows), steps, within, by="item_id")
    for group in answer.to_json()["groups"]:
        item = None if group["group"] == "(none)" else group["group"]
        truth = reached(log_rows, steps, within, lambda chain, item=item: chain[0].item == item)
        assert [row["users"] for row in group["steps"]] == [len(users) for users in truth]
        assert answer.users(len(steps), group=group["group"]) == sorted(truth[-1])


@law
@given(rows(), steps_of, windows)
def test_if_all_items_are_one_group_the_breakdown_is_the_funnel(log_rows, steps, within):
    items = pa.table({"item_id": ["kettle"], "brand": pa.array([None], pa.string())})
    answer = ask(as_log(log_rows, items=items), steps, within, by="brand")
    if answer.groups.num_rows:
        assert answer.groups.column("group").unique().to_pylist() == ["(none)"]
        assert answer.groups.column("users").to_pylist() == answer.frame.column("users").to_pylist()
    else:
        assert set(answer.frame.column("users").to_pylist()) == {0}


@law
@given(rows(users=6), steps_of, windows, st.sampled_from(["group", "item_id"]))
def test_any_split_of_users_into_chunks_gives_the_same_answer(log_rows, steps, within, by):
    users = pa.table({"user_id": ["u1", "u2", "u5"], "group": ["a", "b", "a"]})
    answers = [
        ask(as_log(log_rows, buckets=buckets, users=users), steps, within, by=by, top=1)
        for buckets in (1, 2, 3, 7)
    ]
    assert all(answer == answers[0] for answer in answers)
    if by == "group":
        first = answers[0].groups.to_pylist()
        alike = sum(row["users"] for row in first if row["step"] == 1)
        assert alike == answers[0].frame.column("users")[0].as_py()


@law
@given(rows(), steps_of, windows)
def test_the_time_to_a_step_is_that_of_the_first_completion_from_its_latest_start(
    log_rows, steps, within
):
    answer = ask(as_log(log_rows), steps, within)
    for place in range(1, len(steps) + 1):
        times = []
        for events in by_user(log_rows).values():
            found = list(chains(events, steps[:place], within))
            if found:
                first = min(events.index(chain[-1]) for chain in found)
                ends = [chain for chain in found if events.index(chain[-1]) == first]
                times.append(min(chain[-1].time - chain[0].time for chain in ends))
        middle = sorted(times)[(len(times) - 1) // 2] / MINUTE if times else None
        assert answer.frame.column("median_minutes")[place - 1].as_py() == middle


@law
@given(rows(most=60), st.lists(step, min_size=1, max_size=SHORT), windows)
def test_the_short_loop_and_the_general_one_say_the_same(log_rows, steps, within):
    log = as_log(log_rows, buckets=1)
    chunk = log.chunks[0]
    parsed = parse_steps(log, ["|".join(kinds) for kinds in steps])
    found = []
    for loop, how in (
        (reach, (parsed.starts, parsed.places)),
        (reach_short, (parsed.serves(), len(steps))),
    ):
        reached = np.zeros(len(chunk.users), np.int32)
        took = np.full(len(chunk.users) * len(steps), -1)
        loop(chunk.offsets, chunk["timestamp"], chunk["event_type"], *how, within, reached, took)
        found.append((reached.tolist(), took.tolist()))
    assert found[0] == found[1]


def window_form(steps, within):
    """The funnel in plain SQL: the latest start is always the best, so a running maximum does."""
    kinds = [", ".join(f"'{name}'" for name in step) for step in steps]
    tables = [
        f"t0 as (select *, case when event_type in ({kinds[0]}) then ts end as s0 from events)"
    ]
    for k in range(1, len(steps)):
        tables.append(
            f"m{k} as (select *, max(s{k - 1}) over (partition by user_id order by ts, arrival"
            f" rows between unbounded preceding and 1 preceding) as best{k} from t{k - 1})"
        )
        tables.append(
            f"t{k} as (select *, case when event_type in ({kinds[k]}) and ts - best{k} <= {within}"
            f" then best{k} end as s{k} from m{k})"
        )
    counts = ", ".join(
        f"count(distinct user_id) filter (s{k} is not null)" for k in range(len(steps))
    )
    return f"with {', '.join(tables)} select {counts} from t{len(steps) - 1}"


@law
@given(rows(users=8, times=30, most=80), steps_of, windows)
def test_a_funnel_counts_what_sql_windows_count(duck, log_rows, steps, within):
    answer = ask(as_log(log_rows), steps, within)
    truth = ask_duckdb(duck, log_rows, window_form(steps, within))[0]
    assert answer.frame.column("users").to_pylist() == list(truth)
