"""Pictures of segments: sizes and overlap, movement, and what sets clusters apart."""

from typing import TYPE_CHECKING, Any

import numpy as np

from footfall.analytics.charts import (
    FAINT,
    GREY,
    PALETTE,
    SCALE,
    TEAL,
    house_layout,
    tinted,
)
from footfall.analytics.segment.sizes import OUTSIDE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.segment.movement import Movement
    from footfall.analytics.segment.sizes import Segments

__all__ = ["draw_movement", "draw_segments"]


def draw_segments(answer: "Segments") -> "go.Figure":
    """Draw bars of users left, and right the share of each segment that is in each other."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    rows = answer.frame.to_pylist()
    names = [row["segment"] for row in rows]
    figure = make_subplots(1, 2, column_widths=[0.55, 0.45], horizontal_spacing=0.08)
    figure.add_trace(
        go.Bar(
            y=names,
            x=[row["users"] for row in rows],
            orientation="h",
            marker_color=[GREY if name == OUTSIDE else TEAL for name in names],
            text=[f"{row['users']:,}  ({row['share']:.1%})" for row in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[[row["revenue_share"]] for row in rows],
            hovertemplate="%{y}: %{x:,} users, %{customdata[0]:.1%} of the revenue<extra></extra>",
            showlegend=False,
        ),
        1,
        1,
    )
    inside = names[:-1]
    share = np.full((len(inside), len(inside)), np.nan)
    for row in answer.overlap.to_pylist():
        share[inside.index(row["segment"]), inside.index(row["other"])] = row["share"]
    figure.add_trace(
        go.Heatmap(
            x=inside, y=inside, z=share, zmin=0, zmax=1, xgap=3, ygap=3, showscale=False,
            colorscale=[list(stop) for stop in SCALE],
            texttemplate="%{z:.0%}" if len(inside) < 13 else None,
            hovertemplate="%{z:.1%} of %{y} are also in %{x}<extra></extra>",
            hoverongaps=False,
        ),
        1,
        2,
    )  # fmt: skip
    figure.update_layout(
        **house_layout(
            "How large segments are and how far they overlap",
            subtitle=f"{answer.total:,} users; right: share of the row's users that are in the"
            " column, too",
            x="users",
            height=max(320, 150 + 46 * len(names)),
        )
    )
    most = max([1, *(row["users"] for row in rows)])
    figure.update_xaxes(range=[0, 1.35 * most], row=1, col=1)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    figure.update_yaxes(showticklabels=False, row=1, col=2)
    # The rows of both halves stand level: the left one has a bar more.
    figure.update_yaxes(range=[len(names) - 0.5, -0.5], autorange=False, row=1)
    figure.update_xaxes(side="bottom", showgrid=False, tickangle=-25, row=1, col=2, automargin=True)
    return figure


def draw_movement(answer: "Movement") -> "go.Figure":
    """Draw flows between moments: a column a moment, a node a segment."""
    import plotly.graph_objects as go

    flows = answer.frame.to_pylist()
    sizes = {(row["at"], row["segment"]): row["users"] for row in answer.sizes.to_pylist()}
    moments = list(dict.fromkeys(row["at"] for row in answer.sizes.to_pylist()))
    order = list(dict.fromkeys([*(name for _, name in sizes), *(f["from_segment"] for f in flows)]))
    colors = {name: PALETTE[place % (len(PALETTE) - 1)] for place, name in enumerate(order)}
    colors |= {name: GREY for name in order if name.startswith("(")}
    nodes = list(dict.fromkeys(node for flow in flows for node in _ends(flow)))
    nodes.sort(key=lambda node: (moments.index(node[0]), order.index(node[1])))
    place = {node: number for number, node in enumerate(nodes)}
    last = max(len(moments) - 1, 1)
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            valueformat=",d",
            node={
                "label": [
                    _label(name, sizes.get((moment, name)), moment in {moments[0], moments[-1]})
                    for moment, name in nodes
                ],
                "x": [0.001 + 0.998 * moments.index(at) / last for at, _ in nodes],
                "y": _heights(nodes, flows),
                "color": [colors[name] for _, name in nodes],
                "pad": 18,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [place[_ends(flow)[0]] for flow in flows],
                "target": [place[_ends(flow)[1]] for flow in flows],
                "value": [flow["users"] for flow in flows],
                "color": [tinted(colors[flow["from_segment"]], 0.28) for flow in flows],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,}<extra></extra>",
            },
        )
    )
    figure.update_layout(
        **house_layout(
            "How users move between segments",
            subtitle=f"from left to right: {', '.join(moments)}",
            height=460,
        )
    )
    figure.update_layout(margin={"b": 40})
    for number, moment in enumerate(moments):
        figure.add_annotation(
            x=number / last, y=-0.07, xref="paper", yref="paper",
            text=moment, showarrow=False, font={"size": 12, "color": FAINT},
            xanchor="left" if number == 0 else "right" if number == len(moments) - 1 else "center",
        )  # fmt: skip
    return figure


def _label(name: str, size: int | None, named: bool) -> str:  # noqa: FBT001  # private
    """Name the nodes of the first and last moment and newcomers; the others have its color."""
    if size is None:
        return "new"
    return f"{name}  {size:,}" if named else f"{size:,}"


def _heights(nodes: list[tuple[str, str]], flows: list[dict[str, Any]]) -> list[float]:
    """Stack each moment's nodes from the top, as high as their users are many."""
    sizes: dict[tuple[str, str], list[int]] = {node: [0, 0] for node in nodes}
    for flow in flows:
        for side, node in enumerate(_ends(flow)):
            sizes[node][side] += flow["users"]
    totals: dict[str, int] = {}
    for (moment, _), size in sizes.items():
        totals[moment] = totals.get(moment, 0) + max(size)
    most = max(totals.values(), default=1)
    reached: dict[str, float] = {}
    heights = []
    for moment, name in nodes:
        height = 0.78 * max(sizes[moment, name]) / most
        top = reached.get(moment, 0.0)
        heights.append(min(max(top + height / 2, 0.001), 0.999))
        reached[moment] = top + height + 0.05
    return heights


def _ends(flow: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    return (flow["start"], flow["from_segment"]), (flow["end"], flow["to_segment"])
