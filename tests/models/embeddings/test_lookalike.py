"""Lookalike audiences: planted likeness is found, and random lists are found out."""

import json

import numpy as np
import pyarrow as pa
import pytest

from footfall.errors import NotEnoughDataError, OptionError
from footfall.models.embeddings import Embedding, lookalike
from footfall.models.embeddings.lookalike import FOLDS, PRIOR, _lifts, _logistic, _places

SIZE = 8


def crowd(users=600, alike=90, seed=0):
    """Every user points anywhere; the first ones all lean one way besides."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0, 1, (users, SIZE))
    vectors[:alike, 0] += 3
    ids = [f"u{at:03d}" for at in range(users)]
    return Embedding(ids=pa.array(ids), vectors=vectors, kind="user"), ids


@pytest.mark.parametrize("method", ["logistic", "centroid"])
def test_users_alike_are_found_and_the_lift_says_so(method):
    users, ids = crowd()
    answer = lookalike(users, ids[:40], k=50, method=method)
    assert np.mean([int(user[1:]) < 90 for user in answer.users()]) > 0.7
    assert 4 < answer.lift <= 10
    row = answer.lifts.to_pylist()[answer.lifts["share"].to_pylist().index(0.1)]
    assert row["low"] < row["lift"] == answer.lift <= row["high"]
    assert (answer.seeds, answer.unknown, answer.method) == (40, 0, method)


def test_a_list_at_random_has_no_lift():
    users, ids = crowd(2_000, alike=0)
    chosen = np.random.default_rng(1).choice(ids, 300, replace=False).tolist()
    answer = lookalike(users, chosen)
    row = answer.lifts.to_pylist()[answer.lifts["share"].to_pylist().index(0.1)]
    assert row["low"] < 1.2
    assert row["high"] > 0.8
    assert 0.6 < answer.lift < 1.4


def test_seeds_are_never_among_the_answer_and_scores_fall():
    users, ids = crowd()
    answer = lookalike(users, ids[:40], k=1_000)
    assert answer.frame.num_rows == 560
    assert not set(ids[:40]) & set(answer.users())
    scores = answer.frame["score"].to_numpy()
    assert np.all(np.diff(scores) <= 0)
    assert answer.frame["rank"].to_pylist() == list(range(1, 561))


def test_the_order_of_users_and_seeds_changes_nothing():
    users, ids = crowd(200)
    mixed = np.random.default_rng(3).permutation(200)
    first = lookalike(users, ids[:30])
    other = lookalike(users.rows(mixed), [*ids[29::-1], "nobody", ids[4]])
    assert other.frame.equals(first.frame)
    assert other.lifts.equals(first.lifts)
    assert other.unknown == 1
    assert not lookalike(users, ids[:30], seed=1).lifts.equals(first.lifts)


def test_the_cosine_to_the_mean_seed_by_hand():
    # Ten seeds point right, five others left, five up: all in all the mean points up and right.
    vectors = [[1.0, 0.0]] * 10 + [[-1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5
    ids = [f"u{at:02d}" for at in range(20)]
    users = Embedding(ids=pa.array(ids), vectors=vectors, kind="user")
    answer = lookalike(users, ids[:10], k=20, method="centroid")
    assert answer.users() == ids[10:]
    # From the mean (0.25, 0.25): seeds at (0.75, -0.25), left (-1.25, -0.25), up (-0.25, 0.75).
    up, left = -0.375 / 0.625, -0.875 / (0.625 * 1.625) ** 0.5
    scores = answer.frame["score"].to_pylist()
    assert scores == pytest.approx([up] * 5 + [left] * 5)
    assert answer.frame["user_id"].to_pylist() == ids[15:] + ids[10:15]


def test_lifts_of_places_by_hand():
    # Of four seeds two stand among the best tenth, three among the best half.
    lifts = _lifts(np.array([0.0, 0.05, 0.3, 0.9]), 0.25, 0).to_pylist()
    found = {row["share"]: (row["found"], row["lift"]) for row in lifts}
    assert found[0.1] == (0.5, 5.0)
    assert found[0.25] == (0.5, 2.0)
    assert found[0.5] == (0.75, 1.5)


def test_held_out_seeds_are_placed_by_the_others_alone():
    users, _ = crowd(50, alike=0)
    inside = np.arange(50) < 10
    vectors = users.unit.astype(np.float64)
    centered = vectors - vectors.mean(axis=0)
    centered /= np.linalg.norm(centered, axis=1, keepdims=True)
    places = _places(vectors, inside, "centroid", 7)
    order = np.random.default_rng(7).permutation(10)
    for at, seed in enumerate(order):
        fold = at % FOLDS
        rest = [other for place, other in enumerate(order) if place % FOLDS != fold]
        mean = (vectors - vectors.mean(axis=0))[rest].mean(axis=0)
        candidates = [user for user in range(50) if user not in rest]
        above = sum(centered[user] @ mean > centered[seed] @ mean for user in candidates)
        assert places[at] == pytest.approx(above / len(candidates))


def test_the_logistic_model_meets_its_optimum():
    rng = np.random.default_rng(2)
    design = np.column_stack((rng.normal(size=(80, 3)), np.ones(80)))
    positive = rng.random(80) < 1 / (1 + np.exp(-design[:, 0]))
    answer = _logistic(design, positive)
    weights = np.where(positive, 1.0, positive.sum() / (~positive).sum())
    chance = 1 / (1 + np.exp(-design @ answer))
    slope = design.T @ (weights * (positive - chance)) - np.array([PRIOR] * 3 + [0]) * answer
    assert np.abs(slope).max() < 1e-5
    assert answer[0] > abs(answer[1])


def test_the_answer_prints_draws_and_becomes_json():
    users, ids = crowd()
    answer = lookalike(users, ids[:40], k=3, share=0.25)
    assert str(answer).startswith("40 seeds, 0 unknown; scored by logistic\nheld-out seeds among")
    plain = json.loads(json.dumps(answer.to_json()))
    assert plain["lift"] == answer.lift
    assert [row["rank"] for row in plain["users"]] == [1, 2, 3]
    names = [trace.name for trace in answer.plot().data]
    assert names == [None, "lookalikes", "at random"]


def test_too_few_seeds_or_others_are_said():
    users, ids = crowd(40)
    with pytest.raises(NotEnoughDataError, match="There are 9 of 10 seeds, and 31 others"):
        lookalike(users, [*ids[:9], "nobody"])
    with pytest.raises(NotEnoughDataError, match="35 of 35 seeds, and 5 others"):
        lookalike(users, ids[:35])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "'k' option of lookalike"),
        ({"share": 0}, "'share' option of lookalike must be a number from 1e-06 to 1"),
        ({"method": "forest"}, "'method' option of lookalike must be one of"),
        ({"seed": -1}, "'seed' option of lookalike"),
        ({"seeds": "u001"}, "'seeds' option of lookalike must be a list of ids"),
    ],
)
def test_wrong_options_are_said(options, message):
    users, ids = crowd(60)
    with pytest.raises(OptionError, match=message):
        lookalike(users, **{"seeds": ids[:20]} | options)


def test_items_are_no_audience():
    with pytest.raises(OptionError, match="must be an embedding of users"):
        lookalike(Embedding(ids=pa.array(["cup"]), vectors=[[1.0]]), ["cup"])
