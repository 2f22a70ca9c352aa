"""``footfall retention | stickiness | lifecycle | survival | intervals | distribution``."""

from collections.abc import Callable
from typing import Annotated, Any

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
    opened,
    show,
)
from footfall.cli.output import Json, LogFolder, progress

__all__ = ["distribution", "intervals", "lifecycle", "retention", "stickiness", "survival"]

Of = Annotated[str, typer.Option(help="Event types joined by |, or: any event.")]
Unit = Annotated[str, typer.Option(help="hour, day, week or month.")]


def _answer(
    ask: Callable[..., Any],
    log: str,
    version: int | None,
    engine: str,
    html: str | None,
    *,
    as_json: bool,
    **options: object,
) -> None:
    """Ask a question of a log, with a progress bar, and show the answer."""
    with progress(as_json=as_json) as shown:
        answer = ask(opened(log, version=version, engine=engine, shown=shown), **options)
    show(answer, html, as_json=as_json)


def retention(
    log: LogFolder,
    start: Annotated[str, typer.Option(help="What puts a user into a cohort.")] = "first event",
    returning: Annotated[str, typer.Option(help="What counts as coming back.")] = "any event",
    first: Annotated[
        str, typer.Option(help="Which start: ever, period (of the time asked for) or each.")
    ] = "ever",
    unit: Unit = "week",
    kind: Annotated[
        str, typer.Option(help="bounded, unbounded (rolling), within or unbroken.")
    ] = "bounded",
    periods: Annotated[int, typer.Option(help="Last period shown.")] = 12,
    brackets: Annotated[str | None, typer.Option(help="Periods taken together: 0,1-3,4-7.")] = None,
    at_least: Annotated[int, typer.Option(help="Returning events it takes.")] = 1,
    windows: Annotated[
        str, typer.Option(help="calendar, or own: from each user's start.")
    ] = "calendar",
    weight: Annotated[str, typer.Option(help="users or money.")] = "users",
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Count, of the users that started together, those that come back."""
    from footfall.analytics.cohort.retention import retention as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        start=start,
        returning=returning,
        first=first,
        unit=unit,
        kind=kind,
        periods=periods,
        brackets=brackets,
        at_least=at_least,
        windows=windows,
        weight=weight,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def stickiness(
    log: LogFolder,
    of: Of = "any event",
    per: Annotated[
        str, typer.Option(help="Period whose active days are counted: week or month.")
    ] = "week",
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Count active users a day, week and month, and on how many days they come."""
    from footfall.analytics.cohort.stickiness import stickiness as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        of=of,
        per=per,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def lifecycle(
    log: LogFolder,
    of: Of = "any event",
    unit: Unit = "week",
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say who is new, returns or is back in each period, and who fell silent."""
    from footfall.analytics.cohort.lifecycle import lifecycle as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        of=of,
        unit=unit,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def survival(
    log: LogFolder,
    start: Annotated[str, typer.Option(help="The user's first such event ever.")] = "first event",
    to: Annotated[str, typer.Option(help="What ends the wait, or: last seen.")] = "purchase",
    silence: Annotated[
        str, typer.Option(help="For last seen: who is silent for longer has left.")
    ] = "30d",
    unit: Annotated[str, typer.Option(help="minute, hour, day or week.")] = "day",
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Estimate how long it takes users to do something, or how long they stay."""
    from footfall.analytics.cohort.survival import survival as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        start=start,
        to=to,
        silence=silence,
        unit=unit,
        level=level,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def intervals(
    log: LogFolder,
    start: Annotated[str, typer.Option(help="Event types joined by |.")] = "view",
    end: Annotated[
        str | None, typer.Option(help="By default the next event of the same kind.")
    ] = None,
    pairs: Annotated[
        str, typer.Option(help="Which starts before an end count: each, first or last.")
    ] = "each",
    within: Annotated[str | None, typer.Option(help="Longer intervals do not count.")] = None,
    same_item: Annotated[
        bool, typer.Option("--same-item", help="The end is of the start's item.")
    ] = False,
    bins: Annotated[str | None, typer.Option(help="Lower edges: 10m,1h,1d.")] = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Say how long it takes from one event to another."""
    from footfall.analytics.cohort.intervals import intervals as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        start=start,
        end=end,
        pairs=pairs,
        within=within,
        same_item=same_item,
        bins=bins,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )


def distribution(
    log: LogFolder,
    of: Of = "purchase",
    measure: Annotated[
        str, typer.Option(help="times, days, or sum of amount and the like.")
    ] = "times",
    per: Annotated[str, typer.Option(help="all, hour, day, week or month.")] = "all",
    bins: Annotated[str | None, typer.Option(help="Lower edges: 1,2,5,10.")] = None,
    by: By = None,
    where: Where = None,
    between: Between = None,
    segment: Segment = None,
    top: Top = 10,
    time_zone: TimeZone = "UTC",
    html: Page = None,
    version: Version = None,
    engine: Engine = "local",
    json: Json = False,
) -> None:
    """Count users by how often they did an event, on how many days, for how much."""
    from footfall.analytics.cohort.distribution import distribution as ask

    _answer(
        ask,
        log,
        version,
        engine,
        html,
        as_json=json,
        of=of,
        measure=measure,
        per=per,
        bins=bins,
        by=by,
        where=where,
        between=between,
        segment=segment,
        top=top,
        time_zone=time_zone,
    )
