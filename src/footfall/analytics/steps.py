"""Steps as people write them, as the codes kernels compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.events.vocabulary import event_type_of
from footfall.store.view import LogView

__all__ = ["Steps", "codes_of", "parse_steps"]


@dataclass(frozen=True)
class Steps:
    """Ordered steps, and for each event type the steps it can serve.

    Parameters
    ----------
    names : tuple of str, length K
        As they were asked for, such as ``"view|click"``.
    starts : ndarray of int64, shape (types + 1,)
        Event type ``e`` serves the steps ``places[starts[e]:starts[e + 1]]``.
    places : ndarray of int64
        Steps from 0, last one first: so that one event serves one step of a chain.
    """

    names: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def serves(self) -> npt.NDArray[np.int64]:
        """Give the same for each event type as bits: bit k is set where it serves step k."""
        each = [1 << self.places[a:b] for a, b in pairwise(self.starts)]
        return np.array([int(bits.sum()) for bits in each], np.int64)

    def first(self) -> "Steps":
        """Give the first step alone."""
        mine = [np.any(self.places[a:b] == 0) for a, b in pairwise(self.starts)]
        starts = np.append(0, np.cumsum(mine)).astype(np.int64)
        return Steps(self.names[:1], starts, np.zeros(int(starts[-1]), np.int64))


def codes_of(log: LogView, step: str) -> list[int]:
    """Give the codes of the event types a step names, joined by "|".

    A name is the log's own, or a word another system uses for the same thing ("加购", "pv").

    Raises
    ------
    OptionError
        If an event type has never been seen; near names are suggested.
    """
    known = set(log.event_types)
    parts = [step] if step in known else [part.strip() for part in step.split("|")]
    named = [part if part in known else event_type_of(part) for part in parts]
    return sorted({log.event_type_code(name) for name in named})


def parse_steps(log: LogView, steps: Sequence[str] | str, *, owner: str = "funnel") -> Steps:
    """Read steps such as ``["view|click", "add_to_cart", "purchase"]`` or the same with commas.

    Raises
    ------
    OptionError
        If there is no step, or one names an event type the log has never seen.
    """
    names = steps.split(",") if isinstance(steps, str) else list(steps)
    names = [name.strip() if isinstance(name, str) else "" for name in names]
    if not names or not all(names):
        allowed = "at least one event type, such as ['view', 'purchase']"
        raise OptionError.of("steps", owner, allowed, steps)
    serves: list[list[int]] = [[] for _ in log.event_types]
    for place in reversed(range(len(names))):
        for code in codes_of(log, names[place]):
            serves[code].append(place)
    starts = np.append(0, np.cumsum([len(places) for places in serves])).astype(np.int64)
    flat = np.array([place for places in serves for place in places], np.int64)
    return Steps(tuple(names), starts, flat)
