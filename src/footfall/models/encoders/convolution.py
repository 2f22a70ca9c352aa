"""A stack of causal convolutions, each looking back twice as far as the one before."""

import torch
from torch import Tensor, nn

from footfall.models.encoders.contract import Encoder, State

__all__ = ["CNN"]

KERNEL = 3  # tokens each convolution sees, spread ever wider


class CNN(Encoder):
    """Dilated causal convolutions with gated linear units.

    References
    ----------
    Yuan, F. et al. (2019). A simple convolutional generative network for next item
    recommendation. WSDM.
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
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * layers))
        self.filters = nn.ModuleList(
            nn.Conv1d(width, 2 * width, KERNEL, dilation=2**layer) for layer in range(2 * layers)
        )

    def forward(self, tokens: Tensor, times: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Give the state after each token: see `Encoder.forward`."""
        return self._run(tokens, self.start(len(tokens)))[0]

    def start(self, users: int) -> State:
        """Give zeros: what lies before the first event."""
        at = next(self.parameters())
        back = [(KERNEL - 1) * 2**layer for layer in range(2 * self.layers)]
        return [at.new_zeros(users, length, self.width) for length in back]

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
        for norm, filtered, before in zip(self.norms, self.filters, state, strict=True):
            seen = torch.cat([before, norm(hidden)], 1)  # (B, back + T, C)
            after.append(seen[:, -before.shape[1] :])
            both = filtered(seen.transpose(1, 2)).transpose(1, 2)  # (B, T, 2C)
            hidden = hidden + self.drop(nn.functional.glu(both))
        return hidden, after
