"""Life cycle: of each period's users, who is new, returns, or is back; and who fell silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked
from footfall.analytics.cohort.asked import HISTORY, Who, listed
from footfall.analytics.cohort.periods import OVER, Periods, periods_of
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import ANY, wanted_types
from footfall.analytics.scope import Between, Calendar, Scope
from footfall.analytics.scope.calendar import Unit, places_of
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i8, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Lifecycle", "State", "lifecycle"]

State = Literal["new", "returning", "resurrecting", "dormant"]
_STATES = get_args(State)
_COLUMNS = ("timestamp", "event_type")


@kernel(
    types.void(i64, i64, i32, i16, bool1, types.int64, types.int64, types.int64, out_i64, out_i8)
)
def _count(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    place: Array,
    event_type: Array,
    wanted: Array,
    since: int,
    period: int,
    state: int,
    counts: Array,
    marks: Array,
) -> None:
    """Count users by period and state; place 0 is the period before the first one counted.

    ``counts`` has the states of a period beside one another; ``marks``, when not empty, gets a 1
    for each user in a state in a period.
    """
    periods = len(counts) // 4
    for user in range(len(offsets) - 1):
        before, seen = -5, False
        for row in range(offsets[user], offsets[user + 1] + 1):
            ended = row == offsets[user + 1]
            at = periods
            if not ended:
                if not wanted[event_type[row]]:
                    continue
                at = int(place[row])
                if timestamp[row] < since:
                    seen = True
                    before = 0 if at == 0 else before
                    continue
                if at < 0:
                    at = periods
            if at == before:
                continue
            if before >= 0 and before + 1 < min(at, periods):
                counts[4 * (before + 1) + 3] += 1
                if before + 1 == period and state == 3 and len(marks) > 0:
                    marks[user] = 1
            if at >= periods:
                break
            mine = 0
            if seen:
                mine = 1 if before == at - 1 else 2
            counts[4 * at + mine] += 1
            if at == period and mine == state and len(marks) > 0:
                marks[user] = 1
            before, seen = at, True


@dataclass(frozen=True, kw_only=True, repr=False)
class Lifecycle(Tabled):
    """The answer of :func:`lifecycle`.

    Attributes
    ----------
    frame : pa.Table
        A row a period: period (string), active (int64), of them new, returning, resurrecting;
        dormant (those active in the period before and not in this one; null until it is over),
        complete (bool), quick_ratio (float64, new and resurrecting a dormant user).
    """

    _question: "_Question"

    def users(self, period: str, state: State, *, group: str | None = None) -> list[str]:
        """List the users in a state in a period.

        Parameters
        ----------
        period : str
            As in the frame.
        state : "new", "returning", "resurrecting" or "dormant"
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such period, state or group.
        """
        return self._question.users(period, state, group)

    def plot(self) -> "go.Figure":
        """Draw a bar a period: those active above the line, those fallen silent below."""
        from footfall.analytics.cohort.activity_charts import draw_lifecycle

        return draw_lifecycle(self)


def lifecycle(
    log: LogView,
    *,
    of: str = ANY,
    unit: Unit = "week",
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Lifecycle:
    """Say of each period's users who is new, returns or is back, and who fell silent.

    The flows add up: the active of a period are new, returning and resurrecting; the active of the
    period before are returning or dormant.

    Parameters
    ----------
    log : LogView
    of : str, default="any event"
        What counts as being active: event types joined by "|".
    unit : "hour", "day", "week" or "month"
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the calendar.

    Returns
    -------
    Lifecycle

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05", "view"), ("ann", "2026-01-12", "view"),
    ...     ("bob", "2026-01-06", "view"), ("bob", "2026-01-25T23:00", "view"),
    ... ])
    >>> print(lifecycle(log))
    period      active  new  returning  resurrecting  dormant  complete  quick_ratio
    2026-01-05       2    2          0             0        0       yes            -
    2026-01-12       1    0          1             0        1       yes         0.00
    2026-01-19       1    0          0             1        1       yes         1.00
    """
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    calendar = Calendar(unit, time_zone, "lifecycle")
    wanted = wanted_types(log, of, option="of", owner="lifecycle")
    scope = who.scope(log, owner="lifecycle")
    periods = periods_of(log, scope.period, calendar)
    starts = periods.starts
    if len(periods):  # and the one before, which says who returns
        starts = np.append(calendar.starts(int(starts[0]) - 1, int(starts[0]) - 1)[:1], starts)
    plan = _Plan(starts, periods.since, wanted)
    definition = {
        "unit": f"users with an event that counts ({of})",
        "window": f"{unit}s of the calendar; new: the first one ever; returning: active in the"
        " one before, too; resurrecting: not in the one before, but earlier; dormant: active in the"
        " one before and not in this one",
        "order": "timestamp",
        "ties": "do not matter: a user is active in a period or not",
        "time_zone": f"{time_zone}, for the boundaries of {unit}s",
        "over": OVER,
        "new": HISTORY,
    }
    return _Question(scope, plan, periods, definition | scope.definition).answer()


@dataclass(frozen=True)
class _Plan:
    starts: npt.NDArray[np.int64]
    since: int
    wanted: npt.NDArray[np.bool_]


def _ask(plan: _Plan, chunk: UserChunk, period: int, state: int, marks: Array) -> Array:
    counts = np.zeros(4 * (len(plan.starts) - 1), np.int64)
    if len(counts):
        place = places_of(chunk, plan.starts)
        _count(
            chunk.offsets, chunk["timestamp"], place, chunk["event_type"], plan.wanted,
            plan.since, period, state, counts, marks,
        )  # fmt: skip
    return counts


def _measure(plan: _Plan, chunk: UserChunk) -> Array:
    return _ask(plan, chunk, -1, -1, np.zeros(0, np.int8))


def _find(plan: _Plan, period: int, state: int, chunk: UserChunk) -> Array:
    marks = np.zeros(len(chunk.users), np.int8)
    _ask(plan, chunk, period, state, marks)
    return chunk.users[marks > 0]


def _merge(plan: _Plan, parts: list[Array]) -> Array:
    return np.sum([np.zeros(4 * (len(plan.starts) - 1), np.int64), *parts], axis=0)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    periods: Periods
    definition: Mapping[str, str]

    def answer(self) -> Lifecycle:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            partial(_merge, self.plan),
            columns=_COLUMNS,
            label="lifecycle",
            log=self.scope.before,
        )
        return Lifecycle(
            frame=self._frame(asked.total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, counts: Array) -> pa.Table:
        new, returning, back, dormant = counts.reshape(-1, 4)[1:].T if len(counts) else [counts] * 4
        over = self.periods.over
        quick = np.divide(new + back, dormant, out=np.zeros(len(new)), where=dormant > 0)
        return pa.table(
            {
                "period": pa.array(self.periods.labels, pa.string()),
                "active": pa.array(new + returning + back, pa.int64()),
                "new": pa.array(new, pa.int64()),
                "returning": pa.array(returning, pa.int64()),
                "resurrecting": pa.array(back, pa.int64()),
                "dormant": pa.array(dormant, pa.int64(), mask=~over),
                "complete": pa.array(over, pa.bool_()),
                "quick_ratio": pa.array(quick, pa.float64(), mask=~(over & (dormant > 0))),
            }
        )

    def users(self, period: str, state: str, group: str | None) -> list[str]:
        if period not in self.periods.labels:
            allowed = f"one of {[*self.periods.labels]}"
            raise OptionError.of("period", "Lifecycle", allowed, period)
        if state not in _STATES:
            raise OptionError.of("state", "Lifecycle", f"one of {_STATES}", state)
        place = self.periods.labels.index(period)
        if state == "dormant" and not self.periods.over[place]:
            raise OptionError.of("period", "Lifecycle", "a period that is over", period)
        find = partial(_find, self.plan, place + 1, _STATES.index(state))
        return listed(
            self.scope, group, find, columns=_COLUMNS, label="lifecycle: users", before=True
        )
