"""Users behind a number: the codes that chunks give, put together."""

import numpy as np
import numpy.typing as npt

__all__ = ["joined"]


def joined(parts: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.int32]:
    """Put user codes of chunks together.

    Examples
    --------
    >>> joined([np.array([3, 1], np.int32), np.array([2], np.int32)]).tolist(), len(joined([]))
    ([3, 1, 2], 0)
    """
    return np.concatenate([np.zeros(0, np.int32), *parts])
