"""Small shops for the tests of the behaviour model."""

import numpy as np
import pyarrow as pa

from footfall.events.columns import EVENT_SCHEMA, TIMESTAMP_TYPE
from footfall.models.behavior import BehaviorModel
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
QUICK = {"size": "tiny", "context": 16, "epochs": 2, "batch_tokens": 256, "requests": 2}


def log_of(rows, *, buckets=2, **tables):
    """A log of (user, day, type[, item[, amount[, query]]]) rows; days since 1970."""
    names = ("user_id", "timestamp", "event_type", "item_id", "amount", "query")
    cells = {name: [] for name in names}
    for row in rows:
        full = [*row, *[None] * (len(names) - len(row))]
        full[1] = round(full[1] * DAY)
        for name, cell in zip(names, full, strict=True):
            cells[name].append(cell)
    columns = {
        n: pa.array(v, EVENT_SCHEMA.field(n).type) for n, v in cells.items() if n != "timestamp"
    }
    columns["timestamp"] = pa.array(cells["timestamp"], pa.int64()).cast(TIMESTAMP_TYPE)
    return MemoryLog.from_events(pa.table(columns), buckets=buckets, **tables)


def market(count=60, days=120, seed=0, **tables):
    """A shop where half of the users buy two days after each search, the others never do.

    All of them view something every few days; four in ten leave for good some day.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(count):
        name, day = f"u{user:03}", rng.uniform(0, 10)
        leaves = rng.uniform(10, days) if rng.random() < 0.4 else days
        while day < leaves:
            item = f"i{rng.integers(6)}"
            if rng.random() < 0.3:
                rows.append((name, day, "search", None, None, f"find {item}"))
                if user % 2:
                    rows.append((name, day + 2, "purchase", item, int(rng.integers(1, 9)) * 100))
            else:
                rows.append((name, day, "view", item))
            day += 2.5 + rng.exponential(6)
    return log_of([row for row in rows if row[1] < days], **tables)


def quick(**options):
    return BehaviorModel(**(QUICK | options))
