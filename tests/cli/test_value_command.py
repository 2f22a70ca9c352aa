"""The commands of value and baskets: answers, pages, wrong use."""

import json

import pytest
from typer.testing import CliRunner

from footfall.cli.app import app

SALES = """user_id,timestamp,event_type,item_id,price
ann,2026-01-01T10:00:00,purchase,tea,19.90
ann,2026-01-01T10:00:00,purchase,cup,10.00
ann,2026-02-03T10:00:00,purchase,tea,19.90
bob,2026-01-02T09:00:00,purchase,tea,5.00
bob,2026-01-02T09:00:00,purchase,cup,5.00
eve,2026-03-02T09:00:00,view,cup,5.00
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "sales.csv").write_text(SALES)
    read = CliRunner().invoke(
        app, ["ingest", str(folder / "sales.csv"), "--log", str(folder / "log")]
    )
    assert read.exit_code == 0, read.output
    return str(folder / "log")


def _answer(*words):
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("rfm", "segments"),
        ("value-segments", "tiers"),
        ("pareto", "gini"),
        ("lifetime-value", "cohorts"),
        ("order-value", "periods"),
        ("repeats", "curve"),
        ("aipl", "stages"),
        ("basket-rules", "rules"),
        ("sequential-patterns", "patterns"),
        ("complements", "pairs"),
    ],
)
def test_every_command_answers_in_scope_and_by_groups_and_writes_its_page(
    shop, tmp_path, command, key
):
    page = tmp_path / "page.html"
    answer = _answer(
        command, "--log", shop, "--by", "item_id", "--where", "price >= 5", "--html", str(page)
    )
    assert key in answer
    assert answer["definition"]["where"] == "price >= 5"
    assert page.stat().st_size > 10_000


def test_options_reach_the_question(shop):
    assert _answer("basket-rules", "--log", shop, "--min-support", "2")["rules"][0]["has"] == "cup"
    assert _answer("rfm", "--log", shop, "--names", "eleven")["segments"][0]["segment"] == (
        "champions"
    )
    assert _answer("aipl", "--log", shop, "--since", "2026-01-15", "--window", "loyalty=60d")[
        "flow"
    ]
    tiers = _answer("value-segments", "--log", shop, "--shares", "0.5", "--names", "rich,rest")
    assert [row["tier"] for row in tiers["tiers"]] == ["rich", "rest"]


def test_wrong_use_is_refused(shop):
    result = CliRunner().invoke(app, ["pareto", "--log", shop, "--best", "many"])
    assert "numbers with commas between" in str(result.exception)
