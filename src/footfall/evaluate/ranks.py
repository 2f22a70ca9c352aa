"""Where each target stands among all items: how many score higher, how many the same."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.evaluate.targets import Targets
from footfall.kernels import f32, i32, i64, kernel, out_i64

__all__ = ["BLOCK_BYTES", "Ranks", "rank_targets"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

BLOCK_BYTES = 32 * 1024 * 1024  # scores held at once: memory stays flat whatever the catalogue

_scores = types.Array(types.float32, 2, "C", readonly=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranks:
    """The standing of each target, without deciding how ties fall.

    Parameters
    ----------
    offsets : int64 array, shape (B + 1,)
        Targets of user ``b`` are ``offsets[b] .. offsets[b + 1]``.
    above : int64 array, shape (T,)
        Ranked items that score higher than the target.
    tied : int64 array, shape (T,)
        Ranked items that score the same, the target itself among them (so at least 1): over all
        orders of the ties, its rank is spread evenly over ``above + 1 .. above + tied``.
    n_items : int
        Size of the catalogue.
    """

    offsets: Int64
    above: Int64
    tied: Int64
    n_items: int


def rank_targets(
    score: Callable[[int, int], npt.ArrayLike],
    targets: Targets,
    *,
    n_items: int,
    keep_seen: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Ranks:
    """Rank every target among all items of the catalogue.

    Parameters
    ----------
    score : callable (low, high) -> array, shape (high - low, n_items)
        Scores of all items for the asked users ``low .. high``; higher is better.
    targets : Targets
        What the users have to get, and what they have seen.
    n_items : int
        Size of the catalogue: all of it is ranked.
    keep_seen : bool
        False takes the items of a user's history out of that user's ranking.
    progress : callable (done, total) or None
        Told after each block how many users are done.

    Returns
    -------
    Ranks
        Counts for each target.

    Raises
    ------
    OptionError
        When scores have another shape or are NaN, or a target is a masked item.

    Examples
    --------
    >>> import numpy as np
    >>> from footfall.evaluate import leave_one_out, select_targets
    >>> offsets, items = [0, 3], [0, 1, 2]
    >>> targets = select_targets(leave_one_out(offsets), offsets, items, n_items=5)
    >>> ranks = rank_targets(lambda low, high: [[9, 9, 2, 2, 3]], targets, n_items=5)
    >>> ranks.above, ranks.tied
    (array([1]), array([2]))
    """
    users = len(targets.asked)
    above = np.zeros(len(targets.items), dtype=np.int64)
    tied = np.zeros(len(targets.items), dtype=np.int64)
    no_rows = np.zeros(users + 1, dtype=np.int64)
    seen_offsets = no_rows if keep_seen else targets.seen_offsets
    block = max(1, BLOCK_BYTES // (4 * max(1, n_items)))
    for low in range(0, users, block):
        high = min(low + block, users)
        scores = _checked(score(low, high), (high - low, n_items))
        fault = _rank_kernel(
            scores,
            targets.offsets[low : high + 1],
            targets.items,
            seen_offsets[low : high + 1],
            targets.seen_items,
            above,
            tied,
        )
        _raise_fault(fault)
        if progress is not None:
            progress(high, users)
    return Ranks(offsets=targets.offsets, above=above, tied=tied, n_items=n_items)


def _checked(scores: npt.ArrayLike, shape: tuple[int, int]) -> Float32:
    array = np.ascontiguousarray(scores, dtype=np.float32)
    if array.shape != shape:
        raise OptionError.of(
            "score", "rank_targets", f"give an array of shape {shape}", array.shape
        )
    return array


def _raise_fault(fault: int) -> None:
    if fault == 1:
        raise OptionError("The scores of rank_targets must be numbers. Got NaN instead.")
    if fault == 2:
        raise OptionError(
            "A target of rank_targets is among the masked items, so it cannot be ranked. "
            "Select targets of kind 'new', or keep seen items."
        )


@kernel(types.boolean(i32, i32))
def _meet(wanted: Int32, masked: Int32) -> bool:
    """Say whether two ascending lists share a value."""
    for code in masked:
        at = np.searchsorted(wanted, code)
        if at < len(wanted) and wanted[at] == code:
            return True
    return False


@kernel(types.boolean(f32, f32, out_i64, out_i64))
def _place_items(row: Float32, levels: Float32, higher: Int64, level: Int64) -> bool:
    """Count the items between and on ascending levels; True: one of the scores is NaN.

    ``higher[p]`` counts items above exactly ``p`` levels; equal levels share the first's ``level``.
    """
    bad = 0
    if len(levels) == 1:  # the usual case: no search, a loop the compiler turns into SIMD
        only = levels[0]
        for v in range(len(row)):
            higher[1] += row[v] > only
            level[0] += row[v] == only
            bad += row[v] != row[v]
        return bad > 0
    for v in range(len(row)):
        bad += row[v] != row[v]
        place = np.searchsorted(levels, row[v])
        higher[place] += 1
        if place < len(levels) and levels[place] == row[v]:
            level[place] += 1
    return bad > 0


@kernel(types.void(f32, f32, out_i64, out_i64))
def _unplace(values: Float32, levels: Float32, higher: Int64, level: Int64) -> None:
    """Take masked items out of the counts."""
    for value in values:
        place = np.searchsorted(levels, value)
        higher[place] -= 1
        if place < len(levels) and levels[place] == value:
            level[place] -= 1


@kernel(types.void(f32, i64, i64, i64, out_i64, out_i64))
def _settle(
    levels: Float32, order: Int64, higher: Int64, level: Int64, above: Int64, tied: Int64
) -> None:
    """Sum the counts from the top level down and hand them back in the targets' order."""
    count = higher[len(levels)]
    p = len(levels) - 1
    while p >= 0:
        q = p
        while q > 0 and levels[q - 1] == levels[p]:
            q -= 1
        for same in range(q, p + 1):
            above[order[same]] = count
            tied[order[same]] = level[q]
        count += higher[q]
        p = q - 1


@kernel(types.int64(_scores, i64, i32, i64, i32, out_i64, out_i64))
def _rank_kernel(
    scores: Float32,
    target_offsets: Int64,
    targets: Int32,
    seen_offsets: Int64,
    seen: Int32,
    above: Int64,
    tied: Int64,
) -> int:
    """Count for each target the items above and level; 1: a NaN, 2: a masked target."""
    for b in range(scores.shape[0]):
        first, last = target_offsets[b], target_offsets[b + 1]
        row, wanted = scores[b], targets[first:last]
        masked = seen[seen_offsets[b] : seen_offsets[b + 1]]
        if _meet(wanted, masked):
            return 2
        levels = row[wanted]
        order = np.argsort(levels)
        levels = levels[order]
        higher = np.zeros(len(levels) + 1, dtype=np.int64)
        level = np.zeros(len(levels) + 1, dtype=np.int64)
        if _place_items(row, levels, higher, level):
            return 1
        _unplace(row[masked], levels, higher, level)
        _settle(levels, order, higher, level, above[first:last], tied[first:last])
    return 0
