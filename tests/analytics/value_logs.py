"""Small random shops with purchases, returns and baskets, and what a person would count in them."""

from dataclasses import dataclass

import pyarrow as pa
from hypothesis import settings, strategies as st

from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
ITEMS = pa.table(
    {
        "item_id": ["cup", "tea", "pot", "jam"],
        "category": ["home/cups", "food/tea", "home/pots", None],
        "brand": ["a", "b", "a", "b"],
    }
)
USERS = pa.table(
    {"user_id": [f"u{n}" for n in range(6)], "region": ["n", "s", "n", "s", "n", None]}
)

# Lists of groups ask a question for each number: fewer logs are enough.
few = settings(deadline=None, max_examples=20)


@dataclass(frozen=True)
class Sale:
    user: str
    time: int
    event_type: str
    item: str | None
    session: str | None
    amount: int


@st.composite
def sales(draw, *, users=5, days=70, most=40, types=("purchase", "purchase", "view", "return")):
    one = st.builds(
        Sale,
        user=st.sampled_from([f"u{n}" for n in range(users)]),
        time=st.integers(0, days * 2).map(lambda half: half * DAY // 2),
        event_type=st.sampled_from(types),
        item=st.sampled_from(["cup", "tea", "pot", "jam", None]),
        session=st.sampled_from([None, None, "s1", "s2"]),
        amount=st.integers(0, 6).map(lambda coins: coins * 250),
    )
    return draw(st.lists(one, max_size=most))


def shop(rows, *, buckets=2):
    return MemoryLog.from_events(
        pa.table(
            {
                "user_id": pa.array([row.user for row in rows], pa.string()),
                "timestamp": pa.array([row.time for row in rows], pa.int64()).cast(
                    pa.timestamp("us", tz="UTC")
                ),
                "event_type": pa.array([row.event_type for row in rows], pa.string()),
                "item_id": pa.array([row.item for row in rows], pa.string()),
                "session_id": pa.array([row.session for row in rows], pa.string()),
                "amount": pa.array([row.amount for row in rows], pa.int64()),
            }
        ),
        buckets=buckets,
        users=USERS,
        items=ITEMS,
    )


def orders_by_user(rows, event_type="purchase"):
    """Each buyer's orders, oldest first: lines of one session, or of one moment without one."""
    found = {}
    for row in sorted(rows, key=lambda row: row.time):  # stable: ties stay as they were read
        if row.event_type != event_type:
            continue
        orders = found.setdefault(row.user, [])
        before = orders[-1][-1] if orders else None
        if before is None:
            same = False
        elif before.session and row.session:
            same = before.session == row.session
        else:
            same = before.time == row.time
        if same:
            orders[-1].append(row)
        else:
            orders.append([row])
    return found
