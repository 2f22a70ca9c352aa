"""What the small networks of ``profiles.py`` are given: aggregates and learned vectors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from profile_shops import DAY, Shop, most_common, shares

from footfall.features.hashed_words import hashed_words
from footfall.models.behavior import BehaviorModel

__all__ = ["aggregates", "learned_vectors"]

Array = npt.NDArray[Any]

WINDOWS_DAYS = (1, 7, 30)
MOST_POPULAR = 10  # values of each column that are counted
BY_VALUE = ("purchase", "add_to_cart", "remove_from_cart", "view")  # as in the challenge


@dataclass(kw_only=True)
class _Counted:
    """Rows of one event type, and the place of each one's value among the most popular."""

    rows: Array
    value: Array
    values: int


def aggregates(shop: Shop, cut: int, asked: Array) -> Array:
    """Re-make the organizers' baseline from its description.

    Counts over 1, 7 and 30 days of the ten most popular categories, price buckets and items, for
    each event type; the mean vector of the queries. Ours has one thing more, which only makes it
    stronger: how many events of each type there were in all. The most popular values are those
    before the first cut.

    Returns
    -------
    float16 array, shape (B, F)
        Logarithms of 1 + counts, then the query vector.
    """
    place = np.full(len(shop.ids), -1)
    place[asked] = np.arange(len(asked))
    parts = []
    for days in WINDOWS_DAYS:
        inside = (shop.time <= cut) & (shop.time > cut - days * DAY)
        for counted in _columns(shop):
            rows, value = counted.rows[inside[counted.rows]], counted.value[inside[counted.rows]]
            cell = place[shop.user[rows]] * counted.values + value
            count = np.bincount(cell, minlength=len(asked) * counted.values)
            parts.append(np.log1p(count.reshape(-1, counted.values)).astype(np.float16))
    if len(shop.queries):
        parts.append(_mean_query(shop, cut, place, len(asked)))
    return np.concatenate(parts, axis=1)


def _columns(shop: Shop) -> list[_Counted]:
    first = shop.time <= shop.cuts[0]
    bucket = shares(shop.price, MOST_POPULAR)
    found = []
    for name in shop.types:
        rows = np.flatnonzero(shop.is_type(name))
        found.append(_Counted(rows=rows, value=np.zeros(len(rows), np.int64), values=1))
        if name not in BY_VALUE:
            continue
        rows = rows[shop.item[rows] >= 0]
        for code in (shop.group, bucket, np.arange(len(shop.group))):
            value = code[shop.item[rows]]
            top = most_common(value[first[rows]], MOST_POPULAR)
            rank = np.full(int(code.max()) + 2, -1)
            rank[top] = np.arange(len(top))
            value = rank[value]
            if len(top):
                known = value >= 0
                found.append(_Counted(rows=rows[known], value=value[known], values=len(top)))
    return found


def _mean_query(shop: Shop, cut: int, place: Array, size: int) -> Array:
    vectors = hashed_words(shop.queries)
    rows = np.flatnonzero((shop.query >= 0) & (shop.time <= cut))
    user, query = place[shop.user[rows]], shop.query[rows]
    count = np.maximum(np.bincount(user, minlength=size), 1)
    mean = [np.bincount(user, column[query], minlength=size) / count for column in vectors.T]
    return np.stack(mean, axis=1).astype(np.float16)


def learned_vectors(model: BehaviorModel, shop: Shop, cut: int, asked: Array) -> Array:
    """Give each asked user's vector, float16 as in the challenge."""
    names = shop.ids.take(asked)
    log = None if cut == shop.cuts[0] else shop.log
    found = model.embed(names, at=cut, log=log, normalize=True)
    return (found.vectors * np.sqrt(found.vectors.shape[1] / 2)).astype(np.float16)
