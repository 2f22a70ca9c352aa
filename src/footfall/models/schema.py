"""What a token is made of, declared once: the fields of an event that a network reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from footfall.errors import OptionError

__all__ = ["Field", "Schema"]

Kind = Literal["item", "code", "number", "vector"]
KINDS = ("item", "code", "number", "vector")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One property of an event.

    Parameters
    ----------
    name : str
        Name of the array that holds it.
    kind : {"item", "code", "number", "vector"}
        The item (codes of the catalogue, whose table also scores the next item), a code of a few
        values, a number of about unit scale, or a vector. -1 or NaN says that it is missing.
    size : int
        Number of codes, or of a vector's numbers; 1 for a number.
    """

    name: str
    kind: Kind
    size: int = 1

    def __post_init__(self) -> None:
        """Check the options."""
        if self.kind not in KINDS:
            raise OptionError.of("kind", f"field {self.name!r}", f"one of {KINDS}", self.kind)
        if self.size < 1 or (self.kind == "number" and self.size != 1):
            raise OptionError.of("size", f"field {self.name!r}", "1 or more", self.size)


@dataclass(frozen=True)
class Schema:
    """The fields of a token; each is projected to one width, and a token is their sum.

    Parameters
    ----------
    fields : sequence of Field
        Names differ; at most one is the item.

    Examples
    --------
    >>> price = Field(name="price", kind="number")
    >>> schema = Schema([Field(name="item", kind="item", size=9), price])
    >>> schema.item.size
    9
    """

    fields: Sequence[Field]

    def __post_init__(self) -> None:
        """Check the fields."""
        object.__setattr__(self, "fields", tuple(self.fields))
        names = [field.name for field in self.fields]
        if not names or len(set(names)) != len(names):
            raise OptionError.of("fields", "Schema", "fields with names that differ", names)
        if sum(field.kind == "item" for field in self.fields) > 1:
            raise OptionError.of("fields", "Schema", "at most one item", names)

    @property
    def item(self) -> Field | None:
        """The item's field, if there is one."""
        return next((field for field in self.fields if field.kind == "item"), None)

    def to_json(self) -> list[dict[str, Any]]:
        """Give plain values."""
        return [asdict(field) for field in self.fields]

    @classmethod
    def from_json(cls, fields: Sequence[dict[str, Any]]) -> Self:
        """Read what `to_json` gave."""
        return cls([Field(**field) for field in fields])
