"""Measures as people write them: "users", "revenue", "purchase/view", "sum of amount where ..."."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.analytics.cohort.words import ANY, wanted_types
from footfall.analytics.scope import Condition, condition
from footfall.errors import OptionError
from footfall.kernels import Array, bool1, i32, i64, kernel, out_i64
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS, gap_microseconds, sessions_of
from footfall.store.view import LogView

__all__ = ["Measure", "Term", "counted", "measure_of", "rows_of"]

Kind = Literal["events", "users", "sessions", "sum"]
_EVENTS, _RUNS, _SUM = range(3)
_NUMBERS = ("amount", "price", "quantity", "rating")
_MONEY = ("amount", "price")
_TERM = re.compile(
    r"(?:(count|users|sessions|sum|average)\s+of\s+)?(.+?)(?:\s+where\s+(.+))?", re.I | re.S
)
_GAP = gap_microseconds(30)


@dataclass(frozen=True)
class Term:
    """Something that can be counted or added up, event by event.

    Parameters
    ----------
    kind : "events", "users", "sessions" or "sum"
        What is counted of the events that match; users and sessions once a period.
    wanted : ndarray of bool, shape (types,)
    condition : Condition or None
    number : str
        The column that is added up; "" where events are counted.
    """

    kind: Kind
    wanted: npt.NDArray[np.bool_]
    condition: Condition | None
    number: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        names = ["timestamp", "event_type", *(self.condition.columns if self.condition else ())]
        names += [self.number] if self.number else []
        names += SESSION_COLUMNS if self.kind == "sessions" else ()
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Measure:
    """A term, or one divided by another.

    Parameters
    ----------
    text : str
        As it was asked for.
    above : Term
    below : Term or None
    scale : int
        Whole numbers in one unit of the value: 100 for money.
    """

    text: str
    above: Term
    below: Term | None
    scale: int

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms, one or two."""
        return (self.above,) if self.below is None else (self.above, self.below)

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.columns))

    @property
    def money(self) -> bool:
        """Whether the value is money, in units."""
        return self.scale == 100


def measure_of(log: LogView, text: str, *, owner: str, time_zone: str = "UTC") -> Measure:
    """Read a measure.

    Parameters
    ----------
    log : LogView
    text : str
        "events", "users", "sessions", "revenue" (amounts of purchases), an event type ("purchase",
        "view|click"), "users of purchase", "sessions of search", "sum of amount" (or price,
        quantity, rating), "average of amount", each with an optional "where ..."; or two of them
        divided: "purchase / view".
    owner : str
        What errors name.
    time_zone : str, default="UTC"
        Of clocks in conditions.

    Raises
    ------
    OptionError
        If it cannot be read, or the log has never seen an event type.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", "2026-01-01", "view")])
    >>> measure_of(log, "users of purchase / users", owner="series").below.kind
    'users'
    """
    parts = _divided(text) if isinstance(text, str) else []
    if len(parts) not in {1, 2} or not all(part.strip() for part in parts):
        allowed = "a measure such as 'users', 'revenue', 'purchase / view' or 'sum of amount'"
        raise OptionError.of("measure", owner, allowed, text)
    average = re.match(r"\s*average\s+of\s", parts[0], re.I)
    if average and len(parts) == 1:
        rest = parts[0][average.end() :]
        above = _term(log, f"sum of {rest}", owner, time_zone)
        below = Term("events", above.wanted, above.condition)
        return Measure(text, above, below, 100 if above.number in _MONEY else 1)
    terms = [_term(log, part, owner, time_zone) for part in parts]
    money = [term.number in _MONEY for term in terms]
    scale = 100 if (money[0] and not money[-1]) or money == [True] else 1
    return Measure(text, terms[0], terms[1] if len(terms) == 2 else None, scale)


def _divided(text: str) -> list[str]:
    """Split at the slashes outside of quotes."""
    return ["".join(part) for part in _pieces(text)]


def _pieces(text: str) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    quote = ""
    for letter in text:
        if letter in "'\"" and quote in {"", letter}:
            quote = "" if quote else letter
        if letter == "/" and not quote:
            pieces.append([])
        else:
            pieces[-1].append(letter)
    return pieces


def _term(log: LogView, text: str, owner: str, time_zone: str) -> Term:
    found = _TERM.fullmatch(text.strip())
    assert found  # noqa: S101  # the pattern takes any text that is not empty
    verb, name, where = (found[1] or "").lower(), found[2].strip(), found[3]
    matching = condition(log, where, owner=owner, time_zone=time_zone) if where else None
    if verb in {"sum", "average"}:
        if verb == "average" or name not in _NUMBERS[:3]:
            allowed = f"a sum of one of {_NUMBERS[:3]}"
            raise OptionError.of("measure", owner, allowed, text)
        types_ = ANY if name == "price" else "purchase"
        wanted = wanted_types(log, types_, option="measure", owner=owner)
        if where and "event_type" in where:
            wanted = np.ones(len(log.event_types), np.bool_)
        return Term("sum", wanted, matching, name)
    if not verb and name == "revenue":
        bought = wanted_types(log, "purchase", option="measure", owner=owner)
        return Term("sum", bought, matching, "amount")
    kind: Kind = "events"
    if verb in {"users", "sessions"}:
        kind = "users" if verb == "users" else "sessions"
    elif not verb and name in {"users", "sessions", "events"} and name not in log.event_types:
        kind = "users" if name == "users" else "sessions" if name == "sessions" else "events"
        name = ANY
    return Term(kind, wanted_types(log, name, option="measure", owner=owner), matching)


@kernel(types.void(i64, i32, bool1, i32, i64, types.int64, out_i64))
def _tally(
    offsets: Array,
    place: Array,
    counts: Array,
    run: Array,
    number: Array,
    mode: int,
    total: Array,
) -> None:
    """Add up the rows that count, by place; runs are counted once a place."""
    for user in range(len(offsets) - 1):
        last_place, last_run = -1, -1
        for row in range(offsets[user], offsets[user + 1]):
            at = place[row]
            if not counts[row] or at < 0:
                continue
            if mode == _EVENTS:
                total[at] += 1
            elif mode == _SUM:
                total[at] += number[row]
            else:
                mine = run[row] if len(run) > 0 else 0
                if at != last_place or mine != last_run:
                    total[at] += 1
                last_place, last_run = at, mine


def rows_of(term: Term, chunk: UserChunk) -> npt.NDArray[np.bool_]:
    """Say of each event whether a term counts it, shape (N,)."""
    rows = term.wanted[chunk["event_type"]]
    return np.ascontiguousarray(rows & term.condition.mask(chunk) if term.condition else rows)


def counted(
    term: Term, place: npt.NDArray[np.int32], places: int, chunk: UserChunk
) -> npt.NDArray[np.int64]:
    """Count a term in a chunk, by place.

    Parameters
    ----------
    term : Term
    place : ndarray of int32, shape (N,)
        Of each event; -1: nowhere.
    places : int
    chunk : UserChunk

    Returns
    -------
    ndarray of int64, shape (places,)
    """
    rows = rows_of(term, chunk)
    run, number = np.zeros(0, np.int32), np.zeros(0, np.int64)
    mode = _RUNS
    if term.kind == "events":
        mode = _EVENTS
    elif term.kind == "sum":
        mode = _SUM
        number = chunk[term.number].astype(np.int64, copy=False)
        if term.number == "price":
            rows = rows & (number >= 0)
    elif term.kind == "sessions":
        run = sessions_of(chunk, _GAP)
        # A session counts where its first event that matches lies, and nowhere else.
        first = np.flatnonzero(rows)
        first = first[np.append(True, run[first][1:] != run[first][:-1])[: len(first)]]
        rows = np.zeros(len(rows), np.bool_)
        rows[first] = True
    total = np.zeros(places, np.int64)
    _tally(chunk.offsets, place, rows, run, number, mode, total)
    return total
