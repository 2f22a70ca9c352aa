"""Text columns as flat bytes for kernels, and single values put back among many."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["as_text", "decoded_dictionary", "flat", "replaced", "text_bytes"]


def flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Make one array of a column."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def decoded_dictionary(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Make one array of a column, with values in place of codes."""
    array = flat(column)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def as_text(array: pa.Array) -> pa.Array:
    """Return text as `pyarrow.string`; bytes that are no UTF-8 become question marks."""
    if pa.types.is_string(array.type):
        return array
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        values = [
            None if value is None else value.decode("utf-8", "replace")
            for value in array.to_pylist()
        ]
        return pa.array(values, pa.string())
    return array.cast(pa.string())


def text_bytes(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Look at a `pyarrow.string` array as bytes, without copying.

    Returns
    -------
    data : uint8 array
        The texts, one after another.
    offsets : int32 array of length n + 1
        Text k is ``data[offsets[k]:offsets[k + 1]]``. A null may have any length.
    """
    _, offsets, data = array.buffers()
    if not len(array):
        return np.zeros(0, np.uint8), np.zeros(1, np.int32)
    places = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data if data is not None else b"", np.uint8), places


def replaced(
    array: pa.Array, mask: np.ndarray, change: Callable[[Any], Any], kind: pa.DataType
) -> pa.Array:
    """Change the values of some rows, each different value once.

    Parameters
    ----------
    array : pyarrow.Array
        The values.
    mask : bool array
        The rows to change.
    change : callable
        From a value to a new one, or to None.
    kind : pyarrow.DataType
        Type of `array` and of what `change` returns.
    """
    chosen = pa.array(mask)
    coded = array.filter(chosen).dictionary_encode()
    new = pa.array([change(value) for value in coded.dictionary.to_pylist()], kind)
    return pc.replace_with_mask(array, chosen, new.take(coded.indices))
