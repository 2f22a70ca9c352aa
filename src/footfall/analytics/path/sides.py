"""The two sides of a contrast: who is on which, and how often each has a sequence."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.analytics.path.ground import Ground, units_in
from footfall.analytics.path.mining import (
    Candidates,
    Support,
    count_candidates,
    merge_supports,
    users_with_sequence,
)
from footfall.analytics.path.nodes import Nodes
from footfall.analytics.path.units import Cut, Units, places_of_rows
from footfall.store.chunk import UserChunk

__all__ = ["Arena", "Sides"]


@dataclass(frozen=True)
class Sides:
    """Which side a unit is on: by a goal, or all on the same one."""

    goal: npt.NDArray[np.int16]
    fixed: int | None = None

    def of(self, units: Units, chunk: UserChunk) -> tuple[Any, Any]:
        """Give where each unit is cut off, and its side."""
        if self.fixed is not None:
            return units.starts[1:], np.full(len(units), self.fixed, np.int32)
        return places_of_rows(units, np.isin(chunk["event_type"], self.goal))


def _measure(
    nodes: Nodes, cut: Cut, sides: Sides, candidates: Candidates, chunk: UserChunk
) -> Support:
    units = units_in(nodes, cut, chunk)
    return count_candidates(units, *sides.of(units, chunk), candidates, len(nodes))


def _measure_users(
    nodes: Nodes,
    cut: Cut,
    sides: Sides,
    side: int,
    wanted: npt.NDArray[np.int32],
    chunk: UserChunk,
) -> npt.NDArray[np.bool_]:
    units = units_in(nodes, cut, chunk)
    end, of_unit = sides.of(units, chunk)
    return users_with_sequence(units, end, of_unit == side, wanted, len(chunk.users))


@dataclass(frozen=True)
class Arena:
    """The two sides: one ground that tells them apart, or a ground each."""

    grounds: tuple[tuple[Ground, Sides], ...]
    names: tuple[str, str]

    @property
    def nodes(self) -> Nodes:
        """What stands in sequences."""
        return self.grounds[0][0].nodes

    def count(self, candidates: Candidates) -> Support:
        """Count candidates of one length over all."""
        merge = partial(merge_supports, candidates.count)
        parts = [
            ground.total(_measure, merge, sides, candidates, columns=("event_type",))
            for ground, sides in self.grounds
        ]
        return merge(parts)

    def groups(self, candidates: Candidates) -> tuple[dict[str, Support], dict[str, str]]:
        """Count candidates in each group; with a note where nothing is in scope."""
        merge = partial(merge_supports, candidates.count)
        asked = [
            ground.ask(_measure, merge, sides, candidates, columns=("event_type",))
            for ground, sides in self.grounds
        ]
        names = dict.fromkeys(name for one in asked for name in one.groups)
        found = {
            name: merge([one.groups[name] for one in asked if name in one.groups]) for name in names
        }
        notes = [dict(one.note) for one in asked]
        return found, {} if not all(notes) else notes[0]

    def users(self, side: int, wanted: npt.NDArray[np.int32], group: str | None) -> list[str]:
        """List the users of a side that have a sequence."""
        ground, sides = self.grounds[side if len(self.grounds) > 1 else 0]
        return ground.users(
            _measure_users, sides, side, wanted, group=group, columns=("event_type",)
        )
