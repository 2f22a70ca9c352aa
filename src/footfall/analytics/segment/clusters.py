"""Clusters: users who behave alike, found, named in words, and said how sure they are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.analytics.answer import Answer, stacked, text_table
from footfall.analytics.listing import joined
from footfall.analytics.scope import Between, Scope, scoped
from footfall.analytics.scope.segments import Segment
from footfall.analytics.segment.grouping import STABLE, Found, hdbscan, kmeans, weighted
from footfall.analytics.segment.measures import MEASURES, Measures, measure_users
from footfall.analytics.segment.naming import Evidence, Named, evidence_of, name_groups
from footfall.errors import NotEnoughDataError, OptionError
from footfall.events.moments import Moment, shown_moment
from footfall.kernels import Array
from footfall.store.chunk import UserChunk
from footfall.store.view import LogView

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["APART", "Clusters", "Method", "cluster_segments"]

Method = Literal["kmeans", "hdbscan"]
APART = "(no cluster)"
_APART_ZH = "（未归类）"
_FEWEST = 30  # users
_WEAK = 0.1  # silhouette below which groups run into each other
_TWIN = ("active_days",)  # says nearly what sessions says


@dataclass(frozen=True, kw_only=True, repr=False)
class Clusters(Answer):
    """The answer of :func:`cluster_segments`.

    Attributes
    ----------
    frame : pa.Table
        One row a cluster, largest first: segment (its name), segment_zh, users (int64), share,
        stability (mean Jaccard similarity with the same cluster found in bootstrap samples: above
        0.75 it comes back, below 0.5 it is an accident), revenue_minor (int64), revenue_share.
    evidence : pa.Table
        One row a cluster and measure, the most telling first: segment, measure, mean, base,
        difference (in standard deviations), low, high, p_value, p_adjusted, in_name (bool).
    tried : pa.Table
        Numbers of clusters tried: clusters (int64), silhouette, agreement.
    silhouette, agreement : float
        How far apart the clusters are (-1 to 1); mean adjusted Rand index with bootstrap samples.
    caution : str or None
        What to keep in mind before the clusters are used.
    groups : pa.Table or None
        With a breakdown: group, segment, users, share.
    definition : mapping of str to str
    """

    FORMATS: ClassVar[Mapping[str, str]] = {"share": "share", "revenue_share": "share"}

    frame: pa.Table
    evidence: pa.Table
    tried: pa.Table
    silhouette: float
    agreement: float
    caution: str | None
    groups: pa.Table | None
    definition: Mapping[str, str]
    _question: "_Question" = field(compare=False)

    def users(self, segment: str, *, group: str | None = None) -> list[str]:
        """List the users of a cluster, as many as the table says.

        Parameters
        ----------
        segment : str
            Its name, in English or Chinese.
        group : str, optional
            A group of the breakdown; None for all users.

        Returns
        -------
        list of str
            User ids in alphabetical order.

        Raises
        ------
        OptionError
            If there is no such cluster or group.
        """
        return self._question.users(self._row(segment), group)

    def segment(self, segment: str) -> Segment:
        """Give a cluster as a segment that can be saved, exported or asked about."""
        return Segment(segment, users=self.users(segment))

    def _row(self, segment: str) -> int:
        for column in ("segment", "segment_zh"):
            names = self.frame.column(column).to_pylist()
            if segment in names:
                return names.index(segment)
        allowed = f"one of {self.frame.column('segment').to_pylist()}"
        raise OptionError.of("segment", "Clusters", allowed, segment)

    def to_json(self) -> dict[str, Any]:
        """Give clusters, evidence and the definition as plain values."""
        answer: dict[str, Any] = {
            "clusters": self.frame.to_pylist(),
            "evidence": [
                {key: _plain(value) for key, value in row.items()}
                for row in self.evidence.to_pylist()
            ],
            "tried": self.tried.to_pylist(),
            "silhouette": self.silhouette,
            "agreement": self.agreement,
            "caution": self.caution,
        }
        if self.groups is not None:
            answer["groups"] = self.groups.to_pylist()
        return answer | {"definition": dict(self.definition)}

    def plot(self) -> "go.Figure":
        """Draw what sets each cluster apart: a row a cluster, a column a measure."""
        from footfall.analytics.segment.cluster_chart import draw_clusters

        return draw_clusters(self)

    def __str__(self) -> str:
        parts = [super().__str__()]
        if self.caution:
            parts.append(self.caution)
        if self.groups is not None:
            parts.append(text_table(self.groups, formats=self.FORMATS))
        return "\n\n".join(parts)


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: None."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def cluster_segments(
    log: LogView,
    *,
    method: Method = "kmeans",
    k: int | None = None,
    most: int = 8,
    features: Sequence[str] | None = None,
    seed: int = 0,
    at: Moment | None = None,
    gap_minutes: float = 30,
    discount: str | None = None,
    by: str | None = None,
    where: str | None = None,
    between: Between | None = None,
    segment: str | Segment | None = None,
    top: int = 10,
    time_zone: str = "UTC",
) -> Clusters:
    """Find groups of users who behave alike and name them by what sets them apart.

    Parameters
    ----------
    log : LogView
    method : "kmeans" or "hdbscan", default="kmeans"
        k-means puts everybody into a group; HDBSCAN only the users of dense regions.
    k : int, optional
        Number of groups of k-means. None: of 2 to ``most``, the one with the largest product of
        silhouette and agreement with bootstrap samples (mean adjusted Rand index).
    most : int, default=8
        Largest number tried.
    features : sequence of str, optional
        Measures to go by (:data:`footfall.analytics.segment.measures.MEASURES`). None: all that
        the log has and that differ between users.
    seed : int, default=0
        Same seed, same groups.
    at, gap_minutes, discount
        As in :func:`footfall.analytics.segment.measures.measure_users`.
    by, where, between, segment, top, time_zone
        Break down, and count only a part of the log: see
        :func:`footfall.analytics.scope.scope.scoped`.

    Returns
    -------
    Clusters

    Raises
    ------
    OptionError
        If an option is not as above.
    NotEnoughDataError
        If there are fewer than 30 users, or they do not differ.
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    D. Steinley and M. J. Brusco, "A new variable weighting and selection procedure for K-means
    cluster analysis", 2008.
    C. Hennig, "Cluster-wise assessment of cluster stability", 2007.

    Examples
    --------
    Twenty users buy on most days, forty look once:

    >>> from footfall.store.memory import MemoryLog
    >>> log = MemoryLog.from_rows(
    ...     (f"u{user:02d}", f"2026-01-{day:02d}T{10 + user % 3}:00", kind, "kettle")
    ...     for user in range(60)
    ...     for day in (range(1, 20 + user % 5) if user < 20 else (1 + user % 28,))
    ...     for kind in (("view", "purchase") if user < 20 else ("view",))
    ... )
    >>> cluster_segments(log, k=2).frame["users"].to_pylist()
    [40, 20]
    """
    owner = "cluster_segments"
    _check(method, k, most, seed, owner)
    scope = scoped(
        log, owner=owner, where=where, between=between, segment=segment, by=by, top=top,
        time_zone=time_zone,
    )  # fmt: skip
    measures = measure_users(
        scope.log, at=at, time_zone=time_zone, gap_minutes=gap_minutes, discount=discount,
        owner=owner,
    )  # fmt: skip
    names = _features(measures, features, owner)
    if len(measures.users) < _FEWEST or not names:
        raise NotEnoughDataError(
            f"Clusters need {_FEWEST} users who differ in something; the log has"
            f" {len(measures.users):,} in scope, and {len(names)} measures that differ."
        )
    table = weighted(measures.table(names))
    found = (
        kmeans(table, k=k, most=most, seed=seed)
        if method == "kmeans"
        else hdbscan(table, smallest=None, seed=seed)
    )
    return _Question(scope, measures, _by_size(found), method, names).answer()


def _check(method: str, k: int | None, most: int, seed: int, owner: str) -> None:
    if method not in get_args(Method):
        raise OptionError.of("method", owner, f"one of {get_args(Method)}", method)
    if k is not None and (isinstance(k, bool) or k not in range(2, 51)):
        raise OptionError.of("k", owner, "an int from 2 to 50, or None", k)
    if isinstance(most, bool) or most not in range(2, 31):
        raise OptionError.of("most", owner, "an int from 2 to 30", most)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise OptionError.of("seed", owner, "an int of at least 0", seed)


def _features(measures: Measures, asked: Sequence[str] | None, owner: str) -> list[str]:
    every = [measure.name for measure in MEASURES]
    for name in asked or ():
        if name in measures.absent:
            allowed = f"measures this log has ({measures.absent[name]})"
            raise OptionError.of("features", owner, allowed, name)
        if name not in every:
            raise OptionError.of("features", owner, f"among {every}", name)
    wanted = [n for n in measures.names if n not in _TWIN] if asked is None else [*asked]
    return [name for name in dict.fromkeys(wanted) if np.any(measures.scaled(name) != 0)]


def _by_size(found: Found) -> Found:
    """Give the same clusters, the largest first."""
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=len(found.stability))
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    place = np.full(len(sizes) + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    labels = place[found.labels]
    return Found(labels, found.silhouette, found.agreement, found.stability[order], found.tried)


def _measure(labels: Array, size: int, chunk: UserChunk) -> Array:
    mine = labels[chunk.users][np.diff(chunk.offsets) > 0]
    return np.bincount(mine[mine >= 0], minlength=size).astype(np.int64)


def _merge(size: int, parts: list[Array]) -> Array:
    return np.sum([np.zeros(size, np.int64), *parts], axis=0)


def _list(labels: Array, wanted: int, chunk: UserChunk) -> Array:
    return chunk.users[(labels[chunk.users] == wanted) & (np.diff(chunk.offsets) > 0)]


@dataclass(frozen=True)
class _Question:
    scope: Scope
    measures: Measures
    found: Found
    method: Method
    features: list[str]

    @property
    def of_code(self) -> npt.NDArray[np.int64]:
        """Cluster of each user code; users in none come last; -1: not seen."""
        size = len(self.found.stability)
        labels = np.full(len(self.scope.base.user_ids), -1, np.int64)
        mine = self.found.labels
        labels[self.measures.users] = np.where(mine < 0, size, mine)
        return labels

    @property
    def rows(self) -> int:
        """Rows of the frame."""
        return len(self.found.stability) + bool(np.any(self.found.labels < 0))

    def answer(self) -> Clusters:
        evidence = [
            evidence_of(self.measures, self.found.labels == cluster, self.features)
            for cluster in range(len(self.found.stability))
        ]
        named = name_groups(evidence)
        frame = self._frame(named)
        return Clusters(
            frame=frame,
            evidence=_evidence(named, evidence),
            tried=pa.table(
                {
                    "clusters": pa.array([row[0] for row in self.found.tried], pa.int64()),
                    "silhouette": pa.array([row[1] for row in self.found.tried], pa.float64()),
                    "agreement": pa.array([row[2] for row in self.found.tried], pa.float64()),
                }
            ),
            silhouette=self.found.silhouette,
            agreement=self.found.agreement,
            caution=self._caution(),
            groups=self._groups(frame),
            definition=self._definition() | self.scope.definition,
            _question=self,
        )

    def _frame(self, named: Sequence[Named]) -> pa.Table:
        size = len(named)
        labels = np.where(self.found.labels < 0, size, self.found.labels)
        users = np.bincount(labels, minlength=self.rows)
        spend = self.measures.tally.sum("spend")
        money = np.zeros(self.rows, np.int64)
        np.add.at(money, labels, spend)
        stability = [float(each) for each in self.found.stability]
        apart = self.rows > size
        return pa.table(
            {
                "segment": pa.array([*(n.name for n in named), *[APART] * apart], pa.string()),
                "segment_zh": pa.array(
                    [*(n.name_zh for n in named), *[_APART_ZH] * apart], pa.string()
                ),
                "users": pa.array(users, pa.int64()),
                "share": pa.array(users / max(len(labels), 1)),
                "stability": pa.array([*stability, *[None] * apart], pa.float64()),
                "revenue_minor": pa.array(money, pa.int64()),
                "revenue_share": pa.array(money / max(int(spend.sum()), 1)),
            }
        )

    def _groups(self, frame: pa.Table) -> pa.Table | None:
        if self.scope.grouping is None:
            return None
        counts = self.scope.ask(
            partial(_measure, self.of_code, self.rows), partial(_merge, self.rows),
            columns=("timestamp",), label="clusters",
        )  # fmt: skip
        return stacked(
            {
                group: pa.table(
                    {
                        "segment": frame.column("segment"),
                        "users": pa.array(users, pa.int64()),
                        "share": pa.array(users / max(int(users.sum()), 1)),
                    }
                )
                for group, users in counts.groups.items()
            }
        )

    def _caution(self) -> str | None:
        if not len(self.found.stability):
            return "No region is dense enough to be a cluster: try k-means, or fewer measures."
        if self.found.agreement < STABLE:
            return (
                f"The clusters do not come back when users are drawn again (agreement"
                f" {self.found.agreement:.2f}, below {STABLE}): take them as one way to cut the"
                " users, not as kinds of shoppers."
            )
        if self.found.silhouette < _WEAK:
            return (
                f"The clusters run into each other (silhouette {self.found.silhouette:.2f}): users"
                " at a border could be in either."
            )
        return None

    def users(self, row: int, group: str | None) -> list[str]:
        codes = self.scope.of(group, owner="Clusters").log.map(
            partial(_list, self.of_code, row),
            joined,
            columns=("timestamp",),
            label="clusters: users",
        )
        return sorted(self.scope.base.user_ids.strings(codes).to_pylist())

    def _definition(self) -> dict[str, str]:
        absent = "; ".join(f"{name}: {why}" for name, why in self.measures.absent.items())
        return {
            "unit": "users with an event in scope; each is in one cluster, or in none",
            "window": f"events up to {shown_moment(self.measures.at)}",
            "order": "timestamp",
            "ties": "events of the same timestamp stand in the order in which they were read",
            "time_zone": "that of days and hours, as asked for",
            "method": self.method,
            "measures": ", ".join(self.features),
            "scale": "log of counts, money and days; shares mixed with 4 observations of the base;"
            " winsorized at 1 % and 99 %; standard deviations, 3 at most",
            "weights": "12 * variance / range squared of a measure, over the root of the sum of its"
            " squared correlations with all measures",
            "names": "words of the measures farthest from the other users, at least 0.35 standard"
            " deviations and significant at 5 % after correction",
        } | ({"absent": absent} if absent else {})


def _evidence(named: Sequence[Named], evidence: Sequence[Sequence[Evidence]]) -> pa.Table:
    rows = [
        {"segment": name.name} | asdict(each) | {"in_name": each.measure in name.measures}
        for name, found in zip(named, evidence, strict=True)
        for each in found
    ]
    words = {"segment": pa.string(), "measure": pa.string(), "in_name": pa.bool_()}
    columns = [
        "segment", "measure", "mean", "base", "difference", "low", "high", "p_value", "p_adjusted",
        "in_name",
    ]  # fmt: skip
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], words.get(name, pa.float64()))
            for name in columns
        }
    )
