"""Pictures of how purchases answer to prices."""

from typing import TYPE_CHECKING

from footfall.analytics.charts import FAINT, GREY, TEAL, house_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.operations.price_response import PriceResponse

__all__ = ["draw_prices"]


def draw_prices(answer: "PriceResponse") -> "go.Figure":
    """Draw purchases against what usual prices would have brought, with intervals."""
    import plotly.graph_objects as go

    rows = [row for row in answer.frame.to_pylist() if row["response"] is not None]
    known = [row["low"] is not None for row in rows]
    figure = go.Figure(
        go.Scatter(
            x=[row["price_level"] for row in rows],
            y=[row["response"] for row in rows],
            error_y={
                "type": "data",
                "array": [
                    r["high"] - r["response"] if k else 0 for r, k in zip(rows, known, strict=True)
                ],
                "arrayminus": [
                    r["response"] - r["low"] if k else 0 for r, k in zip(rows, known, strict=True)
                ],
                "color": GREY,
                "thickness": 2,
            },
            mode="markers+lines",
            line={"color": TEAL, "width": 2},
            marker={"size": 10, "color": TEAL},
            customdata=[[row["views"], row["purchases"]] for row in rows],
            hovertemplate="%{x}: %{y:.2f} times; %{customdata[0]:,} views,"
            " %{customdata[1]:,} purchases<extra></extra>",
        )
    )
    figure.add_hline(y=1, line={"color": FAINT, "width": 1, "dash": "dot"})
    slope = answer.elasticities.to_pylist()[0]
    text = "no item's price changed"
    if slope["elasticity"] is not None:
        text = (
            f"elasticity {slope['elasticity']:.2f} ({slope['low']:.2f} to {slope['high']:.2f}),"
            f" from {slope['items']:,} items at {slope['prices']:,} prices"
        )
    figure.update_layout(
        **house_layout(
            "How purchases answer to prices",
            subtitle=text,
            x="price against the item's usual one",
            y="purchases, usual price = 1",
        )
    )
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(rangemode="tozero")
    return figure
