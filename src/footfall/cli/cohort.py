"""``footfall retention | stickiness | lifecycle | survival | intervals | distribution``."""

from typing import Annotated, Any

import typer

from footfall.cli.asking import Asking, question

__all__ = ["distribution", "intervals", "lifecycle", "retention", "stickiness", "survival"]

Of = Annotated[str, typer.Option(help="Event types joined by |, or: any event.")]
Unit = Annotated[str, typer.Option(help="hour, day, week or month.")]


@question()
def retention(
    asking: Asking,
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
) -> Any:
    """Count, of the users that started together, those that come back."""
    from footfall.analytics.cohort.retention import retention as ask

    return asking.of(
        ask,
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
    )


@question()
def stickiness(
    asking: Asking,
    of: Of = "any event",
    per: Annotated[
        str, typer.Option(help="Period whose active days are counted: week or month.")
    ] = "week",
) -> Any:
    """Count active users a day, week and month, and on how many days they come."""
    from footfall.analytics.cohort.stickiness import stickiness as ask

    return asking.of(ask, of=of, per=per)


@question()
def lifecycle(
    asking: Asking,
    of: Of = "any event",
    unit: Unit = "week",
) -> Any:
    """Say who is new, returns or is back in each period, and who fell silent."""
    from footfall.analytics.cohort.lifecycle import lifecycle as ask

    return asking.of(ask, of=of, unit=unit)


@question()
def survival(
    asking: Asking,
    start: Annotated[str, typer.Option(help="The user's first such event ever.")] = "first event",
    to: Annotated[str, typer.Option(help="What ends the wait, or: last seen.")] = "purchase",
    silence: Annotated[
        str, typer.Option(help="For last seen: who is silent for longer has left.")
    ] = "30d",
    unit: Annotated[str, typer.Option(help="minute, hour, day or week.")] = "day",
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
) -> Any:
    """Estimate how long it takes users to do something, or how long they stay."""
    from footfall.analytics.cohort.survival import survival as ask

    return asking.of(ask, start=start, to=to, silence=silence, unit=unit, level=level)


@question()
def intervals(
    asking: Asking,
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
) -> Any:
    """Say how long it takes from one event to another."""
    from footfall.analytics.cohort.intervals import intervals as ask

    return asking.of(
        ask, start=start, end=end, pairs=pairs, within=within, same_item=same_item, bins=bins
    )


@question()
def distribution(
    asking: Asking,
    of: Of = "purchase",
    measure: Annotated[
        str, typer.Option(help="times, days, or sum of amount and the like.")
    ] = "times",
    per: Annotated[str, typer.Option(help="all, hour, day, week or month.")] = "all",
    bins: Annotated[str | None, typer.Option(help="Lower edges: 1,2,5,10.")] = None,
) -> Any:
    """Count users by how often they did an event, on how many days, for how much."""
    from footfall.analytics.cohort.distribution import distribution as ask

    return asking.of(ask, of=of, measure=measure, per=per, bins=bins)
