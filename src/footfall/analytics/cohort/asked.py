"""Who a question counts, and the users behind a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.grouping import Grain
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

__all__ = ["HISTORY", "Who", "listed"]

# What definitions say of questions that look back.
HISTORY = "events before the time asked for decide who is new; they are not counted themselves"


@dataclass(frozen=True, kw_only=True)
class Who:
    """The options every question shares.

    Parameters
    ----------
    by, where, between, segment, top, time_zone
        As in every question.
    """

    by: str | None = None
    where: str | None = None
    between: Between | None = None
    segment: str | None = None
    top: int = 10
    time_zone: str = "UTC"

    def scope(self, log: LogView, *, owner: str, grain: Grain = "user") -> Scope:
        """Give the events that count."""
        return scoped(
            log,
            owner=owner,
            where=self.where,
            between=self.between,
            segment=self.segment,
            by=self.by,
            top=self.top,
            grain=grain,
            time_zone=self.time_zone,
        )


def listed(
    scope: Scope,
    group: str | None,
    find: Callable[[UserChunk], Array],
    *,
    columns: Sequence[str],
    label: str,
    before: bool = False,
) -> list[str]:
    """List the ids of the users a measure finds, in alphabetical order.

    Parameters
    ----------
    scope : Scope
    group : str or None
        A group of the breakdown; None for everybody.
    find : callable
        ``find(chunk) -> user codes``.
    columns : sequence of str
    label : str
    before : bool, default=False
        Ask the events before the time asked for, too.
    """
    mine = scope.of(group)
    log = mine.before if before else mine.log
    codes = log.map(find, _joined, columns=columns, label=label)
    return sorted(log.user_ids.strings(codes).to_pylist())


def _joined(parts: list[Array]) -> Array:
    return np.unique(np.concatenate([np.zeros(0, np.int32), *parts]))
