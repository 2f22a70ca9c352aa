"""What came after each token: the facts that targets are made of."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.features.declared import DAY
from footfall.features.event_rows import EventRows
from footfall.features.sequences import NO_INTEREST
from footfall.kernels import Array, i16, i32, i64, kernel, out_i64
from footfall.models.behavior.tokens import Tokens

__all__ = ["OUTCOMES", "Asked", "Future"]

Bool = npt.NDArray[np.bool_]
Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]

OUTCOMES = ("order", "margin", "low_return")  # that a next item may be wanted for
FAR = 2**62  # when nothing happens
ORDER_DAYS = 7  # in which an item has to be ordered for its event to count as leading to an order


@dataclass(frozen=True, kw_only=True, eq=False)
class Future:
    """What comes after each row of users' events.

    Parameters
    ----------
    rows : EventRows
    return_days : int
        In which an order has to be returned to count.
    margins : float64 array, shape (V,), or None
        Of each item with a code, NaN where it is not known; None: of none.
    """

    rows: EventRows
    return_days: int = 30
    margins: npt.NDArray[np.float64] | None = None
    _types: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Look up the types that matter."""
        codes = self.rows.codes
        found = {"purchase": codes.purchase, "returned": codes.returned}
        self._types.update({name: codes.type_code(type_) for name, type_ in found.items()})

    @property
    def has_orders(self) -> bool:
        """Whether anybody ever ordered: else a log says nothing of orders."""
        return self._types["purchase"] >= 0

    @cached_property
    def is_order(self) -> Bool:
        """Rows that open an order, shape (N,)."""
        orders, offsets = self.rows["orders"], self.rows.offsets
        before = np.concatenate(([0], orders[:-1])) if len(orders) else orders
        before[offsets[:-1][np.diff(offsets) > 0]] = 0
        return np.asarray(orders > before)

    @cached_property
    def next_order(self) -> Int64:
        """For each row the first one from it on that opens an order, shape (N + 1,); else N."""
        return _next(self.is_order)

    @cached_property
    def next_item(self) -> Int64:
        """For each row the first one from it on that shows interest in an item; else N."""
        codes = self.rows.codes
        dull = [codes.type_code(name) for name in NO_INTEREST]
        return _next((self.rows["item"] >= 0) & ~np.isin(self.rows["event_type"], dull))

    @cached_property
    def later(self) -> Int64:
        """For each row the first one of a later moment, maybe another user's, shape (N,)."""
        times = self.rows["timestamp"]
        last = np.ones(len(times), np.bool_)
        last[:-1] = np.diff(times) != 0
        ends = self.rows.offsets[1:][np.diff(self.rows.offsets) > 0] - 1
        last[ends] = True
        return _next(last)[:-1] + 1

    @cached_property
    def links(self) -> tuple[Int64, Int64]:
        """For each row when its item is ordered from then on, and when that order is returned.

        Microseconds, two arrays of shape (N,); the far future where it is not, or without an item.
        """
        rows = self.rows
        ordered, returned = (np.empty(rows.n_events, np.int64) for _ in range(2))
        purchase, back = self._types["purchase"], self._types["returned"]
        item = np.ascontiguousarray(rows["log_item"], np.int32)
        size = int(item.max(initial=-1)) + 1
        _link(
            rows.offsets, rows["timestamp"], rows["event_type"], item, purchase, back,
            np.full(size, FAR, np.int64), np.full(size, FAR, np.int64), ordered, returned,
        )  # fmt: skip
        return ordered, returned

    @cached_property
    def comes_back(self) -> Int8:
        """Whether a purchase line is returned in time, shape (N,); -1 where that is not known."""
        rows, (_, returned) = self.rows, self.links
        wait = self.return_days * DAY
        known = (rows["event_type"] == self._types["purchase"]) & (rows["log_item"] >= 0)
        known &= self._types["returned"] >= 0  # a log without returns says nothing of them
        known &= rows["timestamp"] + wait <= rows.end
        back = returned - rows["timestamp"] <= wait
        return np.where(known, back, -1).astype(np.int8)

    @cached_property
    def outcomes(self) -> Int8:
        """What became of each row's item, shape (N, 3): 1 yes, 0 no, -1 not known."""
        rows, (ordered, returned) = self.rows, self.links
        times, wait = rows["timestamp"], ORDER_DAYS * DAY
        is_ordered = ordered - times <= wait
        order = np.where(is_ordered | (times + wait <= rows.end), is_ordered, -1)
        stay = self.return_days * DAY
        settled = is_ordered & (ordered + stay <= rows.end)
        kept = np.where(settled, returned - np.where(is_ordered, ordered, times) > stay, -1)
        margin = np.full(rows.n_events, -1)
        if self.margins is not None and np.isfinite(self.margins).any():
            high = np.where(np.isnan(self.margins), -1, self.margins >= np.nanmedian(self.margins))
            margin = np.append(high, -1)[rows["item"]]
        return np.stack([order, margin, kept], axis=1).astype(np.int8)


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """Tokens of which the future is asked.

    Parameters
    ----------
    future : Future
    moments, rows, ahead, later, stop : int64 arrays, shape (M,)
        When; the event a token is, or -1; the first row after it; the first row of a later
        moment; the end of the user's rows.
    """

    future: Future
    moments: Int64
    rows: Int64
    ahead: Int64
    later: Int64
    stop: Int64

    @classmethod
    def of(cls, future: Future, tokens: Tokens, which: Int64) -> "Asked":
        """Ask about some tokens, by their numbers."""
        row, ahead = tokens.rows[which], tokens.ahead[which]
        later = ahead
        if len(future.later):
            later = np.where(row >= 0, future.later[np.maximum(row, 0)], ahead)
        stop = future.rows.offsets[tokens.users[which] + 1]
        return cls(
            future=future, moments=tokens.moments[which], rows=row, ahead=ahead, later=later,
            stop=stop,
        )  # fmt: skip

    @property
    def follow_up(self) -> Int64:
        """How long each user is known after the moment, microseconds."""
        return self.future.rows.end - self.moments

    @cached_property
    def next_row(self) -> Int64:
        """The event after the token; -1 if there is none."""
        return np.where(self.ahead < self.stop, self.ahead, -1)

    @cached_property
    def next_item_row(self) -> Int64:
        """The next event that shows interest in an item; -1 if there is none."""
        row = self.future.next_item[self.ahead]
        return np.where(row < self.stop, row, -1)

    @cached_property
    def next_order_row(self) -> Int64:
        """The first row of the next order, later than the moment; -1 if there is none."""
        row = self.future.next_order[self.later]
        return np.where(row < self.stop, row, -1)

    @cached_property
    def until_order(self) -> Int64:
        """Microseconds to the next order; the far future if there is none."""
        return self._until(self.next_order_row)

    @cached_property
    def until_event(self) -> Int64:
        """Microseconds to the next event; the far future if there is none."""
        return self._until(np.where(self.later < self.stop, self.later, -1))

    def _until(self, row: Int64) -> Int64:
        times = self.future.rows["timestamp"]
        if not len(times):
            return np.full(len(row), FAR, np.int64)
        return np.where(row >= 0, times[np.maximum(row, 0)] - self.moments, FAR)

    def within(self, lengths: Int64, until: Int64) -> Int8:
        """Say what happens within each of some lengths of time.

        Parameters
        ----------
        lengths : int64 array, shape (H,)
            Microseconds.
        until : int64 array, shape (M,)
            When it happens.

        Returns
        -------
        int8 array, shape (M, H)
            1 yes, 0 no, -1 where the log ends too early to know.
        """
        happens = until[:, None] <= lengths
        return np.where(self.follow_up[:, None] >= lengths, happens, -1).astype(np.int8)


def _next(there: Bool) -> Int64:
    """For each place the first one from it on that is there; the length where there is none."""
    count = len(there)
    found = np.full(count + 1, count, np.int64)
    found[:-1] = np.where(there, np.arange(count), count)
    return np.ascontiguousarray(np.minimum.accumulate(found[::-1])[::-1])


@kernel(
    types.void(
        i64, i64, i16, i32, types.int64, types.int64,
        types.int64[::1], types.int64[::1], out_i64, out_i64,
    )
)  # fmt: skip
def _link(
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    item: Array,
    purchase: int,
    back: int,
    order_of: Array,
    return_of: Array,
    ordered: Array,
    returned: Array,
) -> None:
    """Go through each user's rows from the last to the first, remembering orders and returns.

    ``order_of`` and ``return_of`` are scratch, `FAR`, one place an item of the log: when it is
    next ordered, and when it is next returned. ``returned`` is the return after that order.
    """
    for user in range(len(offsets) - 1):
        for row in range(offsets[user + 1] - 1, offsets[user] - 1, -1):
            code = item[row]
            ordered[row] = returned[row] = FAR
            if code < 0:
                continue
            if event_type[row] == back:
                return_of[code] = timestamp[row]
            if event_type[row] == purchase:
                order_of[code] = row
            if order_of[code] != FAR:
                line = order_of[code]
                ordered[row] = timestamp[line]
                returned[row] = return_of[code] if line == row else returned[line]
        for row in range(offsets[user], offsets[user + 1]):
            if item[row] >= 0:
                order_of[item[row]] = FAR
                return_of[item[row]] = FAR
