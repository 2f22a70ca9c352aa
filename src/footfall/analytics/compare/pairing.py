"""Which two sides: the values of a field, two segments, or two periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.compare.values import BOTH
from footfall.analytics.scope import Between, Scope
from footfall.analytics.scope.fields import Field, field_named
from footfall.analytics.scope.grouping import texts
from footfall.analytics.scope.period import parse_period
from footfall.analytics.steps import codes_of
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    from footfall.analytics.segment import Segment

__all__ = ["Sided", "arms_named", "periods_named", "segments_named"]


@dataclass(frozen=True)
class Sided:
    """The two sides of a comparison.

    Parameters
    ----------
    kind : "arms", "segments" or "periods"
    names : pair of str
    field, values, exposure, members, windows
        As in :class:`.sides.Plan`.
    at_start : bool
        Whether users' time begins with the period asked about, rather than with an event of theirs.
    said : str
        What was asked for, in the asker's words.
    """

    kind: Literal["arms", "segments", "periods"]
    names: tuple[str, str]
    said: str
    field: Field | None = None
    values: tuple[str, ...] = ()
    exposure: npt.NDArray[np.bool_] | None = None
    members: npt.NDArray[np.int8] | None = None
    windows: tuple[tuple[int, int], ...] = ()
    at_start: bool = True


def _two(option: str, given: Sequence[object], allowed: str) -> None:
    if isinstance(given, str) or len(given) != 2:
        raise OptionError.of(option, "compare", allowed, given)


def _named(sides: Sequence[str] | None, names: Sequence[str]) -> tuple[str, str]:
    chosen = names if sides is None else sides
    _two("sides", chosen, "two names")
    first, second = (str(name) for name in chosen)
    if first == second:
        raise OptionError.of("sides", "compare", "two different names", [first, second])
    return first, second


def arms_named(
    scope: Scope,
    arms: str,
    sides: Sequence[str] | None,
    exposure: str | None,
    *,
    time_zone: str,
) -> Sided:
    """Find the field of the arms, and which two values are compared.

    Raises
    ------
    OptionError
        If there is no such field, a side is no value of it, or it has not exactly two values and no
        sides are given.
    """
    field = field_named(scope.base, arms, owner="compare", option="arms", time_zone=time_zone)
    types = None
    if exposure is not None:
        types = np.zeros(len(scope.base.event_types), bool)
        types[codes_of(scope.base, exposure)] = True
    columns = tuple(dict.fromkeys([*field.columns, *(["event_type"] if exposure else [])]))
    known = scope.log.map(
        partial(_values_seen, field, types), _together, columns=columns, label="compare: arms"
    )
    shown = ", ".join(known[:20])
    if sides is None and len(known) != 2:
        allowed = f"two of the values of {arms} ({shown or 'none in scope'})"
        raise OptionError.of("sides", "compare", allowed, sides)
    names = _named(sides, known)
    for name in names:
        if name not in known:
            raise OptionError.of("sides", "compare", f"two of the values of {arms} ({shown})", name)
    said = arms if exposure is None else f"{arms}, by {exposure}"
    at_start = field.of_user and exposure is None
    return Sided("arms", names, said, field=field, values=names, exposure=types, at_start=at_start)


def _values_seen(field: Field, types: npt.NDArray[np.bool_] | None, chunk: UserChunk) -> set[str]:
    codes = np.asarray(field.codes(chunk), np.int64)
    if types is not None:
        codes = codes[types[chunk["event_type"]]]
    used = np.unique(codes[codes >= 0])
    return set(texts(field.values(chunk)).take(pa.array(used)).to_pylist())


def _together(parts: list[set[str]]) -> list[str]:
    return sorted({value for part in parts for value in part})


def segments_named(
    log: LogView,
    segments: "Sequence[str | Segment]",
    sides: Sequence[str] | None,
    *,
    time_zone: str,
) -> Sided:
    """Find the members of two segments: saved ones by name, others by rule.

    Raises
    ------
    OptionError
        If there are not two, or one is neither a saved segment nor a rule.
    """
    from footfall.analytics.scope.segments import Segment, members_of

    _two("segments", segments, "two saved segments or rules")
    saved = set(log.segments())
    members = []
    for segment in segments:
        mine: str | Segment = segment
        if isinstance(segment, str) and segment not in saved and "(" in segment:
            mine = Segment(segment, rule=segment)
        members.append(members_of(log, mine, time_zone=time_zone))
    first, second = members
    side = np.where(first, 0, np.where(second, 1, -1)).astype(np.int8)
    side[first & second] = BOTH
    words = [segment if isinstance(segment, str) else segment.name for segment in segments]
    return Sided("segments", _named(sides, words), " and ".join(words), members=side)


def periods_named(
    scope: Scope,
    periods: Sequence[Between],
    sides: Sequence[str] | None,
    *,
    time_zone: str,
) -> Sided:
    """Read two periods.

    Raises
    ------
    OptionError
        If there are not two, they overlap, or ``between`` is given as well.
    """
    if scope.period is not None:
        raise OptionError.of("between", "compare", "left out when periods are compared", "both")
    _two("periods", periods, "two periods, such as ('2026-01', '2026-02')")
    found = [
        parse_period(period, log=scope.base, owner="compare", time_zone=time_zone, option="periods")
        for period in periods
    ]
    first, second = found
    if first.start < second.end and second.start < first.end:
        raise OptionError.of("periods", "compare", "two periods without a common time", periods)
    words = [period if isinstance(period, str) else str(at) for period, at in zip(periods, found)]  # noqa: B905  # two of each
    windows = tuple((period.start, period.end) for period in found)
    said = " and ".join(str(period) for period in found)
    return Sided("periods", _named(sides, words), said, windows=windows)
