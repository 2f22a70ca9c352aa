"""Ingest on Spark makes the log that an ingest without Spark makes, to the last code."""

import json
import os
import signal
import sys
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark import cloudpickle
from typer.testing import CliRunner

from footfall.cli.app import app
from footfall.errors import InputError
from footfall.events.clean import CleanOptions
from footfall.events.raw import FormatOptions
from footfall.events.readers import reader_named
from footfall.events.simulate import SimulateOptions, simulate
from footfall.store.ingest import ingest
from footfall.store.log import open_log
from footfall.store.rejects import read_rejects
from footfall.store.spark import ingest as spark_ingest
from footfall.store.spark.engine import SparkEngine
from footfall.store.spark.slices import slices_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])

CLEANING = CleanOptions(now=datetime(2026, 11, 1, tzinfo=UTC))
ROUGH = """user_id,timestamp,event_type,item_id
ann,2025-10-01 10:00,view,i1
,2025-10-01 10:00,view,i1
ann,2025-10-01 10:00,view,i1
bob,no time,view,i2
zoe,2025-10-01 10:01,foo,i9
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Shuffled events in files that repeat each other, and one with every kind of bad row."""
    folder = tmp_path_factory.mktemp("files")
    events = simulate(SimulateOptions(users=80, days=40, items=60, seed=3)).events
    order = np.random.default_rng(0).permutation(events.num_rows)
    events = events.take(pa.array(order))
    half = events.num_rows // 2
    pq.write_table(events.slice(0, half), folder / "a.parquet", row_group_size=300)
    pq.write_table(
        pa.concat_tables([events.slice(half), events.slice(half, 50)]), folder / "b.parquet"
    )
    changed = events.slice(0, 3)
    place = changed.column_names.index("user_id")
    changed = changed.set_column(place, "user_id", pa.array(["zed"] * 3))
    pq.write_table(changed, folder / "changed.parquet")
    (folder / "rough.csv").write_text(ROUGH)
    return folder


def both(tmp_path, spark, *names_of_each):
    """Ingest the same files into two logs, here and on Spark."""
    logs, told = [], []
    for place, engine in (("here", None), ("there", spark)):
        log = open_log(tmp_path / place, create=True, buckets=3)
        told.append(
            [
                ingest(log, names, reader="footfall", cleaning=CLEANING, engine=engine)
                for names in names_of_each
            ]
        )
        logs.append(log)
    assert told[0] == told[1]
    return logs, told[0]


def check_same_log(here, there):
    """All rows with their order, codes and arrivals, all ids, all rejects."""
    assert here.version == there.version
    assert pa.concat_tables(here.scan()).equals(pa.concat_tables(there.scan()))
    for kind in ("user_ids", "item_ids"):
        assert getattr(here, kind).strings().equals(getattr(there, kind).strings())
    assert here.event_types == there.event_types
    assert read_rejects(here.workspace).equals(read_rejects(there.workspace))


def data_files(log):
    """Give the data files that lie there, and those the log knows."""
    folder = log.workspace.local / "events"
    known = {file.path for files in log.bucket_files.values() for file in files}
    return {str(path.relative_to(folder)) for path in folder.glob("bucket=*/*.parquet")}, known


def test_a_log_made_on_spark_is_the_log_made_here(tmp_path, spark, files):
    a, b, rough, changed = (
        str(files / name) for name in ("a.parquet", "b.parquet", "rough.csv", "changed.parquet")
    )
    (here, there), told = both(tmp_path, spark, [a, rough], [a, b, changed], [b])
    check_same_log(here, there)
    assert told[0].rows_rejected == {"exact_duplicate": 1, "no_user": 1, "unparseable_time": 1}
    assert told[1].rows_rejected["exact_duplicate"] == 50
    assert told[1].rows_known > 0
    assert told[2].rows_kept == 0, "reading a file again adds nothing"
    assert not [*there.workspace.cache.glob("scratch/*")]
    assert data_files(there)[0] == data_files(there)[1]


def test_row_groups_of_a_large_file_are_read_by_many_tasks(files):
    reader = reader_named("footfall")
    name = str(files / "a.parquet")
    slices = slices_of([name, str(files / "rough.csv")], reader, FormatOptions(), rows=500)
    assert [part.first_row for part in slices[:3]] == [1, 601, 1201]
    assert slices[-1].groups is None
    whole = [
        b.table
        for part in slices_of([name], reader, FormatOptions())
        for b in part.batches(FormatOptions())
    ]
    cut = [b.table for part in slices[:-1] for b in part.batches(FormatOptions())]
    assert pa.concat_tables(whole).equals(pa.concat_tables(cut))


def test_a_url_is_read_and_written_through_delta_rs(tmp_path, spark, files):
    (tmp_path / "url").mkdir()
    by_url = open_log(f"file://{tmp_path / 'url'}", create=True, buckets=3, engine=spark)
    by_folder = open_log(tmp_path / "folder", create=True, buckets=3)
    for log in (by_url, by_folder):  # the log's own engine, where none is named
        ingest(log, [str(files / "rough.csv")], reader="footfall", cleaning=CLEANING)
    check_same_log(by_folder, by_url)


def test_a_file_that_breaks_off_leaves_the_log_as_it_was(tmp_path, spark, files):
    log = open_log(tmp_path / "log", create=True, buckets=3)
    torn = tmp_path / "torn.parquet"
    torn.write_bytes((files / "a.parquet").read_bytes()[:5000])
    good = str(files / "rough.csv")
    with pytest.raises(InputError) as here:
        ingest(log, [good, str(torn)], reader="footfall", cleaning=CLEANING)
    with pytest.raises(InputError) as there:
        ingest(log, [good, str(torn)], reader="footfall", cleaning=CLEANING, engine=spark)
    assert str(here.value) == str(there.value)
    assert (log.newest().version, log.newest().events) == (0, 0)
    assert not [*log.workspace.cache.glob("scratch/*")]


class Deadly:
    """An engine whose workers die once, right after they did their work."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder

    def run(self, tasks, work, **options):
        folder = self.folder

        def die_after(task):
            done = work(task[1])
            mark = folder / f"{work.__name__}-{task[0]}"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return self.engine.run([*enumerate(tasks)], die_after, **options)


def test_tasks_that_die_after_writing_leave_no_trace(tmp_path, spark, files):
    names = [str(files / "rough.csv"), str(files / "a.parquet")]
    here = open_log(tmp_path / "here", create=True, buckets=3)
    there = open_log(tmp_path / "there", create=True, buckets=3)
    ingest(here, names, reader="footfall", cleaning=CLEANING)
    reader = reader_named("footfall")
    spark_ingest.ingest_on_spark(
        there, names, reader, reader.format, CLEANING, Deadly(spark, tmp_path), lambda *_: None
    )
    assert len([*tmp_path.glob("write_part-*")]) == 3, "every writer died once"
    check_same_log(here, there)
    assert data_files(there)[0] == data_files(there)[1]


def test_the_command_ingests_on_spark(tmp_path, spark, files):
    assert isinstance(spark, SparkEngine)
    assert spark.run([1], abs) == [1]  # the command finds the session that runs
    asked = ["ingest", str(files / "rough.csv"), "--reader", "footfall", "--json", "--log"]
    here = CliRunner().invoke(app, [*asked, str(tmp_path / "here")])
    there = CliRunner().invoke(app, [*asked, str(tmp_path / "there"), "--engine", "spark=local[2]"])
    assert here.exit_code == there.exit_code == 0, there.output
    assert json.loads(here.stdout) == json.loads(there.stdout)
