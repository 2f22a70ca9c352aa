"""The funnel's commands as scripts use them."""

from pathlib import Path

import pytest
from tests.cli.in_process import answer_of, footfall

CLICKS = ["user_id,timestamp,event_type,item_id,price,channel"]
for number in range(40):
    channel = "mail" if number % 2 else "ads"
    CLICKS.append(f"u{number:02},2026-01-0{1 + number % 7}T10:00:00,view,kettle,19.90,{channel}")
    CLICKS.append(f"u{number:02},2026-01-0{1 + number % 7}T10:01:00,search,,,")
    if channel == "mail" and number % 10 != 1:
        CLICKS.append(f"u{number:02},2026-01-0{1 + number % 7}T10:05:00,purchase,kettle,19.90,")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(CLICKS) + "\n")
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    return folder / "log"


def test_a_funnel_takes_conditions_orders_and_exclusions(log: Path) -> None:
    words = ("funnel", "--log", log, "--steps", "view[price > 10 and price < 20],purchase")
    assert [step["users"] for step in answer_of(*words)["steps"]] == [40, 16]
    assert [step["users"] for step in answer_of(*words, "--order", "strict")["steps"]] == [40, 0]
    excluded = answer_of(*words, "--excluding", "search:1-2", "--by", "channel")
    groups = {one["group"]: [step["users"] for step in one["steps"]] for one in excluded["groups"]}
    assert groups == {"ads": [20, 0], "mail": [20, 0]}
    session = answer_of(*words, "--per", "session", "--same-item")
    assert [step["sessions"] for step in session["steps"]] == [40, 16]
    done = footfall(*words, "--times")
    assert done.stdout.splitlines()[0].split()[-5:] == [
        "p10_minutes", "p25_minutes", "median_minutes", "p75_minutes", "p90_minutes",
    ]  # fmt: skip


def test_the_other_questions_about_a_funnel_answer_too(log: Path, tmp_path: Path) -> None:
    words = ("--log", log, "--steps", "view,purchase", "--within", "1h")
    why = answer_of("why-drop", *words, "--ignore", "weekday,hour")
    assert (why["findings"][0]["name"], why["findings"][0]["value"]) == (
        "properties.channel",
        "ads",
    )
    after = answer_of("after-drop", *words, "--depth", 2)
    assert (after["lost"], after["after"][0]["path"]) == (24, "search")
    page = tmp_path / "trend.html"
    trend = answer_of("funnel-trend", *words, "--unit", "week", "--html", page)
    assert [row["users"] for row in trend["periods"]] == [24, 9, 16, 7]
    assert page.stat().st_size > 1_000_000
    compared = answer_of("compare-funnels", *words, "--by", "channel", "--baseline", "ads")
    assert compared["groups"][3]["difference"] == pytest.approx(0.8)
    periods = answer_of("compare-funnels", *words, "--periods", "2026-01-01,2026-01-02")
    assert periods["baseline"] == "2026-01-01"


def test_what_makes_no_sense_is_one_sentence(log: Path) -> None:
    wrong = ["--order", "any", "--excluding", "view"]
    done = footfall("funnel", "--log", log, "--steps", "view,purchase", *wrong)
    assert done.returncode == 2
    assert "no step's own event type" in done.stderr
