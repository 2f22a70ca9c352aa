"""Basket rules: who has these things in a basket, has that one too, more than chance would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.basket.baskets import BasketRule
from footfall.analytics.basket.mined import Mined, checked_support, mine
from footfall.analytics.basket.sets import holders
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.significance import benjamini_hochberg, two_proportions, wilson
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.orders import order_rule
from footfall.analytics.value.things import Things, things_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["BasketRules", "alphabetical", "basket_rules"]

AND = " + "
_SORTS = ("lift", "confidence", "support", "leverage")


@dataclass(frozen=True, kw_only=True, repr=False)
class BasketRules(Answer):
    """The answer of :func:`basket_rules`.

    Attributes
    ----------
    frame : pa.Table
        A row a rule: has, adds (things; "a + b" for two), baskets and users with all of them
        (int64), support (share of baskets), confidence (share of the baskets with `has` that hold
        `adds`), confidence_low, confidence_high, lift, lift_low, lift_high, leverage, conviction
        (null where no basket breaks the rule), p_value (corrected).
    groups : pa.Table or None
        With a breakdown, the rules of each group on its own.
    baskets : int
        Baskets that were counted.
    large : int
        Baskets passed over because they hold too many different things.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "support": "share",
        "confidence": "share",
        "confidence_low": "share",
        "confidence_high": "share",
    }

    frame: pa.Table
    groups: pa.Table | None
    baskets: int
    large: int
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, has: str, adds: str, *, group: str | None = None) -> list[str]:
        """List the users with a basket that holds all things of a rule.

        Parameters
        ----------
        has, adds : str
            As in the frame; any other things may be named, too.
        group : str, optional
            A group of the breakdown.

        Raises
        ------
        OptionError
            If there is no such thing or group.
        """
        return self._question.users(has, adds, group)

    def to_json(self) -> dict[str, Any]:
        """Give rules, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"baskets": self.baskets, "large_baskets": self.large}
        answer["rules"] = self.frame.to_pylist()
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the lift of the first rules with its interval."""
        from footfall.analytics.basket.charts import draw_rules

        return draw_rules(self)

    def __str__(self) -> str:
        shown = [name for name in self.frame.column_names if not name.endswith(("_low", "_high"))]
        text = f"baskets {self.baskets:,}\n{_text(self.frame.select(shown))}"
        if self.groups is None:
            return text
        return f"{text}\n\n{_text(self.groups.select(['group', *shown]))}"


def _text(table: pa.Table) -> str:
    return text_table(table, formats=BasketRules.FORMATS)


def basket_rules(
    log: LogView,
    *,
    level: str = "item",
    depth: int | None = None,
    of: Literal["orders", "sessions"] = "orders",
    event_type: str | None = None,
    order: str = "session",
    gap_minutes: float = 30,
    min_support: float = 5,
    min_confidence: float = 0.0,
    min_lift: float = 0.0,
    size: Literal[2, 3] = 2,
    sort: Literal["lift", "confidence", "support", "leverage"] = "lift",
    limit: int = 50,
    max_basket: int = 100,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> BasketRules:
    """Find which things go together: association rules, counted exactly.

    A basket is the different things of one order, or those viewed in one session. The rule "has
    tea, adds cup" says: of the baskets with tea, a share (confidence) holds a cup; lift is this
    share over that of all baskets. Pairs give two rules, one a direction.

    Parameters
    ----------
    log : LogView
    level : str, default="item"
        "item", or a column of the item table such as "category" or "brand".
    depth : int, optional
        Parts of a category path to keep, from the left.
    of : "orders" or "sessions", default="orders"
        What a basket is: the purchases of an order, or the views of a session.
    event_type : str, optional
        Events that put a thing into a basket; None: "purchase" for orders, "view" for sessions.
    order, gap_minutes
        Which purchases are one order, see :func:`footfall.analytics.value.rfm.rfm`; sessions are
        parted by `gap_minutes` of silence where none are given.
    min_support : float, default=5
        Least number of baskets of a rule, or, below 1, least share of baskets.
    min_confidence, min_lift : float, default=0
        Rules below them are not shown (but were tested, see p_value).
    size : 2 or 3, default=2
        3: also rules of two things that add a third.
    sort : "lift", "confidence", "support" or "leverage", default="lift"
        Order of the rules, most first.
    limit : int, default=50
        Rules shown, at most.
    max_basket : int, default=100
        Baskets with more different things are passed over: they are lists, not baskets.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    BasketRules

    Raises
    ------
    OptionError
        If an option is not as above.

    Notes
    -----
    Intervals are Wilson's of the confidence at 95 %; those of lift divide them by the share of all
    baskets. p_value asks whether baskets with and without `has` differ in how many hold `adds`
    (two-sided), corrected for all rules with enough support (Benjamini and Hochberg).

    References
    ----------
    Agrawal, R., Imielinski, T., Swami, A., "Mining association rules between sets of items in large
    databases", 1993.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "purchase", "tea"), ("ann", "2026-01-01", "purchase", "cup"),
    ...     ("bob", "2026-01-02", "purchase", "tea"), ("bob", "2026-01-02", "purchase", "cup"),
    ...     ("cid", "2026-01-03", "purchase", "tea"), ("dan", "2026-01-03", "purchase", "pot"),
    ... ])
    >>> answer = basket_rules(log, min_support=2)
    >>> answer.frame.select(["has", "adds", "baskets", "confidence", "lift"]).to_pylist()[0]
    {'has': 'cup', 'adds': 'tea', 'baskets': 2, 'confidence': 1.0, 'lift': 1.3333333333333333}
    >>> answer.users("cup", "tea")
    ['ann', 'bob']
    """
    least = checked_support(min_support, owner="basket_rules")
    _check(of, size, sort, limit, max_basket, min_confidence, min_lift)
    scope = scoped(
        log, owner="basket_rules", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    things = things_of(log, level, depth, owner="basket_rules")
    lines = order_rule(
        log,
        event_type=event_type or ("purchase" if of == "orders" else "view"),
        order=order if of == "orders" else "visit",
        gap_minutes=gap_minutes,
        owner="basket_rules",
    )
    every = BasketRule(lines, things.of_item, len(things), most=max_basket)
    kept, total, groups, note = mine(
        scope, every, min_support=least, size=size, owner="basket_rules"
    )
    shown = _Shown(things.names.take(pa.array(kept)), min_confidence, min_lift, sort, limit)
    return BasketRules(
        frame=shown.frame(total),
        groups=stacked({name: shown.frame(each) for name, each in groups.items()}),
        baskets=total.baskets,
        large=total.large,
        definition={
            "unit": f"baskets: the different {things.text} of "
            + lines.text.removeprefix("orders: "),
            "window": "all events in scope",
            "order": "none within a basket; rules from most to least " + sort,
            "ties": "alphabetical order",
            "time_zone": "UTC; no calendar is involved",
            "passed_over": f"{total.large} baskets with more than {max_basket} different things",
            "p_value": "two-sided, corrected for all rules in enough baskets (Benjamini-Hochberg)",
        }
        | scope.definition
        | note,
        _question=_Question(scope, every, things),
    )


def _check(
    of: str,
    size: int,
    sort: str,
    limit: int,
    max_basket: int,
    min_confidence: float,
    min_lift: float,
) -> None:
    owner = "basket_rules"
    if of not in ("orders", "sessions"):
        raise OptionError.of("of", owner, "'orders' or 'sessions'", of)
    if size not in (2, 3):
        raise OptionError.of("size", owner, "2 or 3", size)
    if sort not in _SORTS:
        raise OptionError.of("sort", owner, f"one of {list(_SORTS)}", sort)
    for name, value, least in (("limit", limit, 1), ("max_basket", max_basket, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise OptionError.of(name, owner, f"an int of at least {least}", value)
    for name, number in (("min_confidence", min_confidence), ("min_lift", min_lift)):
        if not isinstance(number, int | float) or not number >= 0:
            raise OptionError.of(name, owner, "a number of at least 0", number)


@dataclass(frozen=True)
class _Question:
    scope: Scope
    rule: BasketRule
    things: Things

    def users(self, has: str, adds: str, group: str | None) -> list[str]:
        wanted = tuple(
            self.things.code(name, option="has", owner="BasketRules")
            for name in _parts(has, self.things) + _parts(adds, self.things)
        )
        log = self.scope.of(group, owner="BasketRules").log
        codes: Array = log.map(
            partial(holders, self.rule, wanted),
            lambda parts: np.concatenate([np.zeros(0, np.int32), *parts]),
            columns=self.rule.columns,
            label="basket rules: users",
        )
        return sorted_ids(log, codes)


def _parts(names: str, things: Things) -> list[str]:
    """Split "a + b", unless a thing has this very name."""
    return [names] if things.has(names) else names.split(AND)


@dataclass(frozen=True)
class _Rules:
    """Rules as arrays: things by place (-1: no second one), and how many baskets hold what."""

    has: npt.NDArray[np.int64]  # (R, 2)
    adds: npt.NDArray[np.int64]
    both: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    n_has: npt.NDArray[np.int64]
    n_adds: npt.NDArray[np.int64]


def _rules(found: Mined) -> _Rules:
    """Turn sets into rules, each direction one."""
    of_all = len(found.single)
    first, second = found.pairs.codes // max(of_all, 1), found.pairs.codes % max(of_all, 1)
    none = np.full(len(first), -1, np.int64)
    parts = [
        (np.stack([one, none], 1), other, found.pairs, found.single[one])
        for one, other in ((first, second), (second, first))
    ]
    if len(found.triples.codes):
        codes = found.triples.codes
        three = (codes // of_all // of_all, codes // of_all % of_all, codes % of_all)
        for a, b in combinations(range(3), 2):
            pair = three[a] * of_all + three[b]
            n_has = found.pairs.baskets[np.searchsorted(found.pairs.codes, pair)]
            adds = three[3 - a - b]
            parts.append((np.stack([three[a], three[b]], 1), adds, found.triples, n_has))
    return _Rules(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2].baskets for part in parts]),
        np.concatenate([part[2].users for part in parts]),
        np.concatenate([part[3] for part in parts]),
        found.single[np.concatenate([part[1] for part in parts])],
    )


@dataclass(frozen=True)
class _Shown:
    """Which rules are shown, and in which order."""

    names: pa.Array
    min_confidence: float
    min_lift: float
    sort: str
    limit: int

    def frame(self, found: Mined) -> pa.Table:
        rules = _rules(found)
        total = max(found.baskets, 1)
        confidence = rules.both / rules.n_has
        share = rules.n_adds / total
        low, high = wilson(rules.both, rules.n_has)
        others = found.baskets - rules.n_has
        p_value = two_proportions(rules.both, rules.n_has, rules.n_adds - rules.both, others)[3]
        columns = {
            "baskets": rules.both,
            "users": rules.users,
            "support": rules.both / total,
            "confidence": confidence,
            "confidence_low": low,
            "confidence_high": high,
            "lift": confidence / share,
            "lift_low": low / share,
            "lift_high": high / share,
            "leverage": rules.both / total - rules.n_has / total * share,
            "conviction": (1 - share) / np.where(confidence < 1, 1 - confidence, np.nan),
            "p_value": benjamini_hochberg(p_value),
        }
        enough = (confidence >= self.min_confidence) & (columns["lift"] >= self.min_lift)
        first = self._order(rules, np.asarray(columns[self.sort]), np.flatnonzero(enough))
        return pa.table(
            {
                "has": pa.array([self._name(codes) for codes in rules.has[first]], pa.string()),
                "adds": pa.array([self._name([code]) for code in rules.adds[first]], pa.string()),
                **{n: pa.array(each[first], from_pandas=True) for n, each in columns.items()},
            }
        )

    def _order(self, rules: _Rules, by: Array, enough: Array) -> Array:
        """Give the first rules: most first, ties in alphabetical order."""
        place = np.append(alphabetical(self.names), -1)  # -1, no second thing, comes first
        has = place[rules.has]  # of two things, the one that is named first leads
        first = np.where(has[:, 1] < 0, has[:, 0], has.min(axis=1))
        second = np.where(has[:, 1] < 0, -1, has.max(axis=1))
        keys = (place[rules.adds], second, first, -by)
        return enough[np.lexsort([key[enough] for key in keys])][: self.limit]

    def _name(self, codes: Any) -> str:
        return AND.join(sorted(self.names[int(code)].as_py() for code in codes if code >= 0))


def alphabetical(names: pa.Array) -> npt.NDArray[np.int64]:
    """Give the place of each name in the alphabet."""
    place = np.empty(len(names), np.int64)
    place[pc.sort_indices(names).to_numpy()] = np.arange(len(names))
    return place
