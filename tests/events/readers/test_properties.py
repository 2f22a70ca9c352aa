import datetime as dt
import json
import math

import pyarrow as pa
from hypothesis import given, strategies as st

from footfall.events.readers.properties import json_objects, json_values

_LEAVES = st.one_of(st.none(), st.text(max_size=6), st.text('"\\\n\t\x00é商', max_size=4))


@given(st.lists(st.tuples(_LEAVES, st.one_of(st.none(), st.floats())), min_size=1, max_size=8))
def test_every_row_is_json_that_says_what_was_there(rows):
    texts, numbers = zip(*rows, strict=True)
    written = json_objects(
        {'the "key"': pa.array(texts, pa.string()), "n": pa.array(numbers, pa.float64())}
    )
    for (text, number), row in zip(rows, written.to_pylist(), strict=True):
        expected = {} if text is None else {'the "key"': text}
        if number is not None and math.isfinite(number):
            expected["n"] = number
        assert (json.loads(row) if row is not None else {}) == expected


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {"a": _LEAVES, "b": st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=3)}
            ),
        ),
        min_size=2,
        max_size=6,
    )
)
def test_nested_values_are_read_back_also_from_a_slice(rows):
    shape = pa.struct([("a", pa.string()), ("b", pa.list_(pa.int64()))])
    written = json_values(pa.array(rows, shape).slice(1)).to_pylist()
    expected = [
        None if row is None else {key: value for key, value in row.items() if value is not None}
        for row in rows[1:]
    ]
    assert [None if text is None else json.loads(text) for text in written] == expected


def test_each_kind_of_value_has_its_form():
    moment = dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC)
    kinds = {
        "whole": pa.array([7]),
        "truth": pa.array([True]),
        "word": pa.array(["a"]).dictionary_encode(),
        "day": pa.array([dt.date(2026, 1, 5)]),
        "moment": pa.array([moment], pa.timestamp("s", "UTC")),
        "pairs": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(1),
        "empty": pa.array([{}], pa.struct([])),
        "nan": pa.array([math.nan]),
    }
    assert json.loads(json_objects(kinds)[0].as_py()) == {
        "whole": 7,
        "truth": True,
        "word": "a",
        "day": "2026-01-05",
        "moment": "2026-01-05 10:00:00Z",
        "pairs": [{"key": "k", "value": 1}],
        "empty": {},
    }


def test_what_is_json_already_is_not_quoted_again():
    written = json_objects({}, written={"params": pa.array(['{"a":1}', None])})
    assert written.to_pylist() == ['{"params":{"a":1}}', None]
