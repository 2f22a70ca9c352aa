"""The commands about coming back and about running the shop, as scripts use them."""

import json

import pytest
from typer.testing import CliRunner

from footfall.cli.app import app

ROWS = ["user_id,timestamp,event_type,item_id,price,query,results"]
for number in range(60):
    day = 1 + number % 28
    who = f"u{number % 20:02}"
    ROWS.append(f"{who},2026-01-{day:02}T09:59:00,search,,,Tea ,{number % 3}")
    ROWS.append(f"{who},2026-01-{day:02}T10:00:00,view,kettle,19.90,,")
    if number % 3 == 0:
        ROWS.append(f"{who},2026-01-{day:02}T10:05:00,purchase,kettle,19.90,,")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(ROWS) + "\n")
    done = CliRunner().invoke(
        app, ["ingest", str(folder / "clicks.csv"), "--log", str(folder / "log"), "--yes"]
    )
    assert done.exit_code == 0, done.output
    return folder / "log"


def answer_of(log, *words):
    done = CliRunner().invoke(app, [*words, "--log", str(log), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_every_command_answers_in_json_and_as_a_page(log, tmp_path):
    commands = [
        ("retention", "--brackets", "0,1-3", "--where", "item_id = kettle"),
        ("stickiness", "--per", "month"),
        ("lifecycle", "--unit", "day"),
        ("survival", "--to", "purchase"),
        ("intervals", "--start", "view", "--end", "purchase"),
        ("distribution", "--of", "view"),
        ("series", "--measure", "purchase / view"),
        ("promotion", "--during", "2026-01-15..2026-01-16", "--promoted", "items:kettle"),
        ("prices", "--between", "2026-01"),
        ("losing-pages", "--least", "1"),
        ("searches",),
    ]
    for words in commands:
        page = tmp_path / f"{words[0]}.html"
        answer = answer_of(log, *words, "--by", "item_id", "--html", str(page))
        assert answer["definition"]["unit"]
        assert "plotly" in page.read_text(encoding="utf-8").lower()


def test_numbers_of_commands_are_those_of_the_questions(log):
    assert answer_of(log, "survival")["users_reached"] == 20
    assert answer_of(log, "searches")["total"]["no_results"] == 20
    assert answer_of(log, "distribution", "--of", "view")["summary"][0]["users"] == 20
    assert sum(row["total"] for row in answer_of(log, "series")["rows"]) == 140
