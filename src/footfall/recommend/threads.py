"""Work on blocks side by side, a core each."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

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
    with _one_thread_each():
        found = [work(block) for block in blocks[:1]]
        if len(blocks) > 1:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                found += threads.map(work, blocks[1:])
    return found


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep BLAS, and torch when it is there, from threads of their own in each of ours.

    Not for one block either: their threads wait for work by looking for it again and again, each
    library's in the way of the other's, so that one answer of a millisecond takes up to a hundred.
    """
    torch = sys.modules.get("torch")  # never loaded for this
    with _blas.limited(_controller(torch is not None)):
        if torch is None:
            yield
            return
        before = torch.get_num_threads()  # of this thread, and of those it starts
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


class _Blas:
    """How many threads BLAS has holds for a process: the first to ask sets it, the last resets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._undo = ExitStack()

    @contextmanager
    def limited(self, controller: Any) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._undo.enter_context(controller.limit(limits=1, user_api="blas"))
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._undo.close()


_blas = _Blas()


@cache
def _controller(with_torch: bool) -> Any:  # noqa: ARG001, FBT001  # which brings a BLAS of its own
    """Find the libraries once: looking takes as long as an answer."""
    return ThreadpoolController()
