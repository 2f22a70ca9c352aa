import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.store.children import FORKSERVER
from tests.store.rows import events, story

from footfall.errors import OptionError, StoreError
from footfall.store.engine import LocalEngine
from footfall.store.log import open_log
from footfall.store.memory import MemoryLog
from footfall.store.words import Words, is_word_column, open_words, save_words, word_file

SOME = events(
    ("ann", 3, "search"), ("ann", 1, "view", "kettle"), ("bob", 2, "view"), ("bob", 4, "view"),
    query=["tea", None, None, "tea"],
    properties=['{"channel":"ads"}', '{"channel":"mail","n":1}', None, '{"n":true,"channel":null}'],
    session_id=["s1", "s1", None, "s2"],
    currency=["EUR", None, None, "EUR"],
)  # fmt: skip
COLUMNS = ["timestamp", "query", "session_id", "properties.channel", "properties.n"]


def told(log, *names):
    """Each user's words in log order, by name."""

    def tell(chunk):
        texts = {name: [*chunk.words[name].to_pylist(), None] for name in names}
        return {
            user: [tuple(texts[n][chunk[n][row]] for n in names) for row in range(p.start, p.stop)]
            for user, p in chunk
        }

    rows = {user: row for part in log.map(tell, list, columns=names) for user, row in part.items()}
    return dict(zip(log.user_ids.strings([*rows]).to_pylist(), rows.values(), strict=True))


@pytest.fixture
def log(tmp_path):
    log = open_log(tmp_path / "shop", create=True, buckets=1)
    log.append(SOME)
    return log


@pytest.fixture(params=["disk", "memory"])
def either(request, log):
    return log if request.param == "disk" else MemoryLog.from_events(SOME, buckets=2)


def test_text_and_properties_come_as_codes_with_their_words(either):
    assert told(either, "query", "properties.channel", "properties.n") == {
        "ann": [(None, "mail", "1"), ("tea", "ads", None)],
        "bob": [(None, None, None), ("tea", None, "true")],
    }
    assert told(either, "session_id", "currency")["bob"] == [(None, None), ("s2", "EUR")]


def test_a_column_no_event_has_says_nothing(either):
    assert told(either, "text", "properties.nothing")["ann"] == [(None, None), (None, None)]


def test_codes_are_small_whole_numbers_and_words_are_different(either):
    def check(chunk):
        for name in COLUMNS[1:]:
            assert chunk[name].dtype == np.int32
            assert not chunk[name].flags.writeable
            words = chunk.words[name]
            assert words.type == pa.string()
            assert len(words.unique()) == len(words)
            assert words.null_count == 0
            assert chunk[name].max(initial=-1) < len(words)
        return sorted(chunk.words)

    for names in either.map(check, list, columns=COLUMNS):
        assert names == sorted(COLUMNS[1:])


def test_a_question_without_text_gets_no_words(either):
    assert either.map(lambda chunk: dict(chunk.words), list, columns=["timestamp"])[0] == {}


def test_keys_of_properties_are_named(either, tmp_path):
    assert either.property_keys() == ["channel", "n"]
    assert MemoryLog.from_rows([("ann", 1, "view")]).property_keys() == []
    assert open_log(tmp_path / "new", create=True).property_keys() == []


@pytest.mark.parametrize("name", ["texts", "properties", "properties.", "event_id", "user_id"])
def test_a_text_column_that_does_not_exist_is_a_clear_error(either, name):
    with pytest.raises(OptionError, match=r"'columns' option of map must be among .*query.*<key>"):
        either.map(lambda chunk: chunk, list, columns=[name])
    assert not is_word_column(name)


def test_keys_of_an_older_version_are_its_own(log):
    log.append(events(("ann", 9, "view"), properties=['{"later": 1, "渠道": {"x": 1}}']))
    assert log.property_keys() == ["channel", "later", "n", "渠道"]
    assert log.at(1).property_keys() == ["channel", "n"]
    for path in log.workspace.cache.glob("keys/*.json"):
        path.write_text('{"file": "another", "keys": []}')
    assert open_log(log.workspace.location).property_keys() == ["channel", "later", "n", "渠道"]


def test_a_tail_brings_its_own_words(log):
    before = told(log, "query", "properties.channel")
    log.append(
        events(
            ("ann", 2, "view"),
            ("cyd", 1, "view"),
            ("bob", 9, "view"),
            query=["mug", "tea", None],
            properties=['{"channel":"search"}', '{"channel":"mail"}', None],
        )
    )
    log.append(events(("dan", 2, "view")))  # a file without any text
    assert told(log, "query", "properties.channel") == {
        "ann": [before["ann"][0], ("mug", "search"), before["ann"][1]],
        "bob": [*before["bob"], (None, None)],
        "cyd": [("tea", "mail")],
        "dan": [(None, None)],
    }
    bases = [*log.workspace.cache.glob("chunks/0000/*/files.json")]
    assert len(bases) == 1, "the base was not built anew"
    after = told(log, "query", "properties.channel", "properties.n")
    log.compact()
    assert told(log, "query", "properties.channel", "properties.n") == after


def test_keys_may_hold_any_character(tmp_path):
    keys = ["a/b", "..", "Channel", "channel", "渠道", "x" * 500, "a b", "nul\u0000", "%2F"]
    rows = [("ann", place, "view", None, None, None, {key: key}) for place, key in enumerate(keys)]
    log = open_log(tmp_path, create=True, buckets=1)
    log.append(
        events(
            *[(row[0], row[1], row[2]) for row in rows],
            properties=[
                f'{{"{key}":"v{n}"}}'.replace("\0", "\\u0000") for n, key in enumerate(keys)
            ],
        )
    )
    for place, key in enumerate(keys):
        expected = [(f"v{place}" if n == place else None,) for n in range(len(keys))]
        assert told(log, f"properties.{key}")["ann"] == expected
    names = {word_file(f"properties.{key}").lower() for key in keys}
    assert len(names) == len(keys), "also where case does not tell files apart"
    assert all("/" not in name and len(name) < 100 for name in names)
    memory = MemoryLog.from_rows(rows)
    assert told(memory, "properties.渠道")["ann"][4] == ("渠道",)


@pytest.mark.parametrize("damage", [b"", b"ARROW1\0\0", b"nonsense", "cut", "zeros", "half"])
def test_damaged_words_are_built_again(log, damage):
    before = story(log)
    paths = [*log.workspace.cache.glob("chunks/*/*/*.words")]
    assert len(paths) == 4
    for path in paths:
        whole = path.read_bytes()
        path.write_bytes(
            {"cut": whole[:-8], "zeros": bytes(len(whole)), "half": whole[: len(whole) // 2]}.get(
                damage, damage
            )
        )
    assert story(open_log(log.workspace.location)) == before


def test_codes_and_words_lie_in_one_file(tmp_path):
    words = Words(np.array([1, -1, 0], np.int32), pa.array(["ä", ""]))
    save_words(tmp_path / "x", words)
    again = open_words(tmp_path / "x")
    assert (again.codes.tolist(), again.strings.to_pylist()) == ([1, -1, 0], ["ä", ""])
    assert not again.codes.flags.writeable
    save_words(tmp_path / "x", Words(np.zeros(0, np.int32), pa.array([], pa.string())))
    assert open_words(tmp_path / "x").strings.to_pylist() == []


def test_a_new_text_column_does_not_write_the_others_again(log):
    told(log, "query")
    before = {path: path.stat().st_mtime_ns for path in log.workspace.cache.glob("chunks/*/*/*.*")}
    told(log, "query", "properties.n")
    for path, written in before.items():
        assert path.stat().st_mtime_ns == written


def test_from_rows_takes_properties_as_a_last_dict():
    log = MemoryLog.from_rows(
        [
            ("ann", 1, "view", {"n": 1.5, "s": 'a"b'}),
            ("ann", 2, "view", "kettle", 2, 998, {"n": True}),
            ("ann", 3, "view"),
        ]
    )
    assert told(log, "properties.n", "properties.s")["ann"] == [
        ("1.5", 'a"b'), ("true", None), (None, None),
    ]  # fmt: skip


def ask_elsewhere(pickled, home, queue):
    """Open the chunks of a source as another machine would."""
    os.environ["XDG_CACHE_HOME"] = home
    os.chdir("/")
    source = pickle.loads(pickled)  # noqa: S301  # our own, made by the test
    try:
        queue.put(LocalEngine().map(source, summary, list))
    except StoreError as error:
        queue.put(str(error))


def summary(chunk):
    words = {name: sorted(strings.to_pylist()) for name, strings in chunk.words.items()}
    return (chunk.users.tolist(), chunk.offsets.tolist(), chunk["timestamp"].tolist(), words)


def elsewhere(source, home):
    queue = FORKSERVER.SimpleQueue()
    child = FORKSERVER.Process(target=ask_elsewhere, args=(pickle.dumps(source), str(home), queue))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    return queue.get()


@pytest.fixture
def source(tmp_path):
    log = open_log(tmp_path / "shop", create=True, buckets=3)
    log.append(
        events(*[(f"u{n}", n, "view") for n in range(20)], query=[f"q{n % 3}" for n in range(20)])
    )
    log.append(events(("u3", 1, "search"), query=["tea"]))
    return log.source(["timestamp", "query"])


def test_a_source_opens_in_another_process(source, tmp_path):
    expected = LocalEngine().map(source, summary, list)
    assert elsewhere(source, tmp_path) == expected
    assert [elsewhere(source.part(n), tmp_path) for n in range(3)] == [[one] for one in expected]


def test_a_source_opens_by_its_files_where_the_cache_cannot_be_written(source, tmp_path):
    expected = LocalEngine().map(source, summary, list)
    shutil.rmtree(tmp_path / "shop" / ".cache")
    (tmp_path / "shop" / ".cache").write_text("in the way")
    assert elsewhere(source, tmp_path) == expected


def test_a_source_of_a_url_opens_on_a_machine_without_a_home(source, tmp_path):
    expected = LocalEngine().map(source, summary, list)
    log = open_log(f"file://{tmp_path / 'shop'}")
    assert elsewhere(log.source(["timestamp", "query"]), "/proc/nowhere") == expected


def test_a_source_whose_files_are_gone_says_so_elsewhere(source, tmp_path):
    shutil.rmtree(tmp_path / "shop" / ".cache", ignore_errors=True)
    for path in Path(tmp_path / "shop" / "events").glob("bucket=*/*.parquet"):
        path.unlink()
    assert "Cannot read events/bucket=" in elsewhere(source, tmp_path)


def test_a_source_knows_a_folder_named_from_here(tmp_path):
    before = Path.cwd()
    open_log(tmp_path / "shop", create=True, buckets=1).append(SOME)
    os.chdir(tmp_path)
    try:
        source = open_log("shop").source(["timestamp", "query"])
        expected = LocalEngine().map(source, summary, list)
        assert elsewhere(source, tmp_path) == expected
    finally:
        os.chdir(before)


def test_a_part_of_a_log_in_memory_carries_only_itself():
    rows = [(f"u{n}", n, "view", {"n": n}) for n in range(1000)]
    source = MemoryLog.from_rows(rows, buckets=10).source(["timestamp", "properties.n"])
    parts = [pickle.loads(pickle.dumps(source.part(n))) for n in range(10)]  # noqa: S301
    assert [len(part) for part in parts] == [1] * 10
    assert [summary(p.open(0)) for p in parts] == LocalEngine().map(source, summary, list)
    assert len(pickle.dumps(parts[0])) < len(pickle.dumps(source)) / 5
