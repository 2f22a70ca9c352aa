"""What every predictor must do; add a new one to PREDICTORS."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import InputError, NotEnoughDataError, NotFittedError, OptionError
from footfall.predict import Purchase, Recency
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
DAYS = 120
PREDICTORS = [Purchase, Recency]


def shop_rows(seed=0, users=80):
    """Give (user, time, type, item, quantity, amount) rows: each user has a rhythm, some stop."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(users):
        gap, leaves = rng.uniform(3, 40), rng.uniform(30, 2 * DAYS)
        day = rng.uniform(0, 60)
        while day < min(leaves, DAYS):
            kind = "purchase" if rng.random() < 0.5 else "view"
            item, amount = f"item-{rng.integers(20)}", int(rng.integers(100, 5000))
            rows.append((f"user-{number}", int(day * DAY) + number, kind, item, 1, amount))
            day += rng.exponential(gap)
    return rows


ROWS = shop_rows()
LOG = MemoryLog.from_rows(ROWS)
UNTIL = 100 * DAY


@pytest.fixture(scope="module", params=PREDICTORS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(kind):
    return kind(horizon="14d").fit(LOG, until=UNTIL)


def test_the_answer_has_a_row_a_known_user_with_a_probability_in_its_interval(fitted):
    table = fitted.predict()
    assert table.column_names == ["user_id", "probability", "low", "high"]
    known = sorted({row[0] for row in ROWS if row[1] <= UNTIL})
    assert table.column("user_id").to_pylist() == known
    probability, low, high = (table.column(name).to_numpy() for name in table.column_names[1:])
    assert (low >= 0).all()
    assert (low <= probability).all()
    assert (probability <= high).all()
    assert (high <= 1).all()
    assert len(set(probability)) > 3


def test_the_same_seed_gives_the_same_answer(kind, fitted):
    assert kind(horizon="14d").fit(LOG, until=UNTIL).predict().equals(fitted.predict())


def test_fitting_again_forgets_what_was_learned_before(kind, fitted):
    again = kind(horizon="14d").fit(MemoryLog.from_rows(shop_rows(seed=9)), until=UNTIL, seed=5)
    assert again.fit(LOG, until=UNTIL).predict().equals(fitted.predict())


def test_a_failed_fit_leaves_nothing_to_ask(kind):
    model = kind(horizon="14d").fit(LOG, until=UNTIL)
    with pytest.raises(NotEnoughDataError, match="must fit into the log more than twice"):
        model.fit(LOG, until=20 * DAY)
    with pytest.raises(NotFittedError):
        model.predict()


def test_a_saved_model_gives_the_same_numbers(kind, fitted, tmp_path):
    fitted.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert again == fitted  # options
    assert again.predict().equals(fitted.predict())
    assert again.predict(["user-3", "nobody"]).equals(fitted.predict(["user-3", "nobody"]))
    later = {"at": 110 * DAY, "log": LOG}
    assert again.predict(**later).equals(fitted.predict(**later))


def test_a_model_is_saved_as_data_and_never_as_a_pickle(fitted, tmp_path):
    fitted.save(tmp_path)
    allowed = {".json", ".npz", ".parquet", ".txt"}
    assert {path.suffix for path in tmp_path.iterdir()} <= allowed
    assert json.loads((tmp_path / "predictor.json").read_text())["predictor"]


def test_a_folder_without_a_model_is_refused(kind, fitted, tmp_path):
    with pytest.raises(InputError, match=f"holds no {kind.__name__} that can be read"):
        kind.load(tmp_path)
    fitted.save(tmp_path)
    other = next(one for one in PREDICTORS if one is not kind)
    with pytest.raises(InputError, match=f"must hold a {other.__name__}.*holds a {kind.__name__}"):
        other.load(tmp_path)
    (tmp_path / "predictor.json").write_text("{}")
    with pytest.raises(InputError, match=f"holds no {kind.__name__}"):
        kind.load(tmp_path)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_events_after_the_moment_of_fitting_change_nothing(kind, fitted, seed):
    rng = np.random.default_rng(seed)
    earlier = [row for row in ROWS if row[1] <= UNTIL]
    later = [
        (f"user-{rng.integers(120)}", UNTIL + 1 + int(rng.integers(0, 90 * DAY)), "purchase")
        for _ in range(60)
    ]
    log = MemoryLog.from_rows([*later, *earlier])
    assert kind(horizon="14d").fit(log, until=UNTIL).predict().equals(fitted.predict())
    assert fitted.predict(at=UNTIL, log=log).equals(fitted.predict())


def test_an_event_after_a_moment_that_the_log_had_not_reached_changes_nothing(kind):
    """The log of the day ended before `until`; what comes later must not tell when."""
    early = [row for row in ROWS if row[1] <= UNTIL - 5 * DAY]
    more = [*early, ("user-new", UNTIL + 5 * DAY, "purchase")]
    one, two = (
        kind(horizon="14d").fit(MemoryLog.from_rows(rows), until=UNTIL) for rows in (early, more)
    )
    assert one.predict().equals(two.predict())


def test_the_order_of_reading_and_the_chunks_of_the_log_change_nothing(kind, fitted):
    log = MemoryLog.from_rows(ROWS[::-1], buckets=5)
    assert kind(horizon="14d").fit(log, until=UNTIL).predict().equals(fitted.predict())


def test_users_are_answered_in_the_order_asked(fitted):
    asked = ["user-7", "user-2", "user-7", "user-11"]
    table = fitted.predict(asked)
    assert table.column("user_id").to_pylist() == asked
    everybody = {row["user_id"]: row for row in fitted.predict().to_pylist()}
    assert table.to_pylist() == [everybody[user] for user in asked]
    assert fitted.predict(pa.chunked_array([asked])).equals(table)


def test_a_user_who_was_never_seen_gets_the_newcomers_rate_and_a_wide_interval(fitted):
    table = fitted.predict(["nobody", "", None, "user-3"])
    nobody, empty, missing, _ = table.to_pylist()
    assert nobody["probability"] == empty["probability"] == missing["probability"]
    assert 0 < nobody["probability"] < 1
    assert nobody["low"] <= nobody["probability"] <= nobody["high"]
    widths = fitted.predict().to_pylist()
    assert nobody["high"] - nobody["low"] > np.median([row["high"] - row["low"] for row in widths])


def test_nobody_asked_nobody_answered(fitted):
    assert fitted.predict([]).num_rows == 0


def test_a_moment_other_than_that_of_fitting_needs_the_log(fitted):
    assert fitted.predict(at=UNTIL).equals(fitted.predict())
    with pytest.raises(OptionError, match="give the log too"):
        fitted.predict(at=UNTIL + DAY)
    later = fitted.predict(at=UNTIL + 15 * DAY, log=LOG)
    assert later.num_rows >= fitted.predict().num_rows
    assert fitted.predict(log=LOG).equals(fitted.predict(at=LOG.span[1], log=LOG))


def test_a_predictor_that_was_not_fitted_says_so(kind, tmp_path):
    with pytest.raises(NotFittedError, match=f"{kind.__name__} must be fitted before predict"):
        kind().predict()
    with pytest.raises(NotFittedError, match="before save"):
        kind().save(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": "soon"}, "'horizon' option of .* must be a duration"),
        ({"cutoffs": 1}, "'cutoffs' option of .* must be an int of at least 2. Got 1"),
        ({"cutoffs": 2.5}, "'cutoffs' option of .* must be an int of at least 2"),
    ],
)
def test_wrong_options_are_refused_where_they_are_given(kind, options, message):
    with pytest.raises(OptionError, match=message):
        kind(**options)


def test_wrong_requests_are_refused(kind, fitted):
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        kind(horizon="14d", event_type="purchse").fit(LOG)
    with pytest.raises(NotEnoughDataError, match="it is empty"):
        kind().fit(MemoryLog.from_rows([]))
    with pytest.raises(OptionError, match=r"a list of user ids, such as \['user-3'\]"):
        fitted.predict("user-3")
    with pytest.raises(OptionError, match="'until' option of"):
        kind().fit(LOG, until="tomorrow")


@pytest.mark.parametrize("everybody", ["purchase", "view"])
def test_a_log_where_all_or_none_buy_still_gives_probabilities(kind, everybody):
    rows = [(f"user-{u}", d * DAY + u, everybody) for u in range(20) for d in range(60)]
    table = kind(horizon="7d").fit(MemoryLog.from_rows(rows)).predict()
    probability = table.column("probability").to_numpy()
    assert ((probability > 0) & (probability < 1)).all()
    assert (probability > 0.5).all() == (everybody == "purchase")


def test_a_log_of_barely_two_horizons_is_enough(kind):
    table = kind(horizon="45d").fit(LOG).predict()
    assert table.num_rows == len(LOG.user_ids)
