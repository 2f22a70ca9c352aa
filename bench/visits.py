"""Made-up visits for bench/analytics.py: sessions of some five events, busy users, 89 days."""

from collections.abc import Iterator
from pathlib import Path

KINDS = ("view", "add_to_cart", "checkout", "purchase", "search")
SHARES = (0.61, 0.11, 0.04, 0.04, 0.20)
START = 1_767_225_600_000_000  # 2026-01-01 UTC, microseconds
SPAN = 89 * 86_400_000_000
BUCKETS = 16
_BATCH = 1_000_000
_MEAN = 5  # events of a visit
_BETWEEN = 90_000_000  # microseconds between its events, on average
_TICK = 32_768  # each event of a batch has its own place in one, so no two times are equal


def batches(events: int, users: int) -> Iterator[dict]:
    """Make visits in order of their start as arrays of codes."""
    import numpy as np

    rng = np.random.default_rng(1)
    number, seen = np.full(users, -1, np.int32), 0  # users are numbered as they first appear
    for start in range(0, events, _BATCH):
        count = min(_BATCH, events - start)
        length = rng.geometric(1 / _MEAN, count)
        visit = np.repeat(np.arange(count), length)[:count]
        visits = int(visit[-1]) + 1
        begins = np.sort(rng.uniform(start / events, (start + count) / events, visits)) * SPAN
        between = rng.exponential(_BETWEEN, count)
        first = np.r_[True, visit[1:] != visit[:-1]]
        passed = np.cumsum(between)
        since = passed - passed[first][visit]
        times = (begins[visit] + since).astype(np.int64) // _TICK * _TICK
        who = (users * rng.random(visits) ** 1.3).astype(np.int32)  # some are busier
        new, places = np.unique(who, return_index=True)
        new = new[np.argsort(places)]
        new = new[number[new] < 0]
        number[new] = np.arange(seen, seen + len(new))
        seen += len(new)
        yield {
            "user": number[who][visit],
            "item": (5_000 * rng.random(count) ** 1.5).astype(np.int32),
            "ts": START + times + np.arange(count) % _TICK,
            "kind": rng.choice(len(KINDS), count, p=SHARES).astype(np.int8),
            "amount": rng.integers(100, 10_000, count),  # minor units
        }


def write_log(folder: Path, events: int, users: int) -> None:
    """Append the events to a footfall log."""
    import numpy as np
    import pyarrow as pa

    from footfall.store.log import open_log

    names = np.array(KINDS, dtype=object)

    def tables() -> Iterator[pa.Table]:
        for batch in batches(events, users):
            yield pa.table(
                {
                    "user_id": pa.array(batch["user"]).cast(pa.string()),
                    "timestamp": pa.array(batch["ts"]).cast(pa.timestamp("us", tz="UTC")),
                    "event_type": pa.array(names[batch["kind"]], pa.string()),
                    "item_id": pa.array(batch["item"]).cast(pa.string()),
                    "amount": pa.array(batch["amount"], pa.int64()),
                }
            )

    open_log(folder / "log", create=True, buckets=BUCKETS).append(tables)


def write_parquet(folder: Path, events: int, users: int) -> None:
    """Write the events for the peers: in order of time, and once more by user and time."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for batch in batches(events, users):
        columns = {name: batch[name] for name in ("user", "ts", "kind", "amount")}
        fields = [
            pa.field(name, pa.array(column).type, nullable=False)
            for name, column in columns.items()
        ]
        table = pa.table(columns, schema=pa.schema(fields))
        if writer is None:
            writer = pq.ParquetWriter(folder / "by_time.parquet", table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    duckdb.execute(
        f"copy (select * from '{folder}/by_time.parquet' order by user, ts)"
        f" to '{folder}/by_user.parquet' (compression zstd)"
    )
