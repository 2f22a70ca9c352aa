"""Weights of a mix: found on the items that matter, the few that some part puts on top.

An item that no part has among its first hundred cannot come into the first ten of a mix, so the
search looks at the candidates of the parts alone, a few hundred a user instead of the catalogue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.features.held_out import HeldOut
from footfall.kernels import f64, i64, kernel
from footfall.recommend.top import top_items

__all__ = ["Candidates", "best_weights", "gather", "quality"]

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

TOP = 100  # items a part may bring a user
BLOCK_NUMBERS = 1 << 22  # chances of a part held at once: 16 MB
SHOWN = 10  # places of a list that count
STEPS = (0.5, 0.25, 0.1, 0.05)  # by which the search moves a weight, ever finer
ROUNDS = 20

_chances = types.Array(types.float32, 2, "C", readonly=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """What each part expects of a few items of each user.

    Parameters
    ----------
    offsets : int64 array, shape (B + 1,)
        Candidates of user ``b`` are ``offsets[b] .. offsets[b + 1]``.
    chances : float32 array, shape (N, P)
        Of each part.
    wanted : int64 array, shape (B,)
        The row of the item that came next.
    """

    offsets: Int64
    chances: Float32
    wanted: Int64


def gather(
    parts: Sequence[Callable[[int, int], Float32]],
    held_out: HeldOut,
    *,
    keep_seen: bool = False,
    block: int | None = None,
) -> Candidates:
    """Collect the candidates of held-out users.

    Parameters
    ----------
    parts : sequence of callables (low, high) -> float32 array, shape (high - low, V)
        Chances of all items for the held-out users ``low .. high``.
    held_out : HeldOut
        Where `keep_seen` is not set, new items only: see `HeldOut.new_only`.
    keep_seen : bool
        Whether items of a user's history are candidates.
    block : int or None
        Users at a time; None: as many as keep a part's chances within 16 MB.

    Returns
    -------
    Candidates
        Items that a part has among a user's first, and the one that came next.
    """
    histories, targets = held_out.histories, held_out.items
    block = block or max(1, BLOCK_NUMBERS // max(1, histories.n_items))
    sizes, found, wanted = [0], [], []
    for low in range(0, len(targets), block):
        high = min(low + block, len(targets))
        seen = histories.offsets[low : high + 1] * (0 if keep_seen else 1)
        chances, tops = [], [targets[low:high, None]]
        for part in parts:
            chances.append(part(low, high))  # (b, V)
            top, _ = top_items(chances[-1], k=TOP, seen_offsets=seen, seen_items=histories.items)
            tops.append(top)
        for row, target in enumerate(targets[low:high]):
            items = np.unique(np.concatenate([top[row] for top in tops]))
            items = items[items >= 0]
            wanted.append(sizes[-1] + int(np.searchsorted(items, target)))
            sizes.append(sizes[-1] + len(items))
            found.append(np.stack([each[row, items] for each in chances], axis=1))
    return Candidates(
        offsets=np.array(sizes, np.int64),
        chances=np.concatenate(found) if found else np.zeros((0, len(parts)), np.float32),
        wanted=np.array(wanted, np.int64),
    )


def quality(candidates: Candidates, weights: npt.ArrayLike) -> float:
    """Give NDCG@10 of a weighted sum; of items that score the same the wanted one is in the middle.

    Examples
    --------
    >>> candidates = Candidates(
    ...     offsets=np.array([0, 2]),
    ...     chances=np.array([[0.2, 0.6], [0.8, 0.4]], np.float32),
    ...     wanted=np.array([0]),
    ... )
    >>> quality(candidates, [1, 0]) < quality(candidates, [0, 1]) == 1.0
    True
    """
    given = np.ascontiguousarray(weights, np.float64)
    if len(candidates.wanted) == 0:
        return 0.0
    return float(_quality_kernel(candidates.offsets, candidates.chances, candidates.wanted, given))


def best_weights(candidates: Candidates) -> Float64:
    """Find the weights that rank the wanted items best.

    The search starts from the best part alone and from equal shares, and moves one weight at a
    time as long as that helps: what it gives is never worse than the best part.

    Parameters
    ----------
    candidates : Candidates

    Returns
    -------
    float64 array, shape (P,)
        They sum to 1. Where nobody is asked, they are equal shares.
    """
    parts = candidates.chances.shape[1]
    alone, equal = np.eye(parts), np.full(parts, 1 / parts)
    if len(candidates.wanted) == 0:
        return equal
    starts = [*alone, equal]
    scored = [(quality(candidates, start), tuple(start)) for start in starts]
    tried = [_climb(candidates, np.array(start), value) for value, start in sorted(scored)[-2:]]
    return max(tried, key=lambda found: found[0])[1]


def _climb(candidates: Candidates, weights: Float64, value: float) -> tuple[float, Float64]:
    """Move one weight at a time, by ever smaller steps, as long as the ranking gets better."""
    for step in STEPS:
        for _ in range(ROUNDS):
            before = value
            for place in range(len(weights)):
                for move in (step, -step):
                    other = weights.copy()
                    other[place] = max(0.0, other[place] + move)
                    if other.sum() <= 0:
                        continue
                    other /= other.sum()
                    found = quality(candidates, other)
                    if found > value:
                        value, weights = found, other
            if value <= before:
                break
    return value, weights


@kernel(types.float64(i64, _chances, i64, f64))
def _quality_kernel(offsets: Int64, chances: Float32, wanted: Int64, weights: Float64) -> float:
    total = 0.0
    for user in range(len(wanted)):
        at = 0.0
        for part in range(len(weights)):
            at += weights[part] * chances[wanted[user], part]
        rank = 0.0
        for row in range(offsets[user], offsets[user + 1]):
            if row == wanted[user]:
                continue
            other = 0.0
            for part in range(len(weights)):
                other += weights[part] * chances[row, part]
            if other > at:
                rank += 1.0
            elif other == at:
                rank += 0.5
        if rank < SHOWN:
            total += 1.0 / np.log2(rank + 2.0)
    return total / len(wanted)
