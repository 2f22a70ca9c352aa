"""A draft's columns with the log's types, and beside them what the rules need to judge each row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.errors import MappingError, OptionError
from footfall.events import columns as c
from footfall.events.amounts import Line, line_of
from footfall.events.floats import parse_floats
from footfall.events.money import GIVEN, Numbers
from footfall.events.plain_text import clean_ids, clean_properties, clean_text
from footfall.events.times import check_time_zone, parse_times
from footfall.events.vocabulary import EVENT_TYPES, event_type_of

__all__ = ["Cells", "CleanOptions", "cells_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS: dict[str, Callable[[pa.ChunkedArray], tuple[pa.Array, np.ndarray]]] = {
    c.EVENT_ID: clean_ids,
    c.USER_ID: clean_ids,
    c.ITEM_ID: clean_ids,
    c.SESSION_ID: clean_ids,
    c.CURRENCY: clean_ids,
    c.QUERY: clean_text,
    c.TEXT: clean_text,
    c.PROPERTIES: clean_properties,
    c.ACTION: clean_ids,
    c.POLICY: clean_ids,
}
# Optional numbers: the smallest and the largest that make sense.
_NUMBERS = {
    c.RATING: (-1e30, 1e30),
    c.SLOT: (0.0, 2.0**31 - 1),
    c.PROPENSITY: (5e-324, 1.0),  # above 0: it is divided by
    c.REWARD: (-1e300, 1e300),
}


@dataclass(frozen=True, kw_only=True)
class CleanOptions:
    """What cleaning must know and rows do not say.

    Parameters
    ----------
    now : datetime
        The clock, with a zone: later times are in the future.
    floor : datetime
        Earlier times are no shop's: 1995 by default, before which nobody sold on the web.
    day_first : bool
        Whether 1/2/2024 is the first of February.
    time_zone : str
        Zone of the times that name none.
    currency_digits : int
        Digits of the currency's minor unit: 2 for dollars and yuan, 0 for yen.
    max_price : int
        Prices and amounts above so many major units are absurd.
    max_quantity : int
        Quantities above it are absurd.
    event_type : str, optional
        Type of all events of a file that has no column for it.
    """

    now: datetime
    floor: datetime = datetime(1995, 1, 1, tzinfo=UTC)
    day_first: bool = False
    time_zone: str = "UTC"
    currency_digits: int = 2
    max_price: int = 10_000_000
    max_quantity: int = 1_000_000
    event_type: str | None = None

    def __post_init__(self) -> None:
        for name in ("now", "floor"):
            if getattr(self, name).tzinfo is None:
                got = getattr(self, name)
                raise OptionError.of(name, "cleaning", "a datetime with a time zone", got)
        check_time_zone(self.time_zone)
        if not 0 <= self.currency_digits <= 4:
            got = self.currency_digits
            raise OptionError.of("currency_digits", "cleaning", "between 0 and 4", got)
        for name, most in (("max_price", 10_000_000), ("max_quantity", 10_000_000)):
            # Their product in minor units must fit into 64 bits, and so must every sum on the way.
            scale = 10 ** max(2 - self.currency_digits, 0) if name == "max_price" else 1
            if not 1 <= getattr(self, name) <= most * scale:
                allowed = f"between 1 and {most * scale:,}"
                raise OptionError.of(name, "cleaning", allowed, getattr(self, name))

    @property
    def now_micros(self) -> int:
        """`now` in microseconds since 1970."""
        return _micros(self.now)

    @property
    def floor_micros(self) -> int:
        """`floor` in microseconds since 1970."""
        return _micros(self.floor)


def _micros(moment: datetime) -> int:
    past = moment - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


@dataclass(frozen=True)
class Cells:
    """A draft after its values were read.

    Parameters
    ----------
    table : pyarrow.Table
        The draft's columns in the order and with the types of the log, and ``__row__``. Values
        that could not be read are null.
    micros : int64 array
        Times in microseconds since 1970; 0 where there is none.
    no_time, no_user, no_event_type : bool array
        Rows in which a required value is missing or cannot be read.
    custom_event_type : bool array
        Rows whose type is not in the vocabulary.
    line : Line
        Price, quantity and amount, and the rows in which they make no sense.
    text_changed : bool array
        Rows from which markup or control characters were taken.
    value_dropped : bool array
        Rows with an optional number that is none.
    """

    table: pa.Table
    micros: np.ndarray
    no_time: np.ndarray
    no_user: np.ndarray
    no_event_type: np.ndarray
    custom_event_type: np.ndarray
    line: Line
    text_changed: np.ndarray
    value_dropped: np.ndarray


def cells_of(draft: pa.Table, options: CleanOptions) -> Cells:
    """Read every value of a draft; nothing is judged yet.

    Raises
    ------
    MappingError
        When a required column is missing or a column is none of the log's.
    """
    _check_columns(draft, options)
    rows = draft.num_rows
    read: dict[str, pa.Array] = {}
    text_changed, value_dropped = np.zeros(rows, bool), np.zeros(rows, bool)
    for name, clean_column in _TEXTS.items():
        if name in draft.column_names:
            read[name], changed = clean_column(draft[name])
            text_changed |= changed
    if c.CURRENCY in read:
        read[c.CURRENCY] = pc.utf8_upper(read[c.CURRENCY])
    for name, (least, most) in _NUMBERS.items():
        if name in draft.column_names:
            read[name], dropped = _optional_number(draft[name], name, least, most)
            value_dropped |= dropped
    times = parse_times(
        draft[c.TIMESTAMP], day_first=options.day_first, time_zone=options.time_zone
    )
    read[c.TIMESTAMP] = times
    read[c.EVENT_TYPE], custom, changed = _event_types(draft, options)
    line = _line(draft, options, read)
    return Cells(
        table=_table(read, draft),
        micros=times.view(pa.int64()).fill_null(0).to_numpy(),
        no_time=_is_null(times),
        no_user=_is_null(read[c.USER_ID]),
        no_event_type=_is_null(read[c.EVENT_TYPE]),
        custom_event_type=custom,
        line=line,
        text_changed=text_changed | changed,
        value_dropped=value_dropped,
    )


def _check_columns(draft: pa.Table, options: CleanOptions) -> None:
    names = set(draft.column_names)
    given = {c.EVENT_TYPE} if options.event_type is not None else set()
    for name in c.REQUIRED:
        if name not in names | given:
            seen = ", ".join(sorted(names - {c.ROW})) or "nothing"
            raise MappingError(
                f"No column gives the {name}. There is {seen}. Name it with --map COLUMN={name}"
                + (", or give one type for all rows." if name == c.EVENT_TYPE else ".")
            )
    unknown = sorted(names - set(c.EVENT_SCHEMA.names) - {c.ROW})
    if unknown:
        allowed = ", ".join(c.EVENT_SCHEMA.names)
        raise MappingError(f"{unknown[0]!r} is no column of events. They are: {allowed}.")


def _is_null(array: pa.Array) -> np.ndarray:
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False))


def _event_types(draft: pa.Table, options: CleanOptions) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """Map each different name once onto the vocabulary."""
    rows = draft.num_rows
    if c.EVENT_TYPE not in draft.column_names:
        name = event_type_of(options.event_type or "")
        custom = np.full(rows, name not in EVENT_TYPES)
        return pa.repeat(pa.scalar(name), rows), custom, np.zeros(rows, bool)
    names, changed = clean_ids(draft[c.EVENT_TYPE])
    coded = names.dictionary_encode()
    mapped = [event_type_of(name) for name in coded.dictionary.to_pylist()]
    is_custom = pa.array([name not in EVENT_TYPES for name in mapped], pa.bool_())
    custom = is_custom.take(coded.indices).fill_null(fill_value=False)
    types = pa.array(mapped, pa.string()).take(coded.indices)
    return types, custom.to_numpy(zero_copy_only=False), changed


def _optional_number(
    column: pa.ChunkedArray, name: str, least: float, most: float
) -> tuple[pa.Array, np.ndarray]:
    """Read an optional number; one that makes no sense is dropped and said to be."""
    kind = c.EVENT_SCHEMA.field(name).type
    values, absent, bad = parse_floats(column)
    bad = bad | (~absent & ((values < least) | (values > most)))
    if pa.types.is_integer(kind):
        bad |= ~absent & (values != np.floor(values))
    kept = np.where(absent | bad, 0, values)
    return pa.array(kept, mask=absent | bad).cast(kind, safe=False), bad


def _line(draft: pa.Table, options: CleanOptions, read: dict[str, pa.Array]) -> Line:
    """Read price, amount and quantity, and add the columns that say something."""
    given = {
        name: draft[name] for name in (c.PRICE, c.AMOUNT, c.QUANTITY) if name in draft.column_names
    }
    line = line_of(
        given.get(c.PRICE),
        given.get(c.AMOUNT),
        given.get(c.QUANTITY),
        rows=draft.num_rows,
        currency_digits=options.currency_digits,
        max_price=options.max_price,
        max_quantity=options.max_quantity,
    )
    if c.PRICE in given or (c.AMOUNT in given and c.QUANTITY in given):
        read[c.PRICE] = _array_of(line.price, pa.int64())
    if c.PRICE in given or c.AMOUNT in given:
        read[c.AMOUNT] = _array_of(line.amount, pa.int64())
    if c.QUANTITY in given:
        read[c.QUANTITY] = _array_of(line.quantity, pa.int32())
    return line


def _array_of(numbers: Numbers, kind: pa.DataType) -> pa.Array:
    missing = numbers.kinds != GIVEN
    values = pa.array(numbers.values, mask=missing) if missing.any() else pa.array(numbers.values)
    return values.cast(kind, safe=False)


def _table(read: dict[str, pa.Array], draft: pa.Table) -> pa.Table:
    """Put the columns into the log's order; the row numbers come last."""
    names = [name for name in c.EVENT_SCHEMA.names if name in read]
    rows = draft[c.ROW] if c.ROW in draft.column_names else pa.array(range(1, draft.num_rows + 1))
    fields = [pa.field(name, c.EVENT_SCHEMA.field(name).type) for name in names]
    schema = pa.schema([*fields, pa.field(c.ROW, pa.int64())])
    return pa.Table.from_arrays(
        [*(read[name] for name in names), rows.cast(pa.int64())], schema=schema
    )
