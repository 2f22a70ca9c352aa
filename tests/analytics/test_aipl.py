import pytest
from hypothesis import given, strategies as st
from tests.analytics.random_logs import law
from tests.analytics.value_logs import DAY, few, orders_by_user, sales, shop

from footfall.analytics.value import aipl
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    ("ann", "2026-01-01", "view"),
    ("bob", "2026-01-01", "view"),
    ("bob", "2026-01-02", "view"),
    ("cid", "2026-01-02", "purchase", "tea"),
    ("dan", "2026-01-01", "purchase", "tea"),
    ("dan", "2026-01-09", "purchase", "tea"),
    ("eve", "2026-01-09", "review", "tea"),  # without a rating: says nothing
]
STAGES = ["none", "awareness", "interest", "purchase", "loyalty"]


def test_a_user_is_in_the_highest_stage_reached():
    answer = aipl(MemoryLog.from_rows(ROWS))
    assert [answer.users(stage) for stage in STAGES] == [
        ["eve"],
        ["ann"],
        ["bob"],
        ["cid"],
        ["dan"],
    ]
    assert answer.users("认知") == ["ann"]
    assert answer.frame.column("users").to_pylist() == [1] * 5


def test_what_is_longer_ago_than_the_window_no_longer_counts():
    answer = aipl(MemoryLog.from_rows(ROWS), at="2026-01-18", windows={"loyalty": "9d"})
    assert answer.users("none") == ["ann", "bob", "eve"]
    assert answer.users("purchase") == ["cid", "dan"]


def test_the_flow_says_who_came_from_where():
    answer = aipl(MemoryLog.from_rows(ROWS), since="2026-01-01T12:00")
    moved = {
        (row["before"], row["after"]): row["users"]
        for row in answer.flow.to_pylist()
        if row["users"]
    }
    assert moved == {
        ("awareness", "awareness"): 1,
        ("awareness", "interest"): 1,
        ("none", "none"): 1,
        ("none", "purchase"): 1,
        ("purchase", "loyalty"): 1,
    }
    assert answer.users("loyalty", before="purchase") == ["dan"]
    assert answer.plot().data[0].type == "sankey"


def test_stages_can_be_defined_anew():
    log = MemoryLog.from_rows(ROWS)
    answer = aipl(log, stages={"loyalty": {"purchase": 3}, "interest": {"view": 1}})
    assert [answer.users(stage) for stage in STAGES[1:]] == [[], ["ann", "bob"], ["cid", "dan"], []]


@pytest.mark.parametrize(
    "options",
    [
        {"stages": {"love": {"view": 1}}},
        {"stages": {"interest": {"veiw": 1}}},
        {"stages": {"interest": {"view": 0}}},
        {"windows": {"awareness": "7 parsecs"}},
        {"at": "2026-01-01", "since": "2026-01-02"},
        {"least_rating": "good"},
    ],
)
def test_a_wrong_option_is_refused(options):
    with pytest.raises(OptionError):
        aipl(MemoryLog.from_rows(ROWS), **options)


def test_lists_that_do_not_exist_are_refused_and_an_empty_log_is_answered():
    answer = aipl(MemoryLog.from_rows(ROWS))
    with pytest.raises(OptionError, match="without since"):
        answer.users("purchase", before="interest")
    with pytest.raises(OptionError, match="'stage'"):
        answer.users("love")
    assert aipl(MemoryLog.from_rows([])).frame.column("users").to_pylist() == [0] * 5


def _stage(rows, user, at):
    """Find the stage by hand."""

    def recent(kind, days):
        return [
            r
            for r in rows
            if r.user == user and r.event_type == kind and 0 <= at - r.time <= days * DAY
        ]

    orders = orders_by_user(recent("purchase", 30)).get(user, [])
    views = len(recent("view", 15))
    if len(orders) >= 2:
        return "loyalty"
    if orders:
        return "purchase"
    return "interest" if views >= 2 else "awareness" if views else "none"


@law
@given(sales(), st.integers(1, 4), st.integers(1, 70), st.integers(1, 70))
def test_stages_and_flow_equal_a_count_by_hand(rows, buckets, one, other):
    since, at = min(one, other) * DAY, (max(one, other) + 1) * DAY
    windows = {"purchase": "30d", "loyalty": "30d"}
    answer = aipl(shop(rows, buckets=buckets), at=at, since=since, windows=windows)
    users = {row.user for row in rows}
    stages = {user: (_stage(rows, user, since), _stage(rows, user, at)) for user in users}
    for row in answer.flow.to_pylist():
        wanted = sorted(u for u, pair in stages.items() if pair == (row["before"], row["after"]))
        assert row["users"] == len(wanted)
        assert answer.users(row["after"], before=row["before"]) == wanted
    for row in answer.frame.to_pylist():
        assert row["users"] == sum(after == row["stage"] for _, after in stages.values())


@few
@given(sales())
def test_groups_can_be_listed(rows):
    answer = aipl(shop(rows), by="region")
    for row in [] if answer.groups is None else answer.groups.to_pylist():
        assert len(answer.users(row["stage"], group=row["group"])) == row["users"]
