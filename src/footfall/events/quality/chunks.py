"""What measuring needs of a chunk of the log: this room does not know where chunks come from."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from footfall.kernels import Array

__all__ = ["FIELDS", "Chunk"]

# Numbers of an event that may be missing, and what then stands in a chunk: item -1, session 0,
# quantity 0, price -1, amount 0 (unless the price is 0), rating nan, slot -1, the others nan.
FIELDS = (
    "item",
    "session",
    "quantity",
    "price",
    "amount",
    "rating",
    "slot",
    "propensity",
    "reward",
)


class Chunk(Protocol):
    """All events of some users: one slice a user, each in the order of time."""

    @property
    def users(self) -> npt.NDArray[np.int32]:
        """User codes, shape (U,)."""

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """User ``i`` owns the rows ``offsets[i]:offsets[i + 1]``, shape (U + 1,)."""

    def __getitem__(self, name: str) -> Array:
        """Give one column, shape (N,)."""
