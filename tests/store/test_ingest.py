"""From files to the log: every row is kept, known, or put aside with its raw text."""

import gzip
import json
import time
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.rows import check_whole, short

from footfall.errors import InputError, MappingError, StoreError
from footfall.events.clean import CleanOptions
from footfall.events.mapping import MappedReader
from footfall.events.raw import FormatOptions
from footfall.events.readers import READERS
from footfall.store.ingest import ingest
from footfall.store.log import open_log
from footfall.store.rejects import read_rejects

CLEANING = CleanOptions(now=datetime(2026, 6, 1, tzinfo=UTC))
READER = MappedReader(
    mapping={
        "user_id": "uid", "timestamp": "t", "event_type": "what",
        "item_id": "item", "price": "price", "event_id": "id",
    }
)  # fmt: skip

CLICKS = """\
id,uid,t,what,item,price
e1,ann,2026-01-01 10:00,view,kettle,19.99
e2,ann,2026-01-01 10:05,purchase,kettle,19.99
e3,,2026-01-01 10:06,view,kettle,19.99
e4,bob,sometime,view,kettle,19.99
e5,bob,2026-01-02 09:00,view,teapot,-3
e1,ann,2026-01-01 10:00,view,kettle,19.99
e2,ann,2026-01-01 10:05,purchase,teapot,9.99
e6,bob,2026-01-02 09:30,purchase,teapot,9.99
e7,too,few
"""
REJECTED = {
    "bad_price": 1,
    "changed_duplicate": 1,
    "exact_duplicate": 1,
    "no_user": 1,
    "unparseable_time": 1,
    "unreadable_row": 1,
}


@pytest.fixture
def log(tmp_path):
    return open_log(tmp_path / "shop", create=True, buckets=2)


@pytest.fixture
def clicks(tmp_path):
    path = tmp_path / "clicks.csv"
    path.write_text(CLICKS)
    return str(path)


def take(log, *files, reader=READER, **options):
    read = ingest(log, files, reader=reader, cleaning=CLEANING, **options)
    rejected = sum(read.rows_rejected.values())
    assert read.rows_read == read.rows_kept + rejected + read.rows_known
    check_whole(log)
    return read


def rejects(log):
    return [
        (row["row"], row["rule"], row["raw"]) for row in read_rejects(log.workspace).to_pylist()
    ]


def test_every_row_is_kept_or_put_aside(log, clicks):
    read = take(log, clicks)
    assert (read.rows_read, read.rows_kept, read.rows_known, read.version) == (9, 3, 0, 1)
    assert read.rows_rejected == REJECTED
    assert {user: len(rows) for user, rows in short(log).items()} == {"ann": 2, "bob": 1}


def test_what_is_put_aside_keeps_its_row_and_its_raw_text(log, clicks):
    take(log, clicks)
    told = {row: (rule, raw) for row, rule, raw in rejects(log)}
    assert {row: rule for row, (rule, _) in told.items()} == {
        3: "no_user",
        4: "unparseable_time",
        5: "bad_price",
        6: "exact_duplicate",
        7: "changed_duplicate",
        9: "unreadable_row",
    }
    assert json.loads(told[7][1]) == {
        "id": "e2", "uid": "ann", "t": "2026-01-01 10:05", "what": "purchase",
        "item": "teapot", "price": "9.99",
    }  # fmt: skip
    assert told[9][1] == "e7,too,few"


def test_reading_a_file_twice_adds_nothing_anywhere(log, clicks):
    take(log, clicks)
    before = rejects(log)
    again = take(log, clicks)
    assert (again.rows_read, again.rows_kept, again.rows_known, again.version) == (9, 0, 3, 1)
    assert again.rows_rejected == REJECTED, "they are counted again"
    assert rejects(log) == before, "but not put aside again"


def test_a_changed_row_in_a_later_file_is_reported(log, clicks, tmp_path):
    take(log, clicks)
    later = tmp_path / "later.csv"
    later.write_text("id,uid,t,what,item,price\ne6,bob,2026-01-02 09:30,return,teapot,9.99\n")
    read = take(log, str(later))
    assert read.rows_rejected == {"changed_duplicate": 1}
    (aside,) = [r for r in read_rejects(log.workspace).to_pylist() if r["file"] == str(later)]
    assert json.loads(aside["raw"])["what"] == "return"


def test_files_are_one_append_and_repeats_between_them_are_found(log, clicks, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(CLICKS.replace("e6,", "e9,"))
    read = take(log, clicks, str(other))
    assert (read.rows_read, read.rows_kept, read.version) == (18, 4, 1)
    assert read.rows_rejected["exact_duplicate"] == 4
    assert read.rows_rejected["changed_duplicate"] == 2
    aside = [row for row in read_rejects(log.workspace).to_pylist()
             if row["rule"] == "exact_duplicate"]  # fmt: skip
    assert [(row["file"], row["row"]) for row in aside] == [
        (clicks, 6), (str(other), 1), (str(other), 2), (str(other), 6),
    ]  # fmt: skip


def test_a_file_named_twice_is_read_once(log, clicks):
    read = take(log, clicks, clicks)
    assert (read.rows_read, read.rows_kept) == (9, 3)


def test_duplicates_are_found_again_over_many_batches(log, tmp_path):
    path = tmp_path / "long.csv"
    lines = [f"e{n % 700},u{n % 90},2026-01-01 10:{n % 700 % 60:02d},view,i,1" for n in range(1000)]
    path.write_text("\n".join(["id,uid,t,what,item,price", *lines]))
    read = take(log, str(path), format=FormatOptions(batch_rows=64))
    assert read.rows_kept == 700
    same = sum(n % 90 == (n % 700) % 90 for n in range(700, 1000))
    assert read.rows_rejected == {
        name: count
        for name, count in (("changed_duplicate", 300 - same), ("exact_duplicate", same))
        if count
    }
    assert sorted(row for row, _, _ in rejects(log)) == list(range(701, 1001))
    assert json.loads(rejects(log)[0][2])["id"] == "e0"


def test_a_file_that_breaks_off_leaves_the_log_and_its_rejects_as_they_were(log, clicks, tmp_path):
    take(log, clicks)
    before = (short(log), rejects(log))
    rows = "\n".join(f"x{n},new{n},2026-01-01 10:00,view,i,{n}" for n in range(5000))
    whole = gzip.compress(f"id,uid,t,what,item,price\n{rows}\ny,,,,,\n".encode())
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InputError):
        ingest(log, [clicks, str(cut)], reader=READER, cleaning=CLEANING,
               format=FormatOptions(batch_rows=100))  # fmt: skip
    now = open_log(log.workspace.location)
    assert (short(now), rejects(now)) == before
    assert now.version == 1
    assert "new0" not in now.user_ids.strings().to_pylist()


def test_a_file_without_the_columns_leaves_the_log_as_it_was(log, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(MappingError):
        ingest(log, [str(path)], reader=READER, cleaning=CLEANING)
    assert log.newest().version == 0


def test_a_file_without_rows_adds_nothing(log, tmp_path):
    path = tmp_path / "header.csv"
    path.write_text("id,uid,t,what,item,price\n")
    read = take(log, str(path))
    assert (read.rows_read, read.rows_kept, read.version) == (0, 0, 0)


def test_one_row_may_hold_several_events(log, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(
        "Name,Email,Paid at,Created at,Lineitem quantity,Lineitem name,Lineitem price,"
        "Lineitem sku,Currency\n"
        "#1,ann@x.com,2026-01-01 10:00:00 +0000,2026-01-01 10:00:00 +0000,2,Kettle,19.99,k,USD\n"
        "#1,ann@x.com,,2026-01-01 10:00:00 +0000,1,Cup,4.00,c,USD\n"
    )
    read = take(log, str(path), reader=READERS["shopify"])
    assert read.rows_kept == 2
    assert take(log, str(path), reader=READERS["shopify"]).rows_known == 2


def test_native_types_of_parquet_are_put_aside_as_json(log, tmp_path):
    path = tmp_path / "clicks.parquet"
    moment = datetime(2026, 1, 1, 10, tzinfo=UTC)
    pq.write_table(
        pa.table(
            {
                "id": ["a", "a", "b"],
                "uid": ["ann", "ann", None],
                "t": pa.array([moment] * 3, pa.timestamp("ns", tz="UTC")),
                "what": ["view"] * 3,
                "item": ["k"] * 3,
                "price": pa.array([1.5, 1.5, 2.5]),
                "tags": pa.array([["x"], ["x"], []]),
            }
        ),
        path,
    )
    read = take(log, str(path))
    assert read.rows_rejected == {"exact_duplicate": 1, "no_user": 1}
    (first, second) = [json.loads(raw) for _, _, raw in rejects(log)]
    assert first["tags"] == ["x"]
    assert second["uid"] is None


def test_counts_print_as_plain_values(log, clicks):
    read = take(log, clicks)
    assert json.loads(json.dumps(read.to_json())) == {
        "rows_read": 9,
        "rows_kept": 3,
        "rows_rejected": REJECTED,
        "rows_known": 0,
        "rows_repaired": {},
        "version": 1,
    }


def test_a_log_that_cannot_be_written_keeps_nothing(log, clicks):
    place = log.workspace.local / "events" / "bucket=0"
    place.write_text("a file where a folder has to be")
    (log.workspace.local / "events" / "bucket=1").write_text("here too")
    with pytest.raises(StoreError, match="Cannot write a data file of the log"):
        ingest(log, [clicks], reader=READER, cleaning=CLEANING)
    assert open_log(log.workspace.location).version == 0
    assert read_rejects(log.workspace).num_rows == 0, "what was not read in has no rejects"


def test_half_a_pair_of_surrogates_is_a_broken_row(log, tmp_path):
    file = tmp_path / "clicks.jsonl"
    good = '{"user_id": "ann", "timestamp": 1700000000, "event_type": "view"}'
    file.write_text(good + "\n" + good.replace("ann", "\\ud800x") + "\n")
    reader = MappedReader(mapping={n: n for n in ("user_id", "timestamp", "event_type")})
    done = ingest(log, [str(file)], reader=reader, cleaning=CLEANING)
    assert (done.rows_kept, done.rows_rejected) == (1, {"unreadable_row": 1})


def test_bytes_that_are_no_text_in_a_typed_file_are_an_error_and_nothing_is_kept(log, tmp_path):
    file = tmp_path / "clicks.parquet"
    ids = pa.array([b"ann", b"\xff\xfe"], pa.binary())
    rows = {"user_id": ids, "timestamp": [1700000000] * 2, "event_type": ["view"] * 2}
    pq.write_table(pa.table(rows), file)
    reader = MappedReader(mapping={n: n for n in rows})
    with pytest.raises(InputError, match="Write the file again with text as UTF-8"):
        ingest(log, [str(file)], reader=reader, cleaning=CLEANING)
    assert open_log(log.workspace.location).version == 0


def test_many_broken_rows_cost_no_more_than_good_ones(log, tmp_path):
    """Rejects are gathered by the batch: a file of broken rows must not take minutes."""
    file = tmp_path / "clicks.csv"
    file.write_text("user_id,timestamp,event_type\n" + "ann,1700000000,view\na,b\n" * 30_000)
    started = time.process_time()
    reader = MappedReader(mapping={n: n for n in ("user_id", "timestamp", "event_type")})
    form = FormatOptions(delimiter=",")
    for _ in range(2):  # the second time all of them are known
        done = ingest(log, [str(file)], reader=reader, cleaning=CLEANING, format=form)
        assert done.rows_rejected["unreadable_row"] == 30_000
    assert time.process_time() - started < 20
    assert read_rejects(log.workspace).num_rows == 59_999, "and 29,999 exact duplicates"
