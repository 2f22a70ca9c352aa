"""Checks of what recommenders are given."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from footfall.errors import OptionError

__all__ = [
    "check_between",
    "check_count",
    "check_known",
    "check_mapping",
    "ids_of",
    "option_names",
]


def option_names(kind: type) -> tuple[str, ...]:
    """Return the options of a recommender class, in order.

    Parameters
    ----------
    kind : type
        A dataclass; fields that are not set by the caller are no options.

    Examples
    --------
    >>> from footfall.recommend import Popular
    >>> option_names(Popular)
    ('event_types', 'half_life_days', 'event_weights')
    """
    return tuple(each.name for each in fields(kind) if each.init)


def check_known(kind: type, name: str, options: Mapping[str, Any]) -> None:
    """See that a recommender class has all options named.

    Parameters
    ----------
    kind : type
        A recommender class.
    name : str
        Its name, for the error.
    options : mapping of option to value
        What was given.

    Raises
    ------
    OptionError
        For the first one it does not have (names that are near are suggested), or one that is a
        list or a mapping where a single value belongs.
    """
    allowed = option_names(kind)
    for option in options:
        if option not in allowed:
            near = difflib.get_close_matches(option, allowed, n=2)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise OptionError(
                f"{name} has no option {option!r}. It has: {', '.join(allowed)}.{hint}"
            )
    for each in fields(kind):
        given = options.get(each.name)
        if isinstance(given, list | dict) and isinstance(each.default, str | int | float):
            raise OptionError.of(each.name, name, "one value, not several", given)


def check_mapping(value: object, option: str, owner: str) -> None:
    """See that an option is a mapping of names to values.

    Raises
    ------
    OptionError
        When it is something else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise OptionError.of(option, owner, "a mapping such as {'name': 1}", value)


def check_between(
    value: float, option: str, owner: str, *, low: float, high: float = float("inf")
) -> None:
    """See that an option is a number from `low` to `high`.

    Raises
    ------
    OptionError
        When it is something else.
    """
    good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not good or value == float("inf"):
        allowed = (
            f"a number from {low:g} up" if high == float("inf") else f"from {low:g} to {high:g}"
        )
        raise OptionError.of(option, owner, allowed, value)


def check_count(value: int, option: str, owner: str) -> None:
    """See that an option is a whole number from 1.

    Raises
    ------
    OptionError
        When it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError.of(option, owner, "a whole number from 1", value)


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
