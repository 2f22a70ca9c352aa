"""What a promotion adds up: phases, sides and days, and the same of users drawn by chance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.operations.measures import Measure, rows_of
from footfall.analytics.operations.sides import Side
from footfall.analytics.scope.calendar import places_of
from footfall.kernels import Array, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["PhasePlan", "PhaseSums", "measure_phases", "merge_phases", "users_of_phase"]

# Phases; the time before is kept in halves, so that they can be compared as if nothing was on.
_HALVES = ("before", "before", "during", "after")
# Chances of at most 0, 1, 2 ... of a Poisson number of mean 1.
_POISSON = np.cumsum([np.exp(-1.0) / np.prod(np.arange(1.0, k + 1)) for k in range(9)])


@kernel(types.uint64(types.uint64))
def _mixed(number: Any) -> Any:
    """Spread a number's bits (splitmix64)."""
    number += np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@kernel(
    types.void(
        i64, i32, i32, i32, i64, types.boolean, types.Array(types.float64, 1, "C", readonly=True),
        types.uint64, out_i64, out_i64, out_i64, out_i64,
    )
)  # fmt: skip
def _add_up(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    users: Array,
    cell: Array,
    day: Array,
    value: Array,
    once: bool,  # noqa: FBT001  # kernels take their arguments by position
    poisson: Array,
    seed: Any,
    totals: Array,
    people: Array,
    daily: Array,
    drawn: Array,
) -> None:
    """Add up values by cell and day, and again with each user as often as chance says.

    ``drawn`` has a row of cells a replicate. ``once``: a user counts once a cell and day.
    """
    cells = len(totals)
    days = len(daily) // 2
    replicates = len(drawn) // cells
    mine = np.zeros(cells, np.int64)
    seen = np.zeros(cells, np.int64)
    for user in range(len(offsets) - 1):
        found, last = False, np.int64(-1)
        for row in range(offsets[user], offsets[user + 1]):
            at = cell[row]
            if at < 0 or day[row] < 0:
                continue
            key = np.int64(at) * days + day[row]
            if once and key == last:
                continue
            last = key
            found = True
            amount = 1 if once else value[row]
            mine[at] += amount
            seen[at] += 1
            daily[(at // 4) * days + day[row]] += amount
        if not found:
            continue
        for at in range(cells):
            totals[at] += mine[at]
            people[at] += seen[at] > 0
        key = _mixed(np.uint64(users[user]) + seed)
        for replicate in range(replicates):
            key = _mixed(key)
            chance = np.float64(key >> np.uint64(11)) * (1.0 / 9007199254740992.0)
            times = 0
            while times < len(poisson) and chance >= poisson[times]:
                times += 1
            if times:
                for at in range(cells):
                    drawn[replicate * cells + at] += times * mine[at]
        mine[:] = 0
        seen[:] = 0


@dataclass(frozen=True)
class PhasePlan:
    """What a promotion asks of a chunk.

    Parameters
    ----------
    measure : Measure
        A count or a sum.
    edges : ndarray of int64, shape (5,)
        Begin of both halves of the time before, of the promotion, of the time after, and its end.
    days : ndarray of int64
        Where days begin, microseconds UTC, and where the last one ends.
    promoted, control : Side or None
    controlled : bool
        Whether there is a control; without a side it is everything not promoted.
    replicates : int
        Draws of users.
    """

    measure: Measure
    edges: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    promoted: Side | None
    control: Side | None
    controlled: bool
    replicates: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that are read."""
        names = [*self.measure.columns]
        for side in (self.promoted, self.control):
            names += side.columns if side else ()
        return tuple(dict.fromkeys(names))

    def cells(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give each event's cell: its phase, 4 more on the control's side; -1: none."""
        rows = rows_of(self.measure.above, chunk)
        times = chunk["timestamp"]
        phase = np.searchsorted(self.edges, times, side="right") - 1
        rows &= (phase >= 0) & (phase < 4)
        control = np.zeros(len(rows), np.bool_)
        if self.control is not None:
            control = self.control.rows(chunk)
        promoted = ~control
        if self.promoted is not None:
            promoted = self.promoted.rows(chunk)
            if self.controlled and self.control is None:
                control = ~promoted
            control &= ~promoted
        cell = np.where(promoted, phase, phase + 4)
        return np.where(rows & (promoted | control), cell, -1).astype(np.int32)


@dataclass(frozen=True)
class PhaseSums:
    """Sums by cell: a phase (the time before in halves), four of each side.

    Parameters
    ----------
    totals : ndarray of int64, shape (8,)
    users : ndarray of int64, shape (8,)
        Users of each cell.
    daily : ndarray of int64, shape (2, D)
        Totals of each side, day by day.
    drawn : ndarray of int64, shape (replicates, 8)
        Totals with each user as often as chance says.
    before : ndarray of int64, shape (2,)
        Users of the whole time before, of each side.
    """

    totals: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    daily: npt.NDArray[np.int64]
    drawn: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]


def measure_phases(plan: PhasePlan, chunk: UserChunk) -> PhaseSums:
    """Add up the phases of a chunk."""
    cell = plan.cells(chunk)
    term = plan.measure.above
    value = np.ones(len(cell), np.int64)
    if term.kind == "sum":
        value = chunk[term.number].astype(np.int64, copy=False)
    totals, users = np.zeros(8, np.int64), np.zeros(8, np.int64)
    daily = np.zeros(2 * (len(plan.days) - 1), np.int64)
    drawn = np.zeros(plan.replicates * 8, np.int64)
    _add_up(
        chunk.offsets, chunk.users, cell, places_of(chunk, plan.days), value, term.kind == "users",
        _POISSON, np.uint64(20_261_111), totals, users, daily, drawn,
    )  # fmt: skip
    user = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    before = [len(np.unique(user[(cell == at) | (cell == at + 1)])) for at in (0, 4)]
    return PhaseSums(
        totals, users, daily.reshape(2, -1), drawn.reshape(-1, 8), np.array(before, np.int64)
    )


def merge_phases(plan: PhasePlan, parts: list[PhaseSums]) -> PhaseSums:
    """Add up the sums of chunks."""
    total = PhaseSums(
        np.zeros(8, np.int64),
        np.zeros(8, np.int64),
        np.zeros((2, len(plan.days) - 1), np.int64),
        np.zeros((plan.replicates, 8), np.int64),
        np.zeros(2, np.int64),
    )
    for part in parts:
        for name in ("totals", "users", "daily", "drawn", "before"):
            whole = getattr(total, name)
            whole += getattr(part, name)
    return total


def users_of_phase(plan: PhasePlan, phase: str, side: int, chunk: UserChunk) -> Array:
    """Give the chunk's users with an event that counts in a phase, 0 promoted and 1 control."""
    cell = plan.cells(chunk) - 4 * side
    wanted = [at for at, name in enumerate(_HALVES) if name == phase]
    user = np.repeat(np.arange(len(chunk.users)), np.diff(chunk.offsets))
    return chunk.users[np.unique(user[np.isin(cell, wanted)])]
