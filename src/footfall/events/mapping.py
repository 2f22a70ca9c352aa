"""Maps the columns of any export onto ours: by ``--map``, or by a guess the user confirms."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

from footfall.errors import MappingError, OptionError
from footfall.events.columns import (
    EVENT_ID,
    EVENT_SCHEMA,
    EVENT_TYPE,
    ITEM_ID,
    ITEM_SCHEMA,
    PROPERTIES,
    REQUIRED,
    ROW,
    SESSION_ID,
    USER_ID,
    USER_SCHEMA,
)
from footfall.events.guess import Guess, guess_mapping
from footfall.events.raw import FormatOptions
from footfall.events.readers.contract import Reader
from footfall.events.readers.properties import json_objects
from footfall.events.readers.raw_columns import RawColumns, constant, draft_of, one_array, text_of

__all__ = ["Guess", "MappedReader", "guess_mapping", "parse_map"]

_OURS = {
    "events": tuple(EVENT_SCHEMA.names),
    "items": tuple(ITEM_SCHEMA.names),
    "users": tuple(USER_SCHEMA.names),
}
_IDS = (EVENT_ID, USER_ID, ITEM_ID, SESSION_ID)


def parse_map(
    text: str, *, column_names: Sequence[str] | None = None, kind: str = "events"
) -> dict[str, str]:
    """Read what the user wrote after ``--map``.

    Parameters
    ----------
    text
        Pairs parted by commas, the file's column first: ``uid=user_id,when=timestamp``. The other
        way round is understood too, as long as only one side is a column of ours.
    column_names
        The columns of the file, where known: they settle pairs whose sides are both ours.
    kind
        "events", "items" or "users": whose columns are meant.

    Returns
    -------
    dict
        Our column for theirs: ``{"user_id": "uid", "timestamp": "when"}``.

    Raises
    ------
    OptionError
        When a pair has no "=", names no column of ours, or names one twice.

    Examples
    --------
    >>> parse_map("uid=user_id, when=timestamp")
    {'user_id': 'uid', 'timestamp': 'when'}
    >>> parse_map("user_id=uid")
    {'user_id': 'uid'}
    """
    mapping: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        left, equals, right = (side.strip() for side in pair.partition("="))
        if not (equals and left and right):
            raise OptionError.of("map", "ingest", "pairs such as uid=user_id,when=timestamp", pair)
        theirs, ours = _sides(left, right, column_names or (), _OURS[kind])
        if ours in mapping:
            raise OptionError.of("map", "ingest", f"at most one column for {ours!r}", text)
        mapping[ours] = theirs
    if not mapping:
        raise OptionError.of("map", "ingest", "pairs such as uid=user_id,when=timestamp", text)
    return mapping


def _sides(
    left: str, right: str, column_names: Sequence[str], ours: Sequence[str]
) -> tuple[str, str]:
    """Tell the file's column from ours in one pair."""
    turned = left in ours and (
        right not in ours or (left not in column_names and right in column_names)
    )
    theirs, name = (right, left) if turned else (left, right)
    if name not in ours:
        near = difflib.get_close_matches(right, ours, n=2) or difflib.get_close_matches(
            left, ours, n=2
        )
        hint = f" (perhaps {' or '.join(near)})" if near else ""
        allowed = f"pairs with one of our columns: {', '.join(ours)}{hint}"
        raise OptionError.of("map", "ingest", allowed, f"{left}={right}")
    return theirs, name


@dataclass(frozen=True, kw_only=True)
class MappedReader:
    """Reads any table by a mapping of its columns onto ours.

    Parameters
    ----------
    mapping
        Our column for theirs, e.g. ``{"user_id": "uid"}``.
    event_type
        The type of every event, for files without such a column. None: the file says.
    keep_rest
        Whether the columns that are not mapped go to properties, as JSON. They do not when a column
        of the file is mapped to ``properties``.
    format
        How the file is split.

    Raises
    ------
    OptionError
        When the mapping names a column that is not ours.

    Examples
    --------
    >>> reader = MappedReader(mapping={"user_id": "uid", "timestamp": "t"}, event_type="view")
    >>> raw = pa.table({"uid": ["ann"], "t": ["2026-01-01"], "page": ["/tea"], "__row__": [1]})
    >>> draft = reader.convert(raw).to_pylist()[0]
    >>> draft["user_id"], draft["event_type"], draft["properties"]
    ('ann', 'view', '{"page":"/tea"}')
    """

    mapping: Mapping[str, str]
    event_type: str | None = None
    keep_rest: bool = True
    format: FormatOptions = field(default_factory=FormatOptions)

    name = "map"
    description = "Any table, its columns named with --map"

    def __post_init__(self) -> None:
        for ours in self.mapping:
            if ours not in _OURS["events"]:
                near = difflib.get_close_matches(ours, _OURS["events"], n=2)
                hint = f" (perhaps {' or '.join(near)})" if near else ""
                raise OptionError.of("mapping", "MappedReader", f"keyed by our columns{hint}", ours)
        object.__setattr__(self, "mapping", MappingProxyType(dict(self.mapping)))

    def start(self, file: str) -> Reader:  # noqa: ARG002 -- every file is read alike
        """Give the reader for one file."""
        return self

    def recognizes(self, column_names: Sequence[str]) -> bool:
        """Say whether the file has every mapped column."""
        return set(self.mapping.values()) <= set(column_names)

    def convert(self, raw: pa.Table) -> pa.Table:
        """Turn one batch of raw rows into draft events.

        Parameters
        ----------
        raw
            A raw table as the format layer gives it, with ``__row__``.

        Returns
        -------
        pa.Table of draft events.

        Raises
        ------
        MappingError
            When a required column is not mapped or a mapped column is not in the file.
        """
        self._check(raw.column_names)
        columns = {ours: _as_draft(raw, ours, theirs) for ours, theirs in self.mapping.items()}
        if EVENT_TYPE not in columns and self.event_type is not None:
            columns[EVENT_TYPE] = constant(self.event_type, raw.num_rows)
        given = RawColumns(raw)
        rest = [name for name in given.names if name not in self.mapping.values()]
        if self.keep_rest and rest and PROPERTIES not in columns:
            columns[PROPERTIES] = json_objects({name: _kept(raw, name) for name in rest})
        return draft_of(given.rows, columns)

    def _check(self, column_names: Sequence[str]) -> None:
        seen = [name for name in column_names if name != ROW]
        for ours, theirs in self.mapping.items():
            if theirs not in seen:
                near = difflib.get_close_matches(theirs, seen, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise MappingError(
                    f"The file has no column {theirs!r} for {ours}. It has {_shown(seen)}.{hint}"
                )
        given = {*self.mapping, *([] if self.event_type is None else [EVENT_TYPE])}
        missing = [name for name in REQUIRED if name not in given]
        if missing:
            raise _unmapped(missing, self.mapping, seen)


def _unmapped(
    missing: Sequence[str], mapping: Mapping[str, str], seen: Sequence[str]
) -> MappingError:
    """Say what is not mapped yet, what the file has and how to map it."""
    guess = guess_mapping(seen).mapping
    taken = set(mapping.values())
    pairs = [f"{theirs}={ours}" for ours, theirs in mapping.items()]
    for ours in [*missing, *(name for name in guess if name not in (*missing, *mapping))]:
        theirs = guess.get(ours)
        if theirs in taken and ours not in missing:
            continue
        pairs.append(f"{theirs if theirs and theirs not in taken else 'COLUMN'}={ours}")
    constant_type = (
        " If all rows are of one type, say it: --event-type purchase."
        if EVENT_TYPE in missing
        else ""
    )
    return MappingError(
        f"No column of the file is mapped to {', '.join(missing)}. The file has {_shown(seen)}. "
        f"Name the columns: --map {','.join(pairs)}{constant_type}"
    )


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return (", ".join(map(repr, names[:20])) or "no columns") + more


def _as_draft(raw: pa.Table, ours: str, theirs: str) -> pa.Array:
    """Give a mapped column: ids as text, the rest as the file types it."""
    array = one_array(raw.column(theirs))
    if ours in _IDS or pa.types.is_nested(array.type) or not pa.types.is_primitive(array.type):
        return text_of(array)
    return array


def _kept(raw: pa.Table, name: str) -> pa.Array:
    """Give a column for properties: empty text is left out."""
    array = one_array(raw.column(name))
    return text_of(array) if pa.types.is_string(array.type) else array
