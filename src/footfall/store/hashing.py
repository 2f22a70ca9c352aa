"""Stable 64-bit hashes of strings and rows. They are written to disk: the formulas never change.

A string is hashed by FNV-1a over its UTF-8 bytes, then scrambled by the splitmix64 finalizer; a row
is the XOR, over its non-null values, of the scrambled sum of the value's hash and its column's tag.
A column that is null adds nothing, so that a new column of the log changes no old row's hash.

References
----------
G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, "The FNV Non-Cryptographic Hash Algorithm".
G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.events.columns import EVENT_ID, EVENT_SCHEMA
from footfall.kernels import Array, bool1, i32, i64, kernel, u8, u64

__all__ = ["buckets_of", "hash_rows", "hash_strings", "scrambled", "string_buffers"]

U64 = npt.NDArray[np.uint64]
_OFFSET_BASIS = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_SECOND = 0x9E3779B97F4A7C15
_THIRD = 0xD1B54A32D192ED03


@numba.njit(types.uint64(types.uint64), nogil=True, cache=True, inline="always")
def scramble(value: np.uint64) -> np.uint64:
    """Scramble 64 bits so that each input bit moves every output bit (splitmix64 finalizer)."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@kernel(types.void(u8, i32, bool1, types.uint64, types.uint64[::1]))
def _hash_strings(data: Array, offsets: Array, valid: Array, basis: np.uint64, out: Array) -> None:
    for row in range(len(out)):
        value = np.uint64(0)
        if valid[row]:
            value = basis
            for at in range(offsets[row], offsets[row + 1]):
                value ^= np.uint64(data[at])
                value *= np.uint64(_PRIME)
            value = scramble(value)
        out[row] = value


@kernel(types.void(u64, bool1, types.uint64, types.uint64[::1]))
def _mix_in(values: Array, valid: Array, tag: np.uint64, rows: Array) -> None:
    for row in range(len(rows)):
        if valid[row]:
            rows[row] ^= scramble(values[row] + tag)


@kernel(types.void(u64, i64, types.int32[::1]))
def _modulo(hashes: Array, count: Array, out: Array) -> None:
    for row in range(len(out)):
        out[row] = hashes[row] % np.uint64(count[0])


@kernel(types.void(u64, types.uint64[::1]))
def _scramble_all(values: Array, out: Array) -> None:
    for row in range(len(out)):
        out[row] = scramble(values[row])


def scrambled(values: U64) -> U64:
    """Scramble numbers so that each bit of one moves every bit of what comes out (splitmix64).

    Parameters
    ----------
    values : uint64 array, any shape

    Returns
    -------
    uint64 array, the same shape

    Examples
    --------
    >>> [hex(value) for value in scrambled(np.array([1, 2], np.uint64))]
    ['0x5692161d100b05e5', '0xdbd238973a2b148a']
    """
    out = np.empty(values.size, np.uint64)
    _scramble_all(np.ascontiguousarray(values).ravel(), out)
    return out.reshape(values.shape)


def string_buffers(
    strings: pa.Array,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Give an Arrow string array as plain arrays, without copying its text.

    Returns
    -------
    data, offsets, valid
        UTF-8 bytes, int32 offsets of length ``len(strings) + 1``, and which rows are not null.
    """
    if isinstance(strings, pa.ChunkedArray):
        strings = strings.combine_chunks()
    if not pa.types.is_string(strings.type):
        strings = strings.cast(pa.string())
    _, offsets, data = strings.buffers()
    count = len(strings)
    if count == 0 or offsets is None:
        return np.zeros(0, np.uint8), np.zeros(count + 1, np.int32), np.zeros(count, np.bool_)
    starts = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + count + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return text, starts, _valid(strings)


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    if column.null_count == 0:
        return np.ones(len(column), np.bool_)
    valid: npt.NDArray[np.bool_] = pc.is_valid(column).to_numpy(zero_copy_only=False)
    return valid


def hash_strings(strings: pa.Array, *, second: bool = False) -> U64:
    """Hash each string to 64 bits; null gives 0.

    Parameters
    ----------
    strings : pa.Array or pa.ChunkedArray of string, length N
    second : bool, default=False
        Use the second, independent hash: the two together identify content in 128 bits.

    Returns
    -------
    ndarray of uint64, shape (N,)

    Examples
    --------
    >>> [hex(value) for value in hash_strings(pa.array(["ann", None, "ann"]))]
    ['0x8096e52ad559ed80', '0x0', '0x8096e52ad559ed80']
    """
    if isinstance(strings, pa.ChunkedArray):
        strings = strings.combine_chunks()
    if pa.types.is_dictionary(strings.type):
        hashes = pa.array(hash_strings(strings.dictionary, second=second))
        taken = hashes.take(strings.indices).fill_null(0)
        return taken.to_numpy(zero_copy_only=False).astype(np.uint64)
    data, offsets, valid = string_buffers(strings)
    out = np.empty(len(strings), np.uint64)
    basis = np.uint64(_OFFSET_BASIS ^ (_SECOND if second else 0))
    _hash_strings(data, offsets, valid, basis, out)
    return out


def hash_rows(events: pa.Table, *, second: bool = False) -> U64:
    """Hash what each event says: every column of the log except its id.

    Parameters
    ----------
    events : pa.Table
        Columns of :data:`footfall.events.columns.EVENT_SCHEMA`, any subset.
    second : bool, default=False
        The second, independent hash.

    Returns
    -------
    ndarray of uint64, shape (N,)
    """
    rows = np.full(events.num_rows, _SECOND if second else _OFFSET_BASIS, np.uint64)
    for tag, name in enumerate(EVENT_SCHEMA.names):
        if name == EVENT_ID or name not in events.column_names:
            continue
        column = events.column(name).combine_chunks()
        if column.null_count == len(column):
            continue
        values = _bits(column, second=second)
        mark = (tag + 1) * (_THIRD if second else _SECOND)  # numbers too differ in the two hashes
        _mix_in(values, _valid(column), np.uint64(mark % 2**64), rows)
    return rows


def _bits(column: pa.Array, *, second: bool) -> U64:
    """Give a column as 64-bit values: hashes of text, the numbers themselves otherwise."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        return hash_strings(column, second=second)
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    if pa.types.is_floating(kind):
        numbers = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
        return (numbers + 0.0).view(np.uint64)  # adding zero makes -0.0 and 0.0 one value
    whole = column.fill_null(0).to_numpy(zero_copy_only=False)
    return whole.astype(np.int64).view(np.uint64)


def buckets_of(user_ids: pa.Array, count: int) -> npt.NDArray[np.int32]:
    """Say which bucket each user's events live in: the hash of the id modulo ``count``."""
    out = np.empty(len(user_ids), np.int32)
    _modulo(hash_strings(user_ids), np.array([count], np.int64), out)
    return out
