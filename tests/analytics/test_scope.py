"""Scopes: filters and breakdowns give what a plain loop over rows gives, for any question."""

import pickle
from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.analytics.scope import scoped
from footfall.analytics.scope.grouping import NONE, OTHER
from footfall.analytics.scope.segments import Segment
from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.memory import MemoryLog

Row = tuple[str, str, str, str | None, int | None, int | None]
ROWS: list[Row] = [
    ("ann", "2026-01-01T10:00", "view", "kettle", None, None),
    ("ann", "2026-01-08T10:00", "purchase", "kettle", 1, 1990),
    ("bob", "2026-01-02T09:00", "view", "teapot", None, None),
    ("bob", "2026-01-02T19:00", "view", "kettle", None, None),
    ("cid", "2026-01-02T09:00", "search", None, None, None),
]
USERS = pa.table({"user_id": ["ann", "bob"], "region": ["north", "south"]})
ITEMS = pa.table({"item_id": ["kettle", "teapot"], "brand": ["acme", None], "price": [1990, 2500]})


def shop(rows: list[Row] | None = None, buckets: int = 2) -> MemoryLog:
    log = MemoryLog.from_rows(ROWS if rows is None else rows, buckets=buckets)
    log.users, log.items = USERS, ITEMS
    return log


def count(chunk: UserChunk) -> tuple[int, int]:
    return chunk.events, len(chunk.users)


def total(parts: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(events for events, _ in parts), sum(users for _, users in parts)


def events_where(where: str) -> int:
    return scoped(shop(), owner="test", where=where).log.events


@pytest.mark.parametrize(
    ("where", "events"),
    [
        ("event_type = view", 3),
        ("event_type = '浏览'", 3),
        ("event_type != view", 2),
        ("event_type in (purchase, search)", 2),
        ("item_id = kettle", 3),
        ("item_id != kettle", 1),
        ("not item_id = kettle", 2),
        ("item_id is missing", 1),
        ("amount > 19.89", 1),
        ("amount = 19.9", 1),
        ("amount != 3", 1),
        ("amount is missing", 4),
        ("items.price >= 25", 1),
        ("items.price = 19.90", 3),
        ("brand = acme", 3),
        ("items.brand is missing", 2),
        ("region = north or region = south", 4),
        ("users.region is missing", 1),
        ("region starts with nor", 2),
        ("region contains 'out' and item_id matches '^te.*t$'", 1),
        ("user_id in (ann, cid)", 3),
        ("hour = 9", 2),
        ("hour < 10", 2),
        ("weekday = Friday", 3),
        ("day >= '2026-01-03'", 1),
        ("week = '2026-01-05'", 1),
        ("month = '2026-01'", 5),
        ("quantity >= 1", 1),
    ],
)
def test_an_expression_keeps_the_events_a_reader_would_keep(where: str, events: int) -> None:
    assert events_where(where) == events


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("pric > 3", "Did you mean 'price'"),
        ("regoin = north", "Did you mean 'region'"),
        ("event_type = veiw", "Did you mean 'view'"),
        ("price = cheap", "compares price with a number"),
        ("count(view) > 1", "rules over users are segments"),
        ("region", "about single events"),
        ("item_id matches '('", "regular expression"),
        ("users.brand = acme", "'where' option of test"),
    ],
)
def test_a_wrong_expression_says_what_is_allowed(where: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        events_where(where)


def test_a_column_of_both_tables_must_be_told_apart() -> None:
    log = shop()
    log.users = USERS.append_column("brand", pa.array(["x", "y"]))
    with pytest.raises(OptionError, match=r"'users.brand' or 'items.brand'"):
        scoped(log, owner="test", by="brand")


PROPERTIES = [
    ("ann", "2026-01-01T10:00", "view", {"channel": "mail", "size": 3}),
    ("ann", "2026-01-01T10:01", "view", {"channel": "ads", "size": 12.5}),
    ("bob", "2026-01-02T09:00", "view", {"channel": "广告", "page": {"kind": "home"}}),
    ("bob", "2026-01-02T19:00", "view"),
]


@pytest.mark.parametrize(
    ("where", "events"),
    [
        ("channel = mail", 1),
        ("properties.channel in (ads, 广告)", 2),
        ("channel is missing", 1),
        ("size > 3", 1),
        ("size = 12.50", 1),
        ("size != 3", 1),
        ("properties.page.kind = home", 1),
        ("channel matches '^a' or hour = 19", 2),
    ],
)
def test_an_expression_may_name_the_keys_of_properties(where: str, events: int) -> None:
    log = MemoryLog.from_rows(PROPERTIES)
    assert scoped(log, owner="test", where=where).log.events == events


def test_a_breakdown_may_name_the_keys_of_properties() -> None:
    log = MemoryLog.from_rows(PROPERTIES)
    asked = scoped(log, owner="test", by="channel", grain="event").ask(count, total, columns=())
    assert asked.groups == {"ads": (1, 1), "mail": (1, 1), "广告": (1, 1), NONE: (1, 1)}
    with pytest.raises(OptionError, match="Did you mean 'channel'"):
        scoped(log, owner="test", by="chanel")


def test_groups_are_counted_by_event_or_by_the_first_value_of_the_user() -> None:
    def groups(grain: str) -> dict[str, tuple[int, int]]:
        scope = scoped(shop(), owner="test", by="item_id", grain=grain)  # type: ignore[arg-type]
        return dict(scope.ask(count, total, columns=()).groups)

    assert groups("event") == {"kettle": (3, 2), "teapot": (1, 1), NONE: (1, 1)}
    assert groups("user") == {"kettle": (2, 1), "teapot": (2, 1), NONE: (1, 1)}


def test_a_session_is_in_the_group_of_its_first_value() -> None:
    rows: list[Row] = [
        ("ann", "2026-01-01T10:00", "search", None, None, None),
        ("ann", "2026-01-01T10:05", "view", "kettle", None, None),
        ("ann", "2026-01-01T10:06", "view", "teapot", None, None),
        ("ann", "2026-01-01T12:00", "view", "teapot", None, None),
    ]
    scope = scoped(shop(rows), owner="test", by="item_id", grain="session")
    assert scope.ask(count, total, columns=()).groups == {"kettle": (3, 1), "teapot": (1, 1)}


def test_small_groups_are_one_and_a_group_can_be_asked_alone() -> None:
    scope = scoped(shop(), owner="test", by="item_id", grain="event", top=1)
    asked = scope.ask(count, total, columns=())
    assert asked.groups == {"kettle": (3, 2), OTHER: (1, 1), NONE: (1, 1)}
    for name, found in asked.groups.items():
        assert scope.only(name).log.map(count, total, columns=()) == found
    with pytest.raises(OptionError, match="'group' option of rfm must be one of"):
        scope.only("teapot", owner="rfm")


def test_an_empty_period_says_so() -> None:
    asked = scoped(shop(), owner="test", between="2027", by="region").ask(count, total, columns=())
    assert (asked.total, asked.groups) == ((0, 0), {})
    assert "no event is in scope" in asked.note["note"]


def test_what_came_before_the_period_can_be_asked_for() -> None:
    scope = scoped(shop(), owner="test", between="2026-01-02")
    assert scope.log.events == 3
    assert scope.before.events == 4


def test_a_segment_keeps_its_users_alone() -> None:
    scope = scoped(shop(), owner="test", segment=Segment("mine", users=["ann", "zoe"]))
    assert scope.log.events == 2
    assert "mine" in scope.definition["segment"]


def test_a_scope_travels_to_other_processes() -> None:
    scope = scoped(shop(), owner="test", where="price > 1 or region = south", by="brand")
    there = pickle.loads(pickle.dumps((scope.filter, scope.grouping)))  # noqa: S301  # ours
    assert there[1].names == scope.groups
    source = pickle.loads(pickle.dumps(scope.log.source(())))  # noqa: S301  # ours
    assert sum(source.open(at).events for at in range(len(source))) == scope.log.events


def test_a_breakdown_of_very_many_values_stays_small() -> None:
    rows: list[Row] = [
        (f"u{at % 50}", "2026-01-01T10:00", "view", f"item{at}", None, None) for at in range(20_000)
    ]
    asked = scoped(shop(rows), owner="test", by="item_id", grain="event", top=3).ask(
        count, total, columns=()
    )
    assert [*asked.groups] == ["item0", "item1", "item10", OTHER]
    assert asked.groups[OTHER][0] == 19_997


events = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cid", "dee"]),
        st.integers(0, 5).map(lambda day: f"2026-01-0{day + 1}T10:00"),
        st.sampled_from(["view", "search", "purchase"]),
        st.sampled_from([None, "kettle", "teapot", "cup"]),
        st.none(),
        st.none(),
    ),
    min_size=1,
    max_size=40,
)
KEEPS: dict[str, Callable[[Row], bool]] = {
    "item_id = kettle or event_type = search": lambda r: r[3] == "kettle" or r[2] == "search",
    "not (item_id != kettle) and day > '2026-01-02'": lambda r: (
        r[3] in {None, "kettle"} and r[1][:10] > "2026-01-02"
    ),
    "user_id in (ann, bob) and brand is missing": lambda r: (
        r[0] in {"ann", "bob"} and r[3] != "kettle"
    ),
}


@settings(max_examples=60, deadline=None)
@given(rows=events, where=st.sampled_from([*KEEPS]), buckets=st.integers(1, 4))
def test_filters_and_groups_agree_with_a_loop_over_rows(
    rows: list[Row], where: str, buckets: int
) -> None:
    log = shop(rows, buckets)
    kept = [row for row in rows if KEEPS[where](row)]
    asked = scoped(log, owner="test", where=where, by="item_id", grain="event", top=99).ask(
        _types, _sum_types, columns=("event_type",)
    )
    names = log.event_types
    expected = Counter(row[2] for row in kept)
    assert {names[code]: n for code, n in asked.total.items()} == expected
    for group, found in asked.groups.items():
        mine = Counter(row[2] for row in kept if (row[3] or NONE) == group)
        assert {names[code]: n for code, n in found.items()} == mine
    assert sum(asked.total.values()) == sum(sum(f.values()) for f in asked.groups.values())


def _types(chunk: UserChunk) -> Counter[int]:
    users = np.repeat(chunk.users, np.diff(chunk.offsets))
    assert len(users) == chunk.events
    return Counter(chunk["event_type"].tolist())


def _sum_types(parts: list[Counter[int]]) -> Counter[int]:
    return sum(parts, Counter())
