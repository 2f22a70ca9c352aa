"""What every question about paths stands on: whose events, what a node is, what a unit is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from footfall.analytics.listing import joined
from footfall.analytics.path.nodes import NamesNodes, Nodes, nodes_of
from footfall.analytics.path.units import Cut, Units, cut_of
from footfall.analytics.scope import Asked, Scope, scoped
from footfall.errors import OptionError
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["Ground", "checked_count", "checked_share", "ground_of", "summed", "units_in"]

P = TypeVar("P")
A = TypeVar("A")


@dataclass(frozen=True, eq=False)
class Ground:
    """Events in scope, cut into units of nodes.

    Parameters
    ----------
    owner : str
        The question, for errors and progress bars.
    scope : Scope
    nodes : Nodes
    cut : Cut
    definition : mapping of str to str
        What holds for every question on this ground.
    """

    owner: str
    scope: Scope
    nodes: Nodes
    cut: Cut
    definition: dict[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Chunk columns that units need."""
        return tuple(dict.fromkeys((*self.nodes.columns, *self.cut.columns)))

    def codes(self, names: str, option: str) -> npt.NDArray[np.int32]:
        """Give the codes of named nodes."""
        return self.nodes.codes(self.scope.log, names, option=option, owner=self.owner)

    def ask(
        self,
        measure: Callable[..., P],
        merge: Callable[[list[P]], A],
        *given: Any,
        columns: Sequence[str] = (),
    ) -> Asked[A]:
        """Ask ``measure(nodes, cut, *given, chunk)`` of all, and of each group of a breakdown."""
        return self.scope.ask(
            partial(measure, self.nodes, self.cut, *given),
            merge,
            columns=tuple(dict.fromkeys((*self.columns, *columns))),
            label=self.owner,
        )

    def total(
        self,
        measure: Callable[..., P],
        merge: Callable[[list[P]], A],
        *given: Any,
        columns: Sequence[str] = (),
    ) -> A:
        """Ask the same of all events in scope only."""
        return self.scope.log.map(
            partial(measure, self.nodes, self.cut, *given),
            merge,
            columns=tuple(dict.fromkeys((*self.columns, *columns))),
            label=self.owner,
        )

    def users(
        self,
        measure: Callable[..., npt.NDArray[np.bool_]],
        *given: Any,
        group: str | None = None,
        columns: Sequence[str] = (),
    ) -> list[str]:
        """List the users that ``measure(nodes, cut, *given, chunk)`` marks, in order."""
        scope = self.scope.of(group, owner=self.owner)
        codes = scope.log.map(
            partial(_marked, partial(measure, self.nodes, self.cut, *given)),
            joined,
            columns=tuple(dict.fromkeys((*self.columns, *columns))),
            label=f"{self.owner}: users",
        )
        return sorted(self.scope.log.user_ids.strings(codes).to_pylist())


def _marked(measure: Callable[[UserChunk], Array], chunk: UserChunk) -> npt.NDArray[np.int32]:
    return chunk.users[measure(chunk)]


def summed(shape: tuple[int, ...], parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Add up the counts of chunks; no chunk at all counts nothing."""
    total: npt.NDArray[np.int64] = np.sum([np.zeros(shape, np.int64), *parts], axis=0)
    return total


def units_in(nodes: Nodes, cut: Cut, chunk: UserChunk) -> Units:
    """Cut a chunk into units of nodes."""
    return Units.of(chunk, nodes.of(chunk), cut)


def ground_of(
    log: LogView,
    *,
    owner: str,
    per: str,
    gap_minutes: float,
    collapse_repeats: bool,
    nodes: str | NamesNodes | None,
    most_nodes: int | None,
    without: str | None,
    keep: Sequence[str | None] = (),
    by: str | None,
    where: str | None,
    between: Any,
    segment: Any,
    top: int,
) -> Ground:
    """Check what all questions of this room have in common."""
    cut = cut_of(per, gap_minutes, collapse_repeats=collapse_repeats, owner=owner)
    scope = scoped(
        log,
        owner=owner,
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
        grain="session" if per == "session" else "user",
        gap_minutes=gap_minutes,
    )
    named = nodes_of(scope.log, nodes, owner=owner, without=without, most=most_nodes, keep=keep)
    definition = _definition(cut, named, gap_minutes, without) | dict(scope.definition)
    return Ground(owner, scope, named, cut, definition)


def _definition(cut: Cut, nodes: Nodes, gap_minutes: float, without: str | None) -> dict[str, str]:
    window = f"sessions end after {gap_minutes:g} minutes of silence, or as their ids say"
    definition = {
        "window": window if cut.per == "session" else "all events of a user",
        "order": "timestamp",
        "ties": "events of the same timestamp stand in the order in which they were read",
        "time_zone": "UTC; no calendar is involved",
        "nodes": nodes.naming.text,
        "repeats": "events of one node in a row count once" if cut.collapse_repeats else "kept",
    }
    if nodes.other >= 0:
        definition["nodes"] += f"; beyond the {nodes.other:,} of most users all are (other)"
    if without:
        definition["without"] = f"events of {without} are passed over"
    return definition


def checked_count(option: str, owner: str, value: object, *, least: int = 1, most: int = 0) -> int:
    """Give an int back.

    Raises
    ------
    OptionError
        If it is none, or not from ``least`` to ``most`` (0: any).
    """
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not fits or (most and isinstance(value, int) and value > most):
        allowed = f"an int from {least} to {most:,}" if most else f"an int of at least {least}"
        raise OptionError.of(option, owner, allowed, value)
    assert isinstance(value, int)  # noqa: S101  # told to the type checker, checked above
    return value


def checked_share(option: str, owner: str, value: object) -> float:
    """Give a share back.

    Raises
    ------
    OptionError
        If it is not from 0 to 1.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise OptionError.of(option, owner, "a share from 0 to 1, such as 0.01", value)
    return float(value)
