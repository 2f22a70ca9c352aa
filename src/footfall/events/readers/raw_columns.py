"""RawColumns of a raw table as text and times, whatever the file gave."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.events.columns import REQUIRED, ROW, TIMESTAMP_TYPE
from footfall.events.readers.properties import json_values

__all__ = [
    "RawColumns",
    "constant",
    "draft_of",
    "epoch",
    "first_given",
    "folded",
    "renamed",
    "text_of",
]

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def folded(name: str) -> str:
    """Reduce a column name to its letters and digits, so that spellings of one name meet.

    Examples
    --------
    >>> [folded(name) for name in ("Customer ID", "CustomerID", "customer_id", " 用户ID ")]
    ['customerid', 'customerid', 'customerid', '用户id']
    """
    return "".join(letter for letter in name.lower() if letter.isalnum())


def text_of(array: pa.Array) -> pa.Array:
    """Turn cells of any type into trimmed strings; empty text and NaN become null.

    Parameters
    ----------
    array
        Any Arrow array. Whole floats lose their ".0", so that an id read as 17850.0 is "17850";
        nested values become JSON.

    Returns
    -------
    pa.StringArray of the same length.

    Examples
    --------
    >>> text_of(pa.array([17850.0, 2.5, float("nan"), None])).to_pylist()
    ['17850', '2.5', None, None]
    >>> text_of(pa.array([" a ", ""])).to_pylist()
    ['a', None]
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), pa.string())
    if pa.types.is_nested(array.type):
        return json_values(array)
    if pa.types.is_floating(array.type):
        return _float_text(array)
    text = array if pa.types.is_string(array.type) else pc.cast(array, pa.string())
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _float_text(array: pa.Array) -> pa.Array:
    """Shortest exact text of each float, whole ones as integers."""
    values = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 2.0**53))
    integers = pc.cast(pc.if_else(whole, values, pa.scalar(None, array.type)), pa.int64())
    return pc.coalesce(pc.cast(integers, pa.string()), pc.cast(values, pa.string()))


def epoch(text: pa.Array, unit: str) -> pa.Array:
    """Read whole numbers since 1970 as times; anything else is null.

    Parameters
    ----------
    text
        Strings such as "1511544070".
    unit
        "s", "ms" or "us".

    Returns
    -------
    pa.TimestampArray, microseconds UTC.

    Examples
    --------
    >>> str(epoch(pa.array(["1511544070", "soon"]), "s")[0])
    '2017-11-24 17:21:10+00:00'
    """
    number = pc.match_substring_regex(text, r"^-?[0-9]{1,18}$")
    counts = pc.cast(pc.if_else(number, text, pa.scalar(None, pa.string())), pa.int64())
    factor = _MICROSECONDS[unit]
    fits = pc.less_equal(pc.abs(counts), np.iinfo(np.int64).max // factor)
    counts = pc.if_else(fits, counts, pa.scalar(None, pa.int64()))
    return pc.cast(pc.multiply(counts, factor), TIMESTAMP_TYPE)


def first_given(*arrays: pa.Array) -> pa.Array:
    """Take, row by row, the first value that is not null."""
    return pc.coalesce(*arrays)


def renamed(names: pa.Array, words: Mapping[str, str]) -> pa.Array:
    """Replace the names that `words` knows and keep the others.

    Examples
    --------
    >>> renamed(pa.array(["refund", "quiz", None]), {"refund": "return"}).to_pylist()
    ['return', 'quiz', None]
    """
    places = pc.index_in(names, pa.array(list(words), pa.string()))
    return pc.coalesce(pa.array(list(words.values()), pa.string()).take(places), names)


def constant(value: str, length: int) -> pa.Array:
    """Repeat one string."""
    return pa.repeat(pa.scalar(value, pa.string()), length)


def draft_of(rows: pa.Array, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Put draft columns and the row each came from into one table.

    Columns without any value are left out, but for the required ones: that all users of a batch
    are missing is for cleaning to say.

    Parameters
    ----------
    rows
        int64, the row of the file behind each draft event.
    columns
        Arrays of the same length, by our column names.

    Examples
    --------
    >>> draft_of(pa.array([1]), {"item_id": pa.array(["a"]), "query": pa.nulls(1)}).column_names
    ['item_id', '__row__']
    """
    kept = {
        name: array
        for name, array in columns.items()
        if name in REQUIRED or array.null_count < len(array)
    }
    return pa.table({**kept, ROW: rows})


class RawColumns:
    """The columns of one raw table, found by folded name.

    Parameters
    ----------
    table
        A raw table as the format layer gives it, with ``__row__``.

    Examples
    --------
    >>> raw = RawColumns(pa.table({"Customer ID": [17850.0], "__row__": [1]}))
    >>> raw.text("CustomerID").to_pylist()
    ['17850']
    """

    def __init__(self, table: pa.Table) -> None:
        self.length: int = table.num_rows
        self.rows: pa.Array = table.column(ROW).combine_chunks()
        self.names: list[str] = [name for name in table.column_names if name != ROW]
        self._table = table
        self._names: dict[str, str] = {}
        for name in table.column_names:
            self._names.setdefault(folded(name), name)

    def native(self, *names: str) -> pa.Array | None:
        """Give the first of these columns that the table has, as it is; None if it has none."""
        for name in names:
            if folded(name) in self._names:
                return one_array(self._table.column(self._names[folded(name)]))
        return None

    def text(self, *names: str) -> pa.Array:
        """Give the first of these columns as strings; nulls if the table has none of them."""
        array = self.native(*names)
        return pa.nulls(self.length, pa.string()) if array is None else text_of(array)

    def time(self, *names: str) -> pa.Array:
        """Give the first of these columns as times where the file has times, else as text."""
        array = self.native(*names)
        return (
            array if array is not None and pa.types.is_temporal(array.type) else self.text(*names)
        )

    def texts(self, *names: str) -> dict[str, pa.Array]:
        """Give each of these columns that the table has, as strings, by the names asked for."""
        return {name: self.text(name) for name in names if folded(name) in self._names}


def one_array(column: Any) -> pa.Array:
    """Join the chunks of a column."""
    joined = column.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
