"""What every encoder does: states of a whole batch at once, or one event at a time, the same."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

__all__ = ["Encoder", "State", "time_steps"]

State = list[Tensor]  # what an encoder remembers of each user, its first axis the users


class Encoder(nn.Module, ABC):
    """Turns the tokens of users into a state after each of them.

    Parameters
    ----------
    width : int
        Numbers of a token and of a state.
    layers, heads : int
        How deep, and how many ways to look back at once (attention only).
    dropout : float
        Share of numbers set to 0 while training.
    context : int
        Events an encoder can look back on, at most.
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
        super().__init__()
        self.width, self.layers, self.heads = width, layers, heads
        self.dropout, self.context = dropout, context

    @abstractmethod
    def forward(self, tokens: Tensor, times: Tensor | None = None) -> Tensor:
        """Give the state after each token.

        Parameters
        ----------
        tokens : Tensor, shape (B, T, C)
            Users' tokens from their first on; shorter histories are filled up at the end, which
            no earlier state can see.
        times : Tensor, shape (B, T), or None
            Seconds, for encoders that look at time.

        Returns
        -------
        Tensor, shape (B, T, C)
        """

    def last(self, tokens: Tensor, places: Tensor, times: Tensor | None = None) -> Tensor:
        """Give the state after one token of each user; an encoder may save the work of the others.

        Parameters
        ----------
        tokens, times
            As in `forward`.
        places : Tensor of int64, shape (B,)
            Which token.

        Returns
        -------
        Tensor, shape (B, C)
        """
        states = self(tokens, times)
        chosen: Tensor = states[torch.arange(len(places), device=places.device), places]
        return chosen

    @abstractmethod
    def start(self, users: int) -> State:
        """Give the state of users without any event."""

    @abstractmethod
    def step(self, state: State, token: Tensor, time: Tensor | None = None) -> tuple[Tensor, State]:
        """Give the state after one more token, the same numbers as `forward` gives.

        Parameters
        ----------
        state : list of Tensor
            From `start`, or from the step before.
        token : Tensor, shape (B, C)
        time : Tensor, shape (B,), or None

        Returns
        -------
        Tensor, shape (B, C)
            State after the token.
        state : list of Tensor
            What to remember.
        """

    def drop(self, values: Tensor) -> Tensor:
        """Apply dropout while training."""
        return nn.functional.dropout(values, self.dropout, self.training)


def time_steps(length: int, device: torch.device | None = None) -> Tensor:
    """Give how many tokens lie between each pair: (T, T), row t looks back on column s.

    Examples
    --------
    >>> time_steps(3).tolist()
    [[0, -1, -2], [1, 0, -1], [2, 1, 0]]
    """
    place = torch.arange(length, device=device)
    return place[:, None] - place[None, :]
