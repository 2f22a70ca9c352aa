"""Processes that have some users each know together what one with all of them knows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from tests.several import side_by_side

from footfall.features.gathering import gathered, gathered_strings, same_catalogue, share_of
from footfall.features.held_out import hold_out
from footfall.features.sequences import Sequences

SHOP = Sequences.from_arrays(
    np.arange(0, 121, 4), np.arange(120) * 7 % 11, n_items=11, timestamps=np.arange(120)
)


def rows_of(sequences):
    """Give each user's items by id."""
    ids, items = sequences.item_ids.to_pylist(), sequences.items
    bounds = zip(sequences.offsets[:-1], sequences.offsets[1:], strict=True)
    named = [[ids[code] for code in items[low:high]] for low, high in bounds]
    return dict(zip(sequences.user_ids.to_pylist(), named, strict=True))


@pytest.mark.parametrize("shares", [1, 2, 5])
def test_each_user_is_in_one_share_with_all_rows(shares):
    parts = [rows_of(share_of(SHOP, place, shares)) for place in range(shares)]
    assert sum(len(part) for part in parts) == SHOP.n_users
    assert {name: row for part in parts for name, row in part.items()} == rows_of(SHOP)


def test_arrays_and_strings_come_in_the_order_of_the_processes():
    words = [pa.array(["pot", "壶"]), pa.array([], pa.string()), pa.array(["", "cup", "x"])[1:]]

    def work(place, gather):
        numbers = gathered(np.arange(place), gather)
        return numbers.tolist(), gathered_strings(words[place], gather).to_pylist()

    assert side_by_side(3, work) == [([0, 0, 1], ["pot", "壶", "cup", "x"])] * 3


def test_items_that_one_process_met_have_a_code_in_all():
    table = pa.table({"item_id": ["cup", "jug"], "brand": ["a", "b"]})
    shops = [Sequences.from_arrays([0, 2], [1, 0], item_ids=ids)
             for ids in (["pot", "cup"], ["jar", "cup"])]  # fmt: skip

    def work(place, gather):
        return same_catalogue(shops[place].among(table), gather)

    first, second = side_by_side(2, work)
    for found in (first, second):
        assert found.item_ids.to_pylist() == ["cup", "jar", "jug", "pot"]
        assert found.item_table["brand"].to_pylist() == ["a", None, "b", None]
    assert rows_of(first) == {"0": ["cup", "pot"]}
    assert rows_of(second) == {"0": ["cup", "jar"]}


def test_no_more_than_a_third_is_held_out_of_users_without_an_id():
    shop = Sequences.from_arrays(np.arange(0, 61, 3), np.arange(60) % 7)
    nobody = replace(shop, user_ids=pa.nulls(20, pa.string()))
    assert len(hold_out(nobody)[1].items) == 7


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=25),
    shares=st.integers(1, 3),
    most=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_the_same_items_are_held_out_however_users_are_shared(lengths, shares, most, seed):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    items = np.random.default_rng(seed).integers(0, 7, offsets[-1])
    shop = Sequences.from_arrays(offsets, items, n_items=7, timestamps=np.arange(offsets[-1]) // 2)

    def work(place, gather):
        training, held_out = hold_out(share_of(shop, place, shares), most=most, gather=gather)
        return training, held_out.together(gather)

    training, held_out = hold_out(shop, most=most)
    expected = held_out.together(lambda mine: [mine])
    found = side_by_side(shares, work)
    kept = {name: row for part, _ in found for name, row in rows_of(part).items()}
    assert kept == rows_of(training)
    for _, every in found:
        assert every.items.tolist() == expected.items.tolist()
        assert every.histories.items.tolist() == expected.histories.items.tolist()
        assert every.histories.user_ids.equals(expected.histories.user_ids)
        assert every.histories.timestamps.tolist() == expected.histories.timestamps.tolist()
