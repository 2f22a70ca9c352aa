"""Recurrent encoders: a state of fixed size, whatever the length of the history."""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from footfall.models.encoders.contract import Encoder, State

__all__ = ["GRU", "LSTM", "RNN"]


class RNN(Encoder):
    """Elman's recurrent network, layer upon layer, each added to what went in.

    References
    ----------
    Elman, J. L. (1990). Finding structure in time. Cognitive Science.
    """

    kind: ClassVar[Callable[..., nn.RNNBase]] = nn.RNN
    memories: ClassVar[int] = 1  # tensors a layer remembers

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
        self.cells = nn.ModuleList(self.kind(width, width, batch_first=True) for _ in range(layers))

    def forward(self, tokens: Tensor, times: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Give the state after each token: see `Encoder.forward`."""
        return self._run(tokens, self.start(len(tokens)))[0]

    def start(self, users: int) -> State:
        """Give zeros."""
        at = next(self.parameters())
        return [at.new_zeros(users, self.width) for _ in range(self.layers * self.memories)]

    def step(
        self,
        state: State,
        token: Tensor,
        time: Tensor | None = None,  # noqa: ARG002  # other encoders look at it
    ) -> tuple[Tensor, State]:
        """Give the state after one more token: see `Encoder.step`."""
        hidden, state = self._run(token[:, None], state)
        return hidden[:, 0], state

    def _run(self, hidden: Tensor, state: State) -> tuple[Tensor, State]:
        after: State = []
        for layer, cell in enumerate(self.cells):
            own = [each[None] for each in state[layer * self.memories :][: self.memories]]
            given, last = cell(self.drop(hidden), own[0] if self.memories == 1 else tuple(own))
            after += [each[0] for each in ([last] if isinstance(last, Tensor) else last)]
            hidden = hidden + self.drop(given)
        return hidden, after


class GRU(RNN):
    """Gated recurrent units.

    References
    ----------
    Cho, K. et al. (2014). Learning phrase representations using RNN encoder-decoder. EMNLP.
    Hidasi, B. et al. (2016). Session-based recommendations with recurrent neural networks. ICLR.
    """

    kind = nn.GRU


class LSTM(RNN):
    """Long short-term memory.

    References
    ----------
    Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural Computation.
    """

    kind = nn.LSTM
    memories = 2
