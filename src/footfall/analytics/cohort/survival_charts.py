"""Pictures of survival curves."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import FAINT, PALETTE, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.cohort.survival import Survival

__all__ = ["draw_survival"]

_MOST_POINTS = 800


def draw_survival(answer: "Survival") -> "go.Figure":
    """Draw steps with a band: those to whom it happened, or, of "last seen", those who stay."""
    import plotly.graph_objects as go

    staying = answer.to == "last seen"
    curves: dict[str, list[dict[str, Any]]] = {}
    for row in (answer.frame if answer.groups is None else answer.groups).to_pylist():
        curves.setdefault(row.get("group", "all"), []).append(row)
    figure = go.Figure()
    for place, (name, rows) in enumerate(curves.items()):
        color = PALETTE[place % len(PALETTE)]
        _add_curve(figure, name, rows, color, staying=staying, band=len(curves) <= 3)
    started = f"{answer.users_started:,} users; {answer.users_reached:,} of them"
    middle = "not reached" if answer.median is None else f"{answer.median:,} {answer.unit}s"
    subtitle = f"{started} {'left' if staying else 'did it'}; median {middle}"
    if answer.test is not None:
        subtitle += f"; groups alike: p = {answer.test['p_value']:.3f} (log-rank)"
    figure.update_layout(
        **house_layout(
            "How long users stay" if staying else "How long it takes users",
            subtitle=subtitle,
            x=f"{answer.unit}s since the start",
            y="share still there" if staying else "share that did it",
        ),
        showlegend=len(curves) > 1,
        legend={"font": {"color": FAINT}},
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(rangemode="tozero")
    return figure


def _add_curve(
    figure: "go.Figure",
    name: str,
    rows: list[dict[str, Any]],
    color: str,
    *,
    staying: bool,
    band: bool,
) -> None:
    rows = rows[:: 1 + len(rows) // _MOST_POINTS]
    begin = {"time": -1, "survival": 1.0, "low": 1.0, "high": 1.0}
    rows = [begin, *rows]
    x = [row["time"] + 1 for row in rows]

    def side(key: str) -> list[float | None]:
        return [
            value if value is None or staying else 1 - value for value in (row[key] for row in rows)
        ]

    if band:
        for key, fill in (("low", None), ("high", "tonexty")):
            figure.add_scatter(
                x=x,
                y=side(key),
                mode="lines",
                line={"width": 0, "shape": "hv", "color": color},
                fill=fill,
                fillcolor=tinted(color, 0.15),
                showlegend=False,
                hoverinfo="skip",
            )
    figure.add_scatter(
        x=x,
        y=side("survival"),
        name=name,
        mode="lines",
        line={"width": 2.5, "shape": "hv", "color": color},
        hovertemplate="within %{x}: %{y:.1%}<extra>" + name + "</extra>",
    )
