"""Heads that choose among many: type and item of the next event, value of the next order."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.models.augment import uniform
from footfall.models.behavior.future import OUTCOMES, Asked
from footfall.models.behavior.heads import LEAST_RATE, UNKNOWN, Head, StateHead, Targets
from footfall.models.losses import all_items, sampled_items

__all__ = ["BasketHead", "ItemHead", "TypeHead"]

Int64 = npt.NDArray[np.int64]

MANY_ITEMS = 20_000  # above, the loss takes a sample of the items
SAMPLED = 2_048
BASKETS = 8  # buckets of the value of an order, with as many orders in each


class _ClassHead(StateHead):
    """One of several classes."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__(width)
        self.read = nn.Linear(width, classes)
        nn.init.zeros_(self.read.weight)

    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Give the tokens whose class is known."""
        return np.asarray(targets["class"] >= 0)

    def start(self, targets: Targets) -> None:
        """Say the share of each class."""
        rate = np.bincount(targets["class"], minlength=self.read.out_features) + 0.5
        rate = rate / rate.sum()
        self.base.fill_(max(float(-(rate * np.log(rate)).sum()), LEAST_RATE))
        with torch.no_grad():
            self.read.bias.copy_(torch.from_numpy(np.log(rate)))

    def losses(self, states: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Give the cross-entropy."""
        return F.cross_entropy(self.read(states), targets["class"].long(), reduction="none")

    def chances(self, states: Tensor) -> Tensor:
        """Give the probability of each class, (M, K)."""
        return torch.softmax(self.read(states), 1)


class TypeHead(_ClassHead):
    """The type of the next event."""

    def targets(self, asked: Asked) -> Targets:
        """Give the type's code."""
        row, types = asked.next_row, asked.future.rows["event_type"]
        if not len(types):
            return {"class": np.full(len(row), UNKNOWN)}
        return {"class": np.where(row >= 0, types[np.maximum(row, 0)], UNKNOWN).astype(np.int64)}


class BasketHead(_ClassHead):
    """The value of the next order, if there is one: one of eight buckets.

    Attributes
    ----------
    edges : Tensor, shape (7,)
        Between the buckets, minor units.
    means : Tensor, shape (8,)
        Mean value of the orders in each.
    """

    edges: Tensor
    means: Tensor

    def __init__(self, width: int) -> None:
        super().__init__(width, BASKETS)
        self.register_buffer("edges", torch.zeros(BASKETS - 1, dtype=torch.float64))
        self.register_buffer("means", torch.zeros(BASKETS, dtype=torch.float64))

    def measure(self, values: Int64) -> None:
        """Choose the buckets by the values of known orders, shape (O,)."""
        values = np.sort(values)
        edges = (
            np.quantile(values, np.arange(1, BASKETS) / BASKETS)
            if len(values)
            else np.zeros(BASKETS - 1)
        )
        bucket = np.searchsorted(edges, values, side="right")
        counts = np.bincount(bucket, minlength=BASKETS)
        means = np.bincount(bucket, values, minlength=BASKETS) / np.maximum(counts, 1)
        self.edges.copy_(torch.from_numpy(edges))
        self.means.copy_(torch.from_numpy(means))

    def targets(self, asked: Asked) -> Targets:
        """Give the bucket of the next order."""
        row, value = asked.next_order_row, asked.future.rows["order_value"]
        if not len(value):
            return {"class": np.full(len(row), UNKNOWN)}
        worth = value[np.maximum(row, 0)]
        bucket = np.searchsorted(self.edges.numpy(), worth, side="right")
        return {"class": np.where((row >= 0) & (worth > 0), bucket, UNKNOWN)}

    def value(self, states: Tensor) -> Tensor:
        """Give the expected value of the next order, minor units, (M,)."""
        return self.chances(states).double() @ self.means


class ItemHead(Head):
    """The next item, scored by its own vector; wanted outcomes may be asked for.

    An embedding of what should become of the item is added to the state. In training it is what
    did become of it, each outcome hidden half of the time.

    Parameters
    ----------
    width, items : int

    Attributes
    ----------
    expected : Tensor, shape (V,)
        Share of each item among the targets.

    References
    ----------
    Badrinath, A. et al. (2025). PinRec: outcome-conditioned, multi-token generative retrieval for
    industry-scale recommendation systems.
    """

    expected: Tensor

    def __init__(self, width: int, items: int) -> None:
        super().__init__(width)
        self.items = items
        self.wanted = nn.Parameter(torch.zeros(len(OUTCOMES), 2, width))
        self.norm = nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        nn.init.zeros_(self.narrow.weight)
        nn.init.normal_(self.wanted, std=0.02)
        self.register_buffer("expected", torch.full((items,), 1 / max(items, 1)))

    def targets(self, asked: Asked) -> Targets:
        """Give the next item and what became of it, (M,) and (M, 3)."""
        row, future = asked.next_item_row, asked.future
        if not future.rows.n_events:
            nothing = np.full((len(row), len(OUTCOMES)), UNKNOWN, np.int8)
            return {"item": np.full(len(row), UNKNOWN), "outcomes": nothing}
        at = np.maximum(row, 0)
        item = np.where(row >= 0, future.rows["item"][at], UNKNOWN).astype(np.int64)
        return {"item": item, "outcomes": future.outcomes[at]}

    def known(self, targets: Targets) -> npt.NDArray[np.bool_]:
        """Give the tokens that have a next item."""
        return np.asarray(targets["item"] >= 0)

    def start(self, targets: Targets) -> None:
        """Look at how common each item is."""
        share = np.bincount(targets["item"], minlength=self.items) + 0.5
        share = share / share.sum()
        self.base.fill_(max(float(-(share * np.log(share)).sum()), LEAST_RATE))
        self.expected.copy_(torch.from_numpy(share))

    def asked(self, states: Tensor, outcomes: Tensor | None = None) -> Tensor:
        """Give the vectors that items are compared with, (M, C).

        Parameters
        ----------
        states : Tensor, shape (M, C)
        outcomes : Tensor of int, shape (M, 3), or None
            1: wanted, 0: not wanted, -1: either way.
        """
        if outcomes is not None:
            at = outcomes.long()
            told = self.wanted[torch.arange(len(OUTCOMES)), at.clamp(min=0)]  # (M, 3, C)
            states = states + told.masked_fill((at < 0)[..., None], 0).sum(1)
        thought: Tensor = self.narrow(F.gelu(self.wide(self.norm(states))))
        return states + thought

    def loss(
        self,
        states: Tensor,
        targets: dict[str, Tensor],
        table: Tensor,
        tokens: Int64,
        key: int | None,
    ) -> Tensor:
        """Give the mean cross-entropy of the next item.

        Parameters
        ----------
        states : Tensor, shape (M, C)
        targets : dict of Tensor
        table : Tensor, shape (V, C)
        tokens : int64 array, shape (M,)
            Number of each token among all that are trained on.
        key : int or None
            Of the step: hides outcomes and draws the sample; None: nothing is told of outcomes.
        """
        told = targets["outcomes"].long()
        if key is None:
            told = torch.full_like(told, UNKNOWN)
        else:
            chance = np.stack([uniform(tokens, key, draw) for draw in range(len(OUTCOMES))], 1)
            told = told.masked_fill(torch.from_numpy(chance < 0.5).to(told.device), UNKNOWN)
        vectors, wanted = self.asked(states, told), targets["item"].long()
        if len(table) <= MANY_ITEMS or key is None:
            return all_items(vectors, table, wanted)
        bounds = np.cumsum(self.expected.double().cpu().numpy())
        rng = np.random.default_rng(key)
        drawn = np.searchsorted(bounds, rng.random(SAMPLED) * bounds[-1], side="right")
        drawn = np.minimum(drawn, len(table) - 1)
        often = (self.expected * SAMPLED).log()
        return sampled_items(
            vectors, table, wanted, torch.from_numpy(drawn).to(wanted.device), often
        )

    def usual_losses(self, targets: dict[str, Tensor], count: int) -> Tensor:
        """Give the losses of saying how common each item is."""
        del count
        return -self.expected[targets["item"].long()].log()
