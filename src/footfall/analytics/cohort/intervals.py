"""Intervals: how long it takes from one event to another, or from an event to its next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.answer import stacked, text_table
from footfall.analytics.cohort.asked import Who, listed
from footfall.analytics.cohort.tables import Tabled
from footfall.analytics.cohort.words import wanted_types
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, Scope
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array, bool1, i16, i32, i64, kernel, out_i8, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Intervals", "intervals"]

Pairs = Literal["each", "first", "last"]
_EACH, _FIRST, _LAST = range(3)
_PAIRS = {"each": _EACH, "first": _FIRST, "last": _LAST}
_BINS = ("1m", "5m", "30m", "1h", "6h", "1d", "3d", "7d", "14d", "30d", "90d")
_MINUTE = 60_000_000
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


@kernel(
    types.int64(
        types.int64, types.int64, i64, types.int64, out_i64, out_i64, out_i64, out_i8, out_i64,
        types.int64,
    )
)  # fmt: skip
def _note(
    lasted: int,
    user: int,
    edges: Array,
    wanted: int,
    took: Array,
    counts: Array,
    users: Array,
    marks: Array,
    seen: Array,
    count: int,
) -> int:
    """Note one interval and its bin; give how many there are now."""
    took[count] = lasted
    place = len(edges) - 1
    while edges[place] > lasted:
        place -= 1
    counts[place] += 1
    if seen[place] != user:
        seen[place] = user
        users[place] += 1
        if place == wanted and len(marks) > 0:
            marks[user] = 1
    return count + 1


@kernel(
    types.int64(
        i64, i64, i16, i32, bool1, bool1, types.int64, types.int64, types.int64, i64, types.int64,
        out_i64, out_i64, out_i64, out_i8,
    )
)  # fmt: skip
def _collect(  # noqa: C901  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    event_type: Array,
    item: Array,
    begins: Array,
    ends: Array,
    pairs: int,
    within: int,
    keys: int,
    edges: Array,
    wanted: int,
    took: Array,
    counts: Array,
    users: Array,
    marks: Array,
) -> int:
    """Write each interval, backwards through each user's events; give how many there are.

    ``item`` empty: intervals run between any items; otherwise between events of the same one,
    whose codes are below ``keys``.
    """
    count = 0
    by_item = len(item) > 0
    seen = np.full(len(counts), -1, np.int64)
    goal = np.zeros(keys, np.int64)  # when the next end is
    begun = np.zeros(keys, np.int64)  # the earliest start before it so far
    used = np.zeros(keys, np.int8)  # 0: no end yet; 1: an end; 2: and a start before it
    touched = np.empty(keys, np.int64)
    for user in range(len(offsets) - 1):
        known = 0
        for row in range(offsets[user + 1] - 1, offsets[user] - 1, -1):
            code = event_type[row]
            starts, stops = begins[code], ends[code]
            if not (starts or stops) or (by_item and item[row] < 0):
                continue
            key = int(item[row]) if by_item else 0
            now = int(timestamp[row])
            lasted = -1
            if starts and used[key] > 0:
                if pairs == _EACH or (pairs == _LAST and used[key] == 1):
                    lasted = goal[key] - now
                begun[key] = now
                used[key] = 2
            if stops:
                if pairs == _FIRST and used[key] == 2:
                    lasted = goal[key] - begun[key]
                if used[key] == 0:
                    touched[known] = key
                    known += 1
                goal[key], used[key] = now, 1
            if 0 <= lasted <= within:
                count = _note(lasted, user, edges, wanted, took, counts, users, marks, seen, count)
        for at in range(known):
            key = touched[at]
            lasted = goal[key] - begun[key]
            if pairs == _FIRST and used[key] == 2 and lasted <= within:
                count = _note(lasted, user, edges, wanted, took, counts, users, marks, seen, count)
            used[key] = 0
    return count


@dataclass(frozen=True, kw_only=True, repr=False)
class Intervals(Tabled):
    """The answer of :func:`intervals`.

    Attributes
    ----------
    frame : pa.Table
        A row a bin: interval (string, such as "1h - 6h"), pairs (int64), users (int64, with at
        least one such interval), share and cumulative_share (float64, of all pairs).
    quantiles : pa.Table
        One row (a row a group, with a breakdown): pairs (int64), p10_minutes, p25_minutes,
        median_minutes, p75_minutes, p90_minutes (float64; values that occurred).
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share", "cumulative_share": "share"} | {
        f"{name}_minutes": "minutes" for name in ("p10", "p25", "median", "p75", "p90")
    }

    quantiles: pa.Table
    subtitle: str
    _question: "_Question"

    def users(self, interval: str, *, group: str | None = None) -> list[str]:
        """List the users with an interval of a bin.

        Parameters
        ----------
        interval : str
            As in the frame.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such bin or group.
        """
        return self._question.users(interval, group)

    def to_json(self) -> dict[str, Any]:
        """Give the bins, the quantiles and the definition as plain values."""
        return super().to_json() | {"quantiles": self.quantiles.to_pylist()}

    def __str__(self) -> str:
        return f"{super().__str__()}\n\n{text_table(self.quantiles, formats=self.FORMATS)}"

    def plot(self) -> "go.Figure":
        """Draw the shares of intervals by length."""
        from footfall.analytics.cohort.activity_charts import draw_intervals

        return draw_intervals(self)


def intervals(
    log: LogView,
    *,
    start: str = "view",
    end: str | None = None,
    pairs: Pairs = "each",
    within: str | timedelta | None = None,
    same_item: bool = False,
    bins: Sequence[str] | str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Intervals:
    """Say how long it takes from one event to another of the same user.

    Parameters
    ----------
    log : LogView
    start, end : str
        Event types joined by "|". Without ``end``: from each event to the next of its kind.
    pairs : "each", "first" or "last"
        Where several starts come before the same end: each of them counts, only the first since
        the end before, or only the last.
    within : str or timedelta, optional
        Longer intervals do not count ("30d").
    same_item : bool, default=False
        The end is the next one of the start's item.
    bins : sequence of str, optional
        Lower edges above 0, such as ``["10m", "1h", "1d"]``.
    by, where, between, segment, top, time_zone
        Breakdown, condition, time, segment, groups kept, zone of the time asked for.

    Returns
    -------
    Intervals

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-05T10:00", "view"), ("ann", "2026-01-05T10:02", "view"),
    ...     ("ann", "2026-01-05T12:00", "purchase"), ("bob", "2026-01-06T09:00", "view"),
    ... ])
    >>> answer = intervals(log, start="view", end="purchase", bins=["1h", "1d"])
    >>> print(answer)
    interval  pairs  users    share  cumulative_share
    0 - 1h        0      0    0.0 %             0.0 %
    1h - 1d       2      1  100.0 %           100.0 %
    1d +          0      0    0.0 %           100.0 %
    <BLANKLINE>
    pairs  p10_minutes  p25_minutes  median_minutes  p75_minutes  p90_minutes
        2        118.0        118.0           118.0        120.0        120.0
    """
    if pairs not in _PAIRS:
        raise OptionError.of("pairs", "intervals", f"one of {(*_PAIRS,)}", pairs)
    who = Who(by=by, where=where, between=between, segment=segment, top=top, time_zone=time_zone)
    longest = 1 << 62
    if within is not None:
        longest = parse_duration(within, option="within", owner="intervals")
    plan = _Plan(
        begins=wanted_types(log, start, option="start", owner="intervals"),
        ends=wanted_types(log, end or start, option="end", owner="intervals"),
        pairs=_PAIRS[pairs],
        within=longest,
        same_item=same_item,
        edges=_edges(bins),
    )
    definition = {
        "unit": f"intervals from a {start} event to the next {end or start} event of the same"
        f" user{' and item' if same_item else ''}; {_PAIRS_TEXT[pairs]}",
        "window": "any time" if within is None else f"at most {duration_text(longest)}",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": f"{time_zone}, for the time asked for only",
        "quantiles": "the smallest value that the share of intervals does not exceed",
    }
    scope = who.scope(log, owner="intervals")
    return _Question(scope, plan, definition | scope.definition).answer()


_PAIRS_TEXT = {
    "each": "each start before an end counts",
    "first": "of the starts before an end only the first one counts",
    "last": "of the starts before an end only the last one counts",
}


def _edges(bins: Sequence[str] | str | None) -> tuple[int, ...]:
    named = _BINS if bins is None else bins.split(",") if isinstance(bins, str) else bins
    edges = [parse_duration(each, option="bins", owner="intervals") for each in named]
    if not edges or sorted(set(edges)) != edges:
        raise OptionError.of("bins", "intervals", "durations that ascend: ['10m', '1h']", bins)
    return (0, *edges)


@dataclass(frozen=True)
class _Plan:
    begins: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.bool_]
    pairs: int
    within: int
    same_item: bool
    edges: tuple[int, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        names = ("timestamp", "event_type")
        return (*names, "item") if self.same_item else names

    @property
    def labels(self) -> tuple[str, ...]:
        texts = ["0", *(duration_text(edge) for edge in self.edges[1:])]
        return (*(f"{a} - {b}" for a, b in pairwise(texts)), f"{texts[-1]} +")


@dataclass(frozen=True)
class _Part:
    took: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]


def _ask(plan: _Plan, chunk: UserChunk, wanted: int, marks: Array) -> _Part:
    item = chunk["item"] if plan.same_item else np.zeros(0, np.int32)
    keys = int(item.max(initial=0)) + 1
    starts = int(np.count_nonzero(plan.begins[chunk["event_type"]]))
    took = np.empty(starts, np.int64)
    bins = len(plan.edges)
    counts, users = np.zeros(bins, np.int64), np.zeros(bins, np.int64)
    found = _collect(
        chunk.offsets, chunk["timestamp"], chunk["event_type"], item, plan.begins, plan.ends,
        plan.pairs, plan.within, keys, np.array(plan.edges, np.int64), wanted,
        took, counts, users, marks,
    )  # fmt: skip
    return _Part(took[:found], counts, users)


def _measure(plan: _Plan, chunk: UserChunk) -> _Part:
    return _ask(plan, chunk, -1, np.zeros(0, np.int8))


def _find(plan: _Plan, wanted: int, chunk: UserChunk) -> Array:
    marks = np.zeros(len(chunk.users), np.int8)
    _ask(plan, chunk, wanted, marks)
    return chunk.users[marks > 0]


def _merge(plan: _Plan, parts: list[_Part]) -> _Part:
    nothing = np.zeros(len(plan.edges), np.int64)
    return _Part(
        np.concatenate([nothing[:0], *(part.took for part in parts)]),
        np.sum([nothing, *(part.counts for part in parts)], axis=0),
        np.sum([nothing, *(part.users for part in parts)], axis=0),
    )


@dataclass(frozen=True)
class _Question:
    scope: Scope
    plan: _Plan
    definition: Mapping[str, str]

    def answer(self) -> Intervals:
        asked = self.scope.ask(
            partial(_measure, self.plan),
            partial(_merge, self.plan),
            columns=self.plan.columns,
            label="intervals",
        )
        quantiles = _quantiles(asked.total.took)
        middle = quantiles.column("median_minutes")[0].as_py()
        lengths = "none" if middle is None else f"half within {_shown(middle)}"
        grouped = stacked({name: _quantiles(each.took) for name, each in asked.groups.items()})
        return Intervals(
            frame=self._frame(asked.total),
            groups=stacked({name: self._frame(each) for name, each in asked.groups.items()}),
            quantiles=quantiles if grouped is None else grouped,
            subtitle=f"{len(asked.total.took):,} intervals, {lengths}",
            definition={**self.definition, **asked.note},
            _question=self,
        )

    def _frame(self, part: _Part) -> pa.Table:
        total = max(1, len(part.took))
        return pa.table(
            {
                "interval": pa.array(self.plan.labels, pa.string()),
                "pairs": pa.array(part.counts, pa.int64()),
                "users": pa.array(part.users, pa.int64()),
                "share": pa.array(part.counts / total, pa.float64()),
                "cumulative_share": pa.array(np.cumsum(part.counts) / total, pa.float64()),
            }
        )

    def users(self, interval: str, group: str | None) -> list[str]:
        labels = self.plan.labels
        if interval not in labels:
            raise OptionError.of("interval", "Intervals", f"one of {[*labels]}", interval)
        find = partial(_find, self.plan, labels.index(interval))
        return listed(self.scope, group, find, columns=self.plan.columns, label="intervals: users")


def _quantiles(took: Array) -> pa.Table:
    names = ("p10", "p25", "median", "p75", "p90")
    cells = {"pairs": pa.array([len(took)], pa.int64())}
    for name, share in zip(names, _SHARES, strict=True):
        value = quantile(took, share)
        minutes = None if value is None else value / _MINUTE
        cells[f"{name}_minutes"] = pa.array([minutes], pa.float64())
    return pa.table(cells)


def _shown(minutes: float) -> str:
    if minutes < 120:
        return f"{minutes:,.1f} minutes"
    return f"{minutes / 60:,.1f} hours" if minutes < 48 * 60 else f"{minutes / 1440:,.1f} days"
