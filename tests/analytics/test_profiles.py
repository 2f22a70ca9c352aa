import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import MINUTE, as_log, by_user, law, rows

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.profile import portrait, profile, profiles, similar_users
from footfall.analytics.profile.words import KINDS, VALUES
from footfall.analytics.segment import Segment
from footfall.analytics.segment.measures import measure_users
from footfall.errors import NotEnoughDataError, OptionError
from footfall.store.memory import MemoryLog

ITEMS = pa.table(
    {
        "item_id": [f"i{n}" for n in range(12)],
        "category": ["tea"] * 6 + ["pots"] * 6,
        "brand": ["acme", "泰山"] * 6,
        "price": pa.array([100, 200, 300, 400, 500, 600] * 2, pa.int64()),
    }
)
DAY = 86_400_000_000
START = 1_767_571_200_000_000  # 2026-01-05, a Monday


def event(user, day, hour, kind="view", item=None, price=None, amount=0, properties=None):
    moment = START + day * DAY + int(hour * 60) * MINUTE
    return (user, moment, kind, item, price, amount, properties)


def as_shop(events, *, items=ITEMS, users=None, buckets=2):
    names = ("user_id", "timestamp", "event_type", "item_id", "price", "amount", "properties")
    columns = dict(zip(names, zip(*events, strict=True), strict=True))
    types = {"timestamp": pa.int64(), "price": pa.int64(), "amount": pa.int64()}
    table = {n: pa.array(c, types.get(n, pa.string())) for n, c in columns.items()}
    table["timestamp"] = table["timestamp"].cast(pa.timestamp("us", tz="UTC"))
    return MemoryLog.from_events(pa.table(table), items=items, users=users, buckets=buckets)


def shop(**options):
    """Ann: nightly, dear tea on the app, buys at a discount each week. Crowd: by day."""
    mail = '{"channel": "mail"}'
    events = [event("ann", day, 2, "view", "i5", properties=mail) for day in range(0, 56, 2)]
    events += [event("ann", day, 3, "purchase", "i5", 480, 480) for day in range(0, 56, 8)]
    for number in range(20):
        for day in range(number % 5, 56, 4):
            item = f"i{(number + 3 * day) % 12}"
            channel = '{"channel": "%s"}' % ("ads" if number % 2 else "direct")
            events.append(event(f"c{number}", day, 11, "view", item, properties=channel))
            if day % 8 == 0:
                price = 100 * (1 + int(item[1:]) % 6)
                events.append(event(f"c{number}", day, 11.2, "purchase", item, price, price))
    return as_shop(events, **options)


def tags_of(answer):
    return {row["tag"]: row["value"] for row in answer.frame.to_pylist()}


def test_a_user_gets_the_tags_that_are_sure():
    ann = profile(shop(), "ann", last=2)
    tags = tags_of(ann)
    assert tags == {
        "life_stage": "active",
        "value": "middle",
        "recency": "within 7 days",
        "tempo": "weekly",
        "regularity": "regular",
        "category": "tea",
        "brand": "泰山",
        "price_level": "high",
        "discount": "seeks discounts",
        "channel": "mail",
        "hours": "night",
    }
    night = next(row for row in ann.frame.to_pylist() if row["tag"] == "hours")
    assert (night["hits"], night["trials"]) == (35, 35)
    assert night["confidence"] > 0.999
    assert night["value_zh"] == "深夜"
    assert ann.absent["device"].startswith("no property of events is called device")
    assert [row["event_type"] for row in ann.timeline.to_pylist()] == ["view", "view"]
    assert ann.events == 35


def test_few_events_say_nothing():
    log = as_shop([event("ann", 0, 2), *(event(f"c{n}", n % 9, 11) for n in range(30))], items=None)
    tags = tags_of(profile(log, "ann", new_days=1))
    assert set(tags) <= {"life_stage", "value", "recency"}
    absent = profile(log, "ann").absent
    assert absent["hours"] == "not sure enough (0.00)"
    assert absent["tempo"] == "nothing to go by"
    assert absent["category"] == "items have no category"


def test_everybody_is_in_the_table_and_lists_agree_with_counts():
    answer = profiles(shop(), by="channel")
    assert answer.table.num_rows == answer.total == 21
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["tag"], row["value"])) == row["users"]
        assert row["tag_zh"] == KINDS[row["tag"]]
    for row in answer.groups.to_pylist():
        assert len(answer.users(row["tag"], row["value"], group=row["group"])) == row["users"]
    assert answer.users("hours", "night") == ["ann"]
    assert answer.table.column("hours")[0].as_py() == "night"


def test_one_user_and_everybody_agree():
    log = shop()
    whole = {row["user_id"]: row for row in profiles(log).table.to_pylist()}
    for user in ("ann", "c3"):
        assert tags_of(profile(log, user)) == {
            kind: whole[user][kind] for kind in KINDS if whole[user].get(kind) is not None
        }


def test_buckets_do_not_matter():
    tables = [profiles(shop(buckets=n)).table.to_pylist() for n in (1, 3, 7)]
    assert tables[0] == tables[1] == tables[2]


def test_nothing_after_the_moment_counts():
    at = START + 20 * DAY
    whole = profiles(shop(), at=at)
    early = profiles(shop(), between=(START, at + 1), at=at)
    assert whole.frame.to_pylist() == early.frame.to_pylist()
    assert profile(shop(), "ann", at=at).timeline.to_pylist()[-1]["timestamp"].day == 23


def test_answers_are_json_text_and_pictures():
    log = shop()
    late = Segment("夜猫子", users=["ann", "c1", "c2"])
    for answer in (profiles(log), profile(log, "ann"), portrait(log, late)):
        record = answer.to_json()
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert set(DEFINITION_KEYS) <= set(answer.definition)
        assert len(str(answer)) > 30
        assert answer.plot() is not None


def test_an_unknown_user_or_tag_is_named():
    with pytest.raises(OptionError, match=r"Did you mean 'ann'\?"):
        profile(shop(), "anna")
    with pytest.raises(OptionError, match="'tag' option of Profiles"):
        profiles(shop()).users("shoe size")
    with pytest.raises(OptionError, match="'value' option of Profiles"):
        profiles(shop()).users("hours", "noon")
    with pytest.raises(OptionError, match="'least' option of profiles"):
        profiles(shop(), least=1.5)
    with pytest.raises(OptionError, match="'discount' option of profiles"):
        profiles(shop(), discount="rebate")


def test_an_empty_log_has_no_profiles():
    answer = profiles(MemoryLog.from_rows([]))
    assert answer.total == 0
    assert answer.table.num_rows == 0
    assert answer.plot() is not None


def test_all_fixed_words_have_chinese_names():
    answer = profiles(shop())
    free = {"category", "brand", "channel", "device"}
    for row in answer.frame.to_pylist():
        assert row["tag"] in free or (row["tag"], row["value"]) in VALUES


def crowd(night_share, seed=0):
    """Sixty users; the first twenty come at night with some share of their visits."""
    rng = np.random.default_rng(seed)
    events = [
        event(f"u{user:02}", day, 2 if rng.random() < night_share * (user < 20) else 12, item="i1")
        for user in range(60)
        for day in rng.choice(40, 15, replace=False)
    ]
    regions = ["north" if user % 2 else "south" for user in range(60)]
    users = pa.table({"user_id": [f"u{user:02}" for user in range(60)], "region": regions})
    return as_shop(events, users=users)


def test_a_portrait_puts_the_planted_difference_first():
    inside = [f"u{user:02}" for user in range(20)]
    answer = portrait(crowd(0.8), Segment("owls", users=inside))
    first = answer.frame.to_pylist()[0]
    assert first["name"] in {"night_share", "hours", "afternoon_share"}
    night = next(r for r in answer.frame.to_pylist() if r["name"] == "night_share")
    assert night["tgi"] == pytest.approx(300)
    assert night["lift"] == pytest.approx(2)
    assert night["significant"]
    region = [r for r in answer.frame.to_pylist() if r["name"] == "region"]
    assert [r["segment_value"] for r in region] == [0.5, 0.5]
    assert not any(r["significant"] for r in region)
    assert answer.users("region", "north") == sorted(u for u in inside if int(u[1:]) % 2)
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["name"], row["value"])) == row["segment_users"]


def test_a_portrait_of_chance_is_empty():
    rng = np.random.default_rng(1)
    inside = [f"u{user:02}" for user in rng.choice(60, 20, replace=False)]
    answer = portrait(crowd(0.0), Segment("some", users=inside))
    assert sum(row["significant"] for row in answer.frame.to_pylist()) <= 1


def test_a_portrait_needs_two_sides():
    with pytest.raises(NotEnoughDataError, match="nobody is in 'none'"):
        portrait(shop(), Segment("none", users=[]))
    with pytest.raises(NotEnoughDataError, match="everybody is in 'all'"):
        portrait(shop(), Segment("all", rule="count() > 0"))


def test_lookalikes_of_half_a_group_are_its_other_half():
    seed = [f"u{user:02}" for user in range(10)]
    answer = similar_users(crowd(0.9), Segment("owls", users=seed), 10)
    others = {f"u{user:02}" for user in range(10, 20)}
    assert len(others & set(answer.users())) >= 9
    assert answer.drivers.column("measure")[0].as_py() in {"night_share", "afternoon_share"}
    assert answer.separation > 0.7
    assert json.loads(json.dumps(answer.to_json(), allow_nan=False))["segment"] == "owls"
    with pytest.raises(NotEnoughDataError, match="10 users in the segment"):
        similar_users(crowd(0.9), Segment("one", users=["u00"]))


def counted(log_rows, at):
    """Counts of each user in plain Python."""
    found = {}
    for user, events in by_user(log_rows).items():
        until = [row for row in events if row.time <= at]
        if not until:
            continue
        sessions, before, starts, orders = 0, None, [], set()
        for row in until:
            same = before is not None and row.session == before.session
            if not same or (row.session is None and row.time - before.time > 30 * MINUTE):
                sessions += 1
                starts.append(row.time)
            if row.event_type == "purchase":
                orders.add(sessions)
            before = row
        found[user] = {
            "sessions": sessions,
            "orders": len(orders),
            "spend": sum(row.amount for row in until if row.event_type == "purchase"),
            "active_days": len({(row.time + 8 * 60 * MINUTE) // DAY for row in until}),
            "recency_days": (at - until[-1].time) / DAY,
            "tenure_days": (at - until[0].time) / DAY,
            "cart_share": np.mean([row.event_type == "add_to_cart" for row in until]),
            "night_share": np.mean(
                [(start + 8 * 60 * MINUTE) // (60 * MINUTE) % 24 < 6 for start in starts]
            ),
        }
    return found


@law
@given(rows(times=200), st.integers(0, 200), st.integers(1, 4))
def test_measures_are_those_of_plain_python(log_rows, moment, buckets):
    at = moment * 10 * MINUTE
    log = as_log(log_rows, buckets=buckets)
    measures = measure_users(log, at=at, time_zone="Asia/Shanghai")
    names = log.user_ids.strings(measures.users).to_pylist()
    truth = counted(log_rows, at)
    assert sorted(names) == sorted(truth)
    for place, user in enumerate(names):
        for name, value in truth[user].items():
            assert measures.raw[name][place] == pytest.approx(value), name
