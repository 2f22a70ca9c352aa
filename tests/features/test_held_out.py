"""What is held out: whole moments, so that no basket tells of itself."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.features.held_out import MOST_EACH, HeldOut, hold_out
from footfall.features.sequences import Sequences


def shop(*users, n_items=None):
    """Give users as lists of (moment, item)."""
    rows = [row for user in users for row in user]
    return Sequences.from_arrays(
        np.concatenate(([0], np.cumsum([len(user) for user in users]))),
        [item for _, item in rows],
        timestamps=[moment for moment, _ in rows],
        n_items=n_items or max(item for _, item in rows) + 1,
    )


def asked(held_out):
    """Give the histories and their items as plain values."""
    offsets, items = held_out.histories.offsets, held_out.histories.items
    histories = [items[a:b].tolist() for a, b in pairwise(offsets)]
    return list(zip(histories, held_out.items.tolist(), strict=True))


ANN = [(1, 0), (1, 1), (2, 2), (5, 3), (5, 1), (5, 4), (5, 3)]


def test_a_basket_is_taken_out_whole_and_its_new_items_are_asked_for():
    training, held_out = hold_out(shop(ANN))
    assert training.items.tolist() == [0, 1, 2]
    assert sorted(asked(held_out)) == [([0, 1, 2], 3), ([0, 1, 2], 4)]


def test_where_items_may_come_again_they_are_asked_for_once_each():
    _, held_out = hold_out(shop(ANN), repeats=True)
    assert sorted(held_out.items.tolist()) == [1, 3, 4]


def test_items_of_one_basket_have_one_history():
    bob = [(1, 0), (2, 1), (3, 5)]
    several = [ANN, bob, [(1, 2), (2, 3), (3, 0), (3, 1)], [(1, 1), (2, 0), (3, 2)]]
    _, held_out = hold_out(shop(*several), repeats=True)
    ids = held_out.histories.user_ids.to_pylist()
    same = held_out.same_history()
    assert len(ids) > len(set(ids)), "some user is asked for more than one item"
    assert [ids[place] for place in same] == ids
    assert [ids.index(user) for user in ids] == same.tolist()


@pytest.mark.parametrize(
    "user", [[(1, 0), (2, 1)], [(1, 0), (1, 1), (1, 2)], [(1, 0), (2, 1), (3, 0)], []]
)
def test_short_histories_and_those_without_anything_new_stay_as_they_are(user):
    whole = shop(user, [(1, 0), (2, 0), (3, 0)])
    training, held_out = hold_out(whole)
    assert len(held_out.items) == 0
    assert training.items.tolist() == whole.items.tolist()


def test_of_a_large_basket_a_few_items_are_asked_for():
    user = [(1, 0), (2, 1), *((3, item) for item in range(2, 40))]
    training, held_out = hold_out(shop(user))
    assert len(set(held_out.items.tolist())) == MOST_EACH
    assert training.items.tolist() == [0, 1]


@given(
    users=st.lists(
        st.tuples(st.lists(st.integers(0, 4), max_size=5), st.integers(0, 4)), max_size=8
    )
)
@settings(max_examples=60, deadline=None)
def test_new_items_are_those_that_are_not_in_their_history(users):
    histories = shop(*([(0, item) for item in history] for history, _ in users), n_items=5)
    items = np.array([item for _, item in users], np.int32)
    held_out = HeldOut(histories=histories, items=items).new_only()
    assert asked(held_out) == [(history, item) for history, item in users if item not in history]
    names = [str(place) for place, (history, item) in enumerate(users) if item not in history]
    assert held_out.histories.user_ids.to_pylist() == names


def test_where_all_items_are_new_nothing_changes():
    _, held_out = hold_out(shop(ANN))
    assert held_out.new_only() is held_out


def test_without_moments_the_last_row_is_asked_for():
    training, held_out = hold_out(Sequences.from_arrays([0, 4], [0, 1, 2, 3]))
    assert asked(held_out) == [([0, 1, 2], 3)]
    assert training.items.tolist() == [0, 1, 2]


@given(
    users=st.lists(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=8),
        min_size=1,
        max_size=9,
    ),
    repeats=st.booleans(),
    most=st.integers(1, 4),
)
@settings(max_examples=60, deadline=None)
def test_it_is_what_a_plain_reading_says(users, repeats, most):
    users = [sorted(user, key=lambda row: row[0]) for user in users]
    training, held_out = hold_out(shop(*users, n_items=6), repeats=repeats, most=most)
    allowed = {}
    for number, user in enumerate(users):
        before = [item for moment, item in user if moment < user[-1][0]]
        basket = {item for moment, item in user if moment == user[-1][0]}
        wished = basket if repeats else basket - set(before)
        if len(before) >= 2 and wished:
            allowed[str(number)] = (before, wished)
    ids = held_out.histories.user_ids.to_pylist()
    assert len(set(ids)) == min(most, -(-len(allowed) // 3))
    for user_id in set(ids):
        before, wished = allowed[user_id]
        mine = [row for name, row in zip(ids, asked(held_out), strict=True) if name == user_id]
        assert {item for _, item in mine} <= wished
        assert len(mine) == min(len(wished), MOST_EACH)
        assert all(history == before for history, _ in mine)
    for number, user in enumerate(users):
        low, high = training.offsets[number : number + 2]
        kept = allowed[str(number)][0] if str(number) in ids else [item for _, item in user]
        assert training.items[low:high].tolist() == kept
