"""The different items each asked user has to get, and those the user has seen already."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.errors import OptionError
from footfall.evaluate.splits import Split
from footfall.kernels import i32, i64, kernel, out_i8, out_i32, out_i64

__all__ = ["Targets", "select_targets"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

KINDS = ("all", "new", "seen")


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """What asked users have to get, as distinct item codes, ascending within a user.

    Parameters
    ----------
    kind : {"all", "new", "seen"}
        Which targets were kept.
    asked : int64 array, shape (B,)
        Positions in ``split.users`` of the users with a target left.
    offsets, items : int64 array (B + 1,), int32 array
        Targets of the ``b``-th of them: ``items[offsets[b]:offsets[b + 1]]``.
    seen_offsets, seen_items : int64 array (B + 1,), int32 array
        The same for the items in the user's history.
    dropped : int
        Distinct targets that were left out because of `kind`.
    """

    kind: str
    asked: Int64
    offsets: Int64
    items: Int32
    seen_offsets: Int64
    seen_items: Int32
    dropped: int


def select_targets(
    split: Split, offsets: npt.ArrayLike, items: npt.ArrayLike, *, n_items: int, kind: str = "new"
) -> Targets:
    """Reduce the target rows of a split to distinct items, new to the user or not.

    Parameters
    ----------
    split : Split
        From `leave_one_out` or `time_cut` over the same `offsets`.
    offsets : int array, shape (U + 1,)
        Rows of each user.
    items : int array, shape (N,)
        Item code of each row, in ``0 .. n_items``.
    n_items : int
        Size of the catalogue.
    kind : {"new", "seen", "all"}
        Keep targets that are not in the user's history (when seen items are masked, no other
        can be got), only those that are (repeats), or all.

    Returns
    -------
    Targets
        Users without a target of that kind are left out.

    Examples
    --------
    >>> from footfall.evaluate import leave_one_out
    >>> offsets, items = [0, 3, 6], [0, 1, 2, 1, 2, 1]
    >>> targets = select_targets(leave_one_out(offsets), offsets, items, n_items=3)
    >>> targets.asked, targets.items, targets.dropped
    (array([0]), array([2], dtype=int32), 1)
    """
    if kind not in KINDS:
        raise OptionError.of("kind", "select_targets", f"one of {KINDS}", kind)
    codes = np.ascontiguousarray(items, dtype=np.int32)
    if len(codes) and not (codes.min() >= 0 and codes.max() < n_items):
        allowed = f"codes from 0 to {n_items - 1}"
        raise OptionError.of("items", "select_targets", allowed, (codes.min(), codes.max()))
    start = np.ascontiguousarray(offsets, dtype=np.int64)[split.users]
    seen_offsets, seen = _distinct(start, split.history_stop, codes, n_items)
    target_offsets, wanted = _distinct(split.history_stop, split.target_stop, codes, n_items)
    keep = np.ones(len(wanted), dtype=np.bool_)
    if kind != "all":
        keep = _known(target_offsets, wanted, seen_offsets, seen, n_items)
        keep = ~keep if kind == "new" else keep
    total = np.concatenate(([0], np.cumsum(keep)))
    counts = np.diff(total[target_offsets])
    asked = np.flatnonzero(counts)
    return Targets(
        kind=kind,
        asked=asked,
        offsets=np.concatenate(([0], np.cumsum(counts[asked]))),
        items=wanted[keep],
        seen_offsets=np.concatenate(([0], np.cumsum(np.diff(seen_offsets)[asked]))),
        seen_items=seen[np.repeat(counts > 0, np.diff(seen_offsets))],
        dropped=int(len(wanted) - keep.sum()),
    )


def _distinct(start: Int64, stop: Int64, codes: Int32, n_items: int) -> tuple[Int64, Int32]:
    """Return the different codes of each run of rows, ascending."""
    counts = np.empty(len(start), dtype=np.int64)
    found = np.empty(int((stop - start).sum()), dtype=np.int32)
    mark = np.full(n_items, -1, dtype=np.int64)
    total = _distinct_kernel(start, stop, codes, mark, counts, found)
    return np.concatenate(([0], np.cumsum(counts))), found[:total].copy()


@kernel(types.int64(i64, i64, i32, out_i64, out_i64, out_i32))
def _distinct_kernel(
    start: Int64, stop: Int64, codes: Int32, mark: Int64, counts: Int64, found: Int32
) -> int:
    total = 0
    for u in range(len(start)):
        first = total
        for row in range(start[u], stop[u]):
            code = codes[row]
            if mark[code] != u:
                mark[code] = u
                found[total] = code
                total += 1
        found[first:total].sort()
        counts[u] = total - first
    return total


def _known(
    target_offsets: Int64, wanted: Int32, seen_offsets: Int64, seen: Int32, n_items: int
) -> npt.NDArray[np.bool_]:
    """Say of each target whether its user has seen the item."""
    known = np.empty(len(wanted), dtype=np.int8)
    mark = np.full(n_items, -1, dtype=np.int64)
    _known_kernel(target_offsets, wanted, seen_offsets, seen, mark, known)
    return known.astype(np.bool_)


@kernel(types.void(i64, i32, i64, i32, out_i64, out_i8))
def _known_kernel(
    target_offsets: Int64,
    wanted: Int32,
    seen_offsets: Int64,
    seen: Int32,
    mark: Int64,
    known: npt.NDArray[np.int8],
) -> None:
    for u in range(len(target_offsets) - 1):
        for row in range(seen_offsets[u], seen_offsets[u + 1]):
            mark[seen[row]] = u
        for row in range(target_offsets[u], target_offsets[u + 1]):
            known[row] = 1 if mark[wanted[row]] == u else 0
