"""Loops: nodes that come again at once, and small circles back to where they began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked
from footfall.analytics.path.common import ARROW, coding_of, measure_runs, users_on_run
from footfall.analytics.path.ground import Ground, checked_count, ground_of
from footfall.analytics.path.nodes import NamesNodes
from footfall.analytics.path.runs import Coding, RunPart, merge_runs
from footfall.analytics.scope import Between
from footfall.kernels import Array
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment import Segment

__all__ = ["Loops", "loops"]

_LONGEST = 4


@dataclass(frozen=True, kw_only=True, repr=False)
class Loops(Answer):
    """The answer of :func:`loops`.

    Attributes
    ----------
    frame : pa.Table
        One row a loop, most common first: loop (string such as "view > search > view"), steps
        (int64: 1 for a repeat, 2 for there and back), occurrences, users (int64), share (of the
        occurrences of all runs of so many steps).
    groups : pa.Table or None
        With a breakdown: group, then the columns of the frame.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share"}

    frame: pa.Table
    groups: pa.Table | None = None
    definition: Mapping[str, str]
    _ground: Ground = field(compare=False)

    def users(self, loop: str | Sequence[str], *, group: str | None = None) -> list[str]:
        """List the users behind a row.

        Parameters
        ----------
        loop : str or sequence of str
            A row's loop, or its nodes.
        group : str, optional
            A group of the breakdown; None for all.

        Raises
        ------
        OptionError
            If there is no such node or group.
        """
        return users_on_run(self._ground, loop, group)

    def to_json(self) -> dict[str, Any]:
        """Give the loops, groups and the definition."""
        answer: dict[str, Any] = {"loops": self.frame.to_pylist()}
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw a bar a loop."""
        from footfall.analytics.path.bars import draw_loops

        return draw_loops(self)


def loops(
    log: LogView,
    *,
    longest: int = 3,
    shown: int = 20,
    per: Literal["session", "user"] = "session",
    gap_minutes: float = 30,
    without: str | None = None,
    nodes: str | NamesNodes | None = None,
    most_nodes: int | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: "str | Segment | None" = None,
    top: int = 10,
) -> Loops:
    """Count repeats (a > a) and circles (a > b > a, a > b > c > a).

    Parameters
    ----------
    log : LogView
    longest : int, default=3
        Steps of the longest circle, 1 to 4; 1 counts repeats only.
    shown : int, default=20
        How many loops to give. Equally common ones: more users first, then by name.
    per, gap_minutes, without, nodes, most_nodes
        As in :func:`footfall.analytics.path.common.paths`.
    by, where, between, segment, top
        See :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Loops

    Raises
    ------
    OptionError
        If an option is not as above.

    Examples
    --------
    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows([
    ...     ("ann", "2026-01-01T10:00", "search"),
    ...     ("ann", "2026-01-01T10:01", "view"),
    ...     ("ann", "2026-01-01T10:02", "search"),
    ...     ("ann", "2026-01-01T10:03", "search"),
    ... ])
    >>> answer = loops(log)
    >>> print(answer)
    loop                    steps  occurrences  users   share
    search > search             1            1      1  33.3 %
    search > view > search      2            1      1  50.0 %
    >>> answer.users("search > view > search")
    ['ann']
    """
    checked_count("longest", "loops", longest, most=_LONGEST)
    checked_count("shown", "loops", shown)
    ground = ground_of(
        log, owner="loops", per=per, gap_minutes=gap_minutes, collapse_repeats=False, nodes=nodes,
        most_nodes=most_nodes, without=without, by=by, where=where, between=between,
        segment=segment, top=top,
    )  # fmt: skip
    rows: dict[str | None, list[_Row]] = {}
    note: dict[str, str] = {}
    for length in range(2, longest + 2):
        coding = coding_of(ground, length)
        asked = ground.ask(measure_runs, merge_runs, coding, length)
        note = dict(asked.note)
        for name, part in [(None, asked.total), *asked.groups.items()]:
            rows.setdefault(name, []).extend(_loops(part, coding, length, ground.nodes.names))
    frames = {name: _frame(found, shown) for name, found in rows.items()}
    total = frames.pop(None)
    definition = {
        "unit": f"runs of consecutive events of one {per} that end where they began and are at no"
        " node twice in between; runs may overlap",
        "share": "of the occurrences of all runs of so many steps",
        "rank": "equally common loops: more users first, then by name",
    }
    return Loops(
        frame=total,
        groups=stacked({str(name): frame for name, frame in frames.items()}),
        definition=definition | ground.definition | note,
        _ground=ground,
    )


_Row = tuple[str, int, int, int, float]


def _loops(part: RunPart, coding: Coding, length: int, names: Sequence[str]) -> list[_Row]:
    """Give the runs that end where they began."""
    at: list[Array] = [coding.nodes_at(part.codes, place, length) for place in range(length)]
    mask = at[0] == at[-1]
    for one in range(length - 1):
        for other in range(one + 1, length - 1):
            mask &= at[one] != at[other]
    total = max(1, int(part.runs.sum()))
    found = np.flatnonzero(mask)
    columns = [nodes[found].tolist() for nodes in at]
    return [
        (ARROW.join(names[node] for node in nodes), length - 1, runs, users, runs / total)
        for *nodes, runs, users in zip(
            *columns, part.runs[found].tolist(), part.users[found].tolist(), strict=True
        )
    ]


def _frame(rows: list[_Row], shown: int) -> pa.Table:
    rows = sorted(rows, key=lambda row: (-row[2], -row[3], row[0]))[:shown]
    schema = pa.schema(
        [
            ("loop", pa.string()),
            ("steps", pa.int64()),
            ("occurrences", pa.int64()),
            ("users", pa.int64()),
            ("share", pa.float64()),
        ]
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)
