"""Frequent sets of things: a pass for single things, one for pairs, one for triples."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from footfall.analytics.basket.baskets import BasketRule, add_counts, count_things
from footfall.analytics.basket.sets import SetCounts, count_sets, merge_sets
from footfall.analytics.scope import Asked, Scope
from footfall.errors import OptionError

__all__ = ["Mined", "by_name", "checked_support", "least_count", "mine"]

A = TypeVar("A")
MOST_TRIPLE_THINGS = 2_000_000  # three of them still fit into 63 bits


@dataclass(frozen=True)
class Mined:
    """Frequent things and sets of one scope.

    Parameters
    ----------
    baskets : int
        Baskets with a thing, those that hold too many left out.
    large : int
        Baskets left out because they hold too many different things.
    single : ndarray of int64, shape (T,)
        Baskets with each thing.
    pairs, triples : SetCounts
        Those in enough baskets.
    """

    baskets: int
    large: int
    single: npt.NDArray[np.int64]
    pairs: SetCounts
    triples: SetCounts


def checked_support(min_support: float, *, owner: str) -> float:
    """Check a least support: a share of baskets below 1, or a number of baskets.

    Raises
    ------
    OptionError
        If it is neither.
    """
    number = isinstance(min_support, int | float) and not isinstance(min_support, bool)
    if not number or not (0 < min_support < 1 or (min_support >= 1 and min_support % 1 == 0)):
        allowed = "a share of baskets between 0 and 1, or a whole number of baskets"
        raise OptionError.of("min_support", owner, allowed, min_support)
    return min_support


def by_name(asked: Asked[A]) -> dict[str | None, A]:
    """Give what was found by name of the group; None is the whole."""
    names: list[str | None] = [None, *asked.groups]
    return dict(zip(names, [asked.total, *asked.groups.values()], strict=True))


def least_count(min_support: float, baskets: int) -> int:
    """Give the least number of baskets that is enough."""
    return max(1, ceil(min_support * baskets)) if min_support < 1 else int(min_support)


def mine(
    scope: Scope, rule: BasketRule, *, min_support: float, size: int, owner: str
) -> tuple[npt.NDArray[np.int64], Mined, Mapping[str, Mined], dict[str, str]]:
    """Count things and sets of the whole scope and of each group.

    Sets are counted of things that are in enough baskets: no other set can be.

    Parameters
    ----------
    scope : Scope
    rule : BasketRule
        Of all things.
    min_support : float
        See :func:`checked_support`.
    size : 2 or 3
        Largest sets.
    owner : str
        The question.

    Returns
    -------
    kept : ndarray of int64
        Places of the things that were kept among all things.
    total : Mined
    groups : mapping of str to Mined
    note : dict of str to str
        For the definition, where nothing is in scope.
    """
    counted = scope.ask(
        partial(count_things, rule),
        partial(add_counts, rule.things + 2),
        columns=rule.columns,
        label=f"{owner}: things",
    )
    every = by_name(counted)
    least = {name: least_count(min_support, int(counts[-2])) for name, counts in every.items()}
    kept = np.flatnonzero(
        np.any([counts[:-2] >= least[name] for name, counts in every.items()], axis=0)
    )
    if size == 3 and len(kept) > MOST_TRIPLE_THINGS:
        allowed = f"enough that at most {MOST_TRIPLE_THINGS:,} things reach it, for size=3"
        raise OptionError.of("min_support", owner, allowed, min_support)
    place = np.full(rule.things, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    narrow = replace(rule, things=len(kept), place=place)
    pairs = _sets(scope, narrow, 2, np.zeros(0, np.int64), least, owner)
    triples = {name: merge_sets([]) for name in every}
    if size == 3:
        frequent = np.unique(np.concatenate([each.codes for each in pairs.values()]))
        triples = _sets(scope, narrow, 3, frequent, least, owner)
    found = {
        name: Mined(int(counts[-2]), int(counts[-1]), counts[kept], pairs[name], triples[name])
        for name, counts in every.items()
    }
    groups = {name: each for name, each in found.items() if name is not None}
    return kept, found[None], groups, counted.note


def _sets(
    scope: Scope,
    rule: BasketRule,
    size: int,
    pairs: npt.NDArray[np.int64],
    least: Mapping[str | None, int],
    owner: str,
) -> dict[str | None, SetCounts]:
    """Count pairs or triples, and keep those in enough baskets."""
    asked = scope.ask(
        partial(count_sets, rule, size, pairs), merge_sets, columns=rule.columns, label=owner
    )
    found: dict[str | None, SetCounts] = {}
    for name, counts in by_name(asked).items():
        enough = counts.baskets >= least[name]
        found[name] = SetCounts(counts.codes[enough], counts.baskets[enough], counts.users[enough])
    return found
