"""`footfall train`: what it says first, and what it refuses."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from tests.cli.in_process import answer_of, footfall
from tests.models.two_processes import said_by_two

from footfall.recommend import Sequential
from footfall.store.log import open_log

EVENTS = ["user_id,timestamp,event_type,item_id"] + [
    f"u{user:02},2026-01-01T10:0{at}:00,view,i{(user + at) % 7}"
    for user in range(30)
    for at in range(4)
]
TINY = '{"size": "tiny", "epochs": 1}'


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "events.csv").write_text("\n".join(EVENTS) + "\n")
    done = footfall("ingest", folder / "events.csv", "--log", folder / "log")
    assert done.returncode == 0, done.stderr
    return folder / "log"


def test_a_network_is_trained_by_its_name(log, tmp_path):
    words = ("--log", log, "--out", tmp_path / "m", "--model", "gru", "--set", "size=tiny")
    assert answer_of("train", *words, "--set", "epochs=1")["model"] == "gru"
    asked = ("recommend", "--log", log, "--from", tmp_path / "m", "--user", "u00")
    assert answer_of(*asked)["model"] == "sequential"


def test_a_mix_says_first_what_its_network_costs(log, tmp_path):
    told = {}
    for model, settings in (
        ("hybrid", ['parts=["rules","sequential"]', f'part_options={{"sequential": {TINY}}}']),
        ("sequential", ["size=tiny", "epochs=1"]),
    ):
        words = [word for each in settings for word in ("--set", each)]
        done = footfall("train", "--log", log, "--out", tmp_path / model, "--model", model, *words)
        assert done.returncode == 0, done.stderr
        told[model] = next(line for line in done.stderr.splitlines() if "parameters" in line)
    assert told["hybrid"] == f"sequential, {told['sequential']}"


def test_a_mix_without_a_network_names_no_cost(log, tmp_path):
    words = ("--model", "hybrid", "--set", 'parts=["rules","popular"]')
    done = footfall("train", "--log", log, "--out", tmp_path / "m", *words)
    assert done.returncode == 0, done.stderr
    assert "parameters" not in done.stderr


@pytest.mark.parametrize("model", ["rules", "hybrid", "compressed"])
def test_processes_refuse_to_share_what_only_one_can_learn(log, tmp_path, monkeypatch, model):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "2")
    out = tmp_path / "m"
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        done = footfall("train", "--log", log, "--out", out, "--model", model)
        assert done.returncode == 2
        assert "behavior under torchrun. Got" in done.stderr
        assert not out.exists()
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert footfall("train", "--log", log, "--out", out, "--model", "popular").returncode == 0


def test_a_number_of_processes_that_torchrun_did_not_start_is_no_reason(log, tmp_path, monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    words = ("--log", log, "--out", tmp_path / "m", "--model", "popular")
    assert footfall("train", *words).returncode == 0


def test_two_processes_that_read_half_of_the_buckets_each_train_what_one_does(tmp_path):
    rng = np.random.default_rng(0)
    events = [
        f"u{user:02},2026-01-01T10:{at:02}:00,view,i{rng.choice((user + at, 3 * at)) % 11}"
        for user in range(60)
        for at in range(rng.integers(3, 9))
    ]
    # Some items are met by one user only, and so by one process only.
    events += [f"u{user:02},2026-01-02T10:00:00,view,own{user}" for user in range(0, 60, 7)]
    (tmp_path / "events.csv").write_text("\n".join([EVENTS[0], *events]) + "\n")
    assert footfall("ingest", tmp_path / "events.csv", "--log", tmp_path / "log").returncode == 0
    words = ("--log", tmp_path / "log", "--set", "size=tiny", "--set", "epochs=2", "--set")
    words = (*words, "dropout=0", "--until", "2026-01-02T10:00:00", "--json")
    said = said_by_two("-m", "--", "footfall.cli", "train", *words, "--out", tmp_path / "two")
    alone = answer_of("train", *words[:-1], "--out", tmp_path / "one")
    together = json.loads(said)
    assert together["cost"] == alone["cost"]
    for name in ("loss", "quality"):
        one, two = ([epoch[name] for epoch in each["epochs"]] for each in (alone, together))
        assert two == pytest.approx(one, rel=1e-4)
    one, two = (Sequential.load(tmp_path / name) for name in ("one", "two"))
    assert one.item_ids_.equals(two.item_ids_)
    log = open_log(tmp_path / "log")
    first, second = (model.scores(model.read(log)) for model in (one, two))
    assert first == pytest.approx(second, abs=0.02)


def test_torch_is_not_loaded_to_count_processes(log, tmp_path):
    words = ["train", "--log", str(log), "--out", str(tmp_path / "m"), "--model", "rules"]
    script = (
        f"import sys; from footfall.cli.app import main; sys.argv = ['footfall', *{words!r}]\n"
        "try:\n    main()\nfinally:\n    print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    "words",
    [("compress", "--out", "OUT"), ("similar-items", "i1")],
)
def test_a_behaviour_model_is_no_recommender_and_is_told_what_it_answers(tmp_path, words):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "behavior.json").write_text("{}")
    placed = [tmp_path / "out" if word == "OUT" else word for word in words]
    done = footfall(*placed, "--from", tmp_path / "model")
    assert done.returncode == 1
    assert "holds a behaviour model of all events, not a recommender" in done.stderr
    assert f"footfall predict --from {tmp_path / 'model'}" in done.stderr
    assert "footfall embed" in done.stderr
    assert not (tmp_path / "out").exists()
