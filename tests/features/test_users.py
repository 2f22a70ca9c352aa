from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import OptionError
from footfall.events.vocabulary import EVENT_TYPES
from footfall.features.declared import GROUPS
from footfall.features.users import (
    _COLUMNS,
    FEATURE_NAMES,
    FEATURES,
    _measure,
    _merge,
    user_features,
)
from footfall.store.chunk import UserChunk
from footfall.store.memory import MemoryLog

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
TYPES = ("view", "add_to_cart", "purchase", "return", "search", "quiz")

times = st.one_of(
    st.integers(0, 200).map(lambda day: day * DAY),
    st.integers(0, 200 * 24 * 4).map(lambda quarter: quarter * 15 * MINUTE),
    st.integers(-DAY, 200 * DAY),
)
rows = st.tuples(
    st.sampled_from(["ann", "bob", "eve", "zoe"]),
    times,
    st.sampled_from(TYPES),
    st.sampled_from([None, "kettle", "teapot", "tray"]),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 250, 1999]),
    st.sampled_from([None, None, "s1", "s2"]),
)
logs = st.lists(rows, min_size=1, max_size=60)


def log_of(events, buckets=2):
    names = ("user_id", "timestamp", "event_type", "item_id", "quantity", "amount", "session_id")
    kinds = (
        pa.string(), pa.timestamp("us", tz="UTC"), pa.string(), pa.string(), pa.int32(),
        pa.int64(), pa.string(),
    )  # fmt: skip
    columns = [
        pa.array([row[place] for row in events], pa.int64() if place == 1 else kind).cast(kind)
        for place, kind in enumerate(kinds)
    ]
    return MemoryLog.from_events(pa.table(columns, names=names), buckets=buckets)


def by_user(features):
    return {
        user: dict(zip(features.names, row, strict=True))
        for user, row in zip(features.user_ids.to_pylist(), features.values, strict=True)
    }


def plain(events, cutoff):
    """Say again what every feature means, in plain Python, for one user's rows in log order."""
    known = [row for row in events if row[1] <= cutoff]
    lines = [row for row in known if row[2] == "purchase"]
    return (
        dict.fromkeys(FEATURE_NAMES, np.nan)
        | plain_activity(known, cutoff)
        | plain_orders(lines, cutoff)
        | plain_gaps(lines, cutoff)
        | plain_mix(known, lines)
    )


def trend(last_30, last_60):
    return (last_30 - (last_60 - last_30)) / last_60 if last_60 else np.nan


def plain_activity(known, cutoff):
    time = [row[1] for row in known]
    aged = [(cutoff - row[1], row[2]) for row in known]

    def since(kind):
        return min((age / DAY for age, type_ in aged if type_ == kind), default=np.nan)

    def recent(days, kind=None):
        return sum(age < days * DAY and kind in {None, type_} for age, type_ in aged)

    sessions = 1
    for before, now in pairwise(known):
        given_both = before[6] and now[6]
        sessions += before[6] != now[6] if given_both else now[1] - before[1] > 30 * MINUTE
    return {
        "days_since_event": aged[-1][0] / DAY,
        "days_since_view": since("view"),
        "days_since_cart": since("add_to_cart"),
        "days_since_purchase": since("purchase"),
        "days_since_first": aged[0][0] / DAY,
        "span_days": (time[-1] - time[0]) / DAY,
        "events": len(known),
        "active_days": len({t // DAY for t in time}),
        "sessions": sessions,
        "events_7d": recent(7),
        "events_30d": recent(30),
        "events_90d": recent(90),
        "views_30d": recent(30, "view"),
        "carts_30d": recent(30, "add_to_cart"),
        "events_trend": trend(recent(30), recent(60)),
    }


def orders_of(lines):
    orders = []
    for line in lines:
        last = orders[-1][-1] if orders else None
        given_both = last and last[6] and line[6]
        if last and (last[6] == line[6] if given_both else last[1] == line[1]):
            orders[-1].append(line)
        else:
            orders.append([line])
    return orders


def plain_orders(lines, cutoff):
    orders = orders_of(lines)
    money = [sum(line[5] or 0 for line in order) for order in orders]
    ages = [cutoff - order[0][1] for order in orders]
    within = {d: sum(age < d * DAY for age in ages) for d in (7, 30, 60, 90)}
    spent = {d: sum(r[5] or 0 for r in lines if cutoff - r[1] < d * DAY) for d in (30, 60)}
    return {
        "purchases": len(lines),
        "orders": len(orders),
        "orders_7d": within[7],
        "orders_30d": within[30],
        "orders_90d": within[90],
        "units": sum(line[4] or 1 for line in lines),
        "amount_total": sum(money),
        "amount_30d": spent[30],
        "orders_trend": trend(within[30], within[60]),
        "amount_trend": trend(spent[30], spent[60]),
        "amount_mean": sum(money) / len(money) if money else np.nan,
        "amount_max": max(money, default=np.nan),
        "amount_last": money[-1] if money else np.nan,
        "days_since_first_order": ages[0] / DAY if ages else np.nan,
    }


def plain_gaps(lines, cutoff):
    gaps = np.diff([order[0][1] for order in orders_of(lines)]) / DAY
    if len(gaps) == 0:
        return {}
    median = np.median(gaps)
    return {
        "gap_mean_days": gaps.mean(),
        "gap_median_days": median,
        "gap_last_days": gaps[-1],
        "gap_deviation_days": gaps.std() if len(gaps) > 1 else np.nan,
        "recency_over_gap": (cutoff - lines[-1][1]) / DAY / median if median > 0 else np.nan,
    }


def plain_mix(known, lines):
    kinds = [row[2] for row in known]
    hours = np.bincount([row[1] // HOUR % 24 for row in known], minlength=24) / len(known)
    weekdays = np.bincount([(row[1] // DAY + 3) % 7 for row in known], minlength=7) / len(known)
    bought = [line[3] for line in lines if line[3]]
    return {f"share_{name}": kinds.count(name) / len(known) for name in EVENT_TYPES} | {
        "share_other": kinds.count("quiz") / len(known),
        "items": len({row[3] for row in known if row[3]}),
        "items_bought": len(set(bought)),
        "hour_concentration": (hours**2).sum(),
        "weekday_concentration": (weekdays**2).sum(),
        "night_share": hours[[22, 23, 0, 1, 2, 3, 4, 5]].sum(),
        "weekend_share": weekdays[5:].sum(),
        "repeat_share": 1 - len(set(bought)) / len(bought) if bought else np.nan,
        "return_share": kinds.count("return") / len(lines) if lines else np.nan,
    }


@settings(max_examples=150, deadline=None)
@given(logs, times)
def test_every_feature_means_what_plain_python_says(events, cutoff):
    answer = by_user(user_features(log_of(events), cutoff=cutoff))
    known = {row[0] for row in events if row[1] <= cutoff}
    assert set(answer) == known
    for user in known:
        mine = sorted((row for row in events if row[0] == user), key=lambda row: row[1])
        wanted = plain(mine, cutoff)
        for name in FEATURE_NAMES:
            np.testing.assert_allclose(
                answer[user][name], wanted[name], rtol=1e-9, atol=1e-12, err_msg=name
            )


@settings(max_examples=80, deadline=None)
@given(logs, logs, times)
def test_events_after_the_cutoff_change_nothing(events, later, cutoff):
    earlier = [row for row in events if row[1] <= cutoff]
    later = [row for row in later if row[1] > cutoff]
    if not earlier:
        return
    before = user_features(log_of(earlier), cutoff=cutoff)
    after = user_features(log_of(earlier + later), cutoff=cutoff)
    assert after.user_ids.equals(before.user_ids)
    np.testing.assert_array_equal(after.values, before.values)


@settings(max_examples=60, deadline=None)
@given(logs, times, st.integers(1, 5))
def test_how_users_are_split_into_chunks_changes_nothing(events, cutoff, buckets):
    one = user_features(log_of(events, buckets=1), cutoff=cutoff)
    many = user_features(log_of(events, buckets=buckets), cutoff=cutoff)
    np.testing.assert_array_equal(one.users, many.users)
    np.testing.assert_array_equal(one.values, many.values)


@settings(max_examples=60, deadline=None)
@given(logs, times, st.randoms(use_true_random=False))
def test_the_order_of_partials_changes_nothing(events, cutoff, random):
    log = log_of(events, buckets=3)
    source = log.source(_COLUMNS)
    parts = [
        _measure(source.open(number), cutoff=cutoff, purchase=7, utc_offset=0)
        for number in range(len(source))
    ]
    shuffled = parts.copy()
    random.shuffle(shuffled)
    for left, right in zip(_merge(parts), _merge(shuffled), strict=True):
        np.testing.assert_array_equal(left, right)


@settings(max_examples=40, deadline=None)
@given(logs, times)
def test_recency_frequency_and_value_agree_with_sql(events, cutoff):
    cells = ("user_id", "t", "kind", "item", "quantity", "amount")
    table = pa.table({name: [row[at] for row in events] for at, name in enumerate(cells)})
    with duckdb.connect() as db:
        db.register("log", table)
        wanted = db.execute(
            """
            select user_id, ($1 - max(t)) / $2, ($1 - max(t) filter (kind = 'purchase')) / $2,
                   count(*), count(*) filter (kind = 'purchase'),
                   count(*) filter (t > $1 - 30 * $2),
                   coalesce(sum(amount) filter (kind = 'purchase'), 0),
                   coalesce(sum(amount) filter (kind = 'purchase' and t > $1 - 30 * $2), 0),
                   count(distinct item), count(distinct item) filter (kind = 'purchase')
            from log where t <= $1 group by user_id order by user_id
            """,
            [cutoff, DAY],
        ).fetchall()
    names = [
        "days_since_event", "days_since_purchase", "events", "purchases", "events_30d",
        "amount_total", "amount_30d", "items", "items_bought",
    ]  # fmt: skip
    found = user_features(log_of(events), cutoff=cutoff).frame.select(["user_id", *names])
    rows = sorted(tuple(row.values()) for row in found.to_pylist())
    assert [row[0] for row in rows] == [row[0] for row in wanted]
    for mine, theirs in zip(rows, wanted, strict=True):
        assert mine[1:] == pytest.approx(theirs[1:])


def test_lines_of_one_basket_are_one_order():
    day, morning = "2026-01-01T10:00", "2026-01-08T09:00"
    log = MemoryLog.from_rows(
        [
            ("ann", day, "purchase", "kettle", 1, 1000),
            ("ann", day, "purchase", "teapot", 2, 500),
            ("ann", morning, "purchase", "kettle", 1, 900),
            ("ann", morning, "return", "teapot", 1, 250),
        ]
    )
    known = by_user(user_features(log, cutoff="2026-01-10T09:00"))["ann"]
    assert (known["purchases"], known["orders"], known["units"]) == (3, 2, 4)
    assert (known["amount_mean"], known["amount_max"], known["amount_last"]) == (1200, 1500, 900)
    assert known["gap_median_days"] == pytest.approx(7 - 1 / 24)
    assert known["days_since_purchase"] == 2
    assert known["repeat_share"] == pytest.approx(1 / 3)
    assert known["return_share"] == pytest.approx(1 / 3)


def test_an_event_at_the_cutoff_is_known_and_one_a_microsecond_later_is_not():
    log = MemoryLog.from_rows([("ann", 1000, "view", "kettle"), ("ann", 1001, "view", "kettle")])
    assert user_features(log, cutoff=1000).column("events").tolist() == [1]


def test_users_without_an_event_before_the_cutoff_are_not_in_the_table():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view"), ("bob", "2026-02-01", "view")])
    assert user_features(log, cutoff="2026-01-15").user_ids.to_pylist() == ["ann"]
    assert user_features(log, cutoff="2025-01-15").frame.num_rows == 0


def test_an_empty_log_has_no_features():
    log = MemoryLog.from_rows([])
    assert user_features(log, cutoff="2026-01-15").frame.shape == (0, 1 + len(FEATURES))


def test_what_is_missing_is_null_in_the_frame():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view", "kettle")])
    row = user_features(log, cutoff="2026-01-02").frame.to_pylist()[0]
    assert row["days_since_purchase"] is None
    assert row["amount_mean"] is None
    assert row["amount_total"] == 0


def test_the_shop_clock_decides_what_is_night():
    log = MemoryLog.from_rows([("ann", "2026-01-01T15:00", "view")])  # 23:00 in China
    assert user_features(log, cutoff="2026-01-02").column("night_share").tolist() == [0]
    china = user_features(log, cutoff="2026-01-02", utc_offset_minutes=480)
    assert china.column("night_share").tolist() == [1]


def test_a_type_of_the_shops_own_can_be_what_counts_as_a_purchase():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "rental", "bike", 1, 700)])
    known = user_features(log, cutoff="2026-01-03", event_type="rental")
    assert known.column("amount_total").tolist() == [700]
    assert known.column("days_since_purchase").tolist() == [2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cutoff": "soon"}, "'cutoff' option of user_features must be a moment such as"),
        ({"cutoff": 1.5}, "'cutoff' option of user_features must be a str, datetime or int"),
        ({"cutoff": 0, "event_type": "purchse"}, "Did you mean 'purchase'"),
        ({"cutoff": 0, "utc_offset_minutes": 5000}, "must be an int from -1440 to 1440"),
    ],
)
def test_wrong_options_are_named(options, message):
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view")])
    with pytest.raises(OptionError, match=message):
        user_features(log, **options)


def test_an_unknown_feature_is_refused_by_name():
    log = MemoryLog.from_rows([("ann", "2026-01-01", "view")])
    with pytest.raises(OptionError, match="'name' option of column must be one of"):
        user_features(log, cutoff="2026-01-02").column("age")


def test_features_are_declared_once_each_in_a_known_group():
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert {feature.group for feature in FEATURES} == set(GROUPS)
    assert all(feature.meaning and feature.unit for feature in FEATURES)


def test_a_chunk_without_users_has_no_features():
    nobody = UserChunk(
        np.zeros(0, np.int32),
        np.zeros(1, np.int64),
        {
            "timestamp": np.zeros(0, np.int64), "event_type": np.zeros(0, np.int16),
            "item": np.zeros(0, np.int32), "session": np.zeros(0, np.int64),
            "quantity": np.zeros(0, np.int32), "amount": np.zeros(0, np.int64),
        },
    )  # fmt: skip
    users, values = _measure(nobody, cutoff=0, purchase=7, utc_offset=0)
    assert (users.shape, values.shape) == ((0,), (0, len(FEATURES)))
