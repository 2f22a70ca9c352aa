"""Next items kept from training, by which a model chooses when to stop or how to mix."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.features.gathering import Gather, alone, gathered, gathered_strings
from footfall.features.sequences import Sequences
from footfall.kernels import i32, i64, kernel, out_i64
from footfall.store.hashing import hash_strings

__all__ = ["HeldOut", "hold_out"]

Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

LEAST_ROWS = 3  # a user keeps two rows to learn from
MOST_EACH = 5  # items of a basket that are asked for
MOST_USERS = 5_000  # a share of users is enough to choose by, and costs few rows


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Histories and the item that came next in each.

    Parameters
    ----------
    histories : Sequences
        ``B`` users with the rows that are known.
    items : int32 array, shape (B,)
        Code of the item that came next.
    """

    histories: Sequences
    items: npt.NDArray[np.int32]

    @classmethod
    def of_rows(
        cls, sequences: Sequences, users: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
    ) -> Self:
        """Make the items of given rows targets, and the rows of the user before them histories.

        Parameters
        ----------
        sequences : Sequences
        users, rows : int64 arrays, shape (B,)
            Users, and a row number of each.
        """
        return cls(histories=sequences.select(users, rows), items=sequences.items[rows])

    def same_history(self) -> npt.NDArray[np.int64]:
        """Give for each the first one that has the same history, (B,)."""
        users = self.histories.user_ids.dictionary_encode().indices.to_numpy()
        pairs = np.stack([users, np.diff(self.histories.offsets)], axis=1)
        _, first, place = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        return np.asarray(first[place.ravel()], np.int64)

    def some(self, most: int) -> Self:
        """Keep so many users, chosen by their ids alone."""
        if len(self.items) <= most:
            return self
        return self._only(np.sort(_shuffled(self.histories.user_ids)[:most]))

    def together(self, gather: Gather) -> Self:
        """Put what all processes held out of the same catalogue together, in the order of ids.

        Parameters
        ----------
        gather : callable
            See `footfall.features.gathering`. All processes have to ask.
        """
        mine = self.histories
        lengths = gathered(np.diff(mine.offsets), gather)
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        times, weights = (
            None if column is None else gathered(column, gather)
            for column in (mine.timestamps, mine.weights)
        )
        histories = replace(
            mine,
            offsets=offsets,
            items=gathered(mine.items, gather),
            user_ids=gathered_strings(mine.user_ids, gather).cast(pa.string()),
            timestamps=times,
            weights=weights,
        )
        order = np.asarray(pc.sort_indices(histories.user_ids).to_numpy(), np.int64)  # stable
        return replace(
            self,
            histories=histories.select(order, offsets[order + 1]),
            items=gathered(self.items, gather)[order],
        )

    def new_only(self) -> Self:
        """Leave out items of their own history: a list in which none comes again never has them.

        Examples
        --------
        >>> histories = Sequences.from_arrays([0, 2, 4], [0, 1, 0, 1], n_items=3)
        >>> HeldOut(histories=histories, items=np.array([1, 2], np.int32)).new_only().items
        array([2], dtype=int32)
        """
        owners = np.repeat(np.arange(len(self.items)), np.diff(self.histories.offsets))
        new = np.ones(len(self.items), np.bool_)
        new[owners[self.histories.items == self.items[owners]]] = False
        return self if new.all() else self._only(np.flatnonzero(new))

    def _only(self, users: Int64) -> Self:
        """Keep these, (B,)."""
        stop = self.histories.offsets[users + 1]
        return replace(self, histories=self.histories.select(users, stop), items=self.items[users])


def hold_out(
    sequences: Sequences, *, most: int = MOST_USERS, repeats: bool = False, gather: Gather = alone
) -> tuple[Sequences, HeldOut]:
    """Take the last moment of some users out of training: a row, or all lines of a basket.

    What is bought together is not known before it is bought, so a basket is taken out whole, and
    some of its items are asked for.

    Parameters
    ----------
    sequences : Sequences
        All rows.
    most : int
        Users asked, at most; who they are depends on their ids alone. No more than a third of the
        users who have two rows or more before their last moment. Of each, five items at most.
    repeats : bool
        Whether items may be asked for that the user had before.
    gather : callable
        Where several processes have some users each: `most` of all of them are asked, the same
        ones as if one process had them all. See `footfall.features.gathering`.

    Returns
    -------
    training : Sequences
        All users, without the rows taken out.
    held_out : HeldOut
        What was taken out.

    Examples
    --------
    >>> shop = Sequences.from_arrays([0, 3, 6, 9], [0, 1, 2, 1, 0, 2, 0, 2, 1])
    >>> training, held_out = hold_out(shop)
    >>> len(training.items), len(held_out.items)
    (8, 1)
    """
    moments = np.arange(len(sequences.items))
    if sequences.timestamps is not None:
        moments = np.asarray(sequences.timestamps, np.int64)
    starts = np.empty(sequences.n_users, np.int64)
    wanted = np.zeros(len(sequences.items), np.bool_)
    _last_moments(sequences.offsets, sequences.items, moments, repeats, starts, wanted)
    before = np.concatenate(([0], np.cumsum(wanted)))
    asked = before[sequences.offsets[1:]] - before[sequences.offsets[:-1]]
    enough = np.flatnonzero((starts - sequences.offsets[:-1] >= LEAST_ROWS - 1) & (asked > 0))
    hashes = hash_strings(sequences.user_ids.take(pa.array(enough)))
    users = enough[_smallest(hashes, gathered(hashes, gather), most)]
    stop = sequences.offsets[1:].copy()
    stop[users] = starts[users]
    training = sequences.select(np.arange(sequences.n_users), stop)
    owners, rows = _some_rows(sequences, users, wanted)
    histories = sequences.select(owners, starts[owners])
    return training, HeldOut(histories=histories, items=sequences.items[rows])


def _smallest(hashes: UInt64, every: UInt64, most: int) -> npt.NDArray[np.bool_]:
    """Say which hashes are among the smallest third of all there are, and the smallest so many."""
    count = min(most, -(-len(every) // 3))
    if count == 0:
        return np.zeros(len(hashes), np.bool_)
    limit = np.partition(every, count - 1)[count - 1]
    chosen = hashes < limit
    chosen[np.flatnonzero(hashes == limit)[: count - np.sum(every < limit)]] = True
    return np.asarray(chosen)


def _some_rows(
    sequences: Sequences, users: Int64, wanted: npt.NDArray[np.bool_]
) -> tuple[Int64, Int64]:
    """Give a few of each user's wanted rows, and the user of each; which, the items' ids decide."""
    chosen = np.zeros(sequences.n_users, np.bool_)
    chosen[users] = True
    rows = np.flatnonzero(wanted & np.repeat(chosen, np.diff(sequences.offsets)))
    owners = np.searchsorted(sequences.offsets, rows, side="right") - 1
    ids = hash_strings(sequences.item_ids.take(pa.array(sequences.items[rows])))
    order = np.lexsort((ids, owners))
    owners, rows = owners[order], rows[order]
    first = np.searchsorted(owners, owners)
    few = np.arange(len(owners)) - first < MOST_EACH
    return owners[few], rows[few]


def _shuffled(ids: pa.StringArray) -> npt.NDArray[np.int64]:
    """Give an order of users that does not depend on the order they were read in."""
    return np.argsort(hash_strings(ids), kind="stable")


@kernel(types.void(i64, i32, i64, types.boolean, out_i64, types.boolean[::1]))
def _last_moments(
    offsets: Int64,
    items: npt.NDArray[np.int32],
    moments: Int64,
    repeats: bool,  # noqa: FBT001  # kernels take no names
    starts: Int64,
    wanted: npt.NDArray[np.bool_],
) -> None:
    """Find where each user's last moment starts, and its different items; new ones or all."""
    for user in range(len(starts)):
        low, high = offsets[user], offsets[user + 1]
        start = max(high - 1, low)
        while start > low and moments[start - 1] == moments[high - 1]:
            start -= 1
        starts[user] = start
        for row in range(start, high):
            fits = True
            until = start if repeats else low
            for other in range(row - 1, until - 1, -1):
                if items[other] == items[row]:
                    fits = False
                    break
            wanted[row] = fits
