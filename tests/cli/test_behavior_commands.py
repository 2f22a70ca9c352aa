"""The behaviour model from the command line: train, ask its heads, take vectors out."""

import json

import pyarrow.parquet as pq
import pytest
from tests.cli.in_process import footfall
from tests.models.two_processes import said_by_two

from footfall.models.behavior import BehaviorModel

OPTIONS = (
    "size=tiny",
    "context=8",
    "epochs=2",
    "requests=2",
    "horizons_days=[7,14]",
    "churn_days=7",
)
SET = [word for option in OPTIONS for word in ("--set", option)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Twenty users; those of even number buy the cup after each look at it."""
    folder, lines = tmp_path_factory.mktemp("shop"), ["user_id,timestamp,event_type,item_id,price"]
    for user in range(20):
        for day in range(1 + user % 3, 29, 3):
            at = f"u{user:02},2026-01-{day:02}"
            lines.append(f"{at}T10:00:00,view,cup,5.00")
            if user % 2 == 0:
                lines.append(f"{at}T11:00:00,purchase,cup,5.00")
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    read = footfall("ingest", folder / "events.csv", "--log", folder / "log")
    assert read.returncode == 0, read.stderr
    done = footfall(
        "train", "--log", folder / "log", "--out", folder / "model", "--model", "behavior", *SET
    )
    assert done.returncode == 0, done.stderr
    assert "Saved in" in done.stdout
    assert done.stderr.count("tokens/s") == 2  # a line an epoch
    assert "tiny: " in done.stderr.split("epoch 1")[0]  # what it costs, before it is begun
    assert "parameters" in done.stderr
    return folder


def answer(*words):
    done = footfall(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_training_says_what_was_learned(shop, tmp_path):
    told = answer(
        "train", "--log", shop / "log", "--out", tmp_path / "m", "--model", "behavior", *SET,
        "--until", "2026-01-20", "--checkpoints", tmp_path / "c", "--seed", "3",
    )  # fmt: skip
    assert told["until"] == "2026-01-20T00:00:00+00:00"
    assert [epoch["epoch"] for epoch in told["epochs"]] == [1, 2]
    assert {"item", "purchase", "churn"} <= set(told["heads"])
    assert set(told["cost"]) == {"parameters", "flops_per_target", "memory_mb"}
    assert any((tmp_path / "c").iterdir())
    assert BehaviorModel.load(tmp_path / "m").horizons_days == (7, 14)


def test_two_processes_train_it_together_and_one_of_them_tells(shop, tmp_path):
    words = ("--log", shop / "log", "--model", "behavior", *SET, "--set", "dropout=0", "--json")
    said = said_by_two("-m", "--", "footfall.cli", "train", *words, "--out", tmp_path / "two")
    losses = [epoch["loss"] for epoch in json.loads(said)["epochs"]]
    alone = answer("train", *words[:-1], "--out", tmp_path / "one")["epochs"]
    assert losses == pytest.approx([epoch["loss"] for epoch in alone], rel=1e-4)
    models = [BehaviorModel.load(tmp_path / name) for name in ("one", "two")]
    first, second = (model.predict(None, "purchase")["purchase_7d"] for model in models)
    assert first.to_pylist() == pytest.approx(second.to_pylist(), abs=1e-3)


def test_a_head_is_asked_about_users_of_a_log(shop):
    ask = ("predict", "--log", shop / "log", "--from", shop / "model")
    told = answer(*ask, "--head", "purchase", "--user", "u00", "--user", "nobody")
    assert told["unknown_users"] == ["nobody"]
    assert [row["user_id"] for row in told["predictions"]] == ["u00", "nobody"]
    assert set(told["predictions"][0]) == {"user_id", "purchase_7d", "purchase_14d"}
    later = answer(*ask, "--head", "purchase", "--user", "u00", "--at", "2026-04-01")
    assert later["at"] == "2026-04-01T00:00:00+00:00"
    first = answer(*ask, "--top", "3", "--head", "churn")["predictions"]
    chances = [row["churn_7d"] for row in first]
    assert chances == sorted(chances, reverse=True)
    assert len(first) == 3
    items = answer(*ask, "--head", "item", "--wanted", "order", "--user", "u01")["predictions"]
    assert [row["item_id"] for row in items] == ["cup"]


def test_what_is_not_known_is_null_in_json(shop):
    ask = ("predict", "--log", shop / "log", "--from", shop / "model", "--head", "order_time")
    done = footfall(*ask, "--json")
    assert "NaN" not in done.stdout
    assert all(row["median_days"] is None or row["median_days"] > 0
               for row in json.loads(done.stdout)["predictions"])  # fmt: skip


def test_vectors_of_all_users_are_written(shop, tmp_path):
    out = tmp_path / "users.parquet"
    told = answer("embed", "--from", shop / "model", "--out", out)
    assert (told["rows"], told["numbers"]) == (20, 64)
    found = pq.read_table(out)
    assert found.column_names == ["user_id", "vector"]
    assert {len(vector) for vector in found["vector"].to_pylist()} == {64}
    early = answer(
        "embed", "--from", shop / "model", "--out", out, "--log", shop / "log", "--at", "2026-01-01"
    )
    assert early["rows"] < 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("predict", "--head", "churn"), "'head' option of predict"),
        (("predict", "--from", "model", "--head", "love"), "'head' option of predict"),
        (("predict", "--from", "nowhere"), "holds no behaviour model"),
        (("train", "--out", "x", "--model", "behavior", "--set", "love=1"), "'set' option"),
    ],
)
def test_wrong_use_is_explained(shop, words, said):
    placed = [shop / "model" if word == "model" else word for word in words]
    done = footfall(*placed, "--log", shop / "log")
    assert done.returncode != 0
    assert said in done.stderr


def test_items_have_no_vectors_of_this_kind(shop, tmp_path):
    done = footfall("embed", "--from", shop / "model", "--out", tmp_path / "x", "--of", "items")
    assert done.returncode == 2
    assert "'of' option of embed" in done.stderr
