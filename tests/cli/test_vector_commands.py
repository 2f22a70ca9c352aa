"""Commands about vectors, on a small shop."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.in_process import footfall

CLICKS = ["user_id,timestamp,event_type,item_id"]
for number in range(30):  # even ones look at tea, odd ones at tools
    for day in range(1, 7):
        item = ["tea", "tool"][number % 2] + str((number + day) % 5)
        CLICKS.append(f"u{number:02},2026-01-{day:02}T12:00:00,view,{item}")
ITEMS = ["item_id,category"]
ITEMS += [f"tea{at},kitchen/tea" for at in range(5)] + [
    f"tool{at},garden > tools" for at in range(5)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """Read a shop, and learn its vectors."""
    folder = tmp_path_factory.mktemp("shop")
    clicks, items, log = folder / "clicks.csv", folder / "items.csv", folder / "log"
    clicks.write_text("\n".join(CLICKS))
    items.write_text("\n".join(ITEMS))
    assert footfall("ingest", clicks, "--log", log).returncode == 0
    assert footfall("ingest", items, "--log", log, "--as", "items").returncode == 0
    done = footfall("vectors", "--log", log, "--method", "item2vec", "--out", folder / "vectors")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Embedding(10 items, 30 users, 64 numbers each), saved in")
    return folder


@pytest.fixture
def users(tmp_path) -> Path:
    """Thirty users who point right, and thirty who point up, as `embed` writes them."""
    path = tmp_path / "users.parquet"
    ids = [f"u{at:02d}" for at in range(60)]
    vectors = [[1.0, 0.02 * at] if at < 30 else [0.02 * at, -1.0] for at in range(60)]
    pq.write_table(pa.table({"user_id": ids, "vector": vectors}), path)
    return path


def test_the_nearest_users_and_items_are_shown(shop):
    vectors = ["--vectors", shop / "vectors"]
    asked = json.loads(footfall("nearest", "nobody", *vectors, "--of", "users", "--json").stdout)
    assert asked == {"of": "users", "among": "users", "unknown": ["nobody"], "nearest": []}
    for of, among, column in (("users", "users", "similar_id"), ("users", "items", "item_id")):
        done = footfall(
            "nearest", "u04", *vectors, "--of", of, "--among", among, "--k", 3, "--json"
        )
        rows = json.loads(done.stdout)["nearest"]
        assert [row["rank"] for row in rows] == [1, 2, 3]
        assert {row["user_id"] for row in rows} == {"u04"}
        found = [row[column] for row in rows]
        if among == "users":
            assert all(int(user[1:]) % 2 == 0 for user in found), "all of them look at tea"
        else:
            assert all(item.startswith("tea") for item in found)


def test_lookalikes_come_with_their_lift_and_as_a_file(users, tmp_path):
    seeds, out, html = tmp_path / "seeds.csv", tmp_path / "audience.csv", tmp_path / "lift.html"
    seeds.write_text("user_id\n" + "\n".join(f"u{at:02d}" for at in range(12)) + "\nnobody\n")
    files = ["--vectors", users, "--seeds", seeds, "--out", out, "--html", html]
    done = footfall("lookalike", *files, "--k", 18, "--share", 0.5)
    assert done.returncode == 0, done.stderr
    assert "12 seeds, 1 unknown" in done.stdout
    rows = out.read_text().splitlines()
    assert rows[0] == "user_id,score,rank"
    assert sorted(row.split(",")[0] for row in rows[1:]) == [f"u{at:02d}" for at in range(12, 30)]
    assert "plotly" in html.read_text()
    answer = json.loads(footfall("lookalike", *files, "--share", 0.5, "--json").stdout)
    assert answer["lift"] == 2.0


def test_a_map_of_items_has_a_color_a_category(shop, tmp_path):
    html = tmp_path / "map.html"
    vectors = ["--vectors", shop / "vectors", "--html", html, "--method", "pca"]
    done = footfall("vector-map", *vectors, "--log", shop / "log")
    assert done.stdout == f"10 points in {html}.\n"
    assert html.read_text().count('"name":"kitchen"') == 1
    assert html.read_text().count('"name":"garden"') == 1
    done = footfall("vector-map", *vectors, "--log", shop / "log", "--label", "color")
    assert done.returncode == 2
    assert "a column of the table (" in done.stderr


def test_wrong_vectors_are_told_in_a_sentence(shop, users, tmp_path):
    (tmp_path / "text.parquet").write_text("no table")
    for path, of, message in (
        (users, "items", "must be 'users', as"),
        (users, "shops", "must be 'users' or 'items'"),
        (tmp_path / "nothing", "users", "holds no vectors"),
        (tmp_path / "text.parquet", "users", "holds no vectors"),
        (shop, "users", "holds no embedding"),
    ):
        done = footfall("nearest", "ann", "--vectors", path, "--of", of)
        assert done.returncode in (1, 2)
        assert message in done.stderr
    done = footfall("lookalike", "--vectors", users, "--seeds", tmp_path / "none.txt")
    assert "cannot be read as a list of user ids" in done.stderr
    done = footfall("vectors", "--log", shop / "log", "--out", tmp_path, "--method", "glove")
    assert "'method' option of vectors must be one of" in done.stderr


def test_a_mix_says_what_each_part_adds_and_gives_the_vectors_of_its_network(shop, tmp_path):
    small = 'part_options={"sequential": {"size": "tiny", "epochs": 1}}'
    words = ("--log", shop / "log", "--model", "hybrid", "--set", small)
    words += ("--set", 'parts=["sequential", "rules"]')
    done = footfall("train", *words, "--out", tmp_path / "mix")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[2].split() == ["part", "weight", "alone", "the", "mix", "without", "it"]
    assert [line.split()[0] for line in lines[3:6]] == ["sequential", "rules", "all"]
    asked = footfall("train", *words, "--out", tmp_path / "mix", "--json")
    assert [row["part"] for row in json.loads(asked.stdout)["adds"]][:2] == ["sequential", "rules"]
    file = tmp_path / "vectors.parquet"
    for of, rows in (("users", 30), ("items", 10)):
        done = footfall("embed", "--from", tmp_path / "mix", "--of", of, "--out", file)
        assert done.returncode == 0, done.stderr
        assert pq.read_table(file).num_rows == rows
