"""Names in words for groups of users, from what separates them from everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.analytics.segment.measures import MEASURES, Measure, Measures
from footfall.analytics.significance import benjamini_hochberg, mean_difference

__all__ = ["Evidence", "Named", "evidence_of", "name_groups"]

Floats = npt.NDArray[np.float64]
_CLEAR = 0.35  # standard deviations from the base that are worth a word
_MOST_WORDS = 4
_PLAIN = ("average shoppers", "普通用户")


@dataclass(frozen=True)
class Evidence:
    """How far a group lies from the base in one measure.

    Parameters
    ----------
    measure : str
    mean, base : float
        Means of the group and of all users, in the measure's own unit; users with nothing to
        measure left out.
    difference : float
        Mean of the group less the mean of the rest on the common scale, in standard deviations
        of all users: comparable between measures.
    low, high : float
        95 % interval of the difference.
    p_value, p_adjusted : float
        Against no difference; corrected for the number of measures (Benjamini-Hochberg).
    """

    measure: str
    mean: float
    base: float
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float


@dataclass(frozen=True)
class Named:
    """A group's name in English and Chinese, and the measures behind it, most telling first."""

    name: str
    name_zh: str
    measures: tuple[str, ...]


def evidence_of(
    measures: Measures,
    inside: npt.NDArray[np.bool_],
    names: Sequence[str],
    *,
    base: npt.NDArray[np.bool_] | None = None,
) -> list[Evidence]:
    """Compare a group with everybody else in each measure; the farthest first.

    Parameters
    ----------
    measures : Measures
    inside : ndarray of bool, shape (U,)
        Who of ``measures.users`` is in the group.
    names : sequence of str
        Measures to compare.
    base : ndarray of bool, shape (U,), optional
        Whom to look at; None: everybody.

    Returns
    -------
    list of Evidence
    """
    if not names:
        return []
    everybody = np.ones(len(inside), np.bool_) if base is None else base
    rows = [_moments(measures, inside, everybody, name) for name in names]
    table = np.array([row[2:] for row in rows], np.float64)
    difference, low, high, p_value = mean_difference(*table.T)
    adjusted = benjamini_hochberg(p_value)
    found = [
        Evidence(
            measure=name,
            mean=row[0],
            base=row[1],
            difference=float(difference[at]),
            low=float(low[at]),
            high=float(high[at]),
            p_value=float(p_value[at]),
            p_adjusted=float(adjusted[at]),
        )
        for at, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    return sorted(found, key=lambda each: (-_weight(each), each.measure))


def _weight(each: Evidence) -> float:
    """How telling: the part of the difference that is beyond doubt."""
    if not np.isfinite(each.low) or not np.isfinite(each.high):
        return 0.0
    return max(each.low, -each.high, 0.0) + 1e-6 * abs(each.difference)


def _moments(
    measures: Measures, inside: npt.NDArray[np.bool_], base: npt.NDArray[np.bool_], name: str
) -> tuple[float, ...]:
    raw = measures.raw[name]
    known = ~np.isnan(raw) & base
    scaled = measures.scaled(name)
    mine, rest = scaled[inside & known], scaled[~inside & known]
    trials = measures.trials.get(name)
    weights = known.astype(np.float64) if trials is None else trials
    return (
        _mean(raw, weights, inside & known),
        _mean(raw, weights, known),
        *_mean_and_variance(mine),
        *_mean_and_variance(rest),
    )


def _mean(raw: Floats, weights: Floats, kept: npt.NDArray[np.bool_]) -> float:
    """Give the mean of users; of shares that of the observations behind them."""
    total = float(weights[kept].sum())
    return float((raw[kept] * weights[kept]).sum() / total) if total else float("nan")


def _mean_and_variance(values: Floats) -> tuple[float, float, float]:
    count = len(values)
    if count == 0:
        return 0.0, 0.0, 0.0
    return float(values.mean()), float(values.var(ddof=1)) if count > 1 else 0.0, float(count)


def name_groups(evidence: Sequence[Sequence[Evidence]]) -> list[Named]:
    """Name groups so that no two names are alike.

    A name is made of the words of the measures that set the group apart most, one word a family
    of measures: two to four of them, each at least 0.35 standard deviations from the base and
    significant at 5 % after correction. Groups that would be called alike get further words, and
    a number when there are none.

    Parameters
    ----------
    evidence : sequence of sequences of Evidence
        Of each group, the most telling first.

    Returns
    -------
    list of Named
    """
    words = [_words(each) for each in evidence]
    lengths = [min(len(each), _first_length(each)) for each in words]
    for _ in range(len(MEASURES)):
        names = [_joined(each, length) for each, length in zip(words, lengths, strict=True)]
        twins = [at for at, name in enumerate(names) if names.count(name) > 1]
        longer = [at for at in twins if lengths[at] < len(words[at])]
        if not longer:
            break
        for at in longer:
            lengths[at] += 1
    named = [_joined(each, length) for each, length in zip(words, lengths, strict=True)]
    return [
        Named(*_numbered(named, at), tuple(m.name for m, _ in words[at][: lengths[at]]))
        for at in range(len(named))
    ]


def _numbered(named: Sequence[tuple[str, str]], at: int) -> tuple[str, str]:
    if named.count(named[at]) == 1:
        return named[at]
    number = named[: at + 1].count(named[at])
    return f"{named[at][0]} ({number})", f"{named[at][1]}（{number}）"


def _words(evidence: Sequence[Evidence]) -> list[tuple[Measure, tuple[str, str]]]:
    by_name = {measure.name: measure for measure in MEASURES}
    found: list[tuple[Measure, tuple[str, str]]] = []
    for each in evidence:
        measure: Any = by_name[each.measure]
        word = measure.high if each.difference > 0 else measure.low
        taken = any(other.family == measure.family for other, _ in found)
        if word and not taken and abs(each.difference) >= _CLEAR and each.p_adjusted < 0.05:
            found.append((measure, word))
    return found


def _first_length(words: Sequence[tuple[Measure, tuple[str, str]]]) -> int:
    return min(_MOST_WORDS - 1, len(words))


def _joined(words: Sequence[tuple[Measure, tuple[str, str]]], length: int) -> tuple[str, str]:
    if not length:
        return _PLAIN
    chosen = [word for _, word in words[:length]]
    return ", ".join(word for word, _ in chosen), "、".join(word for _, word in chosen)
