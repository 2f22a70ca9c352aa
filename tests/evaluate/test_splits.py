"""Splits: which rows train, which are known, which are to be guessed."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall.errors import OptionError
from footfall.evaluate import leave_one_out, select_targets, time_cut

OFFSETS = [0, 4, 6, 9]


def test_the_last_row_is_the_test_and_the_one_before_it_the_validation():
    test, validation = leave_one_out(OFFSETS), leave_one_out(OFFSETS, held_out="validation")
    assert test.users.tolist() == validation.users.tolist() == [0, 2]
    assert test.history_stop.tolist() == [3, 8]
    assert test.target_stop.tolist() == [4, 9]
    assert validation.history_stop.tolist() == [2, 7]
    assert validation.target_stop.tolist() == [3, 8]


def test_neither_held_out_row_trains_and_short_users_train_whole():
    assert leave_one_out(OFFSETS).train_stop.tolist() == [2, 6, 7]
    assert leave_one_out(OFFSETS, held_out="validation").train_stop.tolist() == [2, 6, 7]
    assert leave_one_out(OFFSETS).left_out == 1


def test_validation_rows_train_only_when_asked_and_the_split_says_so():
    split = leave_one_out(OFFSETS, train_on_validation=True)
    assert split.train_stop.tolist() == [3, 6, 8]
    assert split.validation_in_training
    assert not leave_one_out(OFFSETS).validation_in_training


def test_validation_rows_cannot_be_learned_from_and_guessed_at_once():
    with pytest.raises(OptionError, match="'train_on_validation' option of leave_one_out must be"):
        leave_one_out(OFFSETS, held_out="validation", train_on_validation=True)


def test_a_row_at_the_cutoff_is_known():
    split = time_cut([0, 3], [10, 20, 30], cutoff=20)
    assert (split.history_stop.tolist(), split.target_stop.tolist()) == ([2], [3])
    assert split.cutoff == 20


def test_a_horizon_ends_the_targets():
    split = time_cut([0, 4], [10, 20, 30, 40], cutoff=15, horizon=15)
    assert (split.history_stop.tolist(), split.target_stop.tolist()) == ([1], [3])


def test_users_with_nothing_on_one_side_are_not_asked_but_their_known_rows_train():
    split = time_cut([0, 2, 4, 6], [1, 2, 8, 9, 1, 9], cutoff=5)
    assert split.users.tolist() == [2]
    assert split.train_stop.tolist() == [2, 2, 5]
    assert split.left_out == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leave_one_out([1, 2]), "'offsets' option of leave_one_out must be row numbers"),
        (lambda: leave_one_out([0, 2], held_out="last"), "must be 'test' or 'validation'"),
        (lambda: time_cut([0, 2], [2, 1], cutoff=1), "not in time order"),
        (lambda: time_cut([0, 2], [1], cutoff=1), "must be 2 moments"),
        (lambda: time_cut([0, 1], [1], cutoff=1, horizon=0), "'horizon' option of time_cut"),
    ],
)
def test_wrong_splits_say_what_is_wrong(call, message):
    with pytest.raises(OptionError, match=message):
        call()


def test_time_may_fall_from_one_user_to_the_next():
    assert time_cut([0, 2, 4], [5, 6, 1, 2], cutoff=1).train_stop.tolist() == [0, 3]


lengths = st.lists(st.integers(0, 6), min_size=1, max_size=8)


@given(lengths=lengths, data=st.data())
def test_training_history_and_target_rows_never_overlap_in_a_time_cut(lengths, data):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    times = np.concatenate(
        [sorted(data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))) for n in lengths]
    ).astype(np.int64)
    cutoff = data.draw(st.integers(-1, 10))
    split = time_cut(offsets, times, cutoff)
    for user in range(len(lengths)):
        assert (times[offsets[user] : split.train_stop[user]] <= cutoff).all()
        assert (times[split.train_stop[user] : offsets[user + 1]] > cutoff).all()
    for b, user in enumerate(split.users):
        assert offsets[user] < split.history_stop[b] < split.target_stop[b] <= offsets[user + 1]


def test_new_and_seen_targets_part_all_targets():
    offsets, items = [0, 5], [3, 3, 1, 3, 2]
    split = time_cut(offsets, [1, 2, 8, 8, 8], cutoff=5)
    chosen = {
        kind: select_targets(split, offsets, items, n_items=4, kind=kind).items.tolist()
        for kind in ("all", "new", "seen")
    }
    assert chosen == {"all": [1, 2, 3], "new": [1, 2], "seen": [3]}


def test_users_whose_targets_are_all_of_the_other_kind_are_left_out():
    offsets, items = [0, 3, 6], [0, 1, 1, 2, 0, 1]
    targets = select_targets(leave_one_out(offsets), offsets, items, n_items=3)
    assert targets.asked.tolist() == [1]
    assert targets.seen_items.tolist() == [0, 2]
    assert targets.dropped == 1


def test_targets_of_another_kind_or_catalogue_are_refused():
    split = leave_one_out([0, 3])
    with pytest.raises(OptionError, match="'kind' option of select_targets"):
        select_targets(split, [0, 3], [0, 1, 2], n_items=3, kind="old")
    with pytest.raises(OptionError, match="codes from 0 to 1"):
        select_targets(split, [0, 3], [0, 1, 2], n_items=2)
