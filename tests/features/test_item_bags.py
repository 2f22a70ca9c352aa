"""Bags of what the shop says of its items: each table is read once."""

import pyarrow as pa

from footfall.features.item_bags import item_bags


def test_a_table_is_read_once_and_another_like_it_for_itself():
    one = pa.table({"brand": ["a", "a", "b"]})
    first, again = item_bags(one), item_bags(one)
    assert first[0] is again[0]
    again.clear()
    assert len(item_bags(one)) == 1, "what is given is the caller's own"
    other = pa.table({"brand": ["c", "c", "b"]})
    assert item_bags(other)[0].words == ("c",)
    assert item_bags(one)[0].words == ("a",)


def test_a_word_has_the_same_key_in_every_table_and_another_in_another_column():
    (brands,) = item_bags(pa.table({"brand": ["a", "a", "b", "b"]}))
    (more,) = item_bags(pa.table({"brand": ["0", "0", "b", "b", "a", "a"]}))
    (kinds,) = item_bags(pa.table({"kind": ["a", "a", "b", "b"]}))
    assert more.keys[1:].tolist() == brands.keys.tolist()
    assert not set(kinds.keys) & set(brands.keys)
