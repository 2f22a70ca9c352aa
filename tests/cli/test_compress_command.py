"""The command that makes a trained model smaller, and what it writes for other runtimes."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from tests.cli.in_process import answer_of, footfall

from footfall.features.sequences import Sequences
from footfall.recommend import load_recommender

# Item n is followed by n + 1.
CLICKS = ["user_id,timestamp,event_type,item_id"] + [
    f"u{user:02},2026-01-01T10:0{at}:00,view,i{(user + at) % 9}"
    for user in range(60)
    for at in range(3 + user % 3)
]
TRAINED = ("--set", "size=tiny", "--set", "epochs=15", "--set", "learning_rate=0.02")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(CLICKS) + "\n")
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    answer_of("train", "--log", folder / "log", "--out", folder / "model", *TRAINED)
    return folder


def test_a_small_model_is_saved_measured_and_asked_like_any_other(shop: Path) -> None:
    words = ("compress", "--from", shop / "model", "--out", shop / "small")
    said = answer_of(*words, "--how", "int8-static", "--log", shop / "log")
    assert (said["how"], said["folder"]) == ("int8-static", str(shop / "small"))
    large, small = said["forms"]
    assert (large["form"], small["form"]) == ("as it was", "int8-static")
    assert small["mb"] < large["mb"] / 2
    assert all(0 < row["p50_ms"] <= row["p99_ms"] for row in (large, small))
    assert all(row["users_per_second"] > 0 for row in (large, small))
    assert all(row["ndcg_at_10"] > 0.8 for row in (large, small))
    told = ("recommend", "--log", shop / "log", "--from", shop / "small", "--user", "u00")
    first = answer_of(*told, "--k", 1)["recommendations"][0]
    assert first["item_id"] == "i3", "after i0, i1, i2"
    assert answer_of("similar-items", "i1", "--from", shop / "small")["model"] == "compressed"


def test_options_of_a_form_can_be_set_and_the_table_is_for_people(shop: Path) -> None:
    words = ("--how", "prune", "--set", "least_rows=1", "--set", "layers=float32")
    done = footfall("compress", "--from", shop / "model", "--out", shop / "pruned", *words)
    assert done.returncode == 0, done.stderr
    heads, large, small = done.stdout.splitlines()[:3]
    assert heads.split() == ["form", "mb", "p50_ms", "p99_ms", "users_per_second", "ndcg_at_10"]
    assert large.startswith("as it was")
    assert small.startswith("prune")
    assert done.stdout.endswith(f"Saved in {shop / 'pruned'}.\n")
    made = load_recommender(shop / "pruned").options
    assert (made["least_rows"], made["rare"], made["layers"]) == (1, "drop", "float32")


def test_a_small_model_is_evaluated_by_name(tmp_path: Path) -> None:
    file = tmp_path / "sequences.txt"
    file.write_text("".join(f"{u} {u % 3 + 1} {u % 4 + 1} 7 8 9\n" for u in range(1, 30)))
    words = ("--set", "layers=int8-static", "--set", 'model={"size": "tiny", "epochs": 1}')
    answer = answer_of("evaluate", file, "--reader", "sequences", "--model", "compressed", *words)
    assert answer["model"] == "compressed"
    assert 0 <= answer["metrics"]["ndcg@10"] <= 1


def test_an_onnx_graph_gives_the_same_scores(shop: Path) -> None:
    words = ("compress", "--from", shop / "model", "--out", shop / "onnx", "--how", "onnx")
    said = answer_of(*words)
    assert (said["how"], said["items"]) == ("onnx", 9)
    model = load_recommender(shop / "model")
    ids = json.loads((shop / "onnx" / "items.json").read_text())
    assert ids == model.item_ids_.to_pylist()
    rates = json.loads((shop / "onnx" / "repeats.json").read_text())
    assert rates == model.learned_["repeats"].tolist()
    graph = ReferenceEvaluator(str(shop / "onnx" / "network.onnx"))
    visits = Sequences.from_arrays([0, 1, 4, 9], [4, 0, 1, 2, 8, 7, 6, 5, 4], n_items=9)
    padded = np.array([[4, 0, 0, 0, 0], [0, 1, 2, 3, 3], [8, 7, 6, 5, 4]])
    lengths = np.array([1, 3, 5])
    scores = graph.run(None, {"items": padded, "lengths": lengths})[0]
    assert scores == pytest.approx(model.scores(visits), abs=1e-4)
    alone = graph.run(None, {"items": padded[:1, :1], "lengths": lengths[:1]})[0]
    assert alone[0] == pytest.approx(scores[0], abs=1e-4)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--how", "int4"), 2, "'how' option of compress must be one of float32, float16"),
        (("--set", "bits=4"), 2, "'set' option of compress must be one of layers, table"),
        (("--set", "layers=int4"), 2, "'layers' option of compress must be one of float32"),
        (("--how", "onnx", "--set", "table=int8"), 2, "another one with --set or --log"),
        (("--from", "nowhere"), 1, "nowhere holds no model"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(
    shop: Path, tmp_path: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    done = footfall("compress", "--from", shop / "model", "--out", tmp_path / "x", *words)
    assert done.returncode == code
    assert message in done.stderr
    assert not (tmp_path / "x").exists()


def test_only_the_behavior_model_can_be_made_smaller(shop: Path, tmp_path: Path) -> None:
    words = ("--log", shop / "log", "--out", tmp_path / "rules", "--model", "rules")
    assert footfall("train", *words).returncode == 0
    done = footfall("compress", "--from", tmp_path / "rules", "--out", tmp_path / "x")
    assert done.returncode == 2
    assert "must be a folder of a sequential or hybrid model. Got 'rules' instead." in done.stderr
