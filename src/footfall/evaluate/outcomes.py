"""Checks what came in: outcomes of 0 and 1, finite scores, probabilities between 0 and 1."""

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError

__all__ = ["checked_pairs", "checked_probabilities"]

Int8 = npt.NDArray[np.int8]
Float64 = npt.NDArray[np.float64]


def checked_pairs(outcome: npt.ArrayLike, score: npt.ArrayLike, owner: str) -> tuple[Int8, Float64]:
    """Return outcomes as int8 and scores as float64, both of one length and usable.

    Parameters
    ----------
    outcome : array of 0 and 1 (or bool), shape (N,)
        What happened.
    score : float array, shape (N,)
        Any finite scale.
    owner : str
        Named in the error.

    Returns
    -------
    outcome : int8 array, shape (N,)
    score : float64 array, shape (N,)

    Raises
    ------
    OptionError
        When they are empty, differ in length, or hold anything else.

    Examples
    --------
    >>> checked_pairs([True, False], [2, 1], "auc")
    (array([1, 0], dtype=int8), array([2., 1.]))
    """
    happened, value = np.asarray(outcome), np.asarray(score, dtype=np.float64)
    if happened.ndim != 1 or value.ndim != 1:
        raise OptionError.of("outcome", owner, "one column of values", happened.shape)
    if len(happened) == 0:
        raise OptionError.of("outcome", owner, "one row or more", "no rows")
    if len(happened) != len(value):
        raise OptionError.of("outcome", owner, f"as long as the {len(value)} scores", len(happened))
    if not np.isin(happened, (0, 1)).all():
        strange = happened[~np.isin(happened, (0, 1))][0]
        raise OptionError.of("outcome", owner, "0 or 1 in each row", strange)
    if not np.isfinite(value).all():
        strange = value[~np.isfinite(value)][0]
        raise OptionError.of("score", owner, "a finite number in each row", float(strange))
    return happened.astype(np.int8), value


def checked_probabilities(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, owner: str
) -> tuple[Int8, Float64]:
    """Do what `checked_pairs` does and see that all scores are probabilities.

    Parameters
    ----------
    outcome, probability, owner
        As in `checked_pairs`.

    Returns
    -------
    outcome : int8 array, shape (N,)
    probability : float64 array, shape (N,)

    Raises
    ------
    OptionError
        Also when a value is below 0 or above 1.

    Examples
    --------
    >>> checked_probabilities([1], [0.5], "brier")
    (array([1], dtype=int8), array([0.5]))
    """
    happened, chance = checked_pairs(outcome, probability, owner)
    outside = (chance < 0) | (chance > 1)
    if outside.any():
        strange = float(chance[outside][0])
        raise OptionError.of("probability", owner, "between 0 and 1", strange)
    return happened, chance
