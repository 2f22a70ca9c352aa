"""What might separate those who drop from those who go on, and how strongly each does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.funnel.evidence import Evidence, Values
from footfall.analytics.funnel.odds import pooled_odds, risk_sets
from footfall.analytics.significance import benjamini_hochberg, odds_ratio
from footfall.analytics.significance.proportions import quantile_of_normal
from footfall.kernels import Array

__all__ = ["Candidate", "Limits", "bins_of", "candidates_of", "ranked"]

NONE = "(none)"
_FEWEST = 10


@dataclass(frozen=True)
class Limits:
    """Which candidates are looked at.

    Parameters
    ----------
    least_share : float
        A candidate must be true of at least this share of the units, and not true of as many.
    values : int
        Most values of one property, those of most units.
    bins : int
        Quantile bins of a number.
    level : float
        Of the intervals; findings keep a false discovery rate of 1 - level.
    """

    least_share: float = 0.01
    values: int = 20
    bins: int = 5
    level: float = 0.95


@dataclass(frozen=True)
class Candidate:
    """Something true of some units.

    Parameters
    ----------
    kind : "property" or "event"
        A property at the step before, or an event after it.
    name, value : str
        The property and its value; the event type, and "happened".
    mark : ndarray of bool, shape (units,)
        Of whom it is true.
    onset : ndarray of int64, shape (units,), or None
        Of an event: when it first happened, -1 never.
    """

    kind: str
    name: str
    value: str
    mark: npt.NDArray[np.bool_]
    onset: npt.NDArray[np.int64] | None = None


def bins_of(values: Values, bins: int) -> Values:
    """Put numbers of many different values into quantile bins; leave everything else.

    Words that are all numbers ("10", "20.5") are taken as numbers when there are many of them.
    """
    numbers = _numbers(values.words)
    if numbers is None or len(numbers) <= 2 * bins:
        if pa.types.is_floating(values.words.type):
            words = [f"{number:.6g}" for number in values.words.to_pylist()]
            return Values(values.codes, pa.array(words, pa.string()))
        return values
    known = values.codes >= 0
    mine = numbers[values.codes[known]]
    edges = np.unique(np.quantile(mine, np.linspace(0, 1, bins + 1), method="inverted_cdf"))
    places = np.searchsorted(edges[1:-1], mine, side="left")
    codes = np.full(len(values.codes), -1, np.int32)
    codes[known] = places
    inner = [f"{edge:.6g}" for edge in edges[1:-1]]
    if not inner:
        return Values(codes, pa.array([f"{edges[0]:.6g}"], pa.string()))
    middle = [f"above {low} to {high}" for low, high in pairwise(inner)]
    words = [f"up to {inner[0]}", *middle, f"above {inner[-1]}"]
    return Values(codes, pa.array(words, pa.string()))


def _numbers(words: pa.Array) -> npt.NDArray[np.float64] | None:
    if pa.types.is_floating(words.type):
        return words.to_numpy(zero_copy_only=False)
    try:
        found = np.array([float(word) for word in words.to_pylist()], np.float64)
    except ValueError:
        return None
    return found if np.isfinite(found).all() else None


def candidates_of(
    evidence: Evidence, event_types: Sequence[str], limits: Limits
) -> Iterator[Candidate]:
    """Go through everything that is true of enough units, and untrue of enough."""
    least = max(_FEWEST, limits.least_share * len(evidence))
    for name, values in evidence.values.items():
        binned = bins_of(values, limits.bins)
        words = [*binned.words.to_pylist(), NONE]
        if len(words) > 100 and len(words) > len(evidence) / 2:
            continue  # a name of its own for nearly every unit explains nothing
        counts = np.bincount(binned.codes + 1, minlength=len(words))
        counts = np.append(counts[1:], counts[0])  # "(none)" last
        order = np.argsort(-counts, kind="stable")[: limits.values]
        for code in order.tolist():
            if least <= counts[code] <= len(evidence) - least:
                wanted = -1 if code == len(words) - 1 else code
                yield Candidate("property", name, words[code], binned.codes == wanted)
    for code in np.unique(evidence.event_type).tolist():
        onset = evidence.onset(code)
        mark = onset >= 0
        if least <= np.count_nonzero(mark) <= len(evidence) - least:
            yield Candidate("event", event_types[code], "happened", mark, onset)


def ranked(
    evidence: Evidence,
    candidates: Sequence[Candidate],
    strata: npt.NDArray[np.int32] | None,
    limits: Limits,
) -> list[dict[str, Any]]:
    """Measure every candidate; give a row each, the strongest first.

    The order: findings (p-value corrected after Benjamini and Hochberg below 1 - level) that go
    with dropping, then those that go with converting, each by score; then the rest by p-value. The
    score is what the effect is at least: the logarithm of the odds ratio at the end, nearer to 1,
    of an interval widened for having been picked among many (false coverage rate, Benjamini and
    Yekutieli). So something rare with a large ratio by chance does not come first.
    """
    rows = [
        _row(evidence, each, strata, limits.level) | {"at": at}
        for at, each in enumerate(candidates)
    ]
    adjusted = benjamini_hochberg([row["p_value"] for row in rows])
    found = int(np.count_nonzero(adjusted < 1 - limits.level))
    for row, p_value in zip(rows, adjusted, strict=True):
        row["adjusted_p_value"] = float(p_value)
        picked = p_value < 1 - limits.level
        row["score"] = _score(row, found / len(rows), limits.level) if picked else 0.0
    return sorted(rows, key=_rank)


def _rank(row: dict[str, Any]) -> tuple[object, ...]:
    score, p_value = float(row["score"]), float(row["p_value"])
    place = 0 if score > 0 else (1 if score < 0 else 2)
    return place, -abs(score), p_value, row["kind"], row["name"], row["value"]


def _score(row: dict[str, Any], picked: float, level: float) -> float:
    """Give the end nearer to 0 of the log odds ratio's interval, at 1 - (1 - level) * picked."""
    plain = quantile_of_normal(level, owner="why_they_drop")
    wide = quantile_of_normal(1 - (1 - level) * picked, owner="why_they_drop")
    ratio = float(np.log(row["odds_ratio"]))
    error = float(np.log(row["odds_high"]) - np.log(row["odds_low"])) / (2 * plain)
    return float(np.copysign(max(abs(ratio) - wide * error, 0.0), ratio))


def _row(
    evidence: Evidence, candidate: Candidate, strata: Array | None, level: float
) -> dict[str, Any]:
    mark, converted = candidate.mark, evidence.converted
    dropped = int(np.count_nonzero(mark & ~converted))
    with_it = int(np.count_nonzero(mark))
    others = int(np.count_nonzero(~mark & ~converted))
    if candidate.onset is not None:
        ratio, high, low, p_value = _of_event(evidence, candidate.onset, strata, level)
        ratio, low, high = 1 / ratio, 1 / low, 1 / high
    else:
        cells = (mark & ~converted, mark & converted, ~mark & ~converted, ~mark & converted)
        if strata is None:
            a, b, c, d = (np.count_nonzero(cell) for cell in cells)
            ratio, low, high, p_value = map(float, odds_ratio(a, b, c, d, level))
        else:
            size = int(strata.max(initial=-1)) + 2
            each = tuple(np.bincount(strata[cell] + 1, minlength=size) for cell in cells)
            ratio, low, high, p_value = pooled_odds(each, level)
    return {
        "kind": candidate.kind,
        "name": candidate.name,
        "value": candidate.value,
        "units": with_it,
        "users": len(np.unique(evidence.user[mark])),
        "dropped": dropped,
        "dropped_share": dropped / max(with_it, 1),
        "others_dropped_share": others / max(len(evidence) - with_it, 1),
        "odds_ratio": ratio,
        "odds_low": low,
        "odds_high": high,
        "p_value": p_value,
    }


def _of_event(
    evidence: Evidence, onset: Array, strata: Array | None, level: float
) -> tuple[float, float, float, float]:
    """Compare at every moment of a conversion; with strata, inside each of them."""
    if strata is None:
        return pooled_odds(risk_sets(evidence.left, evidence.converted, onset), level)
    tables = []
    for stratum in np.unique(strata):
        mine = strata == stratum
        tables.append(risk_sets(evidence.left[mine], evidence.converted[mine], onset[mine]))
    cells = tuple(np.concatenate(cell) for cell in zip(*tables, strict=True))
    return pooled_odds(cells, level)
