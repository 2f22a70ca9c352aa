"""Pictures of sessions."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import SCALE, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.sessions import Sessions

__all__ = ["draw_starts"]


def draw_starts(answer: "Sessions") -> "go.Figure":
    """Draw session starts as a calendar of one week: a row a weekday, a column an hour."""
    import plotly.graph_objects as go

    table = answer.starts
    days = table.column("weekday").to_pylist()[::24]
    hours = [f"{hour:02d}" for hour in range(24)]
    counts = table.column("sessions").to_numpy().reshape(7, 24)
    figure = go.Figure(
        go.Heatmap(
            x=hours,
            y=days,
            z=counts,
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": "sessions", "side": "top", "font": {"size": 12}},
                "thickness": 12,
                "outlinewidth": 0,
            },
            hovertemplate="%{y} %{x}:00, %{z:,} sessions start<extra></extra>",
        )
    )
    zone = answer.definition["time_zone"].partition(",")[0]
    layout = house_layout(
        f"When {answer.frame.column('sessions')[0].as_py():,} sessions start",
        subtitle=_subtitle(answer),
        x=f"hour of the day ({zone})",
        height=420,
    )
    figure.update_layout(**layout)
    figure.update_xaxes(type="category", dtick=1, tickangle=0, showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    return figure


def _subtitle(answer: "Sessions") -> str:
    row = answer.frame.to_pylist()[0]
    if not row["sessions"]:
        return "no events in the log"
    return (
        f"median {row['events_median']:,} events and {row['minutes_median']:,.1f} minutes;"
        f" {row['bounce_share']:.1%} of one event, {row['purchase_share']:.1%} with a purchase"
    )
