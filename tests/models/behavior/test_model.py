"""The behaviour model on shops a person can see through."""

import numpy as np
import pyarrow as pa
import pytest
from tests.models.behavior.shops import DAY, QUICK, log_of, market, quick

from footfall.errors import InputError, NotEnoughDataError, NotFittedError, OptionError
from footfall.evaluate import auc, calibration_error, log_loss
from footfall.models.behavior import BehaviorModel
from footfall.models.encoders import ENCODERS
from footfall.models.running import Running

SEARCH = ("search", None, None, "find i1")
HEADS = ("item", "event_type", "purchase", "churn", "order_time", "basket")  # nobody returns here
USERS = pa.table(
    {"user_id": [f"u{n:03}" for n in range(160)], "team": [f"t{n % 3}" for n in range(160)]}
)
MARKET = market(30, users=USERS)


@pytest.fixture(scope="module")
def model():
    return quick(epochs=9, learning_rate=0.02, batch_tokens=128, requests=4).fit(
        market(count=130, users=USERS), until=100 * DAY, seed=1
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    quick(epochs=1).fit(MARKET, seed=2, running=Running(folder=folder))
    return folder


def same(one, other, log=None, at=None):
    """Whether two models give the same answers, to the last bit."""
    answers = [
        np.array_equal(a, b, equal_nan=True)
        for head in one.heads_
        for a, b in zip(
            *(
                [np.asarray(c) for c in each.predict(None, head, log=log, at=at).columns[1:]]
                for each in (one, other)
            ),
            strict=True,
        )
        if a.dtype != object
    ]
    return bool(answers) and all(answers)


def test_heads_without_anything_to_learn_are_left_out(model):
    assert model.heads_ == HEADS
    assert set(model.skill_) <= set(HEADS)
    with pytest.raises(OptionError, match="'head' option of predict"):
        model.predict(None, "return")


def test_who_searched_buys_and_the_others_do_not(model):
    at = 100 * DAY
    found = model.predict(None, "purchase")
    truth = np.array([int(user[1:]) % 2 for user in found["user_id"].to_pylist()])
    assert auc(truth, found["purchase_30d"]) > 0.9
    # Those who buy do so two days after a search: one who has just searched, and one who has not.
    rows = [("new", day, "view", "i1") for day in (90, 93, 96)]
    rows += [("new", 60, *SEARCH), ("new", 62, "purchase", "i1", 100)]
    rows += [("old", *row[1:]) for row in rows] + [
        ("new", 99.5, *SEARCH),
        ("old", 99.5, "view", "i1"),
    ]
    week = model.predict(["new", "old"], "purchase", log=log_of(rows), at=at)[
        "purchase_7d"
    ].to_pylist()
    assert week[0] > week[1] + 0.1


def buys_within_a_week(log, ids, at):
    """Whether users order something in the week after a moment."""
    rows, bought = log.source(["timestamp", "event_type"]), set()
    for number in range(len(rows)):
        chunk = rows.open(number)
        for user, run in chunk:
            times = chunk["timestamp"][run][
                chunk["event_type"][run] == log.event_type_code("purchase")
            ]
            if ((times > at) & (times <= at + 7 * DAY)).any():
                bought.add(log.user_ids.strings([user])[0].as_py())
    return np.array([user in bought for user in ids]).astype(int)


def test_what_is_learned_beats_the_base_rate_on_users_who_were_not_learned_from(model):
    other = market(count=80, seed=9)
    at = 100 * DAY
    found = model.predict(None, "purchase", log=other, at=at)["purchase_7d"].to_numpy()
    ids = model.predict(None, "purchase", log=other, at=at)["user_id"].to_pylist()
    truth = buys_within_a_week(other, ids, at)
    assert auc(truth, found) > 0.65
    assert log_loss(truth, found) < log_loss(truth, np.full(len(truth), truth.mean()))


def test_the_time_of_the_next_order_is_calibrated_on_users_who_were_not_learned_from(model):
    other, truth, said = market(count=400, seed=9), [], []
    for at in range(30 * DAY, 101 * DAY, 10 * DAY):
        found = model.predict(None, "order_time", log=other, at=at)
        truth.append(buys_within_a_week(other, found["user_id"].to_pylist(), at))
        said.append(found["order_within_7d"].to_numpy())
    whole, chances = np.concatenate(truth), np.concatenate(said)
    assert calibration_error(whole, chances) < 0.05
    assert chances.std() > 0.05  # which the same chance for everybody would not have


def test_silence_is_seen(model):
    rows = [(user, day, "view", "i1") for user in ("gone", "here") for day in range(0, 50, 8)]
    rows += [("here", day, "view", "i1") for day in range(50, 99, 8)]
    found = model.predict(["gone", "here"], "churn", log=log_of(rows), at=100 * DAY)
    gone, here = found["churn_30d"].to_pylist()
    assert gone > here + 0.04


def test_longer_horizons_are_never_less_likely(model):
    week = model.predict(None, "purchase")
    assert (week["purchase_30d"].to_numpy() >= week["purchase_7d"].to_numpy()).all()
    time = model.predict(None, "order_time")
    within = np.column_stack(
        [time[n].to_numpy() for n in time.column_names if n.startswith("order")]
    )
    assert (np.diff(within, axis=1) >= -1e-9).all()
    half = time["median_days"].to_numpy()
    assert ((half <= 30) == (time["order_within_30d"].to_numpy() >= 0.5)).all()


def test_types_are_chances_and_items_are_ranked(model):
    types = model.predict(None, "event_type")
    assert types.column_names == ["user_id", "purchase", "search", "view"]
    assert np.allclose(sum(types[name].to_numpy() for name in types.column_names[1:]), 1, atol=1e-5)
    items = model.predict(["u000", "u001"], "item", k=3)
    assert items["rank"].to_pylist() == [1, 2, 3, 1, 2, 3]
    assert items["user_id"].to_pylist() == ["u000"] * 3 + ["u001"] * 3
    scores = items["score"].to_numpy().reshape(2, 3)
    assert (np.diff(scores, axis=1) <= 0).all()
    value = model.predict(None, "basket")["order_value"].to_numpy()
    assert ((value > 100) & (value < 900)).all()


def test_users_without_events_get_what_is_usual(model):
    for head in model.heads_:
        found = model.predict(["nobody", "u158"], head, k=2)  # u158 is in the table alone
        numbers = [c.to_numpy() for c in found.columns if not pa.types.is_string(c.type)]
        assert all(np.isfinite(c[~np.isnan(c)]).all() for c in numbers)
    usual = model.predict(["nobody"], "purchase")["purchase_30d"][0].as_py()
    known = model.predict(None, "purchase")["purchase_30d"].to_numpy()
    assert known.min() < usual < known.max()
    assert np.isfinite(model.embed(["nobody"]).vectors).all()


def test_one_event_and_a_hundred_thousand_are_answered(model):
    rows = [("one", 99, "view", "i1")]
    rows += [("many", 100 * n / 100_000, "view", f"i{n % 6}") for n in range(100_000)]
    log = log_of(rows)
    found = model.predict(["one", "many"], "purchase", log=log, at=100 * DAY)
    assert np.isfinite(found["purchase_30d"].to_numpy()).all()
    both = log_of([*rows, *(("two", day, "purchase", "i1", 100) for day in (1, 50, 90))])
    fitted = quick(epochs=1, batch_tokens=4096, epoch_tokens=5_000).fit(both)
    assert np.isfinite(fitted.predict(["one", "many"], "purchase")["purchase_7d"].to_numpy()).all()


@pytest.mark.parametrize("kind", ["view", "purchase"])
def test_one_item_and_one_type_of_event_leave_nothing_to_gain(kind):
    rows = [(f"u{n:02}", day + n / 9, kind, "cup") for n in range(30) for day in range(0, 40, 3)]
    model = quick(epochs=1).fit(log_of(rows))
    assert model.skill_["item"] == model.skill_["event_type"] == 0
    found = model.predict(["u01", "nobody"], "item", k=5)
    assert found["item_id"].to_pylist() == ["cup", "cup"]
    assert found["score"].to_pylist() == [0, 0]
    assert model.predict(["u01"], "event_type")[kind].to_pylist() == [1]


def test_a_log_without_items_and_one_without_events_are_answered():
    rows = [(f"u{n:02}", day + n / 9, "view") for n in range(30) for day in range(0, 40, 3)]
    model = quick(epochs=1).fit(log_of(rows))
    assert model.heads_ == ("event_type", "churn")
    assert model.predict(None, "churn", log=log_of([])).num_rows == 0
    assert model.predict([], "churn").num_rows == 0
    assert model.embed([]).vectors.shape == (0, 64)


def test_missing_prices_and_events_of_types_never_seen_are_answered(model):
    log = log_of([("x", 99, "gift", "no such item"), ("x", 99.5, "purchase", "i1")])
    found = model.predict(["x"], "purchase", log=log)
    assert np.isfinite(found["purchase_7d"].to_numpy()).all()


def test_later_events_change_nothing():
    early = market(30)
    cut = quick(epochs=1).fit(early, until=60 * DAY, seed=3)
    rows = [
        ("u000", 60.5, "purchase", "new item", 5),
        ("newcomer", 61, "gift", "i1"),
        ("u003", 99, "search", None, None, "new words"),
    ]

    def until_60(log):
        return quick(epochs=1).fit(log, until=60 * DAY, seed=3)

    later = until_60(_with_more(rows))
    assert same(cut, later, log=early, at=60 * DAY)
    assert cut.predict()["user_id"].to_pylist() == later.predict()["user_id"].to_pylist()


def _with_more(rows):
    """The market with more events."""
    log, more = market(30), log_of(rows)
    tables = []
    for each in (log, more):
        source = each.source(["timestamp", "event_type", "item", "amount", "query"])
        for number in range(len(source)):
            chunk = source.open(number)
            users = each.user_ids.strings(np.repeat(chunk.users, np.diff(chunk.offsets)))
            kinds = [each.event_types[code] for code in chunk["event_type"]]
            items = each.item_ids.strings(chunk["item"])
            query = chunk.words["query"].take(pa.array(chunk["query"], mask=chunk["query"] < 0))
            columns = zip(
                users.to_pylist(), chunk["timestamp"] / DAY, kinds, items.to_pylist(),
                [int(a) or None for a in chunk["amount"]], query.to_pylist(), strict=True,
            )  # fmt: skip
            tables += list(columns)
    return log_of(tables)


def test_the_same_seed_gives_the_same_model_whatever_the_order_of_reading():
    one = quick(epochs=1).fit(MARKET, seed=4)
    again = quick(epochs=1).fit(market(30, buckets=3, users=USERS), seed=4)
    other = quick(epochs=1).fit(MARKET, seed=5)
    assert same(one, again)
    assert not same(one, other)


def test_a_training_that_was_stopped_goes_on_to_the_same_model(tmp_path):
    class StoppedError(Exception):
        pass

    def stop(label, done, total):
        if label == "train, epoch 2":
            raise StoppedError

    whole = quick(epochs=3).fit(MARKET, seed=2)
    with pytest.raises(StoppedError):
        quick(epochs=3).fit(MARKET, seed=2, running=Running(folder=tmp_path, progress=stop))
    rest = quick(epochs=3).fit(MARKET, seed=2, running=Running(folder=tmp_path))
    assert [epoch.epoch for epoch in rest.fitted.trained.epochs] == [1, 2, 3]
    assert same(whole, rest)


@pytest.mark.parametrize(
    "other",
    [
        {"requests": 3}, {"weights": {"churn": 2.0}}, {"heads": ("item", "churn")},
        {"horizons_days": (7, 21)}, {"return_days": 9}, {"epoch_tokens": 99}, {"dropout": 0.3},
        {"utc_offset_minutes": 60}, {"learning_rate": 0.001},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_goes_on_from_a_training_with_other_options(kept, other):
    with pytest.raises(InputError, match="another"):
        quick(epochs=1, **other).fit(MARKET, seed=2, running=Running(folder=kept))


def test_nothing_goes_on_from_a_training_on_another_log(kept):
    late = market(30, seed=1, users=USERS)
    with pytest.raises(InputError, match="another"):
        quick(epochs=1).fit(late, seed=2, running=Running(folder=kept))
    with pytest.raises(InputError, match="another"):
        quick(epochs=1).fit(MARKET, seed=2, held_out=0.3, running=Running(folder=kept))
    again = quick(epochs=1).fit(MARKET, seed=2, running=Running(folder=kept))
    assert len(again.fitted.trained.epochs) == 1


@pytest.mark.parametrize("held_out", [0.1, 0])
def test_a_training_that_diverges_is_no_model(held_out):
    model = quick(learning_rate=1e9)
    with pytest.raises(OptionError, match=r"diverged in epoch 1, at a learning_rate of 1e\+09"):
        model.fit(MARKET, held_out=held_out)
    with pytest.raises(NotFittedError):
        model.predict()


def test_asking_about_the_log_is_asking_about_what_was_kept(model):
    same_log = market(count=130, users=USERS)
    kept = model.predict(None, "purchase")
    read = model.predict(None, "purchase", log=same_log, at=100 * DAY)
    assert kept["user_id"].to_pylist() == read["user_id"].to_pylist()
    assert np.allclose(kept["purchase_7d"], read["purchase_7d"], atol=1e-5)
    early = model.predict(None, "purchase", log=same_log, at=50 * DAY)
    assert len(early) <= len(read)
    with pytest.raises(OptionError, match="'at' option of predict"):
        model.predict(None, "purchase", at=50 * DAY)


def test_vectors_have_two_halves_and_may_be_of_length_one(model):
    vectors = model.embed()
    assert vectors.kind == "user"
    assert vectors.vectors.shape == (len(vectors), 64)
    unit = model.embed(["u001", "u000", "u001"], normalize=True)
    assert unit.ids.to_pylist() == ["u001", "u000"]
    assert np.allclose(np.linalg.norm(unit.vectors[:, :32], axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(unit.vectors[:, 32:], axis=1), 1, atol=1e-5)
    of_one = model.embed(["u001"]).vectors[0]
    assert np.allclose(of_one, vectors.vectors[vectors.codes(["u001"])[0]], atol=1e-5)


def wanting(seed=0):
    """A shop where who views the cup soon orders it, and who views the saw never does."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(80):
        day = rng.uniform(0, 3)
        while day < 60:
            item = "cup" if rng.random() < 0.5 else "saw"
            rows.append((f"u{user:02}", day, "view", item))
            if item == "cup":
                rows.append((f"u{user:02}", day + 0.01, "purchase", "cup", 100))
            day += rng.exponential(4) + 1
    return log_of(rows)


def test_items_may_be_wanted_for_their_outcome():
    model = quick(heads=("item",), epochs=8, learning_rate=0.02).fit(wanting(), held_out=0)
    plain, wanted = (
        model.predict(["nobody"], "item", k=2, wanted=wanted) for wanted in (None, "order")
    )

    def lead(found):
        scores = dict(zip(found["item_id"].to_pylist(), found["score"].to_pylist(), strict=True))
        return scores["cup"] - scores["saw"]

    assert lead(wanted) > lead(plain) + 1
    with pytest.raises(OptionError, match="wanted"):
        model.predict(None, "item", wanted="glory")


def test_outcomes_are_asked_of_the_item_head_alone(model):
    with pytest.raises(OptionError, match="wanted"):
        model.predict(None, "event_type", wanted="order")


def test_weights_of_heads_may_be_given_or_learned():
    learned = quick(epochs=1, weights="uncertainty").fit(MARKET, seed=1)
    spread = learned.fitted.network.spread.detach().numpy()
    assert (spread != 0).all()
    alone = quick(epochs=1, weights={"item": 0.0, "event_type": 0.0}).fit(MARKET, seed=1)
    assert not same(learned, alone)


def test_an_epoch_may_be_cut_short():
    lengths = []
    for most in (None, 250):
        model = quick(epochs=1, epoch_tokens=most, batch_tokens=128)
        labels = []
        told = Running(progress=lambda *said, labels=labels: labels.append(said[2]))
        model.fit(MARKET, running=told)
        lengths.append(labels[-1])
    assert lengths[1] < lengths[0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("context", 2),
        ("heads", ("item", "love")),
        ("heads", ()),
        ("horizons_days", ()),
        ("churn_days", 0),
        ("weights", "equal"),
        ("weights", {"purchse": 2}),
        ("weights", {"purchase": -2}),
        ("weights", {"purchase": np.nan}),
        ("weights", {"purchase": "much"}),
        ("weights", ["purchase"]),
        ("epochs", 0),
        ("epoch_tokens", -5),
        ("epoch_tokens", 0),
        ("learning_rate", 0.0),
        ("learning_rate", np.inf),
        ("dropout", 3.0),
        ("dropout", -0.1),
        ("weight_decay", -1),
        ("schedule", "linear"),
        ("warmup_steps", -1),
        ("clip", 0),
        ("average", 1.0),
        ("patience", 0),
        ("encoder", "foo"),
        ("size", "huge"),
    ],
)
def test_options_out_of_range_are_refused(option, value):
    with pytest.raises(OptionError, match=f"'{option}' option of|'horizons_days' option of"):
        BehaviorModel(**(QUICK | {option: value}))


def test_how_steps_follow_each_other_is_handed_on_to_the_trainer():
    usual = quick().recipe().training
    assert (usual.warmup_steps, usual.schedule, usual.clip) == (30, "cosine", 5.0)
    assert (usual.average, usual.patience) == (0.998, 3)
    said = {"schedule": "constant", "warmup_steps": 5, "clip": 1, "average": None, "patience": 7}
    steps = BehaviorModel.of(said).recipe().training
    assert {name: getattr(steps, name) for name in said} == said
    with pytest.raises(OptionError, match="'clip' option"):
        BehaviorModel.of({"clip": None})


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_cost_is_that_of_the_network(encoder):
    asked = quick(encoder=encoder, epochs=1)
    cost = asked.cost(MARKET, until=100 * DAY)
    plan = asked.fit(MARKET, until=100 * DAY).fitted.network
    heads = [head for head in HEADS if head in plan.plan.heads]
    cost_of_these = quick(encoder=encoder, heads=tuple(heads)).cost(MARKET, until=100 * DAY)
    assert cost_of_these.parameters == sum(weight.numel() for weight in plan.parameters())
    assert cost.parameters > cost_of_these.parameters  # of the head for returns, which nobody makes
    assert cost.memory_mb > 0
    without = quick(encoder=encoder, heads=("churn",)).cost(MARKET).flops_per_target
    assert cost.flops_per_target > without


def test_what_no_memory_holds_is_counted_all_the_same():
    assert quick(size="xl").cost(MARKET).memory_mb > 4_000
    with pytest.raises(NotEnoughDataError, match="nothing to learn from"):
        quick().cost(MARKET, until=0)


def test_what_cannot_be_asked_says_so(model):
    with pytest.raises(NotFittedError, match="fit"):
        quick().predict()
    with pytest.raises(OptionError, match="held_out"):
        quick().fit(MARKET, held_out=1.0)
    with pytest.raises(OptionError, match="'k' option"):
        model.predict(None, "item", k=0)
    with pytest.raises(OptionError, match=r"'k' option.*whole number"):
        model.predict(None, "item", k=2.5)
    with pytest.raises(NotEnoughDataError, match="nothing to learn from"):
        quick().fit(log_of([("ann", 1, "view", "cup")]))
    with pytest.raises(NotEnoughDataError, match="nothing to learn from"):
        quick().fit(MARKET, until=0)
