"""Why an item was recommended: how far its score falls without each item of the history."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.features.sequences import Sequences

__all__ = ["contributions", "reasons"]

Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]

BLOCK_CELLS = 1 << 23  # scores, or rows of histories, held at once


def reasons(
    score: Callable[[Sequences], Float32], history: Sequences, codes: Int32, *, latest: int
) -> pa.Table:
    """Lay out which items of a user's history speak for given ones.

    Parameters
    ----------
    score, history, codes, latest
        As in :func:`contributions`.

    Returns
    -------
    pa.Table
        ``item_id, history_item, contribution, rank``: for each item, the items of the history,
        those that contribute most first.
    """
    taken, falls = contributions(score, history, codes, latest=latest)
    order = np.argsort(-falls, axis=1, kind="stable")
    count, ids = len(taken), history.item_ids
    return pa.table(
        {
            "item_id": ids.take(pa.array(np.repeat(codes, count))),
            "history_item": ids.take(pa.array(taken[order].ravel())),
            "contribution": np.take_along_axis(falls, order, axis=1).ravel(),
            "rank": np.tile(np.arange(1, count + 1, dtype=np.int32), len(codes)),
        }
    )


def contributions(
    score: Callable[[Sequences], Float32], history: Sequences, codes: Int32, *, latest: int
) -> tuple[Int32, Float32]:
    """Take each of the user's latest items out of the history in turn and score again.

    Parameters
    ----------
    score : callable (histories) -> float32 array, shape (B, V)
        A recommender's `scores`.
    history : Sequences
        One user.
    codes : int32 array, shape (M,)
        Items whose scores are explained.
    latest : int
        Rows, from the last, whose items are taken out; all rows of an item go together.

    Returns
    -------
    items : int32 array, shape (H,)
        The different items of those rows, the latest first.
    falls : float32 array, shape (M, H)
        Score with the item less score without it; all of the score when nothing else is there.
    """
    rows = history.items[::-1][:latest]
    _, first = np.unique(rows, return_index=True)
    taken = rows[np.sort(first)]
    whole = score(history)[0][codes]
    falls = np.empty((len(codes), len(taken)), dtype=np.float32)
    size = max(1, BLOCK_CELLS // max(history.n_items, len(history.items), 1))
    for low in range(0, len(taken), size):
        part = taken[low : low + size]
        without = _without(history, part)
        scores = score(without)[:, codes]
        scores[np.diff(without.offsets) == 0] = 0.0
        falls[:, low : low + size] = (whole - scores).T
    return taken, falls


def _without(history: Sequences, taken: Int32) -> Sequences:
    """Repeat a history, each time without the rows of one item."""
    kept = history.items[None, :] != taken[:, None]  # (B, N)
    rows = np.nonzero(kept)[1]
    times, weights = history.timestamps, history.weights
    return replace(
        history,
        offsets=np.concatenate(([0], np.cumsum(kept.sum(axis=1)))),
        items=history.items[rows],
        user_ids=history.user_ids.take(np.zeros(len(taken), dtype=np.int64)),
        timestamps=None if times is None else times[rows],
        weights=None if weights is None else weights[rows],
    )
