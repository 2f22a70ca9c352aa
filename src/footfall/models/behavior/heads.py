"""Heads that say whether and when something happens: within horizons, in time, a return."""

import math
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.features.declared import DAY
from footfall.models.behavior.future import Asked

__all__ = [
    "EDGES_DAYS",
    "LEAST_RATE",
    "UNKNOWN",
    "Head",
    "OrderTimeHead",
    "ReturnHead",
    "StateHead",
    "Targets",
    "WithinHead",
]

Targets = dict[str, npt.NDArray[Any]]

UNKNOWN = -1  # a target that cannot be known
LEAST_RATE = 1e-4
# Ends of the buckets of the time to the next order, in days: an hour to 240 days.
EDGES_DAYS = (1 / 24, 1 / 6, 0.5, 1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 120.0, 240.0)


class Head(nn.Module, ABC):
    """A question about the future.

    Parameters
    ----------
    width : int
        Numbers of a state.

    Attributes
    ----------
    base : Tensor, scalar
        The mean loss of saying the same of everybody, found by `start`.
    """

    base: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("base", torch.ones(()))

    @abstractmethod
    def targets(self, asked: Asked) -> Targets:
        """Give the truth for each token: arrays of shape (M, ...), `UNKNOWN` where not known."""

    @abstractmethod
    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Say for which tokens there is anything to learn, shape (M,)."""

    @abstractmethod
    def start(self, targets: Targets) -> None:
        """Look at targets that are known, and say the usual answer until more is learned."""

    @abstractmethod
    def usual_losses(self, targets: dict[str, Tensor], count: int) -> Tensor:
        """Give the losses of the usual answer, shape (M,); only right after `start`."""


class StateHead(Head):
    """A question whose loss is made state by state."""

    @abstractmethod
    def losses(self, states: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Give the loss of each state, shape (M,); states (M, C), targets known."""

    def usual_losses(self, targets: dict[str, Tensor], count: int) -> Tensor:
        """Give the losses of a state that says nothing."""
        return self.losses(torch.zeros(count, self.width), targets)


class WithinHead(StateHead):
    """Whether something happens within each of some horizons: an order, or any event at all.

    Parameters
    ----------
    width : int
    days : tuple of float
        Horizons. Where the log ends before one does, nothing is learned about it.
    what : {"order", "silence"}
        The next order within the horizon, or no event within it (churn).
    """

    def __init__(self, width: int, days: tuple[float, ...], what: str) -> None:
        super().__init__(width)
        self.days, self.what = days, what
        self.read = nn.Linear(width, len(days))
        nn.init.zeros_(self.read.weight)

    def targets(self, asked: Asked) -> Targets:
        """Give 1, 0 or `UNKNOWN` for each horizon, (M, H)."""
        lengths = np.array([round(days * DAY) for days in self.days], np.int64)
        if self.what == "order":
            happens = asked.within(lengths, asked.until_order)
            return {"happens": happens if asked.future.has_orders else np.full_like(happens, -1)}
        happens = asked.within(lengths, asked.until_event)
        return {"happens": np.where(happens < 0, UNKNOWN, 1 - happens).astype(np.int8)}

    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Give the tokens with a horizon that ended."""
        return np.asarray((targets["happens"] >= 0).any(axis=1))

    def start(self, targets: Targets) -> None:
        """Say the share of each horizon."""
        happens = targets["happens"]
        there = happens >= 0
        rate = ((happens == 1).sum(axis=0) + 0.5) / (there.sum(axis=0) + 1)
        self.base.fill_(max(float(_surprise(rate).mean()), LEAST_RATE))
        with torch.no_grad():
            self.read.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))))

    def losses(self, states: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Give the mean cross-entropy of the horizons that ended."""
        happens = targets["happens"].to(states.dtype)
        there = happens >= 0
        each = F.binary_cross_entropy_with_logits(self.read(states), happens, reduction="none")
        return each.masked_fill(~there, 0).sum(1) / there.sum(1).clamp(min=1)

    def chances(self, states: Tensor) -> Tensor:
        """Give the probability of each horizon, (M, H); a longer one is never less likely."""
        chances = torch.sigmoid(self.read(states))
        if self.what == "order":
            return torch.cummax(chances, 1).values
        return torch.cummin(chances, 1).values


class OrderTimeHead(StateHead):
    """The time to the next order, as the chance that it comes in each bucket if not before.

    A token whose user is not known long enough says what it can: that no order came in the
    buckets that ended.

    Parameters
    ----------
    width : int

    References
    ----------
    Gensheimer, M. and Narasimhan, B. (2019). A scalable discrete-time survival model for neural
    networks. PeerJ.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.read = nn.Linear(width, len(EDGES_DAYS))
        nn.init.zeros_(self.read.weight)

    def targets(self, asked: Asked) -> Targets:
        """Give for each bucket 1 (the order came in it), 0 (not yet) or `UNKNOWN`, (M, 12)."""
        edges = np.array([round(days * DAY) for days in EDGES_DAYS], np.int64)
        bucket = np.searchsorted(edges, asked.until_order)  # an end belongs to its bucket
        places = np.arange(len(edges))
        comes = np.where(places == bucket[:, None], 1, 0)
        comes[places > bucket[:, None]] = UNKNOWN
        comes[(asked.follow_up[:, None] < edges) | (not asked.future.has_orders)] = UNKNOWN
        return {"comes": comes.astype(np.int8)}

    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Give the tokens whose first bucket ended."""
        return np.asarray(targets["comes"][:, 0] >= 0)

    def start(self, targets: Targets) -> None:
        """Say the hazard of each bucket."""
        comes = targets["comes"]
        there = (comes >= 0).sum(axis=0)
        rate = ((comes == 1).sum(axis=0) + 0.5) / (there + 1)
        loss = float((_surprise(rate) * there).sum() / max(len(comes), 1))
        self.base.fill_(max(loss, LEAST_RATE))
        with torch.no_grad():
            self.read.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))))

    def losses(self, states: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Give the negative log-likelihood of what is known of the time."""
        comes = targets["comes"].to(states.dtype)
        each = F.binary_cross_entropy_with_logits(self.read(states), comes, reduction="none")
        return each.masked_fill(comes < 0, 0).sum(1)

    def within(self, states: Tensor, days: tuple[float, ...] = EDGES_DAYS) -> Tensor:
        """Give the probability of an order within horizons up to 240 days, (M, H)."""
        stay = F.logsigmoid(-self.read(states))  # log-chance of no order in each bucket
        edges = (0.0, *EDGES_DAYS)
        shares = torch.tensor(
            [[_share(low, high, day) for low, high in pairwise(edges)] for day in days]
        )  # (H, 12): how much of each bucket a horizon covers
        return 1 - (stay @ shares.to(stay).t()).exp()

    def median_days(self, states: Tensor) -> Tensor:
        """Give the time by which an order is as likely as not, in days; NaN beyond 240 days."""
        stay = F.logsigmoid(-self.read(states)).cumsum(1)
        half = math.log(0.5)
        bucket = (stay > half).sum(1)
        inside = bucket.clamp(max=len(EDGES_DAYS) - 1)
        edges = torch.tensor((0.0, *EDGES_DAYS)).to(stay)
        before = torch.cat([stay.new_zeros(len(stay), 1), stay], 1)
        begin, end = (before.gather(1, at[:, None])[:, 0] for at in (inside, inside + 1))
        share = (half - begin) / (end - begin).clamp(max=-1e-12)
        low, high = edges[inside], edges[inside + 1]
        days = torch.where(low > 0, low * (high / low.clamp(min=1e-9)) ** share, high * share)
        return torch.where(bucket < len(EDGES_DAYS), days, torch.nan)


class ReturnHead(StateHead):
    """Whether an order line comes back in time, from the state right after it.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.read = nn.Linear(width, 1)
        nn.init.zeros_(self.read.weight)

    def targets(self, asked: Asked) -> Targets:
        """Give 1 or 0 for lines of orders that were waited for, else `UNKNOWN`."""
        back = asked.future.comes_back
        if not len(back):
            return {"back": np.full(len(asked.rows), UNKNOWN, np.int8)}
        return {"back": np.where(asked.rows >= 0, back[np.maximum(asked.rows, 0)], UNKNOWN)}

    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Give the lines of orders."""
        return np.asarray(targets["back"] >= 0)

    def start(self, targets: Targets) -> None:
        """Say the share that comes back."""
        rate = np.array([((targets["back"] == 1).sum() + 0.5) / (len(targets["back"]) + 1)])
        self.base.fill_(max(float(_surprise(rate).mean()), LEAST_RATE))
        with torch.no_grad():
            self.read.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))))

    def losses(self, states: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Give the cross-entropy."""
        back = targets["back"].to(states.dtype)
        return F.binary_cross_entropy_with_logits(self.read(states)[:, 0], back, reduction="none")

    def chances(self, states: Tensor) -> Tensor:
        """Give the probability that an order line comes back, (M,)."""
        return torch.sigmoid(self.read(states)[:, 0])


def _surprise(rate: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the mean loss of saying a rate."""
    return np.asarray(-(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


def _share(low: float, high: float, days: float) -> float:
    """Give how much of a bucket a horizon covers: evenly in the logarithm of time."""
    if days >= high:
        return 1.0
    if days <= low:
        return 0.0
    return days / high if low == 0 else math.log(days / low) / math.log(high / low)
