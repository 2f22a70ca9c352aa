"""Logs that grow in one direction only: types of events, events of one user, values of a field."""

import json
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

import footfall
from footfall.store.memory import MemoryLog

pytestmark = pytest.mark.slow

DAY = 86_400_000_000
START = 1_767_571_200_000_000  # Monday 2026-01-05
STEPS = {"steps": ["view", "add_to_cart", "purchase"], "within": "7d"}


def log_of(users, times, kinds, **columns):
    stamps = pa.array(times, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    table = {"user_id": pa.array(users), "timestamp": stamps, "event_type": pa.array(kinds)}
    return MemoryLog.from_events(pa.table(table | columns))


@cache
def many_types():
    """10,000 types of events besides the purchases, 60,000 events of 2,000 users."""
    chance, count = np.random.default_rng(0), 60_000
    kinds = np.char.add("type ", (np.arange(count) % 10_000).astype(str)).astype(object)
    kinds[30_000::5] = "purchase"
    users = np.char.add("u", chance.integers(0, 2_000, count).astype(str))
    return log_of(users, START + chance.integers(0, 60 * DAY, count), kinds)


@cache
def one_user():
    """1,000,000 events of one user in 300 days."""
    chance, count = np.random.default_rng(0), 1_000_000
    kinds = np.array(["view", "click", "add_to_cart", "purchase"])[chance.integers(0, 4, count)]
    channels = np.array(['{"channel": "mail"}', '{"channel": "ads"}'])
    return log_of(
        np.full(count, "one"),
        START + np.sort(chance.integers(0, 300 * DAY, count)),
        kinds,
        amount=pa.array(np.where(kinds == "purchase", 100, 0), pa.int64()),
        properties=pa.array(channels[chance.integers(0, 2, count)]),
    )


@cache
def many_values():
    """100,000 channels, the first of them with most users; two events each of 100,000 users."""
    count = 200_000
    place = np.arange(count) // 2
    channel = np.where(place < 1_000, place % 10, place).tolist()
    return log_of(
        np.char.add("u", place.astype(str)),
        START + place * DAY // 2_000 + np.arange(count) % 2,
        np.array(["view", "purchase"])[np.arange(count) % 2],
        amount=pa.array(np.full(count, 100), pa.int64()),
        properties=pa.array([json.dumps({"channel": f"c{each}"}) for each in channel]),
    )


def check_shown(found):
    assert found.frame.num_rows
    assert str(found)
    assert len(json.dumps(found.to_json())) < 5_000_000
    assert len(found.plot().to_json()) < 5_000_000  # a page opens it


TYPES = {
    "paths": {},
    "transitions": {},
    "funnel": {"steps": ["type 7", "purchase"], "within": "30d"},
    "contrast_paths": {},
    "series": {"by": "event_type"},
}


@pytest.mark.parametrize("name", TYPES)
def test_ten_thousand_types_of_events_are_answered(name):
    log = many_types()
    assert len(log.event_types) > 10_000
    found = getattr(footfall, name)(log, **TYPES[name])
    check_shown(found)
    if name == "series":
        assert len(found.groups["group"].unique()) == 11
        total = sum(found.groups["value"].to_pylist())
        assert total == sum(found.frame["value"].to_pylist()) == 60_000


LONG = {
    "funnel": STEPS,
    "sessions": {},
    "paths": {},
    "retention": {},
    "rfm": {},
    "transitions": {},
    "attribution": {},
}


@pytest.mark.parametrize("name", LONG)
def test_a_user_with_a_million_events_is_answered(name):
    found = getattr(footfall, name)(one_user(), **LONG[name])
    check_shown(found)
    if name == "funnel":
        assert found.frame["users"].to_pylist() == [1, 1, 1]
    if name == "sessions":
        assert found.frame["events"].to_pylist() == [1_000_000]


# Question -> the column whose sum over groups is that of the whole: each user has one channel.
VALUES = {"sessions": "users", "retention": None, "rfm": "users", "series": "value"}


@pytest.mark.parametrize("name", VALUES)
def test_a_breakdown_of_a_hundred_thousand_values_names_the_largest_and_adds_up_the_rest(name):
    found = getattr(footfall, name)(many_values(), by="channel")
    check_shown(found)
    names = found.groups["group"].unique().to_pylist()
    assert sorted(names) == sorted([*(f"c{place}" for place in range(10)), "(other)"])
    if (column := VALUES[name]) is not None:
        whole = sum(found.frame[column].to_pylist())
        assert sum(found.groups[column].to_pylist()) == whole
        assert whole in {100_000, 200_000}
