import pyarrow as pa

from footfall.events.readers.nested import conform, explode, parameter, texts

SHAPE = pa.struct([("id", pa.string()), ("lines", pa.list_(texts("sku", "price")))])


def test_structs_and_json_text_give_the_same_shape():
    rows = [
        {"id": 7, "lines": [{"sku": "a", "price": 2.5}, {"sku": "b", "price": None}], "extra": 1},
        {"id": None, "lines": None, "extra": 2},
        None,
    ]
    as_json = [
        '{"id": 7, "lines": [{"sku": "a", "price": 2.5}, {"sku": "b"}], "extra": 1}',
        '{"lines": null}',
        "",
    ]
    expected = [
        {"id": "7", "lines": [{"sku": "a", "price": "2.5"}, {"sku": "b", "price": None}]},
        {"id": None},
        None,
    ]
    for array in (pa.array(rows), pa.array(as_json)):
        found = conform(array, SHAPE, 3).to_pylist()
        assert found[0] == expected[0]
        assert found[1]["id"] is None
        assert not found[1]["lines"]
        assert found[2] is None


def test_a_slice_of_lists_keeps_its_own_elements():
    array = pa.array([[{"sku": "a"}], [{"sku": "b"}, {"sku": "c"}], None, [{"sku": "d"}]]).slice(1)
    assert conform(array, pa.list_(texts("sku")), 3).to_pylist() == [
        [{"sku": "b"}, {"sku": "c"}],
        [],
        [{"sku": "d"}],
    ]


def test_values_of_another_shape_are_null():
    assert conform(pa.array([1, 2]), SHAPE, 2).to_pylist() == [None, None]
    assert conform(pa.array(['"text"', "[1]"]), SHAPE, 2).to_pylist() == [None, None]
    assert conform(None, SHAPE, 2).null_count == 2


def test_lists_that_are_not_opened_keep_one_row_without_an_element():
    lists = pa.array([["a", "b"], ["c"], None])
    parent, child, place = explode(lists, when=pa.array([False, True, True]))
    assert parent.to_pylist() == [0, 1, 2]
    assert child.to_pylist() == [None, 2, None]
    assert place.to_pylist() == [None, 0, None]


def test_the_first_of_two_equal_keys_wins():
    pairs = [[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], []]
    assert parameter(pa.array(pairs, pa.list_(texts("key", "value"))), "a").to_pylist() == [
        "1",
        None,
    ]
