import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from footfall.errors import OptionError
from footfall.store.engine import ChunkList, LocalEngine
from footfall.store.memory import MemoryLog


def chunks(buckets=9):
    rows = [(f"u{n % 40}", f"2026-01-{n % 28 + 1:02d}", "view") for n in range(200)]
    return MemoryLog.from_rows(rows, buckets=buckets).source(["timestamp"])


def footfall_threads():
    return [t for t in threading.enumerate() if t.name.startswith("footfall")]


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
def test_the_answer_is_the_same_whatever_the_threads(threads):
    def measure(chunk):
        return chunk.users.tolist(), int(np.sum(chunk["timestamp"]))

    source = chunks()
    one_by_one = [measure(source.open(number)) for number in range(len(source))]
    assert LocalEngine(threads=threads).map(source, measure, list) == one_by_one


def test_every_user_is_measured_once():
    parts = LocalEngine().map(chunks(), lambda chunk: chunk.users.tolist(), list)
    assert sorted(user for part in parts for user in part) == list(range(40))


def test_a_log_without_chunks_merges_nothing():
    assert LocalEngine().map(ChunkList([]), lambda _: 1, sum) == 0


def test_no_more_chunks_are_open_than_threads():
    open_now, most = [], []

    class Counting:
        def __len__(self):
            return 12

        def open(self, number):
            open_now.append(number)
            most.append(len(open_now))
            return number

    def measure(number):
        time.sleep(0.005)
        open_now.remove(number)
        return number

    assert LocalEngine(threads=3).map(Counting(), measure, list) == list(range(12))
    assert max(most) <= 3


def test_progress_counts_every_chunk():
    told = []
    engine = LocalEngine(progress=lambda *step: told.append(step))
    engine.map(chunks(4), lambda chunk: chunk.events, sum, label="count")
    assert told == [("count", done, 4) for done in (1, 2, 3, 4)]


def test_an_error_in_a_measure_is_raised_and_no_thread_is_left():
    measured = []

    def measure(chunk):
        measured.append(chunk)
        if len(measured) == 3:
            raise ZeroDivisionError("in the middle")
        return 1

    with pytest.raises(ZeroDivisionError, match="in the middle"):
        LocalEngine(threads=1).map(chunks(), measure, sum)
    assert len(measured) < 9, "what had not begun is not begun"
    assert footfall_threads() == []


def test_a_source_of_few_events_is_measured_in_the_asking_thread():
    def threads_of(events):
        source = chunks()

        class Known:
            __len__, open = source.__class__.__len__, source.__class__.open
            chunks = source.chunks

        Known.events = events
        return set(LocalEngine(threads=3).map(Known(), lambda _: threading.get_ident(), list))

    assert threads_of(1_000_000) == {threading.get_ident()}
    assert threading.get_ident() not in threads_of(1_000_001)
    assert threading.get_ident() not in threads_of(None)


def test_an_error_in_progress_or_merge_is_raised_and_no_thread_is_left():
    def fail(*_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        LocalEngine(progress=fail).map(chunks(), lambda _: 1, sum)
    with pytest.raises(ZeroDivisionError):
        LocalEngine().map(chunks(), lambda _: 1, fail)
    assert footfall_threads() == []


def test_an_engine_needs_a_thread():
    with pytest.raises(OptionError, match="The 'threads' option of LocalEngine must be an int"):
        LocalEngine(threads=0)


CHILD = """
import signal, threading, time
from footfall.store.engine import LocalEngine

signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs inherit "ignore"

class Source:
    events = EVENTS
    def __len__(self):
        return 1000
    def open(self, number):
        return number

def measure(number):
    if number == 3:
        print("begun", flush=True)
    time.sleep(0.05)
    return number

try:
    LocalEngine().map(Source(), measure, sum)
except KeyboardInterrupt:
    names = [t.name for t in threading.enumerate() if t.name.startswith("footfall")]
    print("stopped", names, flush=True)
    raise SystemExit(130)
"""


@pytest.mark.parametrize("events", ["None", "10"])
def test_ctrl_c_ends_a_question_at_once_and_in_silence(events):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.replace("EVENTS", events)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "begun\n"
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert out == "stopped []\n"
    assert err == ""
    assert child.returncode == 130
    assert time.monotonic() - begun < 10, "1000 chunks would take 25 seconds"
