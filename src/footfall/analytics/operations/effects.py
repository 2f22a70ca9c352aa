"""Difference in differences on the scale of ratios, with intervals from draws of users."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from footfall.kernels import Array

__all__ = ["Effect", "effect_of"]


@dataclass(frozen=True)
class Effect:
    """What a promotion did: expected, and above it, in all and as a share; None: not known."""

    expected: float | None = None
    extra: float | None = None
    extra_low: float | None = None
    extra_high: float | None = None
    lift: float | None = None
    low: float | None = None
    high: float | None = None

    def in_units(self, scale: int) -> "Effect":
        """Divide what is not a share: 100 for money of minor units."""
        names = ("expected", "extra", "extra_low", "extra_high")
        values = {name: getattr(self, name) for name in names}
        return replace(self, **{n: None if v is None else v / scale for n, v in values.items()})


def effect_of(
    totals: Array,
    drawn: Array,
    *,
    phases: Sequence[int],
    against: Sequence[int],
    controlled: bool,
    days: float,
    level: float,
) -> Effect:
    """Compare some phases with others, on both sides.

    Parameters
    ----------
    totals : ndarray of int64, shape (8,)
        Four phases of the promoted side, then of the control.
    drawn : ndarray of int64, shape (R, 8)
        The same with users drawn anew.
    phases, against : sequence of int
    controlled : bool
        Whether there is a control; without one, the phases are as long as ``days`` says.
    days : float
        Length of the phases against that of the others.
    level : float

    Examples
    --------
    >>> totals = np.array([10, 10, 60, 0, 5, 5, 10, 0])
    >>> effect = effect_of(totals, np.tile(totals, (20, 1)), phases=[2], against=[0, 1],
    ...                    controlled=True, days=1.0, level=0.95)
    >>> effect.expected, effect.extra, effect.lift
    (20.0, 40.0, 2.0)
    """
    every = np.vstack([totals, drawn]).astype(np.float64)
    got = every[:, [*phases]].sum(axis=1)
    moved = np.full(len(every), days)
    if controlled:
        there, here = (every[:, np.add(each, 4)].sum(axis=1) for each in (phases, against))
        moved = np.divide(there, here, out=np.full(len(every), np.nan), where=here > 0)
    expected = every[:, [*against]].sum(axis=1) * moved
    if not np.isfinite(expected[0]) or expected[0] <= 0:
        return Effect()
    usual, real = float(expected[0]), float(got[0])
    found = Effect(usual, real - usual, lift=real / usual - 1)
    fine = np.isfinite(expected) & (expected > 0) & (got > 0)
    if not fine[0] or fine.sum() < len(every) // 2:
        return found
    logs = np.log(got[fine] / expected[fine])
    wide = NormalDist().inv_cdf((1 + level) / 2) * float(np.std(logs[1:], ddof=1))
    low, high = (float(np.exp(logs[0] + sign * wide)) for sign in (-1, 1))
    return replace(
        found,
        low=low - 1,
        high=high - 1,
        extra_low=real - real / low,
        extra_high=real - real / high,
    )
