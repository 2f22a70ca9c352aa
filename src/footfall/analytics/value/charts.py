"""Pictures of who is worth what: RFM segments and grid, tiers, Pareto curve."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import (
    AMBER,
    FAINT,
    GREY,
    INK,
    PALETTE,
    SCALE,
    TEAL,
    house_layout,
    tinted,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.value.pareto import Pareto
    from footfall.analytics.value.rfm import Rfm
    from footfall.analytics.value.tiers import ValueSegments

__all__ = ["draw_grid", "draw_pareto", "draw_segment_groups", "draw_segments", "draw_tiers"]

_COLORS = [list(stop) for stop in SCALE]


def draw_segments(answer: "Rfm") -> "go.Figure":
    """Draw segments as rectangles: the area is users, the color money a user."""
    import plotly.graph_objects as go

    rows = [row for row in answer.frame.to_pylist() if row["users"]]
    texts = [
        f"<b>{row['segment']}</b>  {row['segment_zh']}<br>{row['users']:,} users"
        f" ({row['users_share']:.1%})<br>{row['revenue_share']:.1%} of revenue"
        for row in rows
    ]
    each = [row["revenue_per_user"] for row in rows]
    top = max([*each, 0.01])
    figure = go.Figure(
        go.Treemap(
            labels=[row["segment"] for row in rows],
            parents=[""] * len(rows),
            values=[row["users"] for row in rows],
            text=texts,
            textinfo="text",
            customdata=[
                [row["recency_days"], row["orders"], row["revenue_per_user"]] for row in rows
            ],
            textfont={"size": 14, "color": ["white" if v > 0.45 * top else INK for v in each]},
            marker={
                "colors": each,
                "colorscale": _COLORS,
                "cmin": 0,
                "cmax": top,
                "colorbar": {"title": {"text": "revenue a user"}, "thickness": 12},
                "line": {"width": 2, "color": "white"},
                "pad": {"t": 0, "l": 0, "r": 0, "b": 0},
            },
            root={"color": "white"},
            tiling={"pad": 2},
            hovertemplate="%{label}: %{value:,} users<br>%{customdata[0]:.0f} days since the last"
            " order, %{customdata[1]:.1f} orders, %{customdata[2]:,.2f} revenue a user"
            "<extra></extra>",
        )
    )
    figure.update_layout(
        **house_layout(
            "Value segments of buyers",
            subtitle=f"{sum(row['users'] for row in rows):,} buyers; area: users, color: revenue a"
            " user",
            height=520,
        )
    )
    figure.update_layout(margin_b=24)
    return figure


def draw_segment_groups(answer: "Rfm") -> "go.Figure":
    """Draw a bar a group, cut by segment."""
    import plotly.graph_objects as go

    rows = answer.groups.to_pylist() if answer.groups is not None else []
    groups = list(dict.fromkeys(row["group"] for row in rows))
    figure = go.Figure()
    colors = [*PALETTE, *(tinted(color, 0.5) for color in PALETTE)]
    for segment, color in zip(answer.frame.column("segment").to_pylist(), colors, strict=False):
        mine = {row["group"]: row for row in rows if row["segment"] == segment}
        shares = [mine[group]["users_share"] for group in groups]
        figure.add_bar(
            y=groups,
            x=shares,
            orientation="h",
            name=segment,
            marker_color=color,
            text=[f"{share:.0%}" if share >= 0.04 else "" for share in shares],
            insidetextanchor="middle",
            textfont={"color": "white" if color in PALETTE else INK},
            customdata=[mine[group]["users"] for group in groups],
            hovertemplate="%{y}, " + segment + ": %{customdata:,} users, %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        **house_layout(
            "Value segments of buyers",
            subtitle="share of each group's buyers",
            x="share of buyers",
            height=210 + 44 * len(groups),
        ),
        barmode="stack",
        legend={"orientation": "h", "y": -0.28, "traceorder": "normal"},
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return figure


def draw_grid(answer: "Rfm") -> "go.Figure":
    """Draw users by recency score (up) and frequency score (right)."""
    import plotly.graph_objects as go

    rows = answer.grid.to_pylist()
    most = max(row["f"] for row in rows)
    users = [[row["users"] for row in rows[at : at + most]] for at in range(0, len(rows), most)]
    money = [
        [row["revenue_minor"] / 100 for row in rows[at : at + most]]
        for at in range(0, len(rows), most)
    ]
    figure = go.Figure(
        go.Heatmap(
            x=[str(score) for score in range(1, most + 1)],
            y=[str(score) for score in range(1, len(users) + 1)],
            z=users,
            customdata=money,
            texttemplate="%{z:,}",
            colorscale=_COLORS,
            zmin=0,
            xgap=3,
            ygap=3,
            colorbar={"title": {"text": "users"}, "thickness": 12},
            hovertemplate="recency %{y}, frequency %{x}: %{z:,} users,"
            " %{customdata:,.0f} revenue<extra></extra>",
        )
    )
    figure.update_layout(
        **house_layout(
            "Buyers by recency and frequency",
            subtitle="5 is best where there are five scores: bought lately, and often",
            x="frequency score",
            y="recency score",
            height=460,
        )
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False)
    return figure


def draw_tiers(answer: "ValueSegments") -> "go.Figure":
    """Draw each tier's share of members beside its share of revenue."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    tiers = [row["tier"] for row in rows]
    figure = go.Figure()
    for column, name, color in (
        ("members_share", "share of members", GREY),
        ("revenue_share", "share of revenue", TEAL),
    ):
        figure.add_bar(
            y=tiers,
            x=[row[column] for row in rows],
            orientation="h",
            name=name,
            marker_color=color,
            text=[f"{row[column]:.1%}" for row in rows],
            textposition="outside",
            textfont={"color": INK},
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%} " + name.removeprefix("share ") + "<extra></extra>",
        )
    figure.update_layout(
        **house_layout(
            "Who brings the revenue",
            subtitle=f"{sum(row['members'] for row in rows):,} members in tiers by revenue;"
            f" a member is one {answer.unit}",
            x="share",
            height=210 + 70 * len(rows),
        ),
        barmode="group",
        bargap=0.3,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1.08])
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    figure.update_layout(margin_t=120)
    return figure


def draw_pareto(answer: "Pareto") -> "go.Figure":
    """Draw the share of revenue that the best members bring; a line a group."""
    import plotly.graph_objects as go

    names = [None, *answer.ginis]
    figure = go.Figure()
    for at, group in enumerate(names):
        curve = answer.lorenz(group=group)
        best = [1 - share for share in curve.column("poorest_share").to_pylist()][::-1]
        money = [1 - share for share in curve.column("revenue_share").to_pylist()][::-1]
        figure.add_scatter(
            x=best,
            y=money,
            mode="lines",
            name=group or "all",
            line={"color": PALETTE[at % len(PALETTE)], "width": 3 if at == 0 else 1.5},
            hovertemplate="the best %{x:.0%} bring %{y:.1%}<extra></extra>",
        )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="if all were equal",
        line={"color": GREY, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
    marked = answer.share_needed(0.8)
    if marked is not None:
        figure.add_scatter(
            x=[marked],
            y=[0.8],
            mode="markers+text",
            marker={"color": AMBER, "size": 10},
            text=[f"80 % of revenue from {marked:.1%}"],
            textposition="bottom right" if marked < 0.6 else "bottom left",
            textfont={"color": FAINT},
            showlegend=False,
            hoverinfo="skip",
        )
    gini = "" if answer.gini is None else f"; Gini {answer.gini:.2f}"
    figure.update_layout(
        **house_layout(
            "How few bring how much",
            subtitle=f"{answer.count:,} members with a purchase; a member is one"
            f" {answer.unit}{gini}",
            x="share of members, the best first",
            y="share of revenue",
            height=460,
        ),
        showlegend=len(names) > 1,
        legend={"orientation": "h", "y": -0.22},
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure
