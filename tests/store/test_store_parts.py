"""The parts an append is made of: the spill, the index of event ids, the shop's own tables."""

import threading

import numpy as np
import pyarrow as pa
import pytest
from tests.store.rows import events

from footfall.errors import OptionError
from footfall.store.duplicates import CHANGED, EXACT, KNOWN, NEW, Arrivals
from footfall.store.files import take_rows
from footfall.store.log import open_log
from footfall.store.seen import Run, SeenIndex
from footfall.store.spill import Spill


def rows(buckets, first, **more):
    count = len(buckets)
    return pa.table(
        {"bucket": buckets, "arrival": np.arange(first, first + count)}
        | {name: pa.array(values) for name, values in more.items()}
    )


@pytest.mark.parametrize("limit", [0, 3, 100])
def test_a_spill_gives_each_part_back_in_order_of_arrival(tmp_path, limit):
    with Spill(tmp_path / "spill", rows_in_memory=limit) as spill:
        spill.add(rows([2, 0, 2], 0))
        spill.add(rows([0, 2, 5], 3, query=["a", "b", "c"]))
        spill.add(rows([2, 2], 6))
        assert spill.parts() == [0, 2, 5]
        assert spill.read(2).column("arrival").to_pylist() == [0, 2, 4, 6, 7]
        told = [{"arrival": 1, "query": None}, {"arrival": 3, "query": "a"}]
        assert spill.read(0).to_pylist() == told
        assert spill.rows == 8
    assert not (tmp_path / "spill").exists()


def test_a_spill_of_thousands_of_parts_needs_few_open_files(tmp_path):
    with Spill(tmp_path / "spill", rows_in_memory=1000) as spill:
        for start in (0, 4000):
            spill.add(rows(list(range(4000)), start))
        assert len(spill.parts()) == 4000
        assert spill.read(3999).column("arrival").to_pylist() == [3999, 7999]


def test_rows_of_much_text_are_taken_with_wide_offsets():
    table = pa.table({"query": ["a", "bb", None], "quantity": [1, 2, 3]})
    wide = take_rows(table, np.array([2, 0]), narrow_bytes=0)
    assert wide.to_pylist() == [
        {"query": None, "quantity": 3},
        {"query": "a", "quantity": 1},
    ]
    assert wide.schema.types == [pa.large_string(), pa.int64()]
    assert take_rows(table, np.array([2, 0])).schema == table.schema


def keys(*values):
    return np.array(values, np.uint64)


def test_the_index_finds_what_was_added_in_any_run(tmp_path):
    index = SeenIndex(tmp_path)
    for start in range(0, 60, 3):
        part = keys(start, start + 1)
        index.extend([Run(part, part * np.uint64(2))], covered=start)
    again = SeenIndex(tmp_path)
    found, prints = again.look_up(keys(0, 1, 2, 57, 58, 59))
    assert found.tolist() == [True, True, False, True, True, False]
    assert prints.tolist() == [0, 2, 0, 114, 116, 0]
    assert again.covered == 57
    assert len([*tmp_path.glob("*.keys.npy")]) <= 5, "small runs are merged"


def test_an_empty_index_holds_nothing(tmp_path):
    found, prints = SeenIndex(tmp_path / "nothing").look_up(keys(1, 2))
    assert (found.tolist(), prints.tolist()) == ([False, False], [0, 0])


def test_events_are_judged_by_key_and_content(tmp_path):
    index = SeenIndex(tmp_path / "seen")
    index.extend([Run(keys(5, 7), keys(50, 70))], covered=2)
    with Arrivals(tmp_path / "arrivals") as arrivals:
        arrivals.add(keys(5, 6, 7, 6), keys(50, 60, 71, 60), np.arange(4))
        arrivals.add(keys(6, 7, 5, 7, 2**63), keys(61, 70, 50, 71, 1), np.arange(4, 9))
        assert arrivals.judge(index).tolist() == [
            KNOWN, NEW, CHANGED, EXACT,
            CHANGED, KNOWN, EXACT, EXACT, NEW,
        ]  # fmt: skip
        added = np.concatenate([run.keys for run in arrivals.runs()])
    assert added.tolist() == [6, 2**63]


def test_rows_of_a_table_replace_those_with_the_same_id(tmp_path):
    log = open_log(tmp_path / "shop", create=True)
    first = pa.table({"item_id": ["a", "b"], "title": ["A", "B"]})
    second = pa.table({"item_id": ["b", "c", "c"], "price": [1, 2, 3]})
    assert log.save_table("items", first) == 2
    assert log.save_table("items", second) == 3
    assert log.items.to_pylist() == [
        {"item_id": "a", "title": "A", "price": None},
        {"item_id": "b", "title": None, "price": 1},
        {"item_id": "c", "title": None, "price": 3},
    ]
    assert open_log(tmp_path / "shop").items.num_rows == 3
    assert log.users is None


def test_a_table_needs_its_id_and_the_types_it_had(tmp_path):
    log = open_log(tmp_path / "shop", create=True)
    with pytest.raises(OptionError, match=r"must be one of \['items', 'users'\]"):
        log.save_table("shops", pa.table({"item_id": ["a"]}))
    with pytest.raises(OptionError, match="a table with a column 'user_id'"):
        log.save_table("users", pa.table({"item_id": ["a"]}))
    log.save_table("items", pa.table({"item_id": ["a"], "price": [1]}))
    with pytest.raises(OptionError, match="whose columns have the types of the items there"):
        log.save_table("items", pa.table({"item_id": ["b"], "price": [["x"]]}))
    assert log.items.num_rows == 1


def test_threads_of_one_process_append_one_after_the_other(tmp_path):
    log = open_log(tmp_path / "shop", create=True, buckets=2)
    threads = [
        threading.Thread(
            target=lambda n=n: open_log(tmp_path / "shop").append(events((f"u{n}", n, "view")))
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (log.newest().version, log.newest().events) == (6, 6)
