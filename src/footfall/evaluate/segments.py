"""Accuracy of each kind of user: a good mean may hide users who are served badly."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from footfall.errors import OptionError
from footfall.evaluate.exposure import Estimate
from footfall.evaluate.interval import bootstrap_interval
from footfall.evaluate.ranking import user_metrics
from footfall.evaluate.ranks import Ranks

__all__ = ["history_bands", "segment_metrics"]

Int64 = npt.NDArray[np.int64]

BANDS = (1, 3, 6, 11, 21, 51, 201)  # first length of each band


def history_bands(lengths: npt.ArrayLike, *, starts: Sequence[int] = BANDS) -> list[str]:
    """Name the band each history's length lies in.

    Parameters
    ----------
    lengths : int array, shape (B,)
        Rows of each history.
    starts : sequence of int
        First length of each band, ascending; below the first one stands ``"0"``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> history_bands([1, 4, 500])
    ['1-2', '3-5', '201+']
    """
    if not len(starts) or list(starts) != sorted(set(starts)) or starts[0] < 1:
        raise OptionError.of("starts", "history_bands", "ascending lengths from 1", starts)
    ends = [*(each - 1 for each in starts[1:]), None]
    names = ["0" if starts[0] == 1 else f"0-{starts[0] - 1}"]
    for low, high in zip(starts, ends, strict=True):
        names.append(f"{low}+" if high is None else str(low) if high == low else f"{low}-{high}")
    return [names[place] for place in np.searchsorted(starts, np.asarray(lengths), side="right")]


def segment_metrics(
    ranks: Ranks,
    segments: Sequence[str] | npt.ArrayLike,
    *,
    k: int = 10,
    intervals: bool = True,
    seed: int = 0,
) -> dict[str, dict[str, Estimate]]:
    """Average the ranking metrics within each group of users.

    Parameters
    ----------
    ranks : Ranks
        From `rank_targets`, B users.
    segments : sequence of str, length B
        The group of each user.
    k : int
        Length of the list that is judged.
    intervals : bool
        Whether to draw 95 % intervals over users.
    seed : int
        Of the draws.

    Returns
    -------
    dict of dict of Estimate
        For each group, in the order of first numbers or of names: ``users`` (how many) and
        ``hr@k, recall@k, precision@k, ndcg@k, mrr@k, map@k``.

    Raises
    ------
    OptionError
        When there is not one group for each user.

    Examples
    --------
    >>> ranks = Ranks(
    ...     offsets=np.arange(4), above=np.array([0, 2, 9]), tied=np.ones(3, int), n_items=20
    ... )
    >>> found = segment_metrics(ranks, ["new", "new", "old"], k=2, intervals=False)
    >>> {name: (group["users"].value, group["hr@2"].value) for name, group in found.items()}
    {'new': (2, 0.5), 'old': (1, 0.0)}
    """
    groups = np.asarray(segments, dtype=np.str_)
    users = len(ranks.offsets) - 1
    if groups.shape != (users,):
        raise OptionError.of("segments", "segment_metrics", f"{users} names", groups.shape)
    values: Mapping[str, npt.NDArray[np.float64]] = user_metrics(ranks, k=k)
    found: dict[str, dict[str, Estimate]] = {}
    for name in sorted(set(groups.tolist()), key=_first_number):
        mine = groups == name
        figures = {"users": Estimate(int(mine.sum()))}
        for metric, each in values.items():
            ends = bootstrap_interval(each[mine], seed=seed) if intervals else (None, None)
            figures[f"{metric}@{k}"] = Estimate(float(each[mine].mean()), *ends)
        found[name] = figures
    return found


def _first_number(name: str) -> tuple[float, str]:
    """Sort bands by where they begin, and other names after them."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return (float(digits) if digits else np.inf, name)
