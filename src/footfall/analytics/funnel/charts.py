"""Pictures of a funnel."""

from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa

from footfall.analytics.charts import FAINT, GREY, INK, SCALE, TEAL, house_layout, tinted
from footfall.analytics.funnel.wording import shown_step, shown_steps

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel import Funnel

__all__ = ["draw_funnel", "draw_groups", "draw_times", "shown_minutes"]


def _title(answer: "Funnel") -> tuple[str, str]:
    window = answer.definition["window"].partition(" from ")[0]
    last = answer.frame.column("rate")[-1].as_py()
    plan = answer.plan
    first, goal = (shown_step(plan.steps.names[at]) for at in (0, -1))
    title = "Steps in any order" if plan.order == "any" else f"From {first} to {goal}"
    how = {"ordered": "", "strict": ", directly one after the other", "any": ""}[plan.order]
    same = ", all about the same item" if plan.same_item else ""
    return title, f"{last:.1%} of {answer.unit} within {window}{how}{same}"


def draw_funnel(answer: "Funnel") -> "go.Figure":
    """Draw a horizontal bar a step over a pale bar of those lost since the step before."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    labels = shown_steps(answer.steps)
    unit = answer.unit
    lost = [0, *(before[unit] - row[unit] for before, row in pairwise(rows))]
    texts = [f"<b>{row[unit]:,}</b>  {row['rate']:.1%}" for row in rows]
    texts = [
        text + (f"  <span style='color:{FAINT}'>−{gone:,} lost here</span>" if gone else "")
        for text, gone in zip(texts, lost, strict=True)
    ]
    counts = [row[unit] for row in rows]
    figure = go.Figure(
        [
            go.Bar(
                y=labels,
                x=counts,
                orientation="h",
                marker_color=TEAL,
                name=unit,
                hovertemplate=f"%{{y}}: %{{x:,}} {unit}<extra></extra>",
            ),
            go.Bar(
                y=labels,
                x=lost,
                orientation="h",
                marker_color=tinted(GREY, 0.25),
                name="lost",
                hovertemplate=f"%{{y}}: %{{x:,}} {unit} lost here<extra></extra>",
            ),
        ]
    )
    for label, row, gone, text in zip(labels, rows, lost, texts, strict=True):
        figure.add_annotation(
            y=label,
            x=row[unit] + gone,
            text=text,
            showarrow=False,
            xanchor="left",
            xshift=8,
            font={"color": INK},
        )
    title, subtitle = _title(answer)
    figure.update_layout(
        **house_layout(title, subtitle=subtitle, x=unit, height=150 + 62 * len(labels)),
        barmode="stack",
        bargap=0.35,
        showlegend=False,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([1, *counts]) * 1.35])
    return figure


def draw_groups(answer: "Funnel") -> "go.Figure":
    """Draw a table of colors: a row a group, a column a step, in each cell the rate and users."""
    import plotly.graph_objects as go

    table: pa.Table = answer.groups
    steps = len(answer.steps)
    names = table.column("group").to_pylist()[::steps]
    rates = [table.column("rate").to_pylist()[at * steps :][:steps] for at in range(len(names))]
    unit = answer.unit
    users = [table.column(unit).to_pylist()[at * steps :][:steps] for at in range(len(names))]
    # The first step is 100 % of itself: its cells only say how many users, and take no color.
    texts = [
        [f"{row_users[0]:,} {unit}"]
        + [
            f"{rate:.1%}<br>{count:,}"
            for rate, count in zip(row_rates[1:], row_users[1:], strict=True)
        ]
        for row_rates, row_users in zip(rates, users, strict=True)
    ]
    rest = [rate for row in rates for rate in row[1:]]
    figure = go.Figure(
        go.Heatmap(
            x=shown_steps(answer.steps),
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
            hovertemplate=f"%{{y}}, %{{x}}: %{{customdata:,}} {unit}<extra></extra>",
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


def shown_minutes(minutes: float) -> str:
    """Write a time as people say it.

    Examples
    --------
    >>> shown_minutes(30), shown_minutes(90), shown_minutes(2880), shown_minutes(0.5)
    ('30 min', '1.5 h', '2 d', '30 s')
    """
    if minutes >= 1440:
        return f"{minutes / 1440:.3g} d"
    if minutes >= 60:
        return f"{minutes / 60:.3g} h"
    return f"{minutes:.3g} min" if minutes >= 1 or not minutes else f"{minutes * 60:.3g} s"


def draw_times(answer: "Funnel", step: int) -> "go.Figure":
    """Draw how many took how long to a step."""
    import plotly.graph_objects as go

    rows = answer.histogram(step).to_pylist()
    counts = [row[answer.unit] for row in rows]
    labels = [f"up to {shown_minutes(row['to_minutes'])}" for row in rows]
    total = max(1, sum(counts))
    figure = go.Figure(
        go.Bar(
            x=labels,
            y=counts,
            marker_color=TEAL,
            text=[f"{count / total:.0%}" if count else "" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{x}}: %{{y:,}} {answer.unit}<extra></extra>",
        )
    )
    row = answer.times.to_pylist()[step - 1]
    middle = row["median_minutes"]
    name = shown_step(answer.steps[step - 1])
    said = "nobody got there" if middle is None else f"half within {shown_minutes(middle)}"
    figure.update_layout(
        **house_layout(
            f"How long it takes to {name}",
            subtitle=f"{said}; from the first event of the chain",
            x="time since the bar before",
            y=answer.unit,
        )
    )
    figure.update_xaxes(showgrid=False, title_text="")
    return figure
