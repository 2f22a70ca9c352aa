"""Pictures of loops, dead ends, whole paths, ways into purchases, contrasts: bars and ranges."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from footfall.analytics.charts import AMBER, FAINT, GREY, INDIGO, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.path import ContrastPaths, DeadEnds, Loops, PurchasePaths, WholePaths

__all__ = [
    "draw_contrast",
    "draw_dead_ends",
    "draw_loops",
    "draw_purchases",
    "draw_spread",
    "draw_whole",
]

_LONGEST_LABEL = 64


def _label(text: str) -> str:
    """Shorten a long path in its middle, between nodes: how it begins and ends says most.

    Examples
    --------
    >>> _label(" > ".join(["search", "view", "add_to_cart"] * 3))
    'search > view > add_to_cart > ... > search > view > add_to_cart'
    """
    if len(text) <= _LONGEST_LABEL:
        return text
    nodes = text.split(" > ")
    half = _LONGEST_LABEL // 2 - 2
    first = max(1, sum(length <= half for length in accumulate(len(n) + 3 for n in nodes)))
    last = max(1, sum(length <= half for length in accumulate(len(n) + 3 for n in nodes[::-1])))
    if first + last >= len(nodes):
        return text
    return " > ".join([*nodes[:first], "...", *nodes[-last:]])


def _bars(
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    *,
    title: str,
    subtitle: str,
    x: str,
    color: str = TEAL,
) -> "go.Figure":
    import plotly.graph_objects as go

    places = [*range(len(labels))]
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=places,
            orientation="h",
            marker={"color": color},
            text=list(texts),
            textposition="outside",
            cliponaxis=False,
            customdata=list(labels),
            hovertemplate="%{customdata}: %{text}<extra></extra>",
        )
    )
    layout = house_layout(title, subtitle=subtitle, x=x, height=max(320, 150 + 28 * len(labels)))
    figure.update_layout(**layout)
    figure.update_layout(bargap=0.3)
    _named_rows(figure, labels)
    figure.update_xaxes(range=[0, 1.25 * max([*values, 1e-9])])
    return figure


def _named_rows(figure: "go.Figure", labels: Sequence[str]) -> None:
    """Name rows by place: two long paths may shorten to the same words."""
    figure.update_yaxes(
        tickvals=[*range(len(labels))],
        ticktext=[_label(label) for label in labels],
        range=[len(labels) - 0.4, -0.6],
        showgrid=False,
        ticksuffix="  ",
    )


def draw_loops(answer: "Loops") -> "go.Figure":
    """Draw a bar a loop."""
    rows = answer.frame.to_pylist()
    return _bars(
        [row["loop"] for row in rows],
        [row["occurrences"] for row in rows],
        [f"{row['occurrences']:,} by {row['users']:,} users" for row in rows],
        title="Where shoppers go in circles",
        subtitle="runs of consecutive events that end where they began",
        x="occurrences",
        color=AMBER,
    )


def draw_dead_ends(answer: "DeadEnds") -> "go.Figure":
    """Draw a bar a node."""
    rows = [row for row in answer.frame.to_pylist() if row["dead_ends"]]
    return _bars(
        [row["node"] for row in rows],
        [row["dead_ends"] for row in rows],
        [f"{row['dead_ends']:,}, {row['dead_end_share']:.1%} of visits" for row in rows],
        title="Where visits end without a purchase",
        subtitle=answer.definition["unit"].partition("; ")[2],
        x="dead ends",
        color=AMBER,
    )


def draw_whole(answer: "WholePaths") -> "go.Figure":
    """Draw a bar a path."""
    rows = answer.frame.to_pylist()
    shown = sum(row["units"] for row in rows)
    share = shown / answer.total if answer.total else 0.0
    return _bars(
        [row["path"] for row in rows],
        [row["units"] for row in rows],
        [f"{row['units']:,} ({row['share']:.1%})" for row in rows],
        title="Most common whole paths",
        subtitle=f"{len(rows):,} of {answer.different:,} different ones, {share:.1%} of"
        f" {answer.total:,}",
        x=answer.definition["unit"].partition(" ")[0],
    )


def draw_purchases(answer: "PurchasePaths") -> "go.Figure":
    """Draw a bar a path into an order."""
    rows = answer.paths.to_pylist()
    medians = {
        row["measure"]: row["median"] for row in answer.frame.to_pylist() if row["orders"] == "all"
    }
    touches, days = medians["touches"], medians["days_since_first_touch"]
    subtitle = "" if touches is None else f"median: {touches:,.0f} touches"
    subtitle += "" if days is None else f", {days:,.1f} days from the first touch"
    return _bars(
        [row["path"] for row in rows],
        [row["orders"] for row in rows],
        [f"{row['orders']:,} ({row['share']:.1%})" for row in rows],
        title="Ways into a purchase",
        subtitle=subtitle,
        x="orders",
    )


def draw_spread(answer: "PurchasePaths") -> "go.Figure":
    """Draw the middle half and the middle 80 % of each measure."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    rows = [row for row in answer.frame.to_pylist() if row["orders"] != "all"]
    measures = [*dict.fromkeys(row["measure"] for row in rows)]
    names = [measure.replace("_", " ") for measure in measures]
    figure = make_subplots(cols=len(measures), shared_yaxes=True, column_titles=names)
    for column, measure in enumerate(measures, 1):
        for row in rows:
            if row["measure"] != measure or row["median"] is None:
                continue
            color = INDIGO if row["orders"] == "first" else TEAL
            for low, high, width in (("p10", "p90", 3), ("p25", "p75", 11)):
                figure.add_trace(
                    go.Scatter(
                        x=[row[low], row[high]], y=[f"{row['orders']} orders"] * 2, mode="lines",
                        line={"color": color, "width": width}, showlegend=False,
                        hovertemplate=f"{low} to {high}: %{{x:,.1f}}<extra></extra>",
                    ),
                    row=1, col=column,
                )  # fmt: skip
            figure.add_trace(
                go.Scatter(
                    x=[row["median"]], y=[f"{row['orders']} orders"], mode="markers+text",
                    marker={"color": "white", "size": 9, "line": {"color": color, "width": 2}},
                    text=f"{row['median']:,.1f}".removesuffix(".0"), textposition="top center",
                    hovertemplate="median %{x:,.1f}<extra></extra>", showlegend=False,
                ),
                row=1, col=column,
            )  # fmt: skip
    layout = house_layout(
        "What lies before a purchase",
        subtitle="dot: median; thick: middle half; thin: middle 80 % of orders",
        height=320,
    )
    figure.update_layout(**{k: v for k, v in layout.items() if k not in {"xaxis", "yaxis"}})
    figure.update_layout(margin={"t": 120})
    figure.update_xaxes(
        rangemode="tozero", zeroline=False, gridcolor="#e4e7eb", separatethousands=True
    )
    figure.update_yaxes(type="category", showgrid=False, ticksuffix="  ", range=[1.6, -0.6])
    return figure


def draw_contrast(answer: "ContrastPaths") -> "go.Figure":
    """Draw each sequence's ratio of shares with its interval, on a logarithmic axis."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    places = [*range(len(rows))]
    colors = [
        GREY if row["ratio_low"] <= 1 <= row["ratio_high"] else TEAL if row["ratio"] > 1 else AMBER
        for row in rows
    ]
    figure = go.Figure(
        go.Scatter(
            x=[row["ratio"] for row in rows],
            y=places,
            mode="markers",
            marker={"color": colors, "size": 11},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["ratio_high"] - row["ratio"] for row in rows],
                "arrayminus": [row["ratio"] - row["ratio_low"] for row in rows],
                "color": FAINT,
                "thickness": 1.5,
                "width": 4,
            },
            customdata=[[row["path"], row["first_share"], row["second_share"]] for row in rows],
            hovertemplate="%{customdata[0]}: %{customdata[1]:.1%} against %{customdata[2]:.1%},"
            " %{x:.2f} times<extra></extra>",
        )
    )
    figure.add_vline(x=1, line={"color": FAINT, "width": 1, "dash": "dot"})
    first, second = answer.sides
    figure.update_layout(
        **house_layout(
            "Sequences that tell two groups apart",
            subtitle=f"{first} ({answer.sizes[0]:,}) against {second} ({answer.sizes[1]:,}); right"
            " of the line: more common in the first",
            x="times as common (interval)",
            height=max(340, 170 + 28 * len(rows)),
        )
    )
    figure.update_xaxes(type="log", tickformat="~g")
    _named_rows(
        figure,
        [f"{row['path']}   {row['first_share']:.0%} | {row['second_share']:.0%}" for row in rows],
    )
    return figure
