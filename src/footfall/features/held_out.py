"""Next items kept from training, by which a model chooses when to stop or how to mix."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.features.sequences import Sequences
from footfall.store.hashing import hash_strings

__all__ = ["HeldOut", "hold_out"]

LEAST_ROWS = 3  # a user keeps two rows to learn from
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

    def some(self, most: int) -> Self:
        """Keep so many users, chosen by their ids alone."""
        if len(self.items) <= most:
            return self
        users = np.sort(_shuffled(self.histories.user_ids)[:most])
        stop = self.histories.offsets[users + 1]
        return replace(self, histories=self.histories.select(users, stop), items=self.items[users])


def hold_out(
    sequences: Sequences, *, most: int = MOST_USERS, repeats: bool = False
) -> tuple[Sequences, HeldOut]:
    """Take the last item of some users out of training.

    Parameters
    ----------
    sequences : Sequences
        All rows.
    most : int
        Users asked, at most; who they are depends on their ids alone. No more than a third of the
        users who have three rows or more.
    repeats : bool
        Whether items may be held out that the user had before.

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
    last = sequences.offsets[1:] - 1
    enough = np.flatnonzero(np.diff(sequences.offsets) >= LEAST_ROWS)
    new = enough if repeats else enough[_last_is_new(sequences)[enough]]
    shuffled = new[_shuffled(sequences.user_ids.take(pa.array(new)))]
    users = np.sort(shuffled[: min(most, -(-len(new) // 3))])
    stop = sequences.offsets[1:].copy()
    stop[users] -= 1
    training = sequences.select(np.arange(sequences.n_users), stop)
    return training, HeldOut.of_rows(sequences, users, last[users])


def _shuffled(ids: pa.StringArray) -> npt.NDArray[np.int64]:
    """Give an order of users that does not depend on the order they were read in."""
    return np.argsort(hash_strings(ids), kind="stable")


def _last_is_new(sequences: Sequences) -> npt.NDArray[np.bool_]:
    """Say of each user whether the last item was not among the earlier ones."""
    counts = np.diff(sequences.offsets)
    if len(sequences.items) == 0:
        return np.zeros(len(counts), np.bool_)
    last = sequences.items[np.maximum(sequences.offsets[1:] - 1, 0)]
    same = sequences.items == np.repeat(last, counts)
    total = np.concatenate(([0], np.cumsum(same)))
    return total[sequences.offsets[1:]] - total[sequences.offsets[:-1]] == 1
