"""All events of users in time order, as the behaviour model reads them: flat arrays by user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.errors import OptionError
from footfall.events.columns import USER_ID
from footfall.events.moments import Moment, parse_moment
from footfall.features.event_codes import EventCodes, item_codes
from footfall.features.event_reading import NEVER, RawEvents, read_events
from footfall.features.hashed_words import TextVectors, hashed_words
from footfall.features.user_attributes import attribute_codes
from footfall.kernels import Array, i64, kernel, out_i64
from footfall.store.ids import IdMap
from footfall.store.view import LogView
from footfall.store.words import Words

__all__ = ["PROPERTY_KEYS", "EventRows"]

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

PROPERTY_KEYS = ("device", "channel")
MOST_ITEMS = 50_000
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True, eq=False)
class EventRows:
    """Events of users, whatever their type, in time order.

    Parameters
    ----------
    offsets : int64 array, shape (U + 1,)
        User ``u`` has rows ``offsets[u] .. offsets[u + 1]``.
    user_ids : pa.StringArray, length U
        Ascending, so that nothing depends on the order in which a log met them. Users of the
        shop's user table who have no event yet are among them.
    columns : mapping of name to array, shape (N,)
        ``timestamp`` (int64, microseconds UTC), ``event_type``, ``item``, ``category``, ``query``
        and ``properties.<key>`` (codes, -1 for none), ``log_item`` (code in the log itself: tells
        apart items without a code of their own), ``price`` and ``relative_price`` (logarithms,
        see `EventCodes.prices`), ``quantity`` (log2 of units), ``orders`` (of the user, up to and
        with the row), ``last_order`` (moment of the last purchase line among them),
        ``order_value`` (minor units, on the first row of an order).
    query_vectors : float32 array, shape (Q, D)
        A vector for each code of ``query``.
    attributes : int32 array, shape (U, A)
        Codes of what is known of the users themselves.
    began, earlier : int64 arrays, shape (U,)
        The moment of each user's first event (`NEVER` without any), and the number of events
        before the rows here.
    codes : EventCodes
        What the codes stand for.
    end : int
        Moment up to which the log is known: the horizons of events must end before it.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("bob", "2026-01-02", "view", "kettle"),
    ...     ("ann", "2026-01-01", "search"),
    ...     ("ann", "2026-01-03", "purchase", "teapot", 2, 1998),
    ... ])
    >>> rows = EventRows.from_log(log, until="2026-01-02")
    >>> rows.user_ids.to_pylist(), rows.offsets.tolist(), rows.codes.event_types
    (['ann', 'bob'], [0, 1, 2], ('search', 'view'))
    """

    offsets: Int64
    user_ids: pa.StringArray
    columns: Mapping[str, Array]
    query_vectors: Float32
    attributes: Int32
    began: Int64
    earlier: Int64
    codes: EventCodes
    end: int

    @property
    def n_users(self) -> int:
        """Number of users, those without rows too."""
        return len(self.offsets) - 1

    @property
    def n_events(self) -> int:
        """Number of rows."""
        return int(self.offsets[-1])

    def __getitem__(self, name: str) -> Array:
        """Give one column."""
        return self.columns[name]

    @classmethod
    def from_log(
        cls,
        log: LogView,
        *,
        until: Moment | None = None,
        codes: EventCodes | None = None,
        event_type: str = "purchase",
        returned: str = "return",
        most_items: int = MOST_ITEMS,
        properties: Sequence[str] = PROPERTY_KEYS,
        utc_offset_minutes: int = 0,
        text_vectors: TextVectors = hashed_words,
    ) -> Self:
        """Read all events of a log up to a moment; nothing later is looked at.

        Parameters
        ----------
        log : LogView
            A log on disk or in memory, with the tables of users and items if the shop gave them.
        until : str, datetime, int or None
            Last moment that is read; None: everything.
        codes : EventCodes or None
            Codes learned before, which say all that the options below say, too. None: they are
            learned from the rows that are read.
        event_type, returned : str
            What counts as a purchase, and as its return.
        most_items : int
            Items with a code of their own: those with most events.
        properties : sequence of str
            Keys of the events' properties that are read where they occur.
        utc_offset_minutes : int
            The shop's clock minus UTC: it decides on hours and weekdays.
        text_vectors : callable
            Gives vectors for texts: queries (pa.StringArray, length N) in, (N, D) out.

        Raises
        ------
        OptionError
            When `until` is not a moment, the offset is more than a day, or `most_items` below 1.
        """
        last = None if until is None else parse_moment(until, option="until", owner="EventRows")
        _check(most_items, utc_offset_minutes)
        if codes is not None:
            event_type, properties = codes.purchase, tuple(codes.properties)
        raw = read_events(log, until=last, event_type=event_type, properties=tuple(properties))
        if codes is None:
            codes = EventCodes.learn(
                log, raw, purchase=event_type, returned=returned, most_items=most_items,
                utc_offset_minutes=utc_offset_minutes,
            )  # fmt: skip
        return _coded(cls, log, raw, codes, text_vectors, last)

    def known_at(self, users: Int64, moments: Int64) -> Int64:
        """Give the row after the last one that is known at a moment, for each of some users.

        Parameters
        ----------
        users, moments : int64 arrays, shape (B,)
            Places of users, and microseconds UTC.

        Returns
        -------
        int64 array, shape (B,)
            Row numbers.
        """
        found = np.empty(len(users), np.int64)
        _known_at(self.offsets, self["timestamp"], users, moments, found)
        return found

    def places(self, ids: pa.StringArray) -> Int64:
        """Give the place of each user id; -1 for one that is not here."""
        return self._places.codes(ids).astype(np.int64)

    @cached_property
    def _places(self) -> IdMap:
        return IdMap(self.user_ids)

    def select(self, users: npt.ArrayLike, first: npt.ArrayLike, stop: npt.ArrayLike) -> Self:
        """Give some users with a run of their rows each.

        Parameters
        ----------
        users : int array, shape (B,)
            Places, ascending, so that ids stay in order.
        first, stop : int arrays, shape (B,)
            Row numbers.
        """
        chosen, start = np.asarray(users, np.int64), np.asarray(first, np.int64)
        counts = np.maximum(np.asarray(stop, np.int64) - start, 0)
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        rows = np.arange(offsets[-1]) + np.repeat(start - offsets[:-1], counts)
        return replace(
            self,
            offsets=offsets,
            user_ids=self.user_ids.take(pa.array(chosen)),
            columns={name: column[rows] for name, column in self.columns.items()},
            attributes=self.attributes[chosen],
            began=self.began[chosen],
            earlier=self.earlier[chosen] + start - self.offsets[chosen],
        )

    def latest(self, most: int) -> Self:
        """Give all users with their latest rows, so many at most."""
        first = np.maximum(self.offsets[:-1], self.offsets[1:] - most)
        return self.select(np.arange(self.n_users), first, self.offsets[1:])


def _check(most_items: int, utc_offset_minutes: int) -> None:
    if most_items < 1:
        raise OptionError.of("most_items", "EventRows", "1 or more", most_items)
    if abs(utc_offset_minutes) > DAY_MINUTES:
        allowed = "an int from -1440 to 1440"
        raise OptionError.of("utc_offset_minutes", "EventRows", allowed, utc_offset_minutes)


def _coded(
    cls: type[Any],
    log: LogView,
    raw: RawEvents,
    codes: EventCodes,
    text_vectors: TextVectors,
    last: int | None,
) -> Any:
    """Put the codes of event rows in place of the log's."""
    columns, times = raw.columns, raw.columns["timestamp"]
    items = item_codes(log, columns["item"], codes.item_ids, codes.categories)
    price, relative = codes.prices(columns["price"], items.items, items.categories)
    queries, vectors = _query_vectors(raw.words["query"], text_vectors)
    type_of = np.array([codes.type_code(name) for name in log.event_types], np.int16)
    units = columns["quantity"].astype(np.float32)
    coded: dict[str, Array] = {
        "timestamp": times,
        "event_type": type_of[columns["event_type"]],
        "item": items.items,
        "log_item": columns["item"],
        "category": items.categories,
        "price": price,
        "relative_price": relative,
        "quantity": np.log2(np.where(units > 0, units, np.nan)).astype(np.float32),
        "query": queries,
        **{name: columns[name] for name in ("orders", "last_order", "order_value")},
        **{
            f"properties.{key}": _word_codes(raw.words[f"properties.{key}"], values)
            for key, values in codes.properties.items()
        },
    }
    end = int(times.max()) if len(times) else (last or 0)
    ids, counts = _all_users(raw, log.users)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    began = np.full(len(ids), NEVER, np.int64)
    began[counts > 0] = times[offsets[:-1][counts > 0]]
    return cls(
        offsets=offsets,
        user_ids=ids,
        columns=coded,
        query_vectors=vectors,
        attributes=attribute_codes(codes.attributes, ids, log.users),
        began=began,
        earlier=np.zeros(len(ids), np.int64),
        codes=codes,
        end=end,
    )


def _all_users(raw: RawEvents, table: pa.Table | None) -> tuple[pa.StringArray, Int64]:
    """Give the ids of users with events and of those of the table, and their numbers of events."""
    counts = np.diff(raw.offsets)
    if table is None:
        return raw.user_ids, counts
    named = table.column(USER_ID).cast(pa.string()).drop_null().chunks
    every = pa.chunked_array([raw.user_ids, *named], pa.string()).unique()  # the met come first
    order = pc.sort_indices(every).to_numpy().astype(np.int64)
    all_counts = np.zeros(len(every), np.int64)
    all_counts[: len(counts)] = counts
    return every.take(pa.array(order)), all_counts[order]


def _query_vectors(words: Words, text_vectors: TextVectors) -> tuple[Int32, Float32]:
    """Give codes of the queries in the order of their text, and a vector for each."""
    used, place = np.unique(words.codes, return_inverse=True)
    texts = words.strings.take(pa.array(used, mask=used < 0))
    known = np.flatnonzero(used >= 0)
    order = known[np.argsort(np.array(texts.take(pa.array(known)).to_pylist(), dtype=object))]
    rank = np.full(len(used), -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    vectors = np.asarray(text_vectors(texts.take(pa.array(order))), np.float32)
    if vectors.ndim != 2 or len(vectors) != len(order):
        allowed = f"a callable that gives {len(order)} vectors for as many texts"
        raise OptionError.of("text_vectors", "EventRows", allowed, vectors.shape)
    return rank[place], vectors


def _word_codes(words: Words, values: tuple[str, ...]) -> npt.NDArray[np.int16]:
    place = {text: code for code, text in enumerate(values)}
    codes = [place.get(text, -1) for text in words.strings.to_pylist()]
    return np.array([*codes, -1], np.int16)[words.codes]  # -1 takes the last


@kernel(types.void(i64, i64, i64, i64, out_i64))
def _known_at(offsets: Array, timestamp: Array, users: Array, moments: Array, out: Array) -> None:
    for place in range(len(users)):
        low, high = offsets[users[place]], offsets[users[place] + 1]
        while low < high:
            middle = (low + high) // 2
            if timestamp[middle] <= moments[place]:
                low = middle + 1
            else:
                high = middle
        out[place] = low
