"""The transformer: every state looks back on the tokens themselves."""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody knows

from footfall.models.encoders.contract import Encoder, State, time_steps

__all__ = ["Gated", "Transformer"]

FAR = -1e9  # what a state may not look at
FADE = 0.3  # how fast attention fades with the root of the distance, before anything is learned


class Block(nn.Module):
    """Attention over the past and a two-layer network, each added to what went in.

    Distance enters as a learned number a head, so a history may start anywhere.
    """

    def __init__(self, width: int, heads: int, context: int, *, gated: bool) -> None:
        super().__init__()
        self.heads = heads
        self.norm_in, self.norm_mid = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(2 if gated else 0))
        fade = -FADE * torch.arange(float(context)).sqrt()
        self.distance = nn.Parameter(fade.repeat(heads, 1))

    def parts(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give queries, keys and values, each (B, H, T, C / H)."""
        users, length, width = hidden.shape
        mixed = self.mix(self.norm_in(hidden))
        shape = (users, length, 3, self.heads, width // self.heads)
        query, key, value = mixed.view(shape).permute(2, 0, 3, 1, 4)
        return query, key, value

    def bias(self, steps: Tensor) -> Tensor:
        """Give what each pair's distance adds, (H, T, S); what is ahead or too far is shut out."""
        reach = self.distance.shape[1]
        shut = (steps < 0) | (steps >= reach)
        return self.distance[:, steps.clamp(0, reach - 1)].masked_fill(shut, FAR)


class Transformer(Encoder):
    """Causal self-attention (SASRec) with learned relative distances.

    References
    ----------
    Kang, W.-C. and McAuley, J. (2018). Self-attentive sequential recommendation. ICDM.
    """

    gated = False

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
        self.blocks = nn.ModuleList(
            Block(width, heads, context, gated=self.gated) for _ in range(layers)
        )

    def forward(self, tokens: Tensor, times: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Give the state after each token: see `Encoder.forward`."""
        hidden, steps = tokens, time_steps(tokens.shape[1], tokens.device)
        for block in cast("Iterable[Block]", self.blocks):
            query, key, value = block.parts(hidden)
            hidden = self._after(block, hidden, query, key, value, block.bias(steps))
        return hidden

    def last(self, tokens: Tensor, places: Tensor, times: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Give the state after one token of each user: in the last layer only that one is made."""
        hidden, steps = tokens, time_steps(tokens.shape[1], tokens.device)
        user = torch.arange(len(places), device=places.device)
        *before, final = cast("Iterable[Block]", self.blocks)
        for block in before:
            query, key, value = block.parts(hidden)
            hidden = self._after(block, hidden, query, key, value, block.bias(steps))
        query, key, value = final.parts(hidden)
        asked = query[user, :, places][:, :, None]  # (B, H, 1, C / H)
        back = final.bias(steps[places]).transpose(0, 1)[:, :, None]  # (B, H, 1, S)
        return self._after(final, hidden[user, places][:, None], asked, key, value, back)[:, 0]

    def start(self, users: int) -> State:
        """Give no keys and no values."""
        at = next(self.parameters())
        nothing = at.new_zeros(users, self.heads, 0, self.width // self.heads)
        return [nothing] * (2 * self.layers)

    def step(
        self,
        state: State,
        token: Tensor,
        time: Tensor | None = None,  # noqa: ARG002  # other encoders look at it
    ) -> tuple[Tensor, State]:
        """Give the state after one more token: see `Encoder.step`."""
        hidden, after = token[:, None], list[Tensor]()
        for layer, block in enumerate(cast("Iterable[Block]", self.blocks)):
            query, key, value = block.parts(hidden)
            seen = [
                torch.cat(both, 2)
                for both in zip(state[2 * layer :][:2], (key, value), strict=True)
            ]
            seen = [each[:, :, -self.context :] for each in seen]
            after += seen
            back = torch.arange(seen[0].shape[2] - 1, -1, -1, device=token.device)[
                None
            ]  # (1, S): how long ago
            hidden = self._after(block, hidden, query, seen[0], seen[1], block.bias(back))
        return hidden[:, 0], after

    def _after(
        self, block: Block, hidden: Tensor, query: Tensor, key: Tensor, value: Tensor, bias: Tensor
    ) -> Tensor:
        """Give a block's output: look back, then think."""
        mask = bias.expand(len(hidden), -1, -1, -1)  # (B, H, T, S)
        looked = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        looked = block.out(looked.transpose(1, 2).reshape(hidden.shape))
        if self.gated:
            looked = looked * torch.sigmoid(block.gates[0](hidden))
        hidden = hidden + self.drop(looked)
        thought = block.narrow(self.drop(F.gelu(block.wide(block.norm_mid(hidden)))))
        if self.gated:
            thought = thought * torch.sigmoid(block.gates[1](hidden))
        return hidden + self.drop(thought)


class Gated(Transformer):
    """The transformer whose layers may close themselves (LiGR).

    References
    ----------
    Borisyuk, F. et al. (2025). LiGR: transformer-based generative ranking at LinkedIn.
    """

    gated = True
