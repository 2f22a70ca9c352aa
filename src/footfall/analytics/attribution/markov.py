"""Markov chains over touches: what is lost when a channel is taken away.

References
----------
E. Anderl, I. Becker, F. von Wangenheim, J. H. Schumann, "Mapping the customer journey: Lessons
learned from graph-based online attribution modeling", 2016.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.analytics.attribution.paths import GROUPS, Paths
from footfall.kernels import Array

__all__ = ["Chain", "chain_of", "removal_effects"]

_SOLVED = 1e-14
_ROUNDS = 10_000


@dataclass(frozen=True)
class Chain:
    """A chain of states, each the last touches of a path.

    Parameters
    ----------
    channel : ndarray of int64, shape (S,)
        Last touch of each state; state 0 is the start, before any touch: -1.
    source, target : ndarray of int64, shape (E,)
        Steps that occurred; target S is a conversion, S + 1 the end without one.
    counts : ndarray of int64, shape (groups, E)
        How often, in each group of users.
    """

    channel: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


def _states(paths: Paths, order: int) -> tuple[Array, Array]:
    """Give the state after each touch, from 1, and the last touch of each state."""
    channels = len(paths.words) + 1
    lengths = paths.lengths
    place = np.arange(len(paths.flat)) - np.repeat(paths.ends - lengths, lengths)
    code = np.zeros(len(paths.flat), np.int64)
    for back in range(order - 1, -1, -1):
        touch = np.zeros(len(paths.flat), np.int64)
        inside = place >= back
        touch[inside] = paths.flat[np.flatnonzero(inside) - back] + 1
        code = code * channels + touch
    kinds, state = np.unique(code, return_inverse=True)
    return state + 1, kinds % channels - 1


def chain_of(paths: Paths, order: int) -> Chain:
    """Count the steps of all paths that have a touch."""
    state, last = _states(paths, order)
    size = len(last) + 1
    lengths = paths.lengths
    owner = np.repeat(np.arange(len(lengths)), lengths)
    first = np.ones(len(owner), bool)
    first[1:] = owner[1:] != owner[:-1]
    source = np.where(first, 0, np.append(0, state[:-1]))
    final = paths.ends[lengths > 0] - 1
    touched = lengths > 0
    steps = [
        source * (size + 2) + state,
        *(state[final] * (size + 2) + size + end for end in (0, 1)),
    ]
    seen = paths.conversions + paths.lost
    counts = [seen[owner], paths.conversions[touched], paths.lost[touched]]
    groups = [paths.group[owner], paths.group[touched], paths.group[touched]]
    kinds, edge = np.unique(np.concatenate(steps), return_inverse=True)
    table = np.zeros(GROUPS * len(kinds), np.int64)
    np.add.at(
        table, np.concatenate(groups).astype(np.int64) * len(kinds) + edge, np.concatenate(counts)
    )
    return Chain(
        channel=np.append(-1, last),
        source=kinds // (size + 2),
        target=kinds % (size + 2),
        counts=table.reshape(GROUPS, len(kinds)),
    )


def removal_effects(chain: Chain, counts: Array, channels: int) -> npt.NDArray[np.float64]:
    """Say what share of conversions is lost when every visit to a channel ends the path.

    Parameters
    ----------
    chain : Chain
    counts : ndarray of float64, shape (E,)
        How often each step occurred.
    channels : int

    Returns
    -------
    ndarray of float64, shape (channels,)
        Between 0 and 1; all 0 when nothing converts.
    """
    size = len(chain.channel)
    leaving = np.bincount(chain.source, weights=counts, minlength=size)
    chance = np.divide(
        counts, leaving[chain.source], out=np.zeros(len(counts)), where=leaving[chain.source] > 0
    )
    won = chain.target == size
    wins = np.bincount(chain.source[won], weights=chance[won], minlength=size)
    if size <= channels + 1:
        return _by_inverse(chain, chance, wins, channels)
    return _by_rounds(chain, chance, wins, channels)


def _by_inverse(chain: Chain, chance: Array, wins: Array, channels: int) -> npt.NDArray[np.float64]:
    """Solve a chain with one state a channel: what is lost is (chance to visit) x (chance to win).

    The chance to ever visit a state is the expected number of visits over that of visits from
    there, both in the inverse of "identity less steps".
    """
    size = len(chain.channel)
    step = np.zeros((size, size))
    inner = chain.target < size
    step[chain.source[inner], chain.target[inner]] = chance[inner]
    visits = np.linalg.inv(np.eye(size) - step)
    value = visits @ wins
    effects = np.zeros(channels)
    if value[0] > 0:
        lost = visits[0] / np.diag(visits) * value / value[0]
        effects[chain.channel[1:]] = np.clip(lost[1:], 0, 1)
    return effects


def _by_rounds(chain: Chain, chance: Array, wins: Array, channels: int) -> npt.NDArray[np.float64]:
    """Solve any chain: one column a channel that is taken away and one for none, step by step."""
    from scipy.sparse import csr_matrix

    size = len(chain.channel)
    inner = chain.target < size
    step = csr_matrix((chance[inner], (chain.source[inner], chain.target[inner])), (size, size))
    stays = np.ones((size, channels + 1))
    stays[np.arange(1, size), chain.channel[1:]] = 0
    value = gain = wins[:, None] * stays
    for _ in range(_ROUNDS):
        gain = (step @ gain) * stays
        value = value + gain
        if gain.max(initial=0.0) < _SOLVED:
            break
    whole = value[0, channels]
    if whole <= 0:
        return np.zeros(channels)
    effects: npt.NDArray[np.float64] = np.clip(1 - value[0, :channels] / whole, 0, 1)
    return effects
