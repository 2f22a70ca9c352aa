"""Linear layers in 8 bits: whole numbers in, whole numbers summed, one scale out."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from footfall.models.compress.products import LEAST_STEP, MIDDLE, STEPS, few_tokens
from footfall.models.compress.rows import PackedRows

__all__ = ["Int8Linear", "input_ranges"]

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]
Range = tuple[float, float]

# Fewer tokens go through a loop, more through the processor's product of 32-bit numbers:
# it adds up whole numbers below 2**24 exactly, so both say the same.
FEW_TOKENS = 64


class Int8Linear(nn.Module):
    """A linear layer whose weights and inputs are 8-bit numbers, for answering only.

    Parameters
    ----------
    weights : PackedRows
        A row an output, in int8.
    bias : float32 array, shape (O,)
    known_range : (float, float) or None
        Lowest and highest input (static); None: those of each token (dynamic).

    References
    ----------
    Jacob, B. et al. (2018). Quantization and training of neural networks for efficient
    integer-arithmetic-only inference. CVPR.
    """

    def __init__(
        self, weights: PackedRows, bias: Float32, known_range: Range | None = None
    ) -> None:
        super().__init__()
        if weights.scale is None:
            raise ValueError("Weights of an Int8Linear are int8.")
        self.weights, self.bias, self.known_range = weights, bias, known_range
        self.scale = weights.scale
        self.sums = weights.numbers.sum(axis=1, dtype=np.int32).ravel().astype(np.float32)

    @classmethod
    def of(cls, layer: nn.Linear, known_range: Range | None = None) -> Self:
        """Put a layer on 8 bits."""
        weights = PackedRows.of(layer.weight.detach().numpy(), "int8")
        bias = (
            np.zeros(layer.out_features, np.float32)
            if layer.bias is None
            else layer.bias.detach().numpy().copy()
        )
        return cls(weights, bias, known_range)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], lead: str) -> Self:
        """Read what `to_arrays` gave."""
        known = arrays.get(f"{lead}.range")
        return cls(
            PackedRows.from_arrays(arrays, f"{lead}.weights"),
            arrays[f"{lead}.bias"],
            None if known is None else (float(known[0]), float(known[1])),
        )

    def to_arrays(self, lead: str) -> dict[str, Array]:
        """Give named arrays."""
        arrays = {f"{lead}.bias": self.bias} | self.weights.to_arrays(f"{lead}.weights")
        if self.known_range is not None:
            arrays[f"{lead}.range"] = np.array(self.known_range, np.float32)
        return arrays

    def forward(self, inputs: Tensor) -> Tensor:
        """Give the outputs, (..., O), of inputs (..., K)."""
        flat = np.ascontiguousarray(inputs.detach().flatten(0, -2).numpy())
        out = np.empty((len(flat), len(self.bias)), np.float32)
        if len(flat) < FEW_TOKENS:
            low, high = np.array(self.known_range or (np.nan, np.nan), np.float32)
            numbers = self.weights.numbers
            few_tokens(flat, low, high, numbers, self.scale, self.sums, self.bias, out)
        else:
            self._many_tokens(flat, out)
        return torch.from_numpy(out).view(*inputs.shape[:-1], len(self.bias))

    def _many_tokens(self, flat: Float32, out: Float32) -> None:
        if self.known_range is None:
            low, high = flat.min(axis=1, initial=0.0), flat.max(axis=1, initial=0.0)
        else:
            low, high = (np.full(len(flat), bound, np.float32) for bound in self.known_range)
        step = np.maximum((high - low) / np.float32(STEPS), LEAST_STEP)
        whole = np.rint((flat - low[:, None]) / step[:, None])
        np.clip(whole, 0, STEPS, out=whole)
        whole -= MIDDLE
        count = len(self.bias)
        plain = self.weights.numbers.transpose(0, 2, 1).astype(np.float32)
        np.matmul(whole, plain.reshape(-1, flat.shape[1])[:count].T, out=out)
        out *= step[:, None]
        out += (low + MIDDLE * step)[:, None] * self.sums[:count]
        out *= self.scale[:count]
        out += self.bias


def input_ranges(network: nn.Module, run: Any) -> dict[str, Range]:
    """Watch what goes into each linear layer while a network is run.

    Parameters
    ----------
    network : nn.Module
    run : callable ()
        Runs the network on sample histories.

    Returns
    -------
    dict of (float, float)
        Lowest and highest input of each layer, by its name; 0 lies in between.
    """
    ranges: dict[str, Range] = {}

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = ranges.get(name, (0.0, 0.0))
            values = inputs[0]
            ranges[name] = (min(low, float(values.min())), max(high, float(values.max())))

        return hook

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear)
    ]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return ranges
