"""Vectors that come as tables."""

import pyarrow as pa
import pytest

from footfall.errors import InputError
from footfall.models.embeddings import embedding_of

LISTS = pa.list_(pa.float32())


def test_a_table_of_users_becomes_an_embedding_of_users():
    flat = pa.array([1.0, 2.0, 0.0, 3.0], pa.float32())
    table = pa.table(
        {"user_id": ["ann", "bob"], "vector": pa.FixedSizeListArray.from_arrays(flat, 2)}
    )
    found = embedding_of(table)
    assert (found.kind, found.ids.to_pylist()) == ("user", ["ann", "bob"])
    assert found.vectors.tolist() == [[1, 2], [0, 3]]


def test_what_nothing_is_known_of_drops_out():
    table = pa.table(
        {
            "item_id": ["cup", "saw", "pot"],
            "vector": pa.array([None, [0, 0], [0, 1]], LISTS),
        }
    )
    assert embedding_of(table).ids.to_pylist() == ["pot"]
    assert len(embedding_of(table.slice(0, 2))) == 0
    assert len(embedding_of(table.slice(0, 0))) == 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"vector": pa.array([[1.0]], LISTS)}, "'user_id' or 'item_id'. Got vector"),
        ({"user_id": ["ann"]}, "Got user_id"),
        ({"user_id": ["ann"], "vector": [1.0]}, "lists of numbers. Got double"),
        (
            {"user_id": ["ann", "bob"], "vector": pa.array([[1.0], [1.0, 2.0]], LISTS)},
            "of one length",
        ),
    ],
)
def test_other_tables_are_refused(columns, message):
    with pytest.raises(InputError, match=message):
        embedding_of(pa.table(columns))
