"""The measures two sides are compared by: which columns they divide, and how they print."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall.analytics.compare.values import (
    ACTIVE,
    COLUMNS,
    ELIGIBLE,
    EVENTS,
    ORDERS,
    RETAINED,
    REVENUE,
    SESSIONS,
)
from footfall.errors import OptionError

__all__ = ["MEASURES", "Measure", "measures_named"]

MEASURES = (
    "conversion",
    "events_per_user",
    "sessions_per_user",
    "orders_per_user",
    "revenue_per_user",
    "orders_per_session",
    "average_order_value",
    "retention",
)
_SOLD = COLUMNS  # the first kind of conversion
_RETENTION = (
    "share of users with an event on day {} (24 hours each) after their first one, among users"
    " watched that long"
)


@dataclass(frozen=True)
class Measure:
    """One column over another.

    Parameters
    ----------
    name : str
    top, bottom : int
        Columns of a user's values.
    scale : int
        Units of the top in one unit as people read it (100 cents).
    words : str
        What it is, for the definition.
    """

    name: str
    top: int
    bottom: int
    scale: int
    words: str

    @property
    def share(self) -> bool:
        """Whether it is a share of users."""
        return self.top >= _SOLD or self.top == RETAINED

    @property
    def per_user(self) -> bool:
        """Whether it is a mean over all users of the side."""
        return self.bottom == ACTIVE


def measures_named(
    names: Sequence[str], *, conversion: str, day: int
) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """Read the names of measures.

    Parameters
    ----------
    names : sequence of str
        Of :data:`MEASURES`, or "conversion:" and an event type.
    conversion : str
        Event types that convert and make orders.
    day : int
        Of retention.

    Returns
    -------
    measures : tuple of Measure
    kinds : tuple of str
        Event types of each kind of conversion; the first is ``conversion``.

    Raises
    ------
    OptionError
        If a name is unknown or comes twice, or there is none.
    """
    kinds = [conversion]
    known = {
        "conversion": (_SOLD, ACTIVE, 1, f"share of users with {conversion}"),
        "events_per_user": (EVENTS, ACTIVE, 1, "events per user"),
        "sessions_per_user": (SESSIONS, ACTIVE, 1, "sessions per user"),
        "orders_per_user": (ORDERS, ACTIVE, 1, f"sessions with {conversion} per user"),
        "revenue_per_user": (REVENUE, ACTIVE, 100, f"amount of {conversion} per user"),
        "orders_per_session": (ORDERS, SESSIONS, 1, f"share of sessions with {conversion}"),
        "average_order_value": (REVENUE, ORDERS, 100, f"amount of {conversion} per order"),
        "retention": (
            RETAINED,
            ELIGIBLE,
            1,
            _RETENTION.format(day),
        ),
    }
    found = []
    for name in names:
        if name in known:
            found.append(Measure(name, *known[name]))
        elif name.startswith("conversion:") and name.partition(":")[2].strip():
            step = name.partition(":")[2].strip()
            found.append(
                Measure(name, _SOLD + len(kinds), ACTIVE, 1, f"share of users with {step}")
            )
            kinds.append(step)
        else:
            allowed = f"some of {[*MEASURES]}, or 'conversion:EVENT_TYPE'"
            raise OptionError.of("measures", "compare", allowed, name)
    if not found or len({measure.name for measure in found}) < len(found):
        raise OptionError.of("measures", "compare", "at least one, each once", [*names])
    if len(kinds) > 60:
        raise OptionError.of("measures", "compare", "at most 60 conversions", len(kinds))
    return tuple(found), tuple(kinds)
