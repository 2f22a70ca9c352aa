"""Vectors from sequences and walks: planted clusters, seeds, and logs with next to nothing."""

import os
import subprocess
import sys

import numpy as np
import pytest

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.models.embeddings import Graph, SkipGram, deepwalk, item2vec, node2vec
from footfall.models.embeddings.skipgram import LONGEST, _Sentences
from footfall.store.memory import MemoryLog

pytest.importorskip("gensim", reason="the extra 'embeddings'")

CLUSTERS, WIDTH = 4, 6
QUICK = SkipGram(size=16, epochs=40)
WALKED = SkipGram(size=16, epochs=6)
BLOCKED = "import sys; sys.modules['gensim'] = None;"
NAMES = ("item2vec", "user-item", "item-item", "near", "far")


def planted(users=160, seed=0, order=None):
    """Make a shop whose users each stay inside one of four groups of six items."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(WIDTH)[:5] + WIDTH * (user % CLUSTERS) for user in range(users)]
    order = np.arange(users) if order is None else order
    return Sequences.from_arrays(
        np.arange(0, 5 * users + 1, 5),
        np.concatenate([rows[user] for user in order]),
        n_items=CLUSTERS * WIDTH,
        user_ids=[f"u{user:03d}" for user in order],
    )


def embedded(name, shop, seed=0):
    if name == "item2vec":
        return item2vec(shop, training=QUICK, seed=seed)
    if name == "user-item":
        return deepwalk(shop, graph=name, length=12, per_node=3, training=WALKED, seed=seed)
    if name == "item-item":
        return deepwalk(shop, length=12, per_node=20, training=WALKED, seed=seed)
    p, q = (1, 4) if name == "near" else (4, 0.5)
    return node2vec(shop, p=p, q=q, length=12, per_node=20, training=WALKED, seed=seed)


def same(one, other):
    if not one.ids.equals(other.ids) or not np.array_equal(one.vectors, other.vectors):
        return False
    return one.users is None or same(one.users, other.users)


@pytest.mark.parametrize("name", NAMES)
def test_items_of_a_planted_group_are_similar(name):
    embedding = embedded(name, planted())
    found = embedding.similar(embedding.ids, k=WIDTH - 1)
    groups = [[int(each) // WIDTH for each in found[side].to_pylist()] for side in (0, 1)]
    assert np.mean(np.equal(*groups)) > 0.98
    assert embedding.counts.sum() == 800


def test_users_of_a_planted_group_are_similar():
    users = embedded("user-item", planted()).users
    found = users.similar(users.ids, k=5)
    groups = [[int(each[1:]) % CLUSTERS for each in found[side].to_pylist()] for side in (0, 1)]
    assert np.mean(np.equal(*groups)) > 0.98
    assert users.counts.tolist() == [5] * 160


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_and_the_order_of_users_does_not(name):
    first = embedded(name, planted(60))
    mixed = np.random.default_rng(5).permutation(60)
    assert same(embedded(name, planted(60, order=mixed)), first)
    assert not same(embedded(name, planted(60), seed=1), first)


def test_processes_with_other_hash_seeds_give_the_same_vectors():
    program = (
        "from tests.models.embeddings.test_word2vec import *\n"
        "for name in ('item2vec', 'user-item'): print(embedded(name, planted(40)).vectors.sum())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "22")
    }
    assert len(said) == 1


def test_later_events_change_nothing():
    rows = [
        ("ann", "2026-01-01T10:00", "view", "cup"),
        ("ann", "2026-01-01T10:05", "view", "pot"),
        ("bob", "2026-01-01T10:00", "view", "pot"),
        ("bob", "2026-01-01T10:05", "view", "saw"),
    ]
    later = [("ann", "2026-01-02T10:00", "view", "axe"), ("zoe", "2026-01-02", "view", "cup")]
    for make in (item2vec, deepwalk):
        before = make(MemoryLog.from_rows(rows), training=QUICK)
        after = make(MemoryLog.from_rows(rows + later), until="2026-01-01T23:00", training=QUICK)
        assert same(before, after)


def test_items_that_stand_alone_have_no_vector():
    shop = Sequences.from_arrays([0, 2, 3, 6, 6], [0, 1, 2, 3, 3, 3], n_items=6)
    assert item2vec(shop).ids.to_pylist() == ["0", "1"]
    assert deepwalk(shop).ids.to_pylist() == ["0", "1"]
    both = deepwalk(shop, graph="user-item")
    assert both.ids.to_pylist() == ["0", "1", "2", "3"], "a user stands beside them"
    assert both.users.ids.to_pylist() == ["0", "1", "2"]


@pytest.mark.parametrize("offsets", [[0], [0, 0], [0, 1]])
def test_logs_with_next_to_nothing_give_empty_embeddings(offsets):
    shop = Sequences.from_arrays(offsets, [0] * offsets[-1], n_items=1)
    for empty in (item2vec(shop), deepwalk(shop)):
        assert (len(empty), empty.size) == (0, 64)
        assert empty.similar(["0"]).num_rows == 0


def test_one_user_with_one_item_have_a_vector_each():
    embedding = deepwalk(Sequences.from_arrays([0, 1], [0]), graph="user-item")
    assert (len(embedding), len(embedding.users)) == (1, 1)
    assert embedding.similar(["0"]).num_rows == 0


def test_a_very_long_row_is_cut_into_pieces_that_overlap():
    row = np.arange(2 * LONGEST + 5, dtype=np.int32)
    pieces = list(_Sentences(lambda: iter([[row]]), 3))
    assert [len(piece) for piece in pieces] == [LONGEST, LONGEST, 11]
    assert pieces[1][:3] == pieces[0][-3:]
    assert pieces[-1][-1] == str(row[-1])
    met = {pair for piece in pieces for pair in zip(piece, piece[3:], strict=False)}
    assert len(met) == len(row) - 3, "no pair of the window is lost"


def test_a_row_that_fits_is_one_piece():
    for length in (1, 7, LONGEST):
        (piece,) = _Sentences(lambda size=length: iter([[np.zeros(size, np.int32)]]), 5)
        assert len(piece) == length


def test_a_graph_of_ones_own_is_walked():
    ring = Graph.from_edges([0, 1, 2], [1, 2, 0])
    embedding = node2vec(ring, length=5, training=QUICK)
    assert embedding.made["graph"] == "own"
    assert embedding.users is None
    with pytest.raises(OptionError, match="'until' option of embeddings must be left out"):
        deepwalk(ring, until="2026-01-01")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "'size' option of SkipGram must be a whole number from 1"),
        ({"rate": 0}, "'rate' option of SkipGram must be a number from 0.0001 to 1"),
        ({"power": 9}, "'power' option of SkipGram"),
        ({"sample": -1}, "'sample' option of SkipGram"),
    ],
)
def test_wrong_training_options_are_said(options, message):
    with pytest.raises(OptionError, match=message):
        SkipGram(**options)


def test_wrong_options_are_said():
    with pytest.raises(OptionError, match="'seed' option of SkipGram"):
        item2vec(planted(4), seed=-1)
    with pytest.raises(OptionError, match="'graph' option of embeddings must be one of"):
        deepwalk(planted(4), graph="users")


def test_the_room_is_light_and_names_what_is_missing():
    light = (
        "import sys, footfall.models.embeddings;"
        "assert not {'torch', 'gensim', 'sklearn', 'plotly'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", light], check=True)
    missing = (
        f"{BLOCKED} from footfall.features.sequences import Sequences;"
        "from footfall.models.embeddings import item2vec;"
        "item2vec(Sequences.from_arrays([0, 2], [0, 1]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", missing], capture_output=True, text=True, check=False
    )
    assert "pip install 'footfall[embeddings]'" in answer.stderr
