import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.value_logs import DAY, few, orders_by_user, sales, shop

from footfall.analytics.value.names import EIGHT, ELEVEN, eleven_of
from footfall.analytics.value.rfm import rfm
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    ("ann", "2026-01-01T10:00", "purchase", "tea", 1, 500),
    ("ann", "2026-01-01T10:00", "purchase", "cup", 1, 300),  # the same moment: one order
    ("ann", "2026-01-29T10:00", "purchase", "tea", 1, 700),
    ("bob", "2026-01-02T10:00", "purchase", "cup", 1, 900),
    ("bob", "2026-01-03T10:00", "return", "cup", 1, 900),
    ("cid", "2026-01-20T10:00", "purchase", "cup", 1, 100),
    ("dan", "2026-01-31T10:00", "view", "cup"),
]


def test_recency_is_whole_days_to_the_last_event_frequency_orders_money_the_sum():
    answer = rfm(MemoryLog.from_rows(ROWS))
    table = answer.scores().select(["user_id", "recency_days", "orders", "amount_minor"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("ann", 2, 2, 1500),
        ("bob", 29, 1, 900),
        ("cid", 11, 1, 100),
    ]


def test_events_after_the_moment_asked_about_do_not_count():
    answer = rfm(MemoryLog.from_rows(ROWS), at="2026-01-10")
    table = answer.scores().select(["user_id", "recency_days", "orders"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [("ann", 8, 1), ("bob", 7, 1)]


def test_returns_are_taken_off_money_when_asked_and_orders_stay():
    table = rfm(MemoryLog.from_rows(ROWS), returns="return").scores()
    assert table.column("amount_minor").to_pylist() == [1500, 0, 100]
    assert table.column("orders").to_pylist() == [2, 1, 1]


def test_the_eight_classes_have_the_names_chinese_tools_use():
    assert [name for _, _, name in EIGHT] == [
        "高价值", "重点保持", "重点发展", "重点挽留", "一般价值", "一般保持", "一般发展", "潜在",
    ]  # fmt: skip
    # One buyer of each kind: high is 2 of 2 scores by fixed edges.
    rows = []
    for bits, _, chinese in EIGHT:
        late, often, rich = bits & 4, bits & 2, bits & 1
        day = 28 if late else 2
        rows += [(chinese, f"2026-01-{day - n:02}", "purchase", "tea", 1, 0) for n in range(2)][
            : 2 if often else 1
        ]
        rows.append((chinese, f"2026-01-{day:02}", "purchase", "cup", 1, 9000 if rich else 10))
    answer = rfm(
        MemoryLog.from_rows(rows),
        bins={"recency": [7], "frequency": [2], "money": [50]},
        high={"recency": 2, "frequency": 2, "money": 2},
    )
    assert {name: answer.users(name) for _, _, name in EIGHT} == {
        name: [name] for _, _, name in EIGHT
    }


def test_every_pair_of_scores_has_an_english_segment():
    five = range(1, 6)
    triples = [(r, f, m) for r in five for f in five for m in five]
    columns = tuple(np.array(column, np.int8) for column in zip(*triples, strict=True))
    places = eleven_of(columns, (5, 5, 5))
    named = dict(zip(triples, (ELEVEN[place][0] for place in places), strict=True))
    assert set(named.values()) == {name for name, _ in ELEVEN}
    assert named[5, 5, 5] == "champions"
    assert named[1, 1, 1] == "lost"
    assert named[5, 1, 1] == "new"
    assert named[1, 5, 5] == "cannot lose"


def test_fixed_edges_are_upper_days_and_lower_orders_and_money_in_major_units():
    log = MemoryLog.from_rows(
        [
            ("week", "2026-01-24", "purchase", "tea", 1, 1999),
            ("more", "2026-01-23", "purchase", "tea", 1, 1998),
            ("end", "2026-01-31", "view"),
        ]
    )
    answer = rfm(log, bins={"recency": [7, 30], "frequency": [2, 3], "money": [19.99]})
    found = {row["user_id"]: (row["r"], row["f"], row["m"]) for row in answer.scores().to_pylist()}
    assert found == {"week": (3, 1, 2), "more": (2, 1, 1)}


def test_a_log_without_purchases_answers_with_empty_segments():
    answer = rfm(MemoryLog.from_rows([("ann", "2026-01-01", "view")]))
    assert answer.frame.column("users").to_pylist() == [0] * 8
    assert (answer.users(), answer.scores().num_rows) == ([], 0)
    assert rfm(MemoryLog.from_rows([])).frame.column("revenue_share").to_pylist() == [0.0] * 8


@pytest.mark.parametrize(
    "options",
    [
        {"bins": 1},
        {"bins": {"recent": 5}},
        {"bins": {"recency": [30, 7]}},
        {"ties": "random"},
        {"names": "nine"},
        {"high": "best"},
        {"high": {"recency": 3}},
        {"compare": "ranks"},
        {"order": "basket"},
        {"event_type": "purchse"},
        {"returns": "refnd"},
        {"at": "someday"},
        {"by": "regoin"},
    ],
)
def test_a_wrong_option_is_refused(options):
    with pytest.raises(OptionError):
        rfm(MemoryLog.from_rows(ROWS), **options)


def test_a_segment_or_group_that_is_not_there_is_refused():
    answer = rfm(MemoryLog.from_rows(ROWS))
    for wrong in ({"segment": "gold"}, {"r": 6}, {"group": "north"}):
        with pytest.raises(OptionError):
            answer.users(**wrong)


def _naive(rows, at):
    """Recency, orders and money of each buyer, counted by hand."""
    return {
        user: (
            (at - max(line.time for order in orders for line in order)) // DAY,
            len(orders),
            sum(line.amount for order in orders for line in order),
        )
        for user, orders in orders_by_user(rows).items()
    }


@law
@given(sales(), st.integers(1, 4), st.integers(2, 5))
def test_numbers_and_scores_equal_a_count_by_hand_however_users_are_split(rows, buckets, bins):
    answer = rfm(shop(rows, buckets=buckets), bins=bins)
    at = max([row.time for row in rows], default=0)
    naive = _naive(rows, at)
    scores = {row["user_id"]: row for row in answer.scores().to_pylist()}
    assert {
        user: (row["recency_days"], row["orders"], row["amount_minor"])
        for user, row in scores.items()
    } == naive
    for place, (column, sign) in enumerate((("r", -1), ("f", 1), ("m", 1))):
        values = sorted(sign * triple[place] for triple in naive.values())
        edges = [values[-(-len(values) * k // bins) - 1] for k in range(1, bins) if values]
        for user, triple in naive.items():
            score = 1 + sum(sign * triple[place] > edge for edge in edges)
            assert scores[user][column] == score
    # What the table counts can be listed, and adds up.
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["segment"])) == row["users"]
    assert sum(answer.frame.column("users").to_pylist()) == len(naive)
    assert sum(answer.frame.column("revenue_minor").to_pylist()) == sum(
        money for *_, money in naive.values()
    )
    for row in answer.grid.to_pylist():
        assert len(answer.users(r=row["r"], f=row["f"])) == row["users"]


@few
@given(sales(), st.sampled_from(["eight", "eleven"]))
def test_groups_are_counted_like_the_whole_and_can_be_listed(rows, names):
    answer = rfm(shop(rows), by="region", names=names)
    if answer.groups is None:
        return
    total = {row["segment"]: row["users"] for row in answer.frame.to_pylist()}
    for row in answer.groups.to_pylist():
        assert len(answer.users(row["segment"], group=row["group"])) == row["users"]
        total[row["segment"]] -= row["users"]
    assert set(total.values()) == {0}


def test_split_ties_give_the_bins_of_sql_ntile_on_a_larger_log(duck):
    rng = np.random.default_rng(5)
    count = 20_000
    user = rng.zipf(1.5, count) % 3000
    table = pa.table(
        {
            "user_id": pa.array([f"u{n:04}" for n in user]),
            "timestamp": pa.array(rng.integers(0, 90 * DAY, count)).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": pa.array(rng.choice(["view", "purchase"], count)),
            "amount": pa.array(rng.integers(0, 40, count) * 100),
        }
    )
    log = MemoryLog.from_events(table, buckets=7)
    codes = log.user_ids.codes(table.column("user_id"))
    duck.register(
        "sold",
        table.append_column("code", pa.array(codes)).append_column(
            "ts", table.column("timestamp").cast(pa.int64())
        ),
    )
    wanted = duck.execute(
        f"""
        with last as (select max(ts) as latest from sold),
        people as (
            select user_id, code, (any_value(latest) - max(ts)) // {DAY} as days,
                   count(distinct ts) as orders, sum(amount) as money
            from sold, last where event_type = 'purchase' group by 1, 2
        )
        select user_id, days, orders, money,
               ntile(5) over (order by days desc, code), ntile(5) over (order by orders, code),
               ntile(5) over (order by money, code)
        from people order by user_id
        """
    ).fetchall()
    found = rfm(log, ties="split").scores().drop_columns(["segment"]).to_pylist()
    assert [tuple(row.values()) for row in found] == wanted


def test_orders_can_be_told_by_an_id_in_the_properties():
    rows = [("o1", 1), ("o2", 2), ("o1", 3), (None, 4), (None, 4)]
    table = pa.table(
        {
            "user_id": ["ann"] * len(rows),
            "timestamp": pa.array([hour for _, hour in rows], pa.int64()).cast(
                pa.timestamp("us", tz="UTC")
            ),
            "event_type": ["purchase"] * len(rows),
            "properties": [None if order is None else f'{{"no":"{order}"}}' for order, _ in rows],
        }
    )
    log = MemoryLog.from_events(table)
    counts = {
        order: rfm(log, order=order).scores().column("orders").to_pylist()
        for order in ("moment", "session", "visit", "properties.no")
    }
    assert counts == {"moment": [4], "session": [4], "visit": [1], "properties.no": [3]}


def test_the_pictures_and_the_record_are_made():
    answer = rfm(MemoryLog.from_rows(ROWS), by="item_id")
    assert answer.plot().data
    assert rfm(MemoryLog.from_rows(ROWS)).plot().data[0].type == "treemap"
    assert answer.plot(kind="grid").data[0].type == "heatmap"
    assert {"segments", "edges", "groups", "definition"} <= set(answer.to_json())
    with pytest.raises(OptionError, match="'kind'"):
        answer.plot(kind="pie")
