"""The catalog: items with names, prices and popularity that show, and factors that do not."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.shoppers import DAY_US, FACTORS
from footfall.events.simulate.words import ADJECTIVES, BRANDS, CATEGORIES, DEPARTMENTS

__all__ = ["CATEGORY", "FOLLOWERS", "ITEM", "Catalog", "make_catalog", "titles"]

FOLLOWERS = 4  # items that follow an item, and items that resemble it
_CATALOG = 3  # purpose of the random stream

ITEM = np.dtype(
    [
        ("category", np.int32),
        ("brand", np.int32),
        ("price", np.int64),  # minor units
        ("price_level", np.float64),  # log(price / typical price of the category)
        ("quality", np.float64),  # standard normal
        ("margin", np.float64),  # share of the price
        ("popularity", np.float64),  # base weight within the category (Zipf)
        ("launched", np.int64),  # microseconds after the start of the log; 0: was there before
    ]
)
CATEGORY = np.dtype(
    [
        ("start", np.int64),  # of its items in `by_category`
        ("stop", np.int64),
        ("restock_days", np.float64),
        ("fashion", np.float64),  # 1: clothes, sent back more often
        ("popularity", np.float64),  # added to the log of the chance to be chosen
    ]
)


@dataclass(frozen=True)
class Catalog:
    """What is on the shelves.

    Parameters
    ----------
    items : ndarray of `ITEM` records, shape (I,)
        One record an item.
    factors : ndarray of shape (I, FACTORS), float32
        Hidden; a shopper's taste match is the dot product with their tastes.
    categories : ndarray of `CATEGORY` records, shape (C,)
        In the order of `words.CATEGORIES`.
    category_factors : ndarray of shape (C, FACTORS), float32
        Hidden centers of the categories.
    by_category : ndarray of shape (I,), int32
        Items, category after category.
    popularity_cdf : ndarray of shape (I,), float64
        Cumulated popularity within each category, in the order of `by_category`.
    followers, similar : ndarray of shape (I, FOLLOWERS), int32
        Items viewed next: of the accessory category, and of the same category.
    """

    items: npt.NDArray[np.void]
    factors: npt.NDArray[np.float32]
    categories: npt.NDArray[np.void]
    category_factors: npt.NDArray[np.float32]
    by_category: npt.NDArray[np.int32]
    popularity_cdf: npt.NDArray[np.float64]
    followers: npt.NDArray[np.int32]
    similar: npt.NDArray[np.int32]

    def ids(self) -> pa.Array:
        """Spell the items' ids: ``i0000000`` and on."""
        return pa.array([f"i{item:07d}" for item in range(len(self.items))])


def _unit_rows(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return cast("npt.NDArray[np.float64]", matrix / norms)


def _draw_factors(
    rng: np.random.Generator, category: npt.NDArray[np.int64], brand: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw (item factors, category centers): department, category, brand and the item's own."""
    names = list(DEPARTMENTS)
    department = np.array([names.index(leaf.department) for leaf in CATEGORIES])
    centers = _unit_rows(
        _unit_rows(rng.normal(size=(len(names), FACTORS)))[department]
        + 0.9 * _unit_rows(rng.normal(size=(len(CATEGORIES), FACTORS)))
    )
    brands = _unit_rows(rng.normal(size=(len(BRANDS), FACTORS)))
    own = _unit_rows(rng.normal(size=(len(category), FACTORS)))
    factors = 0.5 * centers[category] + 0.6 * brands[brand] + 0.7 * own
    return factors.astype(np.float32), centers.astype(np.float32)


def _draw_items(
    rng: np.random.Generator,
    days: int,
    category: npt.NDArray[np.int64],
    brand: npt.NDArray[np.int64],
) -> npt.NDArray[np.void]:
    count = len(category)
    items = np.zeros(count, ITEM)
    items["category"], items["brand"] = category, brand
    items["quality"] = rng.normal(size=count)
    brand_level = rng.normal(0.0, 0.25, len(BRANDS))[brand]
    level = brand_level + 0.12 * items["quality"] + rng.normal(0.0, 0.3, count)
    typical = np.array([leaf.price for leaf in CATEGORIES])[category]
    items["price"] = np.maximum(np.rint(typical * np.exp(level)), 1.0).astype(np.int64) * 100 - 10
    items["price_level"] = np.log(items["price"] / (100.0 * typical))
    items["margin"] = np.clip(rng.normal(0.32, 0.09, count), 0.05, 0.6)
    items["launched"] = np.where(
        rng.random(count) < 0.25, rng.random(count) * days * DAY_US, 0.0
    ).astype(np.int64)
    return items


def _rank_by_category(
    rng: np.random.Generator, items: npt.NDArray[np.void]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.void]]:
    """Give Zipf popularity within each category; return (by_category, cdf, categories)."""
    by_category = np.lexsort((rng.random(len(items)), items["category"])).astype(np.int32)
    sizes = np.bincount(items["category"], minlength=len(CATEGORIES))
    stops = np.cumsum(sizes)
    categories = np.zeros(len(CATEGORIES), CATEGORY)
    categories["start"], categories["stop"] = stops - sizes, stops
    categories["restock_days"] = [leaf.restock_days for leaf in CATEGORIES]
    categories["fashion"] = [leaf.department == "fashion" for leaf in CATEGORIES]
    categories["popularity"] = rng.normal(0.0, 0.5, len(CATEGORIES))
    cdf = np.empty(len(items))
    for start, stop in zip(stops - sizes, stops, strict=True):
        weight = 1.0 / (np.arange(stop - start) + 2.0) ** 0.95
        items["popularity"][by_category[start:stop]] = weight / weight.sum()
        cdf[start:stop] = np.cumsum(weight / weight.sum())
    return by_category, cdf, categories


def _draw_next(
    rng: np.random.Generator,
    items: npt.NDArray[np.void],
    by_category: npt.NDArray[np.int32],
    categories: npt.NDArray[np.void],
    *,
    accessory: bool,
) -> npt.NDArray[np.int32]:
    """Draw the items that shoppers view after each item; the popular come up more often."""
    names = [leaf.name for leaf in CATEGORIES]
    target = np.array(
        [names.index(leaf.accessory if accessory else leaf.name) for leaf in CATEGORIES]
    )[items["category"]]
    start = categories["start"][target][:, None]
    size = categories["stop"][target][:, None] - start
    place = rng.random((len(items), FOLLOWERS)) ** 1.5 * size
    return by_category[start + place.astype(np.int64)]


def make_catalog(options: SimulateOptions) -> Catalog:
    """Draw the catalog of a simulation.

    Parameters
    ----------
    options : SimulateOptions
        Of the simulation; the number of users plays no part.

    Returns
    -------
    Catalog
        Every category holds at least one item.

    Examples
    --------
    >>> catalog = make_catalog(SimulateOptions(items=100))
    >>> len(catalog.items), int(catalog.followers.max()) < 100
    (100, True)
    """
    rng = np.random.default_rng([options.seed, _CATALOG])
    n_categories, count = len(CATEGORIES), options.items
    spread = rng.integers(0, n_categories, max(count - n_categories, 0))
    category = rng.permutation(np.concatenate([np.arange(n_categories), spread]))
    names = list(DEPARTMENTS)
    department = np.array([names.index(leaf.department) for leaf in CATEGORIES])[category]
    brand = department * 5 + rng.integers(0, 5, count)
    factors, centers = _draw_factors(rng, category, brand)
    items = _draw_items(rng, options.days, category, brand)
    by_category, cdf, categories = _rank_by_category(rng, items)
    # One item of each category was always there, so that no shelf is ever empty.
    items["launched"][by_category[categories["start"]]] = 0
    followers = _draw_next(rng, items, by_category, categories, accessory=True)
    similar = _draw_next(rng, items, by_category, categories, accessory=False)
    return Catalog(items, factors, categories, centers, by_category, cdf, followers, similar)


def titles(catalog: Catalog) -> tuple[list[str], list[str]]:
    """Name every item, in English and in Chinese.

    Parameters
    ----------
    catalog : Catalog
        The items.

    Returns
    -------
    english, chinese : list of str
        Brand, adjective, noun and a model number, one title an item.
    """
    english, chinese = [], []
    for number, (category, brand) in enumerate(
        zip(catalog.items["category"].tolist(), catalog.items["brand"].tolist(), strict=True)
    ):
        leaf = CATEGORIES[category]
        adjective = ADJECTIVES[1 + number % (len(ADJECTIVES) - 1)]
        name, name_zh = BRANDS[brand]
        english.append(f"{name} {adjective[0]} {leaf.noun} {number}")
        chinese.append(f"{name_zh}{adjective[1]}{leaf.noun_zh} {number}")
    return english, chinese
