"""Numbers that need not be exact: ratings, rewards, propensities."""

import numpy as np
import pyarrow as pa

from footfall.events.plain_text import MISSING_WORDS
from footfall.events.text_arrays import as_text, decoded_dictionary

__all__ = ["parse_floats"]


def parse_floats(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read a column of numbers of any type.

    Returns
    -------
    values : float64 array
        0 where there is none.
    absent : bool array
        Rows without a value: null, NaN, or a word for "nothing".
    bad : bool array
        Rows with a value that is no finite number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> values, absent, bad = parse_floats(pa.array(["4.5", "", "high"]))
    >>> values.tolist(), absent.tolist(), bad.tolist()
    ([4.5, 0.0, 0.0], [False, True, False], [False, False, True])
    """
    array = decoded_dictionary(column)
    kind = array.type
    bad = np.zeros(len(array), bool)
    if pa.types.is_nested(kind) or pa.types.is_temporal(kind):
        bad = array.is_valid().to_numpy(zero_copy_only=False).copy()
        array = pa.nulls(len(array), pa.float64())
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        array = array.cast(pa.float64(), safe=False)
    elif pa.types.is_null(kind) or pa.types.is_decimal(kind):
        array = array.cast(pa.float64())
    else:
        array, bad = _of_text(as_text(array))
    values = array.fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
    absent = np.isnan(values) & ~bad
    bad = bad | np.isinf(values)
    values[absent | bad] = 0
    return values, absent, bad


def _of_text(array: pa.Array) -> tuple[pa.Array, np.ndarray]:
    try:
        return array.cast(pa.float64()), np.zeros(len(array), bool)
    except pa.ArrowInvalid:
        coded = array.dictionary_encode()
    texts = [text.strip() for text in coded.dictionary.to_pylist()]
    found = [_float_of(text) for text in texts]
    strange = [
        value is None and text not in MISSING_WORDS and text.lower() not in MISSING_WORDS
        for text, value in zip(texts, found, strict=True)
    ]
    bad = pa.array(strange, pa.bool_()).take(coded.indices).fill_null(fill_value=False)
    return pa.array(found, pa.float64()).take(coded.indices), bad.to_numpy(
        zero_copy_only=False
    ).copy()


def _float_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
