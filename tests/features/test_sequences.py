"""Sequences of a log, by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from footfall.errors import OptionError
from footfall.events.moments import parse_moment
from footfall.features.sequences import Sequences
from footfall.store.memory import MemoryLog

LOG = MemoryLog.from_rows(
    [
        ("bob", "2026-01-02T09:00", "view", "teapot"),
        ("ann", "2026-01-01T10:05", "purchase", "kettle"),
        ("ann", "2026-01-01T10:00", "view", "teapot"),
        ("ann", "2026-01-01T10:06", "search", None),
        ("bob", "2026-01-03T09:00", "return", "cup"),
    ]
)


def rows_of(sequences):
    users, items = sequences.user_ids.to_pylist(), sequences.item_ids.to_pylist()
    bounds = sequences.offsets.tolist()
    return {
        user: [items[code] for code in sequences.items[bounds[u] : bounds[u + 1]]]
        for u, user in enumerate(users)
    }


def test_a_user_has_items_in_time_order_without_returns_and_searches():
    sequences = Sequences.from_log(LOG)
    assert rows_of(sequences) == {"ann": ["teapot", "kettle"], "bob": ["teapot"]}
    assert sequences.item_ids.to_pylist() == ["kettle", "teapot"]


def test_only_types_asked_for_count():
    assert rows_of(Sequences.from_log(LOG, event_types=["return"])) == {"bob": ["cup"]}


def test_nothing_after_until_is_read():
    until = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
    assert rows_of(Sequences.from_log(LOG, until=until)) == {"ann": ["teapot"]}
    assert rows_of(Sequences.from_log(LOG).until(until)) == {"ann": ["teapot"], "bob": []}


def test_weights_follow_the_event_type_and_zero_leaves_it_out():
    weighted = Sequences.from_log(LOG, event_weights={"purchase": 3})
    assert sorted(weighted.weights.tolist()) == [1.0, 1.0, 3.0]
    assert rows_of(Sequences.from_log(LOG, event_weights={"view": 0})) == {"ann": ["kettle"]}


def test_selected_users_come_in_the_order_asked_with_their_first_rows():
    chosen = Sequences.from_arrays([0, 2, 5], [4, 3, 2, 1, 0]).select([1, -1, 0], [4, 0, 1])
    assert chosen.offsets.tolist() == [0, 2, 2, 3]
    assert chosen.items.tolist() == [2, 1, 4]
    assert chosen.user_ids.to_pylist() == ["1", None, "0"]


def test_a_moment_is_microseconds_utc_and_without_a_zone_it_is_utc():
    day = 86_400_000_000
    shanghai = datetime(1970, 1, 2, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    for moment in (shanghai, "1970-01-02", day):
        assert parse_moment(moment, option="until", owner="fit") == day
    for wrong in ("soon", True, 1.5):
        with pytest.raises(OptionError, match="'until' option of fit must be a"):
            parse_moment(wrong, option="until", owner="fit")


def test_a_moment_in_summer_is_an_hour_nearer_to_utc():
    berlin = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    utc = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert parse_moment(berlin, option="at", owner="x") == parse_moment(utc, option="at", owner="x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"offsets": [1, 2], "items": [0, 0]}, "'offsets' option of Sequences"),
        ({"offsets": [0, 2], "items": [0]}, "'items' option of Sequences must be 2 codes"),
        ({"offsets": [0, 1], "items": [3], "n_items": 3}, "codes from 0 to 2"),
        ({"offsets": [0, 1], "items": [0], "timestamps": [1, 2]}, "1 moments"),
        ({"offsets": [0, 1], "items": [0], "user_ids": ["a", "b"]}, "1 different ids"),
        ({"offsets": [0, 1], "items": [0], "item_ids": [""]}, "none empty"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        Sequences.from_arrays(**arguments)


def test_unknown_times_cannot_be_cut():
    with pytest.raises(OptionError, match="left out when times are unknown"):
        Sequences.from_arrays([0, 1], [0]).until(5)


def test_types_that_never_occur_are_refused():
    with pytest.raises(OptionError, match="Did you mean 'purchase'"):
        Sequences.from_log(LOG, event_types=["purchas"])
    with pytest.raises(OptionError, match="weights from 0 up"):
        Sequences.from_log(LOG, event_weights={"view": -1})


def test_a_log_without_events_has_no_sequences():
    empty = Sequences.from_log(MemoryLog.from_rows([], buckets=1))
    assert (empty.n_users, empty.n_items, len(empty.items)) == (0, 0, 0)
