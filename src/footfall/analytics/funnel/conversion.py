"""Funnels: how many users go through ordered steps in time, where they stop, who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.funnel.counts import (
    first_step_users,
    measure_funnel,
    merge_funnel,
    sum_sparse,
    users_between,
)
from footfall.analytics.quantiles import quantile
from footfall.analytics.scope.breakdown import Breakdown, breakdown_by
from footfall.analytics.steps import Steps, parse_steps
from footfall.errors import OptionError
from footfall.events.durations import duration_text, parse_duration
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Funnel", "funnel"]

_MINUTE = 60_000_000
_COLUMNS = ("timestamp", "event_type")


@dataclass(frozen=True, kw_only=True, repr=False)
class Funnel(Answer):
    """The answer of :func:`funnel`.

    Attributes
    ----------
    steps : tuple of str
        The steps asked for.
    frame : pa.Table
        One row a step: step (int64, from 1), event_type, users (int64), rate (share of the first
        step's users), of_previous (share of the step before), median_minutes (time from the chain's
        first event to the one that first reached the step).
    groups : pa.Table or None
        With a breakdown, one row a group and step: group, step, event_type, users, rate,
        of_previous.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "rate": "share",
        "of_previous": "share",
        "median_minutes": "minutes",
    }

    steps: tuple[str, ...]
    frame: pa.Table
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, step: int, *, group: str | None = None) -> list[str]:
        """List the users that reached a step: as many as the table says.

        Parameters
        ----------
        step : int
            From 1.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such step or group.
        """
        self._check(step, 1)
        return self._question.users(step, None, group)

    def dropped(self, step: int, *, group: str | None = None) -> list[str]:
        """List the users lost at a step: they reached the one before and not this one.

        Parameters
        ----------
        step : int
            From 2.
        group : str, optional
            A group of the breakdown; None for all users.

        Raises
        ------
        OptionError
            If there is no such step or group.
        """
        self._check(step, 2)
        return self._question.users(step - 1, step, group)

    def _check(self, step: int, lowest: int) -> None:
        if step not in range(lowest, len(self.steps) + 1):
            allowed = f"an int from {lowest} to {len(self.steps)}"
            raise OptionError.of("step", "Funnel", allowed, step)

    def to_json(self) -> dict[str, Any]:
        """Give steps (and groups, with a breakdown) and the definition as plain values."""
        answer: dict[str, Any] = {"steps": [_json_of(row) for row in self.frame.to_pylist()]}
        if self.groups is not None:
            by_group: dict[str, list[dict[str, Any]]] = {}
            for row in self.groups.to_pylist():
                by_group.setdefault(row["group"], []).append(_json_of(row))
            answer["groups"] = [{"group": name, "steps": rows} for name, rows in by_group.items()]
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a step; with a breakdown, a row a group."""
        from footfall.analytics.funnel.charts import draw_funnel, draw_groups

        return draw_funnel(self) if self.groups is None else draw_groups(self)

    def __str__(self) -> str:
        text = super().__str__()
        if self.groups is None:
            return text
        from footfall.analytics.answer import text_table

        return f"{text}\n\n{text_table(self.groups, formats=self.FORMATS)}"


def funnel(
    log: LogView,
    *,
    steps: Sequence[str] | str,
    within: str | timedelta,
    by: str | None = None,
    top: int = 10,
) -> Funnel:
    """Count the users that go through ordered steps within a time.

    A user reaches step k when there are k different events of that user in log order (timestamp,
    then arrival), one for each step, the last at most ``within`` after the first. Other events may
    lie between; any such chain counts, not only the one from the user's first event.

    Parameters
    ----------
    log : LogView
    steps : sequence of str, or str with commas
        Event types in order. One step may be several types ("view|click"); a type may come twice.
    within : str or timedelta
        Longest time from the first to the last event of a chain, inclusive ("7d", "30m").
    by : str, optional
        Break down by a column of the user table, or by "item_id" or a column of the item table.
        For items the group is that of the chain's first event, so a user may be in several.
    top : int, default=10
        Groups that keep their name; the rest becomes "(other)".

    Returns
    -------
    Funnel

    Raises
    ------
    OptionError
        If a step was never seen, the duration cannot be read, or ``by`` is no column.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "view"),
    ...     ("ann", "2026-01-01T10:05", "purchase"),
    ...     ("bob", "2026-01-02T09:00", "view"),
    ... ])
    >>> answer = funnel(log, steps=["view", "purchase"], within="7d")
    >>> print(answer)
    step  event_type  users     rate  of_previous  median_minutes
       1  view            2  100.0 %      100.0 %             0.0
       2  purchase        1   50.0 %       50.0 %             5.0
    >>> answer.dropped(2)
    ['bob']
    """
    if top < 1:
        raise OptionError.of("top", "funnel", "an int of at least 1", top)
    window = parse_duration(within, option="within", owner="funnel", least=0)
    question = _Question(log, parse_steps(log, steps), window)
    if by is not None:
        question = question.broken_down(breakdown_by(log, by), top)
    return question.answer()


@dataclass(frozen=True)
class _Question:
    log: LogView
    steps: Steps
    within: int
    breakdown: Breakdown | None = None

    @property
    def columns(self) -> Sequence[str]:
        by_item = self.breakdown is not None and self.breakdown.kind == "item"
        return (*_COLUMNS, "item") if by_item else _COLUMNS

    def broken_down(self, breakdown: Breakdown, top: int) -> "_Question":
        """Ask for the groups with most users, and for the rest as one."""
        every = _Question(self.log, self.steps.first(), self.within, breakdown)
        users = self.log.map(
            partial(first_step_users, every.steps, breakdown),
            partial(sum_sparse, len(breakdown.names)),
            columns=every.columns,
            label="funnel: groups",
        )
        return _Question(self.log, self.steps, self.within, breakdown.largest(users, top))

    def answer(self) -> Funnel:
        total = self.log.map(
            partial(measure_funnel, self.steps, self.within, self.breakdown),
            partial(
                merge_funnel, len(self.steps), len(self.breakdown.names) if self.breakdown else 0
            ),
            columns=self.columns,
            label="funnel",
        )
        medians = [quantile(took, 0.5) for took in total.took]
        frame = pa.table(
            _step_columns(self.steps.names, total.users)
            | {"median_minutes": pa.array([_minutes(took) for took in medians], pa.float64())}
        )
        groups = None
        if self.breakdown is not None:
            groups = _group_table(self.breakdown.names, self.steps.names, total.groups)
        return Funnel(
            steps=self.steps.names,
            frame=frame,
            groups=groups,
            definition=_definition(self.within, self.breakdown),
            _question=self,
        )

    def users(self, reached: int, missed: int | None, group: str | None) -> list[str]:
        breakdown = None
        if group is not None:
            if self.breakdown is None:
                raise OptionError.of("group", "Funnel", "None: there is no breakdown", group)
            breakdown = self.breakdown.only(group, owner="Funnel")
        codes = self.log.map(
            partial(users_between, self.steps, self.within, breakdown, reached, missed),
            lambda parts: np.concatenate([np.zeros(0, np.int32), *parts]),
            columns=self.columns,
            label="funnel: users",
        )
        return sorted(self.log.user_ids.strings(codes).to_pylist())


def _step_columns(names: Sequence[str], users: Array) -> dict[str, pa.Array]:
    counts = [int(count) for count in users]
    before = [counts[0], *counts[:-1]]
    return {
        "step": pa.array(range(1, len(names) + 1), pa.int64()),
        "event_type": pa.array(names, pa.string()),
        "users": pa.array(counts, pa.int64()),
        "rate": pa.array([_share(n, counts[0]) for n in counts], pa.float64()),
        "of_previous": pa.array(
            [_share(n, m) for n, m in zip(counts, before, strict=True)], pa.float64()
        ),
    }


def _group_table(groups: Sequence[str], steps: Sequence[str], users: Array) -> pa.Table:
    tables = [
        pa.table({"group": pa.array([group] * len(steps), pa.string())} | _step_columns(steps, row))
        for group, row in zip(groups, users, strict=True)
    ]
    if not tables:
        empty = _step_columns(steps, np.zeros(len(steps), np.int64))
        return pa.table({"group": pa.array([""] * len(steps))} | empty).slice(0, 0)
    return pa.concat_tables(tables)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _minutes(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / _MINUTE


def _json_of(row: Mapping[str, Any]) -> dict[str, Any]:
    rest = {
        key: row[key] for key in ("users", "rate", "of_previous", "median_minutes") if key in row
    }
    return {"step": row["event_type"]} | rest


def _definition(within: int, breakdown: Breakdown | None) -> dict[str, str]:
    definition = {
        "unit": "users that have a chain of different events, one for each step; other events may"
        " lie between, and any chain counts",
        "window": f"{duration_text(within)} from the first to the last event of a chain, inclusive",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": "UTC; no calendar is involved",
        "median_minutes": "time from the latest possible first event to the event that first"
        " reached the step; the lower middle value of all users that reached it",
    }
    if breakdown is not None and breakdown.kind == "user":
        definition["breakdown"] = f"{breakdown.by} of the user; each user is in one group"
    elif breakdown is not None:
        definition["breakdown"] = (
            f"{breakdown.by} of the item of the first step's event; a user whose chains start in"
            " several groups is in each of them, so groups may add up to more than all users"
        )
    return definition
