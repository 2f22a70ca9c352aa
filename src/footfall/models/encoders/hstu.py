"""HSTU: attention without a softmax, gated, with the time between events."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.models.encoders.contract import Encoder, State, time_steps

__all__ = ["HSTU"]

BUCKETS = 48  # of the time between two events, each about twice the one before


class Layer(nn.Module):
    """Pointwise attention: how much each earlier event counts does not depend on the others."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_in, self.norm_out = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 4 * width), nn.Linear(width, width)
        self.distance = nn.Parameter(torch.zeros(heads, context))
        self.gap = nn.Parameter(torch.zeros(heads, BUCKETS))

    def parts(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Give gates (B, T, C) and queries, keys, values (B, H, T, C / H)."""
        users, length, width = hidden.shape
        gate, *mixed = F.silu(self.mix(self.norm_in(hidden))).chunk(4, -1)
        shape = (users, length, self.heads, width // self.heads)
        query, key, value = (each.view(shape).transpose(1, 2) for each in mixed)
        return gate, query, key, value

    def look(
        self, query: Tensor, key: Tensor, value: Tensor, steps: Tensor, gaps: Tensor | None
    ) -> Tensor:
        """Give the mean of what is seen, (B, T, C); steps (T, S), gaps (B, T, S) in seconds."""
        reach = self.distance.shape[1]
        seen = (steps >= 0) & (steps < reach)
        strength = query @ key.transpose(-1, -2) + self.distance[:, steps.clamp(0, reach - 1)]
        if gaps is not None:
            strength = strength + self.gap[:, time_buckets(gaps)].transpose(0, 1)
        weights = F.silu(strength) * (seen / seen.sum(1, keepdim=True))
        return (weights @ value).transpose(1, 2).flatten(2)


class HSTU(Encoder):
    """Hierarchical sequential transduction units.

    References
    ----------
    Zhai, J. et al. (2024). Actions speak louder than words: trillion-parameter sequential
    transducers for generative recommendations. ICML.
    """

    def __init__(
        self,
        *,
        width: int,
        layers: int = 2,
        heads: int = 2,
        dropout: float = 0.0,
        context: int = 50,
    ) -> None:
        super().__init__(width=width, layers=layers, heads=heads, dropout=dropout, context=context)
        self.blocks = nn.ModuleList(Layer(width, heads, context) for _ in range(layers))

    def forward(self, tokens: Tensor, times: Tensor | None = None) -> Tensor:
        """Give the state after each token: see `Encoder.forward`."""
        hidden, steps = tokens, time_steps(tokens.shape[1], tokens.device)
        gaps = None if times is None else times[:, :, None] - times[:, None, :]
        for block in cast("Iterable[Layer]", self.blocks):
            gate, query, key, value = block.parts(hidden)
            looked = block.look(query, key, value, steps, gaps)
            hidden = self._after(block, hidden, gate, looked)
        return hidden

    def start(self, users: int) -> State:
        """Give no keys, no values and no times."""
        at = next(self.parameters())
        nothing = at.new_zeros(users, self.heads, 0, self.width // self.heads)
        return [nothing] * (2 * self.layers) + [at.new_zeros(users, 0)]

    def step(self, state: State, token: Tensor, time: Tensor | None = None) -> tuple[Tensor, State]:
        """Give the state after one more token: see `Encoder.step`."""
        now = token.new_zeros(len(token)) if time is None else time
        times = torch.cat([state[-1].to(now), now[:, None]], 1)[:, -self.context :]
        gaps = None if time is None else (now[:, None] - times)[:, None]  # (B, 1, S)
        hidden, after = token[:, None], list[Tensor]()
        for layer, block in enumerate(cast("Iterable[Layer]", self.blocks)):
            gate, query, key, value = block.parts(hidden)
            seen = [
                torch.cat(both, 2)[:, :, -self.context :]
                for both in zip(state[2 * layer :][:2], (key, value), strict=True)
            ]
            after += seen
            back = torch.arange(seen[0].shape[2] - 1, -1, -1, device=token.device)[None]
            hidden = self._after(
                block, hidden, gate, block.look(query, seen[0], seen[1], back, gaps)
            )
        return hidden[:, 0], [*after, times]

    def _after(self, block: Layer, hidden: Tensor, gate: Tensor, looked: Tensor) -> Tensor:
        return hidden + self.drop(block.out(block.norm_out(looked) * gate))


def time_buckets(seconds: Tensor) -> Tensor:
    """Give the bucket of each time: 0 for none, then one more each time it doubles.

    Examples
    --------
    >>> time_buckets(torch.tensor([0.0, 1.0, 3600.0, -5.0])).tolist()
    [0, 1, 11, 0]
    """
    return torch.log2(seconds.clamp(min=0) + 1).long().clamp(max=BUCKETS - 1)
