"""Turns what kernels wrote into Arrow tables: events, shoppers, items, ads."""

import datetime as dt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.events.simulate.ads import POLICY_NAME, ad_names
from footfall.events.simulate.catalog import Catalog, titles
from footfall.events.simulate.codes import property_strings, query_strings, review_strings
from footfall.events.simulate.options import SimulateOptions
from footfall.events.simulate.shoppers import AGE_BANDS, DAY_US, GENDERS
from footfall.events.simulate.spelling import spell_ids
from footfall.events.simulate.state import World
from footfall.events.simulate.words import BRANDS, CATEGORIES, DEPARTMENTS, LANGUAGES, REGIONS
from footfall.events.vocabulary import EVENT_TYPES

__all__ = ["EventTables", "Money", "item_table", "log_start", "money", "user_ids", "user_table"]

Money = Literal["minor", "major"]
MAJOR = pa.decimal128(18, 2)
_EPOCH = dt.date(1970, 1, 1)


def log_start(options: SimulateOptions) -> int:
    """Give the log's first moment, local midnight, in microseconds since 1970 UTC.

    Examples
    --------
    >>> log_start(SimulateOptions(start=dt.date(1970, 1, 2), language="en"))
    86400000000
    """
    days = (options.start - _EPOCH).days
    return days * DAY_US - options.utc_offset_hours * 3_600_000_000


def _bitmap(valid: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(valid, bitorder="little"))


def money(values: npt.NDArray[np.int64], valid: npt.NDArray[np.bool_], unit: Money) -> pa.Array:
    """Make a column of amounts.

    Parameters
    ----------
    values : ndarray of int64
        Minor units.
    valid : ndarray of bool
        False: null.
    unit : {"minor", "major"}
        int64 minor units, or decimals with two digits after the point.

    Returns
    -------
    pa.Array
        int64 or decimal128(18, 2).

    Examples
    --------
    >>> money(np.array([1999]), np.array([True]), "major").to_pylist()
    [Decimal('19.99')]
    """
    if unit == "minor":
        return pa.array(values, mask=~valid)
    halves = np.empty((len(values), 2), np.int64)  # a 128-bit integer, low half first
    halves[:, 0], halves[:, 1] = values, values >> 63
    return pa.Array.from_buffers(MAJOR, len(values), [_bitmap(valid), pa.py_buffer(halves)])


def _coded(codes: npt.NDArray[Any], words: pa.Array) -> pa.DictionaryArray:
    """Make a column of words, all different, from their codes; a negative code is null."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, words)


class _Words:
    """Words that codes stand for; words that occur twice are kept once, as Parquet wants them."""

    def __init__(self, words: list[str]) -> None:
        encoded = pa.array(words).dictionary_encode()
        self._different = encoded.dictionary
        # One more place: code -1 finds -1 there.
        self._place = np.append(encoded.indices.to_numpy(), -1).astype(np.int32)

    def column(self, codes: npt.NDArray[Any]) -> pa.DictionaryArray:
        return _coded(self._place[codes], self._different)


def _numbers(values: npt.NDArray[Any], valid: npt.NDArray[np.bool_], kind: Any) -> pa.Array:
    return pa.array(values, mask=~valid).cast(kind)


class EventTables:
    """Makes event tables from rows; holds the strings that codes stand for.

    Parameters
    ----------
    world : World
        Whose events they are.
    """

    def __init__(self, world: World) -> None:
        options = world.options
        self._start = log_start(options)
        self._event_types = pa.array(EVENT_TYPES)
        self._items = world.catalog.ids()
        self._properties = _Words(property_strings(world.catalog))
        self._queries = _Words(query_strings())
        self._texts = _Words(review_strings())
        self._ads = pa.array(ad_names())
        self._policy = pa.array([POLICY_NAME])
        self._currency = pa.array(["EUR" if options.language == "en" else "CNY"])

    def export(self, rows: npt.NDArray[np.void], unit: Money) -> pa.Table:
        """Make a table; columns of few different words are dictionaries.

        Parameters
        ----------
        rows : ndarray of `ROW_TYPE` records
            Events.
        unit : {"minor", "major"}
            Of price and amount.

        Returns
        -------
        pa.Table
            The columns of `EVENT_SCHEMA`, in its order.
        """
        columns = {**self._who_and_what(rows), **self._values(rows, unit), **self._ad_columns(rows)}
        return pa.table({name: columns[name] for name in EVENT_SCHEMA.names})

    def events(self, rows: npt.NDArray[np.void]) -> pa.Table:
        """Make a table whose types are exactly those of `EVENT_SCHEMA`."""
        return self.export(rows, "minor").cast(EVENT_SCHEMA)

    def impressions(self, rows: npt.NDArray[np.void]) -> pa.Table:
        """Make the hidden table of impressions: event_id, user_id, action, click_probability."""
        shown = rows[rows["slot"] >= 0]
        return pa.table(
            {
                "event_id": spell_ids("e", shown["user"], then=shown["sequence"]),
                "user_id": spell_ids("u", shown["user"]),
                "action": self._ads.take(pa.array(shown["action"].astype(np.int32))),
                "click_probability": np.ascontiguousarray(shown["click_probability"]),
            }
        )

    def _who_and_what(self, rows: npt.NDArray[np.void]) -> dict[str, pa.Array]:
        user = np.ascontiguousarray(rows["user"])
        first, last = (int(user[0]), int(user[-1])) if len(user) else (0, -1)
        times = pa.array(rows["timestamp"] + self._start)
        return {
            "event_id": spell_ids("e", user, then=rows["sequence"]),
            "user_id": _coded(
                user - first, spell_ids("u", np.arange(first, last + 1, dtype=np.int32))
            ),
            "timestamp": times.view(TIMESTAMP_TYPE),
            "event_type": _coded(rows["event_type"], self._event_types),
            "item_id": _coded(rows["item"], self._items),
            "session_id": _sessions(user, np.ascontiguousarray(rows["session"])),
        }

    def _values(self, rows: npt.NDArray[np.void], unit: Money) -> dict[str, pa.Array]:
        price, quantity = np.ascontiguousarray(rows["price"]), rows["quantity"].astype(np.int64)
        priced, counted = price >= 0, quantity > 0
        rating = rows["rating"]
        return {
            "quantity": _numbers(quantity, counted, pa.int32()),
            "price": money(price, priced, unit),
            "amount": money(price * quantity, priced & counted, unit),
            "currency": _coded(np.where(priced, 0, -1), self._currency),
            "query": self._queries.column(rows["query"]),
            "text": self._texts.column(rows["text"]),
            "rating": _numbers(rating, rating > 0, pa.float32()),
            "properties": self._properties.column(rows["properties"]),
        }

    def _ad_columns(self, rows: npt.NDArray[np.void]) -> dict[str, pa.Array]:
        shown = rows["slot"] >= 0
        return {
            "slot": _numbers(rows["slot"], shown, pa.int32()),
            "action": _coded(rows["action"], self._ads),
            "propensity": _numbers(rows["propensity"], shown, pa.float64()),
            "policy": _coded(np.where(shown, 0, -1), self._policy),
            "reward": _numbers(rows["reward"], shown, pa.float64()),
        }


def _sessions(user: npt.NDArray[np.int32], session: npt.NDArray[np.int32]) -> pa.DictionaryArray:
    """Spell session ids, each once: a session's rows follow one another but for late events."""
    inside = np.flatnonzero(session >= 0)
    new = np.ones(len(inside), bool)
    whose, which = user[inside], session[inside]
    new[1:] = (whose[1:] != whose[:-1]) | (which[1:] != which[:-1])
    codes = np.full(len(session), -1, np.int32)
    codes[inside] = np.cumsum(new) - 1
    return _coded(codes, spell_ids("s", whose[new], then=which[new], then_digits=5))


def user_ids(shoppers: npt.NDArray[np.void]) -> pa.Array:
    """Spell the users' ids: ``u00000000`` and on."""
    return spell_ids("u", shoppers["user"])


def user_table(shoppers: npt.NDArray[np.void]) -> pa.Table:
    """Make the table of what the shop knows of its users.

    Parameters
    ----------
    shoppers : ndarray of `SHOPPER` records
        The users.

    Returns
    -------
    pa.Table
        user_id, age (band), gender, region, language.
    """
    regions = pa.array([name for language in LANGUAGES for name in REGIONS[language]])
    place = shoppers["language"].astype(np.int32) * len(REGIONS["zh"]) + shoppers["region"]
    words = {"age": AGE_BANDS, "gender": GENDERS, "language": LANGUAGES}
    coded = {
        name: pa.array(values).take(pa.array(shoppers[name].astype(np.int32)))
        for name, values in words.items()
    }
    return pa.table(
        {
            "user_id": user_ids(shoppers),
            "age": coded["age"],
            "gender": coded["gender"],
            "region": regions.take(pa.array(place)),
            "language": coded["language"],
        }
    )


def item_table(catalog: Catalog, options: SimulateOptions, unit: Money) -> pa.Table:
    """Make the table of what the shop knows of its items.

    Parameters
    ----------
    catalog : Catalog
        The items.
    options : SimulateOptions
        Of the simulation; in a Chinese shop `title` is Chinese.
    unit : {"minor", "major"}
        Of the price.

    Returns
    -------
    pa.Table
        item_id, title, title_zh, description, category and category_zh (paths), brand, price,
        margin (share of the price), launched (date; null: before the log).
    """
    items = catalog.items
    category = pa.array(items["category"])
    paths = pa.array([f"{leaf.department}/{leaf.name}" for leaf in CATEGORIES])
    paths_zh = pa.array([f"{DEPARTMENTS[leaf.department]}/{leaf.noun_zh}" for leaf in CATEGORIES])
    english, chinese = titles(catalog)
    plain = chinese if options.language == "zh" else english
    day = (options.start - _EPOCH).days + items["launched"] // DAY_US
    return pa.table(
        {
            "item_id": catalog.ids(),
            "title": plain,
            "title_zh": chinese,
            "description": [
                f"{title}. {other}" for title, other in zip(english, chinese, strict=True)
            ],
            "category": paths.take(category),
            "category_zh": paths_zh.take(category),
            "brand": pa.array([name for name, _ in BRANDS]).take(pa.array(items["brand"])),
            "price": money(items["price"], np.ones(len(items), bool), unit),
            "margin": np.round(items["margin"], 3),
            "launched": pa.array(day.astype(np.int32), mask=items["launched"] == 0).cast(
                pa.date32()
            ),
        }
    )
