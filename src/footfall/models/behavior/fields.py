"""What each token says: the fields of its event, the clock, and what came long before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from footfall.features.event_codes import EventCodes
from footfall.features.event_reading import NEVER
from footfall.features.event_rows import EventRows
from footfall.models.behavior.tokens import Tokens
from footfall.models.schema import Field, Schema

__all__ = ["Clock", "behavior_schema", "clock_fields", "event_fields", "token_fields", "user_field"]

Array = npt.NDArray[Any]
Int64 = npt.NDArray[np.int64]

SECOND = 1_000_000  # microseconds
HOUR = 3_600 * SECOND
AN_OCTAVE = 2  # buckets of a length of time while it doubles
BUCKETS = 64  # up to 2**31 seconds, 68 years
A_DAY, SPREAD = 16.4, 5.0  # log2 of its seconds, and what brings a minute and a year near 2
ITEM, USER = "item", "user"
NUMBERS = ("price", "relative_price", "quantity")
# The gap as a number, too: silences longer than any that was learned from are more of the same.
CLOCK_NUMBERS = ("silence", "since_order", "age", "events", "orders")


@dataclass(frozen=True, kw_only=True, eq=False)
class Clock:
    """When tokens are, and what came before each of them; arrays of one shape.

    Parameters
    ----------
    moments : int64 array
        Microseconds UTC.
    gaps, since_order, ages : int64 arrays
        Microseconds since the event before, the last purchase and the first event; negative where
        there is none.
    events, orders : int64 arrays
        How many came before.
    """

    moments: Int64
    gaps: Int64
    since_order: Int64
    ages: Int64
    events: Int64
    orders: Int64


def behavior_schema(rows: EventRows) -> Schema:
    """Declare the fields of a token: those of which the rows say anything.

    Parameters
    ----------
    rows : EventRows

    Returns
    -------
    Schema
        Types of events have two codes more: the prefix and the request.
    """
    codes = rows.codes
    fields = [Field(name="event_type", kind="code", size=len(codes.event_types) + 2)]
    if len(codes.item_ids):
        fields.append(Field(name=ITEM, kind="item", size=len(codes.item_ids)))
    if codes.categories:
        fields.append(Field(name="category", kind="code", size=len(codes.categories)))
    fields += [Field(name=name, kind="number") for name in NUMBERS if np.isfinite(rows[name]).any()]
    if len(rows.query_vectors):
        fields.append(Field(name="query", kind="vector", size=rows.query_vectors.shape[1]))
    fields += [
        Field(name=f"property_{place}", kind="code", size=len(values))
        for place, values in enumerate(codes.properties.values())
        if values
    ]
    if codes.attributes:
        size = sum(attribute.size for attribute in codes.attributes)
        fields.append(Field(name=USER, kind="vector", size=size))
    fields += [
        Field(name="gap", kind="code", size=BUCKETS),
        Field(name="hour", kind="code", size=24),
        Field(name="weekday", kind="code", size=7),
        *(Field(name=name, kind="number") for name in CLOCK_NUMBERS),
    ]
    return Schema(fields)


def token_fields(
    schema: Schema, rows: EventRows, tokens: Tokens, places: Int64, *, prefix: bool
) -> tuple[dict[str, Tensor], Tensor]:
    """Give the fields of some windows of tokens, and their times in seconds.

    Parameters
    ----------
    schema : Schema
    rows : EventRows
    tokens : Tokens
    places : int64 array, shape (B, T)
        Token numbers.
    prefix : bool
        Put a token before each window that says who the user is.

    Returns
    -------
    fields : dict of name to Tensor, shape (B, T') or (B, T', D)
        ``T'`` is one more with a prefix.
    seconds : float64 Tensor, shape (B, T')
        Since the first token of all.
    """
    row, user = tokens.rows[places], tokens.users[places]
    types = len(rows.codes.event_types)
    fields = event_fields(rows.codes, rows.columns, rows.query_vectors, row, schema)
    fields["event_type"] = np.where(row < 0, types + 1, fields["event_type"])
    fields |= clock_fields(_clock(rows, tokens, places), rows.codes)
    moments = tokens.moments[places]
    if prefix:
        fields = {name: _with_first(values) for name, values in fields.items()}
        fields["event_type"][:, 0] = types
        moments = np.concatenate([moments[:, :1], moments], axis=1)
        fields[USER] = np.full((*moments.shape, user_size(rows.codes)), np.nan, np.float32)
        fields[USER][:, 0] = user_field(rows.codes, _of_users(rows.attributes, user[:, 0]))
    seconds = (moments - moments.min(initial=2**62)) / SECOND
    wanted = {field.name for field in schema.fields}
    tensors = {
        n: torch.from_numpy(np.ascontiguousarray(v)) for n, v in fields.items() if n in wanted
    }
    return tensors, torch.from_numpy(seconds)


def event_fields(
    codes: EventCodes,
    columns: Mapping[str, Array],
    query_vectors: Array,
    row: Int64,
    schema: Schema,
) -> dict[str, Array]:
    """Give what events say, nothing where `row` is -1."""
    gone, at = row < 0, np.maximum(row, 0)
    names = {field.name for field in schema.fields}
    fields: dict[str, Array] = {
        name: _codes_at(columns[column], at, gone)
        for name, column in (
            ("event_type", "event_type"), (ITEM, "item"), ("category", "category"),
            *((f"property_{k}", f"properties.{key}") for k, key in enumerate(codes.properties)),
        )
        if name in names
    }  # fmt: skip
    for name in NUMBERS:
        if name in names:
            fields[name] = np.where(gone, np.float32(np.nan), _at(columns[name], at))
    if "query" in names:
        query = _codes_at(columns["query"], at, gone)
        fields["query"] = np.full((*query.shape, schema_size(schema, "query")), np.nan, np.float32)
        said = query >= 0
        if said.any():
            fields["query"][said] = query_vectors[query[said]]
    return fields


def clock_fields(clock: Clock, codes: EventCodes) -> dict[str, Array]:
    """Give what the time says, and what came before."""
    local = clock.moments // SECOND + codes.utc_offset_minutes * 60
    return {
        "gap": _bucket(clock.gaps),
        "silence": _number(clock.gaps),
        "since_order": _number(clock.since_order),
        "age": _number(clock.ages),
        "hour": (local // 3_600) % 24,
        "weekday": (local // 86_400 + 3) % 7,  # 1970-01-01 was a Thursday; Monday is 0
        "events": (np.log1p(clock.events) / 2 - 1).astype(np.float32),
        "orders": np.log1p(clock.orders).astype(np.float32),
    }


def user_size(codes: EventCodes) -> int:
    """Give the numbers that say who a user is."""
    return sum(attribute.size for attribute in codes.attributes)


def user_field(codes: EventCodes, attributes: Array) -> npt.NDArray[np.float32]:
    """Give who users are: a 1 for each attribute that is known, shape (B, D)."""
    size = user_size(codes)
    whole = np.zeros((len(attributes), size), np.float32)
    start = 0
    for column, attribute in enumerate(codes.attributes):
        known = np.flatnonzero(attributes[:, column] >= 0)
        whole[known, start + attributes[known, column]] = 1.0
        start += attribute.size
    return whole


def schema_size(schema: Schema, name: str) -> int:
    """Give the size of a field."""
    return next(field.size for field in schema.fields if field.name == name)


def _clock(rows: EventRows, tokens: Tokens, places: Int64) -> Clock:
    """Look up what came before each token."""
    user, known, moments = tokens.users[places], tokens.known[places], tokens.moments[places]
    nobody = user < 0
    own = np.maximum(user, 0)
    first = np.where(nobody, known, rows.offsets[own])
    some = known > first  # a row before is at hand
    last = np.maximum(known - 1, 0)
    nothing = np.int64(NEVER)
    before = np.where(some, _at(rows["timestamp"], last), nothing)
    order = np.where(some, _at(rows["last_order"], last), nothing)
    events = np.where(some, known - first + _at(rows.earlier, own), 0)
    began = np.where(some, _at(rows.began, own), nothing)
    return Clock(
        moments=moments,
        gaps=_since(moments, before),
        since_order=_since(moments, order),
        ages=_since(moments, began),
        events=events,
        orders=np.where(some, _at(rows["orders"], last), 0),
    )


def _since(moments: Int64, before: Int64) -> Int64:
    return np.where(before == NEVER, -1, moments - np.where(before == NEVER, 0, before))


def _bucket(lengths: Int64) -> Int64:
    """Give two buckets an octave of seconds; -1 where there is no length."""
    seconds = np.maximum(lengths, 0) / SECOND
    bucket = np.minimum((AN_OCTAVE * np.log2(1 + seconds)).astype(np.int64), BUCKETS - 1)
    return np.where(lengths < 0, -1, bucket)


def _number(lengths: Int64) -> npt.NDArray[np.float32]:
    """Give the logarithm of lengths, a day being about 0; NaN where there is no length."""
    seconds = np.where(lengths < 0, np.nan, lengths) / SECOND
    return ((np.log2(1 + seconds) - A_DAY) / SPREAD).astype(np.float32)


def _at(values: Array, at: Int64) -> Array:
    return values[at] if len(values) else np.zeros(at.shape, values.dtype)


def _codes_at(values: Array, at: Int64, gone: npt.NDArray[np.bool_]) -> Int64:
    return np.where(gone, -1, _at(values, at)).astype(np.int64)


def _of_users(attributes: Array, users: Int64) -> Array:
    known = np.full((len(users), attributes.shape[1]), -1, np.int32)
    known[users >= 0] = attributes[users[users >= 0]]
    return known


def _with_first(values: Array) -> Array:
    """Put a missing value before each window."""
    missing = np.nan if values.dtype.kind == "f" else -1
    first = np.full((len(values), 1, *values.shape[2:]), missing, values.dtype)
    return np.concatenate([first, values], axis=1)
