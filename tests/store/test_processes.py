"""Several processes at work on one log: nothing is lost, nothing doubled."""

from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import check_whole, events, short, story

from footfall.store.log import open_log

PROCESSES = 4
APPENDS = 4


def batch(process, number):
    """Rows of which a third is the process's own, the others come from a neighbor too."""
    own = [(f"p{process}-{n}", number, "view", f"i{process}") for n in range(20)]
    shared = [(f"s{n}", number * 10 + (process + n) % 2, "click", "both") for n in range(40)]
    return own + shared


def append_all(process, folder):
    log = open_log(folder, create=True, buckets=3)
    return [log.append(events(*batch(process, number))).rows_kept for number in range(APPENDS)]


def read_all(process, folder):
    """Read old and new versions in turn, each time anew, while others do the same."""
    told = []
    for version in (process % 3, 3, 1, 2, 3, process % 4):
        log = open_log(folder).at(version)
        told.append((version, short(log)))
    return told


def test_four_processes_append_at_once_and_all_lands_once(tmp_path):
    folder = str(tmp_path / "shop")
    with ProcessPoolExecutor(PROCESSES, mp_context=FORKSERVER) as pool:
        kept = [*pool.map(append_all, range(PROCESSES), [folder] * PROCESSES)]
    log = open_log(folder)
    expected = {row for p in range(PROCESSES) for n in range(APPENDS) for row in batch(p, n)}
    rows = [(user, *row) for user, mine in short(log).items() for row in mine]
    assert sorted(rows) == sorted(expected)
    assert sum(map(sum, kept)) == log.events == len(expected)
    check_whole(log)
    before = story(log)
    log.compact()
    assert story(log) == before


@pytest.mark.slow
def test_processes_that_build_and_drop_caches_at_once_all_read_rightly(tmp_path):
    folder = str(tmp_path / "shop")
    log = open_log(folder, create=True, buckets=2)
    truth = [short(log)]
    for number in range(3):
        log.append(events(*batch(number, number)))
        log.compact()
        truth.append(short(log))
    versions = [log.at(version) for version in range(log.version + 1)]
    told = {one.version: short(one) for one in versions}
    with ProcessPoolExecutor(PROCESSES, mp_context=FORKSERVER) as pool:
        for answers in pool.map(read_all, range(8), [folder] * 8):
            assert all(told[version] == answer for version, answer in answers)
