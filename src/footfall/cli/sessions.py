"""``footfall sessions | session-times | entries-exits | engagement``: how shoppers visit."""

from typing import Annotated

import typer

from footfall.cli.asking import (
    Between,
    By,
    Engine,
    Page,
    Segment,
    TimeZone,
    Top,
    Version,
    Where,
)
from footfall.cli.output import Json, LogFolder
from footfall.cli.path import (
    GapMinutes,
    MostNodes,
    NodesBy,
    Rule,
    Shown,
    Without,
    answered,
    named_nodes,
)

__all__ = ["engagement", "entries_exits", "session_times", "sessions"]


def sessions(
    log: LogFolder,
    gap_minutes: GapMinutes = 30,
    bounce: Annotated[str, typer.Option(help="What a bounce is: event or unengaged.")] = "event",
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    by: By = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Sum up the sessions: number, length, bounces, purchases."""
    from footfall.analytics.sessions import sessions as ask

    answered(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        gap_minutes=gap_minutes,
        bounce=bounce,
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
        time_zone=time_zone,
    )


def session_times(
    log: LogFolder,
    gap_minutes: GapMinutes = 30,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    by: By = None,
    top: Top = 10,
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say how long shoppers stay away, and how often they come."""
    from footfall.analytics.sessions import session_times as ask

    answered(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        gap_minutes=gap_minutes,
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
    )


def entries_exits(
    log: LogFolder,
    goal: Annotated[
        str, typer.Option(help="Event types that are the goal: purchase|checkout.")
    ] = "purchase",
    shown: Shown = 20,
    gap_minutes: GapMinutes = 30,
    without: Without = None,
    nodes: NodesBy = None,
    rule: Rule = None,
    most_nodes: MostNodes = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    by: By = None,
    top: Top = 10,
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say with what sessions begin and end, and how many convert."""
    from footfall.analytics.sessions import entries_exits as ask

    answered(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        goal=goal,
        shown=shown,
        gap_minutes=gap_minutes,
        without=without,
        nodes=named_nodes(nodes, rule),
        most_nodes=most_nodes,
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
    )


def engagement(
    log: LogFolder,
    gap_minutes: GapMinutes = 30,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    by: By = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Count events, users and purchases by hour and weekday."""
    from footfall.analytics.sessions import engagement as ask

    answered(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        gap_minutes=gap_minutes,
        where=where,
        between=between,
        segment=segment,
        by=by,
        top=top,
        time_zone=time_zone,
    )
