"""Popular and BuyAgain, by hand."""

import pytest

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import BuyAgain, Popular
from footfall.store.memory import MemoryLog

LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01", "view", "kettle"),
        ("bob", "2026-01-01", "view", "kettle"),
        ("cas", "2026-01-01", "view", "kettle"),
        ("ann", "2026-01-31", "purchase", "teapot"),
        ("bob", "2026-01-31", "view", "teapot"),
        ("bob", "2026-01-31", "return", "teapot"),
        ("cas", "2026-01-31", "impression", "cup"),
    ]
)


def scores_of(model):
    table = model.recommend(["zoe"])
    return dict(zip(table["item_id"].to_pylist(), table["score"].to_pylist(), strict=True))


def test_popular_counts_interactions_but_no_returns_and_impressions():
    assert scores_of(Popular().fit(LOG)) == {"kettle": 3.0, "teapot": 2.0}


def test_old_interactions_fade_by_half_each_half_life():
    assert scores_of(Popular(half_life_days=15).fit(LOG)) == {"teapot": 2.0, "kettle": 0.75}


def test_events_weigh_what_the_options_say():
    weighted = Popular(event_weights={"purchase": 5, "view": 0.5}).fit(LOG)
    assert scores_of(weighted) == {"teapot": 5.5, "kettle": 1.5}


def test_items_of_equal_score_come_in_the_order_of_their_ids():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view", item) for item in "cab"])
    assert list(scores_of(Popular().fit(log))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"half_life_days": 0}, "'half_life_days' option of popular must be a number from"),
        ({"half_life_days": float("nan")}, "'half_life_days' option"),
        ({"half_life_days": float("inf")}, "'half_life_days' option"),
        ({"event_weights": {"view": -1}}, "'event_weights' option of popular"),
    ],
)
def test_wrong_options_are_refused_where_they_are_made(options, message):
    with pytest.raises(OptionError, match=message):
        Popular(**options)


def again(items, *, timestamps=None, **options):
    sequences = Sequences.from_arrays([0, len(items)], items, timestamps=timestamps)
    table = BuyAgain(**options).fit(sequences).recommend(["0"], keep_seen=True)
    return table["item_id"].to_pylist()


def test_own_items_come_most_frequent_first_and_then_latest_first():
    assert again([0, 1, 2, 2, 3]) == ["2", "3", "1", "0"]


def test_the_latest_never_outruns_the_more_frequent():
    assert again([0, 0, *[1, 2] * 30, 3])[:3] == ["2", "1", "0"]


def test_own_items_fade_with_age_when_asked():
    day = 86_400_000_000
    items, times = [0, 0, 1], [0, 0, 30 * day]
    assert again(items, timestamps=times, half_life_days=1000) == ["0", "1"]
    assert again(items, timestamps=times, half_life_days=10) == ["1", "0"]


def test_a_user_without_history_and_a_masked_one_get_what_is_popular():
    sequences = Sequences.from_arrays([0, 2, 4], [0, 1, 1, 2], n_items=3)
    model = BuyAgain().fit(sequences)
    assert model.recommend(["zoe"], k=1)["item_id"].to_pylist() == ["1"]
    assert model.recommend(["1"], k=9)["item_id"].to_pylist() == ["0"]
