"""Pictures of transitions and steps: a matrix, a graph of nodes and arrows, a heat map."""

import math
from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import FAINT, GREY, INK, PALETTE, SCALE, house_layout, tinted
from footfall.analytics.path.transitions import END, START

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.path import StepMatrix, Transitions

__all__ = ["draw_graph", "draw_matrix", "draw_steps"]

_MOST_NODES = 20  # more can be neither read nor told apart
_MOST_ARROWS = 40


def draw_matrix(answer: "Transitions") -> "go.Figure":
    """Draw where each node leads to: rows are sources and add up to all that leaves them."""
    rows = answer.frame.to_pylist()
    names = answer.names[:_MOST_NODES]
    sources, targets = [START, *names], [*names, END]
    cells = {(row["source"], row["target"]): row for row in rows}
    shares = [[_cell(cells, s, t, "of_source") for t in targets] for s in sources]
    counts = [[_cell(cells, s, t, "occurrences") or 0 for t in targets] for s in sources]
    shown = f", the {len(names)} most common nodes" if len(names) < len(answer.names) else ""
    figure = _heat(
        targets,
        sources,
        shares,
        counts,
        hover="%{y} → %{x}: %{z:.1%} (%{customdata:,})<extra></extra>",
        values=len(targets) <= 12,
    )
    figure.update_layout(
        **house_layout(
            "Which event follows which",
            subtitle=f"share of what leaves the source; {answer.definition['unit']}{shown}",
            x="next event",
            y="event",
            height=220 + 30 * len(sources),
        )
    )
    _squares(figure)
    return figure


def draw_steps(answer: "StepMatrix") -> "go.Figure":
    """Draw where units stand at each step."""
    table = answer.matrix()
    names = table.column("node").to_pylist()
    steps = table.column_names[1:]
    shares = [[row[step] for step in steps] for row in table.to_pylist()]
    cells = {(row["node"], str(row["step"])): row["units"] for row in answer.frame.to_pylist()}
    counts = [[cells.get((name, step), 0) for step in steps] for name in names]
    figure = _heat(
        [f"{step}" for step in steps],
        names,
        shares,
        counts,
        hover="step %{x}, %{y}: %{z:.1%} (%{customdata:,})<extra></extra>",
        values=len(steps) <= 20,
    )
    figure.update_layout(
        **house_layout(
            "Where visits stand, step by step",
            subtitle=f"share of {answer.total:,} {answer.definition['unit'].partition(';')[0]}",
            x="step",
            height=200 + 30 * max(4, len(names)),
        )
    )
    _squares(figure)
    return figure


def _cell(cells: dict[tuple[str, str], dict[str, Any]], source: str, target: str, of: str) -> Any:
    row = cells.get((source, target))
    return None if row is None else row[of]


def _heat(
    x: list[str], y: list[str], shares: Any, counts: Any, *, hover: str, values: bool
) -> "go.Figure":
    import plotly.graph_objects as go

    text = {"texttemplate": "%{z:.0%}", "textfont": {"size": 11}} if values else {}
    return go.Figure(
        go.Heatmap(
            x=x,
            y=y,
            z=shares,
            customdata=counts,
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            colorbar={
                "tickformat": ".0%",
                "thickness": 12,
                "outlinewidth": 0,
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
            },
            hovertemplate=hover,
            **text,
        )
    )


def _squares(figure: "go.Figure") -> None:
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")


def draw_graph(answer: "Transitions") -> "go.Figure":
    """Draw nodes around a circle, their size and the width of arrows as common as they are."""
    import plotly.graph_objects as go

    names = [START, *answer.names[: _MOST_NODES - 2], END]
    rows = [
        row
        for row in answer.frame.to_pylist()
        if row["source"] in names and row["target"] in names and row["source"] != row["target"]
    ][:_MOST_ARROWS]
    repeats = {
        row["source"]: row["occurrences"]
        for row in answer.frame.to_pylist()
        if row["source"] == row["target"]
    }
    around = {name: _around(at, len(names)) for at, name in enumerate(names)}
    size = dict.fromkeys(names, 0)
    for row in answer.frame.to_pylist():
        if row["target"] in size:
            size[row["target"]] += row["occurrences"]
    size[START] = sum(r["occurrences"] for r in answer.frame.to_pylist() if r["source"] == START)
    most = max(size.values(), default=0) or 1
    strongest = max((row["occurrences"] for row in rows), default=1)
    figure = go.Figure()
    for row in reversed(rows):  # the strongest on top
        _arrow(figure, around[row["source"]], around[row["target"]], row, strongest)
    figure.add_scatter(
        x=[around[name][0] for name in names],
        y=[around[name][1] for name in names],
        mode="markers",
        marker={
            "size": [18 + 34 * math.sqrt(size[name] / most) for name in names],
            "color": [GREY if name in {START, END} else PALETTE[0] for name in names],
            "line": {"color": "white", "width": 2},
            "opacity": 1,
        },
        customdata=[[name, size[name], repeats.get(name, 0)] for name in names],
        hovertemplate="%{customdata[0]}: %{customdata[1]:,}, %{customdata[2]:,} of them in a row"
        "<extra></extra>",
        showlegend=False,
    )
    for name in names:
        x, y = around[name]
        figure.add_annotation(
            x=x * 1.22, y=y * 1.17, text=f"{name}<br>{size[name]:,}", showarrow=False,
            font={"size": 12, "color": INK if name not in {START, END} else FAINT},
        )  # fmt: skip
    figure.update_layout(
        **house_layout(
            "How shoppers move",
            subtitle=f"the {len(rows)} strongest transitions; {answer.definition['unit']}",
            height=640,
        )
    )
    figure.update_xaxes(visible=False, range=[-1.75, 1.75])
    figure.update_yaxes(visible=False, range=[-1.4, 1.4])
    return figure


def _around(at: int, size: int) -> tuple[float, float]:
    """Give a place on the circle: the start on the left, then clockwise, the end beside it."""
    angle = math.pi - 2 * math.pi * at / max(1, size)
    return math.cos(angle), math.sin(angle)


def _arrow(
    figure: "go.Figure",
    source: tuple[float, float],
    target: tuple[float, float],
    row: dict[str, Any],
    strongest: int,
) -> None:
    """Draw a bent line with a head: bent, so that there and back do not cover each other."""
    strength = row["occurrences"] / strongest
    (x0, y0), (x1, y1) = source, target
    bend = 0.18
    cx = (x0 + x1) / 2 * (1 - bend) - bend * (y1 - y0)
    cy = (y0 + y1) / 2 * (1 - bend) + bend * (x1 - x0)
    steps = [at / 24 for at in range(2, 23)]
    xs = [(1 - t) ** 2 * x0 + 2 * t * (1 - t) * cx + t**2 * x1 for t in steps]
    ys = [(1 - t) ** 2 * y0 + 2 * t * (1 - t) * cy + t**2 * y1 for t in steps]
    color = tinted(PALETTE[0], 0.25 + 0.6 * strength)
    width = 1 + 7 * strength
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        line={"color": color, "width": width, "shape": "spline"},
        text=f"{row['source']} → {row['target']}: {row['occurrences']:,}"
        f" ({row['of_source']:.1%} of what leaves)",
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    figure.add_annotation(
        x=xs[-1], y=ys[-1], ax=xs[-3], ay=ys[-3], xref="x", yref="y", axref="x", ayref="y",
        text="", arrowhead=2, arrowsize=1, arrowwidth=max(1.0, width / 2), arrowcolor=color,
        showarrow=True,
    )  # fmt: skip
