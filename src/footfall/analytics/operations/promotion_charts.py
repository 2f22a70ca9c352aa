"""Pictures of promotions."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import AMBER, FAINT, GREY, TEAL, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.operations.promotion import Promotion

__all__ = ["draw_promotion"]


def draw_promotion(answer: "Promotion") -> "go.Figure":
    """Draw both sides day by day against their own time before, the promotion shaded."""
    import plotly.graph_objects as go

    rows = answer.daily.to_pylist()
    before = answer.frame.to_pylist()[0]
    figure = go.Figure()
    for side, color in (("promoted", TEAL), ("control", GREY)):
        total = before[f"{side}_total"]
        if not total:
            continue
        mean = total / before["days"]
        figure.add_scatter(
            x=[row["day"] for row in rows],
            y=[100 * row[f"{side}_total"] / mean for row in rows],
            name=side,
            line={"color": color, "width": 2.5 if side == "promoted" else 2},
            hovertemplate="%{x}: %{y:,.0f}<extra>" + side + "</extra>",
        )
    start, end = (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
        for moment in (answer.during.start, answer.during.end)
    )
    figure.add_vrect(
        x0=start.strftime("%Y-%m-%d %H:%M"),
        x1=(end - timedelta(hours=12)).strftime("%Y-%m-%d %H:%M"),
        fillcolor=tinted(AMBER, 0.15),
        line_width=0,
        layer="below",
    )
    during, after = answer.frame.to_pylist()[1:3]
    figure.update_layout(
        **house_layout(
            "What the promotion brought",
            subtitle=f"during: {_shown(during)}; after: {_shown(after)}",
            y="the time before = 100",
        ),
        legend={"font": {"color": FAINT}, "orientation": "h", "y": -0.2},
    )
    figure.update_yaxes(rangemode="tozero")
    return figure


def _shown(row: dict[str, Any]) -> str:
    if row["lift"] is None:
        return "unknown"
    text = f"{row['lift']:+.1%}"
    if row["lift_low"] is not None:
        text += f" ({row['lift_low']:+.1%} to {row['lift_high']:+.1%})"
    return text
