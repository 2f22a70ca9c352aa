"""Many vectors in few bytes, and their products with a few states.

Sixty-four vectors lie side by side, coordinate by coordinate, so that one pass over the bytes adds
up sixty-four scores at once. A state is put on whole numbers as fine as their sums allow, so 8-bit
scores are exact sums, the same for one user or for thousands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from footfall.models.compress.products import LANES, half_scores, int8_scores

__all__ = ["PackedRows", "to_int8"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Int8 = npt.NDArray[np.int8]
Int64 = npt.NDArray[np.int64]

LARGEST = 127  # of 8 bits with a sign


def to_int8(matrix: Float32) -> tuple[Int8, Float32]:
    """Put each row on whole numbers from -127 to 127.

    Parameters
    ----------
    matrix : float32 array, shape (R, C)

    Returns
    -------
    numbers : int8 array, shape (R, C)
    scale : float32 array, shape (R,)
        What a number stands for; 1 for a row of zeros.

    Examples
    --------
    >>> numbers, scale = to_int8(np.array([[0.5, -2.0, 1.0], [0, 0, 0]], np.float32))
    >>> numbers.tolist(), scale[1].item()
    ([[32, -127, 64], [0, 0, 0]], 1.0)
    """
    most = np.abs(matrix).max(axis=1, initial=0.0)
    scale = np.where(most > 0, most / LARGEST, 1.0).astype(np.float32)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedRows:
    """Vectors in 32, 16 or 8 bits a number.

    Parameters
    ----------
    numbers : array, shape (R, C) of float32, or (ceil(R / 64), C, 64) of float16 or int8
    scale : float32 array, shape (ceil(R / 64) * 64,), or None
        Of int8.
    rows : int
        R.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    >>> packed = PackedRows.of(vectors, "int8")
    >>> packed.scores(np.array([[2, 1]], np.float32)).round(2)
    array([[2., 1., 3.]], dtype=float32)
    """

    numbers: Array
    scale: Float32 | None
    rows: int

    @classmethod
    def of(cls, vectors: Float32, kind: str) -> Self:
        """Pack vectors, shape (R, C), as "float32", "float16" or "int8"."""
        plain = np.ascontiguousarray(vectors, np.float32)
        if kind == "float32":
            return cls(numbers=plain, scale=None, rows=len(plain))
        filled = np.zeros((-(-len(plain) // LANES) * LANES, plain.shape[1]), np.float32)
        filled[: len(plain)] = plain
        if kind == "float16":
            return cls(
                numbers=_side_by_side(filled.astype(np.float16)), scale=None, rows=len(plain)
            )
        numbers, scale = to_int8(filled)
        return cls(numbers=_side_by_side(numbers), scale=scale, rows=len(plain))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], lead: str) -> Self:
        """Read what `to_arrays` gave."""
        return cls(
            numbers=arrays[f"{lead}.numbers"],
            scale=arrays.get(f"{lead}.scale"),
            rows=int(arrays[f"{lead}.rows"][0]),
        )

    def to_arrays(self, lead: str) -> dict[str, Array]:
        """Give named arrays."""
        arrays = {f"{lead}.numbers": self.numbers, f"{lead}.rows": np.array([self.rows])}
        return arrays if self.scale is None else arrays | {f"{lead}.scale": self.scale}

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self.numbers.shape[1])

    def take(self, rows: Int64) -> Float32:
        """Give some vectors in 32 bits, shape (N, C)."""
        if self.numbers.ndim == 2:
            return np.asarray(self.numbers[rows])
        taken = self.numbers[rows // LANES, :, rows % LANES].astype(np.float32)
        return taken if self.scale is None else taken * self.scale[rows][:, None]

    def vectors(self) -> Float32:
        """Give all vectors in 32 bits, shape (R, C)."""
        return self.take(np.arange(self.rows))

    def scores(self, states: Float32) -> Float32:
        """Give the products of states, shape (B, C), with all vectors: shape (B, R)."""
        states = np.ascontiguousarray(states, np.float32)
        if self.numbers.ndim == 2:
            return np.asarray(states @ self.numbers.T)
        out = np.empty((len(states), self.rows), np.float32)
        if self.scale is None:
            half_scores(self.numbers.view(np.uint16), states, out)
            return out
        whole, unit = _to_whole(states)
        int8_scores(self.numbers, self.scale, whole, unit, out)
        return out


def _side_by_side(rows: Array) -> Array:
    """Lay rows out as (blocks, C, 64)."""
    blocks = rows.reshape(-1, LANES, rows.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks)


def _to_whole(states: Float32) -> tuple[npt.NDArray[np.int16], Float32]:
    """Put states on whole numbers so small that no sum of products leaves 32 bits."""
    limit = min(2**15 - 1, (2**31 - 1) // (LARGEST * max(states.shape[1], 1)))
    most = np.abs(states).max(axis=1, initial=0.0)
    unit = np.where(most > 0, most / limit, 1.0).astype(np.float32)
    return np.rint(states / unit[:, None]).astype(np.int16), unit
