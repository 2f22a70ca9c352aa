"""kill -9 at any moment leaves the last committed version readable and whole."""

import os
import shutil
import signal
import sys
import threading
import time

import numpy as np
import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import check_whole, events, short

from footfall.store.log import open_log

ROWS = 40


def batch(number):
    """Rows of old and new users; some of them late."""
    return [
        (f"u{(n * 7 + number) % 90}", n % 20 - number, "view", f"i{number}") for n in range(ROWS)
    ]


def append(folder, number, ready):
    log = open_log(folder, create=True, buckets=3)
    ready.set()
    log.append(events(*batch(number)))


def kill_self(frame_name, moment, skip):
    """Give a profiler that kills this process when a function of the store begins or ends."""
    left = [skip]

    def watch(frame, event, _):
        code = frame.f_code
        if event == moment and code.co_name == frame_name and "store" in code.co_filename:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    return watch


def append_until(folder, number, planted):
    watch = kill_self(*planted)
    log = open_log(folder, create=True, buckets=3)
    threading.setprofile(watch)
    sys.setprofile(watch)
    log.append(events(*batch(number)))


def ask_until(folder, planted):
    watch = kill_self(*planted)
    threading.setprofile(watch)
    sys.setprofile(watch)
    short(open_log(folder))


def compact_until(folder, planted):
    watch = kill_self(*planted)
    log = open_log(folder)
    threading.setprofile(watch)
    sys.setprofile(watch)
    log.compact()


def run(target, *arguments):
    child = FORKSERVER.Process(target=target, args=arguments)
    child.start()
    child.join(60)
    return child.exitcode


def rows_of(log):
    return sorted((user, *row) for user, rows in short(log).items() for row in rows)


def check_then_finish(folder, number):
    """After a kill: either none or all of the batch is there; appending again completes it."""
    log = open_log(folder)
    assert log.events in (ROWS * number, ROWS * (number + 1))
    check_whole(log)
    assert rows_of(log) == sorted(row for n in range(log.events // ROWS) for row in batch(n))
    landed = log.events == ROWS * (number + 1)
    appended = log.append(events(*batch(number)))
    assert (appended.rows_kept, appended.rows_known) == ((0, ROWS) if landed else (ROWS, 0))
    assert not [*log.workspace.cache.glob("scratch/*")], "what the killed one left is cleared"
    return landed


@pytest.mark.slow
def test_24_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path):
    folder = str(tmp_path / "shop")
    open_log(folder, create=True, buckets=3)
    assert run(append, folder, 0, FORKSERVER.Event()) == 0
    moments = np.random.default_rng(5)
    kills = number = 0
    longest = 0.2  # seconds; found as we go, so that kills fall all over an append
    while kills < 24:
        number += 1
        ready = FORKSERVER.Event()
        child = FORKSERVER.Process(target=append, args=(folder, number, ready))
        child.start()
        assert ready.wait(60)
        time.sleep(moments.uniform(0, longest))
        child.kill()
        child.join(60)
        killed = child.exitcode == -signal.SIGKILL
        kills += killed
        longest *= 1.05 if killed else 0.7
        check_then_finish(folder, number)
    log = open_log(folder)
    assert log.events == ROWS * (number + 1)
    assert rows_of(log) == sorted(row for n in range(number + 1) for row in batch(n))


PLANTED = [
    ("_catch_up", "return", 0),
    ("gather", "return", 0),
    ("judge", "return", 0),
    ("_write_new", "return", 0),  # a file of ids is written, nobody knows it
    ("save", "return", 0),  # ids are committed, their events are not
    ("write_bucket", "call", 1),
    ("write_bucket", "return", 0),
    ("write_bucket", "return", 2),  # all data files are written, none is committed
    ("commit", "call", 0),
    ("commit", "call", 1),
    ("commit", "return", 0),
    ("commit", "return", 1),  # the events are committed, the index does not know
    ("_append", "call", 0),
    ("_append", "return", 0),
    ("_save_manifest", "call", 0),
    ("_save_manifest", "return", 0),
    ("append_events", "return", 0),
]


@pytest.mark.slow
def test_a_kill_at_each_planted_moment_of_an_append_loses_nothing(tmp_path):
    folder = str(tmp_path / "shop")
    open_log(folder, create=True, buckets=3).append(events(*batch(0)))
    landed = []
    for number, planted in enumerate(PLANTED, start=1):
        assert run(append_until, folder, number, planted) == -signal.SIGKILL, planted
        if check_then_finish(folder, number):
            landed.append(planted)
    commit = PLANTED.index(("commit", "return", 1))
    assert landed == PLANTED[commit:], "an append is there from its second commit on, and no sooner"


@pytest.mark.parametrize("moment", [("_write_settings", 0), ("open_table", 0), ("open_table", 1)])
def test_a_kill_while_a_log_is_made_leaves_a_place_to_make_it(tmp_path, moment):
    folder = str(tmp_path / "shop")
    run(make_until, folder, (moment[0], "return", moment[1]))
    log = open_log(folder, create=True, buckets=3)
    assert log.append(events(*batch(0))).rows_kept == ROWS
    check_whole(log)


def make_until(folder, planted):
    watch = kill_self(*planted)
    sys.setprofile(watch)
    open_log(folder, create=True, buckets=3).append(events(*batch(0)))


@pytest.mark.parametrize(
    "planted",
    [
        ("write_bucket", "return", 0),
        ("write_bucket", "return", 2),
        ("commit", "call", 0),
        ("commit", "return", 0),
    ],
)
def test_a_kill_inside_a_compaction_changes_no_answer(tmp_path, planted):
    folder = str(tmp_path / "shop")
    log = open_log(folder, create=True, buckets=3)
    for number in range(3):
        log.append(events(*batch(number)))
    before = rows_of(log)
    assert run(compact_until, folder, planted) == -signal.SIGKILL
    again = open_log(folder)
    assert rows_of(again) == before
    check_whole(again)
    again.compact()
    assert rows_of(again) == before
    assert again.append(events(*batch(1))).rows_known == ROWS


@pytest.mark.parametrize(
    "planted",
    [
        ("_write_meta", "return", 0),
        ("_map", "call", 0),
        ("read_chunk", "return", 0),
        ("save_words", "return", 0),
        ("save_words", "return", 1),
        ("_build", "return", 0),
    ],
)
def test_a_kill_while_the_cache_is_built_changes_no_answer(tmp_path, planted):
    folder = str(tmp_path / "shop")
    log = open_log(folder, create=True, buckets=3)
    log.append(events(*batch(0)))
    before = rows_of(log)
    shutil.rmtree(log.workspace.cache / "chunks")
    assert run(ask_until, folder, planted) == -signal.SIGKILL
    assert rows_of(open_log(folder)) == before
