"""Rules and the links they count, by hand and against a plain form."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import Rules
from footfall.recommend.links import count_links, steps_of

PLAIN = {"normalize": 0, "damping": 0, "own_share": 0, "decay": 1}


def links_of(model, items):
    """Learned links as {(from, to): weight}."""
    learned = model.learned_
    offsets = learned["link_offsets"]
    return {
        (items[a], items[int(learned["link_targets"][link])]): float(learned["link_weights"][link])
        for a in range(len(offsets) - 1)
        for link in range(offsets[a], offsets[a + 1])
    }


def fitted(items, *, timestamps=None, **options):
    sequences = Sequences.from_arrays([0, len(items)], items, timestamps=timestamps)
    return Rules(**PLAIN | options).fit(sequences)


def test_a_link_weakens_with_the_steps_between():
    model = fitted([0, 1, 2], window=2, distance_power=1, backward=0)
    assert links_of(model, "abc") == {("a", "b"): 1, ("a", "c"): 0.5, ("b", "c"): 1}


def test_links_end_at_the_window_and_at_the_user():
    sequences = Sequences.from_arrays([0, 3, 5], [0, 1, 2, 3, 4])
    model = Rules(**PLAIN, window=1, backward=0).fit(sequences)
    assert set(links_of(model, "abcde")) == {("a", "b"), ("b", "c"), ("d", "e")}


def test_links_back_weigh_a_share():
    model = fitted([0, 1], backward=0.25)
    assert links_of(model, "ab") == {("a", "b"): 1, ("b", "a"): 0.25}


def test_items_of_one_moment_are_linked_both_ways_and_count_as_one_step():
    model = fitted(
        [0, 1, 2], timestamps=[5, 5, 9], window=1, together=0.5, backward=0, distance_power=1
    )
    assert links_of(model, "abc") == {
        ("a", "b"): 0.5,
        ("b", "a"): 0.5,
        ("a", "c"): 1,
        ("b", "c"): 1,
    }


def test_reach_bounds_the_rows_looked_at():
    model = fitted([0, 1, 2, 3], timestamps=[5, 5, 5, 5], reach=1)
    assert set(links_of(model, "abcd")) == {
        ("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "c"),
    }  # fmt: skip


def test_only_the_strongest_links_are_kept_but_all_count_in_the_sum():
    items = [0, 1, 0, 1, 0, 2]
    whole = fitted(items, window=1, backward=0)
    assert links_of(whole, "abc") == {("a", "b"): 2, ("a", "c"): 1, ("b", "a"): 2}
    best = fitted(items, window=1, backward=0, max_links=1)
    assert links_of(best, "abc") == {("a", "b"): 2, ("b", "a"): 2}
    shared = fitted(items, window=1, backward=0, max_links=1, normalize=1)
    assert links_of(shared, "abc")["a", "b"] == pytest.approx(2 / 3)


def test_a_frequent_item_speaks_as_loudly_as_normalize_lets_it():
    items = [0, 1] * 4
    assert links_of(fitted(items, window=1, backward=0), "ab")["a", "b"] == 4
    half = links_of(fitted(items, window=1, backward=0, normalize=0.5, damping=12), "ab")
    assert half["a", "b"] == 1  # 4 / sqrt(4 + 12)


def test_the_latest_item_leads():
    sequences = Sequences.from_arrays([0, 2, 4, 6], [0, 1, 2, 3, 0, 2], n_items=4)
    model = Rules(**PLAIN | {"decay": 0.5}).fit(sequences)
    assert model.recommend(["2"], k=2)["item_id"].to_pylist() == ["3", "1"]


def test_own_history_matters_only_where_items_may_come_again():
    sequences = Sequences.from_arrays([0, 2, 4, 6], [0, 1, 1, 2, 1, 2])
    shares = [Rules(own_share=share).fit(sequences) for share in (0.0, 0.99)]
    masked = [model.recommend(["0"])["item_id"].to_pylist() for model in shares]
    kept = [model.recommend(["0"], k=1, keep_seen=True)["item_id"].to_pylist() for model in shares]
    assert masked == [["2"], ["2"]]
    assert kept == [["2"], ["1"]]


def test_items_no_link_reaches_come_by_popularity():
    sequences = Sequences.from_arrays([0, 2, 3, 4, 5], [0, 1, 3, 3, 2])
    assert Rules().fit(sequences).recommend(["0"])["item_id"].to_pylist() == ["3", "2"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("window", 0),
        ("window", 2.5),
        ("reach", -1),
        ("max_links", 0),
        ("decay", 1.5),
        ("backward", -0.1),
        ("own_share", 1),
        ("damping", -1),
        ("normalize", "much"),
        ("together", float("inf")),
        ("own_half_life_days", 0),
    ],
)
def test_wrong_options_are_refused(option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of rules must be"):
        Rules(**{option: value})


histories = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=8), min_size=1, max_size=5
)


@given(histories=histories, reach=st.integers(1, 9))
@settings(deadline=None)
def test_links_agree_with_a_plain_double_loop(histories, reach):
    histories = [sorted(rows, key=lambda row: row[1]) for rows in histories]
    offsets = np.concatenate(([0], np.cumsum([len(rows) for rows in histories])))
    items = np.array([item for rows in histories for item, _ in rows], dtype=np.int32)
    times = np.array([time for rows in histories for _, time in rows], dtype=np.int64)
    ahead, behind = np.array([0.5, 1.0, 0.25]), np.array([0.0, 0.5, 0.125])
    links = count_links(
        offsets, items, steps_of(offsets, times, len(items)),
        n_items=5, ahead=ahead, behind=behind, reach=reach, most=99,
    )  # fmt: skip
    expected = np.zeros((5, 5))
    for rows in histories:
        moments = sorted({time for _, time in rows})
        for a, (item, time) in enumerate(rows):
            for b, (other, later) in enumerate(rows):
                apart = moments.index(later) - moments.index(time)
                if a == b or abs(a - b) > reach or abs(apart) > 2:
                    continue
                expected[item, other] += ahead[apart] if apart >= 0 else behind[-apart]
    dense = np.zeros((5, 5))
    dense[np.repeat(np.arange(5), np.diff(links.offsets)), links.targets] = links.weights
    assert dense.tolist() == expected.tolist()
    assert links.sums.tolist() == expected.sum(1).tolist()
