"""Which rows of a chunk lie before a moment."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import Array, i64, kernel, out_i64

__all__ = ["rows_until"]


def rows_until(
    offsets: npt.NDArray[np.int64], timestamp: npt.NDArray[np.int64], moment: int
) -> npt.NDArray[np.int64]:
    """Give for each user the row after the last one with ``timestamp <= moment``.

    Parameters
    ----------
    offsets : ndarray of int64, shape (U + 1,)
    timestamp : ndarray of int64, shape (N,)
        Ascending within a user.
    moment : int
        Microseconds UTC.

    Returns
    -------
    ndarray of int64, shape (U,)
    """
    stops = np.empty(len(offsets) - 1, np.int64)
    _rows_until(offsets, timestamp, moment, stops)
    return stops


@kernel(types.void(i64, i64, types.int64, out_i64))
def _rows_until(offsets: Array, timestamp: Array, moment: int, stops: Array) -> None:
    for user in range(len(stops)):
        low, high = offsets[user], offsets[user + 1]
        while low < high:
            middle = (low + high) // 2
            if timestamp[middle] <= moment:
                low = middle + 1
            else:
                high = middle
        stops[user] = low
