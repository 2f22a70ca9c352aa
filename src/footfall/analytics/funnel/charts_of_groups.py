"""The picture of funnels side by side."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import PALETTE, house_layout
from footfall.analytics.funnel.wording import shown_step, shown_steps

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel.compare import FunnelComparison

__all__ = ["draw_comparison"]

_SURE = 0.05


def draw_comparison(answer: "FunnelComparison") -> "go.Figure":
    """Draw each step's rate with its interval; a star marks a difference that is no chance."""
    import plotly.graph_objects as go

    rows = [row for row in answer.frame.to_pylist() if row["step"] > 1]
    labels = shown_steps(answer.steps)
    figure = go.Figure()
    for at, name in enumerate(dict.fromkeys(row["group"] for row in rows)):
        mine = [row for row in rows if row["group"] == name]
        sure = [(row["adjusted_p_value"] or 1) < _SURE for row in mine]
        figure.add_trace(
            go.Bar(
                x=[labels[row["step"] - 1] for row in mine],
                y=[row["rate"] for row in mine],
                name=name,
                marker_color=PALETTE[at % len(PALETTE)],
                text=[
                    f"{row['rate']:.1%}{' ★' if star else ''}"
                    for row, star in zip(mine, sure, strict=True)
                ],
                textposition="inside",
                insidetextanchor="start",
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [row["rate_high"] - row["rate"] for row in mine],
                    "arrayminus": [row["rate"] - row["rate_low"] for row in mine],
                    "thickness": 1.4,
                },
                customdata=[row[answer.unit] for row in mine],
                hovertemplate="%{x}: %{y:.1%}, %{customdata:,}<extra>" + name + "</extra>",
            )
        )
    first, last = (shown_step(answer.steps[at]) for at in (0, -1))
    figure.update_layout(
        **house_layout(
            f"From {first} to {last}, side by side",
            subtitle=f"{answer.definition['rate']} with its interval; ★ differs from"
            f" {answer.baseline} (corrected p below 0.05)",
            y=answer.definition["rate"],
        ),
        barmode="group",
        legend={"orientation": "h", "y": -0.18},
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
