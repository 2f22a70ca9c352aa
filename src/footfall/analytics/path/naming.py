"""What a node may be called: by event type, by any field, by item category to a depth."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.scope.fields import Field, field_named
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["ByCategory", "ByField", "ByType", "Categories", "Naming"]


@dataclass(frozen=True)
class Naming(ABC):
    """Gives each event of a chunk a label.

    Parameters
    ----------
    types : tuple of str
        Names of the log's event types.
    """

    types: tuple[str, ...]

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that naming reads."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What a node is, for the definition."""

    @abstractmethod
    def labels(self, chunk: UserChunk) -> tuple[Array, pa.Array]:
        """Give each event's code, ints of shape (N,) from 0, and the labels the codes stand for."""


@dataclass(frozen=True)
class ByType(Naming):
    """Nodes are event types."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the one column."""
        return ("event_type",)

    @property
    def text(self) -> str:
        """Say what a node is."""
        return "the event type"

    def labels(self, chunk: UserChunk) -> tuple[Array, pa.Array]:
        """Give the types and their names."""
        return chunk["event_type"], pa.array(self.types, pa.string())


@dataclass(frozen=True)
class ByField(Naming):
    """Nodes are values of a field; an event without one keeps the name of its type."""

    field: Field

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the field's columns and the event type."""
        return tuple(dict.fromkeys(("event_type", *self.field.columns)))

    @property
    def text(self) -> str:
        """Say what a node is."""
        return f"{self.field.name}; an event without it stands under its event type"

    def labels(self, chunk: UserChunk) -> tuple[Array, pa.Array]:
        """Give the values, and after them the event types."""
        words = self.field.values(chunk).cast(pa.string())
        codes = self.field.codes(chunk)
        codes = np.where(codes >= 0, codes, chunk["event_type"].astype(np.int64) + len(words))
        return codes, pa.concat_arrays([words, pa.array(self.types, pa.string())])


@dataclass(frozen=True, kw_only=True)
class Categories:
    """Name nodes by event type and item category: "view home/kitchen".

    Parameters
    ----------
    depth : int, default=1
        Levels of the category that are kept: ``home/kitchen/kettles`` is "home" at depth 1.
    field : str, default="category"
        The field that holds the category; levels are parted by "/", ">" or ".".

    Examples
    --------
    >>> Categories(depth=2)
    Categories(depth=2, field='category')
    """

    depth: int = 1
    field: str = "category"

    def __post_init__(self) -> None:
        if not isinstance(self.depth, int) or isinstance(self.depth, bool) or self.depth < 1:
            raise OptionError.of("depth", "Categories", "an int of at least 1", self.depth)

    def naming(self, log: LogView, *, owner: str) -> "ByCategory":
        """Find the field in a log."""
        field = field_named(log, self.field, owner=owner, option="nodes")
        return ByCategory(log.event_types, field, self.depth)


@dataclass(frozen=True)
class ByCategory(Naming):
    """Nodes are event types with a category cut to a depth."""

    field: Field
    depth: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Give the field's columns and the event type."""
        return tuple(dict.fromkeys(("event_type", *self.field.columns)))

    @property
    def text(self) -> str:
        """Say what a node is."""
        return f"the event type and {self.field.name} to a depth of {self.depth}"

    def labels(self, chunk: UserChunk) -> tuple[Array, pa.Array]:
        """Give each pair of category and type that occurs a label."""
        full = self.field.values(chunk).cast(pa.string())
        parts = pc.list_slice(pc.split_pattern_regex(full, r"\s*[/>.]\s*"), 0, self.depth)
        short = pc.binary_join(parts, "/").dictionary_encode()
        place = np.append(short.indices.to_numpy(zero_copy_only=False).astype(np.int64), -1)
        kinds = len(self.types)
        pairs = (place[self.field.codes(chunk)] + 1) * kinds + chunk["event_type"]
        size = (len(short.dictionary) + 1) * kinds
        found = np.flatnonzero(np.bincount(pairs, minlength=size))
        names = pa.array(self.types, pa.string()).take(pa.array(found % kinds))
        after = short.dictionary.take(pa.array(found // kinds - 1, mask=found < kinds))
        labels = pc.if_else(
            pc.is_valid(after), pc.binary_join_element_wise(names, after, " "), names
        )
        code_of = np.zeros(size, np.int64)
        code_of[found] = np.arange(len(found))
        return code_of[pairs], labels
