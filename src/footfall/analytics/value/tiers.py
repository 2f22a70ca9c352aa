"""Value segments: users or things in tiers by the share of all money the best ones bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Asked, Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.buyers import sorted_ids
from footfall.analytics.value.earned import Earned, ask_earned, buyers_of_tiers
from footfall.analytics.value.orders import OrderRule, order_rule
from footfall.analytics.value.things import Things, things_of
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["ValueSegments", "value_segments"]


@dataclass(frozen=True, kw_only=True, repr=False)
class ValueSegments(Answer):
    """The answer of :func:`value_segments`.

    Attributes
    ----------
    frame : pa.Table
        A row a tier: tier, members (int64; users, items ...), members_share, buyers (int64),
        revenue_minor (int64), revenue_share, least_minor, most_minor (money of its least and its
        most valuable member; null when empty).
    groups : pa.Table or None
        With a breakdown, the same a group; the tiers are those of all.
    unit : str
        What the members are.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"members_share": "share", "revenue_share": "share"}

    frame: pa.Table
    groups: pa.Table | None
    unit: str
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def members(self, tier: str) -> list[str]:
        """List the members of a tier (user ids, item ids, categories), the best first."""
        return self._question.members(tier)

    def users(self, tier: str, *, group: str | None = None) -> list[str]:
        """List the users of a tier; where members are things, those who bought one of them.

        Raises
        ------
        OptionError
            If there is no such tier or group.
        """
        return self._question.users(tier, group)

    def to_json(self) -> dict[str, Any]:
        """Give tiers, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"unit": self.unit, "tiers": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw each tier's share of members beside its share of money."""
        from footfall.analytics.value.charts import draw_tiers

        return draw_tiers(self)

    def __str__(self) -> str:
        text = super().__str__()
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def value_segments(
    log: LogView,
    *,
    unit: str = "user",
    depth: int | None = None,
    shares: Sequence[float] = (0.8, 0.95),
    names: Sequence[str] = ("A", "B", "C"),
    event_type: str = "purchase",
    returns: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> ValueSegments:
    """Sort users (or items) by money and cut them into tiers by their running share of it.

    With the defaults, A are the most valuable ones that together bring 80 % of the money, B the
    next ones up to 95 %, C the rest. A member belongs to the tier in which the money of all more
    valuable ones leaves off; members with equal money are in one tier.

    Parameters
    ----------
    log : LogView
    unit : str, default="user"
        "user", "item", or a column of the item table such as "category" or "brand".
    depth : int, optional
        Parts of a category path to keep, from the left.
    shares : sequence of float, default=(0.8, 0.95)
        Where tiers end, ascending, between 0 and 1.
    names : sequence of str, default=("A", "B", "C")
        One more than shares, such as ("high", "middle", "low").
    event_type : str, default="purchase"
        What counts as buying.
    returns : str, optional
        Event type whose amounts are taken off, such as "return".
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    ValueSegments

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "purchase", "tea", 1, 8000),
    ...     ("bob", "2026-01-02", "purchase", "cup", 1, 1500),
    ...     ("cid", "2026-01-02", "purchase", "cup", 1, 500),
    ... ])
    >>> answer = value_segments(log)
    >>> [answer.users(tier) for tier in "ABC"]
    [['ann'], ['bob'], ['cid']]
    """
    ends = _checked_shares(shares, names)
    scope = scoped(
        log, owner="value_segments", where=where, between=between, segment=segment, by=by,
        top=top, grain="user", time_zone=time_zone,
    )  # fmt: skip
    things = None if unit == "user" else things_of(log, unit, depth, owner="value_segments")
    rule = order_rule(log, event_type=event_type, owner="value_segments")
    back = None
    if returns is not None:
        back = order_rule(log, event_type=returns, owner="value_segments")
    asked = ask_earned(scope, rule, back, things, "value segments")
    question = _Question(scope, rule, things, asked, _tiers(asked.total, ends), tuple(names))
    frame, groups = question.frames()
    return ValueSegments(
        frame=frame,
        groups=groups,
        unit=unit,
        definition={
            "unit": f"money of {event_type} events a {unit}"
            + (f", less that of {returns}" if returns else ""),
            "window": "all events in scope",
            "order": "from most to least money; tiers end at a running share of "
            + ", ".join(f"{100 * share:g} %" for share in shares),
            "ties": "equal money is in one tier",
            "time_zone": time_zone,
        }
        | scope.definition
        | asked.note,
        _question=question,
    )


def _checked_shares(shares: Sequence[float], names: Sequence[str]) -> list[Fraction]:
    numbers = all(
        isinstance(share, int | float) and isfinite(share) and 0 < share < 1 for share in shares
    )
    if not numbers or not len(shares) or sorted(set(shares)) != list(shares):
        allowed = "ascending numbers between 0 and 1, such as (0.8, 0.95)"
        raise OptionError.of("shares", "value_segments", allowed, shares)
    if isinstance(names, str) or len(set(names)) != len(names) or len(names) != len(shares) + 1:
        allowed = f"{len(shares) + 1} different names: one more than shares"
        raise OptionError.of("names", "value_segments", allowed, names)
    return [Fraction(str(share)) for share in shares]


def _tiers(earned: Earned, ends: list[Fraction]) -> Array:
    """Give the tier of each member, from 0: by the money of those with more than it has."""
    order = earned.ranked()
    money = np.maximum(earned.amount[order], 0)
    running = np.cumsum(money) - money
    first = np.diff(money, prepend=-1) != 0
    above = running[np.maximum.accumulate(np.where(first, np.arange(len(money)), 0))]
    limits = [ceil(end * int(money.sum())) for end in ends]
    tier = np.empty(len(order), np.int64)
    tier[order] = np.searchsorted(limits, above, side="right")
    return tier


@dataclass(frozen=True)
class _Question:
    """The tiers found, and what lists of users need."""

    scope: Scope
    rule: OrderRule
    things: Things | None
    earned: Asked[Earned]
    tier: Array  # of each member of earned.total
    names: tuple[str, ...]

    def frames(self) -> tuple[pa.Table, pa.Table | None]:
        """Sum up the tiers over all, and over what each group bought."""
        buyers: Any = None
        if self.things is not None:
            buyers = self.scope.ask(
                partial(_count_buyers, self.rule, self._of_item, len(self.names)),
                partial(_sum, len(self.names)),
                columns=(*self.rule.columns, "item"),
                label="value segments: buyers",
            )
        total = self._frame(self.earned.total, None if buyers is None else buyers.total)
        groups = {
            name: self._frame(each, None if buyers is None else buyers.groups[name])
            for name, each in self.earned.groups.items()
        }
        return total, stacked(groups)

    def _frame(self, earned: Earned, buyers: Array | None) -> pa.Table:
        tier = self._tier_of(earned)
        size = len(self.names)
        members = np.bincount(tier, minlength=size)
        money = np.zeros(size, np.int64)
        np.add.at(money, tier, earned.amount)
        amounts = [earned.amount[tier == place] for place in range(size)]
        least = [int(mine.min()) if len(mine) else None for mine in amounts]
        most = [int(mine.max()) if len(mine) else None for mine in amounts]
        return pa.table(
            {
                "tier": pa.array(self.names),
                "members": pa.array(members, pa.int64()),
                "members_share": pa.array(members / max(len(tier), 1)),
                "buyers": pa.array(members if buyers is None else buyers, pa.int64()),
                "revenue_minor": pa.array(money, pa.int64()),
                "revenue_share": pa.array(money / (int(money.sum()) or 1)),
                "least_minor": pa.array(least, pa.int64()),
                "most_minor": pa.array(most, pa.int64()),
            }
        )

    def _tier_of(self, earned: Earned) -> Array:
        return self.tier[np.searchsorted(self.earned.total.codes, earned.codes)]

    def _place(self, tier: str) -> int:
        if tier not in self.names:
            raise OptionError.of("tier", "ValueSegments", f"one of {list(self.names)}", tier)
        return self.names.index(tier)

    def members(self, tier: str) -> list[str]:
        earned = self.earned.total
        order = earned.ranked()
        codes = earned.codes[order[self.tier[order] == self._place(tier)]]
        if self.things is None:
            return list(self.scope.log.user_ids.strings(codes).to_pylist())
        return list(self.things.names.take(pa.array(codes)).to_pylist())

    @property
    def _of_item(self) -> Array:
        """The tier of each item code; -1: none."""
        tiers = np.full(len(self.things or ()) + 1, -1, np.int64)
        tiers[self.earned.total.codes] = self.tier
        return tiers[self.things.of_item] if self.things else tiers

    def users(self, tier: str, group: str | None) -> list[str]:
        place = self._place(tier)
        scope = self.scope.of(group, owner="ValueSegments")
        if self.things is None:
            earned = self.earned.total if group is None else self.earned.groups[group]
            return sorted_ids(scope.log, earned.codes[self._tier_of(earned) == place])
        codes = scope.log.map(
            partial(_list_buyers, self.rule, self._of_item, len(self.names), place),
            joined,
            columns=(*self.rule.columns, "item"),
            label="value segments: users",
        )
        return sorted_ids(scope.log, codes)


def _count_buyers(rule: OrderRule, of_item: Array, tiers: int, chunk: UserChunk) -> Array:
    return buyers_of_tiers(rule, of_item, tiers, chunk).sum(axis=0).astype(np.int64)


def _list_buyers(
    rule: OrderRule, of_item: Array, tiers: int, place: int, chunk: UserChunk
) -> Array:
    return chunk.users[buyers_of_tiers(rule, of_item, tiers, chunk)[:, place]]


def _sum(size: int, parts: list[Array]) -> Array:
    return np.sum([np.zeros(size, np.int64), *parts], axis=0)
