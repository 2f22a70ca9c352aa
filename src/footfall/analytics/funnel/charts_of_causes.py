"""Pictures of what separates and compares: odds ratios and rates with their intervals."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import AMBER, FAINT, GREY, TEAL, house_layout
from footfall.analytics.funnel.wording import shown_step

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel.why import DropReasons

__all__ = ["draw_reasons"]


def _label(row: dict[str, Any]) -> str:
    name = str(row["name"]).removeprefix("properties.")
    return f"{name} happened" if row["kind"] == "event" else f"{name} = {row['value']}"


def draw_reasons(answer: "DropReasons") -> "go.Figure":
    """Draw the odds ratio of each finding, on a logarithmic axis."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    labels = [_label(row) for row in rows]
    ratios = [row["odds_ratio"] for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=ratios,
            y=labels,
            mode="markers",
            marker={"size": 11, "color": [AMBER if ratio > 1 else TEAL for ratio in ratios]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["odds_high"] - row["odds_ratio"] for row in rows],
                "arrayminus": [row["odds_ratio"] - row["odds_low"] for row in rows],
                "color": GREY,
            },
            customdata=[[row["dropped_share"], row["others_dropped_share"]] for row in rows],
            hovertemplate="%{y}: %{customdata[0]:.1%} lost, others %{customdata[1]:.1%}"
            "<extra></extra>",
        )
    )
    before, here = (shown_step(answer.steps[answer.at - at]) for at in (2, 1))
    lost = answer.reached - answer.converted
    share = lost / max(answer.reached, 1)
    figure.update_layout(
        **house_layout(
            f"Why they drop between {before} and {here}",
            subtitle=f"{lost:,} of {answer.reached:,} {answer.unit} are lost ({share:.1%})",
            x="odds of dropping, times those of the others (interval; logarithmic)",
            height=190 + 34 * max(len(rows), 1),
        )
    )
    figure.add_vline(x=1, line_color=FAINT, line_dash="dot")
    if not rows:
        figure.add_annotation(text="nothing separates them", showarrow=False, x=0, y=0)
    ticks = [base * 10.0**power for power in range(-3, 4) for base in (1, 2, 5)]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"×{tick:g}" for tick in ticks])
    figure.update_yaxes(autorange="reversed", type="category", showgrid=True, ticksuffix="  ")
    return figure
