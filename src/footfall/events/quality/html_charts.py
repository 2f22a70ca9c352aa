"""Small bars for the HTML report: inline SVG that stretches with the page, labels beside it."""

from collections.abc import Sequence
from html import escape
from typing import Literal

from footfall.events.quality.words import number, percent

__all__ = ["bar", "columns_chart"]

_HEIGHT = 100.0


def bar(share: float, color: Literal["teal", "amber"] = "teal") -> str:
    """Draw a share as a bar; what is not nothing stays visible.

    Examples
    --------
    >>> bar(0.25)
    "<span class='ff-bar'><i class='ff-teal' style='width:25.00%'></i></span>"
    """
    width = 0.0 if share == 0 else max(0.4, min(100.0, 100 * share))
    return f"<span class='ff-bar'><i class='ff-{color}' style='width:{width:.2f}%'></i></span>"


def columns_chart(
    values: Sequence[float],
    starts: Sequence[str],
    breaks: Sequence[int],
    *,
    unit: Literal["events", "share"],
    small: bool = False,
) -> str:
    """Draw a value a day or week as columns, with breaks as upright lines.

    The picture stretches to the width it is given; the dates and the largest value stand beside it
    as text, so that they are never squeezed. A day without events is a grey tick at the foot.

    Parameters
    ----------
    values : sequence of float, length B
    starts : sequence of str, length B
        ISO dates.
    breaks : sequence of int
        Places of breaks.
    unit : {"events", "share"}
        How the largest value and the tooltips are written.
    small : bool
        A low one without dates.
    """
    write = percent if unit == "share" else number
    top = max(values, default=0) or 1
    gap = 0.18 if len(values) <= 120 else 0.0
    shapes = []
    for place, value in enumerate(values):
        height = max(_HEIGHT * value / top, 1.5 if value else 0.0)
        tip = f"<title>{escape(starts[place])}: {write(value)}</title>"
        across = f"x='{place + gap / 2:.2f}' width='{1 - gap:.2f}'"
        if value:
            down = f"y='{_HEIGHT - height:.1f}' height='{height:.1f}'"
            shapes.append(f"<rect {across} {down}>{tip}</rect>")
        elif not small:
            shapes.append(f"<rect class='ff-none' {across} y='97' height='3'>{tip}</rect>")
    shapes += [
        f"<line x1='{at}' x2='{at}' y1='0' y2='{_HEIGHT:.0f}'>"
        f"<title>break at {escape(starts[at])}</title></line>"
        for at in breaks
    ]
    kind = "ff-chart ff-small" if small else "ff-chart"
    dates = (
        ""
        if small or not starts
        else f"<figcaption><span>{starts[0]}</span><span>{starts[-1]}</span></figcaption>"
        if len(starts) > 1
        else f"<figcaption><span>{starts[0]}</span></figcaption>"
    )
    return (
        f"<figure class='{kind}'><span class='ff-top'>{write(top)}</span>"
        f"<svg viewBox='0 0 {max(len(values), 1)} {_HEIGHT:.0f}' preserveAspectRatio='none'"
        f" role='img' aria-label='columns, the largest {write(top)}'>{''.join(shapes)}</svg>"
        f"{dates}</figure>"
    )
