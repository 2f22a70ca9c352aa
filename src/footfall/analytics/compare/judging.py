"""Differences of two sides, with intervals, tests and a verdict in words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa

from footfall.analytics.compare.measures import Measure
from footfall.analytics.compare.moments import Ratio
from footfall.analytics.compare.sides import Compared
from footfall.analytics.compare.values import ACTIVE, EVENTS, RETAINED
from footfall.analytics.significance import (
    always_valid,
    benjamini_hochberg,
    holm,
    mean_difference,
    normal_test,
    sequence_reach,
    two_proportions,
)
from footfall.analytics.significance.proportions import quantile_of_normal
from footfall.kernels import Array

__all__ = ["CORRECTIONS", "LEAST_NONZERO", "LEAST_USERS", "Judging", "judged", "user_counts"]

LEAST_USERS = 30  # of each side, for a verdict ...
LEAST_NONZERO = 10  # ... and users of both together whose value is not 0
CORRECTIONS = ("holm", "bh", "none")
_CORRECT: dict[str, Callable[[Sequence[float]], Array]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
}


@dataclass(frozen=True)
class Judging:
    """How differences are judged.

    Parameters
    ----------
    measures : tuple of Measure
    columns : int
        Values of a user in one time.
    pre : bool
        Whether values before the time reduce the noise.
    level : float
    correction : "holm", "bh" or "none"
    sequential : bool
        Whether intervals and verdicts hold however often one looks.
    planned_users : int
    """

    measures: tuple[Measure, ...]
    columns: int
    pre: bool
    level: float
    correction: str
    sequential: bool
    planned_users: int


@dataclass(frozen=True)
class _Pair:
    """One measure of two sides: exact values and their noise, values before taken into account."""

    first: Ratio
    second: Ratio
    paired: bool
    adjusted: tuple[Fraction, Fraction]
    variances: tuple[Fraction, Fraction]
    covariance: Fraction
    reduction: Fraction | None

    @property
    def variance(self) -> Fraction:
        return sum(self.variances, Fraction(0)) - 2 * self.covariance


def user_counts(found: Compared, columns: int) -> tuple[int, int]:
    """Give the users of each side."""
    if len(found.sides) == 1:
        return found.sides[0].sums[ACTIVE], found.sides[0].sums[columns + ACTIVE]
    return found.sides[0].users, found.sides[1].users


def _ratios(found: Compared, measure: Measure, columns: int) -> tuple[Ratio, Ratio]:
    if len(found.sides) == 2:
        first, second = (Ratio(side, measure.top, measure.bottom) for side in found.sides)
        return first, second
    joint = found.sides[0]
    first = Ratio(joint, measure.top, measure.bottom)
    return first, Ratio(joint, columns + measure.top, columns + measure.bottom)


def _paired(found: Compared, measure: Measure, how: Judging) -> _Pair:
    first, second = _ratios(found, measure, how.columns)
    paired = len(found.sides) == 1
    variances = (first.covariance(first), second.covariance(second))
    covariance = first.covariance(second) if paired else Fraction(0)
    values = (first.value, second.value)
    if paired or not how.pre:
        return _Pair(first, second, paired, values, variances, covariance, None)
    # CUPED: take away what the values before explain, with one slope for both sides.
    before = how.columns + (EVENTS if measure.top == RETAINED else measure.top)
    ratios = (first, second)
    shared = [ratio.covariance_with_mean(before) for ratio in ratios]
    spread = [ratio.moments.covariance(before, before) for ratio in ratios]
    if not sum(spread) or not sum(variances):
        return _Pair(first, second, paired, values, variances, covariance, Fraction(0))
    slope = sum(shared, Fraction(0)) / sum(spread, Fraction(0))
    users = sum(side.users for side in found.sides)
    middle = Fraction(sum(side.sums[before] for side in found.sides), users)
    adjusted = [ratio.value - slope * (ratio.moments.mean(before) - middle) for ratio in ratios]
    less = [
        variance - 2 * slope * mine + slope**2 * noise
        for variance, mine, noise in zip(variances, shared, spread, strict=True)
    ]
    reduction = 1 - sum(less, Fraction(0)) / sum(variances, Fraction(0))
    return _Pair(
        first, second, paired, (adjusted[0], adjusted[1]), (less[0], less[1]), covariance, reduction
    )


def _tested(pair: _Pair, measure: Measure, how: Judging) -> tuple[float, float, float]:
    """Give the interval and p-value of a single look, in units of the columns."""
    first, second = pair.first, pair.second
    plain = pair.reduction is None and not pair.paired
    if plain and measure.share:
        _, low, high, p_value = two_proportions(*_counts(second), *_counts(first), level=how.level)
    elif plain and measure.per_user:
        _, low, high, p_value = mean_difference(
            *_spread(second, pair.variances[1]), *_spread(first, pair.variances[0]), level=how.level
        )
    else:
        difference = float(pair.adjusted[1] - pair.adjusted[0])
        low, high, p_value = normal_test(difference, math.sqrt(pair.variance), how.level)
    return float(low), float(high), float(p_value)


def _counts(ratio: Ratio) -> tuple[int, int]:
    return ratio.moments.sums[ratio.top], ratio.moments.sums[ratio.bottom]


def _spread(ratio: Ratio, noise: Fraction) -> tuple[float, float, int]:
    """Give mean, variance of users' values, and users."""
    users = ratio.moments.users
    return float(ratio.value), float(noise * users), users


def _relative(pair: _Pair, reach: float) -> tuple[float | None, float | None, float | None]:
    """Give the relative difference and its interval, made on the logarithm of the quotient."""
    first, second = pair.adjusted
    if first <= 0:
        return None, None, None
    relative = float(second / first - 1)
    if second <= 0:
        return relative, None, None
    noise = (
        pair.variances[0] / first**2
        + pair.variances[1] / second**2
        - 2 * pair.covariance / (first * second)
    )
    spread = reach * math.sqrt(max(float(noise), 0.0))
    log_quotient = math.log(second / first)
    if not 0 < spread < 50:
        return relative, None, None
    return relative, math.expm1(log_quotient - spread), math.expm1(log_quotient + spread)


def _row(found: Compared, measure: Measure, how: Judging) -> dict[str, Any]:
    """Compare one measure; the correction comes later."""
    row: dict[str, Any] = dict.fromkeys(_SCHEMA.names) | {"measure": measure.name}
    first, second = _ratios(found, measure, how.columns)
    for name, ratio in (("value_a", first), ("value_b", second)):
        row[name] = float(ratio.value / measure.scale) if ratio.known else None
    if not (first.known and second.known):
        return row
    pair = _paired(found, measure, how)
    difference = pair.adjusted[1] - pair.adjusted[0]
    row["difference"] = float(difference / measure.scale)
    row["variance_reduction"] = None if pair.reduction is None else float(pair.reduction)
    users = user_counts(found, how.columns)
    nonzero = first.moments.nonzero[first.top] + second.moments.nonzero[second.top]
    bottoms = (first.moments.nonzero[first.bottom], second.moments.nonzero[second.bottom])
    if min(bottoms) < LEAST_USERS or nonzero < LEAST_NONZERO or pair.variance <= 0:
        row["relative_difference"] = _relative(pair, 0.0)[0]
        return row
    low, high, row["p_value"] = _tested(pair, measure, how)
    error = math.sqrt(pair.variance)
    sequence = always_valid(
        float(difference), error, sum(users), planned_users=how.planned_users, level=how.level
    )
    row["p_always"] = float(sequence[2])
    reach = quantile_of_normal(how.level, owner="compare")
    if how.sequential:
        low, high = float(sequence[0]), float(sequence[1])
        reach = float(sequence_reach(sum(users), planned_users=how.planned_users, level=how.level))
    row["low"], row["high"] = low / measure.scale, high / measure.scale
    relative = _relative(pair, reach)
    row["relative_difference"], row["relative_low"], row["relative_high"] = relative
    return row


def judged(found: dict[str, Compared], how: Judging) -> dict[str, pa.Table]:
    """Compare all measures of all groups; p-values are corrected across all of them together.

    Parameters
    ----------
    found : mapping of group to Compared
    how : Judging

    Returns
    -------
    dict of str to pa.Table
    """
    rows = {
        group: [_row(each, measure, how) for measure in how.measures]
        for group, each in found.items()
    }
    every = [row for mine in rows.values() for row in mine]
    basis = "p_always" if how.sequential else "p_value"
    tested = [row for row in every if row[basis] is not None]
    p_values = [row[basis] for row in tested]
    correct = _CORRECT.get(how.correction)
    corrected = p_values if correct is None else correct(p_values).tolist()
    for row, p_value in zip(tested, corrected, strict=True):
        row["p_corrected"] = p_value
    for row in every:
        row["verdict"] = _verdict(row, how.level)
    return {group: pa.Table.from_pylist(mine, schema=_SCHEMA) for group, mine in rows.items()}


def _verdict(row: dict[str, Any], level: float) -> str:
    if row["p_corrected"] is None:
        return "not enough users"
    if row["p_corrected"] > 1 - level:
        return "no difference shown"
    return "higher" if row["difference"] > 0 else "lower"


_SCHEMA = pa.schema(
    [
        ("measure", pa.string()),
        ("value_a", pa.float64()),
        ("value_b", pa.float64()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("relative_difference", pa.float64()),
        ("relative_low", pa.float64()),
        ("relative_high", pa.float64()),
        ("p_value", pa.float64()),
        ("p_corrected", pa.float64()),
        ("p_always", pa.float64()),
        ("variance_reduction", pa.float64()),
        ("verdict", pa.string()),
    ]
)
