from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.analytics.value.repeats import repeats
from footfall.analytics.value.rfm import rfm
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def test_a_line_repeats_only_across_orders_and_orders_are_those_of_every_question() -> None:
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01T10:00", "purchase", "tea"),
            ("ann", "2026-01-01T10:01", "purchase", "tea"),  # the same order: no repeat
            ("ann", "2026-01-01T10:02", "purchase", "milk"),
            ("ann", "2026-01-04T10:00", "purchase", "tea"),  # bought before
            ("ann", "2026-01-04T10:00", "view", "milk"),
            ("bob", "2026-01-02T10:00", "purchase", "milk"),
        ]
    )
    answer = repeats(log, days=10, order="visit")
    assert (answer.buyers, answer.repeat_buyers, answer.orders) == (2, 1, 3)
    assert (answer.lines, answer.repeat_lines) == (5, 1)
    answer = repeats(log, days=10)  # without given sessions, each moment is an order
    assert (answer.buyers, answer.repeat_buyers, answer.orders) == (2, 1, 5)
    assert (answer.lines, answer.repeat_lines) == (5, 2)
    for order in ("session", "moment", "visit"):
        scores = rfm(log, order=order).scores()
        assert sum(scores.column("orders").to_pylist()) == repeats(log, order=order).orders


def test_orders_at_the_end_of_the_log_are_watched_only_as_long_as_the_log_lasts() -> None:
    log = MemoryLog.from_rows(
        [
            ("ann", "2026-01-01T00:00", "purchase", "tea"),
            ("ann", "2026-01-03T00:00", "purchase", "tea"),  # two days later; then watched 2 days
            ("bob", "2026-01-04T00:00", "purchase", "tea"),  # watched for one day
            ("zoe", "2026-01-05T00:00", "view", "tea"),
        ]
    )
    answer = repeats(log, days=4)
    assert answer.frame.column("came_back").to_pylist() == [0, 0, 1, 0]
    assert answer.frame.column("at_risk").to_pylist() == [3, 3, 2, 0]
    assert answer.share_back(3) == 0.5
    assert answer.median_days == 3


def test_a_log_without_purchases_answers_nothing_happened() -> None:
    answer = repeats(MemoryLog.from_rows([("ann", "2026-01-01", "view", "tea")]))
    assert (answer.buyers, answer.orders, answer.median_days) == (0, 0, None)
    assert "buyers 0" in str(answer)


def test_a_curve_of_no_days_is_refused() -> None:
    with pytest.raises(OptionError, match="'days' option of repeats must be an int"):
        repeats(MemoryLog.from_rows([("ann", "2026-01-01", "purchase", "tea")]), days=0)


def _naive(rows: list[tuple[int, int, int]], days: int) -> list[Fraction]:
    """Follow each order by hand; rows are (user, day, item), an order a user and day."""
    last = max(day for _, day, _ in rows)
    waits = []
    for user in {user for user, _, _ in rows}:
        mine = sorted({day for who, day, _ in rows if who == user})
        waits += [(b - a, True) for a, b in pairwise(mine)]
        waits.append((last - mine[-1], False))
    stays, curve = Fraction(1), []
    for day in range(days):
        risk = sum(wait >= day for wait, _ in waits)
        came = sum(wait == day and event for wait, event in waits)
        stays *= 1 - Fraction(came, max(risk, 1))
        curve.append(1 - stays)
    return curve


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12), st.integers(0, 3)), min_size=1),
    st.integers(1, 4),
)
def test_the_curve_and_the_repeats_equal_a_count_by_hand(
    rows: list[tuple[int, int, int]], buckets: int
) -> None:
    log = MemoryLog.from_rows(
        [(f"u{user}", day * DAY, "purchase", f"i{item}") for user, day, item in rows],
        buckets=buckets,
    )
    answer = repeats(log, days=15)
    np.testing.assert_allclose(
        answer.frame.column("share_back").to_numpy(), [float(x) for x in _naive(rows, 15)]
    )
    repeated = sum(
        any(u == user and i == item and d < day for u, d, i in rows) for user, day, item in rows
    )
    assert answer.repeat_lines == repeated
