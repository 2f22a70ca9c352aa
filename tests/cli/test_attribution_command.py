"""``footfall attribution``, ``compare`` and ``sample-size`` as scripts use them."""

from pathlib import Path

import pytest
from tests.cli.in_process import answer_of, footfall

CLICKS = ["user_id,timestamp,event_type,item_id,amount,channel,variant"]
for number in range(80):
    arm = "new" if number % 2 else "old"
    channel = "mail" if number % 3 else "ads"
    CLICKS.append(f"u{number:02},2026-01-01T10:00:00,view,i1,,{channel},{arm}")
    if number % 4 < 1 + number % 2:
        CLICKS.append(f"u{number:02},2026-01-02T10:00:00,purchase,i1,19.90,,")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(CLICKS) + "\n")
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    return folder / "log"


def test_attribution_prints_credit_and_draws_a_page(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "credit.html"
    answer = answer_of("attribution", "--log", log, "--model", "last,markov", "--html", page)
    credit = {row["channel"]: row["credit"] for row in answer["credits"] if row["model"] == "last"}
    assert sum(credit.values()) == answer["conversions"] == 40
    assert "What each channel is credited with" in page.read_text()
    wrong = footfall("attribution", "--log", log, "--position", "0.5,0.5")
    assert wrong.returncode == 2
    assert "three shares that add up to 1" in wrong.stderr


def test_compare_takes_arms_periods_and_rules(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    answer = answer_of(
        "compare", "--log", log, "--arms", "variant", "--sides", "old", "--sides", "new",
        "--measures", "conversion", "--html", page,
    )  # fmt: skip
    assert answer["sides"] == [{"side": "old", "users": 40}, {"side": "new", "users": 40}]
    assert answer["measures"][0]["value_b"] == 0.5
    assert "How the two sides differ" in page.read_text()
    days = ("--periods", "2026-01-01", "--periods", "2026-01-02")
    assert answer_of("compare", "--log", log, *days)["sides"][1]["users"] == 40
    rules = ("--segments", "did(purchase)", "--segments", "count(purchase) = 0")
    done = footfall("compare", "--log", log, *rules, "--measures", "events_per_user")
    assert "A = did(purchase): 40 users" in done.stdout


def test_the_sample_size_needs_no_log() -> None:
    assert answer_of("sample-size", "--baseline", "0.1", "--relative", "0.1") == {
        "users": [14749, 14749]
    }
    wrong = footfall("sample-size", "--baseline", "0.1", "--relative", "0.1", "--split", "half")
    assert wrong.returncode == 2
    assert "shares such as 0.5,0.5" in wrong.stderr
