"""``footfall sessions | session-times | entries-exits | engagement``: how shoppers visit."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question
from footfall.cli.path import (
    GapMinutes,
    MostNodes,
    NodesBy,
    Rule,
    Shown,
    Without,
    named_nodes,
)

__all__ = ["engagement", "entries_exits", "session_times", "sessions"]


@question()
def sessions(
    asking: Asking,
    gap_minutes: GapMinutes = 30,
    bounce: Annotated[str, typer.Option(help="What a bounce is: event or unengaged.")] = "event",
) -> Any:
    """Sum up the sessions: number, length, bounces, purchases."""
    from footfall.analytics.sessions import sessions as ask

    return asking.of(ask, gap_minutes=gap_minutes, bounce=bounce)


@question(without=("time_zone",))
def session_times(
    asking: Asking,
    gap_minutes: GapMinutes = 30,
) -> Any:
    """Say how long shoppers stay away, and how often they come."""
    from footfall.analytics.sessions import session_times as ask

    return asking.of(ask, gap_minutes=gap_minutes)


@question(without=("time_zone",))
def entries_exits(
    asking: Asking,
    goal: Annotated[
        str, typer.Option(help="Event types that are the goal: purchase|checkout.")
    ] = "purchase",
    shown: Shown = 20,
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
) -> Any:
    """Say with what sessions begin and end, and how many convert."""
    from footfall.analytics.sessions import entries_exits as ask

    return asking.of(
        ask,
        goal=goal,
        shown=shown,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
    )


@question()
def engagement(
    asking: Asking,
    gap_minutes: GapMinutes = 30,
) -> Any:
    """Count events, users and purchases by hour and weekday."""
    from footfall.analytics.sessions import engagement as ask

    return asking.of(ask, gap_minutes=gap_minutes)
