"""Paths: the most common runs of consecutive events, in sessions or in whole users."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.path.runs import MOST_BITS, RunPart, count_runs, merge_runs
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Paths", "paths"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Paths(Answer):
    """The answer of :func:`paths`.

    Attributes
    ----------
    frame : pa.Table
        One row a path, most common first: path (string, " > " between), occurrences (int64), users
        (int64), share (of all occurrences asked about), ended (int64: occurrences with nothing
        after them in the session or user).
    steps : tuple of tuple of str
        The event types of each row's path.
    total : int
        Occurrences of all paths asked about, shown or not.
    different : int
        How many different paths those were.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    steps: tuple[tuple[str, ...], ...]
    total: int
    different: int
    definition: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Give the paths (each a list of event types), totals and the definition."""
        rows = [
            {"path": list(steps)} | {key: row[key] for key in row if key != "path"}
            for steps, row in zip(self.steps, self.frame.to_pylist(), strict=True)
        ]
        totals = {"total": self.total, "different": self.different}
        return {"paths": rows} | totals | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the paths as a Sankey diagram, from the first event to what comes after the last."""
        from footfall.analytics.path.charts import draw_flow

        return draw_flow(self)


def paths(
    log: LogView,
    *,
    length: int = 3,
    starting_at: str | None = None,
    ending_at: str | None = None,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    top: int = 20,
    collapse_repeats: bool = False,
    without: str | None = None,
) -> Paths:
    """Count the runs of consecutive event types and give the most common ones.

    Parameters
    ----------
    log : LogView
    length : int, default=3
        Events of a run. Shorter sessions have none; longer ones have several that overlap.
    starting_at, ending_at : str, optional
        Only runs whose first or last event is of this type ("view|click": of either).
    per : "session" or "user", default="session"
        What a run stays inside of.
    gap_minutes : float, default=30
        Silence that ends a session where no session id is given.
    top : int, default=20
        How many paths to give. Equally common ones: more users first, then by name.
    collapse_repeats : bool, default=False
        Take events of one type in a row as one.
    without : str, optional
        Event types ("impression|void") that are passed over, as if they were not there. Where
        sessions begin and end is decided with them.

    Returns
    -------
    Paths

    Raises
    ------
    OptionError
        If an option is not as above, an event type was never seen, or the log has too many event
        types for runs so long to be counted exactly.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "add_to_cart"),
    ...     ("ann", "2026-01-01T10:09", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ...     ("bob", "2026-01-02T09:01", "add_to_cart"),
    ... ])
    >>> print(paths(log, length=2))
    path                    occurrences  users   share  ended
    view > add_to_cart                2      2  66.7 %      1
    add_to_cart > purchase            1      1  33.3 %      1
    """
    _check(length, per, top)
    gap = gap_microseconds(gap_minutes, owner="paths")
    coding = _coding(log, length)
    within = gap if per == "session" else None
    left_out = np.array(codes_of(log, without) if without else [], np.int16)
    counted = log.map(
        partial(_measure, coding, length, within, collapse_repeats, left_out),
        merge_runs,
        columns=("event_type", *(SESSION_COLUMNS if per == "session" else ())),
        label="paths",
    )
    for name, place in ((starting_at, 0), (ending_at, length - 1)):
        if name is not None:
            counted = _only(
                counted, coding.types_at(counted.codes, place, length), codes_of(log, name)
            )
    definition = _definition(length, per, gap_minutes, starting_at, ending_at, collapse_repeats)
    if without:
        definition["without"] = f"events of {without} are passed over"
    return _answer(log.event_types, coding, length, counted, top, definition)


@dataclass(frozen=True)
class _Coding:
    """Dense codes of event types: few bits each, so that long runs fit into one number."""

    code_of: npt.NDArray[np.int16]  # (types,)
    type_of: npt.NDArray[np.int64]  # (dense codes,)

    @property
    def bits(self) -> int:
        return max(1, (len(self.type_of) - 1).bit_length())

    def types_at(self, codes: Array, place: int, length: int) -> Array:
        """Give the event type at one place of each run."""
        shift = self.bits * (length - 1 - place)
        return self.type_of[(codes >> shift) & ((1 << self.bits) - 1)]


def _check(length: int, per: str, top: int) -> None:
    if not isinstance(length, int) or length < 1:
        raise OptionError.of("length", "paths", "an int of at least 1", length)
    if per not in {"session", "user"}:
        raise OptionError.of("per", "paths", "'session' or 'user'", per)
    if not isinstance(top, int) or top < 1:
        raise OptionError.of("top", "paths", "an int of at least 1", top)


def _coding(log: LogView, length: int) -> _Coding:
    """Code the event types; only if runs are too long for all, those that do occur."""
    types = len(log.event_types)
    coding = _Coding(np.arange(types, dtype=np.int16), np.arange(types))
    if coding.bits * length <= MOST_BITS:
        return coding
    counts = log.map(
        partial(_count_types, types), _total, columns=["event_type"], label="paths: event types"
    )
    occur = np.flatnonzero(counts)
    code_of = np.zeros(types, np.int16)
    code_of[occur] = np.arange(len(occur))
    coding = _Coding(code_of, occur)
    if coding.bits * length > MOST_BITS:
        allowed = f"at most {MOST_BITS // coding.bits} for a log of {len(occur):,} event types"
        raise OptionError.of("length", "paths", allowed, length)
    return coding


def _count_types(types: int, chunk: UserChunk) -> Array:
    return np.bincount(chunk["event_type"], minlength=types)


def _total(counts: list[Array]) -> Array:
    return np.sum(counts, axis=0)


def _measure(
    coding: _Coding,
    length: int,
    gap: int | None,
    collapse_repeats: bool,  # noqa: FBT001  # bound by partial
    left_out: npt.NDArray[np.int16],
    chunk: UserChunk,
) -> RunPart:
    offsets, event_type = chunk.offsets, chunk["event_type"]
    session = np.zeros(0, np.int32) if gap is None else sessions_of(chunk, gap)
    if len(left_out):
        kept = ~np.isin(event_type, left_out)
        offsets = np.append(0, np.cumsum(kept, dtype=np.int64))[offsets]
        event_type, session = event_type[kept], session[kept] if len(session) else session
    return count_runs(
        offsets,
        event_type,
        session,
        code_of=coding.code_of,
        bits=coding.bits,
        length=length,
        collapse_repeats=collapse_repeats,
    )


def _only(counted: RunPart, types: Array, wanted: list[int]) -> RunPart:
    kept = np.isin(types, wanted)
    return RunPart(
        counted.codes[kept], counted.runs[kept], counted.users[kept], counted.ended[kept]
    )


def _answer(
    names: tuple[str, ...],
    coding: _Coding,
    length: int,
    counted: RunPart,
    top: int,
    definition: dict[str, str],
) -> Paths:
    chosen = _most_common(names, coding, length, counted, top)
    columns = [coding.types_at(counted.codes[chosen], place, length) for place in range(length)]
    steps = tuple(tuple(names[code] for code in row) for row in zip(*columns, strict=True))
    total = int(counted.runs.sum())
    runs = counted.runs[chosen]
    frame = pa.table(
        {
            "path": pa.array([" > ".join(path) for path in steps], pa.string()),
            "occurrences": pa.array(runs, pa.int64()),
            "users": pa.array(counted.users[chosen], pa.int64()),
            "share": pa.array(runs / max(total, 1), pa.float64()),
            "ended": pa.array(counted.ended[chosen], pa.int64()),
        }
    )
    return Paths(
        frame=frame,
        steps=steps,
        total=total,
        different=len(counted.codes),
        definition=definition,
    )


def _most_common(
    names: tuple[str, ...], coding: _Coding, length: int, counted: RunPart, top: int
) -> Array:
    """Give the places of the most common runs in their order, the same in every log."""
    runs = counted.runs
    places = np.arange(len(runs))
    if len(runs) > top:
        places = np.flatnonzero(runs >= np.partition(runs, -top)[-top])
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    by_name = [
        rank[coding.types_at(counted.codes[places], place, length)] for place in range(length)
    ]
    order = np.lexsort((*reversed(by_name), -counted.users[places], -runs[places]))
    return places[order][:top]


def _definition(
    length: int,
    per: str,
    gap_minutes: float,
    starting_at: str | None,
    ending_at: str | None,
    collapse_repeats: bool,  # noqa: FBT001  # bound by name above
) -> dict[str, str]:
    which = [f"starting at {starting_at}"] if starting_at else []
    which += [f"ending at {ending_at}"] if ending_at else []
    kind = f"runs of {length} consecutive events of one {per}"
    window = f"sessions end after {gap_minutes:g} minutes of silence, or as their ids say"
    return {
        "unit": ", ".join([kind, *which]) + "; runs may overlap",
        "window": window if per == "session" else "all events of a user",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read; equally"
        " common paths: more users first, then by name",
        "time_zone": "UTC; no calendar is involved",
        "repeats": "events of one type in a row count once" if collapse_repeats else "kept",
        "share": "of the occurrences of all such runs, shown or not",
    }
