from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from hypothesis import given, settings, strategies as st

from footfall.events.columns import EVENT_SCHEMA
from footfall.store.hashing import buckets_of, hash_rows, hash_strings

FULL = {
    "event_id": "e1",
    "user_id": "ann",
    "timestamp": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "event_type": "purchase",
    "item_id": "水壶",
    "session_id": "s1",
    "quantity": 2,
    "price": 1999,
    "amount": 3998,
    "currency": "CNY",
    "query": "kettle",
    "text": "fine",
    "rating": 4.5,
    "properties": '{"color": "red"}',
    "slot": 3,
    "action": "show",
    "propensity": 0.25,
    "policy": "uniform",
    "reward": 1.0,
}
# Written into logs: if one of these must change, the format of the log has changed.
STRINGS = ["0xf52a15e9a9b5e89b", "0x8096e52ad559ed80", "0x279453d6b7700ad6"]
SECONDS = ["0xe9d327596b869820", "0xd19f95f54e21970a", "0xdb49f2862ad7282a"]
EVENT = "0x8edbcdc92488961"
EVENT_SECOND = "0x5237e12c54f27576"
BUCKETS = [0, 12, 13, 6, 15, 0]


def table(*rows):
    names = [name for name in EVENT_SCHEMA.names if any(name in row for row in rows)]
    return pa.table(
        {n: pa.array([row.get(n) for row in rows], EVENT_SCHEMA.field(n).type) for n in names}
    )


def one(row, **change):
    return int(hash_rows(table({**row, **change}))[0])


def fnv_then_splitmix(text, basis=0xCBF29CE484222325):
    """The published formulas, in whole numbers."""
    value = basis
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return value ^ value >> 31


def test_hashes_of_strings_are_the_same_for_ever():
    assert [hex(v) for v in hash_strings(pa.array(["", "ann", "小红"]))] == STRINGS
    assert [hex(v) for v in hash_strings(pa.array(["", "ann", "小红"]), second=True)] == SECONDS


def test_hashes_of_events_are_the_same_for_ever():
    assert set(FULL) == set(EVENT_SCHEMA.names)
    assert hex(one(FULL)) == EVENT
    assert hex(hash_rows(table(FULL), second=True)[0]) == EVENT_SECOND


def test_buckets_are_the_same_for_ever():
    users = pa.array(["ann", "bob", "cyd", "小红", "u1", "u2"])
    assert buckets_of(users, 16).tolist() == BUCKETS
    assert buckets_of(users, 1).tolist() == [0] * 6
    assert buckets_of(users.slice(2), 16).tolist() == BUCKETS[2:]


def test_a_missing_value_adds_nothing():
    assert one(FULL, query=None) == one({n: v for n, v in FULL.items() if n != "query"})
    assert one(FULL, query="") != one(FULL, query=None)
    assert hash_strings(pa.array([None, "a"])).tolist()[0] == 0


def test_the_event_id_is_no_part_of_the_content():
    assert one(FULL, event_id="e2") == one(FULL)


def test_every_other_column_is_part_of_the_content():
    for name, value in FULL.items():
        if name != "event_id":
            other = value.replace(year=2027) if name == "timestamp" else value * 2
            assert one(FULL, **{name: other}) != one(FULL), name


def test_the_same_value_in_another_column_is_another_event():
    assert one({"user_id": "a", "query": "x"}) != one({"user_id": "a", "text": "x"})
    assert one({"price": 5, "amount": 7}) != one({"price": 7, "amount": 5})
    assert one({"query": "x", "text": "x"}) != one({"query": "y", "text": "y"})


def test_zero_and_minus_zero_are_one_value():
    assert one(FULL, reward=-0.0) == one(FULL, reward=0.0)
    assert one(FULL, reward=0.0) != one(FULL, reward=None)


def test_the_order_of_columns_does_not_matter():
    events = table(FULL, {**FULL, "user_id": "bob"})
    turned = events.select(events.column_names[::-1])
    assert hash_rows(events).tolist() == hash_rows(turned).tolist()


def test_chunks_and_slices_hash_as_the_rows_they_show():
    events = table(FULL, {"user_id": "bob", "quantity": 1}, {"user_id": "cyd", "reward": 0.5})
    pieces = pa.concat_tables([events.slice(0, 1), events.slice(1)])
    whole = hash_rows(events).tolist()
    assert hash_rows(pieces).tolist() == whole
    assert hash_rows(events.slice(1)).tolist() == whole[1:]
    assert hash_rows(events.slice(0, 0)).tolist() == []


words = st.lists(st.none() | st.text(max_size=8), min_size=1, max_size=40)


@given(words)
@settings(deadline=None)
def test_strings_hash_by_the_published_formulas(words):
    expected = [0 if word is None else fnv_then_splitmix(word) for word in words]
    assert hash_strings(pa.array(words, pa.string())).tolist() == expected
    second = 0xCBF29CE484222325 ^ 0x9E3779B97F4A7C15
    expected = [0 if word is None else fnv_then_splitmix(word, second) for word in words]
    assert hash_strings(pa.array(words, pa.string()), second=True).tolist() == expected


@given(words, st.integers(0, 5))
@settings(deadline=None)
def test_dictionary_arrays_hash_as_plain_arrays(words, skipped):
    plain = pa.array(words, pa.string())
    coded = plain.dictionary_encode()
    for second in (False, True):
        expected = hash_strings(plain.slice(skipped), second=second).tolist()
        assert hash_strings(coded.slice(skipped), second=second).tolist() == expected
        both = pa.chunked_array([coded, plain.slice(skipped).dictionary_encode()])
        assert hash_strings(both, second=second).tolist()[len(plain) :] == expected


@given(st.sets(st.text(min_size=1, max_size=6), min_size=2, max_size=50))
@settings(deadline=None)
def test_different_strings_get_different_hashes_both_times(words):
    array = pa.array(sorted(words))
    first, second = hash_strings(array), hash_strings(array, second=True)
    assert len(np.unique(first)) == len(np.unique(second)) == len(words)
    assert not np.any(first == second)


def test_the_two_hashes_know_nothing_of_each_other():
    words = pa.array([f"item-{number}" for number in range(20_000)])
    first, second = hash_strings(words), hash_strings(words, second=True)
    agreeing = np.bitwise_count(~(first ^ second)).mean()
    assert abs(agreeing - 32) < 0.2, "half of 64 bits agree by chance"
    low = np.corrcoef((first & 0xFFFF).astype(float), (second & 0xFFFF).astype(float))[0, 1]
    assert abs(low) < 0.03


def test_users_spread_evenly_over_buckets():
    counts = np.bincount(buckets_of(pa.array([f"u{n}" for n in range(16_000)]), 16))
    assert counts.min() > 850
    assert counts.max() < 1150
