"""Pictures of pages that lose buyers, and of searches."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import AMBER, FAINT, GREY, TEAL, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.operations.losing_pages import LosingPages
    from footfall.analytics.operations.searches import Searches

__all__ = ["draw_losing_pages", "draw_searches"]

_MOST = 15
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"}


def draw_losing_pages(answer: "LosingPages") -> "go.Figure":
    """Draw the pages that lose most: what they have, and what their like have."""
    import plotly.graph_objects as go

    rows = [row for row in answer.frame.to_pylist() if row["loses"]][:_MOST]
    labels = [str(row["page"]) for row in rows]
    figure = go.Figure()
    for row, label in zip(rows, labels, strict=True):
        figure.add_scatter(
            x=[row["shrunk_rate"], row["expected_rate"]],
            y=[label, label],
            mode="lines",
            line={"color": tinted(AMBER, 0.4), "width": 6},
            showlegend=False,
            hoverinfo="skip",
        )
    for name, key, color in (
        ("this page", "shrunk_rate", AMBER),
        ("its like", "expected_rate", TEAL),
    ):
        figure.add_scatter(
            x=[row[key] for row in rows],
            y=labels,
            customdata=[[row["viewers"], row["lost"]] for row in rows],
            name=name,
            mode="markers",
            marker={"color": color, "size": 11},
            hovertemplate="%{y}: %{x:.1%}; %{customdata[0]:,} viewers,"
            " about %{customdata[1]:.1f} lost<extra>" + name + "</extra>",
        )
    losing = sum(1 for row in answer.frame.to_pylist() if row["loses"])
    figure.update_layout(
        **house_layout(
            "Pages that lose buyers",
            subtitle=f"{losing:,} of {answer.frame.num_rows:,} pages convert less than their like;"
            " most lost first",
            x="share of viewers that convert",
            height=190 + 28 * max(3, len(rows)),
        ),
        legend=_LEGEND,
    )
    figure.update_yaxes(type="category", autorange="reversed", ticksuffix="  ", showgrid=False)
    most = max([0.01, *(row["expected_rate"] for row in rows)])
    figure.update_xaxes(tickformat=".1%", range=[0, 1.1 * most])
    return figure


def draw_searches(answer: "Searches") -> "go.Figure":
    """Draw the queries asked most: what came of them."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()[:_MOST]
    labels = [row["query"] for row in rows]
    figure = go.Figure()
    for name, key, color in (
        ("led to a click", "clicked", TEAL),
        ("no click", "unclicked", AMBER),
        ("no results", "no_results", "#be185d"),
    ):
        values = [_part(row, key) for row in rows]
        if not any(values):
            continue
        figure.add_bar(
            y=labels,
            x=values,
            name=name,
            orientation="h",
            marker_color=color if key != "clicked" else tinted(TEAL, 0.75),
            hovertemplate="%{y}: %{x:,} " + name + "<extra></extra>",
        )
    total = answer.total.to_pylist()[0]
    share = total["no_click_share"]
    figure.update_layout(
        **house_layout(
            "What searches lead to",
            subtitle=f"{total['searches']:,} searches; "
            f"{'-' if share is None else f'{share:.1%}'} without a click",
            x="searches",
            height=190 + 28 * max(3, len(rows)),
        ),
        barmode="stack",
        bargap=0.3,
        showlegend=True,
        legend=_LEGEND | {"font": {"color": FAINT}, "bordercolor": GREY, "traceorder": "normal"},
    )
    figure.update_yaxes(type="category", autorange="reversed", ticksuffix="  ", showgrid=False)
    return figure


def _part(row: dict[str, int], key: str) -> int:
    nothing = row["no_results"] or 0
    if key == "no_results":
        return nothing
    unclicked = max(row["no_click"] - nothing, 0)
    return unclicked if key == "unclicked" else row["searches"] - nothing - unclicked
