import numpy as np
import pytest

from footfall.events.quality.breaks import DAILY, WEEKLY, comparable, find_breaks
from footfall.events.quality.options import QualityOptions

OPTIONS = QualityOptions()


def _shop(days: int, *, seed: int, mix=(0.8, 0.12, 0.05, 0.03), a_day: int = 3000):
    """Days with more events on weekends, and another mix there: a rhythm, not a break."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        weekend = day % 7 > 4
        shares = np.array(mix) * ([1, 0.8, 1.3, 1.5] if weekend else 1)
        shares = rng.dirichlet(2000 * shares / shares.sum() + 1e-9)
        rows.append(rng.multinomial(rng.poisson(a_day * (1.5 if weekend else 1)), shares))
    return np.array(rows)


@pytest.mark.parametrize("rhythm", [DAILY, WEEKLY])
def test_a_shop_with_only_a_weekly_rhythm_has_no_break(rhythm):
    for seed in range(20):
        assert find_breaks(_shop(90, seed=seed), rhythm, OPTIONS) == []


@pytest.mark.parametrize("place", [3, 20, 45, 87])
def test_a_type_that_loses_most_of_its_events_is_a_break_on_that_very_day(place):
    counts = _shop(90, seed=1)
    counts[place:] = _shop(90, seed=2, mix=(0.8, 0.02, 0.05, 0.03))[place:]
    (found,) = find_breaks(counts, DAILY, OPTIONS)
    assert found.place == place
    assert found.changes[0].event_type == 1
    assert found.changes[0].score < -6


def test_a_type_that_vanishes_and_comes_back_breaks_twice():
    counts = _shop(60, seed=3)
    counts[20:40, 2] = 0
    found = find_breaks(counts, DAILY, OPTIONS)
    assert [one.place for one in found] == [20, 40]
    assert [one.changes[0].event_type for one in found] == [2, 2]
    assert found[0].changes[0].after == 0.0


def test_one_odd_day_is_no_break():
    counts = _shop(60, seed=4)
    counts[30, 0] *= 8
    assert find_breaks(counts, DAILY, OPTIONS) == []


def test_days_without_events_are_no_break():
    counts = _shop(60, seed=5)
    counts[25:28] = 0
    assert find_breaks(counts, DAILY, OPTIONS) == []


def test_a_log_shorter_than_two_windows_or_with_few_events_is_not_looked_at():
    assert not comparable(_shop(13, seed=6), DAILY)
    assert not comparable(np.full((60, 2), 5), DAILY)
    assert comparable(_shop(14, seed=6), DAILY)
    assert find_breaks(_shop(13, seed=6), DAILY, OPTIONS) == []
