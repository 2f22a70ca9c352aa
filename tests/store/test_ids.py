import numpy as np
import pyarrow as pa
from hypothesis import given, settings, strategies as st

from footfall.store.ids import UNKNOWN, IdMap


def test_the_first_id_is_0_and_codes_never_change():
    ids = IdMap()
    assert ids.encode(pa.array(["ann", "bob", "ann"])).tolist() == [0, 1, 0]
    assert ids.encode(pa.array(["zoe", "bob", "ann"])).tolist() == [2, 1, 0]
    assert ids.strings().to_pylist() == ["ann", "bob", "zoe"]
    assert len(ids) == 3


def test_an_empty_or_missing_id_is_nobody():
    ids = IdMap()
    assert ids.encode(pa.array(["", None, "ann", ""])).tolist() == [UNKNOWN, UNKNOWN, 0, UNKNOWN]
    assert ids.encode(pa.array([None, None], pa.string())).tolist() == [-1, -1]
    assert ids.encode(pa.array([], pa.string())).tolist() == []
    assert len(ids) == 1


def test_looking_up_an_unknown_id_adds_nothing():
    ids = IdMap(pa.array(["ann"]))
    assert ids.codes(["bob", "ann", ""]).tolist() == [-1, 0, -1]
    assert ids.codes([]).tolist() == []
    assert len(ids) == 1
    assert IdMap().codes(["ann"]).tolist() == [-1]


def test_an_unknown_code_has_no_string():
    ids = IdMap(pa.array(["ann", "bob"]))
    assert ids.strings([1, -1, 0]).to_pylist() == ["bob", None, "ann"]
    assert ids.strings([]).to_pylist() == []
    assert IdMap().strings().to_pylist() == []


def test_ids_in_any_script_keep_their_letters():
    words = ["小红书用户", "Ünal", "😀", "ann ", " ann", "ann", "a\x00n", "a" * 100_000]
    ids = IdMap()
    assert ids.encode(pa.array(words)).tolist() == list(range(8))
    assert ids.strings().to_pylist() == words


def test_the_map_grows_over_many_batches():
    ids = IdMap()
    for start in range(0, 50_000, 7_000):
        batch = [f"user-{number}" for number in range(max(0, start - 500), start + 7_000)]
        codes = ids.encode(pa.array(batch))
        assert codes.tolist() == list(range(max(0, start - 500), start + 7_000))
    assert ids.strings([49_999]).to_pylist() == ["user-49999"]
    assert ids.codes(["user-0", "user-55999", "user-56000"]).tolist() == [0, 55_999, -1]


def test_since_gives_the_ids_added_after_a_count():
    ids = IdMap(pa.array(["ann", "bob", "zoe"]))
    assert ids.since(1).to_pylist() == ["bob", "zoe"]
    assert ids.since(3).to_pylist() == []


def test_a_slice_of_an_array_is_encoded_as_what_it_shows():
    ids = IdMap()
    assert ids.encode(pa.array(["ann", "bob", "zoe"]).slice(1, 1)).tolist() == [0]
    assert ids.strings().to_pylist() == ["bob"]


def test_dictionary_arrays_get_the_codes_their_words_get():
    words = pa.array(["bob", None, "ann", "", "bob"])
    chunked = pa.chunked_array([words.dictionary_encode(), words.slice(2).dictionary_encode()])
    ids = IdMap(pa.array(["ann", "bob"]))
    assert ids.encode(words.dictionary_encode()).tolist() == [1, -1, 0, -1, 1]
    assert ids.encode(words.dictionary_encode().slice(2)).tolist() == [0, -1, 1]
    assert ids.encode(chunked).tolist() == [1, -1, 0, -1, 1, 0, -1, 1]
    assert len(ids) == 2


batches = st.lists(
    st.lists(st.none() | st.sampled_from(["a", "b", "ab", ""]) | st.text(max_size=5), max_size=30)
)


@given(batches)
@settings(deadline=None)
def test_ids_agree_with_a_dict(batches):
    ids, expected = IdMap(), {}
    for batch in batches:
        codes = [expected.setdefault(word, len(expected)) if word else -1 for word in batch]
        got = ids.encode(pa.array(batch, pa.string()))
        assert got.tolist() == codes
        assert got.dtype == np.int32
    assert ids.strings().to_pylist() == list(expected)
    assert ids.codes([*expected, "not there"]).tolist() == [*range(len(expected)), -1]
