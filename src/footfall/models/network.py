"""The behaviour network: tokens in, a state after each of them out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.models.encoders import Encoder, State, encoder_named
from footfall.models.fading import FadingMeans
from footfall.models.schema import Schema
from footfall.models.tokens import START, ItemTable, TokenSum

__all__ = ["Network", "Shape"]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large a network is.

    Parameters
    ----------
    encoder : str
        One of `footfall.models.encoders.ENCODERS`.
    width, layers, heads, context : int
        See `footfall.models.encoders.Encoder`.
    dropout : float
    fading : bool
        Whether tokens come with fading means of those before: see `FadingMeans`.
    """

    encoder: str = "transformer"
    width: int = 128
    layers: int = 2
    heads: int = 2
    context: int = 50
    dropout: float = 0.5
    fading: bool = True

    def to_json(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)


class Network(nn.Module):
    """Token, encoder, norm.

    Parameters
    ----------
    schema : Schema
        What a token is made of.
    shape : Shape
    items : ItemTable or None
        Vectors of the items, when the schema has an item.
    """

    def __init__(self, schema: Schema, shape: Shape, items: ItemTable | None = None) -> None:
        super().__init__()
        self.schema, self.shape = schema, shape
        self.items = items
        self.no_item = nn.Parameter(torch.zeros(shape.width))
        self.token_sum = TokenSum(schema, shape.width)
        self.encoder: Encoder = encoder_named(shape.encoder)(
            width=shape.width, layers=shape.layers, heads=shape.heads, dropout=shape.dropout,
            context=shape.context,
        )  # fmt: skip
        self.fading = FadingMeans(shape.width) if shape.fading else None
        self.norm = nn.LayerNorm(shape.width)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=START)
                nn.init.zeros_(module.bias)

    def tokens(self, values: Mapping[str, Tensor], table: Tensor | None = None) -> Tensor:
        """Give the tokens, (..., C), of fields of shape (...); `table` saves making it again."""
        total = self.token_sum(values)
        item = self.schema.item
        if item is not None and self.items is not None:
            codes = values[item.name].long()
            vectors = self.items.lookup(codes.clamp(min=0), table)
            if (codes < 0).any():
                vectors = torch.where((codes < 0)[..., None], self.no_item, vectors)
            total = vectors if total is None else total + vectors
        if total is None:
            raise ValueError("A schema of an item needs its table.")
        return total

    def table(self) -> Tensor:
        """Give the vectors of all items, (V, C).

        Raises
        ------
        ValueError
            If the schema has no item.
        """
        if self.items is None:
            raise ValueError("This network knows no items.")
        vectors: Tensor = self.items()
        return vectors

    def forward(
        self, values: Mapping[str, Tensor], table: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Give the state after each token, (B, T, C)."""
        tokens = F.dropout(self.tokens(values, table), self.shape.dropout, self.training)
        if self.fading is not None:
            tokens = self.fading(tokens)
        return self.norm(self.encoder(tokens, times))

    def last(
        self,
        values: Mapping[str, Tensor],
        places: Tensor,
        table: Tensor | None = None,
        times: Tensor | None = None,
    ) -> Tensor:
        """Give the state after one token of each user, (B, C): those at `places`, (B,)."""
        tokens = self.tokens(values, table)
        if self.fading is not None:
            tokens = self.fading(tokens)
        state: Tensor = self.norm(self.encoder.last(tokens, places, times))
        return state

    def start(self, users: int) -> State:
        """Give the state of users without any event: the encoder's, then the fading means'."""
        fading = [] if self.fading is None else self.fading.start(users)
        return [*fading, *self.encoder.start(users)]

    def step(
        self,
        state: State,
        values: Mapping[str, Tensor],
        table: Tensor | None = None,
        time: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Give the state after one more token of each user, (B, C), as `forward` does."""
        token, fading = self.tokens(values, table), list[Tensor]()
        if self.fading is not None:
            token, fading = self.fading.step(state[:2], token)
            state = state[2:]
        hidden, state = self.encoder.step(state, token, time)
        return self.norm(hidden), [*fading, *state]
