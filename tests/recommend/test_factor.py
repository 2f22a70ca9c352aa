"""ALS and BPR: what they learn on shops of two kinds of users, and how histories are folded in."""

import subprocess
import sys

import numpy as np
import pytest

from footfall.errors import MissingExtraError, OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import ALS, BPR

KINDS = (ALS, BPR)
OPTIONS = {ALS: {}, BPR: {"regularization": 0.1}}  # few pairs are learned by heart without


def two_kinds(users=60, *, shuffled=False, n_items=None):
    """Users who take four of items 0-4, and users who take four of items 5-9."""
    rng = np.random.default_rng(0)
    rows = [5 * (user % 2) + rng.permutation(5)[:4] for user in range(users)]
    order = rng.permutation(users) if shuffled else np.arange(users)
    return Sequences.from_arrays(
        range(0, 4 * users + 1, 4),
        np.concatenate([rows[user] for user in order]),
        n_items=n_items,
        user_ids=[f"u{user:02}" for user in order],
    )


def visit(*items, n_items=10):
    return Sequences.from_arrays([0, len(items)], items, n_items=n_items, user_ids=["visitor"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_visitor_gets_what_users_of_their_kind_take(kind):
    model = kind(**OPTIONS[kind]).fit(two_kinds())
    for items, others in (((0, 1), {"2", "3", "4"}), ((9,), {"5", "6", "7", "8"})):
        table = model.recommend(visit(*items), k=len(others))
        assert set(table["item_id"].to_pylist()) == others


@pytest.mark.parametrize("kind", KINDS)
def test_similar_items_are_those_of_the_same_kind(kind):
    table = kind(**OPTIONS[kind]).fit(two_kinds()).similar(["7"], k=4)
    assert set(table["similar_id"].to_pylist()) == {"5", "6", "8", "9"}


@pytest.mark.parametrize("kind", KINDS)
def test_neither_the_order_of_users_nor_of_fits_changes_the_answer(kind):
    first = kind(**OPTIONS[kind]).fit(two_kinds())
    again = kind(**OPTIONS[kind]).fit(two_kinds(shuffled=True))
    assert first.learned_["item_factors"].tolist() == again.learned_["item_factors"].tolist()
    other = kind(**OPTIONS[kind]).fit(two_kinds(), seed=1)
    assert first.learned_["item_factors"].tolist() != other.learned_["item_factors"].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_items_of_which_nothing_was_learned_come_last(kind):
    model = kind(**OPTIONS[kind]).fit(two_kinds(n_items=12))
    table = model.recommend(visit(0, n_items=12), k=99)
    assert table["item_id"].to_pylist()[-2:] == ["10", "11"]
    assert np.isfinite(table["score"].to_numpy()).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_item_speaks_less_than_the_latest(kind):
    model = kind(**OPTIONS[kind]).fit(two_kinds())
    late, early = model.scores(visit(8, 0))[0], model.scores(visit(0, 8))[0]
    assert late[1:5].mean() > early[1:5].mean()
    assert late[5:8].mean() < early[5:8].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_catalogue_has_few_factors(kind):
    assert kind().fit(two_kinds()).learned_["item_factors"].shape == (10, 2)
    assert kind(factors=1).fit(two_kinds()).learned_["item_factors"].shape == (10, 1)


def test_threads_change_nothing_als_learns():
    one, two = (ALS(threads=threads).fit(two_kinds()) for threads in (1, 2))
    assert one.learned_["item_factors"].tolist() == two.learned_["item_factors"].tolist()


def test_als_folds_a_history_in_by_the_least_squares_of_the_paper():
    model = ALS(confidence=3, regularization=0.5, decay=0.5).fit(two_kinds())
    factors = model.learned_["item_factors"].astype(float)
    weights = np.ones(10)
    weights[[1, 5, 2]] = 3 * 0.25, 3 * 0.5, 3
    taken = weights != 1
    left = factors.T @ (factors * weights[:, None]) + 0.5 * np.eye(2)
    expected = factors @ np.linalg.solve(left, factors.T @ (weights * taken))
    np.testing.assert_allclose(model.scores(visit(1, 5, 2))[0], expected, rtol=1e-4, atol=1e-6)


def test_histories_of_different_lengths_are_folded_in_as_if_alone():
    model = ALS().fit(two_kinds())
    asked = Sequences.from_arrays([0, 1, 4, 5, 7], [0, 9, 8, 1, 3, 5, 6], n_items=10)
    together = model.scores(asked)
    for user in range(4):
        rows = slice(asked.offsets[user], asked.offsets[user + 1])
        alone = model.scores(visit(*asked.items[rows]))[0]
        np.testing.assert_allclose(together[user], alone, rtol=1e-5, atol=1e-7)


def test_als_solves_what_its_paper_minimizes_once_it_has_converged():
    shop = two_kinds()
    options = {"confidence": 5.0, "regularization": 0.1}
    model = ALS(**options, iterations=200, decay=1.0).fit(shop)
    factors = model.learned_["item_factors"].astype(float)
    users = model.scores(shop)  # each user's own vector times the factors
    vectors = np.linalg.lstsq(factors, users.T.astype(float), rcond=None)[0].T
    taken = np.zeros((60, 10))
    taken[np.repeat(np.arange(60), 4), shop.items] = 1
    weights = 1 + 4 * taken
    for item in range(10):
        left = vectors.T @ (vectors * weights[:, [item]]) + 0.1 * np.eye(2)
        solved = np.linalg.solve(left, vectors.T @ (weights[:, item] * taken[:, item]))
        np.testing.assert_allclose(factors[item], solved, atol=5e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_fitting_without_the_extra_says_what_to_install_and_asking_needs_none(kind, monkeypatch):
    model = kind().fit(two_kinds())
    for module in ("implicit.cpu.als", "implicit.cpu.bpr", "threadpoolctl"):
        monkeypatch.setitem(sys.modules, module, None)
    assert model.recommend(["u00"], k=1).num_rows == 1
    with pytest.raises(MissingExtraError, match=r"ALS and BPR need .*footfall\[factors\]"):
        kind().fit(two_kinds())


QUIET = """
from footfall.features.sequences import Sequences
from footfall.recommend import ALS, BPR
shop = Sequences.from_arrays([0, 2, 4], [0, 1, 1, 2])
for model in (ALS(factors=2), BPR(factors=2, iterations=3)):
    model.fit(shop).recommend(["0"])
"""


def test_fitting_prints_nothing_and_warns_of_nothing():
    environment = {"OPENBLAS_NUM_THREADS": "2", "PATH": ""}  # implicit warns of 2 by itself
    command = [sys.executable, "-W", "error", "-c", QUIET]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("kind", "option", "value"),
    [
        (ALS, "factors", 0),
        (ALS, "iterations", 1.5),
        (ALS, "regularization", 0),
        (ALS, "decay", 2),
        (ALS, "max_history", 0),
        (ALS, "confidence", 0.5),
        (ALS, "threads", 0),
        (BPR, "factors", "many"),
        (BPR, "learning_rate", 0),
        (BPR, "regularization", float("nan")),
    ],
)
def test_wrong_options_are_refused(kind, option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of {kind.name} must be"):
        kind(**{option: value})
