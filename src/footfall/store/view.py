"""What every log answers, wherever its events live: questions, words, ids and span."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import CHUNK_COLUMNS, UserChunk
from footfall.store.coding import Codes
from footfall.store.engine import ChunkSource, Engine
from footfall.store.ids import IdMap
from footfall.store.segments import SavedSegments
from footfall.store.words import PROPERTY, WORD_COLUMNS, is_word_column

__all__ = ["LogView"]

P = TypeVar("P")
A = TypeVar("A")


class LogView(ABC):
    """The side of a log that questions see.

    Attributes
    ----------
    engine : Engine
        What runs the questions.
    codes : Codes
        Ids and event types, each with a dense code.
    users, items : pa.Table or None
        The tables of the workspace, when the shop gave them.
    saved : SavedSegments
        Segments by name.
    """

    engine: Engine
    codes: Codes
    users: pa.Table | None
    items: pa.Table | None
    saved: SavedSegments

    @abstractmethod
    def source(self, columns: Sequence[str]) -> ChunkSource:
        """Give the chunks of the log with the columns a question asks for."""

    def map(
        self,
        measure: Callable[[UserChunk], P],
        merge: Callable[[list[P]], A],
        *,
        columns: Sequence[str],
        label: str = "",
    ) -> A:
        """Ask a question: measure every chunk, merge the partials.

        Parameters
        ----------
        measure : callable
            ``measure(chunk) -> partial``: a function of whole users, run on threads.
        merge : callable
            ``merge(partials) -> answer``, whatever the order of partials.
        columns : sequence of str
            Chunk columns the measure reads: :data:`footfall.store.chunk.CHUNK_COLUMNS`, text
            (:data:`footfall.store.words.WORD_COLUMNS`), and "properties.<key>".
        label : str, default=""
            What the progress bar says.

        Raises
        ------
        OptionError
            If a column does not exist.
        """
        for name in columns:
            if name not in CHUNK_COLUMNS and not is_word_column(name):
                allowed = [*sorted([*CHUNK_COLUMNS, *WORD_COLUMNS]), f"{PROPERTY}<key>"]
                raise OptionError.of("columns", "map", f"among {allowed}", name)
        return self.engine.map(self.source(columns), measure, merge, label=label)

    def property_keys(self) -> list[str]:
        """Name the keys that occur in the properties of the log's events, sorted.

        Keys of nested objects are not named; ``"properties.page.kind"`` asks for one.
        """
        return []

    def save_segment(
        self, name: str, definition: Mapping[str, Any], *, now: datetime | None = None
    ) -> int:
        """Save a segment under a name. What the name stood for before stays in its history.

        Parameters
        ----------
        name : str
            Letters (Chinese ones, too), digits, "-" and "_"; at most 60.
        definition : mapping
            ``{"rule": text}``, or ``{"users": ids}`` to freeze a list.
        now : datetime, optional
            Moment that is noted; UTC unless it says otherwise.

        Returns
        -------
        int
            The segment's version. One that says what the newest says is not saved again.

        Raises
        ------
        OptionError
            If the name or the definition is not as above. The rule itself is read when it is asked.
        StoreError
            If it cannot be written; the segment is then as it was.
        """
        return self.saved.save(name, definition, now=now)

    def segments(self) -> list[str]:
        """Name the saved segments, sorted."""
        return self.saved.names()

    def saved_segment(self, name: str, *, version: int | None = None) -> dict[str, Any]:
        """Give what a saved segment says.

        Parameters
        ----------
        name : str
        version : int, optional
            An older version, from 1; the newest by default.

        Returns
        -------
        dict
            "rule" or "users", and "version" and "saved", the moment as an ISO string.

        Raises
        ------
        OptionError
            If there is none of this name or version; near names are suggested.
        StoreError
            If its document is damaged.
        """
        return self.saved.read(name, version=version)

    def segment_history(self, name: str) -> list[dict[str, Any]]:
        """Give all versions of a saved segment, oldest first, each as :meth:`saved_segment`."""
        return self.saved.history(name)

    def delete_segment(self, name: str) -> None:
        """Delete a saved segment with its history.

        Raises
        ------
        OptionError
            If there is none of this name; near names are suggested.
        """
        self.saved.delete(name)

    @property
    def user_ids(self) -> IdMap:
        """User ids and their codes."""
        return self.codes.users

    @property
    def item_ids(self) -> IdMap:
        """Item ids and their codes."""
        return self.codes.items

    @property
    def event_types(self) -> tuple[str, ...]:
        """Names of the event types; the place of a name is its code."""
        return tuple(self.codes.event_types.strings().to_pylist())

    def event_type_code(self, name: str) -> int:
        """Give the code of an event type.

        Raises
        ------
        OptionError
            If the log has never seen the type; names that are near are suggested.
        """
        code = int(self.codes.event_types.codes([name])[0])
        if code < 0:
            near = difflib.get_close_matches(name, self.event_types, n=3)
            hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
            raise OptionError(
                f"The event type must be one of the log's: {', '.join(self.event_types)}."
                f" Got {name!r} instead.{hint}"
            )
        return code

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last timestamp, microseconds UTC; None for an empty log."""
        spans = self.map(_span_of, lambda parts: [p for p in parts if p], columns=["timestamp"])
        if not spans:
            return None
        return min(first for first, _ in spans), max(last for _, last in spans)

    @property
    def users_seen(self) -> int:
        """Number of users with an event; a stopped append may have left further codes."""
        return self.map(_users_of, _total, columns=[])

    @property
    def items_seen(self) -> int:
        """Number of items with an event."""
        return self.map(_items_of, _different, columns=["item"])

    @property
    def events(self) -> int:
        """Number of events."""
        return self.map(_events_of, _total, columns=[])


def _span_of(chunk: UserChunk) -> tuple[int, int] | None:
    times = chunk["timestamp"]
    return (int(np.min(times)), int(np.max(times))) if len(times) else None


def _events_of(chunk: UserChunk) -> int:
    return chunk.events


def _total(counts: list[int]) -> int:
    return sum(counts)


def _users_of(chunk: UserChunk) -> int:
    return len(chunk.users)


def _items_of(chunk: UserChunk) -> Array:
    return np.unique(chunk["item"])


def _different(items: list[Array]) -> int:
    """Count the different codes, -1 (no item) aside."""
    found = np.unique(np.concatenate([np.zeros(0, np.int32), *items]))
    return int(np.count_nonzero(found >= 0))
