"""Sequential patterns: what is bought in a later order by those who bought something before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.basket.baskets import BasketRule, add_counts
from footfall.analytics.basket.mined import by_name, checked_support, least_count
from footfall.analytics.basket.ordered import (
    OrderedCounts,
    OrderedRule,
    count_ordered,
    count_users,
    gaps_of,
    list_ordered,
    merge_ordered,
)
from footfall.analytics.basket.rules import alphabetical
from footfall.analytics.listing import joined
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.significance import benjamini_hochberg
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.orders import DAY, EVER, order_rule
from footfall.analytics.value.things import Things, things_of
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["SequentialPatterns", "sequential_patterns"]

_SORTS = ("lift", "confidence", "users")


@dataclass(frozen=True, kw_only=True, repr=False)
class SequentialPatterns(Answer):
    """The answer of :func:`sequential_patterns`.

    Attributes
    ----------
    frame : pa.Table
        A row a pattern: first, then (things), users (int64), support (share of buyers), confidence
        (share of the buyers of `first`), lift (null where a thing follows itself), reverse_users
        (int64: `then` before `first`), order_share (of the users with only one of the two orders,
        the share with this one; null without any), p_value (corrected, of order_share against one
        half), median_days (from the one to the other).
    groups : pa.Table or None
        With a breakdown, the patterns of each group on its own.
    buyers : int
        Users who were counted.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "support": "share",
        "confidence": "share",
        "order_share": "share",
    }

    frame: pa.Table
    groups: pa.Table | None
    buyers: int
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, first: str, then: str, *, group: str | None = None) -> list[str]:
        """List the users who bought one thing and, in a later order, the other.

        Raises
        ------
        OptionError
            If there is no such thing or group.
        """
        return self._question.users(first, then, group)

    def to_json(self) -> dict[str, Any]:
        """Give patterns, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"buyers": self.buyers, "patterns": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the first patterns: how many follow, and after how many days."""
        from footfall.analytics.basket.charts import draw_patterns

        return draw_patterns(self)

    def __str__(self) -> str:
        text = f"buyers {self.buyers:,}\n{super().__str__()}"
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def sequential_patterns(
    log: LogView,
    *,
    level: str = "item",
    depth: int | None = None,
    event_type: str = "purchase",
    order: str = "session",
    gap_minutes: float = 30,
    within: str | timedelta | None = None,
    min_support: float = 5,
    sort: Literal["lift", "confidence", "users"] = "lift",
    limit: int = 50,
    max_basket: int = 100,
    max_orders: int = 1000,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> SequentialPatterns:
    """Find what is bought after what: one thing in an order, the other in a later one.

    A user has the pattern "kettle, then tea" when some order with a kettle is followed by a later
    order with tea, at most `within` after it. Each user counts once.

    Parameters
    ----------
    log : LogView
    level, depth
        What things are, see :func:`footfall.analytics.basket.basket_rules`.
    event_type, order, gap_minutes
        What an order is, see :func:`footfall.analytics.value.rfm.rfm`.
    within : str or timedelta, optional
        Longest time from the one order to the other ("30d"), inclusive; None: any.
    min_support : float, default=5
        Least number of users, or, below 1, least share of buyers.
    sort : "lift", "confidence" or "users", default="lift"
        Order of the patterns, most first.
    limit : int, default=50
        Patterns shown, at most.
    max_basket, max_orders : int
        Orders with more different things, and users with more orders, are passed over.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    SequentialPatterns

    Raises
    ------
    OptionError
        If an option is not as above.

    Notes
    -----
    lift is confidence over the share of all buyers who ever bought `then`. It says that the two
    belong to the same people; order_share says whether the order matters: of the users who have
    only one of the two orders, how many have this one (exact binomial test against one half).

    References
    ----------
    Agrawal, R., Srikant, R., "Mining sequential patterns", 1995.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "purchase", "kettle"), ("ann", "2026-01-11", "purchase", "tea"),
    ...     ("bob", "2026-01-02", "purchase", "kettle"), ("bob", "2026-01-05", "purchase", "tea"),
    ...     ("cid", "2026-01-03", "purchase", "cup"),
    ... ])
    >>> answer = sequential_patterns(log, min_support=2)
    >>> answer.frame.select(["first", "then", "users", "median_days"]).to_pylist()
    [{'first': 'kettle', 'then': 'tea', 'users': 2, 'median_days': 3.0}]
    """
    owner = "sequential_patterns"
    least = checked_support(min_support, owner=owner)
    _check(sort, limit=limit, max_basket=max_basket, max_orders=max_orders)
    longest = EVER - 1
    if within is not None:
        longest = parse_duration(within, option="within", owner=owner, least=0)
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    things = things_of(log, level, depth, owner=owner)
    lines = order_rule(
        log, event_type=event_type, order=order, gap_minutes=gap_minutes, owner=owner
    )
    every = BasketRule(lines, things.of_item, len(things), most=max_basket)
    question = _Question(scope, OrderedRule(every, longest, max_orders), things, least, sort, limit)
    frame, groups, buyers, note = question.frames()
    return SequentialPatterns(
        frame=frame,
        groups=stacked(groups),
        buyers=buyers,
        definition={
            "unit": f"users; {things.text} of {lines.text}",
            "window": "any time" if within is None else f"{duration_text(longest)}, inclusive",
            "order": "a later order; within one order there is none",
            "ties": "orders by their first line; patterns in alphabetical order",
            "time_zone": "UTC; days are 24 hours",
            "passed_over": f"orders with more than {max_basket} different things; users with"
            f" more than {max_orders} orders",
            "median_days": "the shortest time of each user; the lower middle value",
        }
        | scope.definition
        | note,
        _question=question,
    )


def _check(sort: str, **counts: int) -> None:
    if sort not in _SORTS:
        raise OptionError.of("sort", "sequential_patterns", f"one of {list(_SORTS)}", sort)
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            allowed = "an int of at least 1"
            raise OptionError.of(name, "sequential_patterns", allowed, value)


@dataclass(frozen=True)
class _Patterns:
    """Ordered pairs as arrays."""

    first: npt.NDArray[np.int64]
    then: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    reverse: npt.NDArray[np.int64]
    both: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    rule: OrderedRule
    things: Things
    min_support: float
    sort: str
    limit: int

    def frames(self) -> tuple[pa.Table, dict[str, pa.Table], int, dict[str, str]]:
        """Count things, then pairs of frequent ones, then the gaps of those shown."""
        columns = self.rule.baskets.columns
        size = self.rule.baskets.things
        label = "sequential patterns"
        singles = self.scope.ask(
            partial(count_users, self.rule), partial(add_counts, size + 1),
            columns=columns, label=f"{label}: things",
        )  # fmt: skip
        every = by_name(singles)
        least = {name: least_count(self.min_support, int(n[-1])) for name, n in every.items()}
        kept = np.flatnonzero(np.any([n[:-1] >= least[name] for name, n in every.items()], axis=0))
        place = np.full(size, -1, np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        rule = replace(self.rule, baskets=replace(self.rule.baskets, things=len(kept), place=place))
        counted = self.scope.ask(
            partial(count_ordered, rule), merge_ordered, columns=columns, label=label
        )
        names = self.things.names.take(pa.array(kept))
        frames = {
            name: self._shown(names, counts, every[name][kept], int(every[name][-1]), least[name])
            for name, counts in by_name(counted).items()
        }
        pairs = np.unique(np.concatenate([pairs for _, pairs in frames.values()]), axis=0)
        pairs = pairs[np.argsort(pairs[:, 1], kind="stable")].reshape(-1, 2)
        gaps = self.scope.ask(
            partial(gaps_of, rule, pairs), partial(_medians, len(pairs)),
            columns=columns, label=f"{label}: times",
        )  # fmt: skip
        where = {tuple(pair): at for at, pair in enumerate(pairs.tolist())}
        tables = {
            name: table.append_column(
                "median_days",
                pa.array(
                    [(gaps.total if name is None else gaps.groups[name])[where[tuple(pair)]]
                     for pair in mine.tolist()],
                    pa.float64(),
                ),
            )
            for name, (table, mine) in frames.items()
        }  # fmt: skip
        groups = {name: table for name, table in tables.items() if name is not None}
        return tables[None], groups, int(singles.total[-1]), singles.note

    def _shown(
        self, names: pa.Array, counts: OrderedCounts, single: Array, buyers: int, least: int
    ) -> tuple[pa.Table, Array]:
        """Give the table of the first patterns without times, and their things."""
        found = _patterns(counts, max(len(names), 1), least)
        confidence = found.users / np.maximum(single[found.first], 1)
        lift = confidence / np.maximum(single[found.then], 1) * max(buyers, 1)
        lift[found.first == found.then] = np.nan
        ahead, behind = found.users - found.both, found.reverse - found.both
        itself = found.first == found.then
        ahead[itself] = behind[itself] = 0
        decided = ahead + behind
        columns = {
            "users": found.users,
            "support": found.users / max(buyers, 1),
            "confidence": confidence,
            "lift": lift,
            "reverse_users": np.where(itself, found.users, found.reverse),
            "order_share": np.where(decided > 0, ahead / np.maximum(decided, 1), np.nan),
            "p_value": benjamini_hochberg(_sign_test(ahead, behind)),
        }
        rank = alphabetical(names)
        by = np.nan_to_num(np.asarray(columns[self.sort], np.float64), nan=-1.0)
        first = np.lexsort((rank[found.then], rank[found.first], -by))[: self.limit]
        table = pa.table(
            {
                "first": names.take(pa.array(found.first[first])),
                "then": names.take(pa.array(found.then[first])),
                **{n: pa.array(each[first], from_pandas=True) for n, each in columns.items()},
            }
        )
        return table, np.stack([found.first[first], found.then[first]], axis=1)

    def users(self, first: str, then: str, group: str | None) -> list[str]:
        pair = (
            self.things.code(first, option="first", owner="SequentialPatterns"),
            self.things.code(then, option="then", owner="SequentialPatterns"),
        )
        log = self.scope.of(group, owner="SequentialPatterns").log
        codes: Array = log.map(
            partial(list_ordered, self.rule, pair),
            joined,
            columns=self.rule.baskets.columns,
            label="sequential patterns: users",
        )
        return sorted_ids(log, codes)


def _patterns(counts: OrderedCounts, of_all: int, least: int) -> _Patterns:
    """Turn pairs into patterns, each order one, and keep those of enough users."""
    a, b = counts.codes // of_all, counts.codes % of_all
    other = a != b
    first = np.concatenate([a, b[other]])
    then = np.concatenate([b, a[other]])
    users = np.concatenate([counts.forward, counts.backward[other]])
    reverse = np.concatenate([counts.backward, counts.forward[other]])
    both = np.concatenate([counts.both, counts.both[other]])
    kept = users >= least
    return _Patterns(first[kept], then[kept], users[kept], reverse[kept], both[kept])


def _sign_test(ahead: Array, behind: Array) -> npt.NDArray[np.float64]:
    """Give the exact two-sided p-value of so many against so many, if both were as likely."""
    from scipy.special import bdtr

    fewer, both = np.minimum(ahead, behind).astype(np.float64), ahead + behind
    return np.minimum(1.0, 2 * bdtr(fewer, both, 0.5))


def _medians(size: int, parts: list[tuple[Array, Array]]) -> list[float | None]:
    """Give the median gap of each pair in days."""
    none = np.zeros(0, np.int64)
    which = np.concatenate([none, *(part[0] for part in parts)])
    gap = np.concatenate([none, *(part[1] for part in parts)])
    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(size + 1))
    medians = [quantile(gap[order[ends[at] : ends[at + 1]]], 0.5) for at in range(size)]
    return [None if median is None else median / DAY for median in medians]
