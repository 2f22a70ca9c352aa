"""One pass over a log: what each user did, as whole numbers that every measure is made of."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.segment.clock import DAY, LocalClock
from footfall.analytics.segment.prices import Prices
from footfall.events.vocabulary import EVENT_TYPES
from footfall.kernels import Array, i8, i16, i32, i64, kernel, out_i32, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of
from footfall.store.view import LogView

__all__ = ["COUNTS", "SUMS", "Tally", "tally_users"]

# Counts of each user. The first ones follow the vocabulary's own order.
COUNTS = (
    "views", "searches", "clicks", "carts", "removals", "wishlists", "checkouts", "purchases",
    "returns", "reviews", "impressions", "others",
    "events", "active_days", "sessions", "orders", "lines_judged", "lines_discounted",
    "night", "morning", "afternoon", "evening", "weekend",
    "low_price", "middle_price", "high_price",
)  # fmt: skip
# Times (microseconds UTC, -1: never), money (minor units), and sums of squares.
SUMS = (
    "first", "last", "first_order", "last_order", "spend", "day_gap_squares", "hour_gap_squares",
)  # fmt: skip

_KINDS = len(EVENT_TYPES)
(
    _EVENTS, _ACTIVE_DAYS, _SESSIONS, _ORDERS, _JUDGED, _DISCOUNTED, _NIGHT, _WEEKEND, _LOW,
) = (COUNTS.index(name) for name in (
    "events", "active_days", "sessions", "orders", "lines_judged", "lines_discounted", "night",
    "weekend", "low_price",
))  # fmt: skip
_FIRST, _LAST, _FIRST_ORDER, _LAST_ORDER, _SPEND, _DAY_GAPS, _HOUR_GAPS = range(len(SUMS))
_REMOVAL, _PURCHASE, _RETURN, _IMPRESSION = (
    EVENT_TYPES.index(name) for name in ("remove_from_cart", "purchase", "return", "impression")
)
_HOUR = 3_600_000_000
_COLUMNS = (*SESSION_COLUMNS, "event_type", "item", "amount", "price")


@dataclass(frozen=True)
class Tally:
    """What each user did up to a moment.

    Parameters
    ----------
    users : ndarray of int32, shape (U,)
        Codes of the users that have an event, ascending.
    counts : ndarray of int32, shape (U, len(COUNTS))
    sums : ndarray of int64, shape (U, len(SUMS))
    """

    users: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    sums: npt.NDArray[np.int64]

    def count(self, name: str) -> npt.NDArray[np.float64]:
        """Give one of COUNTS for each user, as floats."""
        return self.counts[:, COUNTS.index(name)].astype(np.float64)

    def sum(self, name: str) -> npt.NDArray[np.int64]:
        """Give one of SUMS for each user."""
        return np.ascontiguousarray(self.sums[:, SUMS.index(name)])


@kernel(
    types.void(
        i64, i64, i16, i32, i32, i64, i64, i8, i64, i8, i64, i64, types.int64, out_i32, out_i64
    )
)  # fmt: skip
def _tally(  # noqa: C901, PLR0912, PLR0915  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    session: Array,
    item: Array,
    amount: Array,
    price: Array,
    discounted: Array,
    usual: Array,
    tier: Array,
    starts: Array,
    shifts: Array,
    at: int,
    counts: Array,
    sums: Array,
) -> None:
    """Fill counts and sums of each user; ``discounted``, ``usual`` and ``tier`` may be empty."""
    for user in range(len(offsets) - 1):
        c = user * len(COUNTS)
        s = user * len(SUMS)
        for column in range(len(SUMS)):
            sums[s + column] = -1 if column <= _LAST_ORDER else 0
        step = 0
        day_before = np.int64(0)
        order_session, order_time = np.int64(-1), np.int64(0)
        for row in range(offsets[user], offsets[user + 1]):
            now = timestamp[row]
            if now > at:
                break
            while step + 1 < len(starts) and starts[step + 1] <= now:
                step += 1
            local = now + shifts[step]
            day = local // DAY
            new_user = row == offsets[user]
            if new_user:
                sums[s + _FIRST] = now
            if new_user or day != day_before:
                counts[c + _ACTIVE_DAYS] += 1
                if not new_user:
                    sums[s + _DAY_GAPS] += (day - day_before) * (day - day_before)
                day_before = day
            sums[s + _LAST] = now
            counts[c + _EVENTS] += 1
            new_session = new_user or session[row] != session[row - 1]
            if new_session:
                counts[c + _SESSIONS] += 1
                counts[c + _NIGHT + (local // _HOUR) % 24 // 6] += 1
                counts[c + _WEEKEND] += (day + 3) % 7 >= 5  # 1970 began on a Thursday
            kind = np.int64(event_type[row])
            if kind >= _KINDS:
                kind = np.int64(_KINDS)
            counts[c + kind] += 1
            thing = item[row]
            looked = kind not in (_REMOVAL, _RETURN, _IMPRESSION)
            if looked and thing >= 0 and len(tier) > 0 and tier[thing] >= 0:
                counts[c + _LOW + tier[thing]] += new_session or thing != item[row - 1]
            if kind != _PURCHASE:
                continue
            sums[s + _SPEND] += amount[row]
            sums[s + _LAST_ORDER] = now
            if sums[s + _FIRST_ORDER] < 0:
                sums[s + _FIRST_ORDER] = now
            if session[row] != order_session:
                if order_session >= 0:
                    gap = (now - order_time) // _HOUR
                    sums[s + _HOUR_GAPS] += gap * gap
                counts[c + _ORDERS] += 1
                order_session, order_time = np.int64(session[row]), now
                sums[s + _LAST_ORDER] = now
            if len(discounted) > 0:
                counts[c + _JUDGED] += discounted[row] >= 0
                counts[c + _DISCOUNTED] += discounted[row] > 0
            elif thing >= 0 and len(usual) > 0 and usual[thing] > 0 and price[row] >= 0:
                counts[c + _JUDGED] += 1
                counts[c + _DISCOUNTED] += price[row] * 100 <= usual[thing] * 95


def measure_tally(prices: Prices, clock: LocalClock, gap: int, at: int, chunk: UserChunk) -> Tally:
    """Tally the users of one chunk."""
    users = len(chunk.users)
    counts = np.zeros(users * len(COUNTS), np.int32)
    sums = np.zeros(users * len(SUMS), np.int64)
    _tally(
        chunk.offsets, chunk["timestamp"], chunk["event_type"], sessions_of(chunk, gap),
        chunk["item"], chunk["amount"], chunk["price"], prices.discounted(chunk), prices.usual,
        prices.tier, clock.starts, clock.shifts, at, counts, sums,
    )  # fmt: skip
    table = counts.reshape(users, len(COUNTS))
    seen = table[:, _EVENTS] > 0
    return Tally(chunk.users[seen], table[seen], sums.reshape(users, len(SUMS))[seen])


def merge_tallies(parts: list[Tally]) -> Tally:
    """Put the users of chunks together, in order of their codes."""
    users = np.concatenate([np.zeros(0, np.int32), *(part.users for part in parts)])
    order = np.argsort(users)
    counts = np.concatenate([np.zeros((0, len(COUNTS)), np.int32), *(p.counts for p in parts)])
    sums = np.concatenate([np.zeros((0, len(SUMS)), np.int64), *(p.sums for p in parts)])
    return Tally(users[order], counts[order], sums[order])


def tally_users(
    log: LogView, prices: Prices, clock: LocalClock, *, gap: int, at: int, label: str
) -> Tally:
    """Tally every user of a log up to a moment, in one pass.

    Parameters
    ----------
    log : LogView
    prices : Prices
        What is known of items' prices and of discounts.
    clock : LocalClock
        Of the zone whose days and hours count.
    gap : int
        Microseconds of silence that end a session.
    at : int
        Microseconds UTC; later events do not count.
    label : str
        What the progress bar says.
    """
    return log.map(
        partial(measure_tally, prices, clock, gap, at),
        merge_tallies,
        columns=(*_COLUMNS, *prices.columns),
        label=label,
    )
