"""Runs of several processes: planned as if one had them all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.several import side_by_side

from footfall.errors import NotEnoughDataError
from footfall.features.gathering import share_of
from footfall.features.sequences import Sequences
from footfall.models.next_item import windows
from footfall.models.runs import Runs
from footfall.models.world import World


@dataclass(frozen=True)
class Thread(World):
    """A process that is a thread."""

    asked: Any = None

    def gather(self, values):
        return self.asked(values)


def runs_of(shop, shares, context=3):
    """Give the runs of each share, and their items."""

    def work(place, gather):
        inputs, _ = windows(share_of(shop, place, shares).by_user_id(), context)
        return Runs.of(inputs, Thread(place, shares, gather)), inputs.items

    return side_by_side(shares, work)


def shop_of(lengths, seed=0):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return Sequences.from_arrays(offsets, np.random.default_rng(seed).permutation(offsets[-1]))


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(2, 9), min_size=12, max_size=30), shares=st.integers(1, 3))
def test_every_run_has_one_owner_and_every_row_the_place_it_has_where_one_has_all(lengths, shares):
    shop = shop_of(lengths)
    ((whole, items),) = runs_of(shop, 1)
    try:
        found = runs_of(shop, shares)
    except NotEnoughDataError:
        return  # a share without users: below
    places = np.concatenate([runs.all_places() for runs, _ in found])
    assert sorted(places) == list(range(len(items)))
    assert np.concatenate([some for _, some in found]).tolist() == items[places].tolist()
    owned = [runs.mine >= 0 for runs, _ in found]
    assert np.sum(owned, axis=0).tolist() == [1] * len(whole.lengths)
    for runs, _ in found:
        assert runs.lengths.tolist() == whole.lengths.tolist()
        there = runs.mine >= 0
        assert np.diff(runs.offsets)[runs.mine[there]].tolist() == whole.lengths[there].tolist()


def test_the_places_of_a_batch_are_those_of_its_rows():
    for runs, _ in runs_of(shop_of([5, 2, 7, 4, 3, 6, 2, 5]), 2):
        rows = np.array([[low, high - 1] for low, high in zip(runs.offsets, runs.offsets[1:],
                                                              strict=False)])  # fmt: skip
        assert runs.places(rows).tolist() == runs.all_places()[rows].tolist()
        assert runs.places(rows[:0]).tolist() == []


def test_a_process_without_anybody_to_learn_from_says_so():
    with pytest.raises(NotEnoughDataError, match=r"Of 9 processes, [78] got no user"):
        runs_of(shop_of([3, 3]), 9)
