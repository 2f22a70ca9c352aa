"""The forest plot of a comparison."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import AMBER, FAINT, GREY, INK, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.compare.answer import Comparison

__all__ = ["draw_differences"]

_COLORS = {"higher": TEAL, "lower": AMBER, "no difference shown": FAINT, "not enough users": GREY}


def draw_differences(answer: "Comparison") -> "go.Figure":
    """Draw a row a measure: its relative difference, the interval, and the line of none."""
    import plotly.graph_objects as go

    frame = answer.frame if answer.groups is None else answer.groups
    rows = frame.to_pylist()
    labels = [_label(row) for row in rows]
    figure = go.Figure()
    for verdict, color in _COLORS.items():
        mine = [
            (label, row)
            for label, row in zip(labels, rows, strict=True)
            if row["verdict"] == verdict and row["relative_difference"] is not None
        ]
        if not mine:
            continue
        figure.add_scatter(
            x=[row["relative_difference"] for _, row in mine],
            y=[label for label, _ in mine],
            mode="markers",
            name=verdict,
            marker={"size": 11, "color": color, "symbol": "square"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_reach(row, "relative_high") for _, row in mine],
                "arrayminus": [_reach(row, "relative_low") for _, row in mine],
                "thickness": 2.2,
                "width": 5,
                "color": color,
            },
            hovertemplate="%{y}: %{x:+.2%}<extra></extra>",
        )
    for label, row in zip(labels, rows, strict=True):
        figure.add_annotation(
            y=label,
            x=1,
            xref="paper",
            text=_note(row),
            showarrow=False,
            xanchor="left",
            xshift=12,
            font={"size": 12, "color": INK},
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1, "dash": "dot"})
    counts = zip(answer.sides, answer.user_counts, strict=True)
    sides = " against ".join(f"{name} ({users:,} users)" for name, users in [*counts][::-1])
    said = "p corrected" if answer.trusted else "the split is not what was meant"
    figure.update_layout(
        **house_layout(
            "How the two sides differ",
            subtitle=f"{sides}; {said}",
            x="relative difference, with its interval",
            height=170 + 40 * max(len(rows), 1),
        ),
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin_r=190,
        margin_t=112,
        showlegend=True,
    )
    figure.update_yaxes(
        categoryorder="array", categoryarray=labels, autorange="reversed", ticksuffix="  ",
    )  # fmt: skip
    figure.update_xaxes(tickformat="+.0%", range=_range(rows))
    return figure


def _label(row: dict[str, Any]) -> str:
    name = row["measure"].replace("_", " ")
    return f"{row['group']}: {name}" if "group" in row else name


def _note(row: dict[str, Any]) -> str:
    if row["relative_difference"] is None:
        return row["verdict"]
    p_value = row["p_corrected"]
    text = row["verdict"]
    if p_value is not None:
        text = "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.4f}"
    return f"<b>{row['relative_difference']:+.1%}</b>  {text}"


def _reach(row: dict[str, Any], side: str) -> float:
    return 0.0 if row[side] is None else abs(row[side] - row["relative_difference"])


def _range(rows: list[dict[str, Any]]) -> list[float]:
    """Show all points, and intervals as far as they say something."""
    ends = [
        row[name]
        for row in rows
        for name in ("relative_difference", "relative_low", "relative_high")
        if row[name] is not None
    ]
    points = [abs(row["relative_difference"]) for row in rows if row["relative_difference"]]
    most = max([0.05, *points]) * 3
    low, high = max(min([0.0, *ends]), -most), min(max([0.0, *ends]), most)
    pad = 0.06 * max(high - low, 0.05)
    return [low - pad, high + pad]
