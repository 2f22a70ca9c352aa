"""What is known of each user at a cutoff, from events at or before it and from no other."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment
from footfall.events.vocabulary import EVENT_TYPES
from footfall.features.activity import ACTIVITY, measure_activity
from footfall.features.cutoffs import rows_until
from footfall.features.declared import Feature
from footfall.features.mix import MIX, measure_mix
from footfall.features.orders import ORDERS, measure_orders
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["FEATURES", "FEATURE_NAMES", "UserFeatures", "user_features"]

FEATURES: tuple[Feature, ...] = (*ACTIVITY, *ORDERS, *MIX)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)

_COLUMNS = ("timestamp", "event_type", "item", "session", "quantity", "amount")
_MINUTE = 60_000_000
_VIEW, _CART, _RETURN = (EVENT_TYPES.index(n) for n in ("view", "add_to_cart", "return"))

Part = tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class UserFeatures:
    """Features of the users who had an event at or before the cutoff.

    Parameters
    ----------
    cutoff : int
        Microseconds UTC; events at this very moment are known.
    users : ndarray of int32, shape (U,)
        User codes, ascending.
    user_ids : pa.StringArray, length U
        The same users by id.
    names : tuple of str
        Names of the F features.
    values : ndarray of float64, shape (U, F)
        NaN where a feature is missing.
    """

    cutoff: int
    users: npt.NDArray[np.int32]
    user_ids: pa.StringArray
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]

    @property
    def frame(self) -> pa.Table:
        """Table with user_id and a float64 column a feature, null where it is missing."""
        columns = [pa.array(np.ascontiguousarray(c), from_pandas=True) for c in self.values.T]
        return pa.table([self.user_ids, *columns], names=["user_id", *self.names])

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """Give one feature of all users.

        Raises
        ------
        OptionError
            If there is no such feature.
        """
        if name not in self.names:
            raise OptionError.of("name", "column", f"one of {', '.join(self.names)}", name)
        return self.values[:, self.names.index(name)]


def user_features(
    log: LogView,
    *,
    cutoff: Moment,
    event_type: str = "purchase",
    utc_offset_minutes: int = 0,
) -> UserFeatures:
    """Measure every user's recency, frequency, value, tempo, mix and trend at a cutoff.

    Only events with ``timestamp <= cutoff`` are seen: events that come later change nothing.
    Windows such as "the last 7 days" reach back from the cutoff, their far end excluded.

    Parameters
    ----------
    log : LogView
        Any log.
    cutoff : str, datetime or int
        The last moment that is known.
    event_type : str, default="purchase"
        What counts as a purchase.
    utc_offset_minutes : int, default=0
        The shop's clock minus UTC: it decides on days, hours and weekdays. 480 for China.

    Returns
    -------
    UserFeatures
        One row a user with an event at or before the cutoff, by user code; the columns are those
        of :data:`FEATURES`.

    Raises
    ------
    OptionError
        If the cutoff cannot be read, the event type never occurs, or the offset is more than a
        day.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "purchase", "kettle", 1, 1999),
    ...     ("ann", "2026-01-05", "purchase", "teapot", 1, 999),
    ...     ("bob", "2026-01-09", "view", "teapot"),
    ... ])
    >>> known = user_features(log, cutoff="2026-01-07")
    >>> known.frame.select(["user_id", "orders", "days_since_purchase", "amount_mean"]).to_pylist()
    [{'user_id': 'ann', 'orders': 2.0, 'days_since_purchase': 2.0, 'amount_mean': 1499.0}]
    """
    if abs(utc_offset_minutes) > 24 * 60:
        allowed = "an int from -1440 to 1440"
        raise OptionError.of("utc_offset_minutes", "user_features", allowed, utc_offset_minutes)
    moment = parse_moment(cutoff, option="cutoff", owner="user_features")
    purchase = log.event_type_code(event_type)
    measure = partial(
        _measure, cutoff=moment, purchase=purchase, utc_offset=utc_offset_minutes * _MINUTE
    )
    users, values = log.map(measure, _merge, columns=_COLUMNS, label="features")
    return UserFeatures(
        cutoff=moment,
        users=users,
        user_ids=log.user_ids.strings(users),
        names=FEATURE_NAMES,
        values=values,
    )


def _measure(chunk: UserChunk, *, cutoff: int, purchase: int, utc_offset: int) -> Part:
    """Measure the known users of one chunk: codes (U,) and values (U, F)."""
    time, kind, session = chunk["timestamp"], chunk["event_type"], chunk["session"]
    item = chunk["item"]
    stops = rows_until(chunk.offsets, time, cutoff)
    known = stops > chunk.offsets[:-1]
    starts, stops = chunk.offsets[:-1][known], stops[known]
    longest = int((stops - starts).max()) if len(starts) else 0
    n_items = int(item.max()) + 1 if len(item) else 0
    activity, orders, mix = (
        np.full((len(starts), len(group)), np.nan) for group in (ACTIVITY, ORDERS, MIX)
    )
    measure_activity(starts, stops, time, kind, session, _VIEW, _CART, cutoff, utc_offset, activity)
    measure_orders(
        starts, stops, time, kind, session, chunk["quantity"], chunk["amount"],
        purchase, cutoff, np.empty(longest, np.int64), np.empty(longest, np.int64), orders,
    )  # fmt: skip
    measure_mix(
        starts, stops, time, kind, item, purchase, _RETURN, utc_offset,
        np.full(n_items, -1, np.int64), np.full(n_items, -1, np.int64),
        np.zeros((3, 24), np.int64), mix,
    )  # fmt: skip
    return chunk.users[known], np.hstack([activity, orders, mix])


def _merge(parts: list[Part]) -> Part:
    """Put the users of all chunks in the order of their codes."""
    if not parts:
        return np.zeros(0, np.int32), np.zeros((0, len(FEATURES)))
    users = np.concatenate([users for users, _ in parts])
    order = np.argsort(users, kind="stable")
    return users[order], np.concatenate([values for _, values in parts])[order]
