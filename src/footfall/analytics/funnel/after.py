"""What next: where users went after they were lost at a step, and how they had come there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.funnel.conversion import Question, asked
from footfall.analytics.funnel.plan import Excluding, Order, Per
from footfall.analytics.funnel.times import minutes_of
from footfall.analytics.funnel.walks import Walks, merge_walks, walk_chunk
from footfall.analytics.funnel.why import checked_at
from footfall.analytics.funnel.wording import definition_of, step_names
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope import Between, nothing_in
from footfall.analytics.scope.segments import Segment
from footfall.analytics.steps import StepLike
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["NOTHING", "AfterDrop", "after_drop"]

NOTHING = "(nothing)"


@dataclass(frozen=True, kw_only=True, repr=False)
class AfterDrop(Answer):
    """The answer of :func:`after_drop`.

    Attributes
    ----------
    steps : tuple of str
    at : int
        The step they were lost at, from 2.
    frame : pa.Table
        One row a next event, most first: event_type ("(nothing)" where none came in time), users
        (sessions before them with ``per="session"``), share (of those lost), converted_share (the
        same for those who went on), median_minutes (to that event).
    groups : pa.Table or None
        With a breakdown, the same for each group.
    after, before : pa.Table
        Paths of up to ``depth`` events after the step before and up to it, in order of time: path,
        users (or sessions), share.
    lost, came_later : int
        Users (or sessions) lost, and of them those that did the step after all, too late for the
        funnel or not in a chain.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "share": "share",
        "converted_share": "share",
        "median_minutes": "minutes",
    }

    steps: tuple[str, ...]
    at: int
    frame: pa.Table
    groups: pa.Table | None
    after: pa.Table
    before: pa.Table
    lost: int
    came_later: int
    definition: Mapping[str, str]
    unit: str
    _log: LogView = field(compare=False)
    _walks: "Mapping[str | None, Walks]" = field(compare=False)

    def users(
        self,
        next_event: str | None = None,
        *,
        after: str | None = None,
        before: str | None = None,
        later: bool | None = None,
        group: str | None = None,
    ) -> list[str]:
        """List the users lost at the step, or some of them.

        Parameters
        ----------
        next_event : str, optional
            Only those whose next event was this one; "(nothing)": who did nothing more in time.
        after, before : str, optional
            Only those with this path, written as in the tables.
        later : bool, optional
            Only those that did the step after all (True), or never (False).
        group : str, optional
            A group of the breakdown; None for all users.

        Raises
        ------
        OptionError
            If there is no such event, path or group.
        """
        if group not in self._walks:
            known = [name for name in self._walks if name is not None]
            allowed = f"one of {known}" if known else "None: there is no breakdown"
            raise OptionError.of("group", "AfterDrop", allowed, group)
        walks = self._walks[group]
        walks = walks.taken(~walks.converted)
        mask = np.ones(len(walks), np.bool_)
        types = self._log.event_types
        if next_event is not None:
            mask &= _matching(walks.after[:, :1], [next_event], types, "next_event")
        if after is not None:
            mask &= _matching(walks.after, after.split(" > "), types, "after")
        if before is not None:
            mask &= _matching(walks.before, before.split(" > ")[::-1], types, "before")
        if later is not None:
            mask &= walks.later == later
        codes = np.unique(walks.user[mask])
        return sorted(self._log.user_ids.strings(codes).to_pylist())

    def plot(self) -> "go.Figure":
        """Draw how they came to the step and where they went as flows."""
        from footfall.analytics.funnel.charts_of_flows import draw_flows

        walks = self._walks[None]
        return draw_flows(self, walks.taken(~walks.converted), self._log.event_types)

    def to_json(self) -> dict[str, Any]:
        """Give next events, paths, counts and definition as plain values."""
        answer: dict[str, Any] = {
            "step": self.steps[self.at - 1],
            "lost": self.lost,
            "came_later": self.came_later,
            "next": self.frame.to_pylist(),
            "after": self.after.to_pylist(),
            "before": self.before.to_pylist(),
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def __str__(self) -> str:
        step = self.steps[self.at - 1]
        head = f"{self.lost:,} {self.unit} reached {self.steps[self.at - 2]} and not {step};"
        head += f" {self.came_later:,} of them did {step} after all, too late."
        tables = [self.frame, self.groups, self.before, self.after]
        titles = ["next event", "next event by group", "how they came", "where they went"]
        parts = [
            f"{title}:\n{text_table(table, formats=self.FORMATS)}"
            for title, table in zip(titles, tables, strict=True)
            if table is not None
        ]
        return "\n\n".join([head, *parts])


def after_drop(
    log: LogView,
    *,
    steps: Sequence[StepLike] | StepLike,
    within: str | timedelta,
    at: int | None = None,
    depth: int = 3,
    collapse_repeats: bool = True,
    order: Order = "ordered",
    per: Per = "user",
    same_item: bool = False,
    excluding: Excluding = None,
    gap_minutes: float = 30,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> AfterDrop:
    """Say what users did next who were lost at a step of a funnel, and how they had come there.

    Lost are those that :meth:`footfall.analytics.funnel.Funnel.dropped` lists: they reached the
    step before and not this one. Counted from the event with which they first reached the step
    before: their next events until the window of their chain ends, and the events before it.

    Parameters
    ----------
    log : LogView
    steps, within, order, per, same_item, excluding, gap_minutes
        The funnel: see :func:`footfall.analytics.funnel.funnel`.
    at : int, optional
        The step they were lost at, from 2; None: the last.
    depth : int, default=3
        Length of the paths, at most 10.
    collapse_repeats : bool, default=True
        Take events of one type in a row as one.
    by, where, between, segment, time_zone
        What counts: see :func:`footfall.analytics.funnel.funnel`.
    top : int, default=10
        Most paths, and groups that keep their name.

    Returns
    -------
    AfterDrop

    Raises
    ------
    OptionError
        If the step does not exist, or an option is out of its range.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "search"),
    ...     ("ann", "2026-01-01T10:06", "wishlist"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = after_drop(log, steps=["view", "add_to_cart"], within="1d")
    >>> answer.after.column("path").to_pylist()
    ['(nothing)', 'search > wishlist']
    >>> answer.users("search")
    ['ann']
    """
    question = asked(
        log, owner="after_drop", steps=steps, within=within, order=order, per=per,
        same_item=same_item, excluding=excluding, gap_minutes=gap_minutes, where=where,
        between=between, segment=segment, time_zone=time_zone,
    )  # fmt: skip
    at = checked_at(at, len(question.plan.steps), owner="after_drop")
    if isinstance(depth, bool) or depth not in range(1, 11):
        raise OptionError.of("depth", "after_drop", "an int from 1 to 10", depth)
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise OptionError.of("top", "after_drop", "an int of at least 1", top)
    if by is not None:
        question = question.broken_down(by, top)
    walks = _asked(question, at, depth, collapse=bool(collapse_repeats))
    types, unit = question.log.event_types, question.unit
    whole = walks[None]
    lost = whole.taken(~whole.converted)
    frames = {name: _next(each, types, unit) for name, each in walks.items() if name is not None}
    return AfterDrop(
        steps=step_names(question.plan),
        at=at,
        frame=_next(whole, types, unit),
        groups=None if question.grouping is None else stacked(frames),
        after=_paths(lost.after, lost.user, types, unit, top),
        before=_paths(lost.before, lost.user, types, unit, top, backwards=True),
        lost=len(lost),
        came_later=int(np.count_nonzero(lost.later)),
        definition=_definition(question, at, depth, collapse=bool(collapse_repeats))
        | nothing_in(question.log, len(whole)),
        unit=unit,
        _log=question.log,
        _walks=walks,
    )


def _asked(question: Question, at: int, depth: int, *, collapse: bool) -> dict[str | None, Walks]:
    parts = question.log.map(
        partial(walk_chunk, question.plan, at, depth, collapse, question.grouping),
        list,
        columns=question.columns,
        label=question.owner,
    )
    walks: dict[str | None, Walks] = {None: merge_walks(depth, [total for total, _ in parts])}
    if question.grouping is not None:
        grouped = merge_walks(depth, [part for _, part in parts if part is not None])
        for place, name in enumerate(question.grouping.names):
            walks[name] = grouped.taken(grouped.group == place)
    return walks


def _next(walks: Walks, types: Sequence[str], unit: str) -> pa.Table:
    """Count the next events of those lost, beside those of who went on."""
    lost, on = walks.taken(~walks.converted), walks.taken(walks.converted)
    codes = np.unique(np.concatenate([lost.after[:, 0], on.after[:, 0]]))
    rows: list[dict[str, Any]] = []
    for code in codes.tolist():
        mine, theirs = lost.after[:, 0] == code, on.after[:, 0] == code
        waits = lost.wait[mine & (lost.wait >= 0)]
        rows.append(
            {
                "event_type": NOTHING if code < 0 else types[code],
                "sessions": int(np.count_nonzero(mine)),
                "users": len(np.unique(lost.user[mine])),
                "share": np.count_nonzero(mine) / max(len(lost), 1),
                "converted_share": np.count_nonzero(theirs) / max(len(on), 1),
                "median_minutes": minutes_of(quantile(waits, 0.5)),
            }
        )
    rows.sort(key=lambda row: (-row["sessions"], row["event_type"]))
    return _as_table(
        rows,
        {
            "event_type": pa.string(),
            **_counts(unit),
            "share": pa.float64(),
            "converted_share": pa.float64(),
            "median_minutes": pa.float64(),
        },
    )


def _counts(unit: str) -> dict[str, pa.DataType]:
    return ({"sessions": pa.int64()} if unit == "sessions" else {}) | {"users": pa.int64()}


def _as_table(rows: list[dict[str, Any]], kinds: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.table({name: pa.array([r[name] for r in rows], kind) for name, kind in kinds.items()})


def _paths(
    codes: Array, user: Array, types: Sequence[str], unit: str, top: int, *, backwards: bool = False
) -> pa.Table:
    """Count whole paths; the most common first, then by name."""
    paths, place, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    rows: list[dict[str, Any]] = []
    for number in np.argsort(-counts, kind="stable")[: 10 * top].tolist():
        words = [types[code] for code in paths[number].tolist() if code >= 0]
        users = len(np.unique(user[place.ravel() == number]))
        rows.append(
            {
                "path": " > ".join(words[::-1] if backwards else words) or NOTHING,
                "sessions": int(counts[number]),
                "users": users,
                "share": counts[number] / max(len(codes), 1),
            }
        )
    rows.sort(key=lambda row: (-row["sessions"], row["path"]))
    return _as_table(rows[:top], {"path": pa.string(), **_counts(unit), "share": pa.float64()})


def _matching(codes: Array, words: Sequence[str], types: Sequence[str], option: str) -> Array:
    """Find the units whose codes are exactly these words, nearest first."""
    words = [] if list(words) == [NOTHING] else list(words)
    unknown = [word for word in words if word not in types]
    if unknown or len(words) > codes.shape[1]:
        allowed = f"an event type, several joined by ' > ', or {NOTHING!r}"
        raise OptionError.of(option, "AfterDrop", allowed, " > ".join(words))
    wanted = np.full(codes.shape[1], -1, np.int32)
    wanted[: len(words)] = [types.index(word) for word in words]
    return (codes == wanted).all(axis=1)


def _definition(question: Question, at: int, depth: int, *, collapse: bool) -> dict[str, str]:
    names = step_names(question.plan)
    definition = definition_of(question.plan, question.grouping)
    definition["median_minutes"] = "time to the next event; the lower middle value"
    definition["lost"] = (
        f"{question.unit} that reached {names[at - 2]!r} and not {names[at - 1]!r}; paths start at"
        f" the event that first reached {names[at - 2]!r}, which they do not name"
    )
    repeats = "events of one type in a row are one" if collapse else "every event counts"
    definition["paths"] = (
        f"up to {depth} events, {repeats}; after: until the window of the chain ends; before: any"
        " time before" + (", inside the session" if question.unit == "sessions" else "")
    )
    return definition | question.definition
