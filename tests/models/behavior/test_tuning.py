"""Heads for other targets: on vectors as they are, or with the network going on from there."""

import numpy as np
import pyarrow as pa
import pytest
from tests.models.behavior.shops import DAY, log_of, market, quick

from footfall.errors import NotEnoughDataError, OptionError
from footfall.evaluate import auc
from footfall.models.behavior import tuning
from footfall.models.behavior.linear import PENALTIES, _strongest, fit_linear

AT = 100 * DAY


@pytest.fixture(scope="module")
def model():
    return quick(epochs=4, learning_rate=0.02, batch_tokens=128).fit(market(), until=AT, seed=1)


def odd(users):
    """Who has an odd number: those who buy in the market."""
    return pa.table({"user_id": users, "target": [int(user[1:]) % 2 for user in users]})


USERS = [f"u{n:03}" for n in range(60)]
LABELED, ASKED = odd(USERS[:40]), odd(USERS[40:])


def area(tuned, name="odd"):
    found = tuned.predict(ASKED["user_id"].to_pylist(), name, log=market(), at=AT)
    return auc(ASKED["target"].to_numpy(), found[name].to_numpy())


@pytest.mark.parametrize("how", ["frozen", "partial", "full", "scratch"])
def test_a_head_for_another_target_is_learned(model, how):
    before = model.predict(None, "purchase")["purchase_7d"].to_numpy()
    tuned = model.fine_tune(market(), LABELED, how=how, name="odd", at=AT, seed=2, epochs=4)
    assert area(tuned) > (0.5 if how == "scratch" else 0.8)
    assert np.array_equal(before, model.predict(None, "purchase")["purchase_7d"].to_numpy())
    assert "odd" not in model.heads_
    own = () if how != "frozen" else model.heads_
    assert tuned.heads_ == (*own, "odd")


def test_the_order_of_targets_changes_nothing(model):
    turned = LABELED.take(list(range(LABELED.num_rows))[::-1])
    one, other = (
        model.fine_tune(market(), each, how="full", at=AT, seed=1, epochs=1).predict(None, "target")
        for each in (LABELED, turned)
    )
    assert one.equals(other)


def test_events_after_the_moment_are_not_looked_at(model):
    late = [(f"u{n:03}", 100.5 + n / 100, "purchase", "i1", 900) for n in range(0, 60, 2)]
    rows = [
        (f"u{n:03}", 5 + n / 10 + k, "view", f"i{k % 6}") for n in range(60) for k in (0, 40, 80)
    ]
    one, other = (
        model.fine_tune(log_of(some), LABELED, at=AT).predict(None, "target", log=log_of(rows))
        for some in (rows, [*rows, *late])
    )
    assert one.equals(other)


def test_each_target_may_have_a_moment_of_its_own(model):
    moments = pa.array([100 * DAY, 110 * DAY] * 20, pa.int64())
    times = moments.cast(pa.timestamp("us", tz="UTC"))
    texts = pa.array(["1970-04-11", "1970-04-21T00:00:00Z"] * 20)
    said = (moments, times, times.cast(pa.timestamp("s")), times.cast(pa.date32()), texts)
    one, *others = (
        model.fine_tune(market(), LABELED.append_column("at", column)).predict(None, "target")
        for column in said
    )
    assert all(one.equals(other) for other in others)
    missing = pa.array([None, *moments.to_pylist()[1:]], pa.int64())
    with pytest.raises(OptionError, match="a moment in each row"):
        model.fine_tune(market(), LABELED.append_column("at", missing))


@pytest.mark.parametrize("how", ["frozen", "partial", "full"])
def test_what_the_network_has_seen_already_is_not_asked_for(model, how):
    with pytest.raises(OptionError, match=r"1970-04-11T00:00:00.00:00 or later.*known_future=True"):
        model.fine_tune(market(), LABELED, how=how, at=AT - 1)
    early = LABELED.append_column("at", pa.array([AT] * 39 + [AT - 1], pa.int64()))
    with pytest.raises(OptionError, match="'at' option of fine_tune"):
        model.fine_tune(market(), early, how=how)


def test_the_past_may_be_asked_for_by_those_who_say_so_or_forget(model):
    for given in ({"known_future": True}, {"how": "scratch", "epochs": 1}):
        tuned = model.fine_tune(market(), LABELED, at=AT - DAY, **given)
        assert tuned.heads_[-1] == "target"


def test_rows_of_one_user_do_not_tell_when_to_stop_what_they_taught(model, monkeypatch):
    tasks = []
    monkeypatch.setattr(tuning, "train", lambda task, *_, **__: tasks.append(task))
    thrice = pa.concat_tables([LABELED.append_column("at", pa.array([AT + k * DAY] * 40))
                              for k in range(3)])  # fmt: skip
    model.fine_tune(market(), thrice, how="full")
    (task,) = tasks
    sides = [set(task.examples.users[rows].tolist()) for rows in (task.training, task.held_out)]
    assert not sides[0] & sides[1]
    assert [len(side) for side in sides] == [32, 8]
    assert len(task.training) + len(task.held_out) == 120


def test_the_penalty_is_not_chosen_by_users_who_are_known():
    rng = np.random.default_rng(5)
    vectors = np.repeat(rng.normal(size=(80, 40)), 6, axis=0).astype(np.float32)
    truth = np.repeat(rng.integers(0, 2, 80), 6)  # by chance: nothing to learn but who is who
    users = np.repeat(np.arange(80, dtype=np.uint64), 6)
    by_row, by_user = (
        fit_linear(vectors, truth, kind="binary", groups=groups) for groups in (None, users)
    )
    assert by_row.penalty < by_user.penalty == PENALTIES[-1]


def test_numbers_are_guessed_too(model):
    table = LABELED.set_column(1, "target", pa.array([100.0 + 10 * (n % 2) for n in range(40)]))
    tuned = model.fine_tune(market(), table, at=AT, name="worth")
    found = tuned.predict(ASKED["user_id"].to_pylist(), "worth", log=market(), at=AT)
    worth = found["worth"].to_numpy()
    assert auc(ASKED["target"].to_numpy(), worth) > 0.8
    assert 95 < worth.mean() < 115


def test_users_who_are_not_in_the_log_are_answered(model):
    strangers = odd(["x1", "x2", *USERS[:20]])
    tuned = model.fine_tune(market(), strangers, at=AT)
    assert np.isfinite(tuned.predict(["x1", "nobody"], "target")["target"].to_numpy()).all()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"how": "half"}, OptionError, "'how' option"),
        ({"name": "churn"}, OptionError, "'name' option"),
        ({"kind": "love"}, OptionError, "'kind' option"),
        ({"target": LABELED.slice(0, 10), "how": "full"}, NotEnoughDataError, "needs 20 targets"),
        ({"target": LABELED.take([1, 3])}, NotEnoughDataError, "that differ"),
        ({"target": LABELED.drop_columns(["target"])}, OptionError, "user_id and target"),
        (
            {"target": pa.table({"user_id": ["u000", "u001"], "target": [0.0, np.nan]})},
            OptionError,
            "finite",
        ),
        (
            {"target": pa.table({"user_id": ["u0", "u1"], "target": [0, 2]}), "kind": "binary"},
            OptionError,
            "'kind' option",
        ),
        (
            {"target": pa.table({"user_id": ["u000"] * 30, "target": [0, 1] * 15}), "how": "full"},
            NotEnoughDataError,
            "5 users or more, there are 1",
        ),
        (
            {"target": pa.table({"user_id": ["u0", "u1"], "target": ["yes", "no"]})},
            OptionError,
            "must be numbers.*column 'target' of string",
        ),
        ({"target": LABELED.append_column("at", pa.array(["soon"] * 40))}, OptionError, "'soon'"),
        (
            {"target": LABELED.append_column("at", pa.array([1.5] * 40))},
            OptionError,
            "ISO 8601.*column 'at' of double",
        ),
        (
            {"target": LABELED.set_column(0, "user_id", pa.array([["u000"]] * 40))},
            OptionError,
            "column 'user_id' of list",
        ),
    ],
)
def test_what_cannot_be_tuned_says_so(model, options, error, said):
    given = {"target": LABELED, "at": AT} | options
    with pytest.raises(error, match=said):
        model.fine_tune(market(), **given)


def test_a_direction_that_is_known_needs_few_targets():
    rng = np.random.default_rng(3)
    known = rng.normal(size=(1, 60)).astype(np.float32)
    vectors = rng.normal(size=(1_030, 60)).astype(np.float32)
    truth = vectors @ known[0] > 0
    plain, told = (
        fit_linear(vectors[:30], truth[:30], kind="binary", along=along) for along in (None, known)
    )
    areas = [auc(truth[30:], head.score(vectors[30:])) for head in (plain, told)]
    assert areas[1] > 0.95 > areas[0] + 0.1


def test_the_strongest_penalty_within_a_standard_error_of_the_best_is_taken():
    best = np.array([1.0, 1.0, 1.0, 1.0])
    near = best + np.array([0.2, -0.1, 0.2, -0.1])  # worse by .05, standard error .075
    far = best + np.array([0.2, 0.1, 0.2, 0.1])  # worse by .15, standard error .025
    assert _strongest(np.stack([best + 1, best, near, far, far + 1, far + 2])) == PENALTIES[2]
    assert _strongest(np.stack([best] * 6)) == PENALTIES[5]
