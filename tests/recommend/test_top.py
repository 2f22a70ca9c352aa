"""The best k, against sorting everything."""

import numpy as np
from hypothesis import given, strategies as st

from footfall.recommend.top import top_items


@given(
    scores=st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=30),
    k=st.integers(1, 40),
    data=st.data(),
)
def test_the_best_are_those_a_full_sort_puts_first(scores, k, data):
    seen = data.draw(st.lists(st.integers(0, len(scores) - 1), max_size=5))
    items, values = top_items(
        np.array([scores, scores], dtype=np.float32),
        k=k,
        seen_offsets=np.array([0, 0, len(seen)]),
        seen_items=np.array(seen, dtype=np.int32),
    )
    for row, masked in ((0, set()), (1, set(seen))):
        order = sorted(
            (code for code in range(len(scores)) if scores[code] > -np.inf and code not in masked),
            key=lambda code: (-scores[code], code),
        )[:k]
        assert [code for code in items[row].tolist() if code >= 0] == order
        assert values[row][: len(order)].tolist() == [scores[code] for code in order]
