"""Pictures of paths."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from footfall.analytics.charts import GREY, PALETTE, house_layout, tinted
from footfall.analytics.scope.grouping import OTHER

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from footfall.analytics.path import Paths, PathTree

__all__ = ["draw_flow", "draw_tree"]

_ENDS, _GOES_ON, _BEGINS = "ends here", "goes on", "begins here"
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
    tallest = max(Counter(column for column, _ in nodes).values(), default=1)
    figure.update_layout(
        **house_layout(
            "Most common paths",
            subtitle=f"{answer.definition['unit'].partition(';')[0]}: the {len(answer.steps):,}"
            f" most common, {shown:,} of {answer.total:,} ({share:.1%})",
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
    return _colors_of(common)


def _colors_of(common: "Counter[str]") -> dict[str, str]:
    ordered = sorted(common, key=lambda name: (-common[name], name))
    return {name: PALETTE[min(at, len(PALETTE) - 1)] for at, name in enumerate(ordered)}


def draw_tree(answer: "PathTree") -> "go.Figure":
    """Draw a tree as a Sankey diagram: a column a level, in order of time, ends in grey."""
    import plotly.graph_objects as go

    rows = answer.frame.to_pylist()
    forward = answer.direction == "forward"
    ends = _ENDS if forward else _BEGINS
    links: list[tuple[int, int, int, str]] = []  # branch, branch, occurrences, node
    labels: list[str] = []
    names: list[str] = []
    above: list[int] = []
    deepest = max((row["depth"] for row in rows), default=0)
    for row in rows:
        above = above[: row["depth"] - 1]
        at = len(labels)
        labels.append(f"{row['node']}  {row['occurrences']:,}")
        names.append(row["node"])
        if above:
            links.append((above[-1], at, row["occurrences"], row["node"]))
        above.append(at)
        if row["ended"] and row["depth"] < deepest:
            labels.append(f"{ends}  {row['ended']:,}")
            names.append(ends)
            links.append((at, len(labels) - 1, row["ended"], ends))
    colors = _colors_of(Counter(name for name in names if name not in {ends, OTHER}))
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            valueformat=",d",
            node={
                "label": labels,
                "color": [colors.get(name, GREY) for name in names],
                "pad": 14,
                "align": "left" if forward else "right",
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [one if forward else other for one, other, _, _ in links],
                "target": [other if forward else one for one, other, _, _ in links],
                "value": [count for _, _, count, _ in links],
                "color": [tinted(colors.get(name, GREY), 0.28) for *_, name in links],
                "hovertemplate": "%{source.label} → %{target.label}: %{value:,}<extra></extra>",
            },
        )
    )
    unit = answer.definition["unit"].partition(";")[0]
    figure.update_layout(
        **house_layout(
            "What comes next" if forward else "What led there",
            subtitle=f"{answer.total:,} {unit}",
            height=max(420, 160 + 34 * _widest(rows)),
        )
    )
    figure.update_layout(margin={"l": 24, "r": 24, "b": 28})
    return figure


def _widest(rows: list[dict[str, Any]]) -> int:
    """Give the nodes of the fullest column, ends included."""
    counts: Counter[int] = Counter()
    for row in rows:
        counts[row["depth"]] += 1
        counts[row["depth"] + 1] += 1 if row["ended"] else 0
    return max(counts.values(), default=1)
