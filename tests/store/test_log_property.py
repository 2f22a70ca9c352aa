"""Whatever is appended in whatever order, the log on disk says what a log in memory says."""

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.store.rows import check_whole, events, story

from footfall.store.log import open_log
from footfall.store.memory import MemoryLog

OPTIONAL = {
    "quantity": st.sampled_from([None, 1, 2]),
    "price": st.sampled_from([None, 0, 199]),
    "session_id": st.sampled_from([None, "s1", "s2"]),
    "rating": st.sampled_from([None, 0.1]),
    "query": st.sampled_from([None, "", "红"]),
    "properties": st.sampled_from(
        [None, "", "{", "{}", '{"channel":"ads"}', '{"n":1.0,"channel":"mail"}', '{"n":null}']
    ),
    "reward": st.sampled_from([None, -0.0, 0.0, 1.5]),
    "event_id": st.sampled_from([None, None, "e1", "e2", "e3"]),
}
users = st.sampled_from(["ann", "bob", "小红", "u4", "u5", "u6"])
kinds = st.sampled_from(["view", "purchase", "quiz"])
items = st.sampled_from([None, "kettle", "水壶"])
columns = st.fixed_dictionaries({}, optional={n: st.just(None) for n in OPTIONAL})


@st.composite
def batches(draw):
    """A batch: rows, and the optional columns it has."""
    row = st.tuples(users, st.integers(0, 6), kinds, items)
    rows = draw(st.lists(row, max_size=8))
    named = draw(st.sets(st.sampled_from(sorted(OPTIONAL)), max_size=4))
    length = {"min_size": len(rows), "max_size": len(rows)}
    return rows, {name: draw(st.lists(OPTIONAL[name], **length)) for name in sorted(named)}


actions = st.one_of(
    st.tuples(st.just("append"), batches()),
    st.tuples(st.just("append"), batches()),
    st.tuples(st.just("append in batches"), st.lists(batches(), max_size=3)),
    st.tuples(st.just("append again"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["compact", "ask", "delete cache", "open again"]), st.none()),
)


class Expected:
    """The distinct events in order of arrival, kept in plain Python."""

    def __init__(self):
        self.kept = {}  # identity -> (content, one-row table)

    def take(self, batch):
        """Add a batch as an append would; gives what an append must report."""
        held = dict(self.kept)
        first = {}
        report = {"kept": 0, "known": 0, "exact": 0, "changed": 0}
        for one in rows_of(batch):
            content = tuple(
                (n, 0.0 if v == 0 and n == "reward" else v)
                for n, v in one.to_pylist()[0].items()
                if v is not None and n != "event_id"
            )
            given = one.to_pylist()[0].get("event_id")
            identity = ("id", given) if given else content
            if identity in first and content == first[identity]:
                verdict = "exact"
            elif identity in held:
                verdict = "known" if held[identity][0] == content else "changed"
            else:
                verdict = "changed" if identity in first else "kept"
            first.setdefault(identity, content)
            if verdict == "kept":
                self.kept[identity] = (content, one)
            report[verdict] += 1
        return report

    def story(self):
        """What a log in memory says of these events."""
        tables = [one for _, one in self.kept.values()]
        if not tables:
            return {}
        return story(
            MemoryLog.from_events(pa.concat_tables(tables, promote_options="default"), buckets=3)
        )


def rows_of(batch):
    table = events(*batch[0], **batch[1])
    return [table.slice(row, 1) for row in range(table.num_rows)]


def act(log, action, expected, seen):
    """Do one thing to the log and check what it reports; gives the log to go on with."""
    name, about = action
    if name == "append again" and seen:
        name, about = "append", seen[about % len(seen)]
    if name == "append":
        seen.append(about)
        check_report(log.append(events(*about[0], **about[1])), [about], expected)
    elif name == "append in batches":
        tables = [events(*rows, **more) for rows, more in about]
        check_report(log.append(lambda: iter(tables)), about, expected)
    elif name == "compact":
        log.compact()
    elif name == "ask":
        assert story(log) == expected.story()
    elif name == "delete cache":
        shutil.rmtree(log.workspace.cache, ignore_errors=True)
    elif name == "open again":
        return open_log(log.workspace.location)
    return log


def check_report(appended, parts, expected):
    rows = [row for part in parts for row in part[0]]
    names = {name for part in parts for name in part[1]}
    more = {
        name: [v for part in parts for v in part[1].get(name, [None] * len(part[0]))]
        for name in names
    }
    report = expected.take((rows, more))
    got = {
        "kept": appended.rows_kept,
        "known": appended.rows_known,
        "exact": appended.exact,
        "changed": appended.changed,
    }
    assert got == report


@pytest.mark.slow
@given(st.sampled_from([1, 3, 24]), st.lists(actions, min_size=2, max_size=7))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_sequence_of_appends_and_compactions_gives_the_log_in_memory(buckets, doings):
    expected, seen, versions = Expected(), [], {}
    with tempfile.TemporaryDirectory() as folder:
        log = open_log(Path(folder) / "shop", create=True, buckets=buckets)
        for action in doings:
            log = act(log, action, expected, seen)
            versions[log.version] = expected.story()
            assert log.events == len(expected.kept)
        for version, told in versions.items():
            assert story(log.at(version)) == told, f"version {version}"
        check_whole(log)
        shutil.rmtree(log.workspace.cache, ignore_errors=True)
        for version, told in versions.items():
            assert story(log.at(version)) == told, f"version {version}, without its cache"
