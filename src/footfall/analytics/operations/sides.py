"""The two sides of a comparison: which events were promoted, and which are the control."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope import Condition, condition, scoped
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["REST", "Side", "side_of"]

REST = "the rest"
_SEGMENT = "segment:"


@dataclass(frozen=True)
class Side:
    """Events that match a condition, or are of a segment's users, or of some items.

    Parameters
    ----------
    text : str
        As it was asked for.
    condition : Condition or None
    members : ndarray of bool or None
        Of each user code.
    items : ndarray of bool or None
        Of each item code, and last of events without an item.
    """

    text: str
    condition: Condition | None = None
    members: npt.NDArray[np.bool_] | None = None
    items: npt.NDArray[np.bool_] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        if self.items is not None:
            return ("item",)
        return self.condition.columns if self.condition else ()

    def rows(self, chunk: UserChunk) -> npt.NDArray[np.bool_]:
        """Say of each event whether it belongs, shape (N,)."""
        if self.condition is not None:
            return self.condition.mask(chunk)
        if self.items is not None:
            return np.asarray(self.items[chunk["item"]])
        mine = np.ones(len(chunk.users), np.bool_)
        if self.members is not None:
            known = chunk.users < len(self.members)
            mine = np.zeros(len(chunk.users), np.bool_)
            mine[known] = self.members[chunk.users[known]]
        return np.repeat(mine, np.diff(chunk.offsets))


def side_of(
    log: LogView, given: str | Sequence[str] | None, *, option: str, owner: str, time_zone: str
) -> Side | None:
    """Read a side: an expression, "segment:NAME", or item ids; None for none.

    Raises
    ------
    OptionError
        If it cannot be understood, or the log has none of the items.
    """
    if given is None or given == REST:
        return None
    if isinstance(given, str):
        if given.startswith(_SEGMENT):
            name = given.removeprefix(_SEGMENT)
            return Side(given, members=scoped(log, owner=owner, segment=name).filter.members)
        return Side(given, condition=condition(log, given, owner=owner, time_zone=time_zone))
    codes = log.item_ids.codes([*map(str, given)])
    if not (codes >= 0).any():
        allowed = "an expression, 'segment:NAME' or ids of items the log has"
        raise OptionError.of(option, owner, allowed, given)
    items = np.zeros(len(log.item_ids) + 1, np.bool_)
    items[codes[codes >= 0]] = True
    return Side(f"{len(codes)} items", items=items)
