"""Measuring a recommender: the split it is fitted on, the card, the form of the answer."""

import json

import numpy as np
import pytest

from footfall.errors import OptionError
from footfall.features.sequences import Sequences
from footfall.recommend import BuyAgain, Hybrid, Popular, Rules, evaluate_model
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def test_the_model_sees_training_items_only_and_history_the_validation_item():
    sequences = Sequences.from_arrays([0, 4, 8], [0, 1, 2, 3, 0, 1, 3, 2])
    model = Popular()
    measured = evaluate_model(model, sequences, k=[1])
    assert model.popularity_.tolist() == [2, 2, 0, 0]
    # Item 2 and 3 tie at 0 and one of them is masked: the other one is found.
    assert measured.metrics["hr@1"] == 1.0
    assert measured.protocol.history.endswith("the validation item among them")


def test_validation_items_are_learned_from_only_when_asked_and_the_card_says_so():
    sequences = Sequences.from_arrays([0, 4], [0, 1, 2, 3])
    model = Popular()
    plain = evaluate_model(model, sequences)
    assert not plain.protocol.validation_in_training
    refitted = evaluate_model(model, sequences, train_on_validation=True)
    assert model.popularity_.tolist() == [1, 1, 1, 0]
    assert refitted.protocol.validation_in_training


def test_the_json_has_the_form_that_scripts_rely_on():
    sequences = Sequences.from_arrays([0, 3, 6], [0, 1, 2, 1, 0, 2])
    measured = evaluate_model(Rules(), sequences, k=[5, 10])
    plain = json.loads(json.dumps(measured.to_json()))
    assert set(plain) == {"model", "protocol", "metrics", "fit_cpu_seconds", "peak_memory_mb"}
    assert {"hr@10", "ndcg@10", "mrr@10", "recall@5"} <= set(plain["metrics"])
    assert plain["protocol"]["items_ranked"] == 3
    assert plain["protocol"]["interval"]["ndcg@10"][0] <= plain["metrics"]["ndcg@10"]
    assert plain["model"] == "rules"
    assert "ndcg@10" in str(measured)
    assert "seen items              masked" in str(measured)


LOG = MemoryLog.from_rows(
    [
        ("ann", "2026-01-01", "purchase", "milk"),
        ("ann", "2026-01-02", "purchase", "milk"),
        ("ann", "2026-01-03", "purchase", "bread"),
        ("ann", "2026-02-01", "purchase", "milk"),
        ("bob", "2026-01-01", "purchase", "bread"),
        ("bob", "2026-02-02", "purchase", "milk"),
        ("cas", "2026-02-02", "purchase", "milk"),
    ]
)
CUTOFF = 1_769_817_600_000_000  # 2026-01-31


def test_a_time_cut_parts_new_items_from_repeats():
    new = evaluate_model(Popular(), LOG, split="time-cut", cutoff=CUTOFF, k=[1])
    assert (new.protocol.users, new.protocol.targets, new.protocol.targets_dropped) == (1, "new", 1)
    kept = evaluate_model(
        BuyAgain(), LOG, split="time-cut", cutoff=CUTOFF, keep_seen=True, targets="seen", k=[1]
    )
    assert (kept.protocol.users, kept.metrics["hr@1"]) == (1, 1.0)
    assert kept.protocol.cutoff == "2026-01-31T00:00:00+00:00"
    both = evaluate_model(BuyAgain(), LOG, split="time-cut", cutoff=CUTOFF, keep_seen=True, k=[1])
    assert (both.protocol.users, both.protocol.users_left_out) == (2, 1)


def test_a_horizon_ends_the_targets():
    with pytest.raises(OptionError, match="No user has a target"):
        evaluate_model(Popular(), LOG, split="time-cut", cutoff=CUTOFF, horizon_days=0.5)


def test_the_same_seed_measures_the_same():
    sequences = Sequences.from_arrays([0, 3, 6, 9], [0, 1, 2, 1, 0, 2, 2, 0, 1])
    first, second = (evaluate_model(Rules(), sequences, seed=3) for _ in range(2))
    assert (first.metrics, first.protocol) == (second.metrics, second.protocol)


def shop_of_habits():
    """Everybody comes back to the items taken before, and now and then to one that is new."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(rng.integers(0, 40, 4), 8) for _ in range(150)]
    return Sequences.from_arrays(np.arange(151) * 8, np.concatenate(rows), n_items=40)


@pytest.mark.parametrize("keep_seen", [True, False])
@pytest.mark.parametrize(
    "split", [{}, {"train_on_validation": True}, {"held_out": "validation"}], ids=str
)
def test_a_mix_is_weighed_for_the_lists_that_are_measured(keep_seen, split):
    shop = shop_of_habits()
    silent, told, otherwise = (
        Hybrid(parts=["popular", "buy-again"], repeats=repeats)
        for repeats in (None, keep_seen, not keep_seen)
    )
    measured, expected, _ = (
        evaluate_model(model, shop, keep_seen=keep_seen, **split)
        for model in (silent, told, otherwise)
    )
    assert measured.metrics == expected.metrics
    assert measured.options["repeats"] is keep_seen
    assert silent.repeats is None
    assert silent.adds_.equals(told.adds_), "what was found is read from the model that was given"
    assert not silent.adds_.equals(otherwise.adds_), "one that was told keeps to it"


def test_progress_is_told():
    said = []
    sequences = Sequences.from_arrays([0, 3], [0, 1, 2])
    evaluate_model(Popular(), sequences, progress=lambda *told: said.append(told))
    assert said == [("evaluate popular", 1, 1)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "random"}, "'split' option of evaluate must be one of"),
        ({"split": "time-cut"}, "'cutoff' option of evaluate must be a moment"),
        ({"cutoff": CUTOFF}, "left out in leave-one-out"),
        ({"targets": "seen"}, "'new' when seen items are masked"),
        ({"split": "time-cut", "cutoff": CUTOFF, "held_out": "validation"}, "earlier cutoff"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        evaluate_model(Popular(), LOG, **options)


def test_a_time_cut_needs_times():
    sequences = Sequences.from_arrays([0, 3], [0, 1, 2])
    with pytest.raises(OptionError, match="'leave-one-out' when times are unknown"):
        evaluate_model(Popular(), sequences, split="time-cut", cutoff=CUTOFF)


def test_rules_beat_popular_where_one_thing_follows_another():
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 40, 400)
    items = (starts[:, None] + np.arange(5)) % 40
    sequences = Sequences.from_arrays(np.arange(0, 2001, 5), items.ravel(), n_items=40)
    rules, popular = (evaluate_model(model, sequences, k=[1]) for model in (Rules(), Popular()))
    assert rules.metrics["hr@1"] > 0.9
    assert popular.metrics["hr@1"] < 0.2


def test_looking_beyond_accuracy_adds_to_the_answer_and_changes_nothing_else():
    sequences = Sequences.from_arrays([0, 4, 8, 11], [0, 1, 2, 3, 0, 1, 3, 2, 0, 1, 2])
    plain = evaluate_model(Popular(), sequences, k=[1, 2])
    beyond = evaluate_model(Popular(), sequences, k=[1, 2], beyond=True)
    assert plain.beyond is plain.by_segment is None
    assert (beyond.metrics, beyond.protocol) == (plain.metrics, plain.protocol)
    # Items 0 to 3 are taken 3, 2, 0, 0 times in training; 3 is masked for the second user.
    assert beyond.beyond["popularity@1"].value == 0
    assert beyond.beyond["coverage@1"].value == 0.5
    assert beyond.beyond["coverage@2"].value == 0.5
    assert beyond.beyond["serendipity@1"].value == 0
    # The histories have 3, 3 and 2 rows.
    assert list(beyond.by_segment) == ["1-2", "3-5"]
    assert beyond.by_segment["1-2"]["users"].value == 1
    added = json.loads(json.dumps(beyond.to_json()))
    assert set(added) - set(plain.to_json()) == {"beyond", "by_segment"}
    assert set(added["beyond"]["novelty@1"]) == {"value", "low", "high"}
    assert added["beyond"]["diversity@1"]["value"] is None  # a list of one has no pairs
    assert "coverage@1          0.5000" in str(beyond)
    assert "segment          users" in str(beyond)
    assert "coverage" not in str(plain)


def test_kinds_of_users_may_be_named():
    sequences = Sequences.from_arrays(
        [0, 3, 6, 9], [0, 1, 2, 1, 0, 2, 0, 2, 1], user_ids=["ann", "bob", "cas"]
    )
    measured = evaluate_model(
        Popular(), sequences, beyond=True, segments={"ann": "vip", "cas": "vip"}, intervals=False
    )
    users = {name: group["users"].value for name, group in measured.by_segment.items()}
    assert users == {"other": 1, "vip": 2}
    # All three have one unseen item left: 2, 2 and 1.
    assert measured.beyond["coverage@5"] == (2 / 3, None, None)


def test_lists_hold_seen_items_when_they_are_kept():
    sequences = Sequences.from_arrays([0, 4, 8], [0, 0, 0, 1, 0, 0, 0, 2])
    kept = evaluate_model(Popular(), sequences, k=[1], keep_seen=True, beyond=True)
    assert kept.beyond["popularity@1"].value == 4
    assert kept.beyond["popularity_ratio@1"].value == 1


def test_beyond_accuracy_does_not_depend_on_the_order_of_users():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 30, rng.integers(3, 9)) for _ in range(50)]
    answers = []
    for order in (range(50), rng.permutation(50)):
        sequences = Sequences.from_arrays(
            np.concatenate(([0], np.cumsum([len(rows[user]) for user in order]))),
            np.concatenate([rows[user] for user in order]),
            n_items=30,
            user_ids=[f"user {user}" for user in order],
        )
        answers.append(evaluate_model(Rules(), sequences, beyond=True, intervals=False).beyond)
    for name, figure in answers[0].items():
        assert figure.value == pytest.approx(answers[1][name].value, rel=1e-9)
