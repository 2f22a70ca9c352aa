"""Ids of one width, written as bytes straight into an Arrow string array."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.kernels import i32, kernel

__all__ = ["spell_ids"]


@kernel(types.void(types.uint8[:, ::1], i32, types.int64, types.int64))
def _write_digits(text: Any, numbers: Any, first: int, digits: int) -> None:
    for row in range(len(numbers)):
        left = numbers[row]
        for place in range(first + digits - 1, first - 1, -1):
            text[row, place] = 48 + left % 10
            left //= 10


def spell_ids(
    prefix: str,
    numbers: npt.NDArray[np.int32],
    *,
    digits: int = 8,
    then: npt.NDArray[np.int32] | None = None,
    then_digits: int = 6,
) -> pa.Array:
    """Spell numbers as ids.

    Parameters
    ----------
    prefix : str
        One letter.
    numbers : ndarray of int32
        At least 0.
    digits : int
        Width of a number, filled up with zeros.
    then : ndarray of int32, optional
        A second number, after a hyphen.
    then_digits : int
        Its width.

    Returns
    -------
    pa.StringArray
        As long as `numbers`.

    Examples
    --------
    >>> seven = np.array([7], np.int32)
    >>> spell_ids("e", seven, then=seven)[0].as_py()
    'e00000007-000007'
    """
    width = 1 + digits + (0 if then is None else 1 + then_digits)
    text = np.empty((len(numbers), width), np.uint8)
    text[:, 0] = ord(prefix)
    _write_digits(text, np.ascontiguousarray(numbers), 1, digits)
    if then is not None:
        text[:, 1 + digits] = ord("-")
        _write_digits(text, np.ascontiguousarray(then), 2 + digits, then_digits)
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))
