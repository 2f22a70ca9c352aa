import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, by_user, law, rows

from footfall.analytics.operations.losing_pages import losing_pages
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog


def planted(*, losing, seed):
    """Thirty items of two categories that convert 8 and 20 %; those that lose, a quarter of it."""
    rng = np.random.default_rng(seed)
    events = []
    for item in range(30):
        rate = (0.08 if item % 2 else 0.20) / (4 if item in losing else 1)
        for viewer in range(int(rng.integers(150, 600))):
            at = int(rng.integers(0, 10**9)) * 1000
            user = f"i{item}v{viewer}"
            events.append((user, at, "view", f"item{item}"))
            if rng.random() < rate:
                events.append((user, at + MINUTE, "purchase", f"item{item}"))
    log = MemoryLog.from_rows(events)
    names = [f"item{item}" for item in range(30)]
    log.items = pa.table({"item_id": names, "category": ["home", "garden"] * 15})
    return log


@pytest.mark.parametrize("seed", range(3))
def test_planted_pages_that_lose_buyers_come_first_and_alone(seed):
    answer = losing_pages(planted(losing={3, 8}, seed=seed))
    losing = answer.frame.filter(answer.frame.column("loses"))
    assert set(losing.column("page").to_pylist()) == {"item3", "item8"}
    assert losing.column("page")[0].as_py() == "item8"  # of the better category: more are lost
    assert {row["category"] for row in losing.to_pylist()} == {"home", "garden"}


SHOP = [
    ("ann", "2026-01-05T10:00", "view", "kettle"),
    ("ann", "2026-01-05T10:05", "view", "teapot"),
    ("ann", "2026-01-05T10:06", "purchase", "kettle"),
    ("bob", "2026-01-05T10:00", "purchase", "kettle"),
    ("bob", "2026-01-05T10:01", "view", "kettle"),
    ("cid", "2026-01-05T10:00", "view", "kettle"),
    ("cid", "2026-01-15T10:00", "purchase", "kettle"),
]


def test_seven_rows_can_be_checked_by_hand():
    answer = losing_pages(MemoryLog.from_rows(SHOP), least=1)
    found = {row["page"]: row for row in answer.frame.to_pylist()}
    kettle, teapot = found["kettle"], found["teapot"]
    assert (kettle["views"], kettle["viewers"], kettle["converted"]) == (3, 3, 1)
    assert (kettle["exit_share"], teapot["exit_share"]) == (2 / 3, 0.0)
    assert teapot["converted"] == 0
    assert answer.users("kettle", "converted") == ["ann"]
    assert answer.users("kettle") == ["bob", "cid"]
    assert answer.users("nothing") == []
    later = losing_pages(MemoryLog.from_rows(SHOP), least=1, within="10d")
    assert later.users("kettle", "converted") == ["ann", "cid"]


def test_other_pages_convert_by_any_goal_later_in_the_session():
    table = pa.table(
        {
            "user_id": ["ann", "ann", "ann", "bob", "bob"],
            "timestamp": pa.array([0, 60, 120, 0, 7200]).cast(pa.timestamp("s", tz="UTC")),
            "event_type": ["view", "view", "purchase", "view", "purchase"],
            "properties": ['{"page":"/"}', '{"page":"/tea"}', None, '{"page":"/"}', None],
        }
    )
    answer = losing_pages(MemoryLog.from_events(table), page="properties.page", least=1)
    counts = {r["page"]: (r["viewers"], r["converted"]) for r in answer.frame.to_pylist()}
    assert counts == {"/": (2, 1), "/tea": (1, 1)}


def test_wrong_options_and_an_empty_log():
    for options in (
        {"page": "colour"}, {"goal": "purchse"}, {"least": 0}, {"category": "x"}, {"level": 2.0},
    ):  # fmt: skip
        with pytest.raises(OptionError):
            losing_pages(MemoryLog.from_rows(SHOP), **options)
    answer = losing_pages(MemoryLog.from_rows([]))
    assert answer.frame.num_rows == 0
    assert str(answer).startswith("0 of 0 pages")
    assert answer.plot() is not None
    with pytest.raises(OptionError, match="'state' option of LosingPages"):
        answer.users("kettle", "gone")


@law
@given(rows(users=4, times=20), st.sampled_from([10, 40]))
def test_counts_are_those_of_plain_python(log_rows, minutes):
    truth = {}
    for user, events in by_user(log_rows).items():
        seen = {}
        for row in events:
            if row.item is None:
                continue
            viewers, converted = truth.setdefault(row.item, (set(), set()))
            if row.event_type == "view":
                seen[row.item] = row.time
                viewers.add(user)
            near = row.time - seen.get(row.item, -(1 << 60)) <= minutes * MINUTE
            if row.event_type == "purchase" and near:
                converted.add(user)
    answer = losing_pages(as_log(log_rows), within=f"{minutes}m", least=1)
    truth = {item: sets for item, sets in truth.items() if sets[0]}
    assert {row["page"] for row in answer.frame.to_pylist()} == set(truth)
    for row in answer.frame.to_pylist():
        viewers, converted = truth[row["page"]]
        assert (row["viewers"], row["converted"]) == (len(viewers), len(converted))
        assert answer.users(row["page"], "viewers") == sorted(viewers)
        assert answer.users(row["page"], "converted") == sorted(converted)


@law
@given(rows(users=6))
def test_any_split_of_users_gives_the_same_pages(log_rows):
    answers = [
        losing_pages(as_log(log_rows, buckets=n), least=1, by="event_type").to_json()
        for n in (1, 2, 5)
    ]
    assert all(answer == answers[0] for answer in answers)
    assert json.loads(json.dumps(answers[0])) == answers[0]
