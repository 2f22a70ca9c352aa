import json
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, as_table, ask_duckdb, by_user, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.path import paths
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "view"),
    ("ann", "2026-01-01T10:01", "view"),
    ("ann", "2026-01-01T10:02", "add_to_cart"),
    ("ann", "2026-01-01T10:03", "purchase"),
    ("ann", "2026-01-09T10:00", "view"),
    ("ann", "2026-01-09T10:01", "add_to_cart"),
    ("bob", "2026-01-01T10:00", "view"),
    ("bob", "2026-01-01T10:01", "add_to_cart"),
    ("bob", "2026-01-01T12:00", "purchase"),
]


def counts_of(rows_, **options):
    answer = paths(MemoryLog.from_rows(rows_), **options)
    return [
        (" ".join(steps), row["occurrences"], row["users"], row["ended"])
        for steps, row in zip(answer.steps, answer.frame.to_pylist(), strict=True)
    ]


def test_nine_rows_give_three_paths_of_two_events():
    assert counts_of(SHOP, length=2) == [
        ("view add_to_cart", 3, 2, 2),
        ("add_to_cart purchase", 1, 1, 1),
        ("view view", 1, 1, 0),
    ]


def test_paths_of_whole_users_go_on_over_silences():
    assert counts_of(SHOP, length=2, per="user") == [
        ("view add_to_cart", 3, 2, 1),
        ("add_to_cart purchase", 2, 2, 1),
        ("purchase view", 1, 1, 0),
        ("view view", 1, 1, 0),
    ]


def test_repeats_can_count_once():
    assert counts_of(SHOP, length=3, collapse_repeats=True) == [
        ("view add_to_cart purchase", 1, 1, 1)
    ]


def test_a_repeat_in_a_new_session_is_an_event_of_its_own():
    rows_ = [("ann", 0, "view"), ("ann", 60 * MINUTE, "view"), ("ann", 61 * MINUTE, "click")]
    assert counts_of(rows_, length=2, collapse_repeats=True) == [("view click", 1, 1, 1)]
    assert counts_of(rows_, length=2, collapse_repeats=True, per="user") == [
        ("view click", 1, 1, 1)
    ]


def test_paths_can_start_or_end_at_an_event_type():
    assert counts_of(SHOP, length=2, starting_at="add_to_cart") == [
        ("add_to_cart purchase", 1, 1, 1)
    ]
    assert counts_of(SHOP, length=2, ending_at="view|purchase") == [
        ("add_to_cart purchase", 1, 1, 1),
        ("view view", 1, 1, 0),
    ]
    answer = paths(MemoryLog.from_rows(SHOP), length=2, starting_at="view")
    assert answer.frame.column("share").to_pylist() == [3 / 4, 1 / 4]
    assert (answer.total, answer.different) == (4, 2)


def test_equally_common_paths_come_by_users_and_then_by_name():
    rows_ = [("ann", 1, "view"), ("ann", 2, "click"), ("bob", 1, "aa"), ("bob", 2, "bb")]
    rows_ += [("cid", 1, "Zz"), ("cid", 2, "bb")]
    assert [path for path, *_ in counts_of(rows_, length=2)] == ["Zz bb", "aa bb", "view click"]
    assert [path for path, *_ in counts_of(rows_, length=2, shown=1)] == ["Zz bb"]


def test_sessions_shorter_than_the_path_have_none():
    assert counts_of(SHOP, length=5) == []
    assert counts_of([], length=1) == []
    assert paths(MemoryLog.from_rows([])).plot() is not None


def test_ten_thousand_event_types_are_counted_exactly():
    rows_ = [("ann", moment, f"type {moment:05}") for moment in range(10_000)]
    rows_ += [("bob", moment, f"type {moment:05}") for moment in range(9_000, 9_004)]
    assert counts_of(rows_, length=4, per="user", shown=2) == [
        ("type 09000 type 09001 type 09002 type 09003", 2, 2, 1),
        ("type 00000 type 00001 type 00002 type 00003", 1, 1, 0),
    ]
    with pytest.raises(OptionError, match=r"at most 4 for 10,000 nodes .* Got 5"):
        counts_of(rows_, length=5)


def test_a_very_long_path_of_few_event_types_is_counted():
    rows_ = [("ann", moment, "view") for moment in range(70)]
    assert counts_of(rows_, length=63)[0][1:] == (8, 1, 1)


def test_a_user_with_more_different_runs_than_the_table_holds_makes_it_grow():
    kinds = ["view", "click", "search", "purchase"]
    state, rows_ = 1, []
    for moment in range(50_000):
        state = (state * 1103515245 + 12345) % 2**31
        rows_.append(("ann" if moment % 2 else "bob", moment, kinds[state >> 20 & 3]))
    log = MemoryLog.from_rows(rows_, buckets=1)
    answer = paths(log, length=12, per="user", shown=50_000)
    truth = Counter()
    for user in ("ann", "bob"):
        mine = [kind for who, _, kind in rows_ if who == user]
        truth.update(tuple(mine[at : at + 12]) for at in range(len(mine) - 11))
    found = dict(zip(answer.steps, answer.frame.column("occurrences").to_pylist(), strict=True))
    assert found == truth


def test_wrong_options_are_named():
    with pytest.raises(OptionError, match="'length' option of paths must be an int of at least 1"):
        counts_of(SHOP, length=0)
    with pytest.raises(OptionError, match="'per' option of paths must be 'session' or 'user'"):
        counts_of(SHOP, per="day")
    with pytest.raises(OptionError, match="'shown' option of paths must be an int of at least 1"):
        counts_of(SHOP, shown=0)
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        counts_of(SHOP, ending_at="purchas")


def test_the_json_form_has_paths_as_lists():
    answer = paths(MemoryLog.from_rows(SHOP), length=2, shown=1).to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert answer["paths"] == [
        {
            "path": ["view", "add_to_cart"],
            "occurrences": 3,
            "users": 2,
            "share": 0.6,
            "ended": 2,
        }
    ]
    assert (answer["total"], answer["different"]) == (5, 3)
    assert set(DEFINITION_KEYS) <= set(answer["definition"])


def test_the_figure_has_one_node_a_place_and_event_type():
    figure = paths(MemoryLog.from_rows(SHOP), length=2).plot()
    assert list(figure.data[0].node.label) == [
        "add_to_cart  1",
        "view  4",
        "add_to_cart  3",
        "purchase  1",
        "view  1",
        "ends here  3",
        "goes on  2",
    ]
    assert sum(figure.data[0].link.value) == 10


PATH_SQL = """
with lagged as (
  select *, lag(ts) over own as before, lag(session_id) over own as id_before from events
  window own as (partition by user_id order by ts, arrival)),
numbered as (
  select *, sum(case when before is null or session_id is distinct from id_before
    or (session_id is null and ts - before > {gap}) then 1 else 0 end)
    over (partition by user_id order by ts, arrival rows unbounded preceding) as session
  from lagged),
grouped as (select *, {group} as part from numbered),
marked as (
  select *, lag(event_type) over (partition by user_id, part order by ts, arrival) as type_before
  from grouped),
kept as (
  select * from marked where not {collapse} or event_type is distinct from type_before),
runs as (
  select user_id, {steps}, lead(event_type, {length}) over own as next from kept
  window own as (partition by user_id, part order by ts, arrival))
select {names}, count(*), count(distinct user_id), count(*) filter (next is null)
from runs where step{last} is not null group by {names}
"""


def path_sql(*, length, gap_minutes, per, collapse_repeats):
    names = [f"step{place}" for place in range(length)]
    steps = [f"lead(event_type, {p}) over own as {name}" for p, name in enumerate(names)]
    return PATH_SQL.format(
        gap=gap_minutes * MINUTE,
        group="session" if per == "session" else "0",
        collapse=str(collapse_repeats).lower(),
        steps=", ".join(steps),
        length=length,
        last=length - 1,
        names=", ".join(names),
    )


path_options = st.fixed_dictionaries(
    {
        "length": st.integers(1, 4),
        "gap_minutes": st.sampled_from([0, 10, 30]),
        "per": st.sampled_from(["session", "user"]),
        "collapse_repeats": st.booleans(),
    }
)


def found(answer):
    columns = zip(answer.steps, answer.frame.to_pylist(), strict=True)
    return {steps: (r["occurrences"], r["users"], r["ended"]) for steps, r in columns}


@law
@given(rows(users=6, times=20, most=60), path_options)
def test_paths_are_those_of_sql_windows(duck, log_rows, options):
    truth = ask_duckdb(duck, log_rows, path_sql(**options))
    length = options["length"]
    answer = paths(as_log(log_rows), shown=1000, **options)
    assert found(answer) == {row[:length]: row[length:] for row in truth}
    assert answer.total == sum(row[length] for row in truth)


@law
@given(rows(), st.integers(1, 4), st.booleans())
def test_paths_of_users_are_those_of_plain_python(log_rows, length, collapse):
    runs, users = Counter(), Counter()
    for events in by_user(log_rows).values():
        kinds = [row.event_type for row in events]
        if collapse:
            kinds = [k for at, k in enumerate(kinds) if at == 0 or kinds[at - 1] != k]
        mine = [tuple(kinds[at : at + length]) for at in range(len(kinds) - length + 1)]
        runs.update(mine)
        users.update(set(mine))
    answer = paths(
        as_log(log_rows), length=length, per="user", collapse_repeats=collapse, shown=1000
    )
    assert {k: v[:2] for k, v in found(answer).items()} == {k: (runs[k], users[k]) for k in runs}
    counts = answer.frame.column("occurrences").to_pylist()
    assert counts == sorted(counts, reverse=True)


@law
@given(rows(users=6), path_options, st.integers(1, 3))
def test_any_split_of_users_gives_the_same_paths(log_rows, options, top):
    answers = [paths(as_log(log_rows, buckets=n), shown=top, **options) for n in (1, 2, 3, 7)]
    assert all(answer == answers[0] for answer in answers)


@law
@given(rows(most=40), st.integers(1, 4))
def test_long_codes_are_looked_up_and_counted_like_short_ones(log_rows, length):
    # Thousands of other event types push the codes out of the indexed table.
    extra = pa.table(
        {
            "user_id": ["zz"] * 3000,
            "timestamp": pa.array([0] * 3000).cast(pa.timestamp("us", tz="UTC")),
            "event_type": [f"rare {number}" for number in range(3000)],
        }
    )
    short = paths(as_log(log_rows), length=length, per="user", shown=1000)
    both = pa.concat_tables([as_table(log_rows), extra], promote_options="default")
    long = paths(MemoryLog.from_events(both), length=length, per="user", shown=10_000)
    without = {k: v for k, v in found(long).items() if not k[0].startswith("rare")}
    assert without == found(short)


def test_types_that_are_passed_over_part_nothing():
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01T10:00", "view"),
            ("ann", "2026-01-01T10:01", "impression"),
            ("ann", "2026-01-01T10:02", "purchase"),
            ("bob", "2026-01-01T10:00", "impression"),
        ]
    )
    for per in ("session", "user"):
        answer = paths(log, length=2, per=per, without="impression")
        assert answer.frame.column("path").to_pylist() == ["view > purchase"]
        assert answer.frame.column("ended").to_pylist() == [1]
        assert "impression" in answer.definition["without"]
