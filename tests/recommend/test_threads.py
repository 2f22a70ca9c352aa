"""Blocks side by side: in order, one thread of a library in each, and all set back in the end."""

import threading

import pytest
import torch
from threadpoolctl import threadpool_info

from footfall.recommend.threads import each_on_a_core


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_blocks_come_back_in_order_and_torch_has_one_thread_meanwhile():
    found = each_on_a_core(lambda block: (block, torch.get_num_threads()), range(20))
    assert found == [(block, 1) for block in range(20)]
    assert torch.get_num_threads() == 2


def test_nothing_to_do_is_nothing():
    assert each_on_a_core(lambda block: block, []) == []


def test_of_two_that_ask_at_once_the_last_one_sets_threads_back():
    first_in, second_out = threading.Event(), threading.Event()

    def waits(_):
        first_in.set()
        assert second_out.wait(20)
        return blas_threads()

    usual, found = blas_threads(), []
    first = threading.Thread(target=lambda: found.extend(each_on_a_core(waits, [0])))
    first.start()
    assert first_in.wait(20)
    assert each_on_a_core(lambda _: blas_threads(), [0]) == [{1}]
    assert blas_threads() == {1}  # the first is still at it
    second_out.set()
    first.join(20)
    assert found == [{1}]
    assert blas_threads() == usual
    assert torch.get_num_threads() == 2


def test_an_error_sets_threads_back_too():
    with pytest.raises(ZeroDivisionError):
        each_on_a_core(lambda block: 1 / block, [1, 0, 1])
    assert torch.get_num_threads() == 2
