"""The made-up clickstream of the benches: users with a heavy tail, five event types, 90 days."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

__all__ = ["EVENT_TYPES", "batches", "write_csv"]

EVENT_TYPES = ("view", "search", "add_to_cart", "checkout", "purchase")
_SHARES = (0.61, 0.20, 0.11, 0.04, 0.04)
_START = 1_767_225_600_000_000  # 2026-01-01 UTC
_DAYS = 90
_BATCH = 262_144


def batches(
    events: int, *, users: int = 500_000, items: int = 5_000, seed: int = 1, spread: bool = False
) -> Iterator[pa.Table]:
    """Make events in order of time.

    Parameters
    ----------
    events, users, items, seed : int
    spread : bool, default=False
        Each batch spans all days, as late events do; in order of time otherwise.
    """
    rng = np.random.default_rng(seed)
    span = _DAYS * 86_400_000_000
    for start in range(0, events, _BATCH):
        count = min(_BATCH, events - start)
        share = (0, 1) if spread else (start / events, (start + count) / events)
        times = _START + np.sort(rng.uniform(share[0] * span, share[1] * span, count)).astype(int)
        who = (users * rng.random(count) ** 1.3).astype(np.int64)  # some users are busier
        what = (items * rng.random(count) ** 1.5).astype(np.int64)
        kind = rng.choice(len(EVENT_TYPES), count, p=_SHARES)
        yield pa.table(
            {
                "user_id": pa.array(who).cast(pa.string()),
                "item_id": pa.array(what).cast(pa.string()),
                "event_type": pa.array(np.array(EVENT_TYPES, dtype=object)[kind]),
                "timestamp": pa.array(times // 1_000_000).cast(pa.timestamp("s", tz="UTC")),
                "price": pa.array(np.round(rng.uniform(1, 100, count), 2)),
            }
        )


def write_csv(path: Path, events: int, *, users: int = 500_000, seed: int = 1) -> None:
    """Write the events as a plain CSV export with a header."""
    writer = None
    for table in batches(events, users=users, seed=seed):
        plain = table.set_column(3, "timestamp", table.column("timestamp").cast(pa.string()))
        if writer is None:
            writer = pacsv.CSVWriter(str(path), plain.schema)
        writer.write_table(plain)
    if writer is not None:
        writer.close()
