"""Answers in Chinese, as users meet them: by name, in tables, in figures, in lists of users."""

import json
from pathlib import Path

import pytest
from tests.analytics.chinese_calls import shop

import footfall
from footfall.analytics.chinese import QUESTIONS, question
from footfall.errors import OptionError
from footfall.store.memory import MemoryLog

ROWS = [
    ("ann", "2026-01-01T10:00", "view", "水壶", {"channel": "all"}),
    ("ann", "2026-01-01T10:05", "purchase", "水壶", 1, 1000, {"channel": "all"}),
    ("bob", "2026-01-02T09:00", "view", "lost", {"channel": "view"}),
]


@pytest.fixture(scope="module")
def log():
    return MemoryLog.from_rows(ROWS)


def test_a_question_is_found_by_any_of_its_names():
    for known in QUESTIONS:
        for name in (known.name, *known.chinese, known.name.replace("_", " ").upper()):
            assert question(name).__name__ == known.name


def test_no_two_questions_share_a_name():
    names = [name.replace(" ", "").lower() for known in QUESTIONS for name in known.chinese]
    assert sorted({*names}) == sorted(names)


def test_the_page_lists_the_names():
    page = Path("docs/chinese.md").read_text(encoding="utf-8")
    for known in QUESTIONS:
        first, *rest = known.chinese
        assert f"| `{known.name}` | {first} | {'、'.join(rest)} |" in page


def test_names_near_an_unknown_one_are_suggested():
    with pytest.raises(OptionError, match="漏斗分析"):
        footfall.question("漏斗图")
    with pytest.raises(OptionError, match="retention"):
        footfall.question("retentoin")


def test_tables_print_with_chinese_names_and_events(log):
    answer = footfall.question("漏斗")(log, steps=["浏览", "购买"], within="7d").in_chinese()
    assert str(answer).splitlines() == [
        "步骤  事件  用户数   转化率  上一步转化率  中位时长（分钟）",
        "   1  浏览       2  100.0 %       100.0 %               0.0",
        "   2  购买       1   50.0 %        50.0 %               5.0",
    ]
    assert answer.frame.column_names[:3] == ["步骤", "事件", "用户数"]


def test_other_tables_and_pictures_are_chinese_too(log):
    answer = footfall.funnel(log, steps=["view", "purchase"], within="7d").in_chinese()
    assert answer.times.column_names[-1] == "P90（分钟）"
    assert answer.plot().layout.title.text == "从浏览到购买"
    assert answer.plot_times().layout.title.text == "到购买要多久"
    assert answer.users(2) == ["ann"]
    assert answer.in_chinese() is answer


def test_the_shops_own_words_stay_as_they_are(log):
    answer = footfall.funnel(log, steps="view,purchase", within="7d", by="channel").in_chinese()
    assert answer.groups.column("分组").to_pylist() == ["all", "all", "view", "view"]
    assert [*answer.plot().data[0].y][:2] == ["all", "view"]


def test_groups_that_are_event_types_are_worded(log):
    answer = footfall.question("事件分析")(log, by="event_type").in_chinese()
    assert set(answer.groups.column("分组").to_pylist()) == {"浏览", "购买"}


def test_json_keeps_english_keys_and_names_the_columns(log):
    answer = footfall.funnel(log, steps="view,purchase", within="7d")
    chinese = json.loads(json.dumps(answer.in_chinese().to_json()))
    names = chinese.pop("names")
    assert chinese == json.loads(json.dumps(answer.to_json()))
    assert names["rate"] == "转化率"


def test_a_definition_has_chinese_keys(log):
    answer = footfall.funnel(log, steps="view,purchase", within="7d").in_chinese()
    assert [*answer.definition][:5] == ["统计口径", "时间窗口", "排序依据", "同时事件", "时区"]


def test_rows_may_be_named_in_chinese_when_users_are_listed():
    answer = footfall.question("AIPL")(shop(), by="region")
    assert answer.in_chinese().users("忠诚", group="无") == answer.users("loyalty", group="(none)")
    rfm = footfall.question("RFM 分析")(shop())
    assert rfm.in_chinese().users("高价值") == rfm.users("high value")


def test_printing_in_chinese_leaves_english_as_it_was(log):
    answer = footfall.funnel(log, steps="view,purchase", within="7d")
    before = str(answer)
    assert str(answer.in_chinese()) != before
    assert str(answer) == before


def test_levels_are_worded_by_the_tag_they_belong_to():
    said = footfall.question("标签")(shop()).in_chinese()
    rows = {(row["标签"], row["标签值"]) for row in said.frame.to_pylist()}
    assert {("价值", "低价值"), ("价位偏好", "偏低价")} <= rows
    assert {*said.table.column("价值").to_pylist()} <= {
        "高价值",
        "中价值",
        "低价值",
        "未购买",
        None,
    }
