"""Whether things said to happen in 30 % of cases happen in 30 % of cases."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.evaluate.outcomes import checked_probabilities

__all__ = ["calibration_error", "reliability_table"]

BINNINGS = ("width", "count")


def reliability_table(
    outcome: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    bins: int = 10,
    by: str = "width",
) -> pa.Table:
    """Put predicted beside observed rates, bin by bin.

    Parameters
    ----------
    outcome : array of 0 and 1, shape (N,)
        What happened.
    probability : float array, shape (N,)
        Between 0 and 1.
    bins : int
        How many bins; empty ones are left out.
    by : {"width", "count"}
        Bins of equal width in probability, or of about equal numbers of rows (rows of one
        probability stay together), which suits rare outcomes.

    Returns
    -------
    pa.Table
        ``low, high`` (lowest and highest probability in the bin), ``rows``, ``predicted`` (mean
        probability), ``observed`` (share of positives), a row for each bin, ascending.

    Raises
    ------
    OptionError
        When `bins` is below 1 or `by` is another word.

    Examples
    --------
    >>> reliability_table([0, 0, 1, 1], [0.1, 0.1, 0.7, 0.9], bins=2).to_pydict()["observed"]
    [0.0, 1.0]
    """
    happened, chance = checked_probabilities(outcome, probability, "reliability_table")
    if bins < 1:
        raise OptionError.of("bins", "reliability_table", "1 or more", bins)
    if by not in BINNINGS:
        raise OptionError.of("by", "reliability_table", f"one of {BINNINGS}", by)
    if by == "width":
        bin_of = np.minimum((chance * bins).astype(np.int64), bins - 1)
    else:
        # A probability's bin is set by the middle of its rows, so equal ones never part.
        _, group, counts = np.unique(chance, return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - (counts + 1) / 2
        bin_of = (middle * bins / len(chance)).astype(np.int64)[group]
    _, place, rows = np.unique(bin_of, return_inverse=True, return_counts=True)
    low, high = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    np.minimum.at(low, place, chance)
    np.maximum.at(high, place, chance)
    return pa.table(
        {
            "low": low,
            "high": high,
            "rows": rows.astype(np.int64),
            "predicted": np.bincount(place, chance) / rows,
            "observed": np.bincount(place, happened) / rows,
        }
    )


def calibration_error(
    outcome: npt.ArrayLike, probability: npt.ArrayLike, *, bins: int = 10, by: str = "width"
) -> float:
    """Return the expected calibration error: the mean gap between predicted and observed.

    Parameters
    ----------
    outcome, probability, bins, by
        As in `reliability_table`.

    Returns
    -------
    float
        0 is perfectly calibrated; bins weigh as many rows as they hold.

    References
    ----------
    Naeini, M. P., Cooper, G. and Hauskrecht, M. (2015). Obtaining well calibrated probabilities
    using Bayesian binning. AAAI.

    Examples
    --------
    >>> round(calibration_error([0, 0, 1, 1], [0.1, 0.1, 0.7, 0.9], bins=2), 4)
    0.15
    """
    table = reliability_table(outcome, probability, bins=bins, by=by)
    rows = np.asarray(table["rows"])
    gap = np.abs(np.asarray(table["predicted"]) - np.asarray(table["observed"]))
    return float(np.sum(gap * rows) / rows.sum())
