"""Lookalike audiences: the users most like those of a list, and how far that can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.analytics.answer import text_table
from footfall.errors import NotEnoughDataError, OptionError
from footfall.evaluate.interval import bootstrap_interval
from footfall.models.embeddings.checks import check_number, check_whole, ids_of
from footfall.models.embeddings.vectors import Embedding

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Lookalikes", "Scorer", "lookalike"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Scorer = Literal["logistic", "centroid"]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
FEWEST = 10  # seeds, and users besides
FOLDS = 5
MOST_OTHERS = 20_000  # users besides the seeds that a logistic model is told of
PRIOR = 1_000.0  # how strongly weights are drawn to 0, in users
STEPS = 12  # of Newton's method; it has met its answer long before


@dataclass(frozen=True, kw_only=True, repr=False)
class Lookalikes:
    """The answer of :func:`lookalike`.

    Parameters
    ----------
    frame : pa.Table
        One row a user, the most alike first: ``user_id`` (string), ``score`` (float64; the log
        odds of being a seed when half of all were, or the cosine), ``rank`` (int64, 1 is best).
    lifts : pa.Table
        One row a share of all users: ``share``; ``found``, the share of held-out seeds among the
        users of that share that score highest; ``lift``, how many times as many as at random;
        ``low`` and ``high``, its 95 % interval over seeds. All float64.
    share : float
        The share asked about; it has a row in `lifts`.
    seeds, unknown : int
        Seeds that have a vector, and those that have none.
    method : {"logistic", "centroid"}
        What scored the users.
    """

    frame: pa.Table
    lifts: pa.Table
    share: float
    seeds: int
    unknown: int
    method: Scorer

    @property
    def lift(self) -> float:
        """How many times as many held-out seeds as at random are in the share asked about."""
        row = self.lifts.column("share").to_pylist().index(self.share)
        return float(self.lifts.column("lift")[row].as_py())

    def users(self) -> list[str]:
        """List the users, in alphabetical order."""
        return sorted(self.frame.column("user_id").to_pylist())

    def __str__(self) -> str:
        words = f"{self.seeds:,} seeds, {self.unknown:,} unknown; scored by {self.method}"
        shown = text_table(self.lifts, formats={"share": "share", "found": "share"})
        return f"{words}\nheld-out seeds among the top users:\n{shown}"

    def to_json(self) -> dict[str, Any]:
        """Give users, lifts and the counts as plain values."""
        return {
            "method": self.method,
            "seeds": self.seeds,
            "unknown": self.unknown,
            "share": self.share,
            "lift": self.lift,
            "lifts": self.lifts.to_pylist(),
            "users": self.frame.to_pylist(),
        }

    def plot(self) -> "go.Figure":
        """Draw how many held-out seeds the highest scores hold, against random."""
        from footfall.models.embeddings.picture import draw_lifts

        return draw_lifts(self)


def lookalike(
    users: Embedding,
    seeds: Sequence[str] | pa.Array,
    *,
    k: int = 1_000,
    method: Scorer = "logistic",
    share: float = 0.1,
    seed: int = 0,
) -> Lookalikes:
    """Find the users most like those of a list.

    How far the answer can be trusted is measured on the list itself: a fifth of the seeds is held
    out, the others score everybody, and it is counted how many of the held-out ones are among the
    users who score highest; five times, so that each seed is held out once.

    Parameters
    ----------
    users : Embedding
        Vectors of users, seeds and others.
    seeds : sequence of user ids
        Whom to resemble; those without a vector are counted and left out.
    k : int
        Users to give, at most; seeds are never among them.
    method : {"logistic", "centroid"}
        "logistic": a small logistic regression parts seeds from others; "centroid": the cosine
        to the seeds' mean, both seen from the mean of all users.
    share : float
        Share of all users that will be addressed: the lift is told for it, too.
    seed : int
        Of who is held out when. Same seed, same answer.

    Returns
    -------
    Lookalikes

    Raises
    ------
    OptionError
        When an option is not as above.
    NotEnoughDataError
        When there are fewer than 10 seeds with a vector, or 10 other users.

    References
    ----------
    Q. Ma et al., "A sub-linear, massive-scale look-alike audience extension system", 2016.

    Examples
    --------
    Half of the users point one way; twelve of them are the list:

    >>> ids = pa.array([f"u{at:02d}" for at in range(60)])
    >>> vectors = [[1.0, 0.02 * at] if at < 30 else [0.02 * at, -1.0] for at in range(60)]
    >>> users = Embedding(ids=ids, vectors=vectors, kind="user")
    >>> found = lookalike(users, [f"u{at:02d}" for at in range(12)], k=18, share=0.5)
    >>> found.lift, max(found.users())
    (2.0, 'u29')
    """
    check_whole(k, "k", "lookalike")
    check_whole(seed, "seed", "lookalike", low=0)
    check_number(share, "share", "lookalike", low=1e-6, high=1)
    if method not in get_args(Scorer):
        raise OptionError.of("method", "lookalike", f"one of {get_args(Scorer)}", method)
    if users.kind != "user":
        raise OptionError.of("users", "lookalike", "an embedding of users", f"one of {users.kind}s")
    # Users in the order of their ids: sums, draws and ties then do not depend on how they came.
    ordered = users.rows(pc.sort_indices(users.ids).to_numpy())
    wanted = ids_of(seeds, "seeds", "lookalike").drop_null().unique()
    codes = ordered.codes(wanted)
    inside = np.zeros(len(ordered), np.bool_)
    inside[codes[codes >= 0]] = True
    if min(inside.sum(), (~inside).sum()) < FEWEST:
        raise NotEnoughDataError(
            f"Lookalikes need {FEWEST} seeds with a vector and as many other users. There are"
            f" {int(inside.sum()):,} of {len(wanted):,} seeds, and {int((~inside).sum()):,} others."
        )
    vectors = ordered.unit.astype(np.float64)
    scores = _score(vectors, inside, method, np.random.default_rng((seed, FOLDS)))
    outside = np.flatnonzero(~inside)
    best = outside[np.argsort(-scores[outside], kind="stable")][:k]
    return Lookalikes(
        frame=pa.table(
            {
                "user_id": ordered.ids.take(best),
                "score": scores[best],
                "rank": np.arange(1, len(best) + 1),
            }
        ),
        lifts=_lifts(_places(vectors, inside, method, seed), share, seed),
        share=share,
        seeds=int(inside.sum()),
        unknown=int(np.sum(codes < 0)),
        method=method,
    )


def _places(vectors: Floats, inside: Flags, method: Scorer, seed: int) -> Floats:
    """Give each seed, held out, the share of users who score higher."""
    seeds = np.random.default_rng(seed).permutation(np.flatnonzero(inside))
    places = np.empty(len(seeds))
    for fold in range(FOLDS):
        held = seeds[fold::FOLDS]
        known = inside.copy()
        known[held] = False
        scores = _score(vectors, known, method, np.random.default_rng((seed, fold)))
        ranked = np.sort(scores[~known])
        above = len(ranked) - np.searchsorted(ranked, scores[held], side="right")
        level = len(ranked) - np.searchsorted(ranked, scores[held], side="left") - above
        places[fold::FOLDS] = (above + (level - 1) / 2) / len(ranked)  # the middle of ties
    return places


def _lifts(places: Floats, share: float, seed: int) -> pa.Table:
    shares = sorted({*SHARES, share})
    rows = []
    for each in shares:
        hits = np.where(places < each, 1.0, 0.0)
        low, high = bootstrap_interval(hits, seed=seed)
        found = float(hits.mean())
        rows.append((each, found, found / each, low / each, high / each))
    names = ("share", "found", "lift", "low", "high")
    return pa.table(
        {name: [row[at] for row in rows] for at, name in enumerate(names)},
        schema=pa.schema([(name, pa.float64()) for name in names]),
    )


def _score(vectors: Floats, known: Flags, method: Scorer, rng: np.random.Generator) -> Floats:
    """Score everybody by likeness to the known seeds."""
    # What everybody has in common would hide what the seeds have.
    centered = vectors - vectors.mean(axis=0)
    if method == "centroid":
        mean = centered[known].mean(axis=0)
        lengths = np.linalg.norm(centered, axis=1) * np.linalg.norm(mean)
        return np.asarray(centered @ mean / np.maximum(lengths, 1e-30), np.float64)
    others = np.flatnonzero(~known)
    if len(others) > MOST_OTHERS:
        others = np.sort(rng.choice(others, MOST_OTHERS, replace=False))
    rows = np.concatenate((np.flatnonzero(known), others))
    design = np.column_stack((centered * np.sqrt(centered.shape[1]), np.ones(len(centered))))
    positive = np.arange(len(rows)) < len(rows) - len(others)
    return design @ _logistic(design[rows], positive)


def _logistic(design: Floats, positive: Flags) -> Floats:
    """Fit a ridge regression of log odds by Newton's method; both sides weigh the same."""
    share = int(positive.sum()) / max(len(positive) - int(positive.sum()), 1)
    weights = np.where(positive, 1.0, share)
    ridge = np.full(design.shape[1], PRIOR)
    ridge[-1] = 1e-6  # the constant is free
    answer = np.zeros(design.shape[1])
    for _ in range(STEPS):
        odds = np.clip(design @ answer, -30.0, 30.0)
        chance = 1 / (1 + np.exp(-odds))
        slope = design.T @ (weights * (positive - chance)) - ridge * answer
        bend = (design * (weights * chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        answer = answer + step
        if np.abs(step).max() < 1e-8:
            break
    return answer
