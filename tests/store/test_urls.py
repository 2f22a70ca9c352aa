"""A URL goes straight through delta-rs: the same answers, and writers on other machines."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import check_whole, events, short, story

from footfall.errors import ConflictError
from footfall.store.append import append_events, open_events
from footfall.store.log import open_log
from footfall.store.workspace import Workspace


@pytest.fixture
def url(tmp_path):
    """A new place by URL; its cache is kept out of the user's own."""
    (tmp_path / "shop").mkdir()
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "machine")
    yield f"file://{tmp_path / 'shop'}"
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


def test_a_url_gives_the_answers_of_the_folder(url, tmp_path):
    by_url = open_log(url, create=True, buckets=3)
    some = events(("ann", 5, "view", "水壶"), ("bob", 2, "view"), ("ann", 1, "search"))
    assert by_url.append(some).rows_kept == 3
    assert by_url.append(some).rows_known == 3
    by_url.append(events(("ann", 3, "click"), query=["红"]))
    by_url.save_table("items", pa.table({"item_id": ["水壶"], "title": ["Kettle"]}))
    by_folder = open_log(tmp_path / "shop")
    assert story(by_url) == story(by_folder)
    assert by_url.items.to_pylist() == by_folder.items.to_pylist() == [
        {"item_id": "水壶", "title": "Kettle"}
    ]  # fmt: skip
    assert by_url.compact() == 1
    assert story(by_url) == story(by_folder.newest())
    assert short(by_url.at(1))["ann"] == [(1, "search", None), (5, "view", "水壶")]
    assert [table.num_rows for table in by_url.scan(["query"])] == [
        table.num_rows for table in by_folder.newest().scan(["query"])
    ]
    check_whole(by_url)


def test_the_cache_of_a_url_is_the_users_own(url, tmp_path):
    log = open_log(url, create=True, buckets=1)
    log.append(events(("ann", 1, "view")))
    short(log)
    assert not (tmp_path / "shop" / ".cache").exists()
    assert [*(tmp_path / "machine" / "footfall").glob("*/chunks/0000/*/timestamp.npy")]


def test_a_log_made_anew_at_the_same_url_knows_nothing_of_the_old_one(url, tmp_path):
    some = events(("ann", 1, "view"), ("bob", 1, "view"))
    open_log(url, create=True).append(some)
    shutil.rmtree(tmp_path / "shop")
    (tmp_path / "shop").mkdir()
    other_machine = open_log(tmp_path / "shop", create=True)
    other_machine.append(events(("cyd", 1, "view"), ("dan", 1, "view")))
    assert open_log(url).append(some).rows_kept == 2


def test_a_writer_that_lost_the_race_reads_again_and_lands(url, tmp_path):
    log = open_log(url, create=True, buckets=2)
    rival = open_log(tmp_path / "shop")
    tries = []

    def batches():
        tries.append(1)
        yield events(("ann", 1, "view"), ("bob", 1, "view"))
        if len(tries) < 3:  # while we read, somebody else commits
            rival.append(events(("ann", 1, "view"), (f"rival{len(tries)}", 1, "click", "cup")))

    appended = log.append(batches)
    assert len(tries) == 3
    assert (appended.version, appended.rows_kept, appended.rows_known) == (3, 1, 1)
    assert sorted(short(log)) == ["ann", "bob", "rival1", "rival2"]
    check_whole(log)


def test_a_writer_that_loses_every_race_gives_up_and_says_so(url, tmp_path):
    log = open_log(url, create=True, buckets=1)
    rival = open_log(tmp_path / "shop")
    tries = []

    def batches():
        tries.append(1)
        rival.append(events(("rival", len(tries), "click")))
        yield events(("ann", 1, "view"))

    with pytest.raises(ConflictError, match="Another process changed the log first"):
        append_events(log.workspace, batches)
    assert len(tries) == 8
    assert list(short(log.newest())) == ["rival"]


def test_a_compaction_that_lost_the_race_leaves_the_log_as_it_is(url, tmp_path):
    log = open_log(url, create=True, buckets=1)
    log.append(events(("ann", 1, "view")))
    log.append(events(("ann", 2, "view")))
    rival = open_log(tmp_path / "shop")

    def progress(*_):
        rival.append(events(("ann", 3, "view")))

    with pytest.raises(ConflictError):
        log.compact(progress=progress)
    assert [row[0] for row in short(log.newest())["ann"]] == [1, 2, 3]
    assert log.compact() == 1


def append_from_a_machine(number, url, home, queue):
    """Append as a machine of its own would: by URL, with a cache that nobody shares."""
    os.environ["XDG_CACHE_HOME"] = home
    log = open_log(url, create=True, buckets=2)
    kept = [log.append(events(*rows(number, turn))).rows_kept for turn in range(3)]
    queue.put(kept)


def rows(number, turn):
    own = [(f"m{number}-{n}", turn, "view", f"i{number}") for n in range(5)]
    return own + [(f"s{n}", turn, "view", "both") for n in range(5)]


def test_machines_that_append_to_one_url_at_once_lose_nothing(url, tmp_path):
    queue = FORKSERVER.SimpleQueue()
    homes = [str(tmp_path / f"machine{number}") for number in range(3)]
    children = [
        FORKSERVER.Process(target=append_from_a_machine, args=(number, url, home, queue))
        for number, home in enumerate(homes)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0, 0]
    log = open_log(url)
    expected = {row for number in range(3) for turn in range(3) for row in rows(number, turn)}
    told = [(user, *row) for user, mine in short(log).items() for row in mine]
    assert sorted(told) == sorted(expected)
    assert sum(sum(queue.get()) for _ in children) == len(expected)
    check_whole(log)


def test_threads_of_one_machine_that_append_to_one_url_wait_for_each_other(url):
    open_log(url, create=True, buckets=2)
    with ThreadPoolExecutor(4) as pool:
        kept = pool.map(
            lambda n: open_log(url).append(events(*rows(n, 0))).rows_kept, range(4)
        )  # fmt: skip
        assert sum(kept) == 4 * 5 + 5
    assert open_log(url).version == 4


def test_two_that_open_a_new_table_at_once_both_get_it(tmp_path):
    for attempt in range(5):
        place = Workspace(str(tmp_path / str(attempt)))
        Path(place.location).mkdir()
        with ThreadPoolExecutor(4) as pool:
            opened = [*pool.map(lambda _, at=place: open_events(at), range(4))]
        assert {table.version for table in opened} == {0}
