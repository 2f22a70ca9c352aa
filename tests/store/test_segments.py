import json
import os
import unicodedata
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import events

from footfall.errors import OptionError, StoreError
from footfall.store.log import open_log
from footfall.store.memory import MemoryLog

RULE = {"rule": "count(purchase) >= 2"}
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def log(tmp_path):
    return open_log(tmp_path / "shop", create=True, buckets=1)


@pytest.fixture(params=["folder", "url", "memory"])
def any_log(request, tmp_path):
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "home")
    (tmp_path / "shop").mkdir()
    place = {"folder": tmp_path / "shop", "url": f"file://{tmp_path / 'shop'}"}
    if request.param == "memory":
        yield MemoryLog.from_rows([("ann", 1, "view")])
    else:
        yield open_log(place[request.param], create=True, buckets=1)
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


def test_a_segment_is_saved_found_and_deleted(any_log):
    assert any_log.segments() == []
    assert any_log.save_segment("loyal", RULE, now=NOON) == 1
    assert (
        any_log.save_segment("高价值-1_a", {"users": ["bob", "小红", "ann", "bob"]}, now=NOON) == 1
    )
    assert any_log.segments() == ["loyal", "高价值-1_a"]
    assert any_log.saved_segment("loyal") == {
        "version": 1, "saved": "2026-01-05T12:00:00+00:00", "rule": "count(purchase) >= 2",
    }  # fmt: skip
    assert any_log.saved_segment("高价值-1_a")["users"] == ["ann", "bob", "小红"]
    any_log.delete_segment("loyal")
    assert any_log.segments() == ["高价值-1_a"]
    with pytest.raises(OptionError, match=r"must be a saved one: 高价值-1_a\. Got 'loyal' instead"):
        any_log.saved_segment("loyal")


def test_what_a_segment_said_before_stays_with_its_time(any_log):
    any_log.save_segment("loyal", RULE, now=NOON)
    any_log.save_segment("loyal", {"users": ["ann"]}, now=NOON + timedelta(days=1))
    assert any_log.save_segment("loyal", RULE, now=NOON + timedelta(days=2)) == 3
    assert any_log.saved_segment("loyal", version=2) == {
        "version": 2, "saved": "2026-01-06T12:00:00+00:00", "users": ["ann"],
    }  # fmt: skip
    assert any_log.saved_segment("loyal")["version"] == 3
    assert [said["version"] for said in any_log.segment_history("loyal")] == [1, 2, 3]
    for version in (0, 4, -1, True, "2"):
        with pytest.raises(OptionError, match=r"'version' .* an int in \[1, 3\] for 'loyal'"):
            any_log.saved_segment("loyal", version=version)


def test_saving_the_same_again_makes_no_version(any_log):
    assert any_log.save_segment("few", {"users": ["a", "b"]}, now=NOON) == 1
    assert any_log.save_segment("few", {"users": ("b", "a", "a")}) == 1
    assert any_log.saved_segment("few")["saved"] == "2026-01-05T12:00:00+00:00"
    assert any_log.save_segment("few", {"users": []}) == 2


def test_moments_are_noted_in_utc_and_default_to_now(log):
    china = timezone(timedelta(hours=8))
    log.save_segment("a", RULE, now=datetime(2026, 1, 5, 20, tzinfo=china))
    assert log.saved_segment("a")["saved"] == "2026-01-05T12:00:00+00:00"
    log.save_segment("b", RULE)
    told = datetime.fromisoformat(log.saved_segment("b")["saved"])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "..", ".", "a b", "a.json", "a\n", "-" * 61, "a\0", "../x", "a\\b", 3, None, "’"],
)
def test_names_that_are_no_file_names_are_refused(any_log, name):
    with pytest.raises(OptionError, match=r"'name' option of save_segment must be 1 to 60 letters"):
        any_log.save_segment(name, RULE)
    with pytest.raises(OptionError, match="The segment must be a saved one: none is; save one"):
        any_log.saved_segment(name)
    with pytest.raises(OptionError, match="must be a saved one"):
        any_log.delete_segment(name)


def test_the_longest_name_fits(any_log):
    name = "𠀀" * 60
    any_log.save_segment(name, RULE)
    assert any_log.segments() == [name]


def test_a_name_is_the_same_however_it_was_typed(any_log):
    composed = unicodedata.normalize("NFC", "café")
    any_log.save_segment(unicodedata.normalize("NFD", "café"), RULE)
    assert any_log.segments() == [composed]
    assert any_log.saved_segment(composed)["rule"] == RULE["rule"]


def test_names_that_differ_in_case_alone_are_refused(any_log):
    any_log.save_segment("Loyal", RULE)
    with pytest.raises(OptionError, match="a name that differs from 'Loyal' in more than its case"):
        any_log.save_segment("loyal", RULE)


def test_a_near_name_is_suggested(any_log):
    any_log.save_segment("loyal", RULE)
    with pytest.raises(OptionError, match=r"Got 'loyl' instead\. Did you mean 'loyal'\?"):
        any_log.saved_segment("loyl")


@pytest.mark.parametrize(
    "definition",
    [{}, {"rule": ""}, {"rule": " "}, {"rule": 3}, {"users": "ann"}, {"users": {"a": 1}}, "x", None,
     {"rule": "x", "users": []}, {"rule": "x", "more": 1}, {"users": None}],
)  # fmt: skip
def test_a_definition_is_a_rule_or_users(any_log, definition):
    with pytest.raises(OptionError, match=r"'definition' option of save_segment must be \{'rule'"):
        any_log.save_segment("a", definition)
    assert any_log.segments() == []


def test_a_document_is_text_to_read(log):
    log.save_segment("红", {"rule": "region = '北'"}, now=NOON)
    path = Path(log.workspace.location, "segments", "红.json")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": 1,
        "name": "红",
        "versions": [{"version": 1, "saved": "2026-01-05T12:00:00+00:00", "rule": "region = '北'"}],
    }
    assert "北" in path.read_text(encoding="utf-8")
    assert [file.name for file in path.parent.iterdir()] == ["红.json"], "nothing else is left"


def test_segments_belong_to_the_workspace_and_not_to_a_version(log):
    log.append(events(("ann", 1, "view")))
    log.save_segment("loyal", RULE)
    assert log.at(0).segments() == log.newest().segments() == ["loyal"]
    assert open_log(log.workspace.location).saved_segment("loyal")["rule"] == RULE["rule"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "segments/loyal.json is damaged"),
        (b"{", "segments/loyal.json is damaged"),
        (b"[]", "segments/loyal.json is damaged"),
        (b"\xff", "Cannot read the segment 'loyal'"),
        (b'{"format": 1, "name": "loyal", "versions": []}', "versions are missing"),
        (b'{"format": 1, "name": "loyal", "versions": [{"version": 1}]}', "damaged: 'saved'"),
        (b'{"format": 1, "name": "loyal", "versions": [{"version": 1, "saved": "x"}]}', "damaged"),
        (b'{"format": 2, "new": 1}', "has format 2; this footfall reads format 1. Upgrade"),
    ],
)
def test_a_damaged_document_is_a_clear_error_and_is_not_written_over(log, text, message):
    log.save_segment("loyal", RULE)
    path = Path(log.workspace.location, "segments", "loyal.json")
    path.write_bytes(text)
    for act in (lambda: log.saved_segment("loyal"), lambda: log.save_segment("loyal", RULE)):
        with pytest.raises(StoreError, match=message):
            act()
    assert path.read_bytes() == text
    assert log.segments() == ["loyal"]


def test_a_place_that_cannot_be_written_is_a_clear_error(log):
    Path(log.workspace.location, "segments").write_text("in the way")
    with pytest.raises(StoreError, match=r"Cannot list the segments in .*Not a directory"):
        log.save_segment("loyal", RULE)


def save_many(process, folder):
    log = open_log(folder)
    return [log.save_segment("shared", {"users": [f"{process}-{n}"]}) for n in range(5)]


def test_processes_that_save_at_once_lose_no_version(log):
    folder = log.workspace.location
    with ProcessPoolExecutor(3, mp_context=FORKSERVER) as pool:
        versions = [*pool.map(save_many, range(3), [folder] * 3)]
    assert sorted(number for mine in versions for number in mine) == [*range(1, 16)]
    said = {user for one in log.segment_history("shared") for user in one["users"]}
    assert said == {f"{process}-{n}" for process in range(3) for n in range(5)}


def test_who_reads_while_others_write_sees_whole_documents(log):
    log.save_segment("busy", {"users": ["0"]})

    def write(number):
        log.save_segment("busy", {"users": [str(number)] * 3})

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, number) for number in range(1, 30)]
        seen = [log.saved_segment("busy")["version"] for _ in range(60)]
        for one in writing:
            one.result()
    assert seen == sorted(seen)
    assert log.saved_segment("busy")["version"] == 30
