"""The demo on made-up data small enough for every day: the page, the reuse, the browser."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from footfall.demo.datasets import DATASETS
from footfall.demo.run import Demo, run_demo
from footfall.events.simulate import SimulateOptions, write_simulation
from footfall.store.ingest import ingest
from footfall.store.log import Log, open_log
from footfall.store.progress import Progress, silent


def _small_shop(log: Log, folder: Path, progress: Progress) -> None:
    paths = write_simulation(SimulateOptions(users=400, days=90, seed=3), folder / "made")
    ingest(log, [str(paths["events"])], reader="footfall", progress=progress)
    items = pq.read_table(paths["items"])
    log.save_table("items", items.select(["item_id", "title", "category", "brand"]))


SMALL = {"small": replace(DATASETS["clicks"], load=_small_shop)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demo, list[str]]:
    told: list[str] = []
    out = tmp_path_factory.mktemp("demo")
    return run_demo("small", out, datasets=SMALL, tell=told.append), told


def test_every_answer_has_a_sentence_and_a_picture(demo: tuple[Demo, list[str]]) -> None:
    done, _ = demo
    assert len(done.findings) == 14
    html = Path(done.page).read_text()
    assert html.count('class="chart"') == 14
    assert "The whole quality report" in html


def test_the_page_shows_what_each_part_adds_to_the_mix(demo: tuple[Demo, list[str]]) -> None:
    done, _ = demo
    html = Path(done.page).read_text()
    assert html.count("What each part adds to the mix") == 2
    for part in ("sequential", "rules", "item-knn", "content", "popular", "buy-again"):
        assert f"{part} (" in html  # with its weight
    finding = done.findings["What to show: items new to the user"]
    assert "would be missed" in finding


def test_a_second_run_uses_the_log_of_the_first(demo: tuple[Demo, list[str]]) -> None:
    first, told = demo
    assert any("Reading the raw export" in line for line in told)
    again: list[str] = []
    out = Path(first.page).parents[1]
    second = run_demo("small", out, datasets=SMALL, tell=again.append)
    assert any("Using the log of an earlier run" in line for line in again)
    assert second.findings == first.findings


def test_a_browser_draws_every_picture(demo: tuple[Demo, list[str]], tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "make test installs a browser (scripts/browser); none was found"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    command += ["--disable-sync", f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000"]
    command += ["--enable-logging=stderr", "--dump-dom", f"file://{demo[0].page}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.count('class="main-svg"') >= 14
    assert "Uncaught" not in done.stderr


def test_complete_journey_keeps_every_line_and_counts_campaigns(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log", create=True)
    DATASETS["completejourney"].load(log, tmp_path, silent)
    types = [table.column("event_type") for table in log.scan(["event_type"])]
    counts: dict[str, int] = {}
    for column in types:
        for one in column.value_counts().to_pylist():
            counts[one["values"]] = counts.get(one["values"], 0) + one["counts"]
    assert counts["purchase"] + counts["void"] == 1_469_307
    assert counts["coupon_redeemed"] == 2_102
    assert log.items is not None
    assert log.items.num_rows == 92_331


def test_a_log_that_does_not_name_items_gets_every_other_answer(tmp_path: Path) -> None:
    done = run_demo("cdnow", tmp_path, tell=str)
    assert [title for title in done.findings if title.startswith("What to show")] == []
    assert "23,570 buyers" in done.findings["Repeat purchases"]
    assert "Who will buy in the next 90 days" in done.findings
