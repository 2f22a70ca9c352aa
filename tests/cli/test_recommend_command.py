"""`footfall recommend` with the shop's rules and with reasons."""

import json
from pathlib import Path

import pytest
from tests.cli.in_process import footfall

CLICKS = ["user_id,timestamp,event_type,item_id"]
for number in range(12):
    for day, item in enumerate(("kettle", "teapot", "cup", "rake")):
        if number > 2 or day < 2:
            CLICKS.append(f"u{number:02},2026-01-0{day + 1}T12:00:00,view,{item}")
ITEMS = ["item_id,category,stock", "kettle,tea,1", "teapot,tea,1", "cup,tea,1", "rake,garden,1"]


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for kind, rows in (("events", CLICKS), ("items", ITEMS)):
        (folder / f"{kind}.csv").write_text("\n".join(rows))
        done = footfall("ingest", folder / f"{kind}.csv", "--log", folder / "log", "--as", kind)
        assert done.returncode == 0, done.stderr
    return folder / "log"


def test_rules_of_the_shop_and_reasons_stand_beside_each_item(log):
    given = ["recommend", "--log", log, "--user", "u00", "--user", "zoe", "--why"]
    done = footfall(*given, "--rule", 'caps={"category": 1}', "--json")
    rows = json.loads(done.stdout)["recommendations"]
    assert [(row["user_id"], row["item_id"]) for row in rows] == [
        ("u00", "cup"),
        ("u00", "rake"),
        ("zoe", "kettle"),
        ("zoe", "rake"),
    ]
    assert [row["because"] for row in rows] == ["teapot", "teapot", None, None]
    assert [row["model_rank"] for row in rows] == [1, 2, 1, 4]


def test_wrong_rules_are_told(log):
    for rule, message in (
        ("caps=3", "'caps' option of BusinessRules must be a mapping"),
        ("diversty=1", "Did you mean 'diversity'"),
        ("diversity", "option=value"),
        ("in_stock=shelf", "a column of the item table (title,"),
    ):
        done = footfall("recommend", "--log", log, "--rule", rule)
        assert done.returncode == 2
        assert message in done.stderr


def test_a_saved_model_takes_no_other_options(log, tmp_path):
    for option in (["--set", "window=3"], ["--events", "view"]):
        done = footfall("recommend", "--log", log, "--from", tmp_path, *option)
        assert done.returncode == 2
        assert "left out when --from names a model" in done.stderr
