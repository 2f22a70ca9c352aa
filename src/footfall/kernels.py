"""How hot loops are declared: numba, signature given, compiled once a machine, no GIL.

A kernel's signature is written out, so that no question pays for compiling twice, and its input
arrays are declared read-only, so that it runs on memory-mapped files as they are.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy.typing as npt
from numba import types

__all__ = [
    "Array",
    "bool1",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "kernel",
    "out_f64",
    "out_i8",
    "out_i32",
    "out_i64",
    "u8",
    "u64",
]

Array = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[..., Any])


def _read_only(dtype: types.Type) -> types.Array:
    return types.Array(dtype, 1, "C", readonly=True)


# Inputs: one-dimensional, contiguous, read-only (writable arrays are accepted too).
bool1 = _read_only(types.boolean)
i8, i16, i32, i64 = (_read_only(t) for t in (types.int8, types.int16, types.int32, types.int64))
u8, u64 = _read_only(types.uint8), _read_only(types.uint64)
f32, f64 = _read_only(types.float32), _read_only(types.float64)
# Outputs that the caller hands in.
out_i8, out_i32, out_i64 = types.int8[::1], types.int32[::1], types.int64[::1]
out_f64 = types.float64[::1]


def kernel(*signature: Any) -> Callable[[F], F]:
    """Compile a loop over arrays with the given signature; threads run it without the GIL.

    Parameters
    ----------
    *signature : numba signature
        One or more, such as ``types.int64(i64, i16)``. At least one is required: a kernel
        without a signature would compile in the middle of somebody's question.

    Returns
    -------
    decorator
        Turns the function into its compiled form, cached on disk beside the source.
    """
    return cast(
        "Callable[[F], F]",
        numba.njit(list(signature), nogil=True, cache=True, boundscheck=False),
    )
