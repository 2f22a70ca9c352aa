"""``footfall paths`` and its like: what shoppers do one after the other.

Also ``path-tree``, ``transitions``, ``step-matrix``, ``loops``, ``dead-ends``, ``whole-paths``,
``purchase-paths``, ``contrast-paths`` and ``suggest-patterns``.
"""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, Engine, Version, opened, question
from footfall.cli.output import Json, LogFolder, progress, say
from footfall.errors import OptionError

__all__ = [
    "GapMinutes",
    "MostNodes",
    "NodesBy",
    "Rule",
    "Shown",
    "Without",
    "contrast_paths",
    "dead_ends",
    "loops",
    "named_nodes",
    "path_tree",
    "paths",
    "purchase_paths",
    "step_matrix",
    "suggest_patterns",
    "transitions",
    "whole_paths",
]

Per = Annotated[str, typer.Option(help="Where a path may run: session or user.")]
GapMinutes = Annotated[float, typer.Option(help="Silence that ends a session.")]
Shown = Annotated[int, typer.Option(help="Rows shown.")]
CollapseRepeats = Annotated[
    bool, typer.Option("--collapse-repeats", help="Take equal events in a row as one.")
]
Without = Annotated[str | None, typer.Option(help="Event types to pass over: impression|view.")]
NodesBy = Annotated[
    str | None,
    typer.Option(help="What stands in a path: a field's name, or category:2 for its levels."),
]
Rule = Annotated[
    list[str] | None,
    typer.Option(help="A pattern and its name for --nodes FIELD: '/product/*=product page'."),
]
MostNodes = Annotated[
    int | None, typer.Option(help="Nodes that keep their name; the rest is (other).")
]
KeptNodes = Annotated[int, typer.Option(help="Nodes that keep their name; the rest is (other).")]
Goal = Annotated[str, typer.Option(help="Event types that are the goal: purchase|checkout.")]


def named_nodes(nodes: str | None, rules: list[str] | None) -> Any:
    """Read what nodes are: a field, ``category:DEPTH``, or a field with rules."""
    from footfall.analytics.path import Categories, Patterns

    if rules:
        if nodes is None:
            allowed = (
                "given with --rule: the field that holds the text, such as properties.page_url"
            )
            raise OptionError.of("nodes", "paths", allowed, nodes)
        pairs = []
        for rule in rules:
            pattern, equals, name = rule.rpartition("=")
            if not equals:
                raise OptionError.of("rule", "paths", "PATTERN=NAME", rule)
            pairs.append((pattern, name))
        return Patterns(field=nodes, rules=pairs)
    field, colon, depth = (nodes or "").rpartition(":")
    if colon and depth.isdigit():
        return Categories(field=field, depth=int(depth))
    return nodes


@question(without=("time_zone",))
def paths(
    asking: Asking,
    length: Annotated[int, typer.Option(help="Number of steps.")] = 3,
    starting_at: Annotated[str | None, typer.Option(help="First node of a run.")] = None,
    ending_at: Annotated[str | None, typer.Option(help="Last node of a run.")] = None,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    shown: Shown = 20,
    collapse_repeats: CollapseRepeats = False,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Find the most common runs of events."""
    from footfall.analytics.path import paths as ask

    return asking.of(
        ask,
        length=length,
        starting_at=starting_at,
        ending_at=ending_at,
        per=per,
        gap_minutes=gap_minutes,
        shown=shown,
        collapse_repeats=collapse_repeats,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def path_tree(
    asking: Asking,
    start: Annotated[str | None, typer.Option(help="Go forward from this node.")] = None,
    end: Annotated[str | None, typer.Option(help="Go backward from this node.")] = None,
    depth: Annotated[int, typer.Option(help="Nodes of the longest branch.")] = 5,
    least_share: Annotated[float, typer.Option(help="Rarer branches become (other).")] = 0.01,
    least_users: Annotated[int, typer.Option(help="Branches of fewer users become (other).")] = 1,
    occurrence: Annotated[
        str, typer.Option(help="Where a walk begins: first, last or every.")
    ] = "first",
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    collapse_repeats: CollapseRepeats = False,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: KeptNodes = 100,
) -> Any:
    """Grow a tree of what comes after an event, or of what led to it."""
    from footfall.analytics.path import path_tree as ask

    return asking.of(
        ask,
        start=start,
        end=end,
        depth=depth,
        least_share=least_share,
        least_users=least_users,
        occurrence=occurrence,
        per=per,
        gap_minutes=gap_minutes,
        collapse_repeats=collapse_repeats,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def transitions(
    asking: Asking,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    collapse_repeats: CollapseRepeats = False,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: KeptNodes = 30,
) -> Any:
    """Count which event directly follows which."""
    from footfall.analytics.path import transitions as ask

    return asking.of(
        ask,
        per=per,
        gap_minutes=gap_minutes,
        collapse_repeats=collapse_repeats,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def step_matrix(
    asking: Asking,
    steps: Annotated[int, typer.Option(help="Steps from the start, or after the center.")] = 10,
    center: Annotated[str | None, typer.Option(help="Look around this node.")] = None,
    before: Annotated[int, typer.Option(help="Steps before the center.")] = 5,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    collapse_repeats: CollapseRepeats = False,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: KeptNodes = 20,
) -> Any:
    """Say where visits stand at each step."""
    from footfall.analytics.path import step_matrix as ask

    return asking.of(
        ask,
        steps=steps,
        center=center,
        before=before,
        per=per,
        gap_minutes=gap_minutes,
        collapse_repeats=collapse_repeats,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def loops(
    asking: Asking,
    longest: Annotated[int, typer.Option(help="Steps of the longest circle.")] = 3,
    shown: Shown = 20,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Find repeats and small circles."""
    from footfall.analytics.path import loops as ask

    return asking.of(
        ask,
        longest=longest,
        shown=shown,
        per=per,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def dead_ends(
    asking: Asking,
    goal: Goal = "purchase",
    shown: Shown = 20,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Find events after which visits end without a purchase."""
    from footfall.analytics.path import dead_ends as ask

    return asking.of(
        ask,
        goal=goal,
        shown=shown,
        per=per,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def whole_paths(
    asking: Asking,
    longest: Annotated[int, typer.Option(help="Longest visit that is told apart.")] = 20,
    shown: Shown = 20,
    per: Per = "session",
    gap_minutes: GapMinutes = 30,
    collapse_repeats: CollapseRepeats = False,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Find the most common complete visits."""
    from footfall.analytics.path import whole_paths as ask

    return asking.of(
        ask,
        longest=longest,
        shown=shown,
        per=per,
        gap_minutes=gap_minutes,
        collapse_repeats=collapse_repeats,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def purchase_paths(
    asking: Asking,
    goal: Goal = "purchase",
    longest: Annotated[int, typer.Option(help="Nodes of a path into a purchase.")] = 5,
    shown: Shown = 20,
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Say what lies before purchases: touches, sessions, items, time, paths."""
    from footfall.analytics.path import purchase_paths as ask

    return asking.of(
        ask,
        goal=goal,
        longest=longest,
        shown=shown,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question(without=("time_zone",))
def contrast_paths(
    asking: Asking,
    goal: Goal = "purchase",
    segments: Annotated[
        str | None, typer.Option(help="Compare two saved segments instead: new,loyal.")
    ] = None,
    length: Annotated[int, typer.Option(help="Nodes of the longest sequence.")] = 3,
    least_share: Annotated[float, typer.Option(help="Share of one side that must have it.")] = 0.05,
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    shown: Shown = 20,
    per: Per = "user",
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: KeptNodes = 30,
) -> Any:
    """Find sequences that tell buyers from the others."""
    from footfall.analytics.path import contrast_paths as ask

    return asking.of(
        ask,
        goal=goal,
        segments=segments.split(",") if segments else None,
        length=length,
        least_share=least_share,
        level=level,
        shown=shown,
        per=per,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


def suggest_patterns(
    log: LogFolder,
    field: Annotated[str, typer.Option(help="The field with addresses: properties.page_url.")],
    most_siblings: Annotated[
        int, typer.Option(help="More different parts than this at one place are ids.")
    ] = 20,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Propose rules that turn page addresses into page kinds."""
    from footfall.analytics.path import suggest_patterns as ask

    with progress(as_json=json) as shown:
        opened_log = opened(log, version=version, engine=engine, shown=shown)
        answer = ask(opened_log, field, most_siblings=most_siblings)
    say(answer, {"rules": answer.frame.to_pylist()}, as_json=json)
