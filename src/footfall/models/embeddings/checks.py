"""Checks of what embeddings are given."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from footfall.errors import OptionError

__all__ = ["check_number", "check_whole", "ids_of"]


def check_whole(
    value: int, option: str, owner: str, *, low: int = 1, high: int | None = None
) -> None:
    """See that an option is a whole number from `low`, to `high` if there is one.

    Raises
    ------
    OptionError
        When it is something else.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        allowed = f"a whole number from {low}" + ("" if high is None else f" to {high}")
        raise OptionError.of(option, owner, allowed, value)


def check_number(
    value: float, option: str, owner: str, *, low: float, high: float = math.inf
) -> None:
    """See that an option is a number from `low` to `high`.

    Raises
    ------
    OptionError
        When it is something else.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or math.isinf(value):
        allowed = f"a number from {low:g}" + ("" if math.isinf(high) else f" to {high:g}")
        raise OptionError.of(option, owner, allowed, value)


def ids_of(ids: Sequence[str] | pa.Array, option: str, owner: str) -> pa.StringArray:
    """Return ids as one Arrow array.

    Raises
    ------
    OptionError
        When they are one text instead of a list, or no text.
    """
    if isinstance(ids, str):
        raise OptionError.of(option, owner, "a list of ids", ids)
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    try:
        return ids.cast(pa.string()) if isinstance(ids, pa.Array) else pa.array(ids, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise OptionError.of(option, owner, "a list of ids as text", ids) from error
