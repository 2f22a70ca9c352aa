"""Batches of histories: alike in length, laid out by arrays alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Batch", "Packed", "plan_batches"]

Array = npt.NDArray[np.generic]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some users' tokens side by side, filled up at the end.

    Parameters
    ----------
    fields : mapping of name to Tensor, shape (B, T) or (B, T, D)
        What is filled up is the user's last row again.
    there : Tensor of bool, shape (B, T)
        Which tokens are real.
    rows : Tensor of int64, shape (B, T)
        Row of each token in the packed arrays.
    """

    fields: Mapping[str, Tensor]
    there: Tensor
    rows: Tensor

    def to(self, device: torch.device) -> Self:
        """Give the same batch on a device."""
        if self.there.device == device:
            return self
        fields = {name: values.to(device) for name, values in self.fields.items()}
        return type(self)(fields, self.there.to(device), self.rows.to(device))

    def nobody(self) -> Self:
        """Give the same batch with no token of it real."""
        return type(self)(self.fields, torch.zeros_like(self.there), self.rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """Fields of all tokens as flat arrays, one run of rows a user.

    Parameters
    ----------
    offsets : int64 array, shape (U + 1,)
    fields : mapping of name to array, shape (N,) or (N, D)

    Examples
    --------
    >>> packed = Packed(offsets=np.array([0, 2, 3]), fields={"item": np.array([7, 8, 9])})
    >>> batch = packed.batch(np.array([0, 1]))
    >>> batch.fields["item"].tolist(), batch.there.tolist()
    ([[7, 8], [9, 9]], [[True, True], [True, False]])
    """

    offsets: Int64
    fields: Mapping[str, Array]

    def batch(self, users: Int64) -> Batch:
        """Lay out the tokens of some users, none of them without any."""
        first, stop = self.offsets[users], self.offsets[users + 1]
        place = np.arange((stop - first).max(initial=0))
        rows = np.minimum(first[:, None] + place, stop[:, None] - 1)
        there = place < (stop - first)[:, None]
        fields = {name: torch.from_numpy(values[rows]) for name, values in self.fields.items()}
        return Batch(fields, torch.from_numpy(there), torch.from_numpy(rows))

    def batches(self, tokens: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Lay out all users who have tokens: see `plan_batches`."""
        for users in plan_batches(np.diff(self.offsets), tokens, rng):
            yield self.batch(users)


def plan_batches(
    lengths: Int64, tokens: int, rng: np.random.Generator | None = None
) -> list[Int64]:
    """Put users of like length together, so that next to nothing has to be filled up.

    Parameters
    ----------
    lengths : int64 array, shape (U,)
        Tokens of each user; users without any are left out.
    tokens : int
        Tokens of a batch, with what is filled up, at most; a longer user is a batch alone.
    rng : Generator or None
        Shuffles users of like length, and the batches. None: shortest first.

    Returns
    -------
    list of int64 arrays
        Users of each batch.

    Examples
    --------
    >>> [batch.tolist() for batch in plan_batches(np.array([5, 1, 0, 2, 1]), 4)]
    [[1, 4], [3], [0]]
    """
    users = np.flatnonzero(lengths > 0)
    keys = lengths[users].astype(np.float64)
    if rng is not None:
        keys += rng.random(len(users)) * np.maximum(1, 0.1 * keys)
    users = users[np.argsort(keys, kind="stable")]
    plan, low = [], 0
    widest = np.maximum.accumulate(lengths[users]) if len(users) else users
    while low < len(users):
        # Widths only grow, so the filled-up size does, too: find where it passes the limit.
        size = widest[low:] * np.arange(1, len(users) - low + 1)
        high = low + max(1, int(np.searchsorted(size, tokens, side="right")))
        plan.append(users[low:high])
        low = high
    if rng is not None:
        plan = [plan[place] for place in rng.permutation(len(plan))]
    return plan
