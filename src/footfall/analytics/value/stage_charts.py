"""Pictures of AIPL: a bar a stage, and the flow from stage to stage."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import GREY, INK, PALETTE, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.value.aipl import Aipl

__all__ = ["draw_flow", "draw_stages"]

_COLORS = (GREY, PALETTE[4], PALETTE[2], PALETTE[1], PALETTE[0])


def draw_stages(answer: "Aipl") -> "go.Figure":
    """Draw users a stage; with a breakdown, shares a group."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    figure = go.Figure()
    if answer.groups is None:
        figure.add_bar(
            y=[f"{row['stage']}  {row['stage_zh']}" for row in rows],
            x=[row["users"] for row in rows],
            orientation="h",
            marker_color=_COLORS,
            text=[f"{row['users']:,}  {row['users_share']:.1%}" for row in rows],
            textposition="outside",
            textfont={"color": INK},
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} users<extra></extra>",
        )
        figure.update_xaxes(range=[0, 1.2 * max([1, *(row["users"] for row in rows)])])
        height = 380
    else:
        groups = answer.groups.to_pylist()
        names = list(dict.fromkeys(row["group"] for row in groups))
        for row, color in zip(rows, _COLORS, strict=True):
            mine = [each for each in groups if each["stage"] == row["stage"]]
            figure.add_bar(
                y=names,
                x=[each["users_share"] for each in mine],
                orientation="h",
                name=f"{row['stage']} {row['stage_zh']}",
                marker_color=color,
                text=[f"{s:.0%}" if (s := each["users_share"]) >= 0.04 else "" for each in mine],
                insidetextanchor="middle",
                textfont={"color": "white"},
                customdata=[each["users"] for each in mine],
                hovertemplate="%{y}: %{customdata:,} users, %{x:.1%}<extra></extra>",
            )
        figure.update_xaxes(tickformat=".0%", range=[0, 1])
        height = 230 + 44 * len(names)
    figure.update_layout(
        **house_layout(
            "Awareness, interest, purchase, loyalty",
            subtitle=f"{sum(row['users'] for row in rows):,} users by their highest stage",
            x="users" if answer.groups is None else "share of users",
            height=height,
        ),
        barmode="stack",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    if answer.groups is not None:
        figure.update_layout(margin_t=120)
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return figure


def draw_flow(answer: "Aipl") -> "go.Figure":
    """Draw bands from the stage before (left) to the stage after (right)."""
    import plotly.graph_objects as go

    rows = [] if answer.flow is None else answer.flow.to_pylist()
    stages = answer.frame.column("stage").to_pylist()
    chinese = answer.frame.column("stage_zh").to_pylist()
    links = [row for row in rows if row["users"] and row["before"] != "none"]
    links += [row for row in rows if row["users"] and row["before"] == "none" != row["after"]]
    left = {stage: sum(row["users"] for row in links if row["before"] == stage) for stage in stages}
    right = {stage: sum(row["users"] for row in links if row["after"] == stage) for stage in stages}
    nodes = [
        *(
            ("new" if stage == "none" else stage, left[stage], at)
            for at, stage in enumerate(stages)
        ),
        *(
            ("lost" if stage == "none" else stage, right[stage], at)
            for at, stage in enumerate(stages)
        ),
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [
                    f"{name} {chinese[at] if name not in ('new', 'lost') else ''} {users:,}"
                    for name, users, at in nodes
                ],
                "color": [_COLORS[at] for _, _, at in nodes],
                "thickness": 16,
                "pad": 18,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [stages.index(row["before"]) for row in links],
                "target": [5 + stages.index(row["after"]) for row in links],
                "value": [row["users"] for row in links],
                "color": [tinted(_COLORS[stages.index(row["after"])], 0.3) for row in links],
                "customdata": [[row["before"], row["after"], row["share"]] for row in links],
                "hovertemplate": "%{customdata[0]} to %{customdata[1]}: %{value:,} users,"
                " %{customdata[2]:.1%}<extra></extra>",
            },
            textfont={"size": 13, "color": INK},
        )
    )
    figure.update_layout(
        **house_layout(
            "How users move between stages",
            subtitle="from the earlier moment (left) to the later one; users in no stage at both"
            " moments are left out",
            height=520,
        )
    )
    figure.update_layout(margin_b=32)
    return figure
