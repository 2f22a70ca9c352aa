"""Engines map a question over the chunks of a log: `measure(chunk)`, then `merge(partials)`."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from footfall.errors import OptionError
from footfall.store.chunk import UserChunk
from footfall.store.progress import Progress, silent

__all__ = ["ChunkSource", "Engine", "LocalEngine"]

P = TypeVar("P")
A = TypeVar("A")

_FEW_EVENTS = 1_000_000  # one thread reads these in about the time it takes to start others


class ChunkSource(Protocol):
    """Something whose chunks can be opened one by one, each by its number.

    One that can be pickled opens them in other processes, too. It may have ``events``, the number
    of events of all its chunks or more than that: small sources are measured without threads.
    """

    def __len__(self) -> int:
        """Give the number of chunks."""

    def open(self, number: int) -> UserChunk:
        """Give one chunk; called from the thread that will measure it."""

    def part(self, number: int) -> "ChunkSource":
        """Give one chunk as a source of its own, which is all that another process needs."""


class Engine(Protocol):
    """What runs a question: threads here, a cluster elsewhere, with the same kernels."""

    def map(
        self,
        source: ChunkSource,
        measure: Callable[[UserChunk], P],
        merge: Callable[[list[P]], A],
        *,
        label: str = "",
    ) -> A:
        """Measure every chunk and merge the partial answers."""


@dataclass(frozen=True, kw_only=True)
class LocalEngine:
    """Threads on this machine; kernels release the GIL, so they run side by side.

    At most ``threads`` chunks are open at a time, so that memory stays flat however long the log.

    Parameters
    ----------
    threads : int
        Chunks measured at once; by default the machine's cores, 8 at most.
    progress : callable, default=silent
        Told (label, done, total) after every chunk; see :mod:`footfall.store.progress`.
    """

    threads: int = field(default_factory=lambda: min(8, os.cpu_count() or 2))
    progress: Progress = silent

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise OptionError.of("threads", "LocalEngine", "an int of at least 1", self.threads)

    def map(
        self,
        source: ChunkSource,
        measure: Callable[[UserChunk], P],
        merge: Callable[[list[P]], A],
        *,
        label: str = "",
    ) -> A:
        """Measure every chunk on the threads and merge the partials in chunk order.

        Sources of few events are measured in this thread: starting others would take longer.

        Ctrl-C (or an error in a measure) cancels the chunks not yet begun, waits for those in
        flight and is raised: no thread outlives the question.

        Parameters
        ----------
        source : ChunkSource
        measure : callable
            ``measure(chunk) -> partial``. Must not keep the chunk.
        merge : callable
            ``merge(partials) -> answer``; the order of partials carries no meaning.
        label : str, default=""
            What the progress bar says.
        """
        total = len(source)
        if self.threads == 1 or _is_small(source):
            return merge([*self._one_by_one(source, measure, total, label)])
        partials: dict[int, P] = {}
        with ThreadPoolExecutor(self.threads, thread_name_prefix="footfall") as pool:
            waiting = iter(range(total))
            running: dict[Future[P], int] = {}
            try:
                self._start(pool, source, measure, waiting, running, self.threads)
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        partials[running.pop(future)] = future.result()
                        self.progress(label, len(partials), total)
                    self._start(pool, source, measure, waiting, running, len(done))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return merge([partials[number] for number in range(total)])

    def _one_by_one(
        self, source: ChunkSource, measure: Callable[[UserChunk], P], total: int, label: str
    ) -> Iterator[P]:
        for number in range(total):
            partial = _measure_one(source, measure, number)
            self.progress(label, number + 1, total)
            yield partial

    @staticmethod
    def _start(
        pool: ThreadPoolExecutor,
        source: ChunkSource,
        measure: Callable[[UserChunk], P],
        waiting: Iterable[int],
        running: dict[Future[P], int],
        count: int,
    ) -> None:
        for _, number in zip(range(count), waiting, strict=False):
            running[pool.submit(_measure_one, source, measure, number)] = number


def _is_small(source: ChunkSource) -> bool:
    events = getattr(source, "events", None)
    return events is not None and events <= _FEW_EVENTS


def _measure_one(source: ChunkSource, measure: Callable[[UserChunk], P], number: int) -> P:
    return measure(source.open(number))


@dataclass(frozen=True)
class ChunkList:
    """Chunks that are already in memory."""

    chunks: Sequence[UserChunk]

    def __len__(self) -> int:
        """Give the number of chunks."""
        return len(self.chunks)

    @property
    def events(self) -> int:
        """Number of events in all chunks."""
        return sum(chunk.events for chunk in self.chunks)

    def open(self, number: int) -> UserChunk:
        """Give one chunk."""
        return self.chunks[number]

    def part(self, number: int) -> "ChunkList":
        """Give one chunk as a source of its own, which is all that another process needs."""
        return ChunkList([self.chunks[number]])
