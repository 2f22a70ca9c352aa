"""Many tests at once: corrected p-values."""

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.kernels import Array

__all__ = ["benjamini_hochberg", "holm"]


def _sorted(p_values: npt.ArrayLike, owner: str) -> tuple[Array, Array]:
    p = np.asarray(p_values, np.float64)
    if p.ndim != 1:
        raise OptionError.of("p_values", owner, "a list of p-values", f"{p.ndim} dimensions")
    if np.any(~((p >= 0) & (p <= 1))):
        raise OptionError.of("p_values", owner, "all between 0 and 1", p_values)
    order = np.argsort(p, kind="stable")
    return p[order], order


def _back(adjusted: Array, order: Array) -> Array:
    placed = np.empty(len(order))
    placed[order] = np.minimum(adjusted, 1.0)
    return placed


def benjamini_hochberg(p_values: npt.ArrayLike) -> Array:
    """Correct p-values so that calling all below q a finding makes at most a share q false.

    Parameters
    ----------
    p_values : array of float, shape (N,)

    Returns
    -------
    ndarray of float64, shape (N,)
        In the given order, each at least the p-value it came from.

    Raises
    ------
    OptionError
        If a p-value is not between 0 and 1.

    References
    ----------
    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", 1995.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p, order = _sorted(p_values, "benjamini_hochberg")
    scaled = p * len(p) / np.arange(1, len(p) + 1)
    return _back(np.minimum.accumulate(scaled[::-1])[::-1], order)


def holm(p_values: npt.ArrayLike) -> Array:
    """Correct p-values so that ANY false finding has at most the chance of the level.

    Parameters
    ----------
    p_values : array of float, shape (N,)

    Returns
    -------
    ndarray of float64, shape (N,)
        In the given order, each at least the p-value it came from.

    Raises
    ------
    OptionError
        If a p-value is not between 0 and 1.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.09, 0.09, 0.5]
    """
    p, order = _sorted(p_values, "holm")
    scaled = p * np.arange(len(p), 0, -1)
    return _back(np.maximum.accumulate(scaled), order)
