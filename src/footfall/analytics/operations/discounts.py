"""Discounts that a session was offered, and how many of these sessions buy."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.cohort.asked import Who
from footfall.analytics.scope.fields import field_named
from footfall.analytics.significance import wilson
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

__all__ = ["discount_table"]

_GAP = gap_microseconds(30)
_COLUMNS = (*SESSION_COLUMNS, "event_type")


@dataclass(frozen=True)
class _Count:
    sessions: int
    buying: int


def discount_table(
    log: LogView,
    who: Who,
    field: str,
    *,
    bought: npt.NDArray[np.bool_],
    level: float,
    owner: str,
) -> pa.Table:
    """Count sessions and those that buy, by the first value of a field the session has.

    Parameters
    ----------
    log : LogView
    who : Who
        Its breakdown is not used.
    field : str
    bought : ndarray of bool, shape (types,)
    level : float
        Of the intervals (Wilson).
    owner : str
        What errors name.

    Returns
    -------
    pa.Table
        discount (string), sessions, buying_sessions (int64), rate, low, high (float64).
    """
    field_named(log, field, owner=owner, option="discount", time_zone=who.time_zone)
    scope = replace(who, by=field).scope(log, owner=owner, grain="session")
    asked = scope.ask(partial(_measure, bought), _merge, columns=_COLUMNS, label="discounts")
    names = sorted(asked.groups, key=_as_number)
    counts = [asked.groups[name] for name in names]
    sessions = np.array([each.sessions for each in counts], np.int64)
    buying = np.array([each.buying for each in counts], np.int64)
    low, high = wilson(buying, np.maximum(sessions, 1), level)
    return pa.table(
        {
            "discount": pa.array(names, pa.string()),
            "sessions": pa.array(sessions, pa.int64()),
            "buying_sessions": pa.array(buying, pa.int64()),
            "rate": pa.array(buying / np.maximum(sessions, 1), pa.float64()),
            "low": pa.array(np.asarray(low), pa.float64()),
            "high": pa.array(np.asarray(high), pa.float64()),
        }
    )


def _as_number(name: str) -> tuple[float, str]:
    try:
        return float(name.rstrip("%")), name
    except ValueError:
        return float("inf"), name


def _measure(bought: npt.NDArray[np.bool_], chunk: UserChunk) -> _Count:
    session = sessions_of(chunk, _GAP)
    buying = np.unique(session[bought[chunk["event_type"]]])
    return _Count(int(session.max(initial=-1)) + 1, len(buying))


def _merge(parts: list[_Count]) -> _Count:
    return _Count(sum(part.sessions for part in parts), sum(part.buying for part in parts))
