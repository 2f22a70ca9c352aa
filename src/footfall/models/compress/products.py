"""Loops over numbers of 8 and 16 bits, sixty-four side by side."""

import numpy as np
import numpy.typing as npt
from numba import types

from footfall.kernels import f32, kernel

__all__ = ["LANES", "LEAST_STEP", "MIDDLE", "STEPS", "few_tokens", "half_scores", "int8_scores"]

Float32 = npt.NDArray[np.float32]
Int8 = npt.NDArray[np.int8]

LANES = 64  # vectors side by side
STEPS = 255  # of 8 bits, from the lowest input to the highest
MIDDLE = 128
LEAST_STEP = np.float32(1e-30)  # when all inputs are 0
HALF_SHIFT = np.float32(2.0**112)  # between the exponents of 16 and of 32 bits

_blocks_i8 = types.Array(types.int8, 3, "C", readonly=True)
_blocks_u16 = types.Array(types.uint16, 3, "C", readonly=True)
_rows = types.Array(types.float32, 2, "C", readonly=True)
_whole = types.Array(types.int16, 2, "C", readonly=True)
_out = types.float32[:, ::1]


@kernel(types.void(_blocks_i8, f32, _whole, f32, _out))
def int8_scores(
    numbers: Int8, scale: Float32, states: npt.NDArray[np.int16], unit: Float32, out: Float32
) -> None:
    """Fill `out`, (B, R), with products of states, (B, C), and rows of 8 bits."""
    total = np.empty(LANES, np.int32)
    for b in range(numbers.shape[0]):
        first = b * LANES
        there = min(LANES, out.shape[1] - first)
        for u in range(states.shape[0]):
            total[:] = 0
            for c in range(states.shape[1]):
                state = np.int32(states[u, c])
                for lane in range(LANES):
                    total[lane] += np.int32(numbers[b, c, lane]) * state
            for lane in range(there):
                out[u, first + lane] = total[lane] * scale[first + lane] * unit[u]


@kernel(types.void(_blocks_u16, _rows, _out))
def half_scores(numbers: npt.NDArray[np.uint16], states: Float32, out: Float32) -> None:
    """Fill `out`, (B, R), with products of states, (B, C), and rows of 16 bits."""
    block = np.empty((states.shape[1], LANES), np.float32)
    total = np.empty(LANES, np.float32)
    for b in range(numbers.shape[0]):
        for c in range(states.shape[1]):
            for lane in range(LANES):
                # Sign and digits move to their places in 32 bits; the product mends the exponent.
                half = np.int32(numbers[b, c, lane])
                bits = np.int32(((half & 0x8000) << 16) | ((half & 0x7FFF) << 13))
                block[c, lane] = bits.view(np.float32) * HALF_SHIFT
        first = b * LANES
        there = min(LANES, out.shape[1] - first)
        for u in range(states.shape[0]):
            total[:] = 0
            for c in range(states.shape[1]):
                state = states[u, c]
                for lane in range(LANES):
                    total[lane] += block[c, lane] * state
            for lane in range(there):
                out[u, first + lane] = total[lane]


@kernel(types.void(_rows, types.float32, types.float32, _blocks_i8, f32, f32, f32, _out))
def few_tokens(
    inputs: Float32,
    lowest: np.float32,
    highest: np.float32,
    weights: Int8,
    scale: Float32,
    sums: Float32,
    bias: Float32,
    out: Float32,
) -> None:
    """Fill `out` with a linear layer's answer; a range of NaN stands for that of each token."""
    whole = np.empty(inputs.shape[1], np.int16)
    total = np.empty(LANES, np.int32)
    for n in range(inputs.shape[0]):
        low, high = lowest, highest
        if np.isnan(lowest):
            low = high = np.float32(0)
            for k in range(inputs.shape[1]):
                low, high = min(low, inputs[n, k]), max(high, inputs[n, k])
        step = max((high - low) / np.float32(STEPS), LEAST_STEP)
        for k in range(inputs.shape[1]):
            rounded = np.rint((inputs[n, k] - low) / step)
            whole[k] = np.int16(min(max(rounded, np.float32(0)), np.float32(STEPS))) - MIDDLE
        shift = low + np.float32(MIDDLE) * step
        for b in range(weights.shape[0]):
            total[:] = 0
            for k in range(inputs.shape[1]):
                number = np.int32(whole[k])
                for lane in range(LANES):
                    total[lane] += np.int32(weights[b, k, lane]) * number
            for lane in range(min(LANES, out.shape[1] - b * LANES)):
                o = b * LANES + lane
                out[n, o] = (step * total[lane] + shift * sums[o]) * scale[o] + bias[o]
