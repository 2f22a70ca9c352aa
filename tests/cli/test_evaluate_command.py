"""`footfall evaluate`: every model by name, and every option that is given counts."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.cli.in_process import answer_of, footfall

from footfall.models.options import ENCODERS

TINY = ("--set", "size=tiny", "--set", "epochs=1")

# All look at five items in turn and buy four of them; three items are bought unseen, too.
EVENTS = ["user_id,timestamp,event_type,item_id"]
for number in range(30):
    EVENTS.append(f"u{number:02},2026-01-01T09:00:00,purchase,i{number % 3}")
    for day in range(5):
        item, at = f"i{(number + day) % 8}", f"u{number:02},2026-01-{day + 1:02}T1"
        EVENTS.append(f"{at}0:00:00,view,{item}")
        EVENTS += [f"{at}2:00:00,purchase,{item}"] if day < 4 else []

# Nobody has taken i8 yet.
ITEMS = ["item_id,kind"] + [f"i{number},{'ab'[number % 2]}" for number in range(9)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "events.csv").write_text("\n".join(EVENTS) + "\n")
    (folder / "items.csv").write_text("\n".join(ITEMS) + "\n")
    lines = [f"u{n} " + " ".join(f"i{(n + at) % 8}" for at in range(5)) for n in range(30)]
    (folder / "lines.txt").write_text("\n".join(lines) + "\n")
    for log, tables in (("log", ("events",)), ("full", ("events", "items"))):
        for kind in tables:
            words = (folder / f"{kind}.csv", "--log", folder / log, "--as", kind)
            done = footfall("ingest", *words)
            assert done.returncode == 0, done.stderr
    return folder


def ndcg(*words: object) -> float:
    return answer_of("evaluate", *words)["metrics"]["ndcg@10"]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_is_evaluated_by_its_name(shop, encoder):
    words = ("--log", shop / "log", *TINY)
    by_name = answer_of("evaluate", *words, "--model", encoder)
    by_option = answer_of(
        "evaluate", *words, "--model", "sequential", "--set", f"encoder={encoder}"
    )
    assert by_name["metrics"] == by_option["metrics"]
    assert by_name["model"] == "sequential"


def test_a_name_and_an_encoder_that_disagree_are_refused(shop):
    words = ("evaluate", "--log", shop / "log", "--model", "gru", *TINY)
    done = footfall(*words, "--set", "encoder=lstm")
    assert done.returncode == 2
    assert "The 'encoder' option of gru must be left out, or 'gru'" in done.stderr
    assert footfall(*words, "--set", "encoder=gru").returncode == 0


def test_an_unknown_model_is_told_of_models_and_networks(shop):
    done = footfall("evaluate", "--log", shop / "log", "--model", "oracle")
    assert done.returncode == 2
    assert "rules" in done.stderr
    assert "hstu" in done.stderr


@pytest.mark.parametrize(
    ("model", "options"), [("popular", ()), ("gru", (*TINY, "--set", "learning_rate=0.02"))]
)
def test_a_refit_with_the_validation_items_stands_on_the_card(shop, model, options):
    words = ("--log", shop / "log", "--model", model, "--keep-seen", *options)
    plain = answer_of("evaluate", *words)
    refitted = answer_of("evaluate", *words, "--refit-with-validation")
    assert plain["protocol"]["validation_in_training"] is False
    assert refitted["protocol"]["validation_in_training"] is True
    assert plain["metrics"] != refitted["metrics"]


@pytest.mark.parametrize("source", ["log", "events.csv"])
def test_event_types_of_the_model_count(shop, source):
    where = ("--log", shop / source) if source == "log" else (shop / source,)
    words = (*where, "--model", "item-knn", "--keep-seen")
    bought = answer_of("evaluate", *words, "--set", 'event_types=["purchase"]')
    assert bought["metrics"] != answer_of("evaluate", *words)["metrics"]
    assert bought["metrics"] == answer_of("evaluate", *words, "--events", "purchase")["metrics"]
    both = footfall("evaluate", *words, "--events", "view", "--set", 'event_types=["purchase"]')
    assert both.returncode == 2
    assert "left out when --set event_types=['purchase'] says it" in both.stderr


def test_event_weights_of_the_model_count(shop):
    words = ("--log", shop / "log", "--model", "popular", "--keep-seen")
    nothing_bought = ndcg(*words, "--set", 'event_weights={"purchase": 0}')
    assert nothing_bought == ndcg(*words, "--events", "view")
    assert nothing_bought != ndcg(*words)


@pytest.mark.parametrize("source", ["log", "events.csv"])
def test_a_given_item_table_counts_like_one_of_the_log(shop, source):
    where = ("--log", shop / source) if source == "log" else (shop / source,)
    words = ("--model", "content", "--keep-seen", "--events", "view")
    with_table = answer_of("evaluate", *where, *words, "--items", shop / "items.csv")
    of_the_log = answer_of("evaluate", "--log", shop / "full", *words)
    assert with_table["metrics"] == of_the_log["metrics"]
    assert with_table["metrics"] != answer_of("evaluate", *where, *words)["metrics"]


def test_all_models_rank_the_items_of_the_table(shop):
    for model in ("content", "rules"):
        for words in (
            ("--log", shop / "full"),
            (shop / "events.csv", "--items", shop / "items.csv"),
        ):
            answer = answer_of("evaluate", *words, "--model", model)
            assert answer["protocol"]["items_ranked"] == 9  # with i8, that nobody took


def test_weights_outlive_an_item_table_the_model_does_not_read(shop):
    words = ("--model", "popular", "--keep-seen", "--set", 'event_weights={"purchase": 0.1}')
    heavy = answer_of("evaluate", "--log", shop / "full", *words)["metrics"]
    assert heavy != answer_of("evaluate", "--log", shop / "full", *words[:-2])["metrics"]


def test_lists_in_a_csv_of_items_are_lists(shop, tmp_path):
    bags = [["odd", "x"] if number % 2 else ["even", "y"] for number in range(8)]
    ids = [f"i{number}" for number in range(8)]
    quoted = [json.dumps(bag).replace('"', '""') for bag in bags]
    rows = [f'{name},"{text}",[new] tea' for name, text in zip(ids, quoted, strict=True)]
    (tmp_path / "items.csv").write_text("item_id,tags,title\n" + "\n".join(rows) + "\n")
    table = pa.table({"item_id": ids, "tags": bags, "title": ["[new] tea"] * 8})
    pq.write_table(table, tmp_path / "items.parquet")
    words = (shop / "lines.txt", "--reader", "sequences", "--model", "content", "--keep-seen")
    of_csv = ndcg(*words, "--items", tmp_path / "items.csv")
    assert of_csv == ndcg(*words, "--items", tmp_path / "items.parquet")
    assert of_csv != ndcg(*words)


def test_ids_of_an_item_table_are_texts(tmp_path):
    lines = [f"u{n} " + " ".join(f"00{(n + at) % 8}" for at in range(4)) for n in range(30)]
    (tmp_path / "lines.txt").write_text("\n".join(lines) + "\n")
    rows = [f"00{number},{'ab'[number % 2]}" for number in range(8)]
    (tmp_path / "items.csv").write_text("item_id,kind\n" + "\n".join(rows) + "\n")
    words = (tmp_path / "lines.txt", "--reader", "sequences", "--model", "content")
    assert ndcg(*words, "--items", tmp_path / "items.csv") != ndcg(*words)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("source", ["log", "events.csv", "lines.txt"])
def test_an_item_table_that_cannot_be_read_is_told_in_a_sentence(shop, tmp_path, source, suffix):
    where = {
        "log": ("--log", shop / source),
        "lines.txt": (shop / source, "--reader", "sequences"),
    }.get(source, (shop / source,))
    broken, missing = tmp_path / f"broken{suffix}", tmp_path / f"missing{suffix}"
    broken.write_bytes(b"" if suffix == ".csv" else b"item_id,kind\n")
    for file in (broken, missing):
        done = footfall("evaluate", *where, "--items", file)
        assert done.returncode == 1
        assert f"{file} cannot be read as a CSV with a line of names, or a .parquet" in done.stderr


def test_what_cannot_count_is_refused(shop, tmp_path):
    (tmp_path / "no_ids.csv").write_text("name,kind\ntea,a\n")
    lines = (shop / "lines.txt", "--reader", "sequences")
    for words, code, says in (
        ((*lines, "--events", "view"), 2, "'event_types' option of evaluate must be left out"),
        (
            (*lines, "--model", "popular", "--set", 'event_weights={"view": 2}'),
            2,
            "lines of items have no event types",
        ),
        (("--log", shop / "full", "--items", shop / "items.csv"), 2, "an item table of its own"),
        (("--log", shop / "log", "--reader", "sequences"), 2, "left out with --log"),
        ((*lines, "--items", tmp_path / "no_ids.csv"), 1, "has no column item_id"),
    ):
        done = footfall("evaluate", *words)
        assert done.returncode == code, done.stderr
        assert says in done.stderr
        assert done.stdout == ""
