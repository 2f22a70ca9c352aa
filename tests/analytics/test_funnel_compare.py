"""Funnels side by side: rates, intervals and tests that can be checked by hand."""

import pyarrow as pa
import pytest

from footfall.analytics.funnel import compare_funnels, funnel
from footfall.analytics.scope.segments import Segment
from footfall.analytics.significance import holm, two_proportions, wilson
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

# 60 users of the north, every third buys; 40 of the south, every second.
ROWS = [(f"u{n:03}", "2026-01-01T10:00", "view") for n in range(100)]
ROWS += [(f"u{n:03}", "2026-01-01T11:00", "add_to_cart") for n in range(0, 100, 2)]
BUYERS = [*range(0, 60, 6), *range(60, 100, 2)]
ROWS += [(f"u{n:03}", "2026-01-01T12:00", "purchase") for n in BUYERS]
REGIONS = pa.table(
    {
        "user_id": [f"u{n:03}" for n in range(100)],
        "region": ["north"] * 60 + ["south"] * 40,
    }
)
STEPS = "view,add_to_cart,purchase"


@pytest.fixture
def log():
    log = MemoryLog.from_rows(ROWS)
    log.users = REGIONS
    return log


def test_every_rate_has_its_interval_and_every_difference_its_test(log):
    answer = compare_funnels(log, steps=STEPS, within="1d", by="region")
    assert answer.baseline == "north"
    rows = {(row["group"], row["step"]): row for row in answer.frame.to_pylist()}
    assert {key: row["users"] for key, row in rows.items()} == {
        ("north", 1): 60, ("north", 2): 30, ("north", 3): 10,
        ("south", 1): 40, ("south", 2): 20, ("south", 3): 20,
    }  # fmt: skip
    south = rows["south", 3]
    assert (south["rate_low"], south["rate_high"]) == tuple(map(float, wilson(20, 40)))
    tested = [two_proportions(20, 40, 30, 60), two_proportions(20, 40, 10, 60)]
    keys = ("difference", "difference_low", "difference_high", "p_value")
    assert [south[key] for key in keys] == [float(value) for value in tested[1]]
    corrected = holm([float(one[3]) for one in tested])
    assert [rows["south", k]["adjusted_p_value"] for k in (2, 3)] == corrected.tolist()
    assert rows["north", 3]["p_value"] is None
    assert rows["south", 1]["p_value"] is None
    assert answer.definition["independence"] == "each user is in one group"
    for (group, step), row in rows.items():
        assert len(answer.users(step, group=group)) == row["users"]


def test_shares_of_the_step_before_and_another_baseline(log):
    answer = compare_funnels(
        log, steps=STEPS, within="1d", by="region", baseline="south", against="previous",
        correction="none",
    )  # fmt: skip
    last = answer.frame.to_pylist()[-1]
    assert (last["group"], last["rate"], last["difference"]) == ("north", 10 / 30, 10 / 30 - 1.0)
    assert last["p_value"] == last["adjusted_p_value"]


def test_segments_and_periods_are_the_funnel_of_each(log):
    segments = [
        Segment("some", users=[f"u{n:03}" for n in range(50)]),
        Segment("rest", users=[f"u{n:03}" for n in range(50, 100)]),
    ]
    answer = compare_funnels(log, steps=STEPS, within="1d", segments=segments)
    for one in segments:
        alone = funnel(log, steps=STEPS, within="1d", segment=one)
        mine = [row["users"] for row in answer.frame.to_pylist() if row["group"] == one.name]
        assert mine == alone.frame.column("users").to_pylist()
    periods = compare_funnels(
        log, steps=STEPS, within="1d", periods=["2026-01-01", "2026-01-02"], per="session"
    )
    assert periods.frame.column("sessions").to_pylist() == [100, 0, 0, 0, 0, 0]
    assert periods.frame.column("p_value").to_pylist()[4:] == [1.0, 1.0]
    assert "take the intervals as a guide" in periods.definition["independence"]
    assert periods.plot() is not None


def test_the_figure_marks_what_is_no_chance(log):
    figure = compare_funnels(log, steps=STEPS, within="1d", by="region").plot()
    assert [trace.name for trace in figure.data] == ["north", "south"]
    assert list(figure.data[1].text) == ["50.0%", "50.0% ★"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"exactly one of them"),
        ({"by": "region", "periods": ["2026-01"]}, r"exactly one of them"),
        ({"periods": ["2026-01"]}, r"at least two different ones"),
        ({"by": "region", "baseline": "east"}, r"one of \['north', 'south'\]"),
        ({"by": "region", "correction": "fisher"}, r"'correction' option of compare_funnels"),
        ({"by": "region", "against": "last"}, r"'against' option of compare_funnels"),
    ],
)
def test_wrong_options_are_named(log, options, message):
    with pytest.raises(OptionError, match=message):
        compare_funnels(log, steps=STEPS, within="1d", **options)


def test_a_group_that_is_none_is_named(log):
    answer = compare_funnels(log, steps=STEPS, within="1d", by="region")
    with pytest.raises(OptionError, match=r"one of \['north', 'south'\]"):
        answer.users(1, group="east")
