"""A vector for a text from its words alone: nothing to download, nothing to learn, any language.

Each word, and each pair of neighbors, stands for a fixed direction drawn from its hash; a text is
the sum of its words, at length 1. Texts that share words are near each other, all others are at
about a right angle.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import types

from footfall.kernels import Array, i64, kernel, u64
from footfall.store.hashing import hash_strings, scramble

__all__ = ["TextVectors", "hashed_words"]

Float32 = npt.NDArray[np.float32]
TextVectors = Callable[[pa.StringArray], Float32]  # texts, length N -> vectors, shape (N, D)

SIZE = 32
PAIR = 0.5  # what two neighbors count for beside one word
# Chinese, Japanese and Korean have no spaces: each character is a word, and pairs tell the rest.
_WITHOUT_SPACES = "([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
_BETWEEN = r"[^\p{L}\p{N}]+"


def hashed_words(texts: pa.StringArray, *, size: int = SIZE) -> Float32:
    """Give each text the sum of its words' directions, at length 1.

    Parameters
    ----------
    texts : pa.StringArray, length N
    size : int
        Numbers of a vector.

    Returns
    -------
    float32 array, shape (N, D)
        Zeros for texts without words, and for null.

    References
    ----------
    Weinberger, K. et al. (2009). Feature hashing for large scale multitask learning. ICML.

    Examples
    --------
    >>> red, same, saw = hashed_words(pa.array(["Red kettle", "red  KETTLE!", "saw"]))
    >>> bool(np.allclose(red, same)), bool(abs(red @ saw) < 0.5)
    (True, True)
    """
    spaced = pc.replace_substring_regex(
        pc.utf8_lower(pc.fill_null(texts, "")), _WITHOUT_SPACES, r" \1 "
    )
    words = pc.split_pattern_regex(spaced, _BETWEEN)
    offsets = words.offsets.to_numpy().astype(np.int64)
    vectors = np.zeros((len(texts), size), np.float32)
    _sum_words(offsets, hash_strings(words.values), hash_strings(pa.array([""]))[0], vectors)
    return vectors


@kernel(types.void(i64, u64, types.uint64, types.float32[:, ::1]))
def _sum_words(offsets: Array, hashes: Array, nothing: np.uint64, out: Array) -> None:
    """Add up the directions of the words of each text, and of pairs of neighbors."""
    size = out.shape[1]
    for text in range(len(out)):
        before = np.uint64(0)
        for place in range(offsets[text], offsets[text + 1]):
            word = hashes[place]
            if word == nothing:
                continue
            pair = scramble(before * np.uint64(3) + word)
            for at in range(size):
                turn = np.uint64(at + 1) * np.uint64(0x9E3779B97F4A7C15)
                sign = 1.0 if scramble(word + turn) & np.uint64(1) else -1.0
                out[text, at] += sign
                if before != 0:
                    sign = PAIR if scramble(pair + turn) & np.uint64(1) else -PAIR
                    out[text, at] += sign
            before = word
        length = 0.0
        for at in range(size):
            length += out[text, at] ** 2
        if length > 0:
            for at in range(size):
                out[text, at] /= length**0.5
