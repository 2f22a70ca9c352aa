"""What is known of each unit at the step where some drop: outcome, properties, events after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.analytics.funnel.plan import Entries, Plan
from footfall.analytics.funnel.tracks import tracks_of
from footfall.analytics.scope.fields import Field, Number
from footfall.analytics.scope.grouping import Grouping, texts
from footfall.kernels import Array, i16, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk

__all__ = ["Evidence", "Values", "collect", "merge_evidence"]


@dataclass(frozen=True)
class Values:
    """A property of each unit.

    Parameters
    ----------
    codes : ndarray of int32, shape (units,)
        -1: no value.
    words : pa.Array
        What the codes stand for: strings, or numbers.
    """

    codes: npt.NDArray[np.int32]
    words: pa.Array


@dataclass(frozen=True)
class Evidence:
    """Units that reached the step before the one in question.

    Parameters
    ----------
    user : ndarray of int32, shape (units,)
        User codes.
    group : ndarray of int32, shape (units,)
        Group of the breakdown; 0 without one.
    converted : ndarray of bool, shape (units,)
        Whether the unit reached the step in question.
    left : ndarray of int64, shape (units,)
        Microseconds from the step before to the conversion or the end of the window or the log.
    values : mapping of str to Values
        Of the last event of the step before: see :func:`collect`.
    event_unit, event_type, event_after : ndarray of int64
        The first event of each type between the step before and the leaving: of which unit, the
        type's code, how many microseconds after.
    """

    user: npt.NDArray[np.int32]
    group: npt.NDArray[np.int32]
    converted: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]
    values: Mapping[str, Values]
    event_unit: npt.NDArray[np.int64]
    event_type: npt.NDArray[np.int64]
    event_after: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.user)

    def of_group(self, group: int) -> "Evidence":
        """Keep the units of one group of the breakdown."""
        mine = np.flatnonzero(self.group == group)
        place = np.full(len(self), -1, np.int64)
        place[mine] = np.arange(len(mine))
        kept = place[self.event_unit] >= 0
        return Evidence(
            self.user[mine],
            self.group[mine],
            self.converted[mine],
            self.left[mine],
            {name: Values(v.codes[mine], v.words) for name, v in self.values.items()},
            place[self.event_unit[kept]],
            self.event_type[kept],
            self.event_after[kept],
        )

    def onset(self, event_type: int) -> npt.NDArray[np.int64]:
        """Give when each unit first did an event after the step before; -1: never."""
        onset = np.full(len(self), -1, np.int64)
        mine = self.event_type == event_type
        onset[self.event_unit[mine]] = self.event_after[mine]
        return onset


@kernel(
    types.int64(
        i64, i64, i64, i64, i64, i16, types.int64, out_i64, out_i64, out_i64
    )
)  # fmt: skip
def _first_events(
    rows: Array,
    stops: Array,
    left: Array,
    skipped: Array,
    timestamp: Array,
    event_type: Array,
    kinds: int,
    unit_out: Array,
    type_out: Array,
    after_out: Array,
) -> int:
    """Write each unit's first event of each type after its row; empty outputs: only count."""
    seen = np.zeros(kinds, np.int64)
    for code in skipped:
        seen[code] = -1
    filled = 0
    for unit in range(len(rows)):
        for row in range(rows[unit] + 1, stops[unit]):
            after = timestamp[row] - timestamp[rows[unit]]
            if after > left[unit]:
                break
            code = event_type[row]
            if seen[code] < 0 or seen[code] == unit + 1:
                continue
            seen[code] = unit + 1
            if len(unit_out) > 0:
                unit_out[filled] = unit
                type_out[filled] = code
                after_out[filled] = after
            filled += 1
    return filled


@kernel(types.void(i64, i64, i64, i64, i64, i32, types.int64, out_i64))
def _last_tries(
    rows: Array,
    stops: Array,
    left: Array,
    timestamp: Array,
    serves: Array,
    item: Array,
    step: int,
    last: Array,
) -> None:
    """Find each unit's last event of a step from its row on; with items, of the row's item."""
    for unit in range(len(rows)):
        first = rows[unit]
        last[unit] = first
        for row in range(first + 1, stops[unit]):
            if timestamp[row] - timestamp[first] > left[unit]:
                break
            if (serves[row] >> step) & 1 and (len(item) == 0 or item[row] == item[first]):
                last[unit] = row


def collect(
    plan: Plan,
    at: int,
    end: int,
    fields: Sequence[Field],
    grouping: Grouping | None,
    kinds: int,
    chunk: UserChunk,
) -> tuple[Evidence, Evidence | None]:
    """Collect one chunk's evidence about a step: of all, and by group with a breakdown.

    Time runs from the event that first reached the step before. Properties are those of the last
    try: the last event of the step before (with the same item where that is asked) until the
    conversion or the end of the window. Who tries again and converts was not stopped by what the
    first try was like. For strict steps and steps in any order the first event is taken.

    Parameters
    ----------
    plan : Plan
    at : int
        The step in question, from 2.
    end : int
        Last moment of the log, microseconds.
    fields : sequence of Field
    grouping : Grouping or None
    kinds : int
        Number of event types.
    chunk : UserChunk
    """
    whole = _collected(plan, at, end, fields, kinds, chunk, plan.entries(chunk))
    if grouping is None:
        return whole, None
    groups = np.ascontiguousarray(grouping.groups(chunk), np.int32)
    grouped = plan.entries(chunk, groups, len(grouping.names))
    return whole, _collected(plan, at, end, fields, kinds, chunk, grouped)


def _collected(
    plan: Plan,
    at: int,
    end: int,
    fields: Sequence[Field],
    kinds: int,
    chunk: UserChunk,
    found: Entries,
) -> Evidence:
    times, mine = chunk["timestamp"], found.reached >= at - 1
    row, next_row = found.ended[mine, at - 2], found.ended[mine, at - 1]
    converted = next_row >= 0
    over = np.minimum(times[found.began[mine, at - 2]] + plan.within, end) - times[row]
    left = np.where(converted, times[next_row] - times[row], over)
    # Nothing after the conversion counts, nor after the unit's last event.
    last = tracks_of(chunk, plan.gap).offsets[found.unit[mine] + 1]
    stops = np.where(converted, next_row, last)
    steps = np.array(sorted(plan.steps.types()), np.int64)
    asked = (row, stops, left, steps, times, chunk["event_type"], kinds)
    nothing = np.zeros(0, np.int64)
    events = [
        np.empty(_first_events(*asked, nothing, nothing, nothing), np.int64) for _ in range(3)
    ]
    if len(events[0]):
        _first_events(*asked, *events)
    tried = row.copy()
    if plan.order == "ordered":
        item = chunk["item"] if plan.same_item else np.zeros(0, np.int32)
        serves = plan.steps.bits(chunk)
        _last_tries(row, stops, left, times, serves, item, at - 2, tried)
    return Evidence(
        chunk.users[found.user[mine]].astype(np.int32),
        found.group[mine],
        converted,
        left,
        {field.name: _values(field, chunk, tried) for field in fields},
        *events,
    )


def _values(field: Field, chunk: UserChunk, row: Array) -> Values:
    """Read a property at some rows; of the words only those in use."""
    if isinstance(field, Number):
        numbers = field.numbers(chunk)[row]
        known = ~np.isnan(numbers)
        words, codes = np.unique(numbers[known], return_inverse=True)
        found = np.full(len(row), -1, np.int32)
        found[known] = codes
        return Values(found, pa.array(words, pa.float64()))
    codes = np.asarray(field.codes(chunk))[row]
    used, places = np.unique(codes, return_inverse=True)
    shift = int(len(used) > 0 and used[0] < 0)
    words = field.values(chunk).take(pa.array(used[shift:], pa.int64()))
    if not pa.types.is_floating(words.type):
        words = texts(words)
    return Values((places - shift).astype(np.int32), words)


def merge_evidence(parts: list[Evidence]) -> Evidence:
    """Put the units of chunks together, by user."""
    sizes = np.cumsum([0, *(len(part) for part in parts)])
    names = list(parts[0].values) if parts else []
    none = np.zeros(0, np.int64)
    user = _joined([part.user for part in parts], np.int32)
    order = np.argsort(user, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    units = [part.event_unit + start for part, start in zip(parts, sizes[:-1], strict=True)]
    event_unit = place[np.concatenate([none, *units])]
    event_type = np.concatenate([none, *(part.event_type for part in parts)])
    event_after = np.concatenate([none, *(part.event_after for part in parts)])
    by_unit = np.lexsort((event_type, event_unit))
    return Evidence(
        user[order],
        _joined([part.group for part in parts], np.int32)[order],
        _joined([part.converted for part in parts], np.bool_)[order],
        _joined([part.left for part in parts], np.int64)[order],
        {name: _unified([part.values[name] for part in parts], order) for name in names},
        event_unit[by_unit],
        event_type[by_unit],
        event_after[by_unit],
    )


def _joined(arrays: Sequence[Array], kind: npt.DTypeLike) -> Array:
    return np.concatenate([np.zeros(0, kind), *arrays])


def _unified(parts: Sequence[Values], order: Array) -> Values:
    """Give the values of chunks one set of words, sorted."""
    every = pa.concat_arrays([part.words for part in parts])
    words = pc.unique(every)
    words = words.take(pc.sort_indices(words))
    codes = []
    for part in parts:
        table = pc.index_in(part.words, value_set=words).to_numpy(zero_copy_only=False)
        codes.append(np.append(table, -1).astype(np.int32)[part.codes])
    return Values(_joined(codes, np.int32)[order], words)
