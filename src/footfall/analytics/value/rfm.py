"""RFM: how lately, how often and for how much each user bought, as scores and segments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.scope import Between, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.value.buyers import measure_buyers, merge_buyers, sorted_ids
from footfall.analytics.value.names import Names
from footfall.analytics.value.orders import EVER, order_rule
from footfall.analytics.value.scoring import Bins, High, Scored, Scoring, check_scoring
from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Rfm", "rfm"]

_EDGES = "edges: the quantiles of all buyers in scope; equal values get equal scores"
_NTILE = "bins of equal size, as SQL's ntile gives them; ties go by user code"


@dataclass(frozen=True, kw_only=True, repr=False)
class Rfm(Answer):
    """The answer of :func:`rfm`.

    Attributes
    ----------
    frame : pa.Table
        A row a segment, all of them: segment, segment_zh, users (int64), users_share,
        revenue_minor (int64), revenue_share, recency_days, orders, revenue_per_user (means of its
        users, money in major units; null without users).
    groups : pa.Table or None
        With a breakdown, the same a group; scores and segments are those of all buyers.
    at : int
        The moment buyers were seen at, microseconds UTC.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"users_share": "share", "revenue_share": "share"}

    frame: pa.Table
    groups: pa.Table | None
    at: int
    definition: Mapping[str, str]
    _scored: Scored = field(compare=False)
    _members: Mapping[str, Array] = field(compare=False)  # group -> places in _scored
    _log: LogView = field(compare=False)

    @property
    def edges(self) -> pa.Table:
        """What got each score: dimension, score, users, lowest, highest (days, orders, minor)."""
        return self._scored.edges()

    @property
    def grid(self) -> pa.Table:
        """Users and money of each pair of scores: r, f, users, revenue_minor."""
        r, f, _ = self._scored.scores
        most_r, most_f, _ = self._scored.bins
        cell = (r.astype(np.int64) - 1) * most_f + f - 1
        cells = np.arange(most_r * most_f)
        money = np.zeros(len(cells), np.int64)
        np.add.at(money, cell, self._scored.buyers.amount)
        return pa.table(
            {
                "r": cells // most_f + 1,
                "f": cells % most_f + 1,
                "users": np.bincount(cell, minlength=len(cells)),
                "revenue_minor": money,
            }
        )

    def scores(self) -> pa.Table:
        """Give every buyer: user_id, recency_days, orders, amount_minor, r, f, m, segment.

        Returns
        -------
        pa.Table
            By user_id; recency_days, orders and amount_minor are int64, the scores int8.
        """
        scored = self._scored
        names = pa.array([name for name, _ in scored.names])
        table = pa.table(
            {
                "user_id": self._log.user_ids.strings(scored.buyers.users),
                "recency_days": scored.recency_days,
                "orders": scored.buyers.orders,
                "amount_minor": scored.buyers.amount,
                **dict(zip("rfm", scored.scores, strict=True)),
                "segment": names.take(pa.array(scored.segment)),
            }
        )
        return table.sort_by("user_id")

    def users(
        self,
        segment: str | None = None,
        *,
        r: int | None = None,
        f: int | None = None,
        m: int | None = None,
        group: str | None = None,
    ) -> list[str]:
        """List the buyers of a segment (English or Chinese name) or of some scores.

        Raises
        ------
        OptionError
            If there is no such segment, score or group.
        """
        mine = np.ones(len(self._scored.segment), np.bool_)
        if segment is not None:
            mine &= self._scored.segment == self._place(segment)
        for name, wanted, scores, most in zip(
            "rfm", (r, f, m), self._scored.scores, self._scored.bins, strict=True
        ):
            if wanted is not None and wanted not in range(1, most + 1):
                raise OptionError.of(name, "Rfm", f"an int from 1 to {most}", wanted)
            if wanted is not None:
                mine &= scores == wanted
        if group is not None:
            if group not in self._members:
                raise OptionError.of("group", "Rfm", f"one of {list(self._members)}", group)
            among = np.zeros(len(mine), np.bool_)
            among[self._members[group]] = True
            mine &= among
        return sorted_ids(self._log, self._scored.buyers.users[mine])

    def _place(self, segment: str) -> int:
        for place, names in enumerate(self._scored.names):
            if segment in names:
                return place
        allowed = f"one of {[name for name, _ in self._scored.names]}, or its Chinese name"
        raise OptionError.of("segment", "Rfm", allowed, segment)

    def to_json(self) -> dict[str, Any]:
        """Give segments, edges, groups (with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {
            "at": shown_moment(self.at) if self.at >= 0 else None,
            "segments": self.frame.to_pylist(),
            "edges": self.edges.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self, kind: Literal["segments", "grid"] = "segments") -> "go.Figure":
        """Draw a treemap of segments (groups: a bar each), or users by recency and frequency."""
        from footfall.analytics.value.charts import draw_grid, draw_segment_groups, draw_segments

        if kind == "grid":
            return draw_grid(self)
        if kind != "segments":
            raise OptionError.of("kind", "Rfm.plot", "'segments' or 'grid'", kind)
        return draw_segments(self) if self.groups is None else draw_segment_groups(self)

    def __str__(self) -> str:
        from footfall.analytics.answer import text_table

        text = super().__str__()
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def rfm(
    log: LogView,
    *,
    at: Moment | None = None,
    bins: Bins = 5,
    ties: Literal["together", "split"] = "together",
    names: Names = "eight",
    high: High = "mean",
    compare: Literal["scores", "values"] = "scores",
    event_type: str = "purchase",
    order: str = "session",
    gap_minutes: float = 30,
    returns: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Rfm:
    """Score every buyer by recency, frequency and money, and name the segments.

    Recency is whole days of 24 hours from the last purchase to `at`; frequency the number of
    orders; money the sum of their amounts. Users without an order are no buyers and not counted.

    Parameters
    ----------
    log : LogView
    at : str, datetime or int, optional
        The moment buyers are seen at; later events do not count. None: the last event in scope.
    bins : int, or mapping of "recency", "frequency", "money" to int or edges; default=5
        How many quantile bins, or fixed edges: of days the longest still within a bin
        (``[7, 30, 90]``: up to 7 days score 4, more than 90 score 1), of orders and money the least
        that reaches the next score. Money in major units.
    ties : "together" or "split", default="together"
        Quantile bins: equal values get equal scores (bins may differ in size, and some be
        empty), or bins of equal size, ties cut by user code as SQL's ``ntile`` would.
    names : "eight" or "eleven", default="eight"
        The eight classes of Chinese tools (高价值, 重点保持 ...), by what is high and low; or
        eleven common English ones (champions, loyal, at risk ...), by scores.
    high : "mean", "median" or mapping of "recency", "frequency", "money" to float; default="mean"
        What a buyer must reach to be high, for the eight classes.
    compare : "scores" or "values", default="scores"
        What is held against `high`: scores, or days, orders and money themselves (few days are
        high).
    event_type : str, default="purchase"
        What counts as buying.
    order : "session", "moment", "visit" or "properties.<name>", default="session"
        Which purchases of a user are one order: of one given session (of one timestamp where none
        is given), of one timestamp, of one session parted by silence, or of one order id.
    gap_minutes : float, default=30
        Silence that parts visits.
    returns : str, optional
        Event type whose amounts are taken off the money, such as "return". Orders stay.
    by, where, between, segment, top, time_zone
        Scope; a breakdown puts each user into one group.

    Returns
    -------
    Rfm

    Raises
    ------
    OptionError
        If an option is not as above, or the log has never seen an event type.

    References
    ----------
    Hughes, A. M., "Strategic Database Marketing", 1994.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01", "purchase", "tea", 1, 500),
    ...     ("ann", "2026-01-30", "purchase", "tea", 1, 700),
    ...     ("bob", "2026-01-02", "purchase", "cup", 1, 900),
    ... ])
    >>> answer = rfm(log, at="2026-01-31")
    >>> answer.scores().select(["user_id", "recency_days", "orders", "amount_minor"]).to_pylist()[0]
    {'user_id': 'ann', 'recency_days': 1, 'orders': 2, 'amount_minor': 1200}
    >>> answer.users("高价值"), answer.users("potential")
    (['ann'], ['bob'])
    """
    scoring = check_scoring(bins, ties, names, high, compare)
    until = EVER if at is None else parse_moment(at, option="at", owner="rfm")
    scope = scoped(
        log, owner="rfm", where=where, between=between, segment=segment, by=by, top=top,
        grain="user", gap_minutes=gap_minutes, time_zone=time_zone,
    )  # fmt: skip
    rule = order_rule(log, event_type=event_type, order=order, gap_minutes=gap_minutes, owner="rfm")
    back = None if returns is None else order_rule(log, event_type=returns, owner="rfm")
    asked = scope.ask(
        partial(measure_buyers, rule, back, until),
        merge_buyers,
        columns=rule.columns,
        label="rfm",
    )
    seen_at = asked.total.latest if at is None else until
    scored = scoring.score(asked.total, seen_at)
    members = {
        name: np.searchsorted(asked.total.users, buyers.users)
        for name, buyers in asked.groups.items()
    }
    groups = {name: _segment_table(scored, places) for name, places in members.items()}
    definition = _definition(scoring, rule.text, returns, seen_at)
    return Rfm(
        frame=_segment_table(scored, None),
        groups=stacked(groups),
        at=seen_at,
        definition=definition | scope.definition | asked.note,
        _scored=scored,
        _members=members,
        _log=log,
    )


def _segment_table(scored: Scored, places: Array | None) -> pa.Table:
    """Sum up the segments of some buyers, or of all."""
    at = slice(None) if places is None else places
    segment = scored.segment[at].astype(np.int64)
    size = len(scored.names)
    users = np.bincount(segment, minlength=size)
    sums = []
    for values in (scored.buyers.amount, scored.recency_days, scored.buyers.orders):
        total = np.zeros(size, np.int64)
        np.add.at(total, segment, values[at])
        sums.append(total)
    money, days, orders = sums
    nobody = users == 0
    each = np.maximum(users, 1)
    return pa.table(
        {
            "segment": pa.array([name for name, _ in scored.names]),
            "segment_zh": pa.array([name for _, name in scored.names]),
            "users": pa.array(users, pa.int64()),
            "users_share": pa.array(users / max(int(users.sum()), 1)),
            "revenue_minor": pa.array(money, pa.int64()),
            "revenue_share": pa.array(money / (int(money.sum()) or 1)),
            "recency_days": pa.array(days / each, mask=nobody),
            "orders": pa.array(orders / each, mask=nobody),
            "revenue_per_user": pa.array(money / each / 100, mask=nobody),
        }
    )


def _definition(scoring: Scoring, unit: str, returns: str | None, at: int) -> dict[str, str]:
    definition = {
        "unit": f"users with an order; {unit}",
        "window": f"all events in scope until {shown_moment(at) if at >= 0 else 'the end'}",
        "order": "timestamp",
        "ties": _EDGES if scoring.ties == "together" else _NTILE,
        "time_zone": "UTC; days are 24 hours",
        "bins": "; ".join(str(bins) for bins in scoring.bins),
        "money": "amounts of purchases" + (f" less amounts of {returns}" if returns else ""),
    }
    if scoring.names == "eleven":
        return definition | {"segments": "by recency score and mean of frequency and money score"}
    against = scoring.high if isinstance(scoring.high, str) else "given limits"
    return definition | {
        "segments": f"high: {scoring.compare} at least the {against} of all buyers in scope"
    }
