"""Users' different items, the latest first: what models of who took what read.

An item taken again counts once, at its latest row; and of a user who took thousands only the
latest are read, so that no single user (a robot, a till) costs more than its share.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from numba import types

from footfall.features.sequences import Sequences
from footfall.kernels import i32, i64, kernel, out_f64, out_i32
from footfall.recommend.links import steps_of

__all__ = ["Recent", "popular_floor", "recent_items", "users_of_items", "who_took_what"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

FAINT = 1e-6  # rows that count less than this are left out
POPULAR_SHARE = 1e-6  # orders what a model says nothing of


class Recent(NamedTuple):
    """User ``u`` has different ``items[offsets[u]:offsets[u + 1]]``, the latest first.

    `weights` say what each counts for: 1 for the latest, less the more steps it lies back.
    """

    offsets: Int64
    items: Int32
    weights: Float64


def recent_items(sequences: Sequences, *, most: int, decay: float = 1.0) -> Recent:
    """Read the latest different items of each user.

    Parameters
    ----------
    sequences : Sequences
        ``B`` users.
    most : int
        Items of a user, at most.
    decay : float
        What a step back costs, 0 to 1: rows of one moment are one step.

    Returns
    -------
    Recent
        Of ``B`` users; items whose weight is below 1e-6 are left out.

    Examples
    --------
    >>> recent = recent_items(Sequences.from_arrays([0, 4], [7, 5, 7, 6]), most=2, decay=0.5)
    >>> recent.items.tolist(), recent.weights.tolist()
    ([6, 7], [1.0, 0.5])
    """
    offsets, items = sequences.offsets, sequences.items
    steps = steps_of(offsets, sequences.timestamps, len(items))
    room = int(np.minimum(np.diff(offsets), most).sum())
    found, weights = np.empty(room, dtype=np.int32), np.empty(room)
    counts = np.zeros(sequences.n_users, dtype=np.int64)
    size = _recent_kernel(
        offsets, items, steps, sequences.n_items, most, decay, found, weights, counts
    )
    return Recent(np.concatenate(([0], np.cumsum(counts))), found[:size], weights[:size])


def who_took_what(sequences: Sequences, *, most: int) -> tuple[Recent, Int64]:
    """Read the different items of all users, the users in the order of their ids.

    Parameters
    ----------
    sequences : Sequences
        What a model learns from.
    most : int
        Items of a user, at most: the latest.

    Returns
    -------
    recent : Recent
        Users in the order of their ids, so that no answer depends on the order of a log.
    order : int64 array, shape (U,)
        Which user of `sequences` each is.
    """
    order = pc.sort_indices(sequences.user_ids).to_numpy().astype(np.int64)
    return recent_items(sequences.select(order, sequences.offsets[order + 1]), most=most), order


def users_of_items(recent: Recent, n_items: int) -> tuple[Int64, Int32]:
    """Turn users' items round: item ``i`` was taken by ``users[offsets[i]:offsets[i + 1]]``.

    Examples
    --------
    >>> recent = recent_items(Sequences.from_arrays([0, 2, 3], [0, 1, 1]), most=9)
    >>> offsets, users = users_of_items(recent, 2)
    >>> offsets.tolist(), users.tolist()
    ([0, 1, 3], [0, 0, 1])
    """
    users = np.repeat(np.arange(len(recent.offsets) - 1, dtype=np.int32), np.diff(recent.offsets))
    counts = np.bincount(recent.items, minlength=n_items)
    order = np.argsort(recent.items, kind="stable")
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), users[order]


def popular_floor(popularity: Float32) -> Float32:
    """Return scores, shape (V,), that order by popularity what a model says nothing of.

    They are too small to matter elsewhere.
    """
    total = float(popularity.sum(dtype=np.float64))
    return popularity * np.float32(POPULAR_SHARE / max(total, 1.0))


@kernel(
    types.int64(
        i64, i32, i64, types.int64, types.int64, types.float64,
        out_i32, out_f64, types.int64[::1],
    )
)  # fmt: skip
def _recent_kernel(
    offsets: Int64,
    items: Int32,
    steps: Int64,
    n_items: int,
    most: int,
    decay: float,
    found: Int32,
    weights: Float64,
    counts: Int64,
) -> int:
    met = np.full(n_items, -1, dtype=np.int64)
    at = 0
    for u in range(len(counts)):
        first, last = offsets[u], offsets[u + 1] - 1
        for row in range(last, first - 1, -1):
            weight = decay ** (steps[last] - steps[row])
            if counts[u] == most or weight < FAINT:
                break
            if met[items[row]] != u:
                met[items[row]] = u
                found[at], weights[at] = items[row], weight
                counts[u] += 1
                at += 1
    return at
