"""Rules over users: conditions on what each user did, answered in one pass over the log."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np
import numpy.typing as npt

from footfall.analytics.scope.calendar import Calendar
from footfall.analytics.scope.conditions import Condition, condition_of
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
    parse_expression,
)
from footfall.analytics.scope.fields import Field, field_named
from footfall.analytics.scope.user_measures import (
    Aggregate,
    Measured,
    Moments,
    measure_aggregates,
    merge_measured,
)
from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment
from footfall.store.chunk import UserChunk
from footfall.store.sessions import gap_microseconds
from footfall.store.view import LogView

__all__ = ["FUNCTIONS", "last_moment", "users_matching"]

# Function of a rule -> what it gives of each user.
FUNCTIONS: dict[str, str] = {
    "count": "number of matching events",
    "sum": "sum of a column over matching events",
    "mean": "mean of a column over matching events that have it; missing without any",
    "min": "least of a column over matching events; missing without any",
    "max": "greatest of a column over matching events; missing without any",
    "days": "number of different days with a matching event",
    "items": "number of different items of matching events",
    "orders": "number of sessions with a matching purchase",
    "sessions": "number of sessions with a matching event",
    "days_since": "days since the last matching event; missing without any",
    "days_since_first": "days since the first matching event; missing without any",
    "did": "whether there is a matching event, or a chain joined by 'then'",
}
_CHINESE = {
    "次数": "count", "总和": "sum", "平均": "mean", "最小": "min", "最大": "max",
    "天数": "days", "商品数": "items", "订单数": "orders", "会话数": "sessions",
    "距今天数": "days_since", "距首次天数": "days_since_first", "做过": "did",
}  # fmt: skip
_OF_COLUMN = {"sum", "mean", "min", "max"}
_MOST_STEPS = 30


def last_moment(log: LogView, at: Moment | None, *, owner: str) -> int:
    """Give the moment a question about users looks from: ``at``, or the log's last event."""
    if at is not None:
        return parse_moment(at, option="at", owner=owner)
    span = log.span
    return span[1] if span else 0


def users_matching(
    log: LogView,
    rule: str,
    *,
    at: Moment | None = None,
    time_zone: str = "UTC",
    gap_minutes: float = 30,
    option: str = "rule",
    owner: str = "a segment",
) -> npt.NDArray[np.bool_]:
    """Say of each user code whether the user matches a rule.

    A rule joins comparisons by and, or, not and brackets. What is compared is a column of the user
    table, or a function of the user's events: ``count(purchase)``, ``sum(amount where event_type =
    'purchase')``, ``days_since(view)``, ``did(view then purchase within 7d)``; see
    :data:`FUNCTIONS`. The events of a function are an event type (加购 is understood, too) or any
    condition, with more after "where"; ``in last 30d`` behind the brackets counts back from ``at``.
    What is missing compares as false. Users without any event by ``at`` never match.

    Parameters
    ----------
    log : LogView
    rule : str
    at : str, datetime or int, optional
        The moment to look from; later events do not count. None: the last event of the log.
    time_zone : str, default="UTC"
        Zone of days and hours.
    gap_minutes : float, default=30
        Silence that ends a session where none is given.
    option, owner : str
        What errors name.

    Returns
    -------
    ndarray of bool, shape (user codes,)

    Raises
    ------
    OptionError
        If the rule cannot be read, or names what the log has not.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:00", "purchase", "kettle", 1, 1990),
    ...     ("bob", "2026-01-02T09:00", "view", "teapot"),
    ... ])
    >>> users_matching(log, "sum(amount where event_type = purchase) > 19 and 次数(浏览) = 1").tolist()
    [True, False]
    >>> users_matching(log, "did(view then purchase within 1d) or days_since(view) < 2").tolist()
    [False, True]
    """  # noqa: E501  # a rule reads best in one line
    tree = parse_expression(rule, option=option, owner=owner)
    reader = _Reader(log, rule, option, owner, time_zone)
    calls = tuple(dict.fromkeys(reader.calls(tree)))
    aggregates = tuple(reader.aggregate(call) for call in calls)
    conditions = {leaf: reader.of_users(leaf) for leaf in _leaves(tree)}
    moment = last_moment(log, at, owner=owner)
    days = np.zeros(2, np.int64)
    if any(each.function == "days" for each in aggregates) and (span := log.span):
        days = Calendar("day", time_zone, owner).starts(*span)
    moments = Moments(moment, days, gap_microseconds(gap_minutes, owner=owner))
    measured = log.map(
        partial(measure_aggregates, aggregates, moments, len(log.item_ids)),
        merge_measured,
        columns=tuple(dict.fromkeys(("timestamp", *(c for a in aggregates for c in a.columns)))),
        label=owner,
    )
    members = np.zeros(len(log.user_ids), np.bool_)
    members[measured.users] = _Matches(calls, measured, conditions).mask(tree)
    return members


@dataclass(frozen=True)
class _Matches:
    """Evaluates a rule over users whose aggregates are known."""

    calls: tuple[Call, ...]
    measured: Measured
    conditions: dict[Expression, Condition]

    def mask(self, tree: Expression) -> npt.NDArray[np.bool_]:
        """Say of each measured user whether the user matches."""
        if isinstance(tree, And):
            return np.logical_and.reduce([self.mask(part) for part in tree.parts])
        if isinstance(tree, Or):
            return np.logical_or.reduce([self.mask(part) for part in tree.parts])
        if isinstance(tree, Not):
            return ~self.mask(tree.part)
        if not isinstance(tree.operand, Call):
            return self.conditions[tree].mask(_as_rows(self.measured.users))
        return _tested(self.measured.values[:, self.calls.index(tree.operand)], tree)


def _tested(values: npt.NDArray[np.float64], tree: Expression) -> npt.NDArray[np.bool_]:
    """Test a function's values, NaN where it has none."""
    if isinstance(tree, Missing):
        return np.isnan(values)
    if isinstance(tree, Holds):
        return values == 1
    if isinstance(tree, Among):
        return np.isin(values, [float(value) for value in tree.values])
    assert isinstance(tree, Compare)  # noqa: S101  # the reader refused the others
    return _compared(values, tree.operator, float(tree.value))


def _compared(
    values: npt.NDArray[np.float64], operator: str, value: float
) -> npt.NDArray[np.bool_]:
    if operator == "!=":
        return (values != value) & ~np.isnan(values)
    compare = {"=": np.equal, "<": np.less, "<=": np.less_equal, ">": np.greater}
    return compare.get(operator, np.greater_equal)(values, value)


def _as_rows(users: npt.NDArray[np.int32]) -> UserChunk:
    """Give a chunk of one row a user, for conditions on properties of users alone."""
    return UserChunk(users, np.arange(len(users) + 1, dtype=np.int64), {}, verify=False)


def _tests(tree: Expression) -> Iterator[Compare | Among | Text | Missing | Holds]:
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from _tests(part)
    elif isinstance(tree, Not):
        yield from _tests(tree.part)
    else:
        yield tree


def _leaves(tree: Expression) -> list[Expression]:
    return [test for test in _tests(tree) if not isinstance(test.operand, Call)]


@dataclass(frozen=True)
class _Reader:
    """Turns what a rule names into aggregates and conditions of its log."""

    log: LogView
    rule: str
    option: str
    owner: str
    time_zone: str

    def error(self, allowed: str, got: object, near: str = "") -> OptionError:
        return OptionError(f"{OptionError.of(self.option, self.owner, allowed, got)}{near}")

    def calls(self, tree: Expression) -> Iterator[Call]:
        """Give the functions of a rule, each test checked for what functions can be asked."""
        for test in _tests(tree):
            if not isinstance(test.operand, Call):
                continue
            name = _CHINESE.get(test.operand.function, test.operand.function)
            values = test.values if isinstance(test, Among) else ()
            values += (test.value,) if isinstance(test, Compare) else ()
            if isinstance(test, Text) or not all(isinstance(v, Decimal) for v in values):
                allowed = f"a rule that compares {name}(...) with numbers"
                raise self.error(allowed, self.rule)
            if isinstance(test, Holds) and name != "did" and name in FUNCTIONS:
                raise self.error(f"a rule that compares {name}(...) with a number", self.rule)
            yield test.operand

    def of_users(self, test: Expression) -> Condition:
        """Bind a test of a column of the user table."""
        assert not isinstance(test, And | Or | Not)  # noqa: S101  # a leaf
        assert isinstance(test.operand, Name)  # noqa: S101  # not a call
        name = test.operand.text
        if isinstance(test, Holds):
            raise self.error("made of comparisons, such as 'count(purchase) > 1'", name)
        field = field_named(
            self.log, name, owner=self.owner, option=self.option, time_zone=self.time_zone
        )
        if not field.of_user:
            allowed = (
                f"about users: {name} differs from event to event; say of which events, such as"
                f" 'count(view where {name} = ...) > 0'"
            )
            raise self.error(allowed, self.rule)
        return self._condition(test)

    def aggregate(self, call: Call) -> Aggregate:
        """Bind a function of a user's events."""
        function = _CHINESE.get(call.function, call.function)
        if function not in FUNCTIONS:
            near = difflib.get_close_matches(function, FUNCTIONS, n=2)
            hint = f" Did you mean {', '.join(near)}?" if near else ""
            raise self.error(f"made of {', '.join(FUNCTIONS)}", f"{call.function}(...)", hint)
        arguments = list(call.arguments)
        value = self._value(function, arguments.pop(0) if arguments else None) if (
            function in _OF_COLUMN
        ) else None  # fmt: skip
        chain = function == "did"
        if len(arguments) > (_MOST_STEPS if chain else 1) or (value and arguments):
            raise self.error(f"a rule in which {function} has fewer arguments", self.rule)
        if call.within is not None and len(arguments) < 2:
            allowed = "a rule that says 'within' of a chain, such as did(view then purchase)"
            raise self.error(allowed, self.rule)
        steps = tuple(self._step(each, call.where, function) for each in arguments)
        if not arguments and (call.where is not None or function == "orders"):
            steps = (self._step(None, call.where, function),)
        return Aggregate(function, steps, value, call.within, call.last)

    def _value(self, function: str, argument: Expression | None) -> Field:
        if not isinstance(argument, Holds) or not isinstance(argument.operand, Name):
            allowed = f"a rule in which {function} names a column: {function}(amount where ...)"
            raise self.error(allowed, self.rule)
        name = argument.operand.text
        return field_named(
            self.log, name, owner=self.owner, option=self.option, time_zone=self.time_zone
        )

    def _step(
        self, argument: Expression | None, where: Expression | None, function: str
    ) -> Condition:
        kind = "event_type"
        parts = [] if argument is None else [_as_condition(argument)]
        parts += [] if where is None else [_as_condition(where)]
        parts += [Compare(Name(kind), "=", "purchase")] if function == "orders" else []
        return self._condition(parts[0] if len(parts) == 1 else And(tuple(parts)))

    def _condition(self, tree: Expression) -> Condition:
        return condition_of(
            self.log, tree, self.rule, owner=self.owner, option=self.option,
            time_zone=self.time_zone,
        )  # fmt: skip


def _as_condition(tree: Expression) -> Expression:
    """Read a name that stands alone as an event type."""
    if isinstance(tree, And):
        return And(tuple(_as_condition(part) for part in tree.parts))
    if isinstance(tree, Or):
        return Or(tuple(_as_condition(part) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(_as_condition(tree.part))
    if isinstance(tree, Holds) and isinstance(tree.operand, Name):
        return Compare(Name("event_type"), "=", tree.operand.text)
    return tree
