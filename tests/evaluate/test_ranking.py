"""Ranks and ranking metrics, against every order of the ties written out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall.errors import OptionError
from footfall.evaluate import (
    METRICS,
    Ranks,
    Targets,
    bootstrap_interval,
    rank_targets,
    ranking_metrics,
    user_metrics,
)


def targets_of(wanted, seen=()):
    """Targets of one user."""
    return Targets(
        kind="new",
        asked=np.array([0]),
        offsets=np.array([0, len(wanted)]),
        items=np.array(sorted(wanted), dtype=np.int32),
        seen_offsets=np.array([0, len(seen)]),
        seen_items=np.array(sorted(seen), dtype=np.int32),
        dropped=0,
    )


def metrics_of(scores, wanted, k, seen=()):
    ranks = rank_targets(lambda *_: [scores], targets_of(wanted, seen), n_items=len(scores))
    return {name: float(value[0]) for name, value in user_metrics(ranks, k=k).items()}


def metrics_by_hand(ordered, wanted, k):
    """Metrics of one strict order, from their definitions."""
    places = [place for place, item in enumerate(ordered, start=1) if item in wanted]
    found = [place for place in places if place <= k]
    size = min(k, len(wanted))
    return {
        "hr": float(bool(found)),
        "recall": len(found) / len(wanted),
        "precision": len(found) / k,
        "ndcg": sum(1 / math.log2(p + 1) for p in found)
        / sum(1 / math.log2(p + 1) for p in range(1, size + 1)),
        "mrr": 1 / found[0] if found else 0.0,
        "map": sum((n + 1) / p for n, p in enumerate(found)) / size,
    }


@given(
    scores=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    k=st.integers(1, 8),
    data=st.data(),
)
def test_each_metric_is_its_mean_over_every_order_of_the_ties(scores, k, data):
    items = list(range(len(scores)))
    wanted = data.draw(st.lists(st.sampled_from(items), min_size=1, unique=True))
    others = [item for item in items if item not in wanted]
    seen = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    ranked = [item for item in items if item not in seen]
    orders = [
        order
        for order in itertools.permutations(ranked)
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    by_hand = [metrics_by_hand(order, set(wanted), k) for order in orders]
    answer = metrics_of(scores, wanted, k, seen)
    for name in METRICS:
        assert answer[name] == pytest.approx(np.mean([each[name] for each in by_hand])), name


def test_a_target_level_with_everything_is_in_the_list_by_chance():
    assert metrics_of([0.0] * 100, [7], k=10)["hr"] == pytest.approx(0.1)


def test_masked_items_make_room():
    assert metrics_of([9, 8, 7, 6], [3], k=1)["hr"] == 0.0
    assert metrics_of([9, 8, 7, 6], [3], k=1, seen=[0, 1, 2])["hr"] == 1.0


def test_kept_items_stay_in_the_ranking():
    ranks = rank_targets(
        lambda *_: [[9, 8, 7]], targets_of([2], seen=[0]), n_items=3, keep_seen=True
    )
    assert ranks.above.tolist() == [2]


def test_items_a_model_does_not_offer_tie_at_the_bottom():
    ranks = rank_targets(lambda *_: [[1.0, -np.inf, -np.inf]], targets_of([2]), n_items=3)
    assert (ranks.above.tolist(), ranks.tied.tolist()) == ([1], [2])


def test_blocks_of_users_change_nothing():
    rng = np.random.default_rng(3)
    users, n_items = 500, 20_000  # more than one block
    scores = rng.integers(0, 50, (users, n_items)).astype(np.float32)
    wanted = rng.integers(0, n_items, users).astype(np.int32)
    no_rows, one_each = np.zeros(users + 1, dtype=np.int64), np.arange(users + 1)
    targets = Targets(
        kind="new",
        asked=np.arange(users),
        offsets=one_each,
        items=wanted,
        seen_offsets=no_rows,
        seen_items=np.zeros(0, dtype=np.int32),
        dropped=0,
    )
    asked = []
    ranks = rank_targets(
        lambda low, high: asked.append((low, high)) or scores[low:high], targets, n_items=n_items
    )
    mine = scores[np.arange(users), wanted][:, None]
    assert len(asked) > 1
    assert ranks.above.tolist() == (scores > mine).sum(1).tolist()
    assert ranks.tied.tolist() == (scores == mine).sum(1).tolist()


@pytest.mark.parametrize("wanted", [[0], [0, 2]])
def test_nan_scores_are_refused(wanted):
    with pytest.raises(OptionError, match="must be numbers"):
        metrics_of([1.0, np.nan, 2.0], wanted, k=1)


def test_masking_a_target_is_refused():
    with pytest.raises(OptionError, match="among the masked items"):
        metrics_of([1.0, 2.0], [1], k=1, seen=[1])


def test_scores_of_another_shape_are_refused():
    with pytest.raises(OptionError, match=r"of shape \(1, 3\)"):
        rank_targets(lambda *_: [[1.0, 2.0]], targets_of([0]), n_items=3)


def test_list_lengths_are_checked():
    ranks = Ranks(offsets=np.array([0, 1]), above=np.array([0]), tied=np.array([1]), n_items=3)
    with pytest.raises(OptionError, match="'k' option of ranking_metrics"):
        ranking_metrics(ranks, k=[])
    with pytest.raises(OptionError, match="'k' option of user_metrics must be 1 or more"):
        user_metrics(ranks, k=0)


def test_no_users_give_nan_and_no_interval():
    none = Ranks(
        offsets=np.array([0]),
        above=np.zeros(0, dtype=np.int64),
        tied=np.zeros(0, dtype=np.int64),
        n_items=3,
    )
    metrics, intervals = ranking_metrics(none, k=[10], interval=bootstrap_interval)
    assert math.isnan(metrics["ndcg@10"])
    assert intervals == {}


def test_the_interval_holds_the_mean_and_narrows_with_users():
    rng = np.random.default_rng(0)
    few, many = rng.random(50), rng.random(5000)
    for values in (few, many):
        low, high = bootstrap_interval(values)
        assert low < values.mean() < high
    widths = [np.subtract(*bootstrap_interval(values)[::-1]) for values in (few, many)]
    assert widths[0] > 5 * widths[1]


def test_the_interval_is_near_the_textbook_one_whether_values_repeat_or_not():
    rng = np.random.default_rng(1)
    for values in (rng.normal(size=2000), rng.integers(0, 2, 2000).astype(float)):
        low, high = bootstrap_interval(values, repeats=4000)
        half = 1.96 * values.std() / math.sqrt(len(values))
        assert (high - low) / 2 == pytest.approx(half, rel=0.08)


def test_the_interval_repeats_with_its_seed():
    values = np.arange(100) / 7
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_wrong_interval_options_are_refused():
    with pytest.raises(OptionError, match="between 0 and 1"):
        bootstrap_interval([1.0], level=95)
    with pytest.raises(OptionError, match="'repeats' option"):
        bootstrap_interval([1.0], repeats=0)
