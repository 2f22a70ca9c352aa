import json

import numpy as np
import pytest
from tests.analytics.test_profiles import DAY, START, as_shop, event

from footfall.analytics.segment import cluster_segments, segments
from footfall.analytics.segment.clock import local_clock
from footfall.analytics.segment.measures import MEASURES
from footfall.analytics.segment.naming import Evidence, name_groups
from footfall.errors import NotEnoughDataError, OptionError
from footfall.store.memory import MemoryLog


def kinds(users=120, buckets=2):
    """A third comes at night, a third searches all the time, a third does neither."""
    rng = np.random.default_rng(5)
    events = []
    for user in range(users):
        for day in rng.choice(60, rng.integers(12, 18), replace=False):
            hour = 2 if user % 3 == 0 and rng.random() < 0.85 else 12
            events.append(event(f"u{user}", int(day), hour, "view", "i1"))
            searches = 4 if user % 3 == 1 else int(rng.random() < 0.3)
            events += [event(f"u{user}", int(day), hour, "search")] * searches
    return as_shop(events, buckets=buckets)


def test_planted_kinds_come_back_named_by_what_was_planted():
    answer = cluster_segments(kinds())
    found = {
        frozenset(int(user[1:]) % 3 for user in answer.users(name)): name
        for name in answer.frame.column("segment").to_pylist()
    }
    assert set(found) == {frozenset({kind}) for kind in range(3)}
    assert found[frozenset({0})].startswith("mostly at night")
    assert found[frozenset({1})].startswith(("search a lot", "long visits"))
    assert answer.caution is None
    assert answer.agreement > 0.9
    assert min(answer.frame.column("stability").to_pylist()) > 0.9
    assert answer.frame.column("users").to_pylist() == [40, 40, 40]


def test_a_cluster_is_found_by_its_chinese_name_and_is_a_segment():
    log = kinds()
    answer = cluster_segments(log, k=3)
    name = next(
        n for n in answer.frame.column("segment_zh").to_pylist() if n.startswith("多在深夜")
    )
    again = segments(log, [answer.segment(name)])
    assert again.frame.column("users")[0].as_py() == len(answer.users(name)) == 40


def test_the_same_seed_gives_the_same_clusters_however_users_are_split():
    frames = [cluster_segments(kinds(buckets=n), seed=3).frame.to_pylist() for n in (1, 4)]
    sizes = [sorted(row["users"] for row in frame) for frame in frames]
    assert sizes[0] == sizes[1]
    again = cluster_segments(kinds(buckets=1), seed=3).frame.to_pylist()
    assert again == frames[0]


def test_hdbscan_leaves_users_between_clusters_alone():
    answer = cluster_segments(
        kinds(240), method="hdbscan", features=["night_share", "search_share"]
    )
    names = answer.frame.column("segment").to_pylist()
    assert any(name.startswith("mostly at night") for name in names)
    assert any(name.startswith("search a lot") for name in names)
    assert sum(len(answer.users(name)) for name in names) == 240


def test_groups_add_up():
    answer = cluster_segments(kinds(), k=3, by="item_id")
    for row in answer.groups.to_pylist():
        assert len(answer.users(row["segment"], group=row["group"])) == row["users"]
    assert sum(answer.groups.column("users").to_pylist()) == 120


def test_answers_are_json_text_and_pictures():
    answer = cluster_segments(kinds(), k=3)
    record = answer.to_json()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert "mostly at night" in str(answer)
    assert answer.plot().data
    assert answer.evidence.column("p_adjusted")[0].as_py() < 1e-6


def test_too_few_or_equal_users_make_no_clusters():
    with pytest.raises(NotEnoughDataError, match="Clusters need 30 users"):
        cluster_segments(MemoryLog.from_rows([("ann", 1, "view")]))
    with pytest.raises(NotEnoughDataError, match="0 measures that differ"):
        cluster_segments(MemoryLog.from_rows([(f"u{n}", 1, "view") for n in range(50)]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dbscan"}, "'method' option"),
        ({"k": 1}, "'k' option"),
        ({"most": 99}, "'most' option"),
        ({"seed": -1}, "'seed' option"),
        ({"features": ["charm"]}, "'features' option"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(OptionError, match=message):
        cluster_segments(kinds(33), **options)


def evidence(measure, difference, p_adjusted=0.001):
    return Evidence(
        measure, 1.0, 0.5, difference, difference - 0.1, difference + 0.1, 0.0, p_adjusted
    )


def test_a_name_uses_one_word_a_family_and_only_clear_ones():
    named = name_groups(
        [
            [evidence("sessions", 2), evidence("active_days", 1.9), evidence("spend", 1.5),
             evidence("return_share", -1), evidence("weekend_share", 0.9, p_adjusted=0.2),
             evidence("night_share", 0.2)],
            [evidence("orders", -1)],
            [],
        ]
    )  # fmt: skip
    assert [each.name for each in named] == [
        "many visits, high spend",
        "seldom buy",
        "average shoppers",
    ]
    assert named[0].name_zh == "访问多、高消费"


def test_names_are_never_alike():
    alike = [evidence("sessions", 2), evidence("spend", 1.5), evidence("orders", 1)]
    named = name_groups([alike, [*alike, evidence("night_share", 0.5)], alike, [], []])
    names = [each.name for each in named]
    assert len(set(names)) == len(names)
    assert names[1].endswith("mostly at night")
    assert names[3:] == ["average shoppers (1)", "average shoppers (2)"]


def test_every_measure_has_words_in_both_languages():
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    for measure in MEASURES:
        assert all(measure.high)
        assert not measure.low or all(measure.low)


def test_the_clock_changes_at_the_hour():
    clock = local_clock("Europe/Berlin", (START, START + 200 * DAY))
    assert clock.starts.tolist()[1] == 1_774_746_000_000_000  # 2026-03-29T01:00Z
    assert (clock.shifts // 3_600_000_000).tolist() == [1, 2]
    assert clock.day_of(START - 1) == START // DAY
