"""Pictures of profiles: one user's life, everybody's tags, a segment against the base."""

from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import (
    AMBER,
    FAINT,
    GREY,
    INK,
    PALETTE,
    TEAL,
    house_layout,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.profile.everybody import Profiles
    from footfall.analytics.profile.one import Profile
    from footfall.analytics.profile.portrait import Portrait
    from footfall.analytics.profile.similar import SimilarUsers

__all__ = ["draw_portrait", "draw_profile", "draw_profiles", "draw_similar"]

_ROWS = 18
_SEGMENTS = 5


def draw_profile(answer: "Profile") -> "go.Figure":
    """Draw one user's events over time, a row a type; the tags stand beside."""
    import plotly.graph_objects as go

    events = answer.timeline.to_pylist()
    kinds = list(dict.fromkeys(row["event_type"] for row in reversed(events)))
    figure = go.Figure()
    for number, kind in enumerate(kinds):
        mine = [row for row in events if row["event_type"] == kind]
        figure.add_trace(
            go.Scatter(
                x=[row["timestamp"] for row in mine],
                y=[kind] * len(mine),
                mode="markers",
                marker={
                    "size": [16 if row["amount_minor"] else 10 for row in mine],
                    "color": PALETTE[number % len(PALETTE)],
                    "opacity": 0.75,
                    "line": {"width": 1, "color": "white"},
                },
                customdata=[
                    [row["item_id"] or "", (row["amount_minor"] or 0) / 100] for row in mine
                ],
                hovertemplate="%{x|%Y-%m-%d %H:%M} %{y} %{customdata[0]}"
                " %{customdata[1]:,.2f}<extra></extra>",
                showlegend=False,
            )
        )
    tags = answer.frame.to_pylist()
    figure.update_layout(
        **house_layout(
            "One user's life with the shop",
            subtitle=f"{answer.user_id}: the last {len(events):,} of {answer.events:,} events",
            height=max(380, 150 + 24 * max(len(tags), 2 * len(kinds))),
        )
    )
    figure.update_layout(margin={"r": 330})
    figure.update_yaxes(showgrid=True, ticksuffix="  ")
    for number, row in enumerate(tags):
        figure.add_annotation(
            x=1.03, y=1 - number * 24 / max(figure.layout.height - 150, 1),
            xref="paper", yref="paper", xanchor="left", yanchor="top", showarrow=False,
            align="left", font={"size": 12, "color": INK},
            text=f"<span style='color:{FAINT}'>{row['tag'].replace('_', ' ')}</span>"
            f"  <b>{_short(row['value'])}</b>"
            f"  <span style='color:{FAINT}'>{row['confidence']:.0%}</span>",
        )  # fmt: skip
    return figure


def _short(text: str, longest: int = 24) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def draw_profiles(answer: "Profiles") -> "go.Figure":
    """Draw a bar a kind of tag, cut into its most common values."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    kinds = list(dict.fromkeys(row["tag"] for row in rows))
    ranked: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for row in rows:
        ranked[row["tag"]].append(row)
    figure = go.Figure()
    for place in range(_SEGMENTS):
        mine = [ranked[kind][place] for kind in kinds if place < len(ranked[kind])]
        figure.add_trace(
            go.Bar(
                y=[row["tag"].replace("_", " ") for row in mine],
                x=[row["share"] for row in mine],
                orientation="h",
                marker={"color": PALETTE[place], "line": {"width": 1, "color": "white"}},
                text=[
                    _short(row["value"], 18) if row["share"] > 0.012 * len(row["value"]) else ""
                    for row in mine
                ],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                customdata=[[row["value"], row["users"]] for row in mine],
                hovertemplate="%{y}: %{customdata[0]}, %{customdata[1]:,} users (%{x:.1%})"
                "<extra></extra>",
                showlegend=False,
            )
        )
    figure.update_layout(
        **house_layout(
            "What is known of users",
            subtitle=f"{answer.total:,} users; the {_SEGMENTS} most common values of each tag; the"
            " rest has others, or none that is sure enough",
            x="share of users",
            height=max(320, 150 + 38 * len(kinds)),
        )
    )
    figure.update_layout(barmode="stack", uniformtext={"minsize": 10, "mode": "hide"})
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    return figure


def draw_portrait(answer: "Portrait") -> "go.Figure":
    """Draw the most telling differences with their intervals; the TGI stands beside each."""
    import plotly.graph_objects as go

    rows = [row for row in answer.frame.to_pylist() if row["significant"]][:_ROWS]
    names = [_row_name(row) for row in rows]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=[row["effect"] for row in rows],
            orientation="h",
            marker_color=[TEAL if row["effect"] > 0 else AMBER for row in rows],
            error_x={
                "type": "data",
                "array": [row["effect_high"] - row["effect"] for row in rows],
                "arrayminus": [row["effect"] - row["effect_low"] for row in rows],
                "color": GREY,
                "thickness": 1.5,
                "width": 3,
            },
            customdata=[[row["segment_value"], row["base_value"], row["tgi"]] for row in rows],
            hovertemplate="%{y}: %{customdata[0]:,.3g} against %{customdata[1]:,.3g},"
            " TGI %{customdata[2]:,.0f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.update_layout(
        **house_layout(
            "What sets a segment apart from the whole base",
            subtitle=f"{_short(answer.segment, 60)}: {answer.size:,} of {answer.total:,} users;"
            " significant differences, 95 % intervals; TGI 100 is the base",
            x="difference in standard deviations",
            height=max(320, 160 + 30 * len(rows)),
        )
    )
    figure.update_layout(margin={"r": 90})
    for name, row in zip(names, rows, strict=True):
        figure.add_annotation(
            x=1.01, y=name, xref="paper", yref="y", xanchor="left", showarrow=False,
            text=f"TGI {row['tgi']:,.0f}" if row["tgi"] == row["tgi"] else "",
            font={"size": 12, "color": FAINT},
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    return figure


def _row_name(row: dict[str, Any]) -> str:
    name = row["name"].replace("_", " ")
    return name if row["value"] is None else f"{name}: {_short(row['value'], 28)}"


def draw_similar(answer: "SimilarUsers") -> "go.Figure":
    """Draw the weights of the measures that make users similar to a segment."""
    import plotly.graph_objects as go

    rows = answer.drivers.to_pylist()[:_ROWS]
    figure = go.Figure(
        go.Bar(
            y=[row["measure"].replace("_", " ") for row in rows],
            x=[row["weight"] for row in rows],
            orientation="h",
            marker_color=[TEAL if row["weight"] > 0 else AMBER for row in rows],
            hovertemplate="%{y}: %{x:+.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        **house_layout(
            "What makes users similar to a segment",
            subtitle=f"{_short(answer.segment, 60)}: a user inside scores higher than one outside"
            f" in {answer.separation:.0%} of pairs",
            x="weight of the measure",
            height=max(320, 150 + 28 * len(rows)),
        )
    )
    figure.update_yaxes(autorange="reversed", ticksuffix="  ", showgrid=False)
    return figure
