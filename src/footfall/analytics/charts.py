"""The house style of charts, in one place: colors, font, margins."""

from typing import Any

__all__ = [
    "AMBER",
    "FAINT",
    "FONT",
    "GREY",
    "INDIGO",
    "INK",
    "PALETTE",
    "SCALE",
    "TEAL",
    "house_layout",
    "tinted",
]

INK = "#1f2933"
TEAL = "#0f766e"
AMBER = "#d97706"
INDIGO = "#4f46e5"
GREY = "#9aa5b1"
FAINT = "#52606d"  # small type that must still be read
# Series in order of importance.
PALETTE = (TEAL, AMBER, INDIGO, "#be185d", "#0369a1", "#65a30d", "#7c3aed", GREY)
# From little to much.
SCALE = ((0.0, "#f0fdfa"), (0.35, "#99d8cf"), (0.7, "#2a9d8f"), (1.0, "#0b544e"))
FONT = "Inter, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


def tinted(color: str, opacity: float) -> str:
    """Give a color of the house with some transparency.

    Examples
    --------
    >>> tinted(TEAL, 0.5)
    'rgba(15, 118, 110, 0.5)'
    """
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def house_layout(
    title: str, *, subtitle: str = "", x: str = "", y: str = "", height: int = 420
) -> dict[str, Any]:
    """Give the layout every figure starts from: ``figure.update_layout(**house_layout(...))``.

    Parameters
    ----------
    title : str
        The finding's subject.
    subtitle : str, default=""
        What was counted, in smaller grey type.
    x, y : str, default=""
        Axis titles, with units.
    height : int, default=420
        Pixels.

    Returns
    -------
    dict
        Plain values, ready for ``update_layout``.

    Examples
    --------
    >>> house_layout("Where shoppers drop", x="users")["xaxis"]["title"]["text"]
    'users'
    """
    small = {"size": 12, "color": FAINT}
    axis = {
        "automargin": True,
        "separatethousands": True,
        "gridcolor": "#e4e7eb",
        "zeroline": False,
    }
    return {
        "template": "plotly_white",
        "font": {"family": FONT, "size": 13, "color": INK},
        "title": {
            "text": title,
            "subtitle": {"text": subtitle, "font": small},
            "x": 0.0,
            "xref": "container",
            "xanchor": "left",
            "pad": {"l": 24},
            "y": 1 - 22 / height,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 18, "color": INK},
        },
        "colorway": list(PALETTE),
        "separators": ".,",
        "height": height,
        "margin": {"l": 24, "r": 32, "t": 92 if subtitle else 68, "b": 56},
        "xaxis": axis | {"title": {"text": x, "font": small}},
        "yaxis": axis | {"title": {"text": y, "font": small}},
        "hoverlabel": {"font": {"family": FONT, "size": 12}},
    }
