"""The picture of clusters: how far each lies from everybody else, measure by measure."""

from typing import TYPE_CHECKING

import numpy as np

from footfall.analytics.charts import AMBER, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment.clusters import Clusters

__all__ = ["draw_clusters"]

_LONGEST = 34  # letters of a line of a name


def draw_clusters(answer: "Clusters") -> "go.Figure":
    """Draw a heat map of standardized differences: a row a cluster, a column a measure."""
    import plotly.graph_objects as go

    rows = answer.evidence.to_pylist()
    names = list(dict.fromkeys(row["segment"] for row in rows))
    width: dict[str, float] = {}
    for row in rows:
        width[row["measure"]] = max(width.get(row["measure"], 0.0), abs(row["difference"]))
    measures = sorted(width, key=lambda measure: -width[measure])
    values = np.zeros((len(names), len(measures)))
    for row in rows:
        values[names.index(row["segment"]), measures.index(row["measure"])] = row["difference"]
    sizes = {row["segment"]: row for row in answer.frame.to_pylist()}
    labels = [f"{_folded(name)}<br><b>{sizes[name]['share']:.0%}</b>" for name in names]
    figure = go.Figure(
        go.Heatmap(
            x=[measure.replace("_", " ") for measure in measures],
            y=labels,
            z=values,
            zmid=0,
            zmin=-2,
            zmax=2,
            xgap=2,
            ygap=4,
            colorscale=[[0.0, AMBER], [0.5, "#f8fafc"], [1.0, TEAL]],
            colorbar={"thickness": 10, "outlinewidth": 0, "title": {"text": "SD", "side": "top"}},
            texttemplate="%{z:.1f}",
            textfont={"size": 10},
            hovertemplate="%{x}: %{z:+.2f} standard deviations<extra></extra>",
        )
    )
    total = sum(row["users"] for row in sizes.values())
    figure.update_layout(
        **house_layout(
            "What sets clusters of users apart",
            subtitle=f"{total:,} users; distance from everybody else in standard deviations;"
            f" silhouette {answer.silhouette:.2f}, agreement {answer.agreement:.2f}",
            height=max(360, 220 + 74 * len(names)),
        )
    )
    figure.update_xaxes(tickangle=-40, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    return figure


def _folded(name: str) -> str:
    """Break a long name after a comma."""
    lines = [""]
    for part in name.split(", "):
        if lines[-1] and len(lines[-1]) + len(part) > _LONGEST:
            lines.append("")
        lines[-1] += f"{', ' if lines[-1] else ''}{part}"
    return ",<br>".join(lines)
