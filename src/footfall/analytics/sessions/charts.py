"""Pictures of sessions."""

from typing import TYPE_CHECKING

import pyarrow as pa

from footfall.analytics.charts import AMBER, SCALE, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.sessions import Engagement, EntriesExits, Sessions, SessionTimes

__all__ = ["draw_entries", "draw_silences", "draw_starts", "draw_week"]


def draw_starts(answer: "Sessions") -> "go.Figure":
    """Draw session starts as a calendar of one week: a row a weekday, a column an hour."""
    zone = answer.definition["time_zone"].partition(",")[0]
    return _calendar(
        answer.starts,
        "sessions",
        title="When sessions start",
        subtitle=_subtitle(answer),
        zone=zone,
        hover="%{y} %{x}:00, %{z:,} sessions start<extra></extra>",
    )


_WEEK_TITLES = {
    "events": "When events happen",
    "users": "When shoppers are here",
    "sessions": "When sessions start",
    "purchases": "When shoppers buy",
}


def draw_week(answer: "Engagement", of: str) -> "go.Figure":
    """Draw one number of every hour of the week."""
    total = sum(answer.frame.column(of).to_pylist())
    many = "users a cell" if of == "users" else f"{total:,} {of}"
    return _calendar(
        answer.frame,
        of,
        title=_WEEK_TITLES[of],
        subtitle=f"{many}; {answer.definition['time_zone']}",
        zone=answer.definition["time_zone"],
        hover=f"%{{y}} %{{x}}:00, %{{z:,}} {of}<extra></extra>",
    )


def _calendar(
    table: pa.Table, column: str, *, title: str, subtitle: str, zone: str, hover: str
) -> "go.Figure":
    """Draw a calendar of one week: a row a weekday, a column an hour."""
    import plotly.graph_objects as go

    days = table.column("weekday").to_pylist()[::24]
    figure = go.Figure(
        go.Heatmap(
            x=[f"{hour:02d}" for hour in range(24)],
            y=days,
            z=table.column(column).to_numpy().reshape(7, 24),
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": column, "side": "top", "font": {"size": 12}},
                "thickness": 12,
                "outlinewidth": 0,
            },
            hovertemplate=hover,
        )
    )
    layout = house_layout(title, subtitle=subtitle, x=f"hour of the day ({zone})", height=420)
    figure.update_layout(**layout)
    figure.update_xaxes(type="category", dtick=1, tickangle=0, showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    return figure


def draw_silences(answer: "SessionTimes") -> "go.Figure":
    """Draw how long users stay away: a bar a bin."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    median = answer.quantiles.column("median_hours")[0].as_py()
    figure = go.Figure(
        go.Bar(
            x=[row["silence"] for row in rows],
            y=[row["times"] for row in rows],
            marker={"color": TEAL},
            text=[f"{row['share']:.1%}" for row in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[row["users"] for row in rows],
            hovertemplate="%{x}: %{y:,} times by %{customdata:,} users<extra></extra>",
        )
    )
    subtitle = "nobody came twice" if median is None else f"median {median:,.1f} hours"
    layout = house_layout(
        "How long shoppers stay away", subtitle=subtitle, x="time to the next session", y="times"
    )
    figure.update_layout(**layout)
    figure.update_xaxes(type="category", showgrid=False)
    return figure


def draw_entries(answer: "EntriesExits") -> "go.Figure":
    """Draw entries to the right and exits to the left of the nodes' names."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    names = [row["node"] for row in rows]
    figure = go.Figure()
    for name, column, conversion, sign, color in (
        ("exits", "exits", "exit_conversion", -1, AMBER),
        ("entries", "entries", "entry_conversion", 1, TEAL),
    ):
        figure.add_bar(
            x=[sign * row[column] for row in rows],
            y=names,
            orientation="h",
            name=name,
            marker={"color": color},
            text=[
                f"{row[column]:,} ({row[conversion]:.0%} convert)" if row[column] else ""
                for row in rows
            ],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    most = max((max(row["entries"], row["exits"]) for row in rows), default=1)
    layout = house_layout(
        "Where sessions begin and end",
        subtitle=f"{answer.total:,} sessions; {answer.definition['conversion'].partition(' of')[0]}"
        " convert",
        x="exits | entries",
        height=max(360, 190 + 30 * len(rows)),
    )
    figure.update_layout(**layout)
    figure.update_layout(
        barmode="overlay",
        bargap=0.3,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"},
    )
    figure.update_xaxes(range=[-1.5 * most, 1.5 * most], showticklabels=False, zeroline=True)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    return figure


def _subtitle(answer: "Sessions") -> str:
    row = answer.frame.to_pylist()[0]
    if not row["sessions"]:
        return "no events in the log"
    return (
        f"{row['sessions']:,} sessions; median {row['events_median']:,} events and"
        f" {row['minutes_median']:,.1f} minutes;"
        f" {row['bounce_share']:.1%} bounce, {row['purchase_share']:.1%} with a purchase"
    )
