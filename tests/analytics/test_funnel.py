import json
from datetime import timedelta

import pyarrow as pa
import pytest

from footfall.analytics.answer import DEFINITION_KEYS
from footfall.analytics.funnel import funnel
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

SHOP = [
    ("ann", "2026-01-01T10:00", "view", "kettle"),
    ("ann", "2026-01-01T10:05", "add_to_cart", "kettle"),
    ("ann", "2026-01-03T09:00", "purchase", "kettle"),
    ("bob", "2026-01-01T10:00", "view", "kettle"),
    ("bob", "2026-01-05T10:00", "view", "teapot"),
    ("bob", "2026-01-05T10:30", "add_to_cart", "teapot"),
    ("bob", "2026-01-20T10:00", "purchase", "teapot"),
    ("cid", "2026-01-02T10:00", "add_to_cart", "kettle"),
    ("cid", "2026-01-02T11:00", "view", "kettle"),
    ("dot", "2026-01-02T12:00", "search"),
]
STEPS = ["view", "add_to_cart", "purchase"]


def users_of(rows, steps, within="7d", **options):
    answer = funnel(MemoryLog.from_rows(rows), steps=steps, within=within, **options)
    return answer.frame.column("users").to_pylist()


def test_ten_rows_give_three_viewers_two_carts_and_one_purchase():
    assert users_of(SHOP, STEPS) == [3, 2, 1]


def test_the_json_form_has_a_step_its_users_and_the_share_of_the_first_step():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d").to_json()
    assert json.loads(json.dumps(answer)) == answer
    assert [(s["step"], s["users"], s["rate"]) for s in answer["steps"]] == [
        ("view", 3, 1.0),
        ("add_to_cart", 2, 2 / 3),
        ("purchase", 1, 1 / 3),
    ]
    assert [s["of_previous"] for s in answer["steps"]] == [1.0, 2 / 3, 1 / 2]
    assert [s["median_minutes"] for s in answer["steps"]] == [0.0, 5.0, 2820.0]


def test_the_window_is_inclusive_to_the_microsecond():
    rows = [("ann", 0, "view"), ("ann", 1_000_000, "purchase")]
    assert users_of(rows, ["view", "purchase"], "1s") == [1, 1]
    assert users_of(rows, ["view", "purchase"], timedelta(microseconds=999_999)) == [1, 0]


def test_a_window_of_nothing_still_joins_events_of_the_same_moment_in_reading_order():
    rows = [("ann", 5, "view"), ("ann", 5, "purchase"), ("bob", 5, "purchase"), ("bob", 5, "view")]
    assert users_of(rows, ["view", "purchase"], "0s") == [2, 1]


def test_any_chain_counts_not_only_the_one_from_the_first_event():
    # Bob's first view is too old; his second one is not.
    rows = [("bob", "2026-01-01", "view"), ("bob", "2026-01-09", "view")]
    rows += [("bob", "2026-01-10", "purchase")]
    assert users_of(rows, ["view", "purchase"]) == [1, 1]


def test_a_repeated_step_needs_as_many_different_events():
    rows = [("ann", 1, "view"), ("bob", 1, "view"), ("bob", 2, "view")]
    assert users_of(rows, ["view", "view"]) == [2, 1]
    assert users_of(rows, ["view", "view", "view"]) == [2, 1, 0]


def test_one_event_serves_one_step_even_where_it_could_serve_two():
    rows = [("ann", 1, "view"), ("bob", 1, "view"), ("bob", 2, "click")]
    assert users_of(rows, ["view|click", "click|view"]) == [2, 1]


def test_several_event_types_joined_by_a_bar_are_one_step():
    rows = [("ann", 1, "search"), ("ann", 2, "purchase"), ("bob", 1, "view")]
    assert users_of(rows, ["view|search", "purchase"]) == [2, 1]
    assert users_of(rows, "view | search, purchase") == [2, 1]


def test_other_events_may_lie_between():
    rows = [("ann", 1, "view"), ("ann", 2, "search"), ("ann", 3, "click"), ("ann", 4, "purchase")]
    assert users_of(rows, ["view", "purchase"]) == [1, 1]


def test_a_funnel_takes_sixteen_steps_and_more():
    rows = [("ann", moment, "view") for moment in range(70)]
    assert users_of(rows, ["view"] * 71) == [1] * 70 + [0]


def test_times_before_1970_are_times_like_others():
    rows = [("ann", -5_000_000, "view"), ("ann", -1, "purchase")]
    assert users_of(rows, ["view", "purchase"], "5s") == [1, 1]


def test_the_users_behind_every_number_can_be_listed():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d")
    assert [answer.users(step) for step in (1, 2, 3)] == [
        ["ann", "bob", "cid"],
        ["ann", "bob"],
        ["ann"],
    ]
    assert answer.dropped(2) == ["cid"]
    assert answer.dropped(3) == ["bob"]


def test_a_step_that_is_not_there_cannot_be_listed():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d")
    with pytest.raises(OptionError, match=r"an int from 1 to 3. Got 4"):
        answer.users(4)
    with pytest.raises(OptionError, match=r"an int from 2 to 3. Got 1"):
        answer.dropped(1)
    with pytest.raises(OptionError, match=r"there is no breakdown"):
        answer.users(1, group="north")


def test_an_empty_log_gives_zeros():
    answer = funnel(MemoryLog.from_rows([]), steps=STEPS, within="7d", by="item_id")
    assert answer.frame.column("users").to_pylist() == [0, 0, 0]
    assert answer.frame.column("rate").to_pylist() == [0.0, 0.0, 0.0]
    assert answer.frame.column("median_minutes").to_pylist() == [None, None, None]
    assert answer.users(1) == []
    assert answer.groups.num_rows == 0
    assert answer.plot() is not None


def test_an_event_type_of_the_vocabulary_that_never_occurs_gives_no_users():
    assert users_of(SHOP, ["view", "wishlist"]) == [3, 0]


def test_an_event_type_nobody_knows_is_named_with_near_ones():
    with pytest.raises(OptionError, match=r"Got 'purchse' instead. Did you mean 'purchase'"):
        users_of(SHOP, ["view", "purchse"])


def test_words_of_other_systems_mean_the_same_event_type():
    assert users_of(SHOP, ["浏览", "加购", "购买"]) == [3, 2, 1]


@pytest.mark.parametrize("steps", [[], "", ["view", ""], ["view", None]])
def test_a_funnel_needs_steps(steps):
    with pytest.raises(
        OptionError, match=r"'steps' option of funnel must be at least one event type"
    ):
        users_of(SHOP, steps)


def test_wrong_windows_and_tops_are_named():
    with pytest.raises(OptionError, match=r"'within' option of funnel must be a duration such as"):
        users_of(SHOP, STEPS, "7 parsecs")
    with pytest.raises(OptionError, match=r"'top' option of funnel"):
        users_of(SHOP, STEPS, by="item_id", top=0)


def test_the_answer_says_what_was_counted():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="36h")
    assert set(DEFINITION_KEYS) <= set(answer.definition)
    assert answer.definition["window"].startswith("1d 12h from the first to the last")


def test_an_answer_prints_as_a_table():
    answer = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d")
    assert str(answer).splitlines() == [
        "step  event_type   users     rate  of_previous  median_minutes",
        "   1  view             3  100.0 %      100.0 %             0.0",
        "   2  add_to_cart      2   66.7 %       66.7 %             5.0",
        "   3  purchase         1   33.3 %       50.0 %         2,820.0",
    ]


def test_the_figure_shows_the_numbers_of_the_table():
    figure = funnel(MemoryLog.from_rows(SHOP), steps=STEPS, within="7d").plot()
    assert list(figure.data[0].x) == [3, 2, 1]
    assert list(figure.data[0].y) == ["1. view", "2. add_to_cart", "3. purchase"]
    assert figure.layout.title.text == "From view to purchase"
    assert figure.layout.title.subtitle.text == "33.3% of users within 7d"


REGIONS = pa.table(
    {"user_id": ["ann", "bob", "cid", "nobody"], "region": ["north", "south", "north", "east"]}
)
ITEMS = pa.table(
    {"item_id": ["kettle", "teapot"], "category": ["kitchen", None], "region": ["cn", "uk"]}
)


def groups_of(by, *, top=10, rows=SHOP, users=REGIONS, items=ITEMS, steps=STEPS):
    log = MemoryLog.from_rows(rows)
    log.users, log.items = users, items
    answer = funnel(log, steps=steps, within="7d", by=by, top=top)
    for group in answer.to_json()["groups"]:
        listed = [len(answer.users(s + 1, group=group["group"])) for s in range(len(steps))]
        assert listed == [step["users"] for step in group["steps"]]
    return {
        group["group"]: [step["users"] for step in group["steps"]]
        for group in answer.to_json()["groups"]
    }


def test_a_breakdown_by_a_user_column_puts_each_user_into_one_group():
    assert groups_of("users.region") == {"north": [2, 1, 1], "south": [1, 1, 0]}


def test_users_the_table_does_not_know_are_the_group_none():
    table = pa.table({"user_id": ["ann", "bob"], "region": ["north", ""]})
    assert groups_of("region", users=table, items=None) == {"north": [1, 1, 1], "(none)": [2, 1, 0]}


def test_a_breakdown_by_item_takes_the_item_of_the_first_step():
    # Bob looked at both: he is in both groups, but only the teapot led him to the cart in time.
    assert groups_of("item_id") == {"kettle": [3, 2, 1], "teapot": [1, 1, 0]}


def test_a_breakdown_by_item_column_names_items_without_a_value_none():
    assert groups_of("category") == {"kitchen": [3, 2, 1], "(none)": [1, 1, 0]}


def test_events_without_an_item_are_the_group_none():
    rows = [("ann", 1, "view"), ("ann", 2, "purchase"), ("bob", 1, "view", "kettle")]
    groups = groups_of("item_id", rows=rows, steps=["view", "purchase"])
    assert groups == {"kettle": [1, 0], "(none)": [1, 1]}


def test_many_groups_become_the_largest_and_the_rest():
    rows = [("ann", 1, "view", "a"), ("bob", 1, "view", "a"), ("ann", 2, "view", "b")]
    rows += [("ann", 3, "view", "c"), ("bob", 3, "view", "c"), ("ann", 4, "view", "d")]
    rows += [("ann", 5, "view")]
    # Ann looked at two of the rest and is one user there.
    assert groups_of("item_id", rows=rows, steps=["view"], top=2) == {
        "a": [2],
        "c": [2],
        "(other)": [1],
        "(none)": [1],
    }


def test_a_column_of_both_tables_must_say_which():
    with pytest.raises(OptionError, match=r"'users.region' or 'items.region'"):
        groups_of("region")
    assert groups_of("items.region") == {"cn": [3, 2, 1], "uk": [1, 1, 0]}


def test_a_column_of_no_table_is_named_with_near_ones():
    with pytest.raises(OptionError, match=r"Got 'categry' instead. Did you mean 'category'"):
        groups_of("categry")
    with pytest.raises(OptionError, match=r"Got 'users.category' instead. Did you mean 'category'"):
        groups_of("users.category")


def test_the_figure_of_a_breakdown_has_a_row_a_group():
    log = MemoryLog.from_rows(SHOP)
    log.users = REGIONS
    figure = funnel(log, steps=STEPS, within="7d", by="region").plot()
    assert list(figure.data[0].y) == ["north", "south"]
    assert [list(row) for row in figure.data[0].customdata] == [[2, 1, 1], [1, 1, 0]]
