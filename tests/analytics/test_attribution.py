"""Attribution: every model on tiny cases worked out by hand, and the users behind the numbers."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.attribution import attribution
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

DAY = 86_400_000_000


def channel_log(rows, *, buckets=2, users=None):
    """Build a log from (user, day, event type, channel, amount) rows."""
    rows = [(*row, *[None] * (5 - len(row))) for row in rows]
    return MemoryLog.from_events(
        pa.table(
            {
                "user_id": pa.array([row[0] for row in rows], pa.string()),
                "timestamp": pa.array([round(row[1] * DAY) for row in rows], pa.int64()).cast(
                    pa.timestamp("us", tz="UTC")
                ),
                "event_type": pa.array([row[2] for row in rows], pa.string()),
                "properties": pa.array(
                    [json.dumps({"channel": row[3]}) if row[3] else None for row in rows],
                    pa.string(),
                ),
                "amount": pa.array([row[4] for row in rows], pa.int64()),
            }
        ),
        buckets=buckets,
        users=users,
    )


def journey(user, channels, *, bought, amount=1000, every=1.0):
    """A touch a day, then perhaps a purchase a day later."""
    rows = [(user, at * every, "view", channel) for at, channel in enumerate(channels)]
    return rows + ([(user, len(channels) * every, "purchase", None, amount)] if bought else [])


def credit_of(answer, model, column="credit"):
    rows = answer.frame.filter(pc.field("model") == model).to_pylist()
    return {row["channel"]: row[column] for row in rows}


FOUR = journey("ann", ["mail", "ads", "social", "search"], bought=True)


def test_the_last_touch_gets_all():
    assert credit_of(attribution(channel_log(FOUR), model="last"), "last") == {
        "ads": 0, "mail": 0, "search": 1, "social": 0,
    }  # fmt: skip


def test_the_first_touch_gets_all():
    assert credit_of(attribution(channel_log(FOUR), model="first"), "first")["mail"] == 1


def test_linear_gives_every_touch_the_same_and_a_channel_met_twice_gets_twice():
    log = channel_log(journey("ann", ["mail", "ads", "mail"], bought=True))
    found = credit_of(attribution(log, model="linear"), "linear")
    assert found == {"mail": pytest.approx(2 / 3), "ads": pytest.approx(1 / 3)}


def test_position_gives_40_20_40():
    found = credit_of(attribution(channel_log(FOUR), model="position"), "position")
    assert found == {"ads": 0.1, "mail": 0.4, "search": 0.4, "social": 0.1}


def test_position_of_two_touches_is_half_each_and_of_one_is_all():
    log = channel_log(
        journey("ann", ["mail", "ads"], bought=True) + journey("bob", ["ads"], bought=True)
    )
    assert credit_of(attribution(log, model="position"), "position") == {"ads": 1.5, "mail": 0.5}
    uneven = attribution(log, model="position", position=(0.6, 0.2, 0.2))
    assert credit_of(uneven, "position") == {"ads": 1.25, "mail": 0.75}


def test_a_touch_one_half_life_older_than_the_last_weighs_half():
    log = channel_log(journey("ann", ["mail", "ads"], bought=True, every=7.0))
    found = credit_of(attribution(log, model="time_decay", half_life="7d"), "time_decay")
    assert found == {"mail": pytest.approx(1 / 3, abs=1e-8), "ads": pytest.approx(2 / 3, abs=1e-8)}


def test_markov_gives_the_removal_effects_of_the_textbook_example():
    # One path of three converts; without one: 0.5, 0 and 0 of the third are left.
    log = channel_log(
        journey("ann", ["one", "two", "three"], bought=True)
        + journey("bob", ["one"], bought=False)
        + journey("eve", ["two", "three"], bought=False)
    )
    found = credit_of(attribution(log, model="markov"), "markov")
    assert found == {
        "one": pytest.approx(0.2), "two": pytest.approx(0.4), "three": pytest.approx(0.4),
    }  # fmt: skip


def test_markov_of_a_higher_order_tells_paths_apart_that_the_first_order_mixes():
    # b leads to a sale after a only. First order: 1/2 from b, whoever came before.
    log = channel_log(
        journey("ann", ["a", "b"], bought=True) + journey("bob", ["c", "b"], bought=False)
    )
    first = credit_of(attribution(log, model="markov"), "markov")
    second = credit_of(attribution(log, model="markov", order=2), "markov")
    # First order: without a, c still reaches b: half is lost, without c too, without b all.
    assert first == {
        "a": pytest.approx(0.25), "b": pytest.approx(0.5), "c": pytest.approx(0.25),
    }  # fmt: skip
    # Second order: without a nothing is left, without c all is.
    assert second == {"a": pytest.approx(0.5), "b": pytest.approx(0.5), "c": pytest.approx(0)}


SETS = (
    [row for n in range(4) for row in journey(f"a{n}", ["a"], bought=n < 1)]
    + [row for n in range(2) for row in journey(f"b{n}", ["b"], bought=n < 1)]
    + [row for n in range(4) for row in journey(f"c{n}", ["a", "b"], bought=n < 3)]
)


def test_shapley_is_what_a_channel_adds_to_the_chance_of_the_others():
    # a alone 1/4, b alone 1/2, both 3/4. a: 4 x 1/4 + 4 x (1/4 + 1/4) / 2 = 2; b: 1 + 2 = 3.
    found = credit_of(attribution(channel_log(SETS), model=["shapley", "linear"]), "shapley")
    assert found == {"a": pytest.approx(2), "b": pytest.approx(3)}


def test_shapley_is_not_linear_in_disguise():
    found = credit_of(attribution(channel_log(SETS), model=["shapley", "linear"]), "linear")
    assert found == {"a": 2.5, "b": 2.5}


def test_a_channel_that_adds_nothing_to_others_gets_only_what_it_brings_alone():
    rows = [row for n in range(4) for row in journey(f"a{n}", ["a"], bought=n < 2)]
    rows += [row for n in range(4) for row in journey(f"b{n}", ["b"], bought=False)]
    rows += [row for n in range(6) for row in journey(f"c{n}", ["a", "b"], bought=n < 3)]
    found = attribution(channel_log(rows), model=["shapley", "last"])
    assert credit_of(found, "shapley") == {"a": pytest.approx(5), "b": pytest.approx(0)}
    assert credit_of(found, "last") == {"a": 2, "b": 3}


def test_a_set_nobody_met_has_the_mean_chance_of_the_sets_one_smaller():
    # Only {a, b} was met: r(a) = r(b) = mean of r(nothing) = 0, so both share what both bring.
    log = channel_log(journey("ann", ["a", "b"], bought=True))
    found = credit_of(attribution(log, model="shapley"), "shapley")
    assert found == {"a": 0.5, "b": 0.5}


def test_lines_of_one_session_are_one_conversion_with_their_money_together():
    rows = [
        ("ann", 0, "view", "mail"),
        ("ann", 1, "purchase", None, 700),
        ("ann", 1, "purchase", None, 300),
    ]
    answer = attribution(channel_log(rows), model="last")
    assert (answer.conversions, answer.money_minor) == (1, 1000)
    each = attribution(channel_log(rows), model="last", per="event")
    assert (each.conversions, each.untouched_conversions) == (1, 1)
    assert (each.money_minor, each.untouched_money_minor) == (700, 300)
    assert each.users("(no touch)") == ["ann"]


def test_money_is_shared_out_to_the_last_cent():
    log = channel_log(journey("ann", ["a", "b", "c"], bought=True, amount=1000))
    found = credit_of(attribution(log, value="money"), "linear", "credit_minor")
    assert sorted(found.values()) == [333, 333, 334]
    answer = attribution(log, value="money")
    for model in set(answer.frame["model"].to_pylist()):
        assert sum(credit_of(answer, model, "credit_minor").values()) == 1000


def test_money_weighs_paths_by_what_they_brought():
    log = channel_log(
        journey("ann", ["mail"], bought=True, amount=9000)
        + journey("bob", ["ads"], bought=True, amount=1000)
    )
    answer = attribution(log, value="money")
    for model in ("last", "linear", "time_decay", "position", "shapley"):
        assert credit_of(answer, model, "credit_share") == {
            "mail": pytest.approx(0.9), "ads": pytest.approx(0.1),
        }  # fmt: skip
    # Removal effects know paths, not money: both are half of them.
    assert credit_of(answer, "markov", "credit_minor") == {"mail": 5000, "ads": 5000}


def test_touches_older_than_the_lookback_lead_to_nothing():
    rows = [("ann", 0, "view", "mail"), ("ann", 31, "purchase", None, 5)]
    inside = attribution(channel_log(rows), lookback="31d", model="last")
    outside = attribution(channel_log(rows), lookback="30d", model="last")
    assert (inside.conversions, inside.untouched_conversions) == (1, 0)
    assert (outside.conversions, outside.untouched_conversions) == (0, 1)
    assert outside.paths.to_pylist() == [
        {"path": "(no touch)", "touches": 0, "conversions": 1, "credit_minor": 5, "lost": 0},
        {"path": "mail", "touches": 1, "conversions": 0, "credit_minor": 0, "lost": 1},
    ]


def test_a_conversion_uses_up_the_touches_before_it_unless_told_otherwise():
    rows = [
        ("ann", 0, "view", "mail"),
        ("ann", 1, "purchase"),
        ("ann", 2, "view", "ads"),
        ("ann", 3, "purchase"),
    ]
    assert credit_of(attribution(channel_log(rows)), "linear") == {"ads": 1, "mail": 1}
    again = attribution(channel_log(rows), since_previous=False)
    assert credit_of(again, "linear") == {"ads": 0.5, "mail": 1.5}


def test_an_event_that_is_touch_and_conversion_counts_for_itself():
    rows = [("ann", 0, "view", "mail"), ("ann", 1, "purchase", "ads")]
    assert credit_of(attribution(channel_log(rows)), "last") == {"ads": 1, "mail": 0}


def test_direct_counts_only_alone():
    log = channel_log(
        journey("ann", ["mail", "direct"], bought=True) + journey("bob", ["direct"], bought=True)
    )
    assert credit_of(attribution(log), "last") == {"direct": 2, "mail": 0}
    answer = attribution(log, direct="direct")
    assert credit_of(answer, "last") == {"direct": 1, "mail": 1}
    assert answer.users("direct") == ["bob"]


def test_of_a_long_path_the_last_touches_count():
    answer = attribution(channel_log(FOUR), longest=2)
    assert credit_of(answer, "linear") == {"search": 0.5, "social": 0.5}


def test_journeys_without_a_purchase_are_cut_to_the_lookback():
    log = channel_log([("ann", day, "view", "mail") for day in (0, 10, 40, 69, 71)])
    assert attribution(log).paths.to_pylist() == [
        {"path": "mail > mail", "touches": 2, "conversions": 0, "credit_minor": 0, "lost": 2},
        {"path": "mail", "touches": 1, "conversions": 0, "credit_minor": 0, "lost": 1},
    ]


def test_touches_can_be_named_by_event_type_or_by_an_expression():
    rows = [
        ("ann", 0, "view", "mail"), ("ann", 1, "click", "ads"), ("ann", 2, "view"),
        ("ann", 3, "purchase"),
    ]  # fmt: skip
    by_type = attribution(channel_log(rows), touch="view", model="last")
    assert credit_of(by_type, "last") == {"(none)": 1, "mail": 0}
    log = channel_log(rows)
    by_expression = attribution(log, touch="event_type = click or channel = mail", model="last")
    assert credit_of(by_expression, "last") == {"ads": 1, "mail": 0}


def test_credit_can_go_to_any_field():
    log = channel_log(FOUR)
    answer = attribution(log, by="event_type", touch="view", model="last")
    assert credit_of(answer, "last") == {"view": 1}


def test_channels_beyond_the_top_are_one_and_their_users_are_counted_once():
    rows = journey("ann", ["b", "c", "a"], bought=True) + journey("bob", ["a", "a"], bought=False)
    answer = attribution(channel_log(rows), top=1, model="linear")
    assert credit_of(answer, "linear") == {
        "a": pytest.approx(1 / 3),
        "(other)": pytest.approx(2 / 3),
    }
    assert credit_of(answer, "linear", "users") == {"a": 2, "(other)": 1}
    assert answer.users("(other)") == ["ann"]


def test_between_counts_conversions_of_the_period_and_touches_before_it():
    rows = [
        ("ann", 0, "view", "mail"), ("ann", 10, "purchase"),
        ("bob", 0, "view", "ads"), ("bob", 1, "purchase"), ("bob", 10, "purchase"),
        ("eve", 0, "view", "old"), ("eve", 50, "view", "late"),
    ]  # fmt: skip
    answer = attribution(channel_log(rows), between=(5 * DAY, 20 * DAY), model="last")
    assert credit_of(answer, "last") == {"mail": 1}
    assert (answer.conversions, answer.untouched_conversions) == (1, 1)
    assert answer.users("mail") == ["ann"]


def test_a_group_of_the_breakdown_is_the_answer_for_its_users_alone():
    users = pa.table({"user_id": ["ann", "bob", "eve"], "region": ["north", "south", "north"]})
    rows = (
        journey("ann", ["mail", "ads"], bought=True)
        + journey("bob", ["ads"], bought=True)
        + journey("eve", ["mail"], bought=False)
    )
    log = channel_log(rows, users=users)
    whole = attribution(log, breakdown="region")
    for region in ("north", "south"):
        alone = attribution(log, where=f"region = {region}")
        mine = whole.groups.filter(pc.field("group") == region).drop_columns("group")
        kept = {
            (row["channel"], row["model"]): row["credit"] for row in mine.to_pylist()
            if row["touches"]
        }  # fmt: skip
        want = {(r["channel"], r["model"]): r["credit"] for r in alone.frame.to_pylist()}
        assert kept == pytest.approx(want)
    assert whole.users("mail", group="north") == ["ann", "eve"]
    assert whole.users("mail", converted=True, group="north") == ["ann"]


def test_the_users_behind_each_row_are_as_many_as_it_says():
    answer = attribution(channel_log(SETS + FOUR), direct="a")
    for row in answer.frame.to_pylist():
        assert len(answer.users(row["channel"])) == row["users"]
        assert len(answer.users(row["channel"], converted=True)) == row["converted_users"]


def test_intervals_hold_the_share_and_come_out_the_same_again():
    rows = [row for n in range(300) for row in journey(f"a{n}", ["a", "b"], bought=n % 3 == 0)]
    rows += [row for n in range(300) for row in journey(f"b{n}", ["b"], bought=n % 5 == 0)]
    answer = attribution(channel_log(rows), model=["last", "linear", "markov", "shapley"])
    for row in answer.frame.to_pylist():
        assert row["share_low"] - 1e-9 <= row["credit_share"] <= row["share_high"] + 1e-9
        if row["model"] in {"linear", "shapley"}:
            assert 0.01 < row["share_high"] - row["share_low"] < 0.5
    again = attribution(channel_log(rows), model=["last", "linear", "markov", "shapley"])
    assert again.frame == answer.frame


def test_without_draws_there_are_no_intervals():
    answer = attribution(channel_log(FOUR), draws=0)
    assert answer.frame["share_low"].null_count == answer.frame.num_rows
    assert "interval" not in answer.definition


def test_nothing_bought_gives_nobody_credit():
    answer = attribution(channel_log([*journey("ann", ["a", "b"], bought=False),
                                      ("bob", 0, "purchase")]))  # fmt: skip
    assert set(answer.frame["credit"].to_pylist()) == {0.0}
    assert (answer.conversions, answer.untouched_conversions) == (0, 1)
    assert "without 1" in str(answer)


def test_no_touch_at_all_is_an_empty_table():
    log = channel_log([*journey("ann", ["a"], bought=False), ("bob", 0, "purchase")])
    answer = attribution(log, where="event_type = purchase")
    assert answer.frame.num_rows == 0
    assert answer.untouched_conversions == 1
    nothing = attribution(log, between="1980")
    assert nothing.frame.num_rows == 0
    assert "no conversion is in scope" in nothing.definition["note"]
    assert "no event is in scope" in attribution(log, between="1960").definition["note"]


def test_an_answer_says_what_it_counted_and_prints():
    answer = attribution(channel_log(SETS), direct="b")
    assert set(DEFINITION_KEYS) <= set(answer.definition)
    assert "30d" in answer.definition["window"]
    assert "shapley" in answer.definition
    assert "channel" in str(answer)
    assert json.loads(json.dumps(answer.to_json()))["conversions"] == 5
    assert len(answer.plot().data) == 7


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "best"}, "'model' option of attribution must be one or several of"),
        ({"model": []}, "'model' option"),
        ({"position": (0.5, 0.1, 0.5)}, "three shares that add up to 1"),
        ({"position": "abc"}, "three shares that add up to 1"),
        ({"order": 4}, r"'order' option of attribution must be an int in \[1, 3\]"),
        ({"value": "profit"}, "'value' option"),
        ({"per": "user"}, "'per' option"),
        ({"lookback": "soon"}, "must be a duration such as '7d'"),
        ({"half_life": "0d"}, "must be a duration"),
        ({"draws": -1}, "'draws' option"),
        ({"longest": 0}, "'longest' option"),
        ({"level": 95}, "'level' option"),
        ({"by": "chanel"}, "Did you mean 'channel'"),
        ({"conversion": "purchas"}, "Did you mean 'purchase'"),
    ],
)
def test_wrong_options_are_named(options, said):
    with pytest.raises(OptionError, match=said):
        attribution(channel_log(FOUR), **options)


def test_a_channel_or_group_that_is_not_there_is_named():
    answer = attribution(channel_log(FOUR))
    with pytest.raises(OptionError, match="'channel' option of Attribution must be one of"):
        answer.users("radio")
    with pytest.raises(OptionError, match="there is no breakdown"):
        answer.users("mail", group="north")


def test_an_ad_is_the_action_that_was_shown():
    events = pa.table(
        {
            "user_id": ["ann", "ann", "ann"],
            "timestamp": pa.array([0, DAY, 2 * DAY], pa.int64()).cast(pa.timestamp("us", tz="UTC")),
            "event_type": ["impression", "impression", "purchase"],
            "action": pa.array(["ad01", "ad07", None], pa.string()),
        }
    )
    answer = attribution(MemoryLog.from_events(events), by="ad", model="last")
    assert credit_of(answer, "last") == {"ad01": 0, "ad07": 1}


def test_names_in_chinese_are_channels_like_others():
    log = channel_log(journey("ann", ["小红书", "direct"], bought=True))
    answer = attribution(log, touch="channel = 小红书", model="last")
    assert answer.users("小红书") == ["ann"]
    assert "小红书" in str(answer)
