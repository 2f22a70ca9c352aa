"""The picture of a funnel over time."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import PALETTE, house_layout
from footfall.analytics.funnel.wording import shown_step

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel.trend import FunnelTrend

__all__ = ["draw_trend"]


def draw_trend(answer: "FunnelTrend") -> "go.Figure":
    """Draw the last step's rate over time: a line a group, or one for all."""
    import plotly.graph_objects as go

    table = answer.frame if answer.groups is None else answer.groups
    last = len(answer.steps)
    rows = [row for row in table.to_pylist() if row["step"] in (1, last)]
    first = {
        (row.get("group"), row["period"]): row[answer.unit] for row in rows if row["step"] == 1
    }
    figure = go.Figure()
    for at, name in enumerate(dict.fromkeys(row.get("group") for row in rows)):
        mine = [row for row in rows if row["step"] == last and row.get("group") == name]
        color = PALETTE[at % len(PALETTE)]
        empty = [not first[name, row["period"]] for row in mine]
        figure.add_trace(
            go.Scatter(
                x=[row["period"] for row in mine],
                y=[None if gone else row["rate"] for row, gone in zip(mine, empty, strict=True)],
                customdata=[[first[name, row["period"]], row[answer.unit]] for row in mine],
                mode="lines+markers",
                name=name or "all",
                line={"color": color, "width": 2},
                marker={
                    "size": 8,
                    "color": [color if row["complete"] else "white" for row in mine],
                    "line": {"color": color, "width": 1.5},
                },
                hovertemplate="%{x}: %{y:.1%} (%{customdata[1]:,} of %{customdata[0]:,})"
                "<extra></extra>",
            )
        )
    window = answer.definition["window"].partition(" from ")[0]
    names = [shown_step(name) for name in (answer.steps[0], answer.steps[-1])]
    figure.update_layout(
        **house_layout(
            f"From {names[0]} to {names[1]}, over time",
            subtitle=f"share of {answer.unit} within {window}, by the time of the first step;"
            " hollow: the window is not over yet",
            y="share of the first step",
        ),
        showlegend=answer.groups is not None,
        legend={"orientation": "h", "y": -0.18},
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
