"""Runs of rows that several processes learn from: each has those of its users, all plan alike."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from footfall.errors import NotEnoughDataError
from footfall.features.gathering import gathered, gathered_strings
from footfall.features.sequences import Sequences
from footfall.models.world import ALONE, World

__all__ = ["Runs"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """The runs of all processes, in an order that is the same however users are shared.

    Parameters
    ----------
    lengths : int64 array, shape (R,)
        Rows of each run.
    mine : int64 array, shape (R,)
        Its number in this process; -1 where another process has it.
    offsets : int64 array, shape (M + 1,)
        Rows of the runs of this process.
    shift : int64 array, shape (M,)
        Of each run of this process: what to add to the number of a row here to get its number
        among the rows of all.

    Examples
    --------
    >>> runs = Runs.of(Sequences.from_arrays([0, 2, 3], [7, 8, 9]))
    >>> runs.lengths.tolist(), runs.mine.tolist()
    ([2, 1], [0, 1])
    """

    lengths: Int64
    mine: Int64
    offsets: Int64
    shift: Int64

    @classmethod
    def alone(cls, offsets: Int64) -> Self:
        """Give the runs of a process that has all of them.

        Parameters
        ----------
        offsets : int64 array, shape (R + 1,)
            Rows of each.
        """
        size = len(offsets) - 1
        return cls(
            lengths=np.diff(offsets),
            mine=np.arange(size),
            offsets=offsets,
            shift=np.zeros(size, np.int64),
        )

    @classmethod
    def of(cls, inputs: Sequences, world: World = ALONE) -> Self:
        """Plan over the runs of all processes.

        Parameters
        ----------
        inputs : Sequences
            A "user" a run, in the order of their ids: see `footfall.models.next_item.windows`.
        world : World

        Raises
        ------
        NotEnoughDataError
            If one of several processes has no run.
        """
        own = np.diff(inputs.offsets)
        counts = gathered(np.array([len(own)]), world.gather)
        if world.size > 1 and not counts.all():
            raise NotEnoughDataError(
                f"Of {world.size} processes, {int(np.sum(counts == 0))} got no user with two"
                " events: each reads some buckets of the log. Start fewer processes."
            )
        lengths = gathered(own, world.gather)
        ids = gathered_strings(inputs.user_ids, world.gather)
        order = np.asarray(pc.sort_indices(ids).to_numpy(), np.int64)  # stable: a user's in theirs
        first = int(counts[: world.rank].sum())
        numbers = order - first
        mine = np.where((numbers >= 0) & (numbers < len(own)), numbers, -1)
        starts = np.empty(len(own), np.int64)
        starts[mine[mine >= 0]] = (np.cumsum(lengths[order]) - lengths[order])[mine >= 0]
        return cls(
            lengths=lengths[order],
            mine=mine,
            offsets=inputs.offsets,
            shift=starts - inputs.offsets[:-1],
        )

    def all_places(self) -> Int64:
        """Give the number of each row of this process among the rows of all, shape (N,)."""
        shifts = np.repeat(self.shift, np.diff(self.offsets))
        return np.asarray(np.arange(self.offsets[-1]) + shifts, np.int64)

    def places(self, rows: Int64) -> Int64:
        """Give the numbers of rows among the rows of all processes.

        Parameters
        ----------
        rows : int64 array, shape (B, T)
            Rows of this process; those of one line are of one run.

        Returns
        -------
        int64 array, shape (B, T)
        """
        if not rows.size:
            return rows
        run = np.searchsorted(self.offsets, rows[:, 0], side="right") - 1
        return np.asarray(rows + self.shift[run][:, None], np.int64)
