"""Strings to dense codes, once and for ever: the first id is 0, the next new one 1, and so on."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from footfall.kernels import Array, bool1, i32, kernel, u8, u64
from footfall.store.hashing import hash_strings, string_buffers

__all__ = ["UNKNOWN", "IdMap"]

UNKNOWN = -1
_SMALLEST_TABLE = 1024


@kernel(
    types.int64(
        u8, i32, bool1, u64,
        types.uint8[::1], types.int64[::1], types.uint64[::1], types.int32[::1],
        types.int64, types.boolean, types.int32[::1],
    )
)  # fmt: skip
def _encode(  # noqa: C901  # one probe loop, kept whole for speed
    data: Array,
    offsets: Array,
    valid: Array,
    hashes: Array,
    arena: Array,
    ends: Array,
    known: Array,
    table: Array,
    count: int,
    add: bool,  # noqa: FBT001  # kernels take their arguments by position
    out: Array,
) -> int:
    """Look each string up by open addressing; append unknown ones where ``add``."""
    mask = np.uint64(len(table) - 1)
    for row in range(len(out)):
        start, length = offsets[row], offsets[row + 1] - offsets[row]
        out[row] = -1
        if not valid[row] or length == 0:
            continue
        slot = hashes[row] & mask
        while True:
            code = table[slot]
            if code < 0:
                if add:
                    begin = ends[count]
                    for at in range(length):
                        arena[begin + at] = data[start + at]
                    ends[count + 1] = begin + length
                    known[count] = hashes[row]
                    table[slot] = count
                    out[row] = count
                    count += 1
                break
            if known[code] == hashes[row] and ends[code + 1] - ends[code] == length:
                same = True
                for at in range(length):
                    if arena[ends[code] + at] != data[start + at]:
                        same = False
                        break
                if same:
                    out[row] = code
                    break
            slot = (slot + np.uint64(1)) & mask
    return count


@kernel(types.void(u64, types.int64, types.int32[::1]))
def _place(hashes: Array, count: int, table: Array) -> None:
    mask = np.uint64(len(table) - 1)
    for code in range(count):
        slot = hashes[code] & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = code


def _grown(array: Array, size: int) -> Array:
    """Give an array of at least ``size``; one that must grow at least doubles."""
    if len(array) >= size:
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


class IdMap:
    """A two-way table of ids and dense codes.

    Examples
    --------
    >>> ids = IdMap()
    >>> ids.encode(pa.array(["ann", "bob", None, "ann", ""])).tolist()
    [0, 1, -1, 0, -1]
    >>> ids.codes(["bob", "zoe"]).tolist()
    [1, -1]
    >>> ids.strings([1, 0, -1]).to_pylist()
    ['bob', 'ann', None]
    """

    def __init__(self, strings: pa.Array | None = None) -> None:
        self._count = 0
        self._arena = np.empty(1 << 14, np.uint8)
        self._ends = np.zeros(_SMALLEST_TABLE, np.int64)  # where each id's text ends, after a 0
        self._hashes = np.empty(_SMALLEST_TABLE, np.uint64)
        self._table = np.full(_SMALLEST_TABLE, -1, np.int32)
        if strings is not None:
            self.encode(strings)

    def __len__(self) -> int:
        return self._count

    def encode(self, strings: pa.Array) -> npt.NDArray[np.int32]:
        """Give each string its code, adding the strings not seen before in order of appearance.

        Parameters
        ----------
        strings : pa.Array of string, length N
            Null and empty strings are nobody: they get code -1 and are not added.

        Returns
        -------
        ndarray of int32, shape (N,)
        """
        return self._lookup(strings, add=True)

    def codes(self, strings: pa.Array | list[str]) -> npt.NDArray[np.int32]:
        """Give each string its code, or -1 where it was never seen; adds nothing."""
        if not isinstance(strings, pa.Array | pa.ChunkedArray):
            strings = pa.array(list(strings), pa.string())
        return self._lookup(strings, add=False)

    def strings(self, codes: npt.ArrayLike | None = None) -> pa.StringArray:
        """Give the strings of some codes (null for -1); all of them in order when None."""
        size = self._count
        text = pa.py_buffer(self._arena[: self._ends[size]])
        ends = pa.py_buffer(self._ends[: size + 1])
        everything = pa.LargeStringArray.from_buffers(size, ends, text).cast(pa.string())
        if codes is None:
            return everything
        wanted = np.asarray(codes, np.int64)
        return everything.take(pa.array(wanted, mask=wanted < 0))

    def since(self, count: int) -> pa.StringArray:
        """Give the strings added after the map held ``count`` ids."""
        return self.strings(np.arange(count, self._count))

    def _lookup(self, strings: pa.Array, *, add: bool) -> npt.NDArray[np.int32]:
        if isinstance(strings, pa.ChunkedArray):
            strings = strings.combine_chunks()
        if pa.types.is_dictionary(strings.type):
            inner = self._lookup(strings.dictionary, add=add)
            taken = pa.array(inner).take(strings.indices).fill_null(UNKNOWN)
            return taken.to_numpy(zero_copy_only=False).astype(np.int32)
        data, offsets, valid = string_buffers(strings)
        hashes = hash_strings(strings)
        if add:
            self._reserve(len(strings), len(data))
        out = np.empty(len(strings), np.int32)
        self._count = _encode(
            data, offsets, valid, hashes,
            self._arena, self._ends, self._hashes, self._table, self._count, add, out,
        )  # fmt: skip
        return out

    def _reserve(self, rows: int, size: int) -> None:
        """Make room for ``rows`` more ids of ``size`` bytes, keeping the table half empty."""
        most = self._count + rows
        self._arena = _grown(self._arena, int(self._ends[self._count]) + size)
        self._ends = _grown(self._ends, most + 1)
        self._hashes = _grown(self._hashes, most)
        if len(self._table) < 2 * most:
            self._table = np.full(1 << int(2 * most - 1).bit_length(), -1, np.int32)
            _place(self._hashes, self._count, self._table)
