"""Texts as sums of their words' directions."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings, strategies as st

from footfall.features.hashed_words import hashed_words


def likeness(one, other):
    vectors = hashed_words(pa.array([one, other]), size=64)
    return float(vectors[0] @ vectors[1])


def test_texts_that_share_words_are_alike_and_others_are_not():
    assert likeness("red kettle", "kettle, RED") > 0.7
    assert likeness("red kettle", "blue kettle") > 0.25
    assert abs(likeness("red kettle", "garden saw")) < 0.4
    assert likeness("Éclair", "éclair") > 0.99


def test_chinese_needs_no_spaces():
    assert likeness("猫咪猫砂", "猫砂") > 0.5
    assert abs(likeness("猫砂", "电脑")) < 0.4


def test_the_order_of_words_counts_a_little():
    assert likeness("dog food", "food dog") < 0.99


def test_nothing_said_is_zero():
    assert not hashed_words(pa.array([None, "", " !? "], pa.string())).any()
    assert hashed_words(pa.array([], pa.string())).shape == (0, 32)


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=6))
def test_a_text_has_the_same_vector_whatever_stands_beside_it(texts):
    vectors = hashed_words(pa.array(texts, pa.string()))
    alone = [hashed_words(pa.array([text], pa.string()))[0] for text in texts]
    assert all(np.array_equal(one, other) for one, other in zip(vectors, alone, strict=True))
    lengths = np.linalg.norm(vectors, axis=1)
    assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()
