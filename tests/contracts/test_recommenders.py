"""What every recommender must do, whatever it computes."""

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import InputError, NotFittedError, OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import RECOMMENDERS, BusinessRules, load_recommender, recommender_named
from footfall.store.memory import MemoryLog

NAMES = sorted(RECOMMENDERS)
ROWS = [
    ("ann", "2026-01-01T10:00", "view", "kettle"),
    ("ann", "2026-01-01T10:05", "purchase", "teapot"),
    ("ann", "2026-01-03T09:00", "view", "cup"),
    ("bob", "2026-01-02T09:00", "view", "kettle"),
    ("bob", "2026-01-02T09:10", "view", "teapot"),
    ("bob", "2026-01-04T09:10", "view", "kettle"),
    ("cas", "2026-01-02T11:00", "view", "teapot"),
    ("cas", "2026-01-02T11:30", "view", "spoon"),
    ("dan", "2026-01-05T08:00", "search", None),
]
LOG = MemoryLog.from_rows(ROWS)

# Networks of the usual size would take minutes here; what is asked of them is the same.
TINY = {"size": "tiny", "epochs": 1}
SMALL = {
    "sequential": TINY,
    "compressed": {"model": TINY},
    "hybrid": {"part_options": {"sequential": TINY}},
}

pytestmark = pytest.mark.parametrize("name", NAMES)


def made(name, **options):
    return recommender_named(name, SMALL.get(name, {}) | options)


def fitted(name, log=LOG, **options):
    return made(name).fit(log, **options)


def items_of(table, user):
    rows = zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True)
    return [item for each, item in rows if each == user]


def test_answers_are_rows_of_user_item_score_and_rank(name):
    table = fitted(name).recommend(["ann", "bob"], k=2, keep_seen=True)
    assert table.schema == pa.schema(
        {
            "user_id": pa.string(),
            "item_id": pa.string(),
            "score": pa.float32(),
            "rank": pa.int32(),
        }
    )
    assert table["user_id"].to_pylist() == ["ann", "ann", "bob", "bob"]
    assert table["rank"].to_pylist() == [1, 2, 1, 2]
    first, second, third, fourth = table["score"].to_pylist()
    assert first >= second
    assert third >= fourth


def test_users_come_back_in_the_order_asked_even_twice(name):
    table = fitted(name).recommend(["cas", "ann", "cas"], k=1)
    assert table["user_id"].to_pylist() == ["cas", "ann", "cas"]


def test_seen_items_are_masked_unless_kept(name):
    model = fitted(name)
    assert items_of(model.recommend(["ann"], k=9), "ann") == ["spoon"]
    assert set(items_of(model.recommend(["ann"], k=9, keep_seen=True), "ann")) == {
        "cup",
        "kettle",
        "spoon",
        "teapot",
    }


def test_unknown_and_silent_users_get_what_is_popular(name):
    model = fitted(name)
    table = model.recommend(["zoe", "", "dan"], k=2)
    # Kettle and teapot have three rows each; equal ones come in the order of their ids.
    for user in ("zoe", "", "dan"):
        assert items_of(table, user) == ["kettle", "teapot"]


def test_nobody_asked_nothing_answered(name):
    assert fitted(name).recommend([]).num_rows == 0
    assert fitted(name).similar([]).num_rows == 0


def test_more_than_there_is_gives_all_there_is(name):
    assert fitted(name).recommend(["zoe"], k=1000).num_rows == 4


def test_a_visit_of_its_own_is_answered_and_unknown_items_drop_out(name):
    visits = Sequences.from_arrays(
        [0, 2, 3], [0, 1, 0], item_ids=["samovar", "kettle"], user_ids=["v1", "v2"]
    )
    table = fitted(name).recommend(visits, k=9)
    assert set(items_of(table, "v1")) == {"cup", "spoon", "teapot"}
    assert items_of(table, "v2")[:2] == ["kettle", "teapot"]


def test_asking_at_a_moment_uses_no_later_history(name):
    model = fitted(name)
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    asked = model.recommend(["ann"], k=9, at=moment)
    assert set(items_of(asked, "ann")) == {"cup", "spoon"}
    assert items_of(model.recommend(["ann"], k=2, at=0), "ann") == ["kettle", "teapot"]


def test_an_item_is_never_similar_to_itself(name):
    table = fitted(name).similar(["kettle", "samovar", "cup"], k=9)
    pairs = list(zip(table["item_id"].to_pylist(), table["similar_id"].to_pylist(), strict=True))
    assert all(item != other for item, other in pairs)
    assert [item for item, _ in pairs] == ["kettle"] * 3 + ["samovar"] * 4 + ["cup"] * 3
    assert pairs[3] == ("samovar", "kettle")


def test_a_new_fit_forgets_the_old_one(name):
    other = MemoryLog.from_rows([("eve", "2026-02-01", "view", "samovar")])
    again = fitted(name, other).fit(LOG).recommend(["ann", "eve"], keep_seen=True)
    assert again.equals(fitted(name).recommend(["ann", "eve"], keep_seen=True))


def test_the_order_of_rows_and_the_number_of_chunks_do_not_matter(name):
    rows = [ROWS[place] for place in np.random.default_rng(0).permutation(len(ROWS))]
    users = ["ann", "bob", "cas", "zoe"]
    expected = fitted(name).recommend(users, keep_seen=True)
    for buckets in (1, 5):
        log = MemoryLog.from_rows(rows, buckets=buckets)
        assert fitted(name, log).recommend(users, keep_seen=True).equals(expected)


def test_the_same_seed_gives_the_same_answer(name):
    first, second = (fitted(name, seed=7).recommend(["ann", "bob"]) for _ in range(2))
    assert first.equals(second)


def test_sequences_are_as_good_as_the_log(name):
    assert (
        fitted(name, Sequences.from_log(LOG))
        .recommend(["ann"])
        .equals(fitted(name).recommend(["ann"]))
    )


@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_later_events_change_no_answer(name, data):
    event = st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 20),
        st.sampled_from(["view", "purchase", "return"]),
        st.sampled_from(["kettle", "cup", "spoon", "teapot", "samovar", "apron"]),
    )
    rows = data.draw(st.lists(event, min_size=1, max_size=30))
    until = data.draw(st.integers(0, 20))
    earlier = [row for row in rows if row[1] <= until]
    users = ["a", "b", "c", "d", "zoe"]
    answers = [
        made(name).fit(MemoryLog.from_rows(some), until=until).recommend(users, keep_seen=True)
        for some in (rows, earlier)
    ]
    assert answers[0].equals(answers[1])


def test_a_saved_model_answers_the_same(name, tmp_path):
    model = fitted(name)
    model.save(tmp_path / "model")
    for loaded in (load_recommender(tmp_path / "model"), type(model).load(tmp_path / "model")):
        assert loaded == model
        users = ["ann", "bob", "zoe"]
        assert loaded.recommend(users, keep_seen=True).equals(
            model.recommend(users, keep_seen=True)
        )
        assert loaded.similar(["kettle"]).equals(model.similar(["kettle"]))


def test_a_damaged_newer_or_other_model_is_refused(name, tmp_path):
    fitted(name).save(tmp_path)
    arrays, card = tmp_path / "arrays.npz", tmp_path / "model.json"
    whole, text = arrays.read_bytes(), card.read_text()
    arrays.write_bytes(whole[:-10])
    with pytest.raises(InputError, match="damaged or not of this model"):
        load_recommender(tmp_path)
    arrays.unlink()
    with pytest.raises(InputError, match=r"arrays\.npz cannot be read"):
        load_recommender(tmp_path)
    arrays.write_bytes(whole)
    for change, message in (
        ({"format": 99}, "written in format 99"),
        ({"model": "oracle"}, "'oracle' model"),
    ):
        card.write_text(json.dumps(json.loads(text) | change))
        with pytest.raises(InputError, match=message):
            load_recommender(tmp_path)
        with pytest.raises(InputError, match=message):
            RECOMMENDERS[name].load(tmp_path)
    for broken in (text[:20], "[]"):
        card.write_text(broken)
        with pytest.raises(InputError, match=r"damaged|not the card"):
            load_recommender(tmp_path)
    with pytest.raises(InputError, match="holds no model"):
        load_recommender(tmp_path / "nowhere")


def test_nothing_is_answered_before_a_fit(name, tmp_path):
    model = made(name)
    for call in (
        lambda: model.recommend(["ann"]),
        lambda: model.similar(["cup"]),
        lambda: model.save(tmp_path),
    ):
        with pytest.raises(NotFittedError, match="learned nothing yet"):
            call()


def test_options_are_frozen_and_unknown_ones_refused(name):
    with pytest.raises(OptionError, match=r"has no option 'event_typs'.*'event_types'"):
        recommender_named(name, {"event_typs": ["view"]})
    with pytest.raises(OptionError, match="a list of event types"):
        recommender_named(name, {"event_types": "view"})
    with pytest.raises(FrozenInstanceError):
        recommender_named(name).event_types = ("view",)


def test_wrong_questions_are_refused(name):
    model = fitted(name)
    for wrong, message in (
        ({"users": "ann"}, "'users' option of recommend must be a list of ids"),
        ({"users": [1, 2]}, "list of ids as text"),
        ({"users": ["ann"], "k": 0}, "'k' option of recommend must be a whole number from 1"),
        ({"users": ["ann"], "k": True}, "'k' option of recommend"),
        ({"users": ["ann"], "at": "now"}, "'at' option of recommend must be a moment"),
    ):
        with pytest.raises(OptionError, match=message):
            model.recommend(**wrong)
    with pytest.raises(OptionError, match="'k' option of similar"):
        model.similar(["cup"], k=-1)
    with pytest.raises(OptionError, match="'until' option of"):
        model.fit(LOG, until=1.5)


def test_histories_of_another_catalogue_have_no_scores(name):
    with pytest.raises(OptionError, match="of the fitted catalogue of 4 items"):
        fitted(name).scores(Sequences.from_arrays([0, 1], [0], n_items=5))


def test_only_chosen_event_types_count(name):
    model = made(name, event_types=["purchase"]).fit(LOG)
    assert items_of(model.recommend(["bob"]), "bob") == ["teapot"]
    with pytest.raises(OptionError, match="'bought'"):
        made(name, event_types=["bought"]).fit(LOG)


def test_a_log_without_items_gives_empty_answers(name):
    model = fitted(name, MemoryLog.from_rows([("dan", "2026-01-05", "search", None)]))
    assert model.recommend(["dan", "zoe"]).num_rows == 0
    assert model.similar(["cup"]).num_rows == 0


def test_a_shop_of_one_item_has_one_answer(name):
    model = fitted(name, MemoryLog.from_rows([("ann", "2026-01-05", "view", "cup")]))
    assert model.recommend(["ann"]).num_rows == 0
    assert items_of(model.recommend(["ann"], keep_seen=True), "ann") == ["cup"]
    assert items_of(model.recommend(["zoe"]), "zoe") == ["cup"]


def test_a_user_of_100_000_events_is_answered(name):
    rng = np.random.default_rng(0)
    items = rng.integers(0, 300, 100_000)
    sequences = Sequences.from_arrays([0, 100_000, 100_002], [*items, 1, 2], n_items=301)
    table = fitted(name, sequences).recommend(["0", "1"], k=5, keep_seen=True)
    assert table.num_rows == 10
    assert np.isfinite(table["score"].to_numpy()).all()


def test_items_without_events_and_holes_in_the_item_table_are_no_trouble(name):
    ids = ["apron", "cup", "kettle", "spoon", "teapot"]
    nothing = float("nan")
    table = pa.table(
        {
            "item_id": ["teapot", "apron", "cup", "kettle"],
            "title": ["Blue teapot", None, "", "茶壶 Kettle"],
            "category": ["home/tea", None, "home", "home/tea"],
            "price": [9.5, nothing, None, -1.0],
            "tags": pa.array([["blue"], None, [], ["blue", "steel"]]),
            "image": pa.nulls(4),
        }
    )
    sequences = Sequences.from_arrays(
        [0, 2, 3, 3], [1, 2, 2], item_ids=ids, user_ids=["ann", "bob", "cas"], item_table=table
    )
    model = fitted(name, sequences)
    answers = model.recommend(["ann", "bob", "cas"], k=9, keep_seen=True)
    for user in ("ann", "bob", "cas"):
        assert sorted(items_of(answers, user)) == ids
    assert np.isfinite(answers["score"].to_numpy()).all()
    assert set(model.similar(["apron"])["similar_id"].to_pylist()) == {*ids} - {"apron"}


# What a shop asks of any of them: rules on top, and why.

SHOP_ITEMS = pa.table(
    {
        "item_id": ["cup", "kettle", "spoon", "teapot"],
        "kind": ["small", "large", "small", "large"],
        "price": [8.0, 30.0, float("nan"), 45.0],
        "stock": [4, 2, 9, 1],
    }
)


@cache
def known(name):
    """Fit once for the tests that only ask."""
    return fitted(name)


@pytest.mark.parametrize("keep_seen", [False, True])
def test_business_rules_hold_and_invent_nothing(name, keep_seen):
    model = known(name)
    users = ["ann", "bob", "cas", "zoe"]
    free = model.recommend(users, k=4, keep_seen=keep_seen).to_pylist()
    place = {(row["user_id"], row["item_id"]): (row["rank"], row["score"]) for row in free}
    capped = BusinessRules(caps={"kind": 1}).bind(model.item_ids_, SHOP_ITEMS)
    shown = model.recommend(users, k=4, keep_seen=keep_seen, rules=capped)
    rows = shown.to_pylist()
    kind_of = dict(
        zip(*(SHOP_ITEMS[each].to_pylist() for each in ("item_id", "kind")), strict=True)
    )
    for user in users:
        mine = [row for row in rows if row["user_id"] == user]
        kinds = [kind_of[row["item_id"]] for row in mine]
        open_to = {kind_of[item] for each, item in place if each == user}
        assert sorted(kinds) == sorted(open_to), "one of each kind, and all kinds that there are"
        assert [row["rank"] for row in mine] == list(range(1, len(mine) + 1))
    # The order is the model's, the scores are the model's, and nothing is there that it had not.
    for row in rows:
        assert (row["model_rank"], row["score"]) == place[row["user_id"], row["item_id"]]
    slates = model.slates(users, k=4, keep_seen=keep_seen, rules=capped)
    assert slates.table.equals(shown)
    left = slates.removed.select(["user_id", "item_id"]).to_pylist()
    both = [(row["user_id"], row["item_id"]) for row in [*rows, *left]]
    assert sorted(both) == sorted(place)


def test_a_filter_shows_no_item_of_unknown_price(name):
    model = known(name)
    rules = BusinessRules(in_stock="stock", price_band=(None, 40)).bind(model.item_ids_, SHOP_ITEMS)
    slates = model.slates(["zoe", "ann"], k=9, keep_seen=True, rules=rules)
    for user in ("zoe", "ann"):
        assert sorted(items_of(slates.table, user)) == ["cup", "kettle"]
        reasons = {row["item_id"]: row["reason"] for row in slates.removed.to_pylist()}
    assert reasons == {"spoon": "of unknown price", "teapot": "above the price band"}


def test_explanations_never_fail(name):
    model = known(name)
    table = model.explain("ann", ["spoon", "samovar"])
    assert table.schema.names == ["item_id", "history_item", "contribution", "rank"]
    assert table["item_id"].to_pylist() == ["spoon"] * 3, "nothing is known of a samovar"
    assert sorted(table["history_item"].to_pylist()) == ["cup", "kettle", "teapot"]
    assert np.isfinite(table["contribution"].to_numpy()).all()
    assert table["rank"].to_pylist() == [1, 2, 3]
    for silent in ("zoe", "dan", ""):
        assert model.explain(silent, ["spoon"]).num_rows == 0
    assert model.explain("ann", []).num_rows == 0
    of_new = Sequences.from_arrays([0, 1], [0], item_ids=["samovar"], user_ids=["visit"])
    assert model.explain(of_new, ["spoon"]).num_rows == 0


def history_of_bob(*items):
    shop = Sequences.from_log(LOG)
    bob = shop.user_ids.index("bob").as_py()
    codes = [shop.item_ids.index(item).as_py() for item in items]
    rows = np.arange(shop.offsets[bob], shop.offsets[bob + 1])
    rows = rows[np.isin(shop.items[rows], codes)]
    return Sequences.from_arrays(
        [0, len(rows)],
        shop.items[rows],
        item_ids=shop.item_ids,
        user_ids=["bob"],
        timestamps=shop.timestamps[rows],
    )


def test_a_contribution_is_what_the_score_falls_by(name):
    model = known(name)
    rows = model.explain("bob", ["spoon"]).to_pylist()
    spoon = model.item_ids_.index("spoon").as_py()
    whole = model.scores(history_of_bob("kettle", "teapot"))[0, spoon]
    for row in rows:
        other = {"kettle": "teapot", "teapot": "kettle"}[row["history_item"]]
        falls = whole - model.scores(history_of_bob(other))[0, spoon]
        assert row["contribution"] == pytest.approx(falls, rel=1e-4, abs=1e-5)


def test_users_of_one_event_are_learned_from_and_answered(name):
    log = MemoryLog.from_rows(
        [(f"u{at}", f"2026-01-0{at + 1}", "view", ["cup", "kettle"][at % 2]) for at in range(5)]
    )
    model = fitted(name, log)
    answers = model.recommend([f"u{at}" for at in range(5)], k=9)
    assert answers["item_id"].to_pylist() == ["kettle", "cup", "kettle", "cup", "kettle"]
    assert model.similar(["cup"])["similar_id"].to_pylist() == ["kettle"]


def test_a_folder_that_lost_a_part_is_refused(name, tmp_path):
    known(name).save(tmp_path)
    card, arrays = tmp_path / "model.json", tmp_path / "arrays.npz"
    told, whole = json.loads(card.read_text()), arrays.read_bytes()
    for part in told:
        card.write_text(json.dumps({key: told[key] for key in told if key != part}))
        with pytest.raises(InputError, match=r"not the card of a model|a part of it is missing"):
            load_recommender(tmp_path)
    card.write_text(json.dumps(told | {"options": "none"}))
    with pytest.raises(InputError, match="a part of it is missing"):
        load_recommender(tmp_path)
    card.write_text(json.dumps(told))
    for size in (0, 1, len(whole) // 2):
        arrays.write_bytes(whole[:size])
        with pytest.raises(InputError, match="damaged or not of this model"):
            load_recommender(tmp_path)
