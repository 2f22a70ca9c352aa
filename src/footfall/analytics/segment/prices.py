"""What is dear and what is cheap: each item's price among its category's, and discounts."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.events.columns import ITEM_ID
from footfall.events.vocabulary import EVENT_TYPES
from footfall.kernels import Array, i16, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Prices", "item_words", "prices_of"]

_PURCHASE = EVENT_TYPES.index("purchase")
_FEWEST = 6  # items of a category whose prices can be parted into three
_NONE = ("", "0", "0.0", "0.00", "0%", "none", "null", "no", "false")


@dataclass(frozen=True)
class Prices:
    """What is known of items' prices and of discounts.

    Parameters
    ----------
    tier : ndarray of int8, shape (items,) or (0,)
        0 the cheap third of the item's category, 1 the middle, 2 the dear third; -1 unknown.
        Empty: no price is known.
    usual : ndarray of int64, shape (items,) or (0,)
        Price of the item table, minor units; 0 unknown. A line that costs at least 5 % less is
        discounted. Empty: there is none.
    discount : str or None
        The property of events that names the discount; it goes before the price.
    """

    tier: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    usual: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    discount: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :meth:`discounted` reads."""
        return () if self.discount is None else (f"properties.{self.discount}",)

    def discounted(self, chunk: UserChunk) -> npt.NDArray[np.int8]:
        """Say of each row whether it names a discount: 1 or 0; a row that says nothing has none."""
        if self.discount is None:
            return np.zeros(0, np.int8)
        (column,) = self.columns
        words = chunk.words[column].to_pylist()
        judged = [int(word.strip().lower() not in _NONE) for word in words]
        return np.array([*judged, 0], np.int8)[chunk[column]]


def item_words(log: LogView, column: str) -> tuple[tuple[str, ...], npt.NDArray[np.int32]] | None:
    """Give a column of the item table as words and a code for each item code; -1 is unknown.

    Returns
    -------
    (tuple of str, ndarray of int32, shape (items,)) or None
        The words ascending; None when there is no such column.
    """
    table = log.items
    if table is None or column not in table.column_names:
        return None
    text = table.column(column).combine_chunks().cast(pa.string()).to_pylist()
    words = sorted({word for word in text if word and word.strip()})
    places = {word: place for place, word in enumerate(words)}
    of_row = np.array([places.get(word, -1) for word in text], np.int32)
    codes = log.item_ids.codes(table.column(ITEM_ID).cast(pa.string()))
    of_item = np.full(len(log.item_ids), -1, np.int32)
    of_item[codes[codes >= 0]] = of_row[codes >= 0]
    return tuple(words), of_item


def prices_of(log: LogView, *, at: int, discount: str | None) -> Prices:
    """Find what is known of items' prices.

    The price of an item is that of the item table; without one, the mean price of its events up
    to ``at``. Thirds are those of the item's category, or of all items where a category has fewer
    than six.

    Parameters
    ----------
    log : LogView
    at : int
        Microseconds UTC.
    discount : str or None
        The property of events that names the discount.
    """
    usual = _table_prices(log)
    if usual is not None:
        known: npt.NDArray[np.float64] = usual.astype(np.float64)
    else:
        sums = log.map(
            partial(_measure_prices, len(log.item_ids), at),
            partial(_add, len(log.item_ids)),
            columns=("timestamp", "event_type", "item", "price", "amount", "quantity"),
            label="prices",
        )
        known = sums[0] / np.maximum(sums[1], 1)
    if not np.any(known > 0):
        return Prices(discount=discount)
    category = item_words(log, "category")
    of_item = category[1] if category else np.full(len(known), -1, np.int32)
    empty = np.zeros(0, np.int64)
    return Prices(_thirds(known, of_item), empty if usual is None else usual, discount)


def _table_prices(log: LogView) -> npt.NDArray[np.int64] | None:
    table = log.items
    if table is None or "price" not in table.column_names:
        return None
    column = table.column("price").combine_chunks()
    if not pa.types.is_integer(column.type):
        return None
    codes = log.item_ids.codes(table.column(ITEM_ID).cast(pa.string()))
    prices = np.zeros(len(log.item_ids), np.int64)
    prices[codes[codes >= 0]] = column.fill_null(0).to_numpy(zero_copy_only=False)[codes >= 0]
    return prices if np.any(prices > 0) else None


def _thirds(
    prices: npt.NDArray[np.float64], category: npt.NDArray[np.int32]
) -> npt.NDArray[np.int8]:
    """Part the items of each category by price into three as even as ties allow."""
    known = np.flatnonzero(prices > 0)
    group = category[known].astype(np.int64)
    sizes = np.bincount(group + 1, minlength=1)
    group[sizes[group + 1] < _FEWEST] = -1
    order = np.lexsort((prices[known], group))
    sorted_group, value = group[order], prices[known][order]
    begins = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]][: len(order)])
    lengths = np.diff(np.r_[begins, len(order)])
    begin, length = np.repeat(begins, lengths), np.repeat(lengths, lengths)
    # Items of one price stand together: the place of the first of them decides.
    same = np.r_[False, (sorted_group[1:] == sorted_group[:-1]) & (value[1:] == value[:-1])]
    place = np.arange(len(order))
    first = np.maximum.accumulate(np.where(same[: len(order)], 0, place))
    tier = np.full(len(prices), -1, np.int8)
    tier[known[order]] = 3 * (first - begin) // length
    return tier


@kernel(
    types.void(i64, i16, i32, i64, i64, i32, types.int64, out_i64, out_i64)
)  # fmt: skip
def _sum_prices(
    timestamp: Array,
    event_type: Array,
    item: Array,
    price: Array,
    amount: Array,
    quantity: Array,
    at: int,
    total: Array,
    units: Array,
) -> None:
    for row in range(len(timestamp)):
        if item[row] < 0 or timestamp[row] > at:
            continue
        if price[row] >= 0:
            total[item[row]] += price[row]
            units[item[row]] += 1
        elif event_type[row] == _PURCHASE and amount[row] > 0:
            total[item[row]] += amount[row]
            units[item[row]] += max(quantity[row], 1)


def _measure_prices(items: int, at: int, chunk: UserChunk) -> tuple[Array, Array]:
    total, units = np.zeros(items, np.int64), np.zeros(items, np.int64)
    _sum_prices(
        chunk["timestamp"], chunk["event_type"], chunk["item"], chunk["price"], chunk["amount"],
        chunk["quantity"], at, total, units,
    )  # fmt: skip
    return total, units


def _add(items: int, parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    nothing = np.zeros(items, np.int64)
    return (
        np.sum([nothing, *(part[0] for part in parts)], axis=0),
        np.sum([nothing, *(part[1] for part in parts)], axis=0),
    )
