import numpy as np
import pytest

from footfall.errors import OptionError, StoreError
from footfall.store.chunk import CHUNK_COLUMNS, MISSING, UserChunk
from footfall.store.coding import TABLE_COLUMN
from footfall.store.memory import MemoryLog


def chunk(users, offsets, times):
    return UserChunk(
        np.array(users, np.int32),
        np.array(offsets, np.int64),
        {"timestamp": np.array(times, np.int64)},
    )


def test_a_chunk_gives_each_user_a_slice():
    assert [*chunk([3, 7], [0, 2, 3], [5, 5, 1])] == [(3, slice(0, 2)), (7, slice(2, 3))]
    assert chunk([3, 7], [0, 2, 3], [5, 5, 1]).events == 3


def test_an_empty_chunk_is_a_chunk():
    empty = UserChunk.from_rows(np.zeros(0, np.int32), {"timestamp": np.zeros(0, np.int64)})
    assert empty.events == 0
    assert [*empty] == []


def test_events_out_of_order_fail_loudly():
    with pytest.raises(StoreError, match="Row 2 of a chunk is earlier than the row before it"):
        chunk([3], [0, 3], [1, 5, 4])


def test_a_later_user_may_begin_earlier():
    assert chunk([3, 4], [0, 1, 2], [9, 1]).events == 2


def test_a_user_in_two_runs_fails_loudly():
    with pytest.raises(StoreError, match="users came apart or out of order"):
        chunk([3, 4, 3], [0, 1, 2, 3], [1, 2, 3])
    with pytest.raises(StoreError, match="users came apart or out of order"):
        chunk([3, 3], [0, 1, 2], [1, 2])
    with pytest.raises(StoreError, match="users came apart"):
        UserChunk.from_rows(np.array([1, 2, 1], np.int32), {"timestamp": np.array([1, 2, 3])})


def test_offsets_that_do_not_fit_fail_loudly():
    with pytest.raises(StoreError, match="one offset more than users"):
        chunk([3, 4], [0, 2], [1, 2])
    with pytest.raises(StoreError, match="one offset more than users, starting at 0"):
        chunk([3], [1, 2], [1, 2])
    with pytest.raises(StoreError, match="out of order"):
        chunk([3, 4], [0, 2, 1], [1])
    with pytest.raises(StoreError, match="'timestamp' has 3 rows, not 2"):
        chunk([3], [0, 2], [1, 2, 3])
    with pytest.raises(StoreError, match="one offset more"):
        UserChunk(np.zeros(0, np.int32), np.zeros(0, np.int64), {})


def test_a_question_cannot_change_the_log():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view")], buckets=1)
    with pytest.raises(ValueError, match="read-only"):
        log.chunks[0]["timestamp"][0] = 0


def test_a_column_that_was_not_asked_for_is_named():
    with pytest.raises(OptionError, match="a list that names 'price'"):
        chunk([3], [0, 1], [1])["price"]


def test_every_chunk_column_has_a_source_and_a_value_for_what_is_missing():
    always = {"timestamp", "arrival", "event_type"}
    assert set(TABLE_COLUMN) == set(CHUNK_COLUMNS)
    assert set(MISSING) == set(CHUNK_COLUMNS) - always
