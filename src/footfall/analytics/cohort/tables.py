"""An answer that is rows, the same rows for each group, and a definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from footfall.analytics.answer import Answer, text_table

__all__ = ["Tabled"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Tabled(Answer):
    """Rows, groups of rows, definition; how they are drawn is the answer's own.

    Attributes
    ----------
    frame : pa.Table
    definition : mapping of str to str
    groups : pa.Table or None
        The frame of each group, below a first column "group"; None without a breakdown.
    """

    frame: pa.Table
    definition: Mapping[str, str]
    groups: pa.Table | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the rows, those of the groups, and the definition as plain values."""
        answer: dict[str, Any] = {"rows": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def __str__(self) -> str:
        text = text_table(self.frame, formats=self.FORMATS)
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"
