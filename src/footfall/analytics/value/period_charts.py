"""Pictures of value over time: lifetime value of cohorts, order value by period, order sizes."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import AMBER, PALETTE, SCALE, TEAL, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.value.lifetime import LifetimeValue
    from footfall.analytics.value.order_value import OrderValue

__all__ = ["draw_cohorts", "draw_order_sizes", "draw_order_value", "draw_value_curves"]

_SCALED = 0.05  # cohorts with fewer users than this share of the largest do not set the colors
_MOST_LABELED = 14  # columns whose cells still have room for a number


def draw_cohorts(answer: "LifetimeValue") -> "go.Figure":
    """Draw cohorts (rows) by age (columns); the color is value a user so far."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    begun = (row["cohort"] for row in rows if row["value_per_user"] is not None)
    cohorts = list(dict.fromkeys(begun))
    ages = sorted({row["age"] for row in rows if row["value_per_user"] is not None})
    cells = {(row["cohort"], row["age"]): row for row in rows}
    users = {row["cohort"]: row["users"] for row in rows}

    def cell(cohort: str, age: int, column: str) -> float | None:
        row = cells.get((cohort, age))
        return None if row is None else row[column]

    values = [[cell(cohort, age, "value_per_user") for age in ages] for cohort in cohorts]
    # A handful of first users would take the whole scale: their cells may be darker than it has.
    many = max((users[cohort] for cohort in cohorts), default=0) * _SCALED
    scaled = [row for cohort, row in zip(cohorts, values, strict=True) if users[cohort] >= many]
    few = len(ages) <= _MOST_LABELED
    texts = [["" if v is None else f"{v:,.2f}" if few else "" for v in row] for row in values]
    figure = go.Figure(
        go.Heatmap(
            x=[str(age) for age in ages],
            y=[f"{cohort}  ({users[cohort]:,})" for cohort in cohorts],
            z=values,
            text=texts,
            customdata=[[cell(cohort, age, "buyers") for age in ages] for cohort in cohorts],
            texttemplate="%{text}",
            colorscale=[list(stop) for stop in SCALE],
            zmin=0,
            zmax=max([0.01, *(value for row in scaled for value in row if value is not None)]),
            xgap=3,
            ygap=3,
            hoverongaps=False,
            colorbar={"title": {"text": "value a user"}, "thickness": 12},
            hovertemplate="%{y}, age %{x}: %{z:,.2f} a user, %{customdata:,} buyers<extra></extra>",
        )
    )
    figure.update_layout(
        **house_layout(
            "Lifetime value so far",
            subtitle="revenue a user of the cohort until the end of each age, by first"
            f" {answer.unit} (users)",
            x=f"age in {answer.unit}s",
            height=max(260, 160 + 30 * len(cohorts)),
        )
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False, ticksuffix="  ")
    return figure


def draw_value_curves(answer: "LifetimeValue") -> "go.Figure":
    """Draw the value of a user by age, a line a group and one for all."""
    import plotly.graph_objects as go

    lines = {"all": answer.averages.to_pylist()}
    for row in answer.groups.to_pylist() if answer.groups is not None else []:
        lines.setdefault(row["group"], []).append(row)
    figure = go.Figure()
    for at, (name, rows) in enumerate(lines.items()):
        known = [row for row in rows if row["value_per_user"] is not None]
        figure.add_scatter(
            x=[row["age"] for row in known],
            y=[row["value_per_user"] for row in known],
            mode="lines+markers",
            name=name,
            line={"color": PALETTE[at % len(PALETTE)], "width": 3 if at == 0 else 2},
            customdata=[row["users"] for row in known],
            hovertemplate=name + ", age %{x}: %{y:,.2f} a user, %{customdata:,} users"
            "<extra></extra>",
        )
    figure.update_layout(
        **house_layout(
            "Lifetime value so far",
            subtitle="revenue a user until the end of each age, of all cohorts that are so old",
            x=f"age in {answer.unit}s",
            y="value a user",
        ),
        showlegend=True,
    )
    figure.update_xaxes(dtick=max(1, len(lines["all"]) // 12))
    figure.update_yaxes(rangemode="tozero")
    return figure


def draw_order_value(answer: "OrderValue") -> "go.Figure":
    """Draw average and median order as lines over the number of orders as bars."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    periods = [row["period"] for row in rows]
    figure = go.Figure()
    figure.add_bar(
        x=periods,
        y=[row["orders"] for row in rows],
        name="orders",
        yaxis="y2",
        marker_color=tinted(TEAL, 0.18),
        hovertemplate="%{x}: %{y:,} orders<extra></extra>",
    )
    medians = [row["median_order_minor"] for row in rows]
    for name, color, values in (
        ("average order", TEAL, [row["average_order"] for row in rows]),
        ("median order", AMBER, [None if value is None else value / 100 for value in medians]),
    ):
        figure.add_scatter(
            x=periods,
            y=values,
            mode="lines+markers",
            name=name,
            line={"color": color, "width": 3},
            hovertemplate="%{x}: %{y:,.2f} " + name + "<extra></extra>",
        )
    average = answer.total.column("average_order")[0].as_py()
    orders = answer.total.column("orders")[0].as_py()
    overall = "" if average is None else f"; {average:,.2f} on average"
    figure.update_layout(
        **house_layout(
            "Order value",
            subtitle=f"{orders:,} orders{overall}; bars: orders",
            x=answer.unit,
            y="money an order",
        ),
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_layout(
        margin_t=120,
        margin_r=80,
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "rangemode": "tozero",
            "title": {"text": "orders", "font": {"size": 12}},
            "automargin": True,
        },
    )
    # Lines lie over the bars, whichever axis they belong to.
    figure.update_layout(
        yaxis={"overlaying": "y2", "tickmode": "auto"}, yaxis2={"overlaying": None}
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(rangemode="tozero")
    return figure


def draw_order_sizes(answer: "OrderValue") -> "go.Figure":
    """Draw how many orders are worth how much, and the revenue they bring."""
    import plotly.graph_objects as go

    rows = answer.distribution.to_pylist()
    labels = [f"{row['from_minor'] / 100:,g} to {row['below_minor'] / 100:,g}" for row in rows]
    figure = go.Figure()
    for column, name, color in (
        ("orders_share", "share of orders", TEAL),
        ("revenue_share", "share of revenue", AMBER),
    ):
        figure.add_bar(
            x=labels,
            y=[row[column] for row in rows],
            name=name,
            marker_color=color,
            customdata=[row["orders"] for row in rows],
            hovertemplate="%{x}: %{y:.1%} " + name.removeprefix("share ") + ", %{customdata:,}"
            " orders<extra></extra>",
        )
    figure.update_layout(
        **house_layout(
            "How much orders are worth",
            subtitle="orders by their money, upper end not included",
            x="money an order",
            y="share",
        ),
        barmode="group",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_layout(margin_t=120)
    figure.update_xaxes(type="category")
    figure.update_yaxes(tickformat=".0%")
    return figure
