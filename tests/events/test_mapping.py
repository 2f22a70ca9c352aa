import json

import pyarrow as pa
import pytest

from footfall.errors import MappingError, OptionError
from footfall.events.mapping import MappedReader, guess_mapping, parse_map


def raw(**columns: list[object]) -> pa.Table:
    size = len(next(iter(columns.values())))
    return pa.table({**columns, "__row__": pa.array(range(1, size + 1), pa.int64())})


def test_a_map_names_the_files_column_first():
    assert parse_map("uid=user_id, when=timestamp,what=event_type,") == {
        "user_id": "uid",
        "timestamp": "when",
        "event_type": "what",
    }


def test_a_map_the_other_way_round_is_understood():
    assert parse_map("user_id=uid,timestamp=when") == {"user_id": "uid", "timestamp": "when"}


def test_a_pair_of_two_columns_of_ours_is_settled_by_what_the_file_has():
    assert parse_map("text=query") == {"query": "text"}
    assert parse_map("text=query", column_names=["query", "uid"]) == {"text": "query"}
    assert parse_map("text=query", column_names=["text", "uid"]) == {"query": "text"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must be pairs such as uid=user_id"),
        ("uid", "Got 'uid' instead"),
        ("uid=", "Got 'uid=' instead"),
        ("uid=userid", r"perhaps user_id.*Got 'uid=userid'"),
        ("uid=user_id,mail=user_id", "at most one column for 'user_id'"),
    ],
)
def test_a_wrong_map_is_refused_with_what_is_allowed(text, said):
    with pytest.raises(OptionError, match=said):
        parse_map(text)


def test_items_have_columns_of_their_own():
    assert parse_map("sku=item_id,naam=title", kind="items") == {"item_id": "sku", "title": "naam"}


def test_a_mapped_table_becomes_drafts_and_the_rest_goes_to_properties():
    reader = MappedReader(
        mapping={"user_id": "uid", "timestamp": "t", "event_type": "what", "price": "eur"}
    )
    draft = reader.convert(
        raw(uid=[7.0, 8.0], t=["2026-01-05", "x"], what=["view", "buy"], eur=[2.5, 3.0],
            page=["/tea", ""], depth=[1, 2])
    ).to_pylist()  # fmt: skip
    assert draft[0] == {
        "user_id": "7",
        "timestamp": "2026-01-05",
        "event_type": "view",
        "price": 2.5,
        "properties": '{"page":"/tea","depth":1}',
        "__row__": 1,
    }
    assert draft[1]["properties"] == '{"depth":2}'


def test_the_rest_can_be_left_out():
    mapping = {"user_id": "uid", "timestamp": "t", "event_type": "what"}
    reader = MappedReader(mapping=mapping, keep_rest=False)
    draft = reader.convert(raw(uid=["a"], t=["2026-01-05"], what=["view"], page=["/tea"]))
    assert "properties" not in draft.column_names


def test_a_properties_column_of_the_file_is_taken_as_it_is():
    mapping = {"user_id": "uid", "timestamp": "t", "properties": "extra"}
    reader = MappedReader(mapping=mapping, event_type="view")
    draft = reader.convert(raw(uid=["a"], t=["2026"], extra=[{"k": 'a"b'}], page=["/"]))
    assert json.loads(draft["properties"][0].as_py()) == {"k": 'a"b'}


def test_a_missing_column_is_named_with_what_was_seen_and_the_line_to_type():
    reader = MappedReader(mapping={"user_id": "uid"})
    table = raw(uid=["a"], 时间=["2026-01-05"], what=["view"])
    with pytest.raises(
        MappingError,
        match=r"mapped to timestamp, event_type. The file has 'uid', '时间', 'what'. "
        r"Name the columns: --map uid=user_id,时间=timestamp,COLUMN=event_type",
    ):
        reader.convert(table)


def test_a_mapped_column_that_the_file_lacks_is_named_with_a_near_one():
    reader = MappedReader(mapping={"user_id": "user_name", "timestamp": "t"}, event_type="view")
    with pytest.raises(MappingError, match=r"no column 'user_name' for user_id.*'username'\?"):
        reader.convert(raw(username=["a"], t=["2026-01-05"]))


def test_a_column_that_is_not_ours_is_refused_with_near_names():
    with pytest.raises(OptionError, match=r"perhaps quantity.*Got 'quantty'"):
        MappedReader(mapping={"quantty": "n"})


ENGLISH = {
    "Customer No": ["c1", "c2", "c1"],
    "Order Date": ["2026-01-05 10:00", "2026-01-05 11:00", "2026-01-06 09:00"],
    "SKU": ["k", "t", "t"],
    "Qty": ["1", "2", "1"],
    "Unit Price": ["29.90", "4.50", "4.50"],
    "Status": ["open", "open", "done"],
}
CHINESE = {
    "用户ID": ["1001", "1002", "1001"],
    "商品ID": ["88", "89", "88"],
    "行为类型": ["浏览", "加购", "购买"],
    "时间": ["2026-01-05 10:00:00", "2026-01-05 10:01:00", "2026-01-05 10:02:00"],
    "金额": ["", "", "59.00"],
}


def test_english_headers_are_guessed():
    guess = guess_mapping(list(ENGLISH), pa.table(ENGLISH))
    assert guess.mapping == {
        "user_id": "Customer No",
        "timestamp": "Order Date",
        "item_id": "SKU",
        "quantity": "Qty",
        "price": "Unit Price",
    }


def test_chinese_headers_are_guessed_and_explained():
    guess = guess_mapping(list(CHINESE), pa.table(CHINESE))
    assert guess.mapping == {
        "user_id": "用户ID",
        "timestamp": "时间",
        "event_type": "行为类型",
        "item_id": "商品ID",
        "amount": "金额",
    }
    assert guess.confidence["user_id"] == 1.0
    assert guess.lines[0] == "user_id <- 用户ID (sure; e.g. '1001', 2 different in 3 rows)"


def test_what_is_missing_and_what_is_left_over_is_said():
    guess = guess_mapping(list(ENGLISH), pa.table(ENGLISH))
    assert "event_type <- ? (no column looks like it)" in guess.lines
    assert guess.lines[-1] == "kept beside them: Status"


def test_times_and_event_types_are_seen_by_their_values_alone():
    table = pa.table({"a": ["1511544070", "1511561733"], "b": ["pv", "buy"], "c": ["x", "y"]})
    guess = guess_mapping(table.column_names, table)
    assert guess.mapping == {"timestamp": "a", "event_type": "b"}
    assert max(guess.confidence.values()) <= 0.5


def test_a_name_that_its_values_belie_is_not_taken():
    table = pa.table({"time": ["morning", "noon"], "created": ["2026-01-05", "2026-01-06"]})
    assert guess_mapping(table.column_names, table).mapping["timestamp"] == "created"


def test_no_column_is_used_twice():
    guess = guess_mapping(["id", "order_id", "product_id", "user_id", "user_name", "total"])
    assert len(set(guess.mapping.values())) == len(guess.mapping)
    assert guess.mapping["user_id"] == "user_id"


def test_item_and_user_tables_are_guessed_too():
    assert guess_mapping(["sku", "name", "品牌"], kind="items").mapping == {
        "item_id": "sku",
        "title": "name",
        "brand": "品牌",
    }
    assert guess_mapping(["会员ID", "性别"], kind="users").mapping == {
        "user_id": "会员ID",
        "gender": "性别",
    }
