"""Small tables of events to append, and what a log says afterwards, in words."""

import math

import numpy as np
import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.store.chunk import CHUNK_COLUMNS

MINUTE = 60_000_000
TEXT = ("query", "session_id", "properties.channel", "properties.n")


def events(*rows, **columns):
    """Rows of (user, minute, event_type[, item]); other columns as lists, by name."""
    cells = [(*row, None)[:4] for row in rows]
    users, minutes, kinds, items = zip(*cells, strict=True) if cells else ((), (), (), ())
    table = {
        "user_id": pa.array(users, pa.string()),
        "timestamp": pa.array([m * MINUTE for m in minutes], pa.int64()).cast(TIMESTAMP_TYPE),
        "event_type": pa.array(kinds, pa.string()),
        "item_id": pa.array(items, pa.string()),
    }
    for name, values in columns.items():
        table[name] = pa.array(values, EVENT_SCHEMA.field(name).type)
    return pa.table(table)


def story(log):
    """Everything the log's chunks say: user -> rows of (minute, type, item, the other columns)."""
    names = [name for name in (*CHUNK_COLUMNS, *TEXT) if name != "arrival"]

    def tell(chunk):
        return {user: [row_of(chunk, names, row) for row in range(part.start, part.stop)]
                for user, part in chunk}  # fmt: skip

    told = {}
    for part in log.map(tell, list, columns=[*CHUNK_COLUMNS, *TEXT]):
        assert not told.keys() & part.keys(), "a user is in two chunks"
        told.update(part)
    users = log.user_ids.strings([*told]).to_pylist()
    words = {"item": [*log.item_ids.strings().to_pylist(), None], "event_type": log.event_types}
    return {
        user: [
            tuple(
                words[name][value] if name in words else value
                for name, value in zip(names, row, strict=True)
            )
            for row in rows
        ]
        for user, rows in zip(users, told.values(), strict=True)
    }


def row_of(chunk, names, row):
    values = [chunk[name][row].item() for name in names]
    for place, name in enumerate(names):
        if name in TEXT:
            values[place] = None if values[place] < 0 else chunk.words[name][values[place]].as_py()
    return tuple(None if isinstance(v, float) and math.isnan(v) else v for v in values)


def short(log):
    """The same in short: user -> list of (minute, event_type, item)."""
    return {
        user: [(row[0] // MINUTE, row[1], row[2]) for row in rows]
        for user, rows in sorted(story(log).items())
    }


def check_whole(log):
    """Verify every chunk of a log, its counts and its ids, from the data files themselves."""
    counted = 0
    arrivals = []
    for table in log.scan():
        users = table.column("user_code").to_numpy()
        text = log.user_ids.strings(users).to_pylist()
        assert text == table.column("user_id").to_pylist(), "codes and ids disagree"
        counted += table.num_rows
        arrivals.append(table.column("arrival").to_numpy())
    assert counted == log.events
    if arrivals:
        assert len(np.unique(np.concatenate(arrivals))) == counted, "an event is there twice"
    for ids in (log.user_ids, log.item_ids):
        assert ids.codes(ids.strings()).tolist() == list(range(len(ids)))
    checked = log.map(_verified, sum, columns=["timestamp", "arrival"])
    assert checked == counted


def _verified(chunk):
    type(chunk)(chunk.users, chunk.offsets, chunk.columns)  # checks the order
    for _, part in chunk:
        times, arrival = chunk["timestamp"][part], chunk["arrival"][part]
        tied = np.diff(times) == 0
        assert np.all(np.diff(arrival)[tied] > 0), "ties are not in order of arrival"
    return chunk.events
