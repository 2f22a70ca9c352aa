"""Some buckets of a log, as a log of their own: what one of several processes reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall.store.chunk import UserChunk
from footfall.store.engine import ChunkSource
from footfall.store.view import LogView

__all__ = ["LogShare"]


class LogShare(LogView):
    """Every so-many-th bucket of a log. Codes, tables and event types are those of the whole.

    Parameters
    ----------
    log : LogView
    place : int
        Which of the shares, from 0.
    shares : int
        How many there are: together they hold each user once.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([(name, "2026-01-01", "view") for name in "abcdef"], buckets=3)
    >>> sum(LogShare(log, place, 2).users_seen for place in range(2))
    6
    """

    def __init__(self, log: LogView, place: int, shares: int) -> None:
        self.log, self.place, self.shares = log, place, shares
        self.engine, self.codes, self.saved = log.engine, log.codes, log.saved
        self.users, self.items = log.users, log.items

    def source(self, columns: Sequence[str]) -> ChunkSource:
        """Give the chunks of the share with the columns asked for."""
        whole = self.log.source(columns)
        return _SomeChunks(whole, range(self.place, len(whole), self.shares))

    def property_keys(self) -> list[str]:
        """Name the keys that occur in the properties of the whole log's events, sorted."""
        return self.log.property_keys()


@dataclass(frozen=True)
class _SomeChunks:
    whole: ChunkSource
    numbers: range

    def __len__(self) -> int:
        return len(self.numbers)

    def open(self, number: int) -> UserChunk:
        return self.whole.open(self.numbers[number])

    def part(self, number: int) -> ChunkSource:
        return self.whole.part(self.numbers[number])
