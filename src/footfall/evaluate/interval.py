"""How sure a mean over users is."""

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError

__all__ = ["bootstrap_interval", "ratio_interval"]


def bootstrap_interval(
    values: npt.ArrayLike, *, level: float = 0.95, repeats: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Draw users again and again with replacement and take the middle of the means.

    Parameters
    ----------
    values : float array, shape (B,)
        One value a user. Give the difference of two models' values to compare them in pairs.
    level : float
        Share of the means inside the interval.
    repeats : int
        How many times all users are drawn.
    seed : int
        Same seed, same interval.

    Returns
    -------
    low, high : float
        Ends of the percentile interval; both nan without users.

    Raises
    ------
    OptionError
        When `level` is not between 0 and 1 or `repeats` is below 1.

    References
    ----------
    Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics.

    Examples
    --------
    >>> low, high = bootstrap_interval([0, 1] * 200)
    >>> round(low, 2), round(high, 2)
    (0.45, 0.55)
    """
    _check(level, repeats, "bootstrap_interval")
    each = np.asarray(values, dtype=np.float64)
    if len(each) == 0:
        return float("nan"), float("nan")
    # Many users share a value (a miss is 0): drawing how often each VALUE comes up is the same
    # experiment as drawing users, and far less work.
    distinct, counts = np.unique(each, return_counts=True)
    rng = np.random.default_rng(seed)
    if len(distinct) * 4 < len(each):
        draws = rng.multinomial(len(each), counts / len(each), size=repeats)
        means = draws @ distinct / len(each)
    else:
        means = np.array(
            [each[rng.integers(0, len(each), len(each))].mean() for _ in range(repeats)]
        )
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def ratio_interval(
    above: npt.ArrayLike,
    below: npt.ArrayLike,
    *,
    level: float = 0.95,
    repeats: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Draw users again and again and take the middle of the ratios of two means.

    Parameters
    ----------
    above, below : float arrays, shape (B,)
        Two values of each user, drawn together.
    level : float
        Share of the ratios inside the interval.
    repeats : int
        How many times all users are drawn.
    seed : int
        Same seed, same interval.

    Returns
    -------
    low, high : float
        Ends of the percentile interval; both nan without users or where `below` is all 0.

    Raises
    ------
    OptionError
        When the arrays differ in length, or an option is not allowed.

    Examples
    --------
    >>> ratio_interval([2, 4, 6], [1, 2, 3])
    (2.0, 2.0)
    """
    _check(level, repeats, "ratio_interval")
    top, base = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if top.shape != base.shape:
        raise OptionError.of("below", "ratio_interval", f"as long as {len(top)}", len(base))
    if len(base) == 0 or not base.any():
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    ratios = np.empty(repeats)
    for draw in range(repeats):
        users = rng.integers(0, len(top), len(top))
        total = base[users].sum()
        ratios[draw] = top[users].sum() / total if total else np.nan
    tail = (1 - level) / 2
    low, high = np.nanquantile(ratios, [tail, 1 - tail])
    return float(low), float(high)


def _check(level: float, repeats: int, owner: str) -> None:
    if not 0 < level < 1:
        raise OptionError.of("level", owner, "between 0 and 1", level)
    if repeats < 1:
        raise OptionError.of("repeats", owner, "1 or more", repeats)
