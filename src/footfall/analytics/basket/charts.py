"""Pictures of baskets: rules with their lift, patterns with their time, pairs by both lifts."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import AMBER, GREY, INK, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.basket.relations import Complements
    from footfall.analytics.basket.rules import BasketRules
    from footfall.analytics.basket.sequences import SequentialPatterns

__all__ = ["draw_patterns", "draw_relations", "draw_rules"]

_SHOWN = 15
_LABELED = 10


def draw_rules(answer: "BasketRules") -> "go.Figure":
    """Draw the first rules as points with intervals of their lift."""
    import plotly.graph_objects as go

    rows = answer.frame.slice(0, _SHOWN).to_pylist()
    labels = [f"{row['has']} → {row['adds']}" for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=[row["lift"] for row in rows],
            y=labels,
            mode="markers",
            marker={"color": TEAL, "size": 11},
            error_x={
                "type": "data",
                "array": [row["lift_high"] - row["lift"] for row in rows],
                "arrayminus": [row["lift"] - row["lift_low"] for row in rows],
                "color": GREY,
            },
            customdata=[[row["confidence"], row["baskets"], row["users"]] for row in rows],
            hovertemplate="%{y}<br>lift %{x:.2f}, confidence %{customdata[0]:.1%},"
            " %{customdata[1]:,} baskets of %{customdata[2]:,} users<extra></extra>",
        )
    )
    for label, row in zip(labels, rows, strict=True):
        figure.add_annotation(
            x=1,
            xref="paper",
            y=label,
            text=f"{row['baskets']:,} baskets, {row['confidence']:.0%}",
            showarrow=False,
            xanchor="left",
            xshift=10,
            font={"color": INK, "size": 12},
        )
    figure.add_vline(x=1, line={"color": AMBER, "dash": "dot", "width": 1})
    figure.update_layout(
        **house_layout(
            "What goes together",
            subtitle=f"{answer.baskets:,} baskets; lift with its 95 % interval, and in how many"
            " baskets, of what share; 1: chance",
            x="lift",
            height=180 + 28 * max(len(rows), 1),
        )
    )
    figure.update_layout(margin_r=170)
    figure.update_xaxes(rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return figure


def draw_patterns(answer: "SequentialPatterns") -> "go.Figure":
    """Draw the first patterns as bars of users, with the days between."""
    import plotly.graph_objects as go

    rows = answer.frame.slice(0, _SHOWN).to_pylist()
    labels = [f"{row['first']} → {row['then']}" for row in rows]
    figure = go.Figure(
        go.Bar(
            x=[row["confidence"] for row in rows],
            y=labels,
            orientation="h",
            marker_color=TEAL,
            text=[
                f"{row['confidence']:.1%}, {row['users']:,} users, after"
                f" {row['median_days'] or 0:.0f} days"
                for row in rows
            ],
            textposition="outside",
            textfont={"color": INK},
            cliponaxis=False,
            customdata=[[row["lift"], row["reverse_users"]] for row in rows],
            hovertemplate="%{y}: %{x:.1%} of buyers, lift %{customdata[0]:.2f};"
            " %{customdata[1]:,} users the other way round<extra></extra>",
        )
    )
    most = max([0.01, *(row["confidence"] for row in rows)])
    figure.update_layout(
        **house_layout(
            "What is bought next",
            subtitle=f"{answer.buyers:,} buyers; share of the buyers of the first who bought the"
            " second in a later order, and the median time between",
            x="share of the buyers of the first",
            height=180 + 30 * max(len(rows), 1),
        ),
        bargap=0.35,
    )
    figure.update_xaxes(tickformat=".0%", range=[0, most * 1.6])
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return figure


def draw_relations(answer: "Complements") -> "go.Figure":
    """Draw the first pairs of each kind, a line each: lift of orders and lift of views."""
    import plotly.graph_objects as go

    table = answer.frame.to_pylist()
    rows = [
        row
        for relation in ("complement", "substitute")
        for row in [each for each in table if each["relation"] == relation][:_LABELED]
    ]
    labels = [f"{row['one']} + {row['other']}  ({row['relation']})" for row in rows]
    figure = go.Figure()
    for label, row in zip(labels, rows, strict=True):
        figure.add_scatter(
            x=[_shown_lift(row["buy_lift"]), _shown_lift(row["view_lift"])],
            y=[label, label],
            mode="lines",
            line={"color": GREY, "width": 2},
            showlegend=False,
            hoverinfo="skip",
        )
    for column, count, name, color in (
        ("buy_lift", "bought_together", "in orders", TEAL),
        ("view_lift", "viewed_together", "in sessions", AMBER),
    ):
        figure.add_scatter(
            x=[_shown_lift(row[column]) for row in rows],
            y=labels,
            mode="markers",
            name=f"lift {name}",
            marker={"color": color, "size": 11},
            customdata=[[row[column] or 0.0, row[count]] for row in rows],
            hovertemplate="%{y}: lift %{customdata[0]:.2f}, %{customdata[1]:,} together "
            + name
            + "<extra></extra>",
        )
    figure.add_vline(x=1, line={"color": INK, "dash": "dot", "width": 1})
    figure.update_layout(
        **house_layout(
            "Complements and substitutes",
            subtitle="how often pairs come together over how often chance would bring them; 1:"
            " chance",
            x="lift",
            height=220 + 26 * max(len(rows), 1),
        ),
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_layout(margin_t=130)
    figure.update_xaxes(type="log", tickvals=[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return figure


def _shown_lift(lift: float | None) -> float:
    """Keep a lift of zero on a scale of powers, which has no zero: it stands at a tenth."""
    return max(lift or 0.0, 0.1)
