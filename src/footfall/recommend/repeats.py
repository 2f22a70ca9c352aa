"""How likely each item of a history comes again: counted, beside a network that knows what is new.

A network scores a catalogue by likeness, and says of an item of the history little more than that
it is like the history. Whether people come back to what they had is a habit of the shop, which a
few dozen numbers say: how often the next item was one that lay so far back and had come so often.
"""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.features.sequences import Sequences
from footfall.kernels import i32, i64, kernel, out_f64, out_i32, out_i64

__all__ = ["REPEATS", "count_repeats", "expect_repeats", "leave_out_repeats"]

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

REPEATS = "repeats"  # name of the rates among what a model learned
LATEST = 50  # different items of a history that may come again
FIRST_OF = np.array([0, 1, 2, 3, 4, 6, 10, 20], np.int64)  # of each level of how far back
OFTEN = 4  # levels of how often: once, twice, three times, more
TINY = 1e-30
BLOCK_NUMBERS = 500_000  # scores at once: 2 MB
MOST = 0.95  # share of the next item that a history may have: something new can always come

_counts = types.float64[:, :, ::1]
_given = types.Array(types.float64, 2, "C", readonly=True)


def count_repeats(sequences: Sequences) -> Float64:
    """Count how often the next item was one of the history, by where it lay there.

    What comes at one moment (the lines of a basket) is asked of the history before it.

    Parameters
    ----------
    sequences : Sequences

    Returns
    -------
    float64 array, shape (8, 4)
        The chance of being the next item, for an item of the history: by how many different items
        came after it (0, 1, 2, 3, 4 to 5, 6 to 9, 10 to 19, 20 to 49), and by how often it came
        (once, twice, three times, more). All 0 where nothing ever comes again.

    References
    ----------
    Anderson, A. et al. (2014). The dynamics of repeat consumption. WWW.
    Ren, P. et al. (2019). RepeatNet: a repeat aware neural recommendation machine for
    session-based recommendation. AAAI.

    Examples
    --------
    >>> rates = count_repeats(Sequences.from_arrays([0, 9], [0, 0, 0, 1, 1, 1, 2, 2, 2]))
    >>> rates[0, :3].round(2)  # of an item that came last, once, twice, three times
    array([0.91, 0.91, 0.08])
    """
    moments = np.arange(len(sequences.items))
    if sequences.timestamps is not None:
        moments = np.asarray(sequences.timestamps, np.int64)
    counts = np.zeros((2, len(FIRST_OF), OFTEN))
    _count(sequences.offsets, sequences.items, moments, FIRST_OF, counts)
    asked, came = counts
    if not came.any():
        return came
    return (came + 0.5 * came.sum() / asked.sum()) / (asked + 0.5)  # of few the usual


def expect_repeats(scores: Float32, histories: Sequences, rates: Float64 | None) -> None:
    """Give items of the history their counted chances, in place, beside what is left to the others.

    Parameters
    ----------
    scores : float32 array, shape (B, V)
        Logarithms of chances, but for a constant a row; ``-inf`` is never expected, and stays. The
        scores of the latest 50 different items of a history are changed, no others.
    histories : Sequences
        ``B`` users. Rows of those without a history are left as they are.
    rates : float64 array, shape (8, 4), or None
        See `count_repeats`; where they are all 0 nothing is changed. None: of a model that was
        saved before there were any.

    Examples
    --------
    >>> scores = np.zeros((1, 4), np.float32)
    >>> rates = np.full((8, 4), 0.2)
    >>> expect_repeats(scores, Sequences.from_arrays([0, 2], [0, 1], n_items=4), rates)
    >>> (np.exp(scores) / np.exp(scores).sum()).round(3)
    array([[0.2, 0.2, 0.3, 0.3]], dtype=float32)
    """
    if rates is None or not rates.any():
        return
    items, chances, counts = _of_history(histories, rates)
    users = np.repeat(np.arange(histories.n_users), counts)
    chances[scores[users, items] == -np.inf] = 0.0
    sums = np.bincount(users, chances, minlength=histories.n_users)
    share = np.minimum(sums, MOST)
    scores[users, items] = -np.inf
    rest = np.log1p(-share) - _log_sums(scores)  # their scores and this are logarithms
    chances *= (share / np.maximum(sums, TINY))[users]
    logs = np.log(chances, out=np.full(len(chances), -np.inf), where=chances > 0)
    scores[users, items] = logs - rest[users]


def leave_out_repeats(scores: Float32, histories: Sequences, rates: Float64 | None) -> None:
    """Shut out items of the history, in place, where items come again.

    Parameters
    ----------
    scores : float32 array, shape (B, V)
    histories : Sequences
        ``B`` users.
    rates : float64 array, shape (8, 4), or None
        See `expect_repeats`.

    Examples
    --------
    >>> scores = np.zeros((1, 3), np.float32)
    >>> visit = Sequences.from_arrays([0, 1], [1], n_items=3)
    >>> leave_out_repeats(scores, visit, np.full((8, 4), 0.2))
    >>> scores
    array([[  0., -inf,   0.]], dtype=float32)
    """
    if rates is not None and rates.any():
        users = np.repeat(np.arange(histories.n_users), np.diff(histories.offsets))
        scores[users, histories.items] = -np.inf


def _log_sums(scores: Float32) -> Float64:
    """Give the logarithm of each row's sum of chances; 0 where there is nothing."""
    sums = np.zeros(len(scores))
    block = max(1, BLOCK_NUMBERS // max(scores.shape[1], 1))
    for low in range(0, len(scores), block):  # small ones stay in the cache
        some = scores[low : low + block]
        highest = some.max(axis=1, initial=-np.inf)
        there = highest > -np.inf
        total = np.exp(some[there] - highest[there, None]).sum(axis=1, dtype=np.float64)
        sums[low : low + block][there] = highest[there] + np.log(total)
    return sums


def _of_history(histories: Sequences, rates: Float64) -> tuple[Int32, Float64, Int64]:
    """Give each user's items, their chances, and how many items each user has."""
    most = int(np.minimum(np.diff(histories.offsets), LATEST).sum())
    items, chances = np.empty(most, np.int32), np.empty(most)
    counts = np.zeros(histories.n_users, np.int64)
    _own(histories.offsets, histories.items, FIRST_OF, rates, items, chances, counts)
    return items[: counts.sum()], chances[: counts.sum()], counts


@kernel(types.int64(out_i32, out_i64, types.int64, types.int32))
def _remember(latest: Int32, often: Int64, known: int, item: int) -> int:
    """Put an item in front of the latest different ones; give how many these are now."""
    place = 0
    while place < known and latest[place] != item:
        place += 1
    times = 1
    if place < known:
        times += often[place]
    elif known < len(latest):
        known += 1
    for back in range(min(place, len(latest) - 1), 0, -1):
        latest[back] = latest[back - 1]
        often[back] = often[back - 1]
    latest[0] = item
    often[0] = times
    return known


@kernel(types.void(i64, i32, i64, i64, _counts))
def _count(offsets: Int64, items: Int32, moments: Int64, first_of: Int64, counts: Float64) -> None:
    """Count for each level how many items were asked about, and how many came."""
    latest, often = np.empty(LATEST, np.int32), np.empty(LATEST, np.int64)
    for user in range(len(offsets) - 1):
        known, row = 0, offsets[user]
        while row < offsets[user + 1]:
            stop = row + 1
            while stop < offsets[user + 1] and moments[stop] == moments[row]:
                stop += 1
            level = 0
            for place in range(known):
                while level + 1 < len(first_of) and first_of[level + 1] <= place:
                    level += 1
                times = min(often[place], OFTEN) - 1
                counts[0, level, times] += stop - row
                for at in range(row, stop):
                    if items[at] == latest[place]:
                        counts[1, level, times] += 1
            for at in range(row, stop):
                known = _remember(latest, often, known, items[at])
            row = stop


@kernel(types.void(i64, i32, i64, _given, out_i32, out_f64, out_i64))
def _own(
    offsets: Int64,
    items: Int32,
    first_of: Int64,
    rates: Float64,
    own: Int32,
    chances: Float64,
    counts: Int64,
) -> None:
    """Find each user's latest different items and their chances, one user behind the other."""
    latest, often = np.empty(LATEST, np.int32), np.empty(LATEST, np.int64)
    written = 0
    for user in range(len(offsets) - 1):
        known, level = 0, 0
        for row in range(offsets[user], offsets[user + 1]):
            known = _remember(latest, often, known, items[row])
        for place in range(known):
            while level + 1 < len(first_of) and first_of[level + 1] <= place:
                level += 1
            own[written] = latest[place]
            chances[written] = rates[level, min(often[place], OFTEN) - 1]
            written += 1
        counts[user] = known
