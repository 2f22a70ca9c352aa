"""The picture of what users did around a step: flows that come and go."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from footfall.analytics.charts import AMBER, GREY, TEAL, house_layout, tinted
from footfall.analytics.funnel.wording import shown_step
from footfall.kernels import Array

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.funnel.after import AfterDrop
    from footfall.analytics.funnel.walks import Walks

__all__ = ["draw_flows"]

_MOST = 6  # kinds of events a column shows by name
_LEVELS = 3
Node = tuple[int, str]


def _columns(codes: Array, types: Sequence[str], way: int) -> list[list[Node]]:
    """Give each unit's nodes, nearest first: (column, name)."""
    names = [*types, "(nothing)"]
    levels = min(_LEVELS, codes.shape[1])
    common = []
    for level in range(levels):
        mine = Counter(codes[codes[:, level] >= 0, level].tolist())
        common.append({code for code, _ in mine.most_common(_MOST)})
    walks = []
    for row in codes[:, :levels].tolist():
        walk = []
        for level, code in enumerate(row):
            known = code < 0 or code in common[level]
            walk.append((way * (level + 1), names[code] if known else "(other)"))
            if code < 0:
                break
        walks.append(walk)
    return walks


def draw_flows(answer: "AfterDrop", lost: "Walks", types: Sequence[str]) -> "go.Figure":
    """Draw those lost at a step as flows: how they came (left) and where they went (right)."""
    import plotly.graph_objects as go

    before, here = (shown_step(answer.steps[answer.at - at]) for at in (2, 1))
    start: Node = (0, before)
    links: Counter[tuple[Node, Node]] = Counter()
    for codes, way in ((lost.after, 1), (lost.before, -1)):
        walks, counts = np.unique(codes, axis=0, return_counts=True)
        for walk, count in zip(_columns(walks, types, way), counts.tolist(), strict=True):
            if way < 0 and walk and walk[0][1] == "(nothing)":
                continue  # the step was their first event
            nodes = [start, *(node for node in walk if way > 0 or node[1] != "(nothing)")]
            for one, other in pairwise(nodes):
                links[(one, other) if way > 0 else (other, one)] += count
    nodes = sorted({node for link in links for node in link} | {start})
    place = {node: at for at, node in enumerate(nodes)}
    colors = [
        AMBER if node == start else (GREY if node[1].startswith("(") else TEAL) for node in nodes
    ]
    figure = go.Figure(
        go.Sankey(
            node={
                "label": [name for _, name in nodes],
                "color": colors,
                "pad": 18,
                "thickness": 14,
                "line": {"width": 0},
            },
            link={
                "source": [place[one] for one, _ in links],
                "target": [place[other] for _, other in links],
                "value": list(links.values()),
                "color": tinted(GREY, 0.28),
            },
            valueformat=",d",
            valuesuffix=f" {answer.unit}",
        )
    )
    subtitle = f"{answer.lost:,} {answer.unit} that reached {before} and not {here}"
    if answer.came_later:
        subtitle += f"; {answer.came_later:,} of them came too late"
    figure.update_layout(
        **house_layout(f"What they did instead of {here}", subtitle=subtitle, height=520)
    )
    figure.update_layout(margin={"b": 32})
    return figure
