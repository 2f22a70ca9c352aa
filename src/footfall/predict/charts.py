"""Figures of this room, in the house style."""

from typing import TYPE_CHECKING

import numpy as np

from footfall.analytics.charts import GREY, PALETTE, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.predict.measure import PurchaseReport

__all__ = ["reliability_figure"]


def reliability_figure(report: "PurchaseReport") -> "go.Figure":
    """Draw predicted against observed shares; on the diagonal, probabilities are right."""
    import plotly.graph_objects as go

    rows = report.reliability.to_pylist()
    top = 1.05 * max(max(row["predicted"], row["observed"]) for row in rows)
    figure = go.Figure(
        go.Scatter(
            x=[0, top], y=[0, top], mode="lines", name="exactly right",
            line={"color": GREY, "dash": "dot"}, hoverinfo="skip",
        )
    )  # fmt: skip
    models = list(dict.fromkeys(row["model"] for row in rows))
    for place, model in enumerate(models):
        mine = [row for row in rows if row["model"] == model]
        figure.add_scatter(
            x=[row["predicted"] for row in mine],
            y=[row["observed"] for row in mine],
            customdata=np.array([row["rows"] for row in mine]),
            mode="lines+markers",
            name=f"{model} (AUC {report.value(model, 'auc'):.3f})",
            line={"color": PALETTE[place % len(PALETTE)]},
            hovertemplate="predicted %{x:.1%}<br>came %{y:.1%}<br>%{customdata:,} users",
        )
    figure.update_layout(
        **house_layout(
            "Purchase probabilities against what came",
            subtitle=f"{report.positives:,} of {report.users:,} users: "
            f"{report.definition['window']}",
            x="predicted share of users who buy",
            y="share who bought",
        )
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_layout(legend={"x": 0.02, "y": 0.98, "bgcolor": "rgba(255, 255, 255, 0.7)"})
    return figure
