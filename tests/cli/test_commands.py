"""The commands as scripts use them: real processes, exit codes, JSON on standard output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CLICKS = """user_id,timestamp,event_type,item_id,price
ann,2026-01-01T10:00:00,view,kettle,19.90
ann,2026-01-01T10:01:00,add_to_cart,kettle,19.90
ann,2026-01-01T10:05:00,purchase,kettle,19.90
bob,2026-01-02T09:00:00,view,kettle,19.90
bob,2026-01-20T09:00:00,add_to_cart,kettle,19.90
eve,2026-01-02T09:00:00,view,teapot,25.00
eve,never,view,teapot,25.00
,2026-01-02T09:00:00,view,teapot,25.00
eve,2026-01-02T09:00:00,view,teapot,25.00
"""


def footfall(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def answer_of(*words: object) -> dict:
    done = footfall(*words, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "one JSON object and nothing else"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "clicks.csv").write_text(CLICKS)
    done = footfall("ingest", folder / "clicks.csv", "--log", folder / "log")
    assert done.returncode == 0, done.stderr
    return folder


def test_ingest_counts_every_row_and_the_second_time_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text(CLICKS)
    words = ("ingest", file, "--log", tmp_path / "log")
    first = answer_of(*words)
    assert {k: first[k] for k in ("rows_read", "rows_kept", "rows_rejected", "rows_known")} == {
        "rows_read": 9,
        "rows_kept": 6,
        "rows_rejected": {"exact_duplicate": 1, "no_user": 1, "unparseable_time": 1},
        "rows_known": 0,
    }
    second = answer_of(*words)
    assert (second["rows_kept"], second["rows_known"]) == (0, 6)
    assert second["version"] == first["version"]


def test_the_funnel_has_the_form_scripts_rely_on(shop: Path) -> None:
    words = ("--steps", "view,add_to_cart,purchase", "--within", "7d")
    answer = answer_of("funnel", "--log", shop / "log", *words)
    steps = [{key: step[key] for key in ("step", "users", "rate")} for step in answer["steps"]]
    assert steps == [
        {"step": "view", "users": 3, "rate": 1.0},
        {"step": "add_to_cart", "users": 1, "rate": 1 / 3},
        {"step": "purchase", "users": 1, "rate": 1 / 3},
    ]


def test_evaluate_has_the_form_scripts_rely_on(tmp_path: Path) -> None:
    file = tmp_path / "sequences.txt"
    file.write_text("".join(f"{u} {u % 3 + 1} {u % 4 + 1} 7 8 9\n" for u in range(1, 30)))
    words = ("--reader", "sequences", "--model", "rules", "--split", "leave-one-out")
    answer = answer_of("evaluate", file, *words)
    assert set(answer) == {"model", "protocol", "metrics", "fit_cpu_seconds", "peak_memory_mb"}
    assert answer["model"] == "rules"
    assert {"hr@10", "ndcg@10", "mrr@10", "recall@10"} <= set(answer["metrics"])
    assert answer["protocol"]["items_ranked"] == 7


@pytest.mark.parametrize("command", ["quality", "sessions", "paths", "repeats", "info"])
def test_each_question_prints_one_json_object(shop: Path, command: str) -> None:
    assert answer_of(command, "--log", shop / "log")


def test_recommend_answers_known_and_unknown_users(shop: Path) -> None:
    words = ("--user", "ann", "--user", "stranger", "--k", "2")
    answer = answer_of("recommend", "--log", shop / "log", *words)
    rows = answer["recommendations"]
    assert answer["unknown_users"] == ["stranger"]
    assert {row["user_id"] for row in rows} == {"ann", "stranger"}
    assert [row["item_id"] for row in rows if row["user_id"] == "ann"] == ["teapot"]


def test_items_are_read_as_a_table_of_the_workspace(shop: Path) -> None:
    file = shop / "items.csv"
    file.write_text("item_id,title,category,price\nkettle,Kettle,kitchen,19.90\n")
    answer = answer_of("ingest", file, "--log", shop / "log", "--as", "items")
    assert (answer["rows_read"], answer["rows_in_table"]) == (1, 1)
    assert answer_of("info", "--log", shop / "log")["items_in_table"] == 1


def test_a_map_takes_columns_of_our_names_along(tmp_path: Path) -> None:
    file = tmp_path / "clicks.csv"
    file.write_text("uid,timestamp,event_type,item_id,page\nann,2026-01-01,view,tea,/t\n")
    words = ("ingest", file, "--log", tmp_path / "log", "--map", "uid=user_id")
    assert "Kept in properties, as no column of ours: page." in footfall(*words).stderr
    assert answer_of("info", "--log", tmp_path / "log")["items"] == 1


def test_a_version_that_never_was_is_named(shop: Path) -> None:
    done = footfall("funnel", "--log", shop / "log", "--steps", "view", "--version", "9")
    assert done.returncode == 1
    assert "The log has versions 0 to 1. Got version 9." in done.stderr


def test_a_chart_is_written_as_a_page_that_needs_no_network(shop: Path) -> None:
    page = shop / "funnel.html"
    words = ("--steps", "view,purchase", "--html", page)
    assert footfall("funnel", "--log", shop / "log", *words).returncode == 0
    html = page.read_text()
    assert "Plotly" in html
    assert 'src="http' not in html


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("funnel", "--log", "LOG", "--steps", "view,buy-now"), 2, "'buy-now'"),
        (("funnel", "--log", "LOG", "--steps", "view", "--within", "7 parsecs"), 2, "'7 parsecs'"),
        (("funnel", "--log", "nowhere", "--steps", "view"), 1, "There is no footfall log in"),
        (("ingest", "nothing.csv", "--log", "LOG"), 1, "nothing.csv"),
        (("ingest", "FILE", "--log", "LOG", "--reader", "magento"), 2, "'magento'"),
        (("ingest", "OTHER", "--log", "LOG"), 2, "--yes"),
        (("ingest", "FILE", "--log", "LOG", "--as", "carts"), 2, "'carts'"),
        (("recommend", "--log", "LOG", "--model", "oracle"), 2, "'oracle'"),
        (("evaluate",), 2, "--log"),
        (("demo", "--data", "mystery"), 2, "'mystery'"),
        (("simulate", "--users", "0", "--out", "OUT"), 2, "'users'"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_a_wrong_request_is_one_sentence_and_an_exit_code(
    shop: Path, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(CLICKS.replace("user_id", "customer", 1))
    places = {"LOG": shop / "log", "FILE": shop / "clicks.csv", "OTHER": other}
    places["OUT"] = tmp_path / "out"
    done = footfall(*(places.get(word, word) for word in words))
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_lacks_a_required_column_names_what_it_saw(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("color,size\nred,4\nblue,5\n")
    done = footfall("ingest", file, "--log", tmp_path / "log")
    assert done.returncode == 1
    assert "user_id" in done.stderr
    assert "--map" in done.stderr
    assert "color" in done.stderr


def test_four_ingests_at_once_all_land(tmp_path: Path) -> None:
    for number in range(4):
        rows = [f"u{number}-{n},2026-01-0{n % 9 + 1}T10:00:00,view,tea\n" for n in range(500)]
        text = "user_id,timestamp,event_type,item_id\n" + "".join(rows)
        (tmp_path / f"part-{number}.csv").write_text(text)
    start = [sys.executable, "-m", "footfall.cli", "ingest"]
    running = [
        subprocess.Popen([*start, str(tmp_path / f"part-{n}.csv"), "--log", str(tmp_path / "log")])
        for n in (0, 1, 2, 3, 0)
    ]
    assert [process.wait() for process in running] == [0] * 5
    assert answer_of("info", "--log", tmp_path / "log")["events"] == 2000


def test_a_killed_ingest_is_completed_by_the_next_and_nothing_is_twice(tmp_path: Path) -> None:
    rows = [f"u{n % 997},{1_700_000_000 + n},view,i{n % 50}\n" for n in range(200_000)]
    rows[::1000] = [f",{1_700_000_000 + n},view,tea\n" for n in range(0, 200_000, 1000)]
    file = tmp_path / "clicks.csv"
    file.write_text("user_id,timestamp,event_type,item_id\n" + "".join(rows))
    words = ("ingest", file, "--log", tmp_path / "log")
    for seconds in (1.2, 1.8, 2.4, 3.0):
        command = [sys.executable, "-m", "footfall.cli", *map(str, words)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    done = answer_of(*words)
    assert done["rows_kept"] + done["rows_known"] == 199_800
    assert done["rows_rejected"] == {"no_user": 200}
    report = answer_of("quality", "--log", tmp_path / "log")
    assert answer_of("info", "--log", tmp_path / "log")["events"] == 199_800
    assert report["rows"]["rejected"] == 200


def test_predict_and_evaluate_answer_on_a_log(tmp_path: Path) -> None:
    days = [f"2026-{month:02}-{day:02}" for month in (1, 2, 3, 4) for day in range(1, 29)]
    rows = [
        f"u{user},{day}T10:00:00,purchase,i{(n * user) % 7}\n"
        for user in range(1, 40)
        for n, day in enumerate(days)
        if n % (2 + user % 5) == 0
    ]
    file = tmp_path / "orders.csv"
    file.write_text("user_id,timestamp,event_type,item_id\n" + "".join(rows))
    log = tmp_path / "log"
    answer_of("ingest", file, "--log", log)
    found = answer_of("predict", "--log", log, "--horizon", "7d", "--user", "u1", "--user", "new")
    assert [row["user_id"] for row in found["predictions"]] == ["u1", "new"]
    assert found["unknown_users"] == ["new"]
    assert (found["after"][:10], found["until"][:10]) == ("2026-04-28", "2026-05-05")
    assert all(0 <= row["low"] <= row["high"] <= 1 for row in found["predictions"])
    words = ("--split", "time-cut", "--cutoff", "2026-04-01", "--keep-seen", "--model", "buy-again")
    measured = answer_of("evaluate", "--log", log, *words)
    assert measured["protocol"]["seen_items"] == "kept"
    short = footfall("predict", "--log", log, "--horizon", "90d")
    assert short.returncode == 1, "a log too short is no wrong use"
    assert "Take a shorter horizon or a longer log" in short.stderr


def test_the_simulator_writes_a_shop_that_can_be_read_back(tmp_path: Path) -> None:
    out = tmp_path / "made"
    assert answer_of("simulate", "--users", 50, "--days", 30, "--seed", 1, "--out", out)
    events = next(out.glob("events*"))
    done = answer_of("ingest", events, "--log", tmp_path / "log", "--reader", "footfall")
    assert done["rows_kept"] == done["rows_read"] > 500
