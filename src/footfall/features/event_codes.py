"""What the codes of event rows stand for: learned from one stretch of a log, used for any other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import ITEM_ID, USER_ID
from footfall.features.event_reading import RawEvents
from footfall.features.user_attributes import Attribute, learn_attributes
from footfall.store.ids import IdMap
from footfall.store.view import LogView
from footfall.store.words import Words

__all__ = ["ARRAYS", "CATEGORY", "EventCodes", "ItemCodes", "item_codes"]

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

CATEGORY = "category"  # column of the item table
MOST_CATEGORIES = 2_000
MOST_VALUES = 64  # of a property
ARRAYS = ("item_ids", "item_prices", "item_categories", "category_prices")


@dataclass(frozen=True, kw_only=True, eq=False)
class EventCodes:
    """What the codes of event rows stand for, and what prices are compared with.

    Parameters
    ----------
    event_types : tuple of str
        Those that occurred, by name.
    item_ids : pa.StringArray, length V
        The items with most events, in the order of their ids.
    categories : tuple of str, length K
        Categories of the item table with most events, by name.
    item_categories : int32 array, shape (V,)
        The category of each item; -1 for none.
    properties : mapping of key to tuple of str
        Values of each property that is read, by text.
    attributes : tuple of Attribute
        Columns of the user table.
    item_prices, category_prices : float64 arrays, shapes (V,) and (K,)
        Median price in minor units; NaN where none was ever said.
    price_mean, price_spread : float
        Of the logarithm of prices.
    purchase, returned : str
        The event types that are an order and a return.
    utc_offset_minutes : int
        The shop's clock minus UTC.
    """

    event_types: tuple[str, ...]
    item_ids: pa.StringArray
    item_prices: Float64
    categories: tuple[str, ...] = ()
    item_categories: Int32 = field(default_factory=lambda: np.empty(0, np.int32))
    category_prices: Float64 = field(default_factory=lambda: np.empty(0))
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    price_mean: float = 0.0
    price_spread: float = 1.0
    purchase: str = "purchase"
    returned: str = "return"
    utc_offset_minutes: int = 0

    def type_code(self, name: str) -> int:
        """Give the code of an event type; -1 for one that did not occur."""
        return self.event_types.index(name) if name in self.event_types else -1

    @classmethod
    def learn(
        cls,
        log: LogView,
        raw: RawEvents,
        *,
        purchase: str,
        returned: str,
        most_items: int,
        utc_offset_minutes: int,
    ) -> Self:
        """Give codes to what occurs in rows that were read.

        Parameters
        ----------
        log : LogView
        raw : RawEvents
            Nothing else of the log's events is looked at.
        purchase, returned : str
        most_items : int
            Items that get a code of their own.
        utc_offset_minutes : int
        """
        used = np.unique(raw.columns["event_type"])
        names = tuple(sorted(log.event_types[code] for code in used))
        ids = _common_items(log, raw.columns["item"], most_items)
        items = item_codes(log, raw.columns["item"], ids, None)
        of_items = item_codes(log, log.item_ids.codes(ids), ids, items.names).categories
        prices = np.where(raw.columns["price"] >= 0, raw.columns["price"], np.nan)
        logs = np.log1p(prices[np.isfinite(prices)])
        return cls(
            event_types=names,
            item_ids=ids,
            item_prices=_medians(items.items, prices, len(ids)),
            categories=items.names,
            item_categories=of_items,
            category_prices=_medians(items.categories, prices, len(items.names)),
            properties={
                name.partition(".")[2]: _common_words(words)
                for name, words in raw.words.items()
                if name.startswith("properties.")
            },
            attributes=learn_attributes(_of_users(log.users, raw.user_ids)),
            price_mean=float(_mean(logs)),
            price_spread=float(np.sqrt(_mean((logs - _mean(logs)) ** 2))) or 1.0,
            purchase=purchase,
            returned=returned,
            utc_offset_minutes=utc_offset_minutes,
        )

    def prices(self, price: Int64, items: Int32, categories: Int32) -> tuple[Any, Any]:
        """Give prices, absolute and beside those of the category (or the item's own), as logs.

        Parameters
        ----------
        price : int64 array, shape (N,)
            Minor units; negative: not said.
        items, categories : int32 arrays, shape (N,)
            Codes; -1 for none.

        Returns
        -------
        absolute, relative : float32 arrays, shape (N,)
            NaN where nothing can be said.
        """
        logs = np.log1p(np.where(price >= 0, price, np.nan).astype(np.float64))
        own = np.append(self.item_prices, np.nan)[items]
        usual = np.where(categories >= 0, np.append(self.category_prices, np.nan)[categories], own)
        absolute = (logs - self.price_mean) / self.price_spread
        return absolute.astype(np.float32), (logs - np.log1p(usual)).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Give plain values, all but the arrays."""
        plain = ("price_mean", "price_spread", "purchase", "returned", "utc_offset_minutes")
        return {
            **{name: getattr(self, name) for name in plain},
            "event_types": list(self.event_types),
            "categories": list(self.categories),
            "properties": {key: list(values) for key, values in self.properties.items()},
            "attributes": [vars(each) for each in self.attributes],
        }

    @classmethod
    def from_json(cls, words: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave, and the arrays by their names here."""
        lists = {
            "event_types": tuple(words["event_types"]),
            "categories": tuple(words["categories"]),
        }
        properties = {key: tuple(values) for key, values in words["properties"].items()}
        attributes = tuple(
            Attribute(name=a["name"], values=tuple(a["values"]), bounds=tuple(a["bounds"]))
            for a in words["attributes"]
        )
        given = {name: arrays[name] for name in ARRAYS}
        rest = {**words, **lists, **given, "properties": properties, "attributes": attributes}
        return cls(**rest)


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemCodes:
    """Codes of the items of some rows.

    Parameters
    ----------
    items, categories : int32 arrays, shape (N,)
        -1 where there is none, or none with a code.
    names : tuple of str
        The categories.
    """

    items: Int32
    categories: Int32
    names: tuple[str, ...]


def item_codes(
    log: LogView, codes: Int32, ids: pa.StringArray, names: tuple[str, ...] | None
) -> ItemCodes:
    """Turn a log's item codes into those of event rows.

    Parameters
    ----------
    log : LogView
    codes : int32 array, shape (N,)
        Of the log.
    ids : pa.StringArray
        Items with a code of their own.
    names : tuple of str or None
        The categories; None: those with most rows.
    """
    used, place = np.unique(codes, return_inverse=True)
    strings = log.item_ids.strings(used)
    category = _category_of(log.items, strings)
    if names is None:
        rows = np.bincount(place, minlength=len(used))
        names = _most(category, rows, MOST_CATEGORIES)
    found = pc.index_in(category, value_set=pa.array(names, pa.string())).fill_null(-1)
    coded = np.asarray(found.to_numpy(zero_copy_only=False), np.int32)
    return ItemCodes(items=IdMap(ids).codes(strings)[place], categories=coded[place], names=names)


def _category_of(table: pa.Table | None, ids: pa.StringArray) -> pa.StringArray:
    """Give the category of each item; null where the shop says none. An item's last row counts."""
    if table is None or not {ITEM_ID, CATEGORY} <= set(table.column_names) or not len(ids):
        return pa.nulls(len(ids), pa.string())
    code = IdMap(ids.drop_null()).codes(table.column(ITEM_ID).cast(pa.string()))
    row_of = np.full(len(ids) + 1, -1, np.int64)
    row_of[code[code >= 0]] = np.flatnonzero(code >= 0)
    own = IdMap(ids.drop_null()).codes(ids)  # null ids have no code
    rows = row_of[own]
    column = table.column(CATEGORY).cast(pa.string()).combine_chunks()
    return column.take(pa.array(rows, mask=rows < 0))


def _common_items(log: LogView, codes: Int32, most: int) -> pa.StringArray:
    used, rows = np.unique(codes[codes >= 0], return_counts=True)
    names = _most(log.item_ids.strings(used), rows, most)
    return pa.array(names, pa.string())


def _common_words(words: Words) -> tuple[str, ...]:
    used, rows = np.unique(words.codes[words.codes >= 0], return_counts=True)
    return _most(words.strings.take(pa.array(used)), rows, MOST_VALUES)


def _most(strings: pa.StringArray, rows: npt.NDArray[Any], most: int) -> tuple[str, ...]:
    """Give the strings with most rows, ties by their text, in the order of their text."""
    table = pa.table({"text": strings, "rows": np.asarray(rows, np.int64)})
    table = (
        table.filter(pc.is_valid(table.column("text")))
        .group_by("text")
        .aggregate([("rows", "sum")])
    )
    order = pc.sort_indices(table, sort_keys=[("rows_sum", "descending"), ("text", "ascending")])
    return tuple(sorted(table.column("text").take(order[:most]).to_pylist()))


def _medians(groups: Int32, values: Float64, size: int) -> Float64:
    """Give the lower median of each group's known values; NaN for groups without any."""
    known = (groups >= 0) & np.isfinite(values)
    group, value = groups[known], values[known]
    order = np.lexsort((value, group))
    counts = np.bincount(group, minlength=size)
    middle = np.cumsum(counts) - counts + (counts - 1) // 2
    medians = np.full(size, np.nan)
    medians[counts > 0] = value[order][middle[counts > 0]]
    return medians


def _of_users(table: pa.Table | None, ids: pa.StringArray) -> pa.Table | None:
    if table is None:
        return None
    return table.filter(pc.is_in(table.column(USER_ID).cast(pa.string()), value_set=ids))


def _mean(values: Float64) -> float:
    """Sum in the order of size, so that the order of rows changes nothing."""
    return float(np.sort(values).mean()) if len(values) else 0.0
