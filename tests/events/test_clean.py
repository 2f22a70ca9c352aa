from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.errors import MappingError, OptionError
from footfall.events.clean import RULES, Cleaned, CleanOptions, clean
from footfall.events.columns import EVENT_SCHEMA, ROW

NOW = datetime(2024, 6, 1, tzinfo=UTC)
OPTIONS = CleanOptions(now=NOW)


def draft(**columns: list[object]) -> pa.Table:
    """Ten columns or one: what is not said is fine."""
    rows = len(next(iter(columns.values())))
    fine = {"user_id": ["ann"], "timestamp": ["2024-01-02 10:00"], "event_type": ["view"]}
    return pa.table({**{name: value * rows for name, value in fine.items()}, **columns})


def rejects_of(cleaned: Cleaned) -> dict[str, list[int]]:
    return {rule: rows.tolist() for rule, rows in cleaned.rejects.items()}


def test_the_rows_a_rule_rejects_are_counted_under_the_first_rule_that_finds_them() -> None:
    table = draft(
        user_id=["", "ann", "ann", "ann", None, "ann", "ann", "ann", "ann"],
        timestamp=["soon", "2025-01-01", "1994-12-31", "2024-01-02", "2024-01-02", "2024-01-02",
                   "2024-01-02", "2024-06-01", "1995-01-01"],
        event_type=["", "view", "view", " ", "view", "view", "view", "view", "view"],
        price=["-1", "x", "1", "1", "1", "-1", "1", "1", "1"],
        quantity=["-1", "1", "1", "1", "1", "x", "x", "1", "1"],
    )  # fmt: skip
    cleaned = clean(table, OPTIONS)
    assert rejects_of(cleaned) == {
        "unparseable_time": [1],
        "future_time": [2],
        "before_floor": [3],
        "no_event_type": [4],
        "no_user": [5],
        "bad_price": [6],
        "bad_quantity": [7],
    }
    assert cleaned.events[ROW].to_pylist() == [8, 9]


def test_row_numbers_of_the_file_are_kept_even_when_one_row_gives_several_drafts() -> None:
    table = draft(user_id=["ann", "", "", "bob"]).append_column(ROW, pa.array([3, 7, 7, 9]))
    cleaned = clean(table, OPTIONS)
    assert rejects_of(cleaned) == {"no_user": [7, 7]}
    assert cleaned.events[ROW].to_pylist() == [3, 9]


def test_events_have_the_types_and_the_order_of_the_log() -> None:
    cleaned = clean(draft(price=["1"], rating=["4.5"], item_id=[7], query=["tea"]), OPTIONS)
    names = ["user_id", "timestamp", "event_type", "item_id", "price", "amount", "query", "rating"]
    assert cleaned.events.column_names == [*names, ROW]
    for name in names:
        assert cleaned.events.schema.field(name).type == EVENT_SCHEMA.field(name).type
    assert cleaned.events.schema.field(ROW).type == pa.int64()
    cleaned.events.validate(full=True)


def test_event_types_are_mapped_and_custom_ones_kept_and_counted() -> None:
    cleaned = clean(draft(event_type=["pv", "Product Added", "quiz-finished", "退货"]), OPTIONS)
    types = ["view", "add_to_cart", "quiz-finished", "return"]
    assert cleaned.events["event_type"].to_pylist() == types
    assert cleaned.repaired == {"custom_event_type": 1}


def test_a_file_without_types_takes_the_one_of_the_options() -> None:
    table = draft(user_id=["ann", "bob"]).drop_columns(["event_type"])
    cleaned = clean(table, CleanOptions(now=NOW, event_type="order"))
    assert cleaned.events["event_type"].to_pylist() == ["purchase", "purchase"]
    with pytest.raises(MappingError, match=r"No column gives the event_type\. There is timestamp"):
        clean(table, OPTIONS)


def test_repairs_are_counted_in_kept_rows_only() -> None:
    table = draft(user_id=["ann", "", "bob"], query=["<b>tea</b>", "<b>x</b>", "a & b"])
    cleaned = clean(table, OPTIONS)
    assert cleaned.events["query"].to_pylist() == ["tea", "a & b"]
    assert cleaned.repaired == {"text_cleaned": 1}


def test_prices_amounts_and_quantities_complete_each_other_to_the_cent() -> None:
    table = draft(
        price=["19.99", "19.99", "", "", "0.10", "2.005"],
        quantity=["2", "", "3", "", "1.5", "1"],
        amount=["", "", "10", "10", "", "5"],
    )
    events = clean(table, OPTIONS).events
    assert events["price"].to_pylist() == [1999, 1999, 333, None, 10, 200]
    assert events["quantity"].to_pylist() == [2, None, 3, None, None, 1]
    assert events["amount"].to_pylist() == [3998, 1999, 1000, 1000, 15, 500]


def test_odd_quantities_are_left_out_and_counted() -> None:
    cleaned = clean(draft(quantity=[0, 1.5, 2.0, None], price=[1.0, 1.0, 1.0, 1.0]), OPTIONS)
    assert cleaned.events["quantity"].to_pylist() == [None, None, 2, None]
    assert cleaned.events["amount"].to_pylist() == [0, 150, 200, 100]
    assert cleaned.repaired == {"odd_quantity": 2}


def test_absurd_prices_and_quantities_are_rejected_by_bounds_of_the_options() -> None:
    table = draft(price=[10, 11, 1], quantity=[1, 1, 6])
    cleaned = clean(table, CleanOptions(now=NOW, max_price=10, max_quantity=5))
    assert rejects_of(cleaned) == {"bad_price": [2], "bad_quantity": [3]}


def test_yen_are_kept_without_digits() -> None:
    cleaned = clean(draft(price=["1299"]), CleanOptions(now=NOW, currency_digits=0))
    assert cleaned.events["price"].to_pylist() == [1299]


def test_optional_numbers_that_make_no_sense_are_dropped_and_counted() -> None:
    table = draft(
        rating=["5", "high", "", "nan"],
        propensity=[0.5, 0.1, 1.5, 0.0],
        slot=["1", "2.0", "2.5", "-1"],
        reward=[1, None, 0, float("inf")],
    )
    cleaned = clean(table, OPTIONS)
    assert cleaned.events["rating"].to_pylist() == [5.0, None, None, None]
    assert cleaned.events["propensity"].to_pylist() == [0.5, 0.1, None, None]
    assert cleaned.events["slot"].to_pylist() == [1, 2, None, None]
    assert cleaned.events["reward"].to_pylist() == [1.0, None, 0.0, None]
    assert cleaned.repaired == {"value_dropped": 3}


def test_columns_come_as_any_arrow_type() -> None:
    table = pa.table(
        {
            "user_id": pa.array([17850.0, None]),
            "timestamp": pa.array([1704189600, 1704189600]),
            "event_type": pa.array(["buy", "buy"]).dictionary_encode(),
            "item_id": pa.array([1, 2], pa.int32()),
            "event_id": pa.array([b"e1", b"e2"]),
            "properties": pa.array([{"color": "red"}, None]),
        }
    )
    cleaned = clean(table, OPTIONS)
    assert rejects_of(cleaned) == {"no_user": [2]}
    assert cleaned.events.drop_columns(["timestamp"]).to_pylist() == [
        {
            "event_id": "e1",
            "user_id": "17850",
            "event_type": "purchase",
            "item_id": "1",
            "properties": '{"color": "red"}',
            "__row__": 1,
        }
    ]


def test_a_draft_without_rows_is_fine() -> None:
    cleaned = clean(draft(price=["1"]).slice(0, 0), OPTIONS)
    assert (cleaned.events.num_rows, cleaned.rejects, cleaned.repaired) == (0, {}, {})


def test_a_column_that_is_none_of_the_logs_is_an_error() -> None:
    with pytest.raises(MappingError, match="'colour' is no column of events"):
        clean(draft(colour=["red"]), OPTIONS)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"now": NOW.replace(tzinfo=None)}, "'now' option of cleaning must be a datetime with a"),
        ({"now": NOW, "time_zone": "Mars"}, "'time_zone' option of cleaning"),
        ({"now": NOW, "currency_digits": 5}, "'currency_digits' option of cleaning"),
        ({"now": NOW, "max_price": 0}, "'max_price' option of cleaning"),
        ({"now": NOW, "max_quantity": 10**9}, "'max_quantity' option of cleaning"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], match: str) -> None:
    with pytest.raises(OptionError, match=match):
        CleanOptions(**options)  # type: ignore[arg-type] # wrong on purpose


def test_rules_that_reject_stand_before_those_that_repair() -> None:
    kinds = [rule.kind for rule in RULES]
    assert kinds == sorted(kinds, reverse=False, key=["reject", "repair"].index)
    assert len({rule.name for rule in RULES}) == len(RULES)


CELLS = {
    "user_id": st.sampled_from(["ann", "", "null", " bob ", "7.0", None, "a\0"]),
    "timestamp": st.sampled_from(
        ["2024-01-02", "soon", "", None, "2030-01-01", "1704189600", "1970-01-01"]
    ),
    "event_type": st.sampled_from(["view", "", None, "quiz", "pv"]),
    "price": st.sampled_from(["1", "-1", "", None, "NaN", "1,299.00", "x", "99999999999"]),
    "quantity": st.sampled_from(["1", "0", "-2", "1.5", "x", None, ""]),
    "amount": st.sampled_from(["3", "", None, "inf"]),
    "query": st.sampled_from(["tea", "<b>x</b>", None, "\0", "&amp;"]),
}  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12))
def test_no_row_is_lost_and_each_is_judged_by_itself(rows: list[dict[str, str | None]]) -> None:
    schema = pa.schema([pa.field(name, pa.string()) for name in CELLS])
    table = pa.Table.from_pylist(rows, schema=schema)
    cleaned = clean(table, OPTIONS)
    rejected = np.concatenate([np.zeros(0, np.int64), *cleaned.rejects.values()])
    kept = cleaned.events[ROW].to_numpy()
    assert sorted([*kept.tolist(), *rejected.tolist()]) == list(range(1, len(rows) + 1))
    alone = [clean(table.slice(row, 1), OPTIONS) for row in range(len(rows))]
    for name in cleaned.events.column_names[:-1]:
        each = [value for one in alone for value in one.events[name].to_pylist()]
        assert cleaned.events[name].to_pylist() == each
    for rule in RULES:
        if rule.kind == "reject":
            count = len(cleaned.rejects.get(rule.name, []))
            assert count == sum(len(one.rejects.get(rule.name, [])) for one in alone)
        else:
            count = cleaned.repaired.get(rule.name, 0)
            assert count == sum(one.repaired.get(rule.name, 0) for one in alone)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.fixed_dictionaries(CELLS), max_size=12))
def test_what_was_cleaned_once_is_kept_as_it_is(rows: list[dict[str, str | None]]) -> None:
    schema = pa.schema([pa.field(name, pa.string()) for name in CELLS])
    once = clean(pa.Table.from_pylist(rows, schema=schema), OPTIONS).events
    # Money is in minor units now, which are read as whole numbers of a currency without digits.
    again = clean(once, CleanOptions(now=NOW, currency_digits=0, max_price=10**9))
    assert again.events.equals(once)
    assert again.rejects == {}


def test_the_page_on_cleaning_lists_the_rules_as_they_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text(encoding="utf-8")
    table = "\n".join(f"| `{rule.name}` | {rule.kind} | {rule.what} |" for rule in RULES)
    assert table in page
