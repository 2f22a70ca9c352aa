import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, by_user, law, rows

from footfall.analytics.scope.rules import users_matching
from footfall.analytics.scope.segments import Segment, members_of
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000
SHOP = [
    ("ann", "2026-01-01T10:00", "view", "kettle"),
    ("ann", "2026-01-01T10:05", "view", "kettle"),
    ("ann", "2026-01-03T10:00", "purchase", "kettle", 1, 1990),
    ("ann", "2026-01-03T10:01", "purchase", "teapot", 2, 1000),
    ("bob", "2026-01-02T09:00", "view", "teapot"),
    ("bob", "2026-01-20T09:00", "view", "kettle"),
    ("bob", "2026-01-20T09:30", "purchase", "kettle", 1, 1990),
    ("cyd", "2026-01-21T09:00", "search"),
]
USERS = pa.table(
    {
        "user_id": ["ann", "bob", "cyd"],
        "region": ["north", "south", None],
        "age": pa.array([31, 44, 27], pa.int64()),
    }
)


def shop(buckets=2):
    log = MemoryLog.from_rows(SHOP, buckets=buckets)
    return MemoryLog(log.chunks, log.codes, users=USERS)


def matching(rule, **options):
    log = shop()
    found = users_matching(log, rule, **options)
    return [user for user, inside in zip(log.user_ids.strings().to_pylist(), found, strict=True)
            if inside]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "users"),
    [
        ("count(view) = 2", ["ann", "bob"]),
        ("count(view or search) >= 1", ["ann", "bob", "cyd"]),
        ("count(item_id = 'kettle') = 3", ["ann"]),
        ("count() in (4, 1)", ["ann", "cyd"]),
        ("count(purchase where amount > 15) = 1", ["ann", "bob"]),
        ("sum(amount where event_type = 'purchase') = 29.90", ["ann"]),
        ("sum(quantity) = 3", ["ann"]),
        ("mean(amount) = 14.95", ["ann"]),
        ("min(amount) < 19.9", ["ann"]),
        ("max(amount where item_id = kettle) = 19.9", ["ann", "bob"]),
        ("mean(amount) is missing", ["cyd"]),
        ("days(view) = 1", ["ann"]),
        ("days() = 2", ["ann", "bob"]),
        ("items(view) = 2", ["bob"]),
        ("orders() = 1", ["ann", "bob"]),
        ("sessions() = 2", ["ann", "bob"]),
        ("sessions(purchase) = 0", ["cyd"]),
        ("days_since(purchase) < 1", ["bob"]),
        ("days_since(purchase) is missing", ["cyd"]),
        ("days_since_first(view) > 19.9", ["ann"]),
        ("days_since() = 0", ["cyd"]),
        ("did(search)", ["cyd"]),
        ("not did(purchase)", ["cyd"]),
        ("did(view then purchase)", ["ann", "bob"]),
        ("did(view then purchase within 1d)", ["bob"]),
        ("did(view then view then purchase where item_id = 'kettle')", ["ann"]),
        ("did(purchase then view)", []),
        ("count(view) in last 5d = 1", ["bob"]),
        ("did(purchase) in last 2 days", ["bob"]),
        ("region = 'north'", ["ann"]),
        ("region is missing or age < 30", ["cyd"]),
        ("users.region in (north, south) and not age >= 40", ["ann"]),
        ("次数(浏览) = 2 and 订单数() = 1 and region starts with 'so'", ["bob"]),
        ("user_id = 'ann'", ["ann"]),
    ],
)
def test_a_rule_finds_the_users_it_describes(rule, users):
    assert matching(rule) == users


def test_nothing_after_the_moment_counts():
    assert matching("count() >= 1", at="2026-01-02") == ["ann"]
    assert matching("count() = 0", at="2026-01-02") == []  # who has not come yet is nobody
    assert matching("did(purchase)", at="2026-01-19") == ["ann"]
    assert matching("days_since(view) < 2", at="2026-01-03T10:00") == ["ann", "bob"]


def test_days_are_those_of_the_time_zone():
    log = MemoryLog.from_rows(
        [("ann", "2026-01-01T15:00", "view"), ("ann", "2026-01-01T17:00", "view")]
    )
    assert not users_matching(log, "days() = 2").any()
    assert users_matching(log, "days() = 2", time_zone="Asia/Shanghai").all()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("cuont(view) > 1", "Did you mean count"),
        ("count(veiw) > 1", "Did you mean 'view'"),
        ("count(view)", "compares count.* with a number"),
        ("count(view) = many", "compares count.* with numbers"),
        ("count(view) contains 'x'", "compares count.* with numbers"),
        ("sum(where event_type = view) > 1", "names a column"),
        ("sum(amount then price) > 1", "fewer arguments"),
        ("count(view then purchase) > 1", "fewer arguments"),
        ("count(view within 7d) > 1", "'within' of a chain"),
        ("regoin = 'north'", "Did you mean 'region'"),
        ("region", "made of comparisons"),
        ("amount > 3", "differs from event to event"),
        ("count(view where count(cart) > 1) > 1", "single events"),
        ("count(view) >", "a value is expected"),
    ],
)
def test_a_rule_that_cannot_be_read_says_why(rule, message):
    with pytest.raises(OptionError, match=message):
        users_matching(shop(), rule)


def test_an_empty_log_has_no_members():
    assert users_matching(MemoryLog.from_rows([]), "count() >= 0").tolist() == []


def test_a_segment_is_a_rule_or_a_list_of_users():
    log = shop()
    assert members_of(log, Segment("north", rule="region = north")).sum() == 1
    assert members_of(log, Segment("asked", users=["zoe", "cyd", "cyd"])).sum() == 1
    with pytest.raises(OptionError, match=r"Got 'both'"):
        Segment("both", rule="did(view)", users=["ann"])
    with pytest.raises(OptionError, match=r"Got 'neither'"):
        Segment("neither")
    assert Segment("asked", users=("cyd",)).to_json() == {"users": ["cyd"]}


def sessions_in(events):
    count = 0
    before = None
    numbers = []
    for row in events:
        same = before is not None and row.session == before.session
        if not same or (row.session is None and row.time - before.time > 30 * MINUTE):
            count += 1
        numbers.append(count)
        before = row
    return numbers


def chained(events, within):
    """Is there a view followed by a purchase within a time? All pairs, in plain Python."""
    return any(
        first.event_type == "view" and last.event_type == "purchase"
        and last.time - first.time <= within
        for place, first in enumerate(events)
        for last in events[place + 1 :]
    )  # fmt: skip


def truth_of(events, at, since):
    """What the rules of the law say of one user, in plain Python."""
    until = [row for row in events if row.time <= at]
    numbers = sessions_in(until)
    windowed = [(row, n) for row, n in zip(until, numbers, strict=True) if row.time > since]
    bought = [(row, n) for row, n in windowed if row.event_type == "purchase"]
    amounts = [row.amount for row, _ in windowed if row.amount]
    return {
        "count(purchase)": len(bought),
        "sum(amount)": sum(amounts) / 100,
        "items()": len({row.item for row, _ in windowed if row.item}),
        "orders()": len({n for _, n in bought}),
        "sessions(view or click)": len(
            {n for row, n in windowed if row.event_type in {"view", "click"}}
        ),
        "days_since(purchase)": (at - bought[-1][0].time) / DAY if bought else None,
        "days_since_first(purchase)": (at - bought[0][0].time) / DAY if bought else None,
        "max(amount)": max(amounts) / 100 if amounts else None,
        "mean(amount)": sum(amounts) / len(amounts) / 100 if amounts else None,
        "did(view then purchase within 20m)": float(
            chained([row for row, _ in windowed], 20 * MINUTE)
        ),
    }


@law
@given(rows(), st.integers(0, 8), st.sampled_from([20, 40, 1000]), st.integers(1, 4))
def test_aggregates_are_those_of_plain_python(log_rows, moment, minutes, buckets):
    at = moment * 10 * MINUTE
    log = as_log(log_rows, buckets=buckets)
    names = log.user_ids.strings().to_pylist()
    expected = {
        user: truth_of(events, at, at - minutes * MINUTE)
        for user, events in by_user(log_rows).items()
        if any(row.time <= at for row in events)
    }
    functions = truth_of([], at, 0)
    for function in functions:
        window = f"{function} in last {minutes}m"
        for user, truths in expected.items():
            value = truths[function]
            rule = f"{window} is missing" if value is None else f"{window} >= {value:.25f}"
            if function.startswith("did"):
                rule = window if value else f"not {window}"
            found = users_matching(log, rule, at=at)
            assert found[names.index(user)], (function, value)
            if value is not None and not function.startswith("did"):
                more = users_matching(log, f"{window} > {value + 1e-9:.17f}", at=at)
                assert not more[names.index(user)], (function, value)


@law
@given(rows(), st.integers(0, 7))
def test_later_events_change_nothing(log_rows, moment):
    at = moment * 10 * MINUTE
    rule = "count(view) >= 1 and (orders() = 0 or days_since(purchase) < 0.02) and items() < 2"
    whole = as_log(log_rows)
    early = as_log([row for row in log_rows if row.time <= at])
    found = whole.user_ids.strings().filter(pa.array(users_matching(whole, rule, at=at)))
    before = early.user_ids.strings().filter(pa.array(users_matching(early, rule, at=at)))
    assert sorted(found.to_pylist()) == sorted(before.to_pylist())
