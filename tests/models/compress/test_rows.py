"""Packed vectors: small numbers by hand, and never further off than their bits allow."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall.models.compress.rows import PackedRows, to_int8

KINDS = ["float32", "float16", "int8"]
# Half a step of a number: of 11 bits of digits, and of 127 steps up to the largest of a row.
HALF_STEP = {"float32": 0.0, "float16": 2.0**-11, "int8": 0.5 / 127}


def drawn(seed, rows, width, states=3):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((rows, width)).astype(np.float32)
    return vectors, rng.standard_normal((states, width)).astype(np.float32)


def test_a_row_is_put_on_whole_numbers_by_its_largest():
    numbers, scale = to_int8(np.array([[12.7, -6.35, 0.1]], np.float32))
    assert numbers.tolist() == [[127, -64, 1]]
    assert scale == pytest.approx([0.1])


@pytest.mark.parametrize("kind", KINDS)
@given(
    seed=st.integers(0, 99),
    rows=st.integers(1, 130),
    width=st.integers(1, 9),
    states=st.integers(1, 3),
)
@settings(max_examples=30, deadline=None)
def test_scores_are_products_with_the_vectors_taken(kind, seed, rows, width, states):
    vectors, asked = drawn(seed, rows, width, states)
    packed = PackedRows.of(vectors, kind)
    taken = packed.take(np.arange(rows))
    assert np.allclose(packed.scores(asked), asked @ taken.T, atol=2e-3)
    most = np.abs(vectors).max(axis=1, keepdims=True)
    assert (np.abs(taken - vectors) <= HALF_STEP[kind] * most * 1.001 + 1e-7).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_user_gets_the_scores_of_many(kind):
    vectors, asked = drawn(1, 100, 8, states=20)
    packed = PackedRows.of(vectors, kind)
    together = packed.scores(asked)
    alone = np.concatenate([packed.scores(each[None]) for each in asked])
    assert np.allclose(together, alone, atol=1e-5)
    if kind != "float32":
        assert np.array_equal(together, alone)


def test_every_16_bit_number_is_read_as_it_is():
    bits = np.arange(2**16, dtype=np.uint16)
    numbers = bits.view(np.float16)
    finite = numbers[np.isfinite(numbers)].astype(np.float32)
    packed = PackedRows.of(finite[:, None], "float16")
    assert np.array_equal(packed.scores(np.ones((1, 1), np.float32))[0], finite)


def test_eight_bits_take_a_quarter_of_the_room():
    vectors, _ = drawn(2, 640, 64)
    size = {
        kind: sum(array.nbytes for array in PackedRows.of(vectors, kind).to_arrays("t").values())
        for kind in KINDS
    }
    assert size["float32"] == 640 * 64 * 4 + 8
    assert size["float16"] == 640 * 64 * 2 + 8
    assert size["int8"] == 640 * 64 + 640 * 4 + 8


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_bring_the_rows_back(kind):
    vectors, asked = drawn(3, 70, 5)
    packed = PackedRows.of(vectors, kind)
    again = PackedRows.from_arrays(packed.to_arrays("table"), "table")
    assert again.rows == 70
    assert np.array_equal(again.scores(asked), packed.scores(asked))


def test_rows_and_states_of_zeros_score_zero():
    packed = PackedRows.of(np.zeros((3, 4), np.float32), "int8")
    assert packed.scores(np.ones((1, 4), np.float32)).tolist() == [[0, 0, 0]]
    packed = PackedRows.of(np.ones((3, 4), np.float32), "int8")
    assert packed.scores(np.zeros((1, 4), np.float32)).tolist() == [[0, 0, 0]]


def test_sums_of_the_widest_states_do_not_overflow():
    packed = PackedRows.of(np.full((1, 5000), -1, np.float32), "int8")
    states = np.full((1, 5000), 3, np.float32)
    assert packed.scores(states)[0, 0] == pytest.approx(-15_000, rel=2e-2)
