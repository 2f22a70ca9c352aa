"""All that is said in Chinese of one answer: its columns, cells, definition and texts."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa

from footfall.analytics.chinese import (
    texts,
    texts_of_paths,
    texts_of_users,
    texts_of_value,
)
from footfall.analytics.chinese.columns import COLUMNS, OWN_COLUMNS
from footfall.analytics.chinese.definitions import DEFINITIONS
from footfall.analytics.chinese.values import COLUMN_VALUES, EVENTS, OWN_COLUMN_VALUES, VALUES
from footfall.analytics.chinese.wording import Wording
from footfall.analytics.profile.words import KINDS, VALUES as TAG_VALUES

__all__ = ["OWN_TEXTS", "Speech"]

OWN_TEXTS: Mapping[str, Mapping[str, str]] = (
    texts_of_paths.TEXTS | texts_of_value.TEXTS | texts_of_users.TEXTS
)
_TWIN = "_zh"
# Properties of a breakdown whose values are ours, not the shop's.
_OUR_GROUPS = {"event_type": "events", "weekday": "weekdays"}


class Speech:
    """The Chinese of an answer.

    Parameters
    ----------
    answer : Answer
    """

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.kind = type(answer).__name__
        self._cells: dict[str, Wording] = {}

    def column(self, name: str) -> str:
        """Name a column; one that has no name (a date, a number, a word in a cell) is worded."""
        return self.named(name) or self.texts.say(name)

    def named(self, name: str) -> str | None:
        """Give the name a column has in the table; None where it has none."""
        return OWN_COLUMNS.get(self.kind, {}).get(name) or COLUMNS.get(name)

    def columns(self, table: pa.Table) -> dict[str, str]:
        """Give the columns that are shown, and what each is called."""
        given = table.column_names
        shown = [name for name in given if f"{name}{_TWIN}" not in given]
        names = {name: self.column(name.removesuffix(_TWIN)) for name in shown}
        # The table of users has a column for each tag, among them "value", and one row a user.
        wide = self.kind == "Profiles" and "tag" not in given
        return names | {"value": KINDS["value"]} if wide and "value" in given else names

    def table(self, table: pa.Table) -> pa.Table:
        """Put a table's column names and fixed values into Chinese."""
        names = self.columns(table)
        return pa.table([self._column(name, table) for name in names], names=[*names.values()])

    def printed(
        self, table: pa.Table, formats: Mapping[str, str]
    ) -> tuple[pa.Table, Mapping[str, str]]:
        """Put a table that is printed into Chinese, yes and no among it, and how it is printed."""
        names = self.columns(table)
        columns = [self._column(name, table) for name in names]
        said = [_yes_or_no(c) if pa.types.is_boolean(c.type) else c for c in columns]
        kept = {new: formats[old] for old, new in names.items() if old in formats}
        return pa.table(said, names=[*names.values()]), kept

    def _column(self, name: str, table: pa.Table) -> pa.ChunkedArray:
        column = table.column(name)
        if not pa.types.is_string(column.type) or not self.is_ours(name):
            return column
        say = self.cells(name).say
        said = [
            None if cell is None else TAG_VALUES.get((tag, cell)) or say(cell)
            for tag, cell in zip(self._tags(name, table), column.to_pylist(), strict=True)
        ]
        return pa.chunked_array([pa.array(said, pa.string())])

    def _tags(self, name: str, table: pa.Table) -> list[str]:
        """Name the tag each cell is a value of: "low" of a price is not "low" of a value."""
        own = next((key for key in ("tag", "name") if key in table.column_names), None)
        if name == "value" and own is not None:
            return [str(tag) for tag in table.column(own).to_pylist()]
        return [name if self.kind == "Profiles" else ""] * table.num_rows

    def is_ours(self, name: str) -> bool:
        """Whether a column has fixed values; else its words are the shop's."""
        return name in OWN_COLUMN_VALUES.get(self.kind, {}) or name in COLUMN_VALUES

    def kinds(self, name: str) -> tuple[str, ...]:
        """Name the kinds of fixed values of a column."""
        own = OWN_COLUMN_VALUES.get(self.kind, {})
        kinds = own.get(name, COLUMN_VALUES.get(name, ()))
        if name != "group":
            return kinds
        by = (
            str(getattr(self.answer, "definition", {}).get("breakdown", ""))
            .replace(";", " ")
            .partition(" ")[0]
        )
        return (*kinds, _OUR_GROUPS[by]) if by in _OUR_GROUPS else kinds

    def cells(self, name: str) -> Wording:
        """Word the fixed values of a column."""
        if name not in self._cells:
            words = {k: v for kind in self.kinds(name) for k, v in VALUES[kind].items()}
            self._cells[name] = Wording(words, self._patterns)
        return self._cells[name]

    @cached_property
    def _own(self) -> Mapping[str, str]:
        return OWN_TEXTS.get(self.kind, {})

    @cached_property
    def _patterns(self) -> dict[str, str]:
        return {english: said for english, said in self._own.items() if "{" in english}

    @cached_property
    def texts(self) -> Wording:
        """Word the texts of charts and of printed lines."""
        names = {name.replace("_", " "): self.named(name) for name in self._columns}
        words = {k: v for k, v in names.items() if v is not None} | VALUES["fields"]
        words |= {**EVENTS, **VALUES["groups"], **VALUES["weekdays"]}
        words |= {k: v for k, v in texts.TEXTS.items() if "{" not in k}
        for kind in dict.fromkeys(kind for name in self._columns for kind in self.kinds(name)):
            words |= VALUES[kind]
            words |= {k.replace("_", " "): v for k, v in VALUES[kind].items()}
        words |= {english: said for english, said in self._own.items() if "{" not in english}
        words = self._twins() | words
        shared = {k: v for k, v in texts.TEXTS.items() if "{" in k}
        return Wording(words, shared | self._patterns, kept=self._kept())

    def _twins(self) -> dict[str, str]:
        """Word what charts write in both languages, side by side."""
        found: dict[str, str] = {}
        for table in self.tables():
            for name in table.column_names:
                if f"{name}{_TWIN}" in table.column_names:
                    rows = zip(table.column(name), table.column(f"{name}{_TWIN}"), strict=True)
                    pairs = {(english.as_py(), chinese.as_py()) for english, chinese in rows}
                    found |= {f"{one}{gap}{two}": two for one, two in pairs for gap in (" ", "  ")}
                    found |= {one: two for one, two in pairs if one}
        return found

    @cached_property
    def _columns(self) -> list[str]:
        own = OWN_COLUMN_VALUES.get(self.kind, {})
        return [*own, *(name for table in self.tables() for name in table.column_names)]

    def tables(self) -> Iterator[pa.Table]:
        """Give every table of the answer."""
        kind = type(self.answer)
        for name in dict.fromkeys([*getattr(kind, "__dataclass_fields__", ()), *dir(kind)]):
            if not name.startswith("_") and not _is_method(kind, name):
                value = getattr(self.answer, name)
                if isinstance(value, pa.Table):
                    yield value

    def _kept(self) -> set[str]:
        """Collect the shop's own words: what stands in columns without fixed values."""
        found: set[str] = set()
        for table in self.tables():
            for name in table.column_names:
                column = table.column(name)
                if pa.types.is_string(column.type) and not name.endswith(_TWIN):
                    words = {w for w in column.unique().to_pylist() if w is not None}
                    if not self.is_ours(name):
                        found |= words
                    elif name == "group":
                        found |= {w for w in words if w not in self.cells(name).words}
        return found

    def used(self) -> set[str]:
        """Give the entries of the tables that were used so far."""
        return self.texts.used.union(*(cells.used for cells in self._cells.values()))

    def definition(self) -> dict[str, str]:
        """Give the definition under Chinese names."""
        return {
            DEFINITIONS.get(key) or self.texts.say(key): value
            for key, value in self.answer.definition.items()
        }

    def names(self) -> dict[str, str]:
        """Give the Chinese name of every column of the answer's tables."""
        return {
            name: self.column(name)
            for table in self.tables()
            for name in table.column_names
            if not name.endswith(_TWIN)
        }

    def english(self, word: object, column: str = "") -> object:
        """Give the English of a fixed value said in Chinese; anything else stays as it is.

        Parameters
        ----------
        word : object
        column : str, optional
            The column it stands in, where that is known.
        """
        if not isinstance(word, str) or word in self.texts.kept:
            return word
        columns = [column] if self.is_ours(column) else self._columns
        kinds = dict.fromkeys(kind for name in columns for kind in self.kinds(name))
        meant = {e for kind in kinds for e, chinese in VALUES[kind].items() if chinese == word}
        return meant.pop() if len(meant) == 1 else word


def _is_method(kind: type, name: str) -> bool:
    found: Callable[..., Any] | None = getattr(kind, name, None)
    return callable(found)


def _yes_or_no(column: pa.ChunkedArray) -> pa.ChunkedArray:
    said = {True: "是", False: "否", None: None}
    return pa.chunked_array([pa.array([said[cell] for cell in column.to_pylist()], pa.string())])
