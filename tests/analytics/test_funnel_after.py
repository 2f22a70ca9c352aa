"""What they did next: against walking over every user's events."""

import pytest
from hypothesis import given, strategies as st
from tests.analytics import funnel_reference as reference
from tests.analytics.random_logs import MINUTE, TYPES, as_log, law, rows

from footfall.analytics.funnel import after_drop, funnel
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "search", "kettle"),
    ("ann", "2026-01-01T10:01", "view", "kettle"),
    ("ann", "2026-01-01T10:02", "view", "teapot"),
    ("ann", "2026-01-01T10:03", "search"),
    ("ann", "2026-01-01T10:04", "wishlist", "teapot"),
    ("ann", "2026-01-09T10:04", "purchase", "teapot"),
    ("bob", "2026-01-02T10:00", "view", "kettle"),
    ("cid", "2026-01-02T10:00", "view", "kettle"),
    ("cid", "2026-01-02T10:01", "purchase", "kettle"),
    ("dot", "2026-01-03T10:00", "view", "teapot"),
    ("dot", "2026-01-03T10:09", "search"),
]
STEPS = ["view", "purchase"]


def walks(events, at, stop, limit, depth, collapse):
    """Walk event by event from a place towards a stop."""
    way = 1 if stop > at else -1
    found, last = [], events[at].event_type
    for place in range(at + way, stop, way):
        if abs(events[place].time - events[at].time) > limit:
            break
        name = events[place].event_type
        if not (collapse and name == last):
            found.append(name)
        last = name
    return found[:depth]


@law
@given(
    rows(),
    st.lists(st.sampled_from(TYPES), min_size=2, max_size=3),
    st.sampled_from([0, 20, 60, 1000]),
    st.sampled_from(["user", "session"]),
    st.booleans(),
    st.integers(1, 3),
)
def test_next_events_and_paths_are_those_of_walking_by_hand(
    log_rows, types, minutes, per, collapse, depth
):
    asked = reference.Asked([((name,), None) for name in types], minutes * MINUTE, per=per)
    options = {"steps": types, "within": f"{minutes}m", "per": per}
    log = as_log(log_rows)
    answer = after_drop(log, depth=depth, collapse_repeats=collapse, top=1000, **options)
    found = reference.answer(asked, log_rows)
    last = len(types)
    here = {one[:2] for one in found.get(("all", last), [])}
    events = reference.by_user(log_rows)
    after, before, users = {}, {}, set()
    for user, unit, start, end, _ in found.get(("all", last - 1), []):
        if (user, unit) in here:
            continue
        users.add(user)
        mine = events[user]
        rows_of = reference.tracks(asked, mine)[unit][0]
        left = mine[start].time + asked.within - mine[end].time
        way = walks(mine, end, rows_of[-1] + 1, left, depth, collapse)
        back = walks(mine, end, rows_of[0] - 1, 1 << 60, depth, collapse)
        after.setdefault(" > ".join(way) or "(nothing)", []).append(user)
        before.setdefault(" > ".join(back[::-1]) or "(nothing)", []).append(user)
    assert answer.users() == sorted(users) == funnel(log, **options).dropped(last)
    for table, truth, option in ((answer.after, after, "after"), (answer.before, before, "before")):
        shown = {row["path"]: row[answer.unit] for row in table.to_pylist()}
        assert shown == {path: len(named) for path, named in truth.items()}
        for row in table.to_pylist():
            listed = answer.users(**{option: row["path"]})
            assert listed == sorted(set(truth[row["path"]]))
            assert len(listed) == row["users"]
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["event_type"])) == row["users"]
    split = after_drop(
        as_log(log_rows, buckets=5), depth=depth, collapse_repeats=collapse, top=1000, **options
    )
    assert split == answer


def test_where_they_went_how_they_came_and_who_came_too_late():
    answer = after_drop(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d")
    assert [
        (r["event_type"], r["users"], r["median_minutes"]) for r in answer.frame.to_pylist()
    ] == [
        ("search", 2, 2.0),
        ("(nothing)", 1, None),
        ("purchase", 0, None),
    ]
    assert answer.frame.column("converted_share").to_pylist() == [0.0, 0.0, 1.0]
    assert answer.after.column("path").to_pylist() == ["(nothing)", "search", "search > wishlist"]
    assert answer.before.column("path").to_pylist() == ["(nothing)", "search"]
    assert (answer.lost, answer.came_later, answer.users(later=True)) == (3, 1, ["ann"])
    assert answer.users("search", before="search") == ["ann"]


def test_a_breakdown_of_what_they_did_next():
    answer = after_drop(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d", by="item_id")
    for row in answer.groups.to_pylist():
        assert len(answer.users(row["event_type"], group=row["group"])) == row["users"]
    assert set(answer.groups.column("group").to_pylist()) == {"kettle", "teapot"}
    assert answer.to_json()["lost"] == 3
    assert "3 users reached view and not purchase" in str(answer)
    assert answer.plot().data[0].type == "sankey"


def test_nobody_is_lost_where_nobody_came():
    answer = after_drop(MemoryLog.from_rows([]), steps=STEPS, within="7d", by="item_id")
    assert (answer.lost, answer.frame.num_rows, answer.users()) == (0, 0, [])
    assert answer.plot() is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 1}, r"'at' option of after_drop must be a step from 2 to 2"),
        ({"steps": ["view"]}, r"at least two steps"),
        ({"depth": 0}, r"'depth' option of after_drop must be an int from 1 to 10"),
        ({"top": 0}, r"'top' option of after_drop"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        after_drop(MemoryLog.from_rows(SHOP), **({"steps": STEPS, "within": "7d"} | options))


def test_a_path_that_is_none_is_named():
    answer = after_drop(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d")
    with pytest.raises(OptionError, match="'after' option of AfterDrop"):
        answer.users(after="search > serch")
    with pytest.raises(OptionError, match="there is no breakdown"):
        answer.users(group="north")
