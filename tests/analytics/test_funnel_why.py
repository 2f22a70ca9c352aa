"""Why they drop: planted causes, confounders, leaks, and the arithmetic behind the odds."""

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st
from tests.analytics import funnel_reference as reference
from tests.analytics.random_logs import MINUTE, TYPES, as_log, law, rows

from footfall.analytics.funnel import funnel, why_they_drop
from footfall.analytics.funnel.candidates import bins_of
from footfall.analytics.funnel.evidence import Values
from footfall.analytics.funnel.odds import pooled_odds, risk_sets
from footfall.errors import OptionError
from footfall.events.simulate import SimulateOptions, simulate
from footfall.store.memory import MemoryLog

HOUR = 3_600_000_000


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_cause_planted_in_the_simulator_comes_first(seed):
    shop = simulate(SimulateOptions(users=2500, days=60, seed=seed))
    log = MemoryLog.from_events(shop.events, users=shop.users, items=shop.items)
    steps = "view,add_to_cart,checkout,purchase"
    answer = why_they_drop(log, steps=steps, within="7d")
    planted = shop.truth.facts["funnel_drop"]
    first = answer.frame.to_pylist()[0]
    assert (first["name"], first["value"]) == ("properties.shipping", planted["value"])
    assert first["odds_low"] > 1
    whole = funnel(log, steps=steps, within="7d")
    assert answer.reached == len(whole.users(3))
    assert answer.converted == len(whole.users(4))
    for row in answer.frame.to_pylist():
        users = answer.users(row["rank"])
        lost = answer.users(row["rank"], dropped=True)
        assert (len(users), len(lost)) == (row["users"], row["dropped"])
        assert set(lost) <= set(whole.dropped(4))


@law
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.integers(-1, 9)), min_size=1, max_size=30
    )
)
def test_risk_sets_compare_those_still_there_at_each_conversion(units):
    left = np.array([one[0] for one in units])
    converted = np.array([one[1] for one in units])
    onset = np.array([one[2] if one[2] <= one[0] else -1 for one in units])
    cells = risk_sets(left, converted, onset)
    truth = []
    for moment in sorted({int(one) for one in left[converted]}):
        there = [at for at in range(len(units)) if left[at] >= moment]
        had = [at for at in there if 0 <= onset[at] < moment]
        now = [at for at in there if left[at] == moment and converted[at]]
        both = len(set(had) & set(now))
        truth.append(
            [both, len(had) - both, len(now) - both, len(there) - len(had) - len(now) + both]
        )
    assert np.array(cells).T.tolist() == truth


def test_pooled_odds_are_those_of_mantel_and_haenszel():
    # Two strata and the table of halves, in fractions.
    tables = [(4, 6, 2, 8), (10, 5, 6, 9), (Fraction(1, 2),) * 4]
    up = sum(Fraction(a) * d / (a + b + c + d) for a, b, c, d in tables)
    down = sum(Fraction(b) * c / (a + b + c + d) for a, b, c, d in tables)
    cells = tuple(np.array(cell) for cell in zip(*tables[:2], strict=True))
    ratio, low, high, p_value = pooled_odds(cells)
    assert ratio == pytest.approx(float(up / down))
    assert low < ratio < high
    assert 0 < p_value < 1


@law
@given(rows(), st.lists(st.sampled_from(TYPES), min_size=2, max_size=3), st.sampled_from([20, 100]))
def test_the_evidence_is_that_of_the_last_try_and_of_what_came_after_the_first(
    log_rows, types, minutes
):
    asked = reference.Asked([((name,), None) for name in types], minutes * MINUTE)
    log = as_log(log_rows)
    answer = why_they_drop(
        log, steps=types, within=f"{minutes}m", properties=["item_id", "amount"], bins=2
    )
    evidence = answer.evidence
    found = reference.answer(asked, log_rows)
    last = len(types)
    done = {one[0]: one for one in found.get(("all", last), [])}
    before = {one[0]: one for one in found.get(("all", last - 1), [])}
    ids = log.user_ids.strings(evidence.user).to_pylist()
    assert sorted(ids) == sorted(before)
    end = max((row.time for row in log_rows), default=0)
    items = [*evidence.values["item_id"].words.to_pylist(), None]
    for at, user in enumerate(ids):
        events, (_, _, start, place, _) = reference.by_user(log_rows)[user], before[user]
        stop = done[user][3] if user in done else len(events)
        until = min(events[start].time + asked.within, end)
        until = events[stop].time if user in done else until
        assert evidence.converted[at] == (user in done)
        assert evidence.left[at] == until - events[place].time
        tries = [
            row
            for number, row in enumerate(events[:stop])
            if number == place or (number > place and row.time <= until)
        ]
        tried = [row for row in tries if row.event_type == types[-2] or row is events[place]][-1]
        assert items[evidence.values["item_id"].codes[at]] == tried.item
        first = {}
        for row in events[place + 1 : stop]:
            if row.time <= until and row.event_type not in types:
                first.setdefault(row.event_type, row.time - events[place].time)
        for name in TYPES:
            if name in log.event_types:
                onset = evidence.onset(log.event_types.index(name))[at]
                assert onset == first.get(name, -1)
    split = why_they_drop(
        as_log(log_rows, buckets=5), steps=types, within=f"{minutes}m",
        properties=["item_id", "amount"], bins=2,
    )  # fmt: skip
    assert split == answer


def shop_of(users, cause):
    """Each user checks out; ``cause(number)`` says the item, and whether the user buys."""
    events = []
    for number in range(users):
        item, buys = cause(number)
        events.append((f"u{number:04}", number * HOUR, "checkout", item))
        if buys:
            events.append((f"u{number:04}", number * HOUR + 60_000_000, "purchase", item))
            events.append((f"u{number:04}", number * HOUR + 61_000_000, "thanks", item))
    return events


def test_what_can_only_come_after_converting_is_no_cause():
    rng = np.random.default_rng(3)
    events = shop_of(400, lambda _: ("tea", rng.random() < 0.5))
    # Who does not buy is around for longer, and so searches more often: that is no cause either.
    for number in range(400):
        late = number * HOUR + int(rng.exponential(120 * 60e6))
        events.append((f"u{number:04}", late, "search"))
    answer = why_they_drop(
        MemoryLog.from_rows(events), steps="checkout,purchase", within="1d", ignore=["hour"]
    )
    names = answer.candidates.column("name").to_pylist()
    assert "thanks" not in names
    assert "purchase" not in names
    assert "search" in names
    assert answer.frame.num_rows == 0
    assert "Nothing of" in str(answer)
    row = answer.candidates.to_pylist()[names.index("search")]
    assert row["dropped_share"] > row["others_dropped_share"] + 0.2  # as one would see it naively
    assert row["odds_low"] < 1 < row["odds_high"]


def test_a_confounder_can_be_held_fixed():
    # In the north people buy sofas and drop; inside a region the item makes no difference.
    rng = np.random.default_rng(4)
    north = rng.random(2000) < 0.5
    sofa = rng.random(2000) < np.where(north, 0.8, 0.2)
    buys = rng.random(2000) < np.where(north, 0.3, 0.8)
    log = MemoryLog.from_rows(
        shop_of(2000, lambda n: ("sofa" if sofa[n] else "tea", bool(buys[n])))
    )
    log.users = pa.table(
        {
            "user_id": [f"u{n:04}" for n in range(2000)],
            "region": ["north" if one else "south" for one in north],
        }
    )
    options = {"steps": "checkout,purchase", "within": "1d", "properties": ["item_id"]}
    plain = why_they_drop(log, **options)
    assert plain.frame.column("value").to_pylist()[0] == "sofa"
    fixed = why_they_drop(log, stratify_by="region", **options)
    assert fixed.frame.num_rows == 0
    assert fixed.definition["stratify_by"].startswith("compared only within region")
    by = why_they_drop(log, by="region", **options)
    assert by.groups.num_rows == 0
    assert by.frame == plain.frame


def test_reasons_of_groups_list_their_users():
    events = shop_of(200, lambda n: ("sofa" if n % 2 else "tea", n % 2 == 0 or n % 10 == 1))
    log = MemoryLog.from_rows(events)
    log.users = pa.table(
        {"user_id": [f"u{n:04}" for n in range(200)], "half": [n // 100 for n in range(200)]}
    )
    answer = why_they_drop(
        log, steps="checkout,purchase", within="1d", properties=["item_id"], by="half"
    )
    assert [row["group"] for row in answer.groups.to_pylist()] == ["0", "0", "1", "1"]
    for row in answer.groups.to_pylist():
        assert len(answer.users(row["rank"], group=row["group"])) == row["users"] == 50
    assert answer.to_json()["looked_at"] == 2
    figure = answer.plot()
    assert list(figure.data[0].y) == ["item_id = sofa", "item_id = tea"]


def test_numbers_come_in_bins_and_a_few_values_as_they_are():
    many = Values(np.arange(-1, 100, dtype=np.int32), pa.array(np.arange(100.0)))
    binned = bins_of(many, 4)
    assert binned.words.to_pylist() == [
        "up to 24",
        "above 24 to 49",
        "above 49 to 74",
        "above 74",
    ]
    assert np.bincount(binned.codes + 1).tolist() == [1, 25, 25, 25, 25]
    few = bins_of(Values(np.array([0, 1, -1]), pa.array([1.0, 20.5])), 4)
    assert few.words.to_pylist() == ["1", "20.5"]
    words = Values(np.arange(30), pa.array([str(n) for n in range(30)]))
    assert bins_of(words, 2).words.to_pylist() == ["up to 14", "above 14"]


def test_an_empty_log_and_one_user_say_nothing():
    for events in ([], [("ann", 0, "checkout")]):
        log = MemoryLog.from_rows(events)
        answer = why_they_drop(log, steps="checkout,purchase", within="1d")
        assert (answer.reached, answer.frame.num_rows) == (len(events), 0)
        assert answer.plot() is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": 1}, r"a step from 2 to 2. Got 1"),
        ({"steps": "checkout"}, r"at least two steps"),
        ({"properties": ["shiping"]}, r"'properties' option of why_they_drop"),
        ({"ignore": ["hours"]}, r"'ignore' option of why_they_drop.*Did you mean 'hour'"),
        ({"stratify_by": "regon"}, r"'stratify_by' option of why_they_drop"),
        ({"least_share": 0.5}, r"'least_share' option"),
        ({"values": 0}, r"'values' option"),
        ({"bins": 1}, r"'bins' option"),
        ({"level": 1}, r"'level' option"),
        ({"top": 0}, r"'top' option"),
    ],
)
def test_wrong_options_are_named(options, message):
    log = MemoryLog.from_rows(shop_of(3, lambda _: ("tea", True)))
    with pytest.raises(OptionError, match=message):
        why_they_drop(log, **({"steps": "checkout,purchase", "within": "1d"} | options))


def test_a_row_or_group_that_is_none_is_named():
    log = MemoryLog.from_rows(shop_of(3, lambda _: ("tea", True)))
    answer = why_they_drop(log, steps="checkout,purchase", within="1d")
    with pytest.raises(OptionError, match="'rank' option"):
        answer.users(1)
    with pytest.raises(OptionError, match="there is no breakdown"):
        answer.users(1, group="north")
