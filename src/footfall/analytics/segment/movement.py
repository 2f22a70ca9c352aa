"""Movement: how users flow from one segment to another over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Calendar, Scope, scoped
from footfall.analytics.scope.calendar import Unit
from footfall.analytics.scope.segments import Segment, members_of
from footfall.analytics.segment.sizes import OUTSIDE, Asked, named_segments
from footfall.errors import OptionError
from footfall.events.moments import Moment, parse_moment, shown_moment
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["UNSEEN", "Movement", "movement"]

UNSEEN = "(not yet seen)"
_MOST = 60  # moments


@dataclass(frozen=True, kw_only=True, repr=False)
class Movement(Answer):
    """The answer of :func:`movement`.

    Attributes
    ----------
    frame : pa.Table
        One row a flow between two moments: start, end (string: the moments), from_segment,
        to_segment (string), users (int64), share (of the users in from_segment at the start).
    sizes : pa.Table
        One row a moment and segment: at, segment, users.
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    sizes: pa.Table
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(
        self, from_segment: str, to_segment: str, *, start: str | None = None,
        group: str | None = None,
    ) -> list[str]:  # fmt: skip
        """List the users of one flow.

        Parameters
        ----------
        from_segment, to_segment : str
        start : str, optional
            The moment the flow starts, as the table writes it; None: the first.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such segment, moment or group.
        """
        return self._question.users(from_segment, to_segment, start, group)

    def to_json(self) -> dict[str, Any]:
        """Give flows, sizes and the definition as plain values."""
        answer: dict[str, Any] = {
            "flows": self.frame.to_pylist(),
            "sizes": self.sizes.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw the flows as a Sankey diagram: a column a moment."""
        from footfall.analytics.segment.charts import draw_movement

        return draw_movement(self)

    def __str__(self) -> str:
        text = super().__str__()
        if self.groups is None:
            return text
        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def movement(
    log: LogView,
    segments: Asked = None,
    *,
    at: Sequence[Moment] | str,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Movement:
    """Count how many users move from each segment to each other between moments.

    At each moment a user is in one segment: the first of those asked for that fits, so put the
    narrow ones first. Users in none are "(none of them)", those without an event yet "(not yet
    seen)".

    Parameters
    ----------
    log : LogView
    segments : mapping of name to rule or users, sequence of names or Segment, optional
        None: all saved segments.
    at : sequence of moments, or "day", "week" or "month"
        When to look; a unit: at the end of each of its periods that ends within the log.
    by, where, between, segment, top, time_zone
        As in :func:`segments`.

    Returns
    -------
    Movement

    Raises
    ------
    OptionError
        If there are fewer than two moments or they do not ascend, or an option cannot be
        understood.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ...     ("ann", "2026-02-03T10:00", "purchase"),
    ...     ("cyd", "2026-02-04T10:00", "view"),
    ... ])
    >>> print(movement(log, {"buyers": "did(purchase)"}, at=["2026-02-01", "2026-03-01"]).frame
    ...     .select(["from_segment", "to_segment", "users"]).to_pylist())
    [{'from_segment': '(none of them)', 'to_segment': 'buyers', 'users': 1},
     {'from_segment': '(none of them)', 'to_segment': '(none of them)', 'users': 1},
     {'from_segment': '(not yet seen)', 'to_segment': '(none of them)', 'users': 1}]
    """
    owner = "movement"
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, by=by, top=top,
        time_zone=time_zone,
    )  # fmt: skip
    asked = named_segments(log, segments, owner=owner)
    moments, labels = _moments(scope.log, at, time_zone, owner)
    outside = len(asked)
    states = np.full((len(moments), len(log.user_ids)), outside, np.int8)
    for row, moment in enumerate(moments):
        for place in range(len(asked) - 1, -1, -1):  # the first that fits is written last
            states[row][members_of(scope.log, asked[place], moment, time_zone=time_zone)] = place
    names = (*(each.name for each in asked), OUTSIDE, UNSEEN)
    question = _Question(scope, names, tuple(labels), np.array(moments, np.int64), states)
    return question.answer(asked)


def _moments(
    log: LogView, at: Sequence[Moment] | str, time_zone: str, owner: str
) -> tuple[list[int], list[str]]:
    allowed = f"two moments or more, ascending, or one of {get_args(Unit)[1:]}"
    if isinstance(at, str):
        if at not in get_args(Unit)[1:]:
            raise OptionError.of("at", owner, allowed, at)
        calendar = Calendar(at, time_zone, owner)  # type: ignore[arg-type]  # checked above
        first, last = log.span or (0, 0)
        ends = [int(start) - 1 for start in calendar.starts(first, last)[1:] if start - 1 <= last]
        moments = [*ends, last] if not ends or ends[-1] < last else ends
        labels = [calendar.local(moment).strftime("%Y-%m-%d") for moment in moments]
    else:
        moments = [parse_moment(moment, option="at", owner=owner) for moment in at]
        labels = [_label(moment) for moment in moments]
    if not 2 <= len(moments) <= _MOST or any(np.diff(moments) <= 0):
        raise OptionError.of("at", owner, f"{allowed}; {_MOST} at most", labels[:5])
    return moments, labels


def _label(moment: int) -> str:
    return shown_moment(moment).replace("T00:00:00+00:00", "").replace("+00:00", "")


def _states(states: Array, moments: Array, unseen: int, chunk: UserChunk) -> Array:
    """Give the state of each of the chunk's users at each moment, shape (M, U)."""
    mine = states[:, chunk.users].astype(np.int64)
    first = np.full(len(chunk.users), 1 << 62, np.int64)
    filled = np.flatnonzero(np.diff(chunk.offsets) > 0)
    first[filled] = chunk["timestamp"][chunk.offsets[filled]]
    mine[first[None, :] > moments[:, None]] = unseen
    return mine


def _measure(states: Array, moments: Array, size: int, chunk: UserChunk) -> Array:
    mine = _states(states, moments, size - 1, chunk)
    filled = np.diff(chunk.offsets) > 0
    flows = [
        np.bincount(a[filled] * size + b[filled], minlength=size * size) for a, b in pairwise(mine)
    ]
    return np.array(flows, np.int64)


def _merge(moments: int, size: int, parts: list[Array]) -> Array:
    total = np.zeros((moments - 1, size * size), np.int64)
    for part in parts:
        total += part
    return total.reshape(moments - 1, size, size)


def _list(
    states: Array, moments: Array, size: int, flow: tuple[int, int, int], chunk: UserChunk
) -> Array:
    mine = _states(states, moments, size - 1, chunk)
    step, source, target = flow
    return chunk.users[
        (mine[step] == source) & (mine[step + 1] == target) & (np.diff(chunk.offsets) > 0)
    ]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    names: tuple[str, ...]
    labels: tuple[str, ...]
    moments: npt.NDArray[np.int64]
    states: npt.NDArray[np.int8]

    def answer(self, asked: Sequence[Segment]) -> Movement:
        found = self.scope.ask(
            partial(_measure, self.states, self.moments, len(self.names)),
            partial(_merge, len(self.moments), len(self.names)),
            columns=("timestamp",),
            label="movement",
        )
        rules = "; ".join(f"{each.name}: {each.rule or 'a list of users'}" for each in asked)
        return Movement(
            frame=self._frame(found.total),
            sizes=self._sizes(found.total),
            groups=stacked({name: self._frame(part) for name, part in found.groups.items()}),
            definition={
                "unit": "users with an event in scope by the second of two moments; each is in the"
                " first segment that fits",
                "window": f"{len(self.labels)} moments: {', '.join(self.labels)}; at each only"
                " events up to it count",
                "order": "timestamp",
                "ties": "of segments that fit, the first that was asked for",
                "time_zone": "that of the days and hours rules name",
                "segments": rules,
            }
            | self.scope.definition
            | found.note,
            _question=self,
        )

    def _frame(self, flows: Array) -> pa.Table:
        unseen = len(self.names) - 1
        step, source, target = (axis for axis in np.nonzero(flows))
        kept = target != unseen  # who is never seen moves nowhere
        step, source, target = step[kept], source[kept], target[kept]
        users = flows[step, source, target]
        start = flows.sum(axis=2)[step, source]
        coming = source == unseen  # those who will come later are not yet part of anything
        arrived = flows[:, unseen, :unseen].sum(axis=1)[step]
        labels, names = pa.array(self.labels), pa.array(self.names)
        return pa.table(
            {
                "start": labels.take(pa.array(step)),
                "end": labels.take(pa.array(step + 1)),
                "from_segment": names.take(pa.array(source)),
                "to_segment": names.take(pa.array(target)),
                "users": pa.array(users, pa.int64()),
                "share": pa.array(users / np.maximum(np.where(coming, arrived, start), 1)),
            }
        )

    def _sizes(self, flows: Array) -> pa.Table:
        seen = len(self.names) - 1
        sizes = np.concatenate([flows.sum(axis=2), flows[-1:].sum(axis=1)])[:, :seen]
        return pa.table(
            {
                "at": pa.array(np.repeat(self.labels, seen).tolist(), pa.string()),
                "segment": pa.array([*self.names[:-1]] * len(self.labels), pa.string()),
                "users": pa.array(sizes.ravel(), pa.int64()),
            }
        )

    def users(self, source: str, target: str, start: str | None, group: str | None) -> list[str]:
        for option, name in (("from_segment", source), ("to_segment", target)):
            if name not in self.names:
                raise OptionError.of(option, "Movement", f"one of {list(self.names)}", name)
        label = self.labels[0] if start is None else start
        if label not in self.labels[:-1]:
            raise OptionError.of("start", "Movement", f"one of {list(self.labels[:-1])}", start)
        flow = (self.labels.index(label), self.names.index(source), self.names.index(target))
        codes = self.scope.of(group, owner="Movement").log.map(
            partial(_list, self.states, self.moments, len(self.names), flow),
            joined,
            columns=("timestamp",),
            label="movement: users",
        )
        return sorted(self.scope.base.user_ids.strings(codes).to_pylist())
