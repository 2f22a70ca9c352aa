import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.store.rows import MINUTE, check_whole, events, short, story

from footfall.errors import InputError, OptionError, StoreError
from footfall.store.append import Appended
from footfall.store.log import open_log
from footfall.store.memory import MemoryLog


@pytest.fixture
def log(tmp_path):
    return open_log(tmp_path / "shop", create=True, buckets=3)


def test_a_new_log_is_empty(log):
    assert (log.version, log.events, log.span) == (0, 0, None)
    assert len(log.user_ids) == 0
    assert log.event_types[:3] == ("view", "search", "click")
    assert log.users is None
    assert log.items is None
    assert short(log) == {}


def test_events_come_back_by_user_in_time_order(log):
    log.append(
        events(
            ("bob", 5, "view", "kettle"),
            ("ann", 9, "purchase", "kettle"),
            ("ann", 2, "view", "kettle"),
            ("小红", 1, "search"),
        )
    )
    assert short(log) == {
        "ann": [(2, "view", "kettle"), (9, "purchase", "kettle")],
        "bob": [(5, "view", "kettle")],
        "小红": [(1, "search", None)],
    }
    assert log.span == (1 * MINUTE, 9 * MINUTE)
    assert log.events == 4


def test_another_process_would_see_the_same(log):
    log.append(events(("ann", 2, "view", "kettle"), ("bob", 3, "view")))
    again = open_log(log.workspace.location)
    assert short(again) == short(log)
    assert again.version == log.version == 1


def test_appending_the_same_events_twice_adds_nothing(log):
    some = events(("ann", 2, "view", "kettle"), ("bob", 3, "view"))
    assert log.append(some) == Appended(1, 2, 0, 0, 0)
    assert log.append(some) == Appended(1, 0, 2, 0, 0)
    more = events(("bob", 3, "view"), ("cyd", 4, "view"), ("ann", 2, "view", "kettle"))
    assert log.append(more) == Appended(2, 1, 2, 0, 0)
    assert short(log) == {
        "ann": [(2, "view", "kettle")],
        "bob": [(3, "view", None)],
        "cyd": [(4, "view", None)],
    }


def test_events_that_differ_in_anything_are_different_events(log):
    log.append(events(("ann", 2, "view", "kettle"), ("ann", 2, "view", "teapot")))
    log.append(events(("ann", 2, "view", "kettle"), quantity=[3]))
    log.append(events(("ann", 2, "view", "kettle"), query=["red"]))
    assert log.events == 4


def test_a_given_event_id_is_the_identity(log):
    first = events(("ann", 2, "view"), ("ann", 2, "view"), event_id=["e1", "e2"])
    assert log.append(first) == Appended(1, 2, 0, 0, 0)
    assert log.append(first) == Appended(1, 0, 2, 0, 0)


def test_an_event_whose_id_stands_for_something_else_is_reported_and_not_kept(log):
    told = []
    log.append(events(("ann", 2, "view", "kettle"), event_id=["e1"]))
    second = events(("ann", 5, "view"), ("ann", 2, "view", "teapot"), event_id=["e2", "e1"])
    appended = log.append(second, before_commit=told.append)
    assert appended == Appended(2, 1, 0, 0, 1)
    assert told[0].changed.tolist() == [1]
    assert told[0].exact.tolist() == []
    assert short(log) == {"ann": [(2, "view", "kettle"), (5, "view", None)]}


def test_repeats_inside_one_append_are_reported_by_place(log):
    told = []
    some = events(
        ("ann", 2, "view"),
        ("bob", 2, "view"),
        ("ann", 2, "view"),
        ("ann", 9, "view"),
        ("ann", 2, "view"),
        event_id=[None, "b", None, "b", None],
    )
    assert log.append(some, before_commit=told.append) == Appended(1, 2, 0, 2, 1)
    assert told[0].exact.tolist() == [2, 4]
    assert told[0].changed.tolist() == [3]
    assert short(log) == {"ann": [(2, "view", None)], "bob": [(2, "view", None)]}


def test_an_event_the_log_holds_is_known_even_behind_a_changed_one(log):
    log.append(events(("ann", 2, "view"), event_id=["e1"]))
    mixed = events(("ann", 3, "view"), ("ann", 2, "view"), event_id=["e1", "e1"])
    assert log.append(mixed) == Appended(1, 0, 1, 0, 1)


def test_late_events_land_in_order(log):
    log.append(events(("ann", 1, "view"), ("ann", 9, "purchase")))
    log.append(events(("ann", 5, "add_to_cart"), ("ann", 0, "search"), ("bob", 2, "view")))
    assert short(log) == {
        "ann": [(0, "search", None), (1, "view", None), (5, "add_to_cart", None),
                (9, "purchase", None)],
        "bob": [(2, "view", None)],
    }  # fmt: skip


def test_events_of_one_moment_stay_in_order_of_arrival(log):
    log.append(events(("ann", 5, "view"), ("ann", 5, "click")))
    log.append(events(("ann", 5, "purchase"), ("ann", 4, "search")))
    log.append(events(("ann", 5, "return")))
    kinds = ["search", "view", "click", "purchase", "return"]
    assert [row[1] for row in short(log)["ann"]] == kinds
    log.compact()
    assert [row[1] for row in short(log)["ann"]] == kinds


def test_batches_are_one_append(log):
    batches = [events(("ann", 2, "view")), events(), events(("ann", 1, "view"), quantity=[2])]
    assert log.append(lambda: iter(batches)) == Appended(1, 2, 0, 0, 0)
    assert [row[0] for row in short(log)["ann"]] == [1, 2]


def test_an_append_of_nothing_makes_no_version(log):
    assert log.append(events()) == Appended(0, 0, 0, 0, 0)
    assert log.append(lambda: iter([])) == Appended(0, 0, 0, 0, 0)


def test_an_error_while_reading_leaves_the_log_as_it_was(log):
    log.append(events(("ann", 1, "view")))

    def broken():
        yield events(("bob", 2, "view"))
        raise InputError("The file ends in the middle.")

    with pytest.raises(InputError, match="ends in the middle"):
        log.append(broken)
    assert open_log(log.workspace.location).version == 1
    assert not [*log.workspace.cache.glob("scratch/*")]
    assert log.append(events(("bob", 2, "view"))).rows_kept == 1
    check_whole(log)


def test_an_old_version_reads_as_it_was(log):
    log.append(events(("ann", 1, "view")))
    log.append(events(("ann", 0, "view"), ("bob", 2, "view")))
    log.compact()
    log.append(events(("ann", 3, "view")))
    assert short(log.at(0)) == {}
    assert short(log.at(1)) == {"ann": [(1, "view", None)]}
    assert short(log.at(2)) == short(log.at(3))
    assert log.at(2).events == 3
    assert short(log.at(2))["ann"] == [(0, "view", None), (1, "view", None)]
    assert log.version == 4


@pytest.mark.parametrize("version", [-1, 2, 2**70])
def test_a_version_that_never_was_is_a_clear_error(log, version):
    log.append(events(("ann", 1, "view")))
    with pytest.raises(StoreError, match=f"The log has versions 0 to 1. Got version {version}"):
        log.at(version)


def test_an_open_log_stays_at_its_version(log):
    other = open_log(log.workspace.location)
    log.append(events(("ann", 1, "view")))
    assert (other.version, other.events) == (0, 0)
    assert (other.newest().version, other.newest().events) == (1, 1)


def test_compaction_changes_no_answer_and_leaves_one_file_a_bucket(log):
    for minute in range(6):
        log.append(events(*[(f"u{n}", minute, "view", f"i{minute}") for n in range(9)]))
    before = story(log)
    assert {len(files) for files in log.bucket_files.values()} == {6}
    assert log.compact() == 3
    assert {len(files) for files in log.bucket_files.values()} == {1}
    assert story(log) == before
    assert log.compact() == 0
    check_whole(log)


def test_an_append_after_compaction_still_knows_every_event(log):
    some = events(("ann", 2, "view"), ("bob", 3, "view"))
    log.append(some)
    log.append(events(("ann", 3, "view")))
    log.compact()
    shutil.rmtree(log.workspace.cache)
    assert log.append(some) == Appended(3, 0, 2, 0, 0)


def test_deleting_the_cache_changes_nothing(log):
    odd = events(
        ("ann", 2, "view", ""),
        ("bob", 3, "view", "kettle"),
        rating=[0.1, None],
        session_id=["", "s"],
        event_id=["", None],
    )
    log.append(odd)
    before = story(log)
    shutil.rmtree(log.workspace.cache)
    assert story(log) == before, "what is mapped stays"
    assert story(log.newest()) == before, "what is not is built again"
    shutil.rmtree(log.workspace.cache)
    assert log.append(odd) == Appended(1, 0, 2, 0, 0)


def test_questions_keep_a_bounded_number_of_files_open(tmp_path):
    log = open_log(tmp_path / "wide", create=True, buckets=64)
    log.append(events(*[(f"u{n}", n, "view", "tea") for n in range(2000)]))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for columns in (["item"], ["item", "timestamp"], ["price"], ["price", "item", "quantity"]):
        log.map(lambda chunk: chunk.events, sum, columns=columns)
    assert len(list(Path("/proc/self/fd").iterdir())) - before < 300


def test_users_and_items_are_those_with_events_not_those_with_codes(log):
    log.append(events(("ann", 2, "view", "kettle"), event_id=["e1"]))
    rows = [("ghost", 3, "view", "ufo"), ("bob", 4, "view", "kettle")]
    log.append(events(*rows, event_id=["e1", "e2"]))  # the first is refused: e1 says otherwise
    assert (len(log.user_ids), log.users_seen, log.items_seen) == (3, 2, 1)


def test_events_in_wider_types_are_the_same_events(log):
    some = events(("ann", 2, "view", "kettle"), quantity=[2], rating=[0.1])
    wide = pa.table(
        {
            "rating": some.column("rating").cast(pa.float64()),
            "quantity": pa.array([2], pa.int64()),
            "item_id": some.column("item_id").cast(pa.large_string()),
            "user_id": pa.array(["ann"]).dictionary_encode(),
            "event_type": some.column("event_type"),
            "timestamp": some.column("timestamp").cast(pa.timestamp("ns", tz="UTC")),
        }
    )
    log.append(some)
    assert log.append(wide) == Appended(1, 0, 1, 0, 0)
    shutil.rmtree(log.workspace.cache)
    assert log.append(wide) == Appended(1, 0, 1, 0, 0)


def test_columns_may_come_and_go_between_appends(log):
    log.append(events(("ann", 1, "view", "kettle")))
    log.append(events(("ann", 2, "purchase", "kettle"), quantity=[2], amount=[500]))
    log.append(events(("ann", 3, "impression"), propensity=[0.5], slot=[1]))
    read = log.map(
        lambda chunk: [chunk[name].tolist() for name in ("quantity", "amount", "slot")],
        lambda parts: parts[0],
        columns=["quantity", "amount", "slot"],
    )
    assert read == [[0, 2, 0], [0, 500, 0], [-1, -1, 1]]


def test_events_without_a_user_time_or_type_are_refused(log):
    some = events(("ann", 1, "view"))
    with pytest.raises(OptionError, match=r"clean events with 'timestamp'\. Got \['user_id'"):
        log.append(some.drop_columns(["timestamp"]))
    with pytest.raises(OptionError, match=r"'user_id' in every row\. Got '1 rows"):
        log.append(events(("", 1, "view"), ("ann", 1, "view")))
    with pytest.raises(OptionError, match="'event_type' in every row"):
        log.append(events(("ann", 1, "")))
    with pytest.raises(OptionError, match=r"whose quantity is int32\. Got 'double' "):
        log.append(some.append_column("quantity", pa.array([1.5])))
    assert log.newest().version == 0


def test_a_column_of_other_words_taken_for_the_event_type_is_refused(log):
    many = events(*[("ann", 1, f"https://shop/{n}") for n in range(33_000)])
    with pytest.raises(InputError, match="more than 32,767 event types, such as 'https://shop/"):
        log.append(many)
    assert log.newest().version == 0


def test_an_unknown_event_type_is_kept_and_found(log):
    log.append(events(("ann", 1, "quiz_finished")))
    assert log.event_types[-1] == "quiz_finished"
    assert log.event_type_code("quiz_finished") == 11
    with pytest.raises(OptionError, match="Did you mean 'quiz_finished'"):
        log.event_type_code("quiz_finish")


def test_scan_gives_text_in_log_order(log):
    log.append(events(("ann", 5, "search"), ("bob", 1, "view", "k"), query=["红色 kettle", None]))
    log.append(events(("ann", 2, "search"), query=["first"]))
    tables = [*log.scan(["user_id", "query", "item_id"])]
    rows = [row for table in tables for row in table.to_pylist() if row["user_id"] == "ann"]
    assert rows == [
        {"user_id": "ann", "query": "first", "item_id": None},
        {"user_id": "ann", "query": "红色 kettle", "item_id": None},
    ]
    assert sum(table.num_rows for table in log.scan()) == 3
    with pytest.raises(OptionError, match="The 'columns' option of scan must be among"):
        log.scan(["no_such_column"])


def test_any_reader_of_delta_tables_can_read_the_log(log):
    log.append(events(("ann", 1, "view", "kettle"), ("bob", 2, "view")))
    log.append(events(("ann", 2, "purchase", "kettle"), amount=[700]))
    log.compact()
    table = DeltaTable(log.workspace.uri("events")).to_pyarrow_table()
    rows = table.select(["user_id", "item_id", "amount"]).sort_by("user_id").to_pylist()
    assert rows == [
        {"user_id": "ann", "item_id": "kettle", "amount": None},
        {"user_id": "ann", "item_id": "kettle", "amount": 700},
        {"user_id": "bob", "item_id": None, "amount": None},
    ]


@pytest.mark.parametrize("buckets", [1, 40])
def test_the_number_of_buckets_changes_no_answer(tmp_path, buckets):
    rows = [(f"u{n % 50}", n, "view", f"i{n % 7}") for n in range(300)]
    log = open_log(tmp_path / "shop", create=True, buckets=buckets)
    log.append(events(*rows[100:]))
    log.append(events(*rows[:100]))
    assert story(log) == story(MemoryLog.from_events(events(*rows)))
    assert story(open_log(tmp_path / "shop", create=True, buckets=7)) == story(log)


@pytest.mark.slow
def test_history_stays_readable_past_a_checkpoint(log):
    for minute in range(105):  # delta-rs writes a checkpoint every 100 versions
        log.append(events(("ann", minute, "view")))
    assert log.append(events(("ann", 7, "view"))).rows_known == 1
    assert open_log(log.workspace.location).events == 105
    assert log.at(3).events == 3
    check_whole(log)
    shutil.rmtree(log.workspace.cache)
    for version, in_base in ((10, 10), (74, 10), (75, 75), (105, 75)):
        assert [row[0] for row in short(log.at(version))["ann"]] == list(range(version))
        assert len(newest_base(log)) == in_base, "a tail of more than 64 files joins the base"


def newest_base(log):
    bases = [*log.workspace.cache.glob("chunks/*/*/files.json")]
    return json.loads(max(bases, key=lambda path: path.stat().st_mtime_ns).read_text())


def test_money_and_time_survive_exactly(log):
    largest = 2**62
    log.append(
        events(("ann", 1, "purchase"), price=[largest], amount=[-(2**62)], reward=[0.1 + 0.2])
    )
    (row,) = story(log)["ann"]
    assert largest in row
    assert -(2**62) in row
    assert 0.1 + 0.2 in row


def test_ids_keep_their_codes_over_appends(log):
    log.append(events(("ann", 1, "view", "kettle"), ("bob", 1, "view", "teapot")))
    log.append(events(("cyd", 1, "view", "teapot"), ("ann", 2, "view", "cup")))
    again = open_log(log.workspace.location)
    assert again.user_ids.codes(["ann", "bob", "cyd", "zoe"]).tolist() == [0, 1, 2, -1]
    assert again.item_ids.strings().to_pylist() == ["kettle", "teapot", "cup"]
    assert again.item_ids.strings(np.array([2, -1])).to_pylist() == ["cup", None]
