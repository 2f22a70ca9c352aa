"""What the clock needs to know of what came before: kept event by event."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from footfall.features.event_reading import NEVER
from footfall.features.event_rows import EventRows
from footfall.models.behavior.fields import Clock

__all__ = ["Past"]


@dataclass(frozen=True, kw_only=True)
class Past:
    """What came before a moment; moments in microseconds.

    Parameters
    ----------
    last, last_order, began : int
        The event before, the last purchase line and the first event; `NEVER` where there is none.
    events, orders : int
        How many came before.
    session : str or None
        Of the last purchase line.
    """

    last: int = NEVER
    last_order: int = NEVER
    began: int = NEVER
    events: int = 0
    orders: int = 0
    session: str | None = None

    @classmethod
    def before(cls, rows: EventRows, place: int, row: int) -> Self:
        """Give what came before a row of the user at a place."""
        first = int(rows.offsets[place])
        if row == first:
            return cls()
        return cls(
            last=int(rows["timestamp"][row - 1]),
            last_order=int(rows["last_order"][row - 1]),
            began=int(rows.began[place]),
            events=row - first + int(rows.earlier[place]),
            orders=int(rows["orders"][row - 1]),
        )

    def after(self, moment: int, *, is_purchase: bool, session: str | None) -> Self:
        """Give what came before once there was one more event."""
        new = self.last_order != moment
        if session is not None and self.session is not None:
            new = session != self.session
        new = is_purchase and (new or self.orders == 0)
        return replace(
            self,
            last=moment,
            last_order=moment if is_purchase else self.last_order,
            began=moment if self.began == NEVER else self.began,
            events=self.events + 1,
            orders=self.orders + new,
            session=session if is_purchase else self.session,
        )

    def clock(self, moment: int) -> Clock:
        """Say when it is, and how long ago everything was."""
        return Clock(
            moments=np.array([moment]),
            gaps=np.array([_since(moment, self.last)]),
            since_order=np.array([_since(moment, self.last_order)]),
            ages=np.array([_since(moment, self.began)]),
            events=np.array([self.events]),
            orders=np.array([self.orders]),
        )


def _since(moment: int, before: int) -> int:
    return -1 if before == NEVER else moment - before
