"""Shapley values of channels in the game of conversion chances by set of channels.

The game: had only the channels of S been there, a path that met the channels T would have met
those of T in S, and converted as often as paths that met exactly these. So

    v(S) = sum over paths of r(T and S),   r(U) = share of conversions among paths with the set U,

r of no channel is 0, and of a set nobody has met the mean of r over the sets with one channel less.
v of all channels is the number of conversions, so the values add up to it. A channel that adds
nothing to the chance of others gets little however often it stands in their paths; the game that
only counts conversions inside S would give back equal shares of each path (the linear model).

References
----------
X. Shao, L. Li, "Data-driven multi-touch attribution models", 2011. B. Dalessandro, C. Perlich,
O. Stitelman, F. Provost, "Causally motivated attribution for online advertising", 2012.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from math import factorial

import numpy as np
import numpy.typing as npt

from footfall.analytics.attribution.paths import GROUPS, Paths
from footfall.kernels import Array

__all__ = ["MOST_EXACT", "ORDERS", "Met", "Sets", "met_sets", "sets_of", "shapley_values"]

MOST_EXACT = 15  # channels whose sets are all gone through
ORDERS = 60  # orders drawn for a set, beyond that number of channels
_DEEPEST = 12  # channels of an unseen set whose subsets are looked at
_SEED = 20_110_821


@dataclass(frozen=True)
class Sets:
    """How often each set of channels was met, in each group of users.

    Parameters
    ----------
    channels : int
    sets : tuple of int
        Bit c is set when channel c was met; ascending.
    paths, won : ndarray of int64, shape (groups, sets)
        Paths, and what they brought (conversions or minor units of money).
    """

    channels: int
    sets: tuple[int, ...]
    paths: npt.NDArray[np.int64]
    won: npt.NDArray[np.int64]

    @cached_property
    def game(self) -> "_Dense | _Drawn":
        """The sums to evaluate, made once for all draws."""
        chances = _chances(self.paths.sum(axis=0), self.won.sum(axis=0))
        if self.channels <= MOST_EXACT:
            return _Dense.of(self, chances)
        return _Drawn.of(self, chances)


@dataclass(frozen=True)
class Met:
    """Which set of channels each path met.

    Parameters
    ----------
    masks : tuple of int
        Different sets, ascending.
    touched : ndarray of int64
        Paths that have a touch.
    place : ndarray of int64
        The set of each of them.
    """

    masks: tuple[int, ...]
    touched: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]


def met_sets(paths: Paths) -> Met:
    """Find the set of channels of each path."""
    lengths, channels = paths.lengths, len(paths.words)
    touched = np.flatnonzero(lengths > 0)
    if not len(touched):
        return Met((), touched, touched)
    starts = (paths.ends - lengths)[touched]
    if channels < 63:
        bits = np.int64(1) << paths.flat.astype(np.int64)
        masks = np.bitwise_or.reduceat(bits, starts)
    else:
        flags = np.array([1 << code for code in range(channels)], object)
        masks = np.bitwise_or.reduceat(flags[paths.flat], starts)
    kinds, place = np.unique(masks, return_inverse=True)
    return Met(tuple(int(kind) for kind in kinds), touched, place.astype(np.int64))


def sets_of(paths: Paths, weight: Array, met: Met) -> Sets:
    """Count the sets of channels of all paths that have a touch, and what they brought."""
    table = np.zeros((2, GROUPS * len(met.masks)), np.int64)
    cell = paths.group[met.touched].astype(np.int64) * len(met.masks) + met.place
    np.add.at(table[0], cell, (paths.conversions + paths.lost)[met.touched])
    np.add.at(table[1], cell, weight[met.touched])
    seen, won = table.reshape(2, GROUPS, len(met.masks))
    return Sets(len(paths.words), met.masks, seen, won)


def _chances(paths: Array, won: Array) -> npt.NDArray[np.float64]:
    return np.divide(won, paths, out=np.full(len(paths), np.nan), where=paths > 0)


def shapley_values(sets: Sets, weights: Array) -> npt.NDArray[np.float64]:
    """Give each channel's Shapley value when groups of users count with the given weights.

    Parameters
    ----------
    sets : Sets
    weights : ndarray of float64, shape (groups,)
        All 1 for the answer itself. A set that no drawn group has met keeps its chance.

    Returns
    -------
    ndarray of float64, shape (channels,)
        They add up to what the weighted paths brought.
    """
    paths, won = weights @ sets.paths, weights @ sets.won
    return sets.game.values(paths, _chances(paths, won))


@dataclass(frozen=True)
class _Dense:
    """All subsets of at most MOST_EXACT channels."""

    channels: int
    places: npt.NDArray[np.int64]  # of the sets met
    fallback: npt.NDArray[np.float64]  # chance of every subset, in the whole log

    @classmethod
    def of(cls, sets: Sets, chances: Array) -> "_Dense":
        """Fill in the chance of sets nobody has met, small ones first."""
        channels = sets.channels
        every = np.full(1 << channels, np.nan)
        places = np.array(sets.sets, np.int64)
        every[places] = chances
        every[0] = 0.0
        sizes = _sizes(channels)
        for size in range(1, channels + 1):
            unseen = np.flatnonzero((sizes == size) & np.isnan(every))
            bits = 1 << np.arange(channels)
            inside = (unseen[:, None] & bits) > 0
            smaller = every[unseen[:, None] & ~bits]
            every[unseen] = np.where(inside, smaller, 0).sum(axis=1) / size
        return cls(channels, places, every)

    def values(self, paths: Array, chances: Array) -> npt.NDArray[np.float64]:
        """Sum (chance with the channel - chance without) over sets and orders."""
        chance = self.fallback.copy()
        known = ~np.isnan(chances)
        chance[self.places[known]] = chances[known]
        sizes = _sizes(self.channels)
        weight = np.zeros(1 << self.channels)
        for size in range(1, self.channels + 1):
            above = np.zeros(1 << self.channels)
            mine = sizes[self.places] == size
            above[self.places[mine]] = paths[mine]
            above = _supersets(above, self.channels)
            for small in range(1, size + 1):  # orders in which exactly this set comes first
                share = factorial(small - 1) * factorial(size - small) / factorial(size)
                weight += np.where(sizes == small, above * share, 0)
        values = np.zeros(self.channels)
        for channel in range(self.channels):
            pairs = chance.reshape(-1, 2, 1 << channel)
            gains = (pairs[:, 1] - pairs[:, 0]) * weight.reshape(-1, 2, 1 << channel)[:, 1]
            values[channel] = gains.sum()
        return values


def _sizes(channels: int) -> npt.NDArray[np.int64]:
    sizes = np.zeros(1, np.int64)
    for _ in range(channels):
        sizes = np.concatenate([sizes, sizes + 1])
    return sizes


def _supersets(values: Array, channels: int) -> Array:
    """Give each set the sum over all sets that hold it."""
    for channel in range(channels):
        pairs = values.reshape(-1, 2, 1 << channel)
        pairs[:, 0] += pairs[:, 1]
    return values


@dataclass(frozen=True)
class _Drawn:
    """Orders of the channels of each set met: all of them for small sets, drawn for large ones."""

    channels: int
    places: npt.NDArray[np.int64]  # of the sets met, among all sets looked at
    fallback: npt.NDArray[np.float64]
    channel: npt.NDArray[np.int64]  # of each step of an order
    with_it: npt.NDArray[np.int64]
    without: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]  # the set met
    share: npt.NDArray[np.float64]  # of the set's orders

    @classmethod
    def of(cls, sets: Sets, chances: Array) -> "_Drawn":
        """Draw the orders and find the chance of every set they go through."""
        known = {0: 0.0} | dict(zip(sets.sets, chances.tolist(), strict=True))
        overall = float(sets.won.sum() / max(int(sets.paths.sum()), 1))
        place: dict[int, int] = {0: 0}
        steps: list[tuple[int, int, int, int, float]] = []
        rng = np.random.default_rng(_SEED)
        for owner, mask in enumerate(sets.sets):
            members = [code for code in range(sets.channels) if mask >> code & 1]
            orders = _orders(members, rng)
            for order in orders:
                before = 0
                for code in order:
                    after = before | 1 << code
                    to = place.setdefault(after, len(place))
                    steps.append((code, to, place[before], owner, 1 / len(orders)))
                    before = after
        every = [_chance_of(mask, known, overall) for mask in place]
        channel, with_it, without, owners = (
            np.array([step[at] for step in steps], np.int64) for at in range(4)
        )
        return cls(
            channels=sets.channels,
            places=np.array([place[mask] for mask in sets.sets], np.int64),
            fallback=np.array(every),
            channel=channel,
            with_it=with_it,
            without=without,
            owner=owners,
            share=np.array([step[4] for step in steps]),
        )

    def values(self, paths: Array, chances: Array) -> npt.NDArray[np.float64]:
        """Average what each channel adds where it joins an order."""
        chance = self.fallback.copy()
        known = ~np.isnan(chances)
        chance[self.places[known]] = chances[known]
        gains = (chance[self.with_it] - chance[self.without]) * paths[self.owner] * self.share
        values: npt.NDArray[np.float64] = np.zeros(self.channels)
        np.add.at(values, self.channel, gains)
        return values


def _orders(members: list[int], rng: np.random.Generator) -> list[tuple[int, ...]]:
    if factorial(len(members)) <= ORDERS:
        return list(permutations(members))
    return [tuple(rng.permutation(members).tolist()) for _ in range(ORDERS)]


def _chance_of(mask: int, known: dict[int, float], overall: float) -> float:
    """Give the chance of a set; unseen ones are remembered in ``known``."""
    if mask not in known:
        bits = [1 << code for code in range(mask.bit_length()) if mask >> code & 1]
        if len(bits) > _DEEPEST:
            known[mask] = overall
        else:
            smaller = [_chance_of(mask & ~bit, known, overall) for bit in bits]
            known[mask] = sum(smaller) / len(bits)
    return known[mask]
