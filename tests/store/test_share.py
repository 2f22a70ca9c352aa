"""Shares of a log: each user in one of them, with the codes of the whole."""

import numpy as np
import pytest
from tests.store.rows import events

from footfall.store.log import open_log
from footfall.store.memory import MemoryLog
from footfall.store.share import LogShare

ROWS = [(f"u{number % 40}", number, "view", f"i{number % 7}") for number in range(120)]


@pytest.fixture(scope="module", params=["disk", "memory"])
def log(request, tmp_path_factory):
    if request.param == "memory":
        return MemoryLog.from_events(events(*ROWS), buckets=5)
    log = open_log(tmp_path_factory.mktemp("shop") / "log", create=True, buckets=5)
    log.append(events(*ROWS))
    return log


def times_of(log):
    """Give the moments of each user by code."""

    def measure(chunk):
        parts = np.split(chunk["timestamp"], chunk.offsets[1:-1])
        return {int(user): part.tolist() for user, part in zip(chunk.users, parts, strict=True)}

    def merge(parts):
        return {user: times for part in parts for user, times in part.items()}

    return log.map(measure, merge, columns=["timestamp"])


@pytest.mark.parametrize("shares", [1, 2, 7])
def test_shares_hold_each_user_once_with_all_events(log, shares):
    parts = [times_of(LogShare(log, place, shares)) for place in range(shares)]
    assert sum(len(part) for part in parts) == 40
    assert {user: times for part in parts for user, times in part.items()} == times_of(log)


def test_a_share_has_the_ids_and_types_of_the_whole(log):
    share = LogShare(log, 1, 2)
    assert share.item_ids.strings().equals(log.item_ids.strings())
    assert share.event_types == log.event_types
    assert share.property_keys() == log.property_keys()
    assert share.events < log.events
    first, whole = (each.source(["item"]) for each in (share, log))
    assert first.part(0).open(0)["item"].tolist() == whole.open(1)["item"].tolist()
