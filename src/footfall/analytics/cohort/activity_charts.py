"""Pictures of activity: life cycle, stickiness, distributions and intervals."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import (
    AMBER,
    FAINT,
    GREY,
    INDIGO,
    PALETTE,
    TEAL,
    house_layout,
    tinted,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.cohort.distribution import Distribution
    from footfall.analytics.cohort.intervals import Intervals
    from footfall.analytics.cohort.lifecycle import Lifecycle
    from footfall.analytics.cohort.stickiness import Stickiness

__all__ = ["draw_distribution", "draw_intervals", "draw_lifecycle", "draw_stickiness"]

_LEGEND = {"orientation": "h", "y": -0.22, "x": 0, "font": {"color": FAINT}}


def draw_lifecycle(answer: "Lifecycle") -> "go.Figure":
    """Draw a bar a period: those active above the line, those fallen silent below."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    periods = [row["period"] for row in rows]
    figure = go.Figure()
    colors = {"returning": TEAL, "resurrecting": INDIGO, "new": "#7fc9bf", "dormant": AMBER}
    for state, color in colors.items():
        sign = -1 if state == "dormant" else 1
        figure.add_bar(
            x=periods,
            y=[None if row[state] is None else sign * row[state] for row in rows],
            customdata=[row[state] for row in rows],
            name=state,
            marker_color=color,
            hovertemplate="%{x}: %{customdata:,} " + state + "<extra></extra>",
        )
    figure.update_layout(
        **house_layout(
            "Who is new, who returns, who falls silent",
            subtitle="users by period; below the line: active in the period before and not in this",
            y="users",
        ),
        barmode="relative",
        bargap=0.25,
        legend=_LEGEND,
    )
    figure.update_xaxes(type="category", showgrid=False)
    return figure


def draw_stickiness(answer: "Stickiness") -> "go.Figure":
    """Draw active users a day, week and month, and below how many days they come."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=1, cols=2, column_widths=[0.62, 0.38], horizontal_spacing=0.12,
    )  # fmt: skip
    rows = answer.frame.to_pylist()
    for name, color in (("dau", TEAL), ("wau", INDIGO), ("mau", AMBER)):
        figure.add_scatter(
            x=[row["day"] for row in rows],
            y=[row[name] for row in rows],
            name=name.upper(),
            line={"color": color, "width": 2},
            hovertemplate="%{x}: %{y:,}<extra>" + name.upper() + "</extra>",
            row=1,
            col=1,
        )
    shares: dict[int, int] = {}
    for row in answer.active_days.to_pylist():
        if row["complete"]:
            shares[row["active_days"]] = shares.get(row["active_days"], 0) + row["users"]
    total = max(1, sum(shares.values()))
    figure.add_bar(
        x=[str(days) for days in shares],
        y=[users / total for users in shares.values()],
        marker_color=tinted(TEAL, 0.7),
        showlegend=False,
        hovertemplate="%{x} days: %{y:.1%} of users<extra></extra>",
        row=1,
        col=2,
    )
    style = house_layout("How often users come", subtitle=answer.subtitle, height=440)
    axes = {name: style.pop(name) for name in ("xaxis", "yaxis")}
    figure.update_layout(**style, legend=_LEGEND)
    figure.update_xaxes(**axes["xaxis"])
    figure.update_yaxes(**axes["yaxis"])
    small = {"size": 12, "color": FAINT}
    figure.update_yaxes(title={"text": "active users", "font": small}, rangemode="tozero", col=1)
    figure.update_xaxes(
        title={"text": "active days in a period", "font": small}, type="category", col=2
    )
    figure.update_yaxes(title={"text": "share of users", "font": small}, tickformat=".0%", col=2)
    return figure


def draw_distribution(answer: "Distribution") -> "go.Figure":
    """Draw the shares of users by bin; a line a period or group."""
    import plotly.graph_objects as go

    table = answer.groups if answer.groups is not None else answer.frame
    key = "group" if answer.groups is not None else "period"
    series: dict[str, dict[str, float]] = {}
    totals: dict[str, int] = {}
    for row in table.to_pylist():
        mine = series.setdefault(row[key], {})
        mine[row["bin"]] = mine.get(row["bin"], 0) + row["users"]
        totals[row[key]] = totals.get(row[key], 0) + row["users"]
    figure = go.Figure()
    for place, (name, users) in enumerate(list(series.items())[-8:]):
        figure.add_bar(
            x=[*users],
            y=[count / max(1, totals[name]) for count in users.values()],
            customdata=[*users.values()],
            name=name,
            marker_color=PALETTE[place % len(PALETTE)],
            hovertemplate="%{x}: %{y:.1%}, %{customdata:,} users<extra>" + name + "</extra>",
        )
    figure.update_layout(
        **house_layout(
            "How much each user does",
            subtitle=answer.subtitle,
            x=answer.axis,
            y="share of users",
        ),
        bargap=0.25,
        legend=_LEGEND | {"y": -0.3},
        showlegend=len(series) > 1,
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(tickformat=".0%")
    return figure


def draw_intervals(answer: "Intervals") -> "go.Figure":
    """Draw how long it takes from one event to the next; a line a group."""
    import plotly.graph_objects as go

    table = answer.groups if answer.groups is not None else answer.frame
    series: dict[str, list[dict[str, object]]] = {}
    for row in table.to_pylist():
        series.setdefault(row.get("group", "all"), []).append(row)
    figure = go.Figure()
    for place, (name, rows) in enumerate(series.items()):
        figure.add_bar(
            x=[row["interval"] for row in rows],
            y=[row["share"] for row in rows],
            customdata=[[row["pairs"], row["users"]] for row in rows],
            name=name,
            marker_color=PALETTE[place % len(PALETTE)],
            hovertemplate="%{x}: %{y:.1%}, %{customdata[0]:,} intervals of %{customdata[1]:,} users"
            "<extra>" + name + "</extra>",
        )
    figure.update_layout(
        **house_layout(
            "How long from one event to the next",
            subtitle=answer.subtitle,
            x="time between the two",
            y="share of intervals",
        ),
        bargap=0.25,
        legend=_LEGEND | {"y": -0.3, "bordercolor": GREY},
        showlegend=len(series) > 1,
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(tickformat=".0%")
    return figure
