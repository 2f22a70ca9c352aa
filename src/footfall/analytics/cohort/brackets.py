"""The columns of a retention table: periods after the start, one by one or in brackets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError

__all__ = ["Bracket", "Brackets", "Kind", "brackets_of", "kind_named", "reach_of"]

Kind = Literal["bounded", "unbounded", "within", "unbroken"]
Bracket = int | str | tuple[int, int]
# The same thing has several names in the field.
_ALIASES = {"rolling": "unbounded"}
_MOST = 1000
_FAR = 1 << 40  # later than any period


@dataclass(frozen=True)
class Brackets:
    """Columns: the first and last period of each, and its name ("0", "1-3")."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns."""
        both = zip(self.low, self.high, strict=True)
        return tuple(str(a) if a == b else f"{a}-{b}" for a, b in both)

    def __len__(self) -> int:
        return len(self.low)


def kind_named(kind: str, *, owner: str) -> Kind:
    """Check a kind of retention.

    Raises
    ------
    OptionError
        If there is no such kind.

    Examples
    --------
    >>> kind_named("rolling", owner="retention")
    'unbounded'
    """
    found = _ALIASES.get(kind, kind)
    if found not in get_args(Kind):
        allowed = f"one of {(*get_args(Kind), *_ALIASES)}"
        raise OptionError.of("kind", owner, allowed, kind)
    return found  # type: ignore[return-value]  # it is one of them


def brackets_of(brackets: Sequence[Bracket] | str | None, periods: int, *, owner: str) -> Brackets:
    """Read the columns of a table.

    Parameters
    ----------
    brackets : sequence of int, "a-b" or (a, b); or the same as text with commas; or None
        Periods after the start, ascending, none twice. None: each from 0 to ``periods``.
    periods : int
        The last one when there are no brackets.
    owner : str
        What errors name.

    Raises
    ------
    OptionError
        If they cannot be read, overlap or go beyond 1,000.

    Examples
    --------
    >>> brackets_of("0, 1-3, 4-7", 12, owner="retention").labels
    ('0', '1-3', '4-7')
    >>> brackets_of(None, 2, owner="retention").labels
    ('0', '1', '2')
    """
    if brackets is None:
        return Brackets(tuple(range(periods + 1)), tuple(range(periods + 1)))
    parts = brackets.split(",") if isinstance(brackets, str) else list(brackets)
    pairs = [_pair(part) for part in parts]
    flat = [edge for pair in pairs for edge in pair]
    rising = all(a <= b for a, b in pairs) and all(b[0] > a[1] for a, b in pairwise(pairs))
    if not pairs or not rising or min(flat) < 0 or max(flat) > _MOST:
        allowed = f"periods from 0 to {_MOST} that ascend, such as [0, '1-3', '4-7']"
        raise OptionError.of("brackets", owner, allowed, brackets)
    return Brackets(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def _pair(part: Bracket) -> tuple[int, int]:
    """Read one bracket; what cannot be read is (0, -1), which does not ascend."""
    if isinstance(part, int):
        return part, part
    if isinstance(part, str):
        found = re.fullmatch(r"\s*(\d{1,4})\s*(?:[-–~]\s*(\d{1,4})\s*)?", part)
        return (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    both = [*part] if isinstance(part, list | tuple) else []
    whole = len(both) == 2 and all(isinstance(edge, int) for edge in both)
    return (both[0], both[1]) if whole else (0, -1)


def reach_of(columns: Brackets, kind: Kind) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the first and last period in which a return counts for each column."""
    low, high = np.array(columns.low, np.int64), np.array(columns.high, np.int64)
    if kind == "unbounded":
        high = np.full(len(high), _FAR, np.int64)
    if kind == "within":
        low = np.where(low > 0, 1, 0).astype(np.int64)
    return low, high
