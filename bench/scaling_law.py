"""The law of scaling: how a loss falls with parameters and events, fitted to measured points."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

__all__ = ["Law", "Point", "fit_law", "intervals", "left_out_errors"]

Float64 = npt.NDArray[np.float64]
HUBER = 1e-3  # residuals of log loss beyond it count by their size, not its square
STARTS = [
    (a, b, e, alpha, beta)
    for a in (0.0, 4.0)
    for b in (0.0, 5.0, 10.0)
    for e in (0.5, 1.2)
    for alpha in (0.2, 0.6)
    for beta in (0.2, 0.6)
]


@dataclass(frozen=True)
class Point:
    """One training.

    Parameters
    ----------
    width, budget : int
        What was asked for.
    parameters, everything : int
        Those that multiply; those with the table of items.
    events : int
        Next items trained on.
    loss : float
        Of users kept apart, in nats a next item.
    cpu_seconds : float
    """

    width: int
    budget: int
    parameters: int
    everything: int
    events: int
    loss: float
    cpu_seconds: float

    def with_items(self) -> Self:
        """Count the table of items as parameters, too."""
        return replace(self, parameters=self.everything)


@dataclass(frozen=True)
class Law:
    """Loss = floor + a / parameters**alpha + b / events**beta."""

    floor: float
    a: float
    alpha: float
    b: float
    beta: float

    def loss(self, parameters: npt.ArrayLike, events: npt.ArrayLike) -> Float64:
        """Predict the loss."""
        of_size = self.a * np.asarray(parameters, np.float64) ** -self.alpha
        of_events = self.b * np.asarray(events, np.float64) ** -self.beta
        return np.asarray(self.floor + of_size + of_events)

    def error(self, point: Point) -> float:
        """Give how far off the law is at a point, relatively."""
        return float(abs(self.loss(point.parameters, point.events) / point.loss - 1))


def _residuals(found: Float64, sizes: Float64, events: Float64, losses: Float64) -> Float64:
    a, b, e, alpha, beta = found
    parts = np.stack([a - alpha * sizes, b - beta * events, np.full(len(sizes), e)])
    return np.asarray(np.logaddexp.reduce(parts, axis=0) - losses)


def _cost(found: Float64, sizes: Float64, events: Float64, losses: Float64) -> float:
    off = np.abs(_residuals(found, sizes, events, losses))
    huber = np.where(off < HUBER, 0.5 * off**2, HUBER * (off - 0.5 * HUBER))
    negative = np.minimum(found[3:], 0)  # exponents are not below 0
    return float(huber.sum() * 1e4 + 1e3 * (negative**2).sum())


def fit_law(points: list[Point], *, near: Law | None = None) -> Law:
    """Fit the law by Huber loss of the logarithms; `near` saves looking everywhere."""
    sizes, events, losses = (
        np.log([getattr(point, name) for point in points])
        for name in ("parameters", "events", "loss")
    )
    starts = STARTS
    if near is not None:
        logs = np.log(np.maximum([near.a, near.b, near.floor], 1e-9))
        starts = [(*logs, near.alpha, near.beta)]
    best = min(
        (
            minimize(_cost, np.array(start), args=(sizes, events, losses), method="L-BFGS-B")
            for start in starts
        ),
        key=lambda answer: answer.fun,
    ).x
    a, b, e = np.exp(best[:3])
    return Law(floor=float(e), a=float(a), alpha=float(best[3]), b=float(b), beta=float(best[4]))


def intervals(points: list[Point], law: Law, *, rounds: int, seed: int = 0) -> list[Law]:
    """Fit to points drawn with replacement: a law a draw."""
    rng = np.random.default_rng(seed)
    laws = []
    while len(laws) < rounds:
        drawn = [points[place] for place in rng.integers(0, len(points), len(points))]
        widths, budgets = {p.width for p in drawn}, {p.budget for p in drawn}
        if len(widths) > 2 and len(budgets) > 2:  # fewer say nothing about a curve
            laws.append(fit_law(drawn, near=law))
    return laws


def left_out_errors(points: list[Point], law: Law) -> list[float]:
    """Give for each point how far off, relatively, the law of all others is there."""
    errors = []
    for place, point in enumerate(points):
        other = fit_law(points[:place] + points[place + 1 :], near=law)
        errors.append(other.error(point))
    return errors
