"""Lookalikes: the users outside a segment who behave most like those inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer
from footfall.analytics.scope import Between, scoped
from footfall.analytics.scope.segments import Segment, members_of, segment_named
from footfall.analytics.segment.measures import measure_users
from footfall.errors import NotEnoughDataError, OptionError
from footfall.events.moments import Moment, shown_moment
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["SimilarUsers", "similar_users"]

Floats = npt.NDArray[np.float64]
_FEWEST = 10
_RIDGE = 0.1  # share of the identity in the covariance: measures overlap


@dataclass(frozen=True, kw_only=True, repr=False)
class SimilarUsers(Answer):
    """The answer of :func:`similar_users`.

    Attributes
    ----------
    segment : str
    frame : pa.Table
        One row a user, the most similar first: user_id, score (float64; 0 halfway between the
        segment and the others, in standard deviations), like_share (share of the segment's own
        users that score lower).
    drivers : pa.Table
        One row a measure, the weightiest first: measure, weight.
    separation : float
        Chance that a user of the segment scores higher than another one (AUC): near 0.5 the
        segment has no behavior of its own, and its lookalikes mean little.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"like_share": "share"}

    segment: str
    frame: pa.Table
    drivers: pa.Table
    separation: float
    groups: None = None
    definition: Mapping[str, str]

    def users(self, *, least: float = float("-inf")) -> list[str]:
        """List the users, in alphabetical order; only those of at least some score."""
        rows = zip(
            self.frame.column("user_id").to_pylist(),
            self.frame.column("score").to_pylist(),
            strict=True,
        )
        return sorted(user for user, score in rows if score >= least)

    def to_json(self) -> dict[str, Any]:
        """Give users, drivers and the definition as plain values."""
        return {
            "segment": self.segment,
            "separation": self.separation,
            "users": self.frame.to_pylist(),
            "drivers": self.drivers.to_pylist(),
            "definition": dict(self.definition),
        }

    def plot(self) -> "go.Figure":
        """Draw what makes users similar to the segment."""
        from footfall.analytics.profile.charts import draw_similar

        return draw_similar(self)


def similar_users(
    log: LogView,
    segment: str | Segment,
    k: int = 1000,
    *,
    at: Moment | None = None,
    gap_minutes: float = 30,
    discount: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    time_zone: str = "UTC",
) -> SimilarUsers:
    """Find the users outside a segment who behave most like its users.

    A linear discriminant over the scaled measures (:data:`MEASURES`) parts the segment from the
    others; the users outside with the highest scores are its lookalikes.

    Parameters
    ----------
    log : LogView
    segment : str or Segment
        The seed; a str is the name of a saved one.
    k : int, default=1000
        How many to give, at most.
    at, gap_minutes, discount
        As in :func:`footfall.analytics.segment.measures.measure_users`.
    where, between, time_zone
        Count only a part of the log: see :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    SimilarUsers

    Raises
    ------
    OptionError
        If an option cannot be understood.
    NotEnoughDataError
        If fewer than 10 users are in the segment, or outside.

    Examples
    --------
    Ten of twenty users buy; of the others, one adds to the cart and nine only look:

    >>> from footfall.store.memory import MemoryLog
    >>> second = ["add_to_cart"] * 10 + ["view"] * 10
    >>> last = ["purchase"] * 10 + ["view"] * 9 + ["add_to_cart"]
    >>> log = MemoryLog.from_rows(
    ...     (f"u{user:02d}", f"2026-01-01T10:{minute:02d}", kind, "kettle")
    ...     for user in range(20)
    ...     for minute, kind in enumerate(["view", second[user], last[user]])
    ... )
    >>> buyers = Segment("buyers", "count(purchase) >= 1")
    >>> similar_users(log, buyers, k=1).frame["user_id"].to_pylist()
    ['u19']
    """
    owner = "similar_users"
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise OptionError.of("k", owner, "an int of at least 1", k)
    scope = scoped(log, owner=owner, where=where, between=between, time_zone=time_zone)
    found = segment_named(log, segment) if isinstance(segment, str) else segment
    measures = measure_users(
        scope.log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount,
        owner=owner,
    )  # fmt: skip
    members = members_of(scope.log, found, measures.at, time_zone=time_zone)
    inside = members[measures.users]
    if min(inside.sum(), (~inside).sum()) < _FEWEST:
        raise NotEnoughDataError(
            f"Lookalikes need {_FEWEST} users in the segment and as many outside; {found.name!r}"
            f" has {int(inside.sum()):,} of {len(inside):,}."
        )
    names = [name for name in measures.names if np.any(measures.scaled(name) != 0)]
    weights, scores = _discriminant(measures.table(names), inside)
    outside = np.flatnonzero(~inside)
    ids = log.user_ids.strings(measures.users[outside])
    ranked = (
        pa.table({"place": pa.array(outside), "user_id": ids, "score": pa.array(scores[outside])})
        .sort_by([("score", "descending"), ("user_id", "ascending")])
        .slice(0, k)
    )
    own = np.sort(scores[inside])
    share = np.searchsorted(own, ranked.column("score").to_numpy()) / len(own)
    order = np.argsort(-np.abs(weights), kind="stable")
    return SimilarUsers(
        segment=found.name,
        frame=ranked.drop_columns(["place"]).append_column("like_share", pa.array(share)),
        drivers=pa.table(
            {
                "measure": pa.array([names[at] for at in order], pa.string()),
                "weight": pa.array(weights[order], pa.float64()),
            }
        ),
        separation=_chance_higher(own, np.sort(scores[outside])),
        definition={
            "unit": f"users with an event in scope who are not in {found.name!r}",
            "window": f"events up to {shown_moment(measures.at)}",
            "order": "score, highest first",
            "ties": "by user id",
            "time_zone": f"{time_zone}, for hours and weekends",
            "score": "linear discriminant of the scaled measures; 0 halfway between the means",
        }
        | scope.definition,
    )


def _discriminant(table: Floats, inside: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Give the weights of measures and everybody's score, in standard deviations of the score."""
    mine, rest = table[inside], table[~inside]
    means = mine.mean(axis=0), rest.mean(axis=0)
    spread = (_scatter(mine, means[0]) + _scatter(rest, means[1])) / max(len(table) - 2, 1)
    size = len(spread)
    ridge = (1 - _RIDGE) * spread + _RIDGE * max(np.trace(spread) / size, 1e-9) * np.eye(size)
    weights = np.linalg.solve(ridge, means[0] - means[1])
    weights = weights / max(float(np.sqrt(weights @ ridge @ weights)), 1e-12)
    return weights, (table - (means[0] + means[1]) / 2) @ weights


def _scatter(table: Floats, mean: Floats) -> Floats:
    centered = table - mean
    return centered.T @ centered


def _chance_higher(mine: Floats, rest: Floats) -> float:
    below = np.searchsorted(rest, mine, side="left") + np.searchsorted(rest, mine, side="right")
    return float(below.sum() / (2 * len(mine) * len(rest)))
