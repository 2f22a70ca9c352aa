"""Small random logs full of ties, and the same rows for oracles."""

from dataclasses import dataclass

import pyarrow as pa
from hypothesis import settings, strategies as st

from footfall.store.memory import MemoryLog

MINUTE = 60_000_000
# A busy machine is no reason to fail.
law = settings(deadline=None, max_examples=60)
TYPES = ("view", "click", "add_to_cart", "purchase")


@dataclass(frozen=True)
class Row:
    user: str
    time: int
    event_type: str
    item: str | None = None
    session: str | None = None
    amount: int = 0


@st.composite
def rows(draw, *, users=3, times=8, types=TYPES, most=24):
    """Events in order of reading; few moments, so that many share one."""
    one = st.builds(
        Row,
        user=st.sampled_from([f"u{number}" for number in range(users)]),
        time=st.integers(0, times).map(lambda minutes: minutes * 10 * MINUTE),
        event_type=st.sampled_from(types),
        item=st.sampled_from([None, "kettle", "teapot"]),
        session=st.sampled_from([None, None, None, "s1", "s2"]),
        amount=st.integers(0, 500),
    )
    return draw(st.lists(one, max_size=most))


def as_table(log_rows):
    return pa.table(
        {
            "user_id": pa.array([row.user for row in log_rows], pa.string()),
            "timestamp": pa.array([row.time for row in log_rows], pa.int64()).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": pa.array([row.event_type for row in log_rows], pa.string()),
            "item_id": pa.array([row.item for row in log_rows], pa.string()),
            "session_id": pa.array([row.session for row in log_rows], pa.string()),
            "amount": pa.array([row.amount for row in log_rows], pa.int64()),
        }
    )


def as_log(log_rows, *, buckets=2, users=None, items=None):
    return MemoryLog.from_events(as_table(log_rows), buckets=buckets, users=users, items=items)


def by_user(log_rows):
    """Each user's events in log order: timestamp, then order of reading."""
    ordered = sorted(log_rows, key=lambda row: row.time)  # stable: ties stay as they were read
    return {
        user: [row for row in ordered if row.user == user] for user in {r.user for r in log_rows}
    }


def ask_duckdb(duck, log_rows, question):
    """Run SQL over the rows as a table ``events`` with the columns ``ts`` and ``arrival``."""
    table = as_table(log_rows)
    table = table.append_column("ts", table.column("timestamp").cast(pa.int64()))
    arrival = pa.array(range(table.num_rows), pa.int64())
    duck.register("events", table.append_column("arrival", arrival))
    return duck.execute(question).fetchall()
