"""The commands of segments and profiles as scripts use them."""

from pathlib import Path

import pytest
from tests.cli.in_process import answer_of, footfall

CLICKS = ["user_id,timestamp,event_type,item_id,price"]
for number in range(40):
    night = number % 2
    for day in range(1, 13 + number % 3):
        hour = "02" if night else "12"
        CLICKS.append(f"u{number:02},2026-01-{day:02}T{hour}:00:00,view,i{day % 4},19.90")
    if number < 10:
        CLICKS.append(f"u{number:02},2026-01-03T13:00:00,purchase,i1,19.90")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text("\n".join(CLICKS) + "\n")
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log", "--yes")
    assert done.returncode == 0, done.stderr
    saved = answer_of("segment-save", "buyers", "--log", folder / "log", "--rule", "did(purchase)")
    assert saved == {"segment": "buyers", "users": 10}
    return folder / "log"


def test_segments_are_sized_moved_and_exported(log: Path, tmp_path: Path) -> None:
    sizes = answer_of(
        "segments", "--log", log, "--rule", "b=count(购买)=1", "--rule", "all=days()>0"
    )
    assert [row["users"] for row in sizes["segments"]] == [10, 40, 0]
    moved = answer_of("segment-move", "--log", log, "--at", "2026-01-02,2026-01-10")
    flows = {(f["from_segment"], f["to_segment"]): f["users"] for f in moved["flows"]}
    assert flows["(none of them)", "buyers"] == 10
    file = tmp_path / "buyers.csv"
    done = footfall("segment-export", "buyers", file, "--log", log, "--columns", "orders,spend")
    assert done.stdout.startswith("10 users in ")
    assert file.read_text().splitlines()[1] == "u00,1.0,19.9"


def test_users_are_clustered_and_profiled(log: Path, tmp_path: Path) -> None:
    words = ("cluster", "--log", log, "--k", 2, "--features", "night_share,morning_share")
    found = answer_of(*words, "--save", "kind", "--html", tmp_path / "c.html")
    assert [row["users"] for row in found["clusters"]] == [20, 20]
    assert any(row["segment"].startswith("mostly at night") for row in found["clusters"])
    assert (tmp_path / "c.html").stat().st_size > 100_000
    portrait = answer_of("portrait", "kind-1", "--log", log)
    assert (portrait["size"], portrait["total"]) == (20, 40)
    one = answer_of("profile", "u01", "--log", log, "--last", 1)
    assert {"night"} == {tag["value"] for tag in one["tags"] if tag["tag"] == "hours"}
    file = tmp_path / "all.csv"
    everybody = answer_of("profiles", "--log", log, "--csv", file)
    assert everybody["total"] == 40
    assert len(file.read_text().splitlines()) == 41
    alike = answer_of("similar", "night=count(hour = '02') > 3 and user_id < 'u21'", "--log", log,
                      "--k", 5)  # fmt: skip
    assert len(alike["users"]) == 5


def test_mistakes_are_one_sentence(log: Path) -> None:
    done = footfall("segments", "--log", log, "--rule", "count(view) > 3")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "NAME=RULE" in done.stderr
