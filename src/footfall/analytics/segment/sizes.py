"""Segments side by side: how large, what they bring, how far they are the same people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.rules import last_moment
from footfall.analytics.scope.segments import Segment, members_of, segment_named
from footfall.errors import OptionError
from footfall.events.moments import Moment, shown_moment
from footfall.events.vocabulary import EVENT_TYPES
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["OUTSIDE", "Asked", "Segments", "named_segments", "segments"]

OUTSIDE = "(none of them)"
Asked = Mapping[str, str | Sequence[str]] | Sequence[str | Segment] | None
_MOST = 60  # of segments: one bit each
_PURCHASE = EVENT_TYPES.index("purchase")


@dataclass(frozen=True, kw_only=True, repr=False)
class Segments(Answer):
    """The answer of :func:`segments`.

    Attributes
    ----------
    frame : pa.Table
        One row a segment, last the users in none: segment (string), users (int64), share (of all
        users), only_users (int64: users in no other segment), revenue_minor (int64), revenue_share.
    overlap : pa.Table
        One row a pair of segments, both ways: segment, other, users (int64: in both), share (of
        the segment), jaccard (users in both / users in either).
    total : int
        All users.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "share": "share", "revenue_share": "share", "jaccard": "share",
    }  # fmt: skip

    frame: pa.Table
    overlap: pa.Table
    total: int
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(
        self, segment: str, *, also: str | None = None, group: str | None = None
    ) -> list[str]:
        """List the users of a segment, as many as the table says.

        Parameters
        ----------
        segment : str
            A name, or "(none of them)".
        also : str, optional
            Another segment they must be in, too.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such segment or group.
        """
        return self._question.users(segment, also, group)

    def to_json(self) -> dict[str, Any]:
        """Give segments, overlap and the definition as plain values."""
        answer: dict[str, Any] = {
            "total": self.total,
            "segments": self.frame.to_pylist(),
            "overlap": self.overlap.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the size of each segment, and the share of each that is in each other."""
        from footfall.analytics.segment.charts import draw_segments

        return draw_segments(self)

    def __str__(self) -> str:
        parts = [super().__str__()]
        mixed = self.overlap.filter(pa.array(np.asarray(self.overlap.column("users")) > 0))
        if mixed.num_rows:
            parts.append(text_table(mixed, formats=self.FORMATS))
        if self.groups is not None:
            parts.append(text_table(self.groups, formats=self.FORMATS))
        return "\n\n".join(parts)


def named_segments(log: LogView, asked: Asked, *, owner: str) -> list[Segment]:
    """Read segments as people give them.

    Parameters
    ----------
    log : LogView
    asked : mapping, sequence or None
        Names with a rule or a list of user ids each; or names of saved segments and
        :class:`Segment` objects; None: all that are saved in the log.
    owner : str
        What errors name.

    Raises
    ------
    OptionError
        If there is none, one comes twice, or there are more than 60.
    """
    if asked is None:
        asked = log.segments()
    if isinstance(asked, str):
        asked = [asked]
    if isinstance(asked, Mapping):
        found = [
            Segment(name, rule=given) if isinstance(given, str) else Segment(name, users=given)
            for name, given in asked.items()
        ]
    else:
        found = [each if isinstance(each, Segment) else segment_named(log, each) for each in asked]
    names = [each.name for each in found]
    if not names or len(names) > _MOST or len(set(names)) < len(names) or OUTSIDE in names:
        allowed = f"1 to {_MOST} segments with different names, such as {{'loyal': 'count(purchase) > 2'}}"  # noqa: E501
        raise OptionError.of("segments", owner, allowed, names)
    return found


def segments(
    log: LogView,
    segments: Asked = None,
    *,
    at: Moment | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Segments:
    """Count the users of segments, what they spent, and how far segments overlap.

    Parameters
    ----------
    log : LogView
    segments : mapping of name to rule or users, sequence of names or Segment, optional
        What to compare; None: all saved segments. Rules are those of
        :func:`footfall.analytics.scope.rules.users_matching`.
    at : str, datetime or int, optional
        The moment to look from; later events do not count. None: the last event in scope.
    by, where, between, segment, top, time_zone
        Break down, and count only a part of the log: see
        :func:`footfall.analytics.scope.scope.scoped`. Rules see only the events in scope.

    Returns
    -------
    Segments

    Raises
    ------
    OptionError
        If a segment or an option cannot be understood.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view", "kettle"),
    ...     ("ann", "2026-01-03T10:00", "purchase", "kettle", 1, 1990),
    ...     ("bob", "2026-01-02T09:00", "view", "teapot"),
    ... ])
    >>> answer = segments(log, {"buyers": "did(purchase)", "lookers": "count(view) > 0"})
    >>> print(answer)
    segment         users    share  only_users  revenue_minor  revenue_share
    buyers              1   50.0 %           0          1,990        100.0 %
    lookers             2  100.0 %           1          1,990        100.0 %
    (none of them)      0    0.0 %           0              0          0.0 %
    <BLANKLINE>
    segment  other    users    share  jaccard
    buyers   lookers      1  100.0 %   50.0 %
    lookers  buyers       1   50.0 %   50.0 %
    >>> answer.users("lookers", also="buyers")
    ['ann']
    """
    owner = "segments"
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, by=by, top=top,
        time_zone=time_zone,
    )  # fmt: skip
    asked = named_segments(log, segments, owner=owner)
    moment = last_moment(scope.log, at, owner=owner)
    bits = np.zeros(len(log.user_ids), np.int64)
    for place, each in enumerate(asked):
        inside = members_of(scope.log, each, moment, time_zone=time_zone)
        bits |= inside.astype(np.int64) << place
    return _Question(scope, tuple(each.name for each in asked), bits, moment).answer(asked)


@dataclass(frozen=True)
class _Part:
    """Counts: users and money a combination of segments."""

    combinations: npt.NDArray[np.int64]
    users: npt.NDArray[np.int64]
    revenue: npt.NDArray[np.int64]


def _measure(bits: Array, at: int, chunk: UserChunk) -> _Part:
    seen, money = _spent(at, chunk)
    found, place = np.unique(bits[chunk.users][seen], return_inverse=True)
    revenue = np.zeros(len(found), np.int64)
    np.add.at(revenue, place, money[seen])
    return _Part(found, np.bincount(place, minlength=len(found)).astype(np.int64), revenue)


def _spent(at: int, chunk: UserChunk) -> tuple[Array, Array]:
    """Say who was seen by a moment, and give the money of purchases until then."""
    until = chunk["timestamp"] <= at
    amount = np.where(until & (chunk["event_type"] == _PURCHASE), chunk["amount"], 0)
    ends = np.append(0, np.cumsum(amount))
    seen = np.zeros(len(chunk.users), np.bool_)
    filled = np.flatnonzero(np.diff(chunk.offsets) > 0)
    seen[filled] = until[chunk.offsets[filled]]
    return seen, ends[chunk.offsets[1:]] - ends[chunk.offsets[:-1]]


def _merge(parts: list[_Part]) -> _Part:
    nothing = np.zeros(0, np.int64)
    joined = np.concatenate([nothing, *(part.combinations for part in parts)])
    found, place = np.unique(joined, return_inverse=True)
    users, revenue = np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
    np.add.at(users, place, np.concatenate([nothing, *(part.users for part in parts)]))
    np.add.at(revenue, place, np.concatenate([nothing, *(part.revenue for part in parts)]))
    return _Part(found, users, revenue)


def _list(bits: Array, need: int, mask: int, at: int, chunk: UserChunk) -> Array:
    seen, _ = _spent(at, chunk)
    return chunk.users[seen & (bits[chunk.users] & mask == need)]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    names: tuple[str, ...]
    bits: npt.NDArray[np.int64]
    at: int

    def answer(self, asked: Sequence[Segment]) -> Segments:
        found = self.scope.ask(
            partial(_measure, self.bits, self.at),
            _merge,
            columns=("timestamp", "event_type", "amount"),
            label="segments",
        )
        return Segments(
            frame=self._frame(found.total),
            overlap=self._overlap(found.total),
            total=int(found.total.users.sum()),
            groups=stacked({name: self._frame(part) for name, part in found.groups.items()}),
            definition=self._definition(asked) | self.scope.definition | found.note,
            _question=self,
        )

    def _frame(self, part: _Part) -> pa.Table:
        masks = [part.combinations >> place & 1 > 0 for place in range(len(self.names))]
        masks.append(part.combinations == 0)
        alone = [*(part.combinations == 1 << place for place in range(len(self.names))), masks[-1]]
        users = [int(part.users[mask].sum()) for mask in masks]
        revenue = [int(part.revenue[mask].sum()) for mask in masks]
        everybody, money = int(part.users.sum()), int(part.revenue.sum())
        return pa.table(
            {
                "segment": pa.array([*self.names, OUTSIDE], pa.string()),
                "users": pa.array(users, pa.int64()),
                "share": pa.array([n / everybody if everybody else 0.0 for n in users]),
                "only_users": pa.array([int(part.users[m].sum()) for m in alone], pa.int64()),
                "revenue_minor": pa.array(revenue, pa.int64()),
                "revenue_share": pa.array([n / money if money else 0.0 for n in revenue]),
            }
        )

    def _overlap(self, part: _Part) -> pa.Table:
        sets = [part.combinations >> place & 1 > 0 for place in range(len(self.names))]
        sizes = [int(part.users[mask].sum()) for mask in sets]
        rows: list[tuple[str, str, int, float, float]] = []
        for a, first in enumerate(self.names):
            for b, second in enumerate(self.names):
                if a == b:
                    continue
                both = int(part.users[sets[a] & sets[b]].sum())
                either = sizes[a] + sizes[b] - both
                rows.append(
                    (first, second, both, both / sizes[a] if sizes[a] else 0.0,
                     both / either if either else 0.0)
                )  # fmt: skip
        kinds = [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.float64()]
        columns = zip(*rows, strict=True) if rows else [()] * 5
        names = ("segment", "other", "users", "share", "jaccard")
        return pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})

    def users(self, segment: str, also: str | None, group: str | None) -> list[str]:
        need, mask = 0, (1 << len(self.names)) - 1
        for option, name in (("segment", segment), ("also", also)):
            if name is None or (name == OUTSIDE and option == "segment" and also is None):
                continue
            if name not in self.names:
                allowed = f"one of {[*self.names, OUTSIDE]}"
                raise OptionError.of(option, "Segments", allowed, name)
            need |= 1 << self.names.index(name)
            mask = need
        codes = self.scope.of(group, owner="Segments").log.map(
            partial(_list, self.bits, need, mask, self.at),
            joined,
            columns=("timestamp", "event_type", "amount"),
            label="segments: users",
        )
        return sorted(self.scope.base.user_ids.strings(codes).to_pylist())

    def _definition(self, asked: Sequence[Segment]) -> dict[str, str]:
        rules = "; ".join(
            f"{each.name}: {each.rule if each.rule is not None else 'a list of users'}"
            for each in asked
        )
        return {
            "unit": "users with an event in scope; a user may be in several segments",
            "window": f"events up to {shown_moment(self.at)}",
            "order": "timestamp",
            "ties": "events of the same timestamp stand in the order in which they were read",
            "time_zone": "that of the days and hours rules name",
            "segments": rules,
            "revenue": "amounts of purchase events in scope; returns are not taken off",
        }
