"""Pareto shares: how much of the money the best users or things bring, and how uneven it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.scope import Asked, Between, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.earned import Earned, ask_earned
from footfall.analytics.value.orders import order_rule
from footfall.analytics.value.things import Things, things_of
from footfall.errors import OptionError
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Pareto", "pareto"]

_POINTS = 100


@dataclass(frozen=True, kw_only=True, repr=False)
class Pareto(Answer):
    """The answer of :func:`pareto`.

    Attributes
    ----------
    frame : pa.Table
        A row a share of the best: best_share, members (int64), revenue_minor (int64),
        revenue_share.
    groups : pa.Table or None
        With a breakdown, the same a group, each of its own best.
    gini : float or None
        0: all bring the same; near 1: one brings all. None without money.
    ginis : mapping of str to float or None
        The same a group.
    unit : str
        What the members are.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"best_share": "share", "revenue_share": "share"}

    frame: pa.Table
    groups: pa.Table | None
    gini: float | None
    ginis: Mapping[str, float | None]
    unit: str
    definition: Mapping[str, str]
    _earned: Asked[Earned] = field(compare=False)
    _things: Things | None = field(compare=False)
    _log: LogView = field(compare=False)

    @property
    def count(self) -> int:
        """Number of members with a purchase."""
        return len(self._earned.total.codes)

    def lorenz(self, *, group: str | None = None) -> pa.Table:
        """Give the Lorenz curve: poorest_share of members, revenue_share; 101 points at most."""
        return _lorenz(self._of(group))

    def share_needed(self, revenue_share: float, *, group: str | None = None) -> float | None:
        """Give the share of members, the best first, who bring a share of the money.

        Examples
        --------
        >>> from footfall.store.memory import MemoryLog
        >>> log = MemoryLog.from_rows([
        ...     ("ann", "2026-01-01", "purchase", "tea", 1, 8000),
        ...     ("bob", "2026-01-02", "purchase", "cup", 1, 2000),
        ... ])
        >>> pareto(log).share_needed(0.8)
        0.5
        """
        if not 0 <= revenue_share <= 1:
            raise OptionError.of("revenue_share", "Pareto", "a number from 0 to 1", revenue_share)
        running = np.cumsum(_descending(self._of(group)))
        if not len(running) or running[-1] == 0:
            return None
        wanted = ceil(Fraction(str(revenue_share)) * int(running[-1]))
        count = int(np.searchsorted(running, wanted)) + 1 if wanted else 0
        return count / len(running)

    def members(self, best_share: float, *, group: str | None = None) -> list[str]:
        """List the best members of a share, the best first."""
        return self._best(best_share, group)

    def users(self, best_share: float, *, group: str | None = None) -> list[str]:
        """List the users among the best share, in alphabetical order.

        Raises
        ------
        OptionError
            If the members are no users, or there is no such group.
        """
        if self._things is not None:
            allowed = "'user': things are listed by members(best_share)"
            raise OptionError.of("unit", "Pareto.users", allowed, self.unit)
        return sorted(self._best(best_share, group))

    def _best(self, best_share: float, group: str | None) -> list[str]:
        earned = self._of(group)
        codes = earned.codes[earned.ranked()[: _how_many(best_share, len(earned.codes))]]
        if self._things is None:
            return list(self._log.user_ids.strings(codes).to_pylist())
        return list(self._things.names.take(pa.array(codes)).to_pylist())

    def _of(self, group: str | None) -> Earned:
        if group is None:
            return self._earned.total
        if group not in self._earned.groups:
            allowed = f"one of {list(self._earned.groups)}"
            raise OptionError.of("group", "Pareto", allowed, group)
        return self._earned.groups[group]

    def to_json(self) -> dict[str, Any]:
        """Give shares, Gini, Lorenz curve, groups and the definition as plain values."""
        answer: dict[str, Any] = {
            "unit": self.unit,
            "gini": self.gini,
            "shares": self.frame.to_pylist(),
            "lorenz": self.lorenz().to_pylist(),
        }
        if self.groups is not None:
            answer |= {"groups": self.groups.to_pylist(), "ginis": dict(self.ginis)}
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the share of money by share of members, the best first."""
        from footfall.analytics.value.charts import draw_pareto

        return draw_pareto(self)

    def __str__(self) -> str:
        gini = "-" if self.gini is None else f"{self.gini:.3f}"
        text = f"gini {gini}\n{super().__str__()}"
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def pareto(
    log: LogView,
    *,
    unit: str = "user",
    depth: int | None = None,
    best: Sequence[float] = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0),
    event_type: str = "purchase",
    returns: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Pareto:
    """Say what share of the money the best users (or items) bring.

    The best 20 % of N members are the ``ceil(0.2 N)`` with most money. Only members with a
    purchase count; where returns take more than was paid, a member counts as 0.

    Parameters
    ----------
    log : LogView
    unit : str, default="user"
        "user", "item", or a column of the item table such as "category" or "brand".
    depth : int, optional
        Parts of a category path to keep, from the left.
    best : sequence of float
        Shares of members, above 0 and up to 1.
    event_type : str, default="purchase"
        What counts as buying.
    returns : str, optional
        Event type whose amounts are taken off, such as "return".
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    Pareto

    Raises
    ------
    OptionError
        If an option is not as above.

    References
    ----------
    Gini, C., "Variabilità e mutabilità", 1912.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     (f"u{n}", "2026-01-01", "purchase", "tea", 1, 8000 if n == 0 else 500)
    ...     for n in range(5)
    ... ])
    >>> answer = pareto(log, best=[0.2, 1.0])
    >>> answer.frame.column("revenue_share").to_pylist(), answer.users(0.2)
    ([0.8, 1.0], ['u0'])
    """
    for share in best:
        _how_many(share, 1)
    scope = scoped(
        log, owner="pareto", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", time_zone=time_zone,
    )  # fmt: skip
    things = None if unit == "user" else things_of(log, unit, depth, owner="pareto")
    rule = order_rule(log, event_type=event_type, owner="pareto")
    back = None if returns is None else order_rule(log, event_type=returns, owner="pareto")
    asked = ask_earned(scope, rule, back, things, "pareto")
    return Pareto(
        frame=_frame(asked.total, best),
        groups=stacked({name: _frame(each, best) for name, each in asked.groups.items()}),
        gini=_gini(asked.total),
        ginis={name: _gini(each) for name, each in asked.groups.items()},
        unit=unit,
        definition={
            "unit": f"money of {event_type} events a {unit}"
            + (f", less that of {returns}; not below 0" if returns else ""),
            "window": "all events in scope",
            "order": "from most to least money",
            "ties": "of equal money, the one that came into the log first",
            "time_zone": time_zone,
        }
        | scope.definition
        | asked.note,
        _earned=asked,
        _things=things,
        _log=log,
    )


def _how_many(share: float, count: int) -> int:
    if not isinstance(share, int | float) or not isfinite(share) or not 0 < share <= 1:
        raise OptionError.of("best", "pareto", "shares above 0 and up to 1", share)
    return ceil(Fraction(str(share)) * count)


def _descending(earned: Earned) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.maximum(np.sort(earned.amount)[::-1], 0)


def _frame(earned: Earned, best: Sequence[float]) -> pa.Table:
    running = np.append(0, np.cumsum(_descending(earned)))
    counts = [_how_many(share, len(earned.codes)) for share in best]
    money = running[counts]
    return pa.table(
        {
            "best_share": pa.array([float(share) for share in best], pa.float64()),
            "members": pa.array(counts, pa.int64()),
            "revenue_minor": pa.array(money, pa.int64()),
            "revenue_share": pa.array(money / (int(running[-1]) or 1), pa.float64()),
        }
    )


def _gini(earned: Earned) -> float | None:
    """Give the Gini coefficient from whole numbers: exact until the last division."""
    money = _descending(earned)[::-1]
    total, count = int(money.sum()), len(money)
    if total == 0:
        return None
    # Sums of running sums may not fit into 64 bits: the last ones are Python's own numbers.
    running = sum(np.add.reduceat(np.cumsum(money), np.arange(0, count, 64)).tolist())
    weighted = (count + 1) * total - running
    return float(Fraction(2 * weighted - (count + 1) * total, count * total))


def _lorenz(earned: Earned) -> pa.Table:
    money = _descending(earned)[::-1]
    running = np.append(0, np.cumsum(money))
    at = np.unique(np.arange(_POINTS + 1) * len(money) // _POINTS)
    return pa.table(
        {
            "poorest_share": pa.array(at / max(len(money), 1), pa.float64()),
            "revenue_share": pa.array(running[at] / (int(running[-1]) or 1), pa.float64()),
        }
    )
