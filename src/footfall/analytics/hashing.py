"""Tables of codes inside kernels: where a code goes in an open hash table."""

from numba import types

from footfall.kernels import Array, i64, kernel, out_i64

__all__ = ["SPREAD", "place_codes"]

SPREAD = -7046029254386353131  # 2**64 divided by the golden ratio, as int64: spreads codes


@kernel(types.void(i64, out_i64, out_i64))
def place_codes(codes: Array, keys: Array, places: Array) -> None:
    """Put different codes into an empty table and say where each went.

    Parameters
    ----------
    codes : ndarray of int64, shape (N,)
        None negative, none twice.
    keys : ndarray of int64, shape (S,)
        Out: the table, -1 where nothing is; S is a power of two above N.
    places : ndarray of int64, shape (N,)
        Out: slot of each code.
    """
    mask = len(keys) - 1
    for at in range(len(codes)):
        place = (codes[at] * SPREAD >> 20) & mask
        while keys[place] >= 0:
            place = (place + 1) & mask
        keys[place] = codes[at]
        places[at] = place
