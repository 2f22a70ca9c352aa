"""Work on blocks side by side, a core each."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

__all__ = ["each_on_a_core"]

Given = TypeVar("Given")
Found = TypeVar("Found")


def each_on_a_core(work: Callable[[Given], Found], blocks: Sequence[Given]) -> list[Found]:
    """Do the same for each block, as many at a time as there are cores.

    Parameters
    ----------
    work : callable
        Most of it outside Python's lock. The first block goes alone: it makes what is made once.
    blocks : sequence

    Returns
    -------
    list
        In the order of the blocks.

    Examples
    --------
    >>> each_on_a_core(lambda block: 2 * block, [1, 2, 3])
    [2, 4, 6]
    """
    found = [work(block) for block in blocks[:1]]
    if len(blocks) > 1:
        with _one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as threads:
            found += threads.map(work, blocks[1:])
    return found


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep BLAS, and torch when it is there, from starting threads of their own in each of ours."""
    torch = sys.modules.get("torch")  # never loaded for this
    before = torch.get_num_threads() if torch else 1
    with threadpool_limits(limits=1, user_api="blas"):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
