"""What several processes read, each some users, put together: ids, counts and sums, no events."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.features.sequences import Sequences
from footfall.store.hashing import buckets_of, string_buffers

__all__ = ["Gather", "alone", "gathered", "gathered_strings", "same_catalogue", "share_of"]

Array = npt.NDArray[Any]
Gather = Callable[[Array], list[Array]]  # arrays of one dimension, in the order of the processes


def alone(values: Array) -> list[Array]:
    """Gather from this process, when there is no other."""
    return [values]


def gathered(values: Array, gather: Gather) -> Array:
    """Put the arrays of all processes behind each other.

    Parameters
    ----------
    values : array, shape (N,)
        This process's.
    gather : callable
        Gives the arrays of all, asked by all of them at once.
    """
    return np.concatenate(gather(values))


def gathered_strings(strings: pa.StringArray, gather: Gather) -> pa.LargeStringArray:
    """Put the strings of all processes behind each other; none of them is null.

    Parameters
    ----------
    strings : pa.StringArray, length N
        This process's.
    gather : callable
        See `gathered`.

    Returns
    -------
    pa.LargeStringArray
        Together they may be larger than a `pa.StringArray` can be.

    Examples
    --------
    >>> gathered_strings(pa.array(["pot", "壶"]), lambda mine: [mine, mine]).to_pylist()
    ['pot', '壶', 'pot', '壶']
    """
    letters, offsets, _ = string_buffers(strings)
    lengths = gathered(np.diff(offsets), gather)
    every = gathered(letters[offsets[0] : offsets[-1]], gather)
    stops = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    buffers = [None, pa.py_buffer(stops), pa.py_buffer(every)]
    return pa.Array.from_buffers(pa.large_string(), len(lengths), buffers)


def same_catalogue(sequences: Sequences, gather: Gather) -> Sequences:
    """Put sequences into the codes of the items that any process met.

    Parameters
    ----------
    sequences : Sequences
        This process's. Items of an item table are known to all of them already.
    gather : callable
        See `gathered`.

    Returns
    -------
    Sequences
        Their items in the order of the ids, the same in all processes.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 2], [0, 1], item_ids=["pot", "cup"])
    >>> same = same_catalogue(shop, alone)
    >>> same.item_ids.to_pylist(), same.items.tolist()
    (['cup', 'pot'], [1, 0])
    """
    every = gathered_strings(sequences.item_ids, gather).unique().cast(pa.string())
    return sequences.coded_by(every.take(pc.sort_indices(every)))


def share_of(sequences: Sequences, place: int, shares: int) -> Sequences:
    """Give the users of one of so many shares, as buckets of a log would part them.

    Parameters
    ----------
    sequences : Sequences
    place : int
        Which of the shares, from 0.
    shares : int

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 1, 2, 3], [0, 1, 0], user_ids=["ann", "bob", "cy"])
    >>> sum(share_of(shop, place, 2).n_users for place in range(2))
    3
    """
    users = np.flatnonzero(buckets_of(sequences.user_ids, shares) == place)
    return sequences.select(users, sequences.offsets[users + 1])
