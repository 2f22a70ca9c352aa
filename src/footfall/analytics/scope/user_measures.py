"""What rules measure of each user: counts, sums, days since ..., over the events that match."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.analytics.scope.calendar import places_of
from footfall.analytics.scope.conditions import Condition
from footfall.analytics.scope.fields import Field, Number
from footfall.kernels import Array, bool1, f64, i32, i64, kernel, out_f64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, sessions_of

__all__ = ["DAY", "Aggregate", "Measured", "Moments", "measure_aggregates", "merge_measured"]

DAY = 86_400_000_000
_EVER = -(1 << 62)


@dataclass(frozen=True)
class Aggregate:
    """One number of each user.

    Parameters
    ----------
    function : str
        "count", "sum", "mean", "min", "max", "days", "items", "orders", "sessions", "days_since",
        "days_since_first" or "did".
    steps : tuple of Condition
        Which events count; several are a chain, of "did" only. None: every event.
    value : Field or None
        What is summed, and the like.
    within : int or None
        Microseconds, of a chain.
    last : int or None
        Microseconds back from the moment; None: all time.
    """

    function: str
    steps: tuple[Condition, ...] = ()
    value: Field | None = None
    within: int | None = None
    last: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        extra = {"items": ("item",), "orders": SESSION_COLUMNS, "sessions": SESSION_COLUMNS}
        steps = [column for step in self.steps for column in step.columns]
        value = self.value.columns if self.value else ()
        return ("timestamp", *steps, *value, *extra.get(self.function, ()))


@dataclass(frozen=True)
class Moments:
    """When a rule looks: up to ``at``; days are those of ``day_starts``; ``gap`` ends a session."""

    at: int
    day_starts: npt.NDArray[np.int64]
    gap: int


@dataclass(frozen=True)
class Measured:
    """Aggregates of some users: codes (U,), values (U, A), NaN where a user has none."""

    users: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]


@kernel(types.void(i64, i64, bool1, f64, types.int64, types.int64, types.int64, out_f64))
def _fold(  # noqa: C901, PLR0912  # one pass, kept whole for speed
    offsets: Array,
    timestamp: Array,
    mask: Array,
    value: Array,
    since: int,
    at: int,
    what: int,
    out: Array,
) -> None:
    """Fold each user's matching events: 0 count, 1 sum, 2 mean, 3 min, 4 max, 5 last, 6 first.

    Without values (``value`` empty) every matching event has the value 0.
    """
    for user in range(len(offsets) - 1):
        count, total, low, high = 0, 0.0, np.inf, -np.inf
        first = last = 0.0
        for row in range(offsets[user], offsets[user + 1]):
            if timestamp[row] > at:
                break
            if timestamp[row] <= since or not mask[row]:
                continue
            if len(value) > 0:
                if np.isnan(value[row]):
                    continue
                total += value[row]
                low, high = min(low, value[row]), max(high, value[row])
            last = float(at - timestamp[row])
            if count == 0:
                first = last
            count += 1
        if what == 0:
            out[user] = count
        elif what == 1:
            out[user] = total
        elif count > 0:
            if what == 2:
                out[user] = total / count
            elif what == 3:
                out[user] = low
            elif what == 4:
                out[user] = high
            else:
                out[user] = last if what == 5 else first


@kernel(types.void(i64, i64, bool1, i32, types.int64, types.int64, out_f64))
def _runs(
    offsets: Array,
    timestamp: Array,
    mask: Array,
    label: Array,
    since: int,
    at: int,
    out: Array,
) -> None:
    """Count the different labels of matching events, where a user's labels only ascend."""
    for user in range(len(offsets) - 1):
        before = -1
        for row in range(offsets[user], offsets[user + 1]):
            if timestamp[row] > at:
                break
            if timestamp[row] > since and mask[row] and label[row] != before:
                out[user] += 1
                before = label[row]


@kernel(types.void(i64, i64, bool1, i32, types.int64, types.int64, types.int32[::1], out_f64))
def _items(
    offsets: Array,
    timestamp: Array,
    mask: Array,
    item: Array,
    since: int,
    at: int,
    seen: Array,
    out: Array,
) -> None:
    """Count the different items of matching events; ``seen``: zeros, one an item."""
    for user in range(len(offsets) - 1):
        for row in range(offsets[user], offsets[user + 1]):
            if timestamp[row] > at:
                break
            thing = item[row]
            if timestamp[row] > since and mask[row] and thing >= 0 and seen[thing] != user + 1:
                seen[thing] = user + 1
                out[user] += 1


@kernel(types.void(i64, i64, i64, types.int64, types.int64, types.int64, types.int64, out_f64))
def _chain(
    offsets: Array,
    timestamp: Array,
    serves: Array,
    steps: int,
    within: int,
    since: int,
    at: int,
    out: Array,
) -> None:
    """Say who has different events in order, one a step; bit k of ``serves``: fits step k."""
    start = np.empty(steps, np.int64)  # latest start of a chain that reached each step
    for user in range(len(offsets) - 1):
        start[:] = _EVER
        for row in range(offsets[user], offsets[user + 1]):
            now = timestamp[row]
            if now > at:
                break
            if now <= since:
                continue
            for step in range(steps - 1, -1, -1):
                if serves[row] >> step & 1 == 0:
                    continue
                if step == 0:
                    start[0] = now
                elif start[step - 1] != _EVER and now - start[step - 1] <= within:
                    start[step] = start[step - 1]
        out[user] = start[steps - 1] != _EVER


_FOLDS = {"count": 0, "sum": 1, "mean": 2, "min": 3, "max": 4, "days_since": 5}
_FOLDS |= {"days_since_first": 6, "did": 0}


def measure_aggregates(
    aggregates: tuple[Aggregate, ...], moments: Moments, items: int, chunk: UserChunk
) -> Measured:
    """Measure every aggregate of the users of one chunk who have an event by the moment."""
    values = [_measure(each, moments, items, chunk) for each in aggregates]
    events = np.zeros(len(chunk.users))
    everything = np.ones(chunk.events, np.bool_)
    rows = (chunk.offsets, chunk["timestamp"], everything, np.zeros(0))
    _fold(*rows, _EVER, moments.at, 0, events)
    seen = events > 0
    table = np.column_stack(values) if values else np.zeros((len(events), 0))
    return Measured(chunk.users[seen], table[seen])


def _measure(
    aggregate: Aggregate, moments: Moments, items: int, chunk: UserChunk
) -> npt.NDArray[np.float64]:
    since = _EVER if aggregate.last is None else moments.at - aggregate.last
    function = aggregate.function
    masks = [step.mask(chunk) for step in aggregate.steps] or [np.ones(chunk.events, np.bool_)]
    rows = (chunk.offsets, chunk["timestamp"], np.ascontiguousarray(masks[0]))
    span = (since, moments.at)
    if function in {"days", "items", "orders", "sessions"}:
        out = np.zeros(len(chunk.users))
        if function == "items":
            _items(*rows, chunk["item"], *span, np.zeros(items, np.int32), out)
        else:
            days = function == "days"
            label = (
                places_of(chunk, moments.day_starts) if days else sessions_of(chunk, moments.gap)
            )
            _runs(*rows, label, *span, out)
        return out
    out = np.full(len(chunk.users), np.nan)
    if len(masks) > 1:
        serves = np.zeros(chunk.events, np.int64)
        for step, mask in enumerate(masks):
            serves |= mask.astype(np.int64) << step
        within = -_EVER if aggregate.within is None else aggregate.within
        _chain(chunk.offsets, chunk["timestamp"], serves, len(masks), within, *span, out)
        return out
    scale, value = 1, np.zeros(0)
    if aggregate.value is not None:
        scale, value = _numbers(aggregate.value, chunk)
    _fold(*rows, value, *span, _FOLDS[function], out)
    if function.startswith("days_since"):
        return out / DAY
    return np.minimum(out, 1) if function == "did" else out / scale


def _numbers(field: Field, chunk: UserChunk) -> tuple[int, npt.NDArray[np.float64]]:
    """Give each event's number and its scale: money stays in whole minor units until summed."""
    if isinstance(field, Number):
        scaled = field.numbers(chunk) * field.scale
        return field.scale, np.rint(scaled) if field.scale > 1 else scaled
    words = field.values(chunk)
    numbers = [*map(_number, words.to_pylist())] if pa.types.is_string(words.type) else words
    table = np.append(np.asarray(numbers, np.float64), np.nan)
    return 1, table[field.codes(chunk)]


def _number(word: str | None) -> float:
    try:
        number = float(word or "nan")
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")


def merge_measured(parts: list[Measured]) -> Measured:
    """Put the users of chunks together, in order of their codes."""
    users = np.concatenate([np.zeros(0, np.int32), *(part.users for part in parts)])
    if not parts:
        return Measured(users, np.zeros((0, 0)))
    order = np.argsort(users)
    return Measured(users[order], np.concatenate([part.values for part in parts])[order])
