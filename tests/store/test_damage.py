"""Full disks, folders that cannot be written, files that are gone or damaged: said clearly."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import check_whole, events, short

from footfall.errors import FootfallError, OptionError, StoreError
from footfall.store.log import open_log
from footfall.store.workspace import SETTINGS_FILE, Settings, Workspace

SOME = events(*[(f"u{n}", n, "view", f"i{n}") for n in range(50)])


@pytest.fixture
def log(tmp_path):
    log = open_log(tmp_path / "shop", create=True, buckets=2)
    log.append(SOME)
    return log


def data_files(log):
    return sorted(Path(log.workspace.location, "events").glob("bucket=*/*.parquet"))


def test_a_folder_without_a_log_says_how_to_make_one(tmp_path):
    with pytest.raises(StoreError, match=r"no footfall log in .*footfall ingest FILE --log"):
        open_log(tmp_path)
    with pytest.raises(StoreError, match="There is no footfall log"):
        open_log(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists(), "looking makes nothing"


def test_a_folder_of_something_else_is_not_written_into(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"jpg")
    with pytest.raises(StoreError, match=r"not a footfall log and not empty .*'holiday.jpg'"):
        open_log(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_in_place_of_a_folder_is_a_clear_error(tmp_path):
    (tmp_path / "shop").write_text("I am a file")
    for place in ("shop", "shop/inner"):
        with pytest.raises(StoreError, match="Cannot make the folder"):
            open_log(tmp_path / place, create=True)
        with pytest.raises(StoreError, match="There is no footfall log"):
            open_log(tmp_path / place)


def test_a_place_that_cannot_be_written_is_a_clear_error():
    with pytest.raises(StoreError, match="Cannot make the folder /proc/footfall"):
        open_log("/proc/footfall", create=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not the settings of a footfall log"),
        (b"\xff\xfe\x00", "not the settings of a footfall log"),
        (b"format = 1", "not the settings of a footfall log: 'buckets'"),
        (b"format = 1\nbuckets = 0", "not the settings of a footfall log: The 'buckets'"),
        (b"format = 'one'\nbuckets = 4", "not the settings of a footfall log"),
        (b"format = 9\nsharding = 'new'", "has format 9; .* reads format 1. Upgrade footfall"),
    ],
)
def test_damaged_or_future_settings_are_a_clear_error(log, text, message):
    Path(log.workspace.location, SETTINGS_FILE).write_bytes(text)
    with pytest.raises(StoreError, match=message):
        open_log(log.workspace.location)
    with pytest.raises(StoreError, match=message):
        open_log(log.workspace.location, create=True)


def test_settings_are_what_they_were_when_made(tmp_path):
    first = open_log(tmp_path, create=True, buckets=5).settings
    assert open_log(tmp_path, create=True, buckets=9).settings == first
    assert first.created.startswith("20")
    with pytest.raises(OptionError, match=r"'buckets' option .* \[1, 4096\]. Got 0 instead"):
        open_log(tmp_path, create=True, buckets=0)
    assert Settings.from_toml(first.to_toml(), where="here") == first


def test_a_deleted_data_file_is_named(log):
    data_files(log)[0].unlink()
    shutil.rmtree(log.workspace.cache)
    with pytest.raises(StoreError, match=r"Cannot read events/bucket=\d/.*\.parquet of the log"):
        short(open_log(log.workspace.location))
    with pytest.raises(StoreError, match="Cannot read"):
        log.append(SOME)
    with pytest.raises(StoreError, match="Cannot read"):
        list(log.scan())


@pytest.mark.parametrize("damage", ["cut", "zeros", "empty"])
def test_a_damaged_data_file_is_named(log, damage):
    path = data_files(log)[0]
    whole = path.read_bytes()
    half = whole[: len(whole) // 2]
    path.write_bytes(
        {"cut": half, "zeros": half + bytes(len(whole) - len(half)), "empty": b""}[damage]
    )
    shutil.rmtree(log.workspace.cache)
    with pytest.raises(StoreError, match=r"Cannot read events/bucket=\d/.*\.parquet of the log"):
        short(open_log(log.workspace.location))


def test_a_damaged_table_history_is_a_clear_error(log):
    newest = sorted(Path(log.workspace.location, "events", "_delta_log").glob("*.json"))[-1]
    newest.write_text("{not json")
    with pytest.raises(StoreError, match=r"Cannot open .*events"):
        open_log(log.workspace.location)


def test_a_log_without_its_ids_is_refused_since_codes_never_change(log):
    shutil.rmtree(Path(log.workspace.location, "ids"))
    with pytest.raises(StoreError, match="ids is empty but there are events: restore"):
        open_log(log.workspace.location)
    with pytest.raises(StoreError, match="restore that folder"):
        log.append(events(("new", 1, "view")))


def test_a_damaged_file_of_ids_is_a_clear_error(log):
    for path in Path(log.workspace.location, "ids").glob("kind=user/*.parquet"):
        path.write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="Cannot read the codes of users"):
        len(open_log(log.workspace.location).user_ids)


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"nonsense", None])
def test_a_damaged_cache_is_built_again(log, damage):
    before = short(log)
    for path in log.workspace.cache.glob("chunks/*/*/*.npy"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-8] if damage is None else damage)
    assert short(open_log(log.workspace.location)) == before


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"nonsense", None])
def test_a_damaged_index_of_event_ids_is_built_again(log, damage):
    for path in log.workspace.cache.glob("seen/*/*"):
        whole = path.read_bytes()
        path.write_bytes(whole[:-8] if damage is None else damage)
    assert log.append(SOME).rows_known == 50
    check_whole(log)


def test_the_index_of_another_log_that_was_here_before_is_not_believed(log, tmp_path):
    seen = log.workspace.cache / "seen"
    other = open_log(tmp_path / "other", create=True, buckets=2)
    other.append(events(*[(f"x{n}", n, "view") for n in range(50)]))
    shutil.rmtree(other.workspace.cache / "seen")
    shutil.copytree(seen, other.workspace.cache / "seen")
    assert other.append(SOME).rows_kept == 50


def fill_the_disk(folder, limit, doing, queue):
    """Act with files limited to so many bytes, as on a disk that is full."""
    log = open_log(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    rng = np.random.default_rng(1)
    many = events(*[(f"v{n}", n, "view", f"i{rng.integers(1 << 60)}") for n in range(20_000)])
    try:
        if doing == "append":
            log.append(many)
        elif doing == "compact":
            log.compact()
        else:
            short(log)
    except FootfallError as error:
        queue.put((type(error).__name__, str(error)))
    else:
        queue.put(("done", ""))


def on_a_full_disk(folder, limit, doing):
    queue = FORKSERVER.SimpleQueue()
    child = FORKSERVER.Process(target=fill_the_disk, args=(folder, limit, doing, queue))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    return queue.get()


@pytest.mark.parametrize("limit", [0, 10_000, 60_000])
def test_an_append_on_a_full_disk_is_a_clear_error_and_changes_nothing(log, limit):
    folder, before = log.workspace.location, data_files(log)
    kind, message = on_a_full_disk(folder, limit, "append")
    assert kind == "StoreError"
    assert "Cannot" in message
    assert "File too large" in message
    again = open_log(folder)
    assert (again.version, short(again)) == (1, short(log))
    assert data_files(again) == before, "what was written in vain is gone"
    check_whole(again)
    assert again.append(events(("v1", 1, "view"))).rows_kept == 1


def test_a_compaction_on_a_full_disk_changes_nothing(log):
    log.append(events(("u1", 99, "view"), ("u2", 99, "view"), ("u3", 99, "view")))
    before = data_files(log)
    kind, message = on_a_full_disk(log.workspace.location, 1_000, "compact")
    assert (kind, "Cannot write a data file of the log" in message) == ("StoreError", True)
    assert data_files(log) == before
    assert open_log(log.workspace.location).version == log.version


def test_a_question_on_a_full_disk_says_that_the_cache_cannot_be_kept(log):
    kind, message = on_a_full_disk(log.workspace.location, 100, "ask")
    assert (kind, "Cannot keep the cache in" in message) == ("StoreError", True)
    assert len(short(open_log(log.workspace.location))) == 50


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_a_read_only_log_answers_and_refuses_appends(log, tmp_path):
    """In a mount space of its own, where the folder is read-only also for root."""
    script = (
        "import json, os, sys; from footfall.errors import StoreError;"
        "from footfall.store.log import open_log; from tests.store.rows import events, short\n"
        "log = open_log(sys.argv[1])\n"
        "told = len(short(log))\n"
        "try: log.append(events(('new', 1, 'view')))\n"
        "except StoreError as error: print(told, str(log.workspace.cache), error)\n"
    )
    folder = log.workspace.location
    shell = f"mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}' && "
    shell += f"exec '{sys.executable}' -c \"$SCRIPT\" '{folder}'"
    environment = {**os.environ, "SCRIPT": script, "XDG_CACHE_HOME": str(tmp_path / "home")}
    ran = subprocess.run(
        [shutil.which("unshare"), "--user", "--map-root-user", "--mount", "sh", "-c", shell],
        env=environment, capture_output=True, text=True, timeout=60,
        cwd=Path(__file__).parents[2], check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        pytest.skip(f"no mount spaces here: {ran.stderr.strip()}")
    assert ran.stdout.startswith(f"50 {tmp_path / 'home'}/footfall/"), ran.stderr
    assert f"Cannot write in {folder}: Read-only file system." in ran.stdout
    assert open_log(folder).version == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_log_of_another_user_answers_and_refuses_appends(log):
    folder = Path(log.workspace.location)
    folder.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="Cannot write in"):
            log.append(events(("new", 1, "view")))
        assert len(short(open_log(folder))) == 50
    finally:
        folder.chmod(0o755)


def test_a_url_no_one_knows_is_a_clear_error():
    with pytest.raises(StoreError, match="Cannot reach nosuch://shop"):
        open_log("nosuch://shop")


def test_a_store_that_does_not_answer_is_a_clear_error():
    options = {
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "allow_http": "true", "max_retries": "0",
    }  # fmt: skip
    with pytest.raises(StoreError, match=r"Cannot read s3://shop/log/footfall\.toml"):
        open_log("s3://shop/log", storage_options=options)


def test_a_workspace_knows_where_it_is():
    assert Workspace("shop").local == Path("shop").absolute()
    assert Workspace("s3://bucket/shop/").uri("events") == "s3://bucket/shop/events"
    assert Workspace("s3://bucket/shop").local is None
