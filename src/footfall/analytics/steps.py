"""Steps as people write them, as the codes and bits that kernels compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.conditions import Condition, condition
from footfall.errors import OptionError
from footfall.events.vocabulary import event_type_of
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Step", "StepLike", "Steps", "codes_of", "parse_steps", "split_outside"]


@dataclass(frozen=True)
class Step:
    """One step: an event type (or several, "view|click"), and what must hold of the event.

    Parameters
    ----------
    event_type : str
    where : str, optional
        A condition on the event, its item, its user or its time; see
        :mod:`footfall.analytics.scope.expression`.

    Examples
    --------
    >>> print(Step("view", where="price > 100"))
    view[price > 100]
    """

    event_type: str
    where: str | None = None

    def __str__(self) -> str:
        return self.event_type if self.where is None else f"{self.event_type}[{self.where}]"


StepLike = str | Step


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
    conditions : tuple of (codes, place, Condition)
        Event types that serve a step only where a condition holds; they are not in ``places``.
    """

    names: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    conditions: tuple[tuple[tuple[int, ...], int, Condition], ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :meth:`bits` reads."""
        named = [name for *_, where in self.conditions for name in where.columns]
        return tuple(dict.fromkeys(["event_type", *named]))

    def serves(self) -> npt.NDArray[np.int64]:
        """Give the same for each event type as bits: bit k is set where it serves step k."""
        each = [1 << self.places[a:b] for a, b in pairwise(self.starts)]
        return np.array([int(bits.sum()) for bits in each], np.int64)

    def bits(self, chunk: UserChunk) -> npt.NDArray[np.int64]:
        """Give each event's steps as bits, conditions and all, shape (N,)."""
        event_type = chunk["event_type"]
        found = self.serves()[event_type]
        for codes, place, where in self.conditions:
            types = np.zeros(len(self.starts) - 1, np.bool_)
            types[list(codes)] = True
            found |= (types[event_type] & where.mask(chunk)).astype(np.int64) << place
        return found

    def types(self) -> frozenset[int]:
        """Give the codes of all event types that a step names."""
        plain = {code for code, (a, b) in enumerate(pairwise(self.starts)) if b > a}
        return frozenset(plain.union(*(codes for codes, *_ in self.conditions)))

    def types_at(self, place: int) -> frozenset[int]:
        """Give the codes of the event types that one step names."""
        plain = {c for c, (a, b) in enumerate(pairwise(self.starts)) if place in self.places[a:b]}
        return frozenset(plain.union(*(c for c, at, _ in self.conditions if at == place)))

    def first(self) -> "Steps":
        """Give the first step alone."""
        mine = [np.any(self.places[a:b] == 0) for a, b in pairwise(self.starts)]
        starts = np.append(0, np.cumsum(mine)).astype(np.int64)
        conditions = tuple(each for each in self.conditions if each[1] == 0)
        return Steps(self.names[:1], starts, np.zeros(int(starts[-1]), np.int64), conditions)


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


def split_outside(text: str, mark: str) -> list[str]:
    """Split a text at a mark, but not inside brackets or quotes.

    Examples
    --------
    >>> split_outside("view[brand in ('a', 'b')], purchase", ",")
    ["view[brand in ('a', 'b')]", ' purchase']
    """
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and depth:
            quote = letter
        else:
            depth += (letter in "[(") - (letter in "])")
        if letter == mark and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def parse_steps(
    log: LogView,
    steps: Sequence[StepLike] | StepLike,
    *,
    owner: str = "funnel",
    option: str = "steps",
    time_zone: str = "UTC",
) -> Steps:
    """Read steps such as ``["view|click", "add_to_cart", "purchase"]`` or the same with commas.

    Parameters
    ----------
    log : LogView
    steps : sequence of str or Step, or str with commas
        ``"view[price > 100]"`` takes only the events for which the condition holds.
    owner, option : str
        What errors name.
    time_zone : str, default="UTC"
        Of the hours and days that conditions name.

    Raises
    ------
    OptionError
        If there is no step, or one names an event type the log has never seen.
    """
    if isinstance(steps, Step):
        steps = [steps]
    asked = split_outside(steps, ",") if isinstance(steps, str) else list(steps)
    asked = [step.strip() if isinstance(step, str) else step for step in asked]
    if not asked or not all(isinstance(s, Step) or (isinstance(s, str) and s) for s in asked):
        allowed = "at least one event type, such as ['view', 'purchase']"
        raise OptionError.of(option, owner, allowed, steps)
    serves: list[list[int]] = [[] for _ in log.event_types]
    conditions = []
    for place in reversed(range(len(asked))):
        for kind, where in _alternatives(log, asked[place], option, owner):
            codes = codes_of(log, kind)
            if where is None:
                for code in codes:
                    if place not in serves[code]:
                        serves[code].append(place)
            else:
                bound = condition(log, where, owner=owner, option=option, time_zone=time_zone)
                conditions.append((tuple(codes), place, bound))
    starts = np.append(0, np.cumsum([len(places) for places in serves])).astype(np.int64)
    flat = np.array([place for places in serves for place in places], np.int64)
    return Steps(tuple(map(str, asked)), starts, flat, tuple(conditions))


def _alternatives(
    log: LogView, step: StepLike, option: str, owner: str
) -> list[tuple[str, str | None]]:
    """Take a step apart into event types, each with its condition."""
    if isinstance(step, Step):
        return [(step.event_type, step.where)]
    if step in log.event_types or "[" not in step:
        return [(step, None)]
    found: list[tuple[str, str | None]] = []
    for part in split_outside(step, "|"):
        kind, bracket, rest = part.strip().partition("[")
        if bracket and not rest.endswith("]"):
            allowed = "event types with conditions in brackets, such as 'view[price > 100]'"
            raise OptionError.of(option, owner, allowed, step)
        found.append((kind.strip(), rest[:-1] if bracket else None))
    return found
