"""What the shop says of its users, as codes: one a column, the same for users who come later."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import USER_ID
from footfall.store.ids import IdMap

__all__ = ["Attribute", "attribute_codes", "learn_attributes"]

Int32 = npt.NDArray[np.int32]

LEVELS = 10  # of a number, with as many users in each
MOST_VALUES = 100  # of a column; rarer ones are not told apart
LEAST = 2  # users a value must be said of, to say anything of others


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """How the values of one column of the user table become codes.

    Parameters
    ----------
    name : str
        The column.
    values : tuple of str
        The code of a text is its place here.
    bounds : tuple of float
        The code of a number is how many of these it reaches; used when there are no `values`.
    """

    name: str
    values: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Number of codes."""
        return len(self.values) or len(self.bounds) + 1

    def codes(self, column: pa.ChunkedArray) -> Int32:
        """Give the code of each value, shape (U,); -1 for unknown ones."""
        if self.values:
            found = pc.index_in(_texts(column), value_set=pa.array(self.values))
            return np.asarray(found.fill_null(-1).to_numpy(), np.int32)
        if not _is_number(column.type):
            return np.full(len(column), -1, np.int32)
        numbers = _numbers(column)
        level = np.searchsorted(np.array(self.bounds), numbers, side="right")
        return np.where(np.isfinite(numbers), level, -1).astype(np.int32)


def learn_attributes(table: pa.Table | None) -> tuple[Attribute, ...]:
    """Find the columns of a user table that tell users apart or together.

    Texts and truth values are values, numbers become one of ten levels; columns that are the same
    for everybody, or different for everybody, are left out, and so are dates and lists.

    Parameters
    ----------
    table : pa.Table or None
        With a column user_id.

    Returns
    -------
    tuple of Attribute
        In the order of their names.

    Examples
    --------
    >>> table = pa.table({"user_id": ["a", "b", "c"], "sex": ["f", "f", "m"], "age": [1, 2, 3]})
    >>> [(each.name, each.size) for each in learn_attributes(table)]
    [('age', 3), ('sex', 1)]
    """
    if table is None:
        return ()
    found = []
    for name in sorted(set(table.column_names) - {USER_ID}):
        column = table.column(name)
        if _is_number(column.type):
            numbers = _numbers(column)
            known = numbers[np.isfinite(numbers)]
            if len(known) and known.min() < known.max():
                bounds = np.unique(
                    np.quantile(known, np.arange(1, LEVELS) / LEVELS, method="higher")
                )
                bounds = bounds[bounds > known.min()]
                found.append(Attribute(name=name, bounds=tuple(bounds.tolist())))
        elif _is_text(column.type):
            values = _common(_texts(column))
            if values:
                found.append(Attribute(name=name, values=values))
    return tuple(found)


def attribute_codes(
    attributes: tuple[Attribute, ...], ids: pa.StringArray, table: pa.Table | None
) -> Int32:
    """Give the codes of some users.

    Parameters
    ----------
    attributes : tuple of Attribute
    ids : pa.StringArray, length U
    table : pa.Table or None
        The user table; the last row of a user counts.

    Returns
    -------
    int32 array, shape (U, A)
        -1 where nothing is known.
    """
    codes = np.full((len(ids), len(attributes)), -1, np.int32)
    if table is None or not attributes:
        return codes
    place = IdMap(ids).codes(table.column(USER_ID).cast(pa.string()))
    rows = np.flatnonzero(place >= 0)
    for column, attribute in enumerate(attributes):
        if attribute.name in table.column_names:
            codes[place[rows], column] = attribute.codes(table.column(attribute.name))[rows]
    return codes


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _is_text(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return text or pa.types.is_dictionary(kind) or pa.types.is_boolean(kind)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def _common(texts: pa.ChunkedArray) -> tuple[str, ...]:
    """Give the values that several users have, the most common ones, in the order of their text."""
    counted = [
        (-each["counts"], each["values"])
        for each in pc.value_counts(texts.drop_null()).to_pylist()
        if each["values"] and LEAST <= each["counts"] < len(texts)
    ]
    return tuple(sorted(value for _, value in sorted(counted)[:MOST_VALUES]))
