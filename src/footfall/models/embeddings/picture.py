"""The picture of an embedding: a map on which neighbors are alike."""

from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from footfall.analytics.charts import GREY, PALETTE, SCALE, TEAL, house_layout, tinted
from footfall.errors import MissingExtraError, OptionError
from footfall.models.embeddings.checks import check_whole

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.models.embeddings.lookalike import Lookalikes
    from footfall.models.embeddings.vectors import Embedding

__all__ = ["draw_lifts", "draw_map", "map_points"]

Floats = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]
METHODS = ("auto", "tsne", "pca")
FEWEST = 10  # points below which t-SNE has no neighbors to keep
OTHER = "(other)"
LAST = 2_000  # in a legend, where others have 1,000


def map_points(
    embedding: "Embedding", *, most: int, method: str, seed: int
) -> tuple[Int64, Floats, str]:
    """Place the most frequent ids of an embedding on a plane.

    Parameters
    ----------
    embedding : Embedding
    most : int
        Points at most.
    method : {"auto", "tsne", "pca"}
        "auto": t-SNE when scikit-learn is there and there are ten points.
    seed : int
        Same seed, same map.

    Returns
    -------
    codes : int64 array, shape (M,)
        Rows of the embedding, the most frequent first.
    points : float64 array, shape (M, 2)
    method : str
        "tsne" or "pca": what was done.

    References
    ----------
    L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 2008.
    """
    check_whole(most, "most", "map_picture")
    check_whole(seed, "seed", "map_picture", low=0, high=2**32 - 1)
    if method not in METHODS:
        raise OptionError.of("method", "map_picture", f"one of {METHODS}", method)
    counts = embedding.counts
    order = np.arange(len(embedding)) if counts is None else np.argsort(-counts, kind="stable")
    codes = order[:most].astype(np.int64)
    unit = embedding.unit[codes].astype(np.float64)
    chosen = method
    if method == "auto":
        there = find_spec("sklearn") is not None and len(codes) >= FEWEST
        chosen = "tsne" if there else "pca"
    points = _tsne(unit, seed) if chosen == "tsne" and len(codes) > 1 else _pca(unit)
    return codes, points, chosen


def _pca(unit: Floats) -> Floats:
    """Project on the two directions of most spread; the larger end of each points up."""
    points = np.zeros((len(unit), 2))
    if len(unit) < 2:
        return points
    centered = unit - unit.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    axes = axes[:2]
    ends = np.take_along_axis(axes, np.argmax(np.abs(axes), axis=1)[:, None], axis=1)
    axes = axes * np.where(ends < 0, -1.0, 1.0)
    points[:, : len(axes)] = centered @ axes.T
    return points


def _tsne(unit: Floats, seed: int) -> Floats:
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "segments", "Maps by t-SNE") from error
    start = _pca(unit)
    spread = start[:, 0].std()
    model = TSNE(
        perplexity=min(30.0, (len(unit) - 1) / 3),
        init=start / max(spread, 1e-12) * 1e-4,
        learning_rate="auto",
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(model.fit_transform(unit), np.float64)


def draw_map(
    embedding: "Embedding",
    *,
    labels: Mapping[str, str] | None,
    labeled_by: str,
    titles: Mapping[str, str] | None,
    most: int,
    method: str,
    seed: int,
) -> "go.Figure":
    """Draw the map; see :meth:`footfall.models.embeddings.vectors.Embedding.map_picture`."""
    import plotly.graph_objects as go

    codes, points, chosen = map_points(embedding, most=most, method=method, seed=seed)
    ids = embedding.ids.take(codes).to_pylist()
    names = [(titles or {}).get(each, each) for each in ids]
    figure = go.Figure()
    if labels is None:
        counts = np.ones(len(codes)) if embedding.counts is None else embedding.counts[codes]
        figure.add_trace(_points(points, names, counts))
    else:
        _add_labels(figure, points, names, [labels.get(each, OTHER) for each in ids])
    how = "t-SNE" if chosen == "tsne" else "the two main directions"
    colored = "color: how often" if labels is None else f"color: {labeled_by}"
    figure.update_layout(
        **house_layout(
            f"Map of {embedding.kind}s: near is alike",
            subtitle=f"{len(codes):,} of {len(embedding):,} {embedding.kind}s, {how}; {colored}",
            height=640,
        )
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    return figure


def _points(points: Floats, names: list[str], counts: npt.NDArray[Any]) -> "go.Scatter":
    import plotly.graph_objects as go

    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        text=names,
        customdata=counts,
        marker={
            "size": 6,
            "color": np.log10(np.maximum(counts, 1)),
            "colorscale": [list(each) for each in SCALE],
            "showscale": False,
            "line": {"width": 0.5, "color": "#ffffff"},
        },
        hovertemplate="%{text}: %{customdata:,}<extra></extra>",
    )


def _add_labels(figure: "go.Figure", points: Floats, names: list[str], labels: list[str]) -> None:
    """Give the most frequent labels colors of their own; the rest is grey, and lies below."""
    import plotly.graph_objects as go

    sizes = Counter(labels)
    sizes.pop(OTHER, None)
    room = len(PALETTE) - 1  # its last color is the grey of the others
    ranked = sorted(sizes, key=lambda label: (-sizes[label], label))[:room]
    shown = [label if label in ranked else OTHER for label in labels]
    colors = dict(zip(ranked, PALETTE, strict=False))
    for label in [OTHER, *ranked]:
        rows = [row for row, each in enumerate(shown) if each == label]
        if rows:
            figure.add_trace(
                go.Scatter(
                    x=points[rows, 0],
                    y=points[rows, 1],
                    mode="markers",
                    name=label,
                    legendrank=LAST if label == OTHER else None,
                    text=[names[row] for row in rows],
                    customdata=[labels[row] for row in rows],
                    marker={
                        "size": 6,
                        "color": colors.get(label, GREY),
                        "opacity": 0.4 if label == OTHER else 0.85,
                    },
                    hovertemplate="%{text}: %{customdata}<extra></extra>",
                )
            )


def draw_lifts(answer: "Lookalikes") -> "go.Figure":
    """Draw the share of held-out seeds found against the share of users addressed."""
    import plotly.graph_objects as go

    rows = [{"share": 0.0, "found": 0.0, "low": 0.0, "high": 0.0}, *answer.lifts.to_pylist()]
    shares = [row["share"] for row in rows]
    figure = go.Figure()
    band = [min(1.0, row["share"] * row["high"]) for row in rows]
    band += [row["share"] * row["low"] for row in reversed(rows)]
    figure.add_trace(
        go.Scatter(
            x=[*shares, *reversed(shares)], y=band, fill="toself", fillcolor=tinted(TEAL, 0.15),
            line={"width": 0}, hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=shares, y=[row["found"] for row in rows], mode="lines+markers", name="lookalikes",
            line={"color": TEAL, "width": 2},
            hovertemplate="top %{x:.0%} of users: %{y:.0%} of seeds<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[0, shares[-1]], y=[0, shares[-1]], mode="lines", name="at random",
            line={"color": GREY, "dash": "dash"}, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.update_layout(
        **house_layout(
            "Held-out seeds among the users most alike",
            subtitle=f"{answer.seeds:,} seeds, each held out once; the top {answer.share:.0%} of"
            f" users hold {answer.lift:.1f} times as many as at random",
            x="share of users addressed",
            y="share of held-out seeds among them",
        )
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=".0%")
    return figure
