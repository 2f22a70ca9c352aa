"""Commands under Chinese names, and answers in Chinese, as people at a terminal use them."""

import json
from pathlib import Path

import pytest
from tests.cli.in_process import footfall

from footfall.analytics.chinese import QUESTIONS, command_of
from footfall.cli.app import app

CLICKS = """user_id,timestamp,event_type,item_id,price
ann,2026-01-01T10:00:00,view,kettle,19.90
ann,2026-01-01T10:01:00,add_to_cart,kettle,19.90
ann,2026-01-01T10:05:00,purchase,kettle,19.90
bob,2026-01-02T09:00:00,view,kettle,19.90
"""
STEPS = ("--steps", "浏览,加购,购买")
TABLE = """\
步骤  事件  用户数   转化率  上一步转化率  中位时长（分钟）
   1  浏览       2  100.0 %       100.0 %               0.0
   2  加购       1   50.0 %        50.0 %               1.0
   3  购买       1   50.0 %       100.0 %               5.0
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text(CLICKS)
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    return folder / "log"


def test_a_question_named_in_chinese_answers_in_chinese(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = footfall("漏斗分析", "--log", log, *STEPS, "--html", page)
    assert (done.stdout, done.returncode) == (TABLE, 0)
    assert "从浏览到购买".encode("ascii", "backslashreplace").decode() in page.read_text() or (
        "从浏览到购买" in page.read_text(encoding="utf-8")
    )


def test_the_language_may_be_asked_for(log: Path) -> None:
    assert footfall("--language", "zh", "funnel", "--log", log, *STEPS).stdout == TABLE
    wrong = footfall("--language", "fr", "funnel", "--log", log, *STEPS)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "'en' or 'zh'" in wrong.stderr


def test_json_keeps_its_english_keys_and_adds_names(log: Path) -> None:
    english = json.loads(footfall("funnel", "--log", log, *STEPS, "--json").stdout)
    chinese = json.loads(footfall("漏斗", "--log", log, *STEPS, "--json").stdout)
    names = chinese.pop("names")
    assert chinese == english
    assert names["of_previous"] == "上一步转化率"


def test_an_unknown_chinese_name_is_told_near_ones() -> None:
    done = footfall("漏斗图", "--log", "nowhere")
    assert done.returncode == 2
    assert "漏斗分析" in done.stderr


def test_help_lists_each_command_once(log: Path) -> None:
    text = footfall("--help").stdout
    assert "漏斗" not in text
    assert "--language" in text


def test_every_question_has_a_command_under_each_of_its_names() -> None:
    commands = {command.name for command in app.registered_commands}
    for question in QUESTIONS:
        for name in question.chinese:
            assert command_of(name) in commands, name
