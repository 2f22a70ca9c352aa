"""Breakdowns: a property of users or of items as groups, the large ones apart, the rest as one."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID, USER_ID
from footfall.store.ids import IdMap
from footfall.store.view import LogView

__all__ = ["NONE", "OTHER", "Breakdown", "breakdown_by"]

NONE = "(none)"
OTHER = "(other)"


@dataclass(frozen=True)
class Breakdown:
    """Groups of users or of items.

    Parameters
    ----------
    by : str
        The column asked for.
    kind : "user" or "item"
        Whose property it is.
    names : tuple of str
        Names of the groups.
    groups : ndarray of int32, shape (ids + 1,)
        Group of each user code or item code; the last one is for events without an id.
    """

    by: str
    kind: Literal["user", "item"]
    names: tuple[str, ...]
    groups: npt.NDArray[np.int32]

    def largest(self, users: npt.NDArray[np.int64], top: int) -> "Breakdown":
        """Keep the groups with most users; fold the others into one.

        Parameters
        ----------
        users : ndarray of int64, shape (groups,)
            Users of each group; groups without any are left out.
        top : int
            How many groups keep their name. "(none)" always does, and comes last.
        """
        order = sorted(np.flatnonzero(users).tolist(), key=lambda g: (-users[g], self.names[g]))
        named = [group for group in order if self.names[group] not in {NONE, OTHER}]
        kept = [self.names[group] for group in named[:top]]
        rest = set(order) - set(named[:top])
        missing = {group for group in rest if self.names[group] == NONE}
        if rest - missing:
            kept.append(OTHER)
        if missing:
            kept.append(NONE)
        places = {name: place for place, name in enumerate(kept)}
        fold = [places.get(name, places.get(OTHER, -1)) for name in self.names]
        if not missing:  # a group nobody is in stands for nothing
            fold = [
                -1 if name == NONE else place for name, place in zip(self.names, fold, strict=True)
            ]
        return Breakdown(self.by, self.kind, tuple(kept), np.array(fold, np.int32)[self.groups])

    def only(self, name: str, *, owner: str) -> "Breakdown":
        """Keep one group; nobody else counts.

        Raises
        ------
        OptionError
            If there is no such group.
        """
        if name not in self.names:
            raise OptionError.of("group", owner, f"one of {list(self.names)}", name)
        mine = np.where(self.groups == self.names.index(name), 0, -1).astype(np.int32)
        return Breakdown(self.by, self.kind, (name,), mine)


def breakdown_by(log: LogView, by: str, *, owner: str = "funnel") -> Breakdown:
    """Find the property a breakdown names.

    Parameters
    ----------
    log : LogView
    by : str
        A column of the log's user table or item table, or "item_id". "users.price" and
        "items.price" say which table when both have the column.
    owner : str
        What the error names.

    Raises
    ------
    OptionError
        If no table has the column, or both have it.
    """
    users = _properties(log.users, USER_ID)
    items = _properties(log.items, ITEM_ID)
    if by in {ITEM_ID, f"items.{ITEM_ID}"}:
        names = (*log.item_ids.strings().to_pylist(), NONE)
        return Breakdown(by, "item", names, np.arange(len(names), dtype=np.int32))
    table, _, column = (
        by.rpartition(".") if by.partition(".")[0] in {"users", "items"} else ("", "", by)
    )
    if column in users and column in items and not table:
        allowed = f"'users.{column}' or 'items.{column}': both tables have this column"
        raise OptionError.of("by", owner, allowed, by)
    if column in users and table != "items":
        return _from_table(log.users, USER_ID, column, log.user_ids, by, "user")
    if column in items and table != "users":
        return _from_table(log.items, ITEM_ID, column, log.item_ids, by, "item")
    known = [*users, *items, ITEM_ID]
    near = difflib.get_close_matches(by, known, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    allowed = (
        f"a column of the log's users or items ({', '.join(known)}); more columns come with the"
        " shop's own tables: footfall ingest FILE --as items"
    )
    raise OptionError(str(OptionError.of("by", owner, allowed, by)) + hint)


def _properties(table: pa.Table | None, key: str) -> Sequence[str]:
    return [] if table is None else [name for name in table.column_names if name != key]


def _from_table(
    table: pa.Table, key: str, column: str, ids: IdMap, by: str, kind: Literal["user", "item"]
) -> Breakdown:
    values = table.column(column).combine_chunks()
    text = values.cast(pa.string()).to_pylist()
    given = {value for value in text if value and value.strip()}
    names = [*sorted(given - {NONE}), NONE]
    places = {name: place for place, name in enumerate(names)}
    of_row = np.array([places.get(value, len(names) - 1) for value in text], np.int32)
    codes = ids.codes(table.column(key).cast(pa.string()))
    groups = np.full(len(ids) + 1, len(names) - 1, np.int32)
    known = codes >= 0
    groups[codes[known]] = of_row[known]  # the last row of an id wins
    return Breakdown(by, kind, tuple(names), groups)
