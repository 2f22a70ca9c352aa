"""Pictures of a time series."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import AMBER, FAINT, GREY, PALETTE, TEAL, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.operations.series import Series

__all__ = ["draw_series"]

_RED = "#be185d"


def draw_series(answer: "Series") -> "go.Figure":
    """Draw the line, what was expected, and the points marked; with a breakdown, all lines."""
    import plotly.graph_objects as go

    figure = go.Figure()
    rows = answer.frame.to_pylist()
    if answer.groups is None:
        _add_band(figure, rows)
        _add_line(figure, rows, answer.measure, TEAL)
    else:
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in answer.groups.to_pylist():
            groups.setdefault(row["group"], []).append(row)
        for place, (name, mine) in enumerate(groups.items()):
            _add_line(figure, mine, name, PALETTE[place % len(PALETTE)])
    marked = sum(row["anomaly"] is not None for row in rows)
    cut = sum(not row["complete"] for row in rows)
    subtitle = f"by {answer.unit}; {marked} not to be expected"
    subtitle += f", {cut} not watched from beginning to end" if cut else ""
    figure.update_layout(
        **house_layout("How it went over time", subtitle=subtitle, y=answer.measure),
        showlegend=answer.groups is not None,
        legend={"font": {"color": FAINT}, "orientation": "h", "y": -0.2},
        hovermode="x",
    )
    # Ratios and levels that hardly move are unreadable from zero; counts are not.
    figure.update_yaxes(rangemode="tozero")
    return figure


def _add_band(figure: "go.Figure", rows: list[dict[str, Any]]) -> None:
    known = [row for row in rows if row["expected"] is not None]
    for key, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            x=[row["period"] for row in known],
            y=[row[key] for row in known],
            mode="lines",
            line={"width": 0},
            fill=fill,
            fillcolor=tinted(GREY, 0.25),
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=[row["period"] for row in known],
        y=[row["expected"] for row in known],
        mode="lines",
        name="expected",
        line={"color": GREY, "width": 1.5, "dash": "dot"},
        hovertemplate="%{y:,.4~g}<extra>expected</extra>",
    )


def _add_line(figure: "go.Figure", rows: list[dict[str, Any]], name: str, color: str) -> None:
    figure.add_scatter(
        x=[row["period"] for row in rows],
        y=[row["value"] for row in rows],
        mode="lines",
        name=name,
        line={"color": color, "width": 2},
        hovertemplate="%{y:,.4~g}<extra>" + name + "</extra>",
    )
    for wanted, marker in (
        ([row for row in rows if row["anomaly"]], {"color": _RED, "size": 10}),
        (
            [row for row in rows if not row["complete"]],
            {"color": "white", "size": 7, "line": {"color": AMBER, "width": 2}},
        ),
    ):
        figure.add_scatter(
            x=[row["period"] for row in wanted],
            y=[row["value"] for row in wanted],
            mode="markers",
            marker=marker,
            showlegend=False,
            hoverinfo="skip",
        )
