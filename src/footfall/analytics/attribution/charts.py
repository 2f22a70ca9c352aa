"""The picture of an attribution."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import FAINT, PALETTE, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.attribution.answer import Attribution

__all__ = ["draw_credit"]

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "triangle-down", "cross", "star")
_NAMES = {"time_decay": "time decay", "markov": "Markov", "shapley": "Shapley"}


def draw_credit(answer: "Attribution") -> "go.Figure":
    """Draw a row a channel and in it a mark a model, each with its interval."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    channels = list(dict.fromkeys(row["channel"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    place = {channel: at for at, channel in enumerate(channels)}
    figure = go.Figure()
    for number, model in enumerate(models):
        mine = [row for row in rows if row["model"] == model]
        shift = (number - (len(models) - 1) / 2) * 0.78 / max(len(models), 1)
        figure.add_scatter(
            x=[row["credit_share"] for row in mine],
            y=[place[row["channel"]] + shift for row in mine],
            mode="markers",
            name=_NAMES.get(model, model),
            marker={
                "size": 9,
                "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                "color": PALETTE[number % len(PALETTE)],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [_beyond(row["share_high"], row["credit_share"]) for row in mine],
                "arrayminus": [_beyond(row["credit_share"], row["share_low"]) for row in mine],
                "thickness": 1.4,
                "width": 0,
            },
            customdata=[[row["channel"], row["credit"]] for row in mine],
            hovertemplate="%{customdata[0]}: %{x:.1%}, %{customdata[1]:,.1f} conversions",
        )
    what = "money" if answer.definition.get("shares_of") == "money" else "conversions"
    intervals = (
        "; lines: "
        + answer.definition["interval"].partition(" of ")[0].replace("middle ", "")
        + " intervals"
        if "interval" in answer.definition
        else ""
    )
    figure.update_layout(
        **house_layout(
            "What each channel is credited with",
            subtitle=f"{answer.conversions:,} conversions with a touch{intervals}",
            x=f"share of {what}",
            height=170 + max(48, 15 * len(models)) * len(channels),
        ),
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        margin_t=112,
    )
    for line in range(1, len(channels)):
        figure.add_hline(y=line - 0.5, line={"color": "#e4e7eb", "width": 1})
    figure.update_yaxes(
        tickvals=list(range(len(channels))),
        ticktext=[f"<b>{channel}</b>" for channel in channels],
        range=[len(channels) - 0.5, -0.5],
        showgrid=False,
        ticksuffix="  ",
    )
    figure.update_xaxes(tickformat=".0%", tickfont={"color": FAINT})
    return figure


def _beyond(high: float | None, low: float | None) -> float:
    """Give how far an interval reaches; a share drawn outside its draws reaches no way back."""
    return 0.0 if high is None or low is None else max(high - low, 0.0)
