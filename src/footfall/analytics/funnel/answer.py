"""The answer of a funnel: its table, times, lists of users, figure and JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, text_table
from footfall.analytics.funnel.lists import Picked, find_users, listed_sessions, listed_users
from footfall.analytics.funnel.times import (
    MINUTE,
    between_steps,
    histogram_of,
    time_columns,
)
from footfall.errors import OptionError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel.conversion import Question
    from footfall.analytics.funnel.counts import FunnelPart
    from footfall.analytics.funnel.plan import Plan

__all__ = ["Funnel"]

_EVER = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True, repr=False)
class Funnel(Answer):
    """The answer of :func:`footfall.analytics.funnel.funnel`.

    Attributes
    ----------
    steps : tuple of str
        The steps asked for ("any 2 of 3" for steps in any order).
    frame : pa.Table
        One row a step: step (int64, from 1), event_type, users (int64), rate (share of the first
        step), of_previous (share of the step before), median_minutes (time from the chain's first
        event to the one that first reached the step). With ``per="session"``: sessions before
        users; shares and times are of sessions.
    groups : pa.Table or None
        With a breakdown, one row a group and step: group, then the columns of ``frame``.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {
        "rate": "share",
        "of_previous": "share",
        "share": "share",
        "rate_low": "share",
        "rate_high": "share",
        **{f"{name}_minutes": "minutes" for name in ("p10", "p25", "median", "p75", "p90")},
    }

    steps: tuple[str, ...]
    frame: pa.Table
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "Question" = field(compare=False)
    _found: "FunnelPart" = field(compare=False)

    @property
    def plan(self) -> "Plan":
        """The question as plain data."""
        return self._question.plan

    @property
    def unit(self) -> str:
        """What shares and times are of: "users" or "sessions"."""
        return self._question.unit

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the breakdown's groups, those with most users first; none without one."""
        grouping = self._question.grouping
        return () if grouping is None else grouping.names

    @property
    def groups_share_no_users(self) -> bool:
        """Whether each user is in one group at most: so for properties of users."""
        grouping = self._question.grouping
        return grouping is not None and grouping.field.of_user

    def counts(self, group: str | None = None) -> tuple[list[int], list[int]]:
        """Give the units (users or sessions) and users of each step, in all or of a group."""
        self._check(1, 1, group)
        part = self._found
        if group is not None:
            part = part.groups[self.group_names.index(group)]
        return part.units.tolist(), part.users.tolist()

    def users(
        self,
        step: int,
        *,
        group: str | None = None,
        took_minutes: tuple[float, float | None] | None = None,
        exactly: str | None = None,
    ) -> list[str]:
        """List the users that reached a step: as many as the table says.

        Parameters
        ----------
        step : int
            From 1.
        group : str, optional
            A group of the breakdown; None for all users.
        took_minutes : pair of float, optional
            Only those who took at least the first and less than the second number of minutes to
            the step; None or the window as the second: and longer.
        exactly : str, optional
            With ``order="any"``: only those whose longest chain did these steps, written as in
            :attr:`combinations`.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such step, group or combination.
        """
        self._check(step, 1, group)
        took = None if took_minutes is None else self._range(took_minutes)
        done = None if exactly is None else self._bits(exactly)
        return self._listed(Picked(step, group=group, took=took, done=done))

    def dropped(self, step: int, *, group: str | None = None) -> list[str]:
        """List the users lost at a step: they reached the one before and not this one.

        With ``per="session"``: users with a session that was lost there.

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
        self._check(step, 2, group)
        return self._listed(Picked(step - 1, step, group))

    def sessions(self, step: int, *, group: str | None = None, dropped: bool = False) -> pa.Table:
        """List the sessions that reached a step, or with ``dropped`` were lost at it.

        Returns
        -------
        pa.Table
            user_id, started, minutes (to the step reached), by user, then start. As many rows as
            the table says sessions.

        Raises
        ------
        OptionError
            Without ``per="session"``, or if there is no such step or group.
        """
        if self.unit != "sessions":
            raise OptionError.of("per", "funnel", "'session' to list sessions", "user")
        self._check(step, 2 if dropped else 1, group)
        picked = Picked(step - 1, step, group) if dropped else Picked(step, group=group)
        return listed_sessions(*self._asks, picked)

    def fastest(self, step: int | None = None, *, most: int = 10) -> pa.Table:
        """List who came to a step fastest: user_id, started, minutes; None: the last step."""
        return self._ranked(step, most, slowest=False)

    def slowest(self, step: int | None = None, *, most: int = 10) -> pa.Table:
        """List who came to a step slowest: user_id, started, minutes; None: the last step."""
        return self._ranked(step, most, slowest=True)

    def _ranked(self, step: int | None, most: int, *, slowest: bool) -> pa.Table:
        step = len(self.steps) if step is None else step
        self._check(step, 1, None)
        listed = listed_sessions(*self._asks, Picked(step))
        return find_users(listed, most=most, slowest=slowest)

    @property
    def times(self) -> pa.Table:
        """How long it takes: a row a step with p10, p25, median, p75 and p90 in minutes.

        Times are from the latest possible first event of a chain to the event that first reached
        the step, so the last row is the total; each is a value that occurred.
        """
        kept = self.frame.select(["step", "event_type", self.unit])
        return _joined(kept, time_columns(self._found.took))

    @property
    def group_times(self) -> pa.Table | None:
        """The same for each group, with a first column "group"; None without a breakdown."""
        if self.groups is None:
            return None
        took = [times for part in self._found.groups for times in part.took]
        kept = self.groups.select(["group", "step", "event_type", self.unit])
        return _joined(kept, time_columns(took))

    def histogram(self, step: int | None = None, *, group: str | None = None) -> pa.Table:
        """Count by time to a step: from_minutes, to_minutes (not included, but in the last row).

        ``users(step, took_minutes=(from, to))`` lists who is behind a row.

        Parameters
        ----------
        step : int, optional
            None: the last.
        group : str, optional
            A group of the breakdown.
        """
        step = len(self.steps) if step is None else step
        self._check(step, 1, group)
        grouping = self._question.grouping
        part = self._found
        if group is not None and grouping is not None:
            part = part.groups[grouping.names.index(group)]
        return histogram_of(part.took[step - 1], self.plan.within, self.unit)

    def between(self, first: int, last: int) -> pa.Table:
        """Give the conversion between any two steps, with its interval and times, in one row.

        Times are from first reaching the one step to first reaching the other.

        Raises
        ------
        OptionError
            If they are not two steps in order.
        """
        self._check(first, 1, None)
        self._check(last, first + 1, None)
        question = self._question
        return between_steps(question.log, question.plan, self.steps, first, last, self.unit)

    @cached_property
    def combinations(self) -> pa.Table | None:
        """With ``order="any"``: which steps the longest chains did; None otherwise.

        Columns steps ("view + purchase"), count (how many steps), and the users or sessions, most
        first. Of two chains of a unit that are equally long the one that is complete earlier
        counts.
        """
        if self.plan.order != "any":
            return None
        bits, counts = np.unique(self._found.done, return_counts=True)
        rows = sorted(
            zip(bits.tolist(), counts.tolist(), strict=True), key=lambda row: (-row[1], row[0])
        )
        return pa.table(
            {
                "steps": pa.array([self._named(row[0]) for row in rows], pa.string()),
                "count": pa.array([row[0].bit_count() for row in rows], pa.int64()),
                self.unit: pa.array([row[1] for row in rows], pa.int64()),
            }
        )

    def _named(self, bits: int) -> str:
        names = self.plan.steps.names
        return " + ".join(name for at, name in enumerate(names) if bits >> at & 1)

    def _bits(self, exactly: str) -> int:
        known = {self._named(bits): bits for bits in np.unique(self._found.done).tolist()}
        if exactly not in known:
            allowed = f"one of {list(known)}" if known else "None: only for order='any'"
            raise OptionError.of("exactly", "Funnel", allowed, exactly)
        return known[exactly]

    def _range(self, took_minutes: tuple[float, float | None]) -> tuple[int, int]:
        low, high = took_minutes
        least = round(low * MINUTE)
        most = _EVER if high is None else round(high * MINUTE)
        return least, _EVER if most >= self.plan.within else most

    @property
    def _asks(self) -> tuple[Any, Any, Any]:
        return self._question.log, self.plan, self._question.grouping

    def _listed(self, picked: Picked) -> list[str]:
        return listed_users(*self._asks, picked)

    def _check(self, step: int, lowest: int, group: str | None) -> None:
        if step not in range(lowest, len(self.steps) + 1):
            allowed = f"an int from {lowest} to {len(self.steps)}"
            raise OptionError.of("step", "Funnel", allowed, step)
        grouping = self._question.grouping
        if group is not None and grouping is None:
            raise OptionError.of("group", "Funnel", "None: there is no breakdown", group)
        if group is not None and grouping is not None and group not in grouping.names:
            raise OptionError.of("group", "Funnel", f"one of {list(grouping.names)}", group)

    def to_json(self) -> dict[str, Any]:
        """Give steps (and groups, with a breakdown), times and definition as plain values."""
        answer: dict[str, Any] = {"steps": [_json_of(row) for row in self.frame.to_pylist()]}
        if self.groups is not None:
            by_group: dict[str, list[dict[str, Any]]] = {}
            for row in self.groups.to_pylist():
                by_group.setdefault(row["group"], []).append(_json_of(row))
            answer["groups"] = [{"group": name, "steps": rows} for name, rows in by_group.items()]
        if self.combinations is not None:
            answer["combinations"] = self.combinations.to_pylist()
        answer["times"] = self.times.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a step; with a breakdown, a row a group."""
        from footfall.analytics.funnel.charts import draw_funnel, draw_groups

        return draw_funnel(self) if self.groups is None else draw_groups(self)

    def plot_times(self, step: int | None = None) -> "go.Figure":
        """Draw how long it takes to a step (None: the last) as a histogram."""
        from footfall.analytics.funnel.charts import draw_times

        return draw_times(self, len(self.steps) if step is None else step)

    def __str__(self) -> str:
        tables = [self.frame, self.groups, self.combinations]
        return "\n\n".join(text_table(t, formats=self.FORMATS) for t in tables if t is not None)


def _joined(table: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def _json_of(row: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in row.items() if key not in {"group", "step", "event_type"}}
    return {"step": row["event_type"]} | rest
