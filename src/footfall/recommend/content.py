"""Content: items like the user's own by what the shop says of them, new items among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.features.item_bags import item_bags
from footfall.features.sequences import Sequences
from footfall.kernels import f32, f64, i32, i64, kernel
from footfall.recommend.checks import check_between, check_count, check_mapping
from footfall.recommend.contract import Recommender
from footfall.recommend.recent import popular_floor, recent_items

__all__ = ["Content"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Content(Recommender):
    """Recommend items whose attributes are like those of the user's items.

    What the item table says (bags of attributes, the categories of a path, brand, price level,
    words of titles, in Chinese each two signs that stand together) becomes one weighted vector an
    item: a value that ``df`` of ``n`` items have weighs ``sqrt(column weight) * log(n / df)``, and
    vectors are scaled to length 1. The score of an item is the mean over the user's items of the
    cosine with it, each step back in the history weaker by `decay`: 0 to 1.

    Nothing else is mixed in, so that items without any event are answered as well as all others;
    popularity only orders those that have nothing in common with the history. Without an item
    table all is by popularity.

    Parameters
    ----------
    event_types : tuple of str or None
        Event types of a log that count; None: all that show interest in an item.
    column_weights : mapping of column to weight, or None
        What a column of the item table counts for; those not named count 1, 0 leaves one out.
    decay : float
        How much weaker each step back in the history is; a step is a moment (a basket), or a row
        where moments are unknown.
    max_history : int
        Latest different items of a user that count.

    References
    ----------
    Pazzani, M. and Billsus, D. (2007). Content-based recommendation systems. The Adaptive Web.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({
    ...     "item_id": ["kettle", "pot", "cup", "rake"],
    ...     "category": ["home/tea", "home/tea", "home/cups", "garden/tools"],
    ... })
    >>> shop = Sequences.from_arrays(
    ...     [0, 1, 2], [0, 3], item_ids=["kettle", "pot", "cup", "rake"], item_table=table
    ... )
    >>> Content().fit(shop).recommend(["0"]).to_pydict()["item_id"]
    ['pot', 'cup', 'rake']
    """

    name: ClassVar[str] = "content"
    reads_items: ClassVar[bool] = True

    column_weights: Mapping[str, float] | None = None
    decay: float = 0.6
    max_history: int = 100

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        check_mapping(self.column_weights or {}, "column_weights", self.name)
        for weight in (self.column_weights or {}).values():
            check_between(weight, "column_weights", self.name, low=0)
        check_between(self.decay, "decay", self.name, low=0, high=1)
        check_count(self.max_history, "max_history", self.name)

    def _fit(self, sequences: Sequences, _rng: np.random.Generator, /) -> dict[str, Array]:
        if sequences.item_table is None:
            return {}
        items, values, weights, n_values = _vectors(sequences.item_table, self.column_weights or {})
        per_item = np.bincount(items, minlength=sequences.n_items)
        per_value = np.bincount(values, minlength=n_values)
        turned = np.argsort(values, kind="stable")
        return {
            "item_offsets": np.concatenate(([0], np.cumsum(per_item))),
            "item_values": values,
            "item_weights": weights,
            "value_offsets": np.concatenate(([0], np.cumsum(per_value))),
            "value_items": items[turned],
            "value_weights": weights[turned],
        }

    def _score(self, histories: Sequences) -> Float32:
        learned = self.learned_
        if not learned:
            return np.tile(self.popularity_, (histories.n_users, 1))
        scores = np.tile(popular_floor(self.popularity_), (histories.n_users, 1))
        _match(
            *recent_items(histories, most=self.max_history, decay=self.decay),
            learned["item_offsets"],
            learned["item_values"],
            learned["item_weights"],
            learned["value_offsets"],
            learned["value_items"],
            learned["value_weights"],
            scores,
        )
        return scores

    def _similar(self, items: Int32) -> Float32:
        size = len(self.popularity_)
        return self._score(Sequences.from_arrays(np.arange(len(items) + 1), items, n_items=size))


def _vectors(
    table: pa.Table, column_weights: Mapping[str, float]
) -> tuple[Int32, Int32, Float32, int]:
    """Return the items, ascending, their values and weights, and how many values there are."""
    items, values, weights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    n_values = 0
    for bag in item_bags(table):
        sizes, counts = np.diff(bag.offsets), np.bincount(bag.codes)
        rarity = np.log(table.num_rows / counts)
        items.append(np.repeat(np.arange(len(sizes)), sizes))
        values.append(bag.codes + n_values)
        weights.append(float(column_weights.get(bag.name, 1.0)) ** 0.5 * rarity[bag.codes])
        n_values += len(counts)
    item, value, weight = (np.concatenate(part) for part in (items, values, weights))
    said = np.flatnonzero(weight > 0)  # what all items share tells nothing
    order = said[np.argsort(item[said], kind="stable")]
    item, value, weight = item[order], value[order], weight[order]
    length = np.sqrt(np.bincount(item, weight**2, minlength=table.num_rows))[item]
    return (
        item.astype(np.int32),
        value.astype(np.int32),
        (weight / length).astype(np.float32),
        n_values,
    )


@kernel(types.void(i64, i32, f64, i64, i32, f32, i64, i32, f32, types.float32[:, ::1]))
def _match(
    offsets: Int64,
    items: Int32,
    weights: Float64,
    item_offsets: Int64,
    item_values: Int32,
    item_weights: Float32,
    value_offsets: Int64,
    value_items: Int32,
    value_weights: Float32,
    scores: Float32,
) -> None:
    """Add to each history's scores the mean cosine of its items with each item."""
    profile = np.zeros(len(value_offsets) - 1)
    met = np.empty(len(profile), dtype=np.int32)
    for u in range(len(offsets) - 1):
        found, total = 0, 0.0
        for row in range(offsets[u], offsets[u + 1]):
            item = items[row]
            total += weights[row]
            for place in range(item_offsets[item], item_offsets[item + 1]):
                value = item_values[place]
                if profile[value] == 0.0:
                    met[found] = value
                    found += 1
                profile[value] += weights[row] * item_weights[place]
        for at in range(found):
            value = met[at]
            gain = profile[value] / total
            profile[value] = 0.0
            for place in range(value_offsets[value], value_offsets[value + 1]):
                scores[u, value_items[place]] += gain * value_weights[place]
