"""Vectors with ids: neighbors by hand and against a plain sort, maps, files."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from footfall.errors import InputError, OptionError
from footfall.features.sequences import Sequences
from footfall.models.embeddings import Embedding, nearest, user_vectors
from footfall.models.embeddings.picture import map_points

ITEMS = Embedding(
    ids=pa.array(["cup", "pot", "saw", "axe"]),
    vectors=[[1, 0], [2, 1], [0, 3], [-1, 0]],
    counts=[5, 9, 1, 2],
    made={"method": "by hand"},
    users=Embedding(ids=pa.array(["ann"]), vectors=[[1, 1]], kind="user", counts=[4]),
)


def rows_of(table):
    return [tuple(row.values()) for row in table.to_pylist()]


def test_what_points_the_same_way_is_similar():
    found = ITEMS.similar(["cup", "axe"], k=2)
    assert found.column_names == ["item_id", "similar_id", "score", "rank"]
    assert rows_of(found) == [
        ("cup", "pot", pytest.approx(2 / 5**0.5), 1),
        ("cup", "saw", pytest.approx(0), 2),
        ("axe", "saw", pytest.approx(0), 1),
        ("axe", "pot", pytest.approx(-2 / 5**0.5), 2),
    ]


def test_ids_without_a_vector_have_no_rows_and_asking_twice_answers_twice():
    assert rows_of(ITEMS.similar(["sofa"])) == []
    asked = ITEMS.similar(["cup", "sofa", "cup"], k=1)
    assert asked["similar_id"].to_pylist() == ["pot", "pot"]
    assert ITEMS.codes(["saw", "sofa"]).tolist() == [2, -1]


def test_as_many_as_there_are_when_more_are_asked_for():
    assert ITEMS.similar(["cup"], k=99)["similar_id"].to_pylist() == ["pot", "saw", "axe"]
    alone = Embedding(ids=pa.array(["cup"]), vectors=[[1, 2]])
    assert alone.similar(["cup"]).num_rows == 0
    nobody = Embedding(ids=pa.array([], pa.string()), vectors=np.zeros((0, 4)))
    assert nobody.similar(["cup"]).num_rows == 0
    assert nearest(ITEMS, nobody).num_rows == 0
    assert nearest(nobody, ITEMS).num_rows == 0


def test_equal_scores_come_in_the_order_of_the_embedding():
    flat = Embedding(ids=pa.array(list("dcba")), vectors=[[1, 0], [1, 1], [1, 1], [1, 1]])
    assert flat.similar(["d"], k=2)["similar_id"].to_pylist() == ["c", "b"]


def test_a_vector_of_zeros_is_like_nothing():
    embedding = Embedding(ids=pa.array(["a", "b"]), vectors=[[0, 0], [1, 0]])
    assert embedding.similar(["a"])["score"].to_pylist() == [0]


def test_users_are_near_to_items_and_to_each_other():
    assert rows_of(nearest(ITEMS.users, ITEMS, k=1)) == [
        ("ann", "pot", pytest.approx(3 / 10**0.5), 1)
    ]
    users = Embedding(
        ids=pa.array(["ann", "bob", "zoe"]), vectors=[[1, 0], [0, 1], [1, 1]], kind="user"
    )
    found = nearest(users, users, k=1)
    assert found.column_names[:2] == ["user_id", "similar_id"]
    assert found["similar_id"].to_pylist() == ["zoe", "zoe", "ann"]


@settings(max_examples=50, deadline=None)
@given(
    vectors=arrays(np.int8, st.tuples(st.integers(2, 12), st.just(3)), elements=st.integers(-3, 3)),
    k=st.integers(1, 14),
)
def test_neighbors_are_those_of_a_plain_sort(vectors, k):
    ids = [f"i{at:02d}" for at in range(len(vectors))]
    embedding = Embedding(ids=pa.array(ids), vectors=vectors)
    unit = embedding.unit
    found = embedding.similar(ids, k=k)
    asked = found["item_id"].to_pylist()
    for at, each in enumerate(ids):
        scores = (unit[at : at + 1] @ unit.T)[0]
        mine = [row for row, other in enumerate(asked) if other == each]
        assert found["rank"].take(mine).to_pylist() == list(range(1, min(k, len(ids) - 1) + 1))
        best = np.sort(np.delete(scores, at))[::-1][:k]
        assert np.allclose(found["score"].take(mine).to_pylist(), best, atol=1e-6)
        assert each not in found["similar_id"].take(mine).to_pylist()


def test_a_user_is_the_mean_of_the_items_the_latest_weighing_most():
    shop = Sequences.from_arrays(
        [0, 3, 4, 4], [0, 1, 0, 2], user_ids=["zoe", "ann", "bob"], item_ids=["saw", "cup", "sofa"]
    )
    items = Embedding(ids=pa.array(["cup", "saw"]), vectors=[[5, 0], [0, 1]], made={"seed": 3})
    users = user_vectors(shop, items, decay=0.5)
    assert users.ids.to_pylist() == ["zoe"], "ann only met an item without a vector"
    assert users.vectors[0] == pytest.approx([0.5 / 1.75, 1.25 / 1.75])
    assert users.counts.tolist() == [3]
    assert users.made["seed"] == 3
    last = user_vectors(shop, items, decay=0)
    assert last.vectors[0].tolist() == [0, 1]


def test_items_of_one_moment_weigh_the_same_and_later_ones_are_not_seen():
    shop = Sequences.from_arrays([0, 3], [0, 1, 1], timestamps=[5, 5, 9], item_ids=["saw", "cup"])
    items = Embedding(ids=pa.array(["cup", "saw"]), vectors=[[1, 0], [0, 1]])
    assert user_vectors(shop, items, decay=0, until=5).vectors[0].tolist() == [0.5, 0.5]
    mean = [(1 + 0.25) / 1.5, 0.25 / 1.5]
    assert user_vectors(shop, items, decay=0.25).vectors[0] == pytest.approx(mean)


def test_a_map_by_main_directions_keeps_distances_of_flat_vectors():
    square = Embedding(
        ids=pa.array(list("abcd")),
        vectors=[[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]],
        counts=[1, 4, 3, 2],
    )
    codes, points, method = map_points(square, most=9, method="auto", seed=0)
    assert (codes.tolist(), method) == ([1, 2, 3, 0], "pca")
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    true = np.linalg.norm(square.vectors[codes][:, None] - square.vectors[codes][None], axis=2)
    assert apart == pytest.approx(true)


def test_a_map_draws_the_most_frequent_and_colors_labels():
    figure = ITEMS.map_picture(
        labels={"cup": "tea", "pot": "tea", "saw": "tools"},
        labeled_by="shelf",
        titles={"cup": "a cup"},
        most=3,
    )
    assert {trace.name: list(trace.text) for trace in figure.data} == {
        "tea": ["pot", "a cup"],
        "(other)": ["axe"],
    }
    assert "3 of 4 items" in figure.layout.title.subtitle.text
    assert figure.layout.title.subtitle.text.endswith("color: shelf")
    ranks = {trace.name: trace.legendrank or 1000 for trace in figure.data}
    assert ranks["(other)"] > ranks["tea"]
    plain = ITEMS.map_picture(method="pca")
    assert list(plain.data[0].text) == ["pot", "cup", "axe", "saw"]
    assert list(plain.data[0].customdata) == [9, 5, 2, 1]


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_map_of_few_points_is_drawn_too(size):
    few = Embedding(ids=pa.array(list("ab")[:size], pa.string()), vectors=np.eye(2)[:size])
    assert len(few.map_picture().data[0].x) == size


def test_neighbors_are_together_on_a_map_by_tsne():
    pytest.importorskip("sklearn", reason="the extra 'segments'")
    rng = np.random.default_rng(1)
    vectors = np.repeat(np.eye(4), 15, axis=0) + rng.normal(0, 0.05, (60, 4))
    embedding = Embedding(ids=pa.array([f"i{at}" for at in range(60)]), vectors=vectors)
    codes, points, method = map_points(embedding, most=60, method="auto", seed=4)
    assert method == "tsne"
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.all(codes[apart.argmin(axis=1)] // 15 == codes // 15)
    assert np.array_equal(map_points(embedding, most=60, method="auto", seed=4)[1], points)


def test_a_saved_embedding_comes_back(tmp_path):
    ITEMS.save(tmp_path / "vectors")
    loaded = Embedding.load(tmp_path / "vectors")
    assert loaded.ids.equals(ITEMS.ids)
    assert np.array_equal(loaded.vectors, ITEMS.vectors)
    assert loaded.counts.tolist() == [5, 9, 1, 2]
    assert loaded.made == {"method": "by hand"}
    assert loaded.users.ids.to_pylist() == ["ann"]
    assert loaded.users.kind == "user"
    assert loaded.similar(["cup"]).equals(ITEMS.similar(["cup"]))
    ITEMS.users.save(tmp_path / "vectors")
    assert Embedding.load(tmp_path / "vectors").users is None


def test_an_embedding_of_nothing_is_saved_too(tmp_path):
    Embedding(ids=pa.array([], pa.string()), vectors=np.zeros((0, 4))).save(tmp_path)
    loaded = Embedding.load(tmp_path)
    assert (len(loaded), loaded.size) == (0, 4)


def test_a_damaged_newer_or_other_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no embedding"):
        Embedding.load(tmp_path)
    ITEMS.save(tmp_path)
    data = (tmp_path / "vectors.npz").read_bytes()
    (tmp_path / "vectors.npz").write_bytes(data[:-20])
    with pytest.raises(InputError, match="is damaged"):
        Embedding.load(tmp_path)
    (tmp_path / "vectors.npz").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        Embedding.load(tmp_path)
    card = json.loads((tmp_path / "embedding.json").read_text())
    (tmp_path / "embedding.json").write_text(json.dumps(card | {"format": 2}))
    with pytest.raises(InputError, match="format 2, this footfall reads 1"):
        Embedding.load(tmp_path)
    (tmp_path / "embedding.json").write_text('{"format": 1')
    with pytest.raises(InputError, match="no JSON"):
        Embedding.load(tmp_path)
    (tmp_path / "embedding.json").write_text("{}")
    with pytest.raises(InputError, match="not the card"):
        Embedding.load(tmp_path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vectors": [[1.0]]}, "'vectors' option of Embedding must be a table of 2 rows"),
        ({"vectors": [[1.0], [np.nan]]}, "must be finite numbers"),
        ({"ids": pa.array(["a", "a"])}, "all different, none empty. Got '1 of 2 different'"),
        ({"ids": "ab"}, "must be a list of ids"),
        ({"counts": [1]}, "'counts' option of Embedding must be 2 numbers"),
        ({"kind": "shop"}, "'kind' option of Embedding must be 'item' or 'user'"),
    ],
)
def test_what_does_not_fit_together_is_said(fields, message):
    whole = {"ids": pa.array(["a", "b"]), "vectors": [[1.0], [2.0]]}
    with pytest.raises(OptionError, match=message):
        Embedding(**whole | fields)


def test_wrong_options_are_said():
    with pytest.raises(OptionError, match="'k' option of nearest must be a whole number from 1"):
        ITEMS.similar(["cup"], k=0)
    with pytest.raises(OptionError, match="'among' option of nearest must be vectors of 2 numbers"):
        nearest(ITEMS, Embedding(ids=pa.array(["a"]), vectors=[[1.0]]))
    with pytest.raises(OptionError, match="'decay' option of user_vectors"):
        user_vectors(Sequences.from_arrays([0], []), ITEMS, decay=1.5)
    with pytest.raises(OptionError, match="'method' option of map_picture"):
        ITEMS.map_picture(method="umap")
