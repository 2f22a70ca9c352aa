"""Where a user stands: life stage by the user's own tempo, tempo of orders, value, recency."""

import numpy as np
import numpy.typing as npt

from footfall.analytics.profile.tags import Tag
from footfall.analytics.segment.measures import Measures

__all__ = ["STAGES", "stage_tags"]

Floats = npt.NDArray[np.float64]
DAY = 86_400_000_000
STAGES = ("new", "active", "slipping", "dormant", "lost")
# Silence in multiples of the user's own mean gap between visits at which stages end.
_ENDS = (2.0, 4.0, 8.0)
_TEMPO = ("weekly", "monthly", "quarterly", "rarely")
_TEMPO_DAYS = (10.0, 45.0, 120.0)
_VALUES = ("high", "middle", "low", "no purchase")
_RECENCY = ("within 7 days", "within 30 days", "within 90 days", "longer ago")
_STAGE_LEAST = 0.5
_FEWEST_GAPS = 2


def stage_tags(measures: Measures, *, new_days: float, least: float) -> list[Tag]:
    """Tag users by life stage, tempo, regularity, value and recency.

    Parameters
    ----------
    measures : Measures
    new_days : float
        Users first seen at most so long ago are new.
    least : float
        Confidence needed for regularity.
    """
    return [
        _life_stage(measures, new_days),
        _tempo(measures),
        _regularity(measures, least),
        _value(measures),
        _recency(measures),
    ]


def _life_stage(measures: Measures, new_days: float) -> Tag:
    """Compare the silence with the user's own gaps, mixed with one gap of the usual length.

    Gaps are taken as exponential, so the user's rate of visits has a gamma distribution, which
    says how likely the silence is to lie in each stage.
    """
    from scipy.special import gammainc

    tally = measures.tally
    visits = tally.count("active_days") - 1
    length = (tally.sum("last") - tally.sum("first")) / DAY
    silence = measures.raw["recency_days"]
    usual = _usual_gap(visits, length)
    shape, total = visits + 1, length + usual
    with np.errstate(divide="ignore"):
        below = [gammainc(shape, np.where(silence > 0, end * total / silence, np.inf))
                 for end in _ENDS]  # fmt: skip
    edges = [np.zeros(len(shape)), *below, np.ones(len(shape))]
    chances = np.diff(np.array(edges), axis=0)
    best = np.argmax(chances, axis=0)
    confidence = chances[best, np.arange(len(best))] if len(best) else np.zeros(0)
    new = measures.raw["tenure_days"] <= new_days
    confidence = np.where(new, 1.0, confidence)
    sure = new | (confidence >= _STAGE_LEAST)
    codes = np.where(sure, np.where(new, 0, best + 1), -1).astype(np.int32)
    unit = "silent for {hits} days; usually comes every {trials}"
    nothing = np.full(len(codes), np.nan)
    return Tag("life_stage", STAGES, codes, confidence, silence, total / shape, nothing, unit)


def _usual_gap(visits: Floats, length: Floats) -> float:
    """Give the mean gap between days of visits over all users, one day at least."""
    return max(float(length.sum()) / max(float(visits.sum()), 1.0), 1.0)


def _tempo(measures: Measures) -> Tag:
    """Sort buyers by the mean time between orders; sure as far as few gaps allow."""
    from scipy.special import gammainc

    tally = measures.tally
    gaps = tally.count("orders") - 1
    length = (tally.sum("last_order") - tally.sum("first_order")) / DAY
    enough = gaps >= _FEWEST_GAPS
    shape, total = np.maximum(gaps, 1), np.maximum(length, 1e-6)
    below = [np.ones(len(gaps)), *(gammainc(shape, total / days) for days in _TEMPO_DAYS),
             np.zeros(len(gaps))]  # fmt: skip
    chances = -np.diff(np.array(below), axis=0)
    best = np.argmax(chances, axis=0)
    confidence = chances[best, np.arange(len(best))] if len(best) else np.zeros(0)
    confidence = np.where(enough, confidence, np.nan)
    codes = np.where(np.nan_to_num(confidence) >= _STAGE_LEAST, best, -1).astype(np.int32)
    mean = np.where(enough, length / shape, np.nan)
    unit = "an order every {hits} days, from {trials} gaps"
    nothing = np.full(len(codes), np.nan)
    return Tag("tempo", _TEMPO, codes, confidence, mean, gaps, nothing, unit)


def _regularity(measures: Measures, least: float) -> Tag:
    """Say whose orders come more regularly than chance: gaps that vary less than their mean."""
    from scipy.special import ndtr

    tally = measures.tally
    gaps = tally.count("orders") - 1
    length = (tally.sum("last_order") - tally.sum("first_order")) / 3_600_000_000
    enough = gaps > _FEWEST_GAPS
    many = np.maximum(gaps, 1)
    mean = np.maximum(length / many, 1e-9)
    variance = np.maximum(tally.sum("hour_gap_squares") / many - mean**2, 0)
    variation = np.sqrt(variance) / mean
    confidence = np.where(enough, ndtr((1 - variation) * np.sqrt(many)), np.nan)
    codes = np.where(np.nan_to_num(confidence) >= least, 0, -1).astype(np.int32)
    unit = "gaps between orders vary by {hits} % of their mean, from {trials} gaps"
    nothing = np.full(len(codes), np.nan)
    return Tag(
        "regularity", ("regular",), codes, confidence, np.round(100 * variation), gaps, nothing,
        unit,
    )  # fmt: skip


def _value(measures: Measures) -> Tag:
    """Sort buyers by money: the first fifth, the next three tenths, the rest."""
    spend = measures.raw["spend"]
    buys = measures.raw["orders"] > 0
    paid = np.sort(spend[buys])[::-1]
    rank = np.searchsorted(-paid, -spend, side="left") / max(len(paid), 1)
    codes = np.where(rank < 0.2, 0, np.where(rank < 0.5, 1, 2))
    codes = np.where(buys, codes, 3).astype(np.int32)
    certain, nothing = np.ones(len(codes)), np.full(len(codes), np.nan)
    unit = "spent {hits} in {trials} orders"
    return Tag("value", _VALUES, codes, certain, spend / 100, measures.raw["orders"], nothing, unit)


def _recency(measures: Measures) -> Tag:
    days = measures.raw["recency_days"]
    codes = np.searchsorted(np.array([7.0, 30.0, 90.0]), days, side="left").astype(np.int32)
    certain, nothing = np.ones(len(codes)), np.full(len(codes), np.nan)
    sessions = measures.raw["sessions"]
    unit = "last seen {hits} days ago, {trials} sessions in all"
    return Tag("recency", _RECENCY, codes, certain, days, sessions, nothing, unit)
