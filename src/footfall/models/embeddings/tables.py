"""Embeddings out of tables of vectors, such as ``footfall embed`` writes."""

import numpy as np
import pyarrow as pa

from footfall.errors import InputError
from footfall.models.embeddings.vectors import Embedding, Kind

__all__ = ["embedding_of"]

KINDS: dict[str, Kind] = {"user_id": "user", "item_id": "item"}


def embedding_of(table: pa.Table) -> Embedding:
    """Take over vectors that another model made.

    Parameters
    ----------
    table : pa.Table
        ``user_id`` or ``item_id`` (string), and ``vector`` (lists of numbers, all of one length).
        Rows without a vector, or with one of zeros (nothing is known), drop out.

    Returns
    -------
    Embedding

    Raises
    ------
    InputError
        When a column is missing or vectors differ in length.

    Examples
    --------
    >>> vectors = [[1.0, 2.0], None, [0.0, 0.0]]
    >>> embedding_of(pa.table({"user_id": ["ann", "bob", "cas"], "vector": vectors}))
    Embedding(1 users, 2 numbers each)
    """
    names = [name for name in KINDS if name in table.column_names]
    if len(names) != 1 or "vector" not in table.column_names:
        found = ", ".join(table.column_names)
        raise InputError(
            f"A table of vectors has the columns 'vector' and 'user_id' or 'item_id'. Got {found}."
        )
    column = table["vector"]
    if not (pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)):
        raise InputError(f"The column 'vector' has to hold lists of numbers. Got {column.type}.")
    there = table.filter(column.is_valid())
    rows = [np.asarray(each, np.float32) for each in there["vector"].to_pylist()]
    if len({len(each) for each in rows}) > 1:
        raise InputError("Vectors of one table have to be of one length.")
    vectors = np.stack(rows) if rows else np.zeros((0, 0), np.float32)
    known = np.flatnonzero(np.any(vectors != 0, axis=1))
    ids = there[names[0]].cast(pa.string()).combine_chunks()
    return Embedding(
        ids=ids.take(pa.array(known)),
        vectors=vectors[known],
        kind=KINDS[names[0]],
        made={"method": "table"},
    )
