import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall.errors import InputError
from footfall.events.formats import read_raw
from footfall.events.readers import reader_named
from footfall.events.readers.sequences import read_sequences


def test_a_line_gives_one_view_an_item_a_second_apart(tmp_path):
    path = tmp_path / "shop.txt"
    path.write_text("ann kettle cup kettle\nbob cup\ncy\n")
    reader = reader_named("sequences")
    (batch,) = read_raw(str(path), reader.format)
    drafts = reader.convert(batch.table).to_pylist()
    assert [
        (one["user_id"], one["item_id"], str(one["timestamp"]), one["__row__"]) for one in drafts
    ] == [
        ("ann", "kettle", "2000-01-01 00:00:00+00:00", 1),
        ("ann", "cup", "2000-01-01 00:00:01+00:00", 1),
        ("ann", "kettle", "2000-01-01 00:00:02+00:00", 1),
        ("bob", "cup", "2000-01-01 00:00:00+00:00", 2),
    ]
    assert {one["event_type"] for one in drafts} == {"view"}


def test_plain_arrays_hold_the_same_lines(tmp_path):
    path = tmp_path / "shop.txt"
    path.write_text("1 10 20 10\n\n2 20\n3\n")
    shop = read_sequences(path)
    assert shop.users == ["1", "2", "3"]
    assert shop.offsets.tolist() == [0, 3, 4, 4]
    assert shop.items.tolist() == [0, 1, 0, 1]
    assert shop.item_ids == ["10", "20"]
    assert (shop.offsets.dtype, shop.items.dtype) == (np.int64, np.int32)


_WORD = st.text("abc0123456789商品", min_size=1, max_size=5)


@given(st.dictionaries(_WORD, st.lists(_WORD, max_size=8), min_size=1, max_size=8))
def test_what_was_written_is_read_back(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "shop.txt"
    path.write_text(
        "".join(f"{' '.join([user, *items])}\n" for user, items in lines.items()), encoding="utf-8"
    )
    shop = read_sequences(path)
    ids = [shop.item_ids[code] for code in shop.items]
    bounds = zip(shop.offsets[:-1], shop.offsets[1:], strict=True)
    assert {u: ids[a:b] for u, (a, b) in zip(shop.users, bounds, strict=True)} == lines


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "holds no lines"), (b"\xff\xfe\x00", "cannot be read"), (b"1 2\n1 3\n", "user '1'")],
)
def test_a_file_that_is_no_such_list_is_refused(tmp_path, content, said):
    path = tmp_path / "shop.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_sequences(path)


def test_a_missing_file_is_said_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_sequences(tmp_path / "none.txt")
