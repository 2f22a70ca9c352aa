"""Fields: what an expression or a breakdown may name, of events, items, users and the clock.

A field gives each event of a chunk a code and says what the codes stand for. It holds plain arrays
and no log, so that it travels to other processes with the question.
"""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.scope.calendar import Calendar, places_of
from footfall.errors import OptionError
from footfall.events.columns import ITEM_ID, USER_ID
from footfall.kernels import Array
from footfall.store.chunk import MISSING, UserChunk
from footfall.store.ids import IdMap
from footfall.store.view import LogView

__all__ = ["EventType", "Field", "Looked", "Number", "Words", "field_named", "property_columns"]

MINOR = 100  # minor units of money in a major one
_NUMBERS = {"quantity": 1, "price": MINOR, "amount": MINOR, "rating": 1, "slot": 1}
_NUMBERS |= {"propensity": 1, "reward": 1}
_WORDS = ("query", "text", "currency", "action", "policy", "session_id")
_CLOCK = ("hour", "weekday", "day", "week", "month")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PROPERTIES = "properties."


@dataclass(frozen=True)
class Field(ABC):
    """A property that every event has or lacks.

    Parameters
    ----------
    name : str
        As it was asked for.
    columns : tuple of str
        Chunk columns it reads.
    """

    name: str
    columns: tuple[str, ...]

    @property
    def of_user(self) -> bool:
        """Whether all events of a user have the same value."""
        return False

    @abstractmethod
    def codes(self, chunk: UserChunk) -> Array:
        """Give each event's code, ints of shape (N,); -1 where it has no value."""

    @abstractmethod
    def values(self, chunk: UserChunk) -> pa.Array:
        """Give what the codes of this chunk stand for: strings or numbers."""


@dataclass(frozen=True)
class Number(Field):
    """A number of the event, such as its price.

    Parameters
    ----------
    scale : int
        Units of the chunk's column in one unit as people write it (100 cents).
    """

    scale: int = 1

    def numbers(self, chunk: UserChunk) -> npt.NDArray[np.float64]:
        """Give each event's number, NaN where it has none."""
        column = chunk[self.name]
        missing = MISSING[self.name]
        gone = np.isnan(column) if np.isnan(missing) else column == missing
        return np.where(gone, np.nan, column / self.scale)

    def codes(self, chunk: UserChunk) -> Array:
        """Give the place of each event's number among the chunk's different ones."""
        numbers = self.numbers(chunk)
        known = ~np.isnan(numbers)
        codes = np.full(len(numbers), -1, np.int64)
        codes[known] = np.unique(numbers[known], return_inverse=True)[1]
        return codes

    def values(self, chunk: UserChunk) -> pa.Array:
        """Give the chunk's different numbers, ascending."""
        numbers = self.numbers(chunk)
        return pa.array(np.unique(numbers[~np.isnan(numbers)]))


@dataclass(frozen=True)
class EventType(Field):
    """The event's type."""

    names: tuple[str, ...] = ()

    def codes(self, chunk: UserChunk) -> Array:
        """Give the codes of the types."""
        return chunk["event_type"]

    def values(self, chunk: UserChunk) -> pa.Array:  # noqa: ARG002  # the same for all
        """Give the names of the types."""
        return pa.array(self.names, pa.string())


@dataclass(frozen=True)
class Words(Field):
    """A text of the event; what its codes stand for differs from chunk to chunk."""

    def codes(self, chunk: UserChunk) -> Array:
        """Give the codes of the texts."""
        return chunk[self.columns[0]]

    def values(self, chunk: UserChunk) -> pa.Array:
        """Give the chunk's different texts."""
        return chunk.words[self.columns[0]]


@dataclass(frozen=True, eq=False)
class Looked(Field):
    """A property looked up by the event's item, its user, or the time it happened.

    Parameters
    ----------
    key : "item", "user" or "time"
    code_of : ndarray of int32
        Code by item code, user code, or place in time; one more at the end for none.
    words : pa.Array
        What the codes stand for.
    starts : ndarray of int64
        Boundaries of the places in time.
    """

    key: str
    code_of: npt.NDArray[np.int32]
    words: pa.Array
    starts: npt.NDArray[np.int64]

    @property
    def of_user(self) -> bool:
        """Whether it is a property of the user."""
        return self.key == "user"

    def of_users(self, chunk: UserChunk) -> npt.NDArray[np.int32]:
        """Give the codes of the chunk's users, shape (U,); only for properties of users."""
        return self.code_of[np.minimum(chunk.users, len(self.code_of) - 1)]

    def codes(self, chunk: UserChunk) -> Array:
        """Give the code each event's item, user or time has."""
        if self.key == "user":
            return np.repeat(self.of_users(chunk), np.diff(chunk.offsets))
        place = chunk["item"] if self.key == "item" else places_of(chunk, self.starts)
        return self.code_of[np.minimum(place, len(self.code_of) - 1)]

    def values(self, chunk: UserChunk) -> pa.Array:  # noqa: ARG002  # the same for all
        """Give what the codes stand for."""
        return self.words


def field_named(
    log: LogView, name: str, *, owner: str, option: str = "where", time_zone: str = "UTC"
) -> Field:
    """Find the field a name stands for.

    ``users.``, ``items.`` and ``properties.`` say where to look; a bare name is looked for among
    the event's own columns, the clock (hour, weekday, day, week, month), the tables of users and
    items, and the event's properties, in this order.

    Parameters
    ----------
    log : LogView
    name : str
    owner, option : str
        What errors name.
    time_zone : str, default="UTC"
        Whose clock is meant.

    Raises
    ------
    OptionError
        If there is no such field (near names are suggested), or users and items both have it.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([("ann", "2026-01-01T10:00", "view")])
    >>> field_named(log, "pric", owner="funnel")
    Traceback (most recent call last):
    footfall.errors.OptionError: The ... must be ... Did you mean 'price', 'policy'?
    """
    home, dot, column = name.partition(".")
    if dot and home in {"users", "items"}:
        found = _of_table(log, home, column, name)
    elif dot and home == "properties":
        key = column.partition(".")[0]  # of a nested object, the outermost key is known
        found = Words(name, (name,)) if key in log.property_keys() else None
    else:
        found = _of_event(log, name) or _of_clock(log, name, time_zone, owner)
        found = found or _of_either_table(log, name, owner, option) or _of_property(log, name)
    if found is None:
        raise _unknown(log, name, owner, option)
    return found


def _of_event(log: LogView, name: str) -> Field | None:
    if name == "event_type":
        return EventType(name, ("event_type",), log.event_types)
    if name in _NUMBERS:
        return Number(name, (name,), _NUMBERS[name])
    if name in _WORDS:
        return Words(name, (name,))
    if name == ITEM_ID:
        return _of_ids(log.item_ids, "item", name)
    return _of_ids(log.user_ids, "user", name) if name == USER_ID else None


def _of_ids(ids: IdMap, key: str, name: str) -> Field:
    codes = np.append(np.arange(len(ids), dtype=np.int32), np.int32(-1))
    columns = ("item",) if key == "item" else ()
    words = pa.array(ids.strings(), pa.string())
    return Looked(name, columns, key, codes, words, np.zeros(0, np.int64))


def _of_clock(log: LogView, name: str, time_zone: str, owner: str) -> Field | None:
    if name not in _CLOCK:
        return None
    unit = {"weekday": "day"}.get(name, name)
    calendar = Calendar(unit, time_zone, owner)  # type: ignore[arg-type]  # of _CLOCK
    first, last = log.span or (0, 0)
    starts = calendar.starts(first, last)
    if name == "hour":
        codes, words = [calendar.local(int(t)).hour for t in starts[:-1]], _HOURS
    elif name == "weekday":
        codes, words = [calendar.local(int(t)).weekday() for t in starts[:-1]], _WEEKDAYS
    else:
        words = tuple(calendar.label(t) for t in starts[:-1])
        codes = list(range(len(words)))
    code_of = np.array([*codes, -1], np.int32)
    return Looked(name, ("timestamp",), "time", code_of, pa.array(words, pa.string()), starts)


_HOURS = tuple(f"{hour:02d}" for hour in range(24))


def property_columns(table: pa.Table | None, key: str) -> Sequence[str]:
    """Name the columns of a table of users or items that hold one plain value a row.

    Examples
    --------
    >>> table = pa.table({"user_id": ["a"], "age": [31], "tags": [["new", "vip"]]})
    >>> property_columns(table, "user_id")
    ['age']
    """
    if table is None:
        return []
    return [
        field.name
        for field in table.schema
        if field.name != key and not pa.types.is_nested(field.type)
    ]


def _of_either_table(log: LogView, name: str, owner: str, option: str) -> Field | None:
    users = name in property_columns(log.users, USER_ID)
    items = name in property_columns(log.items, ITEM_ID)
    if users and items:
        allowed = f"'users.{name}' or 'items.{name}': both tables have this column"
        raise OptionError.of(option, owner, allowed, name)
    if users:
        return _of_table(log, "users", name, name)
    return _of_table(log, "items", name, name) if items else None


def _of_table(log: LogView, home: str, column: str, name: str) -> Field | None:
    if home == "users":
        table, key, ids = log.users, USER_ID, log.user_ids
    else:
        table, key, ids = log.items, ITEM_ID, log.item_ids
    if table is None or column not in property_columns(table, key):
        return None
    coded = _plain(table.column(column), money=home == "items" and column == "price")
    coded = coded.dictionary_encode()
    of_row = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    codes = ids.codes(table.column(key).cast(pa.string()))
    code_of = np.full(len(ids) + 1, -1, np.int32)
    known = codes >= 0
    code_of[codes[known]] = of_row[known]  # the last row of an id wins
    columns, kind = ((), "user") if home == "users" else (("item",), "item")
    return Looked(name, columns, kind, code_of, coded.dictionary, np.zeros(0, np.int64))


def _plain(column: pa.ChunkedArray, *, money: bool) -> pa.Array:
    """Give a column as strings or floats; an empty text is no value."""
    array = column.combine_chunks()
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        numbers = array.cast(pa.float64())
        return pc.divide(numbers, float(MINOR)) if money else numbers
    text = array.cast(pa.string())
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), None, text)


def _of_property(log: LogView, name: str) -> Field | None:
    if name not in log.property_keys():
        return None
    return Words(name, (f"{_PROPERTIES}{name}",))


def _unknown(log: LogView, name: str, owner: str, option: str) -> OptionError:
    tables = {
        "users": property_columns(log.users, USER_ID),
        "items": property_columns(log.items, ITEM_ID),
        "properties": log.property_keys(),
    }
    events = ["event_type", ITEM_ID, USER_ID, *_NUMBERS, *_WORDS]
    known = [*events, *_CLOCK, *(column for columns in tables.values() for column in columns)]
    near = difflib.get_close_matches(name.rpartition(".")[2], known, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    own = ", ".join(f"{home} ({', '.join(columns)})" for home, columns in tables.items() if columns)
    allowed = (
        f"about a column of the log ({', '.join(events)}), of the clock ({', '.join(_CLOCK)})"
        f"{f', or of its {own}' if own else ''}"
    )
    return OptionError(str(OptionError.of(option, owner, allowed, name)) + hint)
