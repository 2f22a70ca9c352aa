"""Accuracy by kind of user, by hand."""

import numpy as np
import pytest

from footfall.errors import OptionError
from footfall.evaluate import Ranks, history_bands, segment_metrics


def ranks_at(*above):
    """One target a user, without ties."""
    return Ranks(
        offsets=np.arange(len(above) + 1),
        above=np.array(above),
        tied=np.ones(len(above), dtype=np.int64),
        n_items=50,
    )


def test_histories_fall_into_bands():
    lengths = [0, 1, 2, 3, 5, 6, 10, 11, 20, 21, 50, 51, 200, 201]
    assert history_bands(lengths) == [
        "0", "1-2", "1-2", "3-5", "3-5", "6-10", "6-10", "11-20", "11-20", "21-50", "21-50",
        "51-200", "51-200", "201+",
    ]  # fmt: skip
    assert history_bands([1, 2, 3, 9], starts=[2, 3]) == ["0-1", "2", "3+", "3+"]


def test_each_segment_has_its_users_and_their_means():
    found = segment_metrics(ranks_at(0, 9, 4), ["b", "b", "a"], k=5)
    assert list(found) == ["a", "b"]
    assert found["a"]["users"] == (1, None, None)
    assert found["a"]["mrr@5"].value == pytest.approx(0.2)
    assert (found["b"]["users"].value, found["b"]["hr@5"].value) == (2, 0.5)
    low, high = found["b"]["hr@5"][1:]
    assert (low, high) == (0.0, 1.0)


def test_segments_come_in_the_order_of_their_numbers():
    names = ["201+", "3-5", "other", "11-20", "1-2"]
    found = segment_metrics(ranks_at(0, 0, 0, 0, 0), names, intervals=False)
    assert list(found) == ["1-2", "3-5", "11-20", "201+", "other"]
    assert found["1-2"]["ndcg@10"] == (1.0, None, None)


def test_users_of_all_segments_together_give_the_whole():
    rng = np.random.default_rng(0)
    names = rng.choice(["a", "b", "c"], 100)
    ranks = ranks_at(*rng.integers(0, 30, 100))
    found = segment_metrics(ranks, names, intervals=False)
    whole = segment_metrics(ranks, ["all"] * 100, intervals=False)["all"]
    total = sum(group["users"].value * group["ndcg@10"].value for group in found.values())
    assert total / 100 == pytest.approx(whole["ndcg@10"].value)


def test_wrong_segments_are_refused():
    with pytest.raises(OptionError, match="must be 2 names"):
        segment_metrics(ranks_at(0, 1), ["a"])
    for starts in ([], [3, 1], [0]):
        with pytest.raises(OptionError, match="ascending lengths from 1"):
            history_bands([1], starts=starts)
