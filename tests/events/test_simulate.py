"""The simulator's promises: same options same log, sane options only, the log's own types."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import InputError, OptionError
from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.events.simulate import Behavior, SimulateOptions, simulate, write_simulation
from footfall.events.simulate.blocks import draw_world, run_blocks
from footfall.events.simulate.calendar import day_factors, hour_cdf
from footfall.events.simulate.codes import CHECKOUTS, property_strings
from footfall.events.simulate.words import CATEGORIES, review_words

NOBODY_COMES = Behavior(sessions_per_day=1e-9, joiner_share=0.0)
SMALL = SimulateOptions(users=120, days=40, seed=7, items=200)


def bytes_of(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_same_seed_writes_the_same_bytes_whatever_the_block_size(tmp_path, form):
    for block_users in (1, 7, 4096):
        write_simulation(SMALL, tmp_path / str(block_users), format=form, block_users=block_users)
    first = bytes_of(tmp_path / "1")
    assert first == bytes_of(tmp_path / "7") == bytes_of(tmp_path / "4096")
    assert set(first) == {
        f"events.{form}", f"users.{form}", f"items.{form}", "truth/users.parquet",
        "truth/items.parquet", "truth/ads.parquet", "truth/policy.parquet",
        "truth/channels.parquet", "truth/impressions.parquet", "truth/truth.json",
    }  # fmt: skip


def test_another_seed_gives_another_log():
    other = simulate(dataclasses.replace(SMALL, seed=8))
    assert simulate(SMALL).events != other.events


@settings(max_examples=15, deadline=None)
@given(block_users=st.integers(1, 50), users=st.integers(1, 60))
def test_a_shopper_does_the_same_whoever_else_is_simulated(block_users, users):
    world = draw_world(dataclasses.replace(SMALL, users=60))
    everybody = np.concatenate([block.rows for block in run_blocks(world)])
    some = np.concatenate(
        [block.rows for block in run_blocks(world, users=users, block_users=block_users)]
    )
    assert some.tobytes() == everybody[everybody["user"] < users].tobytes()


def test_events_have_the_types_of_the_log_and_unique_ids():
    events = simulate(SMALL).events
    assert events.schema == EVENT_SCHEMA
    assert pc.count_distinct(events["event_id"]).as_py() == events.num_rows
    required = events.select(["event_id", "user_id", "timestamp", "event_type", "currency"])
    assert [column.null_count for column in required.columns[:4]] == [0, 0, 0, 0]


def test_files_hold_decimals_in_major_units_and_plain_strings(tmp_path):
    paths = write_simulation(SMALL, tmp_path)
    table, events = pq.read_table(paths["events"]), simulate(SMALL).events
    assert table.schema.field("price").type == pa.decimal128(18, 2)
    assert table.schema.field("timestamp").type == TIMESTAMP_TYPE
    assert table.schema.field("event_type").type == pa.string()
    assert table["properties"].to_pylist() == events["properties"].to_pylist()
    major = [None if cents is None else cents / 100 for cents in events["price"].to_pylist()]
    assert [
        None if price is None else float(price) for price in table["price"].to_pylist()
    ] == major


def test_csv_holds_the_same_log_as_parquet(tmp_path):
    write_simulation(SMALL, tmp_path)
    write_simulation(simulate(SMALL), tmp_path, format="csv")
    strings_may_be_null = pa_csv.ConvertOptions(strings_can_be_null=True)
    text = pa_csv.read_csv(tmp_path / "events.csv", convert_options=strings_may_be_null)
    table = pq.read_table(tmp_path / "events.parquet")
    assert text.column_names == table.column_names
    for name in ("event_id", "user_id", "item_id", "query", "text", "properties"):
        assert text[name].to_pylist() == table[name].to_pylist()


def test_the_truth_file_is_json_with_the_planted_cause(tmp_path):
    paths = write_simulation(SMALL, tmp_path)
    facts = json.loads(paths["truth/truth"].read_text(encoding="utf-8"))
    assert facts["options"]["seed"] == 7
    assert facts["funnel_drop"]["property"] == "shipping"
    assert facts["funnel_drop"]["odds_ratio"] == pytest.approx(np.exp(-1.3))


def test_one_shopper_and_one_day_are_enough(tmp_path):
    quiet = SimulateOptions(users=1, days=1, seed=3, behavior=NOBODY_COMES)
    paths = write_simulation(quiet, tmp_path)
    assert pq.read_table(paths["events"]).num_rows == 0
    assert simulate(quiet).users.num_rows == 1


def test_events_per_user_is_met_about():
    for wanted in (10.0, 150.0):
        options = SimulateOptions(users=1500, days=60, seed=1, events_per_user=wanted)
        assert simulate(options).events.num_rows / 1500 == pytest.approx(wanted, rel=0.15)


def test_progress_counts_up_to_all_users():
    seen = []
    simulate(SMALL, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (120, 120)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_queries_and_reviews_are_in_the_language_asked_for(language):
    events = simulate(dataclasses.replace(SMALL, language=language, users=300)).events
    words = [text for text in events["query"].to_pylist() + events["text"].to_pylist() if text]
    chinese = [any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in words]
    assert len(words) > 100
    assert all(chinese) if language == "zh" else not any(chinese)


def test_a_review_says_what_its_stars_say():
    assert all("excellent" not in text for text in review_words("en", 0, 1))
    assert "质量非常好" in review_words("zh", 0, 5)[0]
    assert "excellent" in review_words("en", 0, 3)[0]
    assert "far too long" in review_words("en", 0, 3)[0]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("users", 0, "a whole number from 1 to 99999999"),
        ("users", 2.5, "a whole number from 1 to 99999999"),
        ("users", True, "a whole number from 1 to 99999999"),
        ("days", 0, "a whole number from 1 to 3650"),
        ("seed", -1, "a whole number from 0 to 9223372036854775807"),
        ("items", 3, "a whole number from 40 to 1000000"),
        ("language", "fr", "'mixed', 'zh' or 'en'"),
        ("events_per_user", 0.0, "above 0 and at most 10000"),
        ("events_per_user", float("nan"), "above 0 and at most 10000"),
        ("start", "2026-01-01", "a date from 1970 to 2200"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(name, value, allowed):
    with pytest.raises(OptionError) as caught:
        SimulateOptions(**{name: value})
    assert str(caught.value) == (
        f"The {name!r} option of simulate must be {allowed}. Got {value!r} instead."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bounce_chance", 1.5),
        ("joiner_share", -0.1),
        ("lifetime_days", 0.0),
        ("cart_logit", float("inf")),
        ("channel_effects", (0.1,)),
        ("channel_shares", (0.0,) * 6),
    ],
)
def test_a_wrong_parameter_of_behavior_is_told_by_name(name, value):
    with pytest.raises(OptionError, match=f"The '{name}' option of simulate must be"):
        Behavior(**{name: value})


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(OptionError, match="'parquet' or 'csv'"):
        write_simulation(SMALL, tmp_path / "out", format="xml")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_an_input_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_simulation(SMALL, tmp_path / "taken")


def test_promotion_days_are_busy_and_the_days_before_are_quiet():
    options = SimulateOptions(start=dt.date(2025, 11, 3), days=14)
    factors = day_factors(options)
    assert np.argmax(factors) == 8  # 11.11
    assert factors[7] < factors[0]  # Monday before 11.11 against the Monday a week earlier


def test_each_rhythm_has_its_own_busiest_hour():
    shares = np.diff(hour_cdf(), axis=1, prepend=0.0)
    assert np.argmax(shares, axis=1).tolist() == [8, 12, 20, 23]


def test_codes_and_property_strings_agree():
    strings = property_strings(draw_world(SMALL).catalog)
    assert json.loads(strings[CHECKOUTS]) == {
        "shipping": "standard", "payment": "card", "layout": "a", "device": "app", "discount": 0,
    }  # fmt: skip
    assert len(strings) == CHECKOUTS + 3 * 3 * 3 * 3 * 3
    assert sum('"results"' in text for text in strings) == len(CATEGORIES) + 1
