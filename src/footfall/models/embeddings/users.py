"""A vector for a user: the mean of the items met, the latest weighing most."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.events.moments import Moment
from footfall.features.sequences import Sequences
from footfall.kernels import f32, i32, i64, kernel, out_i64
from footfall.models.embeddings.checks import check_number
from footfall.models.embeddings.graph import in_user_order, steps_of
from footfall.models.embeddings.vectors import Embedding
from footfall.store.view import LogView

__all__ = ["user_vectors"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

_vectors = types.Array(types.float32, 2, "C", readonly=True)
_out_vectors = types.float32[:, ::1]


def user_vectors(
    log: LogView | Sequences,
    items: Embedding,
    *,
    decay: float = 0.9,
    until: Moment | None = None,
) -> Embedding:
    """Average the vectors of each user's items.

    Parameters
    ----------
    log : LogView or Sequences
        Whose rows are averaged; items are matched by id.
    items : Embedding
        Vectors of items; each counts with length 1.
    decay : float
        What a row counts for, compared with the one a step later: 1 for all alike, 0 for the
        last step only. Rows of one moment (a basket) are one step.
    until : str, datetime, int or None
        Last moment that may be seen; None: everything.

    Returns
    -------
    Embedding
        Users by id, those who met an item that has a vector.

    Raises
    ------
    OptionError
        When `decay` is not from 0 to 1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> items = Embedding(ids=pa.array(["cup", "saw"]), vectors=[[1, 0], [0, 2]])
    >>> shop = Sequences.from_arrays([0, 2], [0, 1], item_ids=["cup", "saw"], user_ids=["ann"])
    >>> user_vectors(shop, items, decay=0.5).vectors.round(2).tolist()
    [[0.33000001311302185, 0.6700000166893005]]
    """
    check_number(decay, "decay", "user_vectors", low=0, high=1)
    if not isinstance(log, Sequences):
        log = Sequences.from_log(log, until=until)
    elif until is not None:
        log = log.until(until)
    sequences = in_user_order(log)
    codes = items.codes(sequences.item_ids)[sequences.items]
    weights = np.ones(len(codes), np.float32)
    if sequences.weights is not None:
        weights = sequences.weights
    means = np.zeros((sequences.n_users, items.size), np.float32)
    met = np.zeros(sequences.n_users, np.int64)
    steps = steps_of(sequences)
    _mean_kernel(sequences.offsets, codes, steps, weights, decay, items.unit, met, means)
    there = np.flatnonzero(met)
    return Embedding(
        ids=sequences.user_ids.take(there),
        vectors=means[there],
        kind="user",
        counts=met[there],
        made={**items.made, "users": "decayed mean", "decay": decay},
    )


@kernel(types.void(i64, i32, i64, f32, types.float64, _vectors, out_i64, _out_vectors))
def _mean_kernel(
    offsets: Int64,
    codes: Int32,
    steps: Int64,
    weights: Float32,
    decay: float,
    vectors: Float32,
    met: Int64,
    means: Float32,
) -> None:
    """Add up a user's items, the latest first, and divide by what they weigh."""
    size = vectors.shape[1]
    total = np.empty(size, np.float64)
    for user in range(len(offsets) - 1):
        total[:] = 0.0
        weight, last = 0.0, -1
        for row in range(offsets[user + 1] - 1, offsets[user] - 1, -1):
            code = codes[row]
            if code < 0:
                continue
            if last < 0:
                last = steps[row]
            fade = decay ** (last - steps[row])
            if fade < 1e-6:
                break
            weight += fade * weights[row]
            met[user] += 1
            for at in range(size):
                total[at] += fade * weights[row] * vectors[code, at]
        if weight > 0.0:
            for at in range(size):
                means[user, at] = total[at] / weight
