import json

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from footfall.events.plain_text import clean_ids, clean_properties, clean_text, plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<b>Soft</b> &amp; warm<br/>blanket", "Soft & warm blanket"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("AT&T", "AT&T"),
        ("I <3 tea", "I <3 tea"),
        ("&amp;lt;b&amp;gt;x", "x"),
        ("&nbsp;", ""),
        ("a\0b\u200bc\u202ed\x85e", "abcde"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("<!-- hidden -->水壶&#33;", "水壶!"),
        ("  spaces  stay  ", "  spaces  stay  "),
    ],
)
def test_markup_and_control_characters_are_taken_out(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_hostile_texts_take_no_time() -> None:
    for text in ("<script " * 50_000, "&" + "amp;" * 100_000, "<" * 200_000, "<!--" * 50_000):
        plain_text(text)


def test_texts_are_changed_only_where_something_is_in_them() -> None:
    texts, changed = clean_text(pa.array(["a <i>b</i>", "AT&T ", " x", "", None, "水\u3000"]))
    assert texts.to_pylist() == ["a b", "AT&T", "x", None, None, "水"]
    assert changed.tolist() == [True, False, False, False, False, False]


def test_clean_texts_are_not_even_copied() -> None:
    array = pa.array(["kettle", "水壶", None])
    assert clean_text(array)[0].equals(array)
    assert clean_text(array)[0].buffers()[2].address == array.buffers()[2].address
    assert clean_ids(array)[0].buffers()[2].address == array.buffers()[2].address


def test_ids_that_mean_the_same_become_the_same() -> None:
    ids, changed = clean_ids(
        pa.array(["17850", "17850.0", " 17850 ", "\u300017850\t", "17\x00850"])
    )
    assert ids.to_pylist() == ["17850"] * 5
    assert changed.tolist() == [False, False, False, False, True]
    for array in (pa.array([17850]), pa.array([17850.0]), pa.array(["17850"]).dictionary_encode()):
        assert clean_ids(array)[0].to_pylist() == ["17850"]


def test_words_for_nothing_are_missing_ids() -> None:
    words = [
        "",
        " ",
        "null",
        "NULL",
        "nan",
        "NaN",
        "none",
        "None",
        "\\N",
        "<NA>",
        "NA",
        "undefined",
    ]
    assert clean_ids(pa.array(words))[0].null_count == len(words)
    assert clean_ids(pa.array([None, float("nan")]))[0].null_count == 2
    assert clean_ids(pa.array([None, None]))[0].null_count == 2
    names = ["na", "nano", "undefined1", "unit", "n", "nan1", "0", "00", "1.10", "a.0", "0.0.0"]
    assert clean_ids(pa.array(names))[0].to_pylist() == names


def test_ids_as_floats_keep_what_is_not_whole() -> None:
    assert clean_ids(pa.array([1.5, 3.0, None, 1e300]))[0].to_pylist() == [
        "1.5",
        "3",
        None,
        "1e+300",
    ]
    assert clean_ids(pa.array([2.0], pa.float32()))[0].to_pylist() == ["2"]


def test_properties_are_cleaned_inside_and_stay_json() -> None:
    given = ['{"a": "<b>x</b>", "n": 1.50}', '{"a": "AT&T"}', '{"a": "x\\u0000"}', "free", "", None]
    properties, changed = clean_properties(pa.array(given))
    assert properties.to_pylist() == [
        '{"a": "x", "n": 1.5}',
        '{"a": "AT&T"}',
        '{"a": "x"}',
        '{"value": "free"}',
        None,
        None,
    ]
    assert changed.tolist() == [True, False, True, False, False, False]


def test_structs_and_maps_become_json() -> None:
    structs, _ = clean_properties(pa.array([{"色": "红", "n": 1}, None]))
    assert structs.to_pylist() == ['{"色": "红", "n": 1}', None]
    maps = pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))
    assert clean_properties(maps)[0].to_pylist() == ['{"a": 1}']


@settings(deadline=None)
@given(st.lists(st.text() | st.sampled_from(["<b>x", "&lt;", "\x00", "null", " 7.0 ", "\u3000a"])))
def test_cleaning_is_row_by_row_and_twice_is_once(texts: list[str]) -> None:
    for clean in (clean_text, clean_ids):
        once, changed = clean(pa.array(texts, pa.string()))
        alone = [clean(pa.array([text]))[0][0].as_py() for text in texts]
        assert once.to_pylist() == alone
        assert len(changed) == len(texts)
    again, _ = clean_ids(clean_ids(pa.array(texts, pa.string()))[0])
    assert again.equals(clean_ids(pa.array(texts, pa.string()))[0]) or any(
        text.strip().endswith(".0.0") for text in texts
    )


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_properties_stay_json_whatever_they_hold(value: object) -> None:
    text = json.dumps({"value": value}, ensure_ascii=False)
    [clean] = clean_properties(pa.array([text]))[0].to_pylist()
    assert set(json.loads(clean)) == {"value"}
