"""Fading means of what came before: the plain summary that a network need not learn to make."""

import torch
from torch import Tensor, nn

from footfall.models.encoders.contract import State, time_steps

__all__ = ["FadingMeans"]

RATES = (0.3, 0.6, 0.8, 0.95)  # what is left of a token's weight one token later


class FadingMeans(nn.Module):
    """Adds to each token means of the tokens up to it, the latest weighing most.

    Item vectors start out alike for items that follow each other, so a mean of them says already
    what a history is about. An encoder that gets its tokens one by one has to learn, through its
    projections, to pass them on; here they stay in the space in which items are scored.

    Parameters
    ----------
    width : int
        Numbers of a token.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.ones(width))
        self.means = nn.Parameter(torch.full((len(RATES), width), 1 / len(RATES)))

    def forward(self, tokens: Tensor) -> Tensor:
        """Give tokens with their means, (B, T, C), for tokens (B, T, C)."""
        steps = time_steps(tokens.shape[1], tokens.device)
        rates = tokens.new_tensor(RATES)[:, None, None]
        shares = torch.where(steps >= 0, rates ** steps.clamp(min=0), tokens.new_zeros(()))
        shares = shares / shares.sum(2, keepdim=True)  # (K, T, S)
        total = tokens * self.token
        for share, weight in zip(shares, self.means, strict=True):
            total = total + weight * (share @ tokens)
        return total

    def start(self, users: int) -> State:
        """Give the sums of users without any event: of tokens (B, K, C), of weights (B, K)."""
        rates, width = self.means.shape
        return [self.token.new_zeros(users, rates, width), self.token.new_zeros(users, rates)]

    def step(self, state: State, token: Tensor) -> tuple[Tensor, State]:
        """Give one more token with its means, (B, C), as `forward` does."""
        rates = token.new_tensor(RATES)
        sums = state[0] * rates[:, None] + token[:, None]
        weights = state[1] * rates + 1
        means = (self.means * sums / weights[..., None]).sum(1)
        return token * self.token + means, [sums, weights]
