"""Pictures of paths."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from footfall.analytics.charts import GREY, PALETTE, house_layout, tinted

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.path import Paths

__all__ = ["draw_flow"]

_ENDS, _GOES_ON = "ends here", "goes on"
_Node = tuple[int, str]


def draw_flow(answer: "Paths") -> "go.Figure":
    """Draw the paths as one Sankey diagram: a column a step, and last what comes after."""
    import plotly.graph_objects as go

    flows = _flows(answer)
    nodes = _nodes(flows)
    place = {node: number for number, node in enumerate(nodes)}
    colors = _colors(answer)
    sizes = _sizes(flows)
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            valueformat=",d",
            node={
                "label": [f"{name}  {sizes[place_, name]:,}" for place_, name in nodes],
                "color": [colors.get(name, GREY) for _, name in nodes],
                "pad": 22,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [place[source] for source, _ in flows],
                "target": [place[target] for _, target in flows],
                "value": list(flows.values()),
                "color": [tinted(colors.get(source[1], GREY), 0.28) for source, _ in flows],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,}<extra></extra>",
            },
        )
    )
    shown = sum(answer.frame.column("occurrences").to_pylist())
    share = shown / answer.total if answer.total else 0.0
    length = len(answer.steps[0]) if answer.steps else 0
    tallest = max(Counter(column for column, _ in nodes).values(), default=1)
    figure.update_layout(
        **house_layout(
            f"The {len(answer.steps):,} most common paths of {length} events",
            subtitle=f"{answer.definition['unit'].partition(';')[0]}: {shown:,} of"
            f" {answer.total:,} ({share:.1%}) are drawn",
            height=max(420, 200 + 70 * tallest),
        )
    )
    figure.update_layout(margin={"l": 24, "r": 24, "b": 28})
    return figure


def _flows(answer: "Paths") -> dict[tuple[_Node, _Node], int]:
    """Add up the paths' occurrences between neighboring columns."""
    flows: Counter[tuple[_Node, _Node]] = Counter()
    rows = answer.frame.select(["occurrences", "ended"]).to_pylist()
    for steps, row in zip(answer.steps, rows, strict=True):
        nodes = list(enumerate(steps))
        for source, target in pairwise(nodes):
            flows[source, target] += row["occurrences"]
        last = nodes[-1]
        flows[last, (len(steps), _ENDS)] += row["ended"]
        flows[last, (len(steps), _GOES_ON)] += row["occurrences"] - row["ended"]
    return {pair: count for pair, count in flows.items() if count}


def _nodes(flows: dict[tuple[_Node, _Node], int]) -> list[_Node]:
    return sorted({node for pair in flows for node in pair})


def _sizes(flows: dict[tuple[_Node, _Node], int]) -> dict[_Node, int]:
    """Give the occurrences through each node."""
    into: Counter[_Node] = Counter()
    out: Counter[_Node] = Counter()
    for (source, target), count in flows.items():
        out[source] += count
        into[target] += count
    return {node: max(into[node], out[node]) for node in {*into, *out}}


def _colors(answer: "Paths") -> dict[str, str]:
    """Give each event type one color wherever it stands, the most common ones first."""
    common = Counter[str]()
    for steps, count in zip(
        answer.steps, answer.frame.column("occurrences").to_pylist(), strict=True
    ):
        for name in steps:
            common[name] += count
    ordered = sorted(common, key=lambda name: (-common[name], name))
    return {name: PALETTE[min(at, len(PALETTE) - 1)] for at, name in enumerate(ordered)}
