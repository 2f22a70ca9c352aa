"""Conditions over events: an expression bound to the fields of a log, as a mask over a chunk."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.scope.expression import (
    Among,
    And,
    Call,
    Compare,
    Expression,
    Holds,
    Missing,
    Name,
    Not,
    Or,
    Text,
    Value,
    names_in,
    parse_expression,
)
from footfall.analytics.scope.fields import EventType, Field, Number, field_named
from footfall.errors import OptionError
from footfall.events.vocabulary import EVENT_TYPES, event_type_of
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Condition", "condition", "condition_of"]

Mask = npt.NDArray[np.bool_]
_COMPARE: Mapping[str, Callable[[pa.Array, pa.Scalar], pa.Array]] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_TEXT: Mapping[str, Callable[[pa.Array, str], pa.Array]] = {
    "contains": pc.match_substring,
    "starts with": pc.starts_with,
    "matches": pc.match_substring_regex,
}


@dataclass(frozen=True)
class Condition:
    """An expression over single events, ready for any chunk of its log.

    Parameters
    ----------
    text : str
        As it was written.
    tree : Expression
    fields : mapping of str to Field
        What its names stand for.
    """

    text: str
    tree: Expression
    fields: Mapping[str, Field]

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns it reads."""
        return tuple(dict.fromkeys(c for field in self.fields.values() for c in field.columns))

    def mask(self, chunk: UserChunk) -> Mask:
        """Say for each event of a chunk whether it matches, shape (N,)."""
        return self._mask(self.tree, chunk)

    def _mask(self, tree: Expression, chunk: UserChunk) -> Mask:
        if isinstance(tree, And):
            return np.logical_and.reduce([self._mask(part, chunk) for part in tree.parts])
        if isinstance(tree, Or):
            return np.logical_or.reduce([self._mask(part, chunk) for part in tree.parts])
        if isinstance(tree, Not):
            return ~self._mask(tree.part, chunk)
        assert isinstance(tree.operand, Name)  # noqa: S101  # condition_of refused calls
        field = self.fields[tree.operand.text]
        if isinstance(field, Number) and isinstance(tree, Compare):
            return _compared(field.numbers(chunk), tree)
        table = np.append(_tested(field.values(chunk), tree), isinstance(tree, Missing))
        return table[field.codes(chunk)]  # the code -1, no value, finds the last


def condition(
    log: LogView, text: str, *, owner: str, option: str = "where", time_zone: str = "UTC"
) -> Condition:
    """Read an expression over events and find the fields it names.

    Comparisons with what an event does not have are false, "!=" among them.

    Parameters
    ----------
    log : LogView
    text : str
        See :mod:`footfall.analytics.scope.expression`. Money is in major units.
    owner, option : str
        What errors name.
    time_zone : str, default="UTC"
        Of hour, weekday, day, week and month.

    Raises
    ------
    OptionError
        If it is no expression, names no field, or an event type that was never seen.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-01T10:05", "purchase", "kettle", 1, 1990),
    ... ], buckets=1)
    >>> dear = condition(log, "amount > 19.5 or event_type = '浏览'", owner="funnel")
    >>> dear.mask(next(iter(log.chunks))).tolist()
    [True, True]
    """
    tree = parse_expression(text, option=option, owner=owner)
    return condition_of(log, tree, text, owner=owner, option=option, time_zone=time_zone)


def condition_of(
    log: LogView,
    tree: Expression,
    text: str,
    *,
    owner: str,
    option: str = "where",
    time_zone: str = "UTC",
) -> Condition:
    """Bind an expression that was read already; see :func:`condition`."""
    fields = {
        name: field_named(log, name, owner=owner, option=option, time_zone=time_zone)
        for name in names_in(tree)
    }
    return Condition(text, _checked(tree, fields, log, text, owner, option), fields)


def _checked(  # one return a kind of node
    tree: Expression,
    fields: Mapping[str, Field],
    log: LogView,
    text: str,
    owner: str,
    option: str,
) -> Expression:
    """Refuse what single events cannot answer; spell event types as the log does."""
    if isinstance(tree, And):
        return And(tuple(_checked(p, fields, log, text, owner, option) for p in tree.parts))
    if isinstance(tree, Or):
        return Or(tuple(_checked(p, fields, log, text, owner, option) for p in tree.parts))
    if isinstance(tree, Not):
        return Not(_checked(tree.part, fields, log, text, owner, option))
    if isinstance(tree.operand, Call) or isinstance(tree, Holds):
        allowed = 'about single events, such as "price > 20"; rules over users are segments'
        raise OptionError.of(option, owner, allowed, text)
    field = fields[tree.operand.text]
    if isinstance(tree, Compare) and isinstance(field, EventType):
        return Compare(tree.operand, tree.operator, _event_type(log, tree.value, owner, option))
    if isinstance(tree, Among) and isinstance(field, EventType):
        named = tuple(_event_type(log, value, owner, option) for value in tree.values)
        return Among(tree.operand, named)
    if isinstance(tree, Compare) and isinstance(field, Number) and not _number(tree.value):
        allowed = f"an expression that compares {field.name} with a number"
        raise OptionError.of(option, owner, allowed, text)
    if isinstance(tree, Text) and tree.how == "matches":
        _check_pattern(tree.text, owner, option)
    return tree


def _number(value: Value) -> bool:
    return isinstance(value, Decimal)


def _event_type(log: LogView, value: Value, owner: str, option: str) -> str:
    name = str(value)
    known = log.event_types
    name = name if name in known else event_type_of(name)
    if name in known or name in EVENT_TYPES:
        return name
    near = difflib.get_close_matches(name, known, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    allowed = f"about event types of the log ({', '.join(known[:30])})"
    raise OptionError(str(OptionError.of(option, owner, allowed, name)) + hint)


def _check_pattern(pattern: str, owner: str, option: str) -> None:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        allowed = f"an expression with a regular expression (RE2): {error}"
        raise OptionError.of(option, owner, allowed, pattern) from None


def _compared(numbers: npt.NDArray[np.float64], tree: Compare) -> Mask:
    value = float(tree.value)
    if tree.operator == "!=":
        return (numbers != value) & ~np.isnan(numbers)
    return {
        "=": np.equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }[tree.operator](numbers, value)


def _tested(values: pa.Array, tree: Expression) -> Mask:
    """Test what the codes stand for: each different value once, however many events have it."""
    if isinstance(tree, Missing):
        return np.zeros(len(values), bool)
    if isinstance(tree, Among):
        return np.logical_or.reduce([_equal(values, "=", value) for value in tree.values])
    if isinstance(tree, Text):
        return _mask_of(_TEXT[tree.how](values.cast(pa.string()), tree.text))
    assert isinstance(tree, Compare)  # noqa: S101  # condition_of refused the others
    return _equal(values, tree.operator, tree.value)


def _equal(values: pa.Array, operator: str, value: Value) -> Mask:
    if isinstance(value, Decimal):
        numbers = _numbers_of(values)
        return _compared(numbers, Compare(Name(""), operator, value))  # type: ignore[arg-type]  # checked when read
    text = str(value).lower() if isinstance(value, bool) else value
    return _mask_of(_COMPARE[operator](values.cast(pa.string()), pa.scalar(text)))


def _numbers_of(values: pa.Array) -> npt.NDArray[np.float64]:
    """Read values as numbers, NaN where they are none."""
    if not pa.types.is_string(values.type):
        return values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    plain = pc.match_substring_regex(values, r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$")
    kept = pc.if_else(plain, pc.utf8_trim_whitespace(values), None)
    return kept.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)


def _mask_of(found: pa.Array) -> Mask:
    return found.fill_null(fill_value=False).to_numpy(zero_copy_only=False)
