"""Complements and substitutes: what is bought together, and what is compared but not combined."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.basket.baskets import BasketRule, add_counts, count_things
from footfall.analytics.basket.rules import alphabetical
from footfall.analytics.basket.sets import SetCounts, count_sets, holders, merge_sets
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.significance import benjamini_hochberg, two_proportions
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.orders import order_rule
from footfall.analytics.value.things import Things, things_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Complements", "complements"]

_KINDS = ("bought", "viewed", "owned")  # in an order, in a session, by a user at any time
_EXPECTED = 3.0  # orders that chance must promise before few of them mean anything
_NAMES = ("complement", "substitute")


@dataclass(frozen=True, kw_only=True, repr=False)
class Complements(Answer):
    """The answer of :func:`complements`.

    Attributes
    ----------
    frame : pa.Table
        A row a pair, complements first, then substitutes, each by score: relation, one, other
        (things), score, bought_together (int64, orders), bought_expected (by chance), buy_lift,
        viewed_together (int64, sessions), view_lift, users (int64, bought both at any time),
        user_lift, same_category (null where it is not known), p_bought, p_viewed (corrected).
    groups : pa.Table or None
        With a breakdown, the same a group.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {}

    frame: pa.Table
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, one: str, other: str, *, group: str | None = None) -> list[str]:
        """List the users who bought both things, at any time.

        Raises
        ------
        OptionError
            If there is no such thing or group.
        """
        return self._question.users(one, other, group)

    def to_json(self) -> dict[str, Any]:
        """Give pairs, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"pairs": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw pairs by how much more than chance they are viewed and bought together."""
        from footfall.analytics.basket.charts import draw_relations

        return draw_relations(self)

    def __str__(self) -> str:
        if self.groups is None:
            return super().__str__()
        return f"{super().__str__()}\n\n{text_table(self.groups)}"


def complements(
    log: LogView,
    *,
    level: str = "item",
    depth: int | None = None,
    event_type: str = "purchase",
    viewing: str = "view",
    order: str = "session",
    gap_minutes: float = 30,
    min_support: int = 5,
    level_of_error: float = 0.05,
    limit: int = 25,
    max_basket: int = 100,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Complements:
    """Find complements (bought together) and substitutes (compared, but bought one or the other).

    Three lifts are counted for each pair of things, each how often they come together over how
    often chance would bring them together: in orders (buy_lift), among the views of a session
    (view_lift), among all that a user ever bought (user_lift).

    - A *complement* is bought together in at least `min_support` orders and significantly more
      than by chance. Its score is log2 of buy_lift.
    - A *substitute* is viewed together in at least `min_support` sessions and significantly more
      than by chance, but bought together significantly less, where chance would bring at least 3
      orders. Its score is log2 of view_lift less log2 of buy_lift.

    Half an event is added to both sides of each lift inside a score, so that never is a number.

    Parameters
    ----------
    log : LogView
    level, depth
        What things are, see :func:`footfall.analytics.basket.basket_rules`.
    event_type, order, gap_minutes
        What an order is, see :func:`footfall.analytics.value.rfm.rfm`; sessions are parted by
        `gap_minutes` of silence where none are given.
    viewing : str, default="view"
        Events that show interest in a thing.
    min_support : int, default=5
        Least number of orders (complements) or sessions (substitutes) with both; things in fewer
        orders are not looked at.
    level_of_error : float, default=0.05
        Share of wrong pairs that is put up with (Benjamini and Hochberg).
    limit : int, default=25
        Pairs of each kind shown, at most.
    max_basket : int, default=100
        Orders and sessions with more different things are passed over.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    Complements

    Raises
    ------
    OptionError
        If an option is not as above.

    Notes
    -----
    What is viewed together is also more often bought together: tastes and shelves see to that. A
    buy_lift below 1 in spite of a view_lift above 1 is therefore a careful sign of substitutes.

    References
    ----------
    McAuley, J., Pandey, R., Leskovec, J., "Inferring networks of substitutable and complementary
    products", 2015.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> rows = []
    >>> for n in range(40):  # half the users buy tea and cup together, the others a pot
    ...     for item in ("tea", "cup") if n % 2 else ("pot",):
    ...         rows.append((f"u{n:02}", f"2026-01-01T10:{n:02}", "purchase", item))
    >>> answer = complements(MemoryLog.from_rows(rows))
    >>> answer.frame.select(["relation", "one", "other"]).to_pylist()
    [{'relation': 'complement', 'one': 'cup', 'other': 'tea'}]
    """
    _check(limit=limit, max_basket=max_basket, min_support=min_support)
    if not isinstance(level_of_error, int | float) or not 0 < level_of_error < 1:
        allowed = "a number between 0 and 1"
        raise OptionError.of("level_of_error", "complements", allowed, level_of_error)
    scope = scoped(
        log, owner="complements", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    things = things_of(log, level, depth, owner="complements")
    bought, viewed = (
        order_rule(
            log, event_type=kind, order=by_what, gap_minutes=gap_minutes, owner="complements"
        )
        for kind, by_what in ((event_type, order), (viewing, "visit"))
    )
    of_item, size = things.of_item, len(things)
    rules = {
        "bought": BasketRule(bought, of_item, size, most=max_basket),
        "viewed": BasketRule(viewed, of_item, size, most=max_basket),
        "owned": BasketRule(bought, of_item, size, per_user=True, most=max(size, 1)),
    }
    category = _categories(log, level, things)
    question = _Question(
        scope, rules, things, category, (min_support, float(level_of_error), limit)
    )
    total, groups, note = question.frames()
    return Complements(
        frame=total,
        groups=stacked(groups),
        definition={
            "unit": f"pairs of {things.text}; orders, sessions of {viewing} events, and users",
            "window": "all events in scope",
            "order": "none; pairs from most to least score",
            "ties": "alphabetical order",
            "time_zone": "UTC; no calendar is involved",
            "passed_over": f"orders and sessions with more than {max_basket} different things",
            "p_value": "two-sided, corrected for all pairs (Benjamini-Hochberg);"
            f" {level_of_error:g} is the limit",
        }
        | scope.definition
        | note,
        _question=question,
    )


def _check(**counts: int) -> None:
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError.of(name, "complements", "an int of at least 1", value)


def _categories(log: LogView, level: str, things: Things) -> npt.NDArray[np.int64] | None:
    """Give the category of each item; None where things are no items or have no category."""
    known = level in ("item", "item_id") and log.items is not None
    if not known or log.items is None or "category" not in log.items.column_names:
        return None
    of_item = things_of(log, "items.category", None, owner="complements").of_item
    return of_item[: len(things)].astype(np.int64)


@dataclass(frozen=True)
class _Counts:
    """What one kind of basket says: all, with each thing, with each pair."""

    baskets: int
    single: npt.NDArray[np.int64]
    sets: SetCounts

    def of(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Give the baskets of some pairs, 0 where there are none."""
        at = np.searchsorted(self.sets.codes, codes)
        at = np.minimum(at, max(len(self.sets.codes) - 1, 0))
        if not len(self.sets.codes):
            return np.zeros(len(codes), np.int64)
        return np.where(self.sets.codes[at] == codes, self.sets.baskets[at], 0)


@dataclass(frozen=True)
class _Lifts:
    """One kind of basket for the pairs looked at."""

    together: npt.NDArray[np.int64]
    expected: npt.NDArray[np.float64]
    lift: npt.NDArray[np.float64]
    log2: npt.NDArray[np.float64]
    p_value: npt.NDArray[np.float64]


def _lifts(counts: _Counts, a: Array, b: Array, codes: Array) -> _Lifts:
    both = counts.of(codes)
    n_a, n_b = counts.single[a], counts.single[b]
    expected = n_a * (n_b / max(counts.baskets, 1))
    lift = both / np.where(expected > 0, expected, np.nan)
    p_value = two_proportions(both, n_a, n_b - both, counts.baskets - n_a)[3]
    log2 = np.log2((both + 0.5) / (expected + 0.5))
    return _Lifts(both, expected, lift, log2, np.asarray(benjamini_hochberg(p_value)))


@dataclass(frozen=True)
class _Question:
    scope: Scope
    rules: Mapping[str, BasketRule]
    things: Things
    category: npt.NDArray[np.int64] | None
    options: tuple[int, float, int]  # least support, level of error, limit

    def frames(self) -> tuple[pa.Table, dict[str, pa.Table], dict[str, str]]:
        """Count things and pairs in orders, sessions and users; sort out the pairs."""
        singles, pairs = {}, {}
        for kind, rule in self.rules.items():
            singles[kind] = self.scope.ask(
                partial(count_things, rule), partial(add_counts, rule.things + 2),
                columns=rule.columns, label=f"complements: {kind}",
            )  # fmt: skip
        bought = singles["bought"]
        enough = np.any(
            [n[:-2] >= self.options[0] for n in (bought.total, *bought.groups.values())], axis=0
        )
        kept = np.flatnonzero(enough)
        place = np.full(len(enough), -1, np.int32)
        place[kept] = np.arange(len(kept), dtype=np.int32)
        for kind, rule in self.rules.items():
            narrow = replace(rule, things=len(kept), place=place)
            pairs[kind] = self.scope.ask(
                partial(count_sets, narrow, 2, np.zeros(0, np.int64)), merge_sets,
                columns=rule.columns, label=f"complements: {kind} together",
            )  # fmt: skip
        tables = {}
        for name in (None, *bought.groups):
            counts = {}
            for kind in _KINDS:
                one, two = singles[kind], pairs[kind]
                single = one.total if name is None else one.groups[name]
                sets = two.total if name is None else two.groups[name]
                counts[kind] = _Counts(int(single[-2]), single[kept], sets)
            tables[name] = self._frame(kept, counts)
        groups = {name: table for name, table in tables.items() if name is not None}
        return tables[None], groups, bought.note

    def _frame(self, kept: npt.NDArray[np.int64], counts: Mapping[str, _Counts]) -> pa.Table:
        """Sort out the pairs of one scope."""
        least, error, limit = self.options
        codes = np.union1d(counts["bought"].sets.codes, counts["viewed"].sets.codes)
        a, b = codes // max(len(kept), 1), codes % max(len(kept), 1)
        buy, view, own = (_lifts(counts[kind], a, b, codes) for kind in _KINDS)
        complement = (buy.together >= least) & (buy.p_value <= error) & (buy.lift > 1)
        substitute = (
            (view.together >= least) & (view.p_value <= error) & (view.lift > 1)
            & (buy.expected >= _EXPECTED) & (buy.p_value <= error) & (buy.lift < 1)
        )  # fmt: skip
        names = self.things.names.take(pa.array(kept))
        rank = alphabetical(names)
        swap = rank[a] > rank[b]
        one, other = np.where(swap, b, a), np.where(swap, a, b)
        score = np.where(complement, buy.log2, view.log2 - buy.log2)
        chosen = [
            found[np.lexsort((rank[other[found]], rank[one[found]], -score[found]))][:limit]
            for found in (np.flatnonzero(complement), np.flatnonzero(substitute))
        ]
        rows = np.concatenate(chosen)
        relation = np.repeat(_NAMES, [len(found) for found in chosen])
        same = None
        if self.category is not None:
            mine = self.category[kept]
            known = (mine[a] >= 0) & (mine[b] >= 0)
            same = pa.array((mine[a] == mine[b])[rows], mask=~known[rows])
        columns = {
            "score": score,
            "bought_together": buy.together,
            "bought_expected": buy.expected,
            "buy_lift": buy.lift,
            "viewed_together": view.together,
            "view_lift": view.lift,
            "users": own.together,
            "user_lift": own.lift,
        }
        return pa.table(
            {
                "relation": pa.array(relation.tolist(), pa.string()),
                "one": names.take(pa.array(one[rows])),
                "other": names.take(pa.array(other[rows])),
                **{n: pa.array(each[rows], from_pandas=True) for n, each in columns.items()},
                "same_category": same if same is not None else pa.nulls(len(rows), pa.bool_()),
                "p_bought": pa.array(buy.p_value[rows]),
                "p_viewed": pa.array(view.p_value[rows]),
            }
        )

    def users(self, one: str, other: str, group: str | None) -> list[str]:
        wanted = tuple(
            self.things.code(name, option=option, owner="Complements")
            for option, name in (("one", one), ("other", other))
        )
        rule = self.rules["owned"]
        log = self.scope.of(group, owner="Complements").log
        codes: Array = log.map(
            partial(holders, rule, wanted),
            joined,
            columns=rule.columns,
            label="complements: users",
        )
        return sorted_ids(log, codes)
