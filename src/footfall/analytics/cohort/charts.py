"""Pictures of retention: a table of colors, and curves of groups."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import FAINT, GREY, INK, PALETTE, SCALE, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.cohort.retention import Retention

__all__ = ["draw_curves", "draw_matrix"]

_MOST_ROWS = 40  # more cohorts would be too thin to read
_MOST_TEXT = 20  # more columns have no room for figures


def draw_matrix(answer: "Retention") -> "go.Figure":
    """Draw a row a cohort and a column a period, darker where more came back."""
    import plotly.graph_objects as go

    matrix = answer.matrix.to_pylist()
    average, columns = matrix[-1], _told(matrix)
    begun = [row for row in matrix[:-1] if any(row[name] is not None for name in columns)]
    rows = [average, *begun[-_MOST_ROWS:]]
    labels = [f"{row['cohort']}  ({row['users']:,})" for row in rows]
    rates = [[row[name] for name in columns] for row in rows]
    skipped = 1 if columns[0] == "0" else 0
    later = [rate for row in rates for rate in row[skipped:] if rate is not None]
    texts = [["" if rate is None else f"{100 * rate:.0f}" for rate in row] for row in rates]
    figure = go.Figure(
        go.Heatmap(
            x=columns,
            y=labels,
            z=rates,
            text=texts if len(columns) <= _MOST_TEXT else None,
            texttemplate="%{text}" if len(columns) <= _MOST_TEXT else None,
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            zmax=max([0.01, *later]),  # period 0 is nearly always all of them
            xgap=2,
            ygap=2,
            hoverongaps=False,
            colorbar={"thickness": 12, "outlinewidth": 0, "tickformat": ".0%"},
            hovertemplate="%{y}, period %{x}: %{z:.1%}<extra></extra>",
        )
    )
    what = "money" if "first_minor" in answer.frame.column_names else "users"
    figure.update_layout(
        **house_layout(
            "Who comes back",
            subtitle=f"% of each cohort's {what} by period after the start; blank: not over yet",
            x="period after the start",
            height=170 + 30 * len(rows),
        )
    )
    figure.update_xaxes(type="category", showgrid=False, tickangle=0, dtick=_step(len(columns)))
    figure.update_yaxes(
        autorange="reversed", type="category", showgrid=False, ticksuffix="  ", dtick=1
    )
    return figure


def _told(matrix: list[dict[str, Any]]) -> list[str]:
    """Name the periods that are drawn: not period 0 where it is everybody by definition."""
    columns = [name for name in matrix[-1] if name not in {"cohort", "users"}]
    everybody = all(row[columns[0]] in {None, 1.0} for row in matrix)
    ended = any(row[name] is not None for row in matrix for name in columns[1:])
    return columns[1:] if columns[0] == "0" and everybody and ended else columns


def draw_curves(answer: "Retention") -> "go.Figure":
    """Draw the average retention of each group, and of all."""
    import plotly.graph_objects as go

    groups: dict[str, list[dict[str, object]]] = {}
    table = answer.group_averages
    for row in table.to_pylist() if table is not None else []:
        groups.setdefault(row["group"], []).append(row)
    everybody = answer.averages.to_pylist()
    figure = go.Figure()
    for place, (name, rows) in enumerate(groups.items()):
        figure.add_scatter(
            x=[row["period"] for row in rows],
            y=[row["rate"] for row in rows],
            name=name,
            mode="lines+markers",
            line={"color": PALETTE[place % len(PALETTE)], "width": 2},
            hovertemplate="%{y:.1%} in period %{x}<extra>%{fullData.name}</extra>",
        )
    figure.add_scatter(
        x=[row["period"] for row in everybody],
        y=[row["rate"] for row in everybody],
        name="all",
        mode="lines",
        line={"color": INK, "width": 2, "dash": "dot"},
        hovertemplate="%{y:.1%} in period %{x}<extra>all</extra>",
    )
    figure.update_layout(
        **house_layout(
            "Who comes back",
            subtitle="average of the cohorts for which a period is over",
            x="period after the start",
            y="share that came back",
        ),
        legend={"font": {"color": FAINT}, "bordercolor": GREY},
    )
    figure.update_xaxes(type="category", showgrid=False, tickangle=0, dtick=_step(len(everybody)))
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure


def _step(columns: int) -> int:
    """Label every period, or every so many where there are more than fit."""
    return 1 + columns // 30
