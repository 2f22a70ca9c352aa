"""Names of RFM segments: the eight classes Chinese tools use, and the eleven of English ones."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from footfall.kernels import Array

__all__ = ["EIGHT", "ELEVEN", "Names", "eight_of", "eleven_of"]

Names = Literal["eight", "eleven"]

# High recency (bought lately), high frequency, high money, in bits 4, 2 and 1 -> the class, as
# Alibaba's Quick Audience names it. In the order in which tools list them.
EIGHT: tuple[tuple[int, str, str], ...] = (
    (0b111, "high value", "高价值"),
    (0b011, "key to retain", "重点保持"),
    (0b101, "key to develop", "重点发展"),
    (0b001, "key to win back", "重点挽留"),
    (0b110, "general value", "一般价值"),
    (0b010, "general to retain", "一般保持"),
    (0b100, "general to develop", "一般发展"),
    (0b000, "potential", "潜在"),
)

ELEVEN: tuple[tuple[str, str], ...] = (
    ("champions", "冠军"),
    ("loyal", "忠诚"),
    ("potential loyalists", "潜在忠诚"),
    ("new", "新客"),
    ("promising", "有希望"),
    ("need attention", "需要关注"),
    ("about to sleep", "即将沉睡"),
    ("cannot lose", "不可流失"),
    ("at risk", "有流失风险"),
    ("hibernating", "沉睡"),
    ("lost", "已流失"),
)

# The place in ELEVEN by recency score (rows, 1 to 5) and by the mean of frequency and money
# score (columns, 1 to 5): every pair has one name.
_GRID = np.array(
    [
        [10, 9, 8, 7, 7],
        [9, 9, 8, 8, 7],
        [6, 6, 5, 1, 1],
        [4, 2, 2, 1, 1],
        [3, 2, 2, 1, 0],
    ],
    np.int8,
)


def eight_of(high: tuple[Array, Array, Array]) -> npt.NDArray[np.int8]:
    """Give the place in :data:`EIGHT` of users whose recency, frequency and money are high."""
    bits = 4 * high[0].astype(np.int8) + 2 * high[1].astype(np.int8) + high[2].astype(np.int8)
    place = np.empty(8, np.int8)
    place[[row[0] for row in EIGHT]] = np.arange(8, dtype=np.int8)
    return place[bits]


def eleven_of(
    scores: tuple[Array, Array, Array], bins: tuple[int, int, int]
) -> npt.NDArray[np.int8]:
    """Give the place in :data:`ELEVEN` of users by their scores.

    Scores of other than five bins are first stretched to five. Frequency and money count as their
    mean, rounded up.
    """
    r, f, m = (
        -(-score.astype(np.int64) * 5 // most)  # rounded up
        for score, most in zip(scores, bins, strict=True)
    )
    return _GRID[r - 1, (f + m + 1) // 2 - 1]
