"""Users' items in time order, as recommenders read them: flat arrays, one run of rows a user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID
from footfall.events.moments import Moment, parse_moment
from footfall.store.chunk import UserChunk
from footfall.store.ids import IdMap
from footfall.store.view import LogView

__all__ = ["NO_INTEREST", "Sequences"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Partial = dict[str, npt.NDArray[np.generic]]

# Types that name an item without wanting it. All others, custom ones too, show interest.
NO_INTEREST = ("impression", "remove_from_cart", "return")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sequences:
    """Interactions of users with items, in time order.

    Parameters
    ----------
    offsets : int64 array, shape (U + 1,)
        User ``u`` has rows ``offsets[u] .. offsets[u + 1]``.
    items : int32 array, shape (N,)
        Item code of each row.
    user_ids, item_ids : pa.StringArray, lengths U and V
        The id behind each code. Items are in the order of their ids, so that nothing depends on
        the order in which a log met them.
    timestamps : int64 array, shape (N,), or None
        Microseconds UTC; None: only the order is known.
    weights : float32 array, shape (N,), or None
        What each row counts for; None: 1.
    item_table : pa.Table or None
        What the shop says of its items, row ``v`` of item ``v``; null where it says nothing. A
        column of lists is a bag of attributes. None: nothing is known but the ids.

    Examples
    --------
    >>> sequences = Sequences.from_arrays([0, 2, 3], [0, 1, 1], n_items=3)
    >>> sequences.n_users, sequences.n_items, sequences.item_ids.to_pylist()
    (2, 3, ['0', '1', '2'])
    """

    offsets: Int64
    items: Int32
    user_ids: pa.StringArray
    item_ids: pa.StringArray
    timestamps: Int64 | None = None
    weights: Float32 | None = None
    item_table: pa.Table | None = None

    @property
    def n_users(self) -> int:
        """Number of users, those without rows too."""
        return len(self.offsets) - 1

    @property
    def n_items(self) -> int:
        """Size of the catalogue."""
        return len(self.item_ids)

    @classmethod
    def from_arrays(
        cls,
        offsets: npt.ArrayLike,
        items: npt.ArrayLike,
        *,
        n_items: int | None = None,
        timestamps: npt.ArrayLike | None = None,
        user_ids: Sequence[str] | None = None,
        item_ids: Sequence[str] | None = None,
        item_table: pa.Table | None = None,
    ) -> Self:
        """Check and wrap plain arrays.

        Parameters
        ----------
        offsets : int array, shape (U + 1,)
            Rows of each user.
        items : int array, shape (N,)
            Item code of each row, from 0.
        n_items : int or None
            Size of the catalogue; None: that of `item_ids`, or one more than the largest code.
        timestamps : int array, shape (N,), or None
            Microseconds UTC, ascending within a user.
        user_ids, item_ids : sequences of str, or None
            Unique ids; None: the codes as text.
        item_table : pa.Table or None
            What is known of the items: a column ``item_id`` and others, rows in any order.

        Raises
        ------
        OptionError
            When the arrays do not fit together.
        """
        bounds = np.ascontiguousarray(offsets, dtype=np.int64)
        codes = np.ascontiguousarray(items, dtype=np.int32)
        if len(bounds) == 0 or bounds[0] != 0 or np.any(np.diff(bounds) < 0):
            allowed = "row numbers that start at 0 and ascend"
            raise OptionError.of("offsets", "Sequences", allowed, bounds.tolist()[:10])
        if bounds[-1] != len(codes):
            raise OptionError.of("items", "Sequences", f"{bounds[-1]} codes", len(codes))
        known = len(item_ids) if item_ids is not None else int(codes.max(initial=-1)) + 1
        size = known if n_items is None else n_items
        if len(codes) and (codes.min() < 0 or codes.max() >= size):
            allowed = f"codes from 0 to {size - 1}"
            raise OptionError.of("items", "Sequences", allowed, (codes.min(), codes.max()))
        times = None if timestamps is None else np.ascontiguousarray(timestamps, dtype=np.int64)
        if times is not None and len(times) != len(codes):
            raise OptionError.of("timestamps", "Sequences", f"{len(codes)} moments", len(times))
        ids = _ids(item_ids, size, "item_ids")
        return cls(
            offsets=bounds,
            items=codes,
            user_ids=_ids(user_ids, len(bounds) - 1, "user_ids"),
            item_ids=ids,
            timestamps=times,
            item_table=None if item_table is None else _table_of(ids, item_table),
        )

    @classmethod
    def from_log(
        cls,
        log: LogView,
        *,
        event_types: Sequence[str] | None = None,
        event_weights: Mapping[str, float] | None = None,
        until: Moment | None = None,
        with_items: bool = False,
    ) -> Self:
        """Read the interactions of a log; users without any are left out.

        Parameters
        ----------
        log : LogView
            A log on disk or in memory.
        event_types : sequence of str or None
            Types that count; None: all that have an item, but for `NO_INTEREST`.
        event_weights : mapping of event type to weight, or None
            What an event of each type counts for; types not named count 1. None: all count 1.
        until : str, datetime, int or None
            Last moment that is read; None: everything.
        with_items : bool
            Bring the shop's item table, too, and with it the items that have no event yet.
            Without it the catalogue is the items that were met.

        Raises
        ------
        OptionError
            When an event type never occurs in the log, or `until` is not a moment.

        Examples
        --------
        >>> from footfall.store.memory import MemoryLog
        >>> log = MemoryLog.from_rows([
        ...     ("ann", "2026-01-01T10:00", "view", "teapot"),
        ...     ("ann", "2026-01-01T10:05", "purchase", "kettle"),
        ... ])
        >>> sequences = Sequences.from_log(log)
        >>> sequences.items.tolist(), sequences.item_ids.to_pylist()
        ([1, 0], ['kettle', 'teapot'])
        """
        weight_of = _type_weights(log, event_types, event_weights)
        last = None if until is None else parse_moment(until, option="until", owner="Sequences")

        def measure(chunk: UserChunk) -> Partial:
            times, items = chunk["timestamp"], chunk["item"]
            weights = weight_of[chunk["event_type"]]
            keep = (items >= 0) & (weights > 0)
            if last is not None:
                keep &= times <= last
            users = np.repeat(chunk.users, np.diff(chunk.offsets))
            columns = {"user": users, "item": items, "timestamp": times, "weight": weights}
            return {name: column[keep] for name, column in columns.items()}

        columns = ("timestamp", "event_type", "item")
        rows = log.map(measure, _by_user, columns=columns, label="sequences")
        users, counts = np.unique(rows["user"], return_counts=True)
        used, place = np.unique(rows["item"], return_inverse=True)
        item_ids, code_of = _in_id_order(log.item_ids.strings(used))
        met = cls(
            offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            items=code_of[place],
            user_ids=log.user_ids.strings(users),
            item_ids=item_ids,
            timestamps=np.ascontiguousarray(rows["timestamp"], dtype=np.int64),
            weights=None if event_weights is None else rows["weight"].astype(np.float32),
        )
        return met.among(log.items) if with_items and log.items is not None else met

    def among(self, table: pa.Table) -> Self:
        """Put the rows among all items of a table, those that have no row, too.

        Parameters
        ----------
        table : pa.Table
            With ``item_id``; an id without text is none.

        Returns
        -------
        Sequences
            Its catalogue in the order of the ids, with the table.

        Raises
        ------
        OptionError
            When the table has no ``item_id``.

        Examples
        --------
        >>> shop = Sequences.from_arrays([0, 1], [0], item_ids=["pot"])
        >>> among = shop.among(pa.table({"item_id": ["cup", "pot"]}))
        >>> among.item_ids.to_pylist(), among.items.tolist()
        (['cup', 'pot'], [1])
        """
        named = _named(table)
        every, code_of = _in_id_order(
            pa.chunked_array([self.item_ids, *named.chunks], pa.string()).unique()
        )
        return replace(
            self,
            items=code_of[self.items],
            item_ids=every,
            item_table=_table_of(every, table),
        )

    def select(self, users: npt.ArrayLike, stop: npt.ArrayLike) -> Self:
        """Return some users with their rows up to a row number each.

        Parameters
        ----------
        users : int array, shape (B,)
            Positions of users, in any order; -1 for a user without rows.
        stop : int array, shape (B,)
            The row after the last one to keep; ignored for -1.

        Returns
        -------
        Sequences
            ``B`` users, the same catalogue.
        """
        chosen = np.asarray(users, dtype=np.int64)
        known = chosen >= 0
        first = np.where(known, self.offsets[chosen], 0)
        counts = np.where(known, np.maximum(np.asarray(stop, dtype=np.int64) - first, 0), 0)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        rows = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], counts)
        return replace(
            self,
            offsets=offsets,
            items=self.items[rows],
            user_ids=self.user_ids.take(pa.array(chosen, mask=~known)),
            timestamps=None if self.timestamps is None else self.timestamps[rows],
            weights=None if self.weights is None else self.weights[rows],
        )

    def coded_by(self, ids: pa.StringArray) -> Self:
        """Put the rows into the codes of another catalogue, which has all items of this one.

        Parameters
        ----------
        ids : pa.StringArray, length W
            Of its items, each once.

        Returns
        -------
        Sequences
            ``W`` items; those that are not here have nulls in the item table.

        Examples
        --------
        >>> shop = Sequences.from_arrays([0, 2], [0, 1], item_ids=["pot", "cup"])
        >>> shop.coded_by(pa.array(["cup", "jug", "pot"])).items.tolist()
        [2, 0]
        """
        table = self.item_table
        if table is not None:
            row_of = IdMap(self.item_ids).codes(ids)
            table = table.take(pa.array(row_of, mask=row_of < 0))
        codes = IdMap(ids).codes(self.item_ids)
        return replace(self, items=codes[self.items], item_ids=ids, item_table=table)

    def by_user_id(self) -> Self:
        """Put users in the order of their ids, so that nothing depends on the order of reading."""
        order = pc.sort_indices(self.user_ids).to_numpy().astype(np.int64)
        return self.select(order, self.offsets[order + 1])

    def until(self, moment: Moment) -> Self:
        """Return all users with their rows up to and including a moment.

        Raises
        ------
        OptionError
            When there are no timestamps.
        """
        last = parse_moment(moment, option="until", owner="Sequences")
        if self.timestamps is None:
            raise OptionError.of("until", "Sequences", "left out when times are unknown", moment)
        known = np.concatenate(([0], np.cumsum(self.timestamps <= last)))
        stop = self.offsets[:-1] + np.diff(known[self.offsets])
        return self.select(np.arange(self.n_users), stop)


def _ids(ids: Sequence[str] | None, size: int, option: str) -> pa.StringArray:
    if ids is None:
        return pc.cast(pa.array(np.arange(size)), pa.string())
    strings = ids if isinstance(ids, pa.StringArray) else pa.array(ids, pa.string())
    different = len(strings.unique())
    if len(strings) != size or different != size or strings.null_count or "" in strings.to_pylist():
        allowed = f"{size} different ids, none empty"
        got = f"{different} different of {len(strings)}"
        raise OptionError.of(option, "Sequences", allowed, got)
    return strings


def _type_weights(
    log: LogView, event_types: Sequence[str] | None, event_weights: Mapping[str, float] | None
) -> Float32:
    """Return what an event of each type code counts for; 0 leaves it out."""
    if event_types is None:
        weights = np.array([name not in NO_INTEREST for name in log.event_types], dtype=np.float32)
    else:
        weights = np.zeros(len(log.event_types), dtype=np.float32)
        weights[[log.event_type_code(name) for name in event_types]] = 1.0
    for name, weight in (event_weights or {}).items():
        if not 0 <= weight < np.inf:
            raise OptionError.of("event_weights", "Sequences", "weights from 0 up", weight)
        weights[log.event_type_code(name)] *= weight
    return weights


def _by_user(parts: list[Partial]) -> Partial:
    """Join the rows of all chunks, users ascending; a user's rows keep their order."""
    nothing: Partial = {
        "user": np.empty(0, np.int32),
        "item": np.empty(0, np.int32),
        "timestamp": np.empty(0, np.int64),
        "weight": np.empty(0, np.float32),
    }
    rows = {
        name: np.concatenate([empty, *(part[name] for part in parts)])
        for name, empty in nothing.items()
    }
    order = np.argsort(rows["user"], kind="stable")
    return {name: column[order] for name, column in rows.items()}


def _in_id_order(ids: pa.StringArray) -> tuple[pa.StringArray, Int32]:
    """Sort ids, and say where each of them went."""
    order = pc.sort_indices(ids).to_numpy()
    rank = np.empty(len(ids), dtype=np.int32)
    rank[order] = np.arange(len(ids), dtype=np.int32)
    return ids.take(pa.array(order)), rank


def _named(table: pa.Table) -> pa.ChunkedArray:
    """Give the ids of an item table, of rows that have one."""
    named = _ids_of(table).drop_null()
    return named.filter(pc.not_equal(named, ""))


def _ids_of(table: pa.Table) -> pa.ChunkedArray:
    if ITEM_ID not in table.column_names:
        allowed = f"a table with a column {ITEM_ID!r}"
        raise OptionError.of("item_table", "Sequences", allowed, table.column_names)
    return table.column(ITEM_ID).cast(pa.string())


def _table_of(ids: pa.StringArray, table: pa.Table) -> pa.Table:
    """Put an item table in the order of the catalogue; the last row of an id wins."""
    codes = IdMap(ids).codes(_ids_of(table))
    row_of = np.full(len(ids), -1, np.int64)
    row_of[codes[codes >= 0]] = np.flatnonzero(codes >= 0)
    rows = table.drop_columns([ITEM_ID]).take(pa.array(row_of, mask=row_of < 0))
    return rows.combine_chunks()
