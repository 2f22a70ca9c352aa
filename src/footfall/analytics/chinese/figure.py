"""Figures in Chinese: every text of the figure worded, its numbers and colors left alone."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["figure_in_chinese", "worded_texts"]

# Where a figure holds texts that people read (or names of categories, which must stay the same
# wherever they are named).
_TEXTS = frozenset(
    {
        "categoryarray", "customdata", "hovertemplate", "hovertext", "label", "labels",
        "legendgroup", "name", "text", "texttemplate", "ticktext", "tickvals", "title",
        "valuesuffix", "ticksuffix", "x", "x0", "x1", "y", "y0", "y1",
    }
)  # fmt: skip
# Dates of an axis in figures alone: Plotly would write the names of months in English.
_DAY = 86_400_000
_DATES = (
    {"dtickrange": [None, _DAY - 1], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [_DAY, "M1"], "value": "%m-%d\n%Y"},
    {"dtickrange": ["M1", None], "value": "%Y-%m"},
)
_DATE = re.compile(r"\d{4}-\d\d(-\d\d|$)")
_LEFT_ALONE = frozenset({"template", "font"})


def figure_in_chinese(figure: "go.Figure", say: Callable[[str], str]) -> "go.Figure":
    """Give a copy of a figure whose texts are worded.

    Parameters
    ----------
    figure : go.Figure
    say : callable
        Gives the Chinese of a text.
    """
    import plotly.graph_objects as go

    worded = _walked(figure.to_plotly_json(), say, read=False)
    for trace in worded["data"]:
        if _is_dated(trace.get("x")):
            axis = worded["layout"].setdefault(trace.get("xaxis", "x").replace("x", "xaxis"), {})
            if axis.get("type") != "category":
                axis.setdefault("tickformatstops", list(_DATES))
    return go.Figure(worded)


def _is_dated(values: Any) -> bool:
    if values is None or isinstance(values, dict) or not len(values):
        return False
    return bool(_DATE.match(str(values[0])))


def worded_texts(figure: "go.Figure") -> list[str]:
    """List every text of a figure that people can read."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    _walked(figure.to_plotly_json(), note, read=False)
    return found


def _walked(value: Any, say: Callable[[str], str], *, read: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: inner if key in _LEFT_ALONE else _walked(inner, say, read=key in _TEXTS)
            for key, inner in value.items()
        }
    if isinstance(value, str):
        return say(value) if read else value
    if isinstance(value, np.ndarray) and value.dtype.kind not in "OU":
        return value
    if isinstance(value, list | tuple | np.ndarray):
        return [_walked(inner, say, read=read) for inner in value]
    return value
