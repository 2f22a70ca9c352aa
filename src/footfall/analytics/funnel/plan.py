"""What a funnel asks of a chunk: steps, window, order, unit, exclusions; and how far units get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from footfall.analytics.funnel.chains import SHORT, reach, reach_short
from footfall.analytics.funnel.starts import (
    MOST_STEPS,
    any_entries,
    ordered_entries,
    strict_entries,
)
from footfall.analytics.funnel.tracks import Tracks, split_by_item, tracks_of
from footfall.analytics.steps import StepLike, Steps, parse_steps
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.sessions import SESSION_COLUMNS
from footfall.store.view import LogView

__all__ = ["Entries", "Excluding", "Order", "Per", "Plan", "exclusions"]

Order = Literal["ordered", "strict", "any"]
Per = Literal["user", "session"]
Excluding = (
    StepLike | Sequence[StepLike] | Mapping[str, tuple[int, int] | None] | None
)  # fmt: skip

_KERNELS = {"ordered": ordered_entries, "strict": strict_entries, "any": any_entries}


@dataclass(frozen=True)
class Entries:
    """How far chains of each unit and group of first events come.

    Parameters
    ----------
    user : ndarray of int64, shape (E,)
        Place of the unit's user in the chunk, ascending.
    unit, group : ndarray, shape (E,)
        An entry is one unit and one group of first events.
    began, ended : ndarray of int64, shape (E, K)
        Row where each step was first reached, and the latest first event from which it can be
        reached there; -1: not reached.
    done : ndarray of int64, shape (E,)
        For steps in any order: those of the longest chain, as bits.
    """

    user: npt.NDArray[np.int64]
    unit: npt.NDArray[np.int64]
    group: npt.NDArray[np.int32]
    began: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    done: npt.NDArray[np.int64]

    @property
    def reached(self) -> npt.NDArray[np.int64]:
        """Number of steps of each entry."""
        return np.count_nonzero(self.ended >= 0, axis=1)

    def took(self, timestamp: Array) -> npt.NDArray[np.int64]:
        """Give microseconds to each step, shape (E, K); -1 where it is not reached."""
        if not len(timestamp):
            return np.full(self.ended.shape, -1, np.int64)
        return np.where(self.ended >= 0, timestamp[self.ended] - timestamp[self.began], -1)


@dataclass(frozen=True)
class Plan:
    """A funnel as plain data, the same in every process.

    Parameters
    ----------
    steps : Steps
    within : int
        Microseconds from the first to the last event of a chain, inclusive.
    order : "ordered", "strict" or "any"
    gap : int or None
        Units are sessions with this gap (microseconds); None: users.
    same_item : bool
        All events of a chain have the same item.
    excluded : Steps or None
        Events that may not lie inside a chain, and ...
    kills : tuple of int
        ... for each of them, as bits, after which steps.
    """

    steps: Steps
    within: int
    order: Order = "ordered"
    gap: int | None = None
    same_item: bool = False
    excluded: Steps | None = None
    kills: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        log: LogView,
        *,
        steps: Sequence[StepLike] | StepLike,
        within: int,
        order: Order = "ordered",
        gap: int | None = None,
        same_item: bool = False,
        excluding: Excluding = None,
        owner: str = "funnel",
        time_zone: str = "UTC",
    ) -> "Plan":
        """Read what was asked, and refuse what has no meaning.

        Raises
        ------
        OptionError
        """
        if order not in get_args(Order):
            raise OptionError.of("order", owner, f"one of {get_args(Order)}", order)
        plan = cls(
            parse_steps(log, steps, owner=owner, time_zone=time_zone),
            within,
            order,
            gap,
            bool(same_item),
        )
        if excluding is not None:
            plan = exclusions(log, plan, excluding, owner=owner, time_zone=time_zone)
        if len(plan.steps) > MOST_STEPS and not plan.plain:
            allowed = (
                f"at most {MOST_STEPS} steps with conditions, excluded events, same_item, strict"
                " or any order (as many as you like without them)"
            )
            raise OptionError.of("steps", owner, allowed, f"{len(plan.steps)} steps")
        return plan

    @property
    def plain(self) -> bool:
        """Whether the fast loops, which see event types only, can answer."""
        simple = self.order == "ordered" and self.excluded is None and not self.same_item
        return simple and not self.steps.conditions

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that :meth:`entries` and :meth:`reach` read."""
        names = ["timestamp", *self.steps.columns]
        names += self.excluded.columns if self.excluded else ()
        names += SESSION_COLUMNS if self.gap is not None else ()
        names += ["item"] if self.same_item else []
        return tuple(dict.fromkeys(names))

    @property
    def first(self) -> "Plan":
        """The first step alone."""
        return replace(self, steps=self.steps.first(), within=0, excluded=None, kills=())

    def reach(
        self, chunk: UserChunk
    ) -> tuple[Tracks, npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Give the units, steps reached (units,) and times (units, K): plain plans only."""
        tracks, steps = tracks_of(chunk, self.gap), len(self.steps)
        reached = np.zeros(len(tracks), np.int32)
        took = np.empty(len(tracks) * steps, np.int64)
        rows = (tracks.offsets, chunk["timestamp"], chunk["event_type"])
        if steps <= SHORT:
            reach_short(*rows, self.steps.serves(), steps, self.within, reached, took)
        else:
            reach(*rows, self.steps.starts, self.steps.places, self.within, reached, took)
        return tracks, reached, took.reshape(len(tracks), steps)

    def entries(self, chunk: UserChunk, group: Array | None = None, groups: int = 1) -> Entries:
        """Find how far the chains of each unit and group of first events come.

        Parameters
        ----------
        chunk : UserChunk
        group : ndarray of int32, shape (N,), optional
            Group of each event as the first of a chain, -1: not counted. None: all are one.
        groups : int
        """
        serves, kills = self.steps.bits(chunk), self._kills(chunk)
        tracks = tracks_of(chunk, self.gap)
        if self.same_item:
            matter = (serves != 0) | (kills != 0) if len(kills) else serves != 0
            kept = np.ones(chunk.events, np.bool_) if self.order == "strict" else matter
            tracks = split_by_item(tracks, chunk["item"], kept)
        starts = np.count_nonzero(serves if self.order == "any" else serves & 1)
        most, steps = min(int(starts), len(tracks) * groups), len(self.steps)
        unit, of_group = np.empty(most, np.int64), np.empty(most, np.int32)
        began, ended = np.empty(most * steps, np.int64), np.empty(most * steps, np.int64)
        done = np.zeros(most if self.order == "any" else 0, np.int64)
        nothing = np.zeros(0, np.int64)
        count = _KERNELS[self.order](
            tracks.firsts, tracks.offsets, nothing if tracks.rows is None else tracks.rows,
            tracks.places(chunk["timestamp"]), tracks.places(serves),
            tracks.places(kills) if len(kills) else kills,
            np.zeros(0, np.int32) if group is None else tracks.places(group),
            groups, steps, self.within, unit, of_group, began, ended, done,
        )  # fmt: skip
        return Entries(
            tracks.user[unit[:count]],
            unit[:count],
            of_group[:count],
            began.reshape(most, steps)[:count],
            ended.reshape(most, steps)[:count],
            done[:count],
        )

    def _kills(self, chunk: UserChunk) -> npt.NDArray[np.int64]:
        """Give for each event, as bits, after which steps of a chain it may not lie."""
        if self.excluded is None:
            return np.zeros(0, np.int64)
        bits, kills = self.excluded.bits(chunk), np.zeros(chunk.events, np.int64)
        for place, kill in enumerate(self.kills):
            kills |= np.where((bits >> place) & 1, np.int64(kill), np.int64(0))
        return kills


def exclusions(
    log: LogView, plan: Plan, excluding: Excluding, *, owner: str, time_zone: str = "UTC"
) -> Plan:
    """Add excluded events to a plan.

    Parameters
    ----------
    log : LogView
    plan : Plan
    excluding : str, Step, sequence of them, or mapping of str to (int, int)
        Event types (with conditions) that may not lie between the first and the last event of a
        chain, or only between two steps: ``{"remove_from_cart": (2, 3)}``, in text
        ``"remove_from_cart:2-3"``.

    Raises
    ------
    OptionError
        If steps are strict (nothing lies between), in any order (there is no step 2 and 3; and a
        step cannot be excluded), or a pair is not two of the steps.
    """
    if plan.order == "strict":
        allowed = "None with order='strict': nothing at all lies between strict steps"
        raise OptionError.of("excluding", owner, allowed, excluding)
    names, pairs = _pairs(log, excluding, len(plan.steps), owner)
    excluded = parse_steps(log, names, owner=owner, option="excluding", time_zone=time_zone)
    if len(excluded) > MOST_STEPS:
        raise OptionError.of("excluding", owner, f"at most {MOST_STEPS} events", len(excluded))
    if plan.order == "any":
        if any(pair is not None for pair in pairs):
            allowed = "without step numbers with order='any': the steps have no order"
            raise OptionError.of("excluding", owner, allowed, excluding)
        both = excluded.types() & plan.steps.types()
        if both:
            words = ", ".join(repr(log.event_types[code]) for code in sorted(both))
            allowed = f"no step's own event type with order='any' ({words} is one)"
            raise OptionError.of("excluding", owner, allowed, excluding)
    kills = []
    for pair in pairs:
        first, last = pair or (1, len(plan.steps))
        kills.append(sum(1 << step for step in range(first - 1, last - 1)))
    if plan.order == "any":
        kills = [1] * len(pairs)
    return replace(plan, excluded=excluded, kills=tuple(kills))


def _pairs(
    log: LogView, excluding: Excluding, steps: int, owner: str
) -> tuple[list[StepLike], list[tuple[int, int] | None]]:
    """Give the excluded events and, for each, the two steps it was named for."""
    from footfall.analytics.steps import Step, split_outside

    if isinstance(excluding, Mapping):
        named: list[StepLike] = list(excluding)
        given = list(excluding.values())
    else:
        each = [excluding] if isinstance(excluding, Step) else excluding
        each = split_outside(each, ",") if isinstance(each, str) else list(each or [])
        named, given = [], []
        for one in each:
            name, pair = _with_pair(log, one)
            named.append(name)
            given.append(pair)
    for pair in given:
        good = pair is None or (
            len(pair) == 2
            and all(isinstance(n, int) for n in pair)
            and 1 <= pair[0] < pair[1] <= steps
        )
        if not good:
            allowed = f"event types, each with two steps from 1 to {steps}, the first one lower"
            raise OptionError.of("excluding", owner, allowed, excluding)
    return named, given


def _with_pair(log: LogView, one: StepLike) -> tuple[StepLike, tuple[int, int] | None]:
    """Read "remove_from_cart:2-3"."""
    if not isinstance(one, str) or one in log.event_types:
        return one, None
    name, colon, pair = one.rpartition(":")
    first, dash, last = pair.partition("-")
    if colon and dash and first.strip().isdigit() and last.strip().isdigit():
        return name.strip(), (int(first), int(last))
    return one.strip(), None
