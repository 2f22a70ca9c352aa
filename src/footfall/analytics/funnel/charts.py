"""Pictures of a funnel."""

from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from footfall.analytics.charts import FAINT, GREY, INK, SCALE, TEAL, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel import Funnel

__all__ = ["draw_funnel", "draw_groups"]


def _step_labels(names: tuple[str, ...]) -> list[str]:
    """Put numbers before the steps, so that a step that comes twice is two bars."""
    return [f"{place}. {name.replace('|', ' or ')}" for place, name in enumerate(names, 1)]


def _title(answer: "Funnel") -> tuple[str, str]:
    window = answer.definition["window"].partition(" from ")[0]
    last = answer.frame.column("rate")[-1].as_py()
    first, goal = (step.replace("|", " or ") for step in (answer.steps[0], answer.steps[-1]))
    title = f"From {first} to {goal}: {last:.1%} of users within {window}"
    return title, "users that reach each step, and their share of the first step"


def draw_funnel(answer: "Funnel") -> "go.Figure":
    """Draw a horizontal bar a step over a pale bar of those lost since the step before."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    labels = _step_labels(answer.steps)
    lost = [0, *(before["users"] - row["users"] for before, row in pairwise(rows))]
    texts = [f"<b>{row['users']:,}</b>  {row['rate']:.1%}" for row in rows]
    texts = [
        text + (f"  <span style='color:{FAINT}'>−{gone:,} lost here</span>" if gone else "")
        for text, gone in zip(texts, lost, strict=True)
    ]
    users = [row["users"] for row in rows]
    figure = go.Figure(
        [
            go.Bar(
                y=labels,
                x=users,
                orientation="h",
                marker_color=TEAL,
                name="users",
                hovertemplate="%{y}: %{x:,} users<extra></extra>",
            ),
            go.Bar(
                y=labels,
                x=lost,
                orientation="h",
                marker_color=tinted(GREY, 0.25),
                name="lost",
                hovertemplate="%{y}: %{x:,} users lost here<extra></extra>",
            ),
        ]
    )
    for label, row, gone, text in zip(labels, rows, lost, texts, strict=True):
        figure.add_annotation(
            y=label,
            x=row["users"] + gone,
            text=text,
            showarrow=False,
            xanchor="left",
            xshift=8,
            font={"color": INK},
        )
    title, subtitle = _title(answer)
    figure.update_layout(
        **house_layout(title, subtitle=subtitle, x="users", height=150 + 62 * len(labels)),
        barmode="stack",
        bargap=0.35,
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([1, *users]) * 1.35])
    return figure


def draw_groups(answer: "Funnel") -> "go.Figure":
    """Draw a table of colors: a row a group, a column a step, in each cell the rate and users."""
    import plotly.graph_objects as go

    table: pa.Table = answer.groups
    steps = len(answer.steps)
    names = table.column("group").to_pylist()[::steps]
    rates = [table.column("rate").to_pylist()[at * steps :][:steps] for at in range(len(names))]
    users = [table.column("users").to_pylist()[at * steps :][:steps] for at in range(len(names))]
    # The first step is 100 % of itself: its cells only say how many users, and take no color.
    texts = [
        [f"{row_users[0]:,} users"]
        + [
            f"{rate:.1%}<br>{count:,}"
            for rate, count in zip(row_rates[1:], row_users[1:], strict=True)
        ]
        for row_rates, row_users in zip(rates, users, strict=True)
    ]
    rest = [rate for row in rates for rate in row[1:]]
    figure = go.Figure(
        go.Heatmap(
            x=_step_labels(answer.steps),
            y=names,
            z=[[0.0, *row[1:]] for row in rates],
            text=texts,
            customdata=users,
            texttemplate="%{text}",
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            zmax=max([0.01, *rest]),
            showscale=False,
            xgap=3,
            ygap=3,
            hovertemplate="%{y}, %{x}: %{customdata:,} users<extra></extra>",
        )
    )
    title, subtitle = _title(answer)
    by = answer.definition["breakdown"].partition(";")[0]
    layout = house_layout(title, subtitle=f"{subtitle}; by {by}", height=150 + 44 * len(names))
    figure.update_layout(**layout)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(side="top", showgrid=False)
    figure.update_layout(margin_t=120, margin_b=24)
    return figure
