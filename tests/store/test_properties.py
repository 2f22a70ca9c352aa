import json
import math

import pyarrow as pa
import pytest
from hypothesis import example, given, settings, strategies as st

from footfall.store.properties import keys_of, values_of

KEYS = ["a", "b", "ad", "a.b", "", '"', "\\", "渠道", "😀", "a\n"]
law = settings(deadline=None, max_examples=300)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(['{"a": 1}', "\\u0041", '"', "中文", "😀"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)


class Bare(str):
    """A number or literal as it stands in the JSON."""

    __slots__ = ()


def as_read(text):
    """What json.loads says: the object, with numbers as they stand; None if it is no object."""
    try:
        read = json.loads(
            text, parse_int=Bare, parse_float=Bare,
            parse_constant=lambda word: None if word == "NaN" else Bare(word),
        )  # fmt: skip
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def expected(text, key):
    """The value of a key as text; nested ones as objects."""
    return told(looked_up(as_read(text), key))


def looked_up(read, key):
    if not isinstance(read, dict):
        return None
    if read.get(key) is not None:
        return read[key]
    dots = [place for place, letter in enumerate(key) if letter == "."]
    for dot in dots:
        found = looked_up(read.get(key[:dot]), key[dot + 1 :])
        if found is not None:
            return found
    return None


def told(value):
    if value is None or isinstance(value, dict | list):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check(text):
    for key in KEYS:
        (got,) = values_of(pa.array([text]), key).to_pylist()
        want = expected(text, key)
        if isinstance(want, dict | list):
            assert as_list(got) == as_list(json.dumps(want))
        else:
            assert got == want, (text, key)
    read = as_read(text)
    assert keys_of(pa.array([text])) == sorted(map(told, read or {}))


def as_list(text):
    """Nested JSON with every number as text, so that it can be compared."""
    return json.loads(
        text, parse_int=str, parse_float=str,
        parse_constant=lambda word: None if word == "NaN" else word,
    )  # fmt: skip


@given(objects, st.booleans(), st.sampled_from([None, 1]))
@law
def test_any_object_is_read_as_json_loads_reads_it(value, ascii_only, indent):
    check(json.dumps(value, ensure_ascii=ascii_only, indent=indent).replace("\ud800", ""))


@given(objects, st.data())
@law
def test_an_object_with_one_thing_wrong_is_read_as_json_loads_reads_it(value, data):
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    place = data.draw(st.integers(0, len(text)))
    more = data.draw(st.sampled_from(["", *',"\\}{[]0\t\x01u:']))
    check(text[:place] + more + text[place + data.draw(st.integers(0, 2)) :])


pieces = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"a"', '"b"', '"a\\u002eb"', '"\\ud83d\\ude00"', '"\\ud83d"',
     "1", "-0", "01", "1.", "1.5e+3", "-", ".5", "1e", "true", "nul", "null", "NaN", "-Infinity",
     " ", "\n", "\x0b", '"\\x"', '"\\u00g0"', '"', "\\", "\ufeff", "\x7f"]
)  # fmt: skip


@given(st.lists(pieces, max_size=12).map("".join))
@example('{"a":1,"a":null}')
@example('{"a":1,}')
@example('{"a" 1}')
@example('{"a":[1,]}')
@example('{"a":{"b":1,}}')
@example('{"a":"\\ud83d\\u0041"}')
@law
def test_any_heap_of_pieces_is_read_as_json_loads_reads_it(text):
    check(text)
    check('{"a":' + text + "}")


def test_what_is_no_object_has_no_keys():
    rows = pa.array(["oops", "", "[1]", "3", '"a"', "null", '{"a":1} x', "{", None])
    assert values_of(rows, "a").to_pylist() == [None] * 9
    assert keys_of(rows) == []


def test_the_last_of_equal_keys_counts():
    rows = pa.array(['{"a": 1, "a": 2}', '{"a": 1, "a": null}', '{"a": 1, "\\u0061": "x"}'])
    assert values_of(rows, "a").to_pylist() == ["2", None, "x"]


def test_numbers_stand_as_they_are_written():
    rows = pa.array(['{"a": 12.50}', '{"a": -1E3}', '{"a": 0}', '{"a": Infinity}', '{"a": NaN}'])
    assert values_of(rows, "a").to_pylist() == ["12.50", "-1E3", "0", "Infinity", None]
    assert math.isinf(float("Infinity"))


def test_a_dot_leads_into_nested_objects_and_a_key_with_the_dot_itself_goes_first():
    rows = pa.array(
        ['{"a": {"b": {"c": 1}}}', '{"a.b": {"c": 2}, "a": {"b": {"c": 3}}}',
         '{"a": "{\\"b\\":1}"}', '{"a": {"b.c": 4}}', '{"a.b.c": 5}', '{"a": {"b": [1]}}']
    )  # fmt: skip
    assert values_of(rows, "a.b.c").to_pylist() == ["1", "3", None, "4", "5", None]
    assert values_of(rows, "a.b").to_pylist() == ['{"c": 1}', '{"c": 2}', None, None, None, "[1]"]


def test_a_string_that_looks_like_an_object_is_no_object():
    assert values_of(pa.array(['{"a": "{}"}']), "a.b").to_pylist() == [None]


def test_halves_of_surrogate_pairs_become_replacement_characters():
    rows = pa.array(['{"a": "\\ud83d\\ude00"}', '{"a": "\\ud83d!"}', '{"a": "\\ude00\\ud83d"}'])
    assert values_of(rows, "a").to_pylist() == ["😀", "\ufffd!", "\ufffd\ufffd"]


@pytest.mark.parametrize("deep", [10, 998])
def test_nesting_is_followed_as_deep_as_json_loads_goes(deep):
    text = '{"a": ' + "[" * deep + "]" * deep + ', "b": 1}'
    assert values_of(pa.array([text]), "b").to_pylist() == ["1"]


def test_nesting_beyond_a_thousand_levels_is_no_object():
    text = '{"a": ' + "[" * 100_000 + "]" * 100_000 + ', "b": 1}'
    assert values_of(pa.array([text]), "b").to_pylist() == [None]


def test_slices_of_arrow_arrays_are_read_where_they_begin():
    rows = pa.array(['{"a": 1}', '{"a": 2}', None, '{"a": 3}']).slice(1, 3)
    assert values_of(rows, "a").to_pylist() == ["2", None, "3"]
    assert values_of(pa.array([], pa.string()), "a").to_pylist() == []
