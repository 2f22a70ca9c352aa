"""The commands about paths and sessions as scripts use them."""

from pathlib import Path

import pytest
from tests.cli.in_process import answer_of, footfall

CLICKS = ["user_id,timestamp,event_type,item_id,page_url"]
for number in range(12):
    who, day = f"u{number:02}", f"2026-01-0{1 + number % 7}"
    CLICKS.append(f"{who},{day}T10:00:00,search,,/search?q={number}")
    CLICKS.append(f"{who},{day}T10:01:00,view,kettle,/product/{number + 100}")
    if number % 2:
        CLICKS.append(f"{who},{day}T10:05:00,purchase,kettle,")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(CLICKS) + "\n")
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    return folder / "log"


def test_paths_can_be_of_pages_named_by_rules(log: Path) -> None:
    words = ("--nodes", "page_url", "--rule", "/product/*=product page", "--length", "2")
    answer = answer_of("paths", "--log", log, *words, "--by", "weekday")
    found = {" > ".join(row["path"]): row["users"] for row in answer["paths"]}
    assert found == {"/search > product page": 12, "product page > purchase": 6}
    assert len(answer["groups"]) >= 7
    suggested = answer_of("suggest-patterns", "--log", log, "--field", "page_url")
    assert [rule["pattern"] for rule in suggested["rules"]] == ["/product/*"]


def test_a_tree_grows_back_from_a_purchase_and_is_drawn(log: Path, tmp_path: Path) -> None:
    page = tmp_path / "tree.html"
    answer = answer_of("path-tree", "--log", log, "--end", "purchase", "--html", page)
    assert [(row["path"], row["users"]) for row in answer["branches"]] == [
        ("purchase", 6),
        ("view > purchase", 6),
        ("search > view > purchase", 6),
    ]
    assert "What led there" in page.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ("transitions",),
        ("step-matrix", "--center", "view"),
        ("loops",),
        ("dead-ends",),
        ("whole-paths", "--where", "event_type != search"),
        ("purchase-paths",),
        ("contrast-paths",),
        ("sessions", "--by", "weekday"),
        ("session-times",),
        ("entries-exits", "--nodes", "page_url"),
        ("engagement", "--time-zone", "Asia/Shanghai"),
    ],
)
def test_every_other_command_answers_with_its_definition(log: Path, words: tuple[str, ...]) -> None:
    answer = answer_of(words[0], "--log", log, *words[1:])
    assert {"unit", "window", "order", "ties", "time_zone"} <= set(answer["definition"])


def test_wrong_rules_are_wrong_use(log: Path) -> None:
    done = footfall("paths", "--log", log, "--rule", "/product/*=product page")
    assert done.returncode == 2
    assert "'nodes' option of paths must be given with --rule" in done.stderr
    done = footfall("paths", "--log", log, "--nodes", "page_url", "--rule", "/product")
    assert "must be PATTERN=NAME" in done.stderr
