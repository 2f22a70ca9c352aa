"""The network of the behaviour model: one encoder, a head a question."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from footfall.features.event_rows import EventRows
from footfall.features.item_bags import Bag
from footfall.models.behavior.choices import BasketHead, ItemHead, TypeHead
from footfall.models.behavior.fields import ITEM, USER, token_fields
from footfall.models.behavior.heads import Head, OrderTimeHead, ReturnHead, WithinHead
from footfall.models.behavior.tokens import Tokens
from footfall.models.network import Network, Shape
from footfall.models.packed import plan_batches
from footfall.models.schema import Schema
from footfall.models.tokens import ItemTable

__all__ = ["HEADS", "BehaviorNetwork", "Plan", "new_network", "pooled", "window_states"]

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

HEADS = ("item", "event_type", "purchase", "churn", "order_time", "return", "basket")
STATE_TOKENS = 16_384  # of a batch without gradients


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a network is built from.

    Parameters
    ----------
    schema : Schema
    shape : Shape
    heads : tuple of str
        Some of `HEADS`.
    types : int
        Number of event types.
    horizons_days : tuple of float
        Of the purchase head.
    churn_days : float
    """

    schema: Schema
    shape: Shape
    heads: tuple[str, ...]
    types: int
    horizons_days: tuple[float, ...]
    churn_days: float

    @property
    def prefix(self) -> bool:
        """Whether windows begin with a token that says who the user is."""
        return any(field.name == USER for field in self.schema.fields)

    @property
    def length(self) -> int:
        """Tokens of a window, its prefix aside."""
        return self.shape.context - self.prefix


class BehaviorNetwork(nn.Module):
    """Tokens, encoder and heads.

    Parameters
    ----------
    plan : Plan
    items : ItemTable or None
    """

    def __init__(self, plan: Plan, items: ItemTable | None) -> None:
        super().__init__()
        self.plan = plan
        self.core = Network(plan.schema, plan.shape, items)
        self.heads = nn.ModuleDict({name: _head_named(name, plan) for name in plan.heads})
        self.spread = nn.Parameter(torch.zeros(len(plan.heads)))  # log-variance of each loss

    def head(self, name: str) -> Any:
        """Give a head by its name."""
        return self.heads[name]

    def each_head(self) -> Iterable[tuple[str, Head]]:
        """Give names and heads."""
        return cast("Iterable[tuple[str, Head]]", self.heads.items())

    def table(self) -> Tensor | None:
        """Give the vectors of all items; None without any."""
        return self.core.table() if self.core.items is not None else None

    def states(
        self, rows: EventRows, tokens: Tokens, places: Int64, table: Tensor | None = None
    ) -> Tensor:
        """Give the state after each token of some windows, (B, T, C), prefixes left out."""
        prefix = self.plan.prefix
        fields, seconds = token_fields(self.plan.schema, rows, tokens, places, prefix=prefix)
        device = self.spread.device
        fields = {name: values.to(device) for name, values in fields.items()}
        hidden: Tensor = self.core(fields, table, seconds.to(device))
        return hidden[:, 1:] if prefix else hidden


def new_network(plan: Plan, bags: list[Bag]) -> BehaviorNetwork:
    """Build a network.

    Parameters
    ----------
    plan : Plan
    bags : list of Bag
        Attributes of the items.
    """
    field, items = plan.schema.item, None
    if field is not None and field.name == ITEM:
        items = ItemTable.of_bags(field.size, plan.shape.width, bags)
    return BehaviorNetwork(plan, items)


def _head_named(name: str, plan: Plan) -> Head:
    width, field = plan.shape.width, plan.schema.item
    if name == "item":
        return ItemHead(width, 0 if field is None else field.size)
    if name == "event_type":
        return TypeHead(width, plan.types)
    if name == "purchase":
        return WithinHead(width, plan.horizons_days, "order")
    if name == "churn":
        return WithinHead(width, (plan.churn_days,), "silence")
    if name == "order_time":
        return OrderTimeHead(width)
    return ReturnHead(width) if name == "return" else BasketHead(width)


@torch.no_grad()
def window_states(
    network: BehaviorNetwork, rows: EventRows, tokens: Tokens, *, mean: bool = False
) -> Tensor:
    """Give the state after the last token of each window, and the mean of its states.

    Parameters
    ----------
    network : BehaviorNetwork
    rows : EventRows
    tokens : Tokens
        ``W`` windows; those without tokens get zeros.
    mean : bool
        Put the mean after the last state.

    Returns
    -------
    Tensor, shape (W, C) or (W, 2C)
    """
    was_training = network.training
    if was_training:  # looks at every layer, which takes longer than one user
        network.eval()
    width = network.plan.shape.width
    found = torch.zeros(len(tokens.first), width * (2 if mean else 1))
    table = network.table()
    for windows in plan_batches(tokens.lengths, STATE_TOKENS):
        places, there = tokens.layout(windows)
        hidden = network.states(rows, tokens, places, table)
        real = torch.from_numpy(there).to(hidden.device)
        found[torch.from_numpy(windows)] = pooled(hidden, real, mean=mean).cpu()
    if was_training:
        network.train()
    return found


def pooled(hidden: Tensor, there: Tensor, *, mean: bool) -> Tensor:
    """Give the last state of each window, (B, C), and the mean of its states, (B, 2C).

    Parameters
    ----------
    hidden : Tensor, shape (B, T, C)
    there : Tensor of bool, shape (B, T)
        Which states are of real tokens.
    mean : bool
        Put the mean after the last state.
    """
    count = there.sum(1)
    last = hidden[torch.arange(len(hidden)), count - 1]
    if not mean:
        return last
    return torch.cat([last, (hidden * there[..., None]).sum(1) / count[:, None]], 1)
