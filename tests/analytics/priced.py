"""Rows of a log with the price of each unit, which purchases carry."""

import pyarrow as pa

from footfall.store.memory import MemoryLog


def priced(rows, *, buckets=2, items=None):
    """Build a log from (user, time, type, item[, quantity, price]) rows."""
    full = [[*row, None, None][:6] for row in rows]
    names = ("user_id", "timestamp", "event_type", "item_id", "quantity", "price")
    table = {name: [row[at] for row in full] for at, name in enumerate(names)}
    times = pa.array(table.pop("timestamp"), pa.string()).cast(pa.timestamp("us"))
    columns = {"user_id": table["user_id"], "timestamp": times.cast(pa.timestamp("us", tz="UTC"))}
    columns |= {name: table[name] for name in ("event_type", "item_id")}
    columns["price"] = pa.array(table["price"], pa.int64())
    return MemoryLog.from_events(pa.table(columns), buckets=buckets, items=items)
