"""Columns of the user table as codes."""

import datetime as dt

import pyarrow as pa

from footfall.features.user_attributes import attribute_codes, learn_attributes

TABLE = pa.table(
    {
        "user_id": ["a", "b", "c", "d"],
        "gender": ["f", "m", "f", " m "],
        "same": ["x", "x", "x", "x"],
        "email": ["a@", "b@", "c@", "d@"],
        "club": [True, False, True, False],
        "age": [20.0, 30.0, None, 40.0],
        "joined": [dt.date(2026, 1, 1)] * 4,
    }
)


def test_columns_that_tell_users_apart_and_together_are_kept():
    found = learn_attributes(TABLE)
    assert [(each.name, each.size) for each in found] == [("age", 3), ("club", 2), ("gender", 2)]
    assert found[2].values == ("f", "m")


def test_codes_are_the_same_for_users_who_come_later_and_unknown_values_have_none():
    later = pa.table({"user_id": ["e", "f", "e"], "gender": ["m", "x", "f"], "age": [35, 99, 10]})
    codes = attribute_codes(learn_attributes(TABLE), pa.array(["f", "e", "g"]), later)
    assert codes.tolist() == [[2, -1, -1], [0, -1, 0], [-1, -1, -1]]  # the last row of e counts


def test_without_a_table_nothing_is_known():
    assert learn_attributes(None) == ()
    assert attribute_codes(learn_attributes(TABLE), pa.array(["a"]), None).tolist() == [
        [-1, -1, -1]
    ]


def test_a_column_that_became_text_says_nothing_of_numbers():
    later = pa.table({"user_id": ["a"], "age": ["old"]})
    assert attribute_codes(learn_attributes(TABLE), pa.array(["a"]), later)[0, 0] == -1
